"""Window expressions: values computed from a row's neighbours, one for every row."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, columns, fill_limit, flat, native, sort_keys

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class Windows(ExprPart):
    """Functions of a row's neighbours.

    Functions that depend on the order of rows take the order of :meth:`over`, else that of the frame's
    last ``sort``. In a frame that was never sorted the order is that in which rows arrive, which several
    threads do not keep: sort first.
    """

    __slots__ = ()

    def over(
        self,
        *partition_by: Any,
        order_by: Any = None,
        descending: bool | Iterable[bool] = False,
        nulls_last: bool | Iterable[bool] | None = None,
        rows: tuple[int | None, int | None] | None = None,
        range: tuple[Any, Any] | None = None,
    ) -> Expr:
        """Let every aggregate and window function in this expression see a window of rows.

        Parameters
        ----------
        *partition_by
            Only rows that are equal in these columns; all rows if there are none.
        order_by
            The order of rows inside a partition. With an order and without ``rows`` or ``range`` an
            aggregate runs from the partition's first row to the current one (and those equal to it in
            order), as in SQL.
        descending, nulls_last
            Of the order; one value, or one for each key.
        rows
            First and last row, relative to the current one: ``(-1, 0)`` is the row before and this one;
            ``None`` has no limit.
        range
            First and last value of ``order_by``, relative to the current row's: numbers, or lengths of
            time such as ``"-2h"``; ``None`` has no limit.

        Examples
        --------
        >>> df = sw.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
        >>> df.select("k", sw.col("x").sum().over("k")).sort("k").to_dict()
        {'k': ['a', 'a', 'b'], 'x': [4, 4, 2]}
        >>> df.sort("x").select(sw.col("x").sum().over(order_by="x", rows=(-1, 0))).to_dict()
        {'x': [1, 3, 5]}
        """
        if rows is not None and range is not None:
            raise ValueError("over: expected rows or range, got both")
        keys = [] if order_by is None else sort_keys(order_by, descending=descending, nulls_last=nulls_last)
        if range is not None:
            if len(keys) != 1:
                raise ValueError(f"over: a range needs exactly one key in order_by, got {len(keys)}")
            range = (_offset(range[0]), _offset(range[1]))
        return self._new(_internal.over(self._expr, columns(flat(partition_by)), keys, rows, range))

    def shift(self, n: int = 1, *, fill_value: IntoExpr = None) -> Expr:
        """Take the value ``n`` rows before (after, if negative); ``fill_value`` where there is no such row.

        The type stays: a ``fill_value`` that it cannot hold, such as 0.5 among integers, is an error.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3]}).sort("x")
        >>> df.select(sw.col("x").shift(1)).to_dict()
        {'x': [None, 1, 2]}
        >>> df.select(sw.col("x").shift(-1, fill_value=0)).to_dict()
        {'x': [2, 3, 0]}
        """
        fill = None if fill_value is None else native(fill_value)
        return self._new(_internal.shift("shift", self._expr, n, fill))

    def lag(self, n: int = 1, default: IntoExpr = None) -> Expr:
        """Take the value ``n`` rows before: SQL's name of :meth:`shift`.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 3]}).sort("x").select(sw.col("x").lag()).to_dict()
        {'x': [None, 1, 2]}
        """
        return self.shift(n, fill_value=default)

    def lead(self, n: int = 1, default: IntoExpr = None) -> Expr:
        """Take the value ``n`` rows after.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 3]}).sort("x").select(sw.col("x").lead()).to_dict()
        {'x': [2, 3, None]}
        """
        return self.shift(-n, fill_value=default)

    def diff(self, n: int = 1) -> Expr:
        """Subtract the value ``n`` rows before.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 4, 9]}).sort("x").select(sw.col("x").diff()).to_dict()
        {'x': [None, 3, 5]}
        """
        return self._new(_internal.shift("diff", self._expr, n))

    def pct_change(self, n: int = 1) -> Expr:
        """Relative change from the value ``n`` rows before: 0.5 for half as much again.

        Examples
        --------
        >>> sw.from_dict({"x": [2, 3]}).sort("x").select(sw.col("x").pct_change()).to_dict()
        {'x': [None, 0.5]}
        """
        return self._new(_internal.shift("pct_change", self._expr, n))

    def cum_sum(self, *, reverse: bool = False) -> Expr:
        """Sum from the first row to this one; from the last, if ``reverse``.

        Nulls are skipped: in their rows the sum of the others stands.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 3]}).sort("x").select(sw.col("x").cum_sum()).to_dict()
        {'x': [1, 3, 6]}
        """
        return self._new(_internal.cumulative("sum", self._expr, reverse))

    def cum_prod(self, *, reverse: bool = False) -> Expr:
        """Product from the first row to this one; from the last, if ``reverse``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 3]}).sort("x").select(sw.col("x").cum_prod()).to_dict()
        {'x': [1, 2, 6]}
        >>> sw.from_dict({"x": [1, 2, 3]}).sort("x").select(sw.col("x").cum_prod(reverse=True)).to_dict()
        {'x': [6, 6, 3]}
        """
        return self._new(_internal.cumulative("prod", self._expr, reverse))

    def cum_min(self, *, reverse: bool = False) -> Expr:
        """Smallest value from the first row to this one; from the last, if ``reverse``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": [2, 3, 1]}).sort("t")
        >>> df.select(sw.col("x").cum_min()).to_dict()
        {'x': [2, 2, 1]}
        """
        return self._new(_internal.cumulative("min", self._expr, reverse))

    def cum_max(self, *, reverse: bool = False) -> Expr:
        """Largest value from the first row to this one; from the last, if ``reverse``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": [2, 3, 1]}).sort("t")
        >>> df.select(sw.col("x").cum_max()).to_dict()
        {'x': [2, 3, 3]}
        """
        return self._new(_internal.cumulative("max", self._expr, reverse))

    def cum_count(self, *, reverse: bool = False) -> Expr:
        """Count values that are not null from the first row to this one; from the last, if ``reverse``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": [2, None, 1]}).sort("t")
        >>> df.select(sw.col("x").cum_count()).to_dict()
        {'x': [1, 1, 2]}
        """
        return self._new(_internal.cumulative("count", self._expr, reverse))

    def cum_mean(self, *, reverse: bool = False) -> Expr:
        """Mean from the first row to this one; from the last, if ``reverse``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2, 3]}).sort("x").select(sw.col("x").cum_mean()).to_dict()
        {'x': [1.0, 1.5, 2.0]}
        """
        return self._new(_internal.cumulative("mean", self._expr, reverse))

    def forward_fill(self, limit: int | None = None) -> Expr:
        """Replace nulls by the last value before them; at most ``limit`` after each value.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3, 4], "x": [2, None, None, 1]}).sort("t")
        >>> df.select(sw.col("x").forward_fill()).to_dict()
        {'x': [2, 2, 2, 1]}
        >>> df.select(sw.col("x").forward_fill(limit=1)).to_dict()
        {'x': [2, 2, None, 1]}
        """
        return self._new(_internal.fill("forward", self._expr, fill_limit("forward_fill", limit)))

    def backward_fill(self, limit: int | None = None) -> Expr:
        """Replace nulls by the next value after them; at most ``limit`` before each value.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3, 4], "x": [2, None, None, 1]}).sort("t")
        >>> df.select(sw.col("x").backward_fill(limit=1)).to_dict()
        {'x': [2, None, 1, 1]}
        """
        return self._new(_internal.fill("backward", self._expr, fill_limit("backward_fill", limit)))

    def rank(
        self,
        method: Literal["average", "min", "max", "dense", "ordinal"] = "average",
        *,
        descending: bool = False,
    ) -> Expr:
        """Rank of the value among all, from 1 for the smallest. Null stays null.

        Parameters
        ----------
        method
            What equal values get: the mean of their ranks, the smallest, the largest, the same without
            leaving a rank out (``"dense"``), or each its own (``"ordinal"``).
        descending
            Whether the largest value has rank 1.

        Examples
        --------
        >>> sw.from_dict({"x": [10, 30, 20, 20]}).select("x", r=sw.col("x").rank("min")).sort("x").to_dict()
        {'x': [10, 20, 20, 30], 'r': [1, 2, 2, 4]}
        """
        return self._new(_internal.rank_values(self._expr, method, descending)).name.keep()


def _offset(value: Any) -> int | float | str | None:
    if isinstance(value, datetime.timedelta):
        microseconds = value // datetime.timedelta(microseconds=1)
        return f"{microseconds}us"
    if value is None or isinstance(value, int | float | str):
        return value
    raise TypeError(
        f"over: expected a number, a length of time such as '-2h', or None in a range, got {value!r}"
    )
