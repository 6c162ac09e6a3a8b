"""Random expressions over random rows give what Polars gives."""

import datetime as dt

import polars as pl
from frames import assert_close_rows
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

import swath as sw

FEW = st.none() | st.integers(-4, 4)
TEXT = st.none() | st.sampled_from(["", "a", "b", "Ab", "ä b", "12"])
FLOATS = st.none() | st.sampled_from([-1.5, 0.0, 0.25, 2.25, 1e6, float("nan")])
DAYS = st.none() | st.dates(min_value=dt.date(2019, 12, 1), max_value=dt.date(2020, 3, 2))
TIMES = st.none() | st.datetimes(min_value=dt.datetime(2020, 2, 1), max_value=dt.datetime(2020, 3, 2))
LISTS = st.none() | st.lists(st.none() | st.integers(-2, 2), max_size=4)
TYPES = {
    "k": pl.Int64,
    "s": pl.String,
    "x": pl.Float64,
    "b": pl.Boolean,
    "d": pl.Date,
    "t": pl.Datetime("us"),
    "l": pl.List(pl.Int64),
}


@st.composite
def tables(draw):
    """Rows as Polars and as ours, numbered by ``i``."""
    drawn = draw(
        st.lists(st.tuples(FEW, TEXT, FLOATS, st.none() | st.booleans(), DAYS, TIMES, LISTS), max_size=10)
    )
    columns = {name: [row[place] for row in drawn] for place, name in enumerate(TYPES)}
    theirs = pl.DataFrame(columns, schema=TYPES).with_columns(i=pl.int_range(pl.len(), dtype=pl.Int64))
    return theirs, sw.from_polars(theirs)


def later(draw, make, depth):
    """Return a part that is drawn when it is used, and then stays what it is."""
    drawn = []

    def part(m):
        if not drawn:
            drawn.append(make(draw, depth))
        return drawn[0](m)

    return part


def number(draw, depth):
    """A number of the module ``m``: a function of the module, so that both make the same expression."""
    if depth == 0 or draw(st.booleans()):
        name = draw(st.sampled_from(["k", "i", "x"]))
        return lambda m: m.col(name)
    one, other = later(draw, number, depth - 1), later(draw, number, depth - 1)
    truth_, text_ = later(draw, truth, depth - 1), later(draw, text, depth - 1)
    few = draw(st.integers(-3, 3))
    made = {
        "add": lambda m: one(m) + other(m),
        "subtract": lambda m: one(m) - few,
        "multiply": lambda m: one(m) * other(m),
        "divide": lambda m: one(m) / other(m),
        "negative": lambda m: -one(m),
        "abs": lambda m: one(m).abs(),
        "fill_null": lambda m: one(m).fill_null(few),
        "clip": lambda m: one(m).clip(-1, 2),
        "choice": lambda m: m.when(truth_(m)).then(one(m)).otherwise(other(m)),
        "length": lambda m: text_(m).str.len_chars().cast(m.Int64),
        "year": lambda m: m.col("d").dt.year().cast(m.Int64),
        "day": lambda m: m.col("t").dt.day().cast(m.Int64),
        "weekday": lambda m: m.col("d").dt.weekday().cast(m.Int64),
        "ordinal": lambda m: m.col("t").dt.ordinal_day().cast(m.Int64),
        "hour": lambda m: m.col("t").dt.hour().cast(m.Int64),
        "list length": lambda m: m.col("l").list.len().cast(m.Int64),
        "list sum": lambda m: m.col("l").list.get(0, null_on_oob=True) if m is pl else m.col("l").list.get(0),
        "list max": lambda m: m.col("l").list.max(),
        "coalesce": lambda m: m.coalesce(one(m), other(m)),
        "mean over": lambda m: m.col("k").mean().over("s"),
        "max over": lambda m: m.col("i").max().over("b"),
        "floor": lambda m: one(m).cast(m.Float64).floor(),
        "sign": lambda m: m.col("k").sign(),
        "sqrt": lambda m: one(m).cast(m.Float64).abs().sqrt(),
        "is in": lambda m: truth_(m).cast(m.Int64),
        "replace": lambda m: m.col("k").replace({1: 10, 2: None}),
        "minimum": lambda m: m.min_horizontal(m.col("k"), m.col("i")),
        "shift": lambda m: m.col("k").shift(few).over("s", order_by="i"),
        "cumulative": lambda m: m.col("i").cum_sum().over("s", order_by="i"),
        "difference": lambda m: m.col("i").diff().over("s", order_by="i"),
        "rank": lambda m: m.col("i").rank("min").over("s").cast(m.Int64),
    }
    return made[draw(st.sampled_from(sorted(made)))]


