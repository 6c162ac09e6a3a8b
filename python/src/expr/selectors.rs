//! Selectors: columns taken by name, by pattern, by type.

use arrow::array::StringArray;
use arrow::compute::regexp_is_match_scalar;
use arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use serde::{Deserialize, Serialize};
use swath_collections as sw;

/// Which columns of a table are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Selector {
    /// Exactly these, in this order; those that are not there too, so that the engine reports them.
    Names(Vec<String>),
    /// Those whose name the regular expression matches.
    Pattern(String),
    /// Those of one of these types.
    Types(#[serde(with = "super::pickle::types")] Vec<DataType>),
    /// Those whose type is of a kind: `numeric`, `string`, …
    Kind(Kind),
    /// The one at a position, from the end if negative.
    Position(i64),
    /// Those of either.
    Or(Box<Self>, Box<Self>),
    /// Those of both.
    And(Box<Self>, Box<Self>),
    /// Those of the first that are not of the second.
    Minus(Box<Self>, Box<Self>),
    /// All.
    All,
}

/// A kind of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Integers, floats and decimals.
    Numeric,
    /// Integers.
    Integer,
    /// Integers with a sign.
    SignedInteger,
    /// Integers without a sign.
    UnsignedInteger,
    /// Floats.
    Float,
    /// Decimals.
    Decimal,
    /// Strings of any layout.
    String,
    /// Bytes of any layout.
    Binary,
    /// Truth values.
    Boolean,
    /// Dates, times, timestamps, durations and intervals.
    Temporal,
    /// Dates.
    Date,
    /// Times of day.
    Time,
    /// Timestamps.
    Datetime,
    /// Durations.
    Duration,
    /// Lists of any layout.
    List,
    /// Structs.
    Struct,
    /// Lists, structs and maps.
    Nested,
}

impl Kind {
    /// The kind of this name in Python.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "numeric" => Self::Numeric,
            "integer" => Self::Integer,
            "signed_integer" => Self::SignedInteger,
            "unsigned_integer" => Self::UnsignedInteger,
            "float" => Self::Float,
            "decimal" => Self::Decimal,
            "string" => Self::String,
            "binary" => Self::Binary,
            "boolean" => Self::Boolean,
            "temporal" => Self::Temporal,
            "date" => Self::Date,
            "time" => Self::Time,
            "datetime" => Self::Datetime,
            "duration" => Self::Duration,
            "list" => Self::List,
            "struct" => Self::Struct,
            "nested" => Self::Nested,
            _ => return None,
        })
    }

    /// Whether `data_type` is of this kind.
    pub fn has(self, data_type: &DataType) -> bool {
        use DataType as T;
        let is = |kind: Self| kind.has(data_type);
        match self {
            Self::Numeric => is(Self::Integer) || is(Self::Float) || is(Self::Decimal),
            Self::Integer => data_type.is_integer(),
            Self::SignedInteger => data_type.is_signed_integer(),
            Self::UnsignedInteger => data_type.is_unsigned_integer(),
            Self::Float => data_type.is_floating(),
            Self::Decimal => {
                matches!(data_type, T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..))
            }
            Self::String => matches!(data_type, T::Utf8 | T::LargeUtf8 | T::Utf8View),
            Self::Binary => matches!(data_type, T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_)),
            Self::Boolean => matches!(data_type, T::Boolean),
            Self::Temporal => data_type.is_temporal(),
            Self::Date => matches!(data_type, T::Date32 | T::Date64),
            Self::Time => matches!(data_type, T::Time32(_) | T::Time64(_)),
            Self::Datetime => matches!(data_type, T::Timestamp(..)),
            Self::Duration => matches!(data_type, T::Duration(_)),
            Self::List => matches!(
                data_type,
                T::List(_) | T::LargeList(_) | T::FixedSizeList(..) | T::ListView(_) | T::LargeListView(_)
            ),
            Self::Struct => matches!(data_type, T::Struct(_)),
            Self::Nested => data_type.is_nested(),
        }
    }
}

impl Selector {
    /// The names of the columns it takes from a table of `schema`.
    pub fn names(&self, schema: &DFSchema) -> sw::Result<Vec<String>> {
        if let Self::Names(names) = self {
            return Ok(names.clone());
        }
        let fields = schema.fields().iter().enumerate();
        let mut names = vec![];
        for (position, field) in fields {
            if self.takes(field, position, schema.fields().len())? {
                names.push(field.name().clone());
            }
        }
        Ok(names)
    }

    fn takes(&self, field: &Field, position: usize, columns: usize) -> sw::Result<bool> {
        let takes = |selector: &Self| selector.takes(field, position, columns);
        Ok(match self {
            Self::Names(names) => names.contains(field.name()),
            Self::Pattern(pattern) => matches(pattern, field.name())?,
            Self::Types(types) => types.iter().any(|data_type| alike(data_type, field.data_type())),
            Self::Kind(kind) => kind.has(field.data_type()),
            Self::Position(wanted) => {
                let wanted = if *wanted < 0 { wanted + columns as i64 } else { *wanted };
                usize::try_from(wanted) == Ok(position)
            }
            Self::Or(left, right) => takes(left)? || takes(right)?,
            Self::And(left, right) => takes(left)? && takes(right)?,
            Self::Minus(left, right) => takes(left)? && !takes(right)?,
            Self::All => true,
        })
    }
}

/// Whether a regular expression matches somewhere in `name`.
pub fn matches(pattern: &str, name: &str) -> sw::Result<bool> {
    let names = StringArray::from(vec![name]);
    let found = regexp_is_match_scalar(&names, pattern, None);
    found.map(|found| found.value(0)).map_err(|error| sw::Error::invalid("col", error.to_string()))
}

/// The layouts of strings, and those of bytes, count as one type here.
fn alike(wanted: &DataType, data_type: &DataType) -> bool {
    let both = |kind: Kind| kind.has(wanted) && kind.has(data_type);
    wanted == data_type || both(Kind::String) || (both(Kind::Binary) && !matches!(wanted, DataType::FixedSizeBinary(_)))
}
