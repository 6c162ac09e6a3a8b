"""Numbers put into bins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class Bins(ExprPart):
    """Methods that say which of several ranges a number lies in."""

    __slots__ = ()

    def cut(
        self, breaks: Sequence[float], *, labels: Sequence[str] | None = None, left_closed: bool = False
    ) -> Expr:
        """Name the range that the value lies in. NaN, larger than every number, lies in the last.

        Parameters
        ----------
        breaks
            Where one range ends and the next begins, ascending; the first and the last have no limit.
        labels
            Names, one more than there are breaks; such as ``(1, 5]`` if they are not given.
        left_closed
            Whether a break belongs to the range that begins at it; else to the one that ends there.

        Examples
        --------
        >>> df = sw.from_dict({"x": [0, 1, 7, None]})
        >>> df.select(sw.col("x").cut([1, 5])).to_dict()
        {'x': ['(-inf, 1]', '(-inf, 1]', '(5, inf]', None]}
        >>> df.select(sw.col("x").cut([1, 5], labels=["low", "mid", "high"], left_closed=True)).to_dict()
        {'x': ['low', 'mid', 'high', None]}
        """
        limits = list(breaks)
        if limits != sorted(set(limits)):
            raise ValueError(f"cut: expected ascending breaks, got {breaks!r}")
        if labels is None:
            ends = ["-inf", *(f"{limit:g}" for limit in limits), "inf"]
            shape = "[{}, {})" if left_closed else "({}, {}]"
            labels = [shape.format(*pair) for pair in pairwise(ends)]
        names = _labels("cut", labels, len(limits))
        return self._binned([self._new(native(limit)) for limit in limits], names, left_closed)

    def qcut(
        self,
        quantiles: Sequence[float] | int,
        *,
        labels: Sequence[str] | None = None,
        left_closed: bool = False,
    ) -> Expr:
        """Name the range between quantiles of the column that the value lies in.

        Parameters
        ----------
        quantiles
            The number of ranges with as many values in each; or the shares of the values, between 0 and 1 and
            ascending, at which one range ends and the next begins.
        labels
            Names of the ranges; their numbers from 0, if they are not given.
        left_closed
            Whether a quantile belongs to the range that begins at it; else to the one that ends there.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4, None]})
        >>> df.select(sw.col("x").qcut(2)).to_dict()
        {'x': [0, 0, 1, 1, None]}
        >>> df.select(sw.col("x").qcut([0.25], labels=["low", "high"])).to_dict()
        {'x': ['low', 'high', 'high', 'high', None]}
        """
        if isinstance(quantiles, int):
            if quantiles < 1:
                raise ValueError(f"qcut: expected at least 1 range, got {quantiles}")
            shares = [number / quantiles for number in range(1, quantiles)]
        else:
            shares = list(quantiles)
        if shares != sorted(set(shares)):
            raise ValueError(f"qcut: expected ascending quantiles, got {quantiles!r}")
        value = self._new(self._expr)
        limits = [value.quantile(share).over() for share in shares]
        names = range(len(limits) + 1) if labels is None else _labels("qcut", labels, len(limits))
        return self._binned(limits, names, left_closed)

    def _binned(self, limits: list[Expr], names: Sequence[object], left_closed: bool) -> Expr:
        value = self._new(self._expr)
        branches = [
            ((value < limit if left_closed else value <= limit)._expr, native(name))
            for limit, name in zip(limits, names, strict=False)
        ]
        # The last, of what there is.
        branches.append((value.is_not_null()._expr, native(names[-1])))
        return self._new(_internal.when(branches)).name.keep()


def _labels(operation: str, labels: Sequence[str], breaks: int) -> Sequence[str]:
    if len(labels) != breaks + 1:
        raise ValueError(f"{operation}: expected {breaks + 1} labels for {breaks} breaks, got {len(labels)}")
    return labels
