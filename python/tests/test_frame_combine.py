from datetime import datetime, timedelta

import pandas as pd
import polars as pl
import pytest
from frames import assert_same

import swath as sw
from swath import col

LEFT = {"k": [1, 2, 3, None], "a": ["w", "x", "y", "z"]}
RIGHT = {"k": [2, 3, 3, None], "a": ["p", "q", "r", "s"], "b": [1.0, 2.0, 3.0, 4.0]}


@pytest.fixture
def left(session):
    return session.from_dict(LEFT)


@pytest.fixture
def right(session):
    return session.from_dict(RIGHT)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_joins(left, right, how):
    expected = pl.DataFrame(LEFT).join(pl.DataFrame(RIGHT), on="k", how=how, coalesce=True)
    assert_same(left.join(right, "k", how).select(expected.columns), expected)
    equal = pl.DataFrame(LEFT).join(pl.DataFrame(RIGHT), on="k", how=how, coalesce=True, nulls_equal=True)
    assert_same(left.join(right, "k", how, nulls_equal=True).select(equal.columns), equal)


def test_other_forms_of_joins(left, right):
    assert left.join(right, "k", suffix="_2").columns == ["k", "a", "a_2", "b"]
    assert left.join(right, how="cross").count() == 16
    assert left.cross_join(right).columns == ["k", "a", "k_right", "a_right", "b"]
    renamed = right.rename({"k": "j"})
    assert left.join(renamed, left_on="k", right_on="j").columns == ["k", "a", "j", "a_right", "b"]
    assert left.join(renamed, left_on="k", right_on="j", coalesce=True).columns == ["k", "a", "a_right", "b"]
    assert left.join(renamed, col("k") < col("j")).count() == 2 + 2 + 1
    assert left.join(renamed, [col("k") == col("j"), col("b") > 2]).count() == 1
    assert left.join(right, how="right_anti", on="k").count() == 1
    with pytest.raises(ValueError, match="expected keys"):
        left.join(right)
    with pytest.raises(ValueError, match="got both"):
        left.join(right, "k", left_on="k")
    with pytest.raises(sw.SwathError, match="how must be one of"):
        left.join(right, "k", "sideways")


def test_a_join_takes_tables_of_other_libraries(left):
    assert left.join(pl.DataFrame({"k": [1], "c": [5]}), "k").to_dict() == {"k": [1], "a": ["w"], "c": [5]}
    assert left.join(pd.DataFrame({"k": [1], "c": [5]}), "k").to_dict()["c"] == [5]
    # Rows in memory belong to no session in particular.
    assert left.join(sw.from_dict({"k": [1], "c": [5]}), "k").to_dict()["c"] == [5]
    elsewhere = sw.Session(threads=1).sql("SELECT 1 AS k")
    with pytest.raises(sw.SwathError, match="two sessions"):
        left.join(elsewhere, "k")
    with pytest.raises(TypeError, match="expected a DataFrame, got int"):
        left.join(1, "k")


@pytest.mark.parametrize("strategy", ["backward", "forward", "nearest"])
def test_join_asof(session, strategy):
    start = datetime(2026, 1, 1)
    trades = {"t": [start + timedelta(seconds=s) for s in (1, 5, 10)], "s": ["a", "b", "a"]}
    quotes = {
        "t": [start + timedelta(seconds=s) for s in (0, 4, 8, 12)],
        "s": ["a", "b", "a", "a"],
        "bid": [1, 2, 3, 4],
    }
    ours, theirs = session.from_dict(trades), pl.DataFrame(trades)
    got = ours.join_asof(
        session.from_dict(quotes), on="t", by="s", strategy=strategy, tolerance=timedelta(seconds=2)
    )
    wanted = theirs.join_asof(
        pl.DataFrame(quotes).sort("t"),
        on="t",
        by="s",
        strategy=strategy,
        tolerance="2s",
        check_sortedness=False,
    )
    if strategy == "nearest":
        # Of two that are equally near we take the earlier, polars the later.
        assert got.count() == wanted.height
    else:
        assert_same(got, wanted)


def test_unions(session):
    a, b = session.from_dict({"x": [1, 2], "y": ["u", "v"]}), session.from_dict({"x": [2.5], "y": ["w"]})
    assert sorted(a.union(b).rows()) == [(1.0, "u"), (2.0, "v"), (2.5, "w")]
    assert a.vstack(a).count() == 4
    c = session.from_dict({"y": ["q"], "z": [True]})
    assert sorted(a.union_by_name(c).rows(), key=str) == sorted(
        [(1, "u", None), (2, "v", None), (None, "q", True)], key=str
    )
    assert a.intersect(a.limit(1)).count() == 1
    assert a.except_(a).count() == 0
    assert a.union(a).except_(a, all=True).count() == 2
    assert a.union(a).intersect(a.union(a), all=True).count() == 4
    assert a.subtract(a.filter(col("x") == 1)).rows() == [(2, "v")]


def test_concat(session):
    a, b = session.from_dict({"x": [1]}), session.from_dict({"x": [2]})
    assert sw.concat([a, b]).sort("x").to_list() == [1, 2]
    assert sw.concat([a, b.rename({"x": "y"})], how="diagonal").columns == ["x", "y"]
    assert sw.concat([a, b.rename({"x": "y"})], how="horizontal").rows() == [(1, 2)]
    with pytest.raises(ValueError, match="at least one"):
        sw.concat([])
    with pytest.raises(sw.SwathError, match="how must be one of"):
        sw.concat([a], how="up")


def test_frames_in_expressions(left, right):
    assert left.filter(col("k") > right.select(col("k").min()).scalar()).to_list("a") == ["y"]
    assert sorted(left.filter(col("k").is_in(right.select("k").drop_nulls())).to_list("a")) == ["x", "y"]


def test_asof_takes_a_length_as_text(session):
    noon = datetime(2024, 1, 1, 12)
    left = session.from_dict({"t": [noon]})
    right = session.from_dict({"t": [noon - timedelta(minutes=45)], "x": [1]})
    assert left.join_asof(right, on="t", tolerance="30m").to_list("x") == [None]
    assert left.join_asof(right, on="t", tolerance="30m15m").to_list("x") == [1]
    assert left.join_asof(right, on="t", tolerance="1h").to_list("x") == [1]
    with pytest.raises(sw.errors.InvalidArgumentError, match="tolerance: expected a length such as '30m'"):
        left.join_asof(right, on="t", tolerance="1mo")
