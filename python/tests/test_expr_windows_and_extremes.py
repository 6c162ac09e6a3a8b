"""Weighted moments, extremes, limits, parts of lists, structs and texts: on plans, and what is refused."""

import math

import polars as pl
import pytest

import swath as sw

ROWS = 5_000
TABLE = {
    "t": list(range(ROWS)),
    "k": [i % 7 for i in range(ROWS)],
    "x": [None if i % 11 == 0 else float(i * i % 101) for i in range(ROWS)],
}


@pytest.fixture
def folder(tmp_path):
    """Files of the table, so that plans have partitions."""
    table = pl.DataFrame(TABLE).sample(fraction=1.0, shuffle=True, seed=7)
    for part in range(4):
        table[part * ROWS // 4 : (part + 1) * ROWS // 4].write_parquet(tmp_path / f"{part}.parquet")
    return str(tmp_path)


def test_moments_of_partitioned_input(session, folder):
    frame = session.read_parquet(folder)
    mean = frame.select("t", "k", m=sw.col("x").ewm_mean(span=9).over("k", order_by="t")).sort("t")
    expected = pl.DataFrame(TABLE).select(m=pl.col("x").ewm_mean(span=9).over("k", order_by="t"))["m"]
    assert mean.to_list("m") == pytest.approx(expected.to_list(), nan_ok=True)
    deviation = frame.sort("t").select("t", s=sw.col("x").ewm_std(alpha=0.1)).sort("t").to_list("s")
    expected = pl.DataFrame(TABLE).select(s=pl.col("x").ewm_std(alpha=0.1))["s"]
    assert deviation == pytest.approx(expected.to_list())


def test_aggregates_of_partitioned_input(session, folder):
    frame = session.read_parquet(folder).sort("t")
    ours = frame.group_by("k").agg(
        top=sw.col("x").top_k(3),
        low=sw.col("x").bottom_k(2),
        most=sw.col("x").arg_max(),
        least=sw.col("x").arg_min(),
        near=sw.col("x").quantile(0.31, "nearest"),
    )
    theirs = (
        pl.DataFrame(TABLE)
        .group_by("k")
        .agg(
            top=pl.col("x").top_k(3).sort(descending=True),
            low=pl.col("x").bottom_k(2).sort(),
            most=pl.col("x").arg_max(),
            least=pl.col("x").arg_min(),
            near=pl.col("x").quantile(0.31, "nearest"),
        )
    )
    assert ours.sort("k").to_dict() == theirs.sort("k").to_dict(as_series=False)
    over = frame.select("t", "k", a=sw.col("x").arg_max().over("k")).sort("t").head(7).to_list("a")
    assert over == theirs.sort("k")["most"].to_list()


def test_positions_of_extremes_in_an_order(session, folder):
    frame = session.read_parquet(folder).filter(sw.col("t") < 60)
    rows = pl.DataFrame(TABLE).head(60)
    found = frame.select(
        "t",
        most=sw.col("x").arg_max().over("k", order_by="t", rows=(None, None)),
        least=sw.col("x").arg_min().over("k", order_by="t", rows=(None, None)),
        so_far=sw.col("x").arg_max().over("k", order_by="t"),
        falling=sw.col("x").arg_min().over(order_by="t", descending=True),
    ).sort("t")
    expected = rows.select(
        "t",
        most=pl.col("x").arg_max().over("k", order_by="t").cast(int),
        least=pl.col("x").arg_min().over("k", order_by="t").cast(int),
    )
    assert found.select("t", "most", "least").to_dict() == expected.to_dict(as_series=False)
    so_far, falling = [], []
    for t in range(60):
        group = [x for u, x in zip(TABLE["t"], TABLE["x"], strict=True) if u <= t and u % 7 == t % 7]
        there = [x for x in group if x is not None]
        so_far.append(group.index(max(there)) if there else None)
        later = TABLE["x"][t:60][::-1]
        falling.append(later.index(min(x for x in later if x is not None)))
    assert found.to_list("so_far") == so_far
    assert found.to_list("falling") == falling


def test_values_in_an_order_of_their_own(session, folder):
    frame = session.read_parquet(folder)

    def aggregates(library):
        x, ordered = library.col("x"), library.col("x").sort_by("j", "t", descending=[True, False])
        return {
            "all": ordered,
            "first": ordered.first(),
            "last": ordered.last(),
            "second": ordered.get(1),
            "some": ordered.head(3),
            "end": ordered.tail(2),
            "part": ordered.slice(1, 2),
            "sum": ordered.sum(),
            "n": ordered.len(),
            # Of equal keys Polars keeps no order.
            "twice": x.sort_by("t").sort_by("j") if library is sw else x.sort_by("j", "t"),
        }

    ours = frame.with_columns(j=sw.col("t") % 3).group_by("k").agg(**aggregates(sw))
    theirs = pl.DataFrame(TABLE).with_columns(j=pl.col("t") % 3).group_by("k")
    theirs = theirs.agg(**aggregates(pl))
    assert ours.sort("k").to_dict() == theirs.sort("k").to_dict(as_series=False)
    latest = (
        frame.select("t", last=sw.col("x").sort_by("t").last().over("k")).sort("t").head(7).to_list("last")
    )
    last = dict(zip(TABLE["k"], TABLE["x"], strict=True))
    assert latest == [last[k] for k in range(7)]
    values = frame.filter(sw.col("t") < 3).select(sw.col("t").sort_by("t", descending=True)).item()
    assert values == [2, 1, 0]


def test_groups_are_left_out(session, folder):
    frame = session.read_parquet(folder).filter(sw.col("t") < 20)
    some = frame.group_by("k").having(sw.len() > 2, sw.col("k") != 1)
    assert some.agg(n=sw.col("t").sum()).sort("k").to_dict() == {
        "k": [0, 2, 3, 4, 5],
        "n": [21, 27, 30, 33, 36],
    }
    assert some.len().columns == ["k", "len"]
    assert some.having(sw.col("t").max() > 18).quantile(0.5, "lower").to_dict()["k"] == [5]


def test_parts_on_both(session):
    frame = session.from_dict(
        {"s": ["a=1", "b", None], "j": ['{"v": [1, 2]}', None, "{}"], "h": ["ff", "x", "10"]}
    )
    found = frame.select(
        p=sw.col("s").str.splitn("=", 2),
        g=sw.col("s").str.extract_groups("(?<k>[a-z])(=)?"),
        j=sw.col("j").str.json_decode(sw.Struct({"v": sw.List(sw.Int32)})),
        m=sw.col("j").str.json_path_match("$.v[1]"),
        h=sw.col("h").str.to_integer(base=16, strict=False, dtype=sw.Int16),
    )
    assert found.schema["h"] == sw.Int16
    assert found.to_dict() == {
        "p": [
            {"field_0": "a", "field_1": "1"},
            {"field_0": "b", "field_1": None},
            {"field_0": None, "field_1": None},
        ],
        "g": [{"k": "a", "2": "="}, {"k": "b", "2": None}, None],
        "j": [{"v": [1, 2]}, None, {"v": None}],
        "m": ["2", None, None],
        "h": [255, None, 16],
    }


def test_no_positions_take_no_elements(session):
    frame = session.from_dict({"t": [1, 2, 3], "l": [[1], [], None]}).sort("t")
    assert frame.select(sw.col("l").list.gather([])).to_dict() == {"l": [[], [], None]}


def test_frames_fill_up_to_a_limit(session):
    frame = session.from_dict({"t": [1, 2, 3, 4], "x": [1, None, None, 4]}).sort("t")
    assert frame.fill_null(strategy="forward", limit=1).to_dict()["x"] == [1, 1, None, 4]
    assert frame.fill_null(strategy="backward", limit=1).to_dict()["x"] == [1, None, 4, 4]


FRAME = sw.from_dict({"x": [1, 2], "l": [[1], [2, 3]], "s": ["a", "b"], "q": [{"a": 1}, {"a": 2}]})
x, texts, lists, structs = sw.col("x"), sw.col("s").str, sw.col("l").list, sw.col("q").struct


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: x.ewm_mean(), "expected one of com, span, half_life and alpha, got none"),
        (lambda: x.ewm_std(com=1, span=2), "got com, span"),
        (lambda: x.ewm_mean(alpha=0), "alpha to be more than 0 and at most 1, got 0"),
        (lambda: x.ewm_mean(com=-1), "com to be 0 or more, got -1"),
        (lambda: x.ewm_var(half_life=float("nan")), "half_life to be more than 0"),
        (lambda: x.ewm_mean(span="2"), "expected span as a number"),
        (lambda: x.ewm_mean(com=1, min_samples=-1), "min_samples of 0 or more"),
        (lambda: sw.col("s").ewm_mean(com=1), "expected numbers, got"),
        (lambda: x.top_k(-1), "whole number of values"),
        (lambda: sw.col("l").top_k(1), "values that have an order"),
        (lambda: x.quantile(0.5, "best"), "expected the interpolation 'linear'"),
        (lambda: x.quantile(2, "lower"), "between 0 and 1"),
        (lambda: x.rolling_quantile(0.5, 2, interpolation="x"), "expected the interpolation"),
        (lambda: x.rolling_skew(0), "at least 1 row"),
        (lambda: x.forward_fill(-1), "limit to be a whole number"),
        (lambda: x.fill_null(strategy="max", limit=1), "a limit goes with"),
        (lambda: FRAME.fill_null(0, limit=1), "a limit goes with"),
        (lambda: lists.std(-1), "ddof to be a whole number"),
        (lambda: lists.gather(0), "for one element use list.get"),
        (lambda: lists.gather([1]), "the position 1 does not exist in a list of 1 elements"),
        (lambda: lists.shift(0.5), "expected a whole number"),
        (lambda: lists.diff(null_behavior="x"), "expected 'ignore' or 'drop'"),
        (lambda: texts.splitn("-", 0), "expected n of 1 or more"),
        (lambda: texts.split_exact(1, 1), "expected a text to split at"),
        (lambda: texts.extract_groups("a"), "has no groups"),
        (lambda: texts.extract_groups("("), "no regular expression"),
        (lambda: texts.to_integer(), "'a' is no whole number of base 10"),
        (lambda: texts.to_integer(base=1), "base from 2 to 36, got 1"),
        (lambda: texts.to_integer(dtype=float), "expected a type of whole numbers"),
        (lambda: texts.json_decode(None), "expected a data type, such as sw.Struct"),
        (lambda: texts.json_decode(sw.Int64), "'a' is not one value of JSON"),
        (lambda: texts.json_path_match("a"), "expected a path such as $.name"),
        (lambda: texts.json_path_match(x), "expected a path as text"),
        (lambda: structs.with_fields(), "expected at least one field"),
        (lambda: sw.col("x").struct.with_fields(a=1), "expected a struct, got Int64"),
        (lambda: structs.rename_fields("a"), "expected a list of names"),
        (lambda: structs.rename_fields(["a", "b"]), "expected 1 names"),
        (lambda: FRAME.group_by("x").having(), "at least one predicate"),
        (lambda: FRAME.group_by("x").having(sw.col("y") > 1).len(), "y"),
        (lambda: FRAME.group_by("x").quantile(0.5, "best"), "expected the interpolation"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises((sw.errors.SwathError, ValueError, TypeError)) as raised:
        run(make)
    assert message in str(raised.value)


def run(make):
    made = make()
    made = made if isinstance(made, sw.DataFrame) else FRAME.select(made)
    return made.to_dict()


NAN = math.nan


def test_nan_is_the_largest_value(session):
    """With groups, without and in windows, whatever comes first; also the NaN with its sign bit set."""
    values = [1.0, NAN, 2.0, -NAN, 5.0, NAN, None, None, math.inf, -math.inf, -NAN, -0.0]
    keys = [1, 1, 1, 2, 2, 3, 3, 4, 5, 5, 5, 6]
    for kind in [sw.Float32, sw.Float64]:
        df = session.from_dict({"k": keys, "f": values}).with_columns(f=sw.col("f").cast(kind))
        both = {"low": sw.col("f").min(), "high": sw.col("f").max()}
        expected = [(1, 1.0, NAN), (2, 5.0, NAN), (3, NAN, NAN), (4, None, None), (5, -math.inf, NAN)]
        expected += [(6, 0.0, 0.0)]
        assert repr(df.group_by("k").agg(**both).sort("k").rows()).replace("-0.0", "0.0") == repr(expected)
        assert repr(df.select(**both).rows()) == repr([(-math.inf, NAN)])
        windows = df.select("k", low=sw.col("f").min().over("k"), high=sw.col("f").max().over("k"))
        assert repr(windows.unique().sort("k").rows()).replace("-0.0", "0.0") == repr(expected)


def test_rolling_extremes_over_nan(session):
    df = session.from_dict({"i": [1, 2, 3, 4], "f": [3.0, NAN, 1.0, 2.0]})
    rolled = df.sort("i").select(
        low=sw.col("f").rolling_min(2, min_samples=1), high=sw.col("f").rolling_max(2, min_samples=1)
    )
    assert repr(rolled.to_dict()) == repr({"low": [3.0, 3.0, 1.0, 1.0], "high": [3.0, NAN, NAN, 2.0]})
