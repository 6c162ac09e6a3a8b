"""
What the engine calls: the user's function between Arrow data in and Arrow data out.

Objects of this module are what travels to workers. They are called by :mod:`swath._internal` with the
interpreter's lock held, on threads of the engine.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from swath.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["KINDS", "Keeper", "Rows", "Values", "dumps", "loads"]

KINDS = ("arrow", "numpy", "polars", "pandas", "python")
"""What functions can be given columns as."""


def pyarrow() -> Any:
    """Give the module, which functions need and the rest of the package does not."""
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError("functions in Python need pyarrow: pip install 'swath[functions]'") from error
    return pyarrow


def dumps(value: object, name: str) -> bytes:
    """Give the bytes that :func:`loads` reads in another process."""
    try:
        import cloudpickle
    except ImportError as error:
        raise ImportError(
            "functions go to workers by cloudpickle, which is missing: pip install 'swath[functions]'"
        ) from error
    try:
        payload: bytes = cloudpickle.dumps(value)
        return payload
    except Exception as error:
        raise InvalidArgumentError(
            f"{name} cannot be sent to workers, since something that it uses cannot be pickled: {error}; "
            "make that inside of the function"
        ) from error


def loads(payload: bytes) -> Any:
    """Make again what :func:`dumps` wrote."""
    try:
        return pickle.loads(payload)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error}; a function is sent as the place where it is imported from, unless that is the main "
            "program: "
            "install the module where the workers run, or call cloudpickle.register_pickle_by_value(module)"
        ) from error


def column(array: Any, kind: str) -> Any:
    """Give an Arrow array as what the function wants."""
    array = pyarrow().array(array)
    if kind == "arrow":
        return array
    if kind == "numpy":
        return array.to_numpy(zero_copy_only=False)
    if kind == "polars":
        import polars as pl

        return pl.from_arrow(array)
    if kind == "pandas":
        return array.to_pandas()
    return array.to_pylist()


def array_of(result: Any, returns: pa.DataType) -> Any:
    """Give a column that a function returned as an Arrow array; the engine looks at its length and type."""
    pa = pyarrow()
    if isinstance(result, pa.Array):
        return result
    if isinstance(result, pa.ChunkedArray):
        return result.combine_chunks()
    if type(result).__module__.startswith("pandas"):
        return pa.Array.from_pandas(result)
    if hasattr(result, "__arrow_c_array__"):
        return pa.array(result)
    if hasattr(result, "__arrow_c_stream__"):
        return pa.chunked_array(result).combine_chunks()
    if hasattr(result, "__array__"):
        if getattr(result, "ndim", 1) == 0:
            raise TypeError(f"expected one value a row, the function returned the single value {result!r}")
        return pa.array(result, type=returns if result.dtype.kind == "O" else None)
    if isinstance(result, str | bytes) or not isinstance(result, Iterable):
        raise TypeError(
            f"expected a column (an Arrow, NumPy, Polars or pandas array, or a list), "
            f"the function returned {result!r}"
        )
    return pa.array(list(result), type=returns)


def array_of_one(value: Any, returns: pa.DataType) -> Any:
    """Give the single value that a function returned as an Arrow array."""
    pa = pyarrow()
    if isinstance(value, pa.Scalar):
        value = value.as_py()
    elif hasattr(value, "__array__") and hasattr(value, "tolist"):
        value = value.tolist()
    elif isinstance(value, pa.Array | pa.ChunkedArray):
        value = value.to_pylist()
    return pa.array([value], type=returns)


class Values:
    """
    A function over columns.

    Parameters
    ----------
    function
        The user's.
    name
        What users know it by.
    kind
        What it is given, of :data:`KINDS`.
    returns
        What it returns.
    once
        Whether it gives one value for all rows.
    """

    def __init__(
        self, function: Callable[..., Any], name: str, kind: str, returns: pa.DataType, *, once: bool
    ) -> None:
        self._function = function
        self._name = name
        self._kind = kind
        self._returns = returns
        self._once = once

    def values(self, arguments: list[Any], rows: int) -> Any:
        """Call it."""
        columns = [column(argument, self._kind) for argument in arguments]
        if self._once:
            return array_of_one(self._function(*columns), self._returns)
        if self._kind == "python":
            called = map(self._function, *columns) if columns else (self._function() for _ in range(rows))
            return pyarrow().array(list(called), type=self._returns)
        return array_of(self._function(*columns), self._returns)

    def dumps(self) -> bytes:
        """Give its form for workers."""
        return dumps(self, self._name)


class Keeper:
    """
    A class whose objects each keep the state of one group.

    Parameters
    ----------
    make
        Makes an empty state.
    name
        What users know it by.
    kind
        What ``update`` is given, of :data:`KINDS`.
    returns
        What ``evaluate`` returns.
    """

    def __init__(self, make: Callable[[], Any], name: str, kind: str, returns: pa.DataType) -> None:
        self._make = make
        self._name = name
        self._kind = kind
        self._returns = returns

    def state(self) -> Kept:
        """Give an empty state."""
        return Kept(self._make(), self._name, self._kind, self._returns)

    def dumps(self) -> bytes:
        """Give its form for workers."""
        return dumps(self, self._name)


class Kept:
    """The state of one group."""

    def __init__(self, state: Any, name: str, kind: str, returns: pa.DataType) -> None:
        self._state = state
        self._name = name
        self._kind = kind
        self._returns = returns

    def update(self, arguments: list[Any]) -> None:
        """Take further values in."""
        self._state.update(*[column(argument, self._kind) for argument in arguments])

    def merge(self, payload: bytes) -> None:
        """Take another state in."""
        self._state.merge(loads(payload))

    def dumps(self) -> bytes:
        """Give the state's form for other processes."""
        return dumps(self._state, f"the state of {self._name}")

    def evaluate(self) -> Any:
        """Give the result."""
        return array_of_one(self._state.evaluate(), self._returns)


