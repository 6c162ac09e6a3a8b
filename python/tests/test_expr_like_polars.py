"""Every expression here means the same in Polars: it is written once and run by both.

Over nulls, NaN, negative numbers, empty texts and lists, times before 1970.
"""

import datetime as dt
import math
import warnings

import polars as pl
import pytest

import swath as sw

DATA = {
    "i": [1, 2, 3, 4, 5, 6],
    "k": ["a", "b", "a", None, "b", "a"],
    "x": [3, None, -7, 10, 3, 0],
    "y": [2, 5, None, -3, 2, 7],
    "f": [1.5, None, -2.25, math.nan, 0.0, 100.125],
    "p": [0.5, None, 0.25, 1.0, 0.125, 0.75],
    "s": ["Hello", None, "a.b.a", "", "x1y22", "  pad "],
    "b": [True, None, False, True, False, None],
    "c": [False, False, None, True, True, None],
    "d": [dt.date(2024, 2, 29), None, dt.date(1969, 12, 31), dt.date(2023, 1, 1), dt.date(2000, 6, 15), None],
    "t": [
        dt.datetime(2024, 2, 29, 13, 14, 15, 678901),
        None,
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
        dt.datetime(2023, 1, 1),
        dt.datetime(2000, 6, 15, 1, 2, 3),
        dt.datetime(2024, 12, 30),
    ],
    "u": [
        dt.timedelta(days=2, hours=1),
        None,
        dt.timedelta(hours=-3, minutes=-30),
        dt.timedelta(0),
        dt.timedelta(seconds=59, microseconds=999999),
        dt.timedelta(days=-1),
    ],
    "l": [[3, 1, None, 3], None, [], [5], [-1, 2], [None]],
    "n": [[1, 3], [2], [None], [], [2, 2], None],
    "w": [["b", "a"], None, [], ["c", None], ["x"], [None]],
    "q": [
        {"m": 1, "z": "p"},
        {"m": None, "z": "q"},
        {"m": 3, "z": None},
        {"m": 4, "z": "r"},
        {"m": 5, "z": "s"},
        {"m": None, "z": None},
    ],
}

POLARS = pl.DataFrame(DATA)

