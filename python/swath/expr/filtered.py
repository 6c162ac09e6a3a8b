"""Values of some rows, on their way into an aggregate: ``sw.col("x").filter(…)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swath import _internal
from swath.errors import InvalidArgumentError
from swath.expr.expression import Expr

__all__ = ["Filtered"]

#: What may follow: the aggregates, which see only the rows of the condition.
_AGGREGATES = (
    *("all", "any", "approx_n_unique", "approx_quantile", "bottom_k", "count", "dot", "first", "has_nulls"),
    *("implode", "kurtosis", "last", "len", "max", "max_by", "mean", "median", "min", "min_by", "mode"),
    *("n_unique", "null_count", "product", "quantile", "skew", "std", "sum", "top_k", "var"),
)


class Filtered(Expr):
    """Values of the rows for which a condition holds; an aggregate makes an expression of them."""

    __slots__ = ("_condition", "_error", "_value")

    def __init__(self, value: _internal.Expr, condition: _internal.Expr, error: Exception) -> None:
        self._value = value
        self._condition = condition
        self._error = error

    @property
    def _expr(self) -> _internal.Expr:  # type: ignore[override]
        raise InvalidArgumentError(
            f"{self._error}; an aggregate follows, or precedes: .filter(…).sum() or .sum().filter(…), and "
            "other functions come before both; rows are filtered by df.filter(…)"
        )

    def __repr__(self) -> str:
        return f"<Expr: {self._value!r} filtered by {self._condition!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Filtered, (self._value, self._condition, self._error)

    def filter(self, *predicates: Any) -> Filtered:
        """Aggregate only the rows for which these predicates are true, too.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3]})
        >>> df.select(sw.col("x").filter(sw.col("x") > 1).filter(sw.col("x") < 3).sum()).to_dict()
        {'x': [2]}
        """
        from swath.expr.base import columns

        conditions = [self._condition, *columns(predicates)]
        return Filtered(self._value, _internal.across("all", conditions), self._error)


def _aggregated(name: str) -> Callable[..., Expr]:
    def aggregate(self: Filtered, *args: Any, **kwargs: Any) -> Expr:
        whole: Expr = getattr(Expr(self._value), name)(*args, **kwargs)
        return whole.filter(Expr(self._condition))

    aggregate.__name__ = name
    aggregate.__doc__ = getattr(Expr, name).__doc__
    return aggregate


for _name in _AGGREGATES:
    setattr(Filtered, _name, _aggregated(_name))
