from datetime import date

import polars as pl
import pytest
from frames import assert_same

import swath as sw
from swath import col
from swath.errors import ColumnNotFoundError, InvalidArgumentError

DATA = {
    "i": [3, 1, None, 2, 3],
    "f": [0.5, None, 2.5, float("inf"), 0.5],
    "s": ["x", "y", None, "x", "x"],
    "d": [date(2026, 1, day) for day in (5, 4, 3, 2, 5)],
}


@pytest.fixture
def df(session):
    return session.from_dict(DATA)


@pytest.fixture
def expected():
    return pl.DataFrame(DATA)


def test_columns_and_schema(df):
    assert df.columns == ["i", "f", "s", "d"]
    assert df.width == 4
    assert list(df.schema) == df.columns
    assert df.schema == {"i": sw.Int64, "f": sw.Float64, "s": sw.String, "d": sw.Date}
    assert df.dtypes == list(df.schema.values())
    assert "i" in df
    assert "z" not in df


def test_select(df, expected):
    assert_same(df.select("s", "i"), expected.select("s", "i"))
    assert_same(df.select(["s"], x=col("i") + 1), expected.select(["s"], x=pl.col("i") + 1))
    assert_same(df.select(col("i").sum()), expected.select(pl.col("i").sum()))
    both = df.select("i", total=col("i").sum())
    assert_same(both, expected.select("i", total=pl.col("i").sum()))


def test_with_columns(df, expected):
    assert_same(
        df.with_columns(col("i") * 2, big=col("f") > 1, one=1),
        expected.with_columns(pl.col("i") * 2, big=pl.col("f") > 1, one=1),
    )
    assert_same(df.with_column("j", col("i")), expected.with_columns(j="i"))


def test_drop_and_rename(df, expected):
    assert_same(df.drop("i", "s"), expected.drop("i", "s"))
    assert_same(df.drop(["i", "nope"], strict=False), expected.drop("i"))
    assert_same(df.rename({"i": "s", "s": "i"}), expected.rename({"i": "s", "s": "i"}))
    with pytest.raises(ColumnNotFoundError, match="nope"):
        df.drop("nope")
    with pytest.raises(InvalidArgumentError):
        df.drop(df.columns)


def test_cast(df, expected):
    assert_same(df.cast({"i": sw.Float64, "d": str}), expected.cast({"i": pl.Float64, "d": pl.String}))
    letters = df.select("s")
    assert letters.cast({"s": int}, strict=False).to_dict() == {"s": [None] * 5}
    with pytest.raises(sw.SwathError, match="x"):
        letters.cast({"s": int}).collect()


def test_subscripts(df, expected):
    assert_same(df[["s", "i"]], expected[["s", "i"]])
    assert_same(df[df["i"] > 1], expected.filter(pl.col("i") > 1))
    assert_same(df[df.i > 1], expected.filter(pl.col("i") > 1))
    by_day = df.sort("d", "i")
    assert_same(by_day[1:3], expected.sort("d", "i")[1:3], ordered=True)
    assert_same(by_day[-2:], expected.sort("d", "i")[-2:], ordered=True)
    with pytest.raises(ColumnNotFoundError, match=r"did you mean 'd'|not found"):
        df["dd"]
    with pytest.raises(AttributeError, match="no method or column 'nope'; the columns are: i, f, s, d"):
        df.nope
    with pytest.raises(TypeError, match="got int"):
        df[0]
    with pytest.raises(TypeError, match="with_columns"):
        df["i"] = 1
    with pytest.raises(ValueError, match="steps of 1"):
        df[::2]


def test_names_are_completed(df):
    assert {"i", "f", "filter", "group_by"} <= set(dir(df))
    assert df._ipython_key_completions_() == ["i", "f", "s", "d"]


def test_a_frame_is_neither_true_nor_iterated_by_accident(df):
    with pytest.raises(TypeError, match="is_empty"):
        bool(df)
    with pytest.raises(TypeError, match="iter_rows"):
        list(df.filter(col("i") > 1))
    with pytest.raises(TypeError, match="len"):
        len(df.filter(col("i") > 1))


