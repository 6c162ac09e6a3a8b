"""Rows of Python and of other libraries, on their way into a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from swath import _internal
from swath.frame import arguments


def batches(data: Any, schema: Mapping[str, Any] | None = None) -> _internal.Batches:
    """Return the rows of ``data``, whatever holds them; not copied where its memory is Arrow's or NumPy's.

    Parameters
    ----------
    data
        A dict of columns, a list of dicts or tuples, a structured or two-dimensional NumPy array, or a table
        of pyarrow, pandas, polars or duckdb.
    schema
        Types of some columns, by name; for rows without names the names of all columns. A value that does
        not fit is an error.
    """
    from swath.frame.base import Frame

    if isinstance(data, Frame):
        rows = data._rows()  # type: ignore[attr-defined]
    elif isinstance(data, Mapping):
        return of_columns(data, schema)
    elif _is_a(data, "pandas", "DataFrame"):
        rows = of_pandas(data)
    elif _is_a(data, "pandas", "Series"):
        rows = of_pandas(data.to_frame())
    elif _is_a(data, "polars", "LazyFrame"):
        rows = of_arrow(data.collect())
    elif _is_a(data, "polars", "Series"):
        rows = of_arrow(data.to_frame())
    elif _is_a(data, "numpy", "ndarray"):
        return of_numpy(data, schema)
    elif hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        rows = of_arrow(data)
    elif isinstance(data, Iterable) and not isinstance(data, (str, bytes)):
        return of_records(list(data), schema)
    else:
        kind = f"{type(data).__module__}.{type(data).__qualname__}"
        raise TypeError(
            "expected rows (a dict of columns, a list of dicts, a pyarrow, pandas, polars or duckdb table), "
            f"got {kind}"
        )
    return _retyped(rows, schema)


def _is_a(data: Any, module: str, name: str) -> bool:
    """Return whether ``data`` is of a class of a library, which is loaded if it is."""
    loaded = sys.modules.get(module)
    wanted = getattr(loaded, name, None)
    return wanted is not None and isinstance(data, wanted)


def of_arrow(data: Any) -> _internal.Batches:
    """Return the rows that an object hands out through the Arrow PyCapsule interface."""
    if _is_a(data, "polars", "DataFrame"):
        for name, dtype in data.schema.items():
            _refuse_objects(f"column '{name}': ", dtype)
    return _internal.Batches.of_arrow(data)


def _refuse_objects(place: str, dtype: Any) -> None:
    """Refuse objects of Python in a column of Polars, which would hand out where they lie in memory."""
    if type(dtype).__name__ == "Object" or getattr(dtype, "__name__", None) == "Object":
        raise TypeError(
            f"{place}Polars' Object holds objects of Python, which no data type does; cast it, or give the "
            "values as a list: sw.from_dict({'a': frame['a'].to_list()})"
        )


def of_columns(columns: Mapping[Any, Any], schema: Mapping[str, Any] | None = None) -> _internal.Batches:
    """Return the rows of a dict of columns: lists, arrays, other libraries' columns, single values."""
    schema = schema or {}
    made: dict[str, Any] = {}
    single: dict[str, Any] = {}
    for key, values in columns.items():
        name = str(key)
        try:
            if _is_single(values):
                single[name] = values
                made[name] = None
            else:
                made[name] = column(values)
        except (TypeError, ValueError, OverflowError) as error:
            raise type(error)(f"column '{name}': {error}") from error
    lengths = {name: len(values) for name, values in made.items() if values is not None}
    length = next(iter(lengths.values()), 1)
    for name, other in lengths.items():
        if other != length:
            first = next(iter(lengths))
            raise ValueError(
                f"column '{name}' has {other} rows, column '{first}' has {length}; all need as many"
            )
    for name, value in single.items():
        made[name] = _internal.Column.of_values([value] * length)
    unknown = [name for name in schema if name not in made]
    if unknown:
        raise ValueError(f"schema: there is no column '{unknown[0]}'; the columns are: {', '.join(made)}")
    for name, dtype in schema.items():
        if dtype is not None:
            made[name] = _fitted(name, made[name], dtype)
    return _internal.Column.table(list(made), list(made.values()))


def _fitted(name: str, values: _internal.Column, dtype: Any) -> _internal.Column:
    wanted = arguments.arrow_type(dtype)
    try:
        return values.cast(wanted)
    except ValueError as error:
        raise ValueError(f"schema: column '{name}': {error}") from None


def _is_single(values: Any) -> bool:
    if isinstance(values, (str, bytes, Mapping)) or values is None:
        return True
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return False
    return not isinstance(values, Iterable) or getattr(values, "shape", None) == ()


def column(values: Any) -> _internal.Column:
    """Return the values as a column."""
    if _is_a(values, "pandas", "Series") or _is_a(values, "pandas", "Index"):
        return _of_series(values)
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        if _is_a(values, "polars", "Series"):
            _refuse_objects("", values.dtype)
        return _internal.Column.of_arrow(values)
    if _is_a(values, "numpy", "ndarray"):
        return _of_array(values)
    return _internal.Column.of_values(values if isinstance(values, list) else list(values))


