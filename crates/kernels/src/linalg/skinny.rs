//! Products of a large matrix with a few columns, with AVX-512: every element of the large one is read once and used for all columns, which
//! stay in registers and the nearest cache. (General products rearrange the large matrix first, which here costs more than multiplying.)

// One promise for the whole file: the processor has AVX-512 F, and the pointers are valid for the shapes that come with them.
#![allow(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc, clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::matmul::{Factor, Target};
use crate::isa::Isa;
use crate::memory::reserved;

/// Numbers of a vector, and vectors of the widest right factor.
const LANES: usize = 8;
const MOST_COLUMNS: usize = 3 * LANES;
/// Elements of the large factor from which on it pays.
const LARGE: usize = 1 << 16;
/// Rows of the result that are made at a time: with three vectors each they fill the registers.
const ROWS: usize = 8;
/// Inner positions that are taken at a time, so that the rows of the right factor stay in the cache: where the large matrix lies by rows, and
/// where it lies by columns and each position is another page.
const INNER_BY_ROWS: usize = 512;
const INNER_BY_COLUMNS: usize = 128;

/// `target += left @ right`, if it is such a product; whether it was.
pub(super) fn multiply_add(target: &mut Target<'_, f64>, left: &Factor<'_, f64>, right: &Factor<'_, f64>) -> bool {
    let ((m, k), (_, n)) = (left.shape(), right.shape());
    let (row, inner) = left.strides();
    let by_rows = inner == 1 && row >= k as isize;
    let by_columns = row == 1 && inner >= m as isize;
    let fits = (2..=MOST_COLUMNS).contains(&n) && k >= LANES && m >= LANES && m.saturating_mul(k) >= LARGE;
    if !fits || !(by_rows || by_columns) || Isa::detect() != Isa::Avx512 {
        return false;
    }
    let vectors = n.div_ceil(LANES);
    let mut packed: Vec<f64> = reserved(k * vectors * LANES);
    for position in 0..k {
        packed.extend((0..vectors * LANES).map(|column| if column < n { right.at(position, column) } else { 0.0 }));
    }
    let product = Product {
        target: target.elements.as_mut_ptr(),
        target_row: target.row_stride,
        left: left.pointer(),
        row,
        inner,
        shape: (m, k, n),
        right: packed.as_ptr(),
    };
    // SAFETY: the processor was asked; the factors' elements and the target's were checked by the caller, the packed ones are those of all
    // inner positions.
    unsafe {
        match (vectors, by_rows) {
            (1, true) => product.run::<1, false>(INNER_BY_ROWS),
            (2, true) => product.run::<2, false>(INNER_BY_ROWS),
            (_, true) => product.run::<3, false>(INNER_BY_ROWS),
            (1, false) => product.run::<1, true>(INNER_BY_COLUMNS),
            (2, false) => product.run::<2, true>(INNER_BY_COLUMNS),
            (_, false) => product.run::<3, true>(INNER_BY_COLUMNS),
        }
    }
    true
}

struct Product {
    target: *mut f64,
    target_row: usize,
    left: *const f64,
    row: isize,
    inner: isize,
    /// Rows, inner length, columns.
    shape: (usize, usize, usize),
    /// Rows of the right factor, filled up to whole vectors.
    right: *const f64,
}

impl Product {
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi1,bmi2")]
    unsafe fn run<const WIDTH: usize, const AHEAD: bool>(&self, at_a_time: usize) {
        let (m, k, _) = self.shape;
        for start in (0..k).step_by(at_a_time) {
            let inner = start..k.min(start + at_a_time);
            let whole = m / ROWS * ROWS;
            for row in (0..whole).step_by(ROWS) {
                unsafe { self.block::<WIDTH, ROWS, AHEAD>(row, inner.clone()) };
            }
            for row in whole..m {
                unsafe { self.block::<WIDTH, 1, AHEAD>(row, inner.clone()) };
            }
        }
    }

    /// Some rows of the result, with some of the inner positions.
    #[inline(always)]
    unsafe fn block<const WIDTH: usize, const HEIGHT: usize, const AHEAD: bool>(
        &self,
        row: usize,
        inner: std::ops::Range<usize>,
    ) {
        unsafe {
            let mut sums = [[_mm512_setzero_pd(); WIDTH]; HEIGHT];
            let mut left = self.left.offset(row as isize * self.row + inner.start as isize * self.inner);
            let mut right = self.right.add(inner.start * WIDTH * LANES);
            for _ in inner {
                let mut line = [_mm512_setzero_pd(); WIDTH];
                for vector in 0..WIDTH {
                    line[vector] = _mm512_loadu_pd(right.add(vector * LANES));
                }
                if AHEAD {
                    // The next rows lie behind these, in as many places as there are inner positions: no pattern that a processor sees.
                    _mm_prefetch::<_MM_HINT_T0>(left.wrapping_offset(HEIGHT as isize * self.row).cast());
                }
                for at in 0..HEIGHT {
                    let element = _mm512_set1_pd(*left.offset(at as isize * self.row));
                    for vector in 0..WIDTH {
                        sums[at][vector] = _mm512_fmadd_pd(element, line[vector], sums[at][vector]);
                    }
                }
                left = left.wrapping_offset(self.inner);
                right = right.add(WIDTH * LANES);
            }
            for at in 0..HEIGHT {
                for vector in 0..WIDTH {
                    let rest = self.shape.2.saturating_sub(vector * LANES).min(LANES);
                    let mask = ((1_u32 << rest) - 1) as u8;
                    let place = self.target.add((row + at) * self.target_row + vector * LANES);
                    let sum = _mm512_add_pd(_mm512_maskz_loadu_pd(mask, place), sums[at][vector]);
                    _mm512_mask_storeu_pd(place, mask, sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ndarray::NdArray;

    #[test]
    fn few_columns_by_rows_and_by_columns() {
        let numbers = |shape: &[usize], step: usize| {
            let count = shape.iter().product::<usize>();
            NdArray::from_vec(shape, (0..count).map(|i| (i * step % 17) as f64 - 8.0).collect()).unwrap()
        };
        for (m, k) in [(300, 700), (701, 129), (8, 9000), (9001, 8), (515, 512)] {
            for n in [2, 7, 8, 9, 16, 20, 24] {
                let right = numbers(&[k, n], 5);
                let wide = numbers(&[m, k + 3], 7);
                let by_rows = wide.slice(&[crate::SliceSpec::ALL, (1..k + 1).into()]).unwrap();
                let by_columns = numbers(&[k, m], 3).t();
                for left in [by_rows, by_columns] {
                    let (a, b) = (Factor::<f64>::of(&left).unwrap(), Factor::<f64>::of(&right).unwrap());
                    let mut found = vec![1.0; m * (n + 1)];
                    let mut target = Target { elements: &mut found, row_stride: n + 1 };
                    let is_done = multiply_add(&mut target, &a, &b);
                    assert_eq!(is_done, m * k >= LARGE && Isa::detect() == Isa::Avx512);
                    if !is_done {
                        continue;
                    }
                    for row in [0, 1, m / 2, m - 1] {
                        for column in 0..n {
                            let sum: f64 = (0..k).map(|at| a.at(row, at) * b.at(at, column)).sum();
                            assert_eq!(found[row * (n + 1) + column], sum + 1.0, "{m} x {k} x {n} at {row}, {column}");
                        }
                        assert_eq!(found[row * (n + 1) + n], 1.0);
                    }
                }
            }
        }
    }
}
