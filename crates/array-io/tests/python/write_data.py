"""Writes the files in tests/data that the tests read: `python crates/array-io/tests/python/write_data.py` from the root of the project.

Needs what tests/python/requirements.txt pins. Beside each `NAME.zarr` stands its content as `NAME.npy`.
"""

import shutil
import sys
import warnings
from pathlib import Path

import numcodecs
import numpy as np
import zarr
from zarr import codecs

warnings.simplefilter("ignore")
DATA = Path(__file__).parent.parent / "data"
NUMBERS = np.arange(42).reshape(6, 7)


def npy() -> None:
    folder = DATA / "npy"
    folder.mkdir(parents=True)
    for name in ["?", "i1", "<i2", ">i4", "<i8", "u1", ">u2", "<u4", ">u8", "<f2", ">f2", "<f4", ">f8", "<c8", ">c16"]:
        array = NUMBERS.astype(name)
        file = np.dtype(name).str.replace("<", "le-").replace(">", "be-").replace("|", "")
        np.save(folder / f"{file}.npy", array)
    np.save(folder / "fortran.npy", np.asfortranarray(NUMBERS))
    np.save(folder / "scalar.npy", np.float64(42))
    np.save(folder / "empty.npy", np.zeros((3, 0)))
    dates = np.array(["1969-12-31T23:59:59", "NaT", "2026-11-21T16:00:00"], "M8[s]")
    np.save(folder / "dates.npy", dates)
    np.save(folder / "spans.npy", (dates - dates[0]).astype(">m8[ns]"))
    with open(folder / "version-3.npy", "wb") as file:
        np.lib.format.write_array(file, NUMBERS, version=(3, 0))
    np.savez(DATA / "stored.npz", numbers=NUMBERS, fortran=np.asfortranarray(NUMBERS), größe=np.float32(1.5))
    np.savez_compressed(DATA / "deflated.npz", numbers=NUMBERS, fortran=np.asfortranarray(NUMBERS), größe=np.float32(1.5))


def keep(name: str, array: np.ndarray, *, has_copy: bool = True, **options) -> None:
    stored = zarr.create_array(DATA / "zarr" / f"{name}.zarr", shape=array.shape, dtype=array.dtype, **options)
    stored[...] = array
    if has_copy:
        np.save(DATA / "zarr" / f"{name}.npy", array)


def zarr_3() -> None:
    floats = NUMBERS.astype("f8")
    some = np.where(NUMBERS % 5 == 0, np.nan, NUMBERS).astype("f4")
    some[2:] = np.nan
    chunks = {"chunks": (4, 3)}
    keep("v3-zstd", floats, **chunks, dimension_names=["y", "x"], attributes={"unit": "m", "range": [0, 41]})
    keep("v3-plain", NUMBERS, **chunks, compressors=None)
    keep("v3-fill-nan", some, **chunks, fill_value=np.nan)
    keep("v3-gzip-crc", NUMBERS, **chunks, compressors=[codecs.GzipCodec(level=5), codecs.Crc32cCodec()])
    keep("v3-zstd-checksum", NUMBERS, **chunks, compressors=codecs.ZstdCodec(level=3, checksum=True))
    keep("v3-big-endian", floats, **chunks, serializer=codecs.BytesCodec(endian="big"))
    cube = np.arange(60, dtype="i2").reshape(3, 4, 5)
    keep("v3-transpose", cube, chunks=(2, 3, 4), filters=codecs.TransposeCodec(order=(2, 0, 1)))
    keep("v3-old-keys", NUMBERS, **chunks, chunk_key_encoding={"name": "v2", "separator": "."})
    keep("v3-shards", some, chunks=(2, 2), shards=(4, 4), fill_value=np.nan)
    first = codecs.ShardingCodec(chunk_shape=(2, 3), codecs=[codecs.BytesCodec(), codecs.GzipCodec()], index_location="start")
    keep("v3-shards-first", NUMBERS, chunks=(4, 6), serializer=first, compressors=None)
    keep("v3-bool", NUMBERS % 3 == 0, **chunks)
    keep("v3-f2", NUMBERS.astype("f2"), **chunks, fill_value=-np.inf)
    keep("v3-c16", NUMBERS + 1j * NUMBERS[::-1], **chunks, fill_value=complex(np.nan, 1))
    dates = np.array(["1969-12-31", "NaT", "2026-11-21", "2000-01-01", "NaT"], "M8[D]")
    keep("v3-dates", dates, chunks=(2,))
    keep("v3-spans", (dates - dates[0]).astype("m8[ns]"), chunks=(2,))
    keep("v3-0d", np.array(7, "u4"))
    # Long enough for several blocks, a shorter last one, and streams that are split. The test knows the numbers.
    long = (np.arange(70_001) // 100 % 300).astype("i4")
    for packer in ["lz4", "lz4hc", "blosclz", "zstd", "zlib"]:
        for shuffle in ["shuffle", "noshuffle", "bitshuffle"]:
            blosc = codecs.BloscCodec(cname=packer, clevel=9, shuffle=shuffle, typesize=4)
            keep(f"v3-blosc-{packer}-{shuffle}", long, chunks=(60_005,), compressors=blosc, has_copy=False)
    noise = np.random.default_rng(1).integers(0, 1 << 60, 1001)
    keep("v3-blosc-noise", noise, chunks=(600,), compressors=codecs.BloscCodec(cname="lz4"))


def zarr_2() -> None:
    chunks = {"chunks": (4, 3), "zarr_format": 2}
    keep("v2-default", NUMBERS.astype("f4"), **chunks, attributes={"_ARRAY_DIMENSIONS": ["y", "x"], "unit": "m"})
    keep("v2-fortran", NUMBERS.astype(">i4"), **chunks, order="F", compressors=numcodecs.Zlib(1))
    keep("v2-plain-slash", NUMBERS.astype("u2"), **chunks, compressors=None, chunk_key_encoding={"name": "v2", "separator": "/"})
    keep("v2-shuffle-lz4", NUMBERS, **chunks, filters=[numcodecs.Shuffle(8)], compressors=numcodecs.LZ4())
    keep("v2-gzip", NUMBERS % 2 == 0, **chunks, compressors=numcodecs.GZip(5))
    keep("v2-zstd", NUMBERS * (1 - 2j), **chunks, compressors=numcodecs.Zstd(3))
    dates = np.array(["1969-12-31T01", "NaT", "2026-11-21T02", "2000-01-01T03", "NaT"], "M8[h]")
    keep("v2-dates", dates, chunks=(2,), zarr_format=2)
    keep("v2-0d", np.array(7.5, ">f8"), zarr_format=2)


def groups() -> None:
    for version in [2, 3]:
        path = DATA / "zarr" / f"group-v{version}"
        root = zarr.open_group(path, mode="w", zarr_format=version, attributes={"title": "all"})
        root.create_array("a", shape=(3,), dtype="i4")[:] = [1, 2, 3]
        inner = root.create_group("inner", attributes={"level": 1})
        inner.create_array("b", shape=(2,), dtype="f8", attributes={"unit": "s"})[:] = [0.5, 1.5]
        plain = DATA / "zarr" / f"group-v{version}-consolidated"
        shutil.copytree(path, plain)
        zarr.consolidate_metadata(plain, zarr_format=version)


if __name__ == "__main__":
    shutil.rmtree(DATA, ignore_errors=True)
    npy()
    zarr_3()
    zarr_2()
    groups()
    size = sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file())
    print(f"{size / 1000:.0f} kB", file=sys.stderr)
