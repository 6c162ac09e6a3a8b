//! Matrix products, tensor products, einsum.

use smallvec::SmallVec;
use swath_kernels::{DType, Dims, KernelError, SliceSpec, broadcast_shapes, normalize_axis, promote};

use super::contraction::{Contraction, Label, Subscripts};
use super::node::ArrayExpr;
use super::op::Op;
use crate::error::{ArrayError, Result};
use crate::grid::chunking::ChunkSpec;
use crate::grid::{AxisChunks, ChunkGrid};

impl ArrayExpr {
    /// Products of two arrays, summed over the labels that the output lacks. Labels in both must have equal lengths.
    ///
    /// The chunks of a label that both have are those of the larger array; the result's follow its labels.
    ///
    /// # Errors
    /// Lengths that differ; dtypes without a common one, or dates; [`ArrayError::UnknownLength`].
    pub fn contract(&self, right: &Self, contraction: Contraction) -> Result<Self> {
        let left_shape = self.known_shape("a product")?;
        let right_shape = right.known_shape("a product")?;
        let dtype = promote(self.dtype(), right.dtype())?;
        if dtype.is_time() {
            let dtypes = vec![self.dtype(), right.dtype()];
            return Err(KernelError::Unsupported { function: "matmul", dtypes, accepts: "numbers and bool" }.into());
        }
        if contraction.left.len() != self.ndim() || contraction.right.len() != right.ndim() {
            return Err(ArrayError::internal(format!(
                "labels {contraction} for {} and {} axes",
                self.ndim(),
                right.ndim()
            )));
        }
        for (axis, label) in contraction.right.iter().enumerate() {
            let other = contraction.length(*label, &left_shape, &right_shape);
            if other != right_shape[axis] {
                return Err(KernelError::Broadcast(vec![left_shape.to_vec(), right_shape.to_vec()]).into());
            }
        }
        let chunks = |label: Label| -> AxisChunks {
            let of = |labels: &[Label], array: &Self| {
                labels.iter().position(|own| *own == label).map(|axis| array.grid().axis(axis).clone())
            };
            let (own, other) = (of(&contraction.left, self), of(&contraction.right, right));
            let larger = if self.bytes() >= right.bytes() { own.or(other) } else { other.or(own) };
            larger.unwrap_or_else(|| AxisChunks::whole(1))
        };
        let grid = |labels: &[Label]| ChunkGrid::new(labels.iter().map(|label| chunks(*label)));
        let left = self.cast(dtype)?.rechunk_to(grid(&contraction.left))?;
        let right = right.cast(dtype)?.rechunk_to(grid(&contraction.right))?;
        let output = grid(&contraction.output);
        Ok(Self::intern(Op::Contract(contraction), [left, right], dtype, output))
    }

    /// The matrix product: `(..., m, k) x (..., k, n) -> (..., m, n)`; a 1-d side is a row or column that goes from the result.
    ///
    /// # Errors
    /// NumPy's: mismatched lengths, 0-d operands, batches that do not broadcast.
    pub fn matmul(&self, right: &Self) -> Result<Self> {
        let (left_shape, right_shape) = (self.known_shape("matmul")?, right.known_shape("matmul")?);
        for (position, shape) in [&left_shape, &right_shape].into_iter().enumerate() {
            if shape.is_empty() {
                return Err(KernelError::invalid(format!(
                    "matmul: Input operand {position} does not have enough dimensions (has 0, gufunc core with signature \
                     (n?,k),(k,m?)->(n?,m?) requires 1)"
                ))
                .into());
            }
        }
        let inner = right_shape.len().saturating_sub(2);
        let (own, other) = (left_shape[left_shape.len() - 1], right_shape[inner]);
        if own != other {
            return Err(KernelError::invalid(format!(
                "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature \
                 (n?,k),(k,m?)->(n?,m?) (size {other} is different from {own})"
            ))
            .into());
        }
        const M: Label = 0;
        const K: Label = 1;
        const N: Label = 2;
        let batch = |shape: &[usize]| shape[..shape.len().saturating_sub(2)].iter().copied().collect::<Dims>();
        let batches = broadcast_shapes(&[&batch(&left_shape), &batch(&right_shape)])?;
        let named = |array: &Self, core: &[Label]| array.batch_labels(core, &batches);
        let (left, left_labels) = named(self, if left_shape.len() == 1 { &[K] } else { &[M, K] })?;
        let (right, right_labels) = named(right, if right_shape.len() == 1 { &[K] } else { &[K, N] })?;
        let mut output: SmallVec<[Label; 4]> = (0..batches.len()).map(|axis| 3 + axis as Label).collect();
        // A batch that both sides broadcast from one stands in neither.
        let lost: Vec<usize> = (0..batches.len())
            .filter(|axis| !left_labels.contains(&output[*axis]) && !right_labels.contains(&output[*axis]))
            .collect();
        output.retain(|label| left_labels.contains(label) || right_labels.contains(label));
        output.extend([M].into_iter().filter(|_| left_shape.len() > 1));
        output.extend([N].into_iter().filter(|_| right_shape.len() > 1));
        let mut result = left.contract(&right, Contraction { left: left_labels, right: right_labels, output })?;
        for axis in lost {
            result = result.expand_dims(axis as isize)?;
        }
        Ok(result)
    }

