"""Sessions: where tables are registered and queries run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swath import _internal, data, variables
from swath._keywords import explain_keywords
from swath._session import entered
from swath.errors import ClusterError, EngineError, InvalidArgumentError, TableNotFoundError
from swath.expr import to_expr
from swath.files import Files
from swath.frame.base import Frame
from swath.frame.table import Table

if TYPE_CHECKING:
    from typing_extensions import Self

    from swath.cluster import Worker
    from swath.frame.frame import DataFrame

#: Seconds that a scheduler may take to tell of its workers.
_SCHEDULER_PATIENCE = 10.0

_UNITS = {
    "": 0,
    "b": 0,
    "k": 1,
    "kb": 1,
    "kib": 1,
    "m": 2,
    "mb": 2,
    "mib": 2,
    "g": 3,
    "gb": 3,
    "gib": 3,
    "t": 4,
    "tb": 4,
    "tib": 4,
}


class Session(Files):
    """A place to run queries: registered tables, options, threads, memory.

    With an address queries run on the workers of a cluster, and ``threads``, ``memory_limit`` and the rest
    are those of what is done here: planning, the last merge of a result, and arrays. Arrays always run in
    this process, whatever session they are made in: ``df.to_array()`` leaves the rows with the workers and
    reads them block by block, ``Array.to_dataframe()`` sends the elements along with queries.

    As a context manager it is the session that functions of the module (``sw.sql``, ``sw.read_parquet``, …)
    use in the block, and it is closed at the end.

    Parameters
    ----------
    address
        The scheduler of a cluster, ``swath://host:7050``. Without it, work is done in this process.
    threads
        Worker threads; as many as the machine has processors, by default.
    memory_limit
        Bytes that operators may hold together before they spill: a number, or text such as ``"4GB"``.
    spill_folder
        The folder that operators spill to.
    spill_limit
        Bytes that may be spilled at one time.
    batch_size
        Rows that operators aim at in one batch.
    settings
        Any setting by name (``swath.…`` or ``datafusion.…``).
    storage_options
        Options of object stores, such as ``aws_access_key_id`` or ``aws_endpoint``; they win over the
        environment.

    Examples
    --------
    >>> import swath as sw
    >>> with sw.Session(threads=2, memory_limit="1GB") as session:
    ...     session.sql("SELECT 1 + 1 AS two").item()
    2
    """

    def __init__(
        self,
        *,
        address: str | None = None,
        threads: int | None = None,
        memory_limit: int | str | None = None,
        spill_folder: str | os.PathLike[str] | None = None,
        spill_limit: int | str | None = None,
        batch_size: int | None = None,
        settings: Mapping[str, Any] | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> None:
        self._tokens: list[Any] = []
        for name, number in (("threads", threads), ("batch_size", batch_size)):
            if number is not None and number < 1:
                raise InvalidArgumentError(f"{name}: expected a number of at least 1, got {number}")
        try:
            self._open: _internal.Session | None = _internal.Session(
                address=address,
                threads=threads,
                memory_limit=_bytes("memory_limit", memory_limit),
                spill_folder=None if spill_folder is None else os.fspath(spill_folder),
                spill_limit=_bytes("spill_limit", spill_limit),
                batch_size=batch_size,
                settings={key: _setting(value) for key, value in (settings or {}).items()},
                store_options=dict(storage_options or {}),
            )
        except EngineError as error:
            if not settings or "Configuration" not in str(error):
                raise
            raise InvalidArgumentError(
                f"settings: {str(error).rpartition('Configuration: ')[2]}; the settings are listed in "
                "docs/configuration.md, and by SHOW ALL"
            ) from None

    @classmethod
    def _of(cls, native: _internal.Session) -> Session:
        made = cls.__new__(cls)
        made._open, made._tokens = native, []
        return made

    @property
    def _native(self) -> _internal.Session:
        if self._open is None:
            raise InvalidArgumentError("the session is closed; make another one")
        return self._open

    @property
    def threads(self) -> int:
        """Worker threads.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session(threads=2).threads
        2
        """
        return self._native.threads

    @property
    def memory_limit(self) -> int:
        """Bytes that operators may hold together.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session(memory_limit="1GB").memory_limit
        1073741824
        """
        return self._native.memory_limit

    @property
    def address(self) -> str | None:
        """The address of the cluster, ``swath://host:port``; none if work is done in this process.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().address is None
        True
        """
        address = self._native.address
        return None if address is None else f"swath://{address}"

    @property
    def is_embedded(self) -> bool:
        """Whether work is done in this process, instead of on a cluster.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().is_embedded
        True
        """
        return self._native.is_embedded

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().is_closed
        False
        """
        return self._open is None

    def close(self) -> None:
        """End the session; its threads end when the last frame that was made in it is gone.

        Examples
        --------
        >>> import swath as sw
        >>> session = sw.Session(threads=1)
        >>> session.close()
        >>> session.is_closed
        True
        """
        self._open = None

    def __enter__(self) -> Self:
        self._tokens.append(entered.set((*entered.get(), self)))
        return self

    def __exit__(self, *_: object) -> None:
        entered.reset(self._tokens.pop())
        if not self._tokens:
            self.close()

    def __repr__(self) -> str:
        if self._open is None:
            return "Session (closed)"
        address = self.address
        where = "embedded"
        if address is not None:
            from swath._scheduler import summary, workers

            where = f"on {address} ({summary(workers(address))})"
        tables = self.tables()
        return (
            f"Session {where}: {self.threads} threads, memory limit {self.memory_limit / 2**30:.1f} GiB, "
            f"{len(tables)} table{'' if len(tables) == 1 else 's'}"
        )

    def _repr_html_(self) -> str:
        from swath.notebook.html import session_html

        return session_html(self)

    def workers(self) -> list[Worker]:
        """Return the workers of the cluster, with their memory and what they hold; none if embedded.

        Raises
        ------
        swath.errors.ClusterError
            If the scheduler does not answer.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().workers()
        []
        >>> with sw.LocalCluster(workers=2) as cluster:
        ...     len(cluster.connect().workers())
        2
        """
        from swath._scheduler import workers

        address = self.address
        listed = [] if address is None else workers(address, patience=_SCHEDULER_PATIENCE)
        if listed is None:
            raise ClusterError(f"workers: the scheduler {address} does not answer")
        return listed

    def sql(self, text: str, *, params: Sequence[Any] | Mapping[str, Any] | None = None) -> DataFrame:
        """Return the frame of a SQL statement.

        Queries run when the frame does; what changes something (``CREATE VIEW``, ``SET``, ``INSERT`` …) takes
        effect at once. Beside the registered tables it sees variables of the caller that are tables: frames,
        and tables of pandas, polars, pyarrow and duckdb. A registered table wins over a variable.

        Parameters
        ----------
        text
            One statement.
        params
            Values for its placeholders: a list for ``$1``, ``$2`` … or ``?``, a dict for ``$name``. They are
            never read as SQL.

        Examples
        --------
        >>> import swath as sw
        >>> orders = sw.from_dict({"item": ["pen", "ink"], "price": [2, 5]})
        >>> sw.sql("SELECT item FROM orders WHERE price > $least", params={"least": 3}).to_list()
        ['ink']
        """
        return self._sql(text, params, variables.Scopes())

    def _sql(self, text: str, params: Any, scopes: Iterable[dict[str, Any]]) -> DataFrame:
        if not isinstance(text, str):
            raise TypeError(f"sql: expected a text, got {type(text).__name__}")
        native = self._native
        listed = named = None
        if isinstance(params, Mapping):
            named = [(name, to_expr(value, str_as_col=False)._expr) for name, value in params.items()]
        elif params is not None:
            listed = [to_expr(value, str_as_col=False)._expr for value in params]
        frames = variables.frames_for(self, native.unknown_tables(text), scopes)
        try:
            return Frame._of(native.sql(text, listed, named, frames))
        except TableNotFoundError as error:
            raise variables.not_found(error, scopes) from None

    def from_data(self, data: Any, *, schema: Any = None) -> Table:
        """Return a table of rows in whatever form: see ``sw.DataFrame``.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().from_data({"a": [1]}).rows()
        [(1,)]
        """
        return self._in_memory(data, schema)

    def from_arrow(self, data: Any) -> Table:
        """Return a table of what an object hands out through the Arrow PyCapsule interface, without a copy.

        Parameters
        ----------
        data
            A table, batch or stream of pyarrow, polars, pandas, duckdb, …. A stream is read to its end.

        Examples
        --------
        >>> import pyarrow as pa, swath as sw
        >>> sw.from_arrow(pa.table({"a": [1, 2]})).to_dict()
        {'a': [1, 2]}
        """
        return Table._of_batches(self._native, _of_arrow(data))

    def from_pandas(self, data: Any, *, include_index: bool = False) -> Table:
        """Return a table of a ``pandas.DataFrame``; numbers without missing ones are not copied.

        NaN of pandas means that a value is missing, and becomes null. What is NaN in NumPy arrays stays NaN.

        Parameters
        ----------
        data
            The table.
        include_index
            Whether its index becomes columns.

        Examples
        --------
        >>> import pandas as pd, swath as sw
        >>> sw.from_pandas(pd.DataFrame({"a": [1.5, float("nan")]})).to_dict()
        {'a': [1.5, None]}
        """
        if not hasattr(data, "iloc"):
            raise TypeError(f"from_pandas: expected a pandas.DataFrame, got {type(data).__name__}")
        frame = data if hasattr(data, "columns") else data.to_frame()
        return Table._of_batches(self._native, _of_pandas(frame, include_index))

    def from_polars(self, data: Any) -> Table:
        """Return a table of a ``polars.DataFrame`` or ``polars.LazyFrame``, without a copy.

        Examples
        --------
        >>> import polars as pl, swath as sw
        >>> sw.from_polars(pl.DataFrame({"a": [1, 2]})).to_dict()
        {'a': [1, 2]}
        """
        return self._in_memory(data, None)

    def from_dict(self, data: Mapping[str, Any], *, schema: Mapping[str, Any] | None = None) -> Table:
        """Return a table of columns.

        Parameters
        ----------
        data
            Names and values: lists, NumPy arrays (not copied), columns of other libraries. A single value is
            repeated.
        schema
            Types of some columns; those of the others are found by looking at all values. A value that does
            not fit is an error, a fraction in an integer too.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, None], "b": "x"}).rows()
        [(1, 'x'), (None, 'x')]
        """
        if not isinstance(data, Mapping):
            raise TypeError(f"from_dict: expected a dict of columns, got {type(data).__name__}")
        return self._in_memory(data, schema)

    def from_records(self, data: Iterable[Any], *, schema: Any = None) -> Table:
        """Return a table of rows.

        Parameters
        ----------
        data
            Dicts (what a row lacks is null), or tuples.
        schema
            Types by name; for tuples their names, with or without types. A value that does not fit is an
            error.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_records([{"a": 1}, {"a": 2, "b": "x"}]).to_dict()
        {'a': [1, 2], 'b': [None, 'x']}
        >>> sw.from_records([(1, "x")], schema=["a", "b"]).to_dict()
        {'a': [1], 'b': ['x']}
        """
        return self._in_memory(list(data), schema)

    def _in_memory(self, rows: Any, schema: Any) -> Table:
        return Table._of_batches(self._native, data.batches(rows, schema))

    def table(self, name: str) -> DataFrame:
        """Return a registered table: by its exact name, or as ``schema.name``.

        Examples
        --------
        >>> import swath as sw
        >>> session = sw.Session(threads=1)
        >>> session.register("t", session.from_dict({"a": [1]}))
        >>> session.table("t").columns
        ['a']
        """
        return Frame._of(self._native.table(name))

    def tables(self) -> list[str]:
        """Return the names of all registered tables and views, sorted.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().tables()
        []
        """
        return self._native.tables()

    def register(self, name: str, table: Any) -> None:
        """Make a frame, or rows of another library, known as a table, in place of any that has the name.

        A frame stays lazy: a query that names the table runs the frame as part of it.

        Parameters
        ----------
        name
            The exact name. SQL reads names without quotes in small letters.
        table
            A frame, or rows in any form that ``sw.DataFrame`` takes.

        Examples
        --------
        >>> import swath as sw
        >>> session = sw.Session(threads=1)
        >>> session.register("t", session.from_dict({"a": [1]}))
        >>> session.tables()
        ['t']
        """
        frame = table if isinstance(table, Frame) else self._in_memory(table, None)
        if isinstance(frame, Table) and not self._native.shares(frame._frame):
            frame = Table._of_batches(self._native, frame._batches)
        self._native.register(name, frame._frame)

    def deregister(self, name: str) -> bool:
        """Forget a table; return whether there was one.

        Examples
        --------
        >>> import swath as sw
        >>> session = sw.Session(threads=1)
        >>> session.register("t", session.from_dict({"a": [1]}))
        >>> session.deregister("t")
        True
        >>> session.tables()
        []
        """
        return self._native.deregister(name)

    def persisted_bytes(self) -> tuple[int, int]:
        """Return the bytes that persisted frames take in this process: in memory, on disk.

        Examples
        --------
        >>> import swath as sw
        >>> sw.Session().persisted_bytes()
        (0, 0)
        """
        return self._native.persisted_bytes()


explain_keywords("Session", Session)


def _of_arrow(rows: Any) -> _internal.Batches:
    return data.of_arrow(rows)


def _of_pandas(frame: Any, include_index: bool) -> _internal.Batches:
    return data.of_pandas(frame, include_index=include_index)


def _bytes(option: str, size: int | str | None) -> int | None:
    if not isinstance(size, str):
        return size
    text = size.strip().lower()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    power = _UNITS.get(text[len(number) :].strip())
    try:
        if power is not None:
            return int(float(number) * 1024**power)
    except ValueError:
        pass
    raise ValueError(f"{option}: expected a size such as '512MB' or '4GB', got '{size}'")


def _setting(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
