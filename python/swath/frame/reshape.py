"""Rows to columns, columns to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.expr import Expr
from swath.frame import arguments
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.frame.frame import DataFrame

Name = str | Expr


class Reshape(Frame):
    """Methods that turn rows and columns."""

    def explode(self, *columns: Name | Iterable[Name]) -> DataFrame:
        """Make one row for each element of lists; the other columns are repeated.

        A null or empty list gives one row with null. Several columns go in step: their lists must
        be of one length in each row, where null and empty count as one.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2], "b": [["x", "y"], []]}).explode("b").to_dict()
        {'a': [1, 1, 2], 'b': ['x', 'y', None]}
        """
        return self._of(self._frame.explode(arguments.names("explode", columns, self._frame)))

    def unnest(self, *columns: Name | Iterable[Name]) -> DataFrame:
        """Put the fields of structs in their column's place; a null struct gives null fields.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"p": [{"x": 1, "y": 2}]}).unnest("p").to_dict()
        {'x': [1], 'y': [2]}
        """
        return self._of(self._frame.unnest(arguments.names("unnest", columns, self._frame)))

    def unpivot(
        self,
        on: Name | Sequence[Name] | None = None,
        *,
        index: Name | Sequence[Name] | None = None,
        variable_name: str = "variable",
        value_name: str = "value",
    ) -> DataFrame:
        """Make rows of columns: one for each row and each of the columns ``on``.

        Parameters
        ----------
        on
            The columns, whose values need a common type; all that are not in ``index``, by default.
        index
            Columns that are repeated.
        variable_name, value_name
            The columns that get the name and the value.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["u"], "a": [1], "b": [2]})
        >>> df.unpivot(["a", "b"], index="k").sort("variable").to_dict()
        {'k': ['u', 'u'], 'variable': ['a', 'b'], 'value': [1, 2]}
        """
        taken = [] if on is None else arguments.names("unpivot", [on], self._frame)
        kept = [] if index is None else arguments.names("unpivot", [index], self._frame)
        return self._of(self._frame.unpivot(taken, kept, variable_name, value_name))

    def melt(
        self,
        id_vars: Name | Sequence[Name] | None = None,
        value_vars: Name | Sequence[Name] | None = None,
        *,
        var_name: str = "variable",
        value_name: str = "value",
    ) -> DataFrame:
        """Unpivot, under the name and with the words that pandas has for it.

        Parameters
        ----------
        id_vars
            Columns that stay.
        value_vars
            Columns whose values are put below each other.
        var_name
            The name of the column of their names.
        value_name
            The name of the column of their values.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).melt(id_vars="k").count()
        3
        """
        return self.unpivot(value_vars, index=id_vars, variable_name=var_name, value_name=value_name)

    def pivot(
        self,
        on: Name,
        *,
        on_columns: Sequence[Any] | None = None,
        index: Name | Sequence[Name] | None = None,
        values: Name | Sequence[Name] | None = None,
        aggregate_function: str | Callable[[Expr], Expr] = "first",
    ) -> DataFrame:
        """Make columns of a column's values.

        Parameters
        ----------
        on
            The column whose values become columns.
        on_columns
            Those values, in the order in which they come out; rows with others are left out. Without them a
            query for the values runs at once, and they come out ascending.
        index
            What a row of the result stands for; all columns that are neither ``on`` nor ``values``, by
            default.
        values
            What is aggregated; all columns that are neither ``on`` nor ``index``, by default. With several,
            the new columns are named as in ``amount_north``.
        aggregate_function
            ``sum``, ``mean``, ``median``, ``min``, ``max``, ``count``, ``first``, ``last``, ``n_unique``, or
            a function from the column to an aggregate.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"year": [1, 1, 2], "region": ["n", "s", "n"], "amount": [3, 5, 4]})
        >>> df.pivot("region", index="year", values="amount", aggregate_function="sum").sort("year").to_dict()
        {'year': [1, 2], 'n': [3, 4], 's': [5, None]}
        """
        function: Any = aggregate_function
        if callable(aggregate_function):
            wrapped = aggregate_function

            def aggregated(column: _internal.Expr) -> _internal.Expr:
                return wrapped(Expr(column))._expr

            function = aggregated
        return self._of(
            _internal.pivot(
                self._frame,
                arguments.name("pivot", on),
                None if index is None else arguments.names("pivot", [index], self._frame),
                None if values is None else arguments.names("pivot", [values], self._frame),
                None if on_columns is None else [arguments.value(value) for value in on_columns],
                function,
            )
        )

    def describe(self, quantiles: Sequence[float] | None = (0.25, 0.5, 0.75)) -> DataFrame:
        """Describe every column, one statistic a row.

        The rows are count, nulls, mean, deviation, smallest value, quantiles and largest value.
        Numbers and booleans are described in floats, everything else in text, with null for what does not
        apply.

        Parameters
        ----------
        quantiles
            Which (0 to 1). They are exact and hold the numeric columns in memory; ``None`` leaves them out.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1.0, 2.0, 3.0]}).describe(None)
        >>> df.to_dict()["statistic"]
        ['count', 'null_count', 'mean', 'std', 'min', 'max']
        """
        return self._of(self._frame.describe(list(quantiles or ())))