    /// The array without batch axes of length one that others broadcast, and the labels of what is left.
    fn batch_labels(&self, core: &[Label], batches: &[usize]) -> Result<(Self, SmallVec<[Label; 4]>)> {
        let own = self.ndim() - core.len();
        let lead = batches.len() - own;
        let shape = self.shape();
        let dropped = |axis: usize| axis < own && shape[axis] == 1;
        let part = |axis| if dropped(axis) { SliceSpec::Index(0) } else { SliceSpec::ALL };
        let array = self.slice(&(0..self.ndim()).map(part).collect::<Vec<_>>())?;
        let labels = (0..own).filter(|axis| !dropped(*axis)).map(|axis| 3 + (lead + axis) as Label);
        Ok((array, labels.chain(core.iter().copied()).collect()))
    }

    /// Products summed over pairs of axes: axis `left_axes[i]` of this with `right_axes[i]` of the other.
    ///
    /// # Errors
    /// NumPy's "shape-mismatch for sum"; [`KernelError::AxisOutOfBounds`].
    pub fn tensordot(&self, right: &Self, left_axes: &[isize], right_axes: &[isize]) -> Result<Self> {
        if left_axes.len() != right_axes.len() {
            return Err(KernelError::invalid("shape-mismatch for sum").into());
        }
        let mut labels: SmallVec<[Label; 4]> = (0..self.ndim()).map(|axis| axis as Label).collect();
        let mut right_labels: SmallVec<[Label; 4]> =
            (0..right.ndim()).map(|axis| (self.ndim() + axis) as Label).collect();
        let (left_shape, right_shape) = (self.known_shape("tensordot")?, right.known_shape("tensordot")?);
        for (own, other) in left_axes.iter().zip(right_axes) {
            let (own, other) = (normalize_axis(*own, self.ndim())?, normalize_axis(*other, right.ndim())?);
            if left_shape[own] != right_shape[other] {
                return Err(KernelError::invalid("shape-mismatch for sum").into());
            }
            right_labels[other] = own as Label;
        }
        let output = labels
            .iter()
            .filter(|label| !right_labels.contains(label))
            .chain(right_labels.iter().filter(|label| !labels.contains(label)));
        let output = output.copied().collect();
        let left = std::mem::take(&mut labels);
        self.contract(right, Contraction { left, right: right_labels, output })
    }

