"""Reading files, and registering them as tables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath._keywords import KEYWORDS
from swath.frame import arguments
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.frame.frame import DataFrame

Path = str | os.PathLike[str]
Paths = Path | Sequence[Path]


class Files:
    """What a session reads."""

    if TYPE_CHECKING:

        @property
        def _native(self) -> _internal.Session:
            """The native session."""
            ...

    def read_parquet(
        self,
        source: Paths,
        *,
        schema: Any = None,
        hive_partitions: bool = True,
        partition_types: Mapping[str, Any] | None = None,
    ) -> DataFrame:
        """Return a table over Parquet files.

        Files may lack columns, which then read as null, and numbers of one kind may differ in width.

        Parameters
        ----------
        source
            A file, a folder, a glob (``data/**/*.parquet``), an address (``s3://``, ``gs://``, ``az://``,
            ``https://``), or a list of those. Below a folder, names that begin with ``_`` or ``.`` are passed
            over.
        schema
            The columns in the files, with their types; found by looking at the files, by default.
        hive_partitions
            Whether ``key=value`` folders become columns.
        partition_types
            Types of those; by default integers or dates if all values are, else text.

        Examples
        --------
        >>> import swath as sw, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_parquet(folder + "/part")
        ...     sw.read_parquet(folder + "/part").to_dict()
        {'a': [1, 2]}
        """
        shared = _shared(schema, hive_partitions, partition_types)
        return _frame(_internal.read_parquet(self._native, paths(source), shared, None))

    def read_arrow(
        self,
        source: Paths,
        *,
        schema: Any = None,
        hive_partitions: bool = True,
        partition_types: Mapping[str, Any] | None = None,
    ) -> DataFrame:
        """Return a table over Arrow IPC (Feather) files, whose schemas must agree.

        Parameters
        ----------
        source, schema, hive_partitions, partition_types
            As those of `read_parquet`.

        Examples
        --------
        >>> import swath as sw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_arrow(folder + "/t.arrow")
        ...     sw.read_arrow(folder + "/t.arrow").to_dict()
        {'a': [1, 2]}
        """
        shared = _shared(schema, hive_partitions, partition_types)
        return _frame(_internal.read_arrow(self._native, paths(source), shared, None))

    def read_json(
        self,
        source: Paths,
        *,
        schema: Any = None,
        hive_partitions: bool = True,
        partition_types: Mapping[str, Any] | None = None,
        compression: str | None = None,
        infer_rows: int | None = None,
    ) -> DataFrame:
        """Return a table over files with one JSON object a line.

        Parameters
        ----------
        source, schema, hive_partitions, partition_types
            As those of `read_parquet`.
        compression
            ``none``, ``gzip``, ``bzip2``, ``xz``, ``zstd``; by default what each file's suffix tells.
        infer_rows
            Rows of each file that are looked at to find the types; 10,000 by default.

        Examples
        --------
        >>> import swath as sw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_json(folder + "/t.json")
        ...     sw.read_json(folder + "/t.json").to_dict()
        {'a': [1, 2]}
        """
        shared = _shared(schema, hive_partitions, partition_types)
        return _frame(_internal.read_json(self._native, paths(source), shared, None, compression, infer_rows))

    def read_csv(
        self,
        source: Paths,
        *,
        schema: Any = None,
        header: bool = True,
        delimiter: str | None = None,
        quote: str | None = None,
        escape: str | None = None,
        comment: str | None = None,
        newlines_in_values: bool = False,
        null_values: str | Sequence[str] = (),
        compression: str | None = None,
        infer_rows: int | None = None,
        hive_partitions: bool = True,
        partition_types: Mapping[str, Any] | None = None,
    ) -> DataFrame:
        r"""Return a table over delimited text.

        Parameters
        ----------
        source, schema, hive_partitions, partition_types
            As those of `read_parquet`. Files read together must have the same columns in the same order.
        header
            Whether the first line holds the names; without, they are ``column_1``, ``column_2``, ….
        delimiter
            Between values; a comma, or a tab for ``.tsv`` and ``|`` for ``.tbl``, by default.
        quote, escape, comment
            One character each: around values, before a quote in a value, at the beginning of lines to pass
            over.
        newlines_in_values
            Whether quoted values may hold line ends; one large file is read by one thread then.
        null_values
            Texts that stand for null beside the empty one.
        compression, infer_rows
            As those of `read_json`.

        Examples
        --------
        >>> import swath as sw, tempfile, pathlib
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = pathlib.Path(folder, "t.csv").write_text("a;b\n1;x\n2;NA\n")
        ...     sw.read_csv(folder + "/t.csv", delimiter=";", null_values="NA").to_dict()
        {'a': [1, 2], 'b': ['x', None]}
        """
        shared = _shared(schema, hive_partitions, partition_types)
        options = _csv(
            header,
            delimiter,
            quote,
            escape,
            comment,
            newlines_in_values,
            null_values,
            compression,
            infer_rows,
        )
        return _frame(_internal.read_csv(self._native, paths(source), shared, None, *options))

    def register_parquet(self, name: str, source: Paths, **options: Any) -> None:
        """Register Parquet files as a table; a folder or glob is looked at again by each query.

        Parameters
        ----------
        name
            The exact name of the table.
        source, **options
            As those of `read_parquet`.

        Examples
        --------
        >>> import swath as sw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, sw.Session(threads=1) as session:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_parquet(folder + "/t.parquet")
        ...     _ = session.register_parquet("t", folder + "/t.parquet")
        ...     session.sql("SELECT sum(a) FROM t").item()
        3
        """
        shared = _shared_of(options)
        _no_more("register_parquet", options)
        _internal.read_parquet(self._native, paths(source), shared, name)

    def register_arrow(self, name: str, source: Paths, **options: Any) -> None:
        """Register Arrow IPC files as a table; the options are those of `read_arrow`.

        Examples
        --------
        >>> import swath as sw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, sw.Session(threads=1) as session:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_arrow(folder + "/t.arrow")
        ...     _ = session.register_arrow("t", folder + "/t.arrow")
        ...     session.sql("SELECT sum(a) FROM t").item()
        3
        """
        shared = _shared_of(options)
        _no_more("register_arrow", options)
        _internal.read_arrow(self._native, paths(source), shared, name)

    def register_json(
        self,
        name: str,
        source: Paths,
        *,
        compression: str | None = None,
        infer_rows: int | None = None,
        **options: Any,
    ) -> None:
        """Register files with one JSON object a line as a table; the options are those of `read_json`.

        Parameters
        ----------
        name
            The name of the table.
        source
            Files, as for `read_json`.
        compression
            As for `read_json`.
        infer_rows
            As for `read_json`.
        **options
            Further options, as for `read_json`.

        Examples
        --------
        >>> import swath as sw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, sw.Session(threads=1) as session:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_json(folder + "/t.json")
        ...     _ = session.register_json("t", folder + "/t.json")
        ...     session.sql("SELECT sum(a) FROM t").item()
        3
        """
        shared = _shared_of(options)
        _no_more("register_json", options)
        _internal.read_json(self._native, paths(source), shared, name, compression, infer_rows)

    def register_csv(
        self,
        name: str,
        source: Paths,
        *,
        header: bool = True,
        delimiter: str | None = None,
        quote: str | None = None,
        escape: str | None = None,
        comment: str | None = None,
        newlines_in_values: bool = False,
        null_values: str | Sequence[str] = (),
        compression: str | None = None,
        infer_rows: int | None = None,
        **options: Any,
    ) -> None:
        """Register delimited text as a table; the options are those of `read_csv`.

        Parameters
        ----------
        name
            The name of the table.
        source
            Files, as for `read_csv`.
        header
            As for `read_csv`.
        delimiter
            As for `read_csv`.
        quote
            As for `read_csv`.
        escape
            As for `read_csv`.
        comment
            As for `read_csv`.
        newlines_in_values
            As for `read_csv`.
        null_values
            As for `read_csv`.
        compression
            As for `read_csv`.
        infer_rows
            As for `read_csv`.
        **options
            Further options, as for `read_csv`.

        Examples
        --------
        >>> import swath as sw
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, sw.Session(threads=1) as session:
        ...     _ = sw.from_dict({"a": [1, 2]}).write_csv(folder + "/t.csv")
        ...     _ = session.register_csv("t", folder + "/t.csv")
        ...     session.sql("SELECT sum(a) FROM t").item()
        3
        """
        shared = _shared_of(options)
        _no_more("register_csv", options)
        csv = _csv(
            header,
            delimiter,
            quote,
            escape,
            comment,
            newlines_in_values,
            null_values,
            compression,
            infer_rows,
        )
        _internal.read_csv(self._native, paths(source), shared, name, *csv)


def paths(source: Paths) -> list[str]:
    """Return one path or several as texts."""
    if isinstance(source, (str, os.PathLike)):
        return [os.fspath(source)]
    if hasattr(source, "read"):
        raise TypeError(
            f"expected a path, a list of paths or an address, got {type(source).__name__}: an open file is "
            "read by another library, whose table comes in by sw.from_pandas, sw.from_polars or sw.from_arrow"
        )
    found = [os.fspath(path) for path in source]
    if not found:
        raise ValueError("expected at least one path, got an empty list")
    return found


def _frame(native: _internal.DataFrame | None) -> DataFrame:
    assert native is not None
    return Frame._of(native)


def _shared(
    schema: Any, hive: bool, types: Mapping[str, Any] | None
) -> tuple[Any, bool, list[tuple[str, Any]]]:
    if isinstance(schema, Mapping):
        schema = arguments.arrow_schema(schema)
    return schema, hive, [(name, arguments.arrow_type(dtype)) for name, dtype in (types or {}).items()]


def _shared_of(options: dict[str, Any]) -> tuple[Any, bool, list[tuple[str, Any]]]:
    return _shared(
        options.pop("schema", None),
        options.pop("hive_partitions", True),
        options.pop("partition_types", None),
    )


def _no_more(operation: str, options: Mapping[str, Any]) -> None:
    if options:
        name = next(iter(options))
        remedy = KEYWORDS["Session"][operation.replace("register_", "read_")].get(name)
        text = f"{operation}: there is no option '{name}'"
        raise TypeError(f"{text}; instead: {remedy}" if remedy else text)


def _csv(
    header: bool,
    delimiter: str | None,
    quote: str | None,
    escape: str | None,
    comment: str | None,
    newlines_in_values: bool,
    null_values: str | Sequence[str],
    compression: str | None,
    infer_rows: int | None,
) -> tuple[Any, ...]:
    nulls = [null_values] if isinstance(null_values, str) else list(null_values)
    return header, delimiter, quote, escape, comment, newlines_in_values, nulls, compression, infer_rows
