"""Functions that make expressions: of constants, of many columns, of rows."""

from __future__ import annotations

import builtins
import datetime
from typing import Any

from swath import _internal
from swath.dtypes import IntoDataType
from swath.expr.base import IntoExpr, SortKey, column, columns, flat, native
from swath.expr.expression import Expr
from swath.literal import literal

__all__ = [
    "all_horizontal",
    "any_horizontal",
    "arctan2",
    "asc",
    "coalesce",
    "concat_list",
    "concat_str",
    "corr",
    "cov",
    "cume_dist",
    "dense_rank",
    "desc",
    "duration",
    "format",
    "grouping",
    "int_ranges",
    "len",
    "lit",
    "max_horizontal",
    "mean_horizontal",
    "min_horizontal",
    "now",
    "ntile",
    "percent_rank",
    "random",
    "rank",
    "row_number",
    "sql_expr",
    "struct",
    "sum_horizontal",
    "to_expr",
    "today",
]


def to_expr(value: Any, *, str_as_col: bool) -> Expr:
    """Return the expression that ``value`` stands for; text names a column, or is a constant."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, SortKey):
        raise TypeError(
            "expected an expression, got a sort key: .asc() and .desc() are for sort and order_by"
        )
    return Expr(column(value) if str_as_col else native(value))


def lit(value: Any, dtype: IntoDataType | None = None) -> Expr:
    """Make a constant.

    Parameters
    ----------
    value
        ``None``, a bool, a number of any size, text, bytes, a date, time, datetime or timedelta, a
        Decimal, a UUID, a list, a dict (a struct), or a scalar or array of NumPy or pyarrow.
    dtype
        Its data type, if it is not to follow from the value.

    Examples
    --------
    >>> sw.lit(1), sw.lit("a"), sw.lit(datetime.date(2024, 2, 29))
    (<Expr: 1>, <Expr: 'a'>, <Expr: DATE '2024-02-29'>)
    >>> sw.from_dict({"x": [1]}).select(a=sw.lit([1, 2]), b=sw.lit(7, dtype=sw.Int8)).to_dict()
    {'a': [[1, 2]], 'b': [7]}
    """
    if isinstance(value, Expr):
        return value if dtype is None else value.cast(dtype)
    return Expr(literal(value, dtype))


def sql_expr(text: str) -> Expr:
    """Make an expression of SQL text, over the columns of the table that it is used with.

    Examples
    --------
    >>> sw.from_dict({"a": [3]}).select(r=sw.sql_expr("a * 2 + 1")).to_dict()
    {'r': [7]}
    """
    return Expr(_internal.sql_expr(text))


def len() -> Expr:
    """Count the rows.

    Examples
    --------
    >>> sw.from_dict({"x": [1, None]}).select(sw.len()).to_dict()
    {'count': [2]}
    """
    return Expr(_internal.count_all())


def _across(function: str, values: tuple[Any, ...], **options: Any) -> Expr:
    return Expr(_internal.across(function, columns(values), **options))


def coalesce(*columns: Any) -> Expr:
    """Take the first that is not null, of columns, expressions and constants; text names a column.

    Examples
    --------
    >>> sw.from_dict({"a": [None, 1], "b": [2, 3]}).select(sw.coalesce("a", "b")).to_dict()
    {'a': [2, 1]}
    >>> sw.from_dict({"a": [None, 1]}).select(sw.coalesce("a", 0)).to_dict()
    {'a': [0, 1]}
    """
    return _across("coalesce", columns)


def max_horizontal(*columns: Any) -> Expr:
    """Take the largest in each row, nulls skipped.

    Examples
    --------
    >>> sw.from_dict({"a": [1, None], "b": [2, 3]}).select(m=sw.max_horizontal("a", "b")).to_dict()
    {'m': [2, 3]}
    """
    return _across("max", columns)


def min_horizontal(*columns: Any) -> Expr:
    """Take the smallest in each row, nulls skipped.

    Examples
    --------
    >>> sw.from_dict({"a": [1, None], "b": [2, 3]}).select(m=sw.min_horizontal("a", "b")).to_dict()
    {'m': [1, 3]}
    """
    return _across("min", columns)


def sum_horizontal(*columns: Any) -> Expr:
    """Sum each row, nulls skipped; zero if there is nothing else.

    Examples
    --------
    >>> sw.from_dict({"a": [1, None], "b": [2, 3]}).select(s=sw.sum_horizontal(sw.all())).to_dict()
    {'s': [3, 3]}
    """
    return _across("sum", columns)


def mean_horizontal(*columns: Any) -> Expr:
    """Mean of each row, nulls skipped; null if there is nothing else.

    Examples
    --------
    >>> sw.from_dict({"a": [1, None], "b": [2, 3]}).select(m=sw.mean_horizontal("a", "b")).to_dict()
    {'m': [1.5, 3.0]}
    """
    return _across("mean", columns)


def all_horizontal(*columns: Any) -> Expr:
    """Whether all are true in a row.

    Examples
    --------
    >>> sw.from_dict({"a": [True, True], "b": [True, False]}).select(r=sw.all_horizontal("a", "b")).to_dict()
    {'r': [True, False]}
    """
    return _across("all", columns)


def any_horizontal(*columns: Any) -> Expr:
    """Whether any is true in a row.

    Examples
    --------
    >>> df = sw.from_dict({"a": [1, None], "b": [2, 3]})
    >>> df.filter(sw.any_horizontal(sw.all().is_null())).to_dict()
    {'a': [None], 'b': [3]}
    """
    return _across("any", columns)


def concat_str(*columns: Any, separator: str = "", ignore_nulls: bool = False) -> Expr:
    """Join texts with ``separator`` between; text names a column.

    A null makes the whole null, or with ``ignore_nulls`` is left out.

    Examples
    --------
    >>> df = sw.from_dict({"a": ["x", None], "n": [1, 2]})
    >>> df.select(s=sw.concat_str("a", "n", separator="-")).to_dict()
    {'s': ['x-1', None]}
    >>> df.select(s=sw.concat_str("a", "n", separator="-", ignore_nulls=True)).to_dict()
    {'s': ['x-1', '2']}
    """
    return _across("concat_str", columns, separator=separator, ignore_nulls=ignore_nulls)


def format(template: str, *columns: Any) -> Expr:
    """Fill the ``{}`` of a template with columns.

    Examples
    --------
    >>> sw.from_dict({"a": ["x"], "n": [1]}).select(s=sw.format("{} has {}", "a", "n")).to_dict()
    {'s': ['x has 1']}
    """
    texts = template.split("{}")
    values = flat(columns)
    if builtins.len(texts) != builtins.len(values) + 1:
        raise ValueError(
            f"format: expected {builtins.len(texts) - 1} columns for {template!r}, got {builtins.len(values)}"
        )
    parts: list[Any] = [lit(texts[0])]
    for value, text in zip(values, texts[1:], strict=True):
        parts += [value, lit(text)]
    return _across("concat_str", tuple(parts), ignore_nulls=False)


def concat_list(*columns: Any) -> Expr:
    """Make a list of the values in each row; of lists a list of lists.

    Lists are joined end to end by ``sw.col("a").list.concat(sw.col("b"))``.

    Examples
    --------
    >>> sw.from_dict({"a": [1], "b": [2]}).select(l=sw.concat_list("a", "b")).to_dict()
    {'l': [[1, 2]]}
    """
    return _across("concat_list", columns)


def struct(*columns: Any, **named: Any) -> Expr:
    """Make a struct of the values in each row, under their names.

    Examples
    --------
    >>> sw.from_dict({"a": [1], "b": [2]}).select(s=sw.struct("a", c=sw.col("b") + 1)).to_dict()
    {'s': [{'a': 1, 'c': 3}]}
    """
    aliased = [to_expr(value, str_as_col=True).alias(name) for name, value in named.items()]
    return _across("struct", (*columns, *aliased))


def int_ranges(start: IntoExpr, end: IntoExpr, step: IntoExpr = 1) -> Expr:
    """List the integers from ``start`` up to but not including ``end``; text names a column.

    Examples
    --------
    >>> sw.from_dict({"n": [2, 3]}).select(l=sw.int_ranges(0, "n")).to_dict()
    {'l': [[0, 1], [0, 1, 2]]}
    """
    return Expr(_internal.int_ranges(column(start), column(end), column(step)))


def arctan2(y: IntoExpr, x: IntoExpr) -> Expr:
    """Angle in radians of the point (x, y); text names a column.

    Examples
    --------
    >>> sw.from_dict({"y": [0.0], "x": [1.0]}).select(sw.arctan2("y", "x")).to_dict()
    {'y': [0.0]}
    """
    return Expr(_internal.math_with("arctan2", column(y), [column(x)]))


def corr(a: IntoExpr, b: IntoExpr) -> Expr:
    """Pearson's correlation of two columns, over the rows in which both are there.

    Examples
    --------
    >>> sw.from_dict({"a": [1, 2, 3], "b": [2, 4, 6]}).select(r=sw.corr("a", "b").round(6)).to_dict()
    {'r': [1.0]}
    """
    return Expr(_internal.aggregate_with("corr", column(a), [column(b)]))


def cov(a: IntoExpr, b: IntoExpr) -> Expr:
    """Sample covariance of two columns, over the rows in which both are there.

    Examples
    --------
    >>> sw.from_dict({"a": [1, 2, 3], "b": [2, 4, 6]}).select(r=sw.cov("a", "b")).to_dict()
    {'r': [2.0]}
    """
    return Expr(_internal.aggregate_with("cov", column(a), [column(b)]))


def grouping(key: IntoExpr) -> Expr:
    """In a rollup or cube: 1 in rows where ``key`` was aggregated away (and is null for that reason), else 0.

    Examples
    --------
    >>> df = sw.from_dict({"k": ["a", "b"], "x": [1, 2]})
    >>> df.rollup("k").agg(g=sw.grouping("k"), x=sw.col("x").sum()).sort("x").to_dict()
    {'k': ['a', 'b', None], 'g': [0, 0, 1], 'x': [1, 2, 3]}
    """
    return Expr(_internal.aggregate("grouping", column(key)))


def row_number() -> Expr:
    """Number of the row, from 1, in the order of ``over``, else in that of the frame's last ``sort``.

    Examples
    --------
    >>> sw.from_dict({"x": [5, 7]}).sort("x").select("x", n=sw.row_number()).to_dict()
    {'x': [5, 7], 'n': [1, 2]}
    """
    return Expr(_internal.window_function("row_number"))


def rank() -> Expr:
    """Rank by the order of ``over``, from 1; equal rows share it and leave a gap after (1, 2, 2, 4).

    Examples
    --------
    >>> df = sw.from_dict({"x": [5, 7, 7]})
    >>> df.select("x", r=sw.rank().over(order_by="x", descending=True)).sort("x").to_dict()
    {'x': [5, 7, 7], 'r': [3, 1, 1]}
    """
    return Expr(_internal.window_function("rank"))


def dense_rank() -> Expr:
    """Rank by the order of ``over`` without gaps (1, 2, 2, 3).

    Examples
    --------
    >>> df = sw.from_dict({"x": [5, 7, 7]})
    >>> df.select("x", r=sw.dense_rank().over(order_by="x", descending=True)).sort("x").to_dict()
    {'x': [5, 7, 7], 'r': [2, 1, 1]}
    """
    return Expr(_internal.window_function("dense_rank"))


def percent_rank() -> Expr:
    """Rank by the order of ``over`` as a share: (rank - 1) / (rows - 1).

    Examples
    --------
    >>> df = sw.from_dict({"x": [5, 6, 7]})
    >>> df.select("x", r=sw.percent_rank().over(order_by="x")).sort("x").to_dict()
    {'x': [5, 6, 7], 'r': [0.0, 0.5, 1.0]}
    """
    return Expr(_internal.window_function("percent_rank"))


def cume_dist() -> Expr:
    """Share of the rows that come before or are equal in the order of ``over``.

    Examples
    --------
    >>> df = sw.from_dict({"x": [5, 7]})
    >>> df.select("x", r=sw.cume_dist().over(order_by="x")).sort("x").to_dict()
    {'x': [5, 7], 'r': [0.5, 1.0]}
    """
    return Expr(_internal.window_function("cume_dist"))


def ntile(buckets: int) -> Expr:
    """Number, from 1, of the bucket when the rows are dealt into ``buckets`` of equal size.

    Examples
    --------
    >>> df = sw.from_dict({"x": [1, 2, 3, 4]})
    >>> df.select("x", b=sw.ntile(2).over(order_by="x")).sort("x").to_dict()
    {'x': [1, 2, 3, 4], 'b': [1, 1, 2, 2]}
    """
    if buckets < 1:
        raise ValueError(f"ntile: expected at least 1 bucket, got {buckets}")
    return Expr(_internal.ntile(buckets))


def random() -> Expr:
    """Random number in [0, 1), different in every row and every run.

    Examples
    --------
    >>> sw.from_dict({"x": [1, 2]}).select(r=sw.random().between(0, 1).all()).to_dict()
    {'r': [True]}
    """
    return Expr(_internal.random())


def now() -> Expr:
    """Time at which the query runs; the same in every row.

    Examples
    --------
    >>> sw.from_dict({"x": [1]}).select(r=sw.now() > datetime.datetime(2024, 1, 1)).to_dict()
    {'r': [True]}
    """
    return Expr(_internal.now())


def today() -> Expr:
    """Date (UTC) at which the query runs.

    Examples
    --------
    >>> sw.from_dict({"x": [1]}).select(r=sw.today() > datetime.date(2024, 1, 1)).to_dict()
    {'r': [True]}
    """
    return Expr(_internal.today())


def duration(
    text: str | None = None,
    *,
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: int = 0,
    milliseconds: int = 0,
    microseconds: int = 0,
    nanoseconds: int = 0,
) -> Expr:
    """Make a length of time to add to dates and timestamps: of a text such as ``"1mo2d"``, or of numbers.

    Days and months are those of the calendar, not fixed numbers of seconds.

    Parameters
    ----------
    text
        A duration as text, such as ``"1d12h"``.
    years
        Years of twelve months.
    months
        Months.
    weeks
        Weeks.
    days
        Days.
    hours
        Hours.
    minutes
        Minutes.
    seconds
        Seconds.
    milliseconds
        Milliseconds.
    microseconds
        Microseconds.
    nanoseconds
        Nanoseconds.

    Examples
    --------
    >>> df = sw.from_dict({"d": [datetime.date(2024, 1, 31)]})
    >>> df.select(sw.col("d") + sw.duration("1mo")).to_dict()
    {'d': [datetime.date(2024, 2, 29)]}
    >>> df.select(sw.col("d") + sw.duration(weeks=1, days=1)).to_dict()
    {'d': [datetime.date(2024, 2, 8)]}
    """
    parts = {
        "y": years,
        "mo": months,
        "w": weeks,
        "d": days,
        "h": hours,
        "m": minutes,
        "s": seconds,
        "ms": milliseconds,
        "us": microseconds,
        "ns": nanoseconds,
    }
    given = {unit: number for unit, number in parts.items() if number != 0}
    if text is not None:
        if given:
            raise ValueError("duration: expected a text or numbers, got both")
        return Expr(_internal.duration(text))
    if not given:
        return Expr(literal(datetime.timedelta(0)))
    negative = {number < 0 for number in given.values()}
    if negative == {True, False}:
        raise ValueError("duration: expected numbers of one sign; subtract one duration from another")
    spelled = "".join(f"{abs(number)}{unit}" for unit, number in given.items())
    return Expr(_internal.duration(f"-{spelled}" if True in negative else spelled))


def asc(name: IntoExpr, *, nulls_last: bool = False) -> SortKey:
    """Sort key of a column, ascending.

    Examples
    --------
    >>> sw.from_dict({"x": [2, 1]}).sort(sw.asc("x")).to_dict()
    {'x': [1, 2]}
    """
    return SortKey(column(name).sort_key(False, nulls_last))


def desc(name: IntoExpr, *, nulls_last: bool = True) -> SortKey:
    """Sort key of a column, descending.

    Examples
    --------
    >>> sw.from_dict({"x": [1, 2]}).sort(sw.desc("x")).to_dict()
    {'x': [2, 1]}
    """
    return SortKey(column(name).sort_key(True, nulls_last))
