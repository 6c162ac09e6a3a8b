//! Arrays as faer's matrices, without a copy, and back; stacks of matrices.

use num_complex::Complex;
use swath_solvers::{Factorise, Mat, MatRef};

use super::matmul::{Multiply, unravel};
use crate::dtype::DType;
use crate::element::Element;
use crate::error::{KernelError, Result};
use crate::layout::arrange::stack;
use crate::layout::copy::{elements_in_order, typed};
use crate::ndarray::NdArray;

/// An element type that matrices are factorised in.
pub trait Field:
    Multiply
    + Factorise<Real: Element>
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
{
    /// A number from its real and imaginary parts, rounded; real types drop the latter.
    fn from_parts(re: f64, im: f64) -> Self;
    /// The number as a complex one.
    fn parts(self) -> Complex<f64>;
    /// The complex conjugate.
    fn conjugate(self) -> Self;
    /// A real number of this field's precision as f64.
    fn real_to_f64(value: Self::Real) -> f64;
    /// A real number rounded to this field's precision.
    fn real_from_f64(value: f64) -> Self::Real;
    /// The distance from one to the next number.
    const PRECISION: f64;
}

macro_rules! field {
    ($($real:ident),*) => {$(
        impl Field for $real {
            const PRECISION: f64 = $real::EPSILON as f64;
            fn from_parts(re: f64, _: f64) -> Self {
                re as $real
            }
            fn parts(self) -> Complex<f64> {
                Complex::new(f64::from(self), 0.0)
            }
            fn conjugate(self) -> Self {
                self
            }
            fn real_to_f64(value: $real) -> f64 {
                f64::from(value)
            }
            fn real_from_f64(value: f64) -> $real {
                value as $real
            }
        }
        impl Field for Complex<$real> {
            const PRECISION: f64 = $real::EPSILON as f64;
            fn from_parts(re: f64, im: f64) -> Self {
                Complex::new(re as $real, im as $real)
            }
            fn parts(self) -> Complex<f64> {
                Complex::new(f64::from(self.re), f64::from(self.im))
            }
            fn conjugate(self) -> Self {
                self.conj()
            }
            fn real_to_f64(value: $real) -> f64 {
                f64::from(value)
            }
            fn real_from_f64(value: f64) -> $real {
                value as $real
            }
        }
    )*};
}
field!(f32, f64);

/// Runs a block with a type name bound to the field of a dtype: that of [`to_field`]'s result.
macro_rules! with_field {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::C64 => {
                type $T = num_complex::Complex<f32>;
                $body
            }
            $crate::DType::C128 => {
                type $T = num_complex::Complex<f64>;
                $body
            }
            _ => {
                type $T = f64;
                $body
            }
        }
    };
}
pub(super) use with_field;

/// The array in the field it is worked on in: integers and bool in `float64`.
///
/// # Errors
/// `float16` and dates.
pub(super) fn to_field(array: &NdArray) -> Result<NdArray> {
    match array.dtype() {
        DType::F32 | DType::F64 | DType::C64 | DType::C128 => Ok(array.clone()),
        DType::F16 => Err(KernelError::invalid("array type float16 is unsupported in linalg")),
        dtype if dtype.is_time() => {
            let accepts = "linear algebra takes numbers; cast dates and durations first";
            Err(KernelError::Unsupported { function: "linalg", dtypes: vec![dtype], accepts })
        }
        _ => crate::fused::cast(array, DType::F64),
    }
}

/// Two arrays in one field: the wider of both.
pub(super) fn to_common_field(left: &NdArray, right: &NdArray) -> Result<(NdArray, NdArray)> {
    let (left, right) = (to_field(left)?, to_field(right)?);
    let dtype = crate::promotion::promote(left.dtype(), right.dtype())?;
    Ok((crate::fused::cast(&left, dtype)?, crate::fused::cast(&right, dtype)?))
}

/// A matrix as faer sees it.
pub(super) fn matrix<T: Field>(array: &NdArray) -> Result<MatRef<'_, T>> {
    let (&[rows, columns], &[row_stride, column_stride]) = (array.shape(), array.strides()) else {
        return Err(KernelError::invalid(format!("a matrix has 2 dimensions, not {}", array.ndim())));
    };
    let elements = typed::<T>(array)?;
    if array.is_empty() {
        let none: &[T] = &[];
        return Ok(MatRef::from_column_major_slice(none, rows, columns));
    }
    // SAFETY: every element of an array's view lies in its buffer, which the result borrows; the strides count elements.
    Ok(unsafe {
        MatRef::from_raw_parts(elements.as_ptr().wrapping_add(array.offset()), rows, columns, row_stride, column_stride)
    })
}

/// A matrix as an array. The elements lie column by column, as faer left them: a view with exchanged strides.
pub(super) fn array<T: Field>(matrix: MatRef<'_, T>) -> Result<NdArray> {
    let (rows, columns) = matrix.shape();
    let mut elements = Vec::with_capacity(rows * columns);
    for column in 0..columns {
        match matrix.col(column).try_as_col_major() {
            Some(contiguous) => elements.extend_from_slice(contiguous.as_slice()),
            None => elements.extend((0..rows).map(|row| *matrix.get(row, column))),
        }
    }
    Ok(NdArray::from_vec(&[columns, rows], elements)?.t())
}

/// The conjugate transpose of a matrix as an array in C order.
pub(super) fn adjoint_array<T: Field>(matrix: MatRef<'_, T>) -> Result<NdArray> {
    let (rows, columns) = matrix.shape();
    let elements = (0..columns).flat_map(|c| (0..rows).map(move |r| matrix.get(r, c).conjugate())).collect();
    NdArray::from_vec(&[columns, rows], elements)
}

