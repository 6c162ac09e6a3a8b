//! Matrix products of integers, which wrap, and of bool.

use super::matmul::{Factor, Target, in_order};
use crate::element::Element;

/// The columns of the right factor that are worked on together: its rows of this width stay in the cache.
const BLOCK_COLUMNS: usize = 512;
/// Rows of the right factor that are added in one pass over a row of the result.
const BLOCK_ROWS: usize = 4;

/// Sums and products of a ring.
pub(super) trait Ring: Element {
    fn multiply_add(self, left: Self, right: Self) -> Self;
}

impl Ring for bool {
    #[inline(always)]
    fn multiply_add(self, left: Self, right: Self) -> Self {
        self | (left & right)
    }
}

macro_rules! ring {
    ($($type:ty),*) => {$(
        impl Ring for $type {
            #[inline(always)]
            fn multiply_add(self, left: Self, right: Self) -> Self {
                self.wrapping_add(left.wrapping_mul(right))
            }
        }
    )*};
}
ring!(i8, i16, i32, i64, u8, u16, u32, u64);

/// `target += left @ right`, none of which is empty. The factors are copied once into C order.
pub(super) fn multiply_add<T: Ring>(target: Target<'_, T>, left: Factor<'_, T>, right: Factor<'_, T>) {
    let Target { elements, row_stride } = target;
    let (k, n) = right.shape();
    let (left, right) = (in_order(&left), in_order(&right));
    for start in (0..n).step_by(BLOCK_COLUMNS) {
        let columns = start..n.min(start + BLOCK_COLUMNS);
        for (left, row) in left.chunks_exact(k).zip(elements.chunks_mut(row_stride)) {
            let sums = &mut row[columns.clone()];
            for (left, right) in left.chunks(BLOCK_ROWS).zip(right.chunks(BLOCK_ROWS * n)) {
                add_rows(sums, left, right, n, columns.start);
            }
        }
    }
}

#[inline(always)]
fn add_rows<T: Ring>(sums: &mut [T], left: &[T], right: &[T], n: usize, start: usize) {
    let width = sums.len();
    let row = |i: usize| &right[i * n + start..][..width];
    if let &[a, b, c, d] = left {
        let (ra, rb, rc, rd) = (row(0), row(1), row(2), row(3));
        for (j, sum) in sums.iter_mut().enumerate() {
            *sum = sum.multiply_add(a, ra[j]).multiply_add(b, rb[j]).multiply_add(c, rc[j]).multiply_add(d, rd[j]);
        }
        return;
    }
    for (i, &factor) in left.iter().enumerate() {
        sums.iter_mut().zip(row(i)).for_each(|(sum, value)| *sum = sum.multiply_add(factor, *value));
    }
}
