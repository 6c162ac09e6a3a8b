"""Python's operators on expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr

_UFUNCS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "power": "**",
    "float_power": "**",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "logical_and": "&",
    "logical_or": "|",
    "logical_xor": "^",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "^",
}

#: Methods that are called otherwise in NumPy.
_UFUNC_METHODS = {
    "absolute": "abs",
    "fabs": "abs",
    "log": "ln",
    "isnan": "is_nan",
    "isfinite": "is_finite",
    "isinf": "is_infinite",
    "rint": "round",
    "invert": "not_",
    "logical_not": "not_",
    "negative": "neg",
    "deg2rad": "radians",
    "rad2deg": "degrees",
}

_PLAIN_UFUNCS = frozenset(
    [
        "sign",
        "sqrt",
        "cbrt",
        "exp",
        "log2",
        "log10",
        "log1p",
        "expm1",
        "floor",
        "ceil",
        "trunc",
        "sin",
        "cos",
        "tan",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "arcsinh",
        "arccosh",
        "arctanh",
        "degrees",
        "radians",
        "arctan2",
    ]
)


class Operators(ExprPart):
    """``+``, ``==``, ``&`` and so on, and the methods of the same meaning."""

    __slots__ = ()

    def _operate(self, symbol: str, other: IntoExpr) -> Expr:
        return self._new(_internal.operator(symbol, [self._expr, native(other)]))

    def _operate_reflected(self, symbol: str, other: IntoExpr) -> Expr:
        return self._new(_internal.operator(symbol, [native(other), self._expr]))

    def __add__(self, other: IntoExpr) -> Expr:
        return self._operate("+", other)

    def __radd__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("+", other)

    def __sub__(self, other: IntoExpr) -> Expr:
        """Subtract; of two dates or times the duration between them (in SQL, of dates the number of days)."""
        return self._operate("-", other)

    def __rsub__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("-", other)

    def __mul__(self, other: IntoExpr) -> Expr:
        return self._operate("*", other)

    def __rmul__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("*", other)

    def __truediv__(self, other: IntoExpr) -> Expr:
        return self._operate("/", other)

    def __rtruediv__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("/", other)

    def __floordiv__(self, other: IntoExpr) -> Expr:
        return self._operate("//", other)

    def __rfloordiv__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("//", other)

    def __mod__(self, other: IntoExpr) -> Expr:
        return self._operate("%", other)

    def __rmod__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("%", other)

    def __pow__(self, other: IntoExpr) -> Expr:
        return self._operate("**", other)

    def __rpow__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("**", other)

    def __and__(self, other: IntoExpr) -> Expr:
        return self._operate("&", other)

    def __rand__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("&", other)

    def __or__(self, other: IntoExpr) -> Expr:
        return self._operate("|", other)

    def __ror__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("|", other)

    def __xor__(self, other: IntoExpr) -> Expr:
        return self._operate("^", other)

    def __rxor__(self, other: IntoExpr) -> Expr:
        return self._operate_reflected("^", other)

    def __invert__(self) -> Expr:
        return self._new(_internal.operator("~", [self._expr]))

    def __neg__(self) -> Expr:
        return self._new(self._expr.negate())

    def __pos__(self) -> Expr:
        return self._new(self._expr)

    def __abs__(self) -> Expr:
        return self._new(_internal.math("abs", self._expr))

    def __round__(self, decimals: int = 0) -> Expr:
        return self._new(self._expr).round(decimals)

    def __getitem__(self, key: Any) -> Expr:
        """Take a field of a struct, by its name, or a value of a list, by its place."""
        if isinstance(key, str):
            return self._new(self._expr).struct.field(key)
        if isinstance(key, int) and not isinstance(key, bool):
            return self._new(self._expr).list.get(key)
        raise TypeError(
            f"[] of an expression takes the name of a field or a place in a list, not {type(key).__name__}; "
            "slices of text and lists are .str.slice and .list.slice"
        )

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        if other is None:
            return self._new(self._expr.is_null())
        return self._operate("==", other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        if other is None:
            return self._new(self._expr.is_not_null())
        return self._operate("!=", other)

    def __lt__(self, other: IntoExpr) -> Expr:
        return self._operate("<", other)

    def __le__(self, other: IntoExpr) -> Expr:
        return self._operate("<=", other)

    def __gt__(self, other: IntoExpr) -> Expr:
        return self._operate(">", other)

    def __ge__(self, other: IntoExpr) -> Expr:
        return self._operate(">=", other)

    # Equality makes an expression, so there is none to find an expression in a set by.
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "an expression has no truth value before it runs: use & for 'and', | for 'or', ~ for 'not', "
            ".is_in(…) for 'in', .between(a, b) for 'a <= x <= b', and sw.when(…) for 'if'"
        )

    def __contains__(self, value: object) -> NoReturn:
        raise TypeError(
            "'in' asks for a truth value, which an expression lacks; use .is_in(…) or .list.contains(…)"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError("an expression has no values before it runs; select it and collect the frame")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Let NumPy's functions make expressions: ``np.sqrt(sw.col("x"))``."""
        if method != "__call__" or options:
            return NotImplemented
        name: str = ufunc.__name__
        if name == "float_power":
            inputs = (self._new(native(inputs[0])).cast("float64"), *inputs[1:])
        if name in _UFUNCS and len(inputs) == 2:
            return self._new(_internal.operator(_UFUNCS[name], [native(value) for value in inputs]))
        first = self._new(native(inputs[0]))
        if name == "maximum" or name == "minimum":
            return self._new(_internal.across(name[:3], [native(value) for value in inputs]))
        if name in _UFUNC_METHODS or name in _PLAIN_UFUNCS:
            return getattr(first, _UFUNC_METHODS.get(name, name))(*inputs[1:])
        raise TypeError(
            f"np.{name} has no equivalent for expressions; use .map_batches(…) or a method of Expr"
        )

    def add(self, other: IntoExpr) -> Expr:
        """``self + other``; strings are joined.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").add(1)).to_dict()
        {'x': [2, None]}
        """
        return self._operate("+", other)

    def sub(self, other: IntoExpr) -> Expr:
        """``self - other``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").sub(1)).to_dict()
        {'x': [0, None]}
        """
        return self._operate("-", other)

    def mul(self, other: IntoExpr) -> Expr:
        """``self * other``.

        Examples
        --------
        >>> sw.from_dict({"x": [3, None]}).select(sw.col("x").mul(2)).to_dict()
        {'x': [6, None]}
        """
        return self._operate("*", other)

    def truediv(self, other: IntoExpr) -> Expr:
        """``self / other``: a float, also of integers.

        Examples
        --------
        >>> sw.from_dict({"x": [3, None]}).select(sw.col("x").truediv(2)).to_dict()
        {'x': [1.5, None]}
        """
        return self._operate("/", other)

    def floordiv(self, other: IntoExpr) -> Expr:
        """``self // other``: rounded down; null where an integer is divided by zero.

        Examples
        --------
        >>> sw.from_dict({"x": [7, -7]}).select(sw.col("x").floordiv(2)).to_dict()
        {'x': [3, -4]}
        """
        return self._operate("//", other)

    def mod(self, other: IntoExpr) -> Expr:
        """``self % other``, with the sign of ``other``; null where an integer is divided by zero.

        Examples
        --------
        >>> sw.from_dict({"x": [7, -7]}).select(sw.col("x").mod(3)).to_dict()
        {'x': [1, 2]}
        """
        return self._operate("%", other)

    def pow(self, exponent: IntoExpr) -> Expr:
        """``self ** exponent``.

        Integers to the power of integers are integers of 64 bits; negative exponents in a column are an error
        then. That of a plain negative number, and all other powers, are floats.

        Examples
        --------
        >>> df = sw.from_dict({"x": [2, 3]})
        >>> df.select(sw.col("x").pow(3)).to_dict()
        {'x': [8, 27]}
        >>> df.select(sw.col("x") ** -1.0).to_list()[0]
        0.5
        """
        return self._operate("**", exponent)

    def neg(self) -> Expr:
        """``-self``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").neg()).to_dict()
        {'x': [-1, None]}
        """
        return -self

    def eq(self, other: IntoExpr) -> Expr:
        """``self == other``: null where either is null. ``None`` asks for :meth:`is_null`.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").eq(1)).to_dict()
        {'x': [True, None]}
        """
        return self == other

    def ne(self, other: IntoExpr) -> Expr:
        """``self != other``: null where either is null. ``None`` asks for :meth:`is_not_null`.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").ne(1)).to_dict()
        {'x': [False, None]}
        """
        return self != other

    def lt(self, other: IntoExpr) -> Expr:
        """``self < other``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2]}).select(sw.col("x").lt(2)).to_dict()
        {'x': [True, False]}
        """
        return self._operate("<", other)

    def le(self, other: IntoExpr) -> Expr:
        """``self <= other``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 3]}).select(sw.col("x").le(2)).to_dict()
        {'x': [True, False]}
        """
        return self._operate("<=", other)

    def gt(self, other: IntoExpr) -> Expr:
        """``self > other``. NaN is larger than every number.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 3]}).select(sw.col("x").gt(2)).to_dict()
        {'x': [False, True]}
        """
        return self._operate(">", other)

    def ge(self, other: IntoExpr) -> Expr:
        """``self >= other``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 3]}).select(sw.col("x").ge(3)).to_dict()
        {'x': [False, True]}
        """
        return self._operate(">=", other)

    def and_(self, *others: IntoExpr) -> Expr:
        """``self & other & …``: false if any is false, else null if any is null. Bit by bit for integers.

        Examples
        --------
        >>> sw.from_dict({"x": [True, None]}).select(sw.col("x").and_(False)).to_dict()
        {'x': [False, False]}
        """
        result = self._new(self._expr)
        for other in others:
            result = result & other
        return result

    def or_(self, *others: IntoExpr) -> Expr:
        """``self | other | …``: true if any is true, else null if any is null. Bit by bit for integers.

        Examples
        --------
        >>> sw.from_dict({"x": [False, None]}).select(sw.col("x").or_(False)).to_dict()
        {'x': [False, None]}
        """
        result = self._new(self._expr)
        for other in others:
            result = result | other
        return result

    def xor(self, other: IntoExpr) -> Expr:
        """``self ^ other``: whether exactly one is true. Bit by bit for integers.

        Examples
        --------
        >>> sw.from_dict({"x": [True, False]}).select(sw.col("x").xor(True)).to_dict()
        {'x': [False, True]}
        """
        return self._operate("^", other)

    def not_(self) -> Expr:
        """``~self``. Bit by bit for integers.

        Examples
        --------
        >>> sw.from_dict({"x": [True, None]}).select(sw.col("x").not_()).to_dict()
        {'x': [False, None]}
        """
        return ~self
