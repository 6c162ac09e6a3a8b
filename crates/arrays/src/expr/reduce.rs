//! Reductions and running results.

use smallvec::SmallVec;
use swath_kernels::{DType, Dims, KernelError, Kind, Scalar, SliceSpec, normalize_axes, normalize_axis};

use super::node::ArrayExpr;
use super::op::{Constant, Op, Order, QuantileMethod, Scan};
use super::reduction::Reduction;
use crate::error::{ArrayError, Result};
use crate::grid::{AxisChunks, ChunkGrid};

/// What a reduction may be given beside its axes.
#[derive(Debug, Clone, Default)]
pub struct ReduceOptions {
    /// Keep the reduced axes with length one.
    pub keepdims: bool,
    /// The dtype to compute and return, for sums, products, means and variances.
    pub dtype: Option<DType>,
    /// Which elements count; broadcasts with the array.
    pub mask: Option<ArrayExpr>,
}

impl ArrayExpr {
    /// A reduction over axes, all of them if none are named.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`KernelError::RepeatedAxis`], [`KernelError::Unsupported`]; no elements where the function
    /// needs one; a mask that is not `bool`. [`ArrayError::UnknownLength`] for positions.
    pub fn reduce(&self, function: Reduction, axes: Option<&[isize]>, options: &ReduceOptions) -> Result<Self> {
        let axes = normalize_axes(axes, self.ndim())?;
        let function = if self.dtype().has_nan() { function } else { function.without_nan() };
        let dtype = function.result_dtype(self.dtype(), options.dtype)?;
        if function.is_position() {
            // Where a block begins is what the blocks before it hold.
            axes.iter().try_for_each(|axis| self.known_length(*axis, function.name()).map(drop))?;
        }
        let shape = self.shape();
        let none = axes.iter().any(|axis| shape[*axis] == 0);
        if function.needs_elements() && none {
            let result_has_elements = (0..shape.len()).all(|axis| axes.contains(&axis) || shape[axis] > 0);
            if result_has_elements {
                let name = function.name();
                return Err(KernelError::invalid(match function.is_position() {
                    true => format!("attempt to get {name} of an empty sequence"),
                    false => format!("zero-size array to reduction operation {name} which has no identity"),
                })
                .into());
            }
        }
        let mut input = self.clone();
        // Sums of another dtype cast first, as NumPy does; what is kept between blocks is wider by itself.
        if let Some(dtype) = options.dtype
            && matches!(function.without_nan(), Reduction::Sum | Reduction::Prod | Reduction::Mean)
        {
            input = input.cast(dtype)?;
        }
        let result = match &options.mask {
            None => {
                let grid = reduced_grid(input.grid(), &axes, false);
                Self::intern(Op::Reduce { function, axes: axes.clone() }, [input], dtype, grid)
            }
            Some(mask) => input.reduce_masked(function, &axes, mask, dtype)?,
        };
        if !options.keepdims {
            return Ok(result);
        }
        let part = |axis: usize| if axes.contains(&axis) { SliceSpec::NewAxis } else { SliceSpec::ALL };
        result.slice(&(0..self.ndim()).map(part).collect::<Vec<_>>())
    }

