"""Values in an order of their own: ``sw.col("x").sort_by("t")``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from swath import _internal
from swath.expr.base import flat, sort_keys
from swath.expr.expression import Expr

__all__ = ["Sorted"]

#: Aggregates that see the order of rows.
_ORDERED = frozenset(["first", "last", "implode"])


class Sorted(Expr):
    """Values in the order of keys: as it is a list, in every group or of all rows.

    ``first``, ``last`` and ``implode`` see that order; other aggregates are those of the values.
    """

    __slots__ = ("_keys", "_value")

    def __init__(self, value: _internal.Expr, keys: list[_internal.SortKey]) -> None:
        self._value = value
        self._keys = keys
        super().__init__(_internal.ordered(_internal.aggregate("implode", value), keys))

    def __reduce__(self) -> tuple[Any, ...]:
        return Expr, (self._expr,)

    def _aggregate(self, name: str) -> Expr:
        aggregate = _internal.aggregate(name, self._value)
        return self._new(_internal.ordered(aggregate, self._keys) if name in _ORDERED else aggregate)

    def sort_by(
        self,
        *by: Any,
        descending: bool | Iterable[bool] = False,
        nulls_last: bool | Iterable[bool] | None = None,
    ) -> Sorted:
        """Sort by other keys first, and by these where those are equal.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"], "t": [2, 3, 1], "k": [1, 0, 1]})
        >>> df.select(sw.col("x").sort_by("t").sort_by("k")).to_dict()
        {'x': [['b', 'c', 'a']]}
        """
        keys = sort_keys(flat(by), descending=descending, nulls_last=nulls_last)
        return Sorted(self._value, [*keys, *self._keys])

    def get(self, index: int) -> Expr:
        """Take the value at a position (0 is the first, -1 the last); null if there is none.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"], "t": [2, 3, 1]})
        >>> df.select(sw.col("x").sort_by("t").get(1)).to_dict()
        {'x': ['a']}
        """
        return self.list.get(index)

    def head(self, n: int = 5) -> Expr:
        """List the first ``n`` values.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"], "t": [2, 3, 1]})
        >>> df.select(sw.col("x").sort_by("t").head(2)).to_dict()
        {'x': [['c', 'a']]}
        """
        return self.list.head(n)

    def tail(self, n: int = 5) -> Expr:
        """List the last ``n`` values.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"], "t": [2, 3, 1]})
        >>> df.select(sw.col("x").sort_by("t").tail(2)).to_dict()
        {'x': [['a', 'b']]}
        """
        return self.list.tail(n)

    def slice(self, offset: int, length: int | None = None) -> Expr:
        """List ``length`` values from a position on.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"], "t": [2, 3, 1]})
        >>> df.select(sw.col("x").sort_by("t").slice(1)).to_dict()
        {'x': [['a', 'b']]}
        """
        return self.list.slice(offset, length)
