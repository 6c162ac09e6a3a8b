"""Writes what NumPy gives for the array surface into `data/cases.txt`, which `numpy.rs` reads.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 && venv/bin/python crates/nd/tests/generate.py

A line is a case: name, parameters, arrays, results, separated by `;`. Arrays are `dtype:shape:bytes in hexadecimal`, several with a space
between; a result is `error` if NumPy refuses. Parameters are separated by `|`; lists of numbers by `,`; `-` stands for none.
"""

import pathlib
import warnings

import numpy as np

warnings.simplefilter("ignore")
np.seterr(all="ignore")
random = np.random.default_rng(11)
lines = []


def text(array):
    array = np.asarray(array)
    shape = ",".join(str(length) for length in array.shape)
    return f"{array.dtype}:{shape}:{np.ascontiguousarray(array).tobytes().hex()}"


def case(name, parameters, arrays, function):
    parameters = [p if isinstance(p, str) else listed(p) for p in parameters]
    try:
        results = function(*arrays)
        results = [results] if not isinstance(results, (tuple, list)) else list(results)
        expected = " ".join(text(result) for result in results)
    except Exception:
        expected = "error"
    lines.append(";".join([name, "|".join(parameters), " ".join(text(array) for array in arrays), expected]))


def listed(value):
    if value is None:
        return "-"
    if isinstance(value, (tuple, list)):
        return ",".join(str(one) for one in value)
    return str(value)


def values(dtype, shape, special=True):
    dtype = np.dtype(dtype)
    count = int(np.prod(shape))
    if dtype.kind == "b":
        made = random.integers(0, 2, count).astype(bool)
    elif dtype.kind in "iu":
        info = np.iinfo(dtype)
        made = random.integers(max(info.min, -9), min(info.max, 9) + 1, count).astype(dtype)
    elif dtype.kind == "c":
        made = (random.integers(-8, 9, count) / 4 + 1j * random.integers(-8, 9, count) / 4).astype(dtype)
    else:
        made = (random.integers(-40, 41, count) / 8).astype(dtype)
        if special and count > 3:
            places = random.permutation(count)
            made[places[0]], made[places[1]], made[places[2]] = np.nan, np.inf, -0.0
    return made.reshape(shape)


def plain(dtype, shape):
    return values(dtype, shape, special=False)


def assigned(array, at, value):
    array = array.copy()
    array[at] = value
    return array


def put_along(x, i, v):
    x = x.copy()
    np.put_along_axis(x, i, v, 1)
    return x


def holed(shape):
    """With NaN, but not infinite: between an infinity and another element NumPy's quantiles are NaN."""
    made = plain("float64", shape)
    made.reshape(-1)[1] = np.nan
    return made


SHAPES = [(), (0,), (5,), (1, 4), (3, 4), (2, 3, 4), (0, 3)]
DTYPES = ["bool", "int8", "uint64", "float32", "float64", "complex128"]

# Elementwise: each function on one array with special values, and broadcast.
UNARY = """negative positive absolute sign square reciprocal sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan
sinh cosh tanh arcsinh arccosh arctanh degrees radians floor ceil trunc rint spacing real imag conjugate angle logical_not isnan isinf isfinite
signbit invert bitwise_count sinc i0""".split()
BINARY = """add subtract multiply divide floor_divide remainder fmod power float_power gcd lcm logaddexp logaddexp2 arctan2 hypot copysign
nextafter heaviside equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor bitwise_and bitwise_or
bitwise_xor left_shift right_shift maximum minimum fmax fmin""".split()
for name in UNARY:
    for dtype in ["float64", "int8"]:
        case("unary", [name], [values(dtype, (3, 5))], getattr(np, name))
for name in BINARY:
    case("binary", [name], [values("float64", (3, 4)), values("float32", (4,))], getattr(np, name))
    case("binary", [name], [values("int8", (2, 1, 3)), np.abs(values("int64", (4, 1)))], getattr(np, name))
for shape in SHAPES:
    case("binary", ["add"], [values("float64", shape), values("int8", (1,))], np.add)
case("binary", ["add"], [values("int8", (3,)), values("int8", (4,))], np.add)
for decimals in [-1, 0, 1, 2]:
    case("round", [decimals], [values("float64", (7,)) * 1.37], lambda x: np.round(x, decimals))
    case("round", [decimals], [values("int64", (7,)) * 13], lambda x: np.round(x, decimals))
case("clip", [-1.0, 2.0], [values("float64", (3, 5))], lambda x: np.clip(x, -1.0, 2.0))
case("clip", ["-", 2], [values("int8", (3, 5))], lambda x: np.clip(x, None, 2))
case("nan_to_num", [], [values("float64", (3, 5))], np.nan_to_num)
case("nan_to_num", [], [values("float32", (3, 5))], np.nan_to_num)
case("modf", [], [values("float64", (3, 5))], np.modf)
case("frexp", [], [values("float64", (3, 5))], np.frexp)
case("divmod", [3], [values("int64", (3, 5))], lambda x: np.divmod(x, 3))
case("isclose", [], [values("float64", (9,)), values("float64", (9,))], np.isclose)
case("where", [], [values("bool", (3, 1)), values("int8", (4,)), values("float32", (3, 4))], np.where)

# Reductions over axes, dtypes, shapes.
REDUCTIONS = """sum prod mean var std min max ptp any all count_nonzero argmin argmax nansum nanprod nanmean nanvar nanstd nanmin nanmax
nanargmin nanargmax median nanmedian""".split()
AXES = {0: [None], 1: [None, (0,)], 2: [None, (0,), (-1,), (0, 1)], 3: [None, (1,), (0, 2), (2, 0)]}


def reduce(name, axes, keepdims, **more):
    def run(x):
        axis = axes if axes is None or len(axes) > 1 else axes[0]
        if keepdims and name in ("argmin", "argmax", "nanargmin", "nanargmax", "count_nonzero"):
            return getattr(np, name)(x, axis=axis, keepdims=True)
        return getattr(np, name)(x, axis=axis, keepdims=keepdims, **more)

    return run


for name in REDUCTIONS:
    for shape in SHAPES:
        for axes in AXES[len(shape)]:
            if "arg" in name and axes is not None and len(axes) > 1:
                continue
            dtype = ["float64", "int8", "float32", "bool", "complex128"][len(lines) % 5]
            if name in ("median", "nanmedian", "ptp") and dtype in ("bool", "complex128"):
                dtype = "float64"
            keepdims = len(lines) % 3 == 0
            case("reduce", [name, axes, int(keepdims)], [values(dtype, shape)], reduce(name, axes, keepdims))
for name in ["var", "std", "nanvar", "nanstd"]:
    case("reduce_ddof", [name, (0,), 1], [values("float64", (4, 3))], reduce(name, (0,), False, ddof=1))
for name, dtype in [("sum", "float32"), ("prod", "float64"), ("mean", "float32"), ("sum", "int8"), ("var", "float32")]:
    case("reduce_dtype", [name, (0,), dtype], [plain("int8", (4, 3))], reduce(name, (0,), False, dtype=dtype))
for name in ["sum", "prod", "min", "max"]:
    for shape in [(0, 3), (4, 3)]:
        case("reduce_initial", [name, (0,), 2], [plain("int64", shape)], reduce(name, (0,), False, initial=2))
for name in ["sum", "prod", "mean", "var", "std", "any", "all"]:
    mask = values("bool", (4, 3))
    case("reduce_mask", [name, (0,)], [plain("float64", (4, 3)), mask], lambda x, m: reduce(name, (0,), False, where=m)(x))
for name in ["min", "max"]:
    mask = values("bool", (4, 3))
    case("reduce_mask_initial", [name, (0,), 1], [plain("int64", (4, 3)), mask], lambda x, m: reduce(name, (0,), False, where=m, initial=1)(x))
