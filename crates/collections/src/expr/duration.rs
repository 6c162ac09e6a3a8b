//! Lengths of time as text, as in `group_by_dynamic` and `rolling`: `"15m"`, `"1d12h"`, `"1mo"`.

use std::fmt;
use std::str::FromStr;

use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;

use crate::error::Error;

/// A length of time (or, for integer columns, a plain number).
///
/// Parsed from numbers with units, largest first if there are several: `ns`, `us`, `ms`, `s`, `m` (minute), `h`, `d`, `w`,
/// `mo` (month), `q` (quarter), `y`, and `i` for a plain number. A leading `-` negates. Days are days of the calendar and
/// months months of it, not fixed numbers of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    months: i64,
    days: i64,
    nanoseconds: i64,
    integer: Option<i64>,
}

const UNITS: &str = "ns, us, ms, s, m, h, d, w, mo, q, y or i";

impl FromStr for Every {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |problem: &str| {
            Error::invalid(
                "duration",
                format!("expected numbers with units ({UNITS}) such as '15m' or '1d12h', got '{text}': {problem}"),
            )
        };
        let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        if rest.is_empty() {
            return Err(wrong("it is empty"));
        }
        let mut every = Self { months: 0, days: 0, nanoseconds: 0, integer: None };
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            let number: i64 = number.parse().map_err(|_| wrong("a number is missing or too large"))?;
            let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(letters);
            let (slot, factor) = match unit {
                "ns" => (&mut every.nanoseconds, 1),
                "us" => (&mut every.nanoseconds, 1_000),
                "ms" => (&mut every.nanoseconds, 1_000_000),
                "s" => (&mut every.nanoseconds, 1_000_000_000),
                "m" => (&mut every.nanoseconds, 60_000_000_000),
                "h" => (&mut every.nanoseconds, 3_600_000_000_000),
                "d" => (&mut every.days, 1),
                "w" => (&mut every.days, 7),
                "mo" => (&mut every.months, 1),
                "q" => (&mut every.months, 3),
                "y" => (&mut every.months, 12),
                "i" => (every.integer.get_or_insert(0), 1),
                "" => return Err(wrong("a unit is missing")),
                other => return Err(wrong(&format!("'{other}' is not a unit"))),
            };
            *slot = number
                .checked_mul(sign * factor)
                .and_then(|amount| slot.checked_add(amount))
                .ok_or_else(|| wrong("it is too large"))?;
            rest = after;
        }
        if every.integer.is_some() && (every.months, every.days, every.nanoseconds) != (0, 0, 0) {
            return Err(wrong("'i' does not mix with units of time"));
        }
        if i32::try_from(every.months).is_err() || i32::try_from(every.days).is_err() {
            return Err(wrong("it is too large"));
        }
        Ok(every)
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.integer {
            Some(integer) => write!(f, "{integer}i"),
            None => write!(f, "{}mo{}d{}ns", self.months, self.days, self.nanoseconds),
        }
    }
}

impl Every {
    /// No time at all.
    pub(crate) const ZERO: Self = Self { months: 0, days: 0, nanoseconds: 0, integer: None };

    /// As short as time can be told.
    pub(crate) const SHORTEST: Self = Self { nanoseconds: 1, ..Self::ZERO };

    /// Whether it is longer than nothing.
    pub(crate) fn is_positive(&self) -> bool {
        let parts = [self.months, self.days, self.nanoseconds, self.integer.unwrap_or(0)];
        parts.iter().all(|part| *part >= 0) && parts.iter().any(|part| *part > 0)
    }

    /// Whether it is of length zero.
    pub(crate) fn is_zero(&self) -> bool {
        [self.months, self.days, self.nanoseconds, self.integer.unwrap_or(0)].iter().all(|part| *part == 0)
    }

    /// The plain number, for integer columns.
    pub(crate) fn integer(&self) -> Option<i64> {
        self.integer
    }

    /// The part of it that is not whole months or days.
    pub(crate) fn nanoseconds(&self) -> i64 {
        self.nanoseconds
    }

    /// Its length, a day taken as 24 hours; `None` with months, or if it is too long.
    pub(crate) fn fixed_nanoseconds(&self) -> Option<i64> {
        let days = self.days.checked_mul(86_400_000_000_000)?;
        (self.months == 0 && self.integer.is_none()).then(|| days.checked_add(self.nanoseconds)).flatten()
    }