/// Real numbers as a vector.
pub(super) fn vector<T: Element>(elements: impl Iterator<Item = T>) -> Result<NdArray> {
    let elements: Vec<T> = elements.collect();
    NdArray::from_vec(&[elements.len()], elements)
}

/// A copy that may be changed.
pub(super) fn owned<T: Field>(array: &NdArray) -> Result<Mat<T>> {
    Ok(T::copied(matrix::<T>(array)?))
}

/// Whether all elements are finite.
pub(super) fn is_finite<T: Field>(array: &NdArray) -> Result<bool> {
    Ok(elements_in_order::<T>(array)?.iter().all(|value| value.parts().re.is_finite() && value.parts().im.is_finite()))
}

/// The shape `(m, n)` of the last two axes.
///
/// # Errors
/// Fewer dimensions.
pub(super) fn last_two(array: &NdArray) -> Result<(usize, usize)> {
    match *array.shape() {
        [.., m, n] => Ok((m, n)),
        _ => Err(KernelError::invalid(format!(
            "{}-dimensional array given. Array must be at least two-dimensional",
            array.ndim()
        ))),
    }
}

/// That the last two axes are of one length, which is returned.
///
/// # Errors
/// As NumPy words them.
pub(super) fn square(array: &NdArray) -> Result<usize> {
    match last_two(array)? {
        (m, n) if m == n => Ok(n),
        _ => Err(KernelError::invalid("Last 2 dimensions of the array must be square")),
    }
}

/// Applies a function of matrices to a stack of them, `(..., m, n)`; each of its results becomes one stack.
pub(super) fn stacked<const N: usize>(
    array: &NdArray,
    each: impl Fn(&NdArray) -> Result<[NdArray; N]>,
) -> Result<[NdArray; N]> {
    stacked_by(array, &each)
}

/// [`stacked`], compiled once for all functions.
fn stacked_by<const N: usize>(
    array: &NdArray,
    each: &dyn Fn(&NdArray) -> Result<[NdArray; N]>,
) -> Result<[NdArray; N]> {
    last_two(array)?;
    let outer = &array.shape()[..array.ndim() - 2];
    if outer.is_empty() {
        return each(array);
    }
    let count: usize = outer.iter().product();
    let mut results: [Vec<NdArray>; N] = std::array::from_fn(|_| Vec::with_capacity(count));
    for index in 0..count {
        let one = each(&array.slice(&unravel(index, outer))?)?;
        results.iter_mut().zip(one).for_each(|(all, result)| all.push(result));
    }
    if count == 0 {
        // The shapes and dtypes of the results are those of a matrix of zeros with ones on the diagonal.
        let (m, n) = last_two(array)?;
        let unit = unit_matrix(array.dtype(), m, n)?;
        results.iter_mut().zip(each(&unit)?).for_each(|(all, result)| all.push(result));
    }
    let mut arrays: Vec<NdArray> = Vec::with_capacity(N);
    for all in results {
        let shape = [outer, all[0].shape()].concat();
        arrays.push(match count {
            0 => NdArray::zeros(all[0].dtype(), &shape)?,
            _ => stack(&all, 0)?.reshape(&shape)?,
        });
    }
    arrays.try_into().map_err(|_| KernelError::invalid("a stack lost one of its results"))
}

fn unit_matrix(dtype: DType, m: usize, n: usize) -> Result<NdArray> {
    with_field!(dtype, T => {
        let unit = |i: usize| if i / n == i % n { T::from_parts(1.0, 0.0) } else { T::default() };
        NdArray::from_vec(&[m, n], (0..m * n).map(unit).collect())
    })
}

#[cfg(test)]
pub(super) mod testing {
    //! Matrices to test with.

    use super::*;
    use crate::random::{Distribution, Key};

    /// Normal numbers of a field.
    pub(in super::super) fn normal<T: Field>(shape: &[usize], seed: u64) -> NdArray {
        let draw = |stream| Distribution::STANDARD_NORMAL.array(Key::new(seed, stream), DType::F64, shape).unwrap();
        let (re, im) = (draw(0).to_vec::<f64>().unwrap(), draw(1).to_vec::<f64>().unwrap());
        NdArray::from_vec(shape, re.iter().zip(im).map(|(re, im)| T::from_parts(*re, im)).collect()).unwrap()
    }

    /// The largest difference of two arrays.
    pub(in super::super) fn distance<T: Field>(left: &NdArray, right: &NdArray) -> f64 {
        assert_eq!((left.shape(), left.dtype()), (right.shape(), right.dtype()));
        let (left, right) = (left.to_vec::<T>().unwrap(), right.to_vec::<T>().unwrap());
        left.iter().zip(right).fold(0.0_f64, |worst, (l, r)| worst.max((*l - r).parts().norm()))
    }

    /// The unit matrix.
    pub(in super::super) fn unit<T: Field>(n: usize) -> NdArray {
        unit_matrix(T::DTYPE, n, n).unwrap()
    }

    /// A matrix with given values on its diagonal.
    pub(in super::super) fn diagonal<T: Field>(values: &NdArray, m: usize, n: usize) -> NdArray {
        let values = values.to_vec::<T::Real>().unwrap();
        let at = |i: usize| if i / n == i % n { T::real_to_f64(values[i / n]) } else { 0.0 };
        NdArray::from_vec(&[m, n], (0..m * n).map(|i| T::from_parts(at(i), 0.0)).collect()).unwrap()
    }
}
