use proptest::prelude::*;
use swath_kernels::{NdArray, Scalar};

use super::*;
use crate::expr::op::QuantileMethod;
use crate::grid::chunking::{AxisSpec, ChunkSpec};
use crate::lower::PlanOptions;
use crate::lower::plan::Plan;
use crate::reference::{evaluate, from_fn, run_plan};

/// What a task may hold in these tests: some hundred elements.
const LIMIT: u64 = 40_000;

fn options() -> PlanOptions {
    PlanOptions { task_limit_bytes: LIMIT, parallelism: 2, keep_bytes: 1 << 30 }
}

/// Data that are hard to cut evenly.
#[derive(Debug, Clone, Copy)]
enum Data {
    Random,
    Constant,
    Few,
    Skewed,
    Nan,
    OnlyNan,
    Descending,
}

fn any_data() -> impl Strategy<Value = Data> {
    prop_oneof![
        Just(Data::Random),
        Just(Data::Constant),
        Just(Data::Few),
        Just(Data::Skewed),
        Just(Data::Nan),
        Just(Data::OnlyNan),
        Just(Data::Descending)
    ]
}

fn made(data: Data, shape: &[usize], dtype: DType) -> NdArray {
    let mut state = 88172645463325252u64;
    let mut number = 0;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        number += 1;
        let random = (state % 100_000) as f64;
        match data {
            Data::Random => random,
            Data::Constant => 7.0,
            Data::Few => random % 3.0,
            Data::Skewed if random > 200.0 => 1.0,
            Data::Nan if random > 60_000.0 => f64::NAN,
            Data::OnlyNan => f64::NAN,
            Data::Descending => -f64::from(number),
            _ => random,
        }
    };
    from_fn(shape, dtype, |_| Scalar::F64(next()).cast(dtype)).unwrap()
}

fn chunked(array: NdArray, chunk: &[usize]) -> ArrayExpr {
    let chunks = chunk.iter().map(|size| AxisSpec::Size(*size)).collect();
    ArrayExpr::from_array(array, &ChunkSpec::Axes(chunks)).unwrap()
}

/// Runs within the limit and gives what whole arrays give; the plan.
fn checked(root: &ArrayExpr, options: PlanOptions) -> Plan {
    let plan = Plan::new(std::slice::from_ref(root), options).unwrap();
    assert!(plan.projected_memory() <= options.task_limit_bytes);
    let result = run_plan(&plan).unwrap().remove(0);
    let expected = evaluate(root).unwrap();
    assert_eq!(result.shape(), expected.shape(), "{}", plan.explain());
    // NaN equals NaN here.
    let text = |array: &NdArray| array.scalars().iter().map(|value| format!("{value:?}")).collect::<Vec<_>>();
    assert_eq!(text(&result), text(&expected), "{}", plan.explain());
    plan
}

fn stages(plan: &Plan) -> String {
    let text = plan.explain();
    text[text.find("Stages:").unwrap()..].to_owned()
}

