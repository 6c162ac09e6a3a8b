//! `join_asof` against values worked out by hand, and against a nested loop on random tables.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, AsArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampSecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::displayable;
use proptest::prelude::*;
use swath::prelude::*;

fn session(threads: usize, batch_size: usize) -> Session {
    Session::embedded().threads(threads).batch_size(batch_size).memory_limit(256 << 20).build().unwrap()
}

fn table(session: &Session, columns: Vec<(&str, ArrayRef)>) -> DataFrame {
    session.from_arrow([RecordBatch::try_from_iter(columns).unwrap()]).unwrap()
}

fn integers(values: impl IntoIterator<Item = impl Into<Option<i64>>>) -> ArrayRef {
    Arc::new(values.into_iter().map(Into::into).collect::<Int64Array>())
}

/// The rows as tuples of integers, sorted.
fn rows(frame: &DataFrame) -> Vec<Vec<Option<i64>>> {
    let batches = frame.collect().unwrap_or_else(|error| panic!("{error}"));
    let Some(first) = batches.first() else { return vec![] };
    let all = concat_batches(&first.schema(), &batches).unwrap();
    let columns: Vec<_> = all
        .columns()
        .iter()
        .map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Int64).unwrap())
        .map(|column| column.as_primitive::<Int64Type>().iter().collect::<Vec<_>>())
        .collect();
    let mut rows: Vec<Vec<_>> = (0..all.num_rows()).map(|row| columns.iter().map(|c| c[row]).collect()).collect();
    rows.sort();
    rows
}

fn right_values(left: &[i64], right: &[i64], options: AsofOptions) -> Vec<Option<i64>> {
    let session = session(1, 8192);
    let left = table(&session, vec![("t", integers(left.iter().copied()))]);
    let right =
        table(&session, vec![("t", integers(right.iter().copied())), ("v", integers(right.iter().map(|v| v * 10)))]);
    rows(&left.join_asof(&right, options)).into_iter().map(|row| row[1]).collect()
}

#[test]
fn strategies_take_the_nearest_row_before_after_or_around() {
    let (left, right) = ([1, 5, 6, 11], [2, 5, 7, 10]);
    let on = || AsofOptions::on("t");
    assert_eq!(right_values(&left, &right, on()), [None, Some(50), Some(50), Some(100)]);
    assert_eq!(right_values(&left, &right, on().strategy(AsofStrategy::Forward)), [Some(20), Some(50), Some(70), None]);
    // 6 lies between 5 and 7: the earlier is taken.
    assert_eq!(
        right_values(&left, &right, on().strategy(AsofStrategy::Nearest)),
        [Some(20), Some(50), Some(50), Some(100)]
    );
}

#[test]
fn exact_matches_can_be_refused() {
    let (left, right) = ([5, 6, 7], [5, 7]);
    let on = |strategy| AsofOptions::on("t").allow_exact_matches(false).strategy(strategy);
    assert_eq!(right_values(&left, &right, on(AsofStrategy::Backward)), [None, Some(50), Some(50)]);
    assert_eq!(right_values(&left, &right, on(AsofStrategy::Forward)), [Some(70), Some(70), None]);
    assert_eq!(right_values(&left, &right, on(AsofStrategy::Nearest)), [Some(70), Some(50), Some(50)]);
}

#[test]
fn tolerance_bounds_the_distance_inclusively() {
    let (left, right) = ([4, 5, 8], [2]);
    assert_eq!(right_values(&left, &right, AsofOptions::on("t").tolerance(3)), [Some(20), Some(20), None]);
    assert_eq!(right_values(&left, &right, AsofOptions::on("t").tolerance(2.5)), [Some(20), None, None]);
    assert_eq!(right_values(&left, &right, AsofOptions::on("t").tolerance(lit(6_i32))), [Some(20); 3]);
}

#[test]
fn empty_sides_are_fine() {
    assert_eq!(right_values(&[1, 2], &[], AsofOptions::on("t")), [None, None]);
    assert!(right_values(&[], &[1], AsofOptions::on("t")).is_empty());
}

