//! What stands beside an array in an operation: another array, a bare number, a value with a dtype.

use swath_arrays::{Argument, ArrayExpr};
use swath_kernels::{Complex, DType, NdArray, Scalar};

use crate::array::Array;
use crate::context::Arrays;
use crate::error::Result;

/// An array or a number. Rust's own numbers are bare: they take the array's dtype unless their kind is higher, as Python's do
/// (`uint8 + 1` is `uint8`, `uint8 + 1.0` is `float64`). A [`Scalar`] has a dtype of its own.
#[derive(Debug, Clone)]
pub enum Operand {
    /// An array.
    Array(Array),
    /// A value in memory.
    Memory(NdArray),
    /// A number.
    Number(Argument),
}

impl Operand {
    /// As an argument of an elementwise function.
    pub(crate) fn into_argument(self, context: &Arrays) -> Result<Argument> {
        Ok(match self {
            Self::Array(array) => Argument::Array(array.expression()?.clone()),
            Self::Memory(array) => Argument::Array({
                let chunks = context.chunks_for(array.ndim());
                ArrayExpr::from_array(array, chunks)?
            }),
            Self::Number(number) => number,
        })
    }

    /// As an array; bare numbers take the dtype that they have alone.
    pub(crate) fn into_array(self, context: &Arrays) -> Array {
        let value = match self {
            Self::Array(array) => return array,
            Self::Memory(array) => return context.from_array(array),
            Self::Number(number) => number,
        };
        let constant = match value {
            Argument::Array(array) => Ok(array),
            Argument::Scalar(value) => Ok(ArrayExpr::constant(value)),
            Argument::Bool(value) => Ok(ArrayExpr::constant(value.into())),
            Argument::Int(value) => Scalar::from_integer(value, DType::I64).map(ArrayExpr::constant),
            Argument::Float(value) => Ok(ArrayExpr::constant(value.into())),
            Argument::Complex(value) => Ok(ArrayExpr::constant(value.into())),
        };
        Array::new(context, constant.map_err(Into::into))
    }
}

impl From<&Array> for Operand {
    fn from(array: &Array) -> Self {
        Self::Array(array.clone())
    }
}

impl From<Array> for Operand {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl From<NdArray> for Operand {
    fn from(array: NdArray) -> Self {
        Self::Memory(array)
    }
}

impl From<&NdArray> for Operand {
    fn from(array: &NdArray) -> Self {
        Self::Memory(array.clone())
    }
}

impl From<Scalar> for Operand {
    fn from(value: Scalar) -> Self {
        Self::Number(Argument::Scalar(value))
    }
}

macro_rules! numbers {
    ($($rust:ty => $variant:ident as $wide:ty;)*) => {$(
        impl From<$rust> for Operand {
            fn from(value: $rust) -> Self {
                Self::Number(Argument::$variant(value as $wide))
            }
        }
    )*};
}

numbers! {
    bool => Bool as bool;
    i8 => Int as i128;
    i16 => Int as i128;
    i32 => Int as i128;
    i64 => Int as i128;
    isize => Int as i128;
    u8 => Int as i128;
    u16 => Int as i128;
    u32 => Int as i128;
    u64 => Int as i128;
    usize => Int as i128;
    f32 => Float as f64;
    f64 => Float as f64;
    Complex<f64> => Complex as Complex<f64>;
}
