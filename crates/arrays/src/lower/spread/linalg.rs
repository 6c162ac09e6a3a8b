//! Factorisations of matrices that no task holds, as expressions of smaller ones.
//!
//! | what | how |
//! |---|---|
//! | QR, tall | TSQR: blocks of rows by themselves, then their `R`s ([`crate::lower::tall`]) |
//! | QR, any | panels of columns, each made orthogonal to those before it twice, then TSQR |
//! | SVD | of `R` |
//! | `solve`, `inv`, `lstsq` | by QR |
//! | Cholesky, triangular systems | block by block |
//!
//! Sources: J. Demmel et al., "Communication-optimal parallel and sequential QR and LU factorizations", 2012 (TSQR); L. Giraud et al.,
//! "The loss of orthogonality in the Gram-Schmidt orthogonalization process", 2005 (twice is enough).

use swath_kernels::{DType, Scalar};

use super::before_rechunk;
use crate::error::Result;
use crate::expr::node::ArrayExpr;
use crate::expr::op::{Linalg, Op};
use crate::grid::chunking::{AxisSpec, ChunkSpec};
use crate::grid::{AxisChunks, ChunkGrid};
use crate::lower::PlanOptions;

/// Copies of a block that a factorisation holds.
const COPIES: u64 = 6;

