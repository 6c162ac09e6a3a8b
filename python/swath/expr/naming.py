"""Names made of names: ``sw.all().sum().name.suffix("_sum")``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from swath.expr.base import Namespace

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class NameNamespace(Namespace):
    """Names made of the name that the result has without them: for expressions over many columns."""

    __slots__ = ()

    def suffix(self, suffix: str) -> Expr:
        """Put ``suffix`` after the name.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2]}).select(sw.all().sum().name.suffix("_sum")).to_dict()
        {'x_sum': [3]}
        """
        return self._new(self._expr.rename("suffix", suffix))

    def prefix(self, prefix: str) -> Expr:
        """Put ``prefix`` before the name.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2]}).select(sw.all().sum().name.prefix("sum_")).to_dict()
        {'sum_x': [3]}
        """
        return self._new(self._expr.rename("prefix", prefix))

    def replace(self, pattern: str, value: str, *, literal: bool = False) -> Expr:
        """Replace the matches of a regular expression of Python in the name, or with ``literal`` a text.

        Examples
        --------
        >>> sw.from_dict({"a b c": [1]}).select(sw.all().name.replace(" ", "_")).columns
        ['a_b_c']
        """

        def renamed(name: str) -> str:
            return name.replace(pattern, value) if literal else re.sub(pattern, value, name)

        return self.map(renamed)

    def strip_prefix(self, prefix: str) -> Expr:
        """Take ``prefix`` off the name, if it begins with it.

        Examples
        --------
        >>> sw.from_dict({"x_a": [1], "b": [2]}).select(sw.all().name.strip_prefix("x_")).columns
        ['a', 'b']
        """
        return self.map(lambda name: name.removeprefix(prefix))

    def strip_suffix(self, suffix: str) -> Expr:
        """Take ``suffix`` off the name, if it ends with it.

        Examples
        --------
        >>> sw.from_dict({"a_x": [1], "b": [2]}).select(sw.all().name.strip_suffix("_x")).columns
        ['a', 'b']
        """
        return self.map(lambda name: name.removesuffix(suffix))

    def to_uppercase(self) -> Expr:
        """Make the name capitals.

        Examples
        --------
        >>> sw.from_dict({"x": [1]}).select(sw.all().name.to_uppercase()).columns
        ['X']
        """
        return self._new(self._expr.rename("upper"))

    def to_lowercase(self) -> Expr:
        """Make the name small letters.

        Examples
        --------
        >>> sw.from_dict({"X": [1]}).select(sw.all().name.to_lowercase()).columns
        ['x']
        """
        return self._new(self._expr.rename("lower"))

    def keep(self) -> Expr:
        """Use the name of the first column, whatever aliases there are.

        Examples
        --------
        >>> sw.from_dict({"x": [1]}).select(sw.col("x").alias("y").name.keep()).columns
        ['x']
        """
        return self._new(self._expr.rename("keep"))

    def map(self, function: Callable[[str], str]) -> Expr:
        """Use what a function makes of the name.

        Examples
        --------
        >>> sw.from_dict({"a b": [1]}).select(sw.all().name.map(lambda name: name.replace(" ", "_"))).columns
        ['a_b']
        """
        return self._new(self._expr.rename("map", function))


class MetaNamespace(Namespace):
    """Facts about the expression itself."""

    __slots__ = ()

    def output_name(self) -> str:
        """Name of the result, as far as it is known without the table.

        Examples
        --------
        >>> (sw.col("x") + sw.col("y")).meta.output_name()
        'x'
        """
        return self._expr.output_name()

    def root_names(self) -> list[str]:
        """Names of the columns in the expression.

        Examples
        --------
        >>> (sw.col("x") + sw.col("y") * sw.col("x")).meta.root_names()
        ['x', 'y']
        """
        return self._expr.root_names()

    def is_literal(self) -> bool:
        """Whether it is a constant.

        Examples
        --------
        >>> sw.lit(1).meta.is_literal()
        True
        """
        return self._expr.is_literal()
