"""What all parts of an expression stand on: the native expression, and how values become one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Union

from swath import _internal
from swath.foreign import missing
from swath.literal import literal

if TYPE_CHECKING:
    from swath.expr.expression import Expr

__all__ = [
    "ExprPart",
    "Interpolation",
    "IntoExpr",
    "SortKey",
    "column",
    "columns",
    "fill_limit",
    "flat",
    "native",
    "sort_keys",
]

#: What stands for a quantile between two values.
Interpolation = Literal["linear", "lower", "higher", "nearest", "midpoint", "equiprobable"]

#: An expression, or a value or column name that stands for one: which, says the method.
IntoExpr = Union["ExprPart", str, Any]


class ExprPart:
    """The native expression, and the making of new ones."""

    __slots__ = ()

    #: :class:`~swath.Expr`, once it is there: every method makes one of it.
    _made: ClassVar[Any]

    _expr: _internal.Expr

    def _new(self, expr: _internal.Expr) -> Expr:
        made: Expr = ExprPart._made(expr)
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Refuse, and say what is meant."""
            raise missing("Expr", name, self)


class Namespace:
    """Functions of one kind of values, as in ``col("name").str``."""

    __slots__ = ("_expr",)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Refuse, and say what is meant."""
            raise missing(type(self).__name__.removesuffix("Namespace").lower(), name, self)

    def __init__(self, expr: _internal.Expr) -> None:
        self._expr = expr

    def _new(self, expr: _internal.Expr) -> Expr:
        made: Expr = ExprPart._made(expr)
        return made


def native(value: IntoExpr) -> _internal.Expr:
    """Return the native expression of an expression, or of a constant: text is text here."""
    if isinstance(value, ExprPart):
        return value._expr
    if isinstance(value, SortKey):
        raise TypeError("expected an expression or a value, got a sort key: leave out .asc() or .desc()")
    return literal(value)


def column(value: IntoExpr) -> _internal.Expr:
    """Return the native expression of an expression or a constant, or the column that text names."""
    if isinstance(value, str):
        from swath.expr.columns import col

        return col(value)._expr
    return native(value)


def flat(values: Iterable[Any]) -> list[Any]:
    """Return the values with lists and tuples of them opened."""
    opened: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple | set | frozenset) or hasattr(value, "__next__"):
            opened.extend(value)
        elif value is not None:
            opened.append(value)
    return opened


def columns(values: Iterable[Any]) -> list[_internal.Expr]:
    """Return the native expressions of names, expressions and lists of them."""
    return [column(value) for value in flat(values)]


def fill_limit(operation: str, limit: int | None) -> int | None:
    """Return how many nulls are filled, once it is known to be such a number."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise ValueError(f"{operation}: expected limit to be a whole number of 0 or more, got {limit!r}")
    return limit


class SortKey:
    """An expression with a direction: what ``sort`` and ``over`` order rows by.

    Made by :meth:`Expr.asc` and :meth:`Expr.desc`.

    Examples
    --------
    >>> sw.col("x").desc()
    <SortKey: x DESC NULLS LAST>
    """

    __slots__ = ("_key",)

    def __init__(self, key: _internal.SortKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"<SortKey: {self._key!r}>"

    @property
    def _expr(self) -> _internal.Expr:
        return self._key.expr

    @property
    def descending(self) -> bool:
        """Whether the largest value comes first."""
        return self._key.descending

    @property
    def nulls_last(self) -> bool:
        """Whether nulls come after all other values."""
        return self._key.nulls_last


def sort_keys(
    by: Any, *, descending: bool | Iterable[bool] = False, nulls_last: bool | Iterable[bool] | None = None
) -> list[_internal.SortKey]:
    """Return the native sort keys of names, expressions, sort keys and lists of them.

    Without ``nulls_last`` the nulls are first when ascending and last when descending.
    """
    values = flat([by])
    if isinstance(descending, bool):
        descending = [descending] * len(values)
    down, last = list(descending), list[bool | None]()
    if nulls_last is None or isinstance(nulls_last, bool):
        last += [nulls_last] * len(values)
    else:
        last += nulls_last
    if len(down) != len(values) or len(last) != len(values):
        raise ValueError(
            f"descending and nulls_last: expected one value, or one for each of the {len(values)} keys, "
            f"got {len(down)} and {len(last)}"
        )
    keys = []
    for value, falls, ends in zip(values, down, last, strict=True):
        if isinstance(value, SortKey):
            keys.append(value._key)
        else:
            keys.append(column(value).sort_key(falls, falls if ends is None else ends))
    return keys
