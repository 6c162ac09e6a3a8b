//! Covariances and correlations of variables.

use swath_kernels::DType;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::reduce::ReduceOptions;

/// How [`Array::cov_with`] counts observations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Covariance<'a> {
    /// Whether rows are variables, columns observations; else the other way round.
    pub rows: bool,
    /// What is taken from the number of observations; one without it.
    pub ddof: Option<i64>,
    /// How often each observation counts: whole numbers (NumPy's `fweights`).
    pub frequencies: Option<&'a Array>,
    /// How much each observation weighs (NumPy's `aweights`).
    pub weights: Option<&'a Array>,
}

impl Array {
    /// The covariances of variables: each row of a matrix is one (each column without `rows`), each column an observation.
    ///
    /// # Errors
    /// Kept: more than two dimensions.
    #[must_use]
    pub fn cov(&self, rows: bool, ddof: i64) -> Self {
        let floats = match self.observed(rows) {
            Ok(floats) => floats,
            Err(error) => return self.failed(error),
        };
        let ndim = self.ndim().unwrap_or(2);
        let count = match floats.shape() {
            Ok(shape) => shape[1] as i64,
            Err(error) => return self.failed(error),
        };
        let centred = &floats - floats.mean(ReduceOptions::over(1).keepdims());
        let divisor = (count - ddof).max(0) as f64;
        let products = centred.matmul(centred.t().conj()) / divisor;
        if ndim < 2 || products.shape().is_ok_and(|shape| shape == [1, 1]) { products.reshape(()) } else { products }
    }

    /// Variables as rows of floats, observations as columns.
    pub(crate) fn observed(&self, rows: bool) -> Result<Self> {
        let ndim = self.ndim()?;
        if ndim > 2 {
            return Err(Error::invalid("m has more than 2 dimensions"));
        }
        let matrix = if ndim < 2 {
            self.reshape([1, -1])
        } else if rows {
            self.clone()
        } else {
            self.t()
        };
        Ok(matrix.then(|array| match array.dtype() {
            // As NumPy, in double precision at least.
            dtype if dtype.is_complex() => array.cast(DType::C128),
            _ => array.cast(DType::F64),
        }))
    }

    /// The correlation coefficients of variables, as [`Array::cov`] takes them.
    #[must_use]
    pub fn corrcoef(&self, rows: bool) -> Self {
        let covariances = self.cov(rows, 1);
        if covariances.ndim().is_ok_and(|ndim| ndim == 0) {
            // One, but NaN of a variable that does not vary.
            return covariances.divide(&covariances);
        }
        let deviations = covariances.diagonal(0, 0, 1).real().sqrt();
        let scaled = &covariances / deviations.reshape([-1, 1]) / &deviations;
        match scaled.dtype() {
            Ok(dtype) if dtype.is_complex() => scaled,
            _ => scaled.clip(Some((-1.0).into()), Some(1.0.into())),
        }
    }

    /// The covariances of variables, with observations that count several times or weigh more than others. Weights are looked at when this
    /// is called.
    ///
    /// # Errors
    /// Kept: more than two dimensions; weights of another length than there are observations, negative ones, frequencies that are not whole.
    #[must_use]
    pub fn cov_with(&self, options: Covariance<'_>) -> Self {
        let ddof = options.ddof.unwrap_or(1);
        if options.frequencies.is_none() && options.weights.is_none() {
            return self.cov(options.rows, ddof);
        }
        self.weighted_cov(options, ddof as f64).unwrap_or_else(|error| self.failed(error))
    }

    fn weighted_cov(&self, options: Covariance<'_>, ddof: f64) -> Result<Self> {
        let variables = self.observed(options.rows)?;
        let count = variables.shape()?[1];
        let list = |weights: &Self, name: &str, whole: bool| -> Result<Vec<f64>> {
            let shape = weights.shape()?;
            if shape.len() > 1 {
                return Err(Error::invalid(format!("cannot handle multidimensional {name}")));
            }
            if shape != [count] {
                return Err(Error::invalid(format!("incompatible numbers of samples and {name}")));
            }
            let list = weights.astype(DType::F64).compute()?.to_vec::<f64>()?;
            if whole && list.iter().any(|one| *one != one.round()) {
                return Err(Error::invalid(format!("{name} must be integer")));
            }
            match list.iter().any(|one| *one < 0.0) {
                true => Err(Error::invalid(format!("{name} cannot be negative"))),
                false => Ok(list),
            }
        };
        let own = options.weights.map(|weights| list(weights, "aweights", false)).transpose()?;
        let mut all = options.frequencies.map_or(Ok(vec![1.0; count]), |counts| list(counts, "fweights", true))?;
        if let Some(own) = &own {
            all.iter_mut().zip(own).for_each(|(one, own)| *one *= own);
        }
        let total: f64 = all.iter().sum();
        let divisor = match &own {
            _ if ddof == 0.0 => total,
            None => total - ddof,
            Some(own) => total - ddof * all.iter().zip(own).map(|(one, own)| one * own).sum::<f64>() / total,
        };
        let weights = self.context().from_vec(all);
        let mean = (&variables * &weights).sum(ReduceOptions::over(1).keepdims()) / total;
        let centred = &variables - mean;
        let products = (&centred * &weights).matmul(centred.t().conj()) / divisor.max(0.0);
        let single = self.ndim()? < 2 || products.shape()? == [1, 1];
        Ok(if single { products.reshape(()) } else { products })
    }
}
