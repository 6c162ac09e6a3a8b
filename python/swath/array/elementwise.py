"""Elementwise functions: operands broadcast, and bare numbers take the dtype of the array beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import operand, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

_OPERAND = "array_like\n        {which} operand: an array, a number, or what :func:`asarray` takes."


_TRUTHS = frozenset(
    {
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
        *("logical_and", "logical_or", "logical_xor", "logical_not"),
        *("isnan", "isinf", "isfinite", "isnat", "signbit"),
    }
)
"""Functions that give truth values, whatever the dtype of the operands."""


def _operands(values: tuple[Any, ...], name: str, dtype: Any) -> list[Any]:
    """Give operands of which one is an array at least, cast as ``dtype`` asks."""
    given: list[Any] = [operand(value) for value in values]
    are_bare = all(type(value) in _convert.NUMBERS for value in given)
    if are_bare:
        given = [_convert.native_of(value) for value in given]
    if dtype is None:
        return given
    if name in _TRUTHS:
        if np.dtype(dtype) != np.bool_:
            raise TypeError(f"{name} gives bool, not {np.dtype(dtype)}: convert what it gives, .astype(...)")
        return given
    # The exponents of ldexp are integers whatever it gives.
    count = 1 if name == "ldexp" else len(given)
    if are_bare:
        own = zip(given, values[:count], strict=False)
        given[:count] = [_bare(one, value, np.dtype(dtype)) for one, value in own]
    return [*cast(given[:count], name, dtype), *given[count:]]


def _bare(made: native.Array, value: Any, target: np.dtype[Any]) -> native.Array:
    """Give a bare number the dtype that is asked for, if that holds such numbers."""
    holds = target.kind not in "mM" and np.can_cast(np.min_scalar_type(value), target, "same_kind")
    return made.astype(_convert.dtype_name(target)) if holds else made


def cast(given: list[Any], name: str, dtype: Any) -> list[Any]:
    """Cast operands to the dtype that a function is to compute in, as NumPy does: within the kind or up."""
    target = np.dtype(dtype)
    if target.kind in "mM" or any(_convert.kind_of(value) in "mM" for value in given):
        raise TypeError(
            f"{name}: dates and durations have a dtype of their own: convert what it gives, .astype(...)"
        )
    for value in given:
        if isinstance(value, native.Array) and not np.can_cast(value.dtype(), target, "same_kind"):
            raise TypeError(
                f"{name}: {value.dtype()} is not cast to dtype={target}: convert it yourself, "
                f'x.astype("{target}")'
            )
    text = _convert.dtype_name(target)
    return [value.astype(text) if isinstance(value, native.Array) else value for value in given]


def expect(made: Array, name: str, dtype: Any) -> None:
    """Refuse a result of another dtype than what was asked for."""
    if made.dtype != np.dtype(dtype):
        raise TypeError(
            f"{name} gives {made.dtype}, not dtype={np.dtype(dtype)}: convert what it gives, .astype(...)"
        )


def apply(name: str, *values: Any, dtype: Any = None, out: Any = None, where: Any = True) -> Array:
    """Apply any elementwise function of the engine by its name.

    Parameters
    ----------
    name
        NumPy's name of the function.
    *values
        As many arrays and numbers as the function takes.
    dtype
        The dtype to compute in and to give; operands are cast within their kind or up.
    out
        An array, which then stands for the result.
    where
        A mask that broadcasts with the operands: elsewhere the result has the elements of ``out``, or zero.
    """
    given = _operands(values, name, dtype)
    if name == "ldexp" and _convert.kind_of(given[-1]) not in "biu":
        raise TypeError("ldexp: the exponents are integers: use x * 2.0**exponent for floats")
    result = wrap(native.ufunc(name, *_convert.meeting(given)))
    if dtype is not None:
        expect(result, name, dtype)
    if where is not True:
        result = _masked(result, out, where, name)
    return result if out is None else into(out, result, name)


def _masked(result: Array, out: Any, mask: Any, name: str) -> Array:
    inner = _convert.native_of(mask)
    if inner.dtype() != "bool":
        raise TypeError(f"{name}: where is a mask of truth values, not {inner.dtype()}")
    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    elsewhere = False if result._array.dtype() == "bool" else 0 if out is None else operand(out)
    return wrap(native.ufunc("where", inner, result._array, elsewhere))


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


def _unary(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(x: Any, /, out: Any = None, *, where: Any = True, dtype: Any = None) -> Array:
        if out is None and dtype is None and where is True and type(x) not in _convert.NUMBERS:
            return wrap(native.ufunc(name, operand(x)))
        return apply(name, x, dtype=dtype, out=out, where=where)

    function.__doc__ = f"""{doc}

    Parameters
    ----------
    x : {_OPERAND.format(which="The")}
    out
        An array, which then stands for the result.
    where
        Which elements to compute: a mask that broadcasts; others are those of ``out``, or zero.
    dtype
        The dtype to compute in.

    Returns
    -------
    Array
        Of the shape of ``x``; nothing is computed yet.
{_example(name, example, gives)}    """
    return _named(function, name)


def _binary(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(x1: Any, x2: Any, /, out: Any = None, *, where: Any = True, dtype: Any = None) -> Array:
        return apply(name, x1, x2, dtype=dtype, out=out, where=where)

    function.__doc__ = f"""{doc}

    Parameters
    ----------
    x1 : {_OPERAND.format(which="The left")}
    x2 : {_OPERAND.format(which="The right")}
    out
        An array, which then stands for the result.
    where
        Which elements to compute: a mask that broadcasts; others are those of ``out``, or zero.
    dtype
        The dtype to compute in.

    Returns
    -------
    Array
        Of the shape to which both broadcast; nothing is computed yet.
{_example(name, example, gives)}    """
    return _named(function, name)


def _example(name: str, arguments: str, gives: str) -> str:
    return f"""
    Examples
    --------
    >>> import swath.array as sa
    >>> sa.{name}({arguments}).compute()
    {gives}
