"""Corners of NumPy's surface: what is assigned, dates, bounds, masks of functions, and words of refusals."""

import sys

import numpy as np
import pyarrow as pa
import pytest

import swath as sw
import swath.array as sa
from swath import errors


def same(lazy, expected):
    actual, expected = np.asarray(lazy), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(actual, expected)


# Assignment.


@pytest.mark.parametrize("value", [np.nan, np.float64("nan"), np.float32("nan")])
def test_nan_is_no_integer(value):
    x = sa.arange(4)
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        x[0] = value
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        x.fill(value)
    with pytest.raises(OverflowError, match="cannot convert float infinity"):
        x[1:] = np.inf
    same(x, np.arange(4))
    x[0] = 7.9
    same(x, [7, 1, 2, 3])


def test_values_with_lengths_of_one_in_front():
    x, expected = sa.zeros((3, 6)), np.zeros((3, 6))
    for y in (x, expected):
        y[np.newaxis] = np.arange(18.0).reshape(1, 3, 6)
        y[0] = np.ones((1, 1, 6))
        y[None, 1] = np.full((1, 1), 7.0)
    same(x, expected)
    with pytest.raises(ValueError):
        x[0] = np.ones((2, 6))


def test_flat_positions():
    a = np.arange(6).reshape(2, 3)
    x = sa.asarray(a, chunks=2)
    assert (x.item(5), x.item(-1), x.item(1, 0), x.item((1, 0))) == (5, 5, 3, 3)
    same(x.flat[3:5], a.flat[3:5])
    same(x.flat[[0, 4]], a.flat[[0, 4]])
    assert len(x.flat) == 6
    assert int(next(x.flat)) == 0
    assert np.asarray(x.flat).tolist() == list(range(6))
    y, expected = sa.asarray(a.copy()), a.copy()
    for one in (y, expected):
        one.flat[1:5] = [10, 20]
        one.flat[0] = 9
    same(y, expected)
    y.flat = [1, 2, 3]
    same(y, [[1, 2, 3], [1, 2, 3]])
    with pytest.raises(ValueError, match="no values"):
        y.flat[:2] = []


@pytest.mark.parametrize("values", [9, [10, 20], [[10], [20]], [1, 2, 3], [1, 2, 3, 4, 5, 6, 7]])
def test_putmask_repeats_values(values):
    expected = np.arange(6).reshape(2, 3)
    x = sa.asarray(expected.copy())
    mask = expected % 2 == 0
    sa.putmask(x, mask, values)
    np.putmask(expected, mask, values)
    same(x, expected)


@pytest.mark.parametrize("mask", [[True, False], np.ones(3, dtype=bool), sa.ones(5, dtype=bool)])
def test_mask_of_another_length(mask):
    x = sa.arange(4)
    with pytest.raises(IndexError, match="boolean index did not match") as raised:
        x[mask]
    assert isinstance(raised.value, errors.ArrayError)
    with pytest.raises(IndexError, match="boolean index did not match"):
        x[mask] = 0


def test_nothing_equals_none():
    x = sa.arange(3)
    same(x == None, [False] * 3)  # noqa: E711
    same(x != None, [True] * 3)  # noqa: E711


# Bytes, buffers, Arrow.


def test_bytes():
    assert bytes(sa.arange(3)) == bytes(np.arange(3))
    assert bytes(sa.asarray(5)) == np.asarray(5).tobytes()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes of Python lend buffers from 3.12 on")
def test_memoryview():
    x = sa.asarray([1, 2])
    assert memoryview(x).tolist() == [1, 2]
    with pytest.raises(BufferError, match=r"memoryview\(x.compute\(\)\)"):
        memoryview(x + 1)
    same(x + 1, [2, 3])


def test_arrow():
    assert pa.array(sa.arange(3)).to_pylist() == [0, 1, 2]
    assert pa.array(sa.arange(3), type=pa.int8()).type == pa.int8()
    with pytest.raises(ValueError, match="one axis, not 2"):
        pa.array(sa.ones((2, 2)))
    polars = pytest.importorskip("polars")
    assert polars.Series(sa.arange(3)).to_list() == [0, 1, 2]


# Dates.

D, T = np.datetime64, np.timedelta64


