//! Permutations of which any part can be computed alone.

use super::philox::{Key, mix};
use crate::isa::{Work, perform};

/// Up to this length the whole permutation is shuffled at once; each order is then equally likely.
const TABLE_LIMIT: u64 = 4096;
const ROUNDS: u64 = 10;

/// A keyed bijection of `0 .. length`.
///
/// Short ones are shuffled (Fisher and Yates). Long ones are a Feistel network over the digits of a mixed radix about the
/// square root of the length (J. Black, P. Rogaway, "Ciphers with arbitrary finite domains", 2002); the few values past
/// the end walk on along their cycle. No memory beyond 32 kB.
#[derive(Debug, Clone)]
pub struct Permutation {
    length: u64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Table(Vec<u64>),
    Feistel(Network),
}

#[derive(Debug, Clone)]
struct Network {
    left: u64,
    right: u64,
    round_keys: [u64; ROUNDS as usize],
}

impl Permutation {
    /// The permutation of `0 .. length` that belongs to `key`.
    pub fn new(key: Key, length: u64) -> Self {
        let kind = if length <= TABLE_LIMIT {
            let mut table: Vec<u64> = (0..length).collect();
            for last in (1..length).rev() {
                table.swap(last as usize, super::uniform::below(key.draw(last), last + 1) as usize);
            }
            Kind::Table(table)
        } else {
            // `left * right >= length`, and less than `left` too many.
            let left = length.isqrt();
            Kind::Feistel(Network {
                left,
                right: length.div_ceil(left),
                round_keys: std::array::from_fn(|i| key.draw(i as u64)),
            })
        };
        Self { length, kind }
    }

    /// The number at `index`, which is below the length.
    pub fn at(&self, index: u64) -> u64 {
        match &self.kind {
            Kind::Table(table) => table[index as usize],
            Kind::Feistel(network) => network.walked(index, self.length),
        }
    }

    /// The numbers at `start ..`.
    pub fn fill(&self, start: u64, out: &mut [i64]) {
        match &self.kind {
            Kind::Table(table) => {
                out.iter_mut().zip(&table[start as usize..]).for_each(|(out, number)| *out = *number as i64);
            }
            Kind::Feistel(network) => perform(Fill { network, length: self.length, start, out }),
        }
    }
}

impl Network {
    /// The image of a value, or that of its image, and so on, until it is below the length.
    fn walked(&self, value: u64, length: u64) -> u64 {
        let mut value = value;
        loop {
            let (mut a, mut b) = (value % self.left, value / self.left);
            self.rounds(std::slice::from_mut(&mut a), std::slice::from_mut(&mut b));
            value = b * self.left + a;
            if value < length {
                return value;
            }
        }
    }

    /// All rounds for several values side by side.
    #[inline(always)]
    fn rounds(&self, a: &mut [u64], b: &mut [u64]) {
        for keys in self.round_keys.as_chunks::<2>().0 {
            for (a, b) in a.iter_mut().zip(b.iter_mut()) {
                *a = add_modulo(*a, below(mix(*b ^ keys[0]), self.left), self.left);
                *b = add_modulo(*b, below(mix(*a ^ keys[1]), self.right), self.right);
            }
        }
    }
}

/// Numbers that are made side by side.
const LANES: usize = 16;

struct Fill<'a> {
    network: &'a Network,
    length: u64,
    start: u64,
    out: &'a mut [i64],
}

impl Work for Fill<'_> {
    type Given = ();

    #[inline(always)]
    fn work(self) {
        let Self { network, length, start, out } = self;
        let (mut first_a, mut first_b) = (start % network.left, start / network.left);
        for out in out.chunks_mut(LANES) {
            let (mut a, mut b) = ([0; LANES], [first_b; LANES]);
            // `left` is more than `LANES`: the digit overflows once at most.
            for (lane, (a, b)) in a.iter_mut().zip(&mut b).enumerate() {
                let digit = first_a + lane as u64;
                let over = digit >= network.left;
                *a = if over { digit - network.left } else { digit };
                *b += u64::from(over);
            }
            first_a += LANES as u64;
            if first_a >= network.left {
                (first_a, first_b) = (first_a - network.left, first_b + 1);
            }
            network.rounds(&mut a, &mut b);
            for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
                let value = b * network.left + a;
                let value = if value < length { value } else { network.walked(value, length) };
                *out = value as i64;
            }
        }
    }
}

/// A number below `limit`, which is below 2^32, from the upper half of a word.
#[inline(always)]
fn below(word: u64, limit: u64) -> u64 {
    ((word >> 32) * limit) >> 32
}

#[inline(always)]
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
