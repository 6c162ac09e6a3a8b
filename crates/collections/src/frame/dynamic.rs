//! Buckets of time (`group_by_dynamic`) and windows that end at every row (`rolling`).
//!
//! Both work on dates, timestamps, and integers (lengths such as `"10i"`). Days, weeks and months are those of
//! the column's time zone, whose clock is also what hours are cut by.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::{Expr, ExprSchemable, cast, lit};

use super::DataFrame;
use super::resolve;
use crate::error::{Error, Result};
use crate::expr::agg::ExprAgg;
use crate::expr::duration::Every;
use crate::expr::rolling::{Closed, time_window};
use crate::expr::window::ExprWindow;
use crate::expr::{NameOrExpr, SortExpr, col, output_name};

/// What stands for a bucket in the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Label {
    /// Its start.
    #[default]
    Left,
    /// Its end.
    Right,
    /// The first time that lies in it.
    DataPoint,
}

/// From where buckets are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartBy {
    /// From the calendar: whole hours, days, months; weeks from Monday.
    #[default]
    Calendar,
    /// From the first time of each group.
    DataPoint,
    /// Weeks from this day: 0 is Monday, 6 is Sunday.
    Weekday(u8),
}

/// Buckets of time that wait for their aggregates; made by [`DataFrame::group_by_dynamic`].
#[derive(Clone, Debug)]
pub struct GroupByDynamic {
    frame: DataFrame,
    time: String,
    every: String,
    period: Option<String>,
    offset: Option<String>,
    closed: Closed,
    label: Label,
    start_by: StartBy,
    keys: Vec<Expr>,
    boundaries: bool,
}

/// Windows of time that wait for their aggregates; made by [`DataFrame::rolling`].
#[derive(Clone, Debug)]
pub struct RollingFrame {
    frame: DataFrame,
    time: String,
    period: String,
    offset: Option<String>,
    closed: Closed,
    keys: Vec<Expr>,
}

impl DataFrame {
    /// Groups rows into buckets of the column `time` that begin at every `every` (`"15m"`, `"1d"`, `"1mo"`, …).
    ///
    /// A bucket is as long as `every`, or [`period`](GroupByDynamic::period); longer ones overlap, and a row is in all that
    /// it lies in. Buckets without rows do not come out; rows without a time are left out. The result has the keys, the
    /// bucket's [`label`](GroupByDynamic::label) under the name of the column, and the aggregates, sorted by keys and time.
    /// Aggregates such as `first` see the rows in the order of time.
    pub fn group_by_dynamic(&self, time: impl Into<String>, every: &str) -> GroupByDynamic {
        GroupByDynamic {
            frame: self.clone(),
            time: time.into(),
            every: every.to_owned(),
            period: None,
            offset: None,
            closed: Closed::Left,
            label: Label::Left,
            start_by: StartBy::Calendar,
            keys: vec![],
            boundaries: false,
        }
    }

    /// For each row, aggregates over the rows whose `time` lies within `period` before its own (`(t - period, t]`), or where
    /// [`offset`](RollingFrame::offset) puts the window. One row comes out for each that goes in: keys, time and aggregates, sorted by keys and time.
    pub fn rolling(&self, time: impl Into<String>, period: &str) -> RollingFrame {
        let (time, period) = (time.into(), period.to_owned());
        RollingFrame { frame: self.clone(), time, period, offset: None, closed: Closed::Right, keys: vec![] }
    }
}

impl RollingFrame {
    /// Only rows that are equal in these keys see each other.
    pub fn by<E: Into<NameOrExpr>>(mut self, keys: impl IntoIterator<Item = E>) -> Self {
        self.keys = keys.into_iter().map(|key| key.into().0).collect();
        self
    }

    /// Where the window begins, seen from the row: `(t + offset, t + offset + period]`. By default it ends at the row, as if
    /// the offset were `-period`; `"0d"` makes it begin there, `"-2d"` with a period of `"4d"` puts the row in its middle.
    pub fn offset(mut self, offset: &str) -> Self {
        self.offset = Some(offset.to_owned());
        self
    }

    /// Which ends of the window belong to it; the later one, by default.
    pub fn closed(mut self, closed: Closed) -> Self {
        self.closed = closed;
        self
    }