for name in ["cumsum", "cumprod", "nancumsum", "nancumprod"]:
    for shape in SHAPES[1:]:
        for axis in range(len(shape)):
            dtype = ["float64", "int8", "float32", "bool"][len(lines) % 4]
            case("scan", [name, axis], [values(dtype, shape)], lambda x: getattr(np, name)(x, axis=axis))
case("scan", ["cummax", 0], [values("float64", (6, 2))], lambda x: np.maximum.accumulate(x, axis=0))
case("scan", ["cummin", 1], [values("int8", (2, 6))], lambda x: np.minimum.accumulate(x, axis=1))
for times, axis in [(1, 0), (2, 1), (1, -1), (0, 0)]:
    case("diff", [times, axis], [values("float64", (3, 4))], lambda x: np.diff(x, n=times, axis=axis))
case("diff", [1, 0], [values("bool", (5,))], lambda x: np.diff(x))
case("average", [None], [plain("float64", (3, 4)), np.abs(plain("float64", (3, 4)))], lambda x, w: np.average(x, weights=w))
case("average", [(1,)], [plain("int64", (3, 4)), np.abs(plain("float64", (4,)))], lambda x, w: np.average(x, axis=1, weights=w))

# Dates, durations and half precision.
def dates(unit, shape):
    count = int(np.prod(shape))
    made = random.integers(-3000, 3000, count).astype(f"datetime64[{unit}]")
    made[random.integers(0, count)] = "NaT"
    return made.reshape(shape)


for unit, other in [("D", "D"), ("s", "ms")]:
    days, more = dates(unit, (3, 4)), dates(other, (4,))
    case("binary", ["subtract"], [days, more], np.subtract)
    case("binary", ["add"], [days, more - more[0]], np.add)
    case("binary", ["less"], [days, more], np.less)
    case("binary", ["maximum"], [days, more], np.maximum)
    case("binary", ["add"], [days, more], np.add)
    case("unary", ["isnat"], [days], np.isnat)
    case("diff", [1, 1], [days], lambda x: np.diff(x, axis=1))
    case("sort", [1], [days], lambda x: np.sort(x, axis=1, kind="stable"))
    case("argsort", [0], [days], lambda x: np.argsort(x, axis=0, kind="stable"))
    case("unique", [], [days], np.unique)
    for name in ["min", "max", "argmin", "argmax", "sum"]:
        case("reduce", [name, (1,), 0], [days], reduce(name, (1,), False) if name != "argmin" else lambda x: np.argmin(x, 1))
    for name in ["sum", "mean", "min"]:
        case("reduce", [name, None, 0], [(days - days[0, 0])], reduce(name, None, False))
    case("slice", ["1:,::2"], [days], lambda x: x[1:, ::2])
    case("concatenate", [0], [days[0], more], lambda *x: np.concatenate(x, 0))
for name in ["sum", "mean", "max", "std"]:
    case("reduce", [name, (0,), 0], [plain("float16", (4, 3))], reduce(name, (0,), False))
case("binary", ["multiply"], [plain("float16", (4, 3)), plain("int8", (3,))], np.multiply)
case("sort", [0], [plain("float16", (4, 3))], lambda x: np.sort(x, axis=0, kind="stable"))
case("matmul", [], [plain("float32", (4, 3)), plain("complex64", (3, 2))], np.matmul)

# Order.
for shape in [(0,), (7,), (3, 4), (2, 3, 4), (5, 1)]:
    for axis in range(len(shape)):
        for dtype in ["float64", "int8", "bool"]:
            array = values(dtype, shape)
            case("sort", [axis], [array], lambda x: np.sort(x, axis=axis, kind="stable"))
            case("argsort", [axis], [array], lambda x: np.argsort(x, axis=axis, kind="stable"))
        if shape[axis] > 2:
            case("partition", [2, axis], [values("float64", shape)], lambda x: np.partition(x, 2, axis=axis).take([2], axis))
            case("topk", [2, axis], [plain("float64", shape)], lambda x: np.flip(np.sort(x, axis=axis), axis).take(range(2), axis))
            case("topk", [-2, axis], [plain("int8", shape)], lambda x: np.sort(x, axis=axis).take(range(2), axis))
METHODS = """linear lower higher midpoint nearest inverted_cdf interpolated_inverted_cdf hazen weibull median_unbiased
normal_unbiased""".split()
for shape, axes in [((7,), None), ((3, 4), (0,)), ((2, 3, 4), (0, 2)), ((3, 4), None), ((1, 5), (1,))]:
    for method in METHODS:
        for name in ["quantile", "nanquantile"]:
            array = holed(shape) if name == "nanquantile" else plain(["float64", "int8", "float32"][len(lines) % 3], shape)
            axis = axes if axes is None or len(axes) > 1 else axes[0]
            at = [0.0, 0.25, 0.6, 1.0]
            case(name, [at, axes, method], [array], lambda x: getattr(np, name)(x, at, axis=axis, method=method))
case("percentile", [30.0, (0,)], [plain("float64", (5, 2))], lambda x: np.percentile(x, 30.0, axis=0))
case("percentile", [130.0, (0,)], [plain("float64", (5, 2))], lambda x: np.percentile(x, 130.0, axis=0))
case("histogram", [4], [plain("float64", (3, 5))], lambda x: np.histogram(x, bins=4))
case("histogram", [3], [np.full(4, 2.0)], lambda x: np.histogram(x, bins=3))
case("histogram", [3], [np.zeros(0)], lambda x: np.histogram(x, bins=3))
case("histogram", [3], [plain("int64", (9,))], lambda x: np.histogram(x, bins=3))
case("histogram_range", [4, -2.0, 3.0], [plain("float64", (3, 5))], lambda x: np.histogram(x, bins=4, range=(-2.0, 3.0)))
case("histogram_edges", [], [plain("float64", (15,)), np.array([-4.0, -1.0, 0.0, 2.5])], lambda x, e: np.histogram(x, bins=e))
case("histogram_weights", [4], [plain("float64", (15,)), np.abs(plain("float64", (15,)))], lambda x, w: np.histogram(x, bins=4, weights=w))
case("histogram_density", [4], [plain("float64", (15,))], lambda x: np.histogram(x, bins=4, density=True))
case("bincount", [0], [np.abs(plain("int64", (12,)))], lambda x: np.bincount(x))
case("bincount", [14], [np.abs(plain("int8", (12,)))], lambda x: np.bincount(x, minlength=14))
case("bincount", [0], [plain("int64", (12,))], lambda x: np.bincount(x))
case("bincount", [3], [np.zeros(0, "int64")], lambda x: np.bincount(x, minlength=3))
case("bincount_weights", [0], [np.abs(plain("int64", (12,))), plain("float64", (12,))], lambda x, w: np.bincount(x, w))
for dtype in ["float64", "int8", "bool"]:
    case("unique", [], [values(dtype, (3, 5))], np.unique)
    case("unique_counts", [], [values(dtype, (3, 5))], lambda x: np.unique(x, return_counts=True))
    case("unique_inverse", [], [plain(dtype, (3, 5))], lambda x: np.unique(x, return_inverse=True))
    case("unique_all", [], [plain(dtype, (3, 5))], lambda x: np.unique(x, return_index=True, return_inverse=True, return_counts=True))
for side in ["left", "right"]:
    case("searchsorted", [side], [np.sort(plain("float64", (9,))), plain("float64", (2, 4))], lambda a, v: np.searchsorted(a, v, side=side))
    case("searchsorted", [side], [np.sort(plain("int64", (9,))), plain("float64", (4,))], lambda a, v: np.searchsorted(a, v, side=side))
case("digitize", [0], [plain("float64", (7,)), np.array([-2.0, 0.0, 2.0])], lambda x, b: np.digitize(x, b))
case("isin", [], [plain("int64", (3, 4)), np.array([1, -3, 5, 7])], np.isin)
case("cov", [1], [plain("float64", (3, 6))], lambda x: np.cov(x))
case("cov", [0], [plain("float64", (6, 3))], lambda x: np.cov(x, rowvar=False, ddof=0))
case("cov", [1], [plain("float64", (6,))], lambda x: np.cov(x))
case("cov", [1], [plain("complex128", (2, 6))], lambda x: np.cov(x))
case("corrcoef", [], [plain("float64", (3, 6))], lambda x: np.corrcoef(x))

