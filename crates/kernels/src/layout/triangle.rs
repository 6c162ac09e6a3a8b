//! Diagonals and triangles.

use super::copy::elements_in_order;
use super::width::{as_bits, from_bits, with_width};
use crate::dtype::DType;
use crate::error::{KernelError, Result};
use crate::ndarray::NdArray;
use crate::scalar::Scalar;
use crate::shape::{Dims, Strides, element_count, normalize_axis};
use crate::with_element;

/// The array with zeros above diagonal `k` of its last two axes.
///
/// # Errors
/// Fewer than one dimension.
pub fn tril(array: &NdArray, k: isize) -> Result<NdArray> {
    triangle(array, |row, column| column - row <= k)
}

/// The array with zeros below diagonal `k` of its last two axes.
///
/// # Errors
/// Fewer than one dimension.
pub fn triu(array: &NdArray, k: isize) -> Result<NdArray> {
    triangle(array, |row, column| column - row >= k)
}

fn triangle(array: &NdArray, keeps: impl Fn(isize, isize) -> bool) -> Result<NdArray> {
    // As in NumPy, a vector is the row of a square.
    let square;
    let array = match *array.shape() {
        [] => return Err(KernelError::invalid("tril and triu take at least 1 dimension")),
        [n] => {
            square = array.broadcast_to(&[n, n])?;
            &square
        }
        _ => array,
    };
    let (rows, columns) = (array.shape()[array.ndim() - 2], array.shape()[array.ndim() - 1]);
    with_width!(array.dtype(), T => {
        let mut elements = elements_in_order::<T>(&as_bits(array)?)?;
        if rows * columns > 0 {
            for (row, line) in elements.chunks_exact_mut(columns).enumerate() {
                for (column, value) in line.iter_mut().enumerate() {
                    if !keeps((row % rows) as isize, column as isize) {
                        *value = T::default();
                    }
                }
            }
        }
        from_bits(array.dtype(), array.shape(), elements)
    })
}

/// The view of diagonal `k` of two axes (columns minus rows): the other axes, then the diagonal.
///
/// # Errors
/// Axes that are equal or out of bounds.
pub fn diagonal(array: &NdArray, k: isize, axes: [isize; 2]) -> Result<NdArray> {
    let [row, column] = [normalize_axis(axes[0], array.ndim())?, normalize_axis(axes[1], array.ndim())?];
    if row == column {
        return Err(KernelError::invalid("axis1 and axis2 cannot be the same"));
    }
    let (rows, columns) = (array.shape()[row], array.shape()[column]);
    let (first_row, first_column) = (k.min(0).unsigned_abs(), k.max(0).unsigned_abs());
    let length = rows.saturating_sub(first_row).min(columns.saturating_sub(first_column));
    let others = (0..array.ndim()).filter(|axis| *axis != row && *axis != column);
    let (mut shape, mut strides) = (Dims::new(), Strides::new());
    for axis in others {
        shape.push(array.shape()[axis]);
        strides.push(array.strides()[axis]);
    }
    shape.push(length);
    strides.push(array.strides()[row] + array.strides()[column]);
    let start = first_row as isize * array.strides()[row] + first_column as isize * array.strides()[column];
    let offset = if length == 0 { array.offset() } else { array.offset().wrapping_add_signed(start) };
    Ok(array.view(shape, strides, offset))
}

/// A square matrix with a vector on diagonal `k`; of a matrix, its diagonal `k`.
///
/// # Errors
/// Other dimensions.
pub fn diag(array: &NdArray, k: isize) -> Result<NdArray> {
    match *array.shape() {
        [length] => {
            let n = length + k.unsigned_abs();
            let first = k.min(0).unsigned_abs() * n + k.max(0).unsigned_abs();
            with_width!(array.dtype(), T => {
                let mut elements = vec![T::default(); element_count(&[n, n])?];
                for (i, value) in elements_in_order::<T>(&as_bits(array)?)?.into_iter().enumerate() {
                    elements[first + i * (n + 1)] = value;
                }
                from_bits(array.dtype(), &[n, n], elements)
            })
        }
        [_, _] => diagonal(array, k, [0, 1]),
        _ => Err(KernelError::invalid("Input must be 1- or 2-d.")),
    }
}