@pytest.mark.parametrize(
    "bounds",
    [
        (D("2020-01-01"), D("2020-01-04")),
        (D("2020-01-01"), 5),
        (D("2020-01"), D("2020-01-05"), T(12, "h")),
        (D("2020-01-01"), D("2020-03-04"), T(7, "D")),
        (D("2020-01-04"), D("2020-01-01"), -1),
        (D("2020-01-01"), T(36, "h")),
        (D("2020-01"), D("2021-01")),
        (T(3, "D"),),
        (T(1, "D"), T(50, "h")),
    ],
)
def test_arange_of_times(bounds):
    same(sa.arange(*bounds), np.arange(*bounds))
    same(sa.arange(*bounds, chunks=2), np.arange(*bounds))


def test_arange_of_times_needs_a_step():
    with pytest.raises(ValueError, match="step must not be zero"):
        sa.arange(D("2020-01-01"), D("2020-01-04"), T(0, "D"))
    with pytest.raises(TypeError):
        sa.arange(0, D("2020-01-04"))


def test_days_are_dates_of_tables():
    days = np.array(["2020-01-01", "NaT", "1969-12-31"], dtype="datetime64[D]")
    frame = sa.to_dataframe(sa.asarray(days), "day")
    assert frame.schema["day"] == sw.Date
    assert frame.to_list()[1] is None
    same(frame.to_array("day").ravel(), days)
    for unit in "Mhm":
        with pytest.raises(TypeError, match=r"datetime64\[D\]"):
            sa.to_dataframe(sa.asarray(days).astype(f"datetime64[{unit}]"), "day")


def test_where_of_no_time():
    day = D("2020-01-01")
    same(sa.where([True, False], day, D("NaT")), np.where([True, False], day, D("NaT")))


# Functions.


@pytest.mark.parametrize("bounds", [(-1, 2), (None, 300), (-5, None), (1, 2)])
def test_clip_by_bounds_beyond_the_dtype(bounds):
    a = np.arange(4, dtype="uint8")
    same(sa.clip(a, *bounds), np.clip(a, *bounds))


@pytest.mark.parametrize("bounds", [(300, None), (None, -1)])
def test_clip_to_what_is_no_element(bounds):
    with pytest.raises(OverflowError):
        sa.clip(np.arange(4, dtype="uint8"), *bounds)


def test_masks_of_functions():
    mask = [True, False]
    same(sa.add([1, 2], 3, where=mask), [4, 0])
    same(sa.sqrt(sa.asarray([4.0, -1.0]), where=mask), [2.0, 0.0])
    same(sa.less([1, 2], 3, where=mask), [True, False])
    out = sa.asarray([7, 7])
    assert np.add(sa.asarray([1, 2]), 3, where=mask, out=out) is out
    same(out, [4, 7])
    with pytest.raises(TypeError, match="mask of truth values"):
        sa.add([1, 2], 3, where=[1, 0])


@pytest.mark.parametrize("dtype", ["float32", "uint8", "float64", "int64"])
@pytest.mark.parametrize("default", [0, 0.0, 1j, np.float64(2)])
def test_select_takes_bare_numbers_as_weak(dtype, default):
    conditions, choices = [[True, False]], [np.ones(2, dtype=dtype)]
    same(sa.select(conditions, choices, default), np.select(conditions, choices, default))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "int32"])
@pytest.mark.parametrize("spacing", [(), (2.0,), (3.0, 4), (np.array([0, 1, 3, 4, 9]), [0.0, 1, 3, 7])])
@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient(dtype, spacing, edge_order):
    a = (np.random.default_rng(0).random((5, 4)) * 100).astype(dtype)
    for made, expected in zip(
        sa.gradient(a, *spacing, edge_order=edge_order),
        np.gradient(a, *spacing, edge_order=edge_order),
        strict=True,
    ):
        assert made.dtype == expected.dtype
        rtol = 2e-2 if dtype == "float16" else 1e-5
        np.testing.assert_allclose(np.asarray(made), expected, rtol=rtol, atol=1e-4)


@pytest.mark.parametrize("dtype", ["datetime64[D]", "timedelta64[ns]"])
@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient_of_times(dtype, edge_order):
    a = np.array([0, 3, 4, 11, 100]).astype(dtype)
    same(sa.gradient(a, edge_order=edge_order), np.gradient(a, edge_order=edge_order))


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "int64", "float32"])
def test_dtypes_of_parts(dtype):
    a = np.ones(2, dtype=dtype)
    for made, expected in zip(sa.modf(a), np.modf(a), strict=True):
        same(made, expected)
    same(sa.round(a), np.round(a))


