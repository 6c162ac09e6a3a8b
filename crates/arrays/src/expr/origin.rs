//! Where lengths that are known only after running come from: equal origins have equal lengths, equal bounds say nothing.

use super::node::ArrayExpr;
use super::op::Op;
use super::view::ViewAxis;
use crate::error::{ArrayError, Result};

impl ArrayExpr {
    /// Whether unknown lengths stand only beside the same unknown lengths, or where an axis is broadcast, in arrays that are combined place
    /// by place.
    pub fn are_alike(arrays: &[Self]) -> bool {
        Self::unlike_axis(arrays).is_none()
    }

    /// Whether axes are all of known lengths, or all of the same unknown length.
    pub fn are_one<'a>(axes: impl IntoIterator<Item = (&'a Self, usize)>) -> bool {
        let mut origins =
            axes.into_iter().map(|(array, axis)| (!array.grid().axis(axis).is_known()).then(|| origin(array, axis)));
        origins.next().is_none_or(|first| origins.all(|other| other == first))
    }

    /// Refuses arrays that are combined place by place if nothing says that their unknown lengths agree.
    pub(crate) fn check_alike(operation: &'static str, arrays: &[Self]) -> Result<()> {
        match Self::unlike_axis(arrays) {
            Some(axis) => Err(ArrayError::UnknownLength { operation, axis }),
            None => Ok(()),
        }
    }

    /// The last axis of the common shape at which lengths are unknown and nothing says that they agree.
    fn unlike_axis(arrays: &[Self]) -> Option<usize> {
        if arrays.iter().all(|array| array.grid().is_known()) {
            return None;
        }
        let ndim = arrays.iter().map(Self::ndim).max().unwrap_or(0);
        let is_broadcast = |array: &Self, axis: usize| {
            let chunks = array.grid().axis(axis);
            chunks.is_known() && chunks.length() == 1
        };
        let differs = |back: &usize| {
            let beside = arrays.iter().filter(|array| array.ndim() >= *back).map(|array| (array, array.ndim() - back));
            !Self::are_one(beside.filter(|(array, axis)| !is_broadcast(array, *axis)))
        };
        (1..=ndim).find(differs).map(|back| ndim - back)
    }
}

/// What made the length of an axis, as far as it can be seen: the mask, or a node and its axis. Equal origins have equal lengths.
fn origin(array: &ArrayExpr, axis: usize) -> (u64, usize) {
    let (mut node, mut axis) = (array.clone(), axis);
    loop {
        let before = match node.op() {
            Op::Cast | Op::Rechunk | Op::Scan { .. } => Some((0, axis)),
            Op::Map(_) => {
                let lead = |input: &ArrayExpr| (axis + input.ndim()).checked_sub(node.ndim());
                let follows = |input: &ArrayExpr| lead(input).filter(|own| !input.grid().axis(*own).is_known());
                node.inputs().iter().enumerate().find_map(|(which, input)| Some((which, follows(input)?)))
            }
            Op::View(view) => match view.axes().get(axis) {
                Some(ViewAxis::Slice { axis, .. }) => Some((0, *axis)),
                _ => None,
            },
            Op::Reduce { axes, .. } => {
                let kept = (0..node.inputs()[0].ndim()).filter(|own| !axes.contains(own)).nth(axis);
                kept.map(|own| (0, own))
            }
            Op::Concat { axis: joined } if *joined != axis => Some((0, axis)),
            // A function of each element for itself gives as many as it gets.
            Op::Block(call) if call.function.0.is_local() => {
                node.inputs().iter().enumerate().find_map(|(which, input)| {
                    let own = call.axes.get(which)?.iter().position(|follows| *follows == Some(axis))?;
                    (!input.grid().axis(own).is_known()).then_some((which, own))
                })
            }
            // All that one mask keeps is equally long, of whichever array.
            Op::Mask if axis == 0 => Some((1, 0)),
            Op::Mask => Some((0, axis + node.inputs()[1].ndim() - 1)),
            _ => None,
        };
        let made_here = matches!(node.op(), Op::Mask) && axis == 0;
        let next = before.and_then(|(which, own)| Some((node.inputs().get(which)?.clone(), own)));
        match next {
            Some((mask, _)) if made_here => {
                // A mask is brought to the chunks of what it masks.
                let mut mask = mask;
                while let (Op::Rechunk, Some(input)) = (mask.op(), mask.inputs().first().cloned()) {
                    mask = input;
                }
                return (mask.id(), usize::MAX);
            }
            Some((input, own)) if !input.grid().axis(own).is_known() => (node, axis) = (input, own),
            _ => return (node.id(), axis),
        }
    }
}

