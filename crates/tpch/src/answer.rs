//! Answers as values that can be compared: of an engine, or of the reference.

use std::fmt;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::query::Query;
use crate::scale::Scale;

/// A query's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// One value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    /// Strings and dates.
    Text(String),
    /// Integers and decimals: `digits / 10^scale`.
    Exact {
        digits: i128,
        scale: u8,
    },
    Float(f64),
    /// A value of the reference file, whose type is that of the column it is compared with.
    Untyped(&'static str),
}

impl Answer {
    /// The reference answer at scales 0.01, 0.1 and 1; `None` at others.
    pub fn reference(query: Query, scale: Scale) -> Option<Self> {
        let (_, files) = REFERENCE.iter().find(|(factor, _)| *factor == scale.factor())?;
        let mut lines = files[query.number() - 1].lines();
        let columns = lines.next()?.split('|').map(str::to_owned).collect();
        let cell = |text: &'static str| if text.is_empty() { Cell::Null } else { Cell::Untyped(text) };
        Some(Self { columns, rows: lines.map(|line| line.split('|').map(cell).collect()).collect() })
    }

    /// An engine's answer.
    ///
    /// # Errors
    /// If a column has a type that no answer has.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Self, ArrowError> {
        let Some(first) = batches.first() else { return Ok(Self { columns: vec![], rows: vec![] }) };
        let columns = first.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut rows = vec![];
        for batch in batches {
            let cells = batch.columns().iter().map(cells).collect::<Result<Vec<_>, _>>()?;
            rows.extend((0..batch.num_rows()).map(|row| cells.iter().map(|column| column[row].clone()).collect()));
        }
        Ok(Self { columns, rows })
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }
}

fn cells(column: &arrow::array::ArrayRef) -> Result<Vec<Cell>, ArrowError> {
    let filled = |fill: &dyn Fn(usize) -> Cell| {
        (0..column.len()).map(|row| if column.is_null(row) { Cell::Null } else { fill(row) }).collect()
    };
    Ok(match column.data_type() {
        kind if kind.is_integer() => {
            let values = cast(column, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            filled(&|row| Cell::Exact { digits: values.value(row).into(), scale: 0 })
        }
        DataType::Decimal128(_, scale @ 0..) => {
            let values = column.as_primitive::<Decimal128Type>();
            filled(&|row| Cell::Exact { digits: values.value(row), scale: scale.unsigned_abs() })
        }
        kind if kind.is_floating() => {
            let values = cast(column, &DataType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            filled(&|row| Cell::Float(values.value(row)))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Date32 | DataType::Dictionary(_, _) => {
            let options = FormatOptions::default();
            let values = ArrayFormatter::try_new(column, &options)?;
            filled(&|row| Cell::Text(values.value(row).to_string()))
        }
        other => return Err(ArrowError::InvalidArgumentError(format!("no answer has a column of type {other}"))),
    })
}

impl Cell {
    /// Reads `digits` and `scale` of a plain decimal number, without trailing zeros.
    pub fn exact(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self::Exact { digits, scale: u8::try_from(fraction.len()).ok()? }.without_trailing_zeros())
    }

    /// Equal numbers become equal values.
    pub fn without_trailing_zeros(self) -> Self {
        match self {
            Self::Exact { mut digits, mut scale } => {
                while scale > 0 && digits % 10 == 0 {
                    digits /= 10;
                    scale -= 1;
                }
                Self::Exact { digits, scale }
            }
            other => other,
        }
    }

    /// The number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Null | Self::Text(_) => None,
            Self::Exact { digits, scale } => Some(*digits as f64 / 10f64.powi((*scale).into())),
            Self::Float(value) => Some(*value),
            Self::Untyped(text) => text.parse().ok(),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Untyped(text) => f.write_str(text),
            Self::Float(value) => write!(f, "{value}"),
            Self::Exact { digits, scale: 0 } => write!(f, "{digits}"),
            Self::Exact { digits, scale } => {
                let unit = 10u128.pow((*scale).into());
                let sign = if *digits < 0 { "-" } else { "" };
                let (whole, fraction) = (digits.unsigned_abs() / unit, digits.unsigned_abs() % unit);
                write!(f, "{sign}{whole}.{fraction:0>width$}", width = usize::from(*scale))
            }
        }
    }
}

macro_rules! reference {
    ($folder:literal) => {
        reference!($folder: "q1" "q2" "q3" "q4" "q5" "q6" "q7" "q8" "q9" "q10" "q11" "q12" "q13" "q14" "q15" "q16" "q17"
            "q18" "q19" "q20" "q21" "q22")
    };
    ($folder:literal: $($file:literal)*) => {
        [$(include_str!(concat!("../answers/", $folder, "/", $file, ".csv"))),*]
    };
}

static REFERENCE: [(f64, [&str; 22]); 3] =
    [(0.01, reference!("sf0.01")), (0.1, reference!("sf0.1")), (1.0, reference!("sf1"))];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_answer_has_columns_and_rows() {
        for factor in [0.01, 0.1, 1.0] {
            for query in Query::all() {
                let answer = Answer::reference(query, Scale::try_from(factor).unwrap()).unwrap();
                assert!(!answer.rows.is_empty(), "{query}");
                assert!(answer.rows.iter().all(|row| row.len() == answer.columns.len()), "{query}");
                for column in query.order().iter().chain(query.quotients()) {
                    assert!(answer.columns.iter().any(|name| name == column), "{query}: {column}");
                }
            }
        }
        assert_eq!(Answer::reference(Query::try_from(1).unwrap(), Scale::try_from(2.0).unwrap()), None);
    }

    #[test]
    fn exact_numbers_print_as_they_are_read() {
        for text in ["0.05", "-0.5", "12", "-3.25", "100"] {
            assert_eq!(Cell::exact(text).unwrap().to_string(), text);
        }
        assert_eq!(Cell::exact("1.500"), Cell::exact("1.5"));
        assert_eq!(Cell::exact("1e5"), None);
    }
}
