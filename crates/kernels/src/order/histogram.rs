//! Counting elements into bins. Counts of chunks are added to those of the whole.

use std::borrow::Cow;

use num_complex::Complex;

use super::key::Sortable;
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::layout::copy::{elements_borrowed, elements_in_order};
use crate::ndarray::NdArray;

/// Bins, each from one edge to before the next; the last one holds its upper edge too.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    edges: Vec<f64>,
    uniform: bool,
}

impl Bins {
    /// `count` bins of equal width from `low` to `high`; of width `1 / count` about them where they are equal.
    ///
    /// # Errors
    /// No bins; bounds that are not finite or not in order.
    pub fn uniform(count: usize, low: f64, high: f64) -> Result<Self> {
        if count == 0 {
            return Err(KernelError::invalid("`bins` must be positive, when an integer"));
        }
        if !(low.is_finite() && high.is_finite()) {
            return Err(KernelError::invalid(format!("supplied range of [{low}, {high}] is not finite")));
        }
        if low > high {
            return Err(KernelError::invalid("max must be larger than min in range parameter."));
        }
        let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
        let step = (high - low) / count as f64;
        let edges = (0..=count).map(|i| if i == count { high } else { i as f64 * step + low }).collect();
        Ok(Self { edges, uniform: true })
    }

    /// Bins between given edges.
    ///
    /// # Errors
    /// Edges that do not ascend.
    pub fn edges(edges: &[f64]) -> Result<Self> {
        if !edges.is_sorted_by(|a, b| a <= b) || edges.iter().any(|edge| edge.is_nan()) {
            return Err(KernelError::invalid("`bins` must increase monotonically, when an array"));
        }
        Ok(Self { edges: edges.to_vec(), uniform: false })
    }

    /// The edges, one more than there are bins.
    pub fn as_edges(&self) -> &[f64] {
        &self.edges
    }

