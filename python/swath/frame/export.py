"""Results as objects of other libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swath import _internal
from swath._libraries import needed
from swath.dtypes import Decimal, Interval
from swath.frame import arguments
from swath.frame.base import Frame

if TYPE_CHECKING:
    import numpy
    import pandas
    import polars
    import pyarrow

    from swath.array import Array
    from swath.frame.table import Table


class Export(Frame):
    """Methods that run a frame and hand its rows over."""

    if TYPE_CHECKING:

        def collect(self) -> Table:
            """See `Run`."""
            ...

    def _rows(self) -> _internal.Batches:
        """Return all rows: those that are here, or the result of a run."""
        return self._frame.collect()

    def to_arrow(self) -> pyarrow.Table:
        """Run the frame and return a ``pyarrow.Table``, without a copy.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).to_arrow().num_rows
        2
        """
        needed("to_arrow", "pyarrow")
        import pyarrow

        return pyarrow.table(self._rows())

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """Run the frame and return a ``pandas.DataFrame``.

        Parameters
        ----------
        **options
            Those of ``pyarrow.Table.to_pandas``, for instance ``types_mapper=pandas.ArrowDtype``.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).to_pandas()["a"].sum()
        np.int64(3)
        """
        needed("to_pandas", "pandas", "pyarrow")
        return self.to_arrow().to_pandas(**options)

    def to_array(self, *columns: str) -> Array:
        """Run the frame and return columns as a lazy array ``(rows, columns)``.

        See `swath.array.from_dataframe`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2], "b": [3, 4]}).to_array("a", "b").sum(axis=0).compute()
        array([3, 7])
        """
        from swath.array import from_dataframe

        return from_dataframe(self, columns or None)

    def to_polars(self) -> polars.DataFrame:
        """Run the frame and return a ``polars.DataFrame``.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).to_polars().height
        2
        """
        needed("to_polars", "polars")
        import polars

        rows = self._rows()
        for name, dtype, _ in self._frame.fields():
            shown = arguments.shown_type(dtype)
            if shown == Interval:
                remedy = f"df.cast({{'{name}': sw.Duration('us')}})"
                raise TypeError(f"to_polars: column '{name}' holds intervals, which polars has not: {remedy}")
            if isinstance(shown, Decimal) and shown.precision > 38:
                raise TypeError(
                    f"to_polars: column '{name}' holds decimals of {shown.precision} digits, polars has 38: "
                    f"df.cast({{'{name}': sw.Decimal(38, {shown.scale})}})"
                )
        return polars.DataFrame(rows)

    def to_numpy(self, *, structured: bool = False) -> numpy.ndarray:
        """Run the frame and return a NumPy array of shape ``(rows, columns)``.

        Its dtype is the one that all columns share; nulls become NaN, and make integers floats.

        Parameters
        ----------
        structured
            Whether to return a structured array of shape ``(rows,)`` with a field for each column.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2], "b": [0.5, 1.5]}).to_numpy().tolist()
        [[1.0, 0.5], [2.0, 1.5]]
        """
        needed("to_numpy", "numpy", "pyarrow")
        needed("to_numpy_columns", "numpy", "pyarrow")
        import numpy

        table = self.to_arrow()
        parts = [_numpy_parts(column) for column in table.columns]
        if structured:
            fields = [(name, part[0].dtype) for name, part in zip(table.column_names, parts, strict=True)]
            array = numpy.empty(table.num_rows, dtype=fields)
            places = [array[name] for name in table.column_names]
        elif parts:
            # Column by column in memory, as they are here and as pandas and Polars have it.
            dtype = numpy.result_type(*(part[0].dtype for part in parts))
            array = numpy.empty((table.num_rows, len(parts)), dtype=dtype, order="F")
            places = list(array.T)
        else:
            return numpy.empty((0, 0))
        _fill(places, parts, self.session.threads)
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray:
        """Run the frame for ``np.asarray(df)``."""
        array = self.to_numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def to_numpy_columns(self) -> dict[str, numpy.ndarray]:
        """Run the frame and return a NumPy array of each column; one of numbers without nulls is not copied.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, None]}).to_numpy_columns()
        {'a': array([ 1., nan])}
        """
        import numpy

        table = self.to_arrow()
        parts = {
            name: _numpy_parts(column) for name, column in zip(table.column_names, table.columns, strict=True)
        }
        return {
            name: column[0] if len(column) == 1 else numpy.concatenate(column)
            for name, column in parts.items()
        }

    def to_dict(self) -> dict[str, list[Any]]:
        """Run the frame and return a list of Python's values for each column.

        Examples
        --------
        >>> import swath as sw
        >>> sw.sql("SELECT 1 AS a, 'x' AS b").to_dict()
        {'a': [1], 'b': ['x']}
        """
        rows = self._rows()
        return {name: rows.values(position) for position, name in enumerate(rows.columns())}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Run the frame and return a dict for each row.

        Examples
        --------
        >>> import swath as sw
        >>> sw.sql("SELECT 1 AS a, 'x' AS b").to_dicts()
        [{'a': 1, 'b': 'x'}]
        """
        rows = self._rows()
        names = rows.columns()
        return [dict(zip(names, row, strict=True)) for row in rows.tuples(0, len(rows))]

    def rows(self) -> list[tuple[Any, ...]]:
        """Run the frame and return a tuple for each row.

        Examples
        --------
        >>> import swath as sw
        >>> sw.sql("SELECT 1 AS a, 'x' AS b").rows()
        [(1, 'x')]
        """
        rows = self._rows()
        return rows.tuples(0, len(rows))

    def to_list(self, column: str | None = None) -> list[Any]:
        """Run the frame and return the values of a column; the only one, by default.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).to_list()
        [1, 2]
        """
        chosen = self._frame if column is None else self._frame.select([_internal.col(column)])
        names = chosen.columns()
        if len(names) != 1:
            raise ValueError(f"to_list: the table has {len(names)} columns; name one of {', '.join(names)}")
        return chosen.collect().values(0)

    def item(self) -> Any:
        """Run the frame, which has one row and one column, and return its value.

        Examples
        --------
        >>> import swath as sw
        >>> sw.sql("SELECT 42").item()
        42
        """
        rows = self._rows()
        if (len(rows), len(rows.columns())) != (1, 1):
            shape = f"{len(rows)} rows and {len(rows.columns())} columns"
            raise ValueError(f"item: expected one row and one column, got {shape}")
        return rows.values(0)[0]

    def __arrow_c_schema__(self) -> object:
        return self._frame.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Run the frame, as an Arrow stream whose batches come while the query runs."""
        return self._frame.stream().__arrow_c_stream__(requested_schema)


_LARGE_BYTES = 16 << 20


def _fill(places: list[numpy.ndarray], columns: list[list[numpy.ndarray]], threads: int) -> None:
    """Copy each column to its place; several at a time if they are large, as NumPy lets go of the lock."""
    import numpy

    pairs = []
    for place, column in zip(places, columns, strict=True):
        start = 0
        for part in column:
            pairs.append((place[start : start + len(part)], part))
            start += len(part)
    threads = min(threads, len(places))
    if threads < 2 or sum(place.nbytes for place in places) < _LARGE_BYTES:
        for place, part in pairs:
            place[...] = part
        return
    from concurrent.futures import ThreadPoolExecutor

    def copy(pair: tuple[numpy.ndarray, numpy.ndarray]) -> None:
        numpy.copyto(pair[0], pair[1], casting="unsafe")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(copy, pairs))


def _numpy_parts(column: pyarrow.ChunkedArray) -> list[numpy.ndarray]:
    """Give a column as NumPy arrays of one dtype, in order, and at least one; copied only where needed."""
    import pyarrow

    if column.num_chunks == 1:
        return [column.chunk(0).to_numpy(zero_copy_only=False)]
    if column.num_chunks == 0 or column.null_count or not pyarrow.types.is_primitive(column.type):
        return [column.to_numpy(zero_copy_only=False)]
    return [chunk.to_numpy(zero_copy_only=False) for chunk in column.chunks]