#[test]
fn nulls_and_nan_never_match_and_left_rows_all_come_out() {
    let session = session(2, 2);
    let left = table(
        &session,
        vec![
            ("t", Arc::new(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN), Some(3.0)]))),
            ("k", integers([Some(1), Some(1), Some(1), None])),
        ],
    );
    let right = table(
        &session,
        vec![
            ("t", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(f64::NAN), Some(2.0)]))),
            ("k", integers([Some(1), Some(1), Some(1), None])),
            ("v", integers([10, 20, 30, 40])),
        ],
    );
    let joined = left.join_asof(&right, AsofOptions::on("t").by(["k"])).select([col("v")]);
    assert_eq!(rows(&joined), [[None], [None], [None], [Some(10)]]);
}

#[test]
fn groups_strings_timestamps_and_suffixes() {
    let session = session(2, 3);
    let times = |seconds: Vec<i64>| Arc::new(TimestampSecondArray::from(seconds)) as ArrayRef;
    let strings = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
    let trades = table(
        &session,
        vec![
            ("time", times(vec![100, 103, 160, 161])),
            ("symbol", strings(vec!["A", "B", "A", "B"])),
            ("price", integers([1, 2, 3, 4])),
        ],
    );
    let quotes = table(
        &session,
        vec![
            ("time", times(vec![99, 100, 102, 155])),
            ("symbol", strings(vec!["A", "B", "B", "A"])),
            ("price", integers([10, 20, 30, 40])),
        ],
    );
    let options = AsofOptions::on("time").by(["symbol"]).tolerance(Duration::from_secs(5)).suffix("_quote");
    let joined = trades.join_asof(&quotes, options);
    assert_eq!(joined.columns().unwrap(), ["time", "symbol", "price", "price_quote"]);
    let prices = joined.select([col("price"), col("price_quote")]);
    assert_eq!(rows(&prices), [[Some(1), Some(10)], [Some(2), Some(30)], [Some(3), Some(40)], [Some(4), None]]);
}

#[test]
fn keys_of_different_names_and_types_meet() {
    let session = session(2, 8192);
    let left = table(&session, vec![("a", Arc::new(Int32Array::from(vec![3, 9])))]);
    let decimals = Decimal128Array::from(vec![250, 950]).with_precision_and_scale(5, 2).unwrap();
    let right = table(&session, vec![("b", Arc::new(decimals)), ("v", integers([1, 2]))]);
    let joined = left.join_asof(&right, AsofOptions::left_right_on("a", "b"));
    assert_eq!(joined.columns().unwrap(), ["a", "b", "v"]);
    assert_eq!(rows(&joined.select([col("a"), col("v")])), [[Some(3), Some(1)], [Some(9), Some(1)]]);
}

#[test]
fn mistakes_are_named() {
    let session = session(1, 8192);
    let left = table(&session, vec![("time", integers([1])), ("name", Arc::new(StringArray::from(vec!["x"])))]);
    let right = table(&session, vec![("time", integers([1])), ("name", Arc::new(StringArray::from(vec!["x"])))]);
    let message = |options| left.join_asof(&right, options).schema().unwrap_err().to_string();
    assert!(message(AsofOptions::on("tim")).contains("did you mean 'time'?"));
    assert!(message(AsofOptions::on("name")).contains("must be a number, date, time"));
    assert!(message(AsofOptions::on("time").tolerance(Duration::from_secs(1))).contains("must be a number"));
    assert!(message(AsofOptions::on("time").tolerance(col("time"))).contains("must be a literal"));
    assert!(message(AsofOptions::on("time").suffix("")).contains("choose another suffix"));
}

