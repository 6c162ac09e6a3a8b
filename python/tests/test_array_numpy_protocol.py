"""Functions of NumPy on lazy arrays: what is asked for is done as NumPy does it, or refused."""

import numpy as np
import pytest

import swath.array as sa

A = np.array([1.0, 2.0, 3.7])
B = np.array([2.0, 2.0, 1.0])
N = np.array([1, 2, 3])
EYE = np.eye(3) * 2
TIMES = np.array(["2020-01-01", "2021-01-01"], "M8[s]")


def arrays(make):
    """Names of the programs below, with arrays of NumPy's or ours."""
    given = {"a": A, "b": B, "n": N, "eye": EYE, "z": A + 1j, "t": TIMES}
    return {"np": np, **{name: make(values) for name, values in given.items()}}


def computed(value):
    if isinstance(value, sa.Array):
        return np.asarray(value)
    if isinstance(value, (tuple, list)):
        return [computed(one) for one in value]
    return value


def same(actual, expected):
    if isinstance(expected, (tuple, list)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            same(one, other)
        return
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-12)


DTYPES = """
np.less(a, b, dtype=bool)
np.greater_equal(a, 2, dtype=bool)
np.equal(a, b, dtype="?")
np.logical_and(a, b, dtype=bool)
np.logical_not(a, dtype=bool)
np.isnan(a, dtype=bool)
np.add(a, b, dtype="f4")
np.add(n, 1, dtype="i2")
np.add(n, 300, dtype="f8")
np.exp(n, dtype="f4")
np.true_divide(n, n, dtype="f4")
np.add(a, 1, dtype="c8")
np.divmod(a, b, dtype="f4")
np.modf(a, dtype="f4")
np.matmul(a, b, dtype="f4")
np.add.outer(a, b, dtype="f4")
np.add.outer(a, b)
np.add.reduce(a, where=a > 1)
np.add.reduce(n, dtype="f4")
np.maximum.reduce(a, dtype="f4")
np.maximum.reduce(a, where=a < 3, initial=0)
np.logical_and.reduce(a, keepdims=True)
np.add.accumulate(n)
"""

REFUSED = """
np.less(a, b, dtype="f8")
np.add(a, b, dtype="u8")
np.add(n, 1.5, dtype="i8")
np.add(n, n, dtype="u8")
np.exp(a, dtype="i4")
np.true_divide(n, n, dtype="i8")
np.divmod(a, b, dtype="i4")
np.matmul(a, b, dtype="i4")
np.add.outer(a, b, dtype="i4")
np.sum(a, 0, None, None, False, 0, True, 1)
np.median(a, weights=a)
np.clip(a, 0, 1, minimum=2)
"""

KEYWORDS = """
np.clip(a, a_min=1.5, a_max=3)
np.clip(a, 1.5, 3)
np.clip(a=a, a_min=None, a_max=2)
np.clip(a, min=1.5)
np.take(a, indices=[0, 1])
np.take(a, [5], 0, None, "clip")
np.searchsorted(n, v=[1, 2], side="right")
np.searchsorted(a=n, v=n)
np.dot(a, b=b)
np.outer(a, b=b)
np.cross(a, b=b)
np.linalg.solve(eye, b=b)
np.linalg.svd(eye, False, False)
np.linalg.qr(eye, "r")
np.unique(ar=n)
np.tile(A=n, reps=2)
np.isin(element=n, test_elements=[1])
np.isin(n, [1], assume_unique=True)
np.cov(a, b)
np.cov(a, y=b, bias=True)
np.cov(eye, a[:, None], rowvar=False)
np.corrcoef(a, b)
np.angle(z, deg=True)
np.angle(z, True)
np.angle(z)
np.copy(a, order="F")
np.zeros_like(a, order="F")
np.zeros_like(a, "f4", "C")
np.full_like(a, 3, order="C")
np.sort(b, -1, "quicksort")
np.argsort(b, -1, "mergesort")
np.partition(b, 1, kind="introselect")
np.median(a, overwrite_input=True)
np.median(a, 0, None, True)
np.percentile(a, 50, overwrite_input=True)
np.choose(n - 1, [a, b, a], None, "clip")
np.gradient(f=a)
np.gradient(a, 2.0)
np.concatenate((a, b), 0)
np.stack(arrays=[a, b], axis=1)
np.einsum("i,i->", a, b, optimize=True)
np.pad(array=a, pad_width=1, mode="wrap")
np.pad(a, (1, 2), constant_values=4)
np.broadcast_to(array=a, shape=(2, 3), subok=True)
np.interp(a, [1, 2], [3, 4], period=3)
np.linalg.norm(x=a, ord=1)
np.fft.fft(a=a, n=2)
np.where(a > 1, a, 0)
np.extract(a > 1, arr=a)
np.compress(a > 1, a=a)
np.take_along_axis(arr=a, indices=n - 1, axis=0)
np.std(a, 0, None, None, 1)
np.var(a, correction=1)
np.std(a, mean=a.mean())
np.var(n, mean=n.mean(keepdims=True), ddof=1)
np.std(eye, axis=0, mean=eye.mean(axis=0, keepdims=True), keepdims=True)
np.var(eye, axis=1, mean=2.0, where=eye < 2, correction=0.5)
np.var(z, mean=z.mean())
np.var(a, dtype="f4", mean=a.mean())
np.nanstd(eye / eye, axis=0, mean=1.5)
np.max(a, initial=9, where=a > 1)
np.lib.stride_tricks.sliding_window_view(a, 2)
np.lib.stride_tricks.sliding_window_view(x=a, window_shape=2)
"""


