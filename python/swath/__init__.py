"""Swath: one lazy engine for tables and n-d arrays."""

from swath._internal import __version__
from swath._module import (
    from_arrow,
    from_dict,
    from_pandas,
    from_polars,
    from_records,
    read_arrow,
    read_csv,
    read_json,
    read_parquet,
    register,
    sql,
    table,
    tables,
)
from swath._session import default_session
from swath.errors import SwathError
from swath.expr import Expr, col, lit
from swath.frame import BatchStream, DataFrame, GroupBy, Table, WriteSummary, concat
from swath.session import Session

__all__ = [
    "BatchStream",
    "DataFrame",
    "Expr",
    "GroupBy",
    "Session",
    "SwathError",
    "Table",
    "WriteSummary",
    "__version__",
    "col",
    "concat",
    "default_session",
    "from_arrow",
    "from_dict",
    "from_pandas",
    "from_polars",
    "from_records",
    "lit",
    "read_arrow",
    "read_csv",
    "read_json",
    "read_parquet",
    "register",
    "sql",
    "table",
    "tables",
]
