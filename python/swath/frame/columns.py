"""Choosing and computing columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast, overload

from swath.expr import Expr, col
from swath.foreign import instead
from swath.frame import arguments
from swath.frame.arguments import IntoExpr
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.dtypes import DataType
    from swath.frame.frame import DataFrame

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Columns(Frame):
    """Methods about columns."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1], "b": ["x"]}).columns
        ['a', 'b']
        """
        return self._frame.columns()

    @property
    def width(self) -> int:
        """The number of columns.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).width
        2
        """
        return len(self.columns)

    @property
    def schema(self) -> dict[str, DataType]:
        """Names and types of the columns, in order.

        Examples
        --------
        >>> import swath as sw
        >>> list(sw.from_dict({"a": [1], "b": ["x"]}).schema)
        ['a', 'b']
        """
        return {name: arguments.shown_type(dtype) for name, dtype, _ in self._frame.fields()}

    def collect_schema(self) -> dict[str, DataType]:
        """Return the schema, under the name that Polars has for it.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).collect_schema()
        {'a': Int64}
        """
        return self.schema

    @property
    def dtypes(self) -> list[DataType]:
        """Types of the columns, in order.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).dtypes
        [Int64, String]
        """
        return list(self.schema.values())

    def select(self, *columns: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> DataFrame:
        """Return exactly these columns and expressions, in this order.

        If all of them are aggregates there is one row; an aggregate beside others is repeated on every row.

        Parameters
        ----------
        *columns
            Names or expressions.
        **named
            Expressions under the names that they get.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, 2], "b": ["x", "y"]})
        >>> df.select("b", big=sw.col("a") > 1).to_dict()
        {'b': ['x', 'y'], 'big': [False, True]}
        """
        return self._of(self._frame.select(arguments.exprs(columns, named)))

    def with_columns(self, *columns: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> DataFrame:
        """Return the table with further columns; one whose name is there already takes its place.

        Parameters
        ----------
        *columns
            Expressions.
        **named
            Expressions under the names that they get.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).with_columns(big=sw.col("a") > 1).to_dict()
        {'a': [1, 2], 'big': [False, True]}
        """
        return self._of(self._frame.with_columns(arguments.exprs(columns, named)))

    def with_column(self, name: str, column: IntoExpr) -> DataFrame:
        """Return the table with the further column ``name``, under the name that PySpark has for it.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).with_column("big", sw.col("a") > 1).to_dict()
        {'a': [1, 2], 'big': [False, True]}
        """
        return self.with_columns(**{name: column})

    def drop(self, *columns: str | Expr | Iterable[str | Expr], strict: bool = True) -> DataFrame:
        """Return the table without these columns.

        Parameters
        ----------
        *columns
            Names.
        strict
            Whether a name that is no column is an error.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1], "b": [2]}).drop("b").columns
        ['a']
        """
        names = arguments.names("drop", columns, self._frame)
        if not strict:
            known = set(self.columns)
            names = [name for name in names if name in known]
        return self._of(self._frame.drop(names) if names else self._frame)

    def rename(self, names: Mapping[str, str] | Callable[[str], str]) -> DataFrame:
        """Return the table with other names for some columns.

        Parameters
        ----------
        names
            Old names and new ones, two columns may swap theirs; or a function of names, for all columns.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1], "b": [2]}).rename({"a": "x"}).columns
        ['x', 'b']
        >>> sw.from_dict({"a": [1], "b": [2]}).rename(str.upper).columns
        ['A', 'B']
        """
        if callable(names):
            names = {name: names(name) for name in self.columns}
        return self._of(self._frame.rename(list(names.items())))

    def cast(self, types: Mapping[Any, Any] | Any, *, strict: bool = True) -> DataFrame:
        """Return the table with columns converted to other types.

        Parameters
        ----------
        types
            A type for each of some columns (names or selectors), or one for all of them.
        strict
            Whether a value that does not fit is an error when the query runs; else it becomes null.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).cast({"a": float}).to_list()
        [1.0, 2.0]
        """
        if not isinstance(types, Mapping):
            types = dict.fromkeys(self.columns, types)
        pairs = [
            (name, arguments.arrow_type(dtype))
            for columns, dtype in types.items()
            for name in arguments.names("cast", [columns], self._frame)
        ]
        return self._of(self._frame.cast(pairs, strict))

    @overload
    def __getitem__(self, key: str) -> Expr: ...
    @overload
    def __getitem__(self, key: list[str] | Expr | slice) -> DataFrame: ...
    def __getitem__(self, key: Any) -> Expr | DataFrame:
        """Return a column for expressions (``df["a"]``), some columns (``df[["a", "b"]]``), or some rows.

        Rows are those for which a condition holds (``df[df["a"] > 1]``), or a slice (``df[10:20]``).

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, 2, 3], "b": ["x", "y", "z"]})
        >>> df[df["a"] > 1][["b"]].to_dict()
        {'b': ['y', 'z']}
        >>> df[1:2].to_dict()
        {'a': [2], 'b': ['y']}
        """
        if isinstance(key, str):
            # An unknown name fails here, where it was written.
            self._frame.select([col(key)._expr])
            return col(key)
        if isinstance(key, Expr):
            return self._of(self._frame.filter(key._expr))
        if isinstance(key, slice):
            return self._sliced(key)
        if isinstance(key, (list, tuple)) and all(isinstance(one, (str, Expr)) for one in key):
            return self.select(*key)
        kind = type(key[0] if isinstance(key, tuple) and key else key).__name__
        raise TypeError(
            f"expected a column's name, a list of names, a condition or a slice in [], got {kind}; one row "
            "is df.collect().row(0), rows and columns at once are df[10:20][['a']]"
        )

    def __setitem__(self, key: object, value: object) -> None:
        """Refuse: frames do not change."""
        raise TypeError("a DataFrame does not change: df = df.with_columns(name=expression)")

    def _sliced(self, key: slice) -> DataFrame:
        start, stop = key.start or 0, key.stop
        if key.step not in (None, 1) or (stop is not None and (stop < 0) != (start < 0)):
            raise ValueError(
                f"df[{key.start}:{key.stop}:{key.step}]: rows are sliced by steps of 1 from one end"
            )
        length = None if stop is None else max(stop - start, 0)
        return self._of(self._frame.slice(start, length))

    def __getattr__(self, name: str) -> Expr:
        """Return a column for expressions: ``df.a``, if no method has the name."""
        if name.startswith("_"):
            raise AttributeError(name)
        columns = self._frame.columns()
        if name in columns:
            return col(name)
        raise AttributeError(
            f"a DataFrame has no method or column '{name}'; "
            + (instead("DataFrame", name, dir(self)) or f"the columns are: {', '.join(columns)}")
        )

    def pipe(
        self,
        function: Callable[Concatenate[DataFrame, Parameters], Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Return what a function of frames makes of this one: steps read in their order.

        Parameters
        ----------
        function
            Takes the frame, then the other arguments.
        *args, **kwargs
            The other arguments.

        Examples
        --------
        >>> import swath as sw
        >>> def largest(df, n):
        ...     return df.sort("a", descending=True).head(n)
        >>> sw.from_dict({"a": [1, 3, 2]}).pipe(largest, 2).to_list("a")
        [3, 2]
        """
        return function(cast("DataFrame", self), *args, **kwargs)

    def lazy(self) -> DataFrame:
        """Return the frame itself, which is lazy, for programs written for Polars.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1]}).lazy().count()
        1
        """
        return cast("DataFrame", self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self.columns if name.isidentifier())]

    def _ipython_key_completions_(self) -> list[str]:
        return self.columns

    def __contains__(self, name: object) -> bool:
        return name in self.columns
