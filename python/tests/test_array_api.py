# ruff: noqa: E501, SIM905  (tables of calls are read by lines)
"""The functions of the Array API standard over dtypes and shapes, beside `array-api-strict`.

What deviates stands in `array_api_exceptions.EXCEPTIONS`, with the reason; an entry that no longer deviates
fails too.
"""

import inspect
import itertools
import pathlib
import sys
import warnings

import array_api_strict as strict
import numpy as np
import pytest

import swath.array as sa

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from array_api_exceptions import EXCEPTIONS

strict.set_array_api_strict_flags(api_version="2025.12")

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES += ["float32", "float64", "complex64", "complex128"]
SHAPES = [(), (0,), (1,), (5,), (2, 0), (2, 1, 3)]


def values(dtype, shape, seed=0):
    """Elements of a dtype that functions have something to do with."""
    count = int(np.prod(shape))
    ramp = (np.arange(count) * 7 + 3 * seed) % 11
    if dtype == "bool":
        made = ramp % 2 == 0
    elif dtype.startswith("uint"):
        made = ramp + 1
    elif dtype.startswith("int"):
        made = np.where(ramp == 5, 4, ramp - 5)
    elif dtype.startswith("float"):
        made = (ramp - 5.25) / 3
    else:
        made = (ramp - 5.25) / 3 + 1j * (ramp - 3.5) / 2
    return made.astype(dtype).reshape(shape)


def both(array):
    """The same elements in both namespaces; ours in more than one chunk."""
    chunks = tuple(max(length // 2, 1) for length in array.shape) if array.ndim else None
    return strict.asarray(array), sa.asarray(array, chunks=chunks)


def tolerance(dtype):
    return 2e-5 if dtype in (np.float32, np.complex64) else 1e-10


def compare(ours, expected, what):
    if isinstance(expected, (tuple, list)):
        assert len(ours) == len(expected), what
        for one, other in zip(ours, expected, strict=True):
            compare(one, other, what)
        return
    if not hasattr(expected, "__array_namespace__"):
        assert ours == expected, what
        return
    assert isinstance(ours, sa.Array), what
    # Strict arrays give NumPy's through DLPack or their own.
    expected = expected._array
    assert ours.dtype == expected.dtype, f"{what}: dtype {ours.dtype}, expected {expected.dtype}"
    assert ours.shape == expected.shape, f"{what}: shape {ours.shape}, expected {expected.shape}"
    close = tolerance(expected.dtype)
    np.testing.assert_allclose(ours.to_numpy(), expected, rtol=close, atol=close, err_msg=what)


def hold(name, cases):
    """Run cases ``(what, ours, theirs)``; those that deviate must be listed."""
    failures, ran = [], 0
    for what, ours, theirs in cases:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = theirs()
        except (TypeError, ValueError, IndexError):
            # Not in the standard: what we do then is ours.
            continue
        ran += 1
        try:
            compare(ours(), expected, what)
        except Exception as error:
            failures.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")
    assert ran > 0, f"no case of {name} ran"
    if name in EXCEPTIONS:
        assert failures, f"{name} conforms now: take it out of EXCEPTIONS"
        pytest.skip(EXCEPTIONS[name])
    assert not failures, f"{len(failures)} of {ran}: " + "\n".join(failures[:6])


UNARY = "abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor imag isfinite isinf isnan log log1p "
UNARY += "log2 log10 logical_not negative positive real reciprocal round sign signbit sin sinh square sqrt tan tanh trunc"
BINARY = "add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign divide equal floor_divide "
BINARY += "greater greater_equal hypot less less_equal logaddexp logical_and logical_or logical_xor maximum minimum multiply nextafter "
BINARY += "not_equal pow remainder subtract"


@pytest.mark.parametrize("name", UNARY.split())
def test_unary(name):
    def cases():
        for dtype, shape in itertools.product(DTYPES, SHAPES):
            array = values(dtype, shape)
            if name in ("acosh", "log", "log2", "log10", "sqrt", "reciprocal") and array.dtype.kind == "f":
                array = abs(array) + 1
            elif name in ("acos", "asin", "atanh", "log1p") and array.dtype.kind == "f":
                array = array / 8
            x, y = both(array)
            yield (
                f"{name}({dtype}{shape})",
                lambda y=y: getattr(sa, name)(y),
                lambda x=x: getattr(strict, name)(x),
            )

    hold(name, cases())


@pytest.mark.parametrize("name", UNARY.split())
def test_special_values(name):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e308, 5e-324])

    def cases():
        for dtype in ("float32", "float64"):
            with np.errstate(over="ignore"):
                array = special.astype(dtype)
            x, y = both(array)
            yield f"{name}({dtype})", lambda y=y: getattr(sa, name)(y), lambda x=x: getattr(strict, name)(x)

    if name in ("bitwise_invert", "logical_not", "conj", "imag", "real"):
        pytest.skip("not of floats")
    hold(f"special {name}", cases())


