"""What somebody tries who knows pandas, Polars or PySpark: it works, or the message says what does."""

import datetime as dt
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import swath as sw
import swath.array as sa
from swath import col

DF = sw.from_dict({"k": ["x", "y", "x"], "a": [1, 2, 3], "l": [[1, 2], [], [3]], "s": [{"p": 1}] * 3})


def test_aggregates_by_name():
    groups = DF.group_by("k")
    assert groups.agg({"a": "sum"}).sort("k").to_dict() == {"k": ["x", "y"], "a": [4, 2]}
    assert groups.agg({"a": ["min", "max"]}, n=sw.len()).columns == ["k", "a_min", "a_max", "n"]
    assert groups.agg({"total": col("a").sum()}).columns == ["k", "total"]
    assert groups.sum("a").sort("k").rows() == [("x", 4), ("y", 2)]
    assert DF.agg({"a": "avg"}).item() == 2.0
    with pytest.raises(ValueError, match="no aggregate 'summ' for the column 'a'"):
        groups.agg({"a": "summ"})
    with pytest.raises(TypeError, match="map_groups"):
        list(groups)
    assert "agg" in repr(groups)


def test_mappings_name_columns():
    assert DF.with_columns({"b": col("a") * 2}).to_list("b") == [2, 4, 6]
    assert DF.select({"b": "a", "c": 1}).rows()[0] == (1, 1)
    assert DF.rename(str.upper).columns == ["K", "A", "L", "S"]


def test_values_of_arrays_are_no_columns():
    for values in (np.arange(3), pd.Series([1, 2, 3])):
        with pytest.raises(TypeError, match="'b': rows have no order"):
            DF.with_columns(b=values)
    assert DF.with_columns(b=np.float64(1.5)).to_list("b") == [1.5, 1.5, 1.5]


def test_brackets():
    assert DF.select(col("s")["p"]).to_list() == [1, 1, 1]
    assert DF.select(col("l")[0]).to_list() == [1, None, 3]
    assert DF.select(round(col("a") / 3, 1)).to_list() == [0.3, 0.7, 1.0]
    for key in (0, (0, 1), (slice(None), "a")):
        with pytest.raises(TypeError, match=r"collect\(\)\.row\(0\)"):
            DF[key]
    with pytest.raises(TypeError, match=r"\.list\.slice"):
        col("l")[1:]


def test_which_of_equal_rows_stays():
    assert DF.unique("k", keep="none").rows() == DF.filter(col("k") == "y").rows()
    assert DF.sort("a").unique("k", keep="first").sort("k").to_list("a") == [1, 2]
    assert DF.sort("a").unique("k", keep="last").sort("k").to_list("a") == [3, 2]
    with pytest.raises(ValueError, match="keep must be"):
        DF.unique("k", keep="newest")


def test_open_files_and_single_frames():
    for stream in (io.BytesIO(b"a\n1\n"), io.StringIO("a\n1\n")):
        with pytest.raises(TypeError, match=r"sw\.from_pandas"):
            sw.read_csv(stream)
    with pytest.raises(TypeError, match=r"to_arrow\(\)"):
        DF.write_parquet(io.BytesIO())
    with pytest.raises(TypeError, match="expected a list of frames"):
        sw.concat(DF)


def test_what_has_no_form_there():
    with pytest.raises(sw.errors.InvalidArgumentError, match=r"column 'l' is List\(Int64\).*list\.join"):
        DF.write_csv("lists.csv")
    periods = pd.DataFrame({"month": pd.period_range("2026-01", periods=2, freq="M")})
    assert sw.from_pandas(periods).to_list("month") == [dt.datetime(2026, 1, 1), dt.datetime(2026, 2, 1)]


def test_sizes_of_lazy_frames():
    lazy = DF.filter(col("a") > 1)
    for name in ("shape", "height"):
        with pytest.raises(AttributeError, match=r"count\(\)"):
            getattr(lazy, name)
    assert lazy.collect().shape == (2, 4)


def test_wide_tables_fit_the_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    wide = sw.from_dict({f"column_{place}": [place] for place in range(40)})
    lines = repr(wide).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("| column_0 ")
    assert lines[1].endswith(" column_39 |")
    assert lines[-2:] == ["4 of 40 columns", "1 row"]
    long = sw.from_dict({"text": ["x" * 300, "y"], "n": [1, 2]})
    long.show()
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 60
    assert "x" * 39 + "… | 1 |" in shown[3]
    long.show(truncate=False)
    assert "x" * 300 in capsys.readouterr().out
    alone = repr(sw.from_dict({"text": ["x" * 300]})).splitlines()
    assert len(alone[0]) <= 60
    assert repr(sw.from_dict({"a": ["日本語" * 40]})).count("日本語") == 40


def test_options_of_sessions():
    with pytest.raises(sw.errors.InvalidArgumentError, match="threads: expected"):
        sw.Session(threads=0)
    with pytest.raises(sw.errors.InvalidArgumentError, match=r"'?nope.*configuration\.md"):
        sw.Session(settings={"nope.nope": 1})


def test_libraries_that_are_not_there():
    program = """
import sys
for name in ("pandas", "polars", "pyarrow", "numpy"):
    sys.modules[name] = None
import swath as sw
df = sw.from_dict({"a": [1]})
for method in (df.to_pandas, df.to_polars, df.to_arrow, df.to_numpy):
    try:
        method()
    except ModuleNotFoundError as error:
        print(error)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    lines = out.splitlines()
    assert lines[0] == "to_pandas needs pandas and pyarrow: pip install pandas pyarrow"
    assert [line.split()[0] for line in lines] == ["to_pandas", "to_polars", "to_arrow", "to_numpy"]


def test_results_that_fit_nowhere(monkeypatch):
    """The system would end the process."""
    with pytest.raises(MemoryError, match=r"745\d\.\d GiB.*to_zarr"):
        sa.ones((10**6, 10**6)).compute()
    monkeypatch.setattr("swath.array._room.available", lambda: 1 << 20)
    big = sa.ones(1 << 26)
    for run in (big.compute, lambda: np.asarray(big), lambda: sa.compute(big, big.sum())):
        with pytest.raises(sw.errors.ResourceError, match="free in this machine"):
            run()
    assert sa.compute(big.sum()) == (1 << 26,)


def test_small_things_about_arrays():
    x = sa.arange(3.0)
    assert 2.0 in x
    assert 5 not in x
    assert round(x / 3, 1).compute().tolist() == [0.0, 0.3, 0.7]


def test_errors_have_the_class_that_says_what_they_are():
    with pytest.raises(sw.errors.ShapeError, match="broadcast"):
        sa.ones(3) + sa.ones(4)
    with pytest.raises(sw.errors.ShapeError, match="reshape"):
        sa.ones(6).reshape(4, 2)
    with pytest.raises(sw.errors.PlanError):
        sw.sql("SELECT 1 +")
    assert issubclass(sw.errors.SqlError, sw.errors.PlanError)
    assert issubclass(sw.errors.WorkerError, sw.errors.ClusterError)
