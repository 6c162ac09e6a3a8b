"""Frames with frames: joins, unions, differences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath._keywords import explained
from swath.errors import InvalidArgumentError
from swath.expr import Expr
from swath.frame import arguments
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.frame.frame import DataFrame

Keys = str | Expr | Sequence[str | Expr]
JoinType = Literal["inner", "left", "right", "full", "semi", "anti", "cross", "right_semi", "right_anti"]


class Combine(Frame):
    """Methods that take another frame."""

    def join(
        self,
        other: DataFrame | Any,
        on: Keys | None = None,
        how: JoinType | str = "inner",
        *,
        left_on: Keys | None = None,
        right_on: Keys | None = None,
        suffix: str = "_right",
        coalesce: bool | None = None,
        nulls_equal: bool = False,
    ) -> DataFrame:
        """Join with the rows of another frame.

        The columns of this frame come out, then those of the other. Keys of the same name come out once, from
        the side that has a value; any other column of ``other`` whose name this frame has gains the suffix.

        Parameters
        ----------
        other
            A frame, or rows of another library.
        on
            Columns that both have and in which the rows are equal; or conditions over columns of both, those
            of ``other`` with the suffix where both have the name.
        how
            ``inner``, ``left``, ``right``, ``full`` (or ``outer``), ``semi``, ``anti``, ``cross``.
        left_on, right_on
            Keys that have different names, in place of ``on``. Both come out.
        suffix
            What is appended to the names that both have.
        coalesce
            Whether a pair of keys comes out as one column; if both have the same name, by default.
        nulls_equal
            Whether null keys match null keys; by default they match nothing.

        Examples
        --------
        >>> import swath as sw
        >>> orders = sw.from_dict({"customer": [1, 2], "item": ["pen", "ink"]})
        >>> names = sw.from_dict({"customer": [1, 3], "name": ["Ada", "Bob"]})
        >>> orders.join(names, "customer", "left").sort("customer").to_dict()
        {'customer': [1, 2], 'item': ['pen', 'ink'], 'name': ['Ada', None]}
        """
        pairs: list[tuple[str, str]] = []
        conditions: list[_internal.Expr] = []
        if on is not None:
            if left_on is not None or right_on is not None:
                raise ValueError("join: expected on, or left_on and right_on; got both")
            for key in arguments.flat([on]):
                if isinstance(key, str):
                    pairs.append((key, key))
                elif (name := _internal.column_name(key._expr)) is None:
                    conditions.append(key._expr)
                else:
                    pairs.append((name, name))
        elif left_on is not None or right_on is not None:
            left = arguments.names("join", [] if left_on is None else [left_on])
            right = arguments.names("join", [] if right_on is None else [right_on])
            if len(left) != len(right):
                raise ValueError(f"join: left_on has {len(left)} keys, right_on has {len(right)}")
            pairs = list(zip(left, right, strict=True))
        elif how != "cross":
            raise ValueError(
                "join: expected keys: on='name', or left_on= and right_on=; without keys how='cross'"
            )
        right_side = self._native_of("join", other)
        return self._of(
            self._frame.join(right_side, how.lower(), pairs, conditions, suffix, coalesce, nulls_equal)
        )

    def cross_join(self, other: DataFrame | Any, *, suffix: str = "_right") -> DataFrame:
        """Join each row with each of another frame.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).cross_join(sw.from_dict({"b": [3]})).sort("a").to_dict()
        {'a': [1, 2], 'b': [3, 3]}
        """
        return self.join(other, how="cross", suffix=suffix)

    def join_asof(
        self,
        other: DataFrame | Any,
        *,
        on: str | Expr | None = None,
        left_on: str | Expr | None = None,
        right_on: str | Expr | None = None,
        by: Keys | None = None,
        by_left: Keys | None = None,
        by_right: Keys | None = None,
        strategy: Literal["backward", "forward", "nearest"] = "backward",
        tolerance: Any = None,
        allow_exact_matches: bool = True,
        suffix: str = "_right",
    ) -> DataFrame:
        """Join each row with the nearest row of another frame.

        Every row comes out once; where nothing is near enough, the columns of ``other`` are null. Nulls in
        keys, and NaN in ``on``, never match. Neither frame has to be sorted. The result is in the order of
        ``on``, within each group of ``by``.

        Parameters
        ----------
        other
            A frame, or rows of another library.
        on, left_on, right_on
            The column that is near: a number, date, time, timestamp or duration.
        by, by_left, by_right
            Columns that must be equal.
        strategy
            ``backward``: the last row at or before; ``forward``: the first at or after; ``nearest``, which of
            two rows at the same distance takes either.
        tolerance
            The largest distance that matches: a number; for dates and times a ``timedelta``, or text such as
            ``"30m"`` or ``"1d12h"`` (``w d h m s ms us``).
        allow_exact_matches
            Whether a row with an equal value matches.
        suffix
            What is appended to names that both have.

        Examples
        --------
        >>> import swath as sw
        >>> trades = sw.from_dict({"t": [1, 5, 10]})
        >>> quotes = sw.from_dict({"t": [2, 5, 7], "bid": [20, 50, 70]})
        >>> trades.join_asof(quotes, on="t").to_dict()
        {'t': [1, 5, 10], 'bid': [None, 50, 70]}
        """
        left = arguments.name("join_asof", left_on if on is None else on)
        right = arguments.name("join_asof", right_on if on is None else on)
        left_by = arguments.names("join_asof", _keys(by_left if by is None else by))
        right_by = arguments.names("join_asof", _keys(by_right if by is None else by))
        if len(left_by) != len(right_by):
            raise ValueError(f"join_asof: by_left has {len(left_by)} columns, by_right has {len(right_by)}")
        return self._of(
            self._frame.join_asof(
                self._native_of("join_asof", other),
                (left, right),
                list(zip(left_by, right_by, strict=True)),
                strategy,
                None if tolerance is None else arguments.value(_distance(tolerance)),
                allow_exact_matches,
                suffix,
            )
        )

    def union(self, other: DataFrame | Any) -> DataFrame:
        """Put the rows of both below each other, matched by position; duplicates stay.

        Names come from this frame; types that differ meet in one that holds both.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1]}).union(sw.from_dict({"b": [1.5]})).sort("a").to_dict()
        {'a': [1.0, 1.5]}
        """
        return self._of(self._frame.union(self._native_of("union", other), False))

    def union_by_name(self, other: DataFrame | Any) -> DataFrame:
        """Put the rows of both below each other, matched by name, missing columns filled with null.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1]}).union_by_name(sw.from_dict({"b": [2]})).sort("a").to_dict()
        {'a': [None, 1], 'b': [2, None]}
        """
        return self._of(self._frame.union(self._native_of("union_by_name", other), True))

    def vstack(self, other: DataFrame | Any) -> DataFrame:
        """Put the rows of both below each other, under the name that Polars has for `union`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).vstack(sw.from_dict({"a": [1, 2]})).count()
        4
        """
        return self.union(other)

    def intersect(self, other: DataFrame | Any, *, all: bool = False) -> DataFrame:
        """Keep the rows that are in both, matched by position; nulls are equal to each other.

        Parameters
        ----------
        other
            A frame, or rows of another library.
        all
            Whether a row comes out as often as it is in both, instead of once.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).intersect(sw.from_dict({"a": [2, 3]})).to_dict()
        {'a': [2]}
        """
        return self._of(self._frame.intersect(self._native_of("intersect", other), all))

    def except_(self, other: DataFrame | Any, *, all: bool = False) -> DataFrame:
        """Keep the rows that are not in the other frame, matched by position; nulls are equal to each other.

        Parameters
        ----------
        other
            A frame, or rows of another library.
        all
            Whether each row of ``other`` takes only one equal row away.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).except_(sw.from_dict({"a": [2, 3]})).to_dict()
        {'a': [1]}
        """
        return self._of(self._frame.except_(self._native_of("except_", other), all))

    def subtract(self, other: DataFrame | Any) -> DataFrame:
        """Keep the rows that are not in the other frame, under the name that PySpark has for `except_`.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).subtract(sw.from_dict({"a": [1, 2]})).count()
        0
        """
        return self.except_(other)

    def sql(self, text: str, *, params: Any = None, table_name: str = "self") -> DataFrame:
        """Return the frame of a SQL query over this one.

        Parameters
        ----------
        text
            The query. It sees what ``session.sql`` sees, and this frame as ``self``.
        params
            Values for its placeholders.
        table_name
            Another name for this frame.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).sql("SELECT sum(a) AS total FROM self").to_dict()
        {'total': [3]}
        """
        from swath import variables

        return self.session._sql(text, params, variables.Scopes({table_name: self}))

    def scalar(self) -> Expr:
        """Return the only value of this frame, for expressions of other frames.

        The frame has one column and, when it runs, at most one row. No row gives null.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, 2, 3]})
        >>> df.filter(sw.col("a") > df.limit(1).scalar()).to_dict()
        {'a': [2, 3]}
        """
        return Expr(self._frame.scalar())


def _keys(keys: Keys | None) -> list[Any]:
    return [] if keys is None else [keys]


@explained("swath", "concat")
def concat(
    frames: Sequence[DataFrame], *, how: Literal["vertical", "diagonal", "horizontal"] = "vertical"
) -> DataFrame:
    """Put frames below or beside each other.

    Parameters
    ----------
    frames
        At least one.
    how
        ``vertical``: below, by position; ``diagonal``: below, by name, missing columns filled with null;
        ``horizontal``: beside each other by the number of the row, shorter frames filled with null.

    Examples
    --------
    >>> import swath as sw
    >>> a, b = sw.from_dict({"x": [1]}), sw.from_dict({"x": [2]})
    >>> sw.concat([a, b]).sort("x").to_dict()
    {'x': [1, 2]}
    """
    if isinstance(frames, Frame):
        raise TypeError("concat: expected a list of frames, got one: sw.concat([a, b])")
    frames = list(frames)
    if not frames:
        raise ValueError("concat: expected at least one frame, got none")
    first = frames[0]
    return Frame._of(_internal.concat([first._native_of("concat", frame) for frame in frames], how))


_UNITS = {
    "w": "weeks",
    "d": "days",
    "h": "hours",
    "m": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
}


def _distance(tolerance: Any) -> Any:
    if not isinstance(tolerance, str):
        return tolerance
    parts = re.findall(r"(\d+)(ms|us|[wdhms])", tolerance)
    if not parts or "".join(number + unit for number, unit in parts) != tolerance:
        raise InvalidArgumentError(
            f"join_asof: tolerance: expected a length such as '30m' or '1d12h' "
            f"(w, d, h, m, s, ms, us), got '{tolerance}'"
        )
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
