from datetime import date, datetime, timedelta

import polars as pl
import pytest
from frames import assert_same

import swath as sw
from swath import col


@pytest.fixture
def sales(session):
    return session.from_dict(SALES)


SALES = {
    "year": [2024, 2024, 2025, 2025, 2025],
    "region": ["n", "s", "n", "n", None],
    "amount": [3, 5, 4, None, 1],
    "price": [1.5, 2.5, 0.5, 1.0, 4.0],
}
EXPECTED = pl.DataFrame(SALES)


def test_group_by(sales):
    assert_same(
        sales.group_by("region").agg(total=col("amount").sum(), n=sw.len()),
        EXPECTED.group_by("region").agg(total=pl.col("amount").sum(), n=pl.len().cast(pl.Int64)),
    )
    by_expression = sales.group_by(col("year") + 1, late=col("year") > 2024).agg(col("price").max())
    assert_same(
        by_expression,
        EXPECTED.group_by(pl.col("year") + 1, late=pl.col("year") > 2024).agg(pl.col("price").max()),
    )
    ratio = sales.group_by("year").agg(r=col("price").sum() / col("amount").sum())
    assert_same(ratio, EXPECTED.group_by("year").agg(r=pl.col("price").sum() / pl.col("amount").sum()))
    assert_same(sales.group_by("region").agg(sw.all().max()), EXPECTED.group_by("region").agg(pl.all().max()))


@pytest.mark.parametrize("shortcut", ["sum", "mean", "median", "min", "max"])
def test_shortcuts(sales, shortcut):
    numbers = sales.select("year", "amount", "price")
    expected = getattr(EXPECTED.select("year", "amount", "price").group_by("year"), shortcut)()
    assert_same(getattr(numbers.group_by("year"), shortcut)(), expected)


def test_counts_first_last_and_lists(sales):
    grouped = sales.sort("price").group_by("year")
    assert sorted(grouped.count().rows()) == [(2024, 2), (2025, 3)]
    assert grouped.len("n").columns == ["year", "n"]
    assert sorted(grouped.first().to_list("price")) == [0.5, 1.5]
    assert sorted(grouped.last().to_list("price")) == [2.5, 4.0]
    assert sorted(grouped.n_unique().to_list("amount")) == [2, 2]
    assert sorted(grouped.quantile(0.5).to_list("price")) == [1.0, 2.0]
    assert sorted(map(sorted, grouped.all().to_list("price"))) == [[0.5, 1.0, 4.0], [1.5, 2.5]]


def test_subtotals(sales):
    rows = sales.rollup("year", "region").agg(n=sw.len()).rows()
    assert (None, None, 5) in rows
    assert (2025, None, 3) in rows
    assert len(rows) == 4 + 2 + 1
    cube = sales.cube("year", "region").agg(n=sw.len()).rows()
    assert len(cube) == 4 + 2 + 3 + 1
    sets = sales.grouping_sets(["year"], ["region"]).agg(n=sw.len())
    assert sorted(row[2] for row in sets.rows()) == [1, 1, 2, 3, 3]
    assert sales.agg(col("price").sum()).item() == 9.5
    assert sales.limit(0).agg(n=sw.len()).item() == 0


TIMES = {
    "t": [datetime(2026, 1, 1, 0, minute) for minute in (0, 10, 40, 70 % 60)] + [datetime(2026, 1, 1, 2, 5)],
    "k": ["a", "b", "a", "a", "b"],
    "v": [1, 2, 3, 4, 5],
}


def test_buckets_of_time(session):
    df, expected = session.from_dict(TIMES), pl.DataFrame(TIMES)
    got = df.group_by_dynamic("t", every="1h").agg(col("v").sum())
    assert_same(
        got, expected.sort("t").group_by_dynamic("t", every="1h").agg(pl.col("v").sum()), ordered=True
    )
    assert_same(
        df.group_by_dynamic("t", every=timedelta(hours=1)).agg(col("v").sum()), got.to_polars(), ordered=True
    )
    options = {"every": "30m", "offset": "5m", "closed": "right", "label": "right"}
    assert_same(
        df.group_by_dynamic("t", group_by="k", **options).agg(col("v").sum()),
        expected.sort("k", "t").group_by_dynamic("t", group_by="k", **options).agg(pl.col("v").sum()),
    )
    months = session.from_dict({"d": [date(2026, 1, 31), date(2026, 2, 1)], "v": [1, 2]})
    bounds = months.group_by_dynamic("d", every="1mo", include_boundaries=True).agg(col("v").sum())
    assert bounds.columns == ["d", "_lower_boundary", "_upper_boundary", "v"]
    with pytest.raises(sw.SwathError, match="closed must be one of"):
        df.group_by_dynamic("t", every="1h", closed="up").agg(col("v").sum())


