//! Columns of Python's: lists of values, NumPy's memory, columns of other libraries.

use std::num::NonZero;
use std::panic::AssertUnwindSafe;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::alloc::Allocation;
use arrow::array::{
    Array, ArrayData, ArrayRef, AsArray, BinaryBuilder, BooleanArray, BooleanBuilder, Date32Builder, Decimal128Builder,
    DurationMicrosecondBuilder, Float64Builder, Int64Builder, ListArray, NullArray, RecordBatch, RecordBatchOptions,
    StringBuilder, StructArray, Time64MicrosecondBuilder, TimestampMicrosecondBuilder, UInt64Builder, make_array,
    new_empty_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use arrow::compute::{concat, nullif};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, Fields, Float16Type, Float32Type, Float64Type, Schema, TimeUnit,
};
use arrow::error::ArrowError;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::batches::Batches;
use crate::capsule::{self, invalid};
use crate::fitting::fitted;

/// Values that a thread looks through by itself.
const LOOKED_THROUGH: usize = 1 << 20;

/// A column on its way into a table.
#[pyclass(module = "swath._internal", frozen)]
pub struct Column {
    array: ArrayRef,
}

fn nan_as_null<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    is_nan: impl Fn(T::Native) -> bool + Copy + Send,
) -> Result<ArrayRef, ArrowError> {
    let values = array.as_primitive::<T>().values();
    let threads =
        std::thread::available_parallelism().map_or(1, NonZero::get).min(values.len().div_ceil(LOOKED_THROUGH));
    // In blocks, so that each is looked through by vector instructions and the first with NaN ends it.
    let has_nan = move |values: &[T::Native]| {
        values.chunks(4096).any(|block| block.iter().fold(false, |found, value| found | is_nan(*value)))
    };
    let found = match threads {
        0 | 1 => has_nan(values),
        _ => std::thread::scope(|scope| {
            let parts = values.chunks(values.len().div_ceil(threads));
            let parts: Vec<_> = parts.map(|part| scope.spawn(move || has_nan(part))).collect();
            // A thread that panicked has found nothing out: looked at once more below, value by value.
            parts.into_iter().any(|part| part.join().unwrap_or(true))
        }),
    };
    if !found {
        return Ok(Arc::clone(array));
    }
    nullif(array, &BooleanArray::new(BooleanBuffer::collect_bool(values.len(), |row| is_nan(values[row])), None))
}

#[pymethods]
impl Column {
    /// A list of Python's values, whose type is found by looking at all of them.
    #[staticmethod]
    fn of_values(values: &Bound<'_, PyList>) -> PyResult<Self> {
        let values: Vec<_> = values.iter().map(plain).collect::<PyResult<_>>()?;
        let mut kind = Kind::Null;
        for (row, value) in values.iter().enumerate() {
            kind = kind.and(Kind::of(value)?).map_err(|(one, other)| {
                PyTypeError::new_err(format!("row {row} is {other}, the rows before it are {one}; convert one of them"))
            })?;
        }
        Ok(Self { array: kind.array(&values)? })
    }

    /// What a column of another library hands out through the Arrow PyCapsule interface; not copied if it is in one piece.
    #[staticmethod]
    fn of_arrow(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (data_type, mut pieces) = capsule::arrays(object)?;
        let array = match pieces.len() {
            0 => new_empty_array(&data_type),
            1 => pieces.remove(0),
            _ => concat(&pieces.iter().map(AsRef::as_ref).collect::<Vec<_>>()).map_err(invalid)?,
        };
        Ok(Self { array })
    }

