"""Exponentially weighted moments: means in which a value counts the less, the more rows came after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class ExponentiallyWeighted(ExprPart):
    """Moments with weights that shrink by the same factor from row to row.

    Rows are ordered by :meth:`~swath.Expr.over`, else by the frame's last ``sort``. How fast weights shrink
    says exactly one of ``alpha`` (the share that is lost with each row), ``com`` (``1 / (1 + com)`` of it),
    ``span`` (``2 / (span + 1)``) and ``half_life`` (rows until half is left). Results are null where values
    are.
    """

    __slots__ = ()

    def _ewm(
        self,
        name: str,
        decays: dict[str, float | None],
        adjust: bool,
        ignore_nulls: bool,
        min_samples: int,
        bias: bool,
    ) -> Expr:
        given = [(by, decay) for by, decay in decays.items() if decay is not None]
        if len(given) != 1:
            got = ", ".join(by for by, _ in given) or "none"
            raise ValueError(f"ewm_{name}: expected one of com, span, half_life and alpha, got {got}")
        [(by, decay)] = given
        if isinstance(decay, bool) or not isinstance(decay, int | float):
            raise TypeError(f"ewm_{name}: expected {by} as a number, got {decay!r}")
        if min_samples < 0:
            raise ValueError(f"ewm_{name}: expected min_samples of 0 or more, got {min_samples}")
        made = _internal.ewm(name, self._expr, by, decay, adjust, ignore_nulls, min_samples, bias)
        return self._new(made)

    def ewm_mean(
        self,
        *,
        com: float | None = None,
        span: float | None = None,
        half_life: float | None = None,
        alpha: float | None = None,
        adjust: bool = True,
        min_samples: int = 1,
        ignore_nulls: bool = False,
    ) -> Expr:
        """Exponentially weighted mean of the rows up to this one.

        Parameters
        ----------
        com, span, half_life, alpha
            How fast weights shrink: one of them.
        adjust
            Whether weights are divided by their sum; else the mean is a recursion that begins with the first
            value.
        min_samples
            How many values must have come; before, the result is null.
        ignore_nulls
            Whether rows of null do not count as rows; else older values lose weight by them too.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 4]}).sort("x")
        >>> df.select(sw.col("x").ewm_mean(alpha=0.5, adjust=False)).to_dict()
        {'x': [1.0, 1.5, 2.75]}
        """
        decays = {"com": com, "span": span, "half_life": half_life, "alpha": alpha}
        return self._ewm("mean", decays, adjust, ignore_nulls, min_samples, False)

    def ewm_var(
        self,
        *,
        com: float | None = None,
        span: float | None = None,
        half_life: float | None = None,
        alpha: float | None = None,
        adjust: bool = True,
        bias: bool = False,
        min_samples: int = 1,
        ignore_nulls: bool = False,
    ) -> Expr:
        """Exponentially weighted variance of the rows up to this one.

        Parameters
        ----------
        com, span, half_life, alpha
            How fast weights shrink: one of them.
        adjust
            Whether weights are divided by their sum; else the variance is a recursion that begins with the
            first value.
        bias
            Whether it is that of a population; else it is corrected for a sample, and null for one value.
        min_samples
            How many values must have come; before, the result is null.
        ignore_nulls
            Whether rows of null do not count as rows; else older values lose weight by them too.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 4]}).sort("x")
        >>> df.select(sw.col("x").ewm_var(com=1).round(6)).to_dict()
        {'x': [None, 0.5, 2.5]}
        """
        decays = {"com": com, "span": span, "half_life": half_life, "alpha": alpha}
        return self._ewm("var", decays, adjust, ignore_nulls, min_samples, bias)

    def ewm_std(
        self,
        *,
        com: float | None = None,
        span: float | None = None,
        half_life: float | None = None,
        alpha: float | None = None,
        adjust: bool = True,
        bias: bool = False,
        min_samples: int = 1,
        ignore_nulls: bool = False,
    ) -> Expr:
        """Exponentially weighted standard deviation of the rows up to this one.

        Parameters
        ----------
        com, span, half_life, alpha
            How fast weights shrink: one of them.
        adjust
            Whether weights are divided by their sum; else the deviation is a recursion that begins with the
            first value.
        bias
            Whether it is that of a population; else it is corrected for a sample, and null for one value.
        min_samples
            How many values must have come; before, the result is null.
        ignore_nulls
            Whether rows of null do not count as rows; else older values lose weight by them too.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3]}).sort("x")
        >>> df.select(sw.col("x").ewm_std(span=3, bias=True).round(6)).to_dict()
        {'x': [0.0, 0.471405, 0.728431]}
        """
        decays = {"com": com, "span": span, "half_life": half_life, "alpha": alpha}
        return self._ewm("std", decays, adjust, ignore_nulls, min_samples, bias)