ELEMENTWISE = """
col("x") + 1
1 + col("x")
col("x") - col("y")
10 - col("x")
col("x") * -2
2.5 * col("x")
col("x") / 2
col("x") / col("y")
7 / col("y")
col("x") // 2
col("x") // col("y")
-7 // col("y")
col("x") % 3
col("x") % col("y")
col("x") % -3
7 % col("y")
col("x") // 0
col("x") % 0
col("f") // 2
col("f") % 2.0
col("x") ** 2
col("f") ** 2
col("i") ** col("i")
col("x") ** col("i")
2 ** col("i")
col("x") ** 0
col("p") ** 0.5
-col("x")
+col("x")
abs(col("x"))
col("s") + "!"
"<" + col("s")
col("s") + col("k")
col("x") == 3
col("x") != 3
col("x") == col("y")
col("x") < 3
col("x") <= 3
col("x") > col("y")
col("x") >= 3
3 < col("x")
col("s") == "Hello"
col("s") > "a"
col("b") & col("c")
col("b") | col("c")
col("b") ^ col("c")
~col("b")
col("b") & True
col("b") | True
col("x").cast(int) & 6
col("x") | 1
col("x") ^ 5
(col("x") > 0) & (col("y") > 0)
col("d") + timedelta(days=3)
col("d") - timedelta(days=1)
col("t") + timedelta(hours=5)
col("t") - timedelta(seconds=1)
col("t") > datetime(2000, 1, 1)
col("d") == date(2024, 2, 29)
col("u") * 2
col("u") > timedelta(hours=1)
col("u") + timedelta(hours=1)
col("x").add(1)
col("x").sub(1)
col("x").mul(3)
col("x").truediv(4)
col("x").floordiv(4)
col("x").mod(4)
col("x").pow(2)
col("x").neg()
col("x").eq(3)
col("x").ne(3)
col("x").lt(3)
col("x").le(3)
col("x").gt(3)
col("x").ge(3)
col("b").and_(col("c"))
col("b").or_(col("c"))
col("b").xor(col("c"))
col("b").not_()
col("x").eq_missing(col("y"))
col("x").ne_missing(col("y"))
col("x").eq_missing(lit(None))
col("x").is_null()
col("f").is_not_null()
col("x").is_in([3, 10])
col("x").is_in([3, None])
col("s").is_in(["Hello", ""])
col("x").is_in([])
col("x").is_in([3, None], nulls_equal=True)
col("x").is_between(0, 3)
col("x").is_between(0, 3, closed="none")
col("x").is_between(0, 3, closed="left")
col("x").is_between(0, 3, closed="right")
col("x").fill_null(0)
col("x").fill_null(col("y"))
col("x").fill_null(strategy="forward")
col("x").fill_null(strategy="backward")
col("x").fill_null(strategy="min")
col("x").fill_null(strategy="max")
col("x").fill_null(strategy="zero")
col("x").fill_null(strategy="one")
col("f").fill_nan(0.0)
col("f").fill_nan(None)
col("x").replace(3, 33)
col("x").replace([3, 10], [1, 2])
col("k").replace({"a": "A"})
col("x").is_duplicated()
col("x").is_unique()
col("x").abs()
col("f").abs()
col("f").sign()
col("p").sqrt()
col("f").sqrt()
col("f").cbrt()
col("p").exp()
col("p").log()
col("p").log(2)
col("p").log10()
col("p").log1p()
col("f").floor()
col("f").ceil()
col("f").round(0)
(col("x") / 3).round(2)
col("f").sin()
col("f").cos()
col("f").tan()
col("p").arcsin()
col("p").arccos()
col("f").arctan()
col("p").sinh()
col("p").cosh()
col("f").tanh()
col("f").arcsinh()
(col("p") + 1).arccosh()
(col("p") / 2).arctanh()
col("f").degrees()
col("f").radians()
col("f").is_nan()
col("f").is_not_nan()
col("f").is_finite()
col("f").is_infinite()
col("x").clip(-1, 5)
col("x").clip(lower_bound=0)
col("x").clip(upper_bound=2)
col("f").fill_nan(None).clip(-1.0, 5.0)
col("f").clip(-1.0, 5.0)
col("f").clip(upper_bound=5.0)
col("f").clip(col("p"), 5.0)
col("x").clip(col("y"), 5)
col("x").cast(float)
col("f").fill_nan(0.0).cast(int)
col("x").cast(str)
col("x").cast(bool)
col("b").cast(int)
col("d").cast(datetime)
col("t").cast(date)
col("s").cast(int, strict=False)
when(col("x") > 2).then(1).otherwise(0)
when(col("x") > 2).then(col("x")).otherwise(col("y"))
when(col("x") > 5).then(1).when(col("x") > 2).then(2).otherwise(3)
when(col("x") > 2).then(col("y"))
when(col("x") > 2, col("y") > 0).then(1).otherwise(lit(None))
when(col("b")).then(lit("yes")).otherwise(lit("no"))
coalesce("x", "y")
coalesce(col("x"), col("y"), 0)
max_horizontal("x", "y")
min_horizontal("x", "y", lit(1))
sum_horizontal("x", "y")
mean_horizontal("x", "y")
all_horizontal("b", "c")
any_horizontal("b", "c")
concat_str("k", "s", separator="-")
concat_str("k", "s", separator="-", ignore_nulls=True)
concat_str(col("k"), lit("/"), col("i").cast(str))
format("{}={}", "k", "i")
concat_list("x", "y")
struct("x", "k")
struct(col("x").alias("e"), z=col("y") + 1)
lit(5) + col("x")
arctan2("p", "f")
col("s").str.contains("a")
col("s").str.contains("[0-9]+")
col("s").str.contains(".", literal=True)
col("s").str.starts_with("H")
col("s").str.ends_with("o")
col("s").str.extract("([a-z])([0-9])", 2)
col("s").str.extract("([a-z])([0-9])")
col("s").str.extract("[0-9]+", 0)
col("s").str.extract_all("[a-z]")
col("s").str.contains_any(["b.", "H"]) if polars else col("s").str.contains_any("b.", "H")
col("s").str.encode("hex")
col("s").str.encode("base64")
col("s").str.encode("base64").str.decode("base64").cast(str)
col("s").str.extract_all("[0-9]+")
col("s").str.count_matches("[a-z]")
col("s").str.count_matches(".", literal=True)
col("s").str.replace("a", "A")
col("s").str.replace("[0-9]", "#")
col("s").str.replace("([a-z])([0-9])", "$2$1")
col("s").str.replace("([a-z])([0-9])", "${2}_${1}x")
col("s").str.replace(".", "$1", literal=True)
col("s").str.replace_all("[a-z]", "_")
col("s").str.replace_all(".", "-", literal=True)
col("s").str.replace_all("([0-9])", "<$1>")
col("s").str.slice(1, 3)
col("s").str.slice(2)
col("s").str.slice(-3)
col("s").str.slice(-3, 2)
col("s").str.head(2)
col("s").str.tail(2)
col("s").str.head(-2)
col("s").str.tail(-2)
col("s").str.find("l")
col("s").str.find("[0-9]+")
col("s").str.find(".", literal=True)
col("s").str.len_chars()
col("s").str.len_bytes()
col("s").str.to_uppercase()
col("s").str.to_lowercase()
col("s").str.strip_chars()
col("s").str.strip_chars("H o")
col("s").str.strip_chars_start()
col("s").str.strip_chars_end()
col("s").str.strip_prefix("He")
col("s").str.strip_suffix("lo")
col("s").str.pad_start(6, "*")
col("s").str.pad_end(6, "*")
col("x").cast(str).str.zfill(4)
col("s").str.reverse()
col("s").str.split(".")
col("s").str.contains(col("k"), literal=True)
lit("2024-02-29").str.to_date()
lit("29/02/24").str.to_date("%d/%m/%y")
lit("2024-02-29 01:02:03").str.to_datetime("%Y-%m-%d %H:%M:%S")
col("d").dt.year()
col("d").dt.iso_year()
col("d").dt.quarter()
col("d").dt.month()
col("d").dt.week()
col("d").dt.day()
col("d").dt.weekday()
col("d").dt.ordinal_day()
col("t").dt.round("1h")
col("t").dt.round("1d")
col("t").dt.round("1mo")
col("t").dt.nanosecond()
col("t").dt.century()
col("d").dt.millennium()
col("d").dt.is_leap_year()
col("d").dt.days_in_month()
col("u").dt.total_milliseconds()
col("u").dt.total_microseconds()
col("u").dt.total_nanoseconds()
col("t").dt.year()
col("t").dt.week()
col("t").dt.iso_year()
col("t").dt.hour()
col("t").dt.minute()
col("t").dt.second()
col("t").dt.millisecond()
col("t").dt.microsecond()
col("t").dt.date()
col("t").dt.time()
col("t").dt.epoch("us")
col("t").dt.epoch("ms")
col("t").dt.epoch("s")
col("t").dt.epoch("d")
col("t").dt.timestamp("ms")
col("t").dt.truncate("1h")
col("t").dt.truncate("15m")
col("t").dt.truncate("1d")
col("t").dt.truncate("1w")
col("t").dt.truncate("1mo")
col("t").dt.truncate("1q")
col("t").dt.truncate("1y")
col("t").dt.offset_by("1mo")
col("t").dt.offset_by("-1d12h")
col("d").dt.offset_by("1mo")
col("d").dt.offset_by("1y")
col("t").dt.to_string("%Y/%m/%d %H:%M")
col("d").dt.strftime("%d.%m.%Y")
col("t").dt.convert_time_zone("Europe/Berlin").dt.hour()
col("t").dt.replace_time_zone("Asia/Tokyo").dt.epoch("s")
col("t").dt.replace_time_zone("Asia/Tokyo")
col("t").dt.replace_time_zone("Europe/Berlin", ambiguous="latest", non_existent="null")
lit(datetime(2024, 10, 27, 2, 30)).dt.replace_time_zone("Europe/Berlin", ambiguous="earliest").dt.epoch("s")
lit(datetime(2024, 10, 27, 2, 30)).dt.replace_time_zone("Europe/Berlin", ambiguous="latest").dt.epoch("s")
lit(datetime(2024, 10, 27, 2, 30)).dt.replace_time_zone("Europe/Berlin", ambiguous="null").dt.epoch("s")
lit(datetime(2024, 3, 31, 2, 30)).dt.replace_time_zone("Europe/Berlin", non_existent="null").dt.epoch("s")
col("t").dt.replace_time_zone("UTC").dt.replace_time_zone(None)
col("u").dt.total_days()
col("u").dt.total_hours()
col("u").dt.total_minutes()
col("u").dt.total_seconds()
(col("t") - col("t").min()).dt.total_days()
(col("d") - date(2000, 1, 1)).dt.total_days()
col("l").list.std()
col("l").list.var(ddof=0)
col("n").list.std(ddof=0)
col("l").list.shift()
col("l").list.shift(-2)
col("l").list.shift(col("y"))
col("l").list.diff()
col("l").list.diff(2)
col("n").list.diff(null_behavior="drop")
col("l").list.gather([0, -1, 7], null_on_oob=True)
col("l").list.gather(col("n"), null_on_oob=True)
col("w").list.gather([-1, 0], null_on_oob=True)
col("q").struct.with_fields((col("q").struct.field("m") * 2).alias("m"), u=lit(1).cast(int))
col("q").struct.rename_fields(["a", "b"])
col("s").str.splitn(".", 2)
col("s").str.splitn("l", 3)
col("s").str.split_exact(".", 1)
col("s").str.split_exact("a", 3)
col("s").str.extract_groups(r"(?<first>[A-Za-z])[a-z]*(.)")
(lit("0") + col("x").cast(str)).str.to_integer(base=8, strict=False)
col("k").str.to_integer(base=16)
col("k").str.to_integer(base=col("i") + 11)
concat_str(lit('{"a": ['), col("i"), lit(', "t"], "b": {"c": null}}')).str.json_path_match("$.a[0]")
concat_str(lit('{"a": ['), col("i"), lit(', "t"], "b": {"c": null}}')).str.json_path_match("$.a[-1]")
concat_str(lit('{"a": ['), col("i"), lit(', "t"], "b": {"c": null}}')).str.json_path_match("$['b'].c")
col("s").str.json_path_match("$.a")
concat_str(lit('{"a": '), col("i"), lit("}")).str.json_decode(Struct({"a": Int64, "z": String}))
concat_str(lit("["), col("p"), lit(", null]")).str.json_decode(List(Float64))
col("l").list.len()
col("l").list.min()
col("l").list.max()
col("n").list.mean()
col("l").list.reverse()
col("l").list.drop_nulls()
col("l").list.get(0, null_on_oob=True)
col("l").list.get(-1, null_on_oob=True)
col("l").list.first()
col("l").list.get(col("x") % 3, null_on_oob=True)
col("l").list.median()
col("n").list.median()
col("n").list.arg_max()
col("n").list.arg_min()
col("l").list.count_matches(3)
col("l").list.eval(element() > 2).list.any()
col("n").list.eval(element() > 2).list.all()
col("n").list.eval(element() * 2).list.eval(element() + 1)
col("n").list.eval(element() * 2).list.filter(element() > 3)
col("l").list.set_symmetric_difference(col("n")).list.sort()
col("l").list.last()
col("l").list.slice(1, 2)
col("l").list.slice(1)
col("l").list.slice(-1, 1)
col("l").list.head(2)
col("l").list.tail(2)
col("l").list.tail(1)
col("l").list.contains(3)
col("l").list.contains(col("x"))
col("l").list.sort()
col("l").list.sort(descending=True, nulls_last=True)
col("w").list.join("-", ignore_nulls=True) if polars else col("w").list.join("-")
col("l").list.concat(col("n"))
col("n").list.eval(element() * 2)
col("n").list.eval(element() + 1)
col("q").struct.field("m")
col("q").struct["z"]
col("x").shift()
col("x").shift(2)
col("x").shift(-1)
col("x").shift(1, fill_value=0)
col("x").diff()
col("x").diff(2)
col("p").pct_change()
col("i").cum_sum()
col("x").is_first_distinct()
col("x").is_last_distinct()
col("k").rle_id()
col("b").rle_id()
col("x").interpolate()
col("f").fill_nan(None).interpolate()
col("x").interpolate_by("i") if polars else col("x").interpolate("i")
col("x").cut([0, 3]).cast(str)
col("f").fill_nan(None).cut([-1.5, 0.25], left_closed=True).cast(str)
col("x").cut([0], labels=["low", "high"]).cast(str)
col("x").qcut([0.25, 0.5], labels=["a", "b", "c"]).cast(str)
col("p").is_close(0.25)
col("f").is_close(1.5, abs_tol=4.0, rel_tol=0.0)
col("x").replace_strict({3: 30, 10: 100}, default=-1)
col("x").map_elements(lambda x: x * 2, int)
col("x").ewm_mean(com=1)
col("x").ewm_mean(span=3, adjust=False)
col("x").ewm_mean(half_life=2, ignore_nulls=True)
col("x").ewm_mean(alpha=0.25, adjust=False, ignore_nulls=True, min_samples=3)
col("p").ewm_mean(alpha=1.0)
col("x").ewm_var(com=1)
col("x").ewm_var(com=1, bias=True, adjust=False)
col("x").ewm_var(alpha=0.3, adjust=False, ignore_nulls=True)
col("x").ewm_std(com=1, min_samples=2)
col("x").ewm_std(half_life=1.5, bias=True, ignore_nulls=True)
col("x").ewm_mean(com=1).over("k", order_by="i")
col("i").ewm_std(span=2).over("b", order_by="i")
col("i").cum_prod(reverse=True)
col("i").cum_min(reverse=True)
col("x").cum_count(reverse=True)
col("y").forward_fill(0)
col("b").forward_fill(1)
col("d").backward_fill(limit=1)
col("x").fill_null(strategy="forward", limit=1)
col("i").rolling_skew(3)
col("y").rolling_skew(4, min_samples=3, bias=False)
col("i").rolling_kurtosis(4)
col("y").rolling_kurtosis(5, min_samples=4, fisher=False, bias=False)
col("i").rolling_quantile(0.3, window_size=4, interpolation="higher")
col("i").rolling_quantile(0.3, window_size=4, interpolation="midpoint")
col("i").cum_prod()
col("p").cum_prod().over("k", order_by="i")
col("i").cum_min()
col("i").cum_max()
col("x").cum_count()
col("i").cum_sum(reverse=True)
col("i").cum_max(reverse=True)
col("x").forward_fill()
col("x").backward_fill()
col("x").rank()
col("x").rank("min")
col("x").rank("max")
col("x").rank("dense")
col("x").rank("min", descending=True)
col("p").rank("ordinal")
col("i").rolling_sum(3)
col("i").rolling_mean(3)
col("x").rolling_max(2, min_samples=1)
col("x").rolling_min(2, min_samples=1)
col("i").rolling_sum(3, center=True)
col("i").rolling_std(3)
col("i").rolling_var(3)
col("i").rolling_median(3)
col("i").rolling_sum_by("i", "2i")
col("i").rolling_mean_by("i", "3i", closed="both")
col("i").rolling_max_by("i", "2i", closed="left")
col("i").rolling_min_by("i", "2i", closed="none")
col("x").sum().over("k")
col("x").mean().over("k")
col("b").sum().over("k")
col("b").mean().over("k")
col("t").median().over("k")
col("x") - col("x").mean().over("k")
col("x").max().over("k", "b")
col("x").cum_sum().over("k")
col("x").shift(1).over("k")
col("x").rank("min").over("k")
col("x").count().over("k")
len().over("k")
col("x").first().over("k", order_by="i")
col("x").cum_sum().over("k", order_by="i")
(col("x") - col("x").mean()) / col("x").std()
col("x").has_nulls()
col("x") > col("x").mean()
"""

