//! Quantiles of elements that weigh differently.

use super::key::Sortable;
use super::sort::order;
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::layout::copy::elements_borrowed;
use crate::ndarray::NdArray;
use crate::shape::Dims;
use crate::with_element;

/// For each line along the last axis the elements up to which the weights' shares reach `at` (in [0, 1]), along a new last axis; NaN where an
/// element is NaN. Weights are float64 of the array's shape.
///
/// As NumPy's `inverted_cdf`: the first element whose share of all weights, with those before it, is at least `at`, elements without weight
/// at the start left out.
///
/// # Errors
/// Weights of another shape or dtype, negative ones, lines whose weights are not finite or all zero; complex numbers; no elements.
pub fn weighted_quantile(array: &NdArray, weights: &NdArray, at: &[f64]) -> Result<NdArray> {
    let dtype = array.dtype();
    let length = array.shape().last().copied().unwrap_or(0);
    if dtype.is_complex() || dtype == DType::Bool {
        let accepts = "quantiles take real numbers and dates; cast bool first";
        return Err(KernelError::Unsupported { function: "quantile", dtypes: vec![dtype], accepts });
    }
    if weights.shape() != array.shape() || length == 0 {
        return Err(KernelError::invalid("weighted quantiles need elements, and a weight for each"));
    }
    let weights = elements_borrowed::<f64>(weights)?;
    let mut shape: Dims = array.shape().into();
    shape.pop();
    shape.push(at.len());
    with_element!(dtype, T => {
        let elements = elements_borrowed::<T>(array)?;
        let mut results: Vec<T> = Vec::with_capacity(elements.len() / length * at.len());
        for (line, weights) in elements.chunks_exact(length).zip(weights.chunks_exact(length)) {
            let order = order(line, dtype.is_time());
            let shares = shares(&order, weights)?;
            let last = line[order[length - 1] as usize];
            results.extend(at.iter().map(|at| match Sortable::is_nan(last, dtype.is_time()) {
                true => last,
                false => line[order[shares.partition_point(|share| share < at).min(length - 1)] as usize],
            }));
        }
        NdArray::from_vec(&shape, results)?.reinterpret(dtype)
    })
}

/// The share of all weights that each element has with those before it in an order; below zero before the first that has any.
fn shares(order: &[u32], weights: &[f64]) -> Result<Vec<f64>> {
    if weights.iter().any(|weight| *weight < 0.0) {
        return Err(KernelError::invalid("Weights must be non-negative."));
    }
    let mut sum = 0.0;
    let sums = order.iter().map(|place| {
        sum += weights[*place as usize];
        sum
    });
    let mut shares: Vec<f64> = sums.collect();
    let all = sum;
    if all == 0.0 || !all.is_finite() {
        return Err(KernelError::invalid("Weights included NaN, inf or were all zero."));
    }
    shares.iter_mut().for_each(|share| *share = if *share == 0.0 { -1.0 } else { *share / all });
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_weights_decide() {
        let array = NdArray::from_vec(&[2, 4], vec![3, 1, 2, 4, 10, 20, 30, 40]).unwrap();
        let weights = NdArray::from_vec(&[2, 4], vec![1.0, 0.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
        let found = weighted_quantile(&array, &weights, &[0.0, 0.25, 0.5, 0.51, 1.0]).unwrap();
        assert_eq!(found.shape(), &[2, 5]);
        assert_eq!(found.to_vec::<i32>().unwrap(), [2, 2, 3, 4, 4, 10, 10, 20, 30, 40]);
        let nan = NdArray::from_vec(&[2], vec![1.0, f64::NAN]).unwrap();
        let even = NdArray::from_vec(&[2], vec![1.0; 2]).unwrap();
        assert!(weighted_quantile(&nan, &even, &[0.0]).unwrap().to_vec::<f64>().unwrap()[0].is_nan());
    }

    #[test]
    fn errors() {
        let array = NdArray::from_vec(&[2], vec![1, 2]).unwrap();
        let of = |weights: Vec<f64>| {
            let weights = NdArray::from_vec(&[weights.len()], weights).unwrap();
            weighted_quantile(&array, &weights, &[0.5]).unwrap_err().to_string()
        };
        assert_eq!(of(vec![1.0, -1.0]), "Weights must be non-negative.");
        assert_eq!(of(vec![0.0, 0.0]), "Weights included NaN, inf or were all zero.");
        assert_eq!(of(vec![f64::NAN, 1.0]), "Weights included NaN, inf or were all zero.");
        assert_eq!(of(vec![1.0]), "weighted quantiles need elements, and a weight for each");
    }
}