    /// Einstein's sum. Products of more than two arrays are taken pair by pair, the one with the smallest result first.
    ///
    /// # Errors
    /// NumPy's, about subscripts, operands and lengths.
    pub fn einsum(subscripts: &str, operands: &[Self]) -> Result<Self> {
        let ndims: Vec<usize> = operands.iter().map(Self::ndim).collect();
        let subscripts = Subscripts::parse(subscripts, &ndims)?;
        let mut lengths: Vec<(Label, usize)> = Vec::new();
        for (number, (labels, operand)) in subscripts.operands.iter().zip(operands).enumerate() {
            for (axis, (label, length)) in labels.iter().zip(operand.known_shape("einsum")?).enumerate() {
                match lengths.iter_mut().find(|(known, _)| known == label) {
                    None => lengths.push((*label, length)),
                    Some((_, known)) if *known == 1 => *known = length,
                    Some((_, known)) if *known == length || length == 1 => {}
                    Some((_, known)) => {
                        return Err(KernelError::invalid(format!(
                            "operands could not be broadcast together with remapped shapes: operand {number} has length {length} on \
                             axis {axis}, where another has {known}"
                        ))
                        .into());
                    }
                }
            }
        }
        let length = |label: Label| lengths.iter().find(|(known, _)| *known == label).map_or(1, |(_, length)| *length);
        let mut terms: Vec<(Self, SmallVec<[Label; 4]>)> = Vec::new();
        for (labels, operand) in subscripts.operands.iter().zip(operands) {
            terms.push(operand.without_repeated_labels(labels, &length)?);
        }
        while terms.len() > 1 {
            let (first, second) = cheapest_pair(&terms, &subscripts.output, &length);
            let (right, right_labels) = terms.remove(second);
            let (left, left_labels) = terms.remove(first);
            let needed = |label: &Label| {
                subscripts.output.contains(label) || terms.iter().any(|(_, labels)| labels.contains(label))
            };
            let mut output: SmallVec<[Label; 4]> = SmallVec::new();
            for label in left_labels.iter().chain(&right_labels).filter(|label| needed(label)) {
                if !output.contains(label) {
                    output.push(*label);
                }
            }
            // What only one side sums over goes before the product.
            let (left, left_labels) =
                left.sum_out(left_labels, |label| output.contains(label) || right_labels.contains(label))?;
            let (right, right_labels) =
                right.sum_out(right_labels, |label| output.contains(label) || left_labels.contains(label))?;
            let contraction = Contraction { left: left_labels, right: right_labels, output: output.clone() };
            terms.push((left.contract(&right, contraction)?, output));
        }
        let Some((result, labels)) = terms.pop() else {
            return Err(ArrayError::invalid(
                "must specify the einstein sum subscripts string and at least one operand",
            ));
        };
        let (result, labels) = result.sum_out(labels, |label| subscripts.output.contains(label))?;
        // Labels that were broadcast from length one everywhere, then the order asked for.
        let order: Vec<isize> = subscripts
            .output
            .iter()
            .filter_map(|label| labels.iter().position(|own| own == label).map(|axis| axis as isize))
            .collect();
        let mut result = result.transpose(Some(&order))?;
        for (axis, label) in subscripts.output.iter().enumerate() {
            if !labels.contains(label) {
                result = result.expand_dims(axis as isize)?;
            }
        }
        Ok(result)
    }

    /// Summed over the axes whose label is not to be kept.
    fn sum_out(
        &self,
        labels: SmallVec<[Label; 4]>,
        keep: impl Fn(&Label) -> bool,
    ) -> Result<(Self, SmallVec<[Label; 4]>)> {
        let axes: Vec<isize> =
            labels.iter().enumerate().filter(|(_, label)| !keep(label)).map(|(axis, _)| axis as isize).collect();
        if axes.is_empty() {
            return Ok((self.clone(), labels));
        }
        let options = super::reduce::ReduceOptions { dtype: Some(self.dtype()), ..Default::default() };
        let sum = if self.dtype() == DType::Bool {
            self.reduce(super::reduction::Reduction::Any, Some(&axes), &Default::default())?
        } else {
            self.reduce(super::reduction::Reduction::Sum, Some(&axes), &options)?
        };
        Ok((sum, labels.into_iter().filter(|label| keep(label)).collect()))
    }

    /// Diagonals taken where a label repeats, and axes of length one dropped where others with the label are longer.
    fn without_repeated_labels(
        &self,
        labels: &[Label],
        length: &impl Fn(Label) -> usize,
    ) -> Result<(Self, SmallVec<[Label; 4]>)> {
        let mut labels: SmallVec<[Label; 4]> = labels.into();
        let mut array = self.clone();
        while let Some((first, second)) = (0..labels.len())
            .flat_map(|second| (0..second).map(move |first| (first, second)))
            .find(|(first, second)| labels[*first] == labels[*second])
        {
            if array.shape()[first] != array.shape()[second] {
                return Err(KernelError::invalid("dimensions in operand for collapsing index don't match").into());
            }
            array = array.diagonal(first as isize, second as isize)?.moveaxis(&[-1], &[first as isize])?;
            labels.remove(second);
        }
        let shape = array.shape();
        let short = |axis: usize, label: Label| shape[axis] == 1 && length(label) != 1;
        let parts: Vec<SliceSpec> = labels
            .iter()
            .enumerate()
            .map(|(axis, label)| if short(axis, *label) { SliceSpec::Index(0) } else { SliceSpec::ALL })
            .collect();
        let kept =
            labels.iter().enumerate().filter(|(axis, label)| !short(*axis, **label)).map(|(_, label)| *label).collect();
        Ok((array.slice(&parts)?, kept))
    }

