//! Files that NumPy and zarr-python wrote, and what they say of ours.
//!
//! The files in `tests/data` are made by `tests/python/write_data.py`.

// A box of one axis is one range.
#![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use swath_array_io::npz::{NpzCompression, NpzReader, NpzWriter};
use swath_array_io::zarr::group::NodeKind;
use swath_array_io::zarr::{Compression, LocalStore, ZarrFormat};
use swath_array_io::{ZarrArray, ZarrGroup, ZarrOptions, ZarrSink, npy};
use swath_arrays::{ArraySink, ArraySource};
use swath_kernels::{DType, NdArray, Scalar, TimeUnit};

/// This crate's folder, as cargo says it now: two clones may share a target folder, and the path that was compiled in may be the other's.
fn package() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

fn data() -> PathBuf {
    package().join("tests/data")
}

fn everything(shape: &[usize]) -> Vec<Range<usize>> {
    shape.iter().map(|length| 0..*length).collect()
}

/// Equal bit by bit, so that NaN equals itself.
fn assert_same(found: &NdArray, expected: &NdArray, what: &str) {
    assert_eq!((found.dtype(), found.shape()), (expected.dtype(), expected.shape()), "{what}");
    for (position, (found, expected)) in found.scalars().into_iter().zip(expected.scalars()).enumerate() {
        let is_same = found == expected || (found.is_nan() && expected.is_nan());
        assert!(is_same, "{what}: element {position} is {found}, not {expected}");
    }
}

fn numbers(dtype: DType) -> NdArray {
    let numbers = (0..42i64).map(|value| Scalar::I64(value).cast(dtype));
    let pieces: Vec<NdArray> = numbers.map(|value| NdArray::full(&[1], value).unwrap()).collect();
    swath_kernels::layout::arrange::concatenate(&pieces, 0).unwrap().reshape(&[6, 7]).unwrap()
}

#[test]
fn numpys_files_are_read() {
    let mut count = 0;
    for entry in std::fs::read_dir(data().join("npy")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let array = npy::read(&path).unwrap();
        count += 1;
        let second = DType::Datetime64(TimeUnit::Second);
        let date = |value| Scalar::Datetime64(value, TimeUnit::Second);
        let dates = [date(-1), Scalar::nan(second).unwrap(), date(1_795_276_800)];
        match name {
            "scalar" => assert_eq!(array.item().unwrap(), Scalar::F64(42.0)),
            "empty" => assert_eq!((array.shape(), array.dtype()), (&[3, 0][..], DType::F64)),
            "dates" => assert_eq!(array.scalars(), dates),
            "spans" => {
                let span = |value| Scalar::Timedelta64(value, TimeUnit::Nanosecond);
                let nat = Scalar::nan(DType::Timedelta64(TimeUnit::Nanosecond)).unwrap();
                assert_eq!(array.scalars(), [span(0), nat, span(1_795_276_801_000_000_000)]);
            }
            _ => assert_same(&array, &numbers(array.dtype()), name),
        }
    }
    assert_eq!(count, 21);
}

#[test]
fn numpys_archives_are_read() {
    for name in ["stored.npz", "deflated.npz"] {
        let reader = NpzReader::open(data().join(name)).unwrap();
        assert_eq!(reader.names().collect::<Vec<_>>(), ["numbers", "fortran", "größe"]);
        for array in ["numbers", "fortran"] {
            let source = reader.array(array).unwrap();
            assert_same(&source.read(&[0..6, 0..7]).unwrap(), &numbers(DType::I64), array);
            assert_same(
                &source.read(&[2..3, 1..3]).unwrap(),
                &numbers(DType::I64).slice(&[(2..3).into(), (1..3).into()]).unwrap(),
                array,
            );
        }
        assert_eq!(reader.array("größe").unwrap().read(&[]).unwrap().item().unwrap(), Scalar::F32(1.5));
    }
}

#[test]
fn zarr_pythons_arrays_are_read() {
    let mut count = 0;
    for entry in std::fs::read_dir(data().join("zarr")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "zarr") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let array = ZarrArray::open(&path).unwrap();
        let copy = path.with_extension("npy");
        let expected = if copy.exists() {
            npy::read(copy).unwrap()
        } else {
            NdArray::from_vec(&[70_001], (0..70_001).map(|i| i / 100 % 300).collect()).unwrap()
        };
        assert_same(&array.read(&everything(array.shape())).unwrap(), &expected, &name);
        let middle: Vec<Range<usize>> = array.shape().iter().map(|length| length / 3..length - length / 4).collect();
        let parts: Vec<_> = middle.iter().map(|range| range.clone().into()).collect();
        assert_same(&array.read(&middle).unwrap(), &expected.slice(&parts).unwrap(), &name);
        count += 1;
    }
    assert_eq!(count, 40);
}

