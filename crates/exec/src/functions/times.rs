//! Dates and times as the numbers that they are stored as, for means and quantiles of them.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Result;

/// The type of what lies between values of `data_type`, if these are points in time or lengths of it: of 64 bits, and so fine that
/// the middle of two dates is one of its values. Arguments are coerced to it.
pub(super) fn type_between(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Date32 | DataType::Date64 => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        DataType::Time32(_) => Some(DataType::Time64(TimeUnit::Microsecond)),
        DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_) => Some(data_type.clone()),
        DataType::Dictionary(_, values) => type_between(values),
        _ => None,
    }
}

/// Whether `data_type` is one that [`type_between`] gives.
pub(super) fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_))
}

/// The numbers of `values`, not copied.
///
/// # Errors
/// If they are of another type.
pub(super) fn as_numbers(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(cast(values, &DataType::Int64)?)
}