    /// `length` elements of a NumPy `dtype` at `address`, which stay there as long as `owner` lives. Not copied.
    #[staticmethod]
    fn of_memory(owner: Py<PyAny>, address: usize, length: usize, dtype: &str) -> PyResult<Self> {
        let (data_type, width) = numpy_type(dtype)?;
        let Some(pointer) = NonNull::new(address as *mut u8).filter(|_| length > 0) else {
            return Ok(Self { array: new_empty_array(&data_type) });
        };
        let owner: Arc<dyn Allocation> = Arc::new(Owner(AssertUnwindSafe(Some(owner))));
        // SAFETY: the caller gives the memory of an array that `owner` keeps alive.
        let buffer = unsafe { Buffer::from_custom_allocation(pointer, length * width, owner) };
        if data_type == DataType::Boolean {
            let bits = BooleanBuffer::collect_bool(length, |row| buffer[row] != 0);
            return Ok(Self { array: Arc::new(BooleanArray::new(bits, None)) });
        }
        let mut data = ArrayData::builder(data_type.clone()).len(length).add_buffer(buffer.clone());
        if matches!(data_type, DataType::Timestamp(..) | DataType::Duration(_)) {
            // Not-a-time.
            let values = buffer.typed_data::<i64>();
            let valid = BooleanBuffer::collect_bool(length, |row| values[row] != i64::MIN);
            data = data.nulls(Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0));
        }
        Ok(Self { array: make_array(data.build().map_err(invalid)?) })
    }

    /// The column in which NaN is null, as pandas means it; not copied. Other types stay as they are.
    fn nan_as_null(&self, py: Python<'_>) -> PyResult<Self> {
        let array = py.detach(|| match self.array.data_type() {
            DataType::Float16 => {
                nan_as_null::<Float16Type>(&self.array, <<Float16Type as ArrowPrimitiveType>::Native>::is_nan)
            }
            DataType::Float32 => nan_as_null::<Float32Type>(&self.array, f32::is_nan),
            DataType::Float64 => nan_as_null::<Float64Type>(&self.array, f64::is_nan),
            _ => Ok(Arc::clone(&self.array)),
        });
        Ok(Self { array: array.map_err(invalid)? })
    }

    /// The column in the type that `wanted` hands out through `__arrow_c_schema__`; a value that does not fit is an error.
    fn cast(&self, py: Python<'_>, wanted: &Bound<'_, PyAny>) -> PyResult<Self> {
        let wanted = capsule::type_of(wanted)?;
        Ok(Self { array: py.detach(|| fitted(&self.array, &wanted))? })
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }

    /// The table of these columns.
    #[staticmethod]
    fn table(names: Vec<String>, columns: Vec<PyRef<'_, Self>>) -> PyResult<Batches> {
        let fields = names.iter().zip(&columns);
        let fields: Vec<_> =
            fields.map(|(name, column)| Field::new(name, column.array.data_type().clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let arrays = columns.iter().map(|column| Arc::clone(&column.array)).collect();
        let rows = columns.first().map_or(0, |column| column.array.len());
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).map_err(invalid)?;
        Ok(Batches::new(schema, vec![batch]))
    }
}

/// What keeps memory of Python's alive.
struct Owner(AssertUnwindSafe<Option<Py<PyAny>>>);

impl Drop for Owner {
    fn drop(&mut self) {
        // On a thread of the engine, most often. When the interpreter is gone there is nothing left to free.
        let owner = self.0.take();
        let _ = Python::try_attach(|_| drop(owner));
    }
}

/// The Arrow type of NumPy's `dtype.str` in this machine's byte order, and the bytes of an element.
fn numpy_type(dtype: &str) -> PyResult<(DataType, usize)> {
    use DataType as T;
    let timestamp = |unit| T::Timestamp(unit, None);
    Ok(match dtype.trim_start_matches(['<', '|', '=']) {
        "b1" => (T::Boolean, 1),
        "i1" => (T::Int8, 1),
        "i2" => (T::Int16, 2),
        "i4" => (T::Int32, 4),
        "i8" => (T::Int64, 8),
        "u1" => (T::UInt8, 1),
        "u2" => (T::UInt16, 2),
        "u4" => (T::UInt32, 4),
        "u8" => (T::UInt64, 8),
        "f2" => (T::Float16, 2),
        "f4" => (T::Float32, 4),
        "f8" => (T::Float64, 8),
        "M8[s]" => (timestamp(TimeUnit::Second), 8),
        "M8[ms]" => (timestamp(TimeUnit::Millisecond), 8),
        "M8[us]" => (timestamp(TimeUnit::Microsecond), 8),
        "M8[ns]" => (timestamp(TimeUnit::Nanosecond), 8),
        "m8[s]" => (T::Duration(TimeUnit::Second), 8),
        "m8[ms]" => (T::Duration(TimeUnit::Millisecond), 8),
        "m8[us]" => (T::Duration(TimeUnit::Microsecond), 8),
        "m8[ns]" => (T::Duration(TimeUnit::Nanosecond), 8),
        other => return Err(PyTypeError::new_err(format!("NumPy's dtype '{other}' has no type in a table"))),
    })
}

