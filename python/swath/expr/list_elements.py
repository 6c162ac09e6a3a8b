"""Functions of the elements of lists by position, and of their spread: a part of ``sw.col("l").list``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, Namespace, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class ListElements(Namespace):
    """Elements by position, and their spread."""

    __slots__ = ()

    def var(self, ddof: int = 1) -> Expr:
        """Variance of the elements, nulls skipped; null where there are not more than ``ddof``.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 3], [5]]}).select(sw.col("l").list.var()).to_dict()
        {'l': [2.0, None]}
        """
        return self._new(_internal.list_spread("var", self._expr, _ddof("var", ddof)))

    def std(self, ddof: int = 1) -> Expr:
        """Standard deviation of the elements, nulls skipped; null where there are not more than ``ddof``.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 3], [5]]}).select(sw.col("l").list.std(ddof=0)).to_dict()
        {'l': [1.0, 0.0]}
        """
        return self._new(_internal.list_spread("std", self._expr, _ddof("std", ddof)))

    def gather(self, indices: Any, *, null_on_oob: bool = False) -> Expr:
        """Take the elements at positions (0 is the first, -1 the last).

        Parameters
        ----------
        indices
            A list of positions, or an expression of lists of them.
        null_on_oob
            Whether a position that does not exist gives null; else it is an error when the query runs.

        Examples
        --------
        >>> df = sw.from_dict({"l": [[1, 2, 3], [4]]})
        >>> df.select(sw.col("l").list.gather([0, -1])).to_dict()
        {'l': [[1, 3], [4, 4]]}
        >>> df.select(sw.col("l").list.gather([2, 0], null_on_oob=True)).to_dict()
        {'l': [[3, 1], [None, 4]]}
        """
        if isinstance(indices, int):
            raise TypeError(
                f"list.gather: expected a list of positions, got {indices!r}; for one element use list.get"
            )
        return self._new(_internal.list_gather(self._expr, native(indices), null_on_oob))

    def shift(self, n: int | Expr = 1) -> Expr:
        """Move each element ``n`` places towards the end (the start, if negative); null where none comes.

        Examples
        --------
        >>> df = sw.from_dict({"l": [[1, 2, 3], []]})
        >>> df.select(sw.col("l").list.shift()).to_dict()
        {'l': [[None, 1, 2], []]}
        >>> df.select(sw.col("l").list.shift(-1)).to_dict()
        {'l': [[2, 3, None], []]}
        """
        return self._places("shift", n)

    def diff(self, n: int = 1, null_behavior: Literal["ignore", "drop"] = "ignore") -> Expr:
        """Subtract from each element the one ``n`` places before.

        Parameters
        ----------
        n
            How many places before.
        null_behavior
            ``"ignore"`` leaves null where there is no such element, ``"drop"`` leaves those places out.

        Examples
        --------
        >>> df = sw.from_dict({"l": [[1, 4, 9], [2]]})
        >>> df.select(sw.col("l").list.diff()).to_dict()
        {'l': [[None, 3, 5], [None]]}
        >>> df.select(sw.col("l").list.diff(null_behavior="drop")).to_dict()
        {'l': [[3, 5], []]}
        """
        if null_behavior not in ("ignore", "drop"):
            raise ValueError(f"list.diff: expected 'ignore' or 'drop', got {null_behavior!r}")
        differences = self._places("diff", n)
        if null_behavior == "ignore":
            return differences
        if not isinstance(n, int) or n < 0:
            raise ValueError(f"list.diff: expected n of 0 or more to drop places, got {n!r}")
        return differences.list.slice(n)

    def _places(self, name: str, n: IntoExpr) -> Expr:
        if not isinstance(n, ExprPart) and (isinstance(n, bool) or not isinstance(n, int)):
            raise TypeError(f"list.{name}: expected a whole number, got {n!r}")
        return self._new(_internal.list_with(name, self._expr, [native(n)]))


def _ddof(operation: str, ddof: int) -> int:
    if isinstance(ddof, bool) or not isinstance(ddof, int) or ddof < 0:
        raise ValueError(f"list.{operation}: expected ddof to be a whole number of 0 or more, got {ddof!r}")
    return ddof