    /// A reduction of the elements where a mask is true: the others are made neutral, and counted off.
    fn reduce_masked(&self, function: Reduction, axes: &Dims, mask: &Self, dtype: DType) -> Result<Self> {
        if mask.dtype() != DType::Bool {
            return Err(KernelError::invalid("where must be a boolean array").into());
        }
        let shape = self.shape();
        let axes_list: Vec<isize> = axes.iter().map(|axis| *axis as isize).collect();
        let mask = mask.broadcast_to(&shape)?;
        if function.skips_nan() {
            let counted = mask.logical_and(self.isnan()?.logical_not()?)?;
            let result = self.reduce_masked(function.without_nan(), axes, &counted, dtype)?;
            let (Reduction::NanVar { ddof } | Reduction::NanStd { ddof }) = function else { return Ok(result) };
            // As NumPy: nothing is left to divide by.
            let enough = counted.sum(Some(&axes_list))?.greater(ddof)?;
            return Self::map("where", &[enough.into(), result.into(), f64::NAN.into()])?.cast(dtype);
        }
        let keep = |array: &Self, neutral: Scalar| {
            Self::map("where", &[(&mask).into(), array.into(), neutral.cast(array.dtype()).into()])
        };
        let simple = |neutral: i64| {
            let options = ReduceOptions { dtype: Some(dtype), ..Default::default() };
            keep(self, Scalar::I64(neutral))?.reduce(function, Some(&axes_list), &options)
        };
        let kept = ReduceOptions { keepdims: true, ..Default::default() };
        match function {
            Reduction::Sum | Reduction::CountNonzero | Reduction::Any => simple(0),
            Reduction::Prod | Reduction::All => simple(1),
            Reduction::Mean => {
                let options = ReduceOptions { dtype: Some(dtype), ..Default::default() };
                let sum = keep(self, Scalar::I64(0))?.reduce(Reduction::Sum, Some(&axes_list), &options)?;
                sum.divide(mask.sum(Some(&axes_list))?)?.cast(dtype)
            }
            Reduction::Var { ddof } | Reduction::Std { ddof } => {
                let count = mask.reduce(Reduction::Sum, Some(&axes_list), &kept)?;
                let wide = self.cast(if self.dtype().is_complex() { DType::C128 } else { DType::F64 })?;
                let sum = keep(&wide, Scalar::I64(0))?.reduce(Reduction::Sum, Some(&axes_list), &kept)?;
                let deviations = wide.subtract(sum.divide(count)?)?.absolute()?.square()?;
                let squares = keep(&deviations, Scalar::I64(0))?.sum(Some(&axes_list))?;
                // As NumPy: a divisor below zero counts as zero.
                let divisor = mask.sum(Some(&axes_list))?.subtract(ddof)?.maximum(0i64)?;
                let variance = squares.divide(divisor)?;
                let root = matches!(function, Reduction::Std { .. });
                (if root { variance.sqrt()? } else { variance }).cast(dtype)
            }
            _ => Err(ArrayError::invalid(format!(
                "'{}' takes no mask: replace what is not to count with where() before it",
                function.name()
            ))),
        }
    }

    /// The sum over axes, all of them if none are named.
    ///
    /// # Errors
    /// As [`ArrayExpr::reduce`].
    pub fn sum(&self, axes: Option<&[isize]>) -> Result<Self> {
        self.reduce(Reduction::Sum, axes, &ReduceOptions::default())
    }

    /// The mean over axes.
    ///
    /// # Errors
    /// As [`ArrayExpr::reduce`].
    pub fn mean(&self, axes: Option<&[isize]>) -> Result<Self> {
        self.reduce(Reduction::Mean, axes, &ReduceOptions::default())
    }

    /// The standard deviation over axes.
    ///
    /// # Errors
    /// As [`ArrayExpr::reduce`].
    pub fn std(&self, axes: Option<&[isize]>) -> Result<Self> {
        self.reduce(Reduction::Std { ddof: 0 }, axes, &ReduceOptions::default())
    }

