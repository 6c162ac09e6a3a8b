//! Poisson numbers.
//!
//! One rate for all elements: by inversion of a table up to a rate of 65,536, one draw an element. Above, and for
//! rates that differ by element: inversion below 10, and the transformed rejection PTRS of W. Hörmann ("The transformed
//! rejection method for generating Poisson random variables", 1993) from 10 on, whose retries count in the element's own
//! sub-counter: the number of an element is still a function of its index and rate.

use super::discrete::Discrete;
use super::philox::Key;
use super::uniform::{open_unit, unit};

const TABLE_LIMIT: f64 = 65_536.0;
/// The largest rate: ten deviations above it still fit in 64 bits.
pub const LARGEST_RATE: f64 = 9.223_372_006_484_771e18;

/// Poisson numbers of one mean.
#[derive(Debug, Clone)]
pub struct Poisson {
    rate: f64,
    /// Where the rate allows one.
    table: Option<Table>,
}

impl Poisson {
    /// Numbers of mean `rate`, which lies in [0, [`LARGEST_RATE`]].
    pub fn new(rate: f64) -> Self {
        Self { rate, table: Table::new(rate) }
    }

    /// Elements `start ..` of an array of these numbers.
    pub fn fill(&self, key: Key, start: u64, out: &mut [i64]) {
        match &self.table {
            Some(table) => {
                table.outcomes.fill(key, start, out);
                out.iter_mut().for_each(|k| *k += table.first);
            }
            None => {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = poisson(key, start.wrapping_add(i as u64), self.rate);
                }
            }
        }
    }
}

/// Elements `start ..` of an array of Poisson numbers, each with its own mean in [0, [`LARGEST_RATE`]].
pub fn fill_poisson_each(key: Key, start: u64, rates: &[f64], out: &mut [i64]) {
    for (i, (out, &rate)) in out.iter_mut().zip(rates).enumerate() {
        *out = poisson(key, start.wrapping_add(i as u64), rate);
    }
}

/// The probabilities about the mode, as far as they matter to a draw of 53 bits.
#[derive(Debug, Clone)]
struct Table {
    first: i64,
    outcomes: Discrete,
}

impl Table {
    fn new(rate: f64) -> Option<Self> {
        const NEGLIGIBLE: f64 = 1e-20;
        if rate > TABLE_LIMIT {
            return None;
        }
        let mode = rate.floor();
        // Relative to the mode's probability: the sum divides it out.
        let mut below = Vec::new();
        let (mut k, mut p) = (mode, 1.0);
        while k > 0.0 && p > NEGLIGIBLE {
            p *= k / rate;
            k -= 1.0;
            below.push(p);
        }
        let mut weights: Vec<f64> = below.into_iter().rev().collect();
        let first = mode as i64 - weights.len() as i64;
        (k, p) = (mode, 1.0);
        while p > NEGLIGIBLE {
            weights.push(p);
            k += 1.0;
            p *= rate / k;
        }
        Some(Self { first, outcomes: Discrete::new(&weights)? })
    }
}

/// The Poisson number of element `index`.
fn poisson(key: Key, index: u64, rate: f64) -> i64 {
    if rate < 10.0 { invert(unit(key.draw(index)), rate) } else { transformed_rejection(key, index, rate) }
}

fn invert(u: f64, rate: f64) -> i64 {
    let mut p = (-rate).exp();
    let (mut k, mut cumulative) = (0, p);
    // The sum may stay below the largest draw by rounding; terms of no weight end the search.
    while cumulative <= u && p > 1e-300 {
        k += 1;
        p *= rate / k as f64;
        cumulative += p;
        if p < f64::EPSILON * 1e-3 && k as f64 > rate {
            break;
        }
    }
    k
}

