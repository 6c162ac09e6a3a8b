//! Stages of the QR decomposition of a matrix in blocks of rows (TSQR).
//!
//! ```text
//! A_i = Q_i R_i,   [R_1; R_2; ...] = P R,   Q = [Q_1 P_1; Q_2 P_2; ...]     (the R_i level by level, if they are many)
//! ```
//! Source: J. Demmel, L. Grigori, M. Hoemmen, J. Langou, "Communication-optimal parallel and sequential QR and LU factorizations", 2012.

use std::collections::HashMap;

use swath_kernels::{DType, Dims};

use super::build::Builder;
use super::phase::Phase;
use super::stage::{Access, Content, Input, Origin, Output, Stage, Step};
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Linalg, Op};
use crate::expr::view::View;
use crate::grid::{AxisChunks, ChunkGrid};

/// Matrices whose `Q` somebody needs, and the decompositions that are made.
#[derive(Debug, Default)]
pub(super) struct Decompositions {
    needs_q: HashMap<u64, ()>,
    made: HashMap<u64, Vec<Level>>,
}

impl Decompositions {
    pub(super) fn of(nodes: &[ArrayExpr]) -> Self {
        let needs = nodes.iter().filter(|node| matches!(node.op(), Op::Linalg(Linalg::QrQ)));
        Self { needs_q: needs.map(|node| (node.inputs()[0].id(), ())).collect(), made: HashMap::new() }
    }
}

/// Blocks decomposed by themselves.
#[derive(Debug, Clone)]
struct Level {
    stage: usize,
    /// The blocks of rows.
    rows: AxisChunks,
    /// The output that holds the `R`s.
    r: usize,
}

/// Whether a node is the decomposition of a matrix in several blocks of rows. Of a stack each matrix is in one block.
pub(super) fn is_tall(node: &ArrayExpr) -> bool {
    matches!(node.op(), Op::Linalg(Linalg::QrQ | Linalg::QrR))
        && node.inputs()[0].ndim() == 2
        && !node.inputs()[0].grid().axis(0).is_single()
}

/// The stages of `Q` or `R`; what both share is made once.
pub(super) fn build(builder: &mut Builder<'_>, node: &ArrayExpr) -> Result<()> {
    let input = &node.inputs()[0];
    builder.make_input(input)?;
    let levels = match builder.decompositions.made.get(&input.id()) {
        Some(levels) => levels.clone(),
        None => {
            let levels = decompose(builder, node)?;
            builder.decompositions.made.insert(input.id(), levels.clone());
            levels
        }
    };
    let (columns, dtype) = (input.shape()[1], node.dtype());
    let place = match (node.op(), levels.last()) {
        (Op::Linalg(Linalg::QrR), Some(top)) => (top.stage, top.r),
        _ => multiply_back(builder, node, &levels, columns, dtype),
    };
    builder.produced.insert(node.id(), place);
    Ok(())
}

fn blocks_of(rows: &AxisChunks, columns: usize) -> ChunkGrid {
    ChunkGrid::new([rows.clone(), AxisChunks::whole(columns)])
}

/// Levels of decompositions until one `R` is left.
fn decompose(builder: &mut Builder<'_>, node: &ArrayExpr) -> Result<Vec<Level>> {
    let input = &node.inputs()[0];
    let (columns, dtype) = (input.shape()[1], node.dtype());
    let needs_q = builder.decompositions.needs_q.contains_key(&input.id());
    let mut levels: Vec<Level> = Vec::new();
    let mut rows = input.grid().axis(0).clone();
    let mut source = builder.input(input, Access::SameNumber)?;
    loop {
        let count = rows.count();
        let tasks = blocks_of(&rows, columns);
        let output = |grid: ChunkGrid| Output { content: Content::Array, dtype, grid };
        let mut outputs = Vec::with_capacity(2);
        if needs_q {
            outputs.push(output(tasks.clone()));
        }
        let factors = blocks_of(&AxisChunks::regular(count * columns, columns), columns);
        outputs.push(output(factors.clone()));
        let step = Step::Phase(Phase::Qr { gives_q: needs_q });
        let nodes = vec![node.clone()];
        let stage = builder.push(Stage { step, inputs: vec![source], tasks, outputs, nodes, task_bytes: 0 });
        let r = usize::from(needs_q);
        levels.push(Level { stage, rows: rows.clone(), r });
        if count == 1 {
            return Ok(levels);
        }
        let square = (columns * columns * dtype.item_size()) as u64;
        let fan = (builder.options.task_limit_bytes / (square * 8).max(1)).clamp(2, 64) as usize;
        rows = AxisChunks::regular(count * columns, fan * columns);
        source = Input {
            origin: Origin::Stage { stage, output: r },
            access: Access::Fan(Dims::from_slice(&[fan, 1])),
            grid: factors,
            dtype,
        };
    }
}

/// `Q` of the whole from the top down: each level's `Q`s times the rows that belong to them.
fn multiply_back(
    builder: &mut Builder<'_>,
    node: &ArrayExpr,
    levels: &[Level],
    columns: usize,
    dtype: DType,
) -> (usize, usize) {
    let Some((top, below)) = levels.split_last() else { return (0, 0) };
    let mut place = (top.stage, 0);
    let mut grid = blocks_of(&top.rows, columns);
    for level in below.iter().rev() {
        let own = blocks_of(&level.rows, columns);
        let count = level.rows.count();
        // One task for each block; the rows above it that belong to the block are its part of what was made so far.
        let tasks = blocks_of(&AxisChunks::regular(count * columns, columns), columns);
        let origin = |place: (usize, usize)| Origin::Stage { stage: place.0, output: place.1 };
        let inputs = vec![
            Input { origin: origin((level.stage, 0)), access: Access::SameNumber, grid: own.clone(), dtype },
            Input {
                origin: origin(place),
                access: Access::View(View::identity(&tasks.shape())),
                grid: grid.clone(),
                dtype,
            },
        ];
        let outputs = vec![Output { content: Content::Array, dtype, grid: own.clone() }];
        let (step, nodes) = (Step::Phase(Phase::Multiply), vec![node.clone()]);
        let stage = builder.push(Stage { step, inputs, tasks, outputs, nodes, task_bytes: 0 });
        place = (stage, 0);
        grid = own;
    }
    place
}
