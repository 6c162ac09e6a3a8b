//! `replace_time_zone(timestamp, zone, ambiguous, non_existent)`: a clock's reading taken for one in a time zone.
//!
//! The timestamp has no zone itself; its unit stays. Where clocks go back a reading is there twice: `ambiguous` is `'earliest'` or
//! `'latest'`, `'null'`, or `'raise'` for an error. Where they go forward some are not there: `non_existent` is `'null'` or
//! `'raise'`. Null gives null.

use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, TimeUnit};
use chrono::{DateTime, LocalResult, Offset, TimeZone};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_datafusion_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The function.
pub fn replace_time_zone() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(ReplaceTimeZone { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ReplaceTimeZone {
    signature: Signature,
}

/// What a reading becomes that a zone has twice, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Raise,
    Null,
    Earliest,
    Latest,
}

/// The constants.
struct Rule {
    name: String,
    zone: Tz,
    ambiguous: Choice,
    non_existent: Choice,
}

impl Rule {
    fn of<'a>(constant: impl Fn(usize) -> Option<&'a ScalarValue>) -> Result<Self> {
        let text = |position: usize| match constant(position).and_then(ScalarValue::try_as_str) {
            Some(Some(text)) => Ok(text),
            _ => plan_err!("replace_time_zone: expected constants after the timestamp"),
        };
        let name = text(1)?.to_owned();
        let zone = name.parse().map_err(|_| {
            plan_datafusion_err!("replace_time_zone: there is no time zone '{name}', such as 'Asia/Tokyo'")
        })?;
        let ambiguous = match text(2)? {
            "raise" => Choice::Raise,
            "null" => Choice::Null,
            "earliest" => Choice::Earliest,
            "latest" => Choice::Latest,
            other => {
                return plan_err!(
                    "replace_time_zone: expected ambiguous to be 'raise', 'earliest', 'latest' or 'null', got '{other}'"
                );
            }
        };
        let non_existent = match text(3)? {
            "raise" => Choice::Raise,
            "null" => Choice::Null,
            other => {
                return plan_err!("replace_time_zone: expected non_existent to be 'raise' or 'null', got '{other}'");
            }
        };
        Ok(Self { name, zone, ambiguous, non_existent })
    }

    /// The instant, in units of which a second has `units`, at which a clock in the zone shows `reading`.
    fn instant(&self, reading: i64, units: i64) -> Result<Option<i64>> {
        let Some(local) = DateTime::from_timestamp(reading.div_euclid(units), 0).map(|at| at.naive_utc()) else {
            return exec_err!("replace_time_zone: {reading} is beyond the times that zones are known for");
        };
        let offset = match (self.zone.offset_from_local_datetime(&local), self.ambiguous) {
            (LocalResult::Single(offset), _) => offset.fix().local_minus_utc(),
            (LocalResult::None, _) if self.non_existent == Choice::Null => return Ok(None),
            (LocalResult::None, _) => {
                return exec_err!(
                    "replace_time_zone: {local} does not exist in {}, where clocks go forward over it; non_existent='null' gives \
                     null there",
                    self.name
                );
            }
            (LocalResult::Ambiguous(..), Choice::Null) => return Ok(None),
            (LocalResult::Ambiguous(..), Choice::Raise) => {
                return exec_err!(
                    "replace_time_zone: {local} is there twice in {}, where clocks go back; ambiguous='earliest', 'latest' or \
                     'null' says what it is",
                    self.name
                );
            }
            (LocalResult::Ambiguous(one, other), choice) => {
                let (one, other) = (one.fix().local_minus_utc(), other.fix().local_minus_utc());
                if choice == Choice::Earliest { one.max(other) } else { one.min(other) }
            }
        };
        match i64::from(offset).checked_mul(units).and_then(|offset| reading.checked_sub(offset)) {
            Some(instant) => Ok(Some(instant)),
            None => exec_err!("replace_time_zone: {local} in {} is beyond 64 bits", self.name),
        }
    }
}

fn units_a_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