    /// A running result along an axis.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; a dtype for which it is not defined.
    pub fn scan(&self, function: Scan, axis: isize, dtype: Option<DType>) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let dtype = match function {
            Scan::Max | Scan::Min => self.dtype(),
            Scan::Sum | Scan::NanSum => Reduction::Sum.result_dtype(self.dtype(), dtype)?,
            Scan::Prod | Scan::NanProd => Reduction::Prod.result_dtype(self.dtype(), dtype)?,
        };
        let input = self.cast(dtype)?;
        self.known_length(axis, function.name())?;
        Ok(Self::intern(Op::Scan { function, axis }, [input], dtype, self.grid().clone()))
    }

    /// Differences of neighbours along an axis.
    ///
    /// # Errors
    /// As [`ArrayExpr::slice`] and `subtract`.
    pub fn diff(&self, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let length = self.known_length(axis, "diff")?;
        let (after, before) = (self.slice_axis(axis, 1, length)?, self.slice_axis(axis, 0, length.saturating_sub(1))?);
        let function = if self.dtype() == DType::Bool { "not_equal" } else { "subtract" };
        Self::map(function, &[after.into(), before.into()])
    }

    /// Sorted along an axis, NaN last; or the positions that sort it.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`], [`ArrayError::UnknownLength`].
    pub fn sort(&self, axis: isize, positions: bool) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        self.known_length(axis, "sort")?;
        let input = self.with_whole_axes(&[axis])?;
        let (order, dtype) =
            if positions { (Order::ArgSort { axis }, DType::I64) } else { (Order::Sort { axis }, self.dtype()) };
        let grid = input.grid().clone();
        Ok(Self::intern(Op::Order(order), [input], dtype, grid))
    }

    /// With the element that sorting would bring to `kth` there, smaller ones before it and larger ones behind.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; `kth` out of bounds.
    pub fn partition(&self, kth: isize, axis: isize) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let length = self.known_length(axis, "partition")?;
        let position = if kth < 0 { kth.saturating_add_unsigned(length) } else { kth };
        let kth = usize::try_from(position).ok().filter(|kth| *kth < length);
        let kth = kth.ok_or_else(|| KernelError::invalid(format!("kth(={position}) out of bounds ({length})")))?;
        let input = self.with_whole_axes(&[axis])?;
        let grid = input.grid().clone();
        Ok(Self::intern(Op::Order(Order::Partition { axis, kth }), [input], self.dtype(), grid))
    }

    /// The `count` largest (or smallest) elements of an axis, best first, or their positions.
    ///
    /// # Errors
    /// [`KernelError::AxisOutOfBounds`]; more than there are.
    pub fn top(&self, count: usize, axis: isize, largest: bool, positions: bool) -> Result<Self> {
        let axis = normalize_axis(axis, self.ndim())?;
        let length = self.known_length(axis, "topk")?;
        if count > length {
            return Err(ArrayError::invalid(format!("topk: {count} elements of an axis of length {length}")));
        }
        let input = self.with_whole_axes(&[axis])?;
        let grid = input.grid().with_axis(axis, AxisChunks::whole(count));
        let dtype = if positions { DType::I64 } else { self.dtype() };
        Ok(Self::intern(Op::Order(Order::Top { axis, count, largest, positions }), [input], dtype, grid))
    }

    /// Quantiles over axes; a leading axis holds one for each of `at` (between 0 and 1).
    ///
    /// # Errors
    /// Positions out of range; complex numbers; [`KernelError::AxisOutOfBounds`].
    pub fn quantile(&self, at: &[f64], axes: Option<&[isize]>, method: QuantileMethod, skip_nan: bool) -> Result<Self> {
        if at.iter().any(|at| !(0.0..=1.0).contains(at)) {
            return Err(KernelError::invalid("Quantiles must be in the range [0, 1]").into());
        }
        if self.dtype().is_complex() || self.dtype().kind() == Kind::Datetime {
            let accepts = "numbers that have an order";
            return Err(KernelError::Unsupported { function: "quantile", dtypes: vec![self.dtype()], accepts }.into());
        }
        let axes = normalize_axes(axes, self.ndim())?;
        self.known_shape("quantile")?;
        let input = self.with_whole_axes(&axes)?;
        let exact = method.is_discrete();
        let dtype = match self.dtype().kind() {
            Kind::Bool | Kind::Signed | Kind::Unsigned if !exact => DType::F64,
            _ => self.dtype(),
        };
        let reduced = reduced_grid(input.grid(), &axes, false);
        let grid = ChunkGrid::new([AxisChunks::whole(at.len())].into_iter().chain(reduced.axes().iter().cloned()));
        let at = at.iter().map(|at| Constant((*at).into())).collect();
        Ok(Self::intern(Op::Order(Order::Quantile { at, axes, method, skip_nan }), [input], dtype, grid))
    }

    /// The median over axes.
    ///
    /// # Errors
    /// As [`ArrayExpr::quantile`].
    pub fn median(&self, axes: Option<&[isize]>) -> Result<Self> {
        self.quantile(&[0.5], axes, QuantileMethod::Median, false)?.slice(&[SliceSpec::Index(0)])
    }

    /// How many elements (or their weights) lie between neighbours of `edges`, which ascend; the last bin has both its edges.
    ///
    /// # Errors
    /// Edges that are not 1-d or fewer than two; weights of another shape.
    pub fn histogram(&self, edges: &Self, weights: Option<&Self>) -> Result<Self> {
        let count = match edges.known_shape("histogram")?.as_slice() {
            [count] if *count >= 2 => *count,
            _ => return Err(KernelError::invalid("`bins` must be 1d, with at least two edges").into()),
        };
        let edges = edges.rechunk_to(ChunkGrid::whole(&[count]))?;
        let mut inputs: SmallVec<[Self; 2]> = SmallVec::from_iter([self.clone(), edges]);
        let mut dtype = DType::I64;
        if let Some(weights) = weights {
            Self::check_alike("histogram", &[self.clone(), weights.clone()])?;
            if weights.shape() != self.shape() {
                return Err(KernelError::invalid("weights should have the same shape as a.").into());
            }
            inputs.push(weights.rechunk_to(self.grid().clone())?);
            dtype = if weights.dtype().is_complex() { weights.dtype() } else { DType::F64 };
        }
        Ok(Self::intern(Op::Order(Order::Histogram), inputs, dtype, ChunkGrid::whole(&[count - 1])))
    }

    /// How often each of `0 .. length` occurs in a 1-d array of integers, or the weights there added up.
    ///
    /// # Errors
    /// Other dimensions, other dtypes.
    pub fn bincount(&self, length: usize, weights: Option<&Self>) -> Result<Self> {
        if self.ndim() != 1 || !(self.dtype().is_integer() || self.dtype() == DType::Bool) {
            return Err(KernelError::invalid("bincount needs a 1-dimensional array of integers").into());
        }
        let mut inputs: SmallVec<[Self; 2]> = SmallVec::from_iter([self.cast(DType::I64)?]);
        if let Some(weights) = weights {
            Self::check_alike("bincount", &[self.clone(), weights.clone()])?;
            if weights.shape() != self.shape() {
                return Err(KernelError::invalid("The weights and list don't have the same length.").into());
            }
            inputs.push(weights.cast(DType::F64)?.rechunk_to(self.grid().clone())?);
        }
        let dtype = if inputs.len() > 1 { DType::F64 } else { DType::I64 };
        Ok(Self::intern(Op::Order(Order::Bincount { length }), inputs, dtype, ChunkGrid::whole(&[length])))
    }

    /// The distinct elements in ascending order, or how often each occurs; their number is known after running.
    ///
    /// # Errors
    /// Never today.
    pub fn unique(&self, counts: bool) -> Result<Self> {
        let bound = usize::try_from(self.elements()).unwrap_or(usize::MAX);
        let grid = ChunkGrid::new([AxisChunks::whole(bound).unknown()]);
        let dtype = if counts { DType::I64 } else { self.dtype() };
        Ok(Self::intern(Op::Order(Order::Unique { counts }), [self.clone()], dtype, grid))
    }
}