"""


def _named(function: Callable[..., Array], name: str) -> Callable[..., Array]:
    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    return function


negative = _unary("negative", "The negative; unsigned integers wrap.", "[1, -2]", "array([-1,  2])")
positive = _unary("positive", "The same elements; not for ``bool``.", "[1, -2]", "array([ 1, -2])")
absolute = _unary(
    "absolute", "The absolute value; of complex numbers the magnitude.", "[-1, 2]", "array([1, 2])"
)
abs = _unary("absolute", "The absolute value; of complex numbers the magnitude.", "[-1, 2]", "array([1, 2])")
sign = _unary("sign", "-1, 0 or 1; of complex numbers the direction.", "[-3, 0, 2]", "array([-1,  0,  1])")
square = _unary("square", "The square.", "[2, 3]", "array([4, 9])")
reciprocal = _unary(
    "reciprocal",
    "One divided by it; of integers cut towards zero, and 0 of 0.",
    "[2.0, 4.0]",
    "array([0.5 , 0.25])",
)
sqrt = _unary("sqrt", "The square root; NaN below zero.", "[1.0, 4.0]", "array([1., 2.])")
cbrt = _unary("cbrt", "The cube root.", "[1.0, 8.0]", "array([1., 2.])")
exp = _unary("exp", "E to the power of it.", "[0.5, 1.0]", "array([1.64872127, 2.71828183])")
exp2 = _unary("exp2", "2 to the power of it.", "[0.5, 1.0]", "array([1.41421356, 2.        ])")
expm1 = _unary("expm1", "``exp(x) - 1``, exact near zero.", "[0.5, 1.0]", "array([0.64872127, 1.71828183])")
log = _unary("log", "The natural logarithm.", "[1.0, 10.0]", "array([0.        , 2.30258509])")
log2 = _unary("log2", "The logarithm to base 2.", "[1.0, 8.0]", "array([0., 3.])")
log10 = _unary("log10", "The logarithm to base 10.", "[1.0, 100.0]", "array([0., 2.])")
log1p = _unary("log1p", "``log(1 + x)``, exact near zero.", "[0.5, 1.0]", "array([0.40546511, 0.69314718])")
sin = _unary("sin", "The sine, of radians.", "[0.5, 1.0]", "array([0.47942554, 0.84147098])")
cos = _unary("cos", "The cosine, of radians.", "[0.5, 1.0]", "array([0.87758256, 0.54030231])")
tan = _unary("tan", "The tangent, of radians.", "[0.5, 1.0]", "array([0.54630249, 1.55740772])")
arcsin = _unary("arcsin", "The inverse sine, in radians.", "[0.5, 1.0]", "array([0.52359878, 1.57079633])")
arccos = _unary("arccos", "The inverse cosine, in radians.", "[0.5, 1.0]", "array([1.04719755, 0.        ])")
arctan = _unary("arctan", "The inverse tangent, in radians.", "[0.5, 1.0]", "array([0.46364761, 0.78539816])")
sinh = _unary("sinh", "The hyperbolic sine.", "[0.5, 1.0]", "array([0.52109531, 1.17520119])")
cosh = _unary("cosh", "The hyperbolic cosine.", "[0.5, 1.0]", "array([1.12762597, 1.54308063])")
tanh = _unary("tanh", "The hyperbolic tangent.", "[0.5, 1.0]", "array([0.46211716, 0.76159416])")
arcsinh = _unary("arcsinh", "The inverse hyperbolic sine.", "[0.5, 1.0]", "array([0.48121183, 0.88137359])")
arccosh = _unary("arccosh", "The inverse hyperbolic cosine.", "[1.0, 2.0]", "array([0.       , 1.3169579])")
arctanh = _unary(
    "arctanh", "The inverse hyperbolic tangent.", "[0.0, 0.5]", "array([0.        , 0.54930614])"
)
degrees = _unary("degrees", "Radians as degrees.", "[0.0, sa.pi]", "array([  0., 180.])")
rad2deg = _unary("degrees", "Radians as degrees.", "[0.0, sa.pi]", "array([  0., 180.])")
radians = _unary("radians", "Degrees as radians.", "[0.0, 180.0]", "array([0.        , 3.14159265])")
deg2rad = _unary("radians", "Degrees as radians.", "[0.0, 180.0]", "array([0.        , 3.14159265])")
erf = _unary("erf", "The error function.", "[0.5, 1.0]", "array([0.52049988, 0.84270079])")
erfc = _unary("erfc", "One minus the error function.", "[0.5, 1.0]", "array([0.47950012, 0.15729921])")
gamma = _unary("gamma", "The gamma function.", "[1.0, 5.0]", "array([ 1., 24.])")
lgamma = _unary(
    "lgamma",
    "The logarithm of the gamma function's magnitude.",
    "[1.0, 5.0]",
    "array([0.        , 3.17805383])",
)
digamma = _unary(
    "digamma",
    "The derivative of the logarithm of the gamma function.",
    "[0.5, 1.0]",
    "array([-1.96351003, -0.57721566])",
)
i0 = _unary(
    "i0",
    "The modified Bessel function of the first kind, order 0.",
    "[0.5, 1.0]",
    "array([1.06348337, 1.26606588])",
)
sinc = _unary("sinc", "``sin(pix) / pix``.", "[0.5, 1.0]", "array([6.36619772e-01, 3.89817183e-17])")
floor = _unary("floor", "The largest integer not above it.", "[1.2, -1.2]", "array([ 1., -2.])")
ceil = _unary("ceil", "The smallest integer not below it.", "[1.2, -1.2]", "array([ 2., -1.])")
trunc = _unary("trunc", "Cut towards zero.", "[1.7, -1.7]", "array([ 1., -1.])")
fix = _unary("trunc", "Cut towards zero.", "[1.7, -1.7]", "array([ 1., -1.])")
rint = _unary("rint", "The nearest integer, halves to even.", "[0.5, 1.5]", "array([0., 2.])")
spacing = _unary(
    "spacing", "The distance to the next float.", "[0.5, 1.0]", "array([1.11022302e-16, 2.22044605e-16])"
)
real = _unary("real", "The real part.", "[1 + 2j]", "array([1.])")
imag = _unary("imag", "The imaginary part; zero of real numbers.", "[1 + 2j]", "array([2.])")
conjugate = _unary("conjugate", "The complex conjugate.", "[1 + 2j]", "array([1.-2.j])")
conj = _unary("conjugate", "The complex conjugate.", "[1 + 2j]", "array([1.-2.j])")
logical_not = _unary("logical_not", "Whether it is zero.", "[True, False]", "array([False,  True])")
isnan = _unary("isnan", "Whether it is NaN (or NaT).", "[1.0, sa.nan]", "array([False,  True])")
isinf = _unary("isinf", "Whether it is infinite.", "[1.0, sa.inf]", "array([False,  True])")
isfinite = _unary(
    "isfinite", "Whether it is neither infinite nor NaN.", "[1.0, sa.inf]", "array([ True, False])"
)
isnat = _unary(
    "isnat",
    "Whether a date or duration is missing.",
    "sa.arange(2).astype('timedelta64[D]')",
    "array([False, False])",
)
signbit = _unary(
    "signbit", "Whether the sign is set, of -0 and NaN too.", "[-0.0, 1.0]", "array([ True, False])"
)
invert = _unary("invert", "Each bit inverted; of ``bool`` not.", "[0, 5]", "array([-1, -6])")
bitwise_count = _unary(
    "bitwise_count", "Number of bits set in the absolute value.", "[7, 8]", "array([3, 1], dtype=uint8)"
)
acos = arccos
acosh = arccosh
asin = arcsin
asinh = arcsinh
atan = arctan
atanh = arctanh
bitwise_invert = invert
bitwise_not = invert
fabs = _unary("fabs", "The absolute value, as floats.", "[-1.5, 2.0]", "array([1.5, 2. ])")
expit = _unary(
    "expit", "The logistic function, ``1 / (1 + exp(-x))``.", "[0.5, 1.0]", "array([0.62245933, 0.73105858])"
)
add = _binary("add", "The sum.", "[1, 2], 10", "array([11, 12])")
subtract = _binary("subtract", "The difference.", "[5, 7], [1, 2]", "array([4, 5])")
multiply = _binary("multiply", "The product.", "[1, 2], [3, 4]", "array([3, 8])")
divide = _binary("divide", "The quotient; of integers as floats.", "[1, 3], 2", "array([0.5, 1.5])")
true_divide = _binary("divide", "The quotient; of integers as floats.", "[1, 3], 2", "array([0.5, 1.5])")
floor_divide = _binary(
    "floor_divide", "The quotient rounded down; of integers by zero 0.", "[7, -7], 2", "array([ 3, -4])"
)
remainder = _binary("remainder", "The remainder with the divisor's sign.", "[7, -7], 3", "array([1, 2])")
fmod = _binary("fmod", "The remainder with the dividend's sign.", "[7, -7], 3", "array([ 1, -1])")
power = _binary("power", "To the power of.", "[2, 3], 2", "array([4, 9])")
float_power = _binary(
    "float_power", "To the power of, in double precision at least.", "[2, 3], 2", "array([4., 9.])"
)
gcd = _binary("gcd", "The greatest common divisor.", "[12, 7], 8", "array([4, 1])")
lcm = _binary("lcm", "The least common multiple.", "[4, 6], 10", "array([20, 30])")
logaddexp = _binary(
    "logaddexp", "``log(exp(x) + exp(y))`` without overflow.", "[0.0], [0.0]", "array([0.69314718])"
)
logaddexp2 = _binary("logaddexp2", "``log2(2**x + 2**y)`` without overflow.", "[1.0], [1.0]", "array([2.])")
arctan2 = _binary(
    "arctan2", "The angle of the point ``(y, x)``, in radians.", "[1.0], [1.0]", "array([0.78539816])"
)
hypot = _binary("hypot", "``sqrt(x**2 + y**2)`` without overflow.", "[3.0], [4.0]", "array([5.])")
copysign = _binary("copysign", "With the sign of the other.", "[1.0, 2.0], -1.0", "array([-1., -2.])")
nextafter = _binary("nextafter", "The next float towards the other.", "[1.0], [2.0]", "array([1.])")
ldexp = _binary(
    "ldexp", "Times two to the power of the other, integers.", "[0.5, 1.0], [2, 3]", "array([2., 8.])"
)
heaviside = _binary(
    "heaviside",
    "0 below zero, 1 above, the other at zero.",
    "[-1.0, 0.0, 1.0], 0.5",
    "array([0. , 0.5, 1. ])",
)
equal = _binary("equal", "Whether they are equal.", "[1, 2], 2", "array([False,  True])")
not_equal = _binary("not_equal", "Whether they differ.", "[1, 2], 2", "array([ True, False])")
less = _binary("less", "Whether it is less.", "[1, 2, 3], 2", "array([ True, False, False])")
less_equal = _binary(
    "less_equal", "Whether it is less or equal.", "[1, 2, 3], 2", "array([ True,  True, False])"
)
greater = _binary("greater", "Whether it is greater.", "[1, 2, 3], 2", "array([False, False,  True])")
greater_equal = _binary(
    "greater_equal", "Whether it is greater or equal.", "[1, 2, 3], 2", "array([False,  True,  True])"
)
logical_and = _binary(
    "logical_and", "Whether both are true.", "[True, False], [True, True]", "array([ True, False])"
)
logical_or = _binary(
    "logical_or", "Whether one is true.", "[True, False], [False, False]", "array([ True, False])"
)
logical_xor = _binary(
    "logical_xor", "Whether exactly one is true.", "[True, False], [True, True]", "array([False,  True])"
)
bitwise_and = _binary("bitwise_and", "The bits set in both.", "[6, 5], 3", "array([2, 1])")
bitwise_or = _binary("bitwise_or", "The bits set in one.", "[6, 5], 3", "array([7, 7])")
bitwise_xor = _binary("bitwise_xor", "The bits set in exactly one.", "[6, 5], 3", "array([5, 6])")
left_shift = _binary("left_shift", "Bits shifted left.", "[1, 3], 2", "array([ 4, 12])")
right_shift = _binary("right_shift", "Bits shifted right.", "[8, 5], 1", "array([4, 2])")
maximum = _binary("maximum", "The greater; NaN if one is.", "[1, 5], [3, 2]", "array([3, 5])")
minimum = _binary("minimum", "The lesser; NaN if one is.", "[1, 5], [3, 2]", "array([1, 2])")
fmax = _binary("fmax", "The greater; a number beside NaN.", "[1.0, sa.nan], 0.0", "array([1., 0.])")
fmin = _binary("fmin", "The lesser; a number beside NaN.", "[1.0, sa.nan], 0.0", "array([0., 0.])")
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
        dtype = (
            np.result_type(*values).name
            if bool not in map(type, values)
            else np.result_type(*map(np.asarray, values)).name
        )
        values = [_convert.native_of(value).astype(dtype) for value in values]
    for own, other, given in ((0, 1, x1), (1, 0, x2)):
        if isinstance(given, (np.datetime64, np.timedelta64)) and np.isnat(given):
            # What is no time has no unit of its own.
            unit = values[other].dtype() if hasattr(values[other], "dtype") else ""
            values[own] = values[own].astype(unit) if unit[:4] == values[own].dtype()[:4] else values[own]
    return wrap(native.ufunc("where", *_convert.meeting([_convert.native_of(condition), *values])))


def round(x: Any, /, decimals: int = 0, out: Any = None) -> Array:
    """Round to decimals, halves to even; negative ones round to tens, hundreds and so on.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.round([1.25, 1.75], 1).compute()
    array([1.2, 1.8])
    """
    inner = _convert.native_of(x)
    if inner.dtype() == "bool":
        inner = inner.astype("float16")
    result = wrap(native.round(inner, decimals))
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
    low, high = _bounds(_convert.dtype_of(x.dtype()), min, max)
    result = wrap(native.clip(x, low, high))
    return result if out is None else into(out, result, "clip")


def _bounds(dtype: Any, least: Any, most: Any) -> tuple[Any, Any]:
    """Give the bounds as operands, without integers that bound no element of the dtype."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        least = None if type(least) is int and least < limits.min else least
        most = None if type(most) is int and most > limits.max else most
    return None if least is None else operand(least), None if most is None else operand(most)