/// The factorisation as an expression of smaller ones, where one task cannot hold it or several do it faster.
pub(super) fn spread(node: &ArrayExpr, function: Linalg, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    if node.inputs()[0].ndim() != 2 || node.inputs().iter().any(|input| !input.grid().is_known()) {
        return Ok(None);
    }
    let a = before_rechunk(&node.inputs()[0]);
    let limits = Limits { bytes: options.task_limit_bytes, item: a.dtype().item_size() as u64 };
    let (rows, columns) = (a.shape()[0], a.shape()[1]);
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    let right = node.inputs().get(1).map(before_rechunk);
    let fits = limits.fits(rows, columns);
    let several = is_tall(&a);
    let result = match function {
        // What is cut already has its own stages.
        Linalg::QrQ | Linalg::QrR if !node.inputs()[0].grid().axis(0).is_single() => return Ok(None),
        Linalg::QrQ if !fits || several => limits.qr(&a)?.0,
        Linalg::QrR if !fits || several => limits.qr(&a)?.1,
        Linalg::SvdU | Linalg::SvdS | Linalg::SvdVt if !fits || several => return limits.svd(&a, function),
        Linalg::Cholesky if !fits => limits.cholesky(&a)?,
        Linalg::SolveTriangular { lower } if !fits => match right {
            Some(right) => as_matrix(&right, |right| limits.solve_triangular(&a, right, lower))?,
            None => return Ok(None),
        },
        Linalg::Solve if !fits => match right {
            Some(right) => as_matrix(&right, |right| limits.solve(&a, right))?,
            None => return Ok(None),
        },
        Linalg::Inv if !fits => {
            let chunks = ChunkSpec::Axes(vec![AxisSpec::Size(limits.side()); 2]);
            let eye = ArrayExpr::eye(rows, rows, 0, a.dtype(), &chunks)?;
            limits.solve(&a, &eye)?
        }
        Linalg::Lstsq if !fits || several => match right {
            Some(right) => as_matrix(&right, |right| limits.lstsq(&a, right))?,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok((result != *node).then_some(result))
}

/// Whether a matrix lies in several blocks of rows, each of them tall.
fn is_tall(a: &ArrayExpr) -> bool {
    let (rows, columns) = (a.grid().axis(0), a.shape()[1]);
    rows.count() > 1 && rows.length() >= 4 * columns && rows.lengths().all(|length| length >= columns)
}

/// A right side of one or two dimensions as a matrix, and the result as it was.
fn as_matrix(right: &ArrayExpr, solve: impl FnOnce(&ArrayExpr) -> Result<ArrayExpr>) -> Result<ArrayExpr> {
    if right.ndim() == 2 { solve(right) } else { solve(&right.expand_dims(1)?)?.squeeze(Some(&[1])) }
}

/// The conjugate transpose.
fn adjoint(a: &ArrayExpr) -> Result<ArrayExpr> {
    let turned = a.t()?;
    if a.dtype().is_complex() { turned.conjugate() } else { Ok(turned) }
}

/// So many parts as even as can be, none shorter than the others by more than one.
fn balanced(length: usize, parts: usize) -> AxisChunks {
    let parts = parts.clamp(1, length.max(1));
    let lengths: Vec<usize> = (0..parts).map(|part| length / parts + usize::from(part < length % parts)).collect();
    AxisChunks::from_lengths(&lengths)
}

/// A column of blocks of `R`: what stands above the diagonal, the block on it, and zeros.
fn column(above: &[ArrayExpr], diagonal: &ArrayExpr, panels: &AxisChunks, panel: usize) -> Result<ArrayExpr> {
    let mut parts = above.to_vec();
    parts.push(diagonal.clone());
    if panel + 1 < panels.count() {
        let width = AxisChunks::whole(diagonal.shape()[1]);
        parts.push(zeros(behind(panels, panel), width, diagonal.dtype())?);
    }
    ArrayExpr::concatenate(&parts, 0)
}

/// The blocks behind one.
fn behind(blocks: &AxisChunks, block: usize) -> AxisChunks {
    AxisChunks::from_lengths(&blocks.lengths().skip(block + 1).collect::<Vec<_>>())
}

/// Zeros in the blocks of what stands beside them.
fn zeros(rows: AxisChunks, columns: AxisChunks, dtype: DType) -> Result<ArrayExpr> {
    ArrayExpr::full_in(ChunkGrid::new([rows, columns]), Scalar::zero(dtype))
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    bytes: u64,
    item: u64,
}

impl Limits {
    /// Whether one task can factorise a matrix.
    fn fits(self, rows: usize, columns: usize) -> bool {
        (rows as u64).saturating_mul(columns as u64).saturating_mul(self.item * COPIES) <= self.bytes
    }

    /// The longest side of a square matrix that one task can factorise with room to spare.
    fn side(self) -> usize {
        ((self.bytes / (self.item * COPIES * 4)) as f64).sqrt().max(1.0) as usize
    }

    fn qr(self, a: &ArrayExpr) -> Result<(ArrayExpr, ArrayExpr)> {
        let (rows, columns) = (a.shape()[0], a.shape()[1]);
        if rows >= columns && columns <= self.side() {
            return self.tall_qr(a);
        }
        if self.fits(rows, columns) {
            return Ok((a.linalg(Linalg::QrQ, None)?, a.linalg(Linalg::QrR, None)?));
        }
        self.panel_qr(a)
    }

    /// TSQR, or one task where that is enough.
    fn tall_qr(self, a: &ArrayExpr) -> Result<(ArrayExpr, ArrayExpr)> {
        let (rows, columns) = (a.shape()[0], a.shape()[1]);
        let most = (self.bytes / (columns as u64 * self.item * COPIES)).max(1) as usize;
        let own = a.grid().axis(0);
        let keeps = own.longest() <= most && own.lengths().all(|length| length >= columns);
        let count = rows.div_ceil(most).min((rows / columns.max(1)).max(1));
        let cut = if keeps { own.clone() } else { balanced(rows, count) };
        let whole = AxisChunks::whole(columns);
        let input = a.rechunk_to(ChunkGrid::new([cut.clone(), whole.clone()]))?;
        let make = |function, rows| {
            let grid = ChunkGrid::new([rows, whole.clone()]);
            ArrayExpr::intern(Op::Linalg(function), [input.clone()], a.dtype(), grid)
        };
        Ok((make(Linalg::QrQ, cut), make(Linalg::QrR, whole.clone())))
    }

    /// Panels of columns, each made orthogonal to all before it.
    fn panel_qr(self, a: &ArrayExpr) -> Result<(ArrayExpr, ArrayExpr)> {
        let (rows, columns) = (a.shape()[0], a.shape()[1]);
        let rank = rows.min(columns);
        let panels = balanced(rank, rank.div_ceil(self.side()));
        let mut done: Vec<ArrayExpr> = Vec::new();
        let mut upper: Vec<ArrayExpr> = Vec::new();
        for panel in 0..panels.count() {
            let range = panels.range(panel);
            let w = a.slice_axis(1, range.start, range.end)?;
            if done.is_empty() {
                let (q, r) = self.tall_qr(&w)?;
                upper.push(column(&[], &r, &panels, panel)?);
                done.push(q);
                continue;
            }
            let before = ArrayExpr::concatenate(&done, 1)?;
            let back = adjoint(&before)?;
            let first = back.matmul(&w)?;
            let (q, r) = self.tall_qr(&w.subtract(before.matmul(&first)?)?)?;
            let second = back.matmul(&q)?;
            let (q, again) = self.tall_qr(&q.subtract(before.matmul(&second)?)?)?;
            let above = first.add(second.matmul(&r)?)?;
            upper.push(column(&[above], &again.matmul(&r)?, &panels, panel)?);
            done.push(q);
        }
        let q = ArrayExpr::concatenate(&done, 1)?;
        if columns > rank {
            upper.push(adjoint(&q)?.matmul(&a.slice_axis(1, rank, columns)?)?);
        }
        Ok((q, ArrayExpr::concatenate(&upper, 1)?))
    }

    /// `U S Vt` of `R`, with `Q` multiplied back.
    fn svd(self, a: &ArrayExpr, function: Linalg) -> Result<Option<ArrayExpr>> {
        let (rows, columns) = (a.shape()[0], a.shape()[1]);
        let is_wide = rows < columns;
        if !self.fits(rows.min(columns), rows.min(columns)) {
            return Ok(None);
        }
        let tall = if is_wide { adjoint(a)? } else { a.clone() };
        let (q, r) = self.qr(&tall)?;
        let small = if is_wide { adjoint(&r)? } else { r };
        let part = small.linalg(function, None)?;
        Ok(Some(match (function, is_wide) {
            (Linalg::SvdU, false) => q.matmul(&part)?,
            (Linalg::SvdVt, true) => part.matmul(&adjoint(&q)?)?,
            _ => part,
        }))
    }

    fn solve(self, a: &ArrayExpr, right: &ArrayExpr) -> Result<ArrayExpr> {
        let (q, r) = self.qr(a)?;
        self.solve_triangular(&r, &adjoint(&q)?.matmul(right)?, false)
    }

    /// The least-squares solution of least norm; of full rank where `R` itself has to be cut.
    fn lstsq(self, a: &ArrayExpr, right: &ArrayExpr) -> Result<ArrayExpr> {
        let (rows, columns) = (a.shape()[0], a.shape()[1]);
        let least = rows.min(columns);
        if rows < columns {
            let (q, r) = self.qr(&adjoint(a)?)?;
            return q.matmul(&self.solve_triangular(&adjoint(&r)?, right, true)?);
        }
        let (q, r) = self.qr(a)?;
        let right = adjoint(&q)?.matmul(right)?;
        if self.fits(least, least) {
            return r.linalg(Linalg::Lstsq, Some(&right));
        }
        self.solve_triangular(&r, &right, false)
    }

    /// Block by block: what is known of `x` is taken off the next rows of the right side.
    fn solve_triangular(self, t: &ArrayExpr, right: &ArrayExpr, lower: bool) -> Result<ArrayExpr> {
        let n = t.shape()[0];
        let function = Linalg::SolveTriangular { lower };
        let right = self.narrow(right)?;
        if self.fits(n, n) {
            return t.linalg(function, Some(&right));
        }
        let blocks = balanced(n, n.div_ceil(self.side()));
        let mut known: Vec<ArrayExpr> = Vec::new();
        for step in 0..blocks.count() {
            let number = if lower { step } else { blocks.count() - 1 - step };
            let range = blocks.range(number);
            let rows = t.slice_axis(0, range.start, range.end)?;
            let mut side = right.slice_axis(0, range.start, range.end)?;
            if !known.is_empty() {
                let others = if lower { 0..range.start } else { range.end..n };
                let so_far = ArrayExpr::concatenate(&known, 0)?;
                side = side.subtract(rows.slice_axis(1, others.start, others.end)?.matmul(&so_far)?)?;
            }
            let x = rows.slice_axis(1, range.start, range.end)?.linalg(function, Some(&side))?;
            // In the order of the rows.
            if lower { known.push(x) } else { known.insert(0, x) }
        }
        ArrayExpr::concatenate(&known, 0)
    }

    /// A right side in columns that fit beside a block.
    fn narrow(self, right: &ArrayExpr) -> Result<ArrayExpr> {
        let most = (self.bytes / (8 * self.item * right.shape()[0].max(1) as u64)).max(1) as usize;
        let columns = right.grid().axis(1).split_to(most);
        right.rechunk_to(right.grid().with_axis(1, columns))
    }

    /// Column of blocks by column: the block on the diagonal, then those below it.
    fn cholesky(self, a: &ArrayExpr) -> Result<ArrayExpr> {
        let n = a.shape()[0];
        let blocks = balanced(n, n.div_ceil(self.side()));
        let count = blocks.count();
        let a = a.rechunk_to(ChunkGrid::new([blocks.clone(), blocks.clone()]))?;
        let mut factors: Vec<Vec<ArrayExpr>> = vec![Vec::new(); count];
        for column in 0..count {
            let across = blocks.range(column);
            let own = (column > 0).then(|| ArrayExpr::concatenate(&factors[column], 1)).transpose()?;
            let mut diagonal: Option<ArrayExpr> = None;
            for (row, others) in factors.iter_mut().enumerate().skip(column) {
                let down = blocks.range(row);
                let mut block = a.slice_axis(0, down.start, down.end)?.slice_axis(1, across.start, across.end)?;
                if let Some(own) = &own {
                    block = block.subtract(ArrayExpr::concatenate(others, 1)?.matmul(&adjoint(own)?)?)?;
                }
                let factor = match &diagonal {
                    None => block.linalg(Linalg::Cholesky, None)?,
                    // L_rc L_cc^H = block.
                    Some(diagonal) => {
                        let solved =
                            diagonal.linalg(Linalg::SolveTriangular { lower: true }, Some(&adjoint(&block)?))?;
                        adjoint(&solved)?
                    }
                };
                diagonal.get_or_insert_with(|| factor.clone());
                others.push(factor);
            }
        }
        let dtype: DType = a.dtype();
        let mut rows = Vec::with_capacity(count);
        for (number, mut row) in factors.into_iter().enumerate() {
            let end = blocks.range(number).end;
            if end < n {
                row.push(zeros(AxisChunks::whole(blocks.range(number).len()), behind(&blocks, number), dtype)?);
            }
            rows.push(ArrayExpr::concatenate(&row, 1)?);
        }
        ArrayExpr::concatenate(&rows, 0)
    }
}
