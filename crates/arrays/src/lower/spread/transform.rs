//! Fourier transforms along an axis that no task holds.
//!
//! Source: D. Bailey, "FFTs in external or hierarchical memory", 1990: a line of `n = a b` elements as a matrix `(a, b)` is transformed
//! along its columns, multiplied by roots of unity, transformed along its rows, and turned. Where `n` has no divisors that serve, it is a
//! convolution of a length that has: L. Bluestein, "A linear filtering approach to the computation of discrete Fourier transform", 1970.

use swath_kernels::{Complex, DType, Scalar};

use super::before_rechunk;
use crate::error::{ArrayError, Result};
use crate::expr::elementwise::Argument;
use crate::expr::node::ArrayExpr;
use crate::expr::op::Fft;
use crate::grid::{AxisChunks, ChunkGrid};
use crate::lower::PlanOptions;

/// Copies of a line that a task may hold: the line, its transform, work space, and what multiplies it.
const COPIES: u64 = 12;

/// The transform as one of a matrix, where one task cannot hold a line.
pub(super) fn spread(
    node: &ArrayExpr,
    function: Fft,
    (axis, length): (usize, usize),
    options: &PlanOptions,
) -> Result<Option<ArrayExpr>> {
    let item = node.dtype().complex().item_size() as u64;
    let limit = options.task_limit_bytes;
    // The line, its transform, and work space.
    if (length as u64).saturating_mul(3 * item) <= limit {
        return Ok(None);
    }
    let short = |rows: &usize| ((length / rows) as u64).saturating_mul(COPIES * item) <= limit;
    let rows = divisor(length).filter(short);
    let piece = match rows {
        Some(rows) => length / rows,
        None => match convolution(length, limit) {
            Some((_, columns)) => columns,
            None => return Ok(None),
        },
    };
    let input = before_rechunk(&node.inputs()[0]).moveaxis(&[axis as isize], &[-1])?;
    let line = AxisChunks::regular(input.grid().axis(input.ndim() - 1).length(), piece);
    let input = input.rechunk_to(input.grid().with_axis(input.ndim() - 1, line))?;
    let input = match function {
        Fft::RealInverse => mirrored(&input, length, piece)?,
        _ => resized(&input, length, piece)?,
    };
    let input = input.cast(input.dtype().complex())?;
    let inverse = matches!(function, Fft::Inverse | Fft::RealInverse);
    let done = match rows {
        Some(rows) => matrix_transform(&input, (rows, length / rows), inverse, limit)?,
        None => chirp_transform(&input, length, inverse, limit)?,
    };
    let last = done.ndim() - 1;
    let done = match function {
        Fft::Forward | Fft::Inverse => done,
        Fft::RealForward => done.slice_axis(last, 0, length / 2 + 1)?,
        Fft::RealInverse => ArrayExpr::map("real", &[Argument::from(&done)])?,
    };
    Ok(Some(done.moveaxis(&[-1], &[axis as isize])?.cast(node.dtype())?))
}

/// The largest divisor up to the root, unless that is one.
fn divisor(length: usize) -> Option<usize> {
    let root = (length as f64).sqrt() as usize;
    (2..=root).rev().find(|divisor| length.is_multiple_of(*divisor))
}

/// The matrix whose transforms make the convolution for a length, if a task holds a row of it: its rows and columns.
fn convolution(length: usize, limit: u64) -> Option<(usize, usize)> {
    let long = (2 * length - 1).next_power_of_two();
    let rows = 1usize << (long.ilog2() / 2);
    let columns = long / rows;
    let bytes = (columns as u64).saturating_mul(COPIES * DType::C128.item_size() as u64);
    (bytes <= limit).then_some((rows, columns))
}