def angle(x: Any, /, deg: bool = False) -> Array:
    """Give the angle of complex numbers.

    Parameters
    ----------
    x
        The numbers.
    deg
        Whether in degrees; else in radians.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.angle([1.0, 1.0j], deg=True).compute()
    array([ 0., 90.])
    """
    made = apply("angle", x)
    return degrees(made) if deg else made


def nan_to_num(
    x: Any, /, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """Replace NaN, and infinities by the largest and least numbers unless others are given.

    Parameters
    ----------
    x
        The elements.
    copy
        Taken for NumPy's sake: elements are copied where they must be.
    nan
        What NaN becomes.
    posinf
        What infinity becomes; the largest number, if it is not given.
    neginf
        What negative infinity becomes; the least number, if it is not given.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.nan_to_num([sa.nan, 1.0]).compute()
    array([0., 1.])
    """
    x = _convert.native_of(x)
    if _convert.dtype_of(x.dtype()).kind not in "fc":
        return wrap(x)
    return wrap(native.nan_to_num(x, float(nan), posinf, neginf))


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Say which elements are equal within ``atol + rtol * |b|``.

    Parameters
    ----------
    a
        The elements.
    b
        The elements that they are compared with.
    rtol
        The relative difference that counts as none.
    atol
        The absolute difference that counts as none.
    equal_nan
        Whether NaN equals NaN.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isclose([1.0, 2.0], [1.0, 2.1]).compute()
    array([ True, False])
    """
    return wrap(native.isclose(_convert.native_of(a), operand(b), rtol, atol, equal_nan))


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Say whether all elements are equal within ``atol + rtol * |b|``.

    Parameters
    ----------
    a
        The elements.
    b
        The elements that they are compared with.
    rtol
        The relative difference that counts as none.
    atol
        The absolute difference that counts as none.
    equal_nan
        Whether NaN equals NaN.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.allclose([1.0, 2.0], [1.0, 2.0 + 1e-12]).compute()
    np.True_
    """
    return isclose(a, b, rtol, atol, equal_nan).all()


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Compute whether two arrays have one shape and equal elements.

    Examples
    --------
    >>> import swath.array as sa
    >>> bool(sa.array_equal([1, 2], [1, 2]))
    True
    """
    left, right = wrap(_convert.native_of(a1)), wrap(_convert.native_of(a2))
    if left.shape != right.shape:
        return False
    same = equal(left, right)
    if equal_nan:
        same = logical_or(same, logical_and(isnan(left), isnan(right)))
    return bool(same.all())


def modf(x: Any, /) -> tuple[Array, Array]:
    """Split into fraction and integer part, both with the sign of the element.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.modf([1.5])]
    [[0.5], [1.0]]
    """
    inner = _convert.native_of(x)
    floats = np.modf(np.empty(0, dtype=inner.dtype()))[0].dtype.name
    fraction, whole = native.modf(inner if inner.dtype() == floats else inner.astype(floats))
    return wrap(fraction), wrap(whole)


def frexp(x: Any, /) -> tuple[Array, Array]:
    """Split into a mantissa between 0.5 and 1 and a power of two.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.frexp([8.0])]
    [[0.5], [4]]
    """
    mantissa, exponent = native.frexp(_convert.native_of(x))
    return wrap(mantissa), wrap(exponent)


def divmod(x1: Any, x2: Any, /) -> tuple[Array, Array]:
    """Divide and round down, with the remainder.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.divmod([7, -7], 2)]
    [[3, -4], [1, 1]]
    """
    return floor_divide(x1, x2), remainder(x1, x2)


def iscomplex(x: Any, /) -> Array:
    """Say which elements have an imaginary part.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.iscomplex([1 + 0j, 1j]).compute()
    array([False,  True])
    """
    return not_equal(imag(x), 0)


def isreal(x: Any, /) -> Array:
    """Say which elements have no imaginary part.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isreal([1 + 0j, 1j]).compute()
    array([ True, False])
    """
    return equal(imag(x), 0)


def isneginf(x: Any, /) -> Array:
    """Say which elements are negative infinity.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isneginf([-sa.inf, 1.0]).compute()
    array([ True, False])
    """
    return equal(x, float("-inf"))


def isposinf(x: Any, /) -> Array:
    """Say which elements are positive infinity.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isposinf([sa.inf, 1.0]).compute()
    array([ True, False])
    """
    return equal(x, float("inf"))


def array_equiv(a1: Any, a2: Any) -> bool:
    """Compute whether two arrays broadcast and have equal elements.

    Examples
    --------
    >>> import swath.array as sa
    >>> bool(sa.array_equiv([1, 1], [[1, 1], [1, 1]]))
    True
    """
    try:
        return bool(equal(a1, a2).all())
    except ValueError:
        return False
