//! `bucket_start(length, time)`: the start of the bucket of that length in which a time lies, by the calendar of its zone.
//!
//! DataFusion's `date_bin` counts in UTC, so that the days of a column in New York would begin at 19 or 20 o'clock. Here the
//! clock on the wall is what is cut, and turned into an instant again:
//!
//! | the start on the wall | is the instant |
//! |---|---|
//! | exists once | that one |
//! | exists twice (clocks went back) | the first; with lengths below a day, the last one that is not after the time |
//! | does not exist (clocks went forward) | as much later as the clocks went forward |
//!
//! Whole months count from 1970-01, whole weeks from Monday 1970-01-05, everything else from 1970-01-01. Dates come out as
//! timestamps; null is null.

use std::sync::{Arc, LazyLock};

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use chrono::{DateTime, Datelike, LocalResult, NaiveDate, Offset, TimeZone};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function.
pub fn bucket_start() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(BucketStart::new().into()));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BucketStart {
    signature: Signature,
}

impl BucketStart {
    fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

const LENGTH: DataType = DataType::Interval(IntervalUnit::MonthDayNano);
/// What dates are taken for: nanoseconds would end in 2262.
const OF_DATES: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

impl ScalarUDFImpl for BucketStart {
    fn name(&self) -> &str {
        "bucket_start"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let [_, time] = types else {
            return plan_err!("bucket_start: expected a length and a time, got {} arguments", types.len());
        };
        let time = match time {
            DataType::Timestamp(..) => time.clone(),
            DataType::Date32 | DataType::Date64 | DataType::Null => OF_DATES,
            other => return plan_err!("bucket_start: expected a date or timestamp, got {other}; cast it before"),
        };
        Ok(vec![LENGTH, time])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [_, time @ DataType::Timestamp(..)] => Ok(time.clone()),
            _ => Ok(OF_DATES),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [length, time] = arguments.args.as_slice() else {
            return plan_err!("bucket_start: expected a length and a time");
        };
        let ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(length))) = length else {
            return exec_err!("bucket_start: expected a constant length");
        };
        let length = Length::new(*length)?;
        let is_scalar = matches!(time, ColumnarValue::Scalar(_));
        let times = time.to_array(arguments.number_rows)?;
        let starts = starts(&length, &times)?;
        Ok(if is_scalar && starts.len() == 1 {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&starts, 0)?)
        } else {
            ColumnarValue::Array(starts)
        })
    }
}

fn starts(length: &Length, times: &ArrayRef) -> Result<ArrayRef> {
    let DataType::Timestamp(unit, zone) = times.data_type() else {
        return starts(length, &cast(times, &OF_DATES)?);
    };
    let zone: Option<Tz> = zone.as_ref().map(|zone| zone.parse()).transpose()?;
    let starts: ArrayRef = match unit {
        TimeUnit::Second => Arc::new(each::<TimestampSecondType>(length, times, zone, 1_000_000_000)?),
        TimeUnit::Millisecond => Arc::new(each::<TimestampMillisecondType>(length, times, zone, 1_000_000)?),
        TimeUnit::Microsecond => Arc::new(each::<TimestampMicrosecondType>(length, times, zone, 1_000)?),
        TimeUnit::Nanosecond => Arc::new(each::<TimestampNanosecondType>(length, times, zone, 1)?),
    };
    // The zone, which the primitive arrays do not know.
    Ok(cast(&starts, &DataType::Timestamp(*unit, None)).and_then(|starts| retyped(&starts, times.data_type()))?)
}

