"""Where values begin, repeat, and what lies between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, column

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class Runs(ExprPart):
    """Methods about a value's neighbours in the frame's last ``sort``, or in the order of ``over``."""

    __slots__ = ()

    def is_first_distinct(self) -> Expr:
        """Whether the value occurs here for the first time.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": ["a", "b", "a"]}).sort("t")
        >>> df.select(sw.col("x").is_first_distinct()).to_dict()
        {'x': [True, True, False]}
        """
        return (self._occurrence() == 1).name.keep()

    def is_last_distinct(self) -> Expr:
        """Whether the value occurs here for the last time.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": ["a", "b", "a"]}).sort("t")
        >>> df.select(sw.col("x").is_last_distinct()).to_dict()
        {'x': [False, True, True]}
        """
        rows = _internal.aggregate("count", self._expr.is_null())
        occurrences = self._new(_internal.over(rows, [self._expr], []))
        return (self._occurrence() == occurrences).name.keep()

    def _occurrence(self) -> Expr:
        """How often the value has come, this time included; named after its column."""
        row = _internal.over(_internal.window_function("row_number"), [self._expr], [])
        kept = _internal.when([(self._expr.is_null(), row)], row)
        return self._new(kept)

    def rle_id(self) -> Expr:
        """Number the runs of equal values, from 0.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3, 4], "x": ["a", "a", "b", "a"]}).sort("t")
        >>> df.select(sw.col("x").rle_id()).to_dict()
        {'x': [0, 0, 1, 2]}
        """
        value, row = self._new(self._expr), self._new(_internal.window_function("row_number"))
        begins = value.ne_missing(value.shift(1)) & (row > 1)
        return begins.cast("int64").cum_sum().name.keep()

    def interpolate(self, by: IntoExpr = None) -> Expr:
        """Replace nulls between two values by numbers on the line between these.

        Parameters
        ----------
        by
            What tells how far along the line a row is: a column of numbers or times; the position of the row,
            if it is not given.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 4], "x": [10.0, None, 40.0]}).sort("t")
        >>> df.select(sw.col("x").interpolate()).to_dict()
        {'x': [10.0, 25.0, 40.0]}
        >>> df.select(sw.col("x").interpolate("t")).to_dict()
        {'x': [10.0, 20.0, 40.0]}
        """
        value = self._new(self._expr)
        row = _internal.window_function("row_number")
        place = self._new(row if by is None else column(by))
        known = self._new(_internal.when([(value.is_not_null()._expr, place._expr)]))
        before, after = known.forward_fill(), known.backward_fill()
        # Differences of times are durations, whose quotient is asked of their numbers.
        done, whole = (place - before).cast("float64"), (after - before).cast("float64")
        lower, upper = value.forward_fill().cast("float64"), value.backward_fill().cast("float64")
        between = lower + (upper - lower) * done / whole
        return self._new(
            _internal.across("coalesce", [value.cast("float64")._expr, between._expr])
        ).name.keep()
