//! Arrays of a session: its memory, its disk, its tables.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use swath::prelude::*;

fn session() -> Session {
    Session::embedded().threads(2).memory_limit(256 << 20).build().unwrap()
}

fn column_of<T: arrow::datatypes::ArrowPrimitiveType>(batch: &RecordBatch, column: usize) -> Vec<T::Native> {
    batch.column(column).as_primitive::<T>().values().to_vec()
}

#[test]
fn they_spill_within_the_limit_of_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 64 << 20;
    let session = Session::embedded().threads(2).memory_limit(limit).spill_folder(folder.path()).build().unwrap();
    let arrays = session.arrays().with_chunks(swath::nd::ChunkSpec::Bytes(2 << 20));
    // 200 MB that a sum needs twice, the second time in other blocks.
    let x = arrays.random(1).uniform(0.0, 1.0, [5000, 5000]);
    let y = x.rechunk([-1, 50]).cumsum(0).rechunk([50, -1]);
    let sum = y.sum(()).item::<f64>().unwrap();
    let expected = (&x * arrays.arange(5000, 0, -1).reshape([5000, 1])).sum(()).item::<f64>().unwrap();
    assert!((sum - expected).abs() < 1e-6 * expected, "{sum} {expected}");
    let left: Vec<_> = walk(folder.path());
    assert!(left.is_empty(), "{left:?}");
    // A limit of the disk holds for arrays, too.
    let session = Session::embedded().threads(2).memory_limit(limit).spill_limit(1 << 20).build().unwrap();
    let arrays = session.arrays().with_chunks(swath::nd::ChunkSpec::Bytes(2 << 20));
    let x = arrays.random(1).uniform(0.0, 1.0, [5000, 5000]);
    let error = x.rechunk([-1, 50]).cumsum(0).rechunk([50, -1]).sum(()).compute().unwrap_err().to_string();
    assert!(error.contains("spill limit of 1048576 bytes") && error.contains("spill_limit"), "{error}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn columns_become_an_array_and_come_back() {
    let session = session();
    let frame = session.sql("SELECT value AS a, value * 0.25::DOUBLE AS b FROM range(100000)").unwrap();
    let array = frame.to_array(&["a", "b"]).unwrap();
    assert_eq!((array.shape().unwrap(), array.dtype().unwrap()), (vec![100_000, 2], DType::F64));
    assert_eq!(array.sum(0).to_vec::<f64>().unwrap(), [4_999_950_000.0, 1_249_987_500.0]);
    let scaled = (&array - array.mean(0)) / array.std(0);
    let back = session.from_array(&scaled, &["x", "y"]).unwrap();
    let summary = back.agg([col("x").sum().alias("x"), count_all().alias("n")]).collect_one().unwrap();
    assert!(column_of::<Float64Type>(&summary, 0)[0].abs() < 1e-6);
    assert_eq!(column_of::<Int64Type>(&summary, 1), [100_000]);
    // Tables of SQL.
    session.register("scaled", &back).unwrap();
    let rows = session.sql("SELECT x, y FROM scaled WHERE x > 1.7 ORDER BY x LIMIT 1").unwrap().collect_one().unwrap();
    let (x, y) = (column_of::<Float64Type>(&rows, 0)[0], column_of::<Float64Type>(&rows, 1)[0]);
    assert!(x > 1.7 && (x - y).abs() < 1e-9, "{x} {y}");
}

#[test]
fn rows_of_an_array_are_the_tables_rows() {
    let session = session();
    let array = session.arrays().with_chunks(swath::nd::ChunkSpec::Bytes(800)).arange(0, 1000, 1);
    assert!(array.chunks().unwrap()[0].len() > 5);
    let frame = session.from_array(&array, &["n"]).unwrap();
    let rows = frame.sort([col("n").desc()]).limit(2).collect_one().unwrap();
    assert_eq!(column_of::<Int64Type>(&rows, 0), [999, 998]);
    assert_eq!(frame.count().unwrap(), 1000);
    // What a mask leaves: its length is known after running.
    let x = session.arrays().random(7).normal(10.0, 2.0, [10_000, 4]);
    let z = (&x - x.mean(0)) / x.std(0);
    let far = z.slice(s![&z.abs().gt(3.0).any(1)]);
    let table = session.from_array(&far, &["a", "b", "c", "d"]).unwrap();
    let count = table.count().unwrap();
    assert!((50..250).contains(&count), "{count}");
    let near = "abs(a) < 3 AND abs(b) < 3 AND abs(c) < 3 AND abs(d) < 3";
    session.register("far", &table).unwrap();
    assert_eq!(session.sql(&format!("SELECT * FROM far WHERE {near}")).unwrap().count().unwrap(), 0);
    // An empty one, too.
    let none = session.from_array(&array.slice(s![5..5]), &["n"]).unwrap();
    assert_eq!(none.count().unwrap(), 0);
    let table = session.sql("SELECT value AS n FROM range(3) WHERE value > 5").unwrap().to_array(&["n"]).unwrap();
    assert_eq!(table.shape().unwrap(), [0, 1]);
}