# Layout.
for shape, to in [((3, 4), (2, 6)), ((3, 4), (-1,)), ((2, 3, 4), (4, -1)), ((3, 4), (5, 2)), ((0, 3), (3, 0)), ((), (1, 1)), ((6,), (2, 3)), ((6,), (-1, 4))]:
    case("reshape", [to], [values("int8", shape)], lambda x: np.reshape(x, to))
for order in [None, (1, 0, 2), (2, 0, 1), (0, 0, 1), (-1, 0, 1)]:
    case("transpose", [order], [values("int8", (2, 3, 4))], lambda x: np.transpose(x, order))
case("moveaxis", [(0,), (-1,)], [values("int8", (2, 3, 4))], lambda x: np.moveaxis(x, 0, -1))
case("moveaxis", [(0, 2), (1, 0)], [values("int8", (2, 3, 4))], lambda x: np.moveaxis(x, (0, 2), (1, 0)))
case("swapaxes", [0, -1], [values("int8", (2, 3, 4))], lambda x: np.swapaxes(x, 0, -1))
case("squeeze", [None], [values("int8", (1, 3, 1))], np.squeeze)
case("squeeze", [(0,)], [values("int8", (1, 3, 1))], lambda x: np.squeeze(x, 0))
case("squeeze", [(1,)], [values("int8", (1, 3, 1))], lambda x: np.squeeze(x, 1))
case("expand_dims", [(0, -1)], [values("int8", (2, 3))], lambda x: np.expand_dims(x, (0, -1)))
case("broadcast_to", [(2, 3, 4)], [values("int8", (3, 1))], lambda x: np.broadcast_to(x, (2, 3, 4)))
case("broadcast_to", [(3, 2)], [values("int8", (3, 1, 1))], lambda x: np.broadcast_to(x, (3, 2)))
for axes in [None, (0,), (0, 2)]:
    case("flip", [axes], [values("int8", (2, 3, 4))], lambda x: np.flip(x, axes))
for times in [-1, 0, 1, 2, 3]:
    case("rot90", [times, 0, 1], [values("int8", (2, 3))], lambda x: np.rot90(x, times))
    case("rot90", [times, 2, 0], [values("int8", (2, 3, 4))], lambda x: np.rot90(x, times, (2, 0)))
case("roll", [(2,), None], [values("int8", (3, 4))], lambda x: np.roll(x, 2))
case("roll", [(-1,), (1,)], [values("int8", (3, 4))], lambda x: np.roll(x, -1, 1))
case("roll", [(1, 2), (0, 1)], [values("int8", (3, 4))], lambda x: np.roll(x, (1, 2), (0, 1)))
for k in [-1, 0, 2]:
    case("tril", [k], [values("int8", (2, 3, 4))], lambda x: np.tril(x, k))
    case("triu", [k], [values("int8", (3, 4))], lambda x: np.triu(x, k))
    case("diag", [k], [values("int8", (3,))], lambda x: np.diag(x, k))
    case("diag", [k], [values("int8", (3, 4))], lambda x: np.diag(x, k))
    case("diagonal", [k, 0, 2], [values("int8", (2, 3, 4))], lambda x: np.diagonal(x, k, 0, 2))
    case("trace", [k], [values("int8", (4, 3))], lambda x: np.trace(x, k))
    case("eye", [3, 4, k], [], lambda: np.eye(3, 4, k))
    case("tri", [3, 4, k], [], lambda: np.tri(3, 4, k))
for arguments in [(0, 10, 3), (5, -5, -2), (3, 3, 1), (0, 10, 0)]:
    case("arange", arguments, [], lambda: np.arange(*arguments))
for arguments in [(0.0, 1.0, 0.1), (1.0, 0.0, -0.3)]:
    case("arange_float", arguments, [], lambda: np.arange(*arguments))
for arguments in [(0.0, 1.0, 5), (2.0, -1.0, 4), (0.0, 1.0, 1), (0.0, 1.0, 0)]:
    case("linspace", arguments, [], lambda: np.linspace(*arguments))
    case("linspace_open", arguments, [], lambda: np.linspace(*arguments, endpoint=False))
case("logspace", (0.0, 3.0, 4, 10.0), [], lambda: np.logspace(0.0, 3.0, 4))
for indexing in ["xy", "ij"]:
    case("meshgrid", [indexing], [values("int8", (3,)), values("int8", (2,)), values("int8", (4,))], lambda *x: np.meshgrid(*x, indexing=indexing))
case("indices", [(2, 3)], [], lambda: list(np.indices((2, 3))))

# Joining and cutting.
for axis in [0, 1, -1]:
    case("concatenate", [axis], [values("int8", (2, 3)), values("float32", (2, 3)), values("int8", (2, 3))], lambda *x: np.concatenate(x, axis))
    case("stack", [axis], [values("int8", (2, 3)), values("int8", (2, 3))], lambda *x: np.stack(x, axis))
    case("repeat", [2, axis], [values("int8", (2, 3))], lambda x: np.repeat(x, 2, axis))
case("concatenate", [0], [values("int8", (2, 3)), values("int8", (2, 4))], lambda *x: np.concatenate(x, 0))
case("concatenate", [0], [values("int8", (0, 3)), values("int8", (2, 3))], lambda *x: np.concatenate(x, 0))
case("stack", [0], [values("int8", (3,)), values("int8", (4,))], lambda *x: np.stack(x, 0))
for name in ["vstack", "hstack", "dstack", "column_stack"]:
    for shape in [(3,), (2, 3)]:
        case(name, [], [values("int8", shape), values("int8", shape)], lambda *x: getattr(np, name)(x))
case("block", [], [values("int8", (2, 2)), values("int8", (2, 1)), values("int8", (1, 2)), values("int8", (1, 1))], lambda a, b, c, d: np.block([[a, b], [c, d]]))
for times in [(2,), (2, 3), (2, 1, 2), (0, 2)]:
    case("tile", [times], [values("int8", (2, 3))], lambda x: np.tile(x, times))
case("repeat_each", [(2, 0, 3), 1], [values("int8", (2, 3))], lambda x: np.repeat(x, [2, 0, 3], 1))
for cuts in [3, 4]:
    case("array_split", [cuts, 0], [values("int8", (7, 2))], lambda x: np.array_split(x, cuts))
case("array_split_at", [(2, 5), 1], [values("int8", (2, 7))], lambda x: np.array_split(x, [2, 5], 1))
case("split", [3, 0], [values("int8", (7, 2))], lambda x: np.split(x, 3))
case("split", [7, 0], [values("int8", (7, 2))], lambda x: np.split(x, 7))
case("append", [1], [values("int8", (2, 3)), values("int8", (2, 1))], lambda x, v: np.append(x, v, 1))
for positions in [(1,), (0, -1), (), (9,)]:
    case("delete", [positions, 1], [values("int8", (2, 4))], lambda x: np.delete(x, np.array(positions, int), 1))
case("insert", [1, 0], [values("int8", (3, 2)), np.array(7, "int8")], lambda x, v: np.insert(x, 1, v, 0))
case("insert", [-1, 1], [values("int8", (3, 2)), np.array([1, 2, 3], "int8")], lambda x, v: np.insert(x, -1, v, 1))
case("insert", [5, 0], [values("int8", (3,)), np.array(7, "int8")], lambda x, v: np.insert(x, 5, v, 0))
for mode in ["edge", "linear_ramp", "maximum", "minimum", "mean", "median", "reflect", "symmetric", "wrap", "constant"]:
    for array in [plain("int64", (4,)), plain("float64", (2, 3)), plain("int8", (1,)), np.zeros((0,))]:
        widths = [(2, 1)] + [(0, 5)] * (array.ndim - 1)
        case("pad", [mode, [n for pair in widths for n in pair]], [array], lambda x: np.pad(x, widths, mode))

