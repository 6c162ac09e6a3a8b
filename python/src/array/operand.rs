//! Numbers, dtypes, chunks and indices of Python.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyEllipsis, PyFloat, PyInt, PyList, PySlice, PyString, PyTuple};
use swath_arrays::{Argument, AxisSpec, ChunkSpec};
use swath_collections::nd::{Complex, DType, Operand, Part, Scalar, SliceSpec};

use super::Array;
use super::error::invalid;

/// A dtype by NumPy's name.
#[derive(Clone, Copy)]
pub struct DTypeArgument(pub DType);

impl<'py> FromPyObject<'_, 'py> for DTypeArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let name: std::borrow::Cow<'_, str> = object.extract()?;
        let unknown = |_| PyTypeError::new_err(format!("arrays have no dtype '{name}'"));
        name.parse().map(Self).map_err(unknown)
    }
}

/// Chunks: `"auto"`, bytes as `("bytes", n)`, or a list with an entry for each axis: a length, -1, `"auto"`, or a list of lengths.
pub struct ChunksArgument(pub ChunkSpec);

impl From<ChunksArgument> for ChunkSpec {
    fn from(chunks: ChunksArgument) -> Self {
        chunks.0
    }
}

impl<'py> FromPyObject<'_, 'py> for ChunksArgument {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            return Ok(Self(ChunkSpec::Auto));
        }
        if let Ok((_, bytes)) = object.extract::<(String, u64)>() {
            return Ok(Self(ChunkSpec::Bytes(bytes)));
        }
        let axes = object.cast::<PyList>()?.iter().map(|axis| {
            if axis.is_instance_of::<PyString>() {
                return Ok(AxisSpec::Auto);
            }
            if let Ok(lengths) = axis.extract::<Vec<usize>>() {
                return Ok(AxisSpec::Lengths(lengths));
            }
            Ok(AxisSpec::from(axis.extract::<i64>()?))
        });
        Ok(Self(ChunkSpec::Axes(axes.collect::<PyResult<_>>()?)))
    }
}

/// A bare number of Python's.
enum Number {
    Bool(bool),
    Int(i128),
    Float(f64),
    Complex(Complex<f64>),
}

fn number(value: &Bound<'_, PyAny>) -> PyResult<Option<Number>> {
    if value.is_instance_of::<PyBool>() {
        return Ok(Some(Number::Bool(value.extract()?)));
    }
    if value.is_instance_of::<PyInt>() {
        if let Ok(value) = value.extract::<i64>() {
            return Ok(Some(Number::Int(value.into())));
        }
        let wide = value.extract::<i128>();
        return wide
            .map(|value| Some(Number::Int(value)))
            .map_err(|_| PyOverflowError::new_err("Python integer too large to convert to an integer of 64 bits"));
    }
    if let Ok(value) = value.cast::<PyFloat>() {
        return Ok(Some(Number::Float(value.extract()?)));
    }
    if let Ok(value) = value.cast::<PyComplex>() {
        return Ok(Some(Number::Complex(Complex::new(
            value.getattr("real")?.extract()?,
            value.getattr("imag")?.extract()?,
        ))));
    }
    Ok(None)
}

fn unknown(value: &Bound<'_, PyAny>) -> PyErr {
    match value.get_type().fully_qualified_name() {
        Ok(name) => PyTypeError::new_err(format!("expected an array or a number, got {name}")),
        Err(error) => error,
    }
}

/// An array or a bare number, for elementwise functions.
pub fn argument(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Argument> {
    if let Ok(array) = value.cast::<Array>() {
        return Ok(Argument::Array(array.get().expression(py)?));
    }
    Ok(match number(value)?.ok_or_else(|| unknown(value))? {
        Number::Bool(value) => Argument::Bool(value),
        Number::Int(value) => Argument::Int(value),
        Number::Float(value) => Argument::Float(value),
        Number::Complex(value) => Argument::Complex(value),
    })
}

/// An array or a bare number, beside an array.
pub fn operand(value: &Bound<'_, PyAny>) -> PyResult<Operand> {
    if let Ok(array) = value.cast::<Array>() {
        return Ok(Operand::from(&array.get().array));
    }
    Ok(match number(value)?.ok_or_else(|| unknown(value))? {
        Number::Bool(value) => value.into(),
        Number::Int(value) => Operand::Number(Argument::Int(value)),
        Number::Float(value) => value.into(),
        Number::Complex(value) => value.into(),
    })
}

/// A number with the dtype that it has alone.
pub fn scalar(value: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    Ok(match number(value)?.ok_or_else(|| unknown(value))? {
        Number::Bool(value) => value.into(),
        Number::Int(value) => match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => value.into(),
            (_, Ok(value)) => value.into(),
            _ => return Err(PyOverflowError::new_err(format!("integer {value} does not fit 64 bits"))),
        },
        Number::Float(value) => value.into(),
        Number::Complex(value) => value.into(),
    })
}

/// A number as a dtype; integers must fit.
pub fn scalar_of(py: Python<'_>, value: &Bound<'_, PyAny>, dtype: DType) -> PyResult<Scalar> {
    if let (Some(Number::Int(value)), true) = (number(value)?, dtype.is_integer()) {
        let wrong = |error| super::error::of_array(py, &swath_arrays::ArrayError::Kernel(error));
        return Scalar::from_integer(value, dtype).map_err(wrong);
    }
    Ok(match (scalar(value)?, dtype) {
        (Scalar::I64(value), DType::Datetime64(unit)) => Scalar::Datetime64(value, unit),
        (Scalar::I64(value), DType::Timedelta64(unit)) => Scalar::Timedelta64(value, unit),
        (value, dtype) => value.cast(dtype),
    })
}

fn bound(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<isize>> {
    let value = value.getattr(name)?;
    if value.is_none() {
        return Ok(None);
    }
    // As Python does: what is beyond all lengths is at the end.
    let whole = value.call_method0("__index__")?;
    match whole.extract::<isize>() {
        Ok(value) => Ok(Some(value)),
        Err(_) if whole.gt(0)? => Ok(Some(isize::MAX / 2)),
        Err(_) => Ok(Some(isize::MIN / 2)),
    }
}

/// The parts of an index: integers, slices, `None`, `...`, arrays.
pub fn index(py: Python<'_>, parts: &Bound<'_, PyTuple>) -> PyResult<Vec<Part>> {
    let part = |part: Bound<'_, PyAny>| -> PyResult<Part> {
        if part.is_none() {
            return Ok(Part::Basic(SliceSpec::NewAxis));
        }
        if part.is_instance_of::<PyEllipsis>() {
            return Ok(Part::Basic(SliceSpec::Ellipsis));
        }
        if part.is_instance_of::<PySlice>() {
            let step = bound(&part, "step")?.unwrap_or(1);
            if step == 0 {
                return Err(invalid(py, "slice step cannot be zero"));
            }
            return Ok(Part::Basic(SliceSpec::Range {
                start: bound(&part, "start")?,
                stop: bound(&part, "stop")?,
                step,
            }));
        }
        if let Ok(array) = part.cast::<Array>() {
            return Ok(Part::from(&array.get().array));
        }
        Ok(Part::Basic(SliceSpec::Index(part.extract::<isize>()?)))
    };
    parts.iter().map(part).collect()
}