/// The transform of a line of any length: with `jk = (j² + k² - (k - j)²) / 2` it is a convolution with a chirp.
fn chirp_transform(line: &ArrayExpr, length: usize, inverse: bool, limit: u64) -> Result<ArrayExpr> {
    let Some((rows, columns)) = convolution(length, limit) else {
        return Err(ArrayError::internal("a convolution was found above"));
    };
    let (n, long) = (length as i64, (rows * columns) as i64);
    let sign = if inverse { 1.0 } else { -1.0 };
    let chirp = |places: &ArrayExpr, sign: f64| -> Result<ArrayExpr> {
        // Squares by twice the length: what is left of angles is exact.
        let square = ArrayExpr::map("remainder", &[places.multiply(places)?.into(), (2 * n).into()])?;
        let phase = square.cast(DType::F64)?.multiply(sign * std::f64::consts::PI / length as f64)?;
        phase.cast(DType::C128)?.multiply(Argument::from(Scalar::C128(Complex::new(0.0, 1.0))))?.exp()
    };
    let places = |count: i64| {
        let grid = ChunkGrid::new([AxisChunks::regular(count as usize, columns)]);
        ArrayExpr::iota(grid, 0, 0, 1)
    };
    let turn = chirp(&places(n)?, sign)?;
    let around = places(long)?;
    // The chirp runs both ways from zero, around the end.
    let distance = ArrayExpr::map(
        "minimum",
        &[(&around).into(), ArrayExpr::map("subtract", &[long.into(), (&around).into()])?.into()],
    )?;
    let inside = distance.less(n)?;
    let none = Argument::from(Scalar::zero(DType::C128));
    let filter = ArrayExpr::map("where", &[inside.into(), chirp(&distance, -sign)?.into(), none])?;
    let wide = resized(&line.cast(DType::C128)?.multiply(&turn)?, rows * columns, columns)?;
    let spectrum = matrix_transform(&wide, (rows, columns), false, limit)?;
    let response = matrix_transform(&filter, (rows, columns), false, limit)?;
    let folded = matrix_transform(&spectrum.multiply(&response)?, (rows, columns), true, limit)?;
    let done = folded.slice_axis(folded.ndim() - 1, 0, length)?.multiply(&turn)?;
    let done = if inverse { done.divide(length as f64)? } else { done };
    done.cast(line.dtype())
}

/// The last axis cut, or padded with zeros in pieces.
fn resized(array: &ArrayExpr, length: usize, piece: usize) -> Result<ArrayExpr> {
    let last = array.ndim() - 1;
    let own = array.shape()[last];
    if own >= length {
        return if own == length { Ok(array.clone()) } else { array.slice_axis(last, 0, length) };
    }
    let grid = array.grid().with_axis(last, AxisChunks::regular(length - own, piece));
    ArrayExpr::concatenate(&[array.clone(), ArrayExpr::full_in(grid, Scalar::zero(array.dtype()))?], -1)
}

/// The whole spectrum of real data from its half.
fn mirrored(half: &ArrayExpr, length: usize, piece: usize) -> Result<ArrayExpr> {
    let half = resized(half, length / 2 + 1, piece)?;
    let last = half.ndim() - 1;
    let behind = half.slice_axis(last, 1, length.div_ceil(2))?.flip(Some(&[-1]))?.conjugate()?;
    ArrayExpr::concatenate(&[half, behind], -1)
}

fn matrix_transform(line: &ArrayExpr, (rows, columns): (usize, usize), inverse: bool, limit: u64) -> Result<ArrayExpr> {
    let function = if inverse { Fft::Inverse } else { Fft::Forward };
    let nd = line.ndim() - 1;
    let outer: Vec<isize> = line.shape()[..nd].iter().map(|length| *length as isize).collect();
    let shape: Vec<isize> = outer.iter().copied().chain([rows as isize, columns as isize]).collect();
    let item = line.dtype().item_size() as u64;
    let most = |length: usize| (limit / (COPIES * item * length as u64)).max(1) as usize;
    let cut = |array: &ArrayExpr, across: &[AxisChunks]| {
        let ones = array.shape().into_iter().take(nd).map(|length| AxisChunks::regular(length, 1));
        array.rechunk_to(ChunkGrid::new(ones.chain(across.iter().cloned())))
    };
    let matrix = cut(line, &[AxisChunks::regular(rows * columns, columns * most(columns))])?.reshape(&shape)?;
    let columns_cut = [AxisChunks::whole(rows), AxisChunks::regular(columns, most(rows))];
    let down = cut(&matrix, &columns_cut)?.fft(function, -2, None)?;
    let sign = if inverse { 1.0 } else { -1.0 };
    let angle = sign * 2.0 * std::f64::consts::PI / (rows * columns) as f64;
    // The product of both positions is below the length: exact.
    let grid = ChunkGrid::new(down.grid().axes()[nd..].iter().cloned());
    let place = ArrayExpr::iota(grid.clone(), 0, 0, 1)?.multiply(ArrayExpr::iota(grid, 1, 0, 1)?)?;
    let phase = place.cast(DType::F64)?.multiply(angle)?;
    let turn = phase.cast(DType::C128)?.multiply(Argument::from(Scalar::C128(Complex::new(0.0, 1.0))))?.exp()?;
    let rows_cut = [AxisChunks::regular(rows, most(columns)), AxisChunks::whole(columns)];
    let across = cut(&down.multiply(turn.cast(down.dtype())?)?, &rows_cut)?.fft(function, -1, None)?;
    // In runs of C order before they become a line.
    let runs = [AxisChunks::regular(columns, most(rows)), AxisChunks::whole(rows)];
    let shape: Vec<isize> = outer.into_iter().chain([(rows * columns) as isize]).collect();
    cut(&across.swapaxes(-2, -1)?, &runs)?.reshape(&shape)
}