PAIRS = [((), ()), ((5,), (5,)), ((5,), ()), ((2, 1, 3), (1, 4, 1)), ((0,), (1,)), ((2, 3), (3,))]


@pytest.mark.parametrize("name", BINARY.split())
def test_binary(name):
    def arrays(left, right, first, second):
        one, other = values(left, first), values(right, second, seed=1)
        if name in ("bitwise_left_shift", "bitwise_right_shift", "pow") and other.dtype.kind in "iu":
            other = (abs(other) % 4).astype(other.dtype)
        if name == "pow" and one.dtype.kind == "f":
            one = abs(one) + np.asarray(0.5, dtype=one.dtype)
        return both(one), both(other)

    def cases():
        for left, right in itertools.product(DTYPES, DTYPES):
            for first, second in PAIRS if left == right else PAIRS[1:3]:
                (x1, y1), (x2, y2) = arrays(left, right, first, second)
                what = f"{name}({left}{first}, {right}{second})"
                yield (
                    what,
                    lambda y1=y1, y2=y2: getattr(sa, name)(y1, y2),
                    lambda x1=x1, x2=x2: getattr(strict, name)(x1, x2),
                )

    hold(name, cases())


OPERATORS = "add sub mul truediv floordiv mod pow and or xor lshift rshift eq ne lt le gt ge".split()


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_with_numbers(name):
    def cases():
        for dtype, number in itertools.product(DTYPES, (True, 2, 1.5, 2 + 1j)):
            array = (
                abs(values(dtype, (5,)))
                if name == "pow" and dtype.startswith("float")
                else values(dtype, (5,))
            )
            x, y = both(array)
            for method in (
                (f"__{name}__", f"__r{name}__")
                if name not in ("eq", "ne", "lt", "le", "gt", "ge")
                else (f"__{name}__",)
            ):
                if method == "__rpow__" and array.dtype.kind in "i":
                    continue
                what = f"{dtype}.{method}({number!r})"
                yield (
                    what,
                    lambda y=y, method=method, number=number: getattr(y, method)(number),
                    lambda x=x, method=method, number=number: getattr(x, method)(number),
                )

    hold(f"operator {name}", cases())


REDUCTIONS = (
    "all any argmax argmin count_nonzero max mean min prod std sum var cumulative_sum cumulative_prod".split()
)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    def cases():
        for dtype, shape in itertools.product(DTYPES, SHAPES):
            x, y = both(values(dtype, shape))
            # The standard has no axes of arrays without axes.
            options = [{}, {"axis": 0}, {"axis": -1}, {"axis": (0, -1)}] if shape else [{}]
            if not name.startswith("cumulative"):
                options = [{**one, "keepdims": kept} for one in options for kept in (False, True)]
            elif shape:
                options += [{"axis": 0, "include_initial": True}]
            if name in ("std", "var"):
                options.append({"correction": 1})
            if name in ("sum", "prod") and dtype != "bool":
                options.append({"dtype": dtype})
            for option in options:
                other = {
                    key: getattr(strict, value) if key == "dtype" else value for key, value in option.items()
                }
                yield (
                    f"{name}({dtype}{shape}, {option})",
                    lambda y=y, option=option: getattr(sa, name)(y, **option),
                    lambda x=x, other=other: getattr(strict, name)(x, **other),
                )

    hold(name, cases())


