//! Norms of vectors and matrices.

use swath_kernels::DType;

use crate::array::Array;
use crate::axes::Axes;
use crate::error::Error;
use crate::reduce::ReduceOptions;

/// What a norm measures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum NormKind {
    /// The square root of the sum of squares.
    #[default]
    Frobenius,
    /// The sum of singular values.
    Nuclear,
    /// Of vectors the `p`-norm (infinite: the largest magnitude; zero: how many are not zero). Of matrices 1 and infinity are the largest
    /// sums of columns and rows, 2 the largest singular value, and negative ones the least.
    P(f64),
}

impl Array {
    /// A norm of vectors along one axis, of matrices over two, or of all elements without axes.
    ///
    /// # Errors
    /// Kept: orders that have no meaning for matrices, more than two axes.
    #[must_use]
    pub fn norm(&self, kind: NormKind, axes: impl Into<Axes>, keepdims: bool) -> Self {
        let axes = axes.into();
        let ndim = match self.ndim() {
            Ok(ndim) => ndim,
            Err(error) => return self.failed(error),
        };
        let over = |axes: Option<Vec<isize>>| {
            let options = axes.map_or_else(ReduceOptions::default, ReduceOptions::over);
            if keepdims { options.keepdims() } else { options }
        };
        let magnitudes = self.floats().abs();
        let list = match axes.get() {
            None if kind == NormKind::Frobenius => return magnitudes.square().sum(over(None)).sqrt(),
            None => (0..ndim as isize).collect(),
            Some(list) => list.to_vec(),
        };
        match (list.as_slice(), kind) {
            ([_], kind) => vector_norm(&magnitudes, kind, &over(Some(list))),
            ([_, _], NormKind::Frobenius) => magnitudes.square().sum(over(Some(list))).sqrt(),
            ([rows, columns], kind) => self.norm_of_matrices(&magnitudes, kind, [*rows, *columns], keepdims),
            _ => self.failed(Error::invalid("Improper number of dimensions to norm.")),
        }
    }

    /// The largest of numbers that are not negative; zero of none.
    pub(crate) fn largest(&self, options: impl Into<ReduceOptions>) -> Self {
        self.max(options.into().initial(0.0))
    }

    /// Integers and truth values as `float64`.
    pub(crate) fn floats(&self) -> Self {
        self.then(|array| match array.dtype() {
            dtype if dtype.is_float() || dtype.is_complex() => Ok(array.clone()),
            _ => array.cast(DType::F64),
        })
    }

    fn norm_of_matrices(&self, magnitudes: &Self, kind: NormKind, [rows, columns]: [isize; 2], keepdims: bool) -> Self {
        let ndim = self.ndim().unwrap_or(0);
        let both = swath_kernels::normalize_axes(Some(&[rows, columns]), ndim);
        let (first, second) = match both {
            Ok(_) => (rows, columns),
            Err(error) => return self.failed(error.into()),
        };
        let kept = |axis: isize| ReduceOptions::over(axis).keepdims();
        let matrices = self.moveaxis([first, second], [-2, -1]);
        let values = |reduce: &dyn Fn(&Self) -> Self| {
            let found = reduce(&matrices.svdvals());
            // Back to where the axes were.
            if keepdims { found.expand_dims([first, second]) } else { found }
        };
        let least = |p: f64| p < 0.0;
        let result = match kind {
            NormKind::Nuclear => return values(&|s| s.sum(-1)),
            NormKind::P(p) if p.abs() == 2.0 => return values(&|s| if least(p) { s.min(-1) } else { s.largest(-1) }),
            NormKind::P(p) if p.abs() == 1.0 || p.is_infinite() => {
                let (summed, rest) = if p.abs() == 1.0 { (first, second) } else { (second, first) };
                let sums = magnitudes.sum(kept(summed));
                if least(p) { sums.min(kept(rest)) } else { sums.largest(kept(rest)) }
            }
            _ => return self.failed(Error::invalid("Invalid norm order for matrices.")),
        };
        if keepdims { result } else { result.squeeze([first, second]) }
    }

    /// The norm of vectors over any number of axes, which count as one; `()` for all.
    #[must_use]
    pub fn vector_norm(&self, kind: NormKind, axes: impl Into<Axes>, keepdims: bool) -> Self {
        let axes = axes.into();
        let options = axes.get().map_or_else(ReduceOptions::default, ReduceOptions::over);
        vector_norm(&self.floats().abs(), kind, &if keepdims { options.keepdims() } else { options })
    }

    /// The norm of matrices over the last two axes.
    ///
    /// # Errors
    /// Kept: orders that have no meaning for matrices, fewer than two dimensions.
    #[must_use]
    pub fn matrix_norm(&self, kind: NormKind, keepdims: bool) -> Self {
        self.norm(kind, [-2, -1], keepdims)
    }
}

fn vector_norm(magnitudes: &Array, kind: NormKind, options: &ReduceOptions) -> Array {
    match kind {
        NormKind::Frobenius => magnitudes.square().sum(options).sqrt(),
        NormKind::Nuclear => magnitudes.failed(Error::invalid("Invalid norm order 'nuc' for vectors")),
        NormKind::P(p) if p == f64::INFINITY => magnitudes.largest(options),
        NormKind::P(p) if p == f64::NEG_INFINITY => magnitudes.min(options),
        NormKind::P(0.0) => magnitudes.ne(0.0).astype(magnitudes.dtype().unwrap_or(DType::F64)).sum(options),
        NormKind::P(1.0) => magnitudes.sum(options),
        NormKind::P(2.0) => magnitudes.square().sum(options).sqrt(),
        NormKind::P(p) => magnitudes.power(p).sum(options).power(1.0 / p),
    }
}
