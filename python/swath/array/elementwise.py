"""Elementwise functions: operands broadcast, and bare numbers take the dtype of the array beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import operand, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

_OPERAND = "array_like\n        {which} operand: an array, a number, or what :func:`asarray` takes."


def _operands(values: tuple[Any, ...], dtype: Any) -> list[Any]:
    """Give operands of which one is an array at least."""
    given: list[Any] = [operand(value) for value in values]
    if all(type(value) in _convert.NUMBERS for value in given):
        given = [_convert.native_of(value) for value in given]
    if dtype is not None:
        name = _convert.dtype_name(dtype)
        given = [value if type(value) in _convert.NUMBERS else value.astype(name) for value in given]
    return given


def apply(name: str, *values: Any, dtype: Any = None, out: Any = None) -> Array:
    """Apply any elementwise function of the engine by its name.

    Parameters
    ----------
    name
        NumPy's name of the function.
    *values
        As many arrays and numbers as the function takes.
    dtype
        The dtype to compute in.
    out
        An array, which then stands for the result.
    """
    result = wrap(native.ufunc(name, *_operands(values, dtype)))
    return result if out is None else into(out, result, name)


def into(out: Any, result: Array, name: str) -> Array:
    """Let ``out`` stand for a result."""
    from swath.array._array import Array

    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    if not isinstance(out, Array):
        raise TypeError(
            f"{name}: out must be a swath Array, not {type(out).__name__}: assign np.asarray(result) instead"
        )
    out._assign(result, name)
    return out


def _unary(name: str, doc: str) -> Callable[..., Array]:
    def function(x: Any, /, out: Any = None, *, dtype: Any = None) -> Array:
        if out is None and dtype is None and type(x) not in _convert.NUMBERS:
            return wrap(native.ufunc(name, operand(x)))
        return apply(name, x, dtype=dtype, out=out)

    function.__doc__ = f"""{doc}

    Parameters
    ----------
    x : {_OPERAND.format(which="The")}
    dtype
        The dtype to compute in.

    Returns
    -------
    Array
        Of the shape of ``x``; nothing is computed yet.
    """
    function.__module__ = __name__
    return function


def _binary(name: str, doc: str) -> Callable[..., Array]:
    def function(x1: Any, x2: Any, /, out: Any = None, *, dtype: Any = None) -> Array:
        return apply(name, x1, x2, dtype=dtype, out=out)

    function.__doc__ = f"""{doc}

    Parameters
    ----------
    x1 : {_OPERAND.format(which="The left")}
    x2 : {_OPERAND.format(which="The right")}
    dtype
        The dtype to compute in.

    Returns
    -------
    Array
        Of the shape to which both broadcast; nothing is computed yet.
    """
    function.__module__ = __name__
    return function


negative = _unary("negative", "The negative; unsigned integers wrap.")
positive = _unary("positive", "The same elements; not for ``bool``.")
absolute = _unary("absolute", "The absolute value; of complex numbers the magnitude.")
abs = _unary("absolute", "The absolute value; of complex numbers the magnitude.")
sign = _unary("sign", "-1, 0 or 1; of complex numbers the direction.")
square = _unary("square", "The square.")
reciprocal = _unary("reciprocal", "One divided by it.")
sqrt = _unary("sqrt", "The square root; NaN below zero.")
cbrt = _unary("cbrt", "The cube root.")
exp = _unary("exp", "E to the power of it.")
exp2 = _unary("exp2", "2 to the power of it.")
expm1 = _unary("expm1", "``exp(x) - 1``, exact near zero.")
log = _unary("log", "The natural logarithm.")
log2 = _unary("log2", "The logarithm to base 2.")
log10 = _unary("log10", "The logarithm to base 10.")
log1p = _unary("log1p", "``log(1 + x)``, exact near zero.")
sin = _unary("sin", "The sine, of radians.")
cos = _unary("cos", "The cosine, of radians.")
tan = _unary("tan", "The tangent, of radians.")
arcsin = _unary("arcsin", "The inverse sine, in radians.")
arccos = _unary("arccos", "The inverse cosine, in radians.")
arctan = _unary("arctan", "The inverse tangent, in radians.")
sinh = _unary("sinh", "The hyperbolic sine.")
cosh = _unary("cosh", "The hyperbolic cosine.")
tanh = _unary("tanh", "The hyperbolic tangent.")
arcsinh = _unary("arcsinh", "The inverse hyperbolic sine.")
arccosh = _unary("arccosh", "The inverse hyperbolic cosine.")
arctanh = _unary("arctanh", "The inverse hyperbolic tangent.")
degrees = _unary("degrees", "Radians as degrees.")
rad2deg = _unary("degrees", "Radians as degrees.")
radians = _unary("radians", "Degrees as radians.")
deg2rad = _unary("radians", "Degrees as radians.")
erf = _unary("erf", "The error function.")
erfc = _unary("erfc", "One minus the error function.")
gamma = _unary("gamma", "The gamma function.")
lgamma = _unary("lgamma", "The logarithm of the gamma function's magnitude.")
digamma = _unary("digamma", "The derivative of the logarithm of the gamma function.")
i0 = _unary("i0", "The modified Bessel function of the first kind, order 0.")
sinc = _unary("sinc", "``sin(pix) / pix``.")
floor = _unary("floor", "The largest integer not above it.")
ceil = _unary("ceil", "The smallest integer not below it.")
trunc = _unary("trunc", "Cut towards zero.")
fix = _unary("trunc", "Cut towards zero.")
rint = _unary("rint", "The nearest integer, halves to even.")
spacing = _unary("spacing", "The distance to the next float.")
real = _unary("real", "The real part.")
imag = _unary("imag", "The imaginary part; zero of real numbers.")
conjugate = _unary("conjugate", "The complex conjugate.")
conj = _unary("conjugate", "The complex conjugate.")
angle = _unary("angle", "The angle of complex numbers, in radians.")
logical_not = _unary("logical_not", "Whether it is zero.")
isnan = _unary("isnan", "Whether it is NaN (or NaT).")
isinf = _unary("isinf", "Whether it is infinite.")
isfinite = _unary("isfinite", "Whether it is neither infinite nor NaN.")
isnat = _unary("isnat", "Whether a date or duration is missing.")
signbit = _unary("signbit", "Whether the sign is set, of -0 and NaN too.")
invert = _unary("invert", "Each bit inverted; of ``bool`` not.")
bitwise_count = _unary("bitwise_count", "Number of bits set in the absolute value.")
acos = arccos
acosh = arccosh
asin = arcsin
asinh = arcsinh
atan = arctan
atanh = arctanh
bitwise_invert = invert
bitwise_not = invert
fabs = _unary("fabs", "The absolute value, as floats.")
expit = _unary("expit", "The logistic function, ``1 / (1 + exp(-x))``.")
add = _binary("add", "The sum.")
subtract = _binary("subtract", "The difference.")
multiply = _binary("multiply", "The product.")
divide = _binary("divide", "The quotient; of integers as floats.")
true_divide = _binary("divide", "The quotient; of integers as floats.")
floor_divide = _binary("floor_divide", "The quotient rounded down; of integers by zero 0.")
remainder = _binary("remainder", "The remainder with the divisor's sign.")
fmod = _binary("fmod", "The remainder with the dividend's sign.")
power = _binary("power", "To the power of.")
float_power = _binary("float_power", "To the power of, in double precision at least.")
gcd = _binary("gcd", "The greatest common divisor.")
lcm = _binary("lcm", "The least common multiple.")
logaddexp = _binary("logaddexp", "``log(exp(x) + exp(y))`` without overflow.")
logaddexp2 = _binary("logaddexp2", "``log2(2**x + 2**y)`` without overflow.")
arctan2 = _binary("arctan2", "The angle of the point ``(y, x)``, in radians.")
hypot = _binary("hypot", "``sqrt(x**2 + y**2)`` without overflow.")
copysign = _binary("copysign", "With the sign of the other.")
nextafter = _binary("nextafter", "The next float towards the other.")
ldexp = _binary("ldexp", "Times two to the power of the other.")
heaviside = _binary("heaviside", "0 below zero, 1 above, the other at zero.")
equal = _binary("equal", "Whether they are equal.")
not_equal = _binary("not_equal", "Whether they differ.")
less = _binary("less", "Whether it is less.")
less_equal = _binary("less_equal", "Whether it is less or equal.")
greater = _binary("greater", "Whether it is greater.")
greater_equal = _binary("greater_equal", "Whether it is greater or equal.")
logical_and = _binary("logical_and", "Whether both are true.")
logical_or = _binary("logical_or", "Whether one is true.")
logical_xor = _binary("logical_xor", "Whether exactly one is true.")
bitwise_and = _binary("bitwise_and", "The bits set in both.")
bitwise_or = _binary("bitwise_or", "The bits set in one.")
bitwise_xor = _binary("bitwise_xor", "The bits set in exactly one.")
left_shift = _binary("left_shift", "Bits shifted left.")
right_shift = _binary("right_shift", "Bits shifted right.")
maximum = _binary("maximum", "The greater; NaN if one is.")
minimum = _binary("minimum", "The lesser; NaN if one is.")
fmax = _binary("fmax", "The greater; a number beside NaN.")
fmin = _binary("fmin", "The lesser; a number beside NaN.")
atan2 = arctan2
pow = power
bitwise_left_shift = left_shift
bitwise_right_shift = right_shift
mod = remainder


@overload
def where(condition: Any, /) -> tuple[Array, ...]: ...
@overload
def where(condition: Any, x1: Any, x2: Any, /) -> Array: ...
def where(condition: Any, x1: Any = None, x2: Any = None, /) -> Any:
    """Take elements of ``x1`` where a condition holds, of ``x2`` elsewhere; of a condition alone positions.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(4)
    >>> sa.where(x > 1, x, -1).compute()
    array([-1, -1,  2,  3])
    """
    if x1 is None and x2 is None:
        from swath.array.indexing import nonzero

        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("either both or neither of x1 and x2 should be given")
    values: list[Any] = [operand(x1), operand(x2)]
    if all(type(value) in _convert.NUMBERS for value in values):
        # Two bare numbers have the dtype that NumPy gives them together.
        import numpy as np

        dtype = (
            np.result_type(*values).name
            if bool not in map(type, values)
            else np.result_type(*map(np.asarray, values)).name
        )
        values = [_convert.native_of(value).astype(dtype) for value in values]
    return wrap(native.ufunc("where", _convert.native_of(condition), *values))


def round(x: Any, /, decimals: int = 0, out: Any = None) -> Array:
    """Round to decimals, halves to even; negative ones round to tens, hundreds and so on."""
    result = wrap(native.round(_convert.native_of(x), decimals))
    return result if out is None else into(out, result, "round")


around = round


def clip(x: Any, /, min: Any = None, max: Any = None, out: Any = None) -> Array:
    """Hold elements between bounds; a bound that is ``None`` does not bound.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.clip(sa.arange(5), 1, 3).compute()
    array([1, 1, 2, 3, 3])
    """
    x = _convert.native_of(x)
    result = wrap(
        native.clip(x, None if min is None else operand(min), None if max is None else operand(max))
    )
    return result if out is None else into(out, result, "clip")


def nan_to_num(
    x: Any, /, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """Replace NaN, and infinities by the largest and least numbers unless others are given."""
    x = _convert.native_of(x)
    if _convert.dtype_of(x.dtype()).kind not in "fc":
        return wrap(x)
    return wrap(native.nan_to_num(x, float(nan), posinf, neginf))


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Say which elements are equal within ``atol + rtol * |b|``."""
    return wrap(native.isclose(_convert.native_of(a), operand(b), rtol, atol, equal_nan))


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Say whether all elements are equal within ``atol + rtol * |b|``."""
    return isclose(a, b, rtol, atol, equal_nan).all()


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Compute whether two arrays have one shape and equal elements."""
    left, right = wrap(_convert.native_of(a1)), wrap(_convert.native_of(a2))
    if left.shape != right.shape:
        return False
    same = equal(left, right)
    if equal_nan:
        same = logical_or(same, logical_and(isnan(left), isnan(right)))
    return bool(same.all())