# Indexing.
INDICES = """1 -1 1: :-1 ::2 ::-1 ...,1 new 1,...,new :,1 0,1,2 :,new,:,1 3:1 -2:-5:-1 5 1:9""".split()


def part(one, arrays):
    if one == "new":
        return None
    if one == "...":
        return Ellipsis
    if one.startswith("@"):
        return arrays[int(one[1:])]
    if ":" in one:
        return slice(*[int(bound) if bound else None for bound in one.split(":")])
    return int(one)


def index(spec, arrays=()):
    return tuple(part(one, arrays) for one in spec.split(","))


for spec in INDICES:
    case("slice", [spec], [values("int8", (2, 3, 4))], lambda x: x[index(spec)])
    case("set", [spec], [values("int8", (2, 3, 4)), np.array(99, "int8")], lambda x, v: assigned(x, index(spec), v))


FANCY = [
    ("@0", (5,), [np.array([0, 2, -1])]),
    (":,@0", (2, 5), [np.array([[0, 2], [1, 1]])]),
    ("@0,@1", (3, 4), [np.array([0, 2, -1]), np.array([[1], [0]])]),
    ("@0,:,@1", (3, 4, 3), [np.array([0, 2]), np.array([1, 0])]),
    (":,@0,@1", (2, 3, 4), [np.array([0, 2]), np.array([1, 0])]),
    ("1,@0", (3, 4), [np.array([0, 2])]),
    ("@0,1:,0", (3, 4, 2), [np.array([0, 2])]),
    ("::2,@0", (5, 4), [np.array([3, 0, 3])]),
    ("new,@0", (4,), [np.array([3, 0])]),
    ("...,@0", (2, 3, 4), [np.array([3, 0])]),
    ("@0", (3,), [np.array([0, 3])]),
    ("@0,@1", (3, 4), [np.array([0, 1, 2]), np.array([1, 0])]),
    ("@0", (3,), [np.array([True, False, True])]),
    ("@0", (3, 2), [np.array([True, False, True])]),
    ("@0", (2, 3), [np.array([[True, False, True], [False, False, True]])]),
    (":,@0", (2, 3), [np.array([True, False, True])]),
    ("@0,1:", (3, 4), [np.array([True, False, True])]),
    ("@0,@1", (3, 4), [np.array([True, False, True]), np.array([1, 0])]),
    ("@0,1", (3, 4), [np.array([True, False, True])]),
    ("@0", (2,), [np.array([True, False, True])]),
    ("@0", (3,), [np.array([0.5])]),
]
for spec, shape, arrays in FANCY:
    case("slice", [spec], [plain("int8", shape), *arrays], lambda x, *a: x[index(spec, a)])
    if spec not in ("new,@0",):
        case("set", [spec], [plain("int8", shape), np.array(99, "int8"), *arrays], lambda x, v, *a: assigned(x, index(spec, a), v))
case("set", ["@0"], [plain("int8", (5,)), np.array([7, 8, 9], "int8"), np.array([0, 3, -1])], lambda x, v, i: assigned(x, i, v))
case("set", [":,@0"], [plain("int8", (2, 5)), np.array([[7], [8]], "int8"), np.array([0, 3, -1])], lambda x, v, i: assigned(x, (slice(None), i), v))
case("set", ["@0,@1"], [plain("int8", (3, 4)), np.array([7, 8], "int8"), np.array([0, 2]), np.array([3, 1])], lambda x, v, i, j: assigned(x, (i, j), v))
case("set", ["@0,:,@1"], [plain("int8", (3, 2, 4)), np.array([[7], [8]], "int8"), np.array([0, 2]), np.array([3, 1])], lambda x, v, i, j: assigned(x, (i, slice(None), j), v))
case("set", ["@0"], [plain("int8", (2, 3)), np.array([7, 8, 9], "int8"), np.array([[True, False, True], [False, False, True]])], lambda x, v, m: assigned(x, m, v))
case("set", ["@0"], [plain("int8", (2, 3)), np.array([7, 8], "int8"), np.array([[True, False, True], [False, False, True]])], lambda x, v, m: assigned(x, m, v))
case("set", ["@0"], [plain("int8", (3, 2)), np.array([7, 8], "int8"), np.array([True, False, True])], lambda x, v, m: assigned(x, m, v))
case("set", ["1:,::2"], [plain("int8", (3, 4)), np.array([[7], [8]], "int8")], lambda x, v: assigned(x, (slice(1, None), slice(None, None, 2)), v))
case("set", ["1:,::2"], [plain("int8", (3, 4)), np.array([7, 8, 9], "int8")], lambda x, v: assigned(x, (slice(1, None), slice(None, None, 2)), v))
for axis in [0, 1]:
    case("take", [axis], [plain("int8", (3, 4)), np.array([[0, -1], [2, 1]])], lambda x, i: np.take(x, i, axis))
    case("take_along_axis", [axis], [plain("int8", (3, 3)), np.array([[0, -1, 1], [2, 1, 1], [0, 0, 0]])], lambda x, i: np.take_along_axis(x, i, axis))
    case("compress", [axis], [plain("int8", (3, 4)), np.array([True, False, True])], lambda x, m: np.compress(m, x, axis))
case("put_along_axis", [1], [plain("int8", (2, 3)), np.array([[0], [2]]), np.array(9, "int8")], lambda x, i, v: put_along(x, i, v))


for shape in [(5,), (2, 3), (2, 3, 4)]:
    case("nonzero", [], [values("bool", shape)], np.nonzero)
    case("argwhere", [], [values("int8", shape)], np.argwhere)
case("flatnonzero", [], [values("bool", (2, 3))], np.flatnonzero)
case("extract", [], [values("int8", (2, 3)), values("bool", (2, 3))], lambda x, m: np.extract(m, x))
case("choose", [], [np.array([[0, 1], [1, 0]]), values("int8", (2, 2)), values("int8", (2,))], lambda i, a, b: np.choose(i, [a, b]))
case("select", [9], [values("bool", (4,)), values("bool", (4,)), plain("int8", (4,)), plain("int8", (4,))], lambda c, d, x, y: np.select([c, d], [x, y], 9))

