"""Random programs over arrays, in random chunks, give what NumPy gives: elements, dtypes and shapes."""

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from properties import examples

import swath.array as sa
from swath.errors import ArrayTypeError

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float32", "float64", "complex128"]
UNARY = [
    "negative",
    "absolute",
    "square",
    "sign",
    "isfinite",
    "logical_not",
    "conj",
    "sqrt",
    "exp",
    "floor",
    "rint",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "greater",
    "equal",
    "logical_and",
    "divide",
    "floor_divide",
    "remainder",
    "power",
    "hypot",
    "fmin",
]
REDUCTIONS = [
    "sum",
    "prod",
    "min",
    "max",
    "mean",
    "std",
    "var",
    "any",
    "all",
    "argmin",
    "argmax",
    "count_nonzero",
    "median",
    "ptp",
]
SCANS = ["cumsum", "cumprod"]


def elements(dtype):
    kind = np.dtype(dtype).kind
    if kind == "b":
        return st.booleans()
    if kind == "u":
        return st.integers(0, 9)
    if kind == "i":
        return st.integers(-9, 9)
    few = st.sampled_from([-2.5, -1.0, 0.0, 0.5, 3.0, np.nan, np.inf])
    return (
        few
        if kind == "f"
        else st.builds(complex, st.sampled_from([0.0, 1.5, -2.0]), st.sampled_from([0.0, -1.0]))
    )


@st.composite
def arrays(draw, shapes=None):
    """An array of NumPy, and the same of ours in chunks."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(shapes or hn.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    values = draw(hn.arrays(dtype, shape, elements=elements(dtype)))
    chunks = tuple(draw(st.integers(1, max(length, 1))) for length in shape)
    return values, sa.asarray(values.copy(), chunks=chunks)


def unary(draw, array):
    name = draw(st.sampled_from(UNARY))
    return lambda xp, x: getattr(xp, name)(x)


def binary(draw, array):
    name = draw(st.sampled_from(BINARY))
    number = draw(st.sampled_from([0, 1, 2, 3, 2.5, True]))
    if draw(st.booleans()):
        return lambda xp, x: getattr(xp, name)(x, number)
    return lambda xp, x: getattr(xp, name)(number, x)


def itself(draw, array):
    name = draw(st.sampled_from(BINARY))
    return lambda xp, x: getattr(xp, name)(x, xp.flip(x))


def reduction(draw, array):
    name, axis = draw(st.sampled_from(REDUCTIONS)), draw(axes(array))
    kept = draw(st.booleans())
    return lambda xp, x: getattr(xp, name)(x, axis=axis, keepdims=kept)


def scan(draw, array):
    name, axis = draw(st.sampled_from(SCANS)), draw(axes(array))
    return lambda xp, x: getattr(xp, name)(x, axis=axis)


def axes(array):
    return st.none() | st.integers(-array.ndim, array.ndim - 1) if array.ndim else st.none()


def layout(draw, array):
    number, axis = draw(st.integers(-2, 3)), draw(axes(array))
    order = draw(st.permutations(range(array.ndim)))
    place = 0 if axis is None else axis
    made = {
        "transpose": lambda xp, x: xp.transpose(x, order),
        "flip": lambda xp, x: xp.flip(x, axis),
        "roll": lambda xp, x: xp.roll(x, number, axis),
        "ravel": lambda xp, x: xp.ravel(x),
        "expand_dims": lambda xp, x: xp.expand_dims(x, place),
        "squeeze": lambda xp, x: xp.squeeze(x),
        "stack": lambda xp, x: xp.stack([x, x], axis=place),
        "repeat": lambda xp, x: xp.repeat(x, abs(number), axis=axis),
        "tile": lambda xp, x: xp.tile(x, (2, abs(number))),
        "pad": lambda xp, x: xp.pad(x, abs(number)),
        "diff": lambda xp, x: xp.diff(x, axis=place),
        "concatenate": lambda xp, x: xp.concatenate([x, x], axis=axis),
        "sort": lambda xp, x: xp.sort(x, axis=place),
        "astype": lambda xp, x: x.astype("float64"),
        "round": lambda xp, x: xp.round(x, 1),
        "clip": lambda xp, x: xp.clip(x, 0, 2),
        "where": lambda xp, x: xp.where(x == x, x, 0),
        "mask": lambda xp, x: x[x == x],
        "step": lambda xp, x: x[..., ::2],
        "back": lambda xp, x: x[::-1],
        "some": lambda xp, x: x[xp.asarray([0, -1, 0])],
        "unique": lambda xp, x: xp.unique(x),
        "triu": lambda xp, x: xp.triu(x),
        "broadcast": lambda xp, x: xp.broadcast_to(x, (2, *x.shape)),
        "nan_to_num": lambda xp, x: xp.nan_to_num(x),
        "count": lambda xp, x: xp.nansum(x, axis=axis),
    }
    if 0 in array.shape:
        # Of an array without elements whose lengths a mask made.
        del made["tile"]
    if array.ndim == 1:
        # NumPy makes a matrix of it, which nobody means.
        del made["triu"]
    return made[draw(st.sampled_from(sorted(made)))]


@examples(120)
@given(st.data(), arrays(), st.integers(1, 4))
def test_programs(data, pair, length):
    theirs, ours = pair
    for _ in range(length):
        step = data.draw(st.sampled_from([unary, binary, itself, reduction, scan, layout, layout]))(
            data.draw, theirs
        )
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                expected = step(np, theirs)
            except Exception:
                return
        try:
            ours = step(sa, ours)
        except ArrayTypeError:
            # Said at once: complex numbers have no order.
            assert theirs.dtype.kind == "c"
            return
        theirs = expected
        same(ours, theirs)


def same(ours, theirs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = np.asarray(ours)
    theirs = np.asarray(theirs)
    assert got.dtype == theirs.dtype
    assert got.shape == theirs.shape
    np.testing.assert_allclose(got, theirs, rtol=1e-5 if theirs.dtype.itemsize <= 4 else 1e-10, atol=1e-12)
