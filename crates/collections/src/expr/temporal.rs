//! The namespace `.dt()`: functions of dates, times and timestamps. Null gives null.

use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, cast, lit};

use super::duration::Every;
use super::mistake;

/// Date and time functions of an expression; made by [`ExprExt::dt`](super::ExprExt::dt).
#[derive(Clone, Debug)]
pub struct DtExpr(pub(crate) Expr);

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident = $part:literal;)*) => {
        $($(#[$doc])* pub fn $name(self) -> Expr { self.part($part) })*
    };
}

impl DtExpr {
    parts! {
        /// The year.
        year = "year";
        /// The quarter, 1 to 4.
        quarter = "quarter";
        /// The month, 1 to 12.
        month = "month";
        /// The week of the ISO year, 1 to 53.
        week = "week";
        /// The day of the month, 1 to 31.
        day = "day";
        /// The day of the week, Monday 1 to Sunday 7.
        weekday = "isodow";
        /// The day of the year, 1 to 366.
        ordinal_day = "doy";
        /// The hour, 0 to 23.
        hour = "hour";
        /// The minute, 0 to 59.
        minute = "minute";
    }

    /// The second without fraction, 0 to 59.
    pub fn second(self) -> Expr {
        self.part("second")
    }

    /// The thousandths of the second, 0 to 999.
    pub fn millisecond(self) -> Expr {
        self.part("millisecond") % lit(1_000)
    }

    /// The millionths of the second, 0 to 999,999.
    pub fn microsecond(self) -> Expr {
        self.part("microsecond") % lit(1_000_000)
    }

    fn part(self, part: &str) -> Expr {
        expr_fn::date_part(lit(part), self.0)
    }

    /// The date alone.
    pub fn date(self) -> Expr {
        cast(self.0, DataType::Date32)
    }

    /// The time of day alone.
    pub fn time(self) -> Expr {
        cast(self.0, DataType::Time64(TimeUnit::Nanosecond))
    }

    /// Seconds since 1970-01-01 UTC.
    pub fn epoch_seconds(self) -> Expr {
        expr_fn::to_unixtime(vec![self.0])
    }

    /// Start of the bucket of length `every` (`"15m"`, `"1d"`, `"1w"`, `"1mo"`, …) that it lies in. Weeks start on Monday.
    pub fn truncate(self, every: &str) -> Expr {
        match every.parse::<Every>() {
            Ok(every) => every.truncate(self.0),
            Err(error) => mistake(error),
        }
    }

    /// Later by `duration` (`"1d12h"`, `"-1mo"`). A month later than January 31 is the last day of February.
    pub fn offset_by(self, duration: &str) -> Expr {
        match duration.parse::<Every>() {
            Ok(every) => self.0 + every.interval(),
            Err(error) => mistake(error),
        }
    }

    /// As text of `format` (chrono's `%Y-%m-%d %H:%M:%S`).
    pub fn to_string(self, format: &str) -> Expr {
        expr_fn::to_char(self.0, lit(format))
    }

    /// The first day of its month, at midnight.
    pub fn month_start(self) -> Expr {
        self.truncate("1mo")
    }

    /// The last day of its month, at midnight.
    pub fn month_end(self) -> Expr {
        let next = self.truncate("1mo") + lit(datafusion::scalar::ScalarValue::new_interval_mdn(1, 0, 0));
        next - lit(datafusion::scalar::ScalarValue::new_interval_mdn(0, 1, 0))
    }

    /// The same instant, shown in `zone` (`"Europe/Berlin"`). A timestamp without zone is taken as UTC.
    pub fn convert_time_zone(self, zone: &str) -> Expr {
        cast(self.0, DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into())))
    }

    /// The clock's reading, without its time zone.
    pub fn local(self) -> Expr {
        expr_fn::to_local_time(vec![self.0])
    }

    /// A duration in whole days, cut towards zero.
    pub fn total_days(self) -> Expr {
        self.total(86_400_000_000)
    }

    /// A duration in whole hours, cut towards zero.
    pub fn total_hours(self) -> Expr {
        self.total(3_600_000_000)
    }

    /// A duration in whole minutes, cut towards zero.
    pub fn total_minutes(self) -> Expr {
        self.total(60_000_000)
    }

    /// A duration in whole seconds, cut towards zero.
    pub fn total_seconds(self) -> Expr {
        self.total(1_000_000)
    }

    fn total(self, microseconds: i64) -> Expr {
        let duration = cast(self.0, DataType::Duration(TimeUnit::Microsecond));
        cast(duration, DataType::Int64) / lit(microseconds)
    }

    /// As a calendar interval of months, days and nanoseconds.
    pub fn to_interval(self) -> Expr {
        cast(self.0, DataType::Interval(IntervalUnit::MonthDayNano))
    }
}

/// The time at which the query runs; the same in every row.
pub fn now() -> Expr {
    expr_fn::now()
}

/// The date (UTC) at which the query runs.
pub fn today() -> Expr {
    expr_fn::current_date()
}
