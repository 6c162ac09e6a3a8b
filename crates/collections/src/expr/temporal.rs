//! The namespace `.dt()`: functions of dates, times and timestamps. Null gives null.

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast, lit};
use swath_exec::functions;

use super::conditional::when;
use super::duration::Every;
use super::mistake;
use crate::error::{Error, Result};

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

    /// The nearer of the two starts of buckets of length `every` around it; the later one if both are as near.
    pub fn round(self, every: &str) -> Expr {
        let every = match every.parse::<Every>() {
            Ok(every) => every,
            Err(error) => return mistake(error),
        };
        // A date as a timestamp; timestamps stay.
        let time = if every.integer().is_some() { self.0 } else { Every::SHORTEST.truncate(self.0) };
        let start = every.truncate(time.clone());
        let next = start.clone() + every.interval();
        let is_nearer = (time.clone() - start.clone()).lt(next.clone() - time);
        when(is_nearer.clone()).then(start).when(is_nearer.is_not_null()).then(next).end()
    }

    /// Number of days in its month.
    pub fn days_in_month(self) -> Expr {
        Self(self.month_end()).day()
    }

    /// Whether its year has 366 days.
    pub fn is_leap_year(self) -> Expr {
        let year = self.year();
        let divides = |by: i32| (year.clone() % lit(by)).eq(lit(0));
        (divides(4).and(!divides(100))).or(divides(400))
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

    /// The same instant, shown in `zone` (`"Europe/Berlin"`, `"+02:00"`). A timestamp without zone is taken as UTC.
    pub fn convert_time_zone(self, zone: &str) -> Expr {
        if zone.parse::<Tz>().is_err() {
            let message = format!("there is no time zone '{zone}', such as 'Asia/Tokyo'");
            return mistake(Error::invalid("convert_time_zone", message));
        }
        let zoned = |zone: &str| DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into()));
        // A direct cast would take the clock's reading for one in the zone.
        cast(cast(self.0, zoned("+00:00")), zoned(zone))
    }

    /// The clock's reading, taken for one in `zone`. A reading that the zone has twice, because clocks go back, is what `ambiguous`
    /// says: `"earliest"`, `"latest"`, `"null"`, or an error with `"raise"`; one that it skips what `non_existent` says: `"null"` or
    /// `"raise"`.
    pub fn replace_time_zone(self, zone: &str, ambiguous: &str, non_existent: &str) -> Expr {
        functions::replace_time_zone().call(vec![self.local(), lit(zone), lit(ambiguous), lit(non_existent)])
    }

    /// The clock's reading, without its time zone.
    pub fn local(self) -> Expr {
        expr_fn::to_local_time(vec![self.0])
    }

    /// A duration in whole days, cut towards zero. The difference of two dates counts as a duration.
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

    /// A duration in whole milliseconds, cut towards zero.
    pub fn total_milliseconds(self) -> Expr {
        self.total(1_000)
    }

    /// A duration in whole microseconds, cut towards zero.
    pub fn total_microseconds(self) -> Expr {
        self.total(1)
    }

    fn total(self, microseconds: i64) -> Expr {
        let duration = cast(self.0, TOTAL);
        cast(duration, DataType::Int64) / lit(microseconds)
    }

    /// As a calendar interval of months, days and nanoseconds.
    pub fn to_interval(self) -> Expr {
        cast(self.0, DataType::Interval(IntervalUnit::MonthDayNano))
    }
}

/// What the totals of a duration are taken from.
const TOTAL: DataType = DataType::Duration(TimeUnit::Microsecond);

/// `expr` in which the difference of two dates is a duration, as that of two timestamps is. DataFusion (and SQL) give a number of days.
pub(crate) fn differences_of_dates(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    let is_date = |side: &Expr| matches!(side.get_type(schema), Ok(DataType::Date32 | DataType::Date64));
    let at = |side: Box<Expr>| cast(*side, DataType::Timestamp(TimeUnit::Microsecond, None));
    let durations = expr.transform_up(|node| {
        Ok::<_, DataFusionError>(match node {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Minus, right }) if is_date(&left) && is_date(&right) => {
                Transformed::yes(at(left) - at(right))
            }
            other => Transformed::no(other),
        })
    });
    Ok(durations.data()?)
}