def lines(text):
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize("program", lines(DTYPES) + lines(KEYWORDS))
@pytest.mark.filterwarnings("ignore")
def test_as_numpy(program):
    expected = eval(program, arrays(np.copy))
    same(computed(eval(program, arrays(lambda values: sa.asarray(values, chunks=2)))), expected)


@pytest.mark.parametrize("program", lines(REFUSED))
def test_refused_as_by_numpy(program):
    with pytest.raises(TypeError):
        eval(program, arrays(np.copy))
    with pytest.raises(TypeError):
        eval(program, arrays(sa.asarray))


def test_dates_are_not_cast_to_what_they_are_stored_as():
    x = sa.asarray(TIMES)
    with pytest.raises(TypeError, match="dates and durations"):
        np.subtract(x, x, dtype="i8")
    assert np.less(x, x, dtype=bool).compute().tolist() == [False, False]
    with pytest.raises(TypeError, match="not cast to dtype=int32"):
        sa.add(sa.asarray(A), 1, dtype="i4")


def test_functions_of_other_modules_are_not_taken_for_those_of_one_name():
    x = sa.asarray(-A)
    for function in (np.emath.sqrt, np.emath.log):
        with pytest.raises(TypeError, match=r"np\.emath\.\w+ is not there for lazy arrays: compute"):
            function(x)
    with pytest.raises(TypeError, match=r"np\.emath\.power"):
        np.emath.power(x, 0.5)


@pytest.mark.parametrize(
    "program",
    [
        "np.lexsort((a, b))",
        "np.resize(a, 5)",
        "np.trim_zeros(a)",
        "np.packbits(n)",
        "np.fill_diagonal(eye, 1)",
        "np.add.reduceat(a, [0, 1])",
        "np.add.at(a, [0], 1)",
    ],
)
def test_what_needs_the_whole_array_is_not_sent_to_blocks(program):
    with pytest.raises(TypeError, match="compute them first") as caught:
        eval(program, arrays(sa.asarray))
    assert "map_blocks" not in str(caught.value)


def test_out():
    x, out = sa.asarray([[1, 5], [2, 9]]), sa.zeros(2, dtype="i8")
    assert np.ptp(x, axis=1, out=out) is out
    assert out.compute().tolist() == [4, 7]
    total = sa.zeros(3, dtype="i8")
    assert np.add.accumulate(sa.asarray(N), out=total) is total
    assert total.compute().tolist() == [1, 3, 6]


def test_dtype_of_bare_numbers():
    assert sa.exp(0.1, dtype="f8").compute() == np.exp(0.1)
    assert sa.add(1, 2, dtype="u8").dtype == np.uint64
    assert sa.ldexp(1.5, 3, dtype="f4").dtype == np.float32
    with pytest.raises(TypeError, match="int64 is not cast to dtype=uint64"):
        sa.add(1, -2, dtype="u8")