    /// How many bins there are.
    pub fn len(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Whether there is no bin.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bin of a value.
    #[inline]
    fn bin(&self, value: f64) -> Option<usize> {
        let count = self.len();
        let (first, last) = (*self.edges.first()?, *self.edges.last()?);
        if count == 0 || !(value >= first && value <= last) {
            return None;
        }
        if !self.uniform {
            return Some(if value == last {
                self.last_bin()
            } else {
                self.edges.partition_point(|edge| *edge <= value) - 1
            });
        }
        let guess = ((value - first) / (last - first) * count as f64) as usize;
        let guess = guess.min(count - 1);
        // Rounding may have missed by one: the edges decide.
        Some(if value < self.edges[guess] {
            guess - 1
        } else if guess + 1 < count && value >= self.edges[guess + 1] {
            guess + 1
        } else {
            guess
        })
    }

    /// The bin of the largest value: the last one.
    fn last_bin(&self) -> usize {
        self.len() - 1
    }
}

/// How many elements fall into each bin, int64; or with weights (of the same shape) the sums of their weights, float64 or
/// complex128. Elements outside all bins, and NaN, do not count.
///
/// # Errors
/// Complex elements or dates; weights of another shape.
pub fn histogram(array: &NdArray, bins: &Bins, weights: Option<&NdArray>) -> Result<NdArray> {
    let values = as_f64(array, "histogram")?;
    let Some(weights) = weights else {
        let mut counts = vec![0_i64; bins.len()];
        for bin in values.iter().filter_map(|value| bins.bin(*value)) {
            counts[bin] += 1;
        }
        return NdArray::from_vec(&[counts.len()], counts);
    };
    if weights.shape() != array.shape() {
        return Err(KernelError::invalid("weights should have the same shape as a."));
    }
    let places = values.iter().map(|value| bins.bin(*value));
    if weights.dtype().is_complex() {
        let weights = as_complex(weights)?;
        let mut sums = vec![Complex::<f64>::default(); bins.len()];
        places.zip(weights).for_each(|(bin, weight)| bin.into_iter().for_each(|bin| sums[bin] += weight));
        return NdArray::from_vec(&[sums.len()], sums);
    }
    let weights = as_f64(weights, "histogram")?;
    let mut sums = vec![0.0; bins.len()];
    places.zip(weights.iter()).for_each(|(bin, weight)| bin.into_iter().for_each(|bin| sums[bin] += weight));
    NdArray::from_vec(&[sums.len()], sums)
}

/// Counts as a density: divided by their sum and by the widths of the bins.
///
/// # Errors
/// Another number of counts.
pub fn density(counts: &NdArray, bins: &Bins) -> Result<NdArray> {
    let counts = as_f64(counts, "density")?;
    if counts.len() != bins.len() {
        return Err(KernelError::invalid(format!("{} counts for {} bins", counts.len(), bins.len())));
    }
    let total: f64 = counts.iter().sum();
    let widths = bins.edges.windows(2).map(|edge| edge[1] - edge[0]);
    NdArray::from_vec(&[counts.len()], counts.iter().zip(widths).map(|(n, width)| n / width / total).collect())
}

/// How often each integer from zero occurs, up to the largest one and at least `min_length` of them: int64. With weights the
/// sums of their weights, float64.
///
/// # Errors
/// Not one dimension of integers; negative ones; weights of another length.
pub fn bincount(array: &NdArray, weights: Option<&NdArray>, min_length: usize) -> Result<NdArray> {
    if array.ndim() != 1 {
        return Err(KernelError::invalid("object too deep or too shallow: bincount takes 1 dimension"));
    }
    if !(array.dtype().is_integer() || array.dtype() == DType::Bool) {
        let (dtypes, accepts) = (vec![array.dtype()], "it takes integers");
        return Err(KernelError::Unsupported { function: "bincount", dtypes, accepts });
    }
    let values: Vec<i64> = elements_in_order(&crate::fused::cast(array, DType::I64)?)?;
    if values.iter().any(|value| *value < 0) {
        return Err(KernelError::invalid("'list' argument must have no negative elements"));
    }
    let length = values.iter().max().map_or(0, |largest| *largest as usize + 1).max(min_length);
    let Some(weights) = weights else {
        let mut counts = vec![0_i64; length];
        values.iter().for_each(|value| counts[*value as usize] += 1);
        return NdArray::from_vec(&[length], counts);
    };
    let weights = as_f64(weights, "bincount")?;
    if weights.len() != values.len() {
        return Err(KernelError::invalid("The weights and list don't have the same length."));
    }
    let mut sums = vec![0.0; length];
    values.iter().zip(weights.iter()).for_each(|(value, weight)| sums[*value as usize] += weight);
    NdArray::from_vec(&[length], sums)
}

/// For each element the number of the bin it falls into: with ascending edges `edges[i - 1] <= x < edges[i]`, or
/// `edges[i - 1] < x <= edges[i]` with `right`; with descending ones the other way round. int64.
///
/// # Errors
/// Edges that are not monotonic; complex elements or dates.
pub fn digitize(array: &NdArray, edges: &[f64], right: bool) -> Result<NdArray> {
    let ascending = edges.is_sorted_by(|a, b| a.key(false) <= b.key(false));
    if !ascending && !edges.is_sorted_by(|a, b| a.key(false) >= b.key(false)) {
        return Err(KernelError::invalid("bins must be monotonically increasing or decreasing"));
    }
    let keys: Vec<u64> = edges.iter().map(|edge| edge.key(false)).collect();
    let place = |value: f64| {
        let key = value.key(false);
        match (ascending, right) {
            (true, false) => keys.partition_point(|edge| *edge <= key),
            (true, true) => keys.partition_point(|edge| *edge < key),
            (false, false) => keys.partition_point(|edge| *edge > key),
            (false, true) => keys.partition_point(|edge| *edge >= key),
        }
    };
    let places = as_f64(array, "digitize")?.iter().map(|value| place(*value) as i64).collect();
    NdArray::from_vec(array.shape(), places)
}

fn as_f64<'a>(array: &'a NdArray, function: &'static str) -> Result<Cow<'a, [f64]>> {
    if array.dtype().is_complex() || array.dtype().is_time() {
        let accepts = "it takes real numbers; cast dates to integers first";
        return Err(KernelError::Unsupported { function, dtypes: vec![array.dtype()], accepts });
    }
    if array.dtype() == DType::F64 {
        return elements_borrowed(array);
    }
    elements_in_order(&crate::fused::cast(array, DType::F64)?).map(Cow::Owned)
}

fn as_complex(array: &NdArray) -> Result<Vec<Complex<f64>>> {
    elements_in_order(&crate::fused::cast(array, DType::C128)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(array: &NdArray) -> Vec<i64> {
        array.to_vec().unwrap()
    }

    #[test]
    fn uniform_bins() {
        let array = NdArray::from_vec(&[7], vec![1.0, 2.0, 1.0, 4.0, f64::NAN, 5.0, -1.0]).unwrap();
        let bins = Bins::uniform(3, 1.0, 4.0).unwrap();
        assert_eq!(bins.as_edges(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(counts(&histogram(&array, &bins, None).unwrap()), [2, 1, 1]);
        assert_eq!(Bins::uniform(2, 3.0, 3.0).unwrap().as_edges(), [2.5, 3.0, 3.5]);
        // Every edge belongs to the bin that begins with it, whatever rounding does to the quotient.
        for n in 1..200 {
            let bins = Bins::uniform(n, 0.1, 0.7).unwrap();
            let edges = NdArray::from_vec(&[n + 1], bins.as_edges().to_vec()).unwrap();
            let mut expected = vec![1; n];
            expected[n - 1] = 2;
            assert_eq!(counts(&histogram(&edges, &bins, None).unwrap()), expected);
            let same = Bins::edges(bins.as_edges()).unwrap();
            assert_eq!(histogram(&edges, &same, None).unwrap(), histogram(&edges, &bins, None).unwrap());
        }
    }

    #[test]
    fn edges_weights_and_density() {
        let array = NdArray::from_vec(&[2, 2], vec![0_i16, 5, 9, 10]).unwrap();
        let bins = Bins::edges(&[0.0, 5.0, 10.0]).unwrap();
        let weights = NdArray::from_vec(&[2, 2], vec![0.5, 1.0, 2.0, 4.0]).unwrap();
        assert_eq!(histogram(&array, &bins, Some(&weights)).unwrap().to_vec::<f64>().unwrap(), [0.5, 7.0]);
        let turned = NdArray::from_vec(&[2, 2], vec![Complex::new(0.0_f64, 1.0); 4]).unwrap();
        assert_eq!(histogram(&array, &bins, Some(&turned)).unwrap().to_vec::<Complex<f64>>().unwrap()[1].im, 3.0);
        let found = density(&histogram(&array, &bins, None).unwrap(), &bins).unwrap();
        assert_eq!(found.to_vec::<f64>().unwrap(), [0.05, 0.15]);
        assert!(histogram(&array, &bins, Some(&weights.reshape(&[4]).unwrap())).is_err());
        assert!(histogram(&turned, &bins, None).is_err());
        assert_eq!(counts(&histogram(&array, &Bins::edges(&[0.0, 10.0, 10.0]).unwrap(), None).unwrap()), [3, 1]);
        assert_eq!(counts(&histogram(&array, &Bins::edges(&[1.0]).unwrap(), None).unwrap()), []);
    }

    #[test]
    fn wrong_bins() {
        let text = |bins: Result<Bins>| bins.unwrap_err().to_string();
        assert_eq!(text(Bins::uniform(0, 0.0, 1.0)), "`bins` must be positive, when an integer");
        assert_eq!(text(Bins::uniform(1, 0.0, f64::NAN)), "supplied range of [0, NaN] is not finite");
        assert_eq!(text(Bins::uniform(1, 2.0, 1.0)), "max must be larger than min in range parameter.");
        assert_eq!(text(Bins::edges(&[2.0, 1.0])), "`bins` must increase monotonically, when an array");
    }

    #[test]
    fn integers_are_counted() {
        let array = NdArray::from_vec(&[4], vec![3_u8, 0, 3, 1]).unwrap();
        assert_eq!(counts(&bincount(&array, None, 0).unwrap()), [1, 1, 0, 2]);
        assert_eq!(bincount(&array, None, 7).unwrap().len(), 7);
        let weights = NdArray::from_vec(&[4], vec![0.5_f32, 1.0, 2.0, 4.0]).unwrap();
        assert_eq!(bincount(&array, Some(&weights), 0).unwrap().to_vec::<f64>().unwrap(), [1.0, 4.0, 0.0, 2.5]);
        assert_eq!(bincount(&NdArray::zeros(DType::I64, &[0]).unwrap(), None, 0).unwrap().len(), 0);
        let negative = NdArray::from_vec(&[1], vec![-1]).unwrap();
        assert_eq!(
            bincount(&negative, None, 0).unwrap_err().to_string(),
            "'list' argument must have no negative elements"
        );
        assert!(bincount(&weights, None, 0).is_err());
        assert!(bincount(&array, Some(&negative), 0).is_err());
    }

    #[test]
    fn digits() {
        let array = NdArray::from_vec(&[5], vec![0.2, 6.4, 3.0, 1.0, f64::NAN]).unwrap();
        let of = |edges: &[f64], right| counts(&digitize(&array, edges, right).unwrap());
        assert_eq!(of(&[0.0, 1.0, 3.0, 10.0], false), [1, 3, 3, 2, 4]);
        assert_eq!(of(&[0.0, 1.0, 3.0, 10.0], true), [1, 3, 2, 1, 4]);
        assert_eq!(of(&[10.0, 3.0, 1.0, 0.0], false), [3, 1, 1, 2, 0]);
        assert_eq!(of(&[10.0, 3.0, 1.0, 0.0], true), [3, 1, 2, 3, 0]);
        assert!(digitize(&array, &[1.0, 3.0, 2.0], false).is_err());
    }
}
