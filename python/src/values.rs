//! Values of Arrow as Python's.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, DurationMicrosecondType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType,
    IntervalUnit, IntervalYearMonthType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::capsule::invalid;

/// The number that `date.fromordinal` knows 1970-01-01 by.
const EPOCH_ORDINAL: i32 = 719_163;

/// The values of `array`, each as Python's type for it; null is `None`.
///
/// Times are cut to microseconds, which is what Python's have.
///
/// # Errors
/// `TypeError` for a type that Python has nothing for; `OverflowError` for a date outside the years 1 to 9999.
pub fn cells(py: Python<'_>, array: &ArrayRef) -> PyResult<Vec<Py<PyAny>>> {
    use DataType as T;
    match array.data_type() {
        T::Null => Ok((0..array.len()).map(|_| py.None()).collect()),
        T::Boolean => each(py, array, |row| array.as_boolean().value(row).into_py_any(py)),
        T::Int8 => numbers::<Int8Type>(py, array),
        T::Int16 => numbers::<Int16Type>(py, array),
        T::Int32 => numbers::<Int32Type>(py, array),
        T::Int64 => numbers::<Int64Type>(py, array),
        T::UInt8 => numbers::<UInt8Type>(py, array),
        T::UInt16 => numbers::<UInt16Type>(py, array),
        T::UInt32 => numbers::<UInt32Type>(py, array),
        T::UInt64 => numbers::<UInt64Type>(py, array),
        T::Float16 => each(py, array, |row| array.as_primitive::<Float16Type>().value(row).to_f64().into_py_any(py)),
        T::Float32 => numbers::<Float32Type>(py, array),
        T::Float64 => numbers::<Float64Type>(py, array),
        T::Utf8 => each(py, array, |row| array.as_string::<i32>().value(row).into_py_any(py)),
        T::LargeUtf8 => each(py, array, |row| array.as_string::<i64>().value(row).into_py_any(py)),
        T::Utf8View => each(py, array, |row| array.as_string_view().value(row).into_py_any(py)),
        T::Binary => each(py, array, |row| bytes(py, array.as_binary::<i32>().value(row))),
        T::LargeBinary => each(py, array, |row| bytes(py, array.as_binary::<i64>().value(row))),
        T::BinaryView => each(py, array, |row| bytes(py, array.as_binary_view().value(row))),
        T::FixedSizeBinary(_) => each(py, array, |row| bytes(py, array.as_fixed_size_binary().value(row))),
        T::Date32 | T::Date64 => dates(py, array),
        T::Time32(_) | T::Time64(_) => times(py, array),
        T::Timestamp(_, zone) => timestamps(py, array, zone.as_ref()),
        T::Duration(_) => durations(py, array),
        T::Interval(unit) => intervals(py, array, *unit),
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => {
            let decimal = py.import("decimal")?.getattr("Decimal")?;
            let format = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default()).map_err(invalid)?;
            each(py, array, |row| Ok(decimal.call1((format.value(row).to_string(),))?.unbind()))
        }
        T::List(_) => each(py, array, |row| list(py, &array.as_list::<i32>().value(row))),
        T::LargeList(_) => each(py, array, |row| list(py, &array.as_list::<i64>().value(row))),
        T::FixedSizeList(..) => each(py, array, |row| list(py, &array.as_fixed_size_list().value(row))),
        T::ListView(_) => each(py, array, |row| list(py, &array.as_list_view::<i32>().value(row))),
        T::LargeListView(_) => each(py, array, |row| list(py, &array.as_list_view::<i64>().value(row))),
        T::Struct(_) => structs(py, array),
        T::Map(..) => each(py, array, |row| {
            let entries = array.as_map().value(row);
            let (keys, values) = (cells(py, entries.column(0))?, cells(py, entries.column(1))?);
            let map = PyDict::new(py);
            keys.into_iter().zip(values).try_for_each(|(key, value)| map.set_item(key, value))?;
            map.into_py_any(py)
        }),
        T::Dictionary(_, value) => cells(py, &cast(array, value).map_err(invalid)?),
        T::RunEndEncoded(_, values) => cells(py, &cast(array, values.data_type()).map_err(invalid)?),
        other => Err(PyTypeError::new_err(format!("Python has no values for the type {other}; cast the column"))),
    }
}

/// `value` of each row that is not null.
fn each(py: Python<'_>, array: &ArrayRef, value: impl Fn(usize) -> PyResult<Py<PyAny>>) -> PyResult<Vec<Py<PyAny>>> {
    (0..array.len()).map(|row| if array.is_null(row) { Ok(py.None()) } else { value(row) }).collect()
}