#[test]
fn the_plan_is_a_merge_of_sorted_partitions_with_pruned_columns_and_pushed_filters() {
    let session = session(2, 8192);
    let left = table(&session, vec![("k", integers([1])), ("t", integers([1])), ("unused", integers([1]))]);
    let right =
        table(&session, vec![("k", integers([1])), ("t", integers([1])), ("v", integers([1])), ("w", integers([1]))]);
    let joined = left
        .join_asof(&right, AsofOptions::on("t").by(["k"]).tolerance(5))
        .filter(col("k").gt(lit(0)).and(col("t").lt(lit(9))).and(col("v").is_null()))
        .select([col("t"), col("v")]);
    let plan = joined.physical_plan().unwrap();
    insta::assert_snapshot!(displayable(plan.as_ref()).indent(false), @r"
    FilterExec: v@1 IS NULL
      ProjectionExec: expr=[t@1 as t, v@4 as v]
        AsofJoinExec: backward, tolerance=5, on=(t@1, __asof_t@1), by=[(k@0, __asof_k@0)]
          SortExec: expr=[k@0 ASC NULLS LAST, t@1 ASC NULLS LAST], preserve_partitioning=[true]
            RepartitionExec: partitioning=Hash([k@0], 2), input_partitions=1
              FilterExec: k@0 > 0 AND t@1 < 9
                DataSourceExec: partitions=1, partition_sizes=[1]
          SortExec: expr=[__asof_k@0 ASC NULLS LAST, __asof_t@1 ASC NULLS LAST], preserve_partitioning=[true]
            RepartitionExec: partitioning=Hash([__asof_k@0], 2), input_partitions=1
              ProjectionExec: expr=[k@0 as __asof_k, t@1 as __asof_t, v@2 as v]
                FilterExec: k@0 > 0
                  DataSourceExec: partitions=1, partition_sizes=[1]
    ");
}

/// One row: time, group; either may be null.
type Row = (Option<i64>, Option<i64>);

fn random_rows() -> impl Strategy<Value = Vec<Row>> {
    let value = |range: std::ops::Range<i64>| proptest::option::weighted(0.9, range);
    proptest::collection::vec((value(-20..20), value(0..4)), 0..60)
}

/// The `on` value that matches, if any: equal rows are alike in it.
fn nested_loop(
    left: Row,
    right: &[Row],
    grouped: bool,
    strategy: AsofStrategy,
    tolerance: Option<i64>,
    exact: bool,
) -> Option<i64> {
    let (time, group) = left;
    let time = time?;
    if grouped {
        group?;
    }
    let candidates = right.iter().filter(|row| !grouped || row.1 == group).filter_map(|row| row.0).filter(|other| {
        let side = match strategy {
            AsofStrategy::Backward => *other <= time,
            AsofStrategy::Forward => *other >= time,
            AsofStrategy::Nearest => true,
        };
        side && (exact || *other != time)
    });
    // The nearest; of equally near ones the earlier.
    let nearest = candidates.min_by_key(|other| ((other - time).abs(), *other))?;
    tolerance.is_none_or(|tolerance| (nearest - time).abs() <= tolerance).then_some(nearest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn gives_what_a_nested_loop_gives(
        left in random_rows(),
        right in random_rows(),
        grouped in any::<bool>(),
        strategy in prop_oneof![Just(AsofStrategy::Backward), Just(AsofStrategy::Forward), Just(AsofStrategy::Nearest)],
        tolerance in proptest::option::of(0..10_i64),
        exact in any::<bool>(),
        batch_size in prop_oneof![Just(1_usize), Just(2), Just(7), Just(8192)],
        threads in 1..4_usize,
    ) {
        let session = session(threads, batch_size);
        // As many partitions as threads.
        let frame = |rows: &[Row], names: [&str; 2]| {
            let batch = |rows: &[Row]| RecordBatch::try_from_iter_with_nullable([
                (names[0], integers(rows.iter().map(|row| row.0)), true),
                (names[1], integers(rows.iter().map(|row| row.1)), true),
            ]).unwrap();
            let size = rows.len().div_ceil(threads).max(1);
            let mut partitions: Vec<_> = rows.chunks(size).map(|rows| vec![batch(rows)]).collect();
            partitions.resize(threads, vec![]);
            let schema = batch(&[]).schema();
            session.read_table(Arc::new(MemTable::try_new(schema, partitions).unwrap())).unwrap()
        };
        let mut options = AsofOptions::left_right_on("t", "u").strategy(strategy).allow_exact_matches(exact);
        if grouped {
            options = options.left_right_by([("g", "h")]);
        }
        if let Some(tolerance) = tolerance {
            options = options.tolerance(tolerance);
        }
        let joined = frame(&left, ["t", "g"]).join_asof(&frame(&right, ["u", "h"]), options);
        let found = rows(&joined.select([col("t"), col("g"), col("u")]));
        let mut expected: Vec<Vec<Option<i64>>> = left
            .iter()
            .map(|row| vec![row.0, row.1, nested_loop(*row, &right, grouped, strategy, tolerance, exact)])
            .collect();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
}
