//! Data types: Arrow's, under the names that Python gives them.

use std::sync::Arc;

use arrow::datatypes::{DataType as Arrow, Field, Fields, IntervalUnit, TimeUnit};
use arrow::ffi::FFI_ArrowSchema;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::capsule;

/// A data type.
#[pyclass(module = "swath._internal", frozen, eq, hash)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DataType {
    pub(crate) arrow: Arrow,
}

impl From<Arrow> for DataType {
    fn from(arrow: Arrow) -> Self {
        Self { arrow }
    }
}

#[pymethods]
impl DataType {
    /// The type that `text` names: `int64`, `datetime[us, UTC]`, `decimal(15, 2)`, `list[str]`, or Arrow's own text.
    #[staticmethod]
    fn parse(text: &str) -> PyResult<Self> {
        parse(text).map(Into::into).ok_or_else(|| {
            PyValueError::new_err(format!(
                "no data type is named '{text}'; examples are int64, float32, str, bool, date, datetime[us, UTC], \
                 decimal(15, 2) and list[int64]"
            ))
        })
    }

    /// The type that `object` hands out through `__arrow_c_schema__`.
    #[staticmethod]
    fn from_arrow(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        capsule::type_of(object).map(Into::into)
    }

    #[staticmethod]
    fn decimal(precision: u8, scale: i8) -> PyResult<Self> {
        let wrong =
            |limit: &str| PyValueError::new_err(format!("Decimal: expected {limit}, got ({precision}, {scale})"));
        if !(1..=76).contains(&precision) {
            return Err(wrong("a precision between 1 and 76"));
        }
        if scale.unsigned_abs() > precision {
            return Err(wrong("a scale within the precision"));
        }
        Ok(if precision <= 38 { Arrow::Decimal128(precision, scale) } else { Arrow::Decimal256(precision, scale) }
            .into())
    }

    #[staticmethod]
    #[pyo3(signature = (unit, time_zone=None))]
    fn datetime(unit: &str, time_zone: Option<&str>) -> PyResult<Self> {
        Ok(Arrow::Timestamp(time_unit(unit)?, time_zone.map(Into::into)).into())
    }

    #[staticmethod]
    fn duration(unit: &str) -> PyResult<Self> {
        Ok(Arrow::Duration(time_unit(unit)?).into())
    }

    #[staticmethod]
    fn time(unit: &str) -> PyResult<Self> {
        Ok(match time_unit(unit)? {
            unit @ (TimeUnit::Second | TimeUnit::Millisecond) => Arrow::Time32(unit),
            unit => Arrow::Time64(unit),
        }
        .into())
    }

    #[staticmethod]
    fn list(inner: &Self) -> Self {
        Arrow::new_list(inner.arrow.clone(), true).into()
    }

    #[staticmethod]
    fn array(inner: &Self, length: i32) -> PyResult<Self> {
        if length < 0 {
            return Err(PyValueError::new_err(format!("Array: expected a length of 0 or more, got {length}")));
        }
        Ok(Arrow::new_fixed_size_list(inner.arrow.clone(), length, true).into())
    }

    #[staticmethod]
    #[pyo3(name = "struct")]
    fn structure(fields: Vec<(String, Bound<'_, Self>)>) -> Self {
        let field =
            |(name, data_type): (String, Bound<'_, Self>)| Field::new(name, data_type.get().arrow.clone(), true);
        Arrow::Struct(fields.into_iter().map(field).collect::<Fields>()).into()
    }

    #[staticmethod]
    fn map(key: &Self, value: &Self) -> Self {
        let fields = [Field::new("key", key.arrow.clone(), false), Field::new("value", value.arrow.clone(), true)];
        let entries = Field::new("entries", Arrow::Struct(fields.into_iter().collect()), false);
        Arrow::Map(Arc::new(entries), false).into()
    }

    #[staticmethod]
    fn dictionary(index: &Self, value: &Self) -> PyResult<Self> {
        if !index.arrow.is_dictionary_key_type() {
            return Err(PyValueError::new_err(format!(
                "Dictionary: expected an integer index, got {}",
                text(&index.arrow)
            )));
        }
        Ok(Arrow::Dictionary(Box::new(index.arrow.clone()), Box::new(value.arrow.clone())).into())
    }

    #[staticmethod]
    fn fixed_binary(width: i32) -> PyResult<Self> {
        if width < 0 {
            return Err(PyValueError::new_err(format!("FixedSizeBinary: expected a width of 0 or more, got {width}")));
        }
        Ok(Arrow::FixedSizeBinary(width).into())
    }

    /// Whether it is of a kind: `numeric`, `string`, `temporal`, …
    fn is_kind(&self, kind: &str) -> PyResult<bool> {
        let known = crate::expr::selectors::Kind::of(kind);
        let known = known.ok_or_else(|| PyValueError::new_err(format!("there is no kind '{kind}' of types")))?;
        Ok(known.has(&self.arrow))
    }

    /// What it is called without its parameters.
    #[getter]
    fn kind(&self) -> &'static str {
        kind(&self.arrow)
    }

    /// The unit of time.
    #[getter]
    fn unit(&self) -> Option<&'static str> {
        match &self.arrow {
            Arrow::Timestamp(unit, _) | Arrow::Duration(unit) | Arrow::Time32(unit) | Arrow::Time64(unit) => {
                Some(unit_text(*unit))
            }
            _ => None,
        }
    }

