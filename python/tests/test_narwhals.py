"""narwhals' lazy frames over ours give what they give over polars."""

import datetime as dt

import narwhals as nw
import narwhals.selectors as ncs
import polars as pl
import pytest
from test_plots import plugin  # noqa: F401

import swath as sw

DATA = {
    "i": [3, 1, None, 2, 3, -7],
    "j": [1, 2, 3, 4, 5, 6],
    "f": [0.5, None, 2.5, float("nan"), 0.5, -1.5],
    "s": ["x", "yy", None, " x", "X", "abc"],
    "k": ["a", "b", "a", "b", "a", "b"],
    "b": [True, False, None, True, False, True],
    "d": [dt.date(2026, 1, day) for day in range(1, 7)],
    "t": [dt.datetime(2026, 1, 1, hour, 30, 5, 123456) for hour in range(6)],
    "l": [[1, 2], [3], [], None, [5, 4], [1, 1]],
}


def rows(frame):
    def key(row):
        return tuple((value is None, str(type(value)), str(value)) for value in row)

    def plain(value):
        return "nan" if value != value else round(value, 9) if isinstance(value, float) else value

    return sorted((tuple(plain(value) for value in row) for row in frame.rows()), key=key)


PROGRAMS = {
    "select": lambda f: f.select("i", nw.col("j") + 1, z=nw.col("f") * 2),
    "aggregate": lambda f: f.select(nw.col("i").sum(), nw.col("j").max(), nw.col("f").count(), n=nw.len()),
    "broadcast": lambda f: f.select("j", total=nw.col("j").sum()),
    "with_columns": lambda f: f.select("i", "j").with_columns(nw.col("i") - nw.col("j"), r=10 - nw.col("j")),
    "arithmetic": lambda f: f.select(
        a=nw.col("j") / 2,
        b=nw.col("j") // 2,
        c=nw.col("j") % 3,
        d=nw.col("j") ** 2,
        e=-nw.col("j"),
        g=7 // nw.col("j"),
    ),
    "negative remainder": lambda f: f.select(a=nw.col("i") % 4, b=nw.col("i") // 4),
    "comparison": lambda f: f.select(
        a=nw.col("i") > 1, b=nw.col("i") == nw.col("j"), c=(nw.col("i") > 1) & nw.col("b"), d=~nw.col("b")
    ),
    "filter": lambda f: f.filter(nw.col("i") > 1, nw.col("s").str.len_chars() == 1).select("i", "s"),
    "filter by aggregate": lambda f: f.filter(nw.col("j") > nw.col("j").mean()).select("j"),
    "nulls": lambda f: f.select(
        a=nw.col("i").is_null(),
        b=nw.col("i").fill_null(0),
        c=nw.col("f").is_nan(),
        d=nw.col("i").is_in([1, 3]),
    ),
    "null_count": lambda f: f.select(nw.col("i", "f", "s").null_count()),
    "drop_nulls": lambda f: f.select("i", "s").drop_nulls(),
    "when": lambda f: f.select(
        a=nw.when(nw.col("i") > 1).then(nw.lit("big")).otherwise(nw.lit("small")), j="j"
    ),
    "cast": lambda f: f.select(nw.col("j").cast(nw.Float64), a=nw.col("j").cast(nw.String)),
    "clip and round": lambda f: f.select(
        a=nw.col("i").clip(0, 2), b=(nw.col("j") / 3).round(2), c=nw.col("i").abs()
    ),
    "math": lambda f: f.select(
        a=nw.col("j").sqrt(), b=nw.col("j").exp(), c=nw.col("j").log(2), d=nw.col("j").sin()
    ),
    "horizontal": lambda f: f.select(
        a=nw.sum_horizontal("i", "j"),
        b=nw.max_horizontal("i", "j"),
        c=nw.mean_horizontal("i", "j"),
        d=nw.coalesce("i", "j"),
        e=nw.concat_str([nw.col("k"), nw.col("s")], separator="-"),
        g=nw.any_horizontal(nw.col("b"), nw.col("j") > 3, ignore_nulls=True),
    ),
    "strings": lambda f: f.select(
        a=nw.col("s").str.to_uppercase(),
        b=nw.col("s").str.contains("x"),
        c=nw.col("s").str.slice(0, 1),
        d=nw.col("s").str.strip_chars(),
        e=nw.col("s").str.replace_all("x", "z"),
        g=nw.col("s").str.starts_with("a"),
        h=nw.col("s").str.zfill(4),
    ),
    "dates": lambda f: f.select(
        a=nw.col("d").dt.year(),
        b=nw.col("t").dt.hour(),
        c=nw.col("t").dt.truncate("2h"),
        d=nw.col("d").dt.weekday(),
        e=nw.col("t").dt.date(),
        g=nw.col("t").dt.minute(),
        h=nw.col("t").dt.to_string("%Y-%m"),
    ),
    "lists": lambda f: f.select(a=nw.col("l").list.len(), b=nw.col("l").list.max(), c=nw.col("l").list.sum()),
    "over": lambda f: f.select("k", a=nw.col("j").sum().over("k"), b=nw.col("j").mean().over("k")),
    "ordered windows": lambda f: f.select(
        "k",
        a=nw.col("j").cum_sum().over("k", order_by="j"),
        b=nw.col("j").shift(1).over("k", order_by="j"),
        c=nw.col("j").diff().over(order_by="j"),
        d=nw.col("j").rolling_mean(2, min_samples=1).over(order_by="j"),
        e=nw.col("i").cum_max().over(order_by="j"),
    ),
    "rank": lambda f: f.select("i", a=nw.col("i").rank("min"), b=nw.col("i").rank("dense", descending=True)),
    "unique flags": lambda f: f.select("i", a=nw.col("i").is_unique(), b=~nw.col("i").is_duplicated()),
    "forward fill": lambda f: f.select("j", a=nw.col("i").fill_null(strategy="forward").over(order_by="j")),
    "group_by": lambda f: f.group_by("k").agg(
        nw.col("i").sum(), n=nw.len(), m=nw.col("f").count(), u=nw.col("i").n_unique(), s=nw.col("j").std()
    ),
    "group_by expression": lambda f: f.group_by((nw.col("j") % 2).alias("odd")).agg(nw.col("j").max()),
    "group_by dropping nulls": lambda f: f.group_by("i", drop_null_keys=True).agg(nw.col("j").min()),
    "group_by selectors": lambda f: f.select("k", "i", "j").group_by("k").agg(ncs.numeric().max()),
    "quantile": lambda f: f.select(a=nw.col("j").quantile(0.25, "linear"), b=nw.col("j").median()),
    "sort": lambda f: f.select("i", "j").sort("i", "j", descending=[True, False], nulls_last=True).head(3),
    "top_k": lambda f: f.select("j").top_k(2, by="j"),
    "unique": lambda f: f.select("i", "k").unique(["i", "k"], keep="any"),
    "unique last": lambda f: f.select("k", "j").unique("k", keep="last", order_by="j"),
    "unique none": lambda f: f.select("i", "j").unique("i", keep="none"),
    "join": lambda f: f.select("i", "k").join(f.select("j", "k"), on="k", how="inner"),
    "join left": lambda f: f.select("i", "k").join(
        f.select("j", z="k"), left_on="i", right_on="j", how="left"
    ),
    "join full": lambda f: f.select("i", "k").join(
        f.select("j", z="k"), left_on="i", right_on="j", how="full"
    ),
    "join anti": lambda f: f.select("i", "k").join(f.select("j"), left_on="i", right_on="j", how="anti"),
    "join cross": lambda f: f.select("i").join(f.select("j"), how="cross"),
    "join_asof": lambda f: f.select("j", "k").join_asof(f.select(x="j", y="i"), left_on="j", right_on="x"),
    "explode": lambda f: f.select("j", "l").filter(nw.col("l").list.len() > 0).explode("l"),
    "unpivot": lambda f: f.select("i", "j", "k").unpivot(on=["i", "j"], index="k"),
    "rename and drop": lambda f: f.select("i", "j", "k").rename({"i": "z"}).drop("k"),
    "row index": lambda f: f.select("j").with_row_index("n", order_by="j"),
    "concat": lambda f: nw.concat([f.select("i"), f.select("i")]),
    "concat diagonal": lambda f: nw.concat([f.select("i"), f.select("j")], how="diagonal"),
    "struct": lambda f: f.select(p=nw.struct("i", "k")).select(nw.col("p").struct.field("k")),
    "replace_strict": lambda f: f.select(a=nw.col("k").replace_strict(["a"], ["z"], default=nw.lit("?"))),
    "first": lambda f: f.group_by("k").agg(nw.col("j").first(order_by="j"), z=nw.col("i").last(order_by="j")),
    "all and any": lambda f: f.group_by("k").agg(a=nw.col("b").all(), o=nw.col("b").any()),
    "selectors": lambda f: f.select(ncs.numeric() - ncs.by_dtype(nw.Float64)),
    "quantiles": lambda f: f.select(
        nw.col("j").quantile(0.4, "lower"), i=nw.col("j").quantile(0.4, "nearest")
    ),
    "pipe": lambda f: f.pipe(lambda g: g.select(nw.all().count())),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_what_it_gives_over_polars(name):
    program = PROGRAMS[name]
    ours = program(nw.from_native(sw.from_dict(DATA).limit(100))).collect(backend="polars").to_native()
    theirs = program(nw.from_native(pl.LazyFrame(DATA))).collect().to_native()
    assert ours.columns == theirs.columns
    assert rows(ours) == rows(theirs)


def test_types():
    lazy = nw.from_native(sw.from_dict(DATA).limit(100))
    assert lazy.collect_schema() == nw.from_native(pl.LazyFrame(DATA)).collect_schema()


def test_results_are_of_the_library_that_is_asked_for():
    lazy = nw.from_native(sw.from_dict(DATA).limit(100)).select("j")
    assert lazy.collect().implementation.is_pyarrow()
    assert lazy.collect("pandas").implementation.is_pandas()
    assert nw.to_native(lazy.collect("polars")).equals(pl.DataFrame({"j": DATA["j"]}))


def test_what_is_not_there_is_said():
    lazy = nw.from_native(sw.from_dict(DATA).limit(100))
    with pytest.raises(NotImplementedError):
        lazy.select(nw.col("j").mode(keep="all")).collect()


def test_files(tmp_path):
    sw.from_dict({"a": [1, 2]}).write_parquet(tmp_path / "t.parquet")
    lazy = nw.from_native(sw.read_parquet(tmp_path / "t.parquet"))
    lazy.filter(nw.col("a") > 1).sink_parquet(tmp_path / "u.parquet")
    assert sw.read_parquet(tmp_path / "u.parquet").to_list() == [2]