# Products and linear algebra.
PRODUCTS = [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((5, 2, 3), (3, 2)), ((2, 1, 2, 3), (4, 3, 2)), ((2, 3), (2, 3)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((), (3,))]
for left, right in PRODUCTS:
    for dtype in ["float64", "int64", "bool", "complex128"]:
        arrays = [plain(dtype, left), plain(dtype, right)]
        case("matmul", [], arrays, np.matmul)
    case("dot", [], [plain("float64", left), plain("float64", right)], np.dot)
case("vdot", [], [plain("complex128", (2, 3)), plain("complex128", (2, 3))], np.vdot)
case("inner", [], [plain("float64", (2, 3)), plain("float64", (4, 3))], np.inner)
case("outer", [], [plain("float64", (2, 3)), plain("int64", (4,))], np.outer)
case("kron", [], [plain("int64", (2, 3)), plain("int64", (2,))], np.kron)
case("tensordot", [(1, 0), (0, 1)], [plain("float64", (3, 4, 2)), plain("float64", (4, 3))], lambda a, b: np.tensordot(a, b, ([1, 0], [0, 1])))
case("tensordot_last", [2], [plain("float64", (3, 4, 2)), plain("float64", (4, 2, 5))], lambda a, b: np.tensordot(a, b, 2))
EINSUMS = [("ij,jk->ki", [(2, 3), (3, 4)]), ("ii", [(3, 3)]), ("ii->i", [(3, 3)]), ("ij->j", [(2, 3)]), ("...ij,...jk", [(2, 2, 3), (3, 4)]), ("ab,bc,cd->ad", [(2, 3), (3, 4), (4, 2)]), ("i,j->ij", [(2,), (3,)]), ("ij,ij->", [(2, 3), (2, 3)]), ("ijk,ikl,jl->i", [(2, 3, 4), (2, 4, 2), (3, 2)]), ("ij,jk", [(2, 3), (4, 2)])]
for subscripts, shapes in EINSUMS:
    case("einsum", [subscripts], [plain("float64", shape) for shape in shapes], lambda *x: np.einsum(subscripts, *x))
square = [random.normal(size=(4, 4)) + 4 * np.eye(4), random.normal(size=(2, 3, 3)) + 3 * np.eye(3), random.normal(size=(3, 3)).astype("float32") + 3 * np.eye(3, dtype="float32"), random.normal(size=(3, 3)) + 1j * random.normal(size=(3, 3)) + 3 * np.eye(3)]
for matrix in square:
    case("inv", [], [matrix], np.linalg.inv)
    case("det", [], [matrix], np.linalg.det)
    case("slogdet", [], [matrix], lambda a: tuple(np.linalg.slogdet(a)))
    case("svdvals", [], [matrix], lambda a: np.linalg.svd(a, compute_uv=False))
    case("matrix_power", [3], [matrix], lambda a: np.linalg.matrix_power(a, 3))
    symmetric = matrix @ np.conj(np.swapaxes(matrix, -1, -2))
    case("cholesky", [], [symmetric], np.linalg.cholesky)
    case("eigvalsh", [], [symmetric], np.linalg.eigvalsh)
    case("pinv", [], [matrix[..., :2]], np.linalg.pinv)
case("matrix_power", [-2], [square[0]], lambda a: np.linalg.matrix_power(a, -2))
case("matrix_power", [0], [square[1]], lambda a: np.linalg.matrix_power(a, 0))
case("inv", [], [np.ones((2, 3))], np.linalg.inv)
case("inv", [], [np.ones((2, 2))], np.linalg.inv)
for right in [(4,), (4, 2)]:
    case("solve", [], [square[0], random.normal(size=right)], np.linalg.solve)
    case("solve_triangular", [1], [np.tril(square[0]), random.normal(size=right)], lambda a, b: np.linalg.solve(a, b))
case("solve", [], [square[1], random.normal(size=(2, 3, 2))], np.linalg.solve)
case("solve", [], [square[0], np.ones(3)], np.linalg.solve)
case("lstsq", [], [random.normal(size=(6, 3)), random.normal(size=6)], lambda a, b: np.linalg.lstsq(a, b)[0])
case("lstsq", [], [random.normal(size=(6, 3)), random.normal(size=(6, 2))], lambda a, b: np.linalg.lstsq(a, b)[0])
case("matrix_rank", [], [np.outer(np.arange(3.0), np.arange(4.0))], lambda a: np.linalg.matrix_rank(a))
for kind in ["fro", "nuc", "1", "-1", "2", "-2", "inf", "-inf"]:
    order = kind if kind in ("fro", "nuc") else float(kind)
    case("norm", [kind, (0, 1)], [plain("float64", (3, 4))], lambda x: np.linalg.norm(x, order, (0, 1)))
    case("norm", [kind, (2, 0)], [plain("float64", (2, 3, 4))], lambda x: np.linalg.norm(x, order, (2, 0)))
    if kind not in ("fro", "nuc"):
        case("norm", [kind, (1,)], [plain("float64", (3, 4))], lambda x: np.linalg.norm(x, order, 1))
case("norm", ["0", (0,)], [plain("float64", (5,))], lambda x: np.linalg.norm(x, 0))
case("norm", ["3", (0,)], [plain("float64", (5,))], lambda x: np.linalg.norm(x, 3))
case("norm", ["fro", None], [plain("int8", (2, 3, 4))], lambda x: np.linalg.norm(x))

# Fourier transforms.
NORMS = ["backward", "ortho", "forward"]
for name in ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]:
    for length in [None, 5, 9]:
        norm = NORMS[len(lines) % 3]
        array = plain("float64" if name in ("rfft", "ihfft") else "complex128", (2, 7))
        case(name, [length, 1, norm], [array], lambda x: getattr(np.fft, name)(x, length, 1, norm))
    case(name, [None, 0, "backward"], [plain("float32", (6, 2))], lambda x: getattr(np.fft, name)(x, None, 0))
for name in ["fftn", "ifftn", "rfftn", "irfftn"]:
    for lengths, axes in [(None, None), (None, (0, 2)), ((3, 4), (0, 1)), ((4, 2), None)]:
        if lengths is not None and axes is None and name == "irfftn":
            continue
        case(name, [lengths, axes, "backward"], [plain("float64", (2, 3, 4))], lambda x: getattr(np.fft, name)(x, lengths, axes if axes or not lengths else (-2, -1)))
for n in [1, 4, 5]:
    case("fftfreq", [n, 0.5], [], lambda: np.fft.fftfreq(n, 0.5))
    case("rfftfreq", [n, 0.5], [], lambda: np.fft.rfftfreq(n, 0.5))
    case("fftshift", [None], [plain("float64", (n, 3))], np.fft.fftshift)
    case("ifftshift", [(0,)], [plain("float64", (n, 3))], lambda x: np.fft.ifftshift(x, 0))
case("apply_along_axis", [1], [plain("float64", (2, 3, 4))], lambda x: np.apply_along_axis(np.sort, 1, x))
case("apply_along_axis_sum", [0], [plain("float64", (3, 4))], lambda x: np.apply_along_axis(np.sum, 0, x))

# Along axes, in other orders, with values around.
for axis in [0, 1]:
    for dtype in ["int8", "bool", "float64"]:
        few = plain(dtype, (6, 2)) > 0 if dtype == "bool" else plain(dtype, (6, 2)) % np.array(2, dtype)
        few = few if axis == 0 else few.T
        case("unique_along", [axis], [few], lambda x: np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis))
case("unique_along", [2], [plain("int8", (3, 3))], lambda x: np.unique(x, axis=2))
for axis in [0, -1]:
    array = plain("int64", (5, 4)) // 4
    case("sort_descending", [axis], [array], lambda x: np.flip(np.sort(x, axis), axis))
    case("argsort_descending", [axis], [array], lambda x: np.argsort(-x, axis, kind="stable"))
for side in ["left", "right"]:
    array = plain("float64", (9,))
    case("searchsorted_by", [side], [array, np.argsort(array), plain("float64", (2, 4))], lambda a, o, v: np.searchsorted(a, v, side, o))
case("searchsorted_by", ["left"], [plain("float64", (9,)), np.arange(4), plain("float64", (2,))], lambda a, o, v: np.searchsorted(a, v, "left", o))
case("searchsorted_by", ["left"], [plain("float64", (3,)), np.arange(3.0), plain("float64", (2,))], lambda a, o, v: np.searchsorted(a, v, "left", o))
for positions, axis, shape, values_shape in [
    ((1, 3), 0, (4,), (2,)), ((3, 1), 0, (4,), (2,)), ((1, 1, 4), 0, (4,), (3,)), ((-1, 0), 1, (2, 4), (2, 2)), ((2, 2), 0, (3, 2), (2,)),
    ((0, 2, 1), 1, (2, 3), ()), ((), 0, (3,), (1,)), ((1,), 0, (3,), (2,)), ((5,), 0, (3,), ()), ((1, 0), 0, (3,), (3,)), ((2,), 1, (2, 3), (2, 3)),
]:
    arrays = [plain("int8", shape), plain("int8", values_shape)]
    case("insert_at", [positions, axis], arrays, lambda x, v: np.insert(x, np.array(positions, int), v, axis))
for times, axis in [(1, 0), (2, 1), (1, -1)]:
    case("diff_between", [times, axis], [plain("float64", (3, 4)), np.array(2.0), plain("float64", (3, 4))], lambda x, b, e: np.diff(x, times, axis, b, e))
