//! Every type of Arrow's goes to a cluster and comes back as it was: through a scan, a shuffle, an aggregation and a result.

use std::sync::Arc;

use arrow::array::{Array, *};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;
use swath::prelude::*;

use super::staged;

fn item(of: &ArrayRef) -> FieldRef {
    Arc::new(Field::new_list_field(of.data_type().clone(), true))
}

/// Lists of `values`, which are three, in every form that lists have; the second is null.
fn lists(name: &str, values: &ArrayRef) -> Vec<(String, ArrayRef)> {
    let nulls = || Some(NullBuffer::from(vec![true, false, true]));
    let short = ListArray::new(item(values), OffsetBuffer::from_lengths([2, 0, 1]), Arc::clone(values), nulls());
    let long = LargeListArray::new(item(values), OffsetBuffer::from_lengths([2, 0, 1]), Arc::clone(values), nulls());
    let fixed = FixedSizeListArray::new(item(values), 1, Arc::clone(values), nulls());
    let offsets: ScalarBuffer<i32> = vec![1, 0, 0].into();
    let lengths: ScalarBuffer<i32> = vec![2, 0, 1].into();
    let view = ListViewArray::new(item(values), offsets, lengths, Arc::clone(values), nulls());
    let offsets: ScalarBuffer<i64> = vec![1, 0, 0].into();
    let lengths: ScalarBuffer<i64> = vec![2, 0, 1].into();
    let long_view = LargeListViewArray::new(item(values), offsets, lengths, Arc::clone(values), nulls());
    vec![
        (format!("list of {name}"), Arc::new(short)),
        (format!("large list of {name}"), Arc::new(long)),
        (format!("fixed list of {name}"), Arc::new(fixed)),
        (format!("list view of {name}"), Arc::new(view)),
        (format!("large list view of {name}"), Arc::new(long_view)),
    ]
}

/// Columns of three rows, the second of which is null, of every type that `arrow` can make of whole numbers.
fn flat() -> Vec<(String, ArrayRef)> {
    use DataType as T;
    use TimeUnit as U;
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let small: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("more than twelve bytes")]));
    let units = [U::Second, U::Millisecond, U::Microsecond, U::Nanosecond];
    let mut types = vec![
        T::Boolean,
        T::Int8,
        T::Int16,
        T::Int32,
        T::Int64,
        T::UInt8,
        T::UInt16,
        T::UInt32,
        T::UInt64,
        T::Float16,
        T::Float32,
        T::Float64,
        T::Decimal32(9, 2),
        T::Decimal64(18, 2),
        T::Decimal128(38, 4),
        T::Decimal256(76, 4),
    ];
    types.extend(units.iter().map(|unit| T::Duration(*unit)));
    for zone in [None, Some("UTC"), Some("Europe/Berlin"), Some("+01:00")] {
        types.extend(units.iter().map(|unit| T::Timestamp(*unit, zone.map(Into::into))));
    }
    let from = |from: &ArrayRef, types: Vec<T>| {
        let cast = |to: T| (to.to_string(), arrow::compute::cast(from, &to).unwrap());
        types.into_iter().map(cast).collect::<Vec<_>>()
    };
    let dictionary = |key, value| T::Dictionary(Box::new(key), Box::new(value));
    let mut columns = from(&numbers, types);
    columns.extend(from(&numbers, vec![T::Time64(U::Microsecond), T::Time64(U::Nanosecond), T::Date64]));
    columns.extend(from(&small, vec![T::Time32(U::Second), T::Time32(U::Millisecond), T::Date32]));
    columns.extend(from(&numbers, vec![dictionary(T::Int32, T::Int64)]));
    columns.extend(from(
        &texts,
        vec![
            T::Utf8,
            T::LargeUtf8,
            T::Utf8View,
            T::Binary,
            T::LargeBinary,
            T::BinaryView,
            dictionary(T::Int8, T::Utf8),
            dictionary(T::UInt32, T::LargeUtf8),
            dictionary(T::Int32, T::Utf8View),
        ],
    ));
    let interval = IntervalMonthDayNano::new(1, 2, 3);
    let intervals = IntervalMonthDayNanoArray::from(vec![Some(interval), None, Some(IntervalMonthDayNano::ZERO)]);
    let fixed = vec![Some(b"abc".as_slice()), None, Some(b"xyz")].into_iter();
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed, 3).unwrap();
    columns.push(("interval".to_owned(), Arc::new(intervals)));
    columns.push(("fixed binary".to_owned(), Arc::new(fixed)));
    columns.push(("null".to_owned(), Arc::new(NullArray::new(3))));
    columns
}

fn nested() -> Vec<(String, ArrayRef)> {
    let flat = flat();
    let named = |wanted: &str| Arc::clone(&flat.iter().find(|(name, _)| name == wanted).unwrap().1);
    let (numbers, views, words) = (named("Int64"), named("Utf8View"), named("Dictionary(Int8, Utf8)"));
    let mut columns: Vec<_> =
        [("numbers", &numbers), ("views", &views), ("words", &words)].iter().flat_map(|(n, of)| lists(n, of)).collect();
    let long = Arc::clone(&columns.iter().find(|(name, _)| name == "large list of numbers").unwrap().1);
    columns.extend(lists("large lists", &long));
    let field = |name: &str, of: &ArrayRef| Arc::new(Field::new(name, of.data_type().clone(), true));
    let structs = StructArray::from(vec![
        (field("views", &views), Arc::clone(&views)),
        (field("words", &words), Arc::clone(&words)),
        (field("long", &long), Arc::clone(&long)),
    ]);
    let structs: ArrayRef = Arc::new(structs);
    columns.extend(lists("structs", &structs));
    columns.push(("struct".to_owned(), structs));
    let keys: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
    for (name, values) in [("numbers", &numbers), ("large lists", &long), ("words", &words)] {
        let key = Arc::new(Field::new("keys", DataType::Utf8, false));
        let entries = StructArray::from(vec![(key, Arc::clone(&keys)), (field("values", values), Arc::clone(values))]);
        let entry = Arc::new(Field::new("entries", entries.data_type().clone(), false));
        let nulls = Some(NullBuffer::from(vec![true, false, true]));
        let map = MapArray::new(entry, OffsetBuffer::from_lengths([1, 0, 2]), entries, nulls, false);
        columns.push((format!("map to {name}"), Arc::new(map)));
    }
    columns
}

/// The rows of `k` and `v`, sorted by `k`.
fn rows(frame: &DataFrame) -> RecordBatch {
    frame.sort(["k"]).collect_one().unwrap()
}

#[test]
fn every_type_comes_back() {
    let session = staged();
    for (name, column) in flat().into_iter().chain(nested()) {
        let keys: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let batch = RecordBatch::try_from_iter_with_nullable([("k", keys, false), ("v", column, true)]).unwrap();
        // Twice, so that a part of the rows goes through more than one task.
        let frame = session.from_arrow([batch.clone()]).unwrap();
        let same = |what: &str, frame: &DataFrame| {
            let got = rows(frame);
            assert_eq!(got.column(1).data_type(), batch.column(1).data_type(), "{name}: {what}");
            assert_eq!(got.column(1), batch.column(1), "{name}: {what}");
        };
        same("a scan", &frame.filter(col("k").gt(lit(0))));
        let other = session.sql("SELECT value AS k FROM range(1, 4)").unwrap();
        same("a join", &frame.join(&other, JoinType::Inner, ["k"]));
        same("a group", &frame.group_by(["k"]).agg([col("v").first()]));
    }
}
