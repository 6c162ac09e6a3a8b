"""Aggregates of columns by name: ``sw.sum("x")`` is ``sw.col("x").sum()``."""

from __future__ import annotations

from typing import Any

from swath.expr.base import Interpolation
from swath.expr.columns import all_columns, col
from swath.expr.expression import Expr
from swath.expr.functions import len as rows

__all__ = [
    "all",
    "any",
    "count",
    "first",
    "implode",
    "last",
    "max",
    "mean",
    "median",
    "min",
    "n_unique",
    "quantile",
    "std",
    "sum",
    "var",
]


def all(*names: Any) -> Expr:
    """Every column of the table; or with names, whether all their values are true.

    In ``agg`` it takes every column that is not a key.

    Examples
    --------
    >>> df = sw.from_dict({"x": [1, 3], "y": [2, None]})
    >>> df.select(sw.all().max()).to_dict()
    {'x': [3], 'y': [2]}
    """
    return col(*names).all() if names else all_columns()


def any(*names: Any) -> Expr:
    """Whether any value of the columns is true.

    Examples
    --------
    >>> sw.from_dict({"x": [False, True]}).select(sw.any("x")).to_dict()
    {'x': [True]}
    """
    return col(*names).any()


def count(*names: Any) -> Expr:
    """Count values that are not null; without names, or of ``"*"``, the rows.

    Examples
    --------
    >>> df = sw.from_dict({"x": [1, None]})
    >>> df.select(sw.count("x"), n=sw.count()).to_dict()
    {'x': [1], 'n': [2]}
    """
    return rows() if names in ((), ("*",)) else col(*names).count()


def quantile(name: str, quantile: float, interpolation: Interpolation = "linear") -> Expr:
    """Exact quantile of the column; see :meth:`~swath.Expr.quantile`.

    Examples
    --------
    >>> sw.from_dict({"x": [1, 2, 3]}).select(sw.quantile("x", 0.5)).to_dict()
    {'x': [2.0]}
    """
    return col(name).quantile(quantile, interpolation)


def first(*names: Any) -> Expr:
    """First value of the columns, null included.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.first("x")).to_dict()
    {'x': [3]}
    """
    return col(*names).first()


def last(*names: Any) -> Expr:
    """Last value of the columns, null included.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.last("x")).to_dict()
    {'x': [5]}
    """
    return col(*names).last()


def max(*names: Any) -> Expr:
    """Largest value of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.max("x")).to_dict()
    {'x': [5]}
    """
    return col(*names).max()


def mean(*names: Any) -> Expr:
    """Mean of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.mean("x")).to_dict()
    {'x': [3.0]}
    """
    return col(*names).mean()


def median(*names: Any) -> Expr:
    """Median of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.median("x")).to_dict()
    {'x': [3.0]}
    """
    return col(*names).median()


def min(*names: Any) -> Expr:
    """Smallest value of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.min("x")).to_dict()
    {'x': [1]}
    """
    return col(*names).min()


def n_unique(*names: Any) -> Expr:
    """Number of different values of the columns, null not counted.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.n_unique("x")).to_dict()
    {'x': [3]}
    """
    return col(*names).n_unique()


def sum(*names: Any) -> Expr:
    """Sum of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.sum("x")).to_dict()
    {'x': [9]}
    """
    return col(*names).sum()


def implode(*names: Any) -> Expr:
    """Values of the columns as a list.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.implode("x")).to_dict()
    {'x': [[3, 1, 5]]}
    """
    return col(*names).implode()


def std(*names: Any, ddof: int = 1) -> Expr:
    """Standard deviation of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.std("x")).to_dict()
    {'x': [2.0]}
    """
    return col(*names).std(ddof)


def var(*names: Any, ddof: int = 1) -> Expr:
    """Variance of the columns.

    Examples
    --------
    >>> sw.from_dict({"x": [3, 1, 5]}).select(sw.var("x")).to_dict()
    {'x': [4.0]}
    """
    return col(*names).var(ddof)
