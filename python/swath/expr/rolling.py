"""Rolling windows: aggregates over the last rows, or the last span of time, before every row."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath.expr.base import ExprPart, Interpolation, IntoExpr, column

if TYPE_CHECKING:
    from swath.expr.expression import Expr

Closed = Literal["left", "right", "both", "none"]


class Rolling(ExprPart):
    """Aggregates of a window that moves with the row.

    Rows are ordered by :meth:`~swath.Expr.over`, else by the frame's last ``sort``. Every ``rolling_…``
    looks at the last ``window_size`` rows, this one included, and gives null where fewer than
    ``min_samples`` (by default ``window_size``) values are not null; with ``center`` the row stands in
    the middle. Every ``rolling_…_by`` looks at the rows whose ``by`` lies within ``window_size``
    (``"2h"``, ``"30d"``, ``"10i"`` for integers, or a timedelta) before this row's; ``closed`` says which
    ends of that span belong to it.
    """

    __slots__ = ()

    def _rolling(self, name: str, size: int, min_samples: int | None, center: bool, **options: Any) -> Expr:
        if not isinstance(size, int):
            raise TypeError(
                f"rolling_{name}: expected a number of rows, got {size!r}; for times use rolling_{name}_by"
            )
        if size < 1:
            raise ValueError(f"rolling_{name}: expected a window of at least 1 row, got {size}")
        return self._new(_internal.rolling_rows(name, self._expr, size, min_samples, center, **options))

    def _rolling_by(
        self, name: str, by: IntoExpr, size: Any, min_samples: int, closed: Closed, **options: Any
    ) -> Expr:
        if isinstance(size, datetime.timedelta):
            size = f"{size // datetime.timedelta(microseconds=1)}us"
        elif isinstance(size, int):
            size = f"{size}i"
        made = _internal.rolling_time(name, self._expr, column(by), size, min_samples, closed, **options)
        return self._new(made)

    def rolling_sum(self, window_size: int, *, min_samples: int | None = None, center: bool = False) -> Expr:
        """Sum of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_sum(2)).to_dict()
        {'x': [None, 3, 5, 7]}
        """
        return self._rolling("sum", window_size, min_samples, center)

    def rolling_sum_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Sum over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_sum_by("t", "5i")).to_dict()
        {'x': [1, 4, 7]}
        """
        return self._rolling_by("sum", by, window_size, min_samples, closed)

    def rolling_mean(self, window_size: int, *, min_samples: int | None = None, center: bool = False) -> Expr:
        """Mean of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_mean(2)).to_dict()
        {'x': [None, 1.5, 2.5, 3.5]}
        """
        return self._rolling("mean", window_size, min_samples, center)

    def rolling_mean_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Mean over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_mean_by("t", "5i")).to_dict()
        {'x': [1.0, 2.0, 7.0]}
        """
        return self._rolling_by("mean", by, window_size, min_samples, closed)

    def rolling_min(self, window_size: int, *, min_samples: int | None = None, center: bool = False) -> Expr:
        """Smallest value of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_min(2)).to_dict()
        {'x': [None, 1, 2, 3]}
        """
        return self._rolling("min", window_size, min_samples, center)

    def rolling_min_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Smallest value over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_min_by("t", "5i")).to_dict()
        {'x': [1, 1, 7]}
        """
        return self._rolling_by("min", by, window_size, min_samples, closed)

    def rolling_max(self, window_size: int, *, min_samples: int | None = None, center: bool = False) -> Expr:
        """Largest value of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_max(2)).to_dict()
        {'x': [None, 2, 3, 4]}
        """
        return self._rolling("max", window_size, min_samples, center)

    def rolling_max_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Largest value over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_max_by("t", "5i")).to_dict()
        {'x': [1, 3, 7]}
        """
        return self._rolling_by("max", by, window_size, min_samples, closed)

    def rolling_std(self, window_size: int, *, min_samples: int | None = None, center: bool = False) -> Expr:
        """Standard deviation of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_std(2)).to_dict()
        {'x': [None, 0.7071067811865476, 0.7071067811865476, 0.7071067811865476]}
        """
        return self._rolling("std", window_size, min_samples, center)

    def rolling_std_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Standard deviation over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_std_by("t", "5i")).to_dict()
        {'x': [None, 1.4142135623730951, None]}
        """
        return self._rolling_by("std", by, window_size, min_samples, closed)

    def rolling_var(self, window_size: int, *, min_samples: int | None = None, center: bool = False) -> Expr:
        """Variance of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_var(2)).to_dict()
        {'x': [None, 0.5, 0.5, 0.5]}
        """
        return self._rolling("var", window_size, min_samples, center)

    def rolling_var_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Variance over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_var_by("t", "5i")).to_dict()
        {'x': [None, 2.0, None]}
        """
        return self._rolling_by("var", by, window_size, min_samples, closed)

    def rolling_median(
        self, window_size: int, *, min_samples: int | None = None, center: bool = False
    ) -> Expr:
        """Median of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_median(2)).to_dict()
        {'x': [None, 1.5, 2.5, 3.5]}
        """
        return self._rolling("median", window_size, min_samples, center)

    def rolling_median_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Median over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_median_by("t", "5i")).to_dict()
        {'x': [1.0, 2.0, 7.0]}
        """
        return self._rolling_by("median", by, window_size, min_samples, closed)

    def rolling_count(
        self, window_size: int, *, min_samples: int | None = None, center: bool = False
    ) -> Expr:
        """Number of values that are not null of the last ``window_size`` rows.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_count(2)).to_dict()
        {'x': [None, 2, 2, 2]}
        """
        return self._rolling("count", window_size, min_samples, center)

    def rolling_count_by(
        self, by: IntoExpr, window_size: Any, *, min_samples: int = 1, closed: Closed = "right"
    ) -> Expr:
        """Number of values that are not null over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_count_by("t", "5i")).to_dict()
        {'x': [1, 2, 1]}
        """
        return self._rolling_by("count", by, window_size, min_samples, closed)

    def rolling_quantile(
        self,
        quantile: float,
        window_size: int,
        *,
        interpolation: Interpolation = "linear",
        min_samples: int | None = None,
        center: bool = False,
    ) -> Expr:
        """Quantile of the last ``window_size`` rows.

        Parameters
        ----------
        quantile
            Which quantile, from 0 to 1.
        window_size
            The length of a window, in rows.
        interpolation
            What stands for a quantile between two values; see :meth:`~swath.Expr.quantile`.
        min_samples
            How many values a window needs; with fewer the result is null.
        center
            Whether a window is around its row, instead of before it.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, 4]}).sort("x")
        >>> df.select(sw.col("x").rolling_quantile(0.5, 3)).to_dict()
        {'x': [None, None, 2.0, 3.0]}
        """
        return self._rolling(
            "quantile", window_size, min_samples, center, q=quantile, interpolation=interpolation
        )

    def rolling_quantile_by(
        self,
        by: IntoExpr,
        window_size: Any,
        *,
        quantile: float,
        interpolation: Interpolation = "linear",
        min_samples: int = 1,
        closed: Closed = "right",
    ) -> Expr:
        """Quantile over the last ``window_size`` of ``by``.

        Parameters
        ----------
        by
            The column of times, or numbers, that windows are measured in.
        window_size
            The length of a window: rows, or a duration such as ``"2d"``.
        quantile
            Which quantile, from 0 to 1.
        interpolation
            What stands for a quantile between two values; see :meth:`~swath.Expr.quantile`.
        min_samples
            How many values a window needs; with fewer the result is null.
        closed
            Which ends belong to a window: ``right``, ``left``, ``both``, ``none``.

        Examples
        --------
        >>> df = sw.from_dict({"t": [1, 2, 9], "x": [1, 3, 7]}).sort("t")
        >>> df.select(sw.col("x").rolling_quantile_by("t", "5i", quantile=0.5)).to_dict()
        {'x': [1.0, 2.0, 7.0]}
        """
        return self._rolling_by(
            "quantile", by, window_size, min_samples, closed, q=quantile, interpolation=interpolation
        )
