//! `take_along_axis` along an axis that no task holds: part by part, each of which fills in what it has.

use std::any::Any;
use std::sync::Arc;

use swath_kernels::layout::index::take_along_axis;
use swath_kernels::{DType, KernelError, NdArray, Scalar, fused};

use super::before_rechunk;
use crate::error::{ArrayError, Result};
use crate::expr::node::ArrayExpr;
use crate::expr::traits::{BlockContext, BlockFunction};
use crate::grid::{AxisChunks, ChunkGrid};
use crate::lower::PlanOptions;

/// Bytes beside the element for each position: itself, the place in the part, whether it is there.
const POSITION_BYTES: u64 = 24;

/// The elements at the positions that lie in a part, which begins at `start`; elsewhere what is there already.
#[derive(Debug)]
struct FromPart {
    id: String,
    axis: usize,
    start: usize,
    whole: usize,
}

impl FromPart {
    fn new(axis: usize, start: usize, whole: usize) -> Self {
        Self { id: format!("swath.take_along.{axis}.{start}.{whole}"), axis, start, whole }
    }
}

impl BlockFunction for FromPart {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        "take_along_axis".to_owned()
    }

    fn apply(&self, blocks: &[NdArray], _: &BlockContext) -> Result<NdArray> {
        let [positions, part, known] = blocks else {
            return Err(ArrayError::internal("take_along_axis takes three blocks"));
        };
        let (whole, start, length) = (self.whole as i64, self.start as i64, part.shape()[self.axis] as i64);
        let mut places = positions.to_vec::<i64>()?;
        let mut hits = Vec::with_capacity(places.len());
        for place in &mut places {
            if !(-whole..whole).contains(place) {
                let (index, axis, size) = (*place as isize, self.axis, self.whole);
                return Err(KernelError::IndexOutOfBounds { index, axis, size }.into());
            }
            *place += if *place < 0 { whole - start } else { -start };
            let is_here = (0..length).contains(place);
            hits.push(is_here);
            *place = if is_here { *place } else { 0 };
        }
        let places = NdArray::from_vec(positions.shape(), places)?;
        let taken = take_along_axis(part, &places, self.axis as isize)?;
        let hits = NdArray::from_vec(positions.shape(), hits)?;
        Ok(fused::elementwise("where", &[&hits, &taken, known])?)
    }

    fn scratch_bytes(&self, input_bytes: u64) -> u64 {
        input_bytes
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The elements part by part, where one task cannot hold a line.
pub(super) fn spread(node: &ArrayExpr, axis: usize, options: &PlanOptions) -> Result<Option<ArrayExpr>> {
    let [array, positions] = node.inputs() else { return Ok(None) };
    let (item, limit) = (node.dtype().item_size() as u64, options.task_limit_bytes);
    let whole = array.grid().axis(axis).length();
    if (whole as u64).saturating_mul(item) <= limit / 2 || !node.grid().is_known() {
        return Ok(None);
    }
    let most = |bytes: u64| usize::try_from(limit / 8 / bytes).unwrap_or(usize::MAX).max(1);
    let parts = AxisChunks::regular(whole, most(item));
    let lines = node.grid().axes().iter().map(|chunks| AxisChunks::regular(chunks.length(), 1));
    let own = AxisChunks::regular(node.grid().axis(axis).length(), most(POSITION_BYTES + 2 * item));
    let grid = ChunkGrid::new(lines).with_axis(axis, own);
    let positions = before_rechunk(positions).cast(DType::I64)?.rechunk_to(grid.clone())?;
    let source = before_rechunk(array);
    let follow: Vec<Option<usize>> = (0..node.ndim()).map(Some).collect();
    let mut whole_along = follow.clone();
    whole_along[axis] = None;
    let mut known = ArrayExpr::full_in(grid.clone(), Scalar::zero(node.dtype()))?;
    for number in 0..parts.count() {
        let range = parts.range(number);
        let part = source.slice_axis(axis, range.start, range.end)?;
        let part = part.rechunk_to(grid.with_axis(axis, AxisChunks::whole(range.len())))?;
        let function = Arc::new(FromPart::new(axis, range.start, whole));
        let inputs = [(&positions, follow.clone()), (&part, whole_along.clone()), (&known, follow.clone())];
        known = ArrayExpr::blockwise(function, &inputs, node.dtype(), grid.clone())?;
    }
    Ok(Some(known))
}
