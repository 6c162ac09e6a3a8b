//! Operations in several stages, on data that no task holds and that do not all fit in memory.

use swath_arrays::expr::op::{Linalg, QuantileMethod};
use swath_arrays::lower::stage::Step;

use super::*;

/// The result of a plan in phases, within a limit of memory, with one thread and with two.
fn check_phases(root: &ArrayExpr, expected: &NdArray, limit: u64) {
    for threads in [1, 2] {
        let setup = setup(threads, limit * threads as u64);
        let plan = Plan::new(std::slice::from_ref(root), setup.options()).unwrap();
        assert!(plan.stages.iter().any(|stage| matches!(stage.step, Step::Phase(_))), "{}", plan.explain());
        let found = setup.run(&plan).unwrap();
        assert_close(&found[0], expected, &plan.explain());
    }
}

#[test]
fn order_of_more_than_memory() {
    let x = stored(&[60_000], &[5_000], DType::F64);
    let table = stored(&[300, 100], &[100, 50], DType::F64);
    for root in [
        x.sort(0, false),
        x.sort(0, true),
        x.top(7, 0, true, true),
        x.unique(true),
        x.quantile(&[0.2, 0.5], None, QuantileMethod::Linear, false),
        table.quantile(&[0.9], None, QuantileMethod::Nearest, true),
    ] {
        let root = root.unwrap();
        check_phases(&root, &evaluate(&root), 260_000);
    }
}

#[test]
fn positions_are_looked_up_block_by_block() {
    let x = stored(&[3_000, 4], &[500, 4], DType::F64);
    let positions = memory(&[700], &[300], DType::I64).multiply(431i64).unwrap();
    let root = x.take(&positions, 0).unwrap();
    check_phases(&root, &evaluate(&root), 100_000);
    let values = stored(&[700, 4], &[100, 4], DType::F64);
    let root = x.scatter(0, &positions, &values).unwrap();
    check_phases(&root, &evaluate(&root), 160_000);
}

#[test]
fn tall_matrices_are_decomposed_out_of_core() {
    let x = stored(&[4_000, 8], &[500, 8], DType::F64)
        .add(ArrayExpr::eye(4_000, 8, 0, DType::F64, &chunks(&[500, 8])).unwrap());
    let x = x.unwrap();
    let (q, r) = (x.linalg(Linalg::QrQ, None).unwrap(), x.linalg(Linalg::QrR, None).unwrap());
    check_phases(&q.matmul(&r).unwrap(), &evaluate(&x), 300_000);
}