    /// The time zone of a timestamp.
    #[getter]
    fn time_zone(&self) -> Option<&str> {
        match &self.arrow {
            Arrow::Timestamp(_, zone) => zone.as_deref(),
            _ => None,
        }
    }

    /// Precision and scale of a decimal.
    #[getter]
    fn digits(&self) -> Option<(u8, i8)> {
        match self.arrow {
            Arrow::Decimal32(p, s) | Arrow::Decimal64(p, s) | Arrow::Decimal128(p, s) | Arrow::Decimal256(p, s) => {
                Some((p, s))
            }
            _ => None,
        }
    }

    /// Elements of an array, bytes of a binary of fixed size.
    #[getter]
    fn width(&self) -> Option<i32> {
        match self.arrow {
            Arrow::FixedSizeList(_, width) | Arrow::FixedSizeBinary(width) => Some(width),
            _ => None,
        }
    }

    /// The names and types of what it is made of.
    #[getter]
    fn fields(&self) -> Vec<(String, Self)> {
        let of = |field: &Field| (field.name().clone(), Self::from(field.data_type().clone()));
        match &self.arrow {
            Arrow::List(field)
            | Arrow::LargeList(field)
            | Arrow::ListView(field)
            | Arrow::LargeListView(field)
            | Arrow::FixedSizeList(field, _) => vec![of(field)],
            Arrow::Struct(fields) => fields.iter().map(|field| of(field)).collect(),
            Arrow::Map(entries, _) => match entries.data_type() {
                Arrow::Struct(fields) => fields.iter().map(|field| of(field)).collect(),
                _ => vec![],
            },
            Arrow::Dictionary(index, value) => {
                vec![("index".to_owned(), Self::from(*index.clone())), ("value".to_owned(), Self::from(*value.clone()))]
            }
            _ => vec![],
        }
    }

    fn __repr__(&self) -> String {
        text(&self.arrow)
    }

    /// The type, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&Field::new("", self.arrow.clone(), true)).map_err(capsule::invalid)?;
        PyCapsule::new_with_value(py, schema, capsule::SCHEMA)
    }
}

fn time_unit(text: &str) -> PyResult<TimeUnit> {
    parse_unit(text).ok_or_else(|| {
        PyValueError::new_err(format!("expected a unit of time ('s', 'ms', 'us' or 'ns'), got '{text}'"))
    })
}

fn parse_unit(text: &str) -> Option<TimeUnit> {
    Some(match text {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    })
}

