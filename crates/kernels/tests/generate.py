"""Writes what NumPy gives for elementwise functions, reductions and casts into `data/numpy.txt`, which `numpy.rs` reads.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 && venv/bin/python crates/kernels/tests/generate.py

A line is a case: kind, name, then arrays as `dtype:shape:bytes in hexadecimal`, the result last (`error` if NumPy refuses).
"""

import pathlib
import warnings

import numpy as np

warnings.simplefilter("ignore")
np.seterr(all="ignore")

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES += ["float16", "float32", "float64", "complex64", "complex128"]
# Those that stand for the others where there are many cases.
FEW = ["bool", "int8", "int64", "uint8", "uint64", "float16", "float32", "float64", "complex64", "complex128"]
TIMES = ["datetime64[D]", "datetime64[s]", "timedelta64[D]", "timedelta64[ms]"]

UNARY = """negative positive absolute sign square reciprocal sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos
arctan sinh cosh tanh arcsinh arccosh arctanh degrees radians floor ceil trunc rint round spacing real imag conjugate angle
logical_not isnan isinf isfinite isnat signbit invert bitwise_count sinc i0""".split()
BINARY = """add subtract multiply divide floor_divide remainder fmod power float_power gcd lcm logaddexp logaddexp2 arctan2 hypot copysign
nextafter heaviside equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor bitwise_and bitwise_or
bitwise_xor left_shift right_shift maximum minimum fmax fmin""".split()
MIXED = [("int8", "uint8"), ("uint64", "int64"), ("bool", "int16"), ("int32", "float16"), ("float32", "int64"), ("complex64", "float64")]
MIXED += [("timedelta64[D]", "int64"), ("int32", "timedelta64[ms]"), ("timedelta64[D]", "float64"), ("datetime64[D]", "timedelta64[ms]")]
MIXED += [("datetime64[s]", "datetime64[D]"), ("timedelta64[D]", "timedelta64[ms]"), ("timedelta64[ms]", "bool"), ("datetime64[D]", "int64")]
REDUCTIONS = """sum prod mean var std min max ptp any all count_nonzero argmin argmax nansum nanprod nanmean nanvar nanstd nanmin nanmax
nanargmin nanargmax""".split()


def values(dtype, seed):
    """Special values first, then some at random."""
    kind = np.dtype(dtype).kind
    generator = np.random.default_rng(seed)
    if kind == "b":
        return np.array([False, True, True, False], dtype)
    if kind in "iu":
        info = np.iinfo(dtype)
        special = [0, 1, 2, 3, 7, info.max, info.min, info.max - 1, 100, 5, 64, 13]
        if kind == "i":
            special += [-1, -2, -7, -100]
        return generator.permutation(np.array(special, dtype))
    if kind == "f":
        special = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 2.5, -3.5, 1.5, np.inf, -np.inf, np.nan, 1e-5, 100.25, -7.75, 0.1, 10.0]
        return generator.permutation(np.array(special).astype(dtype))
    if kind == "c":
        special = [0, 1, -1, 1j, -2j, 1 + 2j, -0.5 + 0.25j, 3 - 4j, 0.1 - 0.7j, 2.5 + 0.5j]
        return generator.permutation(np.array(special).astype(dtype))
    special = np.array([0, 1, -1, 5, 1000, -86401, 20000, 7], "int64").astype(dtype)
    special[4] = "NaT"
    return generator.permutation(special)


def text(array):
    array = np.asarray(array)
    shape = ",".join(str(length) for length in array.shape)
    return f"{array.dtype.name}:{shape}:{np.ascontiguousarray(array).tobytes().hex()}"


def case(kind, name, function, *arrays):
    try:
        result = function(*arrays)
        if isinstance(result, tuple) or np.asarray(result).dtype == object:
            return
        result = text(result)
    except (TypeError, ValueError):
        result = "error"
    print(kind, name, *[text(array) for array in arrays], result, file=out)


def pairs(a, b):
    """Each element of one with each of some of the other."""
    b = b[:5]
    return np.repeat(a, len(b)), np.tile(b, len(a))


with open(pathlib.Path(__file__).parent / "data" / "numpy.txt", "w") as out:
    for seed, name in enumerate(UNARY):
        function = {"round": lambda a: np.round(a)}.get(name) or getattr(np, name)
        for dtype in DTYPES + TIMES:
            if not (name == "i0" and np.dtype(dtype).kind != "f"):
                case("ufunc", name, function, values(dtype, seed))
    for seed, name in enumerate(BINARY):
        for left, right in [(dtype, dtype) for dtype in FEW + TIMES[::2]] + MIXED:
            a, b = pairs(values(left, seed)[:8], values(right, seed + 1))
            if name == "power" and np.dtype(left).kind in "iu" and np.dtype(right).kind == "i":
                b = np.abs(b) % np.array(100, b.dtype)
            case("ufunc", name, getattr(np, name), a, b)
    for left in DTYPES + TIMES:
        a, low, high = values(left, 1), values(left, 2)[:1], values(left, 3)[:1]
        if np.dtype(left).kind in "iufmM":
            case("ufunc", "clip", np.clip, a, low, high)
        case("ufunc", "where", np.where, np.arange(len(a)) % 3 == 0, a, low)
        for right in DTYPES + TIMES:
            if (np.dtype(left).kind in "mM") == (np.dtype(right).kind in "mM") and np.dtype(left).kind in (np.dtype(right).kind, "b", "i", "u", "f", "c"):
                finite = a[np.isfinite(a) & (np.abs(a) < 100)] if np.dtype(left).kind in "fc" else a
                case("cast", right, lambda array: array.astype(right), finite)
    generator = np.random.default_rng(5)
    for name in REDUCTIONS:
        for dtype in FEW + TIMES[::2]:
            kind = np.dtype(dtype).kind
            data = generator.integers(0 if kind in "bu" else -20, 2 if kind == "b" else 20, 12)
            data = (data / 4 if kind == "f" else data).astype(dtype)
            if kind in "fmM":
                data[[3, 7]] = np.nan if kind == "f" else "NaT"
            for shape in [(12,), (2, 2, 3), (0, 4)]:
                array = data[: int(np.prod(shape))].reshape(shape)
                for axis in [None, *range(len(shape))[-2:], (0, len(shape) - 1)]:
                    if isinstance(axis, tuple) and (len(shape) < 3 or "arg" in name):
                        continue
                    label = "all" if axis is None else ",".join(map(str, np.atleast_1d(axis)))
                    case("reduce", f"{name}/{label}", lambda a: getattr(np, name)(a, axis=axis), array)
