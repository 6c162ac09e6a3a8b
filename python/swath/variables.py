"""Tables that are Python variables, seen by SQL."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from swath import data
from swath.errors import TableNotFoundError
from swath.frame.base import Frame
from swath.frame.table import Table

if TYPE_CHECKING:
    from swath import _internal
    from swath.session import Session

#: The flag of code whose variables are not a dict: that of functions.
_OPTIMIZED = 0x1
#: Where the files of this package lie.
_PACKAGE = os.path.dirname(__file__) + os.sep


def is_table(value: Any) -> bool:
    """Return whether a variable can stand for a table in SQL: ours, or of pandas, polars, pyarrow, duckdb."""
    if isinstance(value, Frame):
        return True
    if isinstance(value, type):
        return False
    if hasattr(value, "__arrow_c_stream__"):
        # A column of another library has the method, too.
        return not data._is_a(value, "polars", "Series") and not data._is_a(value, "pandas", "Series")
    return data._is_a(value, "polars", "LazyFrame") or data._is_a(value, "pandas", "DataFrame")


def lookup(name: str, scopes: Iterable[dict[str, Any]]) -> Any:
    """Return the table that the variable ``name`` holds, or ``None``.

    SQL reads names without quotes in small letters: where no variable has exactly the name, one that differs
    only in case is taken.
    """
    for scope in scopes:
        if name in scope and is_table(scope[name]):
            return scope[name]
    for scope in scopes:
        for variable, value in scope.items():
            if variable.lower() == name and is_table(value):
                return value
    return None


class Scopes:
    """The variables that the caller sees, its own first; looked at when they are asked for."""

    def __init__(self, *first: dict[str, Any]) -> None:
        self._first = first
        self._caller = caller_outside()
        self._found: list[dict[str, Any]] | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self._found is None:
            self._found = [*self._first, *_scopes_of(self._caller)]
        return iter(self._found)


def _scopes_of(caller: FrameType | None) -> list[dict[str, Any]]:
    if caller is None:
        return []
    own = caller.f_locals
    if caller.f_code.co_flags & _OPTIMIZED and sys.version_info < (3, 13):
        # A copy that Python keeps beside the function's variables: what is in it would live until the
        # function returns.
        own, kept = dict(own), own
        kept.clear()
    return [own, caller.f_globals]


def caller_outside() -> FrameType | None:
    """Return the innermost frame of the stack that is not of this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def frames_for(
    session: Session, names: list[str], scopes: Iterable[dict[str, Any]]
) -> list[tuple[str, _internal.DataFrame]]:
    """Return frames of ``session`` for those of ``names`` that are variables."""
    found = []
    for name in names:
        value = lookup(name, scopes)
        if isinstance(value, Table) and not session._native.shares(value._frame):
            found.append((name, session._native.from_batches(value._batches)))
        elif isinstance(value, Frame):
            found.append((name, value._frame))
        elif value is not None:
            found.append((name, session._native.from_batches(data.batches(value))))
    return found


def not_found(error: TableNotFoundError, scopes: Iterable[dict[str, Any]]) -> TableNotFoundError:
    """Return the error, with the variables that could have been meant."""
    tables = [
        name
        for scope in scopes
        for name, value in scope.items()
        if not name.startswith("_") and is_table(value)
    ]
    names = sorted(dict.fromkeys(tables))
    text = ", ".join(f"'{name}'" for name in names) if names else "none"
    return TableNotFoundError(f"{error}\nvariables that are tables: {text}")
