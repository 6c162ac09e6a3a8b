mod blocks;

use proptest::prelude::*;
use swath_kernels::{DType, NdArray, Scalar, SliceSpec};

use super::*;
use crate::expr::op::{Fft, Scan};
use crate::grid::chunking::{AxisSpec, ChunkSpec};
use crate::optimize::tests::{any_source, any_steps, generated, memory, memory_of, program, stored};
use crate::reference::{evaluate, run_plan};

fn planned(root: &ArrayExpr) -> Plan {
    Plan::new(std::slice::from_ref(root), PlanOptions::default()).unwrap()
}

/// The stages' part of the text; the results must be those of the reference.
fn stages(roots: &[ArrayExpr]) -> String {
    let plan = Plan::new(roots, PlanOptions::default()).unwrap();
    for (result, root) in run_plan(&plan).unwrap().iter().zip(roots) {
        assert_eq!(result, &evaluate(root).unwrap(), "{}", plan.explain());
    }
    let text = plan.explain();
    text[text.find("Stages:").unwrap()..].to_owned()
}

#[test]
fn a_matrix_and_its_transpose_are_one_program() {
    let x = memory(&[4, 4], &[2, 2]);
    insta::assert_snapshot!(stages(&[x.add(x.t().unwrap()).unwrap()]), @"
    Stages: 1 with 4 tasks, at most 160 B a task
      0 Fused: 4 tasks of 160 B -> float64 [2x2, 2x2]
          <- memory [4, 4] [a[0:4], b[0:4]]
          <- memory [4, 4] [b[0:4], a[0:4]]
          r0: float64 = input 0
          r1: float64 = input 1
          r2: float64 = add(r0, r1)
          -> r2
    ");
}

#[test]
fn standardising_reads_twice_and_keeps_nothing_in_between() {
    let x = memory(&[8, 3], &[2, 3]);
    let centred = x.subtract(x.mean(Some(&[0])).unwrap()).unwrap();
    let y = centred.divide(x.std(Some(&[0])).unwrap()).unwrap();
    insta::assert_snapshot!(stages(&[y]), @"
    Stages: 4 with 10 tasks, at most 408 B a task
      0 Fused: 4 tasks of 216 B -> state float64 [1x4, 3]; state float64 [1x4, 3]
          <- memory [8, 3] [a[0:8], b[0:3]]
          r0: float64 = input 0
          -> mean(r0) over [0] state
          -> std(r0) over [0] state
      1 Combine mean: 1 task of 312 B -> float64 [3]
          <- stage 0 [1x4, 3] [4, 1] blocks
      2 Combine std: 1 task of 408 B -> float64 [3]
          <- stage 0.1 [1x4, 3] [4, 1] blocks
      3 Fused: 4 tasks of 336 B -> float64 [2x4, 3]
          <- memory [8, 3] [a[0:8], b[0:3]]
          <- stage 1 [3] [new(8), a[0:3]]
          <- stage 2 [3] [new(8), a[0:3]]
          r0: float64 = input 0
          r1: float64 = input 1
          r2: float64 = subtract(r0, r1)
          r3: float64 = input 2
          r4: float64 = divide(r2, r3)
          -> r4
    ");
}

#[test]
fn a_sum_of_products_is_one_program_and_a_tree() {
    let (a, b) = (memory(&[12], &[4]), memory(&[12], &[4]));
    let y = a.add(&b).unwrap().multiply(2.0).unwrap().sum(None).unwrap();
    insta::assert_snapshot!(stages(&[y]), @"
    Stages: 2 with 4 tasks, at most 208 B a task
      0 Fused: 3 tasks of 208 B -> state float64 [1x3]
          <- memory [12] [a[0:12]]
          <- memory [12] [a[0:12]]
          r0: float64 = input 0
          r1: float64 = input 1
          r2: float64 = add(r0, r1)
          r3: float64 = 2
          r4: float64 = multiply(r2, r3)
          -> sum(r4) over [0] state
      1 Combine sum: 1 task of 56 B -> float64 []
          <- stage 0 [1x3] [3] blocks
    ");
}

#[test]
fn several_results_share_their_reads() {
    let x = stored(&[6, 4], &[3, 4]).add(1.0).unwrap();
    insta::assert_snapshot!(stages(&[x.sum(Some(&[1])).unwrap(), x.mean(None).unwrap()]), @"
    Stages: 2 with 3 tasks, at most 336 B a task
      0 Fused: 2 tasks of 336 B -> float64 [3x2]; state float64 [1x2, 1]
          <- stored [3x2, 4] [a[0:6], b[0:4]]
          r0: float64 = input 0
          r1: float64 = 1
          r2: float64 = add(r0, r1)
          -> sum(r2) over [1]
          -> mean(r2) over [0, 1] state
      1 Combine mean: 1 task of 56 B -> float64 []
          <- stage 0.1 [1x2, 1] [2, 1] blocks
    ");
}

#[test]
fn gram_matrices_are_partial_sums_of_half_the_blocks() {
    let x = memory(&[8, 4], &[2, 2]);
    insta::assert_snapshot!(stages(&[x.t().unwrap().matmul(&x).unwrap()]), @"
    Stages: 1 with 4 tasks, at most 96 B a task
      0 Contract ba,bc->ac symmetric: 4 tasks of 96 B -> float64 [2x2, 2x2]
          <- memory [2x4, 2x2] blocks [all, 0]
          <- memory [2x4, 2x2] blocks [all, 1]
    ");
    let tall = memory(&[16, 2], &[4, 2]);
    insta::assert_snapshot!(stages(&[tall.t().unwrap().matmul(&tall).unwrap()]), @"
    Stages: 2 with 5 tasks, at most 160 B a task
      0 Contract ba,bc->ac partial symmetric: 4 tasks of 160 B -> float64 [1x4, 2, 2]
          <- memory [4x4, 2] blocks [0, 1]
          <- memory [4x4, 2] blocks [0, 2]
      1 Add: 1 task of 160 B -> float64 [2, 2]
          <- stage 0 [1x4, 2, 2] [4, 1, 1] blocks
    ");
}

#[test]
fn gram_matrices_of_generated_arrays_keep_nothing() {
    let x = generated(&[1024, 256], &[64, 256]);
    let gram = x.t().unwrap().matmul(&x).unwrap();
    let planned = |limit_bytes: u64| {
        let plan = Plan::new(std::slice::from_ref(&gram), PlanOptions::new(limit_bytes, 2)).unwrap();
        let text = plan.explain();
        text[text.find("Stages:").unwrap()..].to_owned()
    };
    // Room for the result twice, and for a third to add them up.
    insta::assert_snapshot!(planned(4 << 20), @"
    Stages: 2 with 3 tasks, at most 1.5 MiB a task
      0 Contract ba,bc->ac partial symmetric: 2 tasks of 768.0 KiB -> float64 [1x2, 256, 256]
          <- counted [64x16, 256] blocks [0, 1]
          <- counted [64x16, 256] blocks [0, 2]
      1 Add: 1 task of 1.5 MiB -> float64 [256, 256]
          <- stage 0 [1x2, 256, 256] [2, 1, 1] blocks
    ");
    // In tiles that are cut alike on both sides.
    insta::assert_snapshot!(planned(1 << 20), @"
    Stages: 1 with 4 tasks, at most 384.0 KiB a task
      0 Contract ba,bc->ac symmetric: 4 tasks of 384.0 KiB -> float64 [128x2, 128x2]
          <- counted [128x8, 128x2] blocks [all, 0]
          <- counted [128x8, 128x2] blocks [all, 1]
    ");
}

#[test]
fn rechunks_scans_and_counts_have_their_stages() {
    let x = stored(&[8, 8], &[2, 8]);
    let y = x.rechunk_to(ChunkGrid::regular(&[8, 8], &[8, 2])).unwrap().scan(Scan::Sum, 1, None).unwrap();
    insta::assert_snapshot!(stages(&[y]), @"
    Stages: 6 with 21 tasks, at most 512 B a task
      0 ChunkSource: 4 tasks of 256 B -> float64 [2x4, 8]
          <- stored [2x4, 8] [a[0:8], b[0:8]]
      1 Assemble: 4 tasks of 384 B -> float64 [8, 2x4]
          <- stage 0 [2x4, 8] [a[0:8], b[0:8]]
      2 Scan cumsum Totals: 4 tasks of 192 B -> float64 [8, 1x4]
          <- stage 1 [8, 2x4] blocks [0, 1]
      3 Scan cumsum Carries: 1 task of 512 B -> float64 [8, 4]
          <- stage 2 [8, 1x4] blocks [0, all]
      4 Assemble: 4 tasks of 384 B -> float64 [8, 1x4]
          <- stage 3 [8, 4] [a[0:8], b[0:4]]
      5 Scan cumsum Apply: 4 tasks of 320 B -> float64 [8, 2x4]
          <- stage 1 [8, 2x4] blocks [0, 1]
          <- stage 4 [8, 1x4] blocks [0, 1]
    ");
    let edges = ArrayExpr::linspace(-2.0, 4.0, 4, true, &ChunkSpec::Auto).unwrap();
    insta::assert_snapshot!(stages(&[x.histogram(&edges, None).unwrap()]), @"
    Stages: 4 with 10 tasks, at most 416 B a task
      0 Fused: 1 task of 416 B -> float64 [4]
          r0: int64 = 0 + 1 * position along 0
          r1: int64 = 3
          r2: bool = equal(r0, r1)
          r3: float64 = 4
          r4: float64 = cast(r0)
          r5: float64 = 2
          r6: float64 = multiply(r4, r5)
          r7: float64 = -2
          r8: float64 = add(r6, r7)
          r9: float64 = where(r2, r3, r8)
          -> r9
      1 ChunkSource: 4 tasks of 256 B -> float64 [2x4, 8]
          <- stored [2x4, 8] [a[0:8], b[0:8]]
      2 Histogram: 4 tasks of 344 B -> int64 [1x4, 1, 3]
          <- stage 1 [2x4, 8] blocks [0, 1]
          <- stage 0 [4] blocks [all]
      3 Add: 1 task of 120 B -> int64 [3]
          <- stage 2 [1x4, 1, 3] [4, 1, 1] blocks
    ");
}

#[test]
fn chunks_shrink_to_the_limit() {
    let x = stored(&[1 << 10, 1 << 10], &[1 << 9, 1 << 10]).rechunk(&ChunkSpec::Uniform(AxisSpec::Whole)).unwrap();
    let sum = x.add(1.0).unwrap().sum(Some(&[0])).unwrap();
    let limit = 3 << 20;
    let options = PlanOptions { task_limit_bytes: limit, parallelism: 2, keep_bytes: 1 << 30 };
    let plan = Plan::new(std::slice::from_ref(&sum), options).unwrap();
    assert!(plan.projected_memory() <= limit && plan.halvings > 0, "{}", plan.explain());
    assert!(plan.explain().contains("Chunks halved"));
}

#[test]
fn what_cannot_be_made_small_is_named() {
    let options = PlanOptions { task_limit_bytes: 1 << 18, parallelism: 2, keep_bytes: 1 << 30 };
    let message = |root: ArrayExpr| Plan::new(&[root], options).unwrap_err().to_string();
    let x = stored(&[256, 256], &[64, 256]);
    assert_eq!(
        message(x.linalg(Linalg::Det, None).unwrap()),
        "Linalg det: float64 [] 8 B needs 1572872 bytes in one task, but a task may take 262144: it needs the whole matrix in \
         one task: raise the memory limit, or run fewer tasks at a time"
    );
    let line = stored(&[65_521], &[1 << 10]).fft(Fft::Forward, 0, None).unwrap();
    let small = PlanOptions { task_limit_bytes: 1 << 16, ..options };
    let text = Plan::new(&[line], small).unwrap_err().to_string();
    assert!(text.starts_with("Fft fft axis=0 n=65521: complex128") && text.contains("cannot be cut: pad it"), "{text}");
}

#[test]
fn long_chains_are_cut() {
    let mut x = memory(&[4], &[2]);
    for _ in 0..3000 {
        x = x.multiply(1.0).unwrap().add(1.0).unwrap();
    }
    let plan = planned(&x);
    assert!((10..60).contains(&plan.stages.len()), "{}", plan.stages.len());
    assert_eq!(run_plan(&plan).unwrap()[0], evaluate(&x).unwrap());
}

#[test]
fn many_chunks_are_planned_quickly() {
    let x = ArrayExpr::full_in(ChunkGrid::regular(&[10_000_000], &[1000]), Scalar::F64(1.0)).unwrap();
    let start = std::time::Instant::now();
    let plan = planned(&x.add(1.0).unwrap().sum(None).unwrap());
    assert!(plan.stages[0].task_count() == 10_000 && start.elapsed().as_millis() < 500);
    assert!(!plan.stages[1].reads(3, 0).is_empty());
}

#[test]
fn masks_and_unique_run_with_unknown_lengths() {
    let x = memory_of(&[9], &[4], DType::I32);
    let kept = x.mask(&x.greater(0i64).unwrap()).unwrap();
    for y in [kept.add(1i64).unwrap(), kept.sum(None).unwrap(), x.unique(false).unwrap(), x.unique(true).unwrap()] {
        let plan = planned(&y);
        assert_eq!(run_plan(&plan).unwrap()[0], evaluate(&y).unwrap(), "{}", plan.explain());
    }
}

#[test]
fn positions_in_many_chunks_ask_for_a_block_once_a_task() {
    let places: Vec<i64> = (0..90).map(|at| at * 37 % 100 - 50).collect();
    let places = NdArray::from_vec(&[90], places).unwrap();
    let cut = ChunkSpec::Axes(vec![AxisSpec::Size(3)]);
    let y = stored(&[100, 4], &[10, 2]).take(&ArrayExpr::from_array(places, &cut).unwrap(), 0).unwrap();
    let plan = planned(&y);
    let tasks = &plan.stages.last().unwrap().tasks;
    assert_eq!(tasks.to_string(), "[45x2, 2x2]");
    assert_eq!(run_plan(&plan).unwrap()[0], evaluate(&y).unwrap());
    // Where memory is scarce as few as fit.
    let small = PlanOptions { task_limit_bytes: 4000, ..PlanOptions::default() };
    let plan = Plan::new(std::slice::from_ref(&y), small).unwrap();
    assert!((3..30).contains(&plan.stages.last().unwrap().tasks.axis(0).count()), "{}", plan.explain());
    assert_eq!(run_plan(&plan).unwrap()[0], evaluate(&y).unwrap());
}

#[test]
fn only_blocks_that_hold_positions_are_read() {
    let x = stored(&[100, 4], &[10, 2]);
    let positions =
        ArrayExpr::from_array(NdArray::from_vec(&[5], vec![95i64, 11, -1, 17, 15]).unwrap(), &ChunkSpec::Auto);
    let y = x.take(&positions.unwrap(), 0).unwrap();
    insta::assert_snapshot!(stages(std::slice::from_ref(&y)), @"
    Stages: 2 with 3 tasks, at most 640 B a task
      0 ChunkSource: 1 task of 80 B -> int64 [5]
          <- memory [5] [a[0:5]]
      1 Gather axis=0: 2 tasks of 640 B -> float64 [5, 2x2]
          <- stage 0 [5] blocks [0]
          <- stored [10x10, 2x2] routed
    ");
    let plan = planned(&y);
    let stage = plan.stages.last().unwrap();
    let Step::Phase(phase) = &stage.step else { panic!("{}", plan.explain()) };
    let mut run = phase.start(stage, 1);
    run.push(0, NdArray::from_vec(&[5], vec![95i64, 11, -1, 17, 15]).unwrap()).unwrap();
    let regions: Vec<_> = stage.reads_with(1, 1, &run).unwrap().into_iter().map(|read| read.region.to_vec()).collect();
    assert_eq!(regions, [vec![11..18, 2..4], vec![95..100, 2..4]]);
    let mut run = phase.start(stage, 0);
    let error = run.push(0, NdArray::from_vec(&[1], vec![100i64]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "index 100 is out of bounds for axis 0 with size 100");
}

#[test]
fn values_that_are_cut_find_their_blocks() {
    let (x, values) = (memory(&[30, 3], &[7, 2]), stored(&[9, 3], &[4, 3]).add(50.0).unwrap());
    let list = NdArray::from_vec(&[9], vec![3i64, 29, -30, 3, 8, 15, 8, 22, -2]).unwrap();
    let positions = ArrayExpr::from_array(list, &ChunkSpec::Auto).unwrap();
    let y = x.scatter(0, &positions, &values).unwrap();
    let plan = planned(&y);
    assert!(plan.explain().contains("Scatter axis=0: 10 tasks"), "{}", plan.explain());
    assert_eq!(run_plan(&plan).unwrap()[0], evaluate(&y).unwrap());
}

#[test]
fn ten_thousand_nodes_are_planned_in_one_round() {
    // Diamonds on diamonds, many of them kept.
    let mut x = stored(&[64], &[16]);
    for step in 0..3_300 {
        let sum = x.add(step as f64).unwrap();
        x = sum.multiply(0.5).unwrap().subtract(&x).unwrap();
    }
    assert!(ArrayExpr::topological(std::slice::from_ref(&x)).len() > 9_900);
    let start = std::time::Instant::now();
    let plan = planned(&x);
    let took = start.elapsed();
    assert!(plan.stages.len() < 1_000 && took.as_secs() < 20, "{took:?}");
}

/// Numbers made from their positions, as random ones are: no task reads more than its block.
struct Made(&'static str);

impl crate::Generator for Made {
    fn id(&self) -> &str {
        self.0
    }

    fn name(&self) -> String {
        "made".to_owned()
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn block(&self, _: &[usize], _: &[usize], shape: &[usize]) -> Result<NdArray> {
        Ok(NdArray::zeros(DType::F64, shape)?)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[test]
fn eight_gigabytes_are_planned_for_one() {
    let made = |shape: &[usize], chunk: &[usize]| {
        ArrayExpr::generate(std::sync::Arc::new(Made("eight")), ChunkGrid::regular(shape, chunk)).unwrap()
    };
    let line = made(&[1_000_000_000], &[4_000_000]);
    let square = made(&[32_000, 32_000], &[250, 32_000]);
    let tall = made(&[10_000_000, 100], &[100_000, 100]);
    let linear = crate::expr::op::QuantileMethod::Linear;
    let standard =
        tall.subtract(tall.mean(Some(&[0])).unwrap()).unwrap().divide(tall.std(Some(&[0])).unwrap()).unwrap();
    let places = made(&[1_000_000], &[500_000]).cast(DType::I64).unwrap();
    let roots = [
        ("sort", line.sort(0, false)),
        ("argsort", line.sort(0, true)),
        ("partition", line.partition(5, 0)),
        ("topk", line.top(1000, 0, true, true)),
        ("unique", line.unique(true)),
        ("median", line.median(None)),
        ("percentile of all", square.quantile(&[0.01, 0.99], None, linear, true)),
        ("sort of rows", square.sort(1, false)),
        ("sort of columns", square.sort(0, false)),
        ("rechunk", square.rechunk_to(ChunkGrid::regular(&[32_000, 32_000], &[32_000, 250]))),
        ("transpose", square.t().unwrap().rechunk_to(ChunkGrid::regular(&[32_000, 32_000], &[250, 32_000]))),
        ("x + x.T", square.add(square.t().unwrap())),
        ("gram", tall.t().unwrap().matmul(&tall)),
        ("product", square.matmul(&square)),
        ("standardise", Ok(standard)),
        ("qr", tall.linalg(Linalg::QrQ, None)),
        ("svd", tall.linalg(Linalg::SvdU, None)),
        ("solve", square.linalg(Linalg::Solve, Some(&made(&[32_000, 10], &[250, 10])))),
        ("cholesky", square.linalg(Linalg::Cholesky, None)),
        ("fft of rows", square.fft(Fft::Forward, 0, None)),
        ("fft", line.fft(Fft::RealForward, 0, None)),
        ("take", line.take(&places, 0)),
        ("cumsum", line.scan(Scan::Sum, 0, None)),
    ];
    let options = PlanOptions::new(1 << 30, 2);
    for (name, root) in roots {
        let root = root.unwrap();
        let plan = Plan::new(&[root], options).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(plan.projected_memory() <= options.task_limit_bytes, "{name}");
        assert!(plan.task_count() < 200_000, "{name}: {} tasks\n{}", plan.task_count(), plan.explain());
    }
}

#[test]
fn assignments_are_joins_of_parts() {
    let (x, one) = (memory(&[7, 5], &[3, 5]), memory(&[5], &[2]));
    let range = |start, stop, step| SliceSpec::Range { start, stop, step };
    for parts in [
        vec![SliceSpec::Index(3)],
        vec![range(Some(1), Some(6), 1)],
        vec![range(Some(6), None, -2)],
        vec![range(None, None, 3)],
        vec![SliceSpec::Ellipsis],
    ] {
        let y = x.set_slice(&parts, &one).unwrap();
        let plan = planned(&y);
        let result = &run_plan(&plan).unwrap()[0];
        // What was set is there, and nothing else changed.
        let (set, expected) = (y.slice(&parts).unwrap(), one.broadcast_to(&x.slice(&parts).unwrap().shape()).unwrap());
        assert_eq!(evaluate(&set).unwrap(), evaluate(&expected).unwrap());
        assert_eq!(result, &evaluate(&y).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 2000, ..ProptestConfig::default() })]
    /// Stages give what whole arrays give, whatever the program, the chunks, the dtypes and the limits; tasks hold what was announced.
    #[test]
    fn stages_are_right(
        sources in prop::collection::vec(any_source(), 1..3),
        steps in any_steps(),
        parallelism in 1..5usize,
        limit in prop_oneof![Just(1u64 << 30), 200_000..3_000_000u64],
        keep in prop_oneof![Just(0u64), Just(1 << 30)],
    ) {
        let root = program(sources, &steps);
        let Ok(expected) = evaluate(&root) else { return Ok(()) };
        let options = PlanOptions { task_limit_bytes: limit, parallelism, keep_bytes: keep };
        let plan = match Plan::new(std::slice::from_ref(&root), options) {
            Ok(plan) => plan,
            Err(ArrayError::Memory { .. }) => return Ok(()),
            Err(error) => panic!("{error}\n{}", tree(&[root])),
        };
        prop_assert!(plan.projected_memory() <= limit);
        let result = run_plan(&plan).unwrap();
        prop_assert_eq!(&result[0], &expected, "{}", plan.explain());
    }

    /// Several results of one plan.
    #[test]
    fn results_share_a_plan(sources in prop::collection::vec(any_source(), 1..3), first in any_steps(), second in any_steps()) {
        let roots = [program(sources.clone(), &first), program(sources, &second)];
        let expected: Result<Vec<_>> = roots.iter().map(evaluate).collect();
        let Ok(expected) = expected else { return Ok(()) };
        let plan = Plan::new(&roots, PlanOptions::default()).unwrap();
        prop_assert_eq!(run_plan(&plan).unwrap(), expected, "{}", plan.explain());
    }
}
