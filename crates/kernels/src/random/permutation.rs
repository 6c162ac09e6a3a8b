//! Permutations of which any part can be computed alone.

use super::philox::{Key, mix};
use super::uniform::below;

/// Up to this length the whole permutation is shuffled at once; each order is then equally likely.
const TABLE_LIMIT: u64 = 4096;
const ROUNDS: u64 = 10;

/// A keyed bijection of `0 .. length`.
///
/// Short ones are shuffled (Fisher and Yates). Long ones are a Feistel network over the digits of a mixed radix about the
/// square root of the length (J. Black, P. Rogaway, "Ciphers with arbitrary finite domains", 2002); the few values past
/// the end walk on along their cycle. No memory beyond 32 kB, about 50 ns an element.
#[derive(Debug, Clone)]
pub struct Permutation {
    length: u64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Table(Vec<u64>),
    Feistel { left: u64, right: u64, round_keys: [u64; ROUNDS as usize] },
}

impl Permutation {
    /// The permutation of `0 .. length` that belongs to `key`.
    pub fn new(key: Key, length: u64) -> Self {
        let kind = if length <= TABLE_LIMIT {
            let mut table: Vec<u64> = (0..length).collect();
            for last in (1..length).rev() {
                table.swap(last as usize, below(key.draw(last), last + 1) as usize);
            }
            Kind::Table(table)
        } else {
            // `left * right >= length`, and less than `left` too many.
            let left = length.isqrt();
            Kind::Feistel {
                left,
                right: length.div_ceil(left),
                round_keys: std::array::from_fn(|i| key.draw(i as u64)),
            }
        };
        Self { length, kind }
    }

    /// The number at `index`, which is below the length.
    pub fn at(&self, index: u64) -> u64 {
        match &self.kind {
            Kind::Table(table) => table[index as usize],
            Kind::Feistel { left, right, round_keys } => {
                let mut value = index;
                loop {
                    value = feistel(value, *left, *right, round_keys);
                    if value < self.length {
                        return value;
                    }
                }
            }
        }
    }

    /// The numbers at `start ..`.
    pub fn fill(&self, start: u64, out: &mut [i64]) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = self.at(start + i as u64) as i64;
        }
    }
}

fn feistel(value: u64, left: u64, right: u64, round_keys: &[u64; ROUNDS as usize]) -> u64 {
    let (mut a, mut b) = (value % left, value / left);
    for keys in round_keys.as_chunks::<2>().0 {
        a = add_modulo(a, below(mix(b ^ keys[0]), left), left);
        b = add_modulo(b, below(mix(a ^ keys[1]), right), right);
    }
    b * left + a
}

fn add_modulo(a: u64, b: u64, modulus: u64) -> u64 {
    let sum = a + b;
    if sum >= modulus { sum - modulus } else { sum }
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{assert_chi_square, assert_ks};
    use super::*;

    #[test]
    fn every_number_occurs_once() {
        for length in [0, 1, 2, 5, 4096, 4097, 5000, 65_536, 100_003] {
            let permutation = Permutation::new(Key::new(9, length), length);
            let mut seen = vec![false; length as usize];
            for i in 0..length {
                assert!(!std::mem::replace(&mut seen[permutation.at(i) as usize], true), "{length}");
            }
        }
    }

    #[test]
    fn all_orders_of_four_are_equally_likely() {
        let mut counts = vec![0; 256];
        for seed in 0..48_000 {
            let p = Permutation::new(Key::new(seed, 0), 4);
            counts[(0..4).fold(0, |code, i| code * 4 + p.at(i) as usize)] += 1;
        }
        counts.retain(|&n| n > 0);
        assert_eq!(counts.len(), 24);
        assert_chi_square(&counts, &[1.0 / 24.0; 24]);
    }

    /// Of a long permutation: where a number goes is uniform, and neighbours part.
    #[test]
    fn a_network_mixes() {
        let length = 10_000;
        let image = |seed, i| Permutation::new(Key::new(seed, 0), length).at(i) as f64;
        for index in [0, 1, 4999, 9999] {
            let images: Vec<f64> = (0..5000).map(|seed| image(seed, index) + 0.5).collect();
            assert_ks(&images, |x| x / length as f64);
            let steps: Vec<f64> = (0..5000)
                .map(|s| (image(s, index) - image(s, (index + 1) % length)).rem_euclid(length as f64))
                .collect();
            assert_ks(&steps, |x| x / length as f64);
        }
        let p = Permutation::new(Key::new(123, 4), 1_000_000);
        let fixed = (0..1_000_000).filter(|&i| p.at(i) == i).count();
        assert!(fixed < 9, "{fixed} fixed points, where one is expected");
        let rises = (0..999_999).filter(|&i| p.at(i) < p.at(i + 1)).count() as f64;
        assert!((rises - 499_999.5).abs() < 5.0 * (1e6_f64 / 12.0).sqrt(), "{rises} rises");
    }

    #[test]
    fn a_part_equals_the_whole() {
        let p = Permutation::new(Key::new(1, 2), 50_000);
        let mut whole = vec![0; 50_000];
        p.fill(0, &mut whole);
        let mut part = vec![0; 100];
        p.fill(777, &mut part);
        assert_eq!(part, whole[777..877]);
    }
}
