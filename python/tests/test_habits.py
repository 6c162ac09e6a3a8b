"""What people who come from Polars and pandas write: it works, or the error says what to write here."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import swath as sw
from swath import col
from swath._keywords import POSITIONAL
from swath.errors import ColumnNotFoundError, InvalidArgumentError

ROWS = {"k": ["x", "x", "y"], "a": [1, 2, 3], "b": [True, False, True]}
DF = sw.from_dict(ROWS)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, pl.Series, pa.array])
def test_a_mask_is_no_condition(session, kind):
    df = session.from_dict(ROWS)
    for filtered in (df.filter, df.where):
        with pytest.raises(TypeError, match=r"filter: expected conditions .* of values: .*filter\('keep'\)"):
            filtered(kind([True, False, True]))


def test_lists_of_conditions_are_conditions(session):
    df = session.from_dict(ROWS)
    assert df.filter([col("a") > 1, col("b")]).to_list("a") == [3]
    assert df.filter(["b", col("a") < 2]).to_list("a") == [1]
    assert df.filter(one for one in (col("a") > 1, col("a") < 3)).to_list("a") == [2]
    assert df.filter("b", a=3).to_list("a") == [3]
    assert (df.filter(True).count(), df.filter(False).count()) == (3, 0)


def test_a_condition_as_text_is_sql():
    with pytest.raises(ColumnNotFoundError, match=r"'a > 1' not found.*sw\.sql_expr\('a > 1'\)"):
        DF.filter("a > 1")
    with pytest.raises(ColumnNotFoundError, match=r"^(?!.*sql_expr).*'z' not found"):
        DF.filter("z")
    assert DF.filter(sw.sql_expr("a > 1")).count() == 2


def test_pairs_are_no_aggregates():
    for pair in (("a", "sum"), pd.NamedAgg("a", "sum")):
        for agg in (DF.group_by("k").agg, DF.agg):
            with pytest.raises(
                TypeError, match=r"'total', got \('a', 'sum'\); write total=sw\.col\('a'\)\.sum"
            ):
                agg(total=pair)
    with pytest.raises(TypeError, match=r"write n=sw\.col\('a'\)\.n_unique\(\)"):
        DF.group_by("k").agg(n=("a", "nunique"))


def test_frames_are_not_compared():
    lazy = DF.lazy()
    for compare in (
        lambda: lazy == DF,
        lambda: DF == DF,
        lambda: lazy != DF,
        lambda: DF < 1,
        lambda: DF <= 1,
        lambda: DF > 1,
        lambda: DF >= 1,
        lambda: DF == None,  # noqa: E711
    ):
        with pytest.raises(TypeError, match=r"of a DataFrame: .*df\.rows\(\) == other\.rows\(\)"):
            compare()
    assert DF in [DF, lazy]
    assert {DF: 1, lazy: 2}[lazy] == 2
    assert copy.copy(lazy) is lazy
    assert copy.deepcopy(lazy) is lazy


def test_lazy_frames_are_not_pickled():
    with pytest.raises(TypeError, match=r"cannot be pickled.*\.collect\(\) first"):
        pickle.dumps(DF.filter(col("a") > 1))
    assert pickle.loads(pickle.dumps(DF.filter(col("a") > 1).collect())).to_list("a") == [2, 3]


@pytest.mark.parametrize("offset", [-9, -5, -4, -3, -2, -1, 0, 1, 2, 3, 5])
@pytest.mark.parametrize("length", [None, 0, 1, 2, 3, 4, 9])
def test_slices_are_those_of_polars(session, offset, length):
    values = [3, 1, 2]
    frame = pl.DataFrame({"a": values}).sort("a").slice(offset, length)
    assert session.from_dict({"a": values}).sort("a").slice(offset, length).to_list() == frame["a"].to_list()


def test_slices_of_what_is_filtered_and_sliced_again(session):
    df = session.sql("SELECT value AS a FROM range(1000)").sort("a")
    assert df.slice(-5, 3).to_list() == [995, 996, 997]
    assert df.filter(col("a") < 4).slice(-6, 4).to_list() == [0, 1]
    assert df.slice(-100, 50).slice(-60, 20).to_list() == list(range(900, 910))
    assert df.slice(-5, 3).filter(col("a") > 995).with_row_index().rows() == [(0, 996), (1, 997)]
    assert df.slice(-1500, 502).agg(col("a").sum()).item() == 1
    assert df[-5:-2].to_list() == [995, 996, 997]


def test_time_zones_are_checked_at_the_call():
    with pytest.raises(InvalidArgumentError, match=r"convert_time_zone: there is no time zone 'Mars/X'"):
        col("t").dt.convert_time_zone("Mars/X")
    for zone in ("UTC", "+02:00", "Europe/Berlin"):
        col("t").dt.convert_time_zone(zone)


def test_values_are_filtered_before_the_aggregate(session):
    df = session.from_dict(ROWS)
    big = col("a").filter(col("a") > 1)
    assert df.select(big.sum()).item() == 5
    assert df.group_by("k").agg(big.sum()).sort("k").rows() == [("x", 2), ("y", 3)]
    assert df.group_by("k").agg(big.len()).sort("k").rows() == [("x", 1), ("y", 1)]
    assert df.select(big.filter("b").max(), n=big.std(ddof=0)).rows() == [(3, 0.5)]
    assert df.select(col("a", "b").filter(col("k") == "x").max()).rows() == [(2, True)]
    assert df.with_columns(s=big.sum().over("k")).sort("a").to_list("s") == [2, 2, 3]
    assert sorted(df.select(big.implode()).item()) == [2, 3]
    assert df.select(big.quantile(0.5), m=big.mean() + 1, u=big.n_unique()).rows() == [(2.5, 3.5, 2)]
    assert df.select((col("a") * 2).filter(col("b")).sum()).item() == 8
    assert df.select(pickle.loads(pickle.dumps(big.sum()))).item() == 5
    assert repr(big) == "<Expr: a filtered by a > 1>"
    for wrong in (
        lambda: df.select(big),
        lambda: df.select(1 + big),
        lambda: df.select(x=big),
        lambda: big.abs(),
        lambda: df.sort(big),
    ):
        with pytest.raises(
            InvalidArgumentError, match=r"filter: .*\.filter\(…\)\.sum\(\) or \.sum\(\)\.filter"
        ):
            wrong()


def test_unique_values_have_other_names():
    for wrong in (lambda: col("a").unique(), lambda: col("a").unique().len()):
        with pytest.raises(InvalidArgumentError, match=r"\.n_unique\(\).*df\.distinct\(\)"):
            wrong()
    assert DF.select(col("a").sum().unique()).item() == 6
    assert sorted(DF.select(col("k").implode().list.unique()).item()) == ["x", "y"]


def test_values_that_are_none():
    for wrong in (lambda: DF.select(col("a").dt.year), lambda: col("a") + col("a").dt.year):
        with pytest.raises(TypeError, match=r"call it, \.dt\.year\(\)"):
            wrong()
    with pytest.raises(TypeError, match=r"call it, \.sum\(\)"):
        DF.select(col("a").sum)
    for wrong in (
        lambda: DF.filter(pl.col("a") > 1),
        lambda: DF.select(pl.col("a")),
        lambda: col("a") + pl.col("a"),
    ):
        with pytest.raises(TypeError, match=r"an expression of Polars; use sw\.col"):
            wrong()


def test_keywords_and_positions():
    for wrong, message in [
        (lambda: DF.row(0, named=True), r"row\(\) got .*'named'; instead: to_dicts\(\)\[index\]"),
        (lambda: DF.rows(named=True), r"rows\(\) got .*'named'; instead: to_dicts\(\)"),
        (lambda: DF.fillna(method="ffill"), r"instead: fill_null\(strategy='forward'\)"),
        (
            lambda: DF.top_k(2, "a"),
            r"top_k\(\) takes 2 positional .* 3 were given; instead: top_k\(k, by='a'\)",
        ),
        (lambda: DF.bottom_k(2, "a"), r"instead: bottom_k\(k, by='a'\)"),
        (lambda: col("k").is_in("x", "y"), r"instead: is_in\(\[1, 2\]\), one list of values"),
        (
            lambda: sw.read_csv("t.csv", encoding="latin-1"),
            r"sw\.from_pandas\(pd\.read_csv\(path, encoding=…\)\)",
        ),
    ]:
        with pytest.raises(TypeError, match=message):
            wrong()
    owners = {"DataFrame": DF, "Expr": col("a")}
    assert all(hasattr(owners[kind], name) for kind in POSITIONAL for name in POSITIONAL[kind])


DTYPES = [
    (pl.Int64, sw.Int64),
    (pl.UInt8(), sw.UInt8),
    (pl.Float32, sw.Float32),
    (pl.Utf8, sw.String),
    (pl.String, sw.String),
    (pl.Boolean, sw.Boolean),
    (pl.Binary, sw.Binary),
    (pl.Null, sw.Null),
    (pl.Date, sw.Date),
    (pl.Time, sw.Time("ns")),
    (pl.Datetime, sw.Datetime("us")),
    (pl.Datetime("us"), sw.Datetime("us")),
    (pl.Datetime("ms", "UTC"), sw.Datetime("ms", "UTC")),
    (pl.Duration("ns"), sw.Duration("ns")),
    (pl.Decimal(10, 2), sw.Decimal(10, 2)),
    (pl.List(pl.Utf8), sw.List(str)),
    (pl.Array(pl.Int8, (2, 3)), sw.Array(sw.Array(sw.Int8, 3), 2)),
    (pl.Struct({"x": pl.Int8, "y": pl.List(pl.Date)}), sw.Struct({"x": sw.Int8, "y": sw.List(sw.Date)})),
    (pl.Categorical, sw.Dictionary()),
    (pl.Enum(["a"]), sw.Dictionary()),
]


@pytest.mark.parametrize(("theirs", "ours"), DTYPES)
def test_data_types_of_polars(theirs, ours):
    assert sw.dtypes.to_dtype(theirs) == ours
    assert sw.from_dict({"a": [None]}, schema={"a": theirs}).schema == {"a": ours}


def test_data_types_of_polars_in_use(session):
    df = session.from_dict({"a": [1, 2]}, schema={"a": pl.Int8}).sort("a")
    assert df.schema == {"a": sw.Int8}
    assert df.select(col("a").cast(pl.Utf8)).to_list() == ["1", "2"]
    assert df.select(sw.col(pl.Int8)).columns == ["a"]
    half = sw.udf(lambda x: [value / 2 for value in x.to_pylist()], return_dtype=pl.Float64)
    assert df.select(half(col("a"))).to_list() == [0.5, 1.0]
    for wrong, message in [
        (pl.Object, "Polars' Object has no type here"),
        (pl.Int128, "Polars' Int128 has no type here"),
        (pl.List, r"as in List\(sw\.Int64\)"),
    ]:
        with pytest.raises(TypeError, match=message):
            df.cast({"a": wrong})