#[test]
fn names_attributes_and_grids_are_told() {
    let zarr = data().join("zarr");
    for (name, axes) in [("v3-zstd", ["y", "x"]), ("v2-default", ["y", "x"])] {
        let array = ZarrArray::open(zarr.join(format!("{name}.zarr"))).unwrap();
        let metadata = array.metadata();
        assert_eq!(metadata.dimension_names.clone().unwrap(), axes.map(|axis| Some(axis.to_owned())));
        assert_eq!(metadata.attributes["unit"], "m");
        assert_eq!(array.preferred_grid().to_string(), "[4x2, 3x3]");
    }
    let sharded = ZarrArray::open(zarr.join("v3-shards.zarr")).unwrap();
    assert_eq!(sharded.preferred_grid().to_string(), "[4x2, 4x2]");
    assert_eq!(sharded.metadata().inner_chunk_shape(), Some(&[2, 2][..]));
}

#[test]
fn groups_are_read() {
    for name in ["group-v2", "group-v2-consolidated", "group-v3", "group-v3-consolidated"] {
        let group = ZarrGroup::open(data().join("zarr").join(name)).unwrap();
        assert_eq!(group.attributes()["title"], "all", "{name}");
        let members = [("a".to_owned(), NodeKind::Array), ("inner".to_owned(), NodeKind::Group)];
        assert_eq!(group.members().unwrap(), members, "{name}");
        assert_eq!(group.array("a").unwrap().read(&[0..3][..]).unwrap().to_vec::<i32>().unwrap(), [1, 2, 3]);
        let inner = group.array("inner/b").unwrap();
        assert_eq!(inner.metadata().attributes["unit"], "s", "{name}");
        assert_eq!(inner.read(&[0..2][..]).unwrap().to_vec::<f64>().unwrap(), [0.5, 1.5]);
        assert_eq!(group.group("inner").unwrap().attributes()["level"], 1, "{name}");
        assert!(group.array("inner/none").unwrap_err().to_string().contains("inner/none: no Zarr array"), "{name}");
    }
}

/// Writes arrays of `0..n` in every form, then lets NumPy and zarr-python compare them.
#[test]
fn python_reads_what_is_written() {
    let Some(python) = std::env::var_os("SWATH_TEST_PYTHON") else {
        // CI runs `cargo xtask test`, which sets it.
        assert!(std::env::var_os("CI").is_none(), "CI must set SWATH_TEST_PYTHON: run `cargo xtask test`");
        println!("skipped: SWATH_TEST_PYTHON names no Python with zarr (`cargo xtask test` makes one)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    let times = [DType::Datetime64(TimeUnit::Second), DType::Timedelta64(TimeUnit::Nanosecond)];
    for dtype in DType::NUMERIC.into_iter().chain(times) {
        let array = numbers(if dtype.is_time() { DType::I64 } else { dtype });
        let array = if dtype.is_time() { array.reinterpret(dtype).unwrap() } else { array };
        let name = dtype.name();
        npy::write(folder.path().join(format!("{name}.npy")), &array).unwrap();
        let plain = ZarrOptions::new(&[2, 3]);
        let forms = [
            ("zstd", ZarrOptions { dimension_names: Some(vec![Some("y".to_owned()), None]), ..plain.clone() }),
            ("plain", ZarrOptions { compression: Compression::None, ..plain.clone() }),
            ("gzip-crc", ZarrOptions { compression: Compression::Gzip(6), has_checksum: true, ..plain.clone() }),
            ("shards", ZarrOptions { shard_shape: Some(vec![4, 6]), fill_value: Scalar::nan(dtype), ..plain.clone() }),
            ("v2", ZarrOptions { format: ZarrFormat::V2, ..plain.clone() }),
            ("v2-gzip", ZarrOptions { format: ZarrFormat::V2, compression: Compression::Gzip(1), ..plain.clone() }),
        ];
        for (form, options) in forms {
            let store = Arc::new(LocalStore::new(folder.path().join(form)));
            let sink = ZarrSink::create_in(store, &format!("in/{name}"), dtype, &[6, 7], &options).unwrap();
            sink.write(&everything(&[6, 7]), &array).unwrap();
            sink.finish().unwrap();
            count += 1;
        }
    }
    for compression in [NpzCompression::Stored, NpzCompression::Deflated] {
        let path = folder.path().join(format!("{compression:?}.npz"));
        let mut writer = NpzWriter::create(path, compression).unwrap();
        writer.add("numbers", &numbers(DType::I16)).unwrap();
        writer.add("größe", &NdArray::scalar(Scalar::F32(1.5))).unwrap();
        writer.finish().unwrap();
    }
    let script = package().join("tests/python/check_output.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{error}");
    assert_eq!(out.trim(), format!("{count} arrays, 16 npy files, 2 archives"));
}
