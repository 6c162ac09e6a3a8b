"""The shape of the values in rolling windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath.expr.rolling import Rolling

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class RollingShape(Rolling):
    """Skewness and kurtosis of windows."""

    __slots__ = ()

    def rolling_skew(
        self, window_size: int, *, bias: bool = True, min_samples: int | None = None, center: bool = False
    ) -> Expr:
        """Skewness of the last ``window_size`` rows; see :meth:`~swath.Expr.skew`.

        Each window's is computed anew, in time that grows with its length.

        Parameters
        ----------
        window_size
            The length of a window, in rows.
        bias
            Whether it is that of a population; else it is corrected for a sample.
        min_samples
            How many values a window needs; with fewer the result is null.
        center
            Whether a window is around its row, instead of before it.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 9, 10]}).sort("x")
        >>> df.select(sw.col("x").rolling_skew(3).round(6)).to_dict()
        {'x': [None, None, 0.665469, -0.665469]}
        """
        return self._rolling("skew", window_size, min_samples, center, bias=bias)

    def rolling_kurtosis(
        self,
        window_size: int,
        *,
        fisher: bool = True,
        bias: bool = True,
        min_samples: int | None = None,
        center: bool = False,
    ) -> Expr:
        """Kurtosis of the last ``window_size`` rows; see :meth:`~swath.Expr.kurtosis`.

        Each window's is computed anew, in time that grows with its length.

        Parameters
        ----------
        window_size
            The length of a window, in rows.
        fisher
            Whether that of a normal distribution is 0; else it is 3.
        bias
            Whether it is that of a population; else it is corrected for a sample.
        min_samples
            How many values a window needs; with fewer the result is null.
        center
            Whether a window is around its row, instead of before it.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 2, 5]}).sort("x")
        >>> df.select(sw.col("x").rolling_kurtosis(4).round(6)).to_dict()
        {'x': [None, None, None, -0.814815]}
        """
        excess = self._rolling("kurtosis", window_size, min_samples, center, bias=bias)
        return (excess if fisher else excess + 3.0).name.keep()
