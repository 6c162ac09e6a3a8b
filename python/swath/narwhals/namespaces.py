"""Functions of one kind of values: text, times, lists, structs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narwhals._compliant import LazyExprNamespace
from narwhals._compliant.any_namespace import ListNamespace, StructNamespace
from narwhals._duration import Interval
from narwhals._sql.expr_dt import SQLExprDateTimeNamesSpace
from narwhals._sql.expr_str import SQLExprStringNamespace
from narwhals._utils import not_implemented

import swath

if TYPE_CHECKING:
    from swath.narwhals.expressions import Expression


class Strings(SQLExprStringNamespace["Expression"]):
    """``.str``."""

    def strip_chars(self, characters: str | None) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.strip_chars(characters))

    def strip_chars_start(self, characters: str) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.strip_chars_start(characters))

    def strip_chars_end(self, characters: str) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.strip_chars_end(characters))

    def replace_all(self, value: Expression, pattern: str, *, literal: bool) -> Expression:
        return self.compliant._with_elementwise(
            lambda expr, value: expr.str.replace_all(swath.lit(pattern), value, literal=literal),
            expression_args={"value": value},
        )

    def slice(self, offset: int, length: int | None) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.slice(offset, length))

    def zfill(self, width: int) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.zfill(width))

    def replace(self, value: Expression, pattern: str, *, literal: bool, n: int) -> Expression:
        if n < 0:
            return self.replace_all(value, pattern, literal=literal)
        if n == 0:
            return self.compliant
        if n != 1:
            raise NotImplementedError(f"str.replace: expected n=1 or n=-1, got {n}")
        return self.compliant._with_elementwise(
            lambda expr, value: expr.str.replace(pattern, value, literal=literal),
            expression_args={"value": value},
        )

    def pad_start(self, length: int, fill_char: str) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.pad_start(length, fill_char))

    def pad_end(self, length: int, fill_char: str) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.pad_end(length, fill_char))

    def to_titlecase(self) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.to_titlecase())

    def to_datetime(self, format: str | None) -> Expression:
        if format is None:
            # ISO 8601, as a cast reads it.
            return self.compliant._with_elementwise(lambda expr: expr.cast(swath.Datetime("us")))
        return self.compliant._with_elementwise(lambda expr: expr.str.to_datetime(format))

    def to_date(self, format: str | None) -> Expression:
        if format is None:
            return self.compliant._with_elementwise(lambda expr: expr.cast(swath.Date))
        return self.compliant._with_elementwise(lambda expr: expr.str.to_date(format))

    def to_time(self, format: str | None) -> Expression:
        if format is None:
            return self.compliant._with_elementwise(lambda expr: expr.cast(swath.Time("ns")))

        def day_and_time(expr: swath.Expr) -> swath.Expr:
            return (
                swath.concat_str(swath.lit("1970-01-01 "), expr)
                .str.to_datetime(f"%Y-%m-%d {format}")
                .dt.time()
            )

        return self.compliant._with_elementwise(day_and_time)

    def split(self, by: str) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.str.split(by))


class DateTimes(SQLExprDateTimeNamesSpace["Expression"]):
    """``.dt``."""

    def _plain(self, name: str, *arguments: Any) -> Expression:
        return self.compliant._with_elementwise(lambda expr: getattr(expr.dt, name)(*arguments))

    def millisecond(self) -> Expression:
        return self._plain("millisecond")

    def microsecond(self) -> Expression:
        return self._plain("microsecond")

    def weekday(self) -> Expression:
        return self._plain("weekday")

    def to_string(self, format: str) -> Expression:
        return self._plain("to_string", format)

    def truncate(self, every: str) -> Expression:
        # It says what is wrong with an interval in narwhals' words.
        Interval.parse(every)
        return self._plain("truncate", every)

    def offset_by(self, by: str) -> Expression:
        Interval.parse_no_constraints(by)
        return self._plain("offset_by", by)

    def total_minutes(self) -> Expression:
        return self._plain("total_minutes")

    def total_seconds(self) -> Expression:
        return self._plain("total_seconds")

    def convert_time_zone(self, time_zone: str) -> Expression:
        return self._plain("convert_time_zone", time_zone)

    def replace_time_zone(self, time_zone: str | None) -> Expression:
        return self._plain("replace_time_zone", time_zone)

    def timestamp(self, time_unit: str) -> Expression:
        return self._plain("epoch", time_unit)

    def nanosecond(self) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.dt.epoch("ns") % 1_000_000_000)

    def _total(self, nanoseconds: int) -> Expression:
        def total(expr: swath.Expr) -> swath.Expr:
            return _toward_zero(expr.cast(swath.Duration("ns")).cast(swath.Int64), nanoseconds)

        return self.compliant._with_elementwise(total)

    def total_milliseconds(self) -> Expression:
        return self._total(1_000_000)

    def total_microseconds(self) -> Expression:
        return self._total(1_000)

    def total_nanoseconds(self) -> Expression:
        return self._total(1)


def _toward_zero(number: swath.Expr, unit: int) -> swath.Expr:
    """Divide whole numbers, without what is left."""
    return swath.when(number < 0).then(-(-number // unit)).otherwise(number // unit)


class Lists(LazyExprNamespace["Expression"], ListNamespace["Expression"]):
    """``.list``."""

    def _plain(self, name: str, *arguments: Any, **options: Any) -> Expression:
        return self.compliant._with_elementwise(lambda expr: getattr(expr.list, name)(*arguments, **options))

    def len(self) -> Expression:
        return self._plain("len")

    def unique(self, *, maintain_order: bool) -> Expression:
        if maintain_order:
            raise NotImplementedError("list.unique: maintain_order=True is not supported")
        return self._plain("unique")

    def contains(self, item: Any) -> Expression:
        if item is None:
            # Whether one of the elements is null.
            return self.compliant._with_elementwise(
                lambda expr: expr.list.len() > expr.list.drop_nulls().list.len()
            )
        return self._plain("contains", swath.lit(item))

    def get(self, index: int) -> Expression:
        return self._plain("get", index)

    def min(self) -> Expression:
        return self._plain("min")

    def max(self) -> Expression:
        return self._plain("max")

    def mean(self) -> Expression:
        return self._plain("mean")

    def sum(self) -> Expression:
        def total(expr: swath.Expr) -> swath.Expr:
            return swath.when(expr.is_not_null()).then(swath.coalesce(expr.list.sum(), 0))

        return self.compliant._with_elementwise(total)

    def sort(self, *, descending: bool, nulls_last: bool) -> Expression:
        return self._plain("sort", descending=descending, nulls_last=nulls_last)

    median = not_implemented()


class Structs(LazyExprNamespace["Expression"], StructNamespace["Expression"]):
    """``.struct``."""

    def field(self, name: str) -> Expression:
        return self.compliant._with_elementwise(lambda expr: expr.struct.field(name)).alias(name)
