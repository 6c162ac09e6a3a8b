"""Functions of dates, times and durations: ``sw.col("t").dt``."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath.expr.time_zones import TimeZones

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class DtNamespace(TimeZones):
    """Functions of dates, times and durations. Null gives null."""

    __slots__ = ()

    def _time(self, name: str) -> Expr:
        return self._new(_internal.time(name, self._expr))

    def _with(self, name: str, argument: str) -> Expr:
        return self._new(_internal.time_with(name, self._expr, argument))

    def year(self) -> Expr:
        """Year.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.year()).to_dict()
        {'t': [2024]}
        """
        return self._time("year")

    def iso_year(self) -> Expr:
        """Year that the ISO week belongs to.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.iso_year()).to_dict()
        {'t': [2024]}
        """
        return self._time("iso_year")

    def quarter(self) -> Expr:
        """Quarter, 1 to 4.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.quarter()).to_dict()
        {'t': [1]}
        """
        return self._time("quarter")

    def month(self) -> Expr:
        """Month, 1 to 12.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.month()).to_dict()
        {'t': [2]}
        """
        return self._time("month")

    def week(self) -> Expr:
        """Week of the ISO year, 1 to 53.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.week()).to_dict()
        {'t': [9]}
        """
        return self._time("week")

    def day(self) -> Expr:
        """Day of the month, 1 to 31.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.day()).to_dict()
        {'t': [29]}
        """
        return self._time("day")

    def weekday(self) -> Expr:
        """Day of the week, Monday 1 to Sunday 7.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.weekday()).to_dict()
        {'t': [4]}
        """
        return self._time("weekday")

    def ordinal_day(self) -> Expr:
        """Day of the year, 1 to 366.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.ordinal_day()).to_dict()
        {'t': [60]}
        """
        return self._time("ordinal_day")

    def hour(self) -> Expr:
        """Hour, 0 to 23.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.hour()).to_dict()
        {'t': [13]}
        """
        return self._time("hour")

    def minute(self) -> Expr:
        """Minute, 0 to 59.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.minute()).to_dict()
        {'t': [14]}
        """
        return self._time("minute")

    def second(self) -> Expr:
        """Second without fraction, 0 to 59.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.second()).to_dict()
        {'t': [15]}
        """
        return self._time("second")

    def millisecond(self) -> Expr:
        """Thousandths of the second, 0 to 999.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.millisecond()).to_dict()
        {'t': [678]}
        """
        return self._time("millisecond")

    def microsecond(self) -> Expr:
        """Millionths of the second, 0 to 999,999.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.microsecond()).to_dict()
        {'t': [678901]}
        """
        return self._time("microsecond")

    def nanosecond(self) -> Expr:
        """Billionths of the second, 0 to 999,999,999.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.nanosecond()).to_dict()
        {'t': [678901000]}
        """
        return self._time("nanosecond")

    def days_in_month(self) -> Expr:
        """Number of days in its month.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.date(2024, 2, 10)]})
        >>> df.select(sw.col("d").dt.days_in_month()).to_dict()
        {'d': [29]}
        """
        return self._time("days_in_month")

    def is_leap_year(self) -> Expr:
        """Whether its year has 366 days.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.date(2024, 2, 10), datetime.date(1900, 1, 1)]})
        >>> df.select(sw.col("d").dt.is_leap_year()).to_dict()
        {'d': [True, False]}
        """
        return self._time("is_leap_year")

    def century(self) -> Expr:
        """Century: 21 from 2001 to 2100.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.date(2000, 12, 31), datetime.date(2001, 1, 1)]})
        >>> df.select(sw.col("d").dt.century()).to_dict()
        {'d': [20, 21]}
        """
        return (self.year() + 99) // 100

    def millennium(self) -> Expr:
        """Millennium: 3 from 2001 to 3000.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.date(2000, 12, 31), datetime.date(2001, 1, 1)]})
        >>> df.select(sw.col("d").dt.millennium()).to_dict()
        {'d': [2, 3]}
        """
        return (self.year() + 999) // 1000

    def date(self) -> Expr:
        """Date alone.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.date()).to_dict()
        {'t': [datetime.date(2024, 2, 29)]}
        """
        return self._time("date")

    def time(self) -> Expr:
        """Time of day alone.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.time()).to_dict()
        {'t': [datetime.time(13, 14, 15, 678901)]}
        """
        return self._time("time")

    def month_start(self) -> Expr:
        """First day of its month, at midnight.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.month_start()).to_dict()
        {'t': [datetime.datetime(2024, 2, 1, 0, 0)]}
        """
        return self._time("month_start")

    def month_end(self) -> Expr:
        """Last day of its month, at midnight.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14, 15, 678901)]})
        >>> df.select(sw.col("t").dt.month_end()).to_dict()
        {'t': [datetime.datetime(2024, 2, 29, 0, 0)]}
        """
        return self._time("month_end")

    def total_days(self) -> Expr:
        """Length of a duration in whole days, cut towards zero; also of the difference of two dates.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(days=2, hours=1)]})
        >>> df.select(sw.col("d").dt.total_days()).to_dict()
        {'d': [2]}
        """
        return self._time("total_days")

    def total_hours(self) -> Expr:
        """Length of a duration in whole hours, cut towards zero; also of the difference of two dates.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(days=2, hours=1)]})
        >>> df.select(sw.col("d").dt.total_hours()).to_dict()
        {'d': [49]}
        """
        return self._time("total_hours")

    def total_minutes(self) -> Expr:
        """Length of a duration in whole minutes, cut towards zero; also of the difference of two dates.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(days=2, hours=1)]})
        >>> df.select(sw.col("d").dt.total_minutes()).to_dict()
        {'d': [2940]}
        """
        return self._time("total_minutes")

    def total_seconds(self) -> Expr:
        """Length of a duration in whole seconds, cut towards zero; also of the difference of two dates.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(days=2, hours=1)]})
        >>> df.select(sw.col("d").dt.total_seconds()).to_dict()
        {'d': [176400]}
        """
        return self._time("total_seconds")

    def total_milliseconds(self) -> Expr:
        """Length of a duration in whole milliseconds, cut towards zero.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(seconds=2)]})
        >>> df.select(sw.col("d").dt.total_milliseconds()).to_dict()
        {'d': [2000]}
        """
        return self._time("total_milliseconds")

    def total_microseconds(self) -> Expr:
        """Length of a duration in whole microseconds, cut towards zero.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(seconds=2)]})
        >>> df.select(sw.col("d").dt.total_microseconds()).to_dict()
        {'d': [2000000]}
        """
        return self._time("total_microseconds")

    def total_nanoseconds(self) -> Expr:
        """Length of a duration in nanoseconds, counted in whole microseconds.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.timedelta(microseconds=2)]})
        >>> df.select(sw.col("d").dt.total_nanoseconds()).to_dict()
        {'d': [2000]}
        """
        return self._time("total_microseconds") * 1000

    def to_interval(self) -> Expr:
        """As a calendar interval of months, days and nanoseconds.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 1, 1)], "d": [datetime.timedelta(hours=1)]})
        >>> df.select(sw.col("t") + sw.col("d").dt.to_interval()).to_dict()
        {'t': [datetime.datetime(2024, 1, 1, 1, 0)]}
        """
        return self._time("to_interval")

    def epoch(self, time_unit: Literal["ns", "us", "ms", "s", "d"] = "us") -> Expr:
        """Time since 1970-01-01 UTC, in a unit.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(1970, 1, 2)]})
        >>> df.select(sw.col("t").dt.epoch("s")).to_dict()
        {'t': [86400]}
        """
        if time_unit not in ("ns", "us", "ms", "s", "d"):
            raise ValueError(f"dt.epoch: expected 'ns', 'us', 'ms', 's' or 'd', got {time_unit!r}")
        return self._time(f"epoch_{time_unit}")

    def timestamp(self, time_unit: Literal["ns", "us", "ms"] = "us") -> Expr:
        """Time since 1970-01-01 UTC, in a unit: :meth:`epoch`.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(1970, 1, 2)]})
        >>> df.select(sw.col("t").dt.timestamp("ms")).to_dict()
        {'t': [86400000]}
        """
        return self.epoch(time_unit)

    def truncate(self, every: Any) -> Expr:
        """Start of the bucket of length ``every`` that it lies in.

        ``"15m"``, ``"1d"``, ``"1w"``, ``"1mo"``, …, or a timedelta. Weeks start on Monday.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 14)]})
        >>> df.select(sw.col("t").dt.truncate("1h")).to_dict()
        {'t': [datetime.datetime(2024, 2, 29, 13, 0)]}
        """
        return self._with("truncate", _length(every))

    def round(self, every: Any) -> Expr:
        """Round to the nearer start of a bucket of length ``every``; to the later if both are as near.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 2, 29, 13, 44)]})
        >>> df.select(sw.col("t").dt.round("1h")).to_dict()
        {'t': [datetime.datetime(2024, 2, 29, 14, 0)]}
        """
        return self._with("round", _length(every))

    def offset_by(self, by: Any) -> Expr:
        """Move by a length of time (``"1d12h"``, ``"-1mo"``).

        A month after January 31 is the last day of February.

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.date(2024, 1, 31)]})
        >>> df.select(sw.col("d").dt.offset_by("1mo")).to_dict()
        {'d': [datetime.date(2024, 2, 29)]}
        """
        return self._with("offset_by", _length(by))

    def to_string(self, format: str) -> Expr:
        """As text of ``format`` (``%Y-%m-%d %H:%M:%S``).

        Examples
        --------
        >>> df = sw.from_dict({"d": [datetime.date(2024, 2, 29)]})
        >>> df.select(sw.col("d").dt.to_string("%d/%m/%y")).to_dict()
        {'d': ['29/02/24']}
        """
        return self._with("to_string", format)

    def strftime(self, format: str) -> Expr:
        """As text of ``format``: :meth:`to_string`.

        Examples
        --------
        >>> sw.from_dict({"d": [datetime.date(2024, 2, 29)]}).select(sw.col("d").dt.strftime("%Y")).to_dict()
        {'d': ['2024']}
        """
        return self.to_string(format)


def _length(value: Any) -> str:
    if isinstance(value, datetime.timedelta):
        return f"{value // datetime.timedelta(microseconds=1)}us"
    if isinstance(value, str):
        return value
    raise TypeError(f"expected a length of time such as '1h30m' or '1mo', or a timedelta, got {value!r}")