def test_filter(df, expected):
    assert_same(df.filter(col("i") > 1), expected.filter(pl.col("i") > 1))
    assert_same(
        df.filter(col("i") > 1, col("s") == "x"), expected.filter(pl.col("i") > 1, pl.col("s") == "x")
    )
    assert_same(df.filter(s="x", i=2), expected.filter(s="x", i=2))
    assert_same(df.filter([col("i") > 1, col("f") < 1]), expected.filter(pl.col("i") > 1, pl.col("f") < 1))
    assert_same(df.filter(col("i") == col("i").max()), expected.filter(pl.col("i") == pl.col("i").max()))
    assert_same(df.where(col("i").is_null()), expected.filter(pl.col("i").is_null()))
    assert_same(
        df.with_columns(t=col("i") > 1).filter("t"), expected.with_columns(t=pl.col("i") > 1).filter("t")
    )


def test_sort(df, expected):
    by = ["i", "d"]
    assert_same(df.sort(*by), expected.sort(by), ordered=True)
    assert_same(df.sort(by, nulls_last=True), expected.sort(by, nulls_last=True), ordered=True)
    assert_same(
        df.sort(col("i").desc(), "d"), df_sorted := df.sort("i", "d", descending=[True, False]), ordered=True
    )
    assert df_sorted.to_list("i") == [3, 3, 2, 1, None]
    nulls_first = df.sort("i", descending=True, nulls_last=False).to_list("i")
    assert nulls_first == [None, 3, 3, 2, 1]
    with pytest.raises(ValueError, match=r"1 values for 2 keys|3 keys"):
        df.sort("i", "d", descending=[True])
    with pytest.raises(ValueError, match="at least one key"):
        df.sort()


def test_limit_tail_slice(df, expected):
    ordered, other = df.sort("d", "i"), expected.sort("d", "i")
    assert_same(ordered.head(2), other.head(2), ordered=True)
    assert_same(ordered.limit(0), other.head(0), ordered=True)
    assert_same(ordered.tail(2), other.tail(2), ordered=True)
    assert_same(ordered.slice(1, 2), other.slice(1, 2), ordered=True)
    assert_same(ordered.slice(3), other.slice(3), ordered=True)
    assert_same(ordered.slice(-2, 1), other.slice(-2, 1), ordered=True)
    with pytest.raises(ValueError, match="-1"):
        df.limit(-1)


def test_distinct(df, expected):
    assert_same(df.distinct(), expected.unique())
    assert_same(df.select("i", "s").unique(), expected.select("i", "s").unique())
    first = df.sort("d").distinct("s")
    assert_same(first, expected.sort("d").unique("s", keep="first"))


def test_row_index_and_top(df, expected):
    assert_same(
        df.sort("d", "i").with_row_index("n", 10),
        expected.sort("d", "i").with_row_index("n", 10),
        ordered=True,
    )
    assert df.top_k(2, by="i").to_list("i") == [3, 3]
    assert df.bottom_k(2, by="i").to_list("i") == [1, 2]


def test_value_counts(df, expected):
    counted = expected.group_by("s").len("count")
    assert_same(df.value_counts("s"), counted)
    assert df.value_counts("s").to_list("count") == [3, 1, 1]


def test_sample(session):
    df = session.sql("SELECT value FROM range(1000)")
    drawn = df.sample(100, seed=7).to_list()
    assert len(drawn) == len(set(drawn)) == 100
    assert sorted(drawn) == sorted(df.sample(100, seed=7).to_list())
    assert 30 < df.sample(fraction=0.1, seed=1).count() < 250
    assert df.limit(3).sample(50, with_replacement=True).count() == 50
    with pytest.raises(InvalidArgumentError, match="n or fraction"):
        df.sample(1, fraction=0.5)


def test_a_mistake_is_told_where_it_is_made(df):
    with pytest.raises(ColumnNotFoundError, match="column 'zz' not found"):
        df.select("zz")
    with pytest.raises(ColumnNotFoundError):
        df.filter(col("zz") > 1)
    with pytest.raises(ColumnNotFoundError):
        df.group_by("zz").count()


def test_unique_keeps_the_last(session):
    rows = session.from_dict({"v": [1, 2, 3], "k": ["a", "b", "a"], "t": [1, 2, 3]}).sort("t")
    assert rows.unique("k", keep="last").sort("k").rows() == [(3, "a", 3), (2, "b", 2)]
    assert rows.unique(keep="last").count() == 3
    assert rows.group_by("k").last("v").sort("k").rows() == [("a", 3), ("b", 2)]
    assert rows.group_by("k").first("v").sort("k").rows() == [("a", 1), ("b", 2)]
