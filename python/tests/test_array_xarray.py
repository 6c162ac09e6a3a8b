"""Programs of xarray with arrays of ours, beside the same with NumPy's."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import swath.array as sa
from swath.array.xarray import SwathManager, register

register()


@pytest.fixture(scope="module")
def plain():
    rng = np.random.default_rng(0)
    time = pd.date_range("2000-01-01", periods=731, freq="D")
    temperature = rng.normal(15, 8, (731, 6, 8))
    temperature[rng.random(temperature.shape) < 0.02] = np.nan
    return xr.Dataset(
        {
            "t": (("time", "lat", "lon"), temperature, {"units": "degC"}),
            "p": (("time", "lat", "lon"), rng.gamma(2.0, 3.0, (731, 6, 8))),
            "area": (("lat",), np.cos(np.linspace(-1, 1, 6))),
        },
        coords={"time": time, "lat": np.linspace(-60, 60, 6), "lon": np.arange(8) * 45.0},
    )


@pytest.fixture(scope="module")
def lazy(plain):
    return plain.chunk({"time": 100, "lat": 3}, chunked_array_type="swath")


def test_chunks_are_ours(lazy):
    assert isinstance(lazy.t.data, sa.Array)
    assert lazy.t.chunks[0][:2] == (100, 100)
    assert isinstance((lazy.t + 1).data, sa.Array)
    assert "swath.Array" in repr(lazy.t)


PROGRAMS = {
    "arithmetic": lambda ds: (ds.t * 1.8 + 32) / ds.p,
    "mean": lambda ds: ds.t.mean(),
    "mean over dims": lambda ds: ds.t.mean(["lat", "lon"]),
    "sum without nan": lambda ds: ds.t.sum("time", skipna=True),
    "std": lambda ds: ds.p.std("time"),
    "var ddof": lambda ds: ds.p.var("time", ddof=1),
    "min max": lambda ds: ds.t.max("time") - ds.t.min("time"),
    "any all": lambda ds: (ds.t > 35).any("time"),
    "count": lambda ds: ds.t.count("time"),
    "median": lambda ds: ds.p.median("time"),
    "quantile": lambda ds: ds.p.quantile([0.1, 0.9], dim="time"),
    "prod": lambda ds: (ds.area * 1.1).prod(),
    "cumsum": lambda ds: ds.p.cumsum("time"),
    "argmax": lambda ds: ds.p.argmax("time"),
    "idxmax": lambda ds: ds.p.idxmax("time"),
    "where": lambda ds: ds.t.where(ds.t > 0),
    "where other": lambda ds: xr.where(ds.t > 0, ds.t, 0.0),
    "fillna": lambda ds: ds.t.fillna(-1.0),
    "isnull": lambda ds: ds.t.isnull().sum(),
    "clip": lambda ds: ds.t.clip(0, 20),
    "isel": lambda ds: ds.t.isel(time=slice(10, 50, 3), lon=[0, 2]),
    "sel": lambda ds: ds.t.sel(time="2000-06"),
    "vectorised indexing": lambda ds: ds.t.isel(
        lat=xr.DataArray([0, 1, 2], dims="points"), lon=xr.DataArray([3, 4, 5], dims="points")
    ),
    "month means": lambda ds: ds.t.groupby("time.month").mean(),
    "month anomalies": lambda ds: ds.t.groupby("time.month") - ds.t.groupby("time.month").mean("time"),
    "season": lambda ds: ds.p.groupby("time.season").sum(),
    "resample": lambda ds: ds.p.resample(time="MS").mean(),
    "resample max": lambda ds: ds.p.resample(time="YS").max(),
    "rolling": lambda ds: ds.p.rolling(time=7).mean(),
    "rolling centre": lambda ds: ds.p.rolling(time=5, center=True, min_periods=1).max(),
    "coarsen": lambda ds: ds.p.coarsen(lon=2).mean(),
    "weighted": lambda ds: ds.p.weighted(ds.area).mean(["lat", "lon"]),
    "diff": lambda ds: ds.p.diff("time"),
    "shift": lambda ds: ds.p.shift(time=2),
    "roll": lambda ds: ds.p.roll(lon=1, roll_coords=False),
    "pad": lambda ds: ds.p.pad(lon=1, mode="wrap"),
    "transpose": lambda ds: ds.p.transpose("lon", "time", "lat"),
    "stack": lambda ds: ds.p.stack(point=("lat", "lon")),
    "concat": lambda ds: xr.concat([ds.p.isel(time=slice(0, 5)), ds.p.isel(time=slice(5, 9))], "time"),
    "merge": lambda ds: xr.merge([ds.t.rename("a"), ds.p.rename("b")]).a + 1,
    "dot": lambda ds: xr.dot(ds.p, ds.area, dim="lat"),
    "corr": lambda ds: xr.corr(ds.p, ds.p * 2 + 1, dim="time"),
    "cov": lambda ds: xr.cov(ds.p, ds.p**2, dim="time"),
    "apply_ufunc": lambda ds: xr.apply_ufunc(
        np.hypot, ds.p, ds.t.fillna(0.0), dask="parallelized", output_dtypes=[float]
    ),
    "apply_ufunc core": lambda ds: xr.apply_ufunc(
        lambda a: a.mean(axis=-1),
        ds.p.chunk(time=-1) if ds.p.chunks else ds.p,
        input_core_dims=[["time"]],
        dask="parallelized",
        output_dtypes=[float],
    ),
    "ufunc": lambda ds: np.log1p(ds.p),
    "astype": lambda ds: ds.p.astype("float32"),
    "round": lambda ds: ds.p.round(1),
    "broadcast": lambda ds: ds.area.broadcast_like(ds.p) * 2,
    "sortby": lambda ds: ds.p.sortby("lat", ascending=False),
    "nearest": lambda ds: ds.p.sel(lat=[-50.0, 10.0], method="nearest"),
    "points": lambda ds: ds.p.sel(
        lat=xr.DataArray([-60.0, 60.0], dims="p"), lon=xr.DataArray([0.0, 45.0], dims="p")
    ),
    "polyfit": lambda ds: (
        ds.p.chunk(time=-1).polyfit("time", 1).polyfit_coefficients
        if ds.p.chunks
        else ds.p.polyfit("time", 1).polyfit_coefficients
    ),
    "dataset mean": lambda ds: ds[["t", "p"]].mean("time"),
    "integrate": lambda ds: ds.p.integrate("lat"),
    "differentiate": lambda ds: ds.p.differentiate("lat"),
    "rank free": lambda ds: ds.t.notnull().mean("time"),
    "isin": lambda ds: ds.p.round().isin([1, 2]),
    "drop": lambda ds: ds.t.dropna("time", how="all"),
    "month mean of a dataset": lambda ds: ds[["p"]].groupby("time.month").mean().p,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, plain, lazy):
    expected = PROGRAMS[name](plain)
    xr.testing.assert_allclose(PROGRAMS[name](lazy).compute(), expected)


LAZY = [
    "arithmetic",
    "mean",
    "sum without nan",
    "where",
    "isel",
    "month means",
    "rolling",
    "weighted",
    "quantile",
    "apply_ufunc",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", LAZY)
def test_programs_stay_lazy(name, lazy):
    assert isinstance(PROGRAMS[name](lazy).data, sa.Array)


def test_zarr(tmp_path, plain, lazy):
    path = tmp_path / "ds.zarr"
    lazy.to_zarr(path, consolidated=False)
    opened = xr.open_zarr(path, consolidated=False, chunked_array_type="swath", chunks={"time": 200})
    assert isinstance(opened.t.data, sa.Array)
    xr.testing.assert_allclose(opened.compute(), plain)
    xr.testing.assert_allclose(opened.p.mean("time").compute(), plain.p.mean("time"))


def test_load_and_persist(plain, lazy):
    xr.testing.assert_allclose(lazy.persist().compute(), plain)
    loaded = lazy.copy()
    loaded.load()
    assert isinstance(loaded.t.data, np.ndarray)


def test_chunks_that_are_asked_for():
    manager = SwathManager()
    normal = manager.normalize_chunks("auto", shape=(10_000, 10_000), dtype=np.float64)
    assert max(normal[0]) * max(normal[1]) * 8 <= 64 << 20
    assert manager.normalize_chunks((3, -1), shape=(7, 5)) == ((3, 3, 1), (5,))
    assert manager.normalize_chunks({0: 2}, shape=(4, 5)) == ((2, 2), (5,))


def test_chunk_keeps_arrays_ours(tmp_path, plain, lazy):
    """Where Dask is installed, too, xarray would have it wrap them."""
    pytest.importorskip("dask")
    for made in (lazy.chunk(time=-1).p, lazy.p.chunk(time=50), lazy.p.variable.chunk({"time": 50})):
        assert isinstance(made.data, sa.Array)
    assert lazy.chunk(time=50).p.chunks[0][:2] == (50, 50)
    assert type(plain.chunk(time=50).p.data).__module__.startswith("dask")
    with pytest.raises(TypeError, match='chunked_array_type="swath"'):
        lazy.chunk(time=-1, chunked_array_type="dask")
    path = tmp_path / "grows.zarr"
    first, second = plain.isel(time=slice(0, 100)), plain.isel(time=slice(100, 300))
    first.chunk(time=50, chunked_array_type="swath").to_zarr(path, consolidated=False)
    grown = second.chunk(time=100, chunked_array_type="swath").chunk(time=50)
    grown.to_zarr(path, append_dim="time", consolidated=False)
    opened = xr.open_zarr(path, consolidated=False, chunked_array_type="swath")
    xr.testing.assert_allclose(opened.compute(), plain.isel(time=slice(0, 300)))


def test_dask_asks_for_a_name_without_computing():
    base = pytest.importorskip("dask.base")

    def never(block):
        raise AssertionError("computed")

    x = sa.map_blocks(never, sa.arange(3), dtype=float)
    assert base.tokenize(x) != base.tokenize(sa.arange(3))


def test_text_and_objects_stay_as_they_are(tmp_path):
    names = [f"n{place}" for place in range(10)]
    plain = xr.Dataset(
        {
            "t": (("time", "x"), np.arange(20.0).reshape(10, 2)),
            "label": ("time", np.array(names)),
            "thing": ("time", np.array(names, dtype=object)),
            "number": ("time", np.arange(10)),
        },
        coords={"kind": ("x", ["a", "b"]), "calendar": ("time", np.array(["u"] * 10, dtype=object))},
    )
    lazy = plain.chunk({"time": 4}, chunked_array_type="swath")
    kept = ("label", "thing", "kind", "calendar")
    assert all(isinstance(lazy[name].data, np.ndarray) for name in kept)
    assert isinstance(lazy.t.data, sa.Array)
    assert isinstance(lazy.number.data, sa.Array)
    xr.testing.assert_identical(lazy.compute(), plain)
    xr.testing.assert_identical(lazy.isel(time=lazy.label == "n3").compute(), plain.isel(time=[3]))
    path = tmp_path / "texts.zarr"
    lazy.to_zarr(path, zarr_format=2)
    for opened in (
        xr.open_zarr(path, chunked_array_type="swath"),
        xr.open_dataset(path, engine="zarr", chunks={}, chunked_array_type="swath"),
    ):
        assert isinstance(opened.t.data, sa.Array)
        assert opened.label.isel(time=3).item() == "n3"
        assert opened.chunk({"time": 5}).t.chunks[0] == (5, 5)
        xr.testing.assert_equal(opened.compute(), plain)