    /// The elements at equal positions of two axes, along a new last axis.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; the same axis twice.
    pub fn diagonal(&self, first: isize, second: isize) -> Result<Self> {
        let (first, second) = (normalize_axis(first, self.ndim())?, normalize_axis(second, self.ndim())?);
        if first == second {
            return Err(KernelError::invalid("axis1 and axis2 cannot be the same").into());
        }
        let shape = self.known_shape("diagonal")?;
        let last = self.ndim() as isize - 1;
        let turned = self.moveaxis(&[first as isize, second as isize], &[last - 1, last])?;
        let grid = ChunkSpec::Auto.grid(&[shape[first].min(shape[second])], 8, None)?;
        let positions = Self::iota(grid, 0, 0, 1)?;
        turned.gather(self.ndim() - 2, &[positions.clone(), positions])
    }
}

/// The pair whose product has the fewest elements.
fn cheapest_pair(
    terms: &[(ArrayExpr, SmallVec<[Label; 4]>)],
    output: &[Label],
    length: &impl Fn(Label) -> usize,
) -> (usize, usize) {
    let pairs = (0..terms.len()).flat_map(|second| (0..second).map(move |first| (first, second)));
    let size = |(first, second): &(usize, usize)| {
        let kept = |label: &Label| {
            output.contains(label)
                || terms
                    .iter()
                    .enumerate()
                    .any(|(at, (_, labels))| at != *first && at != *second && labels.contains(label))
        };
        let mut labels: Vec<Label> =
            terms[*first].1.iter().chain(&terms[*second].1).copied().filter(|label| kept(label)).collect();
        labels.sort_unstable();
        labels.dedup();
        let shared = terms[*first].1.iter().any(|label| terms[*second].1.contains(label));
        (!shared, labels.into_iter().fold(1u64, |product, label| product.saturating_mul(length(label) as u64)))
    };
    pairs.min_by_key(size).unwrap_or((0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize]) -> ArrayExpr {
        ArrayExpr::zeros(shape, DType::F64).unwrap()
    }

    #[test]
    fn products_have_numpys_shapes() {
        let shape = |left: &[usize], right: &[usize]| array(left).matmul(&array(right)).unwrap().shape().to_vec();
        assert_eq!(shape(&[2, 3], &[3, 4]), [2, 4]);
        assert_eq!(shape(&[3], &[3, 4]), [4]);
        assert_eq!(shape(&[2, 3], &[3]), [2]);
        assert_eq!(shape(&[3], &[3]), [] as [usize; 0]);
        assert_eq!(shape(&[5, 1, 2, 3], &[7, 3, 4]), [5, 7, 2, 4]);
        assert_eq!(shape(&[1, 2, 3], &[1, 3, 4]), [1, 2, 4]);
        let error = array(&[2, 3]).matmul(&array(&[4, 2])).unwrap_err().to_string();
        assert!(error.ends_with("(size 4 is different from 3)"), "{error}");
        assert!(array(&[]).matmul(&array(&[2])).is_err());
        let error = array(&[2, 3]).tensordot(&array(&[2, 3]), &[0], &[1]).unwrap_err();
        assert_eq!(error.to_string(), "shape-mismatch for sum");
        assert_eq!(array(&[2, 3, 4]).tensordot(&array(&[4, 3]), &[1, 2], &[1, 0]).unwrap().shape().as_slice(), &[2]);
    }

    #[test]
    fn einsum_has_numpys_shapes() {
        let shape = |text: &str, operands: &[&[usize]]| {
            let operands: Vec<ArrayExpr> = operands.iter().map(|shape| array(shape)).collect();
            ArrayExpr::einsum(text, &operands).unwrap().shape().to_vec()
        };
        assert_eq!(shape("ij,jk->ki", &[&[2, 3], &[3, 4]]), [4, 2]);
        assert_eq!(shape("ii", &[&[3, 3]]), [] as [usize; 0]);
        assert_eq!(shape("ii->i", &[&[3, 3]]), [3]);
        assert_eq!(shape("ij->ji", &[&[3, 2]]), [2, 3]);
        assert_eq!(shape("...ij,...j->...i", &[&[5, 2, 3], &[1, 3]]), [5, 2]);
        assert_eq!(shape("ab,bc,cd,de->ae", &[&[2, 3], &[3, 4], &[4, 5], &[5, 6]]), [2, 6]);
        assert_eq!(shape("i,j->ij", &[&[2], &[3]]), [2, 3]);
        assert_eq!(shape("ij,ij->", &[&[2, 1], &[1, 3]]), [] as [usize; 0]);
        let error = ArrayExpr::einsum("ij,jk", &[array(&[2, 3]), array(&[4, 2])]).unwrap_err();
        assert!(error.to_string().contains("operand 1 has length 4 on axis 0, where another has 3"), "{error}");
    }
}