REDUCTIONS = """
col("x").sum()
col("f").sum()
col("f").fill_nan(None).sum()
col("x").mean()
col("x").min()
col("x").max()
col("s").min()
col("d").max()
col("x").count()
col("x").len()
col("x").null_count()
col("x").drop_nulls().n_unique() if polars else col("x").n_unique()
col("x").first()
col("x").last()
col("x").std()
col("x").std(ddof=0)
col("x").var()
col("x").var(ddof=0)
col("x").median()
col("b").sum()
col("b").mean()
col("c").sum()
col("d").mean()
col("d").median()
col("t").median()
col("u").mean()
col("u").median()
col("x").quantile(0.25, interpolation="linear")
col("x").quantile(0.3, interpolation="linear")
col("p").quantile(0.77, interpolation="linear")
col("x").quantile(0.3, "lower")
col("x").quantile(0.3, "higher")
col("x").quantile(0.375, "nearest")
col("p").quantile(0.6, "midpoint")
col("p").quantile(0.4, "equiprobable")
quantile("x", 0.7, "nearest")
col("x").arg_max().cast(int)
col("x").arg_min().cast(int)
col("s").arg_max().cast(int)
col("d").arg_min().cast(int)
col("x").top_k(2).sort(descending=True).implode() if polars else col("x").top_k(2)
col("x").bottom_k(3).sort().implode() if polars else col("x").bottom_k(3)
col("s").top_k(9).sort(descending=True, nulls_last=True).implode() if polars else col("s").top_k(9)
col("x").product()
col("x").dot("y")
col("p").product()
col("x").skew()
col("p").skew()
col("x").skew(bias=False)
col("x").kurtosis()
col("p").kurtosis(fisher=False)
col("x").kurtosis(bias=False)
col("x").drop_nulls().mode().min() if polars else col("x").mode()
col("s").drop_nulls().mode().min() if polars else col("s").mode()
col("b").any()
col("b").all()
col("x").implode()
col("x").max_by("i")
col("s").min_by("i")
len()
corr("i", "p").round(9)
cov("i", "p").round(9)
sum("x")
mean("x")
min("x")
max("x")
first("x")
last("x")
median("x")
std("x")
var("x")
quantile("x", 0.5, "linear") if polars else quantile("x", 0.5)
count("x")
col("x").filter(col("y") > 0).sum() if polars else col("x").sum().filter(col("y") > 0)
(col("x").sum() / col("y").sum())
col("k").filter(col("k").is_not_null()).str.join("-") if polars else col("k").str.join("-").order_by("i")
"""


