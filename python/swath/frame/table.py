"""Rows that are here, and rows as they come.

``df.collect()`` gives a `Table`: a frame whose rows are in memory. It is a frame, so that work goes on with
it as with any other (``df.collect().filter(…)``), and beyond that it has what only rows that are here can
have without running anything: a length, a preview in its representation, slices of rows. It needs no other
library. A separate kind of result without the frame's methods would make people wrap it again for every next
step; a ``pyarrow.Table`` would make pyarrow a dependency.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from swath import _internal
from swath._keywords import explain_keywords
from swath._libraries import needed
from swath.frame.fitted import fitted
from swath.frame.frame import DataFrame

#: Rows that a text representation shows.
_SHOWN_ROWS = 10
#: Rows that are turned into Python's values in one go.
_ROWS_AT_ONCE = 8192


class Table(DataFrame):
    """A frame whose rows are in memory; made by ``df.collect()`` and ``sw.from_…``.

    Examples
    --------
    >>> import swath as sw
    >>> table = sw.from_dict({"a": [1, 2], "b": ["x", None]})
    >>> len(table), table.shape
    (2, (2, 2))
    >>> table
    +---+---+
    | a | b |
    +---+---+
    | 1 | x |
    | 2 |   |
    +---+---+
    2 rows
    """

    _batches: _internal.Batches

    @classmethod
    def _of_batches(cls, session: _internal.Session, batches: _internal.Batches) -> Table:
        made: Table = object.__new__(cls)
        made._frame = session.from_batches(batches)
        made._batches = batches
        return made

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def height(self) -> int:
        """The number of rows.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).height
        2
        """
        return len(self._batches)

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and columns.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).shape
        (2, 1)
        """
        return len(self._batches), len(self._batches.columns())

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take in memory.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).nbytes > 0
        True
        """
        return self._batches.nbytes()

    @property
    def num_batches(self) -> int:
        """The number of batches that the rows lie in.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).num_batches
        1
        """
        return self._batches.num_batches()

    @property
    def num_rows(self) -> int:
        """The number of rows, under the name that pyarrow has for it.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).num_rows
        2
        """
        return len(self._batches)

    def collect(self) -> Table:
        """Return the table itself: its rows are here.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).collect().rows()
        [(1,), (2,)]
        """
        return self

    def lazy(self) -> DataFrame:
        """Return a lazy frame over the same rows.

        Examples
        --------
        >>> import swath as sw
        >>> type(sw.from_dict({"a": [1]}).lazy()).__name__
        'DataFrame'
        """
        return self._of(self._frame)

    def count(self) -> int:
        """Return the number of rows.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).count()
        2
        """
        return len(self._batches)

    def is_empty(self) -> bool:
        """Return whether there is no row.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).is_empty()
        False
        """
        return len(self._batches) == 0

    def row(self, index: int) -> tuple[Any, ...]:
        """Return one row; a negative index counts from the end.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2], "b": ["x", "y"]}).row(-1)
        (2, 'y')
        """
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"row {index} is not there: the table has {len(self)} rows")
        return self._batches.tuples(position, 1)[0]

    def _rows(self) -> _internal.Batches:
        return self._batches

    def iter_rows(self, *, named: bool = False) -> Iterator[Any]:
        """Return the rows one by one: tuples, or dicts if ``named``.

        Examples
        --------
        >>> import swath as sw
        >>> list(sw.from_dict({"a": [1, 2]}).iter_rows())
        [(1,), (2,)]
        """
        yield from rows_of(self._batches, self.columns if named else None)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows as an Arrow stream, without a copy."""
        return self._batches.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        return self._batches.__arrow_c_schema__()

    def __repr__(self) -> str:
        rows, columns = self.shape
        if columns == 0:
            return f"Table of {rows} rows without columns"
        end = f"{rows} row{'' if rows == 1 else 's'}"
        if rows > _SHOWN_ROWS:
            end = f"first {_SHOWN_ROWS} of {rows} rows"
        return f"{fitted(self._batches.text(_SHOWN_ROWS))}\n{end}"

    def _repr_html_(self) -> str:
        from swath.notebook.html import table_html

        return table_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the rows; they come back in the default session of the process that reads them."""
        needed("a pickled table", "pyarrow")
        import pyarrow

        return _unpickled, (pyarrow.table(self._batches),)


explain_keywords("Table", Table)


def _unpickled(rows: Any) -> Table:
    from swath._session import default_session

    return default_session().from_arrow(rows)


def rows_of(batches: _internal.Batches, names: Sequence[str] | None) -> Iterator[Any]:
    """Yield the rows as tuples, or as dicts with these names."""
    for start in range(0, len(batches), _ROWS_AT_ONCE):
        rows = batches.tuples(start, _ROWS_AT_ONCE)
        yield from rows if names is None else (dict(zip(names, row, strict=True)) for row in rows)


class BatchStream:
    """Rows of a running query, batch by batch; made by ``df.stream()``.

    Batches are ``pyarrow.RecordBatch`` where pyarrow is installed, else `Table`. Closing or dropping the
    stream cancels the query. As an Arrow stream (``pyarrow.RecordBatchReader.from_stream(df.stream())``) it
    can be read once.

    Examples
    --------
    >>> import swath as sw
    >>> with sw.sql("SELECT * FROM range(10)").stream() as stream:
    ...     first = next(stream)
    >>> first.num_rows
    10
    """

    def __init__(self, reader: _internal.BatchReader, session: _internal.Session) -> None:
        self._reader = reader
        self._session = session

    def __iter__(self) -> BatchStream:
        return self

    def __next__(self) -> Any:
        batch = next(self._reader)
        try:
            import pyarrow
        except ImportError:
            return Table._of_batches(self._session, batch)
        return pyarrow.record_batch(batch)

    def close(self) -> None:
        """Cancel the query."""
        self._reader.close()

    def __enter__(self) -> BatchStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __arrow_c_schema__(self) -> object:
        return self._reader.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand over what has not been read yet as an Arrow stream."""
        return self._reader.__arrow_c_stream__(requested_schema)
