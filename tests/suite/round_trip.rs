//! What is written comes back: every format, all common types, nulls, nesting; on random tables, too.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use proptest::prelude::*;
use swath::prelude::*;

fn session() -> Session {
    Session::embedded().threads(2).memory_limit(256 << 20).build().unwrap()
}

/// Each row as text, sorted.
fn rows(frame: &DataFrame) -> Vec<String> {
    let batch = frame.collect_one().unwrap();
    let options = arrow::util::display::FormatOptions::default().with_null("null");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| arrow::util::display::ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
        .collect();
    let mut rows: Vec<String> = (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|"))
        .collect();
    rows.sort_unstable();
    rows
}

fn flat_columns() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("i8", Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)]))),
        ("i16", Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(1)]))),
        ("i32", Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(1)]))),
        ("i64", Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]))),
        ("u8", Arc::new(UInt8Array::from(vec![Some(0), None, Some(u8::MAX)]))),
        ("u32", Arc::new(UInt32Array::from(vec![Some(0), None, Some(u32::MAX)]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(0), None, Some(u64::MAX)]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(-0.5), None, Some(3.25)]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(1e300), None, Some(-2.5)]))),
        ("text", Arc::new(StringArray::from(vec![Some("a,\"b\"\né"), None, Some("x")]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("a string of more than twelve bytes"), None, Some("")]))),
        ("bytes", Arc::new(BinaryArray::from(vec![Some(b"\x00\xff".as_slice()), None, Some(b"")]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000)]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![Some(1), None, Some(86_399_999_999)]))),
        ("stamp", Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None, Some(1_700_000_000_000_001)]))),
        ("zoned", Arc::new(TimestampMillisecondArray::from(vec![Some(0), None, Some(1)]).with_timezone("UTC"))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(-12_345), None, Some(99)]).with_precision_and_scale(12, 2).unwrap(),
            ),
        ),
        ("dictionary", Arc::new([Some("p"), None, Some("p")].into_iter().collect::<DictionaryArray<Int32Type>>())),
    ]
}

fn nested_columns() -> Vec<(&'static str, ArrayRef)> {
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>(vec![Some(vec![Some(1), None]), None, Some(vec![])]);
    let structs = StructArray::from(vec![
        (
            Arc::new(Field::new("a", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("b", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec![Some("x"), Some("y"), None])) as ArrayRef,
        ),
    ]);
    vec![("list", Arc::new(list)), ("struct", Arc::new(structs))]
}

#[test]
fn parquet_and_arrow_keep_every_type() {
    let session = session();
    let root = tempfile::tempdir().unwrap();
    let columns = flat_columns().into_iter().chain(nested_columns());
    let frame = session.from_arrow([RecordBatch::try_from_iter(columns).unwrap()]).unwrap();
    let expected = rows(&frame);
    for name in ["a.parquet", "folder"] {
        frame.write_parquet(root.path().join(name), WriteOptions::default()).unwrap();
        let read = session.read_parquet(root.path().join(name)).unwrap();
        assert_eq!(rows(&read), expected, "{name}");
    }
    for name in ["a.arrow", "arrows"] {
        frame.write_arrow(root.path().join(name), WriteOptions::default()).unwrap();
        let read = session.read_arrow(root.path().join(name)).unwrap();
        assert_eq!(rows(&read), expected, "{name}");
        assert_eq!(read.schema().unwrap().fields(), frame.schema().unwrap().fields());
    }
}

#[test]
fn json_keeps_nesting_and_csv_its_values() {
    let session = session();
    let root = tempfile::tempdir().unwrap();
    let nested = session.from_arrow([RecordBatch::try_from_iter(nested_columns()).unwrap()]).unwrap();
    nested.write_json(root.path().join("n.json"), WriteOptions::default()).unwrap();
    assert_eq!(rows(&session.read_json(root.path().join("n.json")).unwrap()), rows(&nested));
    assert!(nested.write_csv(root.path().join("n.csv"), WriteOptions::default()).is_err());
    assert!(!root.path().join("n.csv").exists());

    // With the schema given, text brings every flat type back, but for bytes, and for the difference between an
    // empty text and null in CSV.
    let keep = |name: &str| !matches!(name, "bytes" | "dictionary" | "view");
    let columns = || flat_columns().into_iter().filter(|(name, _)| keep(name));
    let frame = session.from_arrow([RecordBatch::try_from_iter(columns()).unwrap()]).unwrap();
    frame.write_csv(root.path().join("a.csv"), WriteOptions::default()).unwrap();
    let options = CsvOptions::default().schema(frame.schema().unwrap()).newlines_in_values(true);
    assert_eq!(rows(&session.read_csv_with(root.path().join("a.csv"), options).unwrap()), rows(&frame));
    frame.write_json(root.path().join("a.json"), WriteOptions::default()).unwrap();
    let options = JsonOptions::default().schema(frame.schema().unwrap());
    assert_eq!(rows(&session.read_json_with(root.path().join("a.json"), options).unwrap()), rows(&frame));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Partitioning, compression, mode and batch size never change the rows.
    #[test]
    fn partitioned_writes_read_back_equal(
        table in proptest::collection::vec((any::<Option<i64>>(), proptest::option::of("[a-c/=% .é]{0,3}"), 0..4_i32), 0..60),
        by_text in any::<bool>(),
        batch_size in 1..40_usize,
        compressed in any::<bool>(),
    ) {
        let session = Session::embedded().threads(3).batch_size(batch_size).memory_limit(64 << 20).build().unwrap();
        let root = tempfile::tempdir().unwrap();
        let batch = RecordBatch::try_from_iter([
            ("n", Arc::new(table.iter().map(|row| row.0).collect::<Int64Array>()) as ArrayRef),
            ("s", Arc::new(table.iter().map(|row| row.1.clone()).collect::<StringArray>()) as ArrayRef),
            ("k", Arc::new(table.iter().map(|row| Some(row.2)).collect::<Int32Array>()) as ArrayRef),
        ]).unwrap();
        let frame = session.from_arrow([batch]).unwrap();
        let keys = if by_text { vec!["s", "k"] } else { vec!["k"] };
        let target = root.path().join("t");
        let options = || {
            let options = WriteOptions::default().partition_by(keys.clone());
            if compressed { options.compression("snappy") } else { options }
        };
        frame.write_parquet(&target, options()).unwrap();
        let text = ParquetOptions::default().partition_type("s", DataType::Utf8);
        let read = || session.read_parquet_with(&target, text.clone()).unwrap().select([col("n"), col("s"), col("k")]);
        prop_assert_eq!(rows(&read()), rows(&frame));
        frame.write_parquet(&target, options().mode(WriteMode::Append)).unwrap();
        prop_assert_eq!(read().count().unwrap(), 2 * table.len());
        frame.limit(1).write_parquet(&target, options().mode(WriteMode::Overwrite)).unwrap();
        prop_assert_eq!(read().count().unwrap(), table.len().min(1));
        prop_assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