#[test]
fn missing_values_dates_and_mistakes() {
    let session = session();
    let frame = session
        .sql("SELECT * FROM (VALUES (1, NULL, DATE '2024-02-29', 'x'), (2, 1.5, NULL, 'y')) t(i, f, d, s)")
        .unwrap();
    let array = frame.to_array(&["i", "f"]).unwrap();
    assert_eq!(array.nansum(0).to_vec::<f64>().unwrap(), [3.0, 1.5]);
    let dates = frame.to_array(&["d"]).unwrap();
    assert_eq!(dates.dtype().unwrap().to_string(), "datetime64[D]");
    let message = |result: Result<Array>| result.err().unwrap().to_string();
    assert!(message(frame.to_array(&["s"])).contains("column 's' is Utf8"), "{}", message(frame.to_array(&["s"])));
    assert!(message(frame.to_array(&[])).contains("at least one column"));
    assert!(message(frame.to_array(&["j"])).contains("column 'j' not found"));
    let whole = session.sql("SELECT * FROM (VALUES (1), (NULL)) t(i)").unwrap().to_array(&["i"]).unwrap();
    let error = whole.sum(()).compute().unwrap_err().to_string();
    assert!(error.contains("column 'i'") && error.contains("1 values are missing"), "{error}");
    let cube = session.arrays().zeros([2, 2, 2], DType::F64);
    let error = session.from_array(&cube, &["a"]).err().unwrap().to_string();
    assert!(error.contains("one or two axes") && error.contains("reshape"), "{error}");
    let error = session.from_array(&cube.reshape([4, 2]), &["a"]).err().unwrap().to_string();
    assert!(error.contains("each of 2 columns, got 1"), "{error}");
    let complex = session.arrays().zeros([2], DType::C128);
    assert!(session.from_array(&complex, &["a"]).err().unwrap().to_string().contains("complex128"));
}

#[test]
fn a_connected_session_has_arrays_too() {
    let session = crate::cluster::connected();
    let x = session.arrays().arange(0, 10, 1).reshape([5, 2]);
    let frame = session.from_array(&x, &["a", "b"]).unwrap();
    let sums = frame.agg([col("a").sum().alias("a"), col("b").sum().alias("b")]).collect_one().unwrap();
    assert_eq!((column_of::<Int64Type>(&sums, 0), column_of::<Int64Type>(&sums, 1)), (vec![20], vec![25]));
    assert_eq!(frame.to_array(&["b"]).unwrap().sum(()).item::<i64>().unwrap(), 25);
}

#[test]
fn a_column_of_tensors_is_an_array() {
    use arrow::array::{Array as _, ArrayRef, FixedSizeListArray, Float32Array};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::sync::Arc;

    let session = session();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    // Six rows of 2 x 3, which are stored as 3 x 2.
    let values = Arc::new(Float32Array::from_iter_values((0..36).map(|i| i as f32))) as ArrayRef;
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let lists = FixedSizeListArray::new(item, 6, values, None);
    let metadata = [
        ("ARROW:extension:name", "arrow.fixed_shape_tensor"),
        ("ARROW:extension:metadata", r#"{"shape":[3,2],"permutation":[1,0]}"#),
    ];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let field = Field::new("x", lists.data_type().clone(), false).with_metadata(metadata);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(lists)]).unwrap();
    session.from_arrow([batch]).unwrap().write_parquet(&path, WriteOptions::default()).unwrap();
    let array = session.read_parquet(&path).unwrap().to_array(&["x"]).unwrap();
    assert_eq!((array.shape().unwrap(), array.dtype().unwrap()), (vec![6, 2, 3], DType::F32));
    assert_eq!(array.slice(s![1, 1, ..]).to_vec::<f32>().unwrap(), [7.0, 9.0, 11.0]);
    assert_eq!(array.slice(s![4.., 0, 2]).to_vec::<f32>().unwrap(), [28.0, 34.0]);
    assert_eq!(array.sum(()).item::<f32>().unwrap(), 630.0);
}
