"""Nulls: counted, filled, dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from swath.expr.base import fill_limit
from swath.expr.columns import col
from swath.frame import arguments
from swath.frame.base import Frame

if TYPE_CHECKING:
    from swath.expr import Expr
    from swath.frame.frame import DataFrame


class Nulls(Frame):
    """Methods about nulls."""

    def fill_null(
        self,
        value: Any | Mapping[str, Any] = None,
        *,
        strategy: Literal["forward", "backward", "mean", "min", "max", "zero", "one"] | None = None,
        limit: int | None = None,
    ) -> DataFrame:
        """Replace nulls.

        Types do not change: a number fills columns of numbers (a fraction only floats and decimals), a text
        columns of text, and so on; other columns stay as they are.

        Parameters
        ----------
        value
            What stands for null, in all columns or in each of some.
        strategy
            Instead: the value before or after in the table's order, the column's mean, smallest or largest
            value, 0 or 1.
        limit
            With ``"forward"`` and ``"backward"``: how many nulls after (before) each value are filled.

        Examples
        --------
        >>> import swath as sw
        >>> df = sw.from_dict({"a": [1, None], "b": [None, "x"]})
        >>> df.fill_null(0).to_dict()
        {'a': [1, 0], 'b': [None, 'x']}
        >>> df.fill_null({"b": "?"}).to_dict()
        {'a': [1, None], 'b': ['?', 'x']}
        """
        if (value is None) == (strategy is None):
            raise ValueError("fill_null: expected either a value or a strategy")
        if limit is not None and strategy not in ("forward", "backward"):
            raise ValueError(
                f"fill_null: a limit goes with the strategies 'forward' and 'backward', got {strategy!r}"
            )
        if strategy is not None:
            return self._of(self._frame.fill_null_by(strategy, fill_limit("fill_null", limit)))
        if isinstance(value, Mapping):
            return self._of(
                self._frame.fill_nulls([(name, arguments.value(of)) for name, of in value.items()])
            )
        return self._of(self._frame.fill_null(arguments.value(value)))

    def drop_nulls(self, *columns: str | Expr | Iterable[str | Expr]) -> DataFrame:
        """Drop the rows that have null in any of the columns; in any at all, by default.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, None], "b": [None, None]}).drop_nulls("a").to_dict()
        {'a': [1], 'b': [None]}
        """
        names = arguments.names("drop_nulls", columns, self._frame)
        if columns and not names:
            return self._of(self._frame)
        return self._of(self._frame.drop_nulls(names or None))

    def fill_nan(self, value: Any) -> DataFrame:
        """Replace NaN in all columns of floats; ``None`` makes it null.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1.0, float("nan")], "b": ["x", "y"]}).fill_nan(0.0).to_dict()
        {'a': [1.0, 0.0], 'b': ['x', 'y']}
        """
        floats = self._floats()
        if not floats:
            return self._of(self._frame)
        return self._of(self._frame).with_columns(*(col(name).fill_nan(value) for name in floats))

    def drop_nans(self, *columns: str | Expr | Iterable[str | Expr]) -> DataFrame:
        """Drop the rows that have NaN in any of the columns; in any of floats, by default. Nulls stay.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1.0, float("nan"), None]}).drop_nans().to_dict()
        {'a': [1.0, None]}
        """
        names = arguments.names("drop_nans", columns, self._frame) if columns else self._floats()
        kept = self._of(self._frame)
        for name in names:
            kept = kept.filter(col(name).is_null() | col(name).is_not_nan())
        return kept

    def _floats(self) -> list[str]:
        types = ((name, arguments.shown_type(dtype)) for name, dtype, _ in self._frame.fields())
        return [name for name, dtype in types if dtype._dtype.is_kind("float")]

    def null_count(self) -> DataFrame:
        """Count the nulls of every column, in one row.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, None], "b": [None, None]}).null_count().to_dict()
        {'a': [1], 'b': [2]}
        """
        return self._of(self._frame.null_count())
