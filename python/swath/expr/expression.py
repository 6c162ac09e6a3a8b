"""Expressions: :class:`Expr`."""

from __future__ import annotations

import builtins

from swath import _internal
from swath._keywords import explain_keywords
from swath.expr.aggregates import Aggregates
from swath.expr.base import ExprPart
from swath.expr.basics import Basics
from swath.expr.bins import Bins
from swath.expr.conditions import Conditions
from swath.expr.ewm import ExponentiallyWeighted
from swath.expr.extremes import Extremes
from swath.expr.lists import ListNamespace
from swath.expr.mapped import Mapped
from swath.expr.maths import Maths
from swath.expr.naming import MetaNamespace, NameNamespace
from swath.expr.operators import Operators
from swath.expr.rolling_shape import RollingShape
from swath.expr.runs import Runs
from swath.expr.spark import SparkNames
from swath.expr.strings import StrNamespace
from swath.expr.structs import StructNamespace
from swath.expr.temporal import DtNamespace
from swath.expr.windows import Windows

__all__ = ["Expr"]


class Expr(
    Operators,
    Basics,
    Conditions,
    Maths,
    Aggregates,
    Extremes,
    Windows,
    RollingShape,
    ExponentiallyWeighted,
    Runs,
    Bins,
    Mapped,
    SparkNames,
):
    """A computation over columns, which a frame's methods take: nothing is computed before the frame runs.

    Made by :data:`sw.col`, :func:`sw.lit`, functions such as :func:`sw.when`, operators, and the methods
    here.

    **Names.** Without :meth:`alias` the result is named after the first column in the expression, or
    after the function if there is none.

    **Text.** Where a method takes a value, text is text: ``sw.col("name") == "Ada"``. Where it takes
    columns (``over``, ``coalesce``, ``max_horizontal``, …), text is the name of a column.

    Examples
    --------
    >>> sw.col("price") * (1 - sw.col("discount"))
    <Expr: price * (1 - discount)>
    >>> df = sw.from_dict({"x": [1, 2, None]})
    >>> df.filter(sw.col("x") > 1).to_dict()
    {'x': [2]}
    """

    __slots__ = ("_expr",)

    def __init__(self, expr: _internal.Expr) -> None:
        self._expr = expr

    def __repr__(self) -> builtins.str:
        return f"<Expr: {self._expr!r}>"

    @property
    def str(self) -> StrNamespace:
        """Functions of strings.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["ab", "cd"], "n": [1, None]})
        >>> df.select(sw.col("x").str.to_uppercase()).to_list()
        ['AB', 'CD']
        """
        return StrNamespace(self._expr)

    @property
    def dt(self) -> DtNamespace:
        """Functions of dates, times and durations.

        Examples
        --------
        >>> sw.from_dict({"d": [datetime.date(2026, 1, 5)]}).select(sw.col("d").dt.month()).item()
        1
        """
        return DtNamespace(self._expr)

    @property
    def list(self) -> ListNamespace:
        """Functions of lists.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], []]}).select(sw.col("l").list.len()).to_list()
        [2, 0]
        """
        return ListNamespace(self._expr)

    @property
    def struct(self) -> StructNamespace:
        """Functions of structs.

        Examples
        --------
        >>> sw.from_dict({"s": [{"p": 1}]}).select(sw.col("s").struct.field("p")).item()
        1
        """
        return StructNamespace(self._expr)

    @property
    def name(self) -> NameNamespace:
        """Names made of the name that the result has.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["ab", "cd"], "n": [1, None]})
        >>> df.select(sw.col("x").name.suffix("_old")).columns
        ['x_old']
        """
        return NameNamespace(self._expr)

    @property
    def meta(self) -> MetaNamespace:
        """Facts about the expression itself.

        Examples
        --------
        >>> (sw.col("a") + sw.col("b")).meta.root_names()
        ['a', 'b']
        """
        return MetaNamespace(self._expr)


ExprPart._made = Expr

for _kind, _owner in (("Expr", Expr), ("str", StrNamespace), ("dt", DtNamespace)):
    explain_keywords(_kind, _owner)
