"""Names, types, sort keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from swath.dtypes import IntoDataType, to_dtype
from swath.expr.base import ExprPart, SortKey

if TYPE_CHECKING:
    from swath.expr.expression import Expr

P = ParamSpec("P")
R = TypeVar("R")


class Basics(ExprPart):
    """What every expression can be asked for, whatever its values."""

    __slots__ = ()

    def alias(self, name: str) -> Expr:
        """Name the result.

        Examples
        --------
        >>> sw.from_dict({"x": [1]}).select((sw.col("x") + 1).alias("y")).to_dict()
        {'y': [2]}
        """
        return self._new(self._expr.alias(name))

    def cast(self, dtype: IntoDataType, *, strict: bool = True) -> Expr:
        """Convert to a data type.

        Parameters
        ----------
        dtype
            Such as ``sw.Int64``, ``int``, ``"int64"`` or a type of pyarrow, NumPy or Polars.
        strict
            Whether a value that does not fit is an error when the query runs; else it becomes null.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["1", "x"]})
        >>> df.select(sw.col("s").cast(int, strict=False)).to_dict()
        {'s': [1, None]}
        >>> sw.from_dict({"x": [1.9]}).select(sw.col("x").cast("int64")).to_dict()
        {'x': [1]}
        """
        return self._new(self._expr.cast(to_dtype(dtype)._dtype, strict))

    def try_cast(self, dtype: IntoDataType) -> Expr:
        """Convert to a data type; a value that does not fit becomes null.

        Examples
        --------
        >>> sw.from_dict({"s": ["1", "x"]}).select(sw.col("s").try_cast(int)).to_dict()
        {'s': [1, None]}
        """
        return self.cast(dtype, strict=False)

    def asc(self, *, nulls_last: bool = False) -> SortKey:
        """Sort key, ascending; nulls first unless asked otherwise. NaN is larger than every number.

        Examples
        --------
        >>> sw.from_dict({"x": [2, None, 1]}).sort(sw.col("x").asc()).to_dict()
        {'x': [None, 1, 2]}
        """
        return SortKey(self._expr.sort_key(False, nulls_last))

    def desc(self, *, nulls_last: bool = True) -> SortKey:
        """Sort key, descending; nulls last unless asked otherwise. NaN comes first.

        Examples
        --------
        >>> sw.from_dict({"x": [2, None, 1]}).sort(sw.col("x").desc()).to_dict()
        {'x': [2, 1, None]}
        """
        return SortKey(self._expr.sort_key(True, nulls_last))

    def pipe(self, function: Callable[Concatenate[Expr, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``function`` makes of this expression: a chain with functions of your own.

        Examples
        --------
        >>> def double(x, times=1):
        ...     return x * 2**times
        >>> sw.from_dict({"x": [3]}).select(sw.col("x").pipe(double, times=2)).to_dict()
        {'x': [12]}
        """
        return function(self._new(self._expr), *args, **kwargs)
