//! Matrix products.
//!
//! Floats and complex numbers go to `gemm` (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
//! 2008) with AVX-512 where the machine has it; any strides are read in place. `float16` is multiplied in `float32` and
//! rounded once. Integers wrap; for `bool` the product is "any of both".

use half::f16;
use num_complex::Complex;

use super::integers;
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::layout::copy::{elements_in_order, typed};
use crate::layout::width::same_dtype;
use crate::memory::filled;
use crate::ndarray::NdArray;
use crate::shape::{broadcast_shapes, element_count};
use crate::slicing::SliceSpec;
use crate::with_element;

/// A factor: where its first element lies in memory, and its steps.
#[derive(Clone, Copy)]
pub struct Factor<'a, T> {
    elements: &'a [T],
    offset: usize,
    rows: usize,
    columns: usize,
    row_stride: isize,
    column_stride: isize,
}

impl<'a, T: Element> Factor<'a, T> {
    /// A two-dimensional array as a factor.
    ///
    /// # Errors
    /// Another number of dimensions or dtype.
    pub fn of(array: &'a NdArray) -> Result<Self> {
        let (&[rows, columns], &[row_stride, column_stride]) = (array.shape(), array.strides()) else {
            return Err(KernelError::invalid(format!("a matrix has 2 dimensions, not {}", array.ndim())));
        };
        let elements = typed(array)?;
        // Every element of a view is inside its buffer: a factor without elements is never read.
        let offset = if array.is_empty() { 0 } else { array.offset() };
        Ok(Self { elements, offset, rows, columns, row_stride, column_stride })
    }

    /// The factor with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// The factor of some of the columns.
    pub(super) fn column_range(self, columns: std::ops::Range<usize>) -> Self {
        let offset = self.offset.wrapping_add_signed(columns.start as isize * self.column_stride);
        Self { offset, columns: columns.len(), ..self }
    }

    pub(super) fn pointer(&self) -> *const T {
        self.elements.as_ptr().wrapping_add(self.offset)
    }

    pub(super) fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    pub(super) fn strides(&self) -> (isize, isize) {
        (self.row_stride, self.column_stride)
    }

    /// The elements of one row, at the rank of the first in the whole slice and its step.
    pub(super) fn at(&self, row: usize, column: usize) -> T {
        let position = row as isize * self.row_stride + column as isize * self.column_stride;
        self.elements[self.offset.wrapping_add_signed(position)]
    }
}

/// The part of a matrix in C order to which a product is added.
pub struct Target<'a, T> {
    /// From the first element of the part to at least its last.
    pub elements: &'a mut [T],
    /// Elements from a row to the next.
    pub row_stride: usize,
}

