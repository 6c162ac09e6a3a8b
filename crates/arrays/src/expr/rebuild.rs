//! An operation made anew over other inputs.

use std::collections::HashMap;

use super::node::ArrayExpr;
use super::op::{BlockCall, Op, Order};
use super::reduce::reduced_grid;
use crate::error::Result;
use crate::grid::{AxisChunks, ChunkGrid};

impl ArrayExpr {
    /// The same operation over inputs of the same shapes and dtypes whose grids may be others; the result's grid follows them.
    pub(crate) fn rebuild(&self, inputs: &[Self]) -> Result<Self> {
        if self.inputs() == inputs {
            return Ok(self.clone());
        }
        if self.inputs().iter().zip(inputs).all(|(old, new)| old.grid() == new.grid()) {
            return Ok(self.with_inputs(inputs.iter().cloned()));
        }
        let [first, rest @ ..] = inputs else { return Ok(self.clone()) };
        let kept = |grid: ChunkGrid| Self::intern(self.op().clone(), inputs.iter().cloned(), self.dtype(), grid);
        let signed = |axis: usize| axis as isize;
        Ok(match self.op() {
            Op::Read { .. } | Op::Fill(_) | Op::Iota { .. } | Op::Generate { .. } => self.clone(),
            Op::Map(function) => Self::map_alike(*function, inputs)?,
            Op::Cast => first.cast(self.dtype())?,
            Op::Reduce { axes, .. } => kept(reduced_grid(first.grid(), axes, false)),
            Op::Scan { .. } => kept(first.grid().clone()),
            Op::View(view) => first.view(view.clone())?,
            Op::Reshape => {
                let shape: Vec<isize> = self.shape().iter().map(|length| signed(*length)).collect();
                // The input was brought to fitting chunks before: look through that.
                let source = if matches!(first.op(), Op::Rechunk) { &first.inputs()[0] } else { first };
                source.reshape(&shape)?
            }
            Op::Gather { axis, .. } => first.gather_alike(*axis, rest)?,
            Op::TakeAlong { axis } => first.take_along_axis(&rest[0], signed(*axis))?,
            Op::Mask => first.mask(&rest[0])?,
            Op::Scatter { axis } => first.scatter(signed(*axis), &rest[0], &rest[1])?,
            Op::Concat { axis } => Self::concatenate_alike(inputs, signed(*axis))?,
            Op::Rechunk => first.rechunk_to(self.grid().clone())?,
            Op::Contract(contraction) => first.contract(&rest[0], contraction.clone())?,
            Op::Order(order) => match order {
                Order::Sort { axis } => first.sort(signed(*axis), false)?,
                Order::ArgSort { axis } => first.sort(signed(*axis), true)?,
                Order::Partition { axis, kth } => first.partition(signed(*kth), signed(*axis))?,
                Order::Top { axis, count, largest, positions } => {
                    first.top(*count, signed(*axis), *largest, *positions)?
                }
                Order::Quantile { at, axes, .. } => {
                    let input = first.with_whole_axes(axes)?;
                    let reduced = reduced_grid(input.grid(), axes, false);
                    let lead = [AxisChunks::whole(at.len())];
                    let grid = ChunkGrid::new(lead.into_iter().chain(reduced.axes().iter().cloned()));
                    Self::intern(self.op().clone(), [input], self.dtype(), grid)
                }
                Order::Histogram => first.histogram(&rest[0], rest.get(1))?,
                Order::Bincount { length } => first.bincount(*length, rest.first())?,
                Order::Unique { counts } => first.unique(*counts)?,
            },
            Op::Linalg(function) => first.linalg(*function, rest.first())?,
            Op::Fft { function, axis, length } => first.fft(*function, signed(*axis), Some(*length))?,
            Op::Block(call) => self.rebuild_call(call, inputs)?,
            Op::Store(sink) => first.store(sink.0.clone())?,
        })
    }