# Calls with arrays of the shapes behind the name, over all dtypes.
CALLS = {
    "astype": [
        ((3,), lambda xp, x: xp.astype(x, xp.complex128)),
        ((3,), lambda xp, x: xp.astype(x, x.dtype, copy=False)),
    ],
    "broadcast_arrays": [((2, 1), lambda xp, x: xp.broadcast_arrays(x, xp.squeeze(x, axis=1)))],
    "broadcast_to": [
        ((1, 3), lambda xp, x: xp.broadcast_to(x, (2, 4, 3))),
        ((), lambda xp, x: xp.broadcast_to(x, (2,))),
    ],
    "clip": [
        ((5,), lambda xp, x: xp.clip(x, 1, 3)),
        ((5,), lambda xp, x: xp.clip(x, max=2)),
        ((5,), lambda xp, x: xp.clip(x)),
    ],
    "concat": [
        ((2, 3), lambda xp, x: xp.concat([x, x], axis=1)),
        ((2, 3), lambda xp, x: xp.concat((x, x), axis=None)),
        ((0,), lambda xp, x: xp.concat([x, x])),
    ],
    "cross": [((2, 3), lambda xp, x: xp.linalg.cross(x, x[::-1, :]))],
    "diff": [
        ((5,), lambda xp, x: xp.diff(x)),
        ((2, 4), lambda xp, x: xp.diff(x, axis=0)),
        ((5,), lambda xp, x: xp.diff(x, n=2)),
    ],
    "empty_like": [((2, 0), lambda xp, x: xp.empty_like(x))],
    "expand_dims": [
        ((2,), lambda xp, x: xp.expand_dims(x, axis=1)),
        ((), lambda xp, x: xp.expand_dims(x, axis=0)),
    ],
    "flip": [
        ((2, 3), lambda xp, x: xp.flip(x)),
        ((2, 3), lambda xp, x: xp.flip(x, axis=(0,))),
        ((), lambda xp, x: xp.flip(x)),
    ],
    "full_like": [((2, 3), lambda xp, x: xp.full_like(x, 1))],
    "isin": [((5,), lambda xp, x: xp.isin(x, x[:2]))],
    "matmul": [
        ((2, 2), lambda xp, x: xp.matmul(x, x)),
        ((3,), lambda xp, x: xp.matmul(x, x)),
        ((2, 2, 2), lambda xp, x: xp.matmul(x, x[0, ...])),
    ],
    "matrix_transpose": [((2, 3), lambda xp, x: xp.matrix_transpose(x)), ((2, 3), lambda xp, x: x.mT)],
    "meshgrid": [
        ((3,), lambda xp, x: xp.meshgrid(x, x)),
        ((3,), lambda xp, x: xp.meshgrid(x, x[:2], indexing="ij")),
    ],
    "moveaxis": [
        ((2, 1, 3), lambda xp, x: xp.moveaxis(x, 0, -1)),
        ((2, 1, 3), lambda xp, x: xp.moveaxis(x, (0, 1), (1, 2))),
    ],
    "nonzero": [
        ((5,), lambda xp, x: xp.nonzero(x)),
        ((2, 3), lambda xp, x: xp.nonzero(x)),
        ((0,), lambda xp, x: xp.nonzero(x)),
    ],
    "ones_like": [((3,), lambda xp, x: xp.ones_like(x))],
    "permute_dims": [((2, 1, 3), lambda xp, x: xp.permute_dims(x, (2, 0, 1)))],
    "repeat": [((3,), lambda xp, x: xp.repeat(x, 2)), ((2, 3), lambda xp, x: xp.repeat(x, 2, axis=1))],
    "reshape": [
        ((2, 3), lambda xp, x: xp.reshape(x, (3, -1))),
        ((1,), lambda xp, x: xp.reshape(x, ())),
        ((0,), lambda xp, x: xp.reshape(x, (0, 3))),
    ],
    "roll": [
        ((5,), lambda xp, x: xp.roll(x, 2)),
        ((2, 3), lambda xp, x: xp.roll(x, (1, 1), axis=(0, 1))),
        ((2, 3), lambda xp, x: xp.roll(x, -1)),
    ],
    "searchsorted": [
        ((5,), lambda xp, x: xp.searchsorted(xp.sort(x), x)),
        ((5,), lambda xp, x: xp.searchsorted(xp.sort(x), x, side="right")),
    ],
    "sort": [
        ((5,), lambda xp, x: xp.sort(x)),
        ((2, 4), lambda xp, x: xp.sort(x, axis=0, descending=True)),
        ((0,), lambda xp, x: xp.sort(x)),
    ],
    "argsort": [
        ((5,), lambda xp, x: xp.argsort(x)),
        ((2, 4), lambda xp, x: xp.argsort(x, axis=0, descending=True)),
    ],
    "squeeze": [
        ((2, 1, 3), lambda xp, x: xp.squeeze(x, axis=1)),
        ((1, 1), lambda xp, x: xp.squeeze(x, axis=(0, 1))),
    ],
    "stack": [((2, 3), lambda xp, x: xp.stack([x, x])), ((2, 3), lambda xp, x: xp.stack([x, x], axis=-1))],
    "take": [
        ((5,), lambda xp, x: xp.take(x, xp.asarray([0, 2]))),
        ((2, 3), lambda xp, x: xp.take(x, xp.asarray([1, 0]), axis=1)),
    ],
    "take_along_axis": [((2, 3), lambda xp, x: xp.take_along_axis(x, xp.asarray([[0, 1], [2, 0]]), axis=1))],
    "tensordot": [
        ((2, 3), lambda xp, x: xp.tensordot(x, x.T, axes=1)),
        ((2, 3), lambda xp, x: xp.tensordot(x, x, axes=((0, 1), (0, 1)))),
    ],
    "tile": [((2, 3), lambda xp, x: xp.tile(x, (2, 1, 2)))],
    "tril": [((3, 3), lambda xp, x: xp.tril(x)), ((2, 3), lambda xp, x: xp.tril(x, k=1))],
    "triu": [((3, 3), lambda xp, x: xp.triu(x)), ((2, 3), lambda xp, x: xp.triu(x, k=-1))],
    "unique_all": [((5,), lambda xp, x: tuple(xp.unique_all(x)))],
    "unique_counts": [((2, 4), lambda xp, x: tuple(xp.unique_counts(x)))],
    "unique_inverse": [((2, 4), lambda xp, x: tuple(xp.unique_inverse(x)))],
    "unique_values": [((2, 4), lambda xp, x: xp.unique_values(x)), ((0,), lambda xp, x: xp.unique_values(x))],
    "unstack": [((2, 3), lambda xp, x: xp.unstack(x)), ((2, 3), lambda xp, x: xp.unstack(x, axis=1))],
    "vecdot": [((2, 3), lambda xp, x: xp.vecdot(x, x)), ((2, 3), lambda xp, x: xp.vecdot(x, x, axis=-2))],
    "where": [
        (
            (5,),
            lambda xp, x: (
                xp.where(x > x[0], x, x + x) if not xp.isdtype(x.dtype, ("complex floating", "bool")) else x
            ),
        )
    ],
    "zeros_like": [((3,), lambda xp, x: xp.zeros_like(x, dtype=xp.float32))],
    "indexing": [
        ((2, 3), lambda xp, x: x[1, ::2]),
        ((2, 3), lambda xp, x: x[..., -1]),
        ((2, 3), lambda xp, x: x[None, ...]),
        ((5,), lambda xp, x: x[::-1]),
        ((5,), lambda xp, x: x[xp.asarray([True, False, True, False, True])]),
        ((5,), lambda xp, x: x[xp.asarray([4, 0])]),
        ((), lambda xp, x: x[()]),
        ((), lambda xp, x: x[...]),
    ],
    "linalg.cholesky": [
        ((), lambda xp, x: xp.linalg.cholesky(xp.astype(xp.asarray([[4, 2], [2, 3]]), x.dtype)))
    ],
    "linalg.det": [((2, 2), lambda xp, x: xp.linalg.det(x))],
    "linalg.diagonal": [
        ((2, 3), lambda xp, x: xp.linalg.diagonal(x, offset=1)),
        ((2, 3, 3), lambda xp, x: xp.linalg.diagonal(x)),
    ],
    "linalg.eigvalsh": [
        (
            (3, 3),
            lambda xp, x: xp.linalg.eigvalsh(
                xp.real(x + x.mT) if x.dtype in (xp.complex64, xp.complex128) else x + x.mT
            ),
        )
    ],
    "linalg.inv": [((2, 2), lambda xp, x: xp.linalg.inv(x)), ((2, 2, 2), lambda xp, x: xp.linalg.inv(x))],
    "linalg.matrix_norm": [
        ((2, 3), lambda xp, x: xp.linalg.matrix_norm(x)),
        ((2, 3), lambda xp, x: xp.linalg.matrix_norm(x, ord=1, keepdims=True)),
    ],
    "linalg.matrix_power": [((2, 2), lambda xp, x: xp.linalg.matrix_power(x, 3))],
    "linalg.matrix_rank": [((2, 3), lambda xp, x: xp.linalg.matrix_rank(x))],
    "linalg.outer": [((3,), lambda xp, x: xp.linalg.outer(x, x))],
    "linalg.pinv": [((2, 3), lambda xp, x: xp.linalg.pinv(x))],
    "linalg.slogdet": [((2, 2), lambda xp, x: tuple(xp.linalg.slogdet(x)))],
    "linalg.solve": [
        ((2, 2), lambda xp, x: xp.linalg.solve(x, x[0, :])),
        ((2, 2), lambda xp, x: xp.linalg.solve(x, x)),
    ],
    "linalg.svdvals": [((2, 3), lambda xp, x: xp.linalg.svdvals(x))],
    "linalg.trace": [
        ((2, 2), lambda xp, x: xp.linalg.trace(x)),
        ((2, 3), lambda xp, x: xp.linalg.trace(x, offset=1)),
    ],
    "linalg.vector_norm": [
        ((5,), lambda xp, x: xp.linalg.vector_norm(x)),
        ((2, 3), lambda xp, x: xp.linalg.vector_norm(x, axis=1, keepdims=True)),
        ((2, 3), lambda xp, x: xp.linalg.vector_norm(x, ord=1)),
        ((2, 1, 3), lambda xp, x: xp.linalg.vector_norm(x, axis=(0, 2), ord=float("inf"))),
    ],
    "fft.fft": [
        ((5,), lambda xp, x: xp.fft.fft(x)),
        ((2, 4), lambda xp, x: xp.fft.fft(x, n=3, axis=0, norm="ortho")),
    ],
    "fft.ifft": [((5,), lambda xp, x: xp.fft.ifft(x))],
    "fft.fftn": [((2, 4), lambda xp, x: xp.fft.fftn(x)), ((2, 4), lambda xp, x: xp.fft.fftn(x, axes=(0,)))],
    "fft.ifftn": [((2, 4), lambda xp, x: xp.fft.ifftn(x))],
    "fft.rfft": [((5,), lambda xp, x: xp.fft.rfft(x))],
    "fft.irfft": [((5,), lambda xp, x: xp.fft.irfft(x)), ((5,), lambda xp, x: xp.fft.irfft(x, n=7))],
    "fft.rfftn": [((2, 4), lambda xp, x: xp.fft.rfftn(x))],
    "fft.irfftn": [((2, 4), lambda xp, x: xp.fft.irfftn(x))],
    "fft.hfft": [((5,), lambda xp, x: xp.fft.hfft(x))],
    "fft.ihfft": [((5,), lambda xp, x: xp.fft.ihfft(x))],
    "fft.fftshift": [((5,), lambda xp, x: xp.fft.fftshift(x))],
    "fft.ifftshift": [((5,), lambda xp, x: xp.fft.ifftshift(x))],
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name):
    def cases():
        for (number, (shape, call)), dtype in itertools.product(enumerate(CALLS[name]), DTYPES):
            array = values(dtype, shape)
            if name == "linalg.pinv" or (name.startswith("linalg.") and shape == (2, 2, 2)):
                array = array + (np.eye(2) if shape[-2:] == (2, 2) else 0)
                array = array.astype(dtype)
            x, y = both(array)
            yield (
                f"{name}[{number}]({dtype})",
                lambda y=y, call=call: call(sa, y),
                lambda x=x, call=call: call(strict, x),
            )

    hold(name, cases())


