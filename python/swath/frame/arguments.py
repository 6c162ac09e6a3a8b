"""What methods of frames take for columns, names and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.dtypes import DataType, to_dtype, to_native
from swath.expr import Expr, col, to_expr
from swath.expr.columns import ColumnsExpr

if TYPE_CHECKING:
    from typing import TypeAlias

#: A column's name, an expression, or a plain value.
IntoExpr: TypeAlias = "str | Expr | Any"


def flat(values: Iterable[Any]) -> list[Any]:
    """Return the values, lists among them laid out: ``f("a", "b")`` and ``f(["a", "b"])`` are alike."""
    out: list[Any] = []
    for value in values:
        if isinstance(value, (list, tuple, set, frozenset)) or (
            isinstance(value, Iterable)
            and not isinstance(value, (str, bytes, Expr, Mapping))
            and not hasattr(value, "_expr")
        ):
            out.extend(value)
        else:
            out.append(value)
    return out


def conditions(values: Iterable[Any]) -> list[Any]:
    """Return the conditions, lists among them laid out; a mask is none."""
    for value in values:
        if isinstance(value, (str, Expr)) or not isinstance(value, Iterable) or hasattr(value, "_expr"):
            continue
        if hasattr(value, "__array__") or (
            isinstance(value, (list, tuple))
            and not all(isinstance(one, (str, Expr)) or hasattr(one, "_expr") for one in value)
        ):
            raise TypeError(
                f"filter: expected conditions like sw.col('a') > 1, got a {type(value).__name__} of values: "
                "rows have no order that a mask could be put beside; make it a column, "
                "sw.from_dict({…, 'keep': mask}), and filter('keep')"
            )
    return flat(values)


def exprs(values: Iterable[IntoExpr], named: Mapping[str, IntoExpr] | None = None) -> list[_internal.Expr]:
    """Return native expressions; text is a column's name. What is ``named``, or in a mapping, is aliased."""
    out = []
    for value in flat(values):
        if isinstance(value, Mapping):
            out += [_aliased(name, part) for name, part in value.items()]
        else:
            out.append(to_expr(value, str_as_col=True)._expr)
    return out + [_aliased(name, value) for name, value in (named or {}).items()]


def _aliased(name: str, value: Any) -> _internal.Expr:
    if hasattr(value, "__array__") and getattr(value, "shape", ()) != ():
        raise TypeError(
            f"'{name}': rows have no order that values of {type(value).__module__.partition('.')[0]} could "
            "be put beside: make the frame of them, sw.from_dict({…}), and join; or take sw.udf"
        )
    return to_expr(value, str_as_col=True).alias(name)._expr


def aggregates(
    values: Iterable[IntoExpr], named: Mapping[str, IntoExpr] | None = None
) -> list[_internal.Expr]:
    """Return native aggregates; a mapping has names of functions for names of columns: ``{"a": "sum"}``."""
    for name, value in (named or {}).items():
        _refuse_pair(name, value)
    laid: list[Any] = []
    for value in flat(values):
        laid += _named_aggregates(value) if isinstance(value, Mapping) else [value]
    return exprs(laid, named)


_SAME = ("all", "any", "count", "first", "implode", "last", "len", "max", "mean", "median", "min", "n_unique")
_AGGREGATES = {
    **{name: name for name in (*_SAME, "std", "sum", "var")},
    "avg": "mean",
    "collect_list": "implode",
    "countDistinct": "n_unique",
    "nunique": "n_unique",
    "size": "len",
    "stddev": "std",
    "variance": "var",
}


def _refuse_pair(name: str, value: Any) -> None:
    """Refuse what pandas takes for an aggregate: ``total=("a", "sum")``."""
    if type(value).__name__ == "NamedAgg":
        value = (value.column, value.aggfunc)
    if not isinstance(value, tuple) or not value or not all(isinstance(part, str) for part in value):
        return
    remedy = f"{name}=sw.col({value[0]!r}).sum()"
    if len(value) == 2 and value[1] in _AGGREGATES:
        remedy = f"{name}=sw.col({value[0]!r}).{_AGGREGATES[value[1]]}()"
    raise TypeError(f"agg: expected an aggregate for '{name}', got {tuple(value)!r}; write {remedy}")


