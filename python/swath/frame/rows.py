"""Choosing and ordering rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath.errors import ColumnNotFoundError
from swath.expr import Expr, to_expr
from swath.expr.functions import len as element_count
from swath.frame import arguments
from swath.frame.arguments import IntoExpr
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.frame.frame import DataFrame
    from swath.frame.group import GroupBy


class Rows(Frame):
    """Methods about rows."""

    if TYPE_CHECKING:

        def group_by(self, *by: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> GroupBy:
            """See `Group`."""
            ...

    def filter(self, *predicates: Expr | Iterable[Expr], **equal: Any) -> DataFrame:
        """Keep the rows for which all conditions hold; null counts as false.

        Parameters
        ----------
        *predicates
            Conditions, which may hold aggregates (over all rows) and window expressions; or names of columns
            of booleans. A list of booleans is none: rows have no order that it could be put beside.
        **equal
            Columns and the values that they have in the rows that stay.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, 2, 3], "b": ["x", "y", "x"]})
        >>> df.filter(sw.col("a") > 1, b="x").to_dict()
        {'a': [3], 'b': ['x']}
        """
        conditions = [to_expr(predicate, str_as_col=True) for predicate in arguments.conditions(predicates)]
        conditions += [to_expr(name, str_as_col=True) == value for name, value in equal.items()]
        if not conditions:
            raise ValueError("filter: expected at least one condition, got none")
        try:
            return self._of(self._frame.filter(reduce(and_, conditions)._expr))
        except ColumnNotFoundError as error:
            texts = [text for text in predicates if isinstance(text, str) and not text.isidentifier()]
            if not texts:
                raise
            raise ColumnNotFoundError(f"{error}; a condition in SQL is sw.sql_expr({texts[0]!r})") from None

    def where(self, *predicates: Expr | Iterable[Expr]) -> DataFrame:
        """Filter, under the name that PySpark and SQL have for it.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).where(sw.col("a") > 1).to_list()
        [2]
        """
        return self.filter(*predicates)

    def sort(
        self,
        *by: IntoExpr | Iterable[IntoExpr],
        descending: bool | Sequence[bool] = False,
        nulls_last: bool | Sequence[bool] | None = None,
    ) -> DataFrame:
        """Sort by these keys.

        NaN is larger than every number. Rows with equal keys come in any order.

        Parameters
        ----------
        *by
            Names, expressions, or keys such as ``sw.col("a").desc()``.
        descending
            Whether the largest comes first, for all keys or for each of them.
        nulls_last
            Whether nulls come after all values. By default nulls are smaller than every value.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [2, None, 1]})
        >>> df.sort("a").to_dict()
        {'a': [None, 1, 2]}
        >>> df.sort("a", descending=True).to_dict()
        {'a': [2, 1, None]}
        """
        return self._of(self._frame.sort(*arguments.sort_keys(by, descending, nulls_last)))

    def order_by(
        self, *by: IntoExpr | Iterable[IntoExpr], descending: bool | Sequence[bool] = False
    ) -> DataFrame:
        """Sort, under the name that PySpark and SQL have for it.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).order_by("a", descending=True).to_list()
        [2, 1]
        """
        return self.sort(*by, descending=descending)

    def limit(self, n: int = 10) -> DataFrame:
        """Keep the first ``n`` rows; without a sort before it, any.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, 3]}).limit(2).to_dict()
        {'a': [1, 2]}
        """
        return self._of(self._frame.limit(_count("limit", n)))

    def head(self, n: int = 5) -> DataFrame:
        """Keep the first ``n`` rows, as `limit` does.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).sort("a").head(1).rows()
        [(1,)]
        """
        return self._of(self._frame.limit(_count("head", n)))

    def first(self) -> DataFrame:
        """Keep the first row.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).sort("a").first().rows()
        [(1,)]
        """
        return self._of(self._frame.limit(1))

    def tail(self, n: int = 5) -> DataFrame:
        """Keep the last ``n`` rows, in their order; they are held in memory.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, 3]}).sort("a").tail(2).to_dict()
        {'a': [2, 3]}
        """
        return self._of(self._frame.tail(_count("tail", n)))

    def slice(self, offset: int, length: int | None = None) -> DataFrame:
        """Keep ``length`` rows from row ``offset`` on.

        Parameters
        ----------
        offset
            0 is the first row; a negative one counts from the end. Of what lies before the first row there is
            nothing: from -3 on, two rows of a table of two are its first.
        length
            How many; all that follow, by default.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, 3]}).sort("a").slice(1, 1).to_dict()
        {'a': [2]}
        """
        return self._of(self._frame.slice(offset, None if length is None else _count("slice", length)))

    def distinct(self, *by: IntoExpr | Iterable[IntoExpr]) -> DataFrame:
        """Keep each different row once, or one row for each different value of some keys.

        Nulls are equal to each other here. Of the rows with equal keys the first in the table's order stays;
        without a sort before it, any.

        Parameters
        ----------
        *by
            Names or expressions; the whole row, by default.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, 1, 2], "b": [3, 3, 4]})
        >>> df.distinct().sort("a").to_dict()
        {'a': [1, 2], 'b': [3, 4]}
        """
        keys = arguments.exprs(by)
        return self._of(self._frame.distinct(keys or None))

    def unique(
        self,
        subset: IntoExpr | Iterable[IntoExpr] | None = None,
        *,
        keep: Literal["any", "first", "last", "none"] = "any",
    ) -> DataFrame:
        """Keep different rows, under the name that Polars has for `distinct`.

        Parameters
        ----------
        subset
            Names or expressions; the whole row, by default.
        keep
            Which of the rows with equal keys stays: the first or last in the table's order, which is any
            without a sort before it, or none of those that are there several times.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, 1, 2]})
        >>> df.unique("a").sort("a").to_list(), df.unique("a", keep="none").to_list()
        ([1, 2], [2])
        """
        if keep not in ("any", "first", "last", "none"):
            raise ValueError(f"unique: keep must be any, first, last or none, got {keep!r}")
        keys: list[Any] = arguments.flat([self._frame.columns() if subset is None else subset])
        if keep == "last":
            columns = self._frame.columns()
            names = arguments.names("unique", keys)
            others = [name for name in columns if name not in names]
            if others:
                return self.group_by(names).last(*others).select(columns)
        if keep != "none":
            return self.distinct(keys)
        return self.filter(element_count().over(keys) == 1)

    def with_row_index(self, name: str = "index", offset: int = 0) -> DataFrame:
        """Add a first column that numbers the rows.

        They are numbered in the table's order; without a sort before it, in the order in which they arrive.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": ["x", "y"]}).with_row_index().to_dict()
        {'index': [0, 1], 'a': ['x', 'y']}
        """
        return self._of(self._frame.with_row_index(name, offset))

    def top_k(self, k: int, *, by: IntoExpr | Iterable[IntoExpr]) -> DataFrame:
        """Keep the rows with the ``k`` largest keys, largest first; memory for ``k`` rows.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 3, 2]}).top_k(2, by="a").to_dict()
        {'a': [3, 2]}
        """
        return self._of(self._frame.top_k(_count("top_k", k), arguments.exprs([by]), False))

    def bottom_k(self, k: int, *, by: IntoExpr | Iterable[IntoExpr]) -> DataFrame:
        """Keep the rows with the ``k`` smallest keys, smallest first, nulls last; memory for ``k`` rows.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).bottom_k(1, by="a").to_list()
        [1]
        """
        return self._of(self._frame.top_k(_count("bottom_k", k), arguments.exprs([by]), True))

    def sample(
        self,
        n: int | None = None,
        *,
        fraction: float | None = None,
        with_replacement: bool = False,
        seed: int | None = None,
    ) -> DataFrame:
        """Draw rows at random; they come in any order.

        Parameters
        ----------
        n
            Exactly this many rows, held in memory.
        fraction
            Each row with this probability, so about this part of them; the rows stream through.
        with_replacement
            Whether a row may be drawn several times.
        seed
            The same rows every time, as long as the table's rows are the same. Costs a pass that brings rows
            together by their hash.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": range(100)}).sample(10, seed=1).count()
        10
        """
        if n is None and fraction is None:
            n = 1
        return self._of(self._frame.sample(n, fraction, with_replacement, seed))

    def value_counts(self, *columns: IntoExpr | Iterable[IntoExpr]) -> DataFrame:
        """Count how often each combination occurs, in a column ``count``, most frequent first.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": ["x", "y", "x"]}).value_counts("a").to_dict()
        {'a': ['x', 'y'], 'count': [2, 1]}
        """
        return self._of(
            self._frame.value_counts(
                arguments.exprs(columns) or [_internal.col(name) for name in self._frame.columns()]
            )
        )


def _count(operation: str, rows: int) -> int:
    if rows < 0:
        raise ValueError(f"{operation}: expected a number of rows of at least 0, got {rows}")
    return rows
