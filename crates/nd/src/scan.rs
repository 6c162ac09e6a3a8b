//! Running results and differences along an axis.

use swath_arrays::ArrayExpr;
use swath_arrays::expr::op::Scan;
use swath_kernels::{DType, Scalar, normalize_axis};

use crate::array::Array;
use crate::error::{Error, Result};
use crate::operand::Operand;

macro_rules! scans {
    ($($name:ident = $function:ident; $doc:literal;)*) => {
        impl Array {$(
            #[doc = $doc]
            #[must_use]
            pub fn $name(&self, axis: isize) -> Self {
                self.then(|array| array.scan(Scan::$function, axis, None))
            }
        )*}
    };
}

scans! {
    cumsum = Sum; "Running sums along an axis; of a flat array `x.ravel().cumsum(0)`.";
    cumprod = Prod; "Running products along an axis.";
    cummax = Max; "Running maxima along an axis (`maximum.accumulate`).";
    cummin = Min; "Running minima along an axis (`minimum.accumulate`).";
    nancumsum = NanSum; "Running sums along an axis, NaN as zero.";
    nancumprod = NanProd; "Running products along an axis, NaN as one.";
}

impl Array {
    /// As [`Array::cumsum`], in a dtype.
    #[must_use]
    pub fn cumsum_as(&self, axis: isize, dtype: DType) -> Self {
        self.then(|array| array.scan(Scan::Sum, axis, Some(dtype)))
    }

    /// As [`Array::cumprod`], in a dtype.
    #[must_use]
    pub fn cumprod_as(&self, axis: isize, dtype: DType) -> Self {
        self.then(|array| array.scan(Scan::Prod, axis, Some(dtype)))
    }

    /// The differences of neighbours along an axis, `times` over; of `bool` whether they differ.
    #[must_use]
    pub fn diff(&self, times: usize, axis: isize) -> Self {
        (0..times).fold(self.clone(), |array, _| array.then(|array| array.diff(axis)))
    }

    /// As [`Array::diff`] with values before and behind along the axis, which broadcast along the others.
    ///
    /// # Errors
    /// Kept: values that do not fit.
    #[must_use]
    pub fn diff_between(&self, times: usize, axis: isize, before: Option<Operand>, behind: Option<Operand>) -> Self {
        let part = |operand: Operand| -> Result<Self> {
            let (values, mut shape) = (self.operand(operand), self.shape()?);
            let place = normalize_axis(axis, shape.len())?;
            if values.ndim()? > 0 {
                return Ok(values);
            }
            shape[place] = 1;
            Ok(values.broadcast_to(shape))
        };
        let parts = [before.map(part), Some(Ok(self.clone())), behind.map(part)];
        let parts: Result<Vec<Self>> = parts.into_iter().flatten().collect();
        let joined = parts.and_then(|parts| crate::join::concatenate(&parts.iter().collect::<Vec<_>>(), axis));
        match joined {
            Ok(joined) => joined.diff(times, axis),
            Err(error) => self.failed(error),
        }
    }

    /// Running sums along an axis (of a vector it may be left out), in a dtype; with `include_initial` a zero comes first.
    ///
    /// # Errors
    /// Kept: no axis where there are several.
    #[must_use]
    pub fn cumulative_sum(&self, axis: Option<isize>, dtype: Option<DType>, include_initial: bool) -> Self {
        self.cumulative("cumulative_sum", Scan::Sum, axis, dtype, include_initial.then_some(false))
    }

    /// Running products along an axis (of a vector it may be left out), in a dtype; with `include_initial` a one comes first.
    ///
    /// # Errors
    /// Kept: no axis where there are several.
    #[must_use]
    pub fn cumulative_prod(&self, axis: Option<isize>, dtype: Option<DType>, include_initial: bool) -> Self {
        self.cumulative("cumulative_prod", Scan::Prod, axis, dtype, include_initial.then_some(true))
    }

    fn cumulative(
        &self,
        name: &str,
        function: Scan,
        axis: Option<isize>,
        dtype: Option<DType>,
        initial: Option<bool>,
    ) -> Self {
        self.then(|array| -> Result<ArrayExpr> {
            let axis = match axis {
                Some(axis) => axis,
                None if array.ndim() == 1 => 0,
                None => {
                    return Err(Error::invalid(format!(
                        "For arrays which have more than one dimension ``axis`` argument is required: {name} got none"
                    )));
                }
            };
            let running = array.scan(function, axis, dtype)?;
            let Some(initial) = initial else { return Ok(running) };
            let mut widths = vec![(0, 0); array.ndim()];
            widths[normalize_axis(axis, array.ndim())?].0 = 1;
            Ok(running.pad_constant(&widths, Scalar::from(initial).cast(running.dtype()))?)
        })
    }
}
