"""Functions of yours as methods, and hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from swath.expr.base import ExprPart

if TYPE_CHECKING:
    from swath.dtypes import IntoDataType
    from swath.expr.expression import Expr


class Mapped(ExprPart):
    """Functions of Python over the values of one expression."""

    __slots__ = ()

    def map_batches(
        self, function: Callable[[Any], Any], return_dtype: IntoDataType, *, input: Any = "arrow"
    ) -> Expr:
        """Apply a function to the values, as many at a time as come: what :func:`sw.udf` makes, as a method.

        Parameters
        ----------
        function
            What it is given is an array of pyarrow, or as ``input`` says; it returns as many values.
        return_dtype
            The type of what it returns.
        input
            ``"arrow"``, ``"numpy"``, ``"polars"``, ``"pandas"``, or ``"python"`` for single values.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1.0, 4.0]})
        >>> df.select(sw.col("x").map_batches(lambda x: x / 2, float, input="numpy")).to_dict()
        {'x': [0.5, 2.0]}
        """
        from swath.functions import udf

        made: Expr = udf(function, return_dtype=return_dtype, input=input)(self._new(self._expr))
        return made.name.keep()

    def map_elements(self, function: Callable[[Any], Any], return_dtype: IntoDataType) -> Expr:
        """Apply a function to each value that is not null. Slow: the interpreter runs for every row.

        Parameters
        ----------
        function
            It is given one value.
        return_dtype
            The type of what it returns.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", None]})
        >>> df.select(sw.col("x").map_elements(lambda text: text * 2, str)).to_dict()
        {'x': ['aa', None]}
        """

        def each(value: Any) -> Any:
            return None if value is None else function(value)

        each.__name__ = getattr(function, "__name__", "function")
        return self.map_batches(each, return_dtype, input="python")

    def hash(self) -> Expr:
        """Hash the value to 64 bits; null is a value.

        The same in every process, but not for storing: a new version may hash otherwise.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "a"]})
        >>> df.select(sw.col("x").hash().n_unique()).to_dict()
        {'x': [2]}
        """
        return self._new(self._expr.hash()).name.keep()
