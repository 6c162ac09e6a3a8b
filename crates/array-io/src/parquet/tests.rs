use std::collections::HashMap;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use swath_kernels::{Scalar, TimeUnit};

use super::*;

const ROWS: usize = 25;

fn list(values: ArrayRef, size: i32) -> ArrayRef {
    let field = Arc::new(Field::new("item", values.data_type().clone(), false));
    Arc::new(FixedSizeListArray::new(field, size, values, None))
}

fn file(folder: &Path) -> std::path::PathBuf {
    let floats: ArrayRef = Arc::new(Float32Array::from_iter_values((0..ROWS as u16 * 6).map(f32::from)));
    let tensor = list(Arc::clone(&floats), 6);
    let nested = list(list(floats, 3), 2);
    let extension = |metadata: &str| {
        HashMap::from([
            ("ARROW:extension:name".to_owned(), TENSOR_NAME.to_owned()),
            ("ARROW:extension:metadata".to_owned(), metadata.to_owned()),
        ])
    };
    let columns: Vec<(Field, ArrayRef)> = vec![
        (Field::new("n", DataType::Int64, false), Arc::new(Int64Array::from_iter_values(0..ROWS as i64))),
        (
            Field::new("b", DataType::Boolean, false),
            Arc::new(BooleanArray::from_iter((0..ROWS).map(|i| Some(i % 3 == 0)))),
        ),
        (Field::new("d", DataType::Date32, false), Arc::new(Date32Array::from_iter_values(0..ROWS as i32))),
        (
            Field::new("t", DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into())), false),
            Arc::new(TimestampMicrosecondArray::from_iter_values(0..ROWS as i64).with_timezone("UTC")),
        ),
        (
            Field::new("s", DataType::Utf8, false),
            Arc::new(StringArray::from_iter_values((0..ROWS).map(|i| i.to_string()))),
        ),
        (
            Field::new("gaps", DataType::Int64, true),
            Arc::new(Int64Array::from_iter((0..ROWS as i64).map(|i| (i != 20).then_some(i)))),
        ),
        (Field::new("list", tensor.data_type().clone(), false), Arc::clone(&tensor)),
        (Field::new("nested", nested.data_type().clone(), false), nested),
        (
            Field::new("tensor", tensor.data_type().clone(), false)
                .with_metadata(extension(r#"{"shape":[2,3],"permutation":[1,0]}"#)),
            Arc::clone(&tensor),
        ),
        (Field::new("wrong", tensor.data_type().clone(), false).with_metadata(extension(r#"{"shape":[2,4]}"#)), tensor),
    ];
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let path = folder.join("a.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10)).build();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

const TENSOR_NAME: &str = "arrow.fixed_shape_tensor";

#[test]
fn columns_are_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    let open = |column: &str| ParquetSource::open(&path, column).unwrap();
    let numbers = open("n");
    assert_eq!(
        (numbers.shape(), numbers.dtype(), numbers.preferred_grid().to_string()),
        (&[ROWS][..], DType::I64, "[10x3]".to_owned())
    );
    assert_eq!(numbers.read(&[8..21][..]).unwrap().to_vec::<i64>().unwrap(), (8..21).collect::<Vec<_>>());
    assert_eq!(numbers.read(&[7..7][..]).unwrap().len(), 0);
    assert_eq!(open("b").read(&[2..4][..]).unwrap().to_vec::<bool>().unwrap(), [false, true]);
    assert_eq!(open("d").read(&[3..4][..]).unwrap().scalars(), [Scalar::Datetime64(3, TimeUnit::Day)]);
    assert_eq!(open("t").read(&[3..4][..]).unwrap().scalars(), [Scalar::Datetime64(3, TimeUnit::Microsecond)]);
    assert_eq!(open("gaps").read(&[0..20][..]).unwrap().len(), 20);
    let error = open("gaps").read(&[15..25][..]).unwrap_err().to_string();
    assert!(error.contains("a.parquet column 'gaps': 1 of its rows are null"), "{error}");
}

#[test]
fn rows_are_tensors() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    let all = NdArray::from_vec(&[ROWS, 2, 3], (0..ROWS as u16 * 6).map(f32::from).collect()).unwrap();
    let region = [9..12, 0..2, 1..3];
    let expected = all.slice(&region.clone().map(Into::into)).unwrap();
    let nested = ParquetSource::open(&path, "nested").unwrap();
    assert_eq!(nested.shape(), [ROWS, 2, 3]);
    assert_eq!(nested.preferred_grid().to_string(), "[10x3, 2, 3]");
    assert_eq!(nested.read(&region).unwrap(), expected);
    let list = ParquetSource::open(&path, "list").unwrap();
    assert_eq!(list.read(&[0..ROWS, 0..6]).unwrap(), all.reshape(&[ROWS, 6]).unwrap());
    // Stored as 2 x 3, meant as 3 x 2.
    let tensor = ParquetSource::open(&path, "tensor").unwrap();
    assert_eq!(tensor.shape(), [ROWS, 3, 2]);
    assert_eq!(tensor.read(&[9..12, 1..3, 0..2]).unwrap(), expected.transpose(&[0, 2, 1]).unwrap());
}

#[test]
fn what_is_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    for (column, message) in [
        ("none", "no column 'none'; there are: n, b, d, t, s, gaps, list, nested, tensor, wrong"),
        ("s", "column 's': Utf8 is no array"),
        ("wrong", "another shape than its lists of 6 elements"),
    ] {
        let error = ParquetSource::open(&path, column).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    std::fs::write(&path, "PAR1 or not").unwrap();
    let error = ParquetSource::open(&path, "n").unwrap_err().to_string();
    assert!(error.contains("a.parquet: "), "{error}");
}

/// Only the row groups of a box are decoded: the others may be gone.
#[test]
fn other_row_groups_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path());
    let source = ParquetSource::open(&path, "nested").unwrap();
    let metadata = source.metadata.metadata();
    let mut bytes = std::fs::read(&path).unwrap();
    for group in [0, 2] {
        for column in metadata.row_group(group).columns() {
            let (start, length) = column.byte_range();
            bytes[start as usize..(start + length) as usize].fill(0xee);
        }
    }
    std::fs::write(&path, &bytes).unwrap();
    let source = ParquetSource::open(&path, "nested").unwrap();
    assert_eq!(source.read(&[12..14, 0..1, 0..1]).unwrap().to_vec::<f32>().unwrap(), [72.0, 78.0]);
    assert!(source.read(&[8..14, 0..1, 0..1]).unwrap_err().to_string().contains("column 'nested': "));
}
