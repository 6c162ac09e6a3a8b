//! Columns in a type that was asked for, without a value that does not fit it.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::capsule::invalid;
use crate::dtypes::text;

/// `array` as `wanted`. Digits and units may be cut where the type has fewer of them; a fraction is no integer.
///
/// # Errors
/// `ValueError` that names the first value that does not fit.
pub fn fitted(array: &ArrayRef, wanted: &DataType) -> PyResult<ArrayRef> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    match cast_with_options(array, wanted, &strict) {
        Ok(made) => match row_with_fraction(array, &made).map_err(invalid)? {
            None => Ok(made),
            Some(row) => Err(refused(array, row, wanted)),
        },
        Err(error) => Err(match row_made_null(array, wanted) {
            Some(row) => refused(array, row, wanted),
            // In a list or a struct, or between types without a cast.
            None => invalid(error),
        }),
    }
}

fn refused(array: &ArrayRef, row: usize, wanted: &DataType) -> PyErr {
    let value = shown(array, row).unwrap_or_else(|_| "the value".to_owned());
    let wanted = text(wanted);
    PyValueError::new_err(format!(
        "{value} in row {row} does not fit {wanted}; give values that do, or leave the type out and take \
         .cast(…, strict=False) after it"
    ))
}

/// The value as it reads in a message.
fn shown(array: &ArrayRef, row: usize) -> Result<String, ArrowError> {
    let options = FormatOptions::default();
    let value = ArrayFormatter::try_new(array, &options)?.value(row).try_to_string()?;
    Ok(match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => format!("'{value}'"),
        _ => value,
    })
}

/// The first row whose value a cast that gives null for what does not fit makes null.
fn row_made_null(array: &ArrayRef, wanted: &DataType) -> Option<usize> {
    let made = cast(array, wanted).ok()?.logical_nulls()?;
    let given = array.logical_nulls();
    (0..array.len()).find(|row| made.is_null(*row) && given.as_ref().is_none_or(|nulls| nulls.is_valid(*row)))
}

/// The first row of `given` in which the integers of `made` lack a fraction.
fn row_with_fraction(given: &ArrayRef, made: &ArrayRef) -> Result<Option<usize>, ArrowError> {
    if !cuts_fractions(given.data_type(), made.data_type()) {
        return Ok(None);
    }
    if given.data_type().is_floating() {
        // Not by comparing: -0 is 0.
        let floats = cast(given, &DataType::Float64)?;
        let floats = floats.as_primitive::<Float64Type>();
        return Ok((0..floats.len()).find(|row| floats.is_valid(*row) && floats.value(*row).fract() != 0.0));
    }
    let back = cast(made, given.data_type())?;
    if back.as_ref() == given.as_ref() {
        return Ok(None);
    }
    Ok((0..given.len()).find(|row| back.slice(*row, 1).as_ref() != given.slice(*row, 1).as_ref()))
}

/// Whether a cast takes numbers with a fraction to integers, also inside lists and structs.
fn cuts_fractions(from: &DataType, to: &DataType) -> bool {
    match (element(from), element(to)) {
        (Some(from), Some(to)) => return cuts_fractions(from, to),
        (None, None) => {}
        _ => return false,
    }
    match (from, to) {
        (DataType::Struct(from), DataType::Struct(to)) => from.iter().any(|from| {
            to.iter().any(|to| from.name() == to.name() && cuts_fractions(from.data_type(), to.data_type()))
        }),
        _ => to.is_integer() && (from.is_floating() || from.is_decimal()),
    }
}

/// What the lists hold.
fn element(lists: &DataType) -> Option<&DataType> {
    match lists {
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            Some(field.data_type())
        }
        _ => None,
    }
}
