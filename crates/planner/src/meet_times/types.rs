//! The types in which times meet.

use datafusion::arrow::datatypes::{DataType, TimeUnit};

/// Whether `data_type` is a date, a time, or a length of time.
pub(super) fn is_time(data_type: &DataType) -> bool {
    use DataType::{Date32, Date64, Duration, Interval, Time32, Time64, Timestamp};
    matches!(data_type, Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Duration(_) | Interval(_))
}

/// Whether `data_type` is a time of day.
pub(super) fn is_time_of_day(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Time32(_) | DataType::Time64(_))
}

/// The type in which values of two types of times meet; `None` where they are the same, and where DataFusion's own choice holds
/// both (two timestamps, say) or there is none.
pub fn common_time(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Date32, Date64, Duration, Time32, Time64, Timestamp};
    if left == right {
        return None;
    }
    match (left, right) {
        (Duration(a), Duration(b)) => Some(Duration(*a.max(b))),
        (Time32(a) | Time64(a), Time32(b) | Time64(b)) => Some(match a.max(b) {
            unit @ (TimeUnit::Second | TimeUnit::Millisecond) => Time32(*unit),
            unit => Time64(*unit),
        }),
        // In nanoseconds, which lose nothing of the timestamps, as DataFusion has them.
        (Date32 | Date64, Timestamp(TimeUnit::Nanosecond, _))
        | (Timestamp(TimeUnit::Nanosecond, _), Date32 | Date64) => None,
        // Without zone, as DataFusion has them.
        (Date32, Timestamp(unit, _)) | (Timestamp(unit, _), Date32) => Some(Timestamp(*unit, None)),
        (Date64, Timestamp(unit, _)) | (Timestamp(unit, _), Date64) => {
            Some(Timestamp(*unit.max(&TimeUnit::Millisecond), None))
        }
        _ => None,
    }
}

/// The type in which all `types` meet, nulls aside; `None` where DataFusion's own choice is left to stand.
pub(super) fn common_of<'a>(types: impl IntoIterator<Item = &'a DataType>) -> Option<DataType> {
    let mut is_ours = false;
    let mut types = types.into_iter().filter(|data_type| !data_type.is_null());
    let first = types.next().filter(|first| is_time(first))?.clone();
    let common = types.try_fold(first, |common, next| match (&common, next) {
        (common, next) if common == next => Some(common.clone()),
        (DataType::Timestamp(unit, zone), DataType::Timestamp(other, same)) if zone == same => {
            Some(DataType::Timestamp(*unit.max(other), zone.clone()))
        }
        (common, next) => {
            is_ours = true;
            common_time(common, next)
        }
    })?;
    is_ours.then_some(common)
}

#[cfg(test)]
mod tests {
    use super::DataType::{Date32, Duration, Int64, Null, Time32, Time64, Timestamp};
    use super::TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    use super::{common_of, common_time};

    #[test]
    fn the_finer_unit_holds_both() {
        assert_eq!(common_time(&Duration(Second), &Duration(Nanosecond)), Some(Duration(Nanosecond)));
        assert_eq!(common_time(&Time64(Microsecond), &Time64(Nanosecond)), Some(Time64(Nanosecond)));
        assert_eq!(common_time(&Time32(Second), &Time32(Millisecond)), Some(Time32(Millisecond)));
        assert_eq!(common_time(&Time32(Second), &Time64(Microsecond)), Some(Time64(Microsecond)));
        assert_eq!(common_time(&Date32, &Timestamp(Second, None)), Some(Timestamp(Second, None)));
        assert_eq!(
            common_time(&Timestamp(Microsecond, Some("UTC".into())), &Date32),
            Some(Timestamp(Microsecond, None))
        );
    }

    #[test]
    fn other_types_are_left_alone() {
        let timestamp = |unit| Timestamp(unit, None);
        assert_eq!(common_time(&Date32, &Date32), None);
        assert_eq!(common_time(&Date32, &timestamp(Nanosecond)), None);
        assert_eq!(common_time(&timestamp(Second), &timestamp(Microsecond)), None);
        assert_eq!(common_time(&Duration(Second), &Int64), None);
        assert_eq!(common_of([&timestamp(Second), &timestamp(Microsecond)]), None);
        assert_eq!(common_of([&Duration(Second), &Null, &Duration(Second)]), None);
        assert_eq!(common_of([&Duration(Second), &Duration(Millisecond), &Int64]), None);
    }

    #[test]
    fn many_types_meet_in_one() {
        let timestamp = |unit| Timestamp(unit, None);
        assert_eq!(common_of([&Null, &Duration(Second), &Duration(Millisecond)]), Some(Duration(Millisecond)));
        assert_eq!(common_of([&timestamp(Second), &Date32, &timestamp(Microsecond)]), Some(timestamp(Microsecond)));
    }
}
