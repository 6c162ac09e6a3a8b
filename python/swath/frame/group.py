"""Groups of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from swath import _internal
from swath._keywords import explain_keywords
from swath.expr import Expr, col
from swath.expr.base import Interpolation
from swath.expr.functions import len as rows_of_group
from swath.expr.functions import row_number
from swath.foreign import missing
from swath.frame import arguments
from swath.frame.arguments import IntoExpr
from swath.frame.base import Frame
from swath.functions.rows import MapGroups

if TYPE_CHECKING:
    from swath.frame.frame import DataFrame

Closed = Literal["left", "right", "both", "none"]


class Group(Frame):
    """Methods that group rows."""

    def group_by(self, *by: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> GroupBy:
        """Group rows that are equal in keys.

        Null is a group of its own, and so is NaN. Groups come in any order.

        Parameters
        ----------
        *by
            Names or expressions.
        **named
            Expressions under the names that they get.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]})
        >>> df.group_by("k").sum().sort("k").to_dict()
        {'k': ['x', 'y'], 'a': [4, 2]}
        """
        return GroupBy(self._frame, arguments.exprs(by, named), "all")

    def rollup(self, *by: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> GroupBy:
        """Group by all keys, by all but the last, and so on up to none: subtotals and a total.

        Keys that a row does not group by are null in it.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]})
        >>> df.rollup("k").sum().sort("a").to_dict()
        {'k': ['y', 'x', None], 'a': [2, 4, 6]}
        """
        return GroupBy(self._frame, arguments.exprs(by, named), "rollup")

    def cube(self, *by: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> GroupBy:
        """Group by every combination of the keys, as `rollup` does by some.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2, None], "k": ["x", "y", "x"]}).cube("k").agg(sw.len()).count()
        3
        """
        return GroupBy(self._frame, arguments.exprs(by, named), "cube")

    def grouping_sets(self, *sets: Iterable[str | Expr]) -> GroupBy:
        """Group by each of the given sets of columns, as `rollup` does by some.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y"], "j": [1, 1], "a": [1, 2]})
        >>> df.grouping_sets(["k"], ["j"]).sum().sort("a", "k").to_dict()
        {'k': ['x', 'y', None], 'j': [None, None, 1], 'a': [1, 2, 3]}
        """
        named = [arguments.names("grouping_sets", [given]) for given in sets]
        return GroupBy._of(_internal.grouping_sets(self._frame, named))

    def agg(self, *aggregates: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> DataFrame:
        """Aggregate all rows: one row, also when there are none.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).agg(total=sw.col("a").sum()).to_dict()
        {'total': [3]}
        """
        return GroupBy(self._frame, [], "all").agg(*aggregates, **named)

    def group_by_dynamic(
        self,
        index_column: str | Expr,
        *,
        every: str | timedelta,
        period: str | timedelta | None = None,
        offset: str | timedelta | None = None,
        closed: Closed = "left",
        label: Literal["left", "right", "datapoint"] = "left",
        start_by: str = "window",
        group_by: IntoExpr | Iterable[IntoExpr] | None = None,
        include_boundaries: bool = False,
    ) -> DynamicGroupBy:
        """Group rows into buckets of time.

        Buckets without rows do not come out; rows without a time are left out. The result is sorted by keys
        and time.

        Parameters
        ----------
        index_column
            The time: dates, timestamps or integers.
        every
            How far apart buckets begin: ``"15m"``, ``"1d"``, ``"1mo"``, or a ``timedelta``.
        period
            How long a bucket is; as long as ``every``, by default. Longer ones overlap.
        offset
            By how much all buckets begin later.
        closed
            Which ends of a bucket belong to it.
        label
            What stands for a bucket: its start, its end, or the first time in it.
        start_by
            ``window``: whole hours, days, months; ``datapoint``: from the first time of each group; or a
            weekday.
        group_by
            Further keys.
        include_boundaries
            Whether to add columns ``_lower_boundary`` and ``_upper_boundary``.

        Examples
        --------
        >>> import swath as sw
        >>> from datetime import date
        >>> days = [date(2026, 1, 1), date(2026, 1, 20), date(2026, 2, 3)]
        >>> df = sw.from_dict({"day": days, "a": [1, 2, 3]})
        >>> df.group_by_dynamic("day", every="1mo").agg(sw.col("a").sum()).to_dict()["a"]
        [3, 3]
        """
        return DynamicGroupBy(
            self._frame,
            arguments.name("group_by_dynamic", index_column),
            _length(every),
            None if period is None else _length(period),
            None if offset is None else _length(offset),
            closed,
            label,
            start_by,
            [] if group_by is None else arguments.exprs([group_by]),
            include_boundaries,
        )

    def rolling(
        self,
        index_column: str | Expr,
        *,
        period: str | timedelta,
        offset: str | timedelta | None = None,
        closed: Closed = "right",
        group_by: IntoExpr | Iterable[IntoExpr] | None = None,
    ) -> RollingGroupBy:
        """Aggregate, for each row, the rows in a window of time that ends at it.

        Parameters
        ----------
        index_column
            The time: dates, timestamps or integers.
        period
            How long a window is: ``"2h"``, ``"7d"``, or a ``timedelta``.
        offset
            Where the window begins, seen from the row; ``-period``, by default.
        closed
            Which ends of the window belong to it.
        group_by
            Only rows that are equal in these keys see each other.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"t": [1, 2, 4], "a": [1, 2, 3]})
        >>> df.rolling("t", period="2i").agg(sw.col("a").sum()).to_dict()
        {'t': [1, 2, 4], 'a': [1, 3, 3]}
        """
        return RollingGroupBy(
            self._frame,
            arguments.name("rolling", index_column),
            _length(period),
            None if offset is None else _length(offset),
            closed,
            [] if group_by is None else arguments.exprs([group_by]),
        )


def _length(length: str | timedelta) -> str:
    if isinstance(length, timedelta):
        micros = (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds
        return f"{micros}us"
    return length


class GroupBy(MapGroups):
    """A frame with keys, waiting for its aggregates; made by ``df.group_by``."""

    #: Of plain groups.
    _keys: Sequence[Expr] = ()

    def __init__(self, frame: _internal.DataFrame, keys: list[_internal.Expr], sets: str) -> None:
        self._frame = frame
        self._keys = [Expr(key) for key in keys] if sets == "all" else []
        self._group = _internal.group_by(frame, keys, sets)

    @classmethod
    def _of(cls, group: _internal.GroupBy) -> GroupBy:
        made = cls.__new__(cls)
        made._group = group
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Refuse, and say what is meant."""
            raise missing("GroupBy", name, self)

    def agg(self, *aggregates: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> DataFrame:
        """Return one row per group: the keys, then these aggregates, which may be combined.

        Parameters
        ----------
        *aggregates
            Aggregates, such as ``sw.col("a").sum() / sw.col("b").sum()``; or a mapping of columns to names
            of functions, ``{"a": "sum", "b": ["min", "max"]}``, giving ``a``, ``b_min`` and ``b_max``.
        **named
            Aggregates under the names that they get.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]})
        >>> df.group_by("k").agg(total=sw.col("a").sum()).sort("k").to_dict()
        {'k': ['x', 'y'], 'total': [4, 2]}
        """
        return Frame._of(self._group.agg(arguments.aggregates(aggregates, named)))

    def having(self, *predicates: IntoExpr | Iterable[IntoExpr]) -> GroupBy:
        """Keep only the groups for which all predicates, over aggregates and keys, are true.

        After it come the methods that aggregate.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]})
        >>> df.group_by("k").having(sw.len() > 1).agg(sw.col("a").sum()).to_dict()
        {'k': ['x'], 'a': [4]}
        """
        wanted = arguments.exprs(predicates, {})
        if not wanted:
            raise ValueError("having: expected at least one predicate")
        return GroupBy._of(self._group.having(wanted))

    def _each(self, aggregate: str, columns: Iterable[str] = ()) -> DataFrame:
        named = arguments.flat(columns)
        if named:
            return self.agg([getattr(Expr, aggregate)(col(name)) for name in named])
        return Frame._of(self._group.each(aggregate))

    def __iter__(self) -> NoReturn:
        raise TypeError(
            "groups are not iterated: .agg(…) for aggregates, .map_groups(function, schema=…) for rows of "
            "each group, or df.filter(k=…) for one"
        )

    def __repr__(self) -> str:
        return "<GroupBy: write .agg(…), .sum(), .len() or .map_groups(…) after it>"

    def head(self, n: int = 5) -> DataFrame:
        """Keep the first ``n`` rows of each group, in the order of the frame's last ``sort``.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).sort("a")
        >>> df.group_by("k").head(1).to_dict()
        {'k': ['x', 'y'], 'a': [1, 2]}
        """
        return self._numbered(lambda row, rows: row <= n)

    def tail(self, n: int = 5) -> DataFrame:
        """Keep the last ``n`` rows of each group, in the order of the frame's last ``sort``.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).sort("a")
        >>> df.group_by("k").tail(1).to_dict()
        {'k': ['y', 'x'], 'a': [2, 3]}
        """
        return self._numbered(lambda row, rows: row > rows - n)

    def _numbered(self, keeps: Callable[[Expr, Expr], Expr]) -> DataFrame:
        """Keep rows by their number in their group, and the number of its rows."""
        if not self._keys:
            raise ValueError("head and tail: expected groups by group_by; rollups and cubes have agg only")
        row, rows = row_number().over(self._keys), rows_of_group().over(self._keys)
        return Frame._of(self._frame).filter(keeps(row.cast("int64"), rows))

    def count(self) -> DataFrame:
        """Count the rows of each group, in a column ``count``.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").count().sort("k").rows()
        [('x', 2), ('y', 1)]
        """
        return self._each("count")

    def len(self, name: str = "len") -> DataFrame:
        """Count the rows of each group, in a column ``name``.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").len().sort("k").rows()
        [('x', 2), ('y', 1)]
        """
        return self._each("count").rename({"count": name})

    def first(self, *columns: str) -> DataFrame:
        """Return the first row of each group, in the frame's order; of all columns, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").first().sort("k").rows()
        [('x', 1), ('y', 2)]
        """
        return self._each("first", columns)

    def last(self, *columns: str) -> DataFrame:
        """Return the last row of each group, in the frame's order; of all columns, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").last().sort("k").rows()
        [('x', 3), ('y', 2)]
        """
        return self._each("last", columns)

    def sum(self, *columns: str) -> DataFrame:
        """Return the sum of every numeric column, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").sum().sort("k").rows()
        [('x', 4), ('y', 2)]
        """
        return self._each("sum", columns)

    def mean(self, *columns: str) -> DataFrame:
        """Return the mean of every numeric column, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").mean().sort("k").rows()
        [('x', 2.0), ('y', 2.0)]
        """
        return self._each("mean", columns)

    def median(self, *columns: str) -> DataFrame:
        """Return the median of every numeric column, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").median().sort("k").rows()
        [('x', 2.0), ('y', 2.0)]
        """
        return self._each("median", columns)

    def quantile(self, quantile: float, interpolation: Interpolation = "linear") -> DataFrame:
        """Return the quantile (0 to 1) of every numeric column, as :meth:`~swath.Expr.quantile` does.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]})
        >>> df.group_by("k").quantile(0.5).sort("k").rows()
        [('x', 2.0), ('y', 2.0)]
        """
        return Frame._of(self._group.quantile(quantile, interpolation))

    def min(self, *columns: str) -> DataFrame:
        """Return the smallest value of every column that has an order, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").min().sort("k").rows()
        [('x', 1), ('y', 2)]
        """
        return self._each("min", columns)

    def max(self, *columns: str) -> DataFrame:
        """Return the largest value of every column that has an order, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").max().sort("k").rows()
        [('x', 3), ('y', 2)]
        """
        return self._each("max", columns)

    def n_unique(self, *columns: str) -> DataFrame:
        """Count the different values of every column, or of these.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").n_unique().sort("k").rows()
        [('x', 2), ('y', 1)]
        """
        return self._each("n_unique", columns)

    def all(self) -> DataFrame:
        """Return all values of every column as lists.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3]}).group_by("k").all().count()
        2
        """
        return self._each("implode")


explain_keywords("GroupBy", GroupBy)


class DynamicGroupBy:
    """Buckets of time that wait for their aggregates; made by ``df.group_by_dynamic``."""

    def __init__(
        self,
        frame: _internal.DataFrame,
        time: str,
        every: str,
        period: str | None,
        offset: str | None,
        closed: str,
        label: str,
        start_by: str,
        keys: Sequence[_internal.Expr],
        boundaries: bool,
    ) -> None:
        self._frame = frame
        self._arguments = (time, every, period, offset, closed, label, start_by, list(keys), boundaries)

    def agg(self, *aggregates: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> DataFrame:
        """Return one row per bucket: the keys, the time, then these aggregates."""
        return Frame._of(
            _internal.group_by_dynamic(self._frame, *self._arguments, arguments.aggregates(aggregates, named))
        )


class RollingGroupBy:
    """Windows of time that wait for their aggregates; made by ``df.rolling``."""

    def __init__(
        self,
        frame: _internal.DataFrame,
        time: str,
        period: str,
        offset: str | None,
        closed: str,
        keys: Sequence[_internal.Expr],
    ) -> None:
        self._frame = frame
        self._arguments = (time, period, offset, closed, list(keys))

    def agg(self, *aggregates: IntoExpr | Iterable[IntoExpr], **named: IntoExpr) -> DataFrame:
        """Return one row per row: the keys, the time, then these aggregates of its window."""
        return Frame._of(
            _internal.rolling(self._frame, *self._arguments, arguments.aggregates(aggregates, named))
        )