def _named_aggregates(functions: Mapping[str, Any]) -> list[Any]:
    out: list[Any] = []
    for name, chosen in functions.items():
        if not isinstance(chosen, (str, list, tuple)):
            out.append(to_expr(chosen, str_as_col=True).alias(name))
            continue
        for function in [chosen] if isinstance(chosen, str) else chosen:
            if function not in _AGGREGATES:
                raise ValueError(
                    f"agg: there is no aggregate '{function}' for the column '{name}'; expected one of "
                    f"{', '.join(_AGGREGATES)}, or an expression: {name}=sw.col({name!r}).sum()"
                )
            made = getattr(col(name), _AGGREGATES[function])()
            out.append(made if isinstance(chosen, str) else made.alias(f"{name}_{function}"))
    return out


def names(operation: str, values: Iterable[Any], frame: _internal.DataFrame | None = None) -> list[str]:
    """Return names of columns: text, expressions that are nothing but a column, selectors of ``frame``'s."""
    out: list[str] = []
    for value in flat(values):
        if frame is not None and isinstance(value, ColumnsExpr):
            out.extend(frame.select([value._expr]).columns())
        else:
            out.append(name(operation, value))
    return out


def name(operation: str, value: Any) -> str:
    """Return the name of a column: text, or an expression that is nothing but a column."""
    if isinstance(value, str):
        return value
    if isinstance(value, Expr):
        found = _internal.column_name(value._expr)
        if found is not None:
            return found
        raise TypeError(
            f"{operation}: expected a column, got the expression {value!r}; add it by with_columns first"
        )
    raise TypeError(f"{operation}: expected the name of a column, got {type(value).__name__}")


def sort_keys(
    by: Iterable[Any], descending: bool | Iterable[bool], nulls_last: bool | Iterable[bool | None] | None
) -> tuple[list[_internal.Expr], list[bool], list[bool | None]]:
    """Return keys, their directions and where their nulls go; a key that says these itself wins."""
    keys = flat(by)
    if not keys:
        raise ValueError("sort: expected at least one key, got none")
    down = _for_each("descending", descending, len(keys))
    last = _for_each("nulls_last", nulls_last, len(keys))
    out: list[_internal.Expr] = []
    for position, key in enumerate(keys):
        if not isinstance(key, Expr) and hasattr(key, "descending") and hasattr(key, "_expr"):
            down[position], last[position] = key.descending, key.nulls_last
            out.append(key._expr)
        else:
            out.append(to_expr(key, str_as_col=True)._expr)
    return out, [bool(value) for value in down], last


def _for_each(option: str, value: Any, count: int) -> list[Any]:
    if value is None or isinstance(value, bool):
        return [value] * count
    values = list(value)
    if len(values) != count:
        raise ValueError(f"sort: {option} has {len(values)} values for {count} keys")
    return values


def value(of: Any) -> _internal.Expr:
    """Return a plain value as a native literal; text is text."""
    return to_expr(of, str_as_col=False)._expr


def arrow_type(of: Any) -> Any:
    """Return an object with ``__arrow_c_schema__`` for a data type in any form."""
    return to_native(of)


def shown_type(native: Any) -> DataType:
    """Return a native type as people see it."""
    return to_dtype(native)


def arrow_schema(fields: Mapping[str, Any]) -> Any:
    """Return an object with ``__arrow_c_schema__`` for columns with these types."""
    empty = [(name, _internal.Column.of_values([]).cast(arrow_type(dtype))) for name, dtype in fields.items()]
    return _internal.Column.table([name for name, _ in empty], [column for _, column in empty])