CREATION = {
    "arange": [lambda xp: xp.arange(5), lambda xp: xp.arange(1, 7, 2), lambda xp: xp.arange(0.0, 1.0, 0.25), lambda xp: xp.arange(3, dtype=xp.float32), lambda xp: xp.arange(5, 0)],
    "asarray": [lambda xp: xp.asarray([[1, 2], [3, 4]]), lambda xp: xp.asarray(1.5), lambda xp: xp.asarray(True), lambda xp: xp.asarray([1, 2.5]), lambda xp: xp.asarray(1j, dtype=xp.complex64)],
    "empty": [lambda xp: xp.empty((0, 2))],
    "eye": [lambda xp: xp.eye(3), lambda xp: xp.eye(2, 3, k=1, dtype=xp.int8), lambda xp: xp.eye(3, k=-5)],
    "full": [lambda xp: xp.full((2,), 3), lambda xp: xp.full(2, 1.5), lambda xp: xp.full((), True), lambda xp: xp.full(2, 1j), lambda xp: xp.full(2, 1, dtype=xp.uint8)],
    "linspace": [lambda xp: xp.linspace(0, 1, 5), lambda xp: xp.linspace(0, 1, 4, endpoint=False), lambda xp: xp.linspace(0, 1, 1), lambda xp: xp.linspace(1, 2, 3, dtype=xp.float32), lambda xp: xp.linspace(0, 1, 0)],
    "ones": [lambda xp: xp.ones((2, 3)), lambda xp: xp.ones(2, dtype=xp.bool)],
    "zeros": [lambda xp: xp.zeros(()), lambda xp: xp.zeros((2, 0), dtype=xp.int16)],
    "fft.fftfreq": [lambda xp: xp.fft.fftfreq(5), lambda xp: xp.fft.fftfreq(4, d=0.5)],
    "fft.rfftfreq": [lambda xp: xp.fft.rfftfreq(5), lambda xp: xp.fft.rfftfreq(4, d=0.5)],
    "isdtype": [lambda xp, kind=kind: xp.isdtype(xp.int8, kind) for kind in ("integral", "bool", "numeric", "signed integer")],
    "can_cast": [lambda xp: xp.can_cast(xp.int8, xp.int16), lambda xp: xp.can_cast(xp.int16, xp.int8)],
    "broadcast_shapes": [lambda xp: xp.broadcast_shapes((2, 1), (3,))],
    "finfo": [lambda xp: float(xp.finfo(xp.float32).eps), lambda xp: xp.finfo(xp.float64).bits],
    "iinfo": [lambda xp: xp.iinfo(xp.uint8).max],
}  # fmt: skip