METHODS = "linear lower higher midpoint nearest inverted_cdf averaged_inverted_cdf closest_observation"
METHODS += " interpolated_inverted_cdf hazen weibull median_unbiased normal_unbiased"


@pytest.mark.parametrize("method", METHODS.split())
def test_methods_of_quantiles(method):
    a = np.random.default_rng(3).integers(0, 50, (11, 4)).astype("float64")
    x, at = sa.asarray(a, chunks=3), [0, 0.05, 0.25, 0.5, 7 / 11, 0.77, 1]
    for axis in (0, 1, None):
        expected = np.quantile(a, at, axis=axis, method=method)
        np.testing.assert_allclose(
            sa.quantile(x, at, axis=axis, method=method).compute(), expected, rtol=1e-14
        )
    a[2, 1] = a[5, 3] = np.nan
    expected = np.nanpercentile(a, 37, axis=0, method=method)
    np.testing.assert_allclose(sa.nanpercentile(a, 37, axis=0, method=method).compute(), expected, rtol=1e-14)
    with pytest.raises(
        ValueError, match="averaged_inverted_cdf, interpolated_inverted_cdf, closest_observation"
    ):
        sa.quantile(a, 0.5, method="nonsense")


def test_integers_divided_by_zero():
    with np.errstate(all="ignore"):
        same(sa.asarray([7, -7]) // 0, np.array([7, -7]) // 0)
    same(sa.reciprocal(sa.asarray([0, 1, -1, 3])), [0, 1, -1, 0])


def test_triangles_of_a_vector():
    same(sa.tril(np.arange(3)), np.tril(np.arange(3)))
    same(sa.triu(np.arange(3), 1), np.triu(np.arange(3), 1))


@pytest.mark.parametrize("indexing", ["xy", "ij"])
def test_sparse_grids(indexing):
    vectors = [np.arange(2), np.arange(3.0), np.arange(4)]
    expected = np.meshgrid(*vectors, sparse=True, indexing=indexing)
    for made, one in zip(sa.meshgrid(*vectors, sparse=True, indexing=indexing), expected, strict=True):
        same(made, one)


def test_einsum_of_numbers():
    a = np.arange(4).reshape(2, 2)
    same(sa.einsum(a, [0, 1], a, [1, 2], [0, 2]), a @ a)
    same(sa.einsum(a, [0, 0]), np.einsum(a, [0, 0]))
    same(sa.einsum(a, [..., 0], [...]), a.sum(1))
    with pytest.raises(TypeError, match="list of numbers"):
        sa.einsum(a, "ij")


def test_triangle_that_is_read():
    a = np.array([[2, 1 + 1j], [5 - 2j, 3]])
    for which in "LU":
        expected = np.linalg.eigvalsh(a, which)
        np.testing.assert_allclose(sa.linalg.eigvalsh(a, which).compute(), expected)
        np.testing.assert_allclose(sa.linalg.eigh(a, UPLO=which)[0].compute(), expected)
    with pytest.raises(ValueError, match="'L' or 'U'"):
        sa.linalg.eigh(a, "X")


def test_linear_algebra_gives_what_is_asked_for():
    a = np.array([[2.0, 1], [5, 3], [1, 1]])
    np.testing.assert_allclose(
        np.abs(sa.linalg.qr(a, mode="r").compute()), np.abs(np.linalg.qr(a, mode="r")), atol=1e-12
    )
    assert sa.linalg.lstsq(a, [1.0, 2, 3]).rank.dtype == np.int32
    for k in (0, 3):
        with pytest.raises(ValueError, match="shorter side"):
            sa.linalg.svd_compressed(a, k)


# Chance.


def test_seeds():
    first, again = (sa.random.default_rng([1, 2]).random(3) for _ in range(2))
    same(first, again)
    assert sa.random.default_rng([1, 2]).seed != sa.random.default_rng([2, 1]).seed
    generator = sa.random.default_rng(5)
    assert sa.random.default_rng(generator) is generator
    with pytest.raises(ValueError, match="negative"):
        sa.random.default_rng(-1)


def test_parameters_that_differ():
    rng = sa.random.default_rng(1)
    drawn = rng.normal(np.array([0.0, 1000.0]), [1.0, 10.0], size=(4000, 2))
    np.testing.assert_allclose(drawn.mean(axis=0).compute(), [0, 1000], atol=1)
    np.testing.assert_allclose(drawn.std(axis=0).compute(), [1, 10], rtol=0.1)
    flat = rng.uniform(sa.asarray([0, 10]), [1, 12], size=(1000, 2)).compute()
    assert (flat >= [0, 10]).all()
    assert (flat < [1, 12]).all()
    assert flat[:, 1].max() > 11.5
    assert rng.exponential([1.0, 100.0]).shape == (2,)
    with pytest.raises(ValueError, match="broadcast"):
        rng.normal([1, 2, 3], 1, size=2)
    with pytest.raises(TypeError, match="map_blocks"):
        rng.poisson([1.0, 2.0])
    with pytest.raises(TypeError, match="bounds of each element"):
        rng.integers([0, 1], 5)
    assert rng.choice(5, 10, chunks=4).chunks == ((4, 4, 2),)


# Files.


def test_npz_without_names(tmp_path):
    path = tmp_path / "x.npz"
    sa.to_npz(path, sa.arange(3), b=np.ones(2))
    assert set(np.load(path)) == {"arr_0", "b"}
    with pytest.raises(ValueError, match="arr_0"):
        sa.to_npz(path, sa.arange(3), arr_0=np.ones(2))


def test_regions_of_zarr(tmp_path):
    path = tmp_path / "x.zarr"
    expected = np.zeros((6, 6))
    sa.to_zarr(expected, path, chunks=(4, 4))
    part = np.arange(6.0).reshape(2, 3)
    sa.to_zarr(sa.asarray(part, chunks=2), path, region=(slice(3, 5), slice(1, 4)))
    sa.to_zarr(np.ones((1, 6), dtype="float32"), path, region=slice(-1, None))
    expected[3:5, 1:4], expected[-1:] = part, 1
    same(sa.from_zarr(path), expected)
    with pytest.raises(ValueError, match="does not fit a region"):
        sa.to_zarr(part, path, region=(slice(3, 5), slice(1, 3)))
    with pytest.raises(TypeError, match="not written into"):
        sa.to_zarr(part * 1j, path, region=(slice(3, 5), slice(1, 4)))
    with pytest.raises(TypeError, match="slice for each axis"):
        sa.to_zarr(part, path, region=(3, slice(1, 4)))


def test_parquet(tmp_path):
    path = tmp_path / "x.parquet"
    sw.from_dict({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]}).write_parquet(path)
    same(sa.from_parquet(path), [[1, 0.5], [2, 1.5], [3, 2.5]])
    made = sa.from_parquet(path, ["a"], chunks=(2, 1))
    assert made.chunks == ((2, 1), (1,))
    same(made, [[1], [2], [3]])


