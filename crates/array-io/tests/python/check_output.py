"""Compares what the test `python_reads_what_is_written` wrote with what it must hold; run by that test."""

import sys
import warnings
from pathlib import Path

import numpy as np
import zarr

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
UNITS = {"datetime64": "M8[s]", "timedelta64": "m8[ns]"}
FORMS = ["zstd", "plain", "gzip-crc", "shards", "v2", "v2-gzip"]


def check(array: np.ndarray, name: str, place: object) -> None:
    dtype = np.dtype(UNITS.get(name, name))
    expected = np.arange(42).reshape(6, 7).astype(dtype)
    assert array.dtype == dtype, f"{place}: {array.dtype} instead of {dtype}"
    np.testing.assert_array_equal(array, expected, err_msg=str(place))


files = sorted(folder.glob("*.npy"))
for file in files:
    check(np.load(file), file.stem, file)
count = 0
for form in FORMS:
    group = zarr.open_group(folder / form, mode="r")["in"]
    for file in files:
        array = group[file.stem]
        check(array[...], file.stem, f"{form} {file.stem}")
        check(zarr.open_array(folder / form / "in" / file.stem, mode="r")[...], file.stem, form)
        if form == "zstd":
            assert array.metadata.dimension_names == ("y", None)
        if form == "shards":
            assert (array.shards, array.chunks) == ((4, 6), (2, 3))
        count += 1
archives = sorted(folder.glob("*.npz"))
for file in archives:
    with np.load(file) as archive:
        check(archive["numbers"], "int16", file)
        assert archive["größe"] == np.float32(1.5) and archive["größe"].shape == ()
print(f"{count} arrays, {len(files)} npy files, {len(archives)} archives")