class Rows:
    """
    A function over batches or groups of rows.

    Parameters
    ----------
    function
        The user's.
    name
        What users know it by.
    kind
        What it is given, of :data:`KINDS`.
    schema
        What it returns.
    """

    def __init__(self, function: Callable[..., Any], name: str, kind: str, schema: pa.Schema) -> None:
        self._function = function
        self._name = name
        self._kind = kind
        self._schema = schema

    def rows(self, batch: Any) -> Any:
        """Call it."""
        return table_of(self._function(rows_as(batch, self._kind)), self._schema)

    def dumps(self) -> bytes:
        """Give its form for workers."""
        return dumps(self, self._name)


def rows_as(batch: Any, kind: str) -> Any:
    """Give Arrow rows as what the function wants."""
    batch = pyarrow().record_batch(batch)
    if kind == "arrow":
        return batch
    if kind == "polars":
        import polars as pl

        return pl.from_arrow(batch)
    if kind == "pandas":
        return batch.to_pandas()
    if kind == "numpy":
        return {
            name: values.to_numpy(zero_copy_only=False)
            for name, values in zip(batch.schema.names, batch.columns, strict=True)
        }
    return batch.to_pylist()


def table_of(result: Any, schema: pa.Schema) -> Any:
    """Give rows that a function returned as Arrow rows; the engine looks at names and types."""
    pa = pyarrow()
    if result is None:
        return schema.empty_table()
    if type(result).__module__.startswith("pandas"):
        return with_integers(pa.Table.from_pandas(result, preserve_index=False), schema)
    if hasattr(result, "__arrow_c_stream__") or hasattr(result, "__arrow_c_array__"):
        return result
    if isinstance(result, dict):
        columns = [
            array_of(values, schema.field(name).type if name in schema.names else None)
            for name, values in result.items()
        ]
        return pa.table(dict(zip(result, columns, strict=True)))
    if isinstance(result, Iterable) and not isinstance(result, str | bytes):
        parts = list(result)
        if all(isinstance(part, dict) for part in parts):
            return pa.Table.from_pylist(parts, schema=schema)
        return pa.concat_tables(pa.table(table_of(part, schema)) for part in parts)
    raise TypeError(
        f"expected rows (a pyarrow, Polars or pandas table, a dict of columns or a list of dicts), "
        f"the function returned {result!r}"
    )


def with_integers(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give integers where they are declared: pandas makes floats of them when one is missing."""
    pa = pyarrow()
    for place, field in enumerate(table.schema):
        declared = schema.field(field.name).type if field.name in schema.names else field.type
        if pa.types.is_floating(field.type) and pa.types.is_integer(declared):
            try:
                table = table.set_column(place, field.name, table.column(place).cast(declared))
            except pa.ArrowInvalid:
                # A fraction: the engine says that it is not what was declared.
                continue
    return table
