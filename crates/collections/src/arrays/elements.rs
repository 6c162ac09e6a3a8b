//! Elements of arrays as values of columns, and back.

use std::sync::Arc;

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanArray, make_array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit as ArrowUnit};
use arrow::error::ArrowError;
use swath_array_io::tensor::element;
use swath_nd::kernels::NAT;
use swath_nd::{DType, NdArray, TimeUnit, f16};

/// The dtype of an array that a column of this type can be part of.
pub(super) fn dtype_of(data_type: &DataType) -> Option<DType> {
    match data_type {
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => Some(DType::F64),
        other => element(other),
    }
}

/// The type of a column that holds elements of this dtype.
pub(super) fn data_type_of(dtype: DType) -> Option<DataType> {
    Some(match dtype {
        DType::Bool => DataType::Boolean,
        DType::I8 => DataType::Int8,
        DType::I16 => DataType::Int16,
        DType::I32 => DataType::Int32,
        DType::I64 => DataType::Int64,
        DType::U8 => DataType::UInt8,
        DType::U16 => DataType::UInt16,
        DType::U32 => DataType::UInt32,
        DType::U64 => DataType::UInt64,
        DType::F16 => DataType::Float16,
        DType::F32 => DataType::Float32,
        DType::F64 => DataType::Float64,
        DType::Datetime64(unit) => DataType::Timestamp(arrow_unit(unit)?, None),
        DType::Timedelta64(unit) => DataType::Duration(arrow_unit(unit)?),
        DType::C64 | DType::C128 => return None,
    })
}

/// Days are seconds in a column: Arrow's dates have 32 bits.
fn arrow_unit(unit: TimeUnit) -> Option<ArrowUnit> {
    Some(match unit {
        TimeUnit::Second => ArrowUnit::Second,
        TimeUnit::Millisecond => ArrowUnit::Millisecond,
        TimeUnit::Microsecond => ArrowUnit::Microsecond,
        TimeUnit::Nanosecond => ArrowUnit::Nanosecond,
        _ => return None,
    })
}

/// The Arrow type whose values have the bytes of elements of this dtype.
fn same_bytes(dtype: DType) -> Option<DataType> {
    match dtype {
        DType::Datetime64(TimeUnit::Day) => Some(DataType::Int64),
        other => data_type_of(other),
    }
}

/// Writes the values of a column into every `stride`-th element of `out`, from the first: the bytes of elements of `dtype`.
///
/// # Errors
/// If a value does not fit, or there is no value and the dtype has none for that.
pub(super) fn write_column(column: &ArrayRef, dtype: DType, out: &mut [u8], stride: usize) -> Result<(), ArrowError> {
    let target = same_bytes(dtype).ok_or_else(|| ArrowError::CastError(format!("no column holds {dtype}")))?;
    let plain;
    let column = match (column.data_type(), dtype) {
        (DataType::Date32, DType::Datetime64(TimeUnit::Day)) => {
            plain = cast(column, &DataType::Int32)?;
            &plain
        }
        // The zone says how to show a moment; without one, the moment counts, not what a clock there showed.
        (DataType::Timestamp(unit, Some(_)), DType::Datetime64(_)) => {
            plain = cast(column, &DataType::Timestamp(*unit, Some("UTC".into())))?;
            &plain
        }
        _ => column,
    };
    let values = cast(column, &target)?;
    let missing = missing(dtype);
    if values.null_count() > 0 && missing.is_none() {
        return Err(ArrowError::ComputeError(format!(
            "{} values are missing (NULL), for which {dtype} has no element",
            values.null_count()
        )));
    }
    let size = dtype.item_size();
    let rows = values.len();
    if let Some(flags) = values.as_boolean_opt() {
        (0..rows).for_each(|row| out[row * stride] = u8::from(flags.value(row)));
        return Ok(());
    }
    let data = values.to_data();
    let bytes = &data.buffers()[0].as_slice()[data.offset() * size..];
    for row in 0..rows {
        out[row * stride * size..][..size].copy_from_slice(&bytes[row * size..][..size]);
    }
    if let (Some(nulls), Some(missing)) = (values.nulls(), missing) {
        for row in (0..rows).filter(|row| nulls.is_null(*row)) {
            out[row * stride * size..][..size].copy_from_slice(&missing[..size]);
        }
    }
    Ok(())
}

