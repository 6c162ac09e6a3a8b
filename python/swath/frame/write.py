"""Frames to files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from swath import _internal
from swath.errors import InvalidArgumentError
from swath.frame import arguments
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.expr import Expr

Mode = Literal["error", "overwrite", "append"]
Path = str | os.PathLike[str]


class WriteSummary(NamedTuple):
    """What a write wrote."""

    rows: int
    bytes: int
    files: int


class Write(Frame):
    """Methods that run a frame and write its rows to files.

    All or nothing: the files appear when all of them are complete. A write that fails or is killed leaves
    nothing that a reader would take for a result, and an overwrite replaces the old data only then.
    """

    def write_parquet(
        self,
        path: Path,
        *,
        mode: Mode = "error",
        partition_by: str | Expr | Sequence[str | Expr] | None = None,
        compression: str | None = None,
        row_group_rows: int | None = None,
        single_file: bool | None = None,
        keep_partition_columns: bool = False,
    ) -> WriteSummary:
        """Run the frame and write it as Parquet.

        Parameters
        ----------
        path
            One file if it ends in ``.parquet``, else a folder with a file for each of the plan's partitions,
            which are written in parallel. Or an address, such as ``s3://bucket/folder/``.
        mode
            What to do if the target has data: ``error``, ``overwrite``, ``append``.
        partition_by
            Columns whose values become ``key=value`` folders.
        compression
            ``zstd``, ``zstd(5)``, ``snappy``, ``gzip``, ``lz4``, ``brotli``, ``uncompressed``.
        row_group_rows
            Rows of a row group; 1,048,576 by default.
        single_file
            One file, or a folder; by default the path tells.
        keep_partition_columns
            Whether the partition columns stay in the files, too.

        Returns
        -------
        WriteSummary
            Rows, bytes and files written.

        Examples
        --------
        >>> import swath as sw, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     summary = sw.from_dict({"a": [1, 2]}).write_parquet(folder + "/t.parquet")
        ...     sw.read_parquet(folder + "/t.parquet").count()
        2
        >>> summary.rows, summary.files
        (2, 1)
        """
        options: dict[str, Any] = {"compression": compression, "row_group_rows": row_group_rows}
        return self._write(
            "parquet", path, mode, partition_by, keep_partition_columns, single_file, **options
        )

    def write_csv(
        self,
        path: Path,
        *,
        mode: Mode = "error",
        partition_by: str | Expr | Sequence[str | Expr] | None = None,
        compression: str | None = None,
        header: bool = True,
        delimiter: str | None = None,
        null_value: str | None = None,
        single_file: bool | None = None,
        keep_partition_columns: bool = False,
    ) -> WriteSummary:
        """Run the frame and write delimited text.

        Parameters
        ----------
        path, mode, partition_by, single_file, keep_partition_columns
            As those of `write_parquet`; one file if the path ends in ``.csv`` or, say, ``.csv.gz``.
        compression
            ``none``, ``gzip``, ``bzip2``, ``xz``, ``zstd``; by default what the path's suffix tells.
        header
            Whether a file begins with the names.
        delimiter
            Between values; a comma by default.
        null_value
            What stands for null; nothing by default.

        Returns
        -------
        WriteSummary
            Rows, bytes and files written.
        """
        shown = ((name, arguments.shown_type(dtype)) for name, dtype, _ in self._frame.fields())
        for name, dtype in shown:
            if dtype.is_nested():
                raise InvalidArgumentError(
                    f"write_csv: column '{name}' is {dtype}, of which CSV has no form: write_parquet or "
                    f"write_json, or text, such as sw.col('{name}').list.join(',')"
                )
        options: dict[str, Any] = {
            "compression": compression,
            "header": header,
            "delimiter": delimiter,
            "null_value": null_value,
        }
        return self._write("csv", path, mode, partition_by, keep_partition_columns, single_file, **options)

    def write_json(
        self,
        path: Path,
        *,
        mode: Mode = "error",
        partition_by: str | Expr | Sequence[str | Expr] | None = None,
        compression: str | None = None,
        single_file: bool | None = None,
        keep_partition_columns: bool = False,
    ) -> WriteSummary:
        """Run the frame and write one JSON object a line; the parameters are those of `write_csv`.

        JSON has neither NaN nor infinities: they are written as null, as Polars and pandas do.

        Parameters
        ----------
        path
            A file, a folder or an address.
        mode
            As for `write_parquet`.
        partition_by
            As for `write_parquet`.
        compression
            ``gzip``, ``bzip2``, ``xz`` or ``zstd``; by default the name of the file tells.
        single_file
            As for `write_parquet`.
        keep_partition_columns
            As for `write_parquet`.
        """
        options: dict[str, Any] = {"compression": compression}
        return self._write("json", path, mode, partition_by, keep_partition_columns, single_file, **options)

    def write_arrow(
        self,
        path: Path,
        *,
        mode: Mode = "error",
        partition_by: str | Expr | Sequence[str | Expr] | None = None,
        compression: Literal["none", "lz4", "zstd"] | None = None,
        single_file: bool | None = None,
        keep_partition_columns: bool = False,
    ) -> WriteSummary:
        """Run the frame and write Arrow IPC files; the parameters are those of `write_parquet`.

        Parameters
        ----------
        path
            A file, a folder or an address.
        mode
            As for `write_parquet`.
        partition_by
            As for `write_parquet`.
        compression
            ``lz4`` or ``zstd``; none by default.
        single_file
            As for `write_parquet`.
        keep_partition_columns
            As for `write_parquet`.
        """
        options: dict[str, Any] = {"compression": compression}
        return self._write("arrow", path, mode, partition_by, keep_partition_columns, single_file, **options)

    def _write(
        self,
        format: str,
        path: Path,
        mode: str,
        partition_by: Any,
        keep_partition_columns: bool,
        single_file: bool | None,
        *,
        compression: str | None = None,
        row_group_rows: int | None = None,
        header: bool | None = None,
        delimiter: str | None = None,
        null_value: str | None = None,
    ) -> WriteSummary:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(
                f"write_{format}: expected a path or an address, got {type(path).__name__}: for an open file "
                "take df.to_arrow(), df.to_pandas() or df.to_polars() and their writers"
            )
        by = [] if partition_by is None else [partition_by]
        columns = arguments.names(f"write_{format}", by, self._frame)
        written = _internal.write(
            self._frame,
            format,
            os.fspath(path),
            mode,
            columns,
            keep_partition_columns,
            single_file,
            compression,
            row_group_rows,
            header,
            delimiter,
            null_value,
        )
        return WriteSummary(*written)
