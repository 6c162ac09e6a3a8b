//! Boxes of a task's inputs, put together from blocks, read or made.

use swath_arrays::Region;
use swath_arrays::expr::view::{View, ViewAxis};
use swath_arrays::grid::region_shape;
use swath_arrays::lower::stage::{Access, Input, Origin, TaskRead};
use swath_kernels::layout::arrange;
use swath_kernels::{DType, Dims, NdArray, SliceSpec};

use crate::block::{Block, BlockId, Blocks};
use crate::error::{BlocksError, Result};

/// The box of an input that a read names, seen through its view.
pub(crate) fn fetch(input: &Input, read: &TaskRead, blocks: &dyn Blocks) -> Result<NdArray> {
    let array = fetch_box(input, read, blocks)?;
    match &read.view {
        Some(view) => see(view, &array),
        None => Ok(array),
    }
}

/// The box itself.
pub(crate) fn fetch_box(input: &Input, read: &TaskRead, blocks: &dyn Blocks) -> Result<NdArray> {
    let given = match &input.origin {
        Origin::Source(source) => {
            let array = source.0.read(&read.region)?;
            (array, source.0.name())
        }
        Origin::Generator(generator, whole) => {
            let start: Dims = read.region.iter().map(|range| range.start).collect();
            (generator.0.block(whole, &start, &region_shape(&read.region))?, generator.0.name())
        }
        Origin::Stage { stage, output } => {
            let id = |block: usize| BlockId { stage: *stage, output: *output, block };
            // Routed boxes are parts of one block, also where lengths are known only now.
            return match input.grid.is_known() || matches!(input.access, Access::Routed { .. }) {
                true => from_pieces(input, read, id, blocks),
                false => from_whole(input, read, |block| blocks.get(id(block))),
            };
        }
    };
    let (array, name) = given;
    let expected = region_shape(&read.region);
    if array.dtype() != input.dtype || array.shape() != expected.as_slice() {
        return Err(BlocksError::Promise {
            function: name,
            block: read.region.iter().map(|range| range.start).collect(),
            given: format!("{} of shape {:?}", array.dtype(), array.shape()),
            expected: format!("{} of shape {:?}", input.dtype, expected.as_slice()),
        });
    }
    blocks.count_read(array.size_bytes());
    Ok(array)
}

fn from_pieces(input: &Input, read: &TaskRead, id: impl Fn(usize) -> BlockId, blocks: &dyn Blocks) -> Result<NdArray> {
    if let [piece] = read.pieces.as_slice() {
        return blocks.part(id(piece.block), &piece.within);
    }
    let pieces = read.pieces.iter().map(|piece| {
        let at: Dims = piece.at.iter().map(|range| range.start).collect();
        Ok((at, blocks.part(id(piece.block), &piece.within)?))
    });
    assemble(input.dtype, &region_shape(&read.region), pieces)
}

/// An array from pieces with their places, asked for one after another, so that not all have to be there at a time.
pub(crate) fn assemble(
    dtype: DType,
    shape: &[usize],
    pieces: impl Iterator<Item = Result<(Dims, NdArray)>>,
) -> Result<NdArray> {
    let mut failure = None;
    let good = pieces.map_while(|piece| piece.map_err(|error| failure = Some(error)).ok());
    let array = arrange::assemble(dtype, shape, good)?;
    match failure {
        Some(error) => Err(error),
        None => Ok(array),
    }
}

/// A box of an array; itself where the box is all of it.
pub(crate) fn part(array: &NdArray, within: &Region) -> Result<NdArray> {
    if within.iter().zip(array.shape()).all(|(range, length)| range.start == 0 && range.end == *length) {
        return Ok(array.clone());
    }
    let parts: Vec<SliceSpec> = within.iter().map(|range| range.clone().into()).collect();
    Ok(array.slice(&parts)?)
}

/// Blocks of lengths that are known only now, one after another along each axis; whole along axes of such lengths.
fn from_whole(input: &Input, read: &TaskRead, get: impl Fn(usize) -> Result<Block>) -> Result<NdArray> {
    let mut blocks = Vec::with_capacity(read.pieces.len());
    for piece in &read.pieces {
        let block = get(piece.block)?;
        let array = block.array()?;
        // Along axes of known lengths a read may take a part of a block.
        let wanted = input.grid.axes().iter().zip(&piece.within).zip(array.shape());
        let wanted = wanted.map(|((axis, within), length)| if axis.is_known() { within.clone() } else { 0..*length });
        blocks.push((input.grid.index_of(piece.block), part(array, &wanted.collect())?));
    }
    let parts: Vec<(&[usize], &NdArray)> = blocks.iter().map(|(index, array)| (index.as_slice(), array)).collect();
    in_order(input.dtype, &parts)
}

/// Blocks put together by their positions in a grid, with the lengths that they have.
pub(crate) fn in_order(dtype: DType, parts: &[(&[usize], &NdArray)]) -> Result<NdArray> {
    if let [(_, single)] = parts {
        return Ok((*single).clone());
    }
    let Some((_, first)) = parts.first() else { return Err(BlocksError::internal("a read of no block")) };
    // Along each axis: position in the grid, length of the blocks there.
    let mut lengths: Vec<std::collections::BTreeMap<usize, usize>> = vec![Default::default(); first.ndim()];
    for (index, array) in parts {
        for (axis, position) in index.iter().enumerate() {
            lengths[axis].insert(*position, array.shape()[axis]);
        }
    }
    let start = |axis: usize, position: usize| lengths[axis].range(..position).map(|(_, length)| *length).sum();
    let places: Vec<(Dims, &NdArray)> = parts
        .iter()
        .map(|(index, array)| (index.iter().enumerate().map(|(axis, at)| start(axis, *at)).collect(), *array))
        .collect();
    let shape: Dims = lengths.iter().map(|axis| axis.values().sum()).collect();
    Ok(arrange::assemble(dtype, &shape, places.iter().map(|(at, array)| (at.as_slice(), *array)))?)
}

/// The view of a box.
pub(crate) fn see(view: &View, array: &NdArray) -> Result<NdArray> {
    let same = view.axes().len() == array.ndim()
        && view.axes().iter().enumerate().all(|(own, axis)| match axis {
            ViewAxis::Slice { axis, start: 0, step: 1, length } => *axis == own && *length == array.shape()[own],
            _ => false,
        });
    if same { Ok(array.clone()) } else { Ok(view.apply(array)?) }
}