impl ScalarUDFImpl for ReplaceTimeZone {
    fn name(&self) -> &str {
        "replace_time_zone"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [time, ..] = types else { return plan_err!("replace_time_zone: expected a timestamp") };
        if types.len() != 4 {
            return plan_err!("replace_time_zone: expected 4 arguments, got {}", types.len());
        }
        let time = match time {
            DataType::Timestamp(unit, None) => DataType::Timestamp(*unit, None),
            DataType::Timestamp(_, Some(_)) => {
                return plan_err!(
                    "replace_time_zone: expected a timestamp without zone, got {time}: to_local_time removes it"
                );
            }
            DataType::Null | DataType::Date32 | DataType::Date64 => DataType::Timestamp(TimeUnit::Microsecond, None),
            other => return plan_err!("replace_time_zone: expected a timestamp, got {other}"),
        };
        Ok(vec![time, DataType::Utf8, DataType::Utf8, DataType::Utf8])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("replace_time_zone: the type depends on the zone")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let rule = Rule::of(|position| arguments.scalar_arguments.get(position).copied().flatten())?;
        let Some(DataType::Timestamp(unit, _)) = arguments.arg_fields.first().map(|field| field.data_type()) else {
            return internal_err!("replace_time_zone: expected a timestamp");
        };
        Ok(Arc::new(Field::new(self.name(), DataType::Timestamp(*unit, Some(rule.name.into())), true)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rule = Rule::of(|position| match arguments.args.get(position) {
            Some(ColumnarValue::Scalar(value)) => Some(value),
            _ => None,
        })?;
        let DataType::Timestamp(unit, _) = arguments.return_field.data_type() else {
            return internal_err!("replace_time_zone: expected to give a timestamp");
        };
        let Some(readings) = arguments.args.first() else {
            return internal_err!("replace_time_zone: expected a timestamp");
        };
        let readings = cast(&readings.to_array(arguments.number_rows)?, &DataType::Int64)?;
        let units = units_a_second(*unit);
        let instants = readings.as_primitive::<Int64Type>().iter().map(|reading| match reading {
            Some(reading) => rule.instant(reading, units),
            None => Ok(None),
        });
        let instants = instants.collect::<Result<Int64Array>>()?;
        Ok(ColumnarValue::Array(cast(&instants, arguments.return_field.data_type())?))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    async fn value(time: &str, zone: &str, ambiguous: &str, non_existent: &str) -> Result<String, String> {
        let context = SessionContext::new();
        context.register_udf(super::replace_time_zone().as_ref().clone());
        let sql = format!("SELECT replace_time_zone({time}, '{zone}', '{ambiguous}', '{non_existent}')");
        let frame = context.sql(&sql).await.map_err(|error| error.to_string())?;
        let batches = frame.collect().await.map_err(|error| error.to_string())?;
        Ok(arrow::util::display::array_value_to_string(batches[0].column(0), 0).unwrap())
    }

    const TWICE: &str = "TIMESTAMP '2024-10-27 02:30:00.123456789'";
    const NEVER: &str = "TIMESTAMP '2024-03-31 02:30:00'";

    #[tokio::test]
    async fn readings_become_instants() {
        let raised = |time: &'static str, zone: &'static str| value(time, zone, "raise", "raise");
        let once = "TIMESTAMP '2024-07-01 12:00:00'";
        assert_eq!(raised(once, "Europe/Berlin").await.unwrap(), "2024-07-01T12:00:00+02:00");
        assert_eq!(raised(once, "+05:30").await.unwrap(), "2024-07-01T12:00:00+05:30");
        assert_eq!(raised("TIMESTAMP '1960-01-01 00:00:00.5'", "UTC").await.unwrap(), "1960-01-01T00:00:00.500Z");
        assert_eq!(raised("DATE '2024-07-01'", "Asia/Tokyo").await.unwrap(), "2024-07-01T00:00:00+09:00");
        assert_eq!(raised("NULL", "Asia/Tokyo").await.unwrap(), "");
    }

    #[tokio::test]
    async fn readings_that_are_there_twice_or_never() {
        let of = |time, ambiguous, non_existent| value(time, "Europe/Berlin", ambiguous, non_existent);
        assert_eq!(of(TWICE, "earliest", "raise").await.unwrap(), "2024-10-27T02:30:00.123456789+02:00");
        assert_eq!(of(TWICE, "latest", "raise").await.unwrap(), "2024-10-27T02:30:00.123456789+01:00");
        assert_eq!(of(TWICE, "null", "raise").await.unwrap(), "");
        assert_eq!(of(NEVER, "raise", "null").await.unwrap(), "");
        let error = of(TWICE, "raise", "null").await.unwrap_err();
        assert!(error.contains("is there twice in Europe/Berlin") && error.contains("ambiguous='earliest'"), "{error}");
        let error = of(NEVER, "earliest", "raise").await.unwrap_err();
        assert!(error.contains("2024-03-31 02:30:00 does not exist in Europe/Berlin"), "{error}");
    }

    #[tokio::test]
    async fn mistakes_are_named() {
        let error = value(TWICE, "Mars", "raise", "raise").await.unwrap_err();
        assert!(error.contains("there is no time zone 'Mars'"), "{error}");
        let error = value(TWICE, "UTC", "maybe", "raise").await.unwrap_err();
        assert!(error.contains("'earliest', 'latest' or 'null', got 'maybe'"), "{error}");
        assert!(value("1", "UTC", "raise", "raise").await.unwrap_err().contains("expected a timestamp, got Int64"));
    }
}