    /// The aggregates of each row's window.
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Expr>) -> DataFrame {
        let build = || -> Result<DataFrame> {
            let data_type = time_type("rolling", &self.frame, &self.time)?;
            let period = length("rolling", &self.period, &data_type)?;
            let offset = match &self.offset {
                Some(offset) => fits("rolling", offset.parse()?, &data_type)?,
                None => period.times(-1),
            };
            let window = time_window(col(&self.time), &offset, &period, self.closed).partition_by(self.keys.clone());
            let aggregates = aggregates.into_iter().map(|expr| {
                let name = output_name(&expr);
                expr.unalias().over(window.clone()).alias(name)
            });
            let columns: Vec<Expr> = self.keys.iter().cloned().chain([col(&self.time)]).chain(aggregates).collect();
            let order = self.keys.iter().map(|key| col(output_name(key))).chain([col(&self.time)]);
            Ok(self.frame.select(columns).sort(order))
        };
        build().unwrap_or_else(|error| self.frame.failed(error))
    }
}

const START: &str = "__bucket_start";
const END: &str = "__bucket_end";

impl GroupByDynamic {
    /// How long a bucket is; as long as `every` by default.
    pub fn period(mut self, period: &str) -> Self {
        self.period = Some(period.to_owned());
        self
    }

    /// By how much all buckets begin later (earlier, with a `-`).
    pub fn offset(mut self, offset: &str) -> Self {
        self.offset = Some(offset.to_owned());
        self
    }

    /// Which ends of a bucket belong to it; the start, by default.
    pub fn closed(mut self, closed: Closed) -> Self {
        self.closed = closed;
        self
    }

    /// What stands for a bucket; its start, by default.
    pub fn label(mut self, label: Label) -> Self {
        self.label = label;
        self
    }

    /// From where buckets are counted; from the calendar, by default.
    pub fn start_by(mut self, start_by: StartBy) -> Self {
        self.start_by = start_by;
        self
    }

    /// Further keys: buckets are made for each combination of them.
    pub fn by<E: Into<NameOrExpr>>(mut self, keys: impl IntoIterator<Item = E>) -> Self {
        self.keys = keys.into_iter().map(|key| key.into().0).collect();
        self
    }

    /// Adds the start and the end of each bucket, in columns `_lower_boundary` and `_upper_boundary`.
    pub fn include_boundaries(mut self) -> Self {
        self.boundaries = true;
        self
    }