/// The same numbers as another type of timestamp.
fn retyped(starts: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, arrow::error::ArrowError> {
    Ok(arrow::array::make_array(starts.to_data().into_builder().data_type(data_type.clone()).build()?))
}

fn each<T: ArrowPrimitiveType<Native = i64>>(
    length: &Length,
    times: &ArrayRef,
    zone: Option<Tz>,
    unit: i128,
) -> Result<PrimitiveArray<T>> {
    times.as_primitive::<T>().try_unary(|time| match length.start(i128::from(time) * unit, zone) {
        // Rounded down: a length may be finer than the unit.
        Some(start) => match i64::try_from(start.div_euclid(unit)) {
            Ok(start) => Ok(start),
            Err(_) => exec_err!("bucket_start: the start of the bucket is out of range"),
        },
        None => exec_err!("bucket_start: the time {time} is out of range"),
    })
}

const DAY: i128 = 86_400_000_000_000;
/// 1970-01-05, a Monday.
const MONDAY: i128 = 4 * DAY;

/// The length of the buckets, in nanoseconds or in months.
enum Length {
    Months(i32),
    Nanoseconds { width: i128, origin: i128, has_whole_days: bool },
}

impl Length {
    fn new(interval: IntervalMonthDayNano) -> Result<Self> {
        let (months, days, nanoseconds) =
            (interval.months, i128::from(interval.days), i128::from(interval.nanoseconds));
        if months != 0 && (days, nanoseconds) != (0, 0) {
            return plan_err!("bucket_start: months do not mix with days or times in the length of a bucket");
        }
        let width = days * DAY + nanoseconds;
        if months < 0 || (months == 0 && width <= 0) {
            return plan_err!("bucket_start: expected a positive length");
        }
        if months > 0 {
            return Ok(Self::Months(months));
        }
        let has_whole_days = nanoseconds == 0;
        let origin = if has_whole_days && days % 7 == 0 { MONDAY } else { 0 };
        Ok(Self::Nanoseconds { width, origin, has_whole_days })
    }

    /// The start of the bucket of `time`, both in nanoseconds since 1970 in UTC.
    fn start(&self, time: i128, zone: Option<Tz>) -> Option<i128> {
        let Some(zone) = zone else { return self.start_on_wall(time) };
        let wall = time + offset(time, zone)?;
        let start = self.start_on_wall(wall)?;
        let naive = instant(start)?.naive_utc();
        let at = |offset: <Tz as TimeZone>::Offset| start - i128::from(offset.fix().local_minus_utc()) * 1_000_000_000;
        Some(match zone.offset_from_local_datetime(&naive) {
            LocalResult::Single(only) => at(only),
            LocalResult::Ambiguous(a, b) => {
                let (first, last) = (at(a).min(at(b)), at(a).max(at(b)));
                let by_the_clock = matches!(self, Self::Nanoseconds { has_whole_days: false, .. });
                if by_the_clock && last <= time { last } else { first }
            }
            // With the offset of before the clocks went forward.
            LocalResult::None => start - offset(start - DAY, zone)?,
        })
    }

    fn start_on_wall(&self, wall: i128) -> Option<i128> {
        match self {
            Self::Nanoseconds { width, origin, .. } => Some((wall - origin).div_euclid(*width) * width + origin),
            Self::Months(months) => {
                let date = instant(wall)?.date_naive();
                let month = (date.year() - 1970) * 12 + date.month0() as i32;
                let first = month.div_euclid(*months) * months;
                let (year, month0) = (1970 + first.div_euclid(12), first.rem_euclid(12) as u32);
                let start = NaiveDate::from_ymd_opt(year, month0 + 1, 1)?;
                Some(i128::from(start.signed_duration_since(NaiveDate::default()).num_days()) * DAY)
            }
        }
    }
}

fn instant(nanoseconds: i128) -> Option<DateTime<chrono::Utc>> {
    let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok()?;
    DateTime::from_timestamp(seconds, nanoseconds.rem_euclid(1_000_000_000) as u32)
}

/// How far the clock on the wall is ahead of UTC at an instant.
fn offset(time: i128, zone: Tz) -> Option<i128> {
    let offset = zone.offset_from_utc_datetime(&instant(time)?.naive_utc());
    Some(i128::from(offset.fix().local_minus_utc()) * 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::{IntervalMonthDayNano, Length};
    use chrono::DateTime;

    /// The start of the bucket, as written in its zone.
    fn start(length: (i32, i32, i64), time: &str, zone: &str) -> String {
        let length = Length::new(IntervalMonthDayNano::new(length.0, length.1, length.2)).unwrap();
        let time = DateTime::parse_from_rfc3339(time).unwrap().timestamp_nanos_opt().unwrap();
        let zone: arrow::array::timezone::Tz = zone.parse().unwrap();
        let start = length.start(i128::from(time), Some(zone)).unwrap();
        DateTime::from_timestamp_nanos(start as i64).with_timezone(&zone).to_rfc3339()
    }

    const HOUR: i64 = 3_600_000_000_000;

    #[test]
    fn days_and_months_are_those_of_the_zone() {
        let of = |length, time| start(length, time, "America/New_York");
        assert_eq!(of((0, 1, 0), "2024-03-11T02:00:00Z"), "2024-03-10T00:00:00-05:00");
        assert_eq!(of((0, 1, 0), "2024-03-11T04:00:00Z"), "2024-03-11T00:00:00-04:00");
        assert_eq!(of((1, 0, 0), "2024-04-01T03:59:00Z"), "2024-03-01T00:00:00-05:00");
        assert_eq!(of((0, 7, 0), "2024-03-11T03:59:00Z"), "2024-03-04T00:00:00-05:00");
        assert_eq!(start((0, 0, HOUR), "2024-01-01T00:10:00Z", "Asia/Kolkata"), "2024-01-01T05:00:00+05:30");
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_hours() {
        let of = |time| start((0, 0, HOUR), time, "America/New_York");
        assert_eq!(of("2024-11-03T05:30:00Z"), "2024-11-03T01:00:00-04:00");
        assert_eq!(of("2024-11-03T06:30:00Z"), "2024-11-03T01:00:00-05:00");
    }

    #[test]
    fn a_midnight_that_does_not_exist_is_the_end_of_the_gap() {
        // In São Paulo clocks went from 24:00 to 1:00 on 2018-11-04.
        assert_eq!(start((0, 1, 0), "2018-11-04T12:00:00Z", "America/Sao_Paulo"), "2018-11-04T01:00:00-02:00");
    }
}
