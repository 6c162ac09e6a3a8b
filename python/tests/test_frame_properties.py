"""Frames over random rows give what polars gives."""

import polars as pl
import pytest
from frames import rows
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

import swath as sw
from swath import col

FEW = st.none() | st.integers(-3, 3)
LETTERS = st.none() | st.sampled_from(["", "a", "b", "ä"])
FLOATS = st.none() | st.sampled_from([-1.5, 0.0, 2.25, 1e9])
TYPES = {"k": pl.Int64, "s": pl.String, "x": pl.Float64, "n": pl.Int64}
SCHEMA = {"k": sw.Int64, "s": sw.String, "x": sw.Float64, "n": sw.Int64}

quick = examples(40)


@st.composite
def tables(draw):
    """Rows as polars and as ours."""
    drawn = draw(st.lists(st.tuples(FEW, LETTERS, FLOATS, st.integers(-(2**40), 2**40)), max_size=20))
    columns = {name: [row[position] for row in drawn] for position, name in enumerate(TYPES)}
    return pl.DataFrame(columns, schema=TYPES), sw.from_dict(columns, schema=SCHEMA)


def same(ours, theirs):
    assert ours.columns == theirs.columns
    assert rows(ours) == rows(theirs)


@quick
@given(tables())
def test_rows_come_back(both):
    theirs, ours = both
    assert ours.rows() == theirs.rows()
    assert sw.from_polars(theirs).rows() == theirs.rows()
    assert ours.to_polars().rows() == theirs.rows()
    same(ours.limit(100), theirs)


@quick
@given(tables(), st.integers(-3, 3))
def test_filters(both, least):
    theirs, ours = both
    same(ours.filter(col("k") >= least), theirs.filter(pl.col("k") >= least))
    same(ours.filter(~(col("k") == least)), theirs.filter(~(pl.col("k") == least)))
    same(
        ours.filter((col("x") < 1) | col("s").is_null()),
        theirs.filter((pl.col("x") < 1) | pl.col("s").is_null()),
    )
    same(ours.filter(col("k").is_in([least, 0])), theirs.filter(pl.col("k").is_in([least, 0])))


@quick
@given(tables())
def test_groups(both):
    theirs, ours = both
    got = ours.group_by("k", "s").agg(
        lo=col("x").min(), hi=col("n").max(), some=col("x").count(), all=sw.len(), mean=col("n").mean()
    )
    expected = theirs.group_by("k", "s").agg(
        lo=pl.col("x").min(),
        hi=pl.col("n").max(),
        some=pl.col("x").count(),
        all=pl.len(),
        mean=pl.col("n").mean(),
    )
    assert [row[:-1] for row in rows(got)] == [row[:-1] for row in rows(expected)]
    for (*_, mean), (*_, wanted) in zip(rows(got), rows(expected), strict=True):
        assert mean == pytest.approx(wanted)


@quick
@given(tables(), st.booleans(), st.booleans())
def test_sorting(both, descending, nulls_last):
    theirs, ours = both
    options = {"descending": descending, "nulls_last": nulls_last}
    by = ["k", "s", "x", "n"]
    assert ours.sort(by, **options).rows() == theirs.sort(by, **options).rows()
    assert ours.sort(by, **options).slice(2, 3).rows() == theirs.sort(by, **options).slice(2, 3).rows()
    assert ours.sort(by, **options).tail(3).rows() == theirs.sort(by, **options).tail(3).rows()


@quick
@given(tables(), tables(), st.sampled_from(["inner", "left", "right", "full", "semi", "anti"]), st.booleans())
def test_joins(left, right, how, nulls_equal):
    wanted = left[0].join(
        right[0].select("k", "s", z="x"), on=["k", "s"], how=how, nulls_equal=nulls_equal, coalesce=True
    )
    got = left[1].join(right[1].select("k", "s", z="x"), ["k", "s"], how, nulls_equal=nulls_equal)
    same(got.select(wanted.columns), wanted)


@quick
@given(tables(), tables())
def test_sets_of_rows(one, other):
    (theirs, ours), (theirs_too, ours_too) = one, other
    same(ours.union(ours_too), pl.concat([theirs, theirs_too]))
    same(ours.select("k", "s").distinct(), theirs.select("k", "s").unique())
    left, right = set(theirs.select("k", "s").rows()), set(theirs_too.select("k", "s").rows())
    key = repr
    assert sorted(ours.select("k", "s").intersect(ours_too.select("k", "s")).rows(), key=key) == sorted(
        left & right, key=key
    )
    assert sorted(ours.select("k", "s").except_(ours_too.select("k", "s")).rows(), key=key) == sorted(
        left - right, key=key
    )


@quick
@given(tables())
def test_nulls(both):
    theirs, ours = both
    same(ours.drop_nulls(), theirs.drop_nulls())
    same(ours.drop_nulls("k", "x"), theirs.drop_nulls(["k", "x"]))
    same(
        ours.fill_null({"k": 9, "s": "?"}),
        theirs.with_columns(pl.col("k").fill_null(9), pl.col("s").fill_null("?")),
    )
    same(ours.null_count(), theirs.null_count())


@quick
@given(tables())
def test_windows(both):
    theirs, ours = both
    theirs, ours = theirs.with_row_index("i").cast({"i": pl.Int64}), ours.with_row_index("i").cast({"i": int})
    same(
        ours.select("i", total=col("n").sum().over("k"), before=col("n").shift(1).over("k", order_by="i")),
        theirs.select(
            "i", total=pl.col("n").sum().over("k"), before=pl.col("n").shift(1).over("k", order_by="i")
        ),
    )
