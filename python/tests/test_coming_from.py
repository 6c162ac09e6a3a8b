"""The tables of docs/coming-from: lines of ours run, those of the other library too, and arrays are equal.

A cell that is nothing but code is a line that runs; other cells are words.
"""

import datetime as dt
import warnings
from pathlib import Path

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr

import swath as sw
import swath.array as sa

FOLDER = Path(__file__).parents[2] / "docs" / "coming-from"
PAGES = sorted(page.stem for page in FOLDER.glob("*.md"))
DAY = dt.date(2026, 1, 1)
DATA = {
    "a": [3, 1, 2, None],
    "k": ["x", "y", "x", None],
    "t": [1, 2, 3, 4],
    "day": [DAY, DAY, DAY + dt.timedelta(days=1), DAY],
}
OTHER = {"k": ["x", "z"], "t": [2, 3], "b": [7, 8]}
ELEMENTS = np.array([[3.0, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8], [9, 7, 9, 3]])


def rows(page):
    missing = False
    for line in (FOLDER / f"{page}.md").read_text().splitlines():
        cells = line.strip("| \n").split(" | ")
        if line.startswith("## "):
            missing = line == "## What is not there"
        if line.startswith("|") and len(cells) == 2:
            theirs, ours = (code_of(cell) for cell in cells)
            # What is not there needs things that are not here: paths, processors.
            theirs = None if missing else theirs
            if theirs or ours:
                yield theirs, ours


def code_of(cell):
    """Return the code of a cell that is nothing else."""
    return cell[1:-1] if cell.startswith("`") and cell.endswith("`") and cell.count("`") == 2 else None


def cases(*pages):
    seen = dict.fromkeys((page, *row) for page in pages for row in rows(page))
    return [pytest.param(*case, id=f"{case[0]}: {case[2] or case[1]}") for case in seen]


def run(line, names):
    """Run a line and return its value, if it has one."""
    try:
        code = compile(line, line, "eval")
    except SyntaxError:
        exec(compile(line, line, "exec"), names)
        return None
    return eval(code, names)


def run_theirs(line, names):
    """Run a line of another library, which may warn about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(line, names)


@pytest.fixture(scope="module")
def one_session():
    with sw.Session(threads=2) as session:
        yield session


@pytest.fixture
def session(one_session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(DATA).to_parquet("t.parquet")
    pd.DataFrame(DATA).to_csv("t.csv")
    return one_session


def test_each_page_is_tested():
    assert PAGES == ["dask", "numpy", "pandas", "polars", "pyspark", "xarray"]


def names_of_tables(session):
    df = session.from_dict(DATA).limit(10)
    other = session.from_dict(OTHER)
    return {"sw": sw, "col": sw.col, "df": df, "other": other, "pandas_df": df.to_pandas()}


@pytest.mark.parametrize(("page", "theirs", "ours"), cases("pandas", "polars", "pyspark"))
def test_lines_about_tables(page, theirs, ours, session):
    if ours:
        result = run(ours, names_of_tables(session))
        if isinstance(result, sw.DataFrame):
            result.collect()
    if theirs and page in LIBRARIES:
        run_theirs(theirs, LIBRARIES[page]())


def of_pandas():
    df = pd.DataFrame(DATA).astype({"day": "datetime64[us]"})
    return {"pd": pd, "np": np, "df": df, "other": pd.DataFrame(OTHER)}


def of_polars():
    return {"pl": pl, "lf": pl.LazyFrame(DATA), "other": pl.LazyFrame(OTHER)}


LIBRARIES = {"pandas": of_pandas, "polars": of_polars}


@pytest.mark.parametrize(("page", "theirs", "ours"), cases("numpy", "dask", "xarray"))
def test_lines_about_arrays(page, theirs, ours, session):
    there, here = ARRAYS[page](session)
    with dask.config.set(scheduler="synchronous"):
        expected = run_theirs(theirs, there) if theirs else None
        result = run(ours, here) if ours else None
        if not (theirs and ours) or not comparable(expected):
            return
        expected, result = (one if isinstance(one, tuple) else (one,) for one in (expected, result))
        assert len(result) == len(expected)
        for one, other in zip(result, expected, strict=True):
            np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-10)


def comparable(value):
    if isinstance(value, np.ndarray) and value.dtype.kind in "US":
        return False
    return isinstance(value, np.ndarray | np.generic | da.Array | xr.DataArray | tuple | list | int | float)


def of_numpy(session):
    arrays = {"x": ELEMENTS, "y": ELEMENTS[::-1] + 1, "v": ELEMENTS.ravel()}
    ours = {name: sa.asarray(value.copy(), chunks=3) for name, value in arrays.items()}
    arrays = {name: value.copy() for name, value in arrays.items()}
    return {"np": np, **arrays}, {"sw": sw, "sa": sa, "np": np, **ours}


def of_dask(session):
    pandas_df = pd.DataFrame(DATA)
    there = {
        "dask": dask,
        "da": da,
        "dd": dd,
        "np": np,
        "x": da.from_array(ELEMENTS, chunks=2),
        "df": dd.from_pandas(pandas_df, npartitions=2),
        "pandas_df": pandas_df,
    }
    return there, {**names_of_tables(session), "sa": sa, "np": np, "x": sa.from_array(ELEMENTS, chunks=2)}


def of_xarray(session):
    time = np.arange("2026-01-01", "2026-01-05", dtype="datetime64[D]").astype("datetime64[ns]")
    ds = xr.Dataset({"t": (("time", "x"), ELEMENTS)}, coords={"time": time, "x": [10, 20, 30, 40]})
    names = {"xr": xr, "np": np, "sw": sw}
    return {**names, "ds": ds}, {**names, "ds": ds.chunk({"time": 2}, chunked_array_type="swath")}


ARRAYS = {"numpy": of_numpy, "dask": of_dask, "xarray": of_xarray}
