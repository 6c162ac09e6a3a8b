//! Constants.

use arrow::array::Array as _;
use arrow::datatypes::DataType as Arrow;
use datafusion::common::scalar::ScalarStructBuilder;
use datafusion::logical_expr::type_coercion::binary::type_union_resolution;
use datafusion::scalar::ScalarValue;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};
use swath_collections as sw;
use swath_collections::expr::literal;

use crate::capsule;
use crate::dtypes::{DataType, text};
use crate::errors::IntoPython;
use crate::expr::Expr;

fn scalar(value: ScalarValue) -> Expr {
    literal::scalar(value).into()
}

/// The constant `value`: `None`, a truth value, a number, text or bytes.
#[pyfunction]
pub fn lit(value: &Bound<'_, PyAny>) -> PyResult<Expr> {
    if value.is_none() {
        return Ok(literal::null().into());
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(sw::lit(value.extract::<bool>()?).into());
    }
    if value.is_instance_of::<PyInt>() {
        return integer(value);
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(sw::lit(value.extract::<f64>()?).into());
    }
    if value.is_instance_of::<PyString>() {
        return Ok(sw::lit(value.extract::<String>()?).into());
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(literal::binary(bytes.as_bytes()).into());
    }
    Err(PyTypeError::new_err(format!("no literal can be made of a {}", value.get_type().fully_qualified_name()?)))
}

/// Of 64 bits if it fits, else a decimal without digits after the point.
fn integer(value: &Bound<'_, PyAny>) -> PyResult<Expr> {
    if let Ok(value) = value.extract::<i64>() {
        return Ok(sw::lit(value).into());
    }
    if let Ok(value) = value.extract::<u64>() {
        return Ok(sw::lit(value).into());
    }
    let text = value.str()?.to_string();
    let digits = u8::try_from(text.trim_start_matches('-').len()).ok().filter(|digits| *digits <= 76);
    let digits = digits.ok_or_else(|| PyValueError::new_err("an integer of more than 76 digits has no data type"))?;
    lit_decimal(value.py(), &text, if digits <= 38 { 38 } else { 76 }, 0)
}

/// The decimal number `text`.
#[pyfunction]
pub fn lit_decimal(py: Python<'_>, text: &str, precision: u8, scale: i8) -> PyResult<Expr> {
    if precision <= 38 {
        return crate::expr::sound(py, literal::decimal(text, precision, scale));
    }
    let number = ScalarValue::from(text).cast_to(&Arrow::Decimal256(precision, scale)).python(py)?;
    Ok(scalar(number))
}

/// A date (in days), time of day, timestamp or duration (in microseconds) from its number.
#[pyfunction]
#[pyo3(signature = (kind, value, time_zone=None))]
pub fn lit_time(kind: &str, value: i64, time_zone: Option<&str>) -> PyResult<Expr> {
    let out_of_range = |_| PyValueError::new_err(format!("the {kind} {value} is out of range"));
    Ok(scalar(match kind {
        "date" => ScalarValue::Date32(Some(i32::try_from(value).map_err(out_of_range)?)),
        "time" => ScalarValue::Time64Microsecond(Some(value)),
        "datetime" => ScalarValue::TimestampMicrosecond(Some(value), time_zone.map(Into::into)),
        "duration" => ScalarValue::DurationMicrosecond(Some(value)),
        _ => return Err(PyValueError::new_err(format!("there is no kind '{kind}' of time"))),
    }))
}

/// A number of NumPy's `datetime64` or `timedelta64`, in `unit`.
#[pyfunction]
pub fn lit_numpy_time(kind: &str, value: i64, unit: &str) -> PyResult<Expr> {
    let value = Some(value);
    Ok(scalar(match (kind, unit) {
        ("datetime", "s") => ScalarValue::TimestampSecond(value, None),
        ("datetime", "ms") => ScalarValue::TimestampMillisecond(value, None),
        ("datetime", "us") => ScalarValue::TimestampMicrosecond(value, None),
        ("datetime", "ns") => ScalarValue::TimestampNanosecond(value, None),
        ("duration", "s") => ScalarValue::DurationSecond(value),
        ("duration", "ms") => ScalarValue::DurationMillisecond(value),
        ("duration", "us") => ScalarValue::DurationMicrosecond(value),
        ("duration", "ns") => ScalarValue::DurationNanosecond(value),
        _ => return Err(PyValueError::new_err(format!("there is no {kind} in units of '{unit}'"))),
    }))
}

