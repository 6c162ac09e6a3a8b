"""Aggregates: many values in, one out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.errors import InvalidArgumentError
from swath.expr.base import ExprPart, Interpolation, IntoExpr, column, flat, sort_keys

if TYPE_CHECKING:
    from swath.expr.expression import Expr
    from swath.expr.sorting import Sorted


class Aggregates(ExprPart):
    """Aggregates.

    In ``group_by(…).agg`` one result a group, in ``select`` one row in all, beside columns one for every row.

    Unless it says otherwise an aggregate skips nulls and gives null when nothing is left. NaN is a value:
    sums and means over it are NaN, and it is larger than every number.
    """

    __slots__ = ()

    def _aggregate(self, name: str) -> Expr:
        return self._new(_internal.aggregate(name, self._expr))

    def sum(self) -> Expr:
        """Sum. Integers give 64 bits; decimals gain digits; of booleans it is how many are true.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, None]}).select(sw.col("x").sum()).to_dict()
        {'x': [3]}
        >>> sw.from_dict({"x": [1, 2, 3]}).select((sw.col("x") > 1).sum()).to_dict()
        {'x': [2]}
        """
        return self._aggregate("sum")

    def mean(self) -> Expr:
        """Arithmetic mean: of numbers a float, of booleans the share of true ones.

        Of dates it is a datetime; of datetimes, times and durations their own type, rounded down to its unit.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, None]}).select(sw.col("x").mean()).to_dict()
        {'x': [1.5]}
        >>> import datetime as dt
        >>> days = sw.from_dict({"day": [dt.date(2026, 1, 1), dt.date(2026, 1, 2)]})
        >>> days.select(sw.col("day").mean()).item()
        datetime.datetime(2026, 1, 1, 12, 0)
        """
        return self._aggregate("mean")

    def min(self) -> Expr:
        """Smallest value.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, None]}).select(sw.col("x").min()).to_dict()
        {'x': [1]}
        """
        return self._aggregate("min")

    def max(self) -> Expr:
        """Largest value.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, None]}).select(sw.col("x").max()).to_dict()
        {'x': [2]}
        """
        return self._aggregate("max")

    def count(self) -> Expr:
        """Number of values that are not null; 0 when there are none.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, None]}).select(sw.col("x").count()).to_dict()
        {'x': [2]}
        """
        return self._aggregate("count")

    def null_count(self) -> Expr:
        """Number of nulls; 0 when there are none.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, None]}).select(sw.col("x").null_count()).to_dict()
        {'x': [1]}
        """
        return self._aggregate("null_count")

    def n_unique(self) -> Expr:
        """Number of different values, null not counted.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 1, 2, None]}).select(sw.col("x").n_unique()).to_dict()
        {'x': [2]}
        """
        return self._aggregate("n_unique")

    def approx_n_unique(self) -> Expr:
        """About :meth:`n_unique` (HyperLogLog, a standard error of 0.8 %), in constant memory.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 1, 2, None]}).select(sw.col("x").approx_n_unique()).to_dict()
        {'x': [2]}
        """
        return self._aggregate("approx_n_unique")

    def first(self) -> Expr:
        """Take the first value, null included, in the frame's order or that of :meth:`order_by`.

        Examples
        --------
        >>> sw.from_dict({"x": [3, 1, 2]}).select(sw.col("x").first()).to_dict()
        {'x': [3]}
        """
        return self._aggregate("first")

    def last(self) -> Expr:
        """Take the last value, null included, in the frame's order or that of :meth:`order_by`.

        Examples
        --------
        >>> sw.from_dict({"x": [3, 1, 2]}).select(sw.col("x").last()).to_dict()
        {'x': [2]}
        """
        return self._aggregate("last")

    def median(self) -> Expr:
        """Exact median; between the two middle values for an even number.

        Of numbers and booleans a float, of dates a datetime, of other times their own type.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 10, None]}).select(sw.col("x").median()).to_dict()
        {'x': [2.0]}
        """
        return self._aggregate("median")

    def any(self) -> Expr:
        """Whether any value is true.

        Examples
        --------
        >>> sw.from_dict({"x": [False, True, None]}).select(sw.col("x").any()).to_dict()
        {'x': [True]}
        """
        return self._aggregate("any")

    def all(self) -> Expr:
        """Whether all values are true.

        Examples
        --------
        >>> sw.from_dict({"x": [False, True, None]}).select(sw.col("x").all()).to_dict()
        {'x': [False]}
        """
        return self._aggregate("all")

    def implode(self) -> Expr:
        """All values as a list, nulls included; null when there are no rows.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").implode()).to_dict()
        {'x': [[1, None]]}
        """
        return self._aggregate("implode")

    def unique(self) -> Expr:
        """Aggregate each different value once.

        How many there are is :meth:`n_unique`; for the rows themselves use the frame's ``distinct``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 1, 2]}).select(sw.col("x").sum().unique()).to_dict()
        {'x': [3]}
        """
        try:
            return self._aggregate("unique")
        except InvalidArgumentError as error:
            raise InvalidArgumentError(
                f"{error}; the number of different values is .n_unique(), a list of them "
                ".implode().list.unique(), and different rows are df.distinct()"
            ) from None

    def std(self, ddof: int = 1) -> Expr:
        """Standard deviation: of a sample (``ddof=1``), or of the whole population (``ddof=0``).

        Examples
        --------
        >>> sw.from_dict({"x": [1.0, 3.0]}).select(sw.col("x").std(ddof=0)).to_dict()
        {'x': [1.0]}
        """
        return self._aggregate(("std_pop", "std")[_ddof("std", ddof)])

    def var(self, ddof: int = 1) -> Expr:
        """Variance: of a sample (``ddof=1``), or of the whole population (``ddof=0``).

        Examples
        --------
        >>> sw.from_dict({"x": [1.0, 3.0]}).select(sw.col("x").var()).to_dict()
        {'x': [2.0]}
        """
        return self._aggregate(("var_pop", "var")[_ddof("var", ddof)])

    def quantile(self, quantile: float, interpolation: Interpolation = "linear") -> Expr:
        """Exact quantile: of numbers a float, of dates a datetime, of other times their own type.

        Holds all values of a group in memory.

        Parameters
        ----------
        quantile
            Which quantile, from 0 to 1.
        interpolation
            What stands for one between two values: a value in proportion (``"linear"``), the ``"lower"`` or
            ``"higher"`` of them, the ``"nearest"`` (the higher in the middle), their mean (``"midpoint"``),
            or the smallest value up to which at least that share of all lies (``"equiprobable"``).

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 3, 4]}).select(sw.col("x").quantile(0.5, "lower")).to_dict()
        {'x': [2.0]}
        >>> sw.from_dict({"x": [1, 2, 3, 4, 5]}).select(sw.col("x").quantile(0.25)).to_dict()
        {'x': [2.0]}
        """
        return self._new(_internal.aggregate_with("quantile", self._expr, [], quantile, interpolation))

    def mode(self) -> Expr:
        """Most frequent value, and of several the smallest.

        Examples
        --------
        >>> sw.from_dict({"x": ["b", "a", "b", None]}).select(sw.col("x").mode()).to_dict()
        {'x': ['b']}
        """
        return self._aggregate("mode")

    def product(self) -> Expr:
        """Multiply the values. Integers give 64 bits, other numbers floats.

        Examples
        --------
        >>> sw.from_dict({"x": [2, 3, None]}).select(sw.col("x").product()).to_dict()
        {'x': [6]}
        """
        return self._aggregate("product")

    def skew(self, *, bias: bool = True) -> Expr:
        """Skewness, 0 for symmetric values: of the population, or with ``bias=False`` of a sample.

        NaN where all values are equal.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 2, 5]}).select(sw.col("x").skew().round(6)).to_dict()
        {'x': [0.888889]}
        """
        return self._new(_internal.shape("skew", self._expr, not bias)).name.keep()

    def kurtosis(self, *, fisher: bool = True, bias: bool = True) -> Expr:
        """Kurtosis: of the population, or with ``bias=False`` of a sample.

        That of a normal distribution is 0, or 3 if not ``fisher``. NaN where all values are equal.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 2, 5]}).select(sw.col("x").kurtosis().round(6)).to_dict()
        {'x': [-0.814815]}
        """
        excess = self._new(_internal.shape("kurtosis", self._expr, not bias))
        return (excess if fisher else excess + 3.0).name.keep()

    def approx_quantile(self, quantile: float) -> Expr:
        """About the quantile (t-digest), in constant memory.

        Examples
        --------
        >>> sw.from_dict({"x": [1.0, 2.0, 3.0]}).select(sw.col("x").approx_quantile(0.5)).to_dict()
        {'x': [2.0]}
        """
        return self._new(_internal.aggregate_with("approx_quantile", self._expr, [], quantile))

    def filter(self, *predicates: IntoExpr) -> Expr:
        """Aggregate only the rows for which all predicates are true.

        Applies to every aggregate inside the expression; on one without any, to the aggregate that comes
        next: ``sw.col("x").filter(…).sum()`` is ``sw.col("x").sum().filter(…)``. For rows use the frame's
        ``filter``, or ``sw.when``.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3], "k": ["a", "b", "a"]})
        >>> df.select(sw.col("x").sum().filter(sw.col("k") == "a")).to_dict()
        {'x': [4]}
        >>> df.select(sw.col("x").filter(sw.col("k") == "a").max()).to_dict()
        {'x': [3]}
        """
        conditions = [column(predicate) for predicate in flat(predicates)]
        if not conditions:
            raise ValueError("filter: expected at least one predicate")
        both = conditions[0] if len(conditions) == 1 else _internal.across("all", conditions)
        try:
            return self._new(_internal.aggregate_with("filter", self._expr, [both]))
        except InvalidArgumentError as error:
            from swath.expr.filtered import Filtered

            return Filtered(self._expr, both, error)

    def order_by(
        self,
        *by: Any,
        descending: bool | Iterable[bool] = False,
        nulls_last: bool | Iterable[bool] | None = None,
    ) -> Expr:
        """Set the order in which ``first``, ``last``, ``implode`` and ``str.join`` see the rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"], "t": [2, 3, 1]})
        >>> df.select(sw.col("x").implode().order_by("t")).to_dict()
        {'x': [['c', 'a', 'b']]}
        """
        keys = sort_keys(flat(by), descending=descending, nulls_last=nulls_last)
        return self._new(_internal.ordered(self._expr, keys))

    def sort_by(
        self,
        *by: Any,
        descending: bool | Iterable[bool] = False,
        nulls_last: bool | Iterable[bool] | None = None,
    ) -> Sorted:
        """List the values in the order of keys, as an aggregate; or take the first, the last, some of them.

        Rows are sorted by the frame's ``sort``.

        Examples
        --------
        >>> df = sw.from_dict({"k": ["a", "a", "b"], "x": [1, 2, 3], "t": [9, 8, 7]})
        >>> groups = df.group_by("k")
        >>> groups.agg(sw.col("x").sort_by("t")).sort("k").to_dict()
        {'k': ['a', 'b'], 'x': [[2, 1], [3]]}
        >>> groups.agg(sw.col("x").sort_by("t", descending=True).first()).sort("k").to_dict()
        {'k': ['a', 'b'], 'x': [1, 3]}
        """
        from swath.expr.sorting import Sorted

        return Sorted(self._expr, sort_keys(flat(by), descending=descending, nulls_last=nulls_last))

    def max_by(self, by: IntoExpr) -> Expr:
        """Take the value in the row where ``by`` is largest.

        Examples
        --------
        >>> df = sw.from_dict({"name": ["Ada", "Bob"], "age": [36, 41]})
        >>> df.select(sw.col("name").max_by("age")).to_dict()
        {'name': ['Bob']}
        """
        return self._new(_internal.aggregate_with("max_by", self._expr, [column(by)]))

    def min_by(self, by: IntoExpr) -> Expr:
        """Take the value in the row where ``by`` is smallest.

        Examples
        --------
        >>> df = sw.from_dict({"name": ["Ada", "Bob"], "age": [36, 41]})
        >>> df.select(sw.col("name").min_by("age")).to_dict()
        {'name': ['Ada']}
        """
        return self._new(_internal.aggregate_with("min_by", self._expr, [column(by)]))

    def dot(self, other: IntoExpr) -> Expr:
        """Sum of the products with another column.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2], "y": [3, 4]}).select(sw.col("x").dot("y")).to_dict()
        {'x': [11]}
        """
        return (self._new(self._expr) * self._new(column(other))).sum()

    def has_nulls(self) -> Expr:
        """Whether any value is null.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").has_nulls()).to_dict()
        {'x': [True]}
        """
        return (self._aggregate("null_count") > 0).name.keep()

    def len(self) -> Expr:
        """Count the rows, nulls included.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").len()).to_dict()
        {'x': [2]}
        """
        return (self._aggregate("count") + self._aggregate("null_count")).name.keep()


def _ddof(operation: str, ddof: int) -> int:
    if ddof not in (0, 1):
        raise ValueError(f"{operation}: expected ddof to be 0 or 1, got {ddof!r}")
    return ddof