/// The grid after a reduction.
pub(crate) fn reduced_grid(grid: &ChunkGrid, axes: &Dims, keepdims: bool) -> ChunkGrid {
    ChunkGrid::new(grid.axes().iter().enumerate().filter_map(|(axis, chunks)| match axes.contains(&axis) {
        false => Some(chunks.clone()),
        true => keepdims.then(|| AxisChunks::whole(1)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], dtype: DType) -> ArrayExpr {
        ArrayExpr::zeros(shape, dtype).unwrap()
    }

    #[test]
    fn axes_go_or_stay() {
        let x = array(&[4, 5, 6], DType::I8);
        assert_eq!(x.sum(Some(&[-1, 0])).unwrap().shape().as_slice(), &[5]);
        let options = ReduceOptions { keepdims: true, ..Default::default() };
        assert_eq!(x.reduce(Reduction::Mean, Some(&[1]), &options).unwrap().shape().as_slice(), &[4, 1, 6]);
        assert_eq!(x.sum(None).unwrap().ndim(), 0);
        assert_eq!(
            x.quantile(&[0.1, 0.9], Some(&[1]), QuantileMethod::Linear, false).unwrap().shape().as_slice(),
            &[2, 4, 6]
        );
        assert_eq!(x.median(None).unwrap().dtype(), DType::F64);
        assert_eq!(x.diff(2).unwrap().shape().as_slice(), &[4, 5, 5]);
        assert_eq!(x.top(2, 1, true, true).unwrap().shape().as_slice(), &[4, 2, 6]);
        assert_eq!(x.scan(Scan::Sum, 0, None).unwrap().dtype(), DType::I64);
    }

    #[test]
    fn errors_are_numpys() {
        let message = |result: Result<ArrayExpr>| result.unwrap_err().to_string();
        let x = array(&[0, 5], DType::F64);
        let least = |axes: &[isize]| x.reduce(Reduction::Min, Some(axes), &ReduceOptions::default());
        assert_eq!(message(least(&[0])), "zero-size array to reduction operation min which has no identity");
        assert!(least(&[1]).is_ok());
        assert_eq!(message(x.sum(Some(&[2]))), "axis 2 is out of bounds for array of dimension 2");
        assert_eq!(message(x.sum(Some(&[0, -2]))), "duplicate value in 'axis': axis 0 is given more than once");
        assert_eq!(
            message(x.reduce(Reduction::ArgMax, None, &ReduceOptions::default())),
            "attempt to get argmax of an empty sequence"
        );
        assert_eq!(
            message(x.quantile(&[1.5], None, QuantileMethod::Linear, false)),
            "Quantiles must be in the range [0, 1]"
        );
        assert_eq!(message(array(&[3], DType::F32).partition(3, 0)), "kth(=3) out of bounds (3)");
    }
}