/// The bytes of the element that stands for a missing value.
fn missing(dtype: DType) -> Option<[u8; 8]> {
    let mut bytes = [0; 8];
    match dtype {
        DType::F16 => bytes[..2].copy_from_slice(&f16::NAN.to_ne_bytes()),
        DType::F32 => bytes[..4].copy_from_slice(&f32::NAN.to_ne_bytes()),
        DType::F64 => bytes.copy_from_slice(&f64::NAN.to_ne_bytes()),
        DType::Datetime64(_) | DType::Timedelta64(_) => bytes.copy_from_slice(&NAT.to_ne_bytes()),
        _ => return None,
    }
    Some(bytes)
}

/// A column of the elements of a 1-d array; without a copy if they lie one after another. NaT is a missing value.
///
/// # Errors
/// If no column holds the dtype.
pub(super) fn column(array: &NdArray) -> Result<ArrayRef, ArrowError> {
    let dtype = array.dtype();
    let data_type = data_type_of(dtype).ok_or_else(|| ArrowError::CastError(format!("no column holds {dtype}")))?;
    let array = array.contiguous();
    let (rows, size) = (array.len(), dtype.item_size());
    let buffer = array.buffer().slice_with_length(array.offset() * size, rows * size);
    if dtype == DType::Bool {
        return Ok(Arc::new(BooleanArray::from_iter(buffer.iter().map(|flag| Some(*flag != 0)))));
    }
    let mut builder = ArrayData::builder(data_type).len(rows);
    if matches!(dtype, DType::Datetime64(_) | DType::Timedelta64(_)) {
        let nulls = NullBuffer::from_iter(buffer.typed_data::<i64>().iter().map(|value| *value != NAT));
        builder = builder.nulls((nulls.null_count() > 0).then_some(nulls));
    }
    Ok(make_array(builder.add_buffer(buffer).build()?))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Date32Array, Float64Array, Int32Array, TimestampSecondArray};

    use super::*;

    #[test]
    fn missing_values_are_nan_or_an_error() {
        let mut out = [0_u8; 32];
        let column_of = Arc::new(Int32Array::from(vec![Some(3), None])) as ArrayRef;
        write_column(&column_of, DType::F64, &mut out, 2).unwrap();
        assert_eq!(f64::from_ne_bytes(out[..8].try_into().unwrap()), 3.0);
        assert!(f64::from_ne_bytes(out[16..24].try_into().unwrap()).is_nan());
        let error = write_column(&column_of, DType::I64, &mut out, 2).unwrap_err().to_string();
        assert!(error.contains("1 values are missing"), "{error}");
    }

    #[test]
    fn dates_are_days() {
        let mut out = [0_u8; 16];
        let dates = Arc::new(Date32Array::from(vec![Some(7), None])) as ArrayRef;
        write_column(&dates, dtype_of(dates.data_type()).unwrap(), &mut out, 1).unwrap();
        assert_eq!(i64::from_ne_bytes(out[..8].try_into().unwrap()), 7);
        assert_eq!(i64::from_ne_bytes(out[8..].try_into().unwrap()), NAT);
    }

    #[test]
    fn moments_count_not_clocks() {
        let moments = TimestampSecondArray::from(vec![Some(3_600), None]).with_timezone("+01:00");
        let (moments, mut out) = (Arc::new(moments) as ArrayRef, [0_u8; 16]);
        write_column(&moments, dtype_of(moments.data_type()).unwrap(), &mut out, 1).unwrap();
        assert_eq!(i64::from_ne_bytes(out[..8].try_into().unwrap()), 3_600);
        assert_eq!(i64::from_ne_bytes(out[8..].try_into().unwrap()), NAT);
    }

    #[test]
    fn columns_of_arrays() {
        let array = NdArray::from_vec(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let second = array.slice(&[swath_nd::SliceSpec::ALL, swath_nd::SliceSpec::Index(1)]).unwrap();
        assert_eq!(column(&second).unwrap().as_ref(), &Float64Array::from(vec![2.0, 4.0]) as &dyn Array);
        let times = NdArray::from_vec(&[2], vec![5_i64, NAT]).unwrap();
        let times = times.reinterpret(DType::Datetime64(TimeUnit::Second)).unwrap();
        assert_eq!(column(&times).unwrap().as_ref(), &TimestampSecondArray::from(vec![Some(5), None]) as &dyn Array);
        assert!(column(&NdArray::zeros(DType::C64, &[1]).unwrap()).is_err());
    }
}
