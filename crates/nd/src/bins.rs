//! Bins of histograms: how many there are to be by rules from the data, and histograms of several variables.

use swath_arrays::expr::op::QuantileMethod;
use swath_kernels::DType;

use crate::array::Array;
use crate::error::{Error, Result};
use crate::run::compute_all;
use crate::statistics::Bins;

/// A rule for the number of bins, by the names that NumPy gives them. The data are looked at when the histogram is made, not when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinRule {
    /// The finer of [`Self::Sturges`] and [`Self::FreedmanDiaconis`], the latter held to twice the bins of [`Self::Sqrt`].
    Auto,
    /// Twice the range between the quartiles over the cube root of the number (`fd`).
    FreedmanDiaconis,
    /// Sturges' rule, with the skewness in mind.
    Doane,
    /// By the standard deviation; optimal for normal data.
    Scott,
    /// The least estimated squared error, by cross-validation.
    Stone,
    /// Twice the cube root of the number.
    Rice,
    /// One more than the binary logarithm of the number.
    Sturges,
    /// The root of the number.
    Sqrt,
}

impl std::str::FromStr for BinRule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "auto" => Self::Auto,
            "fd" => Self::FreedmanDiaconis,
            "doane" => Self::Doane,
            "scott" => Self::Scott,
            "stone" => Self::Stone,
            "rice" => Self::Rice,
            "sturges" => Self::Sturges,
            "sqrt" => Self::Sqrt,
            other => return Err(Error::invalid(format!("'{other}' is not a valid estimator for `bins`"))),
        })
    }
}

impl Array {
    /// How many bins a rule finds, and between which values; of a range only the elements within it count.
    pub(crate) fn ruled_bins(&self, rule: BinRule, range: Option<(f64, f64)>) -> Result<Bins> {
        let data = match range {
            None => self.ravel(),
            Some((low, high)) => {
                if !(low <= high && low.is_finite() && high.is_finite()) {
                    // The edges have the message.
                    return Ok(Bins::Between(1, low, high));
                }
                let flat = self.ravel();
                flat.slice(crate::s![&flat.ge(low).logical_and(flat.le(high))])
            }
        };
        // How many there are is known for a range when it was looked at.
        let data = if range.is_some() { data.persist() } else { data };
        let count = data.size()?;
        if count == 0 {
            let (low, high) = range.unwrap_or((0.0, 1.0));
            return Ok(Bins::Between(1, low, high));
        }
        let double = data.astype(DType::F64);
        let ends = compute_all(&[&double.min(()), &double.max(())])?;
        let (least, most): (f64, f64) = (ends[0].item()?.to(), ends[1].item()?.to());
        let (low, high) = range.unwrap_or((least, most));
        if !(low.is_finite() && high.is_finite()) {
            return Err(Error::invalid(format!("autodetected range of [{low}, {high}] is not finite")));
        }
        let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
        let mut width = double.bin_width(rule, count, most - least, (low, high))?;
        if data.dtype()?.is_integer() && width > 0.0 && width < 1.0 {
            width = 1.0;
        }
        let bins = if width > 0.0 { ((high - low) / width).ceil() } else { 1.0 };
        Ok(Bins::Between(bins as usize, low, high))
    }

    /// The width of bins; zero where the rule finds none.
    fn bin_width(&self, rule: BinRule, count: usize, spread: f64, range: (f64, f64)) -> Result<f64> {
        let n = count as f64;
        let sturges = spread / (n.log2() + 1.0);
        let one = |array: Self| -> Result<f64> { Ok(array.compute()?.item()?.to()) };
        let quartiles = || -> Result<f64> {
            let found = self.quantiles(&[0.75, 0.25], (), QuantileMethod::Linear).compute()?.to_vec::<f64>()?;
            Ok(2.0 * (found[0] - found[1]) * n.powf(-1.0 / 3.0))
        };
        Ok(match rule {
            BinRule::Auto => quartiles()?.max(spread / n.sqrt() / 2.0).min(sturges),
            BinRule::FreedmanDiaconis => quartiles()?,
            BinRule::Doane => {
                let deviation = one(self.std(()))?;
                if count < 3 || deviation <= 0.0 {
                    return Ok(0.0);
                }
                let skewness = one(((self - self.mean(())) / deviation).power(3).mean(()))?;
                let error = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
                spread / (1.0 + n.log2() + (1.0 + skewness.abs() / error).log2())
            }
            BinRule::Scott => (24.0 * std::f64::consts::PI.sqrt() / n).cbrt() * one(self.std(()))?,
            BinRule::Stone => self.width_of_least_error(count, spread, range)?,
            BinRule::Rice => spread / (2.0 * n.cbrt()),
            BinRule::Sturges => sturges,
            BinRule::Sqrt => spread / n.sqrt(),
        })
    }