def _of_array(values: Any) -> _internal.Column:
    import numpy

    if isinstance(values, numpy.ma.MaskedArray):
        return _internal.Column.of_values(values.tolist())
    if values.ndim != 1:
        return _internal.Column.of_values(list(values.tolist()))
    kind, unit = values.dtype.kind, None
    if kind not in "biufMm" or values.dtype.itemsize > 8:
        if kind == "c":
            raise TypeError("complex numbers have no type in a table; split them into .real and .imag")
        return _internal.Column.of_values(values.tolist())
    if kind in "Mm":
        unit = numpy.datetime_data(values.dtype)[0]
        if unit not in ("s", "ms", "us", "ns"):
            coarse = unit in ("Y", "M", "W", "D", "h", "m", "generic")
            values = values.astype(f"{kind}8[{'s' if coarse else 'ns'}]")
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    # One value of a record is in one piece, and yet may lie anywhere.
    values = numpy.require(values, requirements=["C", "A"])
    address = values.__array_interface__["data"][0]
    made = _internal.Column.of_memory(values, address, len(values), values.dtype.str)
    if kind == "M" and unit in ("Y", "M", "W", "D"):
        import datetime

        return made.cast(arguments.arrow_type(datetime.date))
    return made


def _of_series(values: Any) -> _internal.Column:
    if type(values.dtype).__name__ == "PeriodDtype":
        # A table has no periods; their numbers would say nothing.
        values = (values.dt if hasattr(values, "dt") else values).to_timestamp()
    if type(values.dtype).__module__.startswith("numpy") and values.dtype.kind in "biufMm":
        return _of_array(values.to_numpy()).nan_as_null()
    try:
        import pyarrow
    except ImportError:
        return _internal.Column.of_values([None if value != value else value for value in values.tolist()])
    return _internal.Column.of_arrow(pyarrow.array(values, from_pandas=True))


def of_pandas(data: Any, *, include_index: bool = False) -> _internal.Batches:
    """Return the rows of a ``pandas.DataFrame``; with its index as columns if that is asked for."""
    if include_index:
        data = data.reset_index()
    names = [str(name) for name in data.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"from_pandas: two columns are named '{twice}'; rename one")
    columns = []
    for position, name in enumerate(names):
        try:
            columns.append(column(data.iloc[:, position]))
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"column '{name}': {error}") from error
    if not columns and len(data):
        raise ValueError(
            "from_pandas: the table has rows and no column; include_index=True makes its index one"
        )
    return _internal.Column.table(names, columns)


def of_numpy(data: Any, schema: Mapping[str, Any] | None = None) -> _internal.Batches:
    """Return the rows of a structured array, or of a two-dimensional one with the names of ``schema``."""
    if data.dtype.names:
        return of_columns({name: data[name] for name in data.dtype.names}, schema)
    if data.ndim == 1:
        data = data.reshape(-1, 1)
    if data.ndim != 2:
        raise ValueError(f"expected rows and columns, got an array of {data.ndim} dimensions")
    names = _names(schema, data.shape[1])
    columns = {name: data[:, position] for position, name in enumerate(names)}
    return of_columns(columns, schema if isinstance(schema, Mapping) else None)


def of_records(
    records: Sequence[Any], schema: Mapping[str, Any] | Sequence[str] | None = None
) -> _internal.Batches:
    """Return the rows of a list: dicts (what a row lacks is null), tuples, or dataclasses."""
    if all(isinstance(record, Mapping) for record in records):
        names = list(dict.fromkeys(str(key) for record in records for key in record))
        if not records and schema:
            names = list(schema)
        columns = {name: [record.get(name) for record in records] for name in names}
        return of_columns(columns, schema if isinstance(schema, Mapping) else None)
    first = records[0]
    fields = getattr(first, "_fields", None) or getattr(first, "__dataclass_fields__", None)
    if fields is not None and not isinstance(schema, Sequence):
        rows = [[getattr(record, field) for field in fields] for record in records]
        return of_columns({field: [row[at] for row in rows] for at, field in enumerate(fields)}, schema)
    if not isinstance(first, Sequence) or isinstance(first, (str, bytes)):
        values: list[Any] = [(record,) for record in records]
    else:
        values = list(records)
    widths = {len(row) for row in values}
    if len(widths) > 1:
        raise ValueError(f"from_records: rows have {min(widths)} to {max(widths)} values; all need as many")
    names = _names(schema, widths.pop())
    columns = {name: [row[position] for row in values] for position, name in enumerate(names)}
    return of_columns(columns, schema if isinstance(schema, Mapping) else None)


def _names(schema: Mapping[str, Any] | Sequence[str] | None, width: int) -> list[str]:
    names = [f"column_{position}" for position in range(width)] if schema is None else list(schema)
    if len(names) != width:
        raise ValueError(f"schema: {len(names)} names for {width} columns")
    return names


def _retyped(rows: _internal.Batches, schema: Mapping[str, Any] | None) -> _internal.Batches:
    if not schema:
        return rows
    names = rows.columns()
    unknown = [name for name in schema if name not in names]
    if unknown:
        raise ValueError(f"schema: there is no column '{unknown[0]}'; the columns are: {', '.join(names)}")
    columns = []
    for position, name in enumerate(names):
        made = _internal.Column.of_arrow(_Part(rows, position))
        columns.append(made if schema.get(name) is None else _fitted(name, made, schema[name]))
    return _internal.Column.table(names, columns)


class _Part:
    """One column of rows, as an Arrow array."""

    def __init__(self, rows: _internal.Batches, position: int) -> None:
        self._rows, self._position = rows, position

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._rows.column_capsules(self._position)
