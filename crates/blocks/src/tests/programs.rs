//! Random programs over random chunks: the same results whatever the limit of memory, the threads and the blocks on disk.

use proptest::prelude::*;
use swath_arrays::expr::op::Scan;
use swath_arrays::{ArrayError, Reduction};

use super::*;

#[derive(Debug, Clone)]
struct Step {
    what: u8,
    other: usize,
    number: usize,
    sign: bool,
}

fn any_source() -> impl Strategy<Value = ArrayExpr> {
    let axis = (prop_oneof![1 => Just(0usize), 2 => Just(1), 9 => 2..40usize], 1..16usize);
    (prop::collection::vec(axis, 1..4), any::<bool>(), 0..4usize).prop_map(|(axes, is_stored, dtype)| {
        let (shape, chunk): (Vec<usize>, Vec<usize>) = axes.into_iter().unzip();
        let dtype = [DType::F64, DType::I32, DType::U8, DType::C128][dtype];
        if is_stored { stored(&shape, &chunk, dtype) } else { memory(&shape, &chunk, dtype) }
    })
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..14u8, 0..8usize, 0..6usize, any::<bool>());
    prop::collection::vec(step.prop_map(|(what, other, number, sign)| Step { what, other, number, sign }), 1..10)
}

/// What a program makes; steps that do not fit do nothing.
fn program(sources: Vec<ArrayExpr>, steps: &[Step]) -> ArrayExpr {
    let mut stack = sources;
    for step in steps {
        let (x, y) = (stack[stack.len() - 1].clone(), stack[step.other % stack.len()].clone());
        let axis = if x.ndim() == 0 { 0 } else { step.number % x.ndim() } as isize;
        let made = match step.what {
            0 | 1 => x.add(&y),
            2 => x.multiply(step.number as i64),
            3 => x.t(),
            4 => x.reduce(if step.sign { Reduction::Sum } else { Reduction::Max }, Some(&[axis]), &Default::default()),
            5 => x.subtract(
                x.reduce(Reduction::Max, Some(&[axis]), &Default::default())
                    .and_then(|most| most.expand_dims(axis))
                    .unwrap_or_else(|_| x.clone()),
            ),
            6 | 7 => {
                let sizes: Vec<usize> =
                    (0..x.ndim()).map(|axis| 1 + (step.number + 3 * axis + step.other) % 9).collect();
                x.rechunk(&chunks(&sizes))
            }
            8 => x.scan(if step.sign { Scan::Sum } else { Scan::Min }, axis, None),
            9 => x.sort(axis, false),
            10 => x.slice(&[SliceSpec::Range { start: None, stop: None, step: if step.sign { -1 } else { 2 } }]),
            11 => x.reshape(&[x.shape().iter().product::<usize>() as isize]),
            12 if x.ndim() == 2 => x.t().and_then(|t| t.matmul(&x)),
            13 => ArrayExpr::concatenate(&[x.clone(), y], axis),
            _ => x.add(1i64),
        };
        if let Ok(made) = made
            && made.elements() < 40_000
        {
            stack.push(made);
        }
    }
    stack[stack.len() - 1].clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_shrink_iters: 500, ..ProptestConfig::default() })]
    #[test]
    fn plans_are_right(
        sources in prop::collection::vec(any_source(), 1..3),
        steps in any_steps(),
        threads in 1..4usize,
        limit in prop_oneof![Just(1u64 << 30), 150_000..2_000_000u64],
    ) {
        // Sums that wrap or lose digits would depend on their order.
        let root = program(sources, &steps);
        let expected = evaluate(&root);
        let wide = fused::cast(&expected, DType::C128).unwrap().to_vec::<swath_kernels::Complex<f64>>().unwrap();
        prop_assume!(wide.iter().all(|value| value.norm() < 1e12));
        let setup = setup(threads, limit);
        let plan = match Plan::new(std::slice::from_ref(&root), setup.options()) {
            Ok(plan) => plan,
            Err(ArrayError::Memory { .. }) => return Ok(()),
            Err(error) => panic!("{error}"),
        };
        let found = setup.run(&plan).unwrap();
        assert_close(&found[0], &expected, &plan.explain());
    }
}