/// A value without the wrapping of NumPy's and pandas' scalars.
fn plain(value: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    // What nearly all values are: asking for their class's name would take longer than all else.
    if value.is_none()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyBool>()
    {
        return Ok(value);
    }
    let class = value.get_type();
    if matches!(&*class.name()?.to_string_lossy(), "NAType" | "NaTType") {
        return Ok(value.py().None().into_bound(value.py()));
    }
    if class.hasattr("item")? && class.hasattr("dtype")? && !class.hasattr("__array_function__")? {
        return value.call_method0("item");
    }
    Ok(value)
}

/// What type a column of Python's values has.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Null,
    Bool,
    Int,
    /// Above what `Int` holds.
    LargeInt,
    Float,
    Text,
    Bytes,
    Date,
    /// With the name of its time zone.
    Timestamp(Option<String>),
    Time,
    Duration,
    /// Digits before and behind the point.
    Decimal(u8, u8),
    List(Box<Kind>),
    Struct(Vec<(String, Kind)>),
}

impl Kind {
    fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if value.is_none() {
            return Ok(Self::Null);
        }
        if value.is_instance_of::<PyBool>() {
            return Ok(Self::Bool);
        }
        if value.is_instance_of::<PyInt>() {
            return Ok(if value.extract::<i64>().is_ok() { Self::Int } else { Self::LargeInt });
        }
        if value.is_instance_of::<PyFloat>() {
            return Ok(Self::Float);
        }
        if value.is_instance_of::<PyString>() {
            return Ok(Self::Text);
        }
        if value.is_instance_of::<PyBytes>() {
            return Ok(Self::Bytes);
        }
        if value.is_instance_of::<PyDict>() {
            let mut fields = vec![];
            for (name, value) in value.cast::<PyDict>()? {
                fields.push((name.extract::<String>()?, Self::of(&plain(value)?)?));
            }
            return Ok(Self::Struct(fields));
        }
        if value.is_instance_of::<PyList>()
            || value.is_instance_of::<PyTuple>()
            || value.hasattr("__array_function__")?
        {
            let mut kind = Self::Null;
            for element in value.try_iter()? {
                kind = kind.and(Self::of(&plain(element?)?)?).map_err(|(one, other)| {
                    PyTypeError::new_err(format!("a list holds both {one} and {other}; convert one of them"))
                })?;
            }
            return Ok(Self::List(Box::new(kind)));
        }
        let class = value.get_type().fully_qualified_name()?.to_string();
        let datetime = value.py().import("datetime")?;
        if value.is_instance(&datetime.getattr("datetime")?)? {
            let zone = value.getattr("tzinfo")?;
            if zone.is_none() {
                return Ok(Self::Timestamp(None));
            }
            let key = zone.getattr("key").or_else(|_| zone.getattr("zone")).and_then(|key| key.extract::<String>());
            return Ok(Self::Timestamp(Some(key.unwrap_or_else(|_| "UTC".to_owned()))));
        }
        for (name, kind) in [("date", Self::Date), ("time", Self::Time), ("timedelta", Self::Duration)] {
            if value.is_instance(&datetime.getattr(name)?)? {
                return Ok(kind);
            }
        }
        if class == "decimal.Decimal" {
            let (_, digits, exponent) = value.call_method0("as_tuple")?.extract::<(u8, Vec<u8>, i32)>()?;
            let scale = u8::try_from((-exponent).max(0)).unwrap_or(u8::MAX);
            let whole = i32::try_from(digits.len()).unwrap_or(i32::MAX).saturating_add(exponent).max(0);
            return Ok(Self::Decimal(u8::try_from(whole).unwrap_or(u8::MAX), scale));
        }
        Err(PyTypeError::new_err(format!(
            "a value of type {class} has no type in a table; convert it to a number, text, bytes, date, time, list or dict"
        )))
    }

    /// The kind that holds both; else what the two are.
    fn and(self, other: Self) -> Result<Self, (String, String)> {
        use Kind as K;
        Ok(match (self, other) {
            (one, other) if one == other => one,
            (K::Null, kind) | (kind, K::Null) => kind,
            (K::Int, K::LargeInt) | (K::LargeInt, K::Int) => K::LargeInt,
            (K::Int | K::LargeInt, K::Float) | (K::Float, K::Int | K::LargeInt) => K::Float,
            (K::Int, K::Decimal(whole, scale)) | (K::Decimal(whole, scale), K::Int) => K::Decimal(whole.max(19), scale),
            (K::Decimal(a, b), K::Decimal(c, d)) => K::Decimal(a.max(c), b.max(d)),
            (K::Date, K::Timestamp(None)) | (K::Timestamp(None), K::Date) => K::Timestamp(None),
            (K::Timestamp(Some(_)), K::Timestamp(Some(_))) => K::Timestamp(Some("UTC".to_owned())),
            (K::List(one), K::List(other)) => K::List(Box::new(one.and(*other)?)),
            (K::Struct(mut fields), K::Struct(others)) => {
                for (name, kind) in others {
                    match fields.iter_mut().find(|field| field.0 == name) {
                        Some(field) => field.1 = std::mem::replace(&mut field.1, K::Null).and(kind)?,
                        None => fields.push((name, kind)),
                    }
                }
                K::Struct(fields)
            }
            (one, other) => return Err((one.name(), other.name())),
        })
    }

    /// What people call it.
    fn name(&self) -> String {
        let name = match self {
            Self::Null => "None",
            Self::Bool => "bool",
            Self::Int | Self::LargeInt => "int",
            Self::Float => "float",
            Self::Text => "str",
            Self::Bytes => "bytes",
            Self::Date => "date",
            Self::Timestamp(None) => "datetime without time zone",
            Self::Timestamp(Some(_)) => "datetime with time zone",
            Self::Time => "time",
            Self::Duration => "timedelta",
            Self::Decimal(..) => "Decimal",
            Self::List(_) => "list",
            Self::Struct(_) => "dict",
        };
        name.to_owned()
    }

    /// The column of `values`, each of which is of this kind or `None`.
    fn array(&self, values: &[Bound<'_, PyAny>]) -> PyResult<ArrayRef> {
        macro_rules! built {
            ($builder:expr, $value:expr) => {{
                let mut builder = $builder;
                for value in values {
                    match value.is_none() {
                        true => builder.append_null(),
                        false => builder.append_value($value(value)?),
                    }
                }
                Arc::new(builder.finish())
            }};
        }
        Ok(match self {
            Self::Null => Arc::new(NullArray::new(values.len())),
            Self::Bool => built!(BooleanBuilder::new(), PyAnyMethods::extract::<bool>),
            Self::Int => built!(Int64Builder::new(), PyAnyMethods::extract::<i64>),
            Self::LargeInt => {
                built!(UInt64Builder::new(), |value: &Bound<'_, PyAny>| value.extract::<u64>().map_err(|_| {
                    PyValueError::new_err(format!("{value} and the other integers of its column fit no 64-bit type"))
                }))
            }
            Self::Float => built!(Float64Builder::new(), PyAnyMethods::extract::<f64>),
            Self::Text => built!(StringBuilder::new(), PyAnyMethods::extract::<String>),
            Self::Bytes => built!(BinaryBuilder::new(), PyAnyMethods::extract::<Vec<u8>>),
            Self::Date => built!(Date32Builder::new(), |value: &Bound<'_, PyAny>| {
                Ok::<_, PyErr>(value.call_method0("toordinal")?.extract::<i32>()? - 719_163)
            }),
            Self::Time => built!(Time64MicrosecondBuilder::new(), |value: &Bound<'_, PyAny>| {
                let part = |name: &str| value.getattr(name)?.extract::<i64>();
                let seconds = (part("hour")? * 60 + part("minute")?) * 60 + part("second")?;
                Ok::<_, PyErr>(seconds * 1_000_000 + part("microsecond")?)
            }),
            Self::Duration => built!(DurationMicrosecondBuilder::new(), microseconds),
            Self::Timestamp(zone) => self.timestamps(values, zone.as_deref())?,
            Self::Decimal(whole, scale) => decimals(values, *whole, *scale)?,
            Self::List(element) => lists(values, element)?,
            Self::Struct(fields) => structs(values, fields)?,
        })
    }

    fn timestamps(&self, values: &[Bound<'_, PyAny>], zone: Option<&str>) -> PyResult<ArrayRef> {
        let mut builder = TimestampMicrosecondBuilder::new();
        for value in values {
            if value.is_none() {
                builder.append_null();
                continue;
            }
            let class = value.py().import("datetime")?.getattr("datetime")?;
            let epoch = match zone {
                Some(_) => {
                    let utc = value.py().import("datetime")?.getattr("timezone")?.getattr("utc")?;
                    class.call1((1970, 1, 1, 0, 0, 0, 0, utc))?
                }
                None => class.call1((1970, 1, 1))?,
            };
            let moment = match value.is_instance(&class)? {
                true => value.clone(),
                // A date among them.
                false => class.call1((value.getattr("year")?, value.getattr("month")?, value.getattr("day")?))?,
            };
            builder.append_value(microseconds(&moment.sub(epoch)?)?);
        }
        let array = builder.finish();
        Ok(match zone {
            Some(zone) => Arc::new(array.with_timezone(zone)),
            None => Arc::new(array),
        })
    }
}