    /// The aggregates of each bucket.
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Expr>) -> DataFrame {
        self.buckets(aggregates.into_iter().collect()).unwrap_or_else(|error| self.frame.failed(error))
    }

    fn buckets(&self, aggregates: Vec<Expr>) -> Result<DataFrame> {
        const OPERATION: &str = "group_by_dynamic";
        let data_type = time_type(OPERATION, &self.frame, &self.time)?;
        let every = length(OPERATION, &self.every, &data_type)?;
        let period = self.period.as_ref().map_or(Ok(every), |period| length(OPERATION, period, &data_type))?;
        let offset = match &self.offset {
            Some(offset) => fits(OPERATION, offset.parse()?, &data_type)?,
            None => Every::ZERO,
        };
        let offset = match self.start_by {
            StartBy::Weekday(day) if day > 6 => {
                return Err(Error::invalid(OPERATION, format!("expected a weekday from 0 to 6, got {day}")));
            }
            StartBy::Weekday(day) => offset.less(-i64::from(day), 0),
            _ => offset,
        };
        let time = || col(&self.time);
        let first = self.first_start(&every, &offset, &data_type)?;
        // The last bucket to begin at or before the time, and those before it that may still hold it.
        let before = (period.approximate_nanoseconds() / every.approximate_nanoseconds()).ceil() as i64;
        let alone = self.closed == Closed::Left && period == every;
        let known = self.frame.filter(time().is_not_null());
        let started = if alone {
            known.with_column(START, first)
        } else {
            if before > MAX_OVERLAP {
                let message = format!("a period of {before} times every would put each row into as many buckets");
                return Err(Error::invalid(OPERATION, message));
            }
            let starts = (0..=before).map(|back| plus(first.clone(), &every.times(-back), &data_type)).collect();
            known.with_column(START, make_array(starts)).explode([START])
        };
        let ended = started.with_column(END, plus(col(START), &period, &data_type));
        let inside = match (alone, self.closed) {
            (true, _) => ended,
            (false, Closed::Left) => ended.filter(time().gt_eq(col(START)).and(time().lt(col(END)))),
            (false, Closed::Right) => ended.filter(time().gt(col(START)).and(time().lt_eq(col(END)))),
            (false, Closed::Both) => ended.filter(time().gt_eq(col(START)).and(time().lt_eq(col(END)))),
            (false, Closed::Neither) => ended.filter(time().gt(col(START)).and(time().lt(col(END)))),
        };
        self.labelled(&inside, aggregates)
    }

    fn labelled(&self, inside: &DataFrame, aggregates: Vec<Expr>) -> Result<DataFrame> {
        let by_time: [SortExpr; 1] = [col(&self.time).sort(true, true)];
        let label = match self.label {
            Label::Left => col(START),
            Label::Right => col(END),
            Label::DataPoint => col(&self.time).min(),
        };
        let mut results = vec![label.alias(&self.time)];
        if self.boundaries {
            results.push(col(START).alias("_lower_boundary"));
            results.push(col(END).alias("_upper_boundary"));
        }
        for aggregate in aggregates {
            let name = output_name(&aggregate);
            results.push(resolve::in_order(aggregate.unalias(), &by_time)?.alias(name));
        }
        let keys: Vec<Expr> = self.keys.iter().cloned().chain([col(START), col(END)]).collect();
        let grouped = inside.group_by(keys).agg(results);
        let order = self.keys.iter().map(|key| col(output_name(key))).chain([col(START)]);
        Ok(grouped.sort(order).drop([START, END]))
    }

    /// The start of the last bucket that begins at or before the time.
    fn first_start(&self, every: &Every, offset: &Every, data_type: &DataType) -> Result<Expr> {
        let time = || col(&self.time);
        if self.start_by != StartBy::DataPoint {
            let shifted = plus(time(), &offset.times(-1), data_type);
            return Ok(plus(every.truncate_as(shifted, data_type), offset, data_type));
        }
        let Some(step) = every.in_units(data_type) else {
            return Err(Error::invalid(
                "group_by_dynamic",
                format!(
                    "start_by DataPoint needs an every of fixed length that {data_type} can hold, got '{}'",
                    self.every
                ),
            ));
        };
        let whole = |expr: Expr| match data_type {
            // A date is a number of days, but casts to integers only by way of one of 32 bits.
            DataType::Date32 => cast(cast(expr, DataType::Int32), DataType::Int64),
            _ => cast(expr, DataType::Int64),
        };
        let earliest = || whole(time().min().over(self.keys.clone()));
        let start = earliest() + (whole(time()) - earliest()) / lit(step) * lit(step);
        let start = match data_type {
            DataType::Date32 => cast(cast(start, DataType::Int32), DataType::Date32),
            _ => cast(start, data_type.clone()),
        };
        Ok(plus(start, offset, data_type))
    }
}

/// A row in more buckets than this is taken for a mistake in the lengths.
const MAX_OVERLAP: i64 = 10_000;

/// The type of the column that buckets are made of.
fn time_type(operation: &'static str, frame: &DataFrame, name: &str) -> Result<DataType> {
    let plan = frame.bare_plan()?;
    resolve::known(name, plan.schema())?;
    let data_type = col(name).get_type(plan.schema())?;
    let fits =
        data_type.is_integer() || matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..));
    if fits {
        return Ok(data_type);
    }
    let message =
        format!("expected a date, timestamp or integer in column '{name}', it is {data_type}; cast it before");
    Err(Error::invalid(operation, message))
}

/// A positive length of what `data_type` counts.
fn length(operation: &'static str, text: &str, data_type: &DataType) -> Result<Every> {
    let every: Every = text.parse()?;
    if !every.is_positive() {
        return Err(Error::invalid(operation, format!("expected a positive length, got '{text}'")));
    }
    fits(operation, every, data_type)
}

