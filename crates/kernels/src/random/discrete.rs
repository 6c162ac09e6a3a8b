//! Numbers from a finite list of probabilities, by inversion: one draw an element.

use super::philox::{Each, Key, fill};
use super::uniform::unit;

/// The outcomes `0 .. n` with given probabilities. A guide table (Chen and Asau, 1974) finds the outcome of a draw in
/// about one step whatever `n`. Memory: 12 bytes an outcome.
#[derive(Debug, Clone)]
pub struct Discrete {
    /// The probability of an outcome up to and including each; the last entry is never exceeded.
    cumulative: Vec<f64>,
    /// For each of `guide.len()` equal parts of [0, 1): the first outcome that can occur there.
    guide: Vec<u32>,
}

impl Discrete {
    /// The distribution of `weights`, which are divided by their sum. `None` if one is negative or not finite, all are
    /// zero, or there are 2^32 or more.
    pub fn new(weights: &[f64]) -> Option<Self> {
        if weights.len() > u32::MAX as usize || weights.iter().any(|w| !w.is_finite() || *w < 0.0) {
            return None;
        }
        // Neumaier's compensated sum: the errors of a long list would else add up in its tail.
        let (mut sum, mut error) = (0.0_f64, 0.0_f64);
        let mut cumulative = Vec::with_capacity(weights.len());
        for &weight in weights {
            let next = sum + weight;
            error += if sum >= weight { (sum - next) + weight } else { (weight - next) + sum };
            sum = next;
            cumulative.push(sum + error);
        }
        let total = sum + error;
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        cumulative.iter_mut().for_each(|c| *c /= total);
        // Outcomes of no weight at the end must not take what rounding left.
        let last = weights.iter().rposition(|&w| w > 0.0)?;
        cumulative.truncate(last + 1);
        cumulative[last] = f64::INFINITY;
        let mut outcome = 0;
        let parts = cumulative.len();
        let guide = (0..parts)
            .map(|part| {
                while cumulative[outcome] <= part as f64 / parts as f64 {
                    outcome += 1;
                }
                outcome as u32
            })
            .collect();
        Some(Self { cumulative, guide })
    }

    /// The outcome of one draw.
    #[inline]
    pub(super) fn outcome(&self, bits: u64) -> usize {
        let u = unit(bits);
        let part = (u * self.guide.len() as f64) as usize;
        let mut outcome = self.guide[part.min(self.guide.len() - 1)] as usize;
        // Rounding of the product may have led one part too far.
        while outcome > 0 && self.cumulative[outcome - 1] > u {
            outcome -= 1;
        }
        while self.cumulative[outcome] <= u {
            outcome += 1;
        }
        outcome
    }

    /// Elements `start ..` of an array of independent outcomes.
    pub fn fill(&self, key: Key, start: u64, out: &mut [i64]) {
        fill(key, start, &Each(|bits| self.outcome(bits) as i64), out);
    }
}

/// `count` different outcomes of `0 .. weights.len()` in the order in which they are drawn one after another, each in
/// proportion to its weight among those that are left. Every outcome gets an exponential waiting time of its weight's rate
/// and the first `count` are taken (Efraimidis and Spirakis, 2006). `None` if fewer than `count` weights are positive.
pub fn weighted_sample(key: Key, weights: &[f64], count: usize) -> Option<Vec<i64>> {
    let mut arrivals: Vec<(f64, i64)> = weights
        .iter()
        .enumerate()
        .filter(|(_, w)| **w > 0.0)
        .map(|(i, &w)| (-super::uniform::open_unit(key.draw(i as u64)).ln() / w, i as i64))
        .collect();
    if arrivals.len() < count {
        return None;
    }
    let order = |a: &(f64, i64), b: &(f64, i64)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count < arrivals.len() {
        arrivals.select_nth_unstable_by(count, order);
        arrivals.truncate(count);
    }
    arrivals.sort_unstable_by(order);
    Some(arrivals.into_iter().map(|(_, i)| i).collect())
}

#[cfg(test)]
mod tests {
    use super::super::statistics::assert_chi_square;
    use super::*;

    #[test]
    fn outcomes_follow_their_weights() {
        let weights = [1.0, 0.0, 5.0, 2.5, 0.25, 0.0];
        let discrete = Discrete::new(&weights).unwrap();
        let mut values = vec![0; 100_000];
        discrete.fill(Key::new(8, 0), 3, &mut values);
        let mut counts = [0; 6];
        values.iter().for_each(|&v| counts[v as usize] += 1);
        assert_eq!((counts[1], counts[5]), (0, 0));
        let some = |c: [u64; 6]| [c[0], c[2], c[3], c[4]];
        assert_chi_square(&some(counts), &[1.0 / 8.75, 5.0 / 8.75, 2.5 / 8.75, 0.25 / 8.75]);
    }

    #[test]
    fn outcome_is_the_inverse_of_the_distribution_function() {
        let weights: Vec<f64> = (0..1000).map(|i| f64::from((i * 7919) % 13)).collect();
        let discrete = Discrete::new(&weights).unwrap();
        for i in 0..20_000 {
            let bits = Key::new(1, 1).draw(i);
            let plain = discrete.cumulative.iter().position(|&c| c > unit(bits));
            assert_eq!(Some(discrete.outcome(bits)), plain);
        }
        assert_eq!(discrete.outcome(0), 1, "the first outcome of positive weight");
        assert_eq!(discrete.outcome(u64::MAX), weights.iter().rposition(|&w| w > 0.0).unwrap());
    }

    #[test]
    fn weights_that_make_no_distribution() {
        for weights in [&[][..], &[0.0, 0.0], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY]] {
            assert!(Discrete::new(weights).is_none(), "{weights:?}");
        }
    }

    #[test]
    fn a_weighted_sample_has_no_repeats_and_prefers_weight() {
        let weights = [1.0, 2.0, 3.0, 0.0];
        let mut firsts = [0; 3];
        for seed in 0..20_000 {
            let sample = weighted_sample(Key::new(seed, 0), &weights, 2).unwrap();
            assert_ne!(sample[0], sample[1]);
            firsts[sample[0] as usize] += 1;
        }
        assert_chi_square(&firsts, &[1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0]);
        assert_eq!(weighted_sample(Key::new(0, 0), &weights, 3).unwrap().len(), 3);
        assert!(weighted_sample(Key::new(0, 0), &weights, 4).is_none());
    }
}