/// `expr`, in which totals are taken of durations. Those of a number are refused: a cast would take it for microseconds.
pub(crate) fn fit_totals(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    let mut refused = None;
    let fitted = expr.transform_up(|node| {
        let Expr::Cast(outer) = &node else { return Ok(Transformed::no(node)) };
        let Expr::Cast(inner) = outer.expr.as_ref() else { return Ok(Transformed::no(node)) };
        if *outer.field.data_type() != DataType::Int64 || *inner.field.data_type() != TOTAL {
            return Ok(Transformed::no(node));
        }
        let value = inner.expr.as_ref();
        // What has no type yet is judged by the planner.
        let Ok(data_type) = value.get_type(schema) else { return Ok(Transformed::no(node)) };
        if matches!(data_type, DataType::Duration(_) | DataType::Null) {
            return Ok(Transformed::no(node));
        }
        refused = Some(data_type);
        Ok(Transformed::no(node))
    });
    match refused {
        Some(data_type) => {
            let message = format!(
                "expected a duration, such as the difference of two timestamps, got {data_type}; a column that SQL made \
                 of two dates holds days already"
            );
            Err(Error::invalid("dt().total_…", message))
        }
        None => Ok(fitted.data()?),
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

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, rows, table};

    fn of(expr: Expr) -> String {
        let frame = table("SELECT 1 AS one")
            .select([timestamp("2024-02-29 13:14:15.678901").alias("t"), date("2023-12-31").alias("d")]);
        rows(&frame.select([expr])).remove(0)
    }

    #[test]
    fn parts_of_a_time() {
        let t = || col("t").dt();
        assert_eq!(of(concat_str([t().year(), t().quarter(), t().month(), t().day()].map(text), " ")), "2024 1 2 29");
        assert_eq!(of(concat_str([t().hour(), t().minute(), t().second()].map(text), " ")), "13 14 15");
        assert_eq!(of(t().millisecond()), "678");
        assert_eq!(of(t().microsecond()), "678901");
        assert_eq!(of(t().weekday()), "4");
        assert_eq!(of(col("d").dt().weekday()), "7");
        assert_eq!(of(col("d").dt().week()), "52");
        assert_eq!(of(col("d").dt().ordinal_day()), "365");
        assert_eq!(of(t().date()), "2024-02-29");
        assert_eq!(of(t().time()), "13:14:15.678901");
        assert_eq!(of(t().epoch_seconds()), "1709212455");
    }

    fn text(expr: Expr) -> Expr {
        expr.cast(arrow::datatypes::DataType::Utf8)
    }

    #[test]
    fn truncated_and_moved() {
        let t = || col("t").dt();
        assert_eq!(of(t().truncate("1h")), "2024-02-29T13:00:00");
        assert_eq!(of(t().truncate("1w")), "2024-02-26T00:00:00");
        assert_eq!(of(t().truncate("1q")), "2024-01-01T00:00:00");
        assert_eq!(of(t().offset_by("-1mo").dt().date()), "2024-01-29");
        assert_eq!(of(t().offset_by("1y").dt().date()), "2025-02-28");
        assert_eq!(of(t().month_start()), "2024-02-01T00:00:00");
        assert_eq!(of(t().month_end()), "2024-02-29T00:00:00");
        assert_eq!(of(t().to_string("%d/%m/%y")), "29/02/24");
        assert_eq!(of(col("d") + duration("1d")), "2024-01-01");
        assert_eq!(of(t().convert_time_zone("+02:00").dt().to_string("%H:%M")), "15:14");
        assert_eq!(of(t().replace_time_zone("+02:00", "raise", "raise").dt().to_string("%H:%M%z")), "13:14+0200");
    }

    #[test]
    fn differences() {
        let other = timestamp("2024-02-27 13:14:15.678901");
        assert_eq!(of((col("t") - other.clone()).dt().total_days()), "2");
        assert_eq!(of((col("t") - other.clone()).dt().total_hours()), "48");
        assert_eq!(of((col("t") - other).dt().total_seconds()), "172800");
    }

    #[test]
    fn times_are_rounded_to_the_nearer_start() {
        assert_eq!(of(col("t").dt().round("1h")), "2024-02-29T13:00:00");
        assert_eq!(of(col("t").dt().round("30m")), "2024-02-29T13:00:00");
        assert_eq!(of(col("t").dt().round("1d")), "2024-03-01T00:00:00");
        assert_eq!(of(col("t").dt().round("1mo")), "2024-03-01T00:00:00");
        assert_eq!(of(col("d").dt().round("1y")), "2024-01-01T00:00:00");
        assert_eq!(of(timestamp("2024-01-01 00:30:00").dt().round("1h")), "2024-01-01T01:00:00");
        assert_eq!(of(null_of(&arrow::datatypes::DataType::Date32).dt().round("1d")), "null");
        assert_eq!(of(col("t").dt().days_in_month()), "29");
        assert_eq!(
            (of(col("t").dt().is_leap_year()), of(col("d").dt().is_leap_year())),
            ("true".into(), "false".into())
        );
        assert!(!of(timestamp("1900-02-01 00:00:00").dt().is_leap_year()).parse::<bool>().unwrap());
    }

    #[test]
    fn differences_of_dates_are_days() {
        let later = || col("d") - date("2023-12-01");
        assert_eq!(of(later().dt().total_days()), "30");
        assert_eq!(of(later().dt().total_hours()), "720");
        let number = table("SELECT 1 AS x").select([col("x").dt().total_days()]);
        assert!(mistake(&number).contains("expected a duration"), "{}", mistake(&number));
    }

    #[test]
    fn null_gives_null_and_texts_are_refused() {
        assert_eq!(of(null_of(&arrow::datatypes::DataType::Date32).dt().year()), "null");
        assert!(mistake(&table("SELECT 1 AS x").select([lit(1).dt().truncate("")])).contains("empty"));
        let zone = table("SELECT now() AS t").select([col("t").dt().convert_time_zone("Mars")]);
        assert!(mistake(&zone).contains("there is no time zone 'Mars'"), "{}", mistake(&zone));
    }
}