fn numbers<T: ArrowPrimitiveType>(py: Python<'_>, array: &ArrayRef) -> PyResult<Vec<Py<PyAny>>>
where
    T::Native: for<'py> IntoPyObject<'py>,
{
    let values = array.as_primitive::<T>();
    each(py, array, |row| values.value(row).into_py_any(py))
}

fn bytes(py: Python<'_>, value: &[u8]) -> PyResult<Py<PyAny>> {
    Ok(PyBytes::new(py, value).into_any().unbind())
}

fn list(py: Python<'_>, values: &ArrayRef) -> PyResult<Py<PyAny>> {
    Ok(PyList::new(py, cells(py, values)?)?.into_any().unbind())
}

fn structs(py: Python<'_>, array: &ArrayRef) -> PyResult<Vec<Py<PyAny>>> {
    let structs = array.as_struct();
    let columns = structs.columns().iter().map(|column| cells(py, column)).collect::<PyResult<Vec<_>>>()?;
    each(py, array, |row| {
        let fields = PyDict::new(py);
        for (name, column) in structs.column_names().into_iter().zip(&columns) {
            fields.set_item(name, &column[row])?;
        }
        fields.into_py_any(py)
    })
}

fn converted(array: &ArrayRef, to: &DataType) -> PyResult<ArrayRef> {
    cast(array, to).map_err(invalid)
}

fn dates(py: Python<'_>, array: &ArrayRef) -> PyResult<Vec<Py<PyAny>>> {
    let from_ordinal = py.import("datetime")?.getattr("date")?.getattr("fromordinal")?;
    let day = |row: usize| match array.data_type() {
        DataType::Date64 => array.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000),
        _ => i64::from(array.as_primitive::<Date32Type>().value(row)),
    };
    each(py, array, |row| Ok(from_ordinal.call1((day(row) + i64::from(EPOCH_ORDINAL),))?.unbind()))
}

fn times(py: Python<'_>, array: &ArrayRef) -> PyResult<Vec<Py<PyAny>>> {
    let time = py.import("datetime")?.getattr("time")?;
    let array = converted(array, &DataType::Time64(TimeUnit::Nanosecond))?;
    let values = array.as_primitive::<Time64NanosecondType>();
    each(py, &array, |row| {
        let micros = values.value(row) / 1000;
        let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
        Ok(time.call1((seconds / 3600, seconds / 60 % 60, seconds % 60, micros))?.unbind())
    })
}

fn timestamps(py: Python<'_>, array: &ArrayRef, zone: Option<&Arc<str>>) -> PyResult<Vec<Py<PyAny>>> {
    let datetime = py.import("datetime")?;
    let (class, delta) = (datetime.getattr("datetime")?, datetime.getattr("timedelta")?);
    let utc = datetime.getattr("timezone")?.getattr("utc")?;
    let epoch = match zone {
        Some(_) => class.call1((1970, 1, 1, 0, 0, 0, 0, &utc))?,
        None => class.call1((1970, 1, 1))?,
    };
    let zone = zone.map(|zone| time_zone(py, zone)).transpose()?;
    let array = converted(array, &DataType::Timestamp(TimeUnit::Microsecond, None))?;
    let values = array.as_primitive::<TimestampMicrosecondType>();
    each(py, &array, |row| {
        let moment = epoch.add(delta.call1((0, 0, values.value(row)))?)?;
        match &zone {
            Some(zone) => Ok(moment.call_method1("astimezone", (zone,))?.unbind()),
            None => Ok(moment.unbind()),
        }
    })
}

/// `UTC`, a name such as `Europe/Berlin`, or an offset such as `+02:00`.
fn time_zone<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let datetime = py.import("datetime")?;
    let class = datetime.getattr("timezone")?;
    if matches!(name, "UTC" | "utc" | "Z" | "+00:00") {
        return class.getattr("utc");
    }
    let offset = |text: &str| -> Option<i64> {
        let (sign, digits) = match text.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        let (hours, minutes) = digits.split_once(':').or_else(|| digits.split_at_checked(2))?;
        Some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().unwrap_or(0)))
    };
    match offset(name) {
        Some(minutes) => class.call1((datetime.getattr("timedelta")?.call1((0, minutes * 60))?,)),
        None => py.import("zoneinfo")?.getattr("ZoneInfo")?.call1((name,)),
    }
}

fn durations(py: Python<'_>, array: &ArrayRef) -> PyResult<Vec<Py<PyAny>>> {
    let delta = py.import("datetime")?.getattr("timedelta")?;
    let array = converted(array, &DataType::Duration(TimeUnit::Microsecond))?;
    let values = array.as_primitive::<DurationMicrosecondType>();
    each(py, &array, |row| Ok(delta.call1((0, 0, values.value(row)))?.unbind()))
}

/// Months, days and nanoseconds, none of which can be told by the others.
fn intervals(py: Python<'_>, array: &ArrayRef, unit: IntervalUnit) -> PyResult<Vec<Py<PyAny>>> {
    each(py, array, |row| {
        let parts: (i32, i32, i64) = match unit {
            IntervalUnit::YearMonth => (array.as_primitive::<IntervalYearMonthType>().value(row), 0, 0),
            IntervalUnit::DayTime => {
                let value = array.as_primitive::<IntervalDayTimeType>().value(row);
                (0, value.days, i64::from(value.milliseconds) * 1_000_000)
            }
            IntervalUnit::MonthDayNano => {
                let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
                (value.months, value.days, value.nanoseconds)
            }
        };
        parts.into_py_any(py)
    })
}
