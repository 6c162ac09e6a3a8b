//! `text_to_timestamp(text, format)`: texts as timestamps in microseconds, read by a format of chrono's (`%Y-%m-%d %H:%M:%S%.f`).
//!
//! DataFusion's `to_timestamp_micros` reads by nanoseconds, which end in 2262. What is read is the same: an offset (`%z`) or a zone's name
//! at the end (` %Z`) makes it the instant in UTC, a date alone is its midnight, and a text that does not fit is an error; null gives null.

use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{AsArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use chrono::format::{Parsed, StrftimeItems, parse};
use datafusion::common::{Result, exec_datafusion_err, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function.
pub fn text_to_timestamp() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::user_defined(Volatility::Immutable);
        Arc::new(TextToTimestamp { signature }.into())
    });
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TextToTimestamp {
    signature: Signature,
}

impl ScalarUDFImpl for TextToTimestamp {
    fn name(&self) -> &str {
        "text_to_timestamp"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [text, format] = types else {
            return plan_err!("text_to_timestamp: expected a text and a format, got {} arguments", types.len());
        };
        for data_type in [text, format] {
            let value = if let DataType::Dictionary(_, value) = data_type { value } else { data_type };
            if !value.is_string() && !value.is_null() {
                return plan_err!("str.to_datetime: expected text, got {data_type}; cast it before");
            }
        }
        Ok(vec![DataType::Utf8, DataType::Utf8])
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, None))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [texts, formats] = arguments.args.as_slice() else {
            return internal_err!("text_to_timestamp: expected a text and a format");
        };
        let text_array = |value: &ColumnarValue| -> Result<_> {
            Ok(cast(&value.to_array(arguments.number_rows)?, &DataType::Utf8)?)
        };
        let (texts, formats) = (text_array(texts)?, text_array(formats)?);
        let both = texts.as_string::<i32>().iter().zip(formats.as_string::<i32>());
        let times = both.map(|both| match both {
            (Some(text), Some(format)) => microseconds(text, format).map(Some),
            _ => Ok(None),
        });
        Ok(ColumnarValue::Array(Arc::new(times.collect::<Result<TimestampMicrosecondArray>>()?)))
    }
}

/// Microseconds since 1970 of the time that `text` tells.
fn microseconds(text: &str, format: &str) -> Result<i64> {
    let failed = |reason: &dyn std::fmt::Display| {
        exec_datafusion_err!("Error parsing timestamp from '{text}' using format '{format}': {reason}")
    };
    let (mut written, mut items) = (text, format);
    let mut zone = None;
    // Chrono does not read the names of zones.
    if let Some(before) = format.trim_end().strip_suffix(" %Z") {
        if let Some((time, name)) = text.trim_end().rsplit_once(' ') {
            zone = Some(name.parse::<Tz>().map_err(|error| failed(&error))?);
            (written, items) = (time, before);
        }
    } else if format.contains("%Z") {
        return exec_err!("'%Z' is only supported at the end of the format string preceded by a space, got '{format}'");
    }
    let mut parsed = Parsed::new();
    parse(&mut parsed, written, StrftimeItems::new(items)).map_err(|error| failed(&error))?;
    let instant = match zone {
        Some(zone) => parsed.to_datetime_with_timezone(&zone).map(|time| time.timestamp_micros()),
        None => parsed.to_datetime().map(|time| time.timestamp_micros()),
    };
    if let Ok(instant) = instant {
        return Ok(instant);
    }
    let on_the_clock = parsed.to_naive_datetime_with_offset(0).or_else(|_| parsed.to_naive_date().map(Into::into));
    on_the_clock.map(|time| time.and_utc().timestamp_micros()).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::microseconds;

    const DAY: i64 = 86_400_000_000;
    const DEFAULT: &str = "%Y-%m-%d %H:%M:%S%.f";

    #[test]
    fn times_beyond_nanoseconds() {
        assert_eq!(microseconds("1970-01-02 00:00:00.000001", DEFAULT).unwrap(), DAY + 1);
        assert_eq!(microseconds("9999-12-31 00:00:00", DEFAULT).unwrap(), 2_932_896 * DAY);
        assert_eq!(microseconds("0001-01-01 00:00:00", DEFAULT).unwrap(), -719_162 * DAY);
    }

    #[test]
    fn dates_offsets_and_zones() {
        assert_eq!(microseconds("02.01.1970", "%d.%m.%Y").unwrap(), DAY);
        let hour = DAY / 24;
        assert_eq!(microseconds("1970-01-01 01:00:00 +0200", "%Y-%m-%d %H:%M:%S %z").unwrap(), -hour);
        assert_eq!(microseconds("1970-01-01 01:00:00 Europe/Berlin", "%Y-%m-%d %H:%M:%S %Z").unwrap(), 0);
    }

    #[test]
    fn misfits_are_named() {
        let error = microseconds("soon", DEFAULT).unwrap_err().to_string();
        assert!(error.contains("'soon' using format"), "{error}");
        assert!(microseconds("2024-02-30 00:00:00", DEFAULT).is_err());
    }
}