for name in ["cumulative_sum", "cumulative_prod"]:
    for initial in [0, 1]:
        for dtype in ["int8", "float32", "bool"]:
            case(name, [-1, "-", initial], [plain(dtype, (3, 4))], lambda x: getattr(np, name)(x, axis=-1, include_initial=bool(initial)))
        case(name, [0, "float32", initial], [plain("int64", (3, 4))], lambda x: getattr(np, name)(x, axis=0, dtype="float32", include_initial=bool(initial)))
        case(name, [None, "-", initial], [plain("float64", (4,))], lambda x: getattr(np, name)(x, include_initial=bool(initial)))
        case(name, [None, "-", initial], [plain("float64", (4, 2))], lambda x: getattr(np, name)(x, include_initial=bool(initial)))
        case(name, [1, "-", initial], [plain("float64", (4, 0))], lambda x: getattr(np, name)(x, axis=1, include_initial=bool(initial)))
for left, right, axis in [((3, 4), (3, 4), -1), ((2, 3, 4), (4,), -1), ((3, 4), (3, 1), -2), ((3, 4), (3, 5), -1), ((4,), (4,), 0)]:
    for dtype in ["float64", "int8", "complex128", "bool"]:
        case("vecdot", [axis], [plain(dtype, left), plain(dtype, right)], lambda a, b: np.vecdot(a, b, axis=axis))
for left, right, axis in [((3,), (3,), -1), ((4, 3), (3,), -1), ((3, 2), (3, 2), 0), ((2, 3, 4), (2, 3, 4), 1), ((2,), (3,), -1)]:
    case("cross", [axis], [plain("float64", left), plain("int8", right)], lambda a, b: np.linalg.cross(a, b, axis=axis))
for axis in [0, -1, 2]:
    case("unstack", [axis], [plain("int8", (2, 3))], lambda x: np.unstack(x, axis=axis))
case("concat_flat", [], [plain("int8", (2, 3)), plain("float32", (4,))], lambda *x: np.concat(x, axis=None))
for kind in ["fro", "nuc", "1", "-2", "inf"]:
    order = kind if kind in ("fro", "nuc") else float(kind)
    for keep in [0, 1]:
        case("matrix_norm", [kind, keep], [plain("float64", (2, 3, 4))], lambda x: np.linalg.matrix_norm(x, ord=order, keepdims=bool(keep)))
for kind in ["2", "1", "0", "inf", "-inf", "3"]:
    for axes in [None, (1,), (0, 2)]:
        axis = axes if axes is None or len(axes) > 1 else axes[0]
        case("vector_norm", [kind, axes, 1], [plain("float64", (2, 3, 4))], lambda x: np.linalg.vector_norm(x, ord=float(kind), axis=axis, keepdims=True))
tall = random.normal(size=(5, 3)) @ np.diag([1.0, 0.5, 0.01])
case("pinv_within", ["-"], [tall], lambda a: np.linalg.pinv(a, rtol=None))
case("pinv_within", [0.1], [tall], lambda a: np.linalg.pinv(a, rcond=0.1))
case("matrix_rank_within", [0.1], [tall], lambda a: np.linalg.matrix_rank(a, rtol=0.1))

# What integers refuse, and what they give by zero.
case("binary", ["power"], [plain("int64", (4,)), np.array([0, 1, 2, 3], "int8")], np.power)
case("binary", ["power"], [plain("int64", (4,)), np.array([0, 1, -2, 3], "int8")], np.power)
case("binary", ["power"], [plain("uint64", (4,)), np.array([0, 1, 2, 3], "uint8")], np.power)
case("binary", ["power"], [plain("float64", (4,)), np.array([0, 1, -2, 3], "int8")], np.power)
case("binary", ["power"], [np.zeros(0, "int64"), np.zeros(0, "int64")], np.power)
for name in ["floor_divide", "remainder", "fmod", "divide"]:
    for dtype in ["int8", "int64", "uint64"]:
        case("binary", [name], [plain(dtype, (3, 4)), np.array([0, 1, 3, 0], dtype)], getattr(np, name))
    case("binary", [name], [np.array([-128, -128, 127], "int8"), np.array([-1, 1, -1], "int8")], getattr(np, name))
case("divmod", [0], [plain("int64", (4,))], lambda x: np.divmod(x, 0))

# Masks, weights, ranges together.
some = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]], bool)
for name in ["sum", "prod", "mean", "var", "std", "any", "all", "nansum", "nanprod", "nanmean", "nanvar", "nanstd"]:
    for axes in [None, (1,), (0, 1)]:
        array = values("float64", (4, 3)) if name.startswith("nan") else plain("float64", (4, 3))
        case("reduce_mask", [name, axes], [array, some], lambda x, m: reduce(name, axes, False, where=m)(x))
    case("reduce_mask", [name, (1,)], [plain("int8", (4, 3)), some[:1]], lambda x, m: reduce(name, (1,), False, where=m)(x))
for name in ["sum", "prod", "min", "max", "nanmin", "nanmax"]:
    case("reduce_mask_initial", [name, (1,), 3], [plain("float64", (4, 3)), some], lambda x, m: reduce(name, (1,), False, where=m, initial=3)(x))
for density in [0, 1]:
    arrays = [plain("float64", (15,)), np.abs(plain("float64", (15,)))]
    case("histogram_all", [4, -2.0, 3.0, density], arrays, lambda x, w: np.histogram(x, 4, (-2.0, 3.0), bool(density), w))
    arrays = [plain("int64", (3, 5)), np.abs(plain("int64", (3, 5)))]
    case("histogram_all", [5, -9.0, 9.0, density], arrays, lambda x, w: np.histogram(x, 5, (-9.0, 9.0), bool(density), w))
for dtype in ["float32", "complex128"]:
    arrays = [plain("float64", (15,)), plain(dtype, (15,))]
    case("histogram_all", [4, -2.0, 3.0, 0], arrays, lambda x, w: np.histogram(x, 4, (-2.0, 3.0), weights=w))
case("histogram_range", [4, 3.0, -2.0], [plain("float64", (5,))], lambda x: np.histogram(x, bins=4, range=(3.0, -2.0)))
case("histogram_weights", [4], [plain("float64", (5,)), plain("float64", (4,))], lambda x, w: np.histogram(x, bins=4, weights=w))
case("average", [(0, 1)], [plain("float64", (3, 4)), np.abs(plain("float64", (3, 4)))], lambda x, w: np.average(x, (0, 1), w))
case("average", [(0,)], [plain("float32", (3, 4)), np.abs(plain("float32", (3, 4)))], lambda x, w: np.average(x, 0, w))
case("average", [(0,)], [plain("complex128", (3, 4)), np.abs(plain("float64", (3,)))], lambda x, w: np.average(x, 0, w))
case("average", [(0,)], [plain("float64", (3, 4)), np.zeros(3)], lambda x, w: np.average(x, 0, w))
for name in ["var", "std"]:
    for correction in [0.0, 0.5, 1.25, 3.5]:
        case("reduce_correction", [name, (0,), correction], [plain("float64", (4, 3))], reduce(name, (0,), False, correction=correction))
case("isclose_nan", [], [values("float64", (9,)), values("float64", (9,))], lambda a, b: np.isclose(a, b, equal_nan=True))
for count, stop in [(4, 1000.0), (1, 3.0), (5, -0.5)]:
    case("geomspace", [1.0 if stop > 0 else -8.0, stop, count], [], lambda: np.geomspace(1.0 if stop > 0 else -8.0, stop, count))
for name in ["median", "nanmedian", "nanargmin", "nanargmax"]:
    holes = plain("float64", (3, 4))
    holes[0, 1] = holes[2, 2] = np.nan
    for axes in [None, (0,), (1,)]:
        case("reduce", [name, axes, 0], [holes], reduce(name, axes, False))
        case("reduce", [name, axes, 0], [np.where(np.arange(4) == 1, np.nan, holes)], reduce(name, axes, False))