fn fits(operation: &'static str, every: Every, data_type: &DataType) -> Result<Every> {
    if every.is_zero() {
        return Ok(every);
    }
    let remedy = match (data_type.is_integer(), every.integer().is_some()) {
        (true, false) => "lengths of an integer column end in 'i', as in '10i'",
        (false, true) => "lengths ending in 'i' are for integer columns; use units of time, as in '1d'",
        _ if *data_type == DataType::Date32 && every.has_time_of_day() => {
            "a date holds no hours: use days, or cast the column to a timestamp"
        }
        _ => return Ok(every),
    };
    Err(Error::invalid(operation, format!("'{every}' does not fit a column of type {data_type}: {remedy}")))
}

/// `time` later by `every`, in the type of `time`.
fn plus(time: Expr, every: &Every, data_type: &DataType) -> Expr {
    if every.is_zero() { time } else { cast(time + every.interval(), data_type.clone()) }
}

impl Every {
    /// Whether it has a part that is not of whole days.
    fn has_time_of_day(&self) -> bool {
        self.nanoseconds() % (24 * 3_600_000_000_000) != 0
    }

    /// Its length in the units in which `data_type` counts, if that is a fixed whole number.
    fn in_units(&self, data_type: &DataType) -> Option<i64> {
        if let Some(integer) = self.integer() {
            return data_type.is_integer().then_some(integer);
        }
        let nanoseconds = self.fixed_nanoseconds()?;
        let unit = match data_type {
            DataType::Date32 => 86_400_000_000_000,
            DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000_000,
            DataType::Timestamp(TimeUnit::Second, _) => 1_000_000_000,
            DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
            DataType::Timestamp(TimeUnit::Nanosecond, _) => 1,
            _ => return None,
        };
        (nanoseconds % unit == 0).then_some(nanoseconds / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::{Label, StartBy};
    use arrow::datatypes::{DataType, TimeUnit};
    use datafusion::scalar::ScalarValue;

    use crate::prelude::*;
    use crate::testing::{mistake, rows, table};

    fn events() -> DataFrame {
        table(
            "SELECT CAST(t AS TIMESTAMP) AS t, k, x FROM (VALUES \
             ('2024-01-31 23:10:00', 'a', 1), ('2024-01-31 23:40:00', 'a', 2), ('2024-02-01 00:00:00', 'b', 4), \
             ('2024-02-01 01:30:00', 'a', 8), (NULL, 'a', 16)) AS v(t, k, x)",
        )
    }

    fn sums(frame: &DataFrame) -> Vec<String> {
        rows(&frame.select([col("t").dt().to_string("%d %H:%M"), col("x")]))
    }

    #[test]
    fn buckets_of_an_hour_are_closed_and_labelled_left() {
        let hourly = events().group_by_dynamic("t", "1h").agg([col("x").sum()]);
        assert_eq!(sums(&hourly), ["31 23:00|3", "01 00:00|4", "01 01:00|8"]);
    }

    #[test]
    fn ends_and_labels() {
        let hours = || events().group_by_dynamic("t", "1h");
        let sum = || [col("x").sum()];
        assert_eq!(sums(&hours().closed(Closed::Right).agg(sum())), ["31 23:00|7", "01 01:00|8"]);
        assert_eq!(sums(&hours().closed(Closed::Both).agg(sum())), ["31 23:00|7", "01 00:00|4", "01 01:00|8"]);
        assert_eq!(sums(&hours().closed(Closed::Neither).agg(sum())), ["31 23:00|3", "01 01:00|8"]);
        assert_eq!(sums(&hours().label(Label::Right).agg(sum()))[0], "01 00:00|3");
        assert_eq!(sums(&hours().label(Label::DataPoint).agg(sum()))[0], "31 23:10|3");
    }

    #[test]
    fn longer_periods_overlap_and_offsets_shift() {
        let overlapping = events().group_by_dynamic("t", "1h").period("2h").agg([col("x").sum()]);
        assert_eq!(sums(&overlapping), ["31 22:00|3", "31 23:00|7", "01 00:00|12", "01 01:00|8"]);
        let shifted = events().group_by_dynamic("t", "1h").offset("30m").agg([col("x").sum()]);
        assert_eq!(sums(&shifted), ["31 22:30|1", "31 23:30|6", "01 01:30|8"]);
        let sparse = events().group_by_dynamic("t", "1h").period("15m").agg([col("x").sum()]);
        assert_eq!(sums(&sparse), ["31 23:00|1", "01 00:00|4"]);
    }

    #[test]
    fn months_weeks_and_own_starts() {
        let monthly = events().group_by_dynamic("t", "1mo").agg([col("x").sum()]);
        assert_eq!(sums(&monthly), ["01 00:00|3", "01 00:00|12"]);
        // 2024-01-29 is a Monday.
        let weekly = events().group_by_dynamic("t", "1w").agg([col("x").sum()]);
        assert_eq!(sums(&weekly), ["29 00:00|15"]);
        let thursdays = events().group_by_dynamic("t", "1w").start_by(StartBy::Weekday(3)).agg([col("x").sum()]);
        assert_eq!(sums(&thursdays), ["25 00:00|3", "01 00:00|12"]);
        let from_first = events().group_by_dynamic("t", "1h").start_by(StartBy::DataPoint).agg([col("x").sum()]);
        assert_eq!(sums(&from_first), ["31 23:10|7", "01 01:10|8"]);
    }

    #[test]
    fn keys_boundaries_and_order_inside() {
        let frame = events().group_by_dynamic("t", "1d").by(["k"]).include_boundaries().agg([col("x").last()]);
        assert_eq!(frame.columns().unwrap(), ["k", "t", "_lower_boundary", "_upper_boundary", "x"]);
        assert_eq!(rows(&frame.select(["k", "x"])), ["a|2", "a|8", "b|4"]);
    }

    #[test]
    fn dates_and_integers() {
        let dates = table(
            "SELECT CAST(t AS DATE) AS t, 1 AS x FROM (VALUES ('2024-02-28'), ('2024-02-29'), ('2024-03-01')) AS v(t)",
        );
        assert_eq!(rows(&dates.group_by_dynamic("t", "2d").agg([col("x").sum()])), ["2024-02-27|1", "2024-02-29|2"]);
        assert_eq!(rows(&dates.group_by_dynamic("t", "1mo").agg([col("x").sum()])), ["2024-02-01|2", "2024-03-01|1"]);
        let first = dates.group_by_dynamic("t", "2d").start_by(StartBy::DataPoint).agg([col("x").sum()]);
        assert_eq!(rows(&first), ["2024-02-28|2", "2024-03-01|1"]);
        let integers = table("SELECT * FROM (VALUES (-1), (0), (9), (10)) AS v(t)");
        let tens = integers.group_by_dynamic("t", "10i").agg([count_all().alias("n")]);
        assert_eq!(rows(&tens), ["-10|1", "0|2", "10|1"]);
    }

    #[test]
    fn mistakes_are_named() {
        let sum = || [col("x").sum()];
        assert!(mistake(&events().group_by_dynamic("tt", "1h").agg(sum())).contains("'tt' not found"));
        assert!(mistake(&events().group_by_dynamic("t", "-1h").agg(sum())).contains("positive"));
        assert!(mistake(&events().group_by_dynamic("t", "10i").agg(sum())).contains("units of time"));
        assert!(mistake(&events().group_by_dynamic("k", "1h").agg(sum())).contains("it is Utf8"));
        assert!(mistake(&events().group_by_dynamic("x", "1h").agg(sum())).contains("end in 'i'"));
        assert!(mistake(&events().rolling("t", "1 hour").agg(sum())).contains("is not a unit"));
    }

    #[test]
    fn days_follow_the_zone_of_the_column() {
        // On 2024-03-10 clocks in New York went from 2 to 3 o'clock: that day has 23 hours.
        let hours = table(
            "SELECT arrow_cast(arrow_cast(value, 'Timestamp(Microsecond, Some(\"+00:00\"))'), \
             'Timestamp(Microsecond, Some(\"America/New_York\"))') AS t, 1 AS x FROM generate_series(TIMESTAMP '2024-03-09T05:00:00Z', TIMESTAMP '2024-03-12T03:00:00Z', INTERVAL '1 hour')",
        );
        let daily = hours.group_by_dynamic("t", "1d").include_boundaries().agg([col("x").sum()]);
        let counts = rows(&daily);
        let expected = [
            "2024-03-09T00:00:00-05:00|2024-03-09T00:00:00-05:00|2024-03-10T00:00:00-05:00|24",
            "2024-03-10T00:00:00-05:00|2024-03-10T00:00:00-05:00|2024-03-11T00:00:00-04:00|23",
            "2024-03-11T00:00:00-04:00|2024-03-11T00:00:00-04:00|2024-03-12T00:00:00-04:00|24",
        ];
        assert_eq!(counts, expected);
        let two_days = hours.group_by_dynamic("t", "1d").period("2d").agg([col("x").sum()]);
        assert_eq!(rows(&two_days.select(["x"])), ["24", "47", "47", "24"]);
        let monthly = hours.group_by_dynamic("t", "1mo").agg([col("x").sum()]);
        assert_eq!(rows(&monthly), ["2024-03-01T00:00:00-05:00|71"]);
        let shifted = hours.group_by_dynamic("t", "1d").offset("6h").agg([col("x").sum()]);
        // Six hours after midnight it was seven on the day of the change.
        assert_eq!(rows(&shifted.select(["x"])), ["6", "24", "23", "18"]);
    }

    #[test]
    fn rolling_windows_lie_where_the_offset_puts_them() {
        let frame = table("SELECT * FROM (VALUES (1, 1), (2, 2), (3, 4), (5, 8)) AS v(t, x)");
        let sums = |offset: &str, period: &str, closed| {
            rows(&frame.rolling("t", period).offset(offset).closed(closed).agg([col("x").sum()]).select(["x"]))
        };
        assert_eq!(sums("-2i", "2i", Closed::Right), ["1", "3", "6", "8"]);
        assert_eq!(sums("0i", "2i", Closed::Right), ["6", "4", "8", "null"]);
        assert_eq!(sums("0i", "2i", Closed::Left), ["3", "6", "4", "8"]);
        assert_eq!(sums("0i", "2i", Closed::Neither), ["2", "4", "null", "null"]);
        assert_eq!(sums("-1i", "2i", Closed::Both), ["3", "7", "6", "8"]);
        assert_eq!(sums("1i", "1i", Closed::Right), ["4", "null", "8", "null"]);
        let days =
            frame.select([(lit(ScalarValue::Date32(Some(0))) + col("t").cast(DataType::Int32)).alias("t"), col("x")]);
        let ahead = days.rolling("t", "2d").offset("0d").agg([col("x").sum()]);
        assert_eq!(rows(&ahead.select(["x"])), ["6", "4", "8", "null"]);
        let milliseconds = days.with_column("t", col("t").cast(DataType::Timestamp(TimeUnit::Millisecond, None)));
        let around = milliseconds.rolling("t", "2d").offset("-1d").closed(Closed::Both).agg([col("x").sum()]);
        assert_eq!(rows(&around.select(["x"])), ["3", "7", "6", "8"]);
        let before = milliseconds.rolling("t", "1d").offset("-2d").closed(Closed::Left).agg([col("x").sum()]);
        assert_eq!(rows(&before.select(["x"])), ["null", "null", "1", "4"]);
        assert!(mistake(&frame.rolling("t", "2i").offset("1d").agg([col("x").sum()])).contains("integer"));
    }

    #[test]
    fn rolling_frames_look_back_from_every_row() {
        let frame = events().filter(col("t").is_not_null());
        assert_eq!(
            sums(&frame.rolling("t", "30m").agg([col("x").sum()])),
            ["31 23:10|1", "31 23:40|2", "01 00:00|6", "01 01:30|8"]
        );
        let both = frame.rolling("t", "30m").closed(Closed::Both).agg([col("x").sum()]);
        assert_eq!(sums(&both)[1], "31 23:40|3");
        let before = frame.rolling("t", "1h").closed(Closed::Left).agg([col("x").sum()]);
        assert_eq!(sums(&before), ["31 23:10|null", "31 23:40|1", "01 00:00|3", "01 01:30|null"]);
        let keyed = frame.rolling("t", "3h").by(["k"]).agg([col("x").sum(), col("x").first().alias("f")]);
        assert_eq!(rows(&keyed.drop(["t"])), ["a|1|1", "a|3|1", "a|11|1", "b|4|4"]);
    }
}