fn transformed_rejection(key: Key, index: u64, rate: f64) -> i64 {
    let log_rate = rate.ln();
    let b = 0.931 + 2.53 * rate.sqrt();
    let a = -0.059 + 0.024_83 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let v_r = 0.9277 - 3.6224 / (b - 2.0);
    let mut attempt = 0;
    loop {
        let [first, second] = key.retry(index, attempt);
        attempt += 1;
        let (u, v) = (unit(first) - 0.5, open_unit(second));
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + rate + 0.43).floor();
        if us >= 0.07 && v <= v_r {
            return k as i64;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        let left = v.ln() + inverse_alpha.ln() - (a / (us * us) + b).ln();
        // A draw is rejected with probability 0.3 at most: after 2^32 attempts something else is wrong.
        if left <= k * log_rate - rate - ln_factorial(k) || attempt == u32::MAX {
            return k as i64;
        }
    }
}

/// `ln(k!)` by Stirling's series; the small ones by a sum.
fn ln_factorial(k: f64) -> f64 {
    if k < 10.0 {
        return (2..=k as u32).map(|i| f64::from(i).ln()).sum();
    }
    let x = k + 1.0;
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{assert_chi_square, assert_moments};
    use super::*;

    fn probability(k: f64, rate: f64) -> f64 {
        (k * rate.ln() - rate - ln_factorial(k)).exp()
    }

    /// Chi-square of the numbers from `first` to `last`, the tails being one cell each.
    fn assert_poisson(values: &[i64], rate: f64) {
        let spread = 4.0 * rate.sqrt() + 3.0;
        let (first, last) = ((rate - spread).max(0.0).floor() as i64, (rate + spread).ceil() as i64);
        let mut counts = vec![0; (last - first + 1) as usize];
        values.iter().for_each(|&k| counts[(k.clamp(first, last) - first) as usize] += 1);
        let mut expected: Vec<f64> = (first..=last).map(|k| probability(k as f64, rate)).collect();
        let below: f64 = (0..first).map(|k| probability(k as f64, rate)).sum();
        expected[0] += below;
        let inner: f64 = expected[..expected.len() - 1].iter().sum();
        *expected.last_mut().unwrap() = 1.0 - inner;
        // Cells that expect too little are put together with their neighbour.
        let (mut cells, mut parts, mut n, mut p) = (vec![], vec![], 0, 0.0);
        for (&count, &part) in counts.iter().zip(&expected) {
            (n, p) = (n + count, p + part);
            if p * values.len() as f64 > 20.0 {
                cells.push(n);
                parts.push(p);
                (n, p) = (0, 0.0);
            }
        }
        *cells.last_mut().unwrap() += n;
        *parts.last_mut().unwrap() += p;
        assert_chi_square(&cells, &parts);
    }

    #[test]
    fn ln_factorial_is_right() {
        let mut sum = 0.0;
        for k in 1..200 {
            sum += f64::from(k).ln();
            assert!((ln_factorial(f64::from(k)) - sum).abs() < 1e-13 * sum.max(1.0), "{k}");
        }
        assert_eq!(ln_factorial(0.0), 0.0);
    }

    #[test]
    fn both_methods_follow_the_distribution() {
        for (stream, rate) in [0.3, 4.0, 9.9, 10.0, 57.3, 1000.0].into_iter().enumerate() {
            let key = Key::new(77, stream as u64);
            let mut values = vec![0; 60_000];
            Poisson::new(rate).fill(key, 0, &mut values);
            assert_poisson(&values, rate);
            fill_poisson_each(key, 0, &vec![rate; 60_000], &mut values);
            assert_poisson(&values, rate);
        }
    }

    #[test]
    fn large_rates_and_zero() {
        let mut values = vec![1; 20_000];
        Poisson::new(1e7).fill(Key::new(0, 0), 0, &mut values);
        assert_moments(&values.iter().map(|&k| k as f64).collect::<Vec<_>>(), 1e7, 1e7);
        Poisson::new(LARGEST_RATE).fill(Key::new(0, 0), 0, &mut values);
        assert!(values.iter().all(|&k| k > 9_000_000_000_000_000_000));
        Poisson::new(0.0).fill(Key::new(0, 0), 0, &mut values);
        assert!(values.iter().all(|&k| k == 0));
        fill_poisson_each(Key::new(0, 0), 0, &[0.0; 8], &mut values[..8]);
        assert_eq!(values[..8], [0; 8]);
        assert!((0..100).all(|i| invert(1.0 - f64::from(i) * 1.2e-16, 9.9) < 70));
    }
}
