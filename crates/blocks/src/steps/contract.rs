//! Products of blocks: any labels as a stack of matrix products, one pair of blocks after another added to the same sums; of `x.T @ x`
//! blocks on the diagonal by one triangle.

use smallvec::SmallVec;
use swath_arrays::expr::contraction::{Contraction, Label};
use swath_kernels::linalg::gram;
use swath_kernels::linalg::matmul::multiply_add;
use swath_kernels::memory::filled;
use swath_kernels::{DType, Dims, NdArray, element_count, fused, reduce, with_element};

use super::{Made, Task, made};
use crate::block::Block;
use crate::error::{BlocksError, Result};
use crate::fetch;

type Labels = SmallVec<[Label; 4]>;

/// How the labels of a contraction fall into a stack of products `(batch, rows, inner) x (batch, inner, columns)`.
struct Layout {
    batch: Labels,
    rows: Labels,
    inner: Labels,
    columns: Labels,
}

impl Layout {
    fn new(contraction: &Contraction) -> Self {
        let Contraction { left, right, output } = contraction;
        let pick = |keep: &dyn Fn(&Label) -> bool| -> Labels { left.iter().copied().filter(|l| keep(l)).collect() };
        Self {
            batch: pick(&|label| right.contains(label) && output.contains(label)),
            rows: pick(&|label| !right.contains(label) && output.contains(label)),
            inner: pick(&|label| right.contains(label) && !output.contains(label)),
            columns: right.iter().copied().filter(|label| !left.contains(label) && output.contains(label)).collect(),
        }
    }

    /// Both factors as stacks.
    fn factors(
        &self,
        contraction: &Contraction,
        left: &NdArray,
        right: &NdArray,
        dtype: DType,
    ) -> Result<(NdArray, NdArray)> {
        Ok((
            stacked(left, &contraction.left, [&self.batch, &self.rows, &self.inner], dtype)?,
            stacked(right, &contraction.right, [&self.batch, &self.inner, &self.columns], dtype)?,
        ))
    }

    /// The labels of the stack of results.
    fn result(&self) -> Labels {
        self.batch.iter().chain(&self.rows).chain(&self.columns).copied().collect()
    }
}

pub(crate) fn run(task: &Task<'_>, contraction: &Contraction) -> Result<Made> {
    let stage = task.stage;
    let promise = &stage.outputs[0];
    let layout = Layout::new(contraction);
    let (left_reads, right_reads) = (stage.reads(task.number, 0), stage.reads(task.number, 1));
    if left_reads.len() != right_reads.len() {
        return Err(BlocksError::internal("the factors of a product have other numbers of blocks"));
    }
    let fetched = |input: usize, read| fetch::fetch(&stage.inputs[input], read, task.blocks);
    let sums = if stage.is_on_diagonal(task.number) {
        // Both factors are the same blocks.
        let factors = right_reads.iter().map(|right| {
            let labels = [&layout.batch, &layout.inner, &layout.columns];
            stacked(&fetched(1, right)?, &contraction.right, labels, promise.dtype)
        });
        sum_of_grams(factors, promise.dtype)?
    } else {
        let pairs = left_reads.iter().zip(&right_reads).map(|(left, right)| {
            let (left, right) = (fetched(0, left)?, fetched(1, right)?);
            layout.factors(contraction, &left, &right, promise.dtype)
        });
        sum_of_products(pairs, promise.dtype)?
    };
    let shape = promise.grid.block_shape(task.number);
    let lead = shape.len() - contraction.output.len();
    let result = unstacked(contraction, &layout, &sums, &shape[lead..])?;
    Ok(made(Block::Array(result.reshape(&shape)?)))
}

/// A product of two whole arrays.
///
/// # Errors
/// The kernels': lengths that differ, dtypes without products.
pub fn whole(contraction: &Contraction, left: &NdArray, right: &NdArray, dtype: DType) -> Result<NdArray> {
    let layout = Layout::new(contraction);
    let shape = contraction.shape(left.shape(), right.shape());
    let pair = layout.factors(contraction, left, right, dtype);
    unstacked(contraction, &layout, &sum_of_products(std::iter::once(pair), dtype)?, &shape)
}

/// A stack of products with the output's axes; `shape` are their lengths.
fn unstacked(contraction: &Contraction, layout: &Layout, stack: &NdArray, shape: &[usize]) -> Result<NdArray> {
    let length = |label: &Label| contraction.output.iter().position(|own| own == label).map_or(1, |at| shape[at]);
    let labels = layout.result();
    let split: Dims = labels.iter().map(length).collect();
    let order: Dims =
        contraction.output.iter().filter_map(|label| labels.iter().position(|own| own == label)).collect();
    Ok(stack.reshape(&split)?.transpose(&order)?)
}