def truth(draw, depth):
    if depth == 0:
        return lambda m: m.col("b")
    one, other = later(draw, truth, depth - 1), later(draw, truth, depth - 1)
    left, text_ = later(draw, number, depth - 1), later(draw, text, depth - 1)
    made = {
        "and": lambda m: one(m) & other(m),
        "or": lambda m: one(m) | other(m),
        "not": lambda m: ~one(m),
        "less": lambda m: m.col("k") < m.col("i"),
        "equal": lambda m: m.col("k") == m.col("i"),
        "missing": lambda m: m.col("k").eq_missing(m.col("i")),
        "null": lambda m: left(m).is_null(),
        "in": lambda m: m.col("k").is_in([1, 2, -1]),
        "between": lambda m: m.col("k").is_between(-1, 2, closed="left"),
        "contains": lambda m: text_(m).str.contains("a", literal=True),
        "starts": lambda m: text_(m).str.starts_with("a"),
        "ends": lambda m: text_(m).str.ends_with("b"),
        "nan": lambda m: m.col("x").is_nan(),
        "finite": lambda m: m.col("x").is_finite(),
        "before": lambda m: m.col("d") < dt.date(2020, 1, 1),
        "list": lambda m: m.col("l").list.contains(1),
        "duplicated": lambda m: m.col("k").is_duplicated(),
        "xor": lambda m: one(m) ^ other(m),
        "any": lambda m: m.any_horizontal(one(m), other(m)),
    }
    return made[draw(st.sampled_from(sorted(made)))]


def text(draw, depth):
    if depth == 0:
        return lambda m: m.col("s")
    one, other, truth_ = (
        later(draw, text, depth - 1),
        later(draw, text, depth - 1),
        later(draw, truth, depth - 1),
    )
    few = draw(st.integers(0, 3))
    made = {
        "upper": lambda m: one(m).str.to_uppercase(),
        "lower": lambda m: one(m).str.to_lowercase(),
        "slice": lambda m: one(m).str.slice(few, 2),
        "head": lambda m: one(m).str.head(few),
        "tail": lambda m: one(m).str.tail(few),
        "strip": lambda m: one(m).str.strip_chars("a "),
        "prefix": lambda m: one(m).str.strip_prefix("a"),
        "replace": lambda m: one(m).str.replace_all("a", "zz", literal=True),
        "pad": lambda m: one(m).str.pad_start(few, "*"),
        "zfill": lambda m: one(m).str.zfill(few),
        "reverse": lambda m: one(m).str.reverse(),
        "join": lambda m: m.concat_str(one(m), other(m), separator="-"),
        "number": lambda m: m.col("k").cast(m.String),
        "day": lambda m: m.col("d").dt.strftime("%Y/%m"),
        "choice": lambda m: m.when(truth_(m)).then(one(m)).otherwise(m.lit("?")),
        "fill": lambda m: one(m).fill_null("-"),
    }
    return made[draw(st.sampled_from(sorted(made)))]


@examples(80)
@given(st.data(), tables())
def test_expressions(data, both):
    theirs, ours = both
    parts = [number(data.draw, 2), truth(data.draw, 2), text(data.draw, 2)]
    named = [f"c{place}" for place in range(3)]
    wanted = theirs.select("i", **{name: part(pl) for name, part in zip(named, parts, strict=True)})
    got = ours.select("i", **{name: part(sw) for name, part in zip(named, parts, strict=True)})
    assert_close_rows(got.rows(), wanted.rows())


