"""Selectors: columns taken by type, by name, by position, combined as sets.

``import swath.selectors as cs``; a selector is an expression over every column that it takes:
``cs.numeric().mean()``. Selectors combine with ``|``, ``&``, ``-`` and ``~``; to compute with the
columns' truth values instead, write ``.as_expr()`` first.

Examples
--------
>>> import swath.selectors as cs
>>> df = sw.from_dict({"x": [1], "y": [2.0], "name": ["a"]})
>>> df.select(cs.numeric() - cs.float()).columns
['x']
>>> df.select(~cs.numeric()).columns
['name']
"""

from __future__ import annotations

import builtins
import re
from typing import Any

from swath import _internal
from swath.dtypes import IntoDataType, to_dtype
from swath.expr.base import flat
from swath.expr.columns import ColumnsExpr, _any, _columns_of, _typed
from swath.expr.expression import Expr

__all__ = [
    "Selector",
    "all",
    "binary",
    "boolean",
    "by_dtype",
    "by_index",
    "by_name",
    "contains",
    "date",
    "datetime",
    "decimal",
    "duration",
    "ends_with",
    "exclude",
    "first",
    "float",
    "integer",
    "last",
    "list",
    "matches",
    "nested",
    "numeric",
    "signed_integer",
    "starts_with",
    "string",
    "struct",
    "temporal",
    "time",
    "unsigned_integer",
]


class Selector(ColumnsExpr):
    """An expression over the columns that it takes."""

    __slots__ = ()

    def as_expr(self) -> Expr:
        """Return the plain expression: its operators compute with the columns' values.

        Examples
        --------
        >>> import swath.selectors as cs
        >>> df = sw.from_dict({"a": [True], "b": [False]})
        >>> df.select(~cs.boolean().as_expr()).to_dict()
        {'a': [False], 'b': [True]}
        """
        return Expr(self._expr)

    def exclude(self, *columns: Any) -> Selector:
        """Leave out these: names, types, or selectors.

        Examples
        --------
        >>> import swath.selectors as cs
        >>> sw.from_dict({"x": [1], "y": [2]}).select(cs.all().exclude("x")).columns
        ['y']
        """
        left_out = [_columns_of(value) for value in flat(columns)]
        return Selector(self._columns.difference(_any(left_out)) if left_out else self._columns)

    def __or__(self, other: Any) -> Any:
        if isinstance(other, Selector):
            return Selector(self._columns.union(other._columns))
        return self.as_expr() | other

    def __and__(self, other: Any) -> Any:
        if isinstance(other, Selector):
            return Selector(self._columns.intersection(other._columns))
        return self.as_expr() & other

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, Selector):
            return Selector(self._columns.difference(other._columns))
        return self.as_expr() - other

    def __invert__(self) -> Any:
        return Selector(_internal.Columns.all().difference(self._columns))


def all() -> Selector:
    """Every column.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "y": [2]}).select(cs.all()).columns
    ['x', 'y']
    """
    return Selector(_internal.Columns.all())


def exclude(*columns: Any) -> Selector:
    """Every column but these: names, types, or selectors.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "y": [2]}).select(cs.exclude("x")).columns
    ['y']
    """
    return all().exclude(*columns)


def by_name(*names: Any) -> Selector:
    """Columns of exactly these names.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "y": [2]}).select(cs.by_name("y")).columns
    ['y']
    """
    return Selector(_internal.Columns.names(flat(names)))


def by_dtype(*dtypes: IntoDataType) -> Selector:
    """Columns of these types; a class such as ``sw.Datetime`` stands for all its parameters.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "s": ["a"]}).select(cs.by_dtype(sw.String)).columns
    ['s']
    """
    values = flat(dtypes)
    return Selector(_typed(values, [to_dtype(value) for value in values]))


def by_index(*positions: int) -> Selector:
    """Columns by position: 0 is the first, -1 the last.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "y": [2], "z": [3]}).select(cs.by_index(0, -1)).columns
    ['x', 'z']
    """
    return Selector(_any([_internal.Columns.position(position) for position in flat(positions)]))


def first() -> Selector:
    """Take the first column.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "y": [2]}).select(cs.first()).columns
    ['x']
    """
    return by_index(0)


def last() -> Selector:
    """Take the last column.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x": [1], "y": [2]}).select(cs.last()).columns
    ['y']
    """
    return by_index(-1)