for axis in [0, 1]:
    case("take_along_axis", [axis], [plain("int8", (1, 4) if axis else (4, 1)), np.argsort(plain("int8", (3, 4) if axis else (4, 3)), axis)], lambda x, i: np.take_along_axis(x, i, axis))
case("take_along_axis", [0], [plain("int8", (3,)), np.array([0, 3])], lambda x, i: np.take_along_axis(x, i, 0))

# Bins by rules, grids of bins, weights.
RULES = ["auto", "fd", "doane", "scott", "stone", "rice", "sturges", "sqrt"]
for rule in RULES:
    for array in [random.normal(size=200), random.normal(size=(7, 9)).astype("float32").astype("float64"), plain("int64", (40,)), np.full(5, 2.0), np.zeros(0), np.arange(2.0)]:
        case("histogram_rule", [rule, None, None], [array], lambda x: np.histogram(x, bins=rule))
    case("histogram_rule", [rule, -1.0, 1.5], [random.normal(size=60)], lambda x: np.histogram(x, bins=rule, range=(-1.0, 1.5)))
case("histogram_rule", ["auto", 2.0, -2.0], [random.normal(size=9)], lambda x: np.histogram(x, bins="auto", range=(2.0, -2.0)))
case("histogram_rule", ["none", None, None], [random.normal(size=9)], lambda x: np.histogram(x, bins="none"))
for density in [0, 1]:
    points = [plain("float64", (20,)), plain("float64", (20,))]
    case("histogram2d", [3, 4, density], points, lambda x, y: np.histogram2d(x, y, (3, 4), density=bool(density)))
    weighed = [*points, np.abs(plain("float64", (20,)))]
    case("histogram2d", [2, 3, density], weighed, lambda x, y, w: np.histogram2d(x, y, (2, 3), density=bool(density), weights=w))

    def in_cells(x, *weights):
        counts, edges = np.histogramdd(x, (2, 3, 4), density=bool(density), weights=weights[0] if weights else None)
        return [counts, *edges]

    case("histogramdd", [(2, 3, 4), density], [plain("float64", (30, 3))], in_cells)
    case("histogramdd", [(2, 3, 4), density], [plain("int64", (30, 3)), np.abs(plain("float64", (30,)))], in_cells)
case("histogramdd", [(2, 3), 0], [plain("float64", (5, 3))], lambda x: np.histogramdd(x, (2, 3)))
edges = [np.array([-4.0, -1.0, 0.0, 2.5]), np.array([-2.0, 1.0, 5.0])]
case("histogram2d_edges", [], [*points, *edges], lambda x, y, a, b: np.histogram2d(x, y, (a, b)))
case("histogram2d_edges", [], [values("float64", (20,)), points[1], *edges], lambda x, y, a, b: np.histogram2d(x, y, (a, b)))
often, weights = np.array([1, 2, 0, 3, 1, 1]), np.array([0.5, 1.0, 2.0, 0.25, 0.0, 1.5])
for rows, shape in [(1, (3, 6)), (0, (6, 3)), (1, (6,))]:
    for ddof in [None, 0, 2]:
        for dtype in ["float64", "complex128", "int8"]:
            array = plain(dtype, shape)
            for which, given in [("f", [often]), ("a", [weights]), ("fa", [often, weights])]:
                named = lambda given: {"fweights" if one == "f" else "aweights": array for one, array in zip(which, given)}
                case("cov_weights", [rows, ddof, which], [array, *given], lambda x, *w: np.cov(x, rowvar=bool(rows), ddof=ddof, **named(w)))
for which, given in [("f", -often), ("a", -weights), ("f", weights), ("f", often[:4]), ("a", weights[None])]:
    name = "fweights" if which == "f" else "aweights"
    case("cov_weights", [1, None, which], [plain("float64", (3, 6)), given], lambda x, w: np.cov(x, **{name: w}))
shares = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0]
for dtype in ["float64", "float32", "int8"]:
    for shape, axis, own in [((7,), None, (7,)), ((3, 4), 1, (4,)), ((3, 4), 0, (3, 4)), ((3, 4), None, (3, 4)), ((2, 3, 4), 1, (3,)), ((3, 4), 1, (3,)), ((3, 4), None, (4,))]:
        given = np.abs(plain("float64", own))
        given.flat[0] = 0
        case("weighted_quantile", [shares, axis], [plain(dtype, shape), given + (0 if len(own) == 1 else 0.25)], lambda x, w: np.quantile(x, shares, axis=axis, weights=w, method="inverted_cdf"))
case("weighted_quantile", [shares, 1], [values("float64", (4, 5)), np.arange(5.0)], lambda x, w: np.quantile(x, shares, axis=1, weights=w, method="inverted_cdf"))
for given in [np.array([1.0, -1.0, 1.0]), np.zeros(3), np.array([1.0, np.nan, 1.0])]:
    case("weighted_quantile", [shares, 0], [plain("float64", (3,)), given], lambda x, w: np.quantile(x, shares, axis=0, weights=w, method="inverted_cdf"))
case("weighted_quantile", [[1.5], 0], [plain("float64", (3,)), np.ones(3)], lambda x, w: np.quantile(x, [1.5], axis=0, weights=w, method="inverted_cdf"))
deficient = random.normal(size=(6, 2)) @ random.normal(size=(2, 4)) + 1e-2 * random.normal(size=(6, 4))


def least_squares(rcond):
    def solved(a, b):
        solution, _, rank, singular = np.linalg.lstsq(a, b, rcond)
        return solution, np.asarray(rank), singular

    return solved


for rcond in [None, -1.0, 1e-3, 0.4]:
    for right in [random.normal(size=6), random.normal(size=(6, 2))]:
        case("lstsq_within", [rcond], [deficient, right], least_squares(rcond))
for k in [-1, 0, 2]:
    for first, second in [(0, 2), (1, 2), (2, 0), (-1, 0), (0, 0)]:
        case("trace_of", [k, first, second], [values("int8", (2, 3, 4))], lambda x: np.trace(x, k, first, second))
case("is_not_in", [], [plain("int64", (3, 4)), np.array([1, -3, 5, 7])], lambda x, y: np.isin(x, y, invert=True))
case("is_not_in", [], [plain("int64", (3, 4)), np.zeros(0, "int64")], lambda x, y: np.isin(x, y, invert=True))

# Functions of complex numbers over the plane: both parts alone, and the signs of zeros.
corners = [0.0, -0.0, 1.0, np.inf, -np.inf, np.nan]
plane = [complex(x, y) for x in corners for y in corners]
plane += [1e-12, -1e-12j, 1e-12 + 1e-12j, complex(-1e-200, 1e-200), 0.5 + 0.25j, -0.5 - 0.75j, complex(2, -0.0), complex(-2, -0.0), complex(-2, 0.0)]
plane += [complex(-0.0, 2), complex(0.0, -2), complex(-0.0, -0.5), 1 + 1e-9j, 1 + 1e-17j, complex(1, -1e-300), complex(1e-17, -1), 0.6 + 0.8j, -0.8 + 0.6j]
plane += [1.0000001 + 1e-9j, 3 - 4j, -12 + 7j, 0.01 + 30j, 1e5 - 1e-5j, -1e5 + 0j, 1e10 + 1j, -1e10 + 1j, -1e16j, 1e16 + 1j, 1e300 - 1e300j, 1e-300 + 1j]
plane += [800 + 1j, -800 - 1j, 710 + 0.5j, -710 + 2j, 1 + 800j, complex(-1e16, 1e16), 25 + 1.5707963267948966j, 1e-310 + 1e-310j, 0.999999 + 1e-200j]
FUNCTIONS = "exp log sqrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh".split()


def parts(function):
    def taken(z):
        w = function(z)
        return [part for one in (w.real, w.imag) for part in (np.array(one), (one == 0) & np.signbit(one))]

    return taken