def modf(x: Any, /) -> tuple[Array, Array]:
    """Split into fraction and integer part, both with the sign of the element."""
    fraction, whole = native.modf(_convert.native_of(x))
    return wrap(fraction), wrap(whole)


def frexp(x: Any, /) -> tuple[Array, Array]:
    """Split into a mantissa between 0.5 and 1 and a power of two."""
    mantissa, exponent = native.frexp(_convert.native_of(x))
    return wrap(mantissa), wrap(exponent)


def divmod(x1: Any, x2: Any, /) -> tuple[Array, Array]:
    """Divide and round down, with the remainder."""
    return floor_divide(x1, x2), remainder(x1, x2)


def iscomplex(x: Any, /) -> Array:
    """Say which elements have an imaginary part."""
    return not_equal(imag(x), 0)


def isreal(x: Any, /) -> Array:
    """Say which elements have no imaginary part."""
    return equal(imag(x), 0)


def isneginf(x: Any, /) -> Array:
    """Say which elements are negative infinity."""
    return equal(x, float("-inf"))


def isposinf(x: Any, /) -> Array:
    """Say which elements are positive infinity."""
    return equal(x, float("inf"))


def array_equiv(a1: Any, a2: Any) -> bool:
    """Compute whether two arrays broadcast and have equal elements."""
    try:
        return bool(equal(a1, a2).all())
    except ValueError:
        return False
