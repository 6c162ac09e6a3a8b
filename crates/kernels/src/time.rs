//! Dates and durations between units, on the proleptic Gregorian calendar.
//!
//! The conversions of days and dates follow Howard Hinnant's "chrono-compatible low-level date algorithms".

use crate::dtype::TimeUnit;
use crate::scalar::NAT;

const NANOSECONDS_A_DAY: i128 = 86_400_000_000_000;

/// Days since 1970-01-01 of the first day of a month (1 to 12).
fn days_of_month(year: i64, month: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month (1 to 12) and day (1 to 31) of a day since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A point in time in another unit; coarser units round towards the past. NaT stays; what does not fit wraps.
pub fn convert_datetime(value: i64, from: TimeUnit, to: TimeUnit) -> i64 {
    if value == NAT || from == to {
        return value;
    }
    let nanoseconds = match from {
        TimeUnit::Year => i128::from(days_of_month(1970 + value, 1)) * NANOSECONDS_A_DAY,
        TimeUnit::Month => {
            i128::from(days_of_month(1970 + value.div_euclid(12), value.rem_euclid(12) + 1)) * NANOSECONDS_A_DAY
        }
        other => i128::from(value) * i128::from(other.nanoseconds().unwrap_or(1)),
    };
    match to.nanoseconds() {
        Some(length) => nanoseconds.div_euclid(i128::from(length)) as i64,
        None => {
            let (year, month, _) = civil_from_days(nanoseconds.div_euclid(NANOSECONDS_A_DAY) as i64);
            if to == TimeUnit::Year { year - 1970 } else { (year - 1970) * 12 + month - 1 }
        }
    }
}

/// A duration in another unit; coarser units round down. NaT stays; years and months mix with other units by their
/// average length (365.2425 days a year), as NumPy's unsafe cast does.
pub fn convert_timedelta(value: i64, from: TimeUnit, to: TimeUnit) -> i64 {
    if value == NAT || from == to {
        return value;
    }
    let length = |unit: TimeUnit| match unit {
        TimeUnit::Year => 31_556_952_000_000_000,
        TimeUnit::Month => 2_629_746_000_000_000,
        other => i128::from(other.nanoseconds().unwrap_or(1)),
    };
    (i128::from(value) * length(from)).div_euclid(length(to)) as i64
}

/// The factor between two units of duration where one divides the other, for plain multiplication of whole arrays.
pub fn exact_factor(from: TimeUnit, to: TimeUnit) -> Option<i64> {
    match (from, to) {
        (TimeUnit::Year, TimeUnit::Month) => Some(12),
        _ if from == to => Some(1),
        _ => {
            let (from, to) = (from.nanoseconds()?, to.nanoseconds()?);
            (from >= to).then(|| from / to)
        }
    }
}

/// ISO 8601 at the unit's precision, as NumPy prints: `2024-02-29T12:00`.
pub fn format_datetime(value: i64, unit: TimeUnit) -> String {
    if value == NAT {
        return "NaT".to_owned();
    }
    let day = convert_datetime(value, unit, TimeUnit::Day);
    let (year, month, date) = civil_from_days(day);
    match unit {
        TimeUnit::Year => return format!("{year:04}"),
        TimeUnit::Month => return format!("{year:04}-{month:02}"),
        TimeUnit::Week | TimeUnit::Day => return format!("{year:04}-{month:02}-{date:02}"),
        _ => {}
    }
    let length = i128::from(unit.nanoseconds().unwrap_or(1));
    let within = i128::from(value) * length - i128::from(day) * NANOSECONDS_A_DAY;
    let (seconds, fraction) = (within / 1_000_000_000, within % 1_000_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{year:04}-{month:02}-{date:02}T{hour:02}");
    if unit >= TimeUnit::Minute {
        text.push_str(&format!(":{minute:02}"));
    }
    if unit >= TimeUnit::Second {
        text.push_str(&format!(":{second:02}"));
    }
    match unit {
        TimeUnit::Millisecond => text.push_str(&format!(".{:03}", fraction / 1_000_000)),
        TimeUnit::Microsecond => text.push_str(&format!(".{:06}", fraction / 1_000)),
        TimeUnit::Nanosecond => text.push_str(&format!(".{fraction:09}")),
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::TimeUnit::*;
    use super::*;

    #[test]
    fn dates_change_units() {
        assert_eq!(convert_datetime(54, Year, Day), 19_723); // 2024-01-01
        assert_eq!(convert_datetime(19_723 + 59, Day, Month), 54 * 12 + 1); // 2024-02-29
        assert_eq!(convert_datetime(-1, Second, Day), -1);
        assert_eq!(convert_datetime(-1, Day, Year), -1);
        assert_eq!(convert_datetime(-1, Month, Day), -31);
        assert_eq!(convert_datetime(NAT, Day, Second), NAT);
        assert_eq!(format_datetime(19_782, Day), "2024-02-29");
        assert_eq!(format_datetime(-1, Millisecond), "1969-12-31T23:59:59.999");
    }

    #[test]
    fn every_day_reads_back() {
        for day in (-800_000..800_000).step_by(17) {
            let (year, month, date) = civil_from_days(day);
            assert_eq!(days_of_month(year, month) + date - 1, day);
        }
    }

    #[test]
    fn durations_change_units() {
        assert_eq!(convert_timedelta(-1, Second, Minute), -1);
        assert_eq!(convert_timedelta(3, Week, Hour), 504);
        assert_eq!(convert_timedelta(1, Year, Month), 12);
        assert_eq!(exact_factor(Day, Second), Some(86_400));
        assert_eq!(exact_factor(Second, Day), None);
        assert_eq!(exact_factor(Year, Day), None);
    }
}