@pytest.mark.parametrize("name", CREATION)
def test_creation(name):
    hold(
        name,
        (
            (f"{name}[{n}]", lambda call=call: call(sa), lambda call=call: call(strict))
            for n, call in enumerate(CREATION[name])
        ),
    )


def test_factorisations_multiply_to_what_they_are_of():
    array = values("float64", (4, 3)) + np.eye(4, 3)
    x = sa.asarray(array)
    q, r = sa.linalg.qr(x)
    np.testing.assert_allclose((q @ r).compute(), array, atol=1e-12)
    for full in (False, True):
        u, s, vh = sa.linalg.svd(x, full_matrices=full)
        assert u.shape == ((4, 4) if full else (4, 3))
        np.testing.assert_allclose((u[:, :3] * s @ vh).compute(), array, atol=1e-12)
    q, r = sa.linalg.qr(x, mode="complete")
    assert (q.shape, r.shape) == ((4, 4), (4, 3))
    values_of, vectors = sa.linalg.eigh(x.T @ x)
    np.testing.assert_allclose((vectors * values_of @ vectors.T).compute(), array.T @ array, atol=1e-10)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(sa, strict), (sa.linalg, strict.linalg), (sa.fft, strict.fft)],
    ids=["main", "linalg", "fft"],
)
def test_signatures(ours, theirs):
    """All names are there, and take what the standard says they take."""
    wrong = []
    for name in theirs.__all__:
        if "strict" in name.lower() or name in ("Device", "__version__"):
            continue
        if not hasattr(ours, name):
            wrong.append(name)
            continue
        function = getattr(theirs, name)
        if not inspect.isfunction(function):
            continue
        own = inspect.signature(getattr(ours, name)).parameters
        positional = [p for p in own.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        starred = any(p.kind is p.VAR_POSITIONAL for p in own.values())
        for place, parameter in enumerate(inspect.signature(function).parameters.values()):
            if parameter.kind is parameter.POSITIONAL_ONLY and place >= len(positional) and not starred:
                wrong.append(f"{name}: {parameter.name} by place")
            if (
                parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
                and parameter.name not in own
            ):
                wrong.append(f"{name}: {parameter.name}")
    assert not wrong


def test_namespace():
    x = sa.ones(2)
    assert x.__array_namespace__() is sa
    assert x.__array_namespace__(api_version="2025.12") is sa
    with pytest.raises(ValueError, match="2019"):
        x.__array_namespace__(api_version="2019.01")
    assert sa.__array_api_version__ == "2025.12"
    info = sa.__array_namespace_info__()
    assert info.default_device() in info.devices()
    assert x.device == "cpu"
    assert x.to_device("cpu") is x
    assert info.default_dtypes()["integral"] == sa.int64
    assert set(info.dtypes(kind="complex floating")) == {"complex64", "complex128"}
    assert info.capabilities()["boolean indexing"]
    assert (sa.pi, sa.e, sa.newaxis) == (np.pi, np.e, None)
    assert np.isnan(sa.nan)
    own = {name for name in dir(type(strict.asarray(1))) if not name.startswith("_") or name.startswith("__")}
    missing = {name for name in own if not hasattr(sa.Array, name)} - {
        "__annotations__",
        "__dict__",
        "__buffer__",
    }
    assert not missing


def test_promotion():
    wrong = []
    for left, right in itertools.product(DTYPES, DTYPES):
        try:
            expected = strict.result_type(getattr(strict, left), getattr(strict, right))
        except TypeError:
            continue
        if sa.result_type(getattr(sa, left), getattr(sa, right)) != np.dtype(
            str(expected).rpartition(".")[2]
        ):
            wrong.append((left, right))
    assert not wrong
