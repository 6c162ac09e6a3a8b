"""The largest and the smallest: their positions, and several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class Extremes(ExprPart):
    """Aggregates of the largest and smallest values."""

    __slots__ = ()

    def arg_max(self) -> Expr:
        """Position of the first row with the largest value, from 0.

        In the order of the frame's last ``sort``, and in a group among its rows; with an order in ``over``
        in that, among the rows so far (or those of ``rows``). Null where there are no values; NaN is larger
        than every number.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": [5, 9, 9]}).sort("t")
        >>> df.select(sw.col("x").arg_max()).to_dict()
        {'x': [1]}
        """
        return self._new(_internal.aggregate("arg_max", self._expr))

    def arg_min(self) -> Expr:
        """Position of the first row with the smallest value, from 0.

        In the order of the frame's last ``sort``, and in a group among its rows; with an order in ``over``
        in that, among the rows so far (or those of ``rows``). Null where there are no values.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 3], "x": [5, 3, None]}).sort("t")
        >>> df.select(sw.col("x").arg_min()).to_dict()
        {'x': [1]}
        """
        return self._new(_internal.aggregate("arg_min", self._expr))

    def top_k(self, k: int = 5) -> Expr:
        """List the ``k`` largest values, the largest first, as an aggregate.

        Nulls are in the list only where there are fewer values. Holds ``k`` values a group in memory. For
        rows use :meth:`DataFrame.top_k <swath.DataFrame.top_k>`.

        Examples
        --------
        >>> df = sw.from_dict({"k": ["a", "a", "a", "b"], "x": [3, 9, None, 1]})
        >>> df.group_by("k").agg(sw.col("x").top_k(2)).sort("k").to_dict()
        {'k': ['a', 'b'], 'x': [[9, 3], [1]]}
        """
        return self._new(_internal.extremes("top_k", self._expr, _number("top_k", k)))

    def bottom_k(self, k: int = 5) -> Expr:
        """List the ``k`` smallest values, the smallest first, as an aggregate.

        Nulls are in the list only where there are fewer values. Holds ``k`` values a group in memory. For
        rows use :meth:`DataFrame.bottom_k <swath.DataFrame.bottom_k>`.

        Examples
        --------
        >>> sw.from_dict({"x": [3, 9, None, 1]}).select(sw.col("x").bottom_k(2)).to_dict()
        {'x': [[1, 3]]}
        """
        return self._new(_internal.extremes("bottom_k", self._expr, _number("bottom_k", k)))


def _number(operation: str, k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int) or k < 0:
        raise ValueError(f"{operation}: expected a whole number of values, 0 or more, got {k!r}")
    return k
