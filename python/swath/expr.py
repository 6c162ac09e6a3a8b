"""Expressions over columns."""

from __future__ import annotations

from typing import Any

from swath import _internal


class Expr:
    """An expression over columns."""

    _expr: _internal.Expr

    def __init__(self, expr: _internal.Expr) -> None:
        self._expr = expr

    def __gt__(self, other: Any) -> Expr:
        return Expr(self._expr.gt(to_expr(other, str_as_col=False)._expr))

    def alias(self, name: str) -> Expr:
        """Name it."""
        return Expr(self._expr.alias(name))


def col(name: str) -> Expr:
    """Return the column ``name``."""
    return Expr(_internal.col(name))


def lit(value: Any) -> Expr:
    """Return the constant ``value``."""
    return Expr(_internal.lit(value))


def to_expr(value: Any, *, str_as_col: bool) -> Expr:
    """Return ``value`` as an expression."""
    if isinstance(value, Expr):
        return value
    return col(value) if str_as_col and isinstance(value, str) else lit(value)