# Refusals.


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sa.zeros(4, chunks=-2), ValueError, "chunks"),
        (lambda: sa.zeros(4).rechunk(((5, -1),)), ValueError, "negative"),
        (lambda: sa.zeros(4).rechunk(2.5), TypeError, "integers"),
        (lambda: sa.zeros((2, 2)).sum(axis=1.0), TypeError, "axis is an integer"),
        (lambda: sa.digitize([1], [1, 3, 2]), ValueError, "monotonically"),
        (lambda: sa.digitize([1j], [1, 3]), TypeError, "complex"),
        (lambda: sa.interp([1j], [1, 2], [1, 2]), TypeError, "complex"),
        (lambda: sa.ldexp([1.0], [1.5]), TypeError, "integers"),
        (lambda: sa.percentile([True, False], 50), TypeError, "truth values"),
        (lambda: sa.mean(np.array(["2020"], "M8[D]"), dtype=complex), TypeError, "int64"),
        (lambda: sa.map_blocks(lambda block: None, sa.arange(3), dtype=float).compute(), TypeError, "None"),
        (lambda: sa.map_blocks(lambda block: None, sa.arange(3)), TypeError, "gave None"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("module", [sa, sa.linalg, sa.random])
def test_names_of_modules(module):
    names = {name for name in dir(module) if not name.startswith("__")}
    assert names == set(module.__all__)
