//! What goes wrong in a kernel, said in the words of shapes, axes and dtypes.

use crate::dtype::DType;

/// An error of an array kernel. The messages follow NumPy's where NumPy has one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// Shapes that do not broadcast.
    #[error("operands could not be broadcast together with shapes {}", shapes(.0))]
    Broadcast(Vec<Vec<usize>>),
    /// An axis beyond the number of dimensions.
    #[error("axis {axis} is out of bounds for array of dimension {ndim}")]
    AxisOutOfBounds {
        /// The axis as given.
        axis: isize,
        /// Dimensions of the array.
        ndim: usize,
    },
    /// An axis given twice.
    #[error("duplicate value in 'axis': axis {0} is given more than once")]
    RepeatedAxis(usize),
    /// An element count that does not fit a shape.
    #[error("cannot reshape array of size {size} into shape {}", shape(.to))]
    Reshape {
        /// Number of elements there are.
        size: usize,
        /// The shape asked for.
        to: Vec<usize>,
    },
    /// An index beyond an axis.
    #[error("index {index} is out of bounds for axis {axis} with size {size}")]
    IndexOutOfBounds {
        /// The index as given.
        index: isize,
        /// The axis it was given for.
        axis: usize,
        /// The length of that axis.
        size: usize,
    },
    /// More indices than dimensions.
    #[error("too many indices for array: array is {ndim}-dimensional, but {given} were indexed")]
    TooManyIndices {
        /// Dimensions of the array.
        ndim: usize,
        /// Dimensions that the index consumes.
        given: usize,
    },
    /// A boolean index of another length than the axis it stands for.
    #[error(
        "boolean index did not match indexed array along axis {axis}; size of axis is {size} but size of corresponding boolean axis is {given}"
    )]
    BooleanIndex {
        /// The axis.
        axis: usize,
        /// The length of that axis.
        size: usize,
        /// The length of the index.
        given: usize,
    },
    /// Dtypes without a common one.
    #[error("no common dtype for {left} and {right}: cast one of them explicitly")]
    Promotion {
        /// One dtype.
        left: DType,
        /// The other.
        right: DType,
    },
    /// A function that has no form for these dtypes.
    #[error("'{function}' is not defined for {}: {accepts}", names(.dtypes))]
    Unsupported {
        /// The function's name.
        function: &'static str,
        /// The dtypes that came.
        dtypes: Vec<DType>,
        /// What it takes instead.
        accepts: &'static str,
    },
    /// A value that its dtype cannot hold.
    #[error("integer {value} is out of bounds for {dtype}")]
    OutOfRange {
        /// The value.
        value: i128,
        /// The dtype that was to hold it.
        dtype: DType,
    },
    /// An argument or a state that has no better variant; the message says which operation, what it expected and what came.
    #[error("{0}")]
    Invalid(String),
}

impl KernelError {
    /// An error with a message of its own.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}

/// The result of a kernel.
pub type Result<T> = std::result::Result<T, KernelError>;

/// A shape as Python writes a tuple: `()`, `(3,)`, `(3,4)`.
pub fn shape(lengths: &[usize]) -> String {
    match lengths {
        [one] => format!("({one},)"),
        _ => format!("({})", lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
    }
}

fn shapes(all: &[Vec<usize>]) -> String {
    all.iter().map(|one| shape(one)).collect::<Vec<_>>().join(" ")
}

fn names(all: &[DType]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_numpys() {
        let error = KernelError::Broadcast(vec![vec![3, 4], vec![5]]);
        assert_eq!(error.to_string(), "operands could not be broadcast together with shapes (3,4) (5,)");
        let error = KernelError::AxisOutOfBounds { axis: 3, ndim: 2 };
        assert_eq!(error.to_string(), "axis 3 is out of bounds for array of dimension 2");
        let error = KernelError::Reshape { size: 6, to: vec![4] };
        assert_eq!(error.to_string(), "cannot reshape array of size 6 into shape (4,)");
        assert_eq!(shape(&[]), "()");
    }
}
