"""Functions of `swath.array` beside NumPy's, in one chunk and in several."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import swath.array as sa

A = np.array([[3.0, -1.5, 2.0, 0.0, 7.25], [1.0, np.nan, -4.0, 2.0, 2.0], [0.5, 6.0, -0.0, 9.0, -3.0]])
N = np.array([[3, -1, 2, 0, 7], [1, 5, -4, 2, 2], [4, 6, 0, 9, -3]])
V = np.array([4, 1, 3, 1, 0, 2, 4])


def check(lazy, expected, tolerance=1e-12):
    if isinstance(expected, (tuple, list)) and not isinstance(expected, np.ndarray):
        assert len(lazy) == len(expected)
        for one, other in zip(lazy, expected, strict=True):
            check(one, other, tolerance)
        return
    actual, expected = np.asarray(lazy), np.asarray(expected)
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


REDUCTIONS = [
    "sum",
    "prod",
    "mean",
    "std",
    "var",
    "min",
    "max",
    "any",
    "all",
    "argmin",
    "argmax",
    "ptp",
    "count_nonzero",
]
NAN_REDUCTIONS = [
    "nansum",
    "nanprod",
    "nanmean",
    "nanstd",
    "nanvar",
    "nanmin",
    "nanmax",
    "nanargmin",
    "nanargmax",
]
NAN_REDUCTIONS += ["nanmedian"]
REDUCTIONS += ["median", "ptp", "count_nonzero"]


@pytest.mark.parametrize("chunks", [None, (2, 3)])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("name", REDUCTIONS + NAN_REDUCTIONS)
def test_reductions(name, axis, chunks):
    for values in (N, A) if name in NAN_REDUCTIONS else (N, A[[0, 2]], N > 2):
        if values.dtype == bool and name in ("ptp", "median"):
            continue
        x = sa.asarray(values, chunks=chunks)
        check(getattr(sa, name)(x, axis=axis), getattr(np, name)(values, axis=axis))
        kept = getattr(sa, name)(x, axis=axis, keepdims=True)
        check(kept, getattr(np, name)(values, axis=axis, keepdims=True))
        if hasattr(x, name):
            check(getattr(x, name)(axis=axis), getattr(np, name)(values, axis=axis))


def test_reductions_with_more():
    x = sa.asarray(N, chunks=2)
    check(sa.sum(x, axis=(0, 1)), N.sum(axis=(0, 1)))
    check(sa.sum(x, dtype="float32"), N.sum(dtype="float32"))
    check(sa.sum(x, where=x > 0), N.sum(where=N > 0))
    check(sa.max(x, where=x < 5, initial=-100), N.max(where=N < 5, initial=-100))
    check(sa.var(x, axis=0, ddof=1), N.var(axis=0, ddof=1))
    check(sa.std(x, correction=1), N.std(ddof=1))
    check(sa.var(x, axis=1, correction=0.5), N.var(axis=1, ddof=0.5))
    check(sa.average(x, axis=1, weights=[1, 2, 3, 4, 5]), np.average(N, axis=1, weights=[1, 2, 3, 4, 5]))
    check(
        sa.average(x, axis=0, returned=True, weights=[1, 2, 3]),
        np.average(N, axis=0, returned=True, weights=[1, 2, 3]),
    )
    check(sa.average(x, returned=True), np.average(N, returned=True))


SIMPLE = {
    "cumsum": lambda xp, a: xp.cumsum(a, axis=1),
    "cumsum flat": lambda xp, a: xp.cumsum(a),
    "cumprod": lambda xp, a: xp.cumprod(a, axis=0),
    "diff": lambda xp, a: xp.diff(a),
    "diff twice": lambda xp, a: xp.diff(a, n=2, axis=0),
    "diff more": lambda xp, a: xp.diff(a, prepend=0, append=a[:, :1]),
    "reshape": lambda xp, a: xp.reshape(a, (5, -1)),
    "reshape F": lambda xp, a: xp.reshape(a, (5, 3), order="F"),
    "ravel F": lambda xp, a: xp.ravel(a, order="F"),
    "transpose": lambda xp, a: xp.transpose(a, (1, 0)),
    "T": lambda xp, a: a.T,
    "swapaxes": lambda xp, a: xp.swapaxes(a, 0, -1),
    "moveaxis": lambda xp, a: xp.moveaxis(a[None], 0, -1),
    "rollaxis": lambda xp, a: xp.rollaxis(a[None], 2),
    "squeeze": lambda xp, a: xp.squeeze(a[None]),
    "expand_dims": lambda xp, a: xp.expand_dims(a, (0, 2)),
    "atleast_3d": lambda xp, a: xp.atleast_3d(a[0]),
    "broadcast_to": lambda xp, a: xp.broadcast_to(a, (2, 3, 5)),
    "broadcast_arrays": lambda xp, a: list(xp.broadcast_arrays(a, a[:, :1])),
    "flip": lambda xp, a: xp.flip(a),
    "flipud": lambda xp, a: xp.flipud(a),
    "fliplr": lambda xp, a: xp.fliplr(a),
    "rot90": lambda xp, a: xp.rot90(a, 3),
    "roll": lambda xp, a: xp.roll(a, 2),
    "roll axes": lambda xp, a: xp.roll(a, (1, -1), axis=(0, 1)),
    "concatenate": lambda xp, a: xp.concatenate([a, a * 2], axis=1),
    "concatenate flat": lambda xp, a: xp.concatenate([a, a[0]], axis=None),
    "stack": lambda xp, a: xp.stack([a, a], axis=-1),
    "vstack": lambda xp, a: xp.vstack([a[0], a]),
    "hstack": lambda xp, a: xp.hstack([a, a]),
    "dstack": lambda xp, a: xp.dstack([a, a]),
    "column_stack": lambda xp, a: xp.column_stack([a[0], a[1]]),
    "block": lambda xp, a: xp.block([[a, a], [a, a]]),
    "array_split": lambda xp, a: xp.array_split(a, 2, axis=1),
    "split": lambda xp, a: xp.split(a, [1, 2]),
    "tile": lambda xp, a: xp.tile(a, (2, 1)),
    "repeat": lambda xp, a: xp.repeat(a, 2, axis=1),
    "repeat each": lambda xp, a: xp.repeat(a, [1, 0, 2], axis=0),
    "append": lambda xp, a: xp.append(a, a[:1], axis=0),
    "delete": lambda xp, a: xp.delete(a, [0, 3], axis=1),
    "delete slice": lambda xp, a: xp.delete(a, slice(1, 3), axis=1),
    "insert": lambda xp, a: xp.insert(a, 1, 9, axis=1),
    "pad": lambda xp, a: xp.pad(a, 1),
    "pad reflect": lambda xp, a: xp.pad(a, ((1, 0), (2, 1)), mode="reflect"),
    "pad values": lambda xp, a: xp.pad(a, 1, constant_values=((1, 2), (3, 4))),
    "take": lambda xp, a: xp.take(a, [0, -1, 2], axis=1),
    "take clip": lambda xp, a: xp.take(a, [0, 99], axis=1, mode="clip"),
    "take_along_axis": lambda xp, a: xp.take_along_axis(a, xp.argsort(a, axis=1), axis=1),
    "compress": lambda xp, a: xp.compress(np.array([True, False, True]), a, axis=0),
    "nonzero": lambda xp, a: xp.nonzero(a),
    "flatnonzero": lambda xp, a: xp.flatnonzero(a),
    "argwhere": lambda xp, a: xp.argwhere(a > 2),
    "where": lambda xp, a: xp.where(a > 2, a, -a),
    "where numbers": lambda xp, a: xp.where(a > 2, 1, 0.5),
    "select": lambda xp, a: xp.select([a > 5, a > 0], [a, a * 10], -1),
    "choose": lambda xp, a: xp.choose(abs(a) % 2, [a, a * 10]),
    "sort": lambda xp, a: xp.sort(a),
    "sort axis": lambda xp, a: xp.sort(a, axis=0),
    "argsort": lambda xp, a: xp.argsort(a, axis=1, kind="stable"),
    "searchsorted": lambda xp, a: xp.searchsorted(xp.sort(a[0]), a[1], side="right"),
    "digitize": lambda xp, a: xp.digitize(a, np.array([0, 2, 5])),
    "digitize falling": lambda xp, a: xp.digitize(a, np.array([5, 2, 0])),
    "isin not": lambda xp, a: xp.isin(a, [1, 2], invert=True),
    "isin": lambda xp, a: xp.isin(a, [1, 2]),
    "unique": lambda xp, a: xp.unique(a),
    "unique all": lambda xp, a: xp.unique(a, return_index=True, return_inverse=True, return_counts=True),
    "union1d": lambda xp, a: xp.union1d(a[0], a[1]),
    "intersect1d": lambda xp, a: xp.intersect1d(a[0], a[1]),
    "setdiff1d": lambda xp, a: xp.setdiff1d(a[0], a[1]),
    "clip": lambda xp, a: xp.clip(a, -1, 4),
    "clip one": lambda xp, a: xp.clip(a, None, 4),
    "round": lambda xp, a: xp.round(a / 7, 2),
    "nan_to_num": lambda xp, a: xp.nan_to_num(a / (a - 2.0)),
    "isclose": lambda xp, a: xp.isclose(a, a + 1e-9),
    "allclose": lambda xp, a: np.asarray(xp.allclose(a, a)),
    "divmod": lambda xp, a: xp.divmod(a, 3),
    "modf": lambda xp, a: xp.modf(a / 2),
    "frexp": lambda xp, a: xp.frexp(a / 2),
    "quantile": lambda xp, a: xp.quantile(a, [0.1, 0.5], axis=1),
    "percentile": lambda xp, a: xp.percentile(a, 30),
    "quantile method": lambda xp, a: xp.quantile(a, 0.4, axis=0, method="lower"),
    "histogram": lambda xp, a: xp.histogram(a, bins=4),
    "histogram range": lambda xp, a: xp.histogram(a, bins=4, range=(0, 5)),
    "histogram edges": lambda xp, a: xp.histogram(a, bins=np.array([-5, 0, 1, 10])),
    "histogram density": lambda xp, a: xp.histogram(a, bins=3, density=True),
    "cov": lambda xp, a: xp.cov(a),
    "corrcoef": lambda xp, a: xp.corrcoef(a),
    "matmul": lambda xp, a: xp.matmul(a, a.T),
    "dot": lambda xp, a: xp.dot(a, a[0]),
    "vdot": lambda xp, a: xp.vdot(a, a),
    "inner": lambda xp, a: xp.inner(a, a),
    "outer": lambda xp, a: xp.outer(a[0], a[1]),
    "kron": lambda xp, a: xp.kron(a, a),
    "tensordot": lambda xp, a: xp.tensordot(a, a, axes=([0, 1], [0, 1])),
    "tensordot one": lambda xp, a: xp.tensordot(a, a.T, axes=1),
    "einsum": lambda xp, a: xp.einsum("ij,kj->ik", a, a),
    "cross": lambda xp, a: xp.cross(a.T, a.T[::-1]),
    "trace": lambda xp, a: xp.trace(a, offset=1),
    "diagonal": lambda xp, a: xp.diagonal(a, offset=-1),
    "diag": lambda xp, a: xp.diag(a[0], 1),
    "gradient": lambda xp, a: list(xp.gradient(a)),
    "gradient uneven": lambda xp, a: xp.gradient(
        a * 1.0, np.array([0.0, 1.0, 3.0, 4.0, 6.0]), axis=1, edge_order=2
    ),
    "trapezoid": lambda xp, a: xp.trapezoid(a, dx=2.0),
    "trapezoid points": lambda xp, a: xp.trapezoid(a, x=np.array([0.0, 1.0, 3.0]), axis=0),
    "interp": lambda xp, a: xp.interp(
        a * 0.7, np.array([-3.0, 0.0, 1.0, 5.0]), np.array([1.0, 2.0, 0.0, 9.0])
    ),
    "windows": lambda xp, a: xp.lib.stride_tricks.sliding_window_view(a, (2, 3)),
    "windows along": lambda xp, a: xp.lib.stride_tricks.sliding_window_view(a, 2, axis=0),
    "vsplit": lambda xp, a: xp.vsplit(a, 3),
    "hsplit": lambda xp, a: xp.hsplit(a, [2]),
    "geomspace": lambda xp, a: xp.geomspace(1, 1000, 4),
    "setxor1d": lambda xp, a: xp.setxor1d(a[0], a[1]),
    "tril_indices": lambda xp, a: xp.tril_indices(3, 1),
    "triu_indices": lambda xp, a: xp.triu_indices(3, m=4),
    "ediff1d": lambda xp, a: xp.ediff1d(a, to_end=99),
    "convolve": lambda xp, a: xp.convolve(a[0], a[1, :3]),
    "convolve same": lambda xp, a: xp.convolve(a[0], a[1, :4], "same"),
    "convolve valid": lambda xp, a: xp.convolve(a[0], a[1, :2], "valid"),
    "correlate": lambda xp, a: xp.correlate(a[0], a[1, :3]),
    "polyval": lambda xp, a: xp.polyval([1, -2, 3], a),
    "unwrap": lambda xp, a: xp.unwrap(a * 1.0),
    "array_equiv": lambda xp, a: np.asarray(xp.array_equiv(a, a[:1])),
    "tril": lambda xp, a: xp.tril(a, -1),
    "triu": lambda xp, a: xp.triu(a, 1),
    "meshgrid": lambda xp, a: list(xp.meshgrid(a[0], a[1])),
    "ix_": lambda xp, a: a[xp.ix_([0, 2], [1, 3])],
    "unravel_index": lambda xp, a: xp.unravel_index(xp.asarray([3, 7]), (3, 5)),
    "zeros_like": lambda xp, a: xp.zeros_like(a, dtype="float32"),
    "full_like": lambda xp, a: xp.full_like(a, 3),
    "norm": lambda xp, a: xp.linalg.norm(a * 1.0, axis=1),
    "norm fro": lambda xp, a: xp.linalg.norm(a * 1.0, "fro"),
    "norm nuc": lambda xp, a: xp.linalg.norm(a * 1.0, "nuc"),
    "svdvals": lambda xp, a: xp.linalg.svdvals(a * 1.0),
    "pinv": lambda xp, a: xp.linalg.pinv(a * 1.0),
    "inv": lambda xp, a: xp.linalg.inv(a[:, :3] * 1.0),
    "det": lambda xp, a: xp.linalg.det(a[:, :3] * 1.0),
    "slogdet": lambda xp, a: tuple(xp.linalg.slogdet(a[:, :3] * 1.0)),
    "solve": lambda xp, a: xp.linalg.solve(a[:, :3] * 1.0, a[:, 3] * 1.0),
    "lstsq": lambda xp, a: xp.linalg.lstsq(a.T * 1.0, a[0] * 1.0)[0],
    "cholesky": lambda xp, a: xp.linalg.cholesky(xp.matmul(a, a.T) * 1.0),
    "eigvalsh": lambda xp, a: xp.linalg.eigvalsh(xp.matmul(a, a.T) * 1.0),
    "matrix_power": lambda xp, a: xp.linalg.matrix_power(a[:, :3], 3),
    "matrix_rank": lambda xp, a: xp.linalg.matrix_rank(a * 1.0),
    "fft": lambda xp, a: xp.fft.fft(a),
    "ifft n": lambda xp, a: xp.fft.ifft(a, n=8, axis=0),
    "rfft": lambda xp, a: xp.fft.rfft(a, norm="ortho"),
    "irfft": lambda xp, a: xp.fft.irfft(xp.fft.rfft(a), n=5),
    "fftn": lambda xp, a: xp.fft.fftn(a),
    "fft2": lambda xp, a: xp.fft.fft2(a),
    "rfftn": lambda xp, a: xp.fft.rfftn(a, axes=(0, 1)),
    "fftshift": lambda xp, a: xp.fft.fftshift(a),
}


@pytest.mark.parametrize("chunks", [None, (2, 3)])
@pytest.mark.parametrize("name", SIMPLE)
def test_functions(name, chunks):
    with np.errstate(all="ignore"):
        expected = SIMPLE[name](np, N)
    check(SIMPLE[name](sa, sa.asarray(N, chunks=chunks)), expected, 1e-9)


def test_creation():
    check(sa.zeros((2, 3)), np.zeros((2, 3)))
    check(sa.ones(3, dtype="int8", chunks=2), np.ones(3, dtype="int8"))
    check(sa.full((2,), 2.5), np.full((2,), 2.5))
    check(sa.full((2,), np.float32(2.5)), np.full((2,), np.float32(2.5)))
    check(sa.full(2, True), np.full(2, True))
    assert (sa.full(2, np.datetime64("2020-01-01")).compute() == np.datetime64("2020-01-01")).all()
    check(sa.arange(5), np.arange(5))
    check(sa.arange(5, 1, -2), np.arange(5, 1, -2))
    check(sa.arange(0.0, 1.0, 0.3), np.arange(0.0, 1.0, 0.3))
    check(sa.arange(3, dtype="float32", chunks=2), np.arange(3, dtype="float32"))
    check(sa.linspace(0, 1, 5), np.linspace(0, 1, 5))
    check(sa.linspace(0, 10, 5, endpoint=False, dtype=int), np.linspace(0, 10, 5, endpoint=False, dtype=int))
    check(sa.linspace(0j, 1 + 2j, 4), np.linspace(0j, 1 + 2j, 4))
    check(sa.logspace(0, 2, 3), np.logspace(0, 2, 3))
    check(sa.eye(3, 4, k=1, dtype="int32"), np.eye(3, 4, k=1, dtype="int32"))
    check(sa.identity(2), np.identity(2))
    check(sa.tri(3, 2), np.tri(3, 2))
    check(sa.indices((2, 3)), np.indices((2, 3)))
    check(sa.fromfunction(lambda i, j: i * j, (3, 2)), np.fromfunction(lambda i, j: i * j, (3, 2)))
    assert sa.zeros((100, 100), chunks=(30, -1)).chunks == ((30, 30, 30, 10), (100,))
    assert sa.zeros((100, 100), chunks="8kB").npartitions > 4
    with pytest.raises(ValueError):
        sa.zeros((2, -1))
    with pytest.raises(ValueError):
        sa.zeros(2, device="gpu")


def test_bincount_and_topk():
    x = sa.asarray(V, chunks=3)
    check(sa.bincount(x), np.bincount(V))
    check(sa.bincount(x, weights=x * 0.5, minlength=8), np.bincount(V, weights=V * 0.5, minlength=8))
    check(sa.topk(x, 2), np.sort(V)[::-1][:2])
    check(sa.topk(x, -2), np.sort(V)[:2])
    check(sa.sort(sa.partition(x, 2)[:3]), np.sort(V)[:3])
    check(sa.argsort(x, descending=True), np.argsort(-V, kind="stable"))
    check(sa.sort(x, descending=True), -np.sort(-V))
    with pytest.raises(TypeError):
        sa.bincount(sa.ones(3))


@pytest.mark.parametrize("name", [n for n in dir(np) if isinstance(getattr(np, n), np.ufunc)])
def test_ufuncs_of_numpy(name):
    """Every ufunc of NumPy that we have gives what NumPy gives; the others say so."""
    ufunc = getattr(np, name)
    floats = np.array([0.25, 0.5, 0.75, 1.0])
    arguments = [floats, floats[::-1] + 0.5][: ufunc.nin]
    if name.startswith("bitwise") or name in (
        "invert",
        "left_shift",
        "right_shift",
        "gcd",
        "lcm",
        "bitwise_count",
    ):
        arguments = [np.array([1, 2, 3, 4]), np.array([4, 3, 2, 1])][: ufunc.nin]
    elif name == "ldexp":
        arguments = [floats, np.array([1, 2, 3, 4])]
    elif name == "isnat":
        arguments = [np.array(["NaT", "2020-01-01"], dtype="M8[D]")]
    elif name in ("arccosh", "acosh"):
        arguments = [floats + 1]
    elif name in ("matvec", "vecmat", "matmul"):
        arguments = [np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2)]
        arguments[name == "matvec"] = np.arange(3.0) if name == "matvec" else arguments[name == "matvec"]
        if name == "vecmat":
            arguments = [np.arange(3.0), np.arange(6.0).reshape(3, 2)]
    lazy = [sa.asarray(one, chunks=-1 if one.ndim > 1 else 3) for one in arguments]
    try:
        with np.errstate(all="ignore"):
            expected = ufunc(*arguments)
    except TypeError:
        pytest.skip("not of numbers")
    made = ufunc(*lazy)
    assert all(isinstance(one, sa.Array) for one in (made if isinstance(made, tuple) else (made,)))
    check(made, expected, 1e-6)


def test_functions_of_numpy_stay_lazy():
    x = sa.asarray(N * 1.0, chunks=2)
    for made, expected in [
        (np.mean(x, axis=0), np.mean(N, axis=0)),
        (np.sum(a=x), np.sum(N * 1.0)),
        (np.concatenate([x, x]), np.concatenate([N * 1.0, N])),
        (np.concatenate([x, N]), np.concatenate([N * 1.0, N])),
        (np.where(x > 2, x, 0), np.where(N > 2, N * 1.0, 0)),
        (np.stack([x, x]), np.stack([N * 1.0, N])),
        (np.add.reduce(x), np.add.reduce(N * 1.0)),
        (np.maximum.reduce(x, axis=1), np.maximum.reduce(N * 1.0, axis=1)),
        (np.add.accumulate(x), np.add.accumulate(N * 1.0)),
        (np.multiply.outer(x[0], x[1]), np.multiply.outer(N[0] * 1.0, N[1])),
        (np.linalg.norm(x), np.linalg.norm(N)),
        (np.fft.fft(x), np.fft.fft(N)),
        (np.exp(x), np.exp(N)),
        (np.full_like(x, 2), np.full_like(N * 1.0, 2)),
        (np.clip(x, 0, 3), np.clip(N * 1.0, 0, 3)),
        (np.quantile(x, 0.5), np.quantile(N, 0.5)),
        (np.array([1.0, 2.0, 3.0, 4.0, 5.0]) + x, np.array([1.0, 2.0, 3.0, 4.0, 5.0]) + N),
        (np.float64(2) * x, np.float64(2) * N),
    ]:
        assert isinstance(made, sa.Array)
        check(made, expected, 1e-9)
    assert np.shape(x) == (3, 5)
    assert np.ndim(x) == 2
    assert np.size(x) == 15
    assert np.result_type(np.float32, x) == np.float64


def test_what_is_not_there_says_so():
    x = sa.ones((4, 4))
    with pytest.raises(TypeError, match=r"np.asarray\(x\)"):
        np.linalg.tensorinv(x)
    with pytest.raises(TypeError, match=r"np.asarray\(x\)"):
        np.frompyfunc(lambda a: a, 1, 1)(x)
    with pytest.raises(TypeError, match=r"np.asarray\(x\)"):
        np.add.at(x, [0], 1)
    target = np.zeros((4, 4))
    with pytest.raises(TypeError, match="lazy"):
        target += x


def test_out_stands_for_the_result():
    x, out = sa.arange(3), sa.zeros(3)
    assert np.add(x, 1, out=out) is out
    check(out, np.array([1.0, 2.0, 3.0]))
    assert sa.sum(x, out=(total := sa.zeros(()))) is total
    assert float(total) == 3


def test_random_arrays():
    rng = sa.random.default_rng(5)
    drawn = {
        "random": rng.random((50, 40)),
        "normal": rng.normal(3, 2, (50, 40)),
        "standard_normal": rng.standard_normal((50, 40)),
        "uniform": rng.uniform(-1, 1, (50, 40)),
        "integers": rng.integers(0, 10, (50, 40)),
        "poisson": rng.poisson(4, (50, 40)),
        "exponential": rng.exponential(2, (50, 40)),
    }
    for name, x in drawn.items():
        values = x.compute()
        assert values.shape == (50, 40), name
        np.testing.assert_array_equal(values, x.rechunk((7, 11)).compute())
    assert abs(drawn["normal"].mean().compute() - 3) < 0.3
    assert set(np.unique(drawn["integers"].compute())) == set(range(10))
    assert sa.random.default_rng(5).random((50, 40)).compute()[0, 0] == drawn["random"].compute()[0, 0]
    assert sorted(rng.permutation(10).tolist()) == list(range(10))
    assert sorted(rng.choice(5, 5, replace=False).tolist()) == list(range(5))
    assert set(rng.choice(sa.asarray([1.5, 2.5]), 20, p=[1, 0]).tolist()) == {1.5}
    assert rng.integers(3, size=10, dtype="uint8").dtype == np.uint8
    assert rng.integers(1, 3, size=100, endpoint=True).max().compute() == 3
    assert rng.random().shape == ()
    shuffled = sa.arange(10)
    rng.shuffle(shuffled)
    assert sorted(shuffled.tolist()) == list(range(10))


def test_dates():
    days = np.arange("2020-01-01", "2020-01-11", dtype="M8[D]")
    x = sa.asarray(days, chunks=4)
    check_dates = np.testing.assert_array_equal
    check_dates(np.asarray(x - x[0]), days - days[0])
    check_dates(np.asarray(x + np.timedelta64(2, "D")), days + np.timedelta64(2, "D"))
    check_dates(np.asarray(x > np.datetime64("2020-01-05")), days > np.datetime64("2020-01-05"))
    check_dates(np.asarray(x.max()), days.max())
    check_dates(np.asarray(sa.diff(x)), np.diff(days))
    x[0] = "NaT"
    assert np.isnat(x.compute()[0])


def test_warnings_are_not_raised():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(sa.nanmean(sa.asarray([np.nan])).compute())


POINTS = np.random.default_rng(5).normal(size=(500, 2))
COUNTS = np.random.default_rng(6).integers(0, 4, 500)


@pytest.mark.parametrize("rule", ["auto", "fd", "doane", "scott", "rice", "sturges", "sqrt"])
def test_histogram_by_a_rule(rule):
    x = sa.asarray(POINTS[:, 0], chunks=120)
    for ours, theirs in zip(sa.histogram(x, rule), np.histogram(POINTS[:, 0], rule), strict=True):
        np.testing.assert_allclose(ours.compute(), theirs)
    with pytest.raises(ValueError, match="not a valid estimator"):
        sa.histogram(x, "many")


@pytest.mark.parametrize("density", [False, True])
@pytest.mark.parametrize("bins", [3, [4, 5], [np.array([-1.0, 0.0, 1.0]), 3], np.array([-1.0, 0.0, 2.0])])
def test_histogram_of_two(bins, density):
    x, y = (sa.asarray(column, chunks=120) for column in POINTS.T)
    ours = sa.histogram2d(x, y, bins, density=density, weights=COUNTS)
    theirs = np.histogram2d(*POINTS.T, bins, density=density, weights=COUNTS)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.compute(), other)


def test_histogram_of_several():
    data = np.random.default_rng(7).random((300, 3))
    counts, edges = sa.histogramdd(
        sa.asarray(data, chunks=(100, 3)), (2, 3, 4), range=[(0, 1), None, (0, 0.5)]
    )
    wanted, wanted_edges = np.histogramdd(data, (2, 3, 4), range=[(0, 1), None, (0, 0.5)])
    np.testing.assert_array_equal(counts.compute(), wanted)
    for one, other in zip(edges, wanted_edges, strict=True):
        np.testing.assert_allclose(one.compute(), other)


def test_weights_of_observations():
    x = sa.asarray(POINTS.T, chunks=(1, 120))
    weights = np.abs(POINTS[:, 0])
    np.testing.assert_allclose(
        sa.cov(x, fweights=COUNTS, aweights=weights).compute(),
        np.cov(POINTS.T, fweights=COUNTS, aweights=weights),
    )
    for q in (0.25, [0.1, 0.9]):
        for keepdims in (False, True):
            options = {"method": "inverted_cdf", "weights": weights, "keepdims": keepdims}
            np.testing.assert_allclose(
                sa.quantile(sa.asarray(POINTS), q, axis=0, **options).compute(),
                np.quantile(POINTS, q, axis=0, **options),
            )
    with pytest.raises(ValueError, match="inverted_cdf"):
        sa.quantile(x, 0.5, weights=weights)


def test_general_eigenvalues_and_least_squares():
    matrix = np.random.default_rng(8).normal(size=(6, 6))
    values, vectors = sa.compute(*sa.linalg.eig(matrix))
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-12)
    np.testing.assert_allclose(np.sort_complex(sa.linalg.eigvals(matrix).compute()), np.sort_complex(values))
    tall = POINTS @ np.array([[1.0, 2.0, 1e-9], [0.0, 1.0, 1.0]])
    ours = sa.linalg.lstsq(tall, POINTS[:, 0], rcond=1e-3)
    theirs = np.linalg.lstsq(tall, POINTS[:, 0], rcond=1e-3)
    np.testing.assert_allclose(ours[0].compute(), theirs[0])
    assert int(ours[2]) == theirs[2]


INTERPOLATED = [
    (([1.0, 2.0], np.array([0, 200], "u1"), np.array([200, 0], "u1")), {}),
    (([0.0, 0.5, 1, 1.5, 2, np.nan, -1, 3], [0, 1, 2], [0, np.inf, 2]), {}),
    (([0.0, 0.5, 1, 1.5, 2, np.nan, -1, 3], [0, 1, 2], [np.inf, np.inf, 2]), {}),
    (([0.0, 0.5, 1, 1.5, 2], [0, 1, 2], [1, np.nan, 2]), {"left": -1, "right": -2}),
    (([np.inf, -np.inf, 0.5, 3], [-np.inf, 1, np.inf], [0, 1, 2]), {}),
    (([0, 0.5, np.nan, 2], [1.0], [3.0]), {"left": -1}),
    (([1, 2, 3], [1, 1, 2], [10, 20, 30]), {}),
    (([0.5, 1.5, 9], [0, 1, 2], [1 + 2j, 3, 4j]), {}),
    (([0, 90, 370.0, -10], [350, 10, 200], [0, 10, 5]), {"period": 360}),
    ((np.float32(1.5), [1, 2], [10, 20]), {}),
]


@pytest.mark.parametrize(("args", "options"), INTERPOLATED)
def test_interp_computes_in_doubles_and_beside_infinity_as_numpy(args, options):
    with np.errstate(all="ignore"):
        expected = np.interp(*args, **options)
    check(sa.interp(*args, **options), expected)


def test_interp_of_a_period_of_nothing_and_of_dates():
    with pytest.raises(ValueError, match="period"):
        sa.interp([1.0], [1, 2], [1, 2], period=0)
    with pytest.raises(TypeError, match="interp takes numbers"):
        sa.interp(np.array(["2020-01-01"], "M8[s]"), [1, 2], [1, 2])


@pytest.mark.parametrize("dtype", ["f8", "c16", "i8", "?"])
@pytest.mark.parametrize("name", ["argmax", "argmin", "max", "min", "nanmax", "ptp"])
def test_extremes_of_no_elements(name, dtype):
    for shape, axis in [((0, 0, 0), 0), ((3, 0), 1), ((0,), None), ((0, 0), (0, 1))]:
        if isinstance(axis, tuple) and name.startswith("arg"):
            continue
        with pytest.raises(ValueError, match="of no elements"):
            getattr(sa, name)(sa.zeros(shape, dtype=dtype), axis=axis)
    if name != "ptp" or dtype != "?":
        assert getattr(sa, name)(sa.zeros((0, 3), dtype=dtype), axis=1).shape == (0,)
    x = sa.asarray([1.0, 2.0])
    with pytest.raises(ValueError):
        getattr(sa, name)(x[x > 5]).compute()


def test_extremes_of_no_elements_start_somewhere():
    assert sa.max(sa.zeros((0, 0)), axis=0, initial=1.0).shape == (0,)


def test_shuffle_takes_our_arrays_alone():
    with pytest.raises(TypeError, match=r"shuffle changes an Array of swath .* rng\.permutation"):
        sa.random.default_rng(1).shuffle(np.arange(4))


def test_truth_of_no_elements():
    with pytest.raises(ValueError, match=r"empty array is ambiguous. Use x\.size > 0"):
        bool(sa.zeros(0))


SMALL = np.array([1, 2, 200], "u1")


@pytest.mark.parametrize("make", [np.copy, sa.asarray])
def test_positions_of_small_integers(make):
    given = (make(SMALL), make(SMALL[::-1]))
    check(sa.ravel_multi_index(given, (300, 300)), np.ravel_multi_index((SMALL, SMALL[::-1]), (300, 300)))
    for order in "CF":
        check(sa.unravel_index(make(SMALL), (30, 30), order), np.unravel_index(SMALL, (30, 30), order))
        options = {"mode": ("clip", "wrap"), "order": order}
        expected = np.ravel_multi_index((SMALL, SMALL[::-1]), (100, 3), **options)
        check(sa.ravel_multi_index(given, (100, 3), **options), expected)
    with pytest.raises(ValueError, match="position 200 is out of bounds for length 100"):
        sa.ravel_multi_index(given, (100, 300)).compute()
    with pytest.raises(ValueError, match="position 200 is out of bounds for length 9"):
        sa.unravel_index(make(SMALL), (3, 3))[0].compute()
    with pytest.raises(ValueError, match="position -1"):
        sa.unravel_index(make(np.array([-1])), (3, 3))[0].compute()


def test_positions_are_integers_and_dims_have_as_many_axes():
    with pytest.raises(TypeError, match="positions are integers"):
        sa.unravel_index([1.5], (3, 3))
    with pytest.raises(ValueError, match="positions along 1 axes for dims"):
        sa.ravel_multi_index(([1],), (3, 3))
    with pytest.raises(ValueError, match="more elements than"):
        sa.unravel_index([1], (2**40, 2**40))
    with pytest.raises(ValueError, match="mode is"):
        sa.ravel_multi_index(([1],), (3,), mode="cut")
    with pytest.raises(ValueError, match="order is"):
        sa.unravel_index([1], (3,), order="K")


def test_positions_are_looked_at_where_they_are_computed(session):
    flat = sa.arange(12, chunks=5, session=session)
    check(sa.unravel_index(flat, (3, 4)), np.unravel_index(np.arange(12), (3, 4)))
    with pytest.raises(Exception, match="position 11 is out of bounds for length 11"):
        sa.unravel_index(flat, (11, 1))[0].compute()


def test_every_nan_is_an_element_of_its_own():
    values = np.array([1, np.nan, 2, np.nan, 1])
    x = sa.asarray(values, chunks=2)
    check(sa.unique(x, equal_nan=False), np.unique(values, equal_nan=False))
    check(
        sa.unique(x, return_counts=True, equal_nan=False),
        np.unique(values, return_counts=True, equal_nan=False),
    )
    check(sa.unique(V, return_index=True, equal_nan=False), np.unique(V, return_index=True, equal_nan=False))
    with pytest.raises(NotImplementedError, match="take NaN out first"):
        sa.unique(x, return_index=True, equal_nan=False)


def test_generators_go_on_where_they_were_pickled():
    rng = sa.random.default_rng(5)
    drawn = [rng.random(3), rng.choice(5, 2, replace=False), rng.permutation(4), rng.integers(0, 9, 2)]
    with pytest.raises(Exception, match="scale"):
        rng.normal(0, -1, 3)
    with pytest.raises(Exception, match="larger sample"):
        rng.choice(2, 3, replace=False)
    again = pickle.loads(pickle.dumps(rng))
    assert again.seed == 5
    same = again.normal(size=4)
    np.testing.assert_array_equal(rng.normal(size=4), same)
    fresh = pickle.loads(pickle.dumps(sa.random.default_rng(5)))
    np.testing.assert_array_equal(fresh.random(3), drawn[0])
    np.testing.assert_array_equal(copy.copy(fresh).choice(5, 2, replace=False), drawn[1])


def test_distributions_that_only_numpy_has():
    rng = sa.random.default_rng(5)
    assert not hasattr(rng, "gamma")
    with pytest.raises(AttributeError, match=r"Generator has no 'gamma': .*map_blocks") as caught:
        rng.gamma(2.0, size=3)
    recipe = str(caught.value).split("each block, ")[1].split(", or apply")[0]
    made = eval(recipe.replace("…", "2.0"), {"sa": sa, "np": np, "shape": (4, 5)})
    assert made.shape == (4, 5)
    np.testing.assert_array_equal(made, np.random.default_rng([5, 0, 0]).gamma(2.0, size=(4, 5)))
    with pytest.raises(AttributeError, match="unheard_of"):
        rng.unheard_of


def test_text_equals_no_element():
    for values in (N, np.array(["2020-01-01"], "M8[D]")):
        x = sa.asarray(values)
        check(x == "2020-01-01", np.zeros(values.shape, bool))
        check(x != "2020-01-01", np.ones(values.shape, bool))


def test_shapes_are_whole_numbers():
    for shape in ("3", (2, 1.5), None):
        with pytest.raises(TypeError, match="a shape is a length or a tuple of lengths"):
            sa.zeros(shape)


MASKED = [
    lambda xp, y, z, n: xp.argmax(y),
    lambda xp, y, z, n: xp.argmin(z, axis=0),
    lambda xp, y, z, n: xp.nanargmax(-z),
    lambda xp, y, z, n: xp.pad(y, (1, 2), constant_values=7),
    lambda xp, y, z, n: xp.pad(z, 1),
    lambda xp, y, z, n: xp.linalg.svd(z)[1],
    lambda xp, y, z, n: y + n[:5],
    lambda xp, y, z, n: n[:5, None] * z,
    lambda xp, y, z, n: xp.where(z > 13, z, n[:5, None]),
    lambda xp, y, z, n: xp.maximum(n[:5], y),
    lambda xp, y, z, n: z - n[:3],
    lambda xp, y, z, n: y * 2 + y,
]


@pytest.mark.parametrize("chunks", [3, (3, 2), 8])
@pytest.mark.parametrize("program", MASKED)
def test_lengths_that_a_mask_made_meet_others(program, chunks):
    values = np.arange(24.0).reshape(8, 3)
    numbers = np.arange(8.0)
    mask = np.array([True, False, True, True, False, True, False, True])

    def made(xp, own):
        return program(xp, own[:, 0][mask], own[mask], numbers)

    check(made(sa, sa.asarray(values, chunks=chunks)), made(np, values), 1e-9)
    assert sa.asarray(values, chunks=chunks)[:, 0][mask].argmax().compute() == 4


def test_spread_goes_where_it_is_sent():
    for options in ({}, {"correction": 0.5}, {"mean": 3.0}):
        out = sa.zeros(5)
        assert sa.var(sa.asarray(N), axis=0, out=out, **options) is out
        check(out, sa.var(N, axis=0, **options).compute())