#[test]
fn a_long_axis_is_sorted_in_stages() {
    let x = chunked(made(Data::Random, &[2000], DType::F64), &[500]);
    let plan = checked(&x.sort(0, false).unwrap(), options());
    insta::assert_snapshot!(stages(&plan), @"
    Stages: 5 with 16 tasks, at most 24.1 KiB a task
      0 ChunkSource: 4 tasks of 7.8 KiB -> float64 [500x4]
          <- memory [2000] [a[0:2000]]
      1 SortRuns, 80 samples: 4 tasks of 24.1 KiB -> float64 [500x4]; float64 [80x4]; int64 [1x4]
          <- stage 0 [500x4] same block
      2 BracketRanks, 3 ranks: 1 task of 15.3 KiB -> int64 [3, 5, 2]
          <- stage 1.1 [80x4] blocks [all]
          <- stage 1.2 [1x4] blocks [all]
      3 CutRuns: 3 tasks of 2.1 KiB -> int64 [1x3, 4]; float64 [1x3]
          <- stage 2 [3, 5, 2] [a[0:3], b[0:5], c[0:2]]
          <- stage 1 [500x4] routed
      4 MergeRuns to elements: 4 tasks of 19.8 KiB -> float64 [500x4]
          <- stage 3 [1x3, 4] blocks [all, all]
          <- stage 1.2 [1x4] blocks [all]
          <- stage 1 [500x4] routed
    ");
    let plan = checked(&x.sort(0, true).unwrap(), options());
    insta::assert_snapshot!(stages(&plan), @"
    Stages: 5 with 24 tasks, at most 26.7 KiB a task
      0 ChunkSource: 6 tasks of 5.2 KiB -> float64 [334x6]
          <- memory [2000] [a[0:2000]]
      1 SortRuns, 76 samples: 6 tasks of 26.7 KiB -> float64 [334x6]; int64 [334x6]; float64 [76x6]; int64 [1x6]
          <- stage 0 [334x6] same block
      2 BracketRanks, 5 ranks: 1 task of 22.0 KiB -> int64 [5, 7, 2]
          <- stage 1.2 [76x6] blocks [all]
          <- stage 1.3 [1x6] blocks [all]
      3 CutRuns: 5 tasks of 3.0 KiB -> int64 [1x5, 6]; float64 [1x5]
          <- stage 2 [5, 7, 2] [a[0:5], b[0:7], c[0:2]]
          <- stage 1 [334x6] routed
      4 MergeRuns to positions: 6 tasks of 24.0 KiB -> int64 [334x6]
          <- stage 3 [1x5, 6] blocks [all, all]
          <- stage 1.3 [1x6] blocks [all]
          <- stage 1 [334x6] routed
          <- stage 1.1 [334x6] routed
    ");
}

#[test]
fn quantiles_of_more_than_a_task_are_exact() {
    let x = chunked(made(Data::Random, &[60, 50], DType::F64), &[20, 50]);
    let plan = checked(&x.quantile(&[0.25, 0.5], None, QuantileMethod::Linear, false).unwrap(), options());
    insta::assert_snapshot!(stages(&plan), @"
    Stages: 5 with 18 tasks, at most 24.0 KiB a task
      0 ChunkSource: 6 tasks of 7.8 KiB -> float64 [20x3, 25x2]
          <- memory [60, 50] [a[0:60], b[0:50]]
      1 SortRuns, 76 samples: 6 tasks of 24.0 KiB -> float64 [500x6]; float64 [76x6]; int64 [1x6]; int64 [1x6]
          <- stage 0 [20x3, 25x2] same block
      2 BracketRanks, 4 ranks: 1 task of 21.9 KiB -> int64 [4, 7, 2]
          <- stage 1.1 [76x6] blocks [all]
          <- stage 1.2 [1x6] blocks [all]
      3 CutRuns: 4 tasks of 3.2 KiB -> int64 [1x4, 6]; float64 [1x4]
          <- stage 2 [4, 7, 2] [a[0:4], b[0:7], c[0:2]]
          <- stage 1 [500x6] routed
      4 Quantiles: 1 task of 144 B -> float64 [2]
          <- stage 3.1 [1x4] blocks [all]
          <- stage 1.2 [1x6] blocks [all]
          <- stage 1.3 [1x6] blocks [all]
    ");
}

#[test]
fn distinct_elements_of_more_than_a_task() {
    let x = chunked(made(Data::Few, &[2000], DType::I64), &[100]);
    let plan = checked(&x.unique(true).unwrap(), options());
    insta::assert_snapshot!(stages(&plan), @"
    Stages: 5 with 58 tasks, at most 21.5 KiB a task
      0 ChunkSource: 20 tasks of 1.6 KiB -> int64 [100x20]
          <- memory [2000] [a[0:2000]]
      1 DistinctRuns, 20 samples: 20 tasks of 8.8 KiB -> int64 [100x20?]; int64 [100x20?]; int64 [20x20]; int64 [1x20]
          <- stage 0 [100x20] same block
      2 BracketRanks, 8 ranks: 1 task of 21.5 KiB -> int64 [8, 21, 2]
          <- stage 1.2 [20x20] blocks [all]
          <- stage 1.3 [1x20] blocks [all]
      3 CutRuns: 8 tasks of 11.3 KiB -> int64 [1x8, 20]; int64 [1x8]
          <- stage 2 [8, 21, 2] [a[0:8], b[0:21], c[0:2]]
          <- stage 1 [100x20?] routed
      4 MergeRuns to counts: 9 tasks of 20.0 KiB -> int64 [244x9?]
          <- stage 3 [1x8, 20] blocks [all, all]
          <- stage 1.3 [1x20] blocks [all]
          <- stage 1 [100x20?] routed
          <- stage 1.1 [100x20?] routed
    ");
}

#[test]
fn the_best_few_come_by_a_tree() {
    let x = chunked(made(Data::Random, &[3000], DType::F64), &[100]);
    let plan = checked(&x.top(5, 0, true, true).unwrap(), options());
    insta::assert_snapshot!(stages(&plan), @"
    Stages: 3 with 61 tasks, at most 19.5 KiB a task
      0 ChunkSource: 30 tasks of 1.6 KiB -> float64 [100x30]
          <- memory [3000] [a[0:3000]]
      1 Top 5: 30 tasks of 4.0 KiB -> float64 [5x30]; int64 [5x30]
          <- stage 0 [100x30] same block
      2 Top 5: 1 task of 19.5 KiB -> int64 [5]
          <- stage 1 [5x30] [83] blocks
          <- stage 1.1 [5x30] [83] blocks
    ");
}

#[test]
fn what_is_sorted_in_stages_can_be_used() {
    let x = chunked(made(Data::Random, &[3, 2500], DType::F64), &[3, 500]);
    let sorted = x.sort(1, false).unwrap();
    let y = sorted.slice(&[swath_kernels::SliceSpec::ALL, (10..2400).into()]).unwrap().sum(Some(&[0])).unwrap();
    checked(&y, options());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    /// Sorting and what rests on it, over more than a task holds, whatever the data, dtype, axis and chunks.
    #[test]
    fn order_in_stages_is_right(
        data in any_data(),
        dtype in prop_oneof![Just(DType::F64), Just(DType::I32), Just(DType::U8), Just(DType::F32)],
        (shape, axis) in prop_oneof![
            (1800..4000usize).prop_map(|n| (vec![n], 0)),
            (1800..2500usize, 1..3usize).prop_map(|(n, other)| (vec![n, other], 0)),
            (1800..2500usize, 1..3usize).prop_map(|(n, other)| (vec![other, n], 1)),
        ],
        chunk in 90..700usize,
        what in 0..9u8,
        method in prop_oneof![Just(QuantileMethod::Linear), Just(QuantileMethod::Lower), Just(QuantileMethod::Hazen), Just(QuantileMethod::Nearest)],
    ) {
        let chunks: Vec<usize> = shape.iter().map(|length| chunk.min(*length)).collect();
        let x = chunked(made(data, &shape, dtype), &chunks);
        let signed = axis as isize;
        let y = match what {
            0 => x.sort(signed, false),
            1 => x.sort(signed, true),
            2 => x.top(9, signed, (data as usize).is_multiple_of(2), false),
            3 => x.top(9, signed, (data as usize).is_multiple_of(2), true),
            4 => x.quantile(&[0.0, 0.3, 0.5, 1.0], Some(&[signed]), method, false),
            5 => x.quantile(&[0.1, 0.9], None, method, true),
            6 => x.unique(false),
            7 => x.unique(true),
            _ => x.quantile(&[0.7], None, method, false),
        };
        let y = y.unwrap();
        // Tables are as large for small elements.
        let scaled = if matches!(what, 1 | 6 | 7) { LIMIT } else { LIMIT * dtype.item_size() as u64 / 8 };
        let options = PlanOptions { task_limit_bytes: scaled + 12_000, ..options() };
        checked(&y, options);
    }
}

#[test]
fn tasks_share_a_line_that_one_could_hold() {
    let options = PlanOptions { parallelism: 2, ..PlanOptions::default() };
    let x = chunked(made(Data::Nan, &[300_000], DType::F64), &[100_000]);
    let plan = checked(&x.sort(0, false).unwrap(), options);
    insta::assert_snapshot!(stages(&plan), @"
    Stages: 1 with 2 tasks, at most 3.7 MiB a task
      0 SortPart: 2 tasks of 3.7 MiB -> float64 [150000x2]
          <- memory [100000x3] routed
    ");
    // What is computed is computed once, block by block.
    let plan = checked(&x.add(&x).unwrap().sort(0, true).unwrap(), options);
    let stages: Vec<String> = plan.stages.iter().map(|stage| stage.outputs[0].grid.to_string()).collect();
    assert_eq!(stages, ["[100000x3]", "[150000x2]"], "{}", plan.explain());
    // Lines enough for all, and too few.
    let y = chunked(made(Data::Few, &[280_000, 3], DType::I32), &[140_000, 3]);
    let options = PlanOptions { parallelism: 3, ..PlanOptions::default() };
    let plan = checked(&y.sort(0, false).unwrap(), options);
    assert_eq!(plan.stages.last().unwrap().tasks.to_string(), "[280000, 1x3]");
    let options = PlanOptions { parallelism: 6, ..PlanOptions::default() };
    let plan = checked(&y.sort(0, true).unwrap(), options);
    assert_eq!(plan.stages.last().unwrap().tasks.to_string(), "[140000x2, 1x3]");
    // Short ones, and those whose chunks are work for all.
    let plan = checked(&y.sort(1, false).unwrap(), options);
    assert_eq!(plan.stages.last().unwrap().tasks.axis(1).count(), 1);
}

#[test]
fn tasks_share_a_search_for_what_is_distinct() {
    let options = PlanOptions { parallelism: 2, ..PlanOptions::default() };
    for (data, dtype) in [(Data::Nan, DType::F64), (Data::Few, DType::I32), (Data::Random, DType::F32)] {
        let x = chunked(made(data, &[300_000], dtype), &[100_000]);
        let plan = checked(&x.unique(false).unwrap(), options);
        assert!(matches!(plan.stages[0].step, Step::Phase(Phase::DistinctPart)), "{}", plan.explain());
        assert_eq!(plan.stages[0].outputs[0].grid.to_string(), "[150000x2?]");
        checked(&x.add(&x).unwrap().unique(false).unwrap(), options);
        checked(&x.unique(true).unwrap(), options);
    }
}

#[test]
fn the_best_few_are_looked_for_in_parts() {
    let options = PlanOptions { parallelism: 2, ..PlanOptions::default() };
    let cut = chunked(made(Data::Nan, &[300_000], DType::F64), &[100_000]);
    let whole = chunked(made(Data::Few, &[300_000], DType::I32), &[300_000]);
    for (largest, positions) in [(true, true), (true, false), (false, true), (false, false)] {
        let plan = checked(&cut.top(10, 0, largest, positions).unwrap(), options);
        assert_eq!(plan.stages.iter().map(|stage| stage.tasks.block_count()).max(), Some(3), "{}", plan.explain());
        let plan = checked(&whole.top(10, 0, largest, positions).unwrap(), options);
        assert_eq!(plan.stages.iter().map(|stage| stage.tasks.block_count()).max(), Some(2), "{}", plan.explain());
    }
    // Many of a line are left to one task, and so are short lines.
    for x in [cut.top(100_000, 0, true, false), cut.slice(&[(0..200_000).into()]).unwrap().top(3, 0, true, false)] {
        let plan = checked(&x.unwrap(), options);
        assert!(matches!(plan.stages.last().unwrap().step, Step::Local(_)), "{}", plan.explain());
    }
}
