"""Arithmetic functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class Maths(ExprPart):
    """Arithmetic functions. Null gives null; what has no real answer gives NaN."""

    __slots__ = ()

    def _math(self, name: str) -> Expr:
        return self._new(_internal.math(name, self._expr))

    def _math_with(self, name: str, *arguments: IntoExpr) -> Expr:
        return self._new(_internal.math_with(name, self._expr, [native(argument) for argument in arguments]))

    def abs(self) -> Expr:
        """Absolute value.

        Examples
        --------
        >>> sw.from_dict({"x": [-1.5, None]}).select(sw.col("x").abs()).to_dict()
        {'x': [1.5, None]}
        """
        return self._math("abs")

    def sign(self) -> Expr:
        """-1, 0 or 1.

        Examples
        --------
        >>> sw.from_dict({"x": [-2.0, 0.0, 3.0]}).select(sw.col("x").sign()).to_dict()
        {'x': [-1.0, 0.0, 1.0]}
        """
        return self._math("sign")

    def sqrt(self) -> Expr:
        """Square root; NaN of a negative number.

        Examples
        --------
        >>> sw.from_dict({"x": [4.0, -1.0, None]}).select(sw.col("x").sqrt()).to_dict()
        {'x': [2.0, nan, None]}
        """
        return self._math("sqrt").name.keep()

    def cbrt(self) -> Expr:
        """Cube root.

        Examples
        --------
        >>> sw.from_dict({"x": [-8.0, None]}).select(sw.col("x").cbrt()).to_dict()
        {'x': [-2.0, None]}
        """
        return self._math("cbrt")

    def exp(self) -> Expr:
        """E to this power.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").exp()).to_dict()
        {'x': [1.0, None]}
        """
        return self._math("exp")

    def ln(self) -> Expr:
        """Natural logarithm.

        Examples
        --------
        >>> sw.from_dict({"x": [1.0, None]}).select(sw.col("x").ln()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("ln")

    def log2(self) -> Expr:
        """Logarithm to base 2.

        Examples
        --------
        >>> sw.from_dict({"x": [8.0, None]}).select(sw.col("x").log2()).to_dict()
        {'x': [3.0, None]}
        """
        return self._math("log2")

    def log10(self) -> Expr:
        """Logarithm to base 10.

        Examples
        --------
        >>> sw.from_dict({"x": [1000.0, None]}).select(sw.col("x").log10()).to_dict()
        {'x': [3.0, None]}
        """
        return self._math("log10")

    def floor(self) -> Expr:
        """Largest integer that is not larger.

        Examples
        --------
        >>> sw.from_dict({"x": [2.7, -2.1]}).select(sw.col("x").floor()).to_dict()
        {'x': [2.0, -3.0]}
        """
        return self._math("floor")

    def ceil(self) -> Expr:
        """Smallest integer that is not smaller.

        Examples
        --------
        >>> sw.from_dict({"x": [2.1, -2.7]}).select(sw.col("x").ceil()).to_dict()
        {'x': [3.0, -2.0]}
        """
        return self._math("ceil")

    def sin(self) -> Expr:
        """Sine of an angle in radians.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").sin()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("sin")

    def cos(self) -> Expr:
        """Cosine of an angle in radians.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").cos()).to_dict()
        {'x': [1.0, None]}
        """
        return self._math("cos")

    def tan(self) -> Expr:
        """Tangent of an angle in radians.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").tan()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("tan")

    def arcsin(self) -> Expr:
        """Arc sine in radians.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").arcsin()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("arcsin")

    def arccos(self) -> Expr:
        """Arc cosine in radians.

        Examples
        --------
        >>> sw.from_dict({"x": [1.0, None]}).select(sw.col("x").arccos()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("arccos")

    def arctan(self) -> Expr:
        """Arc tangent in radians.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").arctan()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("arctan")

    def sinh(self) -> Expr:
        """Hyperbolic sine.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").sinh()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("sinh")

    def cosh(self) -> Expr:
        """Hyperbolic cosine.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").cosh()).to_dict()
        {'x': [1.0, None]}
        """
        return self._math("cosh")

    def tanh(self) -> Expr:
        """Hyperbolic tangent.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").tanh()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("tanh")

    def arcsinh(self) -> Expr:
        """Inverse hyperbolic sine.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").arcsinh()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("arcsinh")

    def arccosh(self) -> Expr:
        """Inverse hyperbolic cosine.

        Examples
        --------
        >>> sw.from_dict({"x": [1.0, None]}).select(sw.col("x").arccosh()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("arccosh")

    def arctanh(self) -> Expr:
        """Inverse hyperbolic tangent.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").arctanh()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("arctanh")

    def degrees(self) -> Expr:
        """Radians to degrees.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").degrees()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("degrees")

    def radians(self) -> Expr:
        """Degrees to radians.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, None]}).select(sw.col("x").radians()).to_dict()
        {'x': [0.0, None]}
        """
        return self._math("radians")

    def is_nan(self) -> Expr:
        """Whether the value is NaN.

        Examples
        --------
        >>> sw.from_dict({"x": [float("nan"), 1.0, None]}).select(sw.col("x").is_nan()).to_dict()
        {'x': [True, False, None]}
        """
        return self._math("is_nan")

    def is_not_nan(self) -> Expr:
        """Whether the value is not NaN.

        Examples
        --------
        >>> sw.from_dict({"x": [float("nan"), 1.0, None]}).select(sw.col("x").is_not_nan()).to_dict()
        {'x': [False, True, None]}
        """
        return self._math("is_not_nan")

    def is_finite(self) -> Expr:
        """Whether the value is neither NaN nor infinite.

        Examples
        --------
        >>> sw.from_dict({"x": [float("inf"), 1.0, None]}).select(sw.col("x").is_finite()).to_dict()
        {'x': [False, True, None]}
        """
        return self._math("is_finite")

    def is_infinite(self) -> Expr:
        """Whether the value is plus or minus infinity.

        Examples
        --------
        >>> sw.from_dict({"x": [float("inf"), 1.0, None]}).select(sw.col("x").is_infinite()).to_dict()
        {'x': [True, False, None]}
        """
        return self._math("is_infinite")

    def round(self, decimals: int = 0) -> Expr:
        """Round to ``decimals`` digits after the point (before it, if negative); halves go away from zero.

        Examples
        --------
        >>> sw.from_dict({"x": [2.5, -1.26]}).select(sw.col("x").round(1)).to_dict()
        {'x': [2.5, -1.3]}
        """
        return self._new(_internal.math_with("round", self._expr, [], decimals))

    def trunc(self, decimals: int = 0) -> Expr:
        """Cut towards zero after ``decimals`` digits.

        Examples
        --------
        >>> sw.from_dict({"x": [2.7, -1.26]}).select(sw.col("x").trunc()).to_dict()
        {'x': [2.0, -1.0]}
        """
        return self._new(_internal.math_with("trunc", self._expr, [], decimals))

    def log(self, base: float | IntoExpr = math.e) -> Expr:
        """Logarithm; natural, if no base is given.

        Examples
        --------
        >>> sw.from_dict({"x": [8.0]}).select(sw.col("x").log(2)).to_dict()
        {'x': [3.0]}
        """
        if isinstance(base, float) and base == math.e:
            return self._math("ln")
        return self._math_with("log", float(base) if isinstance(base, int) else base)

    def log1p(self) -> Expr:
        """Natural logarithm of one more, exact near zero.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, 1e-18]}).select(sw.col("x").log1p()).to_dict()
        {'x': [0.0, 1e-18]}
        """
        return self._math("log1p")

    def expm1(self) -> Expr:
        """One less than e to this power, exact near zero.

        Examples
        --------
        >>> sw.from_dict({"x": [0.0, 1e-18]}).select(sw.col("x").expm1()).to_dict()
        {'x': [0.0, 1e-18]}
        """
        return self._math("expm1")

    def arctan2(self, x: IntoExpr) -> Expr:
        """Angle in radians of the point (``x``, this).

        Examples
        --------
        >>> sw.from_dict({"y": [0.0], "x": [1.0]}).select(sw.col("y").arctan2(sw.col("x"))).to_dict()
        {'y': [0.0]}
        """
        return self._math_with("arctan2", x)

    def clip(self, lower_bound: IntoExpr = None, upper_bound: IntoExpr = None) -> Expr:
        """At least ``lower_bound`` and at most ``upper_bound``; either may be left out.

        Null stays null, and NaN stays NaN; a bound that is null or NaN does not limit.

        Examples
        --------
        >>> sw.from_dict({"x": [-5, 2, 9, None]}).select(sw.col("x").clip(0, 5)).to_dict()
        {'x': [0, 2, 5, None]}
        """
        branches = []
        for operator, bound in (("below", lower_bound), ("above", upper_bound)):
            if bound is not None:
                limit = native(bound)
                branches.append((_internal.operator(operator, [self._expr, limit]), limit))
        if not branches:
            return self._new(self._expr)
        return self._new(_internal.when(branches, self._expr)).name.keep()

    def bitwise_and(self, other: IntoExpr) -> Expr:
        """Bits that are set in both.

        Examples
        --------
        >>> sw.from_dict({"x": [6]}).select(sw.col("x").bitwise_and(3)).to_dict()
        {'x': [2]}
        """
        return self._math_with("bitwise_and", other)

    def bitwise_or(self, other: IntoExpr) -> Expr:
        """Bits that are set in either.

        Examples
        --------
        >>> sw.from_dict({"x": [6]}).select(sw.col("x").bitwise_or(3)).to_dict()
        {'x': [7]}
        """
        return self._math_with("bitwise_or", other)

    def bitwise_xor(self, other: IntoExpr) -> Expr:
        """Bits that are set in one of both.

        Examples
        --------
        >>> sw.from_dict({"x": [6]}).select(sw.col("x").bitwise_xor(3)).to_dict()
        {'x': [5]}
        """
        return self._math_with("bitwise_xor", other)

    def bitwise_left_shift(self, bits: IntoExpr) -> Expr:
        """Bits moved up.

        Examples
        --------
        >>> sw.from_dict({"x": [6]}).select(sw.col("x").bitwise_left_shift(1)).to_dict()
        {'x': [12]}
        """
        return self._math_with("bitwise_left_shift", bits)

    def bitwise_right_shift(self, bits: IntoExpr) -> Expr:
        """Bits moved down.

        Examples
        --------
        >>> sw.from_dict({"x": [6]}).select(sw.col("x").bitwise_right_shift(1)).to_dict()
        {'x': [3]}
        """
        return self._math_with("bitwise_right_shift", bits)
