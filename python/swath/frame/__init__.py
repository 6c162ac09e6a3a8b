"""Lazy tables.

| module | what |
|---|---|
| `frame` | the class that the others are parts of |
| `columns`, `rows` | choosing and computing |
| `combine` | joins, unions, differences, ``concat`` |
| `group` | groups and their aggregates |
| `reshape`, `nulls` | what their names say |
| `run`, `export`, `write` | results: here, in other libraries, in files |
| `table` | rows that are here, rows as they come |
| `spark` | methods under PySpark's names |
| `arguments` | what methods take for columns and names |
"""

from swath.frame.combine import concat
from swath.frame.frame import DataFrame
from swath.frame.group import DynamicGroupBy, GroupBy, RollingGroupBy
from swath.frame.table import BatchStream, Table
from swath.frame.write import WriteSummary

__all__ = [
    "BatchStream",
    "DataFrame",
    "DynamicGroupBy",
    "GroupBy",
    "RollingGroupBy",
    "Table",
    "WriteSummary",
    "concat",
]