/// An element type with a matrix product.
pub trait Multiply: Element {
    /// `target += left @ right`; the left factor conjugated where asked and complex.
    ///
    /// # Panics
    /// When inner lengths differ or the target is too small.
    fn multiply_add(target: Target<'_, Self>, left: Factor<'_, Self>, right: Factor<'_, Self>, conjugate_left: bool);
}

fn check<T: Element>(target: &Target<'_, T>, left: &Factor<'_, T>, right: &Factor<'_, T>) -> bool {
    let (m, k) = left.shape();
    let (k_right, n) = right.shape();
    assert!(k == k_right, "inner lengths {k} and {k_right} of a product differ");
    if m == 0 || n == 0 || k == 0 {
        return false;
    }
    assert!(target.row_stride >= n && target.elements.len() >= (m - 1) * target.row_stride + n, "target is too small");
    true
}

macro_rules! multiply_floats {
    ($($type:ty, $one:expr, $few_columns:expr;)*) => {$(
        impl Multiply for $type {
            fn multiply_add(
                mut target: Target<'_, Self>,
                left: Factor<'_, Self>,
                right: Factor<'_, Self>,
                conjugate_left: bool,
            ) {
                let few_columns: fn(&mut Target<'_, Self>, &Factor<'_, Self>, &Factor<'_, Self>) -> bool = $few_columns;
                if !check(&target, &left, &right) || few_columns(&mut target, &left, &right) {
                    return;
                }
                let (m, k) = left.shape();
                let n = right.shape().1;
                let ((left_rows, left_columns), (right_rows, right_columns)) = (left.strides(), right.strides());
                // SAFETY: a factor's elements all lie in its slice, as those of the array it is a view of; the target was
                // just checked, and is borrowed exclusively.
                unsafe {
                    gemm::gemm(
                        m, n, k,
                        target.elements.as_mut_ptr(), 1, target.row_stride as isize, true,
                        left.pointer(), left_columns, left_rows,
                        right.pointer(), right_columns, right_rows,
                        $one, $one, false, conjugate_left, false,
                        gemm::Parallelism::None,
                    );
                }
            }
        }
    )*};
}

multiply_floats! {
    f32, 1.0, |_, _, _| false;
    f64, 1.0, few_columns;
    Complex<f32>, Complex::new(1.0, 0.0), |_, _, _| false;
    Complex<f64>, Complex::new(1.0, 0.0), |_, _, _| false;
}

/// A product with a few columns, if it is one and the processor has a way of its own for it.
fn few_columns(target: &mut Target<'_, f64>, left: &Factor<'_, f64>, right: &Factor<'_, f64>) -> bool {
    #[cfg(target_arch = "x86_64")]
    return super::skinny::multiply_add(target, left, right);
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

macro_rules! multiply_integers {
    ($($type:ty),*) => {$(
        impl Multiply for $type {
            fn multiply_add(target: Target<'_, Self>, left: Factor<'_, Self>, right: Factor<'_, Self>, _: bool) {
                if check(&target, &left, &right) {
                    integers::multiply_add(target, left, right);
                }
            }
        }
    )*};
}
multiply_integers!(bool, i8, i16, i32, i64, u8, u16, u32, u64);

impl Multiply for f16 {
    fn multiply_add(target: Target<'_, Self>, left: Factor<'_, Self>, right: Factor<'_, Self>, _: bool) {
        if !check(&target, &left, &right) {
            return;
        }
        let (left, right) = (widened(left), widened(right));
        let (m, n) = (left.shape()[0], right.shape()[1]);
        let Target { elements, row_stride } = target;
        let mut sums = vec![0.0_f32; m * n];
        for (sums, row) in sums.chunks_exact_mut(n).zip(elements.chunks(row_stride)) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum = value.to_f32());
        }
        if let (Ok(left), Ok(right)) = (Factor::of(&left), Factor::of(&right)) {
            f32::multiply_add(Target { elements: &mut sums, row_stride: n }, left, right, false);
        }
        for (sums, row) in sums.chunks_exact(n).zip(elements.chunks_mut(row_stride)) {
            sums.iter().zip(row).for_each(|(sum, value)| *value = f16::from_f32(*sum));
        }
    }
}

fn widened(factor: Factor<'_, f16>) -> NdArray {
    let (rows, columns) = factor.shape();
    let elements = (0..rows * columns).map(|i| factor.at(i / columns, i % columns).to_f32()).collect();
    NdArray::over(DType::F32, &[rows, columns], <f32 as Element>::into_buffer(elements))
}

/// `target += left @ right` for `(m, k) x (k, n)`; the target holds `m * n` elements in C order.
///
/// # Errors
/// Other shapes or dtypes.
pub fn multiply_add<T: Multiply>(target: &mut [T], left: &NdArray, right: &NdArray) -> Result<()> {
    let (left, right) = (Factor::<T>::of(left)?, Factor::<T>::of(right)?);
    let ((m, k), (k_right, n)) = (left.shape(), right.shape());
    if k != k_right || target.len() != m * n {
        return Err(KernelError::invalid(format!(
            "product of ({m},{k}) and ({k_right},{n}) does not fit a sum of {} elements",
            target.len()
        )));
    }
    T::multiply_add(Target { elements: target, row_stride: n }, left, right, false);
    Ok(())
}

/// The sum of the products of pairs of matrices, `(m, k_i) x (k_i, n)`: one block of a product of larger matrices. Sums of
/// `float16` are kept in `float32` to the end.
///
/// # Errors
/// No pair; shapes or dtypes that differ; dates.
pub fn sum_of_products(pairs: &[(NdArray, NdArray)]) -> Result<NdArray> {
    let (first, _) = pairs.first().ok_or_else(|| KernelError::invalid("a sum of products needs at least one pair"))?;
    let dtype = first.dtype();
    same_dtype("matmul", dtype, pairs.iter().flat_map(|(left, right)| [left.dtype(), right.dtype()]))?;
    let (m, n) = match (first.shape(), pairs[0].1.shape()) {
        (&[m, _], &[_, n]) => (m, n),
        _ => return Err(KernelError::invalid("a sum of products takes matrices of 2 dimensions")),
    };
    if dtype.is_time() {
        let accepts = "it takes numbers and bool";
        return Err(KernelError::Unsupported { function: "matmul", dtypes: vec![dtype], accepts });
    }
    let count = element_count(&[m, n])?;
    if dtype == DType::F16 {
        let mut sums = vec![0.0_f32; count];
        for (left, right) in pairs {
            let (left, right) = (widened(Factor::of(left)?), widened(Factor::of(right)?));
            multiply_add::<f32>(&mut sums, &left, &right)?;
        }
        return NdArray::from_vec(&[m, n], sums.into_iter().map(f16::from_f32).collect());
    }
    with_element!(dtype, T => {
        let mut sums = filled(T::default(), count);
        for (left, right) in pairs {
            multiply_add::<T>(&mut sums, left, right)?;
        }
        NdArray::from_vec(&[m, n], sums)
    })
}

/// NumPy's `matmul`: `(..., m, k) x (..., k, n) -> (..., m, n)`, leading axes broadcast; a vector is a row on the left, a
/// column on the right, and loses that axis in the result.
///
/// # Errors
/// Scalars, inner lengths that differ, leading axes that do not broadcast, dtypes that differ.
pub fn matmul(left: &NdArray, right: &NdArray) -> Result<NdArray> {
    if left.ndim() == 0 || right.ndim() == 0 {
        return Err(KernelError::invalid(
            "matmul: Input operand does not have enough dimensions (a scalar has none); use multiply instead",
        ));
    }
    let row = if left.ndim() == 1 { left.insert_axis(0)? } else { left.clone() };
    let column = if right.ndim() == 1 { right.insert_axis(1)? } else { right.clone() };
    let (left_outer, left_inner) = row.shape().split_at(row.ndim() - 2);
    let (right_outer, right_inner) = column.shape().split_at(column.ndim() - 2);
    let ([m, k], [k_right, n]) = (left_inner, right_inner) else {
        return Err(KernelError::invalid("matmul: operands are matrices"));
    };
    if k != k_right {
        return Err(KernelError::invalid(format!(
            "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) (size {k_right} \
             is different from {k})"
        )));
    }
    let outer = broadcast_shapes(&[left_outer, right_outer])?;
    let row = row.broadcast_to(&[outer.as_slice(), &[*m, *k]].concat())?;
    let column = column.broadcast_to(&[outer.as_slice(), &[*k, *n]].concat())?;
    let mut shape = outer.to_vec();
    if left.ndim() > 1 {
        shape.push(*m);
    }
    if right.ndim() > 1 {
        shape.push(*n);
    }
    if outer.is_empty() {
        return sum_of_products(&[(row, column)])?.reshape(&shape);
    }
    if left.dtype().is_time() {
        let (dtypes, accepts) = (vec![left.dtype()], "it takes numbers and bool");
        return Err(KernelError::Unsupported { function: "matmul", dtypes, accepts });
    }
    same_dtype("matmul", left.dtype(), [right.dtype()])?;
    let count = element_count(&[outer.as_slice(), &[*m, *n]].concat())?;
    with_element!(left.dtype(), T => {
        let mut elements = filled(T::default(), count);
        if count > 0 {
            for (index, target) in elements.chunks_exact_mut(m * n).enumerate() {
                let parts = unravel(index, &outer);
                multiply_add::<T>(target, &row.slice(&parts)?, &column.slice(&parts)?)?;
            }
        }
        NdArray::from_vec(&shape, elements)
    })
}

/// The index of element number `index` in C order, as parts of a slice.
pub(super) fn unravel(index: usize, shape: &[usize]) -> Vec<SliceSpec> {
    let mut rest = index;
    let mut parts = vec![SliceSpec::NewAxis; shape.len()];
    for (part, length) in parts.iter_mut().zip(shape).rev() {
        *part = SliceSpec::Index((rest % length) as isize);
        rest /= length;
    }
    parts
}

/// The elements of a factor in C order.
pub(super) fn in_order<T: Element>(factor: &Factor<'_, T>) -> Vec<T> {
    let (rows, columns) = factor.shape();
    (0..rows).flat_map(|row| (0..columns).map(move |column| factor.at(row, column))).collect()
}

/// The product of two matrices of floats for use inside this module.
pub(super) fn product<T: Multiply>(left: &NdArray, right: &NdArray) -> Result<NdArray> {
    let (m, n) = (Factor::<T>::of(left)?.shape().0, Factor::<T>::of(right)?.shape().1);
    let mut elements = filled(T::default(), element_count(&[m, n])?);
    multiply_add(&mut elements, left, right)?;
    NdArray::from_vec(&[m, n], elements)
}

/// The conjugate transpose of a matrix.
pub(super) fn adjoint(array: &NdArray) -> Result<NdArray> {
    let turned = array.t();
    macro_rules! conjugated {
        ($type:ty) => {{
            let elements = elements_in_order::<$type>(&turned)?;
            NdArray::from_vec(turned.shape(), elements.into_iter().map(|value| value.conj()).collect())
        }};
    }
    match array.dtype() {
        DType::C64 => conjugated!(Complex<f32>),
        DType::C128 => conjugated!(Complex<f64>),
        _ => Ok(turned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scalar, layout::arrange::flip};

    fn plain<T: Element>(left: &NdArray, right: &NdArray, add: impl Fn(T, T, T) -> T) -> Vec<T> {
        let (left, right) = (Factor::<T>::of(left).unwrap(), Factor::<T>::of(right).unwrap());
        let ((m, k), (_, n)) = (left.shape(), right.shape());
        let sum = |i, j| (0..k).fold(T::default(), |sum, l| add(sum, left.at(i, l), right.at(l, j)));
        (0..m * n).map(|i| sum(i / n, i % n)).collect()
    }

    fn numbers<T: Element>(shape: &[usize], value: impl Fn(usize) -> T) -> NdArray {
        NdArray::from_vec(shape, (0..shape.iter().product()).map(value).collect()).unwrap()
    }

    const SIZES: [(usize, usize, usize); 8] =
        [(1, 1, 1), (2, 3, 4), (17, 5, 33), (64, 70, 9), (3, 0, 2), (0, 3, 2), (1, 100, 1), (40, 1, 41)];

    #[test]
    fn floats_and_complex_numbers() {
        for (m, k, n) in SIZES {
            let (a, b) = (numbers(&[m, k], |i| (i % 13) as f64 - 6.0), numbers(&[n, k], |i| (i % 7) as f64 - 3.0).t());
            let b = flip(&b, Some(&[0])).unwrap();
            assert_eq!(matmul(&a, &b).unwrap().to_vec::<f64>().unwrap(), plain(&a, &b, |s, x: f64, y| s + x * y));
            let (a, b) = (numbers(&[k, m], |i| (i % 11) as f32), numbers(&[k, n], |i| (i % 5) as f32));
            let a = a.t();
            assert_eq!(matmul(&a, &b).unwrap().to_vec::<f32>().unwrap(), plain(&a, &b, |s, x: f32, y| s + x * y));
            let complex = |i: usize| Complex::new((i % 5) as f64, (i % 3) as f64 - 1.0);
            let (a, b) = (numbers(&[m, k], complex), numbers(&[k, n], complex));
            let expected = plain(&a, &b, |s, x: Complex<f64>, y| s + x * y);
            assert_eq!(matmul(&a, &b).unwrap().to_vec::<Complex<f64>>().unwrap(), expected);
        }
    }

    #[test]
    fn integers_wrap_and_bools_join() {
        for (m, k, n) in SIZES {
            let (a, b) = (numbers(&[m, k], |i| (i * 31) as i8), numbers(&[k, n], |i| (i * 17) as i8));
            let expected = plain(&a, &b, |s: i8, x: i8, y| s.wrapping_add(x.wrapping_mul(y)));
            assert_eq!(matmul(&a, &b).unwrap().to_vec::<i8>().unwrap(), expected);
            let (a, b) = (numbers(&[k, m], |i| i as u64 * (u64::MAX / 7)).t(), numbers(&[k, n], |i| i as u64 * 3));
            let expected = plain(&a, &b, |s: u64, x: u64, y| s.wrapping_add(x.wrapping_mul(y)));
            assert_eq!(matmul(&a, &b).unwrap().to_vec::<u64>().unwrap(), expected);
            let (a, b) = (numbers(&[m, k], |i| i % 3 == 0), numbers(&[k, n], |i| i % 5 == 0));
            let expected = plain(&a, &b, |s, x, y| s || (x && y));
            assert_eq!(matmul(&a, &b).unwrap().to_vec::<bool>().unwrap(), expected);
        }
    }

    #[test]
    fn half_precision_is_rounded_once() {
        let a = numbers(&[1, 3000], |_| f16::from_f32(1.0));
        assert_eq!(matmul(&a, &a.t()).unwrap().item().unwrap(), Scalar::F16(f16::from_f32(3000.0)));
        let half = |r: std::ops::Range<usize>| a.slice(&[SliceSpec::ALL, r.into()]).unwrap();
        let pairs = [(half(0..1500), half(0..1500).t()), (half(1500..3000), half(1500..3000).t())];
        assert_eq!(sum_of_products(&pairs).unwrap().item().unwrap(), Scalar::F16(f16::from_f32(3000.0)));
        let mut sum = [f16::from_f32(5.0)];
        multiply_add(&mut sum, &a, &a.t()).unwrap();
        assert_eq!(sum[0], f16::from_f32(3005.0));
    }

    #[test]
    fn stacks_and_vectors() {
        let (a, b) = (numbers(&[2, 1, 3, 4], |i| i as i64), numbers(&[5, 4, 2], |i| i as i64));
        let c = matmul(&a, &b).unwrap();
        assert_eq!(c.shape(), &[2, 5, 3, 2]);
        let one =
            |x: &NdArray, i: &[isize]| x.slice(&i.iter().map(|i| SliceSpec::Index(*i)).collect::<Vec<_>>()).unwrap();
        assert_eq!(one(&c, &[1, 3]), matmul(&one(&a, &[1, 0]), &one(&b, &[3])).unwrap());
        let v = numbers(&[4], |i| i as i64);
        assert_eq!(matmul(&v, &v).unwrap().item(), Ok(Scalar::I64(14)));
        assert_eq!(matmul(&a, &v).unwrap().shape(), &[2, 1, 3]);
        assert_eq!(matmul(&v, &b).unwrap().shape(), &[5, 2]);
    }

    #[test]
    fn sums_of_products_and_errors() {
        let (a, b) = (numbers(&[2, 6], |i| i as f64), numbers(&[6, 3], |i| i as f64));
        let cut = |x: &NdArray, parts: &[SliceSpec]| x.slice(parts).unwrap();
        let (l, r) = (SliceSpec::from(0..2), SliceSpec::from(2..6));
        let pairs = [(cut(&a, &[SliceSpec::ALL, l]), cut(&b, &[l])), (cut(&a, &[SliceSpec::ALL, r]), cut(&b, &[r]))];
        assert_eq!(sum_of_products(&pairs).unwrap(), matmul(&a, &b).unwrap());
        assert!(matmul(&a, &a).unwrap_err().to_string().contains("(size 2 is different from 6)"));
        assert!(matmul(&a, &NdArray::zeros(DType::F32, &[6, 1]).unwrap()).is_err());
        assert!(matmul(&NdArray::scalar(Scalar::F64(1.0)), &a).is_err());
        assert!(sum_of_products(&[]).is_err());
        let days = NdArray::zeros("timedelta64[D]".parse().unwrap(), &[2, 2]).unwrap();
        assert!(matmul(&days, &days).is_err());
    }
}
