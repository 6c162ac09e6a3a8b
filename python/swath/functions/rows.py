"""Functions over batches and groups of rows, as methods of frames."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.errors import InvalidArgumentError
from swath.frame.base import Frame
from swath.functions.calls import KINDS, Rows
from swath.functions.columns import Kind, name_of
from swath.functions.signature import arrow_schema

if TYPE_CHECKING:
    from swath.frame import DataFrame

__all__ = ["MapBatches", "MapGroups"]


def _native(
    function: Callable[..., Any], schema: Any, input: str, operation: str
) -> tuple[_internal.Function, Any]:
    if not callable(function):
        raise TypeError(f"{operation}: expected a function, got {type(function).__name__}")
    if input not in KINDS:
        raise InvalidArgumentError(f"{operation}: input: expected one of {', '.join(KINDS)}, got {input!r}")
    declared = arrow_schema(schema, operation)
    name = name_of(function)
    return _internal.Function(name, uuid.uuid4().int, Rows(function, name, input, declared)), declared


class MapBatches(Frame):
    """Functions over batches of rows."""

    def map_batches(self, function: Callable[[Any], Any], *, schema: Any, input: Kind = "arrow") -> DataFrame:
        """
        Apply a Python function to each batch of rows.

        Batches of some thousand rows go through as they come, several at a time where there are threads: the
        function sees neither all rows nor rows in an order. It may return more or fewer rows than it got. On
        a cluster it runs in the workers.

        Parameters
        ----------
        function
            Takes a batch and returns rows: a table of pyarrow, Polars or pandas, a dict of columns, a list of
            dicts, an iterable of any of these, or None.
        schema
            Names and types of what it returns: a mapping, or a pyarrow schema.
        input
            What it is given: ``"arrow"`` (a ``pyarrow.RecordBatch``), ``"polars"``, ``"pandas"``, ``"numpy"``
            (a dict of arrays) or ``"python"`` (a list of dicts).

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"word": ["one", "three"]})
        >>> def letters(batch):
        ...     return [{"letter": letter} for row in batch for letter in row["word"][:2]]
        >>> df.map_batches(letters, schema={"letter": str}, input="python").to_dict()
        {'letter': ['o', 'n', 't', 'h']}
        """
        native, declared = _native(function, schema, input, "map_batches")
        return self._of(native.map_batches(self._frame, declared))


class MapGroups:
    """Functions over groups of rows."""

    _group: _internal.GroupBy

    def map_groups(self, function: Callable[[Any], Any], *, schema: Any, input: Kind = "arrow") -> DataFrame:
        """
        Apply a Python function to each group, all its rows at once.

        Groups come in any order, several at a time where there are threads. A group must fit into memory;
        what an aggregate can say is faster as ``agg``. On a cluster the function runs in the workers.

        Parameters
        ----------
        function
            Takes the rows of a group, with all columns and the keys, and returns rows as for
            `DataFrame.map_batches`.
        schema
            Names and types of what it returns: a mapping, or a pyarrow schema.
        input
            What it is given, as for `DataFrame.map_batches`.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["a", "b", "a"], "x": [3.0, 1.0, 1.0]})
        >>> def largest(group):
        ...     return group.sort("x", descending=True).head(1)
        >>> top = df.group_by("k").map_groups(largest, schema={"k": str, "x": float}, input="polars")
        >>> top.sort("k").to_dict()
        {'k': ['a', 'b'], 'x': [3.0, 1.0]}
        """
        native, declared = _native(function, schema, input, "map_groups")
        return Frame._of(native.map_groups(self._group, declared))