def test_windows_of_time(session):
    df, expected = session.from_dict(TIMES), pl.DataFrame(TIMES).sort("t")
    got = df.rolling("t", period="30m").agg(col("v").sum())
    assert_same(got, expected.rolling("t", period="30m").agg(pl.col("v").sum()))
    by_key = df.rolling("t", period="30m", closed="both", group_by="k").agg(col("v").sum())
    wanted = (
        expected.sort("k", "t").rolling("t", period="30m", closed="both", group_by="k").agg(pl.col("v").sum())
    )
    assert_same(by_key, wanted)


def test_explode_and_unnest(session):
    data = {"a": [1, 2, 3], "l": [[1, 2], [3], None], "p": [{"x": 1, "y": "u"}, {"x": 2, "y": None}, None]}
    df, expected = session.from_dict(data), pl.DataFrame(data)
    assert_same(df.select("a", "l").explode("l"), expected.select("a", "l").explode("l"))
    assert_same(df.select("a", "p").unnest("p"), expected.select("a", "p").unnest("p"))
    with pytest.raises(sw.SwathError, match="expected lists in column 'a'"):
        df.explode("a")


def test_pivot_and_unpivot(sales):
    wide = sales.filter(col("region").is_not_null()).pivot(
        "region", index="year", values="amount", aggregate_function="sum"
    )
    assert sorted(wide.rows()) == [(2024, 3, 5), (2025, 4, None)]
    chosen = sales.pivot("region", on_columns=["s"], index="year", values="amount", aggregate_function="max")
    assert chosen.columns == ["year", "s"]
    spread = sales.pivot(
        "region",
        on_columns=["n"],
        index="year",
        values="price",
        aggregate_function=lambda x: x.max() - x.min(),
    )
    assert sorted(spread.rows()) == [(2024, 0.0), (2025, 0.5)]
    with pytest.raises(ZeroDivisionError):
        sales.pivot(
            "region", on_columns=["n"], index="year", values="price", aggregate_function=lambda x: 1 / 0
        )
    long = sales.unpivot(["amount", "price"], index="year")
    assert_same(long, EXPECTED.unpivot(["amount", "price"], index="year"))
    assert sales.melt("year", ["amount"], var_name="v", value_name="x").columns == ["year", "v", "x"]


def test_nulls(session):
    data = {"a": [1, None, 3], "b": ["x", None, None], "c": [None, 2.5, None]}
    df, expected = session.from_dict(data), pl.DataFrame(data)
    assert_same(df.null_count(), expected.null_count())
    assert_same(df.drop_nulls(), expected.drop_nulls())
    assert_same(df.drop_nulls("a"), expected.drop_nulls("a"))
    assert df.fill_null(0).to_dict() == {"a": [1, 0, 3], "b": ["x", None, None], "c": [0.0, 2.5, 0.0]}
    assert df.fill_null({"b": "?", "a": 7}).to_dict()["b"] == ["x", "?", "?"]
    assert df.fill_null(strategy="min").to_dict()["a"] == [1, 1, 3]
    forward = df.with_row_index("n").sort("n").fill_null(strategy="forward")
    assert forward.to_dict()["b"] == ["x", "x", "x"]
    with pytest.raises(ValueError, match="either a value or a strategy"):
        df.fill_null()
    with pytest.raises(sw.SwathError, match="strategy must be one of"):
        df.fill_null(strategy="sideways")


def test_describe(session):
    df = session.from_dict({"a": [1, 2, 3, None], "s": ["x", "y", "z", "z"]})
    by_name = {row["statistic"]: row for row in df.describe().to_dicts()}
    assert by_name["count"]["a"] == 3
    assert by_name["mean"]["a"] == 2
    assert by_name["50%"]["a"] == 2
    assert by_name["max"]["s"] == "z"
