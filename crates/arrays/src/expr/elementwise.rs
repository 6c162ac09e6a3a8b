//! Elementwise functions with NumPy's broadcasting and promotion, and casts.

use swath_kernels::{Casting, Complex, DType, Dims, KernelError, Operand, Scalar, broadcast_shapes, can_cast};

use super::node::ArrayExpr;
use super::op::Op;
use super::ufunc::Ufunc;
use crate::error::{ArrayError, Result};
use crate::grid::unify::{self, unify};
use crate::grid::{AxisChunks, ChunkGrid};

/// What stands in an elementwise operation: an array, a scalar with a dtype, or a bare number that takes the others' dtype.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// An array.
    Array(ArrayExpr),
    /// A value with a dtype of its own.
    Scalar(Scalar),
    /// A bare truth value.
    Bool(bool),
    /// A bare integer.
    Int(i128),
    /// A bare float.
    Float(f64),
    /// A bare complex number.
    Complex(Complex<f64>),
}

impl From<&ArrayExpr> for Argument {
    fn from(array: &ArrayExpr) -> Self {
        Self::Array(array.clone())
    }
}

macro_rules! argument {
    ($($rust:ty => $variant:ident;)*) => {$(
        impl From<$rust> for Argument {
            fn from(value: $rust) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

argument!(ArrayExpr => Array; Scalar => Scalar; bool => Bool; i32 => Int; i64 => Int; f64 => Float; Complex<f64> => Complex;);

impl Argument {
    /// What it is in promotion.
    pub fn operand(&self) -> Operand {
        match self {
            Self::Array(array) => array.dtype().into(),
            Self::Scalar(value) => value.dtype().into(),
            Self::Bool(_) => Operand::WeakBool,
            Self::Int(_) => Operand::WeakInt,
            Self::Float(_) => Operand::WeakFloat,
            Self::Complex(_) => Operand::WeakComplex,
        }
    }

    /// The array, or the value as a 0-d array; a bare number becomes `dtype`.
    ///
    /// # Errors
    /// An integer that the dtype cannot hold.
    pub fn to_array(&self, dtype: DType) -> Result<ArrayExpr> {
        let value = match self {
            Self::Array(array) => return Ok(array.clone()),
            Self::Scalar(value) => *value,
            Self::Bool(value) => Scalar::Bool(*value).cast(dtype),
            Self::Int(value) => Scalar::from_integer(*value, dtype)?,
            Self::Float(value) => Scalar::F64(*value).cast(dtype),
            Self::Complex(value) => Scalar::C128(*value).cast(dtype),
        };
        Ok(ArrayExpr::constant(value))
    }
}

impl ArrayExpr {
    /// An elementwise function by NumPy's name, with broadcasting and promotion. Operands in different chunks are brought to one grid
    /// at the least bytes moved.
    ///
    /// # Errors
    /// [`KernelError::Broadcast`], [`KernelError::Promotion`], [`KernelError::Unsupported`], [`KernelError::OutOfRange`] for a bare
    /// integer; an unknown name or number of inputs; [`ArrayError::UnknownLength`] where unknown lengths may differ.
    pub fn map(function: &str, arguments: &[Argument]) -> Result<Self> {
        let function = Ufunc::named(function)?;
        let operands: Vec<Operand> = arguments.iter().map(Argument::operand).collect();
        let signature = function.resolve(&operands)?;
        let mut inputs = Vec::with_capacity(arguments.len());
        for (argument, dtype) in arguments.iter().zip(&signature.inputs) {
            let array = match argument.to_array(*dtype) {
                // Beside a comparison any integer is right: it is just never equal.
                Err(ArrayError::Kernel(KernelError::OutOfRange { value, .. })) if function.compares() => {
                    argument.to_array(if value > i128::from(i64::MAX) { DType::U64 } else { DType::I64 })?
                }
                other => other?,
            };
            inputs.push(array);
        }
        if let ("power", true, [bases, exponents]) =
            (function.name(), signature.output.is_integer(), inputs.as_mut_slice())
            && bases.elements() > 0
        {
            *exponents = super::exponent::checked(exponents.clone())?;
        }
        Self::map_arrays(function, &inputs)
    }

    /// An elementwise function of arrays.
    ///
    /// # Errors
    /// As [`ArrayExpr::map`].
    pub fn map_arrays(function: Ufunc, inputs: &[Self]) -> Result<Self> {
        Self::check_alike(function.name(), inputs)?;
        Self::map_alike(function, inputs)
    }

    /// As [`ArrayExpr::map_arrays`] of arrays whose unknown lengths were found to agree before.
    pub(super) fn map_alike(function: Ufunc, inputs: &[Self]) -> Result<Self> {
        let dtypes: Vec<DType> = inputs.iter().map(Self::dtype).collect();
        let signature = function.signature(&dtypes)?;
        let inputs: Vec<Self> =
            inputs.iter().zip(&signature.inputs).map(|(input, dtype)| input.cast(*dtype)).collect::<Result<_>>()?;
        let (grid, inputs) = Self::align_alike(function.name(), &inputs)?;
        Ok(Self::intern(Op::Map(function), inputs, signature.output, grid))
    }

    /// The common grid of arrays that broadcast with one another, and the arrays in it; axes of length one stay so.
    ///
    /// # Errors
    /// [`KernelError::Broadcast`]; [`ArrayError::UnknownLength`] where blocks of unknown lengths differ, or may.
    pub fn align(operation: &'static str, inputs: &[Self]) -> Result<(ChunkGrid, Vec<Self>)> {
        Self::check_alike(operation, inputs)?;
        Self::align_alike(operation, inputs)
    }

    /// As [`ArrayExpr::align`] of arrays whose unknown lengths were found to agree before.
    pub(super) fn align_alike(operation: &'static str, inputs: &[Self]) -> Result<(ChunkGrid, Vec<Self>)> {
        let shapes: Vec<Dims> = inputs.iter().map(Self::shape).collect();
        let shape = broadcast_shapes(&shapes.iter().map(Dims::as_slice).collect::<Vec<_>>())?;
        let operands: Vec<unify::Operand<'_>> = inputs
            .iter()
            .map(|input| {
                let lead = shape.len() - input.ndim();
                let follows = |axis: usize| input.grid().axis(axis).length() == shape[lead + axis];
                let axes = (0..input.ndim()).map(|axis| follows(axis).then_some(lead + axis)).collect();
                unify::Operand { grid: input.grid(), axes, bytes: input.bytes() }
            })
            .collect();
        let grid = unify(&shape, &operands);
        let inputs = inputs.iter().map(|input| {
            let lead = shape.len() - input.ndim();
            let own = |axis: usize| {
                let (own, common) = (input.grid().axis(axis), grid.axis(lead + axis));
                let broadcast = own.length() != common.length();
                if !broadcast && own != common && !(own.is_known() && common.is_known()) {
                    return Err(ArrayError::UnknownLength { operation, axis });
                }
                Ok::<AxisChunks, ArrayError>(if broadcast { own.clone() } else { common.clone() })
            };
            let target = ChunkGrid::new((0..input.ndim()).map(own).collect::<Result<Vec<_>>>()?);
            input.rechunk_to(target)
        });
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        Ok((grid, inputs))
    }

    /// The same elements as another dtype, as `astype` does: integers wrap, floats are cut towards zero.
    ///
    /// # Errors
    /// Never today; a dtype pair without a cast would be one.
    pub fn cast(&self, dtype: DType) -> Result<Self> {
        if dtype == self.dtype() {
            return Ok(self.clone());
        }
        Ok(Self::intern(Op::Cast, [self.clone()], dtype, self.grid().clone()))
    }

    /// As [`ArrayExpr::cast`], if the cast is of a kind.
    ///
    /// # Errors
    /// When it loses more than `casting` allows.
    pub fn cast_checked(&self, dtype: DType, casting: Casting) -> Result<Self> {
        if !can_cast(self.dtype(), dtype, casting) {
            let rule = format!("{casting:?}").to_lowercase();
            return Err(ArrayError::invalid(format!(
                "Cannot cast array data from {} to {dtype} according to the rule '{rule}'",
                self.dtype()
            )));
        }
        self.cast(dtype)
    }
}

macro_rules! unary {
    ($($name:ident => $ufunc:literal;)*) => {
        impl ArrayExpr {$(
            #[doc = concat!("`", $ufunc, "` of each element.")]
            ///
            /// # Errors
            /// When it is not defined for the dtype.
            pub fn $name(&self) -> Result<Self> {
                Self::map($ufunc, &[self.into()])
            }
        )*}
    };
}

macro_rules! binary {
    ($($name:ident => $ufunc:literal;)*) => {
        impl ArrayExpr {$(
            #[doc = concat!("`", $ufunc, "` of each two elements, with broadcasting.")]
            ///
            /// # Errors
            /// Shapes that do not broadcast, dtypes without a common one, or for which it is not defined.
            pub fn $name(&self, other: impl Into<Argument>) -> Result<Self> {
                Self::map($ufunc, &[self.into(), other.into()])
            }
        )*}
    };
}

unary! {
    negative => "negative";
    absolute => "absolute";
    sqrt => "sqrt";
    square => "square";
    exp => "exp";
    log => "log";
    isnan => "isnan";
    logical_not => "logical_not";
    conjugate => "conjugate";
}

binary! {
    add => "add";
    subtract => "subtract";
    multiply => "multiply";
    divide => "divide";
    power => "power";
    equal => "equal";
    less => "less";
    greater => "greater";
    less_equal => "less_equal";
    greater_equal => "greater_equal";
    maximum => "maximum";
    minimum => "minimum";
    logical_and => "logical_and";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], dtype: DType) -> ArrayExpr {
        ArrayExpr::zeros(shape, dtype).unwrap()
    }

    #[test]
    fn shapes_broadcast_and_dtypes_promote() {
        let sum = array(&[3, 1], DType::I32).add(array(&[4], DType::F32)).unwrap();
        assert_eq!((sum.shape().as_slice(), sum.dtype()), (&[3, 4][..], DType::F64));
        let error = array(&[3, 4], DType::F64).add(array(&[5], DType::F64)).unwrap_err();
        assert_eq!(error.to_string(), "operands could not be broadcast together with shapes (3,4) (5,)");
    }

    #[test]
    fn bare_numbers_take_the_arrays_dtype() {
        let x = array(&[2], DType::U8);
        assert_eq!(x.add(1i64).unwrap().dtype(), DType::U8);
        assert_eq!(x.add(1.0).unwrap().dtype(), DType::F64);
        assert_eq!(array(&[2], DType::F32).multiply(2.5).unwrap().dtype(), DType::F32);
        assert_eq!(x.add(300i64).unwrap_err().to_string(), "integer 300 is out of bounds for uint8");
        assert_eq!(x.less(300i64).unwrap().dtype(), DType::Bool);
        let days = array(&[2], "timedelta64[D]".parse().unwrap());
        assert_eq!(days.multiply(2i64).unwrap().dtype(), days.dtype());
        assert_eq!(days.add(2i64).unwrap().dtype(), days.dtype());
        assert!(days.cast_checked(DType::F32, Casting::Safe).unwrap_err().to_string().contains("the rule 'safe'"));
    }

    #[test]
    fn integers_take_no_negative_powers() {
        let x = array(&[2], DType::I32);
        let message = "Integers to negative integer powers are not allowed.";
        assert_eq!(x.power(-2i64).unwrap_err().to_string(), message);
        assert_eq!(x.power(Scalar::I8(-1)).unwrap_err().to_string(), message);
        assert_eq!(x.power(-2.0).unwrap().dtype(), DType::F64);
        assert_eq!(array(&[2], DType::F32).power(-2i64).unwrap().dtype(), DType::F32);
        // Of an array it is found out when it runs.
        let exponents = ArrayExpr::iota(ChunkGrid::whole(&[2]), 0, -1, 1).unwrap();
        assert!(matches!(x.power(&exponents).unwrap().inputs()[1].op(), Op::Block(_)));
        assert_eq!(x.power(array(&[2], DType::U8)).unwrap().dtype(), DType::I32);
    }

    #[test]
    fn operands_come_to_one_grid() {
        let a = ArrayExpr::full_in(ChunkGrid::regular(&[12], &[4]), Scalar::F64(1.0)).unwrap();
        let b = ArrayExpr::full_in(ChunkGrid::regular(&[12], &[3]), Scalar::F32(1.0)).unwrap();
        let sum = a.add(&b).unwrap();
        assert!(sum.inputs().iter().all(|input| input.grid() == sum.grid()));
    }
}