fn unit_text(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn parse(text: &str) -> Option<Arrow> {
    let text = text.trim();
    let small = text.to_lowercase();
    Some(match small.as_str() {
        "null" | "none" => Arrow::Null,
        "bool" | "boolean" => Arrow::Boolean,
        "i8" | "int8" | "tinyint" => Arrow::Int8,
        "i16" | "int16" | "smallint" => Arrow::Int16,
        "i32" | "int32" | "integer" => Arrow::Int32,
        "i64" | "int64" | "int" | "long" | "bigint" => Arrow::Int64,
        "u8" | "uint8" => Arrow::UInt8,
        "u16" | "uint16" => Arrow::UInt16,
        "u32" | "uint32" => Arrow::UInt32,
        "u64" | "uint64" => Arrow::UInt64,
        "f16" | "float16" | "half" => Arrow::Float16,
        "f32" | "float32" | "real" => Arrow::Float32,
        "f64" | "float64" | "float" | "double" => Arrow::Float64,
        "str" | "string" | "utf8" | "text" | "varchar" => Arrow::Utf8,
        "large_string" => Arrow::LargeUtf8,
        "string_view" => Arrow::Utf8View,
        "bytes" | "binary" => Arrow::Binary,
        "large_binary" => Arrow::LargeBinary,
        "binary_view" => Arrow::BinaryView,
        "date" | "date32" => Arrow::Date32,
        "date64" => Arrow::Date64,
        "time" => Arrow::Time64(TimeUnit::Nanosecond),
        "datetime" | "timestamp" | "datetime64" => Arrow::Timestamp(TimeUnit::Microsecond, None),
        "timedelta" | "duration" | "timedelta64" => Arrow::Duration(TimeUnit::Microsecond),
        "interval" => Arrow::Interval(IntervalUnit::MonthDayNano),
        _ => return parse_parametric(text, &small).or_else(|| text.parse().ok()),
    })
}

/// `name[a, b]`, `name(a, b)` and `name<a>`.
fn parse_parametric(text: &str, small: &str) -> Option<Arrow> {
    let open = text.find(['[', '(', '<'])?;
    let inside = text.get(open + 1..)?.strip_suffix([']', ')', '>'])?;
    let mut parts = inside.splitn(2, ',').map(str::trim);
    let (first, second) = (parts.next()?, parts.next());
    Some(match small.get(..open)?.trim() {
        "datetime" | "timestamp" | "datetime64" => {
            let zone = second.map(|zone| zone.strip_prefix("tz=").unwrap_or(zone).trim_matches(['\'', '"']));
            Arrow::Timestamp(parse_unit(first)?, zone.map(Into::into))
        }
        "duration" | "timedelta" | "timedelta64" => Arrow::Duration(parse_unit(first)?),
        "time" | "time32" | "time64" => match parse_unit(first)? {
            unit @ (TimeUnit::Second | TimeUnit::Millisecond) => Arrow::Time32(unit),
            unit => Arrow::Time64(unit),
        },
        "decimal" | "decimal128" | "numeric" => {
            let precision: u8 = first.parse().ok().filter(|precision| (1..=76).contains(precision))?;
            let scale: i8 = second.unwrap_or("0").parse().ok()?;
            if precision <= 38 { Arrow::Decimal128(precision, scale) } else { Arrow::Decimal256(precision, scale) }
        }
        "list" => Arrow::new_list(parse(inside)?, true),
        "array" => Arrow::new_fixed_size_list(parse(first)?, second?.parse().ok()?, true),
        _ => return None,
    })
}

fn kind(data_type: &Arrow) -> &'static str {
    match data_type {
        Arrow::Null => "Null",
        Arrow::Boolean => "Boolean",
        Arrow::Int8 => "Int8",
        Arrow::Int16 => "Int16",
        Arrow::Int32 => "Int32",
        Arrow::Int64 => "Int64",
        Arrow::UInt8 => "UInt8",
        Arrow::UInt16 => "UInt16",
        Arrow::UInt32 => "UInt32",
        Arrow::UInt64 => "UInt64",
        Arrow::Float16 => "Float16",
        Arrow::Float32 => "Float32",
        Arrow::Float64 => "Float64",
        Arrow::Utf8 => "String",
        Arrow::LargeUtf8 => "LargeString",
        Arrow::Utf8View => "StringView",
        Arrow::Binary => "Binary",
        Arrow::LargeBinary => "LargeBinary",
        Arrow::BinaryView => "BinaryView",
        Arrow::FixedSizeBinary(_) => "FixedSizeBinary",
        Arrow::Date32 => "Date",
        Arrow::Date64 => "Date64",
        Arrow::Time32(_) | Arrow::Time64(_) => "Time",
        Arrow::Timestamp(..) => "Datetime",
        Arrow::Duration(_) => "Duration",
        Arrow::Interval(_) => "Interval",
        Arrow::Decimal32(..) | Arrow::Decimal64(..) | Arrow::Decimal128(..) | Arrow::Decimal256(..) => "Decimal",
        Arrow::List(_) => "List",
        Arrow::LargeList(_) => "LargeList",
        Arrow::ListView(_) => "ListView",
        Arrow::LargeListView(_) => "LargeListView",
        Arrow::FixedSizeList(..) => "Array",
        Arrow::Struct(_) => "Struct",
        Arrow::Map(..) => "Map",
        Arrow::Dictionary(..) => "Dictionary",
        Arrow::Union(..) => "Union",
        Arrow::RunEndEncoded(..) => "RunEndEncoded",
    }
}

/// As Python writes it.
pub fn text(data_type: &Arrow) -> String {
    let name = kind(data_type);
    match data_type {
        Arrow::FixedSizeBinary(width) => format!("{name}({width})"),
        Arrow::Time32(unit) | Arrow::Time64(unit) | Arrow::Duration(unit) => format!("{name}('{}')", unit_text(*unit)),
        Arrow::Timestamp(unit, None) => format!("{name}('{}')", unit_text(*unit)),
        Arrow::Timestamp(unit, Some(zone)) => format!("{name}('{}', '{zone}')", unit_text(*unit)),
        Arrow::Decimal32(p, s) | Arrow::Decimal64(p, s) | Arrow::Decimal128(p, s) | Arrow::Decimal256(p, s) => {
            format!("{name}({p}, {s})")
        }
        Arrow::List(field) | Arrow::LargeList(field) | Arrow::ListView(field) | Arrow::LargeListView(field) => {
            format!("{name}({})", text(field.data_type()))
        }
        Arrow::FixedSizeList(field, width) => format!("{name}({}, {width})", text(field.data_type())),
        Arrow::Struct(fields) => {
            let fields = fields.iter().map(|field| format!("'{}': {}", field.name(), text(field.data_type())));
            format!("{name}({{{}}})", fields.collect::<Vec<_>>().join(", "))
        }
        Arrow::Map(entries, _) => match entries.data_type() {
            Arrow::Struct(fields) => {
                let fields = fields.iter().map(|field| text(field.data_type()));
                format!("{name}({})", fields.collect::<Vec<_>>().join(", "))
            }
            other => format!("{name}({other})"),
        },
        Arrow::Dictionary(index, value) => format!("{name}({}, {})", text(index), text(value)),
        _ => name.to_owned(),
    }
}