    fn width_of_least_error(&self, count: usize, spread: f64, (low, high): (f64, f64)) -> Result<f64> {
        if count < 2 || spread == 0.0 {
            return Ok(0.0);
        }
        let n = count as f64;
        let candidates: Vec<usize> = (1..=100.max(n.sqrt() as usize)).collect();
        let mut best = (f64::INFINITY, 1);
        // Several histograms a pass, so that the data are read a few times only.
        for several in candidates.chunks(50) {
            let counts: Vec<Self> =
                several.iter().map(|bins| self.histogram(Bins::Between(*bins, low, high), None, false).0).collect();
            let counts = compute_all(&counts.iter().collect::<Vec<_>>())?;
            for (bins, counts) in several.iter().zip(counts) {
                let parts = counts.to_vec::<i64>()?.into_iter().map(|count| (count as f64 / n).powi(2));
                let error = (2.0 - (n + 1.0) * parts.sum::<f64>()) / (spread / *bins as f64);
                if error < best.0 {
                    best = (error, *bins);
                }
            }
        }
        Ok(spread / best.1 as f64)
    }

    /// How many observations lie in each cell of a grid over several variables: each row is an observation, each column a variable, for
    /// each of which `bins` has an element. With weights, one a row, they are added up; with `density` the integral is one. The counts,
    /// `float64`, and the edges along each variable.
    ///
    /// # Errors
    /// Kept: an array that is no matrix; other than one element of `bins` for each variable; as [`Array::histogram_edges`].
    #[must_use]
    pub fn histogramdd(&self, bins: &[Bins], weights: Option<&Self>, density: bool) -> (Self, Vec<Self>) {
        let columns = self.shape().and_then(|shape| match shape[..] {
            [_, variables] if variables == bins.len() && variables > 0 => {
                Ok((0..variables).map(|at| self.slice(crate::s![.., at as isize])).collect::<Vec<_>>())
            }
            [_, _] => Err(Error::invalid("The dimension of bins must be equal to the dimension of the sample x.")),
            _ => Err(Error::invalid("histogramdd needs a matrix, one column for each variable")),
        });
        match columns {
            Ok(columns) => cells(&columns, bins, weights, density),
            Err(error) => (self.failed(error.clone()), vec![self.failed(error)]),
        }
    }

    /// How many points `(x, y)` lie in each cell of a grid, `x` being this vector: `(cells along x, cells along y)`, `float64`, and the edges
    /// of both. Weights and `density` as in [`Array::histogramdd`].
    ///
    /// # Errors
    /// Kept: vectors of other lengths; as [`Array::histogram_edges`].
    #[must_use]
    pub fn histogram2d(
        &self,
        y: &Self,
        bins: (impl Into<Bins>, impl Into<Bins>),
        weights: Option<&Self>,
        density: bool,
    ) -> (Self, Self, Self) {
        let (counts, edges) = cells(&[self.ravel(), y.ravel()], &[bins.0.into(), bins.1.into()], weights, density);
        (counts, edges[0].clone(), edges[1].clone())
    }
}

/// Counts in the cells of a grid: each variable's bin numbers make the number of a cell, and these are counted.
fn cells(variables: &[Array], bins: &[Bins], weights: Option<&Array>, density: bool) -> (Array, Vec<Array>) {
    let edges: Vec<Array> = variables
        .iter()
        .zip(bins)
        .map(|(own, bins)| match bins {
            // As NumPy, between numbers that were given in their precision.
            Bins::Between(..) => own.astype(DType::F64).histogram_edges(bins),
            _ => own.histogram_edges(bins),
        })
        .collect();
    let counted = || -> Result<Array> {
        let mut lengths = Vec::new();
        let mut cell: Option<Array> = None;
        for (own, edges) in variables.iter().zip(&edges) {
            let count = edges.size()?;
            if count < 2 {
                return Err(Error::invalid("`bins` must be 1d, with at least two edges"));
            }
            // Bins of what lies below and above are first and last; the last edge belongs to the last bin between.
            let last = edges.slice(crate::s![-1]);
            let bin = edges.searchsorted(own, true) - own.equal(last).astype(DType::I64);
            cell = Some(match cell {
                None => bin,
                Some(before) => before * (count as i64 + 1) + bin,
            });
            lengths.push(count + 1);
        }
        let cell = cell.ok_or_else(|| Error::invalid("a histogram of no variables"))?;
        let total = lengths.iter().product::<usize>();
        let counts = match weights {
            None => cell.then(|cell| cell.bincount(total, None)),
            Some(weights) => cell.then_with(&[weights], |both| both[0].bincount(total, Some(&both[1]))),
        };
        let mut counts = counts.astype(DType::F64).reshape(lengths.iter().map(|one| *one as isize).collect::<Vec<_>>());
        for (axis, length) in lengths.iter().enumerate() {
            counts = counts.then(|counts| counts.slice_axis(axis, 1, length - 1));
        }
        if density {
            let total = counts.sum(());
            for (axis, edges) in edges.iter().enumerate() {
                let mut shape = vec![1; lengths.len()];
                shape[axis] = -1;
                counts = counts / edges.diff(1, 0).reshape(shape);
            }
            counts = counts / total;
        }
        Ok(counts)
    };
    let counts = counted().unwrap_or_else(|error| variables[0].failed(error));
    (counts, edges)
}