#[cfg(test)]
mod tests {
    use swath_kernels::{DType, Scalar};

    use super::*;
    use crate::expr::reduce::ReduceOptions;
    use crate::expr::reduction::Reduction;
    use crate::grid::ChunkGrid;

    fn masked() -> [ArrayExpr; 4] {
        let x = ArrayExpr::iota(ChunkGrid::regular(&[6], &[3]), 0, 0, 1).unwrap();
        let (first, second) = (x.greater(2i64).unwrap(), x.less(2i64).unwrap());
        let y = ArrayExpr::full_in(x.grid().clone(), Scalar::F64(1.0)).unwrap();
        [x.mask(&first).unwrap(), y.mask(&first).unwrap(), x.mask(&second).unwrap(), x]
    }

    fn is_refused<T>(result: &Result<T>) -> bool {
        matches!(result, Err(ArrayError::UnknownLength { .. }))
    }

    #[test]
    fn lengths_of_one_mask_agree_and_others_are_refused() {
        let [kept, same, other, whole] = masked();
        assert_eq!(kept.grid(), other.grid(), "the bounds are the same");
        for one in [&kept, &same, &kept.sqrt().unwrap(), &kept.cast(DType::F32).unwrap()] {
            let sum = kept.add(one).unwrap();
            assert!(!sum.grid().is_known());
            assert!(ArrayExpr::are_alike(&[sum.clone(), same.clone()]));
            assert!(is_refused(&sum.add(&other)) && is_refused(&other.add(&sum)));
        }
        assert!(is_refused(&kept.add(&whole)) && is_refused(&whole.add(&kept)));
        assert!(kept.add(1.0).is_ok() && kept.add(whole.slice_axis(0, 0, 1).unwrap()).is_ok());
        assert!(kept.power(&kept).unwrap().add(&kept).is_ok(), "exponents are handed on");
        assert!(is_refused(&ArrayExpr::stack(&[kept.clone(), other.clone()], 0)));
        assert!(ArrayExpr::stack(&[kept.clone(), same.clone()], 0).is_ok());
        assert!(ArrayExpr::concatenate(&[kept.clone(), other.clone()], 0).is_ok());
        assert!(
            is_refused(&whole.gather(0, std::slice::from_ref(&kept)).unwrap().add(&kept)),
            "what is not seen is not alike"
        );
        let table = ArrayExpr::zeros(&[6, 6], DType::F64).unwrap();
        assert!(is_refused(&table.gather(0, &[kept.clone(), other.clone()])));
        assert!(table.gather(0, &[kept.clone(), same.cast(DType::I64).unwrap()]).is_ok());
        assert!(is_refused(&kept.bincount(9, Some(&other))) && kept.bincount(9, Some(&same)).is_ok());
    }

    #[test]
    fn positions_need_lengths() {
        let [kept, ..] = masked();
        let plain = ReduceOptions::default();
        for function in [Reduction::ArgMax, Reduction::ArgMin] {
            assert!(is_refused(&kept.reduce(function, None, &plain)));
        }
        assert!(kept.reduce(Reduction::Max, None, &plain).is_ok());
        let x = ArrayExpr::iota(ChunkGrid::regular(&[6, 4], &[3, 4]), 0, 0, 1).unwrap();
        let rows = x.mask(&x.greater(2i64).unwrap().reduce(Reduction::Any, Some(&[1]), &plain).unwrap()).unwrap();
        assert!(is_refused(&rows.reduce(Reduction::ArgMax, None, &plain)));
        assert!(rows.reduce(Reduction::ArgMax, Some(&[1]), &plain).is_ok());
    }
}