/// Ones on diagonal `k`, zeros elsewhere: the block of `shape` that begins at `at` of such a matrix of any size.
///
/// # Errors
/// Too many elements.
pub fn eye(dtype: DType, shape: [usize; 2], at: [usize; 2], k: isize) -> Result<NdArray> {
    let diagonal = k + at[0] as isize - at[1] as isize;
    with_element!(dtype, T => {
        let one: T = Scalar::one(dtype).to();
        let mut elements = vec![T::default(); element_count(&shape)?];
        for row in 0..shape[0] {
            let column = row as isize + diagonal;
            if (0..shape[1] as isize).contains(&column) {
                elements[row * shape[1] + column as usize] = one;
            }
        }
        NdArray::from_vec(&shape, elements)?.reinterpret(dtype)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arange(shape: &[usize]) -> NdArray {
        NdArray::from_vec(shape, (1..=shape.iter().product::<usize>() as i32).collect()).unwrap()
    }

    fn values(array: &NdArray) -> Vec<i32> {
        array.to_vec().unwrap()
    }

    #[test]
    fn triangles() {
        let array = arange(&[2, 3]);
        assert_eq!(values(&tril(&array, 0).unwrap()), [1, 0, 0, 4, 5, 0]);
        assert_eq!(values(&tril(&array, -1).unwrap()), [0, 0, 0, 4, 0, 0]);
        assert_eq!(values(&triu(&array, 1).unwrap()), [0, 2, 3, 0, 0, 6]);
        assert_eq!(values(&tril(&arange(&[2]), 0).unwrap()), [1, 0, 1, 2]);
        let stack = triu(&arange(&[2, 2, 2]), 0).unwrap();
        assert_eq!(values(&stack), [1, 2, 0, 4, 5, 6, 0, 8]);
        assert_eq!(tril(&NdArray::zeros(DType::C128, &[0, 3]).unwrap(), 0).unwrap().shape(), &[0, 3]);
        assert!(tril(&NdArray::scalar(Scalar::I32(1)), 0).is_err());
    }

    #[test]
    fn diagonals() {
        let array = arange(&[3, 4]);
        for (k, expected) in [(0, vec![1, 6, 11]), (2, vec![3, 8]), (-2, vec![9]), (4, vec![]), (-3, vec![])] {
            assert_eq!(values(&diag(&array, k).unwrap()), expected, "{k}");
        }
        let cube = arange(&[2, 3, 4]);
        let found = diagonal(&cube, 1, [2, 0]).unwrap();
        assert_eq!((found.shape(), values(&found)), (&[3, 1][..], vec![13, 17, 21]));
        assert!(diagonal(&cube, 0, [1, -2]).is_err());
        assert_eq!(values(&diag(&arange(&[2]), 1).unwrap()), [0, 1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(values(&diag(&arange(&[2]), -1).unwrap()), [0, 0, 0, 1, 0, 0, 0, 2, 0]);
        assert_eq!(diag(&diag(&arange(&[5]), 2).unwrap(), 2).unwrap(), arange(&[5]));
        assert!(diag(&cube, 0).is_err());
    }

    #[test]
    fn blocks_of_ones() {
        let whole = eye(DType::I32, [6, 7], [0, 0], 1).unwrap();
        for (at, shape) in [([0, 0], [3, 3]), ([3, 0], [3, 4]), ([0, 4], [4, 3]), ([5, 6], [1, 1])] {
            let block = whole.slice(&[(at[0]..at[0] + shape[0]).into(), (at[1]..at[1] + shape[1]).into()]).unwrap();
            assert_eq!(eye(DType::I32, shape, at, 1).unwrap(), block);
        }
        assert_eq!(eye(DType::Bool, [1, 1], [0, 0], 0).unwrap().item(), Ok(Scalar::Bool(true)));
    }
}