/// A factor as a stack of matrices in the dtype of the product. Labels that only it has and the output lacks are summed first.
fn stacked(array: &NdArray, labels: &[Label], groups: [&Labels; 3], dtype: DType) -> Result<NdArray> {
    let alone: Vec<isize> = labels
        .iter()
        .enumerate()
        .filter(|(_, label)| !groups.iter().any(|group| group.contains(label)))
        .map(|(axis, _)| axis as isize)
        .collect();
    let mut array = array.clone();
    if !alone.is_empty() {
        let own = array.dtype();
        array = fused::cast(&reduce::reduce(reduce::Reduction::Sum, &array, Some(&alone), false)?, own)?;
    }
    let labels: Labels =
        labels.iter().copied().filter(|label| groups.iter().any(|group| group.contains(label))).collect();
    let order: Dims = groups
        .iter()
        .flat_map(|group| group.iter())
        .filter_map(|label| labels.iter().position(|own| own == label))
        .collect();
    let array = array.transpose(&order)?;
    let mut shape: [usize; 3] = [1; 3];
    let mut axis = 0;
    for (length, group) in shape.iter_mut().zip(groups) {
        *length = array.shape()[axis..axis + group.len()].iter().product();
        axis += group.len();
    }
    let array = array.reshape(&shape)?;
    // Durations multiply as the integers that they are; half precision is summed as single.
    let array = if array.dtype().is_time() { array.reinterpret(DType::I64)? } else { array };
    Ok(fused::cast(&array, compute_dtype(dtype))?)
}

fn compute_dtype(dtype: DType) -> DType {
    match dtype {
        DType::F16 => DType::F32,
        dtype if dtype.is_time() => DType::I64,
        other => other,
    }
}

/// The products of pairs of stacks added up, one pair at a time.
fn sum_of_products(mut pairs: impl Iterator<Item = Result<(NdArray, NdArray)>>, dtype: DType) -> Result<NdArray> {
    let array = with_element!(compute_dtype(dtype), T => {
        let (left, right) = pairs.next().ok_or_else(|| BlocksError::internal("a product of no blocks"))??;
        let shape = [left.shape()[0], left.shape()[1], right.shape()[2]];
        let mut sums = filled(T::default(), element_count(&shape)?);
        products::<T>(&mut sums, &left, &right)?;
        drop((left, right));
        for pair in pairs {
            let (left, right) = pair?;
            products::<T>(&mut sums, &left, &right)?;
        }
        NdArray::from_vec(&shape, sums)?
    });
    if dtype.is_time() { Ok(array.reinterpret(dtype)?) } else { Ok(fused::cast(&array, dtype)?) }
}

/// `x.T @ x` of matrices (stacks of one) added up, one after another: one triangle of it is computed.
fn sum_of_grams(mut factors: impl Iterator<Item = Result<NdArray>>, dtype: DType) -> Result<NdArray> {
    let array = with_element!(compute_dtype(dtype), T => {
        let mut sums: Vec<T> = Vec::new();
        let mut width = 0;
        factors.try_for_each(|factor| -> Result<()> {
            let factor = factor?;
            let shape: Dims = factor.shape()[1..].into();
            if sums.is_empty() {
                width = shape[1];
                sums = filled(T::default(), element_count(&[width, width])?);
            }
            Ok(gram::gram_add::<T>(&mut sums, &factor.reshape(&shape)?, false)?)
        })?;
        gram::mirror(&mut sums, width, |value| value);
        NdArray::from_vec(&[1, width, width], sums)?
    });
    Ok(fused::cast(&array, dtype)?)
}

fn products<T: swath_kernels::linalg::matmul::Multiply>(sums: &mut [T], left: &NdArray, right: &NdArray) -> Result<()> {
    let (rows, columns) = (left.shape()[1], right.shape()[2]);
    for number in 0..left.shape()[0] {
        let matrix = |stack: &NdArray| -> Result<NdArray> {
            let one = swath_kernels::layout::arrange::range(stack, 0, number, 1)?;
            let shape: Dims = one.shape()[1..].into();
            Ok(one.reshape(&shape)?)
        };
        let target = &mut sums[number * rows * columns..][..rows * columns];
        multiply_add::<T>(target, &matrix(left)?, &matrix(right)?)?;
    }
    Ok(())
}
