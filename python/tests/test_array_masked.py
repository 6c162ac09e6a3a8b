"""Arrays that masks keep, beside one another and in functions that need their lengths, beside NumPy."""

import numpy as np
import pytest

import swath.array as sa

X = np.array([9.0, 1, 1, 9, 9, 1])
Y = np.array([9.0, 9, 1, 9, 1, 1])

PAIRS = {
    "add": lambda xp, i, j, x, y: i[x > 5] + j[y > 5],
    "flatnonzero": lambda xp, i, j, x, y: xp.flatnonzero(x > 5) + xp.flatnonzero(y > 5),
    "compress": lambda xp, i, j, x, y: xp.compress(x > 5, i) * xp.compress(y > 5, j),
    "extract": lambda xp, i, j, x, y: xp.extract(x > 5, i) - xp.extract(y > 5, j),
    "argwhere": lambda xp, i, j, x, y: xp.argwhere(x > 5) + xp.argwhere(y > 5),
    "where": lambda xp, i, j, x, y: xp.where(i[x > 5] > 2, i[x > 5], j[y > 5]),
    "copysign": lambda xp, i, j, x, y: xp.copysign(i[x > 5], -j[y > 5]),
    "power": lambda xp, i, j, x, y: i[x > 5] ** i[y > 5],
    "divmod": lambda xp, i, j, x, y: xp.divmod(j[x > 5], i[y > 5] + 1)[1],
    "memory": lambda xp, i, j, x, y: i[x > 5] + np.array([1, 2, 3]),
    "compared": lambda xp, i, j, x, y: i[x > 5] == np.array([0, 3, 5]),
    "backwards": lambda xp, i, j, x, y: i[x > 5] + i[x > 5][::-1],
    "zeros": lambda xp, i, j, x, y: xp.zeros_like(i[x > 5]) + j[y > 5],
    "stack": lambda xp, i, j, x, y: xp.stack([i[x > 5], j[y > 5]]),
    "column_stack": lambda xp, i, j, x, y: xp.column_stack([i[x > 5], j[y > 5]]),
    "concatenate": lambda xp, i, j, x, y: xp.concatenate([i[x > 5], j[y > 5]]),
    "matmul": lambda xp, i, j, x, y: i[x > 5] @ j[y > 5],
    "tensordot": lambda xp, i, j, x, y: xp.tensordot(i[x > 5], j[y > 5], 1),
    "einsum": lambda xp, i, j, x, y: xp.einsum("i,i->i", i[x > 5], j[y > 5]),
    "outer": lambda xp, i, j, x, y: i[x > 5][:, None] * j[y > 5],
    "average": lambda xp, i, j, x, y: xp.average(i[x > 5], weights=j[y > 5]),
    "histogram": lambda xp, i, j, x, y: xp.histogram(i[x > 5], bins=[0, 1, 5], weights=j[y > 5])[0],
    "bincount": lambda xp, i, j, x, y: xp.bincount(i[x > 5], weights=j[y > 5]),
    "isin": lambda xp, i, j, x, y: xp.isin(i[x > 5], i[y > 5]),
    "searchsorted": lambda xp, i, j, x, y: xp.searchsorted(i[x > 5], j[y > 5]),
    "searched": lambda xp, i, j, x, y: xp.searchsorted([0, 2, 4], i[x > 5]),
    "digitize": lambda xp, i, j, x, y: xp.digitize(x[x > 5], [3]),
    "interp": lambda xp, i, j, x, y: xp.interp(x[x > 5], [0.0, 10.0], [1.0, 2.0]),
    "argmax": lambda xp, i, j, x, y: i[y > 5].argmax(),
    "argmin": lambda xp, i, j, x, y: (-i)[x > 5].argmin(),
    "nanargmax": lambda xp, i, j, x, y: xp.nanargmax(x[x > 5] * i[x > 5]),
    "nanargmin": lambda xp, i, j, x, y: xp.nanargmin(-x[x > 5] * i[x > 5]),
    "argmax of rows": lambda xp, i, j, x, y: i.reshape(3, 2)[i.reshape(3, 2).sum(axis=1) != 5].argmax(),
}


def _arguments(xp):
    if xp is np:
        i = np.arange(6)
        return i, i * 10, X, Y
    i = sa.arange(6, chunks=3)
    return i, i * 10, sa.from_array(X, chunks=3), sa.from_array(Y, chunks=3)


@pytest.mark.parametrize("name", PAIRS)
def test_arrays_of_different_masks(name):
    expected = np.asarray(PAIRS[name](np, *_arguments(np)))
    made = PAIRS[name](sa, *_arguments(sa))
    np.testing.assert_array_equal(np.asarray(made), expected)
    assert made.shape == expected.shape


def test_in_place():
    i, j, x, y = _arguments(sa)
    kept = i[x > 5]
    kept += j[y > 5]
    np.testing.assert_array_equal(np.asarray(kept), [0, 13, 34])