/// The constants in `values`.
fn constants(values: Vec<Bound<'_, Expr>>) -> PyResult<Vec<ScalarValue>> {
    let constant = |value: Bound<'_, Expr>| match &value.get().expr {
        sw::Expr::Literal(scalar, _) => Ok(scalar.clone()),
        _ => Err(PyTypeError::new_err("expected constants, got an expression; use concat_list or struct")),
    };
    values.into_iter().map(constant).collect()
}

/// A list of these constants, of `inner` or else of a type that takes them all.
#[pyfunction]
#[pyo3(signature = (values, inner=None))]
pub fn lit_list(py: Python<'_>, values: Vec<Bound<'_, Expr>>, inner: Option<&DataType>) -> PyResult<Expr> {
    let values = constants(values)?;
    let types: Vec<Arrow> = values.iter().map(ScalarValue::data_type).filter(|of| *of != Arrow::Null).collect();
    let inner = match inner {
        Some(inner) => inner.arrow.clone(),
        None if types.is_empty() => Arrow::Null,
        None => type_union_resolution(&types).ok_or_else(|| {
            let names: Vec<String> = types.iter().map(text).collect();
            PyTypeError::new_err(format!("the elements of a list need one type, got {}", names.join(", ")))
        })?,
    };
    let values = values.iter().map(|value| value.cast_to(&inner)).collect::<Result<Vec<_>, _>>().python(py)?;
    crate::expr::sound(py, literal::list(&values, &inner))
}

/// A struct of these constants.
#[pyfunction]
pub fn lit_struct(py: Python<'_>, names: Vec<String>, values: Vec<Bound<'_, Expr>>) -> PyResult<Expr> {
    let mut builder = ScalarStructBuilder::new();
    for (name, value) in names.into_iter().zip(constants(values)?) {
        let field = arrow::datatypes::Field::new(name, value.data_type(), true);
        builder = builder.with_scalar(field, value);
    }
    Ok(scalar(builder.build().python(py)?))
}

/// Each value that `object` hands out through `__arrow_c_array__`.
#[pyfunction]
pub fn lit_arrow(object: &Bound<'_, PyAny>) -> PyResult<Vec<Expr>> {
    let (_, pieces) = capsule::arrays(object)?;
    let values = pieces.iter().flat_map(|piece| (0..piece.len()).map(move |row| literal::array_value(piece, row)));
    Ok(values.map(Into::into).collect())
}

/// The constant `value` in the type `data_type`.
#[pyfunction]
pub fn lit_cast(py: Python<'_>, value: &Expr, data_type: &DataType) -> PyResult<Expr> {
    let sw::Expr::Literal(constant, _) = &value.expr else {
        return Err(PyTypeError::new_err("expected a constant"));
    };
    if constant.is_null() {
        return crate::expr::sound(py, literal::null_of(&data_type.arrow));
    }
    let refused = || {
        let (from, to) = (text(&constant.data_type()), text(&data_type.arrow));
        crate::errors::raised(
            py,
            "InvalidValueError",
            format!("lit: the {from} {constant} does not fit {to}; give a value that does, or another dtype"),
        )
    };
    // A value that does not fit becomes null here.
    let fits = constant.cast_to(&data_type.arrow).map_err(|_| refused())?;
    if fits.is_null() { Err(refused()) } else { Ok(scalar(fits)) }
}

/// The functions of this module, and the class of data types.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DataType>()?;
    for function in [
        wrap_pyfunction!(lit, module)?,
        wrap_pyfunction!(lit_decimal, module)?,
        wrap_pyfunction!(lit_time, module)?,
        wrap_pyfunction!(lit_numpy_time, module)?,
        wrap_pyfunction!(lit_list, module)?,
        wrap_pyfunction!(lit_struct, module)?,
        wrap_pyfunction!(lit_arrow, module)?,
        wrap_pyfunction!(lit_cast, module)?,
    ] {
        module.add_function(function)?;
    }
    Ok(())
}