    /// A function of blocks over other inputs. The function was given these blocks: it gets them. Blocks whose lengths were not known had
    /// none: there the new ones stand.
    fn rebuild_call(&self, call: &BlockCall, inputs: &[Self]) -> Result<Self> {
        let pairs = || self.inputs().iter().zip(inputs).zip(&call.axes);
        // The new chunks along an axis of the result that an axis of unknown length was followed by.
        let followed = |axis: usize| {
            pairs().find_map(|((old, new), axes)| {
                let own = axes.iter().position(|follows| *follows == Some(axis))?;
                (!old.grid().axis(own).is_known()).then(|| new.grid().axis(own).clone())
            })
        };
        let given = pairs().map(|((old, new), axes)| {
            let chunks = |(own, before): (usize, &AxisChunks)| {
                let now = new.grid().axis(own);
                match axes.get(own).copied().flatten() {
                    _ if before.is_known() => before.clone(),
                    Some(axis) => followed(axis).unwrap_or_else(|| now.clone()),
                    None if now.is_known() => AxisChunks::whole(now.length()),
                    None => now.clone(),
                }
            };
            new.rechunk_to(ChunkGrid::new(old.grid().axes().iter().enumerate().map(chunks)))
        });
        let given = given.collect::<Result<Vec<_>>>()?;
        let chunks = |(axis, before): (usize, &AxisChunks)| match before.is_known() {
            true => before.clone(),
            false => followed(axis).unwrap_or_else(|| before.clone()),
        };
        let grid = ChunkGrid::new(self.grid().axes().iter().enumerate().map(chunks));
        Ok(Self::intern(self.op().clone(), given, self.dtype(), grid))
    }

    /// The expression with nodes (by id) replaced by others whose unknown lengths have become known; what is above follows.
    ///
    /// # Errors
    /// Lengths that turn out not to fit one another.
    pub fn substitute(&self, replaced: &HashMap<u64, Self>) -> Result<Self> {
        let mut made: HashMap<u64, Self> = HashMap::new();
        for node in Self::topological(std::slice::from_ref(self)) {
            let inputs: Vec<Self> = node.inputs().iter().map(|input| made[&input.id()].clone()).collect();
            let result = match (replaced.get(&node.id()), node.op(), inputs.as_slice()) {
                (Some(other), ..) => other.clone(),
                (None, Op::View(view), [input]) if input.shape() != node.inputs()[0].shape() => {
                    input.view(view.with_lengths(&node.inputs()[0].shape(), &input.shape()))?
                }
                (None, Op::Rechunk, [input]) if input.grid() != node.inputs()[0].grid() => {
                    let own = |(axis, chunks): (usize, &AxisChunks)| match node.inputs()[0].grid().axis(axis).is_known()
                    {
                        true => chunks.clone(),
                        false => input.grid().axis(axis).clone(),
                    };
                    input.rechunk_to(ChunkGrid::new(node.grid().axes().iter().enumerate().map(own)))?
                }
                _ => node.rebuild(&inputs)?,
            };
            made.insert(node.id(), result);
        }
        Ok(made[&self.id()].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::reduce::ReduceOptions;
    use crate::expr::reduction::Reduction;
    use swath_kernels::Scalar;

    #[test]
    fn grids_follow_the_inputs() {
        let coarse = ArrayExpr::full_in(ChunkGrid::regular(&[8, 8], &[8, 8]), Scalar::F64(1.0)).unwrap();
        let fine = ArrayExpr::full_in(ChunkGrid::regular(&[8, 8], &[2, 8]), Scalar::F64(1.0)).unwrap();
        let sum = coarse.reduce(Reduction::Sum, Some(&[1]), &ReduceOptions::default()).unwrap();
        assert_eq!(sum.rebuild(std::slice::from_ref(&fine)).unwrap().grid().to_string(), "[2x4]");
        let flat = coarse.reshape(&[64]).unwrap().rebuild(std::slice::from_ref(&fine)).unwrap();
        assert_eq!(flat.grid().to_string(), "[16x4]");
        assert_eq!(sum.rebuild(std::slice::from_ref(&coarse)).unwrap(), sum);
    }
}