def test_what_does_not_fit_is_refused_by_its_length():
    i, _, x, _y = _arguments(sa)
    three, four = i[x > 5], i[i > 1]
    for combine in (lambda a, b: a + b, lambda a, b: sa.divmod(a, b)[0], lambda a, b: sa.stack([a, b])):
        with pytest.raises(ValueError, match=r"shape"):
            np.asarray(combine(three, four))
    with pytest.raises(ValueError, match=r"\(3,\) \(4,\)"):
        three + np.arange(4)


def test_functions_of_blocks_of_different_masks():
    i, j, x, y = _arguments(sa)
    made = sa.map_blocks(lambda a, b: a + b, i[x > 5], j[y > 5], dtype="int64")
    np.testing.assert_array_equal(np.asarray(made), [0, 13, 34])
    made = sa.blockwise(lambda a, b: a + b, "i", i[x > 5], "i", j[y > 5], "i", dtype="int64")
    np.testing.assert_array_equal(np.asarray(made), [0, 13, 34])


@pytest.mark.parametrize("chunks", [1, 2, 1000])
def test_running_sums_of_narrow_floats_do_not_depend_on_chunks(chunks):
    tenths = np.full(1000, 0.1, dtype="float32")
    expected = np.cumsum(tenths.astype("float64")).astype("float32")
    made = sa.from_array(tenths, chunks=chunks).cumsum()
    assert made.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(made), expected)
    factors = np.full(50, 1.1, dtype="float32")
    expected = np.cumprod(factors.astype("float64")).astype("float32")
    np.testing.assert_array_equal(np.asarray(sa.from_array(factors, chunks=chunks).cumprod()), expected)
    ones = sa.ones(3000, dtype="float16", chunks=max(chunks, 50))
    assert float(ones.cumsum()[-1].compute()) == 3000.0


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_infinite_elements_have_no_variance(chunks):
    for values in ([np.inf, -np.inf, 1.0], [np.nan, np.inf], [np.inf, np.inf, np.nan]):
        x = sa.from_array(np.array(values), chunks=chunks)
        assert np.isnan(float(sa.nanstd(x).compute()))
        assert np.isnan(float(sa.nanvar(x).compute()))


def test_closeness_is_of_floats():
    assert not sa.isclose(np.array([3], "u1"), np.array([250], "u1"), atol=10).compute()[0]
    assert not bool(sa.allclose(np.array([3], "u1"), np.array([250], "u1"), atol=10).compute())
    np.testing.assert_array_equal(sa.isclose([True, False], [True, True]).compute(), [True, False])


def test_dtypes_of_quantiles_and_products():
    x = sa.asarray(np.array([1, 2, 3], dtype="float32"))
    for method in ("linear", "hazen", "averaged_inverted_cdf", "midpoint"):
        assert sa.quantile(x, 0.3, method=method).dtype == np.float32
    truths = sa.asarray([True, False])
    assert sa.vdot(truths, truths).dtype == np.bool_


def test_results_are_nobody_elses():
    source = np.arange(200)
    x = sa.asarray(source)
    for made in (
        sa.map_blocks(lambda block: block[::-1], x, dtype=x.dtype),
        sa.map_blocks(lambda block: block, x, dtype=x.dtype),
        sa.lib.stride_tricks.sliding_window_view(x, 100),
    ):
        result = made.compute()
        result[...] = -1
        np.testing.assert_array_equal(source, np.arange(200))
        np.testing.assert_array_equal(x.compute(), np.arange(200))
    windows = sa.lib.stride_tricks.sliding_window_view(x, 100).compute()
    windows[0, 1] = -5
    assert windows[1, 0] == 1


@pytest.mark.parametrize("chunks", [(100, 70), (300, 90), (7, 13)])
def test_long_windows(chunks):
    windows = np.lib.stride_tricks.sliding_window_view
    values = np.arange(300 * 90, dtype="float32").reshape(300, 90)
    x = sa.from_array(values, chunks=chunks)
    lazy = sa.lib.stride_tricks.sliding_window_view
    np.testing.assert_array_equal(np.asarray(lazy(x, 100, axis=0)), windows(values, 100, axis=0))
    np.testing.assert_array_equal(np.asarray(lazy(x, (280, 3))), windows(values, (280, 3)))
    some = (slice(None, None, 3), slice(2))
    np.testing.assert_array_equal(
        np.asarray(lazy(x, (70, 70), axis=(1, 0))[some]), windows(values, (70, 70), axis=(1, 0))[some]
    )
    np.testing.assert_array_equal(
        np.asarray(lazy(x, 90, axis=-1).max(-1)), windows(values, 90, axis=-1).max(-1)
    )


def test_median_beside_infinity():
    for values in ([1.0, np.inf], [-np.inf, np.inf], [1.0, 3.0, np.inf, 2.0]):
        for chunks in (1, -1):
            x = sa.from_array(np.array(values), chunks=chunks)
            with np.errstate(invalid="ignore"):
                np.testing.assert_array_equal(sa.median(x), np.median(values))
                np.testing.assert_array_equal(sa.nanmedian(x), np.nanmedian(values))