    /// A month counts 30.44 days here: for comparing lengths, not for the calendar.
    pub(crate) fn approximate_nanoseconds(&self) -> f64 {
        const DAY: f64 = 86_400e9;
        let time = self.months as f64 * 30.436_875 * DAY + self.days as f64 * DAY + self.nanoseconds as f64;
        self.integer.map_or(time, |integer| integer as f64)
    }

    /// `times` as long.
    pub(crate) fn times(&self, times: i64) -> Self {
        Self {
            months: self.months * times,
            days: self.days * times,
            nanoseconds: self.nanoseconds * times,
            integer: self.integer.map(|integer| integer * times),
        }
    }

    /// Shorter by `days` and `nanoseconds`; for plain numbers by one.
    pub(crate) fn less(&self, days: i64, nanoseconds: i64) -> Self {
        Self {
            days: self.days - days,
            nanoseconds: self.nanoseconds - nanoseconds,
            integer: self.integer.map(|integer| integer - 1),
            ..*self
        }
    }

    /// Longer by `days` and `nanoseconds`; for plain numbers by one.
    pub(crate) fn more(&self, days: i64, nanoseconds: i64) -> Self {
        self.times(-1).less(days, nanoseconds).times(-1)
    }

    /// Both, one after the other.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            months: self.months + other.months,
            days: self.days + other.days,
            nanoseconds: self.nanoseconds + other.nanoseconds,
            integer: self.integer.or(other.integer).map(|_| self.integer.unwrap_or(0) + other.integer.unwrap_or(0)),
        }
    }

    /// The literal to add to a date, a timestamp or an integer.
    pub(crate) fn value(&self) -> ScalarValue {
        // Parsing checks that months and days fit.
        let narrow = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        match self.integer {
            Some(integer) => ScalarValue::Int64(Some(integer)),
            None => ScalarValue::new_interval_mdn(narrow(self.months), narrow(self.days), self.nanoseconds),
        }
    }

    pub(crate) fn interval(&self) -> Expr {
        lit(self.value())
    }

    /// The start of the bucket of this length that `time` lies in, by the calendar of its zone: whole months count from
    /// 1970-01, weeks from Monday 1970-01-05, everything else from 1970-01-01; plain numbers from 0.
    pub(crate) fn truncate(&self, time: Expr) -> Expr {
        if let Some(integer) = self.integer {
            // Integer division cuts towards zero; buckets go down.
            let remainder = ((time.clone() % lit(integer)) + lit(integer)) % lit(integer);
            return time - remainder;
        }
        if self.months != 0 && (self.days, self.nanoseconds) != (0, 0) {
            let message = format!("months do not mix with days or times in the length of a bucket, got '{self}'");
            return super::mistake(Error::invalid("truncate", message));
        }
        swath_exec::functions::bucket_start().call(vec![self.interval(), time])
    }

    /// [`truncate`](Self::truncate) that keeps dates dates.
    pub(crate) fn truncate_as(&self, time: Expr, data_type: &arrow::datatypes::DataType) -> Expr {
        if self.integer.is_some() { self.truncate(time) } else { cast(self.truncate(time), data_type.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        let every: Every = "1y2mo1w3d4h5m".parse().unwrap();
        assert_eq!((every.months, every.days, every.nanoseconds), (14, 10, (4 * 60 + 5) * 60_000_000_000));
        let negative: Every = "-2d".parse().unwrap();
        assert_eq!(negative.days, -2);
        assert_eq!("10i".parse::<Every>().unwrap().integer(), Some(10));
    }

    #[test]
    fn malformed_texts_say_what_is_wrong() {
        for (text, problem) in
            [("", "empty"), ("5", "unit is missing"), ("5x", "'x' is not a unit"), ("d", "number"), ("1i2d", "mix")]
        {
            let message = text.parse::<Every>().unwrap_err().to_string();
            assert!(message.contains(problem), "{message}");
        }
        assert!("99999999999999999999d".parse::<Every>().is_err());
        assert!("9999999999d".parse::<Every>().is_err());
    }
}
