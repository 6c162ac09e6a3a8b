//! Elements at integer positions of an array of which a task sees one block after another, and the reverse.

use std::ops::Range;

use swath_kernels::layout::arrange::concatenate;
use swath_kernels::layout::index::{self, OutOfBounds};
use swath_kernels::{DType, KernelError, NdArray};

use crate::error::Result;
use crate::grid::{ChunkGrid, Region};

/// What a task takes of each block that it reads, in the order of the blocks.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The boxes along the axes of the positions.
    boxes: Vec<Region>,
    /// For each box where its elements belong, as a range of `places`.
    ends: Vec<usize>,
    /// Numbers of positions, those of one box together.
    places: Vec<usize>,
    /// The positions along each axis, none negative.
    positions: Vec<Vec<usize>>,
}

impl Routes {
    /// Groups positions along neighbouring axes from `first` by the block of `grid` that holds them.
    ///
    /// # Errors
    /// [`KernelError::IndexOutOfBounds`].
    pub(super) fn new(positions: &[&NdArray], grid: &ChunkGrid, first: usize) -> Result<Self> {
        let mut lists = Vec::with_capacity(positions.len());
        for (number, positions) in positions.iter().enumerate() {
            let (axis, size) = (first + number, grid.axis(first + number).length());
            let mut list = Vec::with_capacity(positions.len());
            for position in positions.to_vec::<i64>()? {
                let from_start = if position < 0 { position + size as i64 } else { position };
                let inside = usize::try_from(from_start).ok().filter(|inside| *inside < size);
                let index = position as isize;
                list.push(inside.ok_or(KernelError::IndexOutOfBounds { index, axis, size })?);
            }
            lists.push(list);
        }
        Ok(Self::grouped(lists, grid, first))
    }

    /// Groups positions that lie inside.
    pub(super) fn grouped(positions: Vec<Vec<usize>>, grid: &ChunkGrid, first: usize) -> Self {
        let count = positions.first().map_or(0, Vec::len);
        let block = |place: usize| {
            positions.iter().enumerate().fold(0usize, |number, (axis, list)| {
                let chunks = grid.axis(first + axis);
                number * chunks.count() + chunks.locate(list[place])
            })
        };
        let mut keyed: Vec<(usize, usize)> = (0..count).map(|place| (block(place), place)).collect();
        keyed.sort_unstable();
        let mut routes = Self::default();
        for group in keyed.chunk_by(|left, right| left.0 == right.0) {
            let range = |list: &Vec<usize>| {
                let (low, high) = group
                    .iter()
                    .fold((usize::MAX, 0), |(low, high), (_, place)| (low.min(list[*place]), high.max(list[*place])));
                low..high + 1
            };
            routes.boxes.push(positions.iter().map(range).collect());
            routes.places.extend(group.iter().map(|(_, place)| *place));
            routes.ends.push(routes.places.len());
        }
        routes.positions = positions;
        routes
    }

    /// The boxes, between what the task takes of the axes before those of the positions and behind them.
    pub(super) fn regions(&self, before: &[Range<usize>], behind: &[Range<usize>]) -> Vec<Region> {
        let whole = |part: &Region| before.iter().chain(part).chain(behind).cloned().collect();
        self.boxes.iter().map(whole).collect()
    }

    /// The elements of a box that belong to the task, along one axis, in the order of [`Routes::places`].
    pub(super) fn pick(&self, number: usize, part: &NdArray, first: usize) -> Result<NdArray> {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        let places = &self.places[start..self.ends[number]];
        let mut local: Vec<Option<NdArray>> = vec![None; first];
        for (list, range) in self.positions.iter().zip(&self.boxes[number]) {
            let list: Vec<i64> = places.iter().map(|place| (list[*place] - range.start) as i64).collect();
            local.push(Some(NdArray::from_vec(&[list.len()], list)?));
        }
        Ok(index::gather(part, &local)?)
    }

    /// Which positions the picked elements belong to, box by box.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }
}

/// Picked parts in the order of the positions.
pub(super) fn in_order(
    parts: &[NdArray],
    routes: &Routes,
    first: usize,
    (dtype, empty): (DType, &[usize]),
) -> Result<NdArray> {
    if parts.is_empty() {
        return Ok(NdArray::zeros(dtype, empty)?);
    }
    let all = concatenate(parts, first as isize)?;
    let mut order = vec![0i64; routes.places().len()];
    routes.places().iter().enumerate().for_each(|(at, place)| order[*place] = at as i64);
    Ok(index::take(&all, &NdArray::from_vec(&[order.len()], order)?, first as isize, OutOfBounds::Raise)?)
}

/// Of positions along an axis those within a range, as positions of the values and as positions within the range.
pub(super) fn hits(
    positions: &NdArray,
    range: &Range<usize>,
    (axis, size): (usize, usize),
) -> Result<(Vec<i64>, Vec<i64>)> {
    let (mut values, mut local) = (Vec::new(), Vec::new());
    for (number, position) in positions.to_vec::<i64>()?.into_iter().enumerate() {
        let from_start = if position < 0 { position + size as i64 } else { position };
        let inside = usize::try_from(from_start).ok().filter(|inside| *inside < size);
        let inside = inside.ok_or(KernelError::IndexOutOfBounds { index: position as isize, axis, size })?;
        if range.contains(&inside) {
            values.push(number as i64);
            local.push((inside - range.start) as i64);
        }
    }
    Ok((values, local))
}

/// A block with the elements at positions along an axis replaced by those of parts; the last for a position counts.
pub(super) fn replaced(block: &NdArray, local: &[i64], parts: &[NdArray], axis: usize) -> Result<NdArray> {
    if parts.is_empty() {
        return Ok(block.clone());
    }
    let mut at: Vec<Option<NdArray>> = vec![None; axis];
    at.push(Some(NdArray::from_vec(&[local.len()], local.to_vec())?));
    Ok(index::scatter(block, &at, &concatenate(parts, axis as isize)?)?)
}