AGGREGATES = {
    "min": lambda m: m.col("k").min(),
    "max": lambda m: m.col("s").max(),
    "mean": lambda m: m.col("k").mean(),
    "median": lambda m: m.col("k").median(),
    "std": lambda m: m.col("k").std(),
    "var": lambda m: m.col("k").var(ddof=0),
    "count": lambda m: m.col("s").count().cast(m.Int64),
    "len": lambda m: m.len().cast(m.Int64),
    "n_unique": lambda m: m.col("i").n_unique().cast(m.Int64),
    "first": lambda m: m.col("s").sort_by("i").first() if m is pl else m.col("s").first().order_by("i"),
    "last": lambda m: m.col("k").sort_by("i").last() if m is pl else m.col("k").last().order_by("i"),
    "filtered": lambda m: (
        m.col("i").filter(m.col("b")).max() if m is pl else m.col("i").max().filter(m.col("b"))
    ),
    "computed": lambda m: m.col("i").max() - m.col("i").min(),
    "any": lambda m: m.col("b").fill_null(False).any(),
    "all": lambda m: m.col("b").fill_null(False).all(),
    "days": lambda m: m.col("d").max(),
    "nulls": lambda m: m.col("x").null_count().cast(m.Int64),
    "list": lambda m: m.col("i").sort() if m is pl else m.col("i").implode().order_by("i"),
    "weighed": lambda m: (m.col("k") * m.col("i")).max(),
    "max_by": lambda m: m.col("k").sort_by("i").last() if m is pl else m.col("k").max_by("i"),
}
KEYS = {
    "column": lambda m: ["s"],
    "two": lambda m: ["k", "b"],
    "computed": lambda m: [(m.col("k") % 2).alias("key")],
    "month": lambda m: [m.col("d").dt.month().cast(m.Int64).alias("key")],
}


@examples(40)
@given(st.data(), tables())
def test_aggregates(data, both):
    theirs, ours = both
    chosen = data.draw(st.lists(st.sampled_from(sorted(AGGREGATES)), min_size=1, max_size=3, unique=True))
    keys = KEYS[data.draw(st.sampled_from(sorted(KEYS)))]
    wanted = theirs.group_by(keys(pl)).agg(**{name: AGGREGATES[name](pl) for name in chosen})
    got = ours.group_by(keys(sw)).agg(**{name: AGGREGATES[name](sw) for name in chosen})
    assert_rows_with_lists(got, wanted)
    if len(theirs):
        named = [name for name in chosen if name != "list"] or ["len"]
        wanted = theirs.select(**{name: AGGREGATES[name](pl) for name in named})
        got = ours.agg(**{name: AGGREGATES[name](sw) for name in named})
        assert_close_rows(got.rows(), wanted.rows())


def assert_rows_with_lists(got, wanted):
    plain = [
        [tuple(str(v) if isinstance(v, list) else v for v in row) for row in one.rows()]
        for one in (got, wanted)
    ]
    assert_close_rows(*plain)


@examples(30)
@given(st.data(), tables())
def test_rolling(data, both):
    theirs, ours = both
    rows_, least, center = (
        data.draw(st.integers(1, 4)),
        data.draw(st.integers(1, 2)),
        data.draw(st.booleans()),
    )
    least = min(least, rows_)
    options = {"window_size": rows_, "min_samples": least, "center": center}
    made = {
        name: lambda m, name=name: getattr(m.col("k"), f"rolling_{name}")(**options)
        for name in ("sum", "mean", "min", "max")
    }
    wanted = theirs.sort("i").select("i", **{name: one(pl) for name, one in made.items()})
    got = ours.sort("i").select("i", **{name: one(sw) for name, one in made.items()})
    assert_close_rows(got.rows(), wanted.rows())


@examples(30)
@given(st.data(), tables())
def test_groups_of_time(data, both):
    theirs, ours = both
    every = data.draw(st.sampled_from(["1d", "1w", "1mo", "12h", "1q"]))
    closed = data.draw(st.sampled_from(["left", "right"]))
    theirs, ours = theirs.drop_nulls("t").sort("t"), ours.drop_nulls("t")
    wanted = theirs.group_by_dynamic("t", every=every, closed=closed).agg(
        n=pl.len().cast(pl.Int64), last=pl.col("i").max()
    )
    got = ours.group_by_dynamic("t", every=every, closed=closed).agg(n=sw.len(), last=sw.col("i").max())
    assert_close_rows(got.rows(), wanted.rows())