def cases(text):
    return [line for line in text.strip().splitlines() if line]


def meaning(case, module):
    """What `case` means in Polars or here."""
    names = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    names |= {"polars": module is pl, "date": dt.date, "datetime": dt.datetime, "timedelta": dt.timedelta}
    names["abs"] = abs
    with warnings.catch_warnings():
        # Polars advises against some, or has newer names for them.
        warnings.simplefilter("ignore")
        return eval(case, names)


def alike(ours, theirs):
    if isinstance(theirs, float) and isinstance(ours, float):
        return (math.isnan(ours) and math.isnan(theirs)) or math.isclose(
            ours, theirs, rel_tol=1e-12, abs_tol=1e-12
        )
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[key], theirs[key]) for key in ours)
    return type(ours) is type(theirs) and ours == theirs


@pytest.fixture(scope="module", params=["polars", "python"])
def frame(request):
    """The table as Polars holds it (large lists, views of strings), and as it comes from values of Python."""
    made = sw.from_polars(POLARS) if request.param == "polars" else sw.from_dict(DATA)
    return made.sort("i")


@pytest.mark.parametrize("case", cases(ELEMENTWISE))
def test_an_expression_over_rows_means_what_it_means_in_polars(case, frame):
    theirs = POLARS.with_columns(result=meaning(case, pl))["result"].to_list()
    ours = frame.with_columns(result=meaning(case, sw)).select("result").to_dict()["result"]
    assert alike(ours, theirs), f"{ours}, in Polars {theirs}"


