"""Columns by name, by pattern, by type: ``sw.col``."""

from __future__ import annotations

from typing import Any

from swath import _internal
from swath.dtypes import DataType, to_dtype
from swath.expr.base import flat
from swath.expr.expression import Expr

__all__ = ["ColumnFactory", "all_columns", "col", "element", "exclude", "nth"]


class ColumnFactory:
    """Makes expressions of column names: ``sw.col("x")``, ``sw.col.x``."""

    __slots__ = ()

    def __call__(self, name: Any, *more: Any) -> Expr:
        """Return the column of exactly this name, or several columns.

        Parameters
        ----------
        name, *more
            Names or data types, or lists of them. ``"*"`` is every column; a name that begins with ``^``
            and ends with ``$`` is a regular expression. An expression over several columns is repeated
            for each.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1], "y": [2], "s": ["a"]})
        >>> df.select(sw.col("x") + 1).to_dict()
        {'x': [2]}
        >>> df.select(sw.col("x", "y") * 10).to_dict()
        {'x': [10], 'y': [20]}
        >>> df.select(sw.col(sw.String)).columns
        ['s']
        >>> df.select(sw.col("^[xy]$")).columns
        ['x', 'y']
        """
        if not more and isinstance(name, str):
            return _named(name)
        values = flat([name, *more])
        if all(isinstance(value, str) for value in values):
            if len(values) == 1:
                return _named(values[0])
            if any(_is_pattern(value) for value in values):
                return ColumnsExpr(_any([_columns_named(value) for value in values]))
            return ColumnsExpr(_internal.Columns.names(values))
        if any(isinstance(value, str) and not _names_type(value) for value in values):
            raise TypeError(f"col: expected names or data types, not both, got {values!r}")
        types = [to_dtype(value) for value in values]
        return ColumnsExpr(_typed(values, types))

    def __getattr__(self, name: str) -> Expr:
        if name.startswith("__"):
            raise AttributeError(name)
        return Expr(_internal.col(name))

    def __repr__(self) -> str:
        return "sw.col"


class ColumnsExpr(Expr):
    """An expression over several columns, which is repeated for each."""

    __slots__ = ("_columns",)

    def __init__(self, columns: _internal.Columns) -> None:
        self._columns = columns
        super().__init__(_internal.columns(columns))

    # By identity, so that selectors may be keys of a dict: `df.cast({cs.float(): sw.Float32})`.
    __hash__ = object.__hash__  # type: ignore[assignment]

    def exclude(self, *columns: Any) -> ColumnsExpr:
        """Leave out these: names, regular expressions ``^…$``, data types, or selectors.

        Examples
        --------
        >>> sw.from_dict({"x": [1], "y": [2]}).select(sw.all().exclude("x")).columns
        ['y']
        """
        left_out = [_columns_of(value) for value in flat(columns)]
        return ColumnsExpr(self._columns.difference(_any(left_out)) if left_out else self._columns)


def _columns_of(value: Any) -> _internal.Columns:
    """Return the columns that a name, a type or a selector takes."""
    if isinstance(value, ColumnsExpr):
        return value._columns
    if isinstance(value, str):
        return _columns_named(value)
    return _typed([value], [to_dtype(value)])


def _is_pattern(name: str) -> bool:
    return name == "*" or (name.startswith("^") and name.endswith("$") and len(name) > 1)


def _names_type(name: str) -> bool:
    try:
        to_dtype(name)
    except ValueError:
        return False
    return True


def _columns_named(name: str) -> _internal.Columns:
    if name == "*":
        return _internal.Columns.all()
    return _internal.Columns.pattern(name) if _is_pattern(name) else _internal.Columns.names([name])


def _named(name: str) -> Expr:
    return ColumnsExpr(_columns_named(name)) if _is_pattern(name) else Expr(_internal.col(name))


def _any(selections: list[_internal.Columns]) -> _internal.Columns:
    found = selections[0]
    for selection in selections[1:]:
        found = found.union(selection)
    return found


def _typed(values: list[Any], types: list[DataType]) -> _internal.Columns:
    """Select by types; a class such as ``sw.Datetime`` stands for all its parameters."""
    selections = []
    for value, dtype in zip(values, types, strict=True):
        if isinstance(value, type) and issubclass(value, DataType):
            selections.append(_internal.Columns.kind(value.__name__.lower()))
        else:
            selections.append(_internal.Columns.types([dtype._dtype]))
    return _any(selections)


col = ColumnFactory()


def all_columns() -> ColumnsExpr:
    """Every column of the table; in ``agg``, every one that is not a key.

    Examples
    --------
    >>> df = sw.from_dict({"x": [1, 3], "y": [2, None]})
    >>> df.select(sw.all().max()).to_dict()
    {'x': [3], 'y': [2]}
    """
    return ColumnsExpr(_internal.Columns.all())


def exclude(*columns: Any) -> ColumnsExpr:
    """Every column but these: names, regular expressions ``^…$``, or data types.

    Examples
    --------
    >>> df = sw.from_dict({"x": [1], "y": [2], "s": ["a"]})
    >>> df.select(sw.exclude("y")).columns
    ['x', 's']
    >>> df.select(sw.exclude(sw.String)).columns
    ['x', 'y']
    """
    return all_columns().exclude(*columns)


def nth(*positions: int) -> ColumnsExpr:
    """Columns by position: 0 is the first, -1 the last.

    Examples
    --------
    >>> sw.from_dict({"x": [1], "y": [2], "z": [3]}).select(sw.nth(0, -1)).columns
    ['x', 'z']
    """
    chosen = [_internal.Columns.position(position) for position in flat(positions)]
    if not chosen:
        raise ValueError("nth: expected at least one position")
    return ColumnsExpr(_any(chosen))


def element() -> Expr:
    """Return the element that ``.list.eval`` and ``.list.filter`` are at.

    Examples
    --------
    >>> df = sw.from_dict({"l": [[1, 2], [3]]})
    >>> df.select(sw.col("l").list.eval(sw.element() * 10)).to_dict()
    {'l': [[10, 20], [30]]}
    """
    return Expr(_internal.element())