for name in FUNCTIONS:
    case("complex_parts", [name], [np.array(plane)], parts(getattr(np, name)))
for name in ["arcsin", "arccosh", "tanh", "arctan"]:
    case("unary", [name], [np.array([1e-6, 1e4 + 1j, -1e4 + 1j, 100 + 1j, 3 - 4j, 0.5 + 0.25j], "complex64")], getattr(np, name))
for name in ["var", "std", "nanvar", "nanstd"]:
    for ddof in [0, 1, 3, 5]:
        few = np.array([[False, True, True], [False, False, True], [False, False, True], [False, False, True]])
        holes = np.array([[1.0, 2.0, np.nan], [4.0, 5.0, 7.0], [7.0, 9.0, 8.0], [1.0, 0.5, 2.0]])
        case("reduce_mask_ddof", [name, (0,), ddof], [holes, few], lambda x, m: getattr(np, name)(x, axis=0, where=m, ddof=ddof))
for method in ["averaged_inverted_cdf", "closest_observation"]:
    for count in range(1, 9):
        at = [share / 16 for share in range(17)]
        case("quantile", [at, None, method], [plain(["float64", "int8", "float32"][count % 3], (count,))], lambda x: np.quantile(x, at, method=method))
for method in METHODS + ["averaged_inverted_cdf", "closest_observation"]:
    for dtype in ["float16", "float32", "float64", "int8"]:
        array = plain(dtype, (5, 3))
        case("quantile_by", [0.3, (0,), method], [array], lambda x: np.quantile(x, 0.3, axis=0, method=method))
case("quantile_by", [0.3, None, "linear"], [values("bool", (5,))], lambda x: np.quantile(x, 0.3))
case("nanquantile_by", [0.5, (0,), "lower"], [np.zeros((0, 2), "int16")], lambda x: np.nanquantile(x, 0.5, axis=0, method="lower"))
tenths = (np.arange(500) / 10).astype("float32")[random.permutation(500)]
for dtype in ["float32", "float16", "float64"]:
    for bins in [3, 37]:
        case("histogram", [bins], [tenths.astype(dtype)], lambda x: np.histogram(x, bins))
        case("histogram_range", [bins, 0.7, 33.3], [tenths.astype(dtype)], lambda x: np.histogram(x, bins, (0.7, 33.3)))
    case("histogram_rule", ["sturges", None, None], [tenths.astype(dtype)], lambda x: np.histogram(x, "sturges"))
    case("histogram_density", [7], [tenths.astype(dtype)], lambda x: np.histogram(x, 7, density=True))
    case("histogram2d", [3, 4, 0], [tenths[:200].astype(dtype), tenths[200:400].astype(dtype)], lambda x, y: np.histogram2d(x, y, (3, 4)))
case("histogram", [4], [np.full(3, 2.5, "float32")], lambda x: np.histogram(x, 4))
case("histogram", [4], [np.zeros(0, "float32")], lambda x: np.histogram(x, 4))
case("digitize", [0], [plain("float64", (9,)), np.array([1.0, 3.0, 2.0])], np.digitize)
case("digitize", [0], [plain("float64", (9,)), np.array([3.0, 1.0, -2.0])[::-1]], np.digitize)
# Values with more axes than what they replace.
case("set", ["0"], [plain("int8", (3, 4)), plain("int8", (1, 1, 4))], lambda x, v: assigned(x, 0, v))
case("set", ["new,..."], [plain("int8", (3, 4)), plain("int8", (1, 1, 3, 4))], lambda x, v: assigned(x, (None, Ellipsis), v))
case("set", ["new,...,new"], [plain("int8", (3, 4)), plain("int8", (3, 4, 1))], lambda x, v: assigned(x, (None, Ellipsis, None), v))
case("set", ["0"], [plain("int8", (3, 4)), plain("int8", (2, 1, 4))], lambda x, v: assigned(x, 0, v))
case("set", ["@0"], [plain("int8", (3, 4)), plain("int8", (1, 2, 4)), np.array([0, 2])], lambda x, v, i: assigned(x, i, v))
case("set", ["0,1"], [plain("int8", (3, 4)), plain("int8", (1, 1))], lambda x, v: assigned(x, (0, 1), v[0, 0]))
# No elements.
for shape in [(4, 0), (0, 4), (0, 0)]:
    for order in ["1", "2", "inf", "nuc", "fro", "-1", "-2"]:
        kind = order if order in ("nuc", "fro") else float(order)
        case("matrix_norm", [order, 0], [np.zeros(shape)], lambda x: np.linalg.norm(x, kind, (-2, -1)))
    case("qr_stack", [], [np.zeros((2, *shape))], lambda x: tuple(np.linalg.qr(x)))
    case("qr_stack", [], [np.zeros(shape)], lambda x: tuple(np.linalg.qr(x)))
    case("matrix_rank", [], [np.zeros((3, *shape))], np.linalg.matrix_rank)
    case("lstsq_all", [], [np.zeros(shape), np.ones(shape[0])], lambda a, b: np.linalg.lstsq(a, b))
    case("lstsq_all", [], [np.zeros(shape), np.ones((shape[0], 2))], lambda a, b: np.linalg.lstsq(a, b))
    for axis in [0, 1]:
        case("unique_along", [axis], [np.zeros(shape)], lambda x: np.unique(x, True, True, True, axis=axis))
positive = np.array([[2.0, 1.0], [1.0, 3.0], [0.5, 1.0]])
case("qr_product", [], [np.array([positive, positive + 1, positive * 2])], lambda x: x)
for shape in [(5, 3), (3, 3), (3, 5)]:
    case("lstsq_all", [], [random.normal(size=shape), random.normal(size=shape[0])], lambda a, b: np.linalg.lstsq(a, b))
    case("lstsq_all", [], [random.normal(size=shape), random.normal(size=(shape[0], 2))], lambda a, b: np.linalg.lstsq(a, b))
for order in ["1", "2", "inf", "-inf"]:
    case("vector_norm", [order, None, 0], [np.zeros(0)], lambda x: np.linalg.norm(x, float(order)))
case("repeat_each", [[], 0], [np.zeros(0)], lambda x: np.repeat(x, []))
case("binary", ["power"], [np.zeros(0, "int16"), np.array(-4, "int16")], np.power)
case("binary", ["power"], [np.zeros((0, 2), "int16"), np.array([-4, 1], "int16")], np.power)
# Dtypes.
for dtype in ["int8", "int64", "uint16", "bool", "float32"]:
    case("modf", [], [plain(dtype, (5,))], np.modf)
for dtype in ["complex64", "float32"]:
    case("cov", [1], [plain(dtype, (2, 5))], np.cov)
    case("corrcoef", [1], [plain(dtype, (2, 5))], np.corrcoef)
case("round", [0], [values("bool", (5,))], lambda x: np.round(x))
for bounds in [(-1, 2), (None, 300), (-300, 300), (-5, None), (1, 300)]:
    case("clip", bounds, [np.abs(plain("uint8", (7,)))], lambda x: np.clip(x, *bounds))
for bounds in [(300, None), (300, 400), (None, -1), (-5, -3)]:
    case("clip", bounds, [np.abs(plain("uint8", (7,)))], lambda x: np.clip(x, *bounds))
for k in [-1, 0, 1]:
    case("tril", [k], [plain("int8", (3,))], lambda x: np.tril(x, k))
    case("triu", [k], [plain("int8", (3,))], lambda x: np.triu(x, k))
for dtype in ["uint8", "float32", "complex64", "bool"]:
    case("select_weak", [], [values("bool", (4,)), plain(dtype, (4,))], lambda c, x: np.select([c], [x]))

path = pathlib.Path(__file__).parent / "data" / "cases.txt"
path.write_text("\n".join(lines) + "\n")
print(len(lines), "cases,", path.stat().st_size, "bytes")
