"""
Functions written in Python, for columns, groups and batches.

=================  ==================================================================================
:func:`udf`        a function over columns, for expressions and SQL
:func:`udaf`       a function over all values of a group
``map_batches``    a method of frames: a function over batches of rows
``map_groups``     a method of grouped frames: a function over whole groups of rows
=================  ==================================================================================

Data reaches a function as Arrow arrays, or as NumPy, Polars or pandas ones, without copies where these
libraries allow it. On a cluster the function travels by cloudpickle and runs in the workers, each of which is
a process with an interpreter of its own; embedded it runs in this process, on threads that hold up neither
the engine nor other Python threads longer than the function holds the interpreter. What it raises comes back
as :class:`swath.errors.FunctionError`, with the traceback of where it ran.
"""

from swath.functions.aggregates import AggregateFunction, udaf
from swath.functions.columns import ColumnFunction, udf

__all__ = ["AggregateFunction", "ColumnFunction", "udaf", "udf"]
