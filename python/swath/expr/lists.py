"""Functions of lists: ``sw.col("l").list``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, native
from swath.expr.list_elements import ListElements

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class ListNamespace(ListElements):
    """Functions of lists. A null list gives null."""

    __slots__ = ()

    def _list(self, name: str) -> Expr:
        return self._new(_internal.of_list(name, self._expr))

    def _with(self, name: str, argument: IntoExpr) -> Expr:
        return self._new(_internal.list_with(name, self._expr, [native(argument)]))

    def len(self) -> Expr:
        """Count the elements, nulls included.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None], []]}).select(sw.col("l").list.len()).to_dict()
        {'l': [2, 0]}
        """
        return self._list("len")

    def sum(self) -> Expr:
        """Sum of the elements as a float, nulls skipped.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 2]]}).select(sw.col("l").list.sum()).to_dict()
        {'l': [3.0]}
        """
        return self._list("sum")

    def mean(self) -> Expr:
        """Mean of the elements, nulls skipped.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 2]]}).select(sw.col("l").list.mean()).to_dict()
        {'l': [1.5]}
        """
        return self._list("mean")

    def min(self) -> Expr:
        """Smallest element, nulls skipped.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 2]]}).select(sw.col("l").list.min()).to_dict()
        {'l': [1]}
        """
        return self._list("min")

    def max(self) -> Expr:
        """Largest element, nulls skipped.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 2]]}).select(sw.col("l").list.max()).to_dict()
        {'l': [2]}
        """
        return self._list("max")

    def reverse(self) -> Expr:
        """In reverse order.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 2]]}).select(sw.col("l").list.reverse()).to_dict()
        {'l': [[2, None, 1]]}
        """
        return self._list("reverse")

    def unique(self) -> Expr:
        """Each different element once.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 1]]}).select(sw.col("l").list.unique()).to_dict()
        {'l': [[1]]}
        """
        return self._list("unique")

    def drop_nulls(self) -> Expr:
        """Without nulls.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, None, 2]]}).select(sw.col("l").list.drop_nulls()).to_dict()
        {'l': [[1, 2]]}
        """
        return self._list("drop_nulls")

    def flatten(self) -> Expr:
        """Lists of lists made one list.

        Examples
        --------
        >>> sw.from_dict({"l": [[[1], [2, 3]]]}).select(sw.col("l").list.flatten()).to_dict()
        {'l': [[1, 2, 3]]}
        """
        return self._list("flatten")

    def is_empty(self) -> Expr:
        """Whether there are no elements.

        Examples
        --------
        >>> sw.from_dict({"l": [[1], []]}).select(sw.col("l").list.is_empty()).to_dict()
        {'l': [False, True]}
        """
        return self._list("is_empty")

    def null_if_empty(self) -> Expr:
        """Null where there are no elements.

        Examples
        --------
        >>> sw.from_dict({"l": [[1], []]}).select(sw.col("l").list.null_if_empty()).to_dict()
        {'l': [[1], None]}
        """
        return self._list("null_if_empty")

    def get(self, index: int | Expr, *, null_on_oob: bool = True) -> Expr:
        """Element ``index`` (0 is the first, -1 the last).

        Parameters
        ----------
        index
            The position, or an expression of positions.
        null_on_oob
            Whether a position that does not exist gives null; else it is an error when the query runs.

        Examples
        --------
        >>> df = sw.from_dict({"l": [[1, 2], []], "i": [0, 1]})
        >>> df.select(sw.col("l").list.get(-1)).to_dict()
        {'l': [2, None]}
        >>> df.select(sw.col("l").list.get(sw.col("i"))).to_dict()
        {'l': [1, None]}
        >>> df.limit(1).select(sw.col("l").list.get(1, null_on_oob=False)).to_dict()
        {'l': [2]}
        """
        if not null_on_oob:
            position = _internal.across("concat_list", [native(index)])
            return self._new(_internal.list_gather(self._expr, position, False)).list.first()
        if isinstance(index, ExprPart):
            return self._with("get", index)
        return self._new(_internal.list_slice("get", self._expr, index))

    def first(self) -> Expr:
        """Take the first element; null if there is none.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], []]}).select(sw.col("l").list.first()).to_dict()
        {'l': [1, None]}
        """
        return self.get(0)

    def last(self) -> Expr:
        """Take the last element; null if there is none.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], []]}).select(sw.col("l").list.last()).to_dict()
        {'l': [2, None]}
        """
        return self.get(-1)

    def slice(self, offset: int, length: int | None = None) -> Expr:
        """Take ``length`` elements from ``offset`` (0 is the first; negative counts from the end).

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2, 3]]}).select(sw.col("l").list.slice(1, 1)).to_dict()
        {'l': [[2]]}
        """
        if length is not None and length < 0:
            raise ValueError(f"list.slice: expected a length of 0 or more, got {length}")
        return self._new(_internal.list_slice("slice", self._expr, offset, length))

    def head(self, n: int = 5) -> Expr:
        """Take the first ``n`` elements.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2, 3]]}).select(sw.col("l").list.head(2)).to_dict()
        {'l': [[1, 2]]}
        """
        return self.slice(0, n)

    def tail(self, n: int = 5) -> Expr:
        """Take the last ``n`` elements.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2, 3]]}).select(sw.col("l").list.tail(2)).to_dict()
        {'l': [[2, 3]]}
        """
        # Lists that are shorter are taken whole: their slice would begin before their start.
        longer = self.len() > n
        return self._new(_internal.when([(longer._expr, self.slice(-n, n)._expr)], self._expr))

    def contains(self, item: IntoExpr) -> Expr:
        """Whether ``item`` is an element.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], [3]]}).select(sw.col("l").list.contains(2)).to_dict()
        {'l': [True, False]}
        """
        return self._with("contains", item)

    def contains_all(self, other: IntoExpr) -> Expr:
        """Whether every element of ``other`` is an element.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], [3]]}).select(sw.col("l").list.contains_all([1, 2])).to_dict()
        {'l': [True, False]}
        """
        return self._with("contains_all", other)

    def contains_any(self, other: IntoExpr) -> Expr:
        """Whether any element of ``other`` is an element.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], [3]]}).select(sw.col("l").list.contains_any([2, 9])).to_dict()
        {'l': [True, False]}
        """
        return self._with("contains_any", other)

    def position(self, item: IntoExpr) -> Expr:
        """Position of the first element that equals ``item`` (0 is the first); null if there is none.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], [3]]}).select(sw.col("l").list.position(2)).to_dict()
        {'l': [1, None]}
        """
        return self._with("position", item)

    def sort(self, *, descending: bool = False, nulls_last: bool | None = None) -> Expr:
        """Sort each list; nulls first when ascending, last when descending.

        Examples
        --------
        >>> sw.from_dict({"l": [[3, 1, 2]]}).select(sw.col("l").list.sort(descending=True)).to_dict()
        {'l': [[3, 2, 1]]}
        """
        last = descending if nulls_last is None else nulls_last
        return self._new(_internal.list_sort(self._expr, descending, last))

    def join(self, separator: str) -> Expr:
        """Join the elements' texts with ``separator`` between, nulls left out.

        Examples
        --------
        >>> sw.from_dict({"l": [["a", None, "b"]]}).select(sw.col("l").list.join("-")).to_dict()
        {'l': ['a-b']}
        """
        return self._new(_internal.list_slice("join", self._expr, separator=separator))

    def append(self, item: IntoExpr) -> Expr:
        """Put ``item`` after the last element.

        Examples
        --------
        >>> sw.from_dict({"l": [[1]]}).select(sw.col("l").list.append(2)).to_dict()
        {'l': [[1, 2]]}
        """
        return self._with("append", item)

    def concat(self, other: IntoExpr) -> Expr:
        """Put the elements of ``other`` after the last.

        Examples
        --------
        >>> sw.from_dict({"l": [[1]]}).select(sw.col("l").list.concat([2, 3])).to_dict()
        {'l': [[1, 2, 3]]}
        """
        both = self._new(self._expr.is_not_null()) & self._new(native(other)).is_not_null()
        return self._new(_internal.when([(both._expr, self._with("concat", other)._expr)]))

    def set_intersection(self, other: IntoExpr) -> Expr:
        """Elements that are in both, each once.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2, 2]]}).select(sw.col("l").list.set_intersection([2, 3])).to_dict()
        {'l': [[2]]}
        """
        return self._with("intersect", other)

    def set_union(self, other: IntoExpr) -> Expr:
        """Elements that are in either, each once.

        Examples
        --------
        >>> df = sw.from_dict({"l": [[1, 2]]}).select(sw.col("l").list.set_union([2, 3]).list.sort())
        >>> df.to_dict()
        {'l': [[1, 2, 3]]}
        """
        return self._with("union", other)

    def set_difference(self, other: IntoExpr) -> Expr:
        """Elements that are not in ``other``, each once.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2]]}).select(sw.col("l").list.set_difference([2, 3])).to_dict()
        {'l': [[1]]}
        """
        return self._with("difference", other)

    def eval(self, expr: Expr) -> Expr:
        """Replace each element by what an expression over ``sw.element()`` makes of it.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2], []]}).select(sw.col("l").list.eval(sw.element() * 2)).to_dict()
        {'l': [[2, 4], []]}
        """
        return self._with("transform", expr)

    def transform(self, function: Callable[[Expr], IntoExpr]) -> Expr:
        """Replace each element by what a function of its expression makes of it.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2]]}).select(sw.col("l").list.transform(lambda x: x * x)).to_dict()
        {'l': [[1, 4]]}
        """
        return self._with("transform", function(self._new(_internal.element())))

    def filter(self, predicate: Expr | Callable[[Expr], IntoExpr]) -> Expr:
        """Keep the elements for which an expression over ``sw.element()``, or a function of it, is true.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2, 3]]}).select(sw.col("l").list.filter(sw.element() > 1)).to_dict()
        {'l': [[2, 3]]}
        """
        condition = (
            predicate if isinstance(predicate, ExprPart) else predicate(self._new(_internal.element()))
        )
        return self._with("filter", condition)

    def n_unique(self) -> Expr:
        """Count the different elements.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 1, 2]]}).select(sw.col("l").list.n_unique()).to_dict()
        {'l': [2]}
        """
        return self.unique().list.len()

    def median(self) -> Expr:
        """Median of the elements as a float, nulls skipped.

        Examples
        --------
        >>> sw.from_dict({"l": [[3, 1, None], []]}).select(sw.col("l").list.median()).to_dict()
        {'l': [2.0, None]}
        """
        ordered = self.drop_nulls().list.sort()
        last = ordered.list.len().cast("int64") - 1
        lower, upper = ordered.list.get(last // 2), ordered.list.get((last + 1) // 2)
        middle = (lower.cast("float64") + upper.cast("float64")) / 2.0
        return self._new(_internal.when([((last >= 0)._expr, middle._expr)])).name.keep()

    def arg_max(self) -> Expr:
        """Position of the largest element (0 is the first); null if there is none.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 3, 2], []]}).select(sw.col("l").list.arg_max()).to_dict()
        {'l': [1, None]}
        """
        return self._position(self.max())

    def arg_min(self) -> Expr:
        """Position of the smallest element (0 is the first); null if there is none.

        Examples
        --------
        >>> sw.from_dict({"l": [[2, 1, 3], []]}).select(sw.col("l").list.arg_min()).to_dict()
        {'l': [1, None]}
        """
        return self._position(self.min())

    def _position(self, element: Expr) -> Expr:
        # A list of nulls has them at its start, and no largest.
        found = self._with("position", element)
        return self._new(_internal.when([(element.is_not_null()._expr, found._expr)])).name.keep()

    def count_matches(self, element: IntoExpr) -> Expr:
        """Count the elements that equal ``element``.

        Examples
        --------
        >>> sw.from_dict({"l": [[1, 2, 1], []]}).select(sw.col("l").list.count_matches(1)).to_dict()
        {'l': [2, 0]}
        """
        return self.filter(lambda each: each == element).list.len()

    def any(self) -> Expr:
        """Whether any element is true.

        Examples
        --------
        >>> sw.from_dict({"l": [[False, True], [None]]}).select(sw.col("l").list.any()).to_dict()
        {'l': [True, False]}
        """
        return self.count_matches(True) > 0

    def all(self) -> Expr:
        """Whether no element is false.

        Examples
        --------
        >>> sw.from_dict({"l": [[False, True], [None]]}).select(sw.col("l").list.all()).to_dict()
        {'l': [False, True]}
        """
        return self.count_matches(False) == 0

    def set_symmetric_difference(self, other: IntoExpr) -> Expr:
        """Elements that are in one of both only, each once.

        Examples
        --------
        >>> df = sw.from_dict({"l": [[1, 2]], "m": [[2, 3]]})
        >>> df.select(sw.col("l").list.set_symmetric_difference(sw.col("m"))).to_dict()
        {'l': [[1, 3]]}
        """
        theirs = self._new(native(other))
        return self.set_difference(other).list.concat(theirs.list.set_difference(self._new(self._expr)))