def matches(pattern: str) -> Selector:
    """Columns whose name a regular expression matches somewhere.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"x1": [1], "y": [2]}).select(cs.matches("[0-9]")).columns
    ['x1']
    """
    return Selector(_internal.Columns.pattern(pattern))


def starts_with(*prefixes: str) -> Selector:
    """Columns whose name begins with one of these.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"ab": [1], "b": [2]}).select(cs.starts_with("a")).columns
    ['ab']
    """
    return matches(f"^({_either(prefixes)})")


def ends_with(*suffixes: str) -> Selector:
    """Columns whose name ends with one of these.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"ab": [1], "a": [2]}).select(cs.ends_with("b")).columns
    ['ab']
    """
    return matches(f"({_either(suffixes)})$")


def contains(*texts: str) -> Selector:
    """Columns whose name contains one of these.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> sw.from_dict({"abc": [1], "a": [2]}).select(cs.contains("b")).columns
    ['abc']
    """
    return matches(_either(texts))


def _either(texts: builtins.tuple[str, ...]) -> str:
    return "|".join(re.escape(text) for text in flat(texts))


def numeric() -> Selector:
    """Columns of integers, floats and decimals.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1], "f": [0.5], "s": ["a"]})
    >>> df.select(cs.numeric()).columns
    ['x', 'f']
    """
    return Selector(_internal.Columns.kind("numeric"))


def integer() -> Selector:
    """Columns of integers.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1], "f": [0.5], "s": ["a"]})
    >>> df.select(cs.integer()).columns
    ['x']
    """
    return Selector(_internal.Columns.kind("integer"))


def signed_integer() -> Selector:
    """Columns of integers with a sign.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1], "f": [0.5], "s": ["a"]})
    >>> df.select(cs.signed_integer()).columns
    ['x']
    """
    return Selector(_internal.Columns.kind("signed_integer"))


def unsigned_integer() -> Selector:
    """Columns of integers without a sign.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1]}).with_columns(y=sw.col("x").cast(sw.UInt8))
    >>> df.select(cs.unsigned_integer()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("unsigned_integer"))


def float() -> Selector:
    """Columns of floats.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1], "f": [0.5], "s": ["a"]})
    >>> df.select(cs.float()).columns
    ['f']
    """
    return Selector(_internal.Columns.kind("float"))


def decimal() -> Selector:
    """Columns of decimals.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [decimal.Decimal(1)]})
    >>> df.select(cs.decimal()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("decimal"))


def string() -> Selector:
    """Columns of strings.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1], "f": [0.5], "s": ["a"]})
    >>> df.select(cs.string()).columns
    ['s']
    """
    return Selector(_internal.Columns.kind("string"))


def binary() -> Selector:
    """Columns of bytes.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [b"a"]})
    >>> df.select(cs.binary()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("binary"))


def boolean() -> Selector:
    """Columns of truth values.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [True]})
    >>> df.select(cs.boolean()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("boolean"))


def temporal() -> Selector:
    """Columns of dates, times, timestamps and durations.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [datetime.date(2024, 1, 1)]})
    >>> df.select(cs.temporal()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("temporal"))


def date() -> Selector:
    """Columns of dates.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [datetime.date(2024, 1, 1)]})
    >>> df.select(cs.date()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("date"))


def time() -> Selector:
    """Columns of times of day.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [datetime.time(1)]})
    >>> df.select(cs.time()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("time"))


def datetime() -> Selector:
    """Columns of timestamps.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [datetime.datetime(2024, 1, 1)]})
    >>> df.select(cs.datetime()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("datetime"))


def duration() -> Selector:
    """Columns of durations.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [datetime.timedelta(1)]})
    >>> df.select(cs.duration()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("duration"))


def list() -> Selector:
    """Columns of lists.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [[1]]})
    >>> df.select(cs.list()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("list"))


def struct() -> Selector:
    """Columns of structs.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [{"a": 1}]})
    >>> df.select(cs.struct()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("struct"))


def nested() -> Selector:
    """Columns of lists, structs and maps.

    Examples
    --------
    >>> import swath.selectors as cs
    >>> df = sw.from_dict({"x": [1.5], "y": [[1]]})
    >>> df.select(cs.nested()).columns
    ['y']
    """
    return Selector(_internal.Columns.kind("nested"))
