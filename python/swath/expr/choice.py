"""Choices: ``sw.when(…).then(…).otherwise(…)``."""

from __future__ import annotations

from swath import _internal
from swath.expr.base import IntoExpr, column, flat, native
from swath.expr.expression import Expr

__all__ = ["Then", "When", "when"]

_Branches = list[tuple[_internal.Expr, _internal.Expr]]


class When:
    """A choice that waits for the value of its last condition: go on with ``.then(…)``."""

    __slots__ = ("_branches", "_condition")

    def __init__(self, branches: _Branches, condition: _internal.Expr) -> None:
        self._branches = branches
        self._condition = condition

    def __repr__(self) -> str:
        return f"<When: {self._condition!r}; go on with .then(…)>"

    def then(self, value: IntoExpr) -> Then:
        """Give the value where the condition is true; text is text.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2]}).select(r=sw.when(sw.col("x") > 1).then("big")).to_dict()
        {'r': [None, 'big']}
        """
        return Then([*self._branches, (self._condition, native(value))])


class Then(Expr):
    """A choice that may be ended, or gain a condition. As it is, rows that no condition takes are null."""

    __slots__ = ("_branches",)

    def __init__(self, branches: _Branches) -> None:
        self._branches = branches
        super().__init__(_internal.when(branches))

    def when(self, *conditions: IntoExpr) -> When:
        """Add another condition, tried where none of the former is true.

        Examples
        --------
        >>> x = sw.col("x")
        >>> size = sw.when(x > 9).then("huge").when(x > 2).then("big").otherwise("small")
        >>> sw.from_dict({"x": [1, 5, 12]}).select(r=size).to_dict()
        {'r': ['small', 'big', 'huge']}
        """
        return When(self._branches, _all(conditions))

    def otherwise(self, value: IntoExpr) -> Expr:
        """Give the value where no condition is true.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(r=sw.when(sw.col("x") > 0).then(1).otherwise(-1)).to_dict()
        {'r': [1, -1]}
        """
        return Expr(_internal.when(self._branches, native(value)))


def when(*conditions: IntoExpr) -> When:
    """Start a choice: several conditions must all be true.

    Conditions are tried in order; a null condition counts as false. A value that is text is text: for a
    column write ``sw.col("x")``.

    Examples
    --------
    >>> sign = sw.when(sw.col("x") < 0).then("minus").otherwise("plus")
    >>> sw.from_dict({"x": [-1, 1]}).select(sign=sign).to_dict()
    {'sign': ['minus', 'plus']}
    """
    return When([], _all(conditions))


def _all(conditions: tuple[IntoExpr, ...]) -> _internal.Expr:
    natives = [column(condition) for condition in flat(conditions)]
    if not natives:
        raise TypeError("when: expected at least one condition")
    return natives[0] if len(natives) == 1 else _internal.across("all", natives)