/// The length of a `timedelta`.
fn microseconds(delta: &Bound<'_, PyAny>) -> PyResult<i64> {
    let part = |name: &str| delta.getattr(name)?.extract::<i64>();
    let seconds = part("days")? * 86_400 + part("seconds")?;
    let all = seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(part("microseconds").ok()?));
    all.ok_or_else(|| PyValueError::new_err(format!("{delta} is too long for 64 bits of microseconds")))
}

fn decimals(values: &[Bound<'_, PyAny>], whole: u8, scale: u8) -> PyResult<ArrayRef> {
    let precision = whole.saturating_add(scale).max(1);
    if precision > 38 {
        let message =
            format!("the decimals have {whole} digits before the point and {scale} behind it; 38 can be held");
        return Err(PyValueError::new_err(message));
    }
    let mut builder = Decimal128Builder::new().with_data_type(DataType::Decimal128(precision, scale.cast_signed()));
    for value in values {
        if value.is_none() {
            builder.append_null();
            continue;
        }
        let scaled = value.py().import("decimal")?.getattr("Decimal")?.call1((value,))?;
        let scaled = scaled.call_method1("scaleb", (scale,))?;
        builder.append_value(scaled.call_method0("__int__")?.extract::<i128>()?);
    }
    Ok(Arc::new(builder.finish()))
}

fn lists(values: &[Bound<'_, PyAny>], element: &Kind) -> PyResult<ArrayRef> {
    let (mut elements, mut lengths) = (vec![], vec![]);
    for value in values {
        let before = elements.len();
        if !value.is_none() {
            for element in value.try_iter()? {
                elements.push(plain(element?)?);
            }
        }
        lengths.push(elements.len() - before);
    }
    let array = element.array(&elements)?;
    let field = Arc::new(Field::new("item", array.data_type().clone(), true));
    let nulls = NullBuffer::from_iter(values.iter().map(|value| !value.is_none()));
    let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), array, nulls).map_err(invalid)?))
}

fn structs(values: &[Bound<'_, PyAny>], fields: &[(String, Kind)]) -> PyResult<ArrayRef> {
    let nulls = NullBuffer::from_iter(values.iter().map(|value| !value.is_none()));
    let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(values.len(), nulls)));
    }
    let (mut types, mut columns) = (vec![], vec![]);
    for (name, kind) in fields {
        let mut column = vec![];
        for value in values {
            let field = if value.is_none() { None } else { value.cast::<PyDict>()?.get_item(name)? };
            column.push(field.map_or_else(|| Ok(value.py().None().into_bound(value.py())), plain)?);
        }
        let array = kind.array(&column)?;
        types.push(Field::new(name, array.data_type().clone(), true));
        columns.push(array);
    }
    Ok(Arc::new(StructArray::try_new(Fields::from(types), columns, nulls).map_err(invalid)?))
}