@pytest.mark.parametrize("case", cases(REDUCTIONS))
def test_an_aggregate_means_what_it_means_in_polars(case, frame):
    theirs = POLARS.select(result=meaning(case, pl))["result"].to_list()
    ours = frame.select(result=meaning(case, sw)).to_dict()["result"]
    assert alike(ours, theirs), f"{ours}, in Polars {theirs}"


# Polars gives 0 and an empty text where there is nothing to sum or join; here, as in SQL, it is null.
ELSE_IN_SQL = ("corr", "cov", "implode", "fill_nan", ".filter(", "str.join")
GROUPED = [case for case in cases(REDUCTIONS) if not any(word in case for word in ELSE_IN_SQL)]


@pytest.mark.parametrize("case", GROUPED)
def test_an_aggregate_of_groups_means_what_it_means_in_polars(case, frame):
    theirs = POLARS.group_by("k").agg(result=meaning(case, pl)).sort("k", nulls_last=True)
    ours = frame.group_by("k").agg(result=meaning(case, sw)).sort("k", nulls_last=True).to_dict()
    assert alike(ours, theirs.to_dict(as_series=False)), (
        f"{ours}, in Polars {theirs.to_dict(as_series=False)}"
    )


def test_expressions_mean_the_same_on_a_cluster(cluster_session):
    frame = cluster_session.from_dict(DATA).sort("i")
    all_cases = cases(ELEMENTWISE)
    for first in range(0, len(all_cases), 60):
        some = dict(enumerate(all_cases[first : first + 60]))
        theirs = POLARS.with_columns(**{f"c{number}": meaning(case, pl) for number, case in some.items()})
        ours = frame.select(**{f"c{number}": meaning(case, sw) for number, case in some.items()}).to_dict()
        for number, case in some.items():
            assert alike(ours[f"c{number}"], theirs[f"c{number}"].to_list()), case
    grouped = {f"c{number}": case for number, case in enumerate(GROUPED)}
    theirs = POLARS.group_by("k").agg(**{name: meaning(case, pl) for name, case in grouped.items()})
    ours = frame.group_by("k").agg(**{name: meaning(case, sw) for name, case in grouped.items()})
    ours = ours.sort("k", nulls_last=True).to_dict()
    theirs = theirs.sort("k", nulls_last=True).to_dict(as_series=False)
    for name, case in grouped.items():
        assert alike(ours[name], theirs[name]), case
