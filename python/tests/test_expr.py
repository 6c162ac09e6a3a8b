"""Expressions beyond what Polars has, and what they say when they are used wrongly."""

import datetime as dt
import decimal
import math

import numpy as np
import pyarrow as pa
import pytest

import swath as sw
import swath.selectors as cs
from swath.expr.base import SortKey


def of(expr, **columns):
    """The values of an expression over these columns, in the order of `i`."""
    length = max((len(values) for values in columns.values()), default=1)
    frame = sw.from_arrow(pa.table({"i": list(range(length)), **columns})).sort("i")
    return frame.select(r=expr).to_dict()["r"]


def type_of(expr, **columns):
    return sw.from_arrow(pa.table(columns)).select(r=expr).schema["r"]


X = [3, None, -7]


def test_a_truth_value_is_refused_with_the_remedy():
    for wrong in (
        lambda: bool(sw.col("x")),
        lambda: sw.col("x") > 1 and sw.col("x") < 3,
        lambda: 1 < sw.col("x") < 3,
        lambda: not sw.col("x"),
        lambda: sw.col("x") if sw.col("x") else 0,
    ):
        with pytest.raises(TypeError, match="use & for 'and'"):
            wrong()
    with pytest.raises(TypeError, match="is_in"):
        assert 1 in sw.col("x")
    with pytest.raises(TypeError, match="no values before it runs"):
        list(sw.col("x"))
    with pytest.raises(TypeError, match="unhashable"):
        {sw.col("x")}


def test_comparing_with_none_asks_for_nulls():
    assert of(sw.col("x") == None, x=X) == [False, True, False]  # noqa: E711
    assert of(sw.col("x") != None, x=X) == [True, False, True]  # noqa: E711


def test_operators_take_the_type_of_a_column_beside_a_plain_number():
    single = pa.array([0.1, 2.5], pa.float32())
    assert type_of(sw.col("x") * 2.0, x=single) == sw.Float32
    assert type_of(sw.col("x") / 2, x=single) == sw.Float32
    assert of(sw.col("x") == 0.1, x=single) == [True, False]
    unsigned = pa.array([1, 2**64 - 1], pa.uint64())
    assert type_of(sw.col("x") + 1, x=unsigned) == sw.UInt64
    assert of(sw.col("x") // 2, x=unsigned) == [0, 2**63 - 1]
    assert of(sw.col("x") - 2, x=pa.array([1, 5], pa.uint64())) == [-1, 3]
    assert type_of(sw.col("x") + 1, x=pa.array([1], pa.int8())) == sw.Int64


def test_decimals_stay_exact():
    price = pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-2.25")], pa.decimal128(15, 2))
    assert of(sw.col("x") * (1 - sw.col("x")), x=price) == [
        decimal.Decimal("-0.1100"),
        None,
        decimal.Decimal("-7.3125"),
    ]
    assert of(sw.col("x") + decimal.Decimal("0.001"), x=price)[0] == decimal.Decimal("1.101")
    assert of(sw.col("x") / 2, x=price) == [0.55, None, -1.125]
    assert of(sw.col("x") > 1, x=price) == [True, None, False]
    assert of(sw.col("x") % 2, x=price) == [decimal.Decimal("1.10"), None, decimal.Decimal("1.75")]


def test_integers_round_down_as_in_python():
    values = [7, -7, 6, -6, 0]
    for divisor in (3, -3, 2, -2, 1):
        assert of(sw.col("x") // divisor, x=values) == [value // divisor for value in values]
        assert of(sw.col("x") % divisor, x=values) == [value % divisor for value in values]
        assert of(sw.col("x") // sw.col("y"), x=values, y=[divisor] * 5) == [v // divisor for v in values]
        assert of(sw.col("x") % sw.col("y"), x=values, y=[divisor] * 5) == [v % divisor for v in values]


def test_powers_of_integers():
    assert of(sw.col("x") ** sw.col("y"), x=[2, -3, 0, None, 5], y=[10, 3, 0, 1, None]) == [
        1024,
        -27,
        1,
        None,
        None,
    ]
    assert of(2 ** sw.col("x"), x=[0, 3, 62]) == [1, 8, 2**62]
    assert of(sw.col("x") ** 3, x=[2, -1]) == [8, -1]
    assert of(sw.col("x") ** 39, x=[3, -1]) == [3**39, -1]
    assert of(sw.col("x") ** 0, x=[3, None]) == [1, None]
    small, unsigned = pa.array([3], pa.int8()), pa.array([2], pa.uint64())
    assert type_of(sw.col("x") ** sw.col("y"), x=small, y=small) == sw.Int64
    assert of(sw.col("x") ** sw.col("y"), x=small, y=pa.array([5], pa.uint8())) == [243]
    assert type_of(sw.col("x") ** sw.col("y"), x=unsigned, y=small) == sw.UInt64
    assert of(sw.col("x") ** 63, x=unsigned) == [2**63]
    assert of(np.float_power(sw.col("x"), sw.col("y")), x=[2], y=[-1]) == [0.5]


def test_negative_exponents():
    assert of(sw.col("x") ** -1, x=[2, 4, 0]) == [0.5, 0.25, math.inf]
    assert of(2.0 ** sw.col("x"), x=[2, -1]) == [4.0, 0.5]
    assert of(sw.col("x") ** sw.col("y"), x=[0.0, -0.0, 4.0], y=[-1.0, -0.5, 0.5]) == [
        math.inf,
        math.inf,
        2.0,
    ]
    with pytest.raises(sw.SwathError, match=r"2 to the power of -1 is no whole number.*x.cast\(float\)"):
        of(2 ** sw.col("x"), x=[2, -1])
    # Rows that are left out, and branches that are not taken, do not count.
    power = sw.when(sw.col("x") >= 0).then(2 ** sw.col("x")).otherwise(0)
    assert of(power, x=[3, -1]) == [8, 0]


def test_clip_leaves_nan_and_takes_no_nan_for_a_bound():
    x = [1.5, math.nan, None, -8.0, math.inf]
    assert str(of(sw.col("x").clip(-1, 2), x=x)) == "[1.5, nan, None, -1.0, 2.0]"
    assert str(of(sw.col("x").clip(math.nan, 2.0), x=x)) == "[1.5, nan, None, -8.0, 2.0]"
    assert str(of(sw.col("x").clip(0.0, math.nan), x=x)) == "[1.5, nan, None, 0.0, inf]"
    bounds = [2.0, 2.0, 2.0, math.nan, None]
    assert str(of(sw.col("x").clip(sw.col("b")), x=x, b=bounds)) == "[2.0, nan, None, -8.0, inf]"
    assert of(sw.col("s").clip("b", "d"), s=["a", "c", "z", None]) == ["b", "c", "d", None]


def test_bits():
    assert of(sw.col("x") & 6, x=[3, None, 12]) == [2, None, 4]
    assert of(~sw.col("x"), x=[0, 5, None]) == [-1, -6, None]
    assert of(sw.col("x").bitwise_left_shift(2), x=[1, 3]) == [4, 12]


def test_numpy_functions_make_expressions():
    x = sw.col("x")
    assert of(np.sqrt(x), x=[4.0, None]) == [2.0, None]
    assert of(np.log(x), x=[1.0]) == [0.0]
    assert of(np.add(x, 1), x=[1, None]) == [2, None]
    assert of(np.int64(2) * x, x=[1, None]) == [2, None]
    assert of(np.float64(2) > x, x=[1, 3]) == [True, False]
    assert of(np.maximum(x, 2), x=[1, 3]) == [2, 3]
    assert of(np.isnan(x), x=[float("nan"), 1.0]) == [True, False]
    with pytest.raises(TypeError, match=r"np\.gcd has no equivalent"):
        np.gcd(x, 2)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (sw.col("a") + 1 * sw.col("b"), "a + 1 * b"),
        ((sw.col("a") + 1) * sw.col("b"), "(a + 1) * b"),
        (sw.col("a") - (sw.col("b") - 1), "a - (b - 1)"),
        ((sw.col("a") > 1) & ~(sw.col("b") == "x'y"), "a > 1 AND NOT b = 'x''y'"),
        ((sw.col("a") | sw.col("b")) & sw.col("c"), "(a OR b) AND c"),
        (sw.col("odd name").is_null(), '"odd name" IS NULL'),
        (sw.col("a").sum().over("k", order_by="t"), "sum(a) OVER (PARTITION BY k ORDER BY t)"),
        (sw.col("a").sum().filter(sw.col("b") > 0), "sum(a) FILTER (WHERE b > 0)"),
        (sw.col("a").cast(int).alias("z"), "CAST(a AS Int64) AS z"),
        (sw.when(sw.col("a") > 1).then("x").otherwise(None), "CASE WHEN a > 1 THEN 'x' ELSE NULL END"),
        (sw.col("a").is_in([1, 2]), "a IN (1, 2)"),
        (sw.col("a").n_unique(), "count(DISTINCT a)"),
        (sw.len(), "count(*)"),
        (sw.lit(1.0), "1.0"),
        (sw.lit(dt.date(2024, 2, 29)), "DATE '2024-02-29'"),
        (sw.lit(decimal.Decimal("1.50")), "1.50"),
        (sw.all(), "*"),
    ],
)
def test_expressions_are_shown_like_sql(expr, text):
    assert repr(expr) == f"<Expr: {text}>"


def test_sort_keys():
    key = sw.col("x").desc(nulls_last=False)
    assert isinstance(key, SortKey)
    assert (key.descending, key.nulls_last, repr(key)) == (True, False, "<SortKey: x DESC NULLS FIRST>")
    frame = sw.from_dict({"x": [2, None, 1]})
    assert frame.sort(key).to_dict() == {"x": [None, 2, 1]}
    assert frame.sort(sw.col("x").asc(nulls_last=True)).to_dict() == {"x": [1, 2, None]}
    assert frame.sort(-sw.col("x")).to_dict() == {"x": [None, 2, 1]}
    with pytest.raises(TypeError, match="sort key"):
        sw.col("x") + key


def test_columns_by_name_pattern_and_type():
    frame = sw.from_dict({"x1": [1], "x2": [2.0], "s": ["a"], "d": [dt.date(2024, 1, 1)]})
    assert frame.select(sw.col.x1).columns == ["x1"]
    assert frame.select(sw.col("s", "x1")).columns == ["s", "x1"]
    assert frame.select(sw.col(["s", "x1"])).columns == ["s", "x1"]
    assert frame.select(sw.col("^x.$")).columns == ["x1", "x2"]
    assert frame.select(sw.col("*")).columns == ["x1", "x2", "s", "d"]
    assert frame.select(sw.col(sw.Float64, sw.Date)).columns == ["x2", "d"]
    assert frame.select(sw.col(int)).columns == ["x1"]
    assert frame.select(sw.exclude("s", sw.Date)).columns == ["x1", "x2"]
    assert frame.select(sw.nth(-1)).columns == ["d"]
    assert frame.select((sw.col("x1", "x2") * 10).name.suffix("_ten")).to_dict() == {
        "x1_ten": [10],
        "x2_ten": [20.0],
    }
    assert frame.select(sw.max_horizontal(sw.col("x1", "x2")).alias("m")).to_dict() == {"m": [2.0]}
    assert frame.select(sw.col("x1", "x2") - sw.col("x1")).to_dict() == {"x1": [0], "x2": [1.0]}
    with pytest.raises(sw.errors.ColumnNotFoundError, match="x3"):
        frame.select(sw.col("x1", "x3"))
    with pytest.raises(sw.errors.InvalidArgumentError, match="takes 2 columns here and 3 there"):
        frame.select(sw.col("x1", "x2") + sw.exclude("s"))


def test_every_column_but_the_keys():
    frame = sw.from_dict({"k": ["a", "a"], "x": [1, 2], "y": [3, None]})
    assert frame.group_by("k").agg(sw.all().sum()).to_dict() == {"k": ["a"], "x": [3], "y": [3]}
    assert frame.filter(sw.all_horizontal(sw.all().is_not_null())).to_dict() == {
        "k": ["a"],
        "x": [1],
        "y": [3],
    }
    with pytest.raises(sw.errors.InvalidArgumentError, match="expected one expression, got 3"):
        frame.filter(sw.all().is_not_null())
    scaled = (cs.numeric() - cs.by_name("y")).mean()
    assert frame.select(scaled).to_dict() == {"x": [1.5]}


def test_selectors_are_sets():
    frame = sw.from_dict({"a": [1], "b": [2.0], "c": ["x"], "d": [True]})
    assert frame.select(cs.numeric() | cs.boolean()).columns == ["a", "b", "d"]
    assert frame.select(cs.numeric() & cs.float()).columns == ["b"]
    assert frame.select(cs.all() - cs.numeric()).columns == ["c", "d"]
    assert frame.select(~cs.string()).columns == ["a", "b", "d"]
    assert frame.select(cs.numeric() + 1).to_dict() == {"a": [2], "b": [3.0]}
    assert frame.select(~cs.boolean().as_expr()).to_dict() == {"d": [False]}
    assert frame.select(cs.contains("a", "c")).columns == ["a", "c"]
    assert frame.select(cs.by_dtype(sw.String, sw.Int64)).columns == ["a", "c"]
    assert frame.select(cs.first(), cs.last()).columns == ["a", "d"]
    assert frame.select(cs.decimal()).columns == []


def test_methods_of_frames_take_selectors_for_names():
    frame = sw.from_dict({"a": [1, None], "b": [2.0, None], "c": ["x", "y"]})
    assert frame.drop(cs.numeric()).columns == ["c"]
    assert frame.drop(sw.col("a", "c")).columns == ["b"]
    assert frame.drop_nulls(cs.string()).count() == 2
    assert frame.drop_nulls(cs.float()).count() == 1
    assert frame.drop_nulls(cs.decimal()).count() == 2
    assert frame.cast({cs.numeric(): sw.Float32}).schema == {"a": sw.Float32, "b": sw.Float32, "c": sw.String}
    assert frame.unpivot(cs.numeric(), index="c").columns == ["c", "variable", "value"]
    with pytest.raises(sw.errors.ColumnNotFoundError, match="zz"):
        frame.drop(sw.col("a", "zz"))


def test_names():
    frame = sw.from_dict({"x": [1], "Y": [2]})
    assert frame.select(sw.all().name.prefix("p_")).columns == ["p_x", "p_Y"]
    assert frame.select(sw.all().name.to_lowercase()).columns == ["x", "y"]
    assert frame.select(sw.all().name.map(lambda name: name * 2)).columns == ["xx", "YY"]
    assert frame.select(sw.col("x").sum().alias("q").name.keep()).columns == ["x"]
    assert (sw.col("x") + 1).name.suffix("_").meta.output_name() == "x_"
    assert (sw.lit(1) + sw.col("x") * sw.col("Y")).meta.root_names() == ["x", "Y"]
    with pytest.raises(sw.errors.InvalidArgumentError, match=r"name\.map.*ZeroDivisionError"):
        frame.select(sw.all().name.map(lambda name: 1 / 0))


def test_is_in_takes_what_holds_values():
    x = sw.col("x")
    assert of(x.is_in({3, 4}), x=X) == [True, None, False]
    assert of(x.is_in(np.array([3, 4], "i4")), x=X) == [True, None, False]
    assert of(x.is_in(pa.array([3, None])), x=X) == [True, None, False]
    assert of(x.is_in(pa.chunked_array([[3], [4]])), x=X) == [True, None, False]
    assert of(x.is_in(range(4)), x=X) == [True, None, False]
    assert of(~x.is_in([3]), x=X) == [False, None, True]
    assert of(x.is_in(sw.col("l")), x=X, l=[[3], [1], None]) == [True, None, None]
    frame = sw.from_dict({"x": X})
    wanted = sw.from_dict({"y": [3, 5]})
    assert frame.filter(x.is_in(wanted)).to_dict() == {"x": [3]}
    for wrong in ("abc", 3):
        with pytest.raises(TypeError, match="is_in: expected a list"):
            x.is_in(wrong)


def test_conditional_aggregates():
    frame = sw.from_dict({"k": ["a", "b", "a"], "x": [1, 2, None], "y": [1, -1, 1]})
    totals = frame.select(
        positive=sw.col("x").sum().filter(sw.col("y") > 0),
        both=sw.col("x").sum().filter(sw.col("y") > 0, sw.col("k") == "b"),
        rows=sw.len().filter(sw.col("k") == "a"),
        difference=(sw.col("x").max() - sw.col("x").min()).filter(sw.col("y") != 0),
        different=sw.col("y").sum().unique(),
    )
    assert totals.to_dict() == {
        "positive": [1],
        "both": [None],
        "rows": [2],
        "difference": [1],
        "different": [0],
    }
    with pytest.raises(sw.errors.InvalidArgumentError, match="expected an aggregate"):
        frame.select(sw.col("x").filter(sw.col("y") > 0))


def test_windows_by_rows_and_by_range():
    days = [dt.date(2024, 1, day) for day in (1, 2, 4, 8)]
    x = sw.col("x")
    columns = {"d": days, "x": [1, 2, 4, 8]}
    assert of(x.sum().over(order_by="d", rows=(-1, 0)), **columns) == [1, 3, 6, 12]
    assert of(x.sum().over(order_by="d", rows=(None, None)), **columns) == [15] * 4
    assert of(x.sum().over(order_by="d", rows=(1, 2)), **columns) == [6, 12, 8, None]
    assert of(x.sum().over(order_by="d", range=("-2d", 0)), **columns) == [1, 3, 6, 8]
    assert of(x.sum().over(order_by="d", range=(dt.timedelta(days=-1), None)), **columns) == [15, 15, 12, 8]
    assert of(x.sum().over(order_by="x", range=(-2, 2)), **columns) == [3, 7, 6, 8]
    assert of(x.sum().over(order_by="x", descending=True), **columns) == [15, 14, 12, 8]
    assert of(sw.row_number().over(order_by=x.desc()), **columns) == [4, 3, 2, 1]
    with pytest.raises(ValueError, match="exactly one key"):
        x.sum().over(range=(-1, 0))
    with pytest.raises(ValueError, match="rows or range, got both"):
        x.sum().over(order_by="x", rows=(0, 0), range=(0, 0))


def test_what_is_otherwise_than_in_polars():
    nothing = pa.array([None, None], pa.int64())
    assert of(sw.col("x").sum(), x=nothing) == [None]
    assert of(sw.col("x").cast(str).str.join("-"), x=nothing) == [None]
    # Halves go away from zero.
    assert of(sw.col("x").round(2), x=[100.125, -0.375]) == [100.13, -0.38]
    # In the rows of nulls stands what the rows before them give.
    assert of(sw.col("x").cum_sum(), x=X) == [3, 3, -4]
    assert of(sw.col("x").cum_max(), x=X) == [3, 3, 3]
    assert of(sw.col("x").cum_count(), x=X) == [1, 1, 2]
    # A value that is text is text.
    assert of(sw.when(sw.col("x") > 0).then("x").otherwise("y"), x=X) == ["x", "y", "y"]


def test_durations_are_scaled_and_compared():
    spans = [dt.timedelta(hours=3), None, dt.timedelta(minutes=-90)]
    assert of(sw.col("u") * 2, u=spans) == [dt.timedelta(hours=6), None, dt.timedelta(hours=-3)]
    assert of(0.5 * sw.col("u"), u=spans)[0] == dt.timedelta(minutes=90)
    assert of(sw.col("u") / 2, u=spans)[0] == dt.timedelta(minutes=90)
    assert of(sw.col("u") / dt.timedelta(hours=1), u=spans) == [3.0, None, -1.5]
    assert of(sw.col("u") // dt.timedelta(hours=1), u=spans) == [3, None, -2]
    assert of(sw.col("u") > dt.timedelta(0), u=spans) == [True, None, False]


def test_results_are_named_after_their_column():
    x = sw.col("x")
    frame = sw.from_dict({"x": [1, 4], "y": [2, 3]})
    for expr in (
        x.sqrt(),
        x.clip(0, 2),
        x.replace(1, 2),
        x.is_unique(),
        x.is_in([]),
        x % 2,
        x // 2,
        x.fill_null(0),
    ):
        assert frame.select(expr).columns == ["x"], expr
    assert frame.select(x.rank().over("y")).columns == ["x"]
    assert frame.select(x.sqrt().sum()).columns == ["x"]
    assert frame.select(sw.all().sqrt()).columns == ["x", "y"]
    assert frame.select(sw.lit(1)).columns == ["literal"]
    assert frame.select(sw.when(x > 1).then(1).otherwise(x)).columns == ["literal"]


def test_the_order_of_aggregates():
    columns = {"x": ["a", "b", "c"], "t": [2, None, 1]}
    assert of(sw.col("x").implode().order_by("t"), **columns) == [["b", "c", "a"]]
    assert of(sw.col("x").first().order_by("t", descending=True), **columns) == ["a"]
    assert of(sw.col("x").str.join().order_by("t", nulls_last=True), **columns) == ["cab"]


def test_sql_text_among_expressions():
    frame = sw.from_dict({"a": [1, 2], "b": [3, None]})
    assert frame.select(r=sw.sql_expr("a + coalesce(b, 0)") * 2).to_dict() == {"r": [8, 4]}
    assert frame.filter(sw.sql_expr("b IS NULL")).to_dict() == {"a": [2], "b": [None]}
    assert frame.filter(sw.sql_expr("b IS NOT DISTINCT FROM 3 AND a > 1")).to_dict() == {"a": [], "b": []}
    assert frame.filter(sw.sql_expr("NOT a = ANY([2, b])")).to_dict() == {"a": [1], "b": [3]}
    with pytest.raises(sw.SwathError, match="zz"):
        frame.select(sw.sql_expr("zz + 1"))


def test_spark_names():
    x, s = sw.col("x"), sw.col("s")
    columns = {"x": X, "s": ["hello", None, "x"]}
    assert of(x.isNull(), **columns) == of(x.is_null(), **columns)
    assert of(x.isNotNull(), **columns) == [True, False, True]
    assert of(x.isin(3, 4), **columns) == [True, None, False]
    assert of(x.isin([3, 4]), **columns) == [True, None, False]
    assert of(x.eqNullSafe(None), **columns) == [False, True, False]
    assert of(x.astype("float64"), **columns) == [3.0, None, -7.0]
    assert of(s.like("h%"), **columns) == [True, None, False]
    assert of(s.ilike("H%"), **columns) == [True, None, False]
    assert of(s.rlike("l+"), **columns) == [True, None, False]
    assert of(s.startswith("h"), **columns) == [True, None, False]
    assert of(s.endswith("o"), **columns) == [True, None, False]
    assert of(s.contains("ell"), **columns) == [True, None, False]
    assert of(s.substr(2, 3), **columns) == ["ell", None, ""]


def test_lists():
    columns = {"l": [[1, 2, 2], None, []]}
    values = sw.col("l").list
    assert of(values.contains_all([1, 2]), **columns) == [True, None, False]
    assert of(values.contains_any([2, 9]), **columns) == [True, None, False]
    assert of(values.position(2), **columns) == [1, None, None]
    assert of(values.append(7), **columns)[0] == [1, 2, 2, 7]
    assert of(values.set_union([9]).list.sort(), **columns)[0] == [1, 2, 9]
    assert of(values.set_intersection([2, 9]), **columns)[0] == [2]
    assert of(values.set_difference([2, 9]), **columns)[0] == [1]
    assert of(values.filter(sw.element() > 1), **columns) == [[2, 2], None, []]
    assert of(values.filter(lambda value: value % 2 == 1), **columns) == [[1], None, []]
    assert of(values.transform(lambda value: value / 2), **columns) == [[0.5, 1.0, 1.0], None, []]
    assert of(values.sum(), **columns) == [5.0, None, None]
    assert of(values.n_unique(), **columns) == [2, None, 0]
    assert of(values.is_empty(), **columns) == [False, None, True]
    assert of(values.null_if_empty(), **columns) == [[1, 2, 2], None, None]
    assert of(sw.col("m").list.flatten(), m=[[[1], [2, 3]]]) == [[1, 2, 3]]
    assert of(sw.int_ranges(0, "n"), n=[2, 0]) == [[0, 1], []]
    assert of(sw.int_ranges("n", 10, 4), n=[2]) == [[2, 6]]


def test_strings_beyond():
    columns = {"s": ["hello", None, "a-b"]}
    text = sw.col("s").str
    assert of(text.like("h_l%"), **columns) == [True, None, False]
    assert of(text.not_like("h%"), **columns) == [False, None, True]
    assert of(text.to_titlecase(), **columns) == ["Hello", None, "A-B"]
    assert of(text.repeat(2), **columns) == ["hellohello", None, "a-ba-b"]
    assert of(text.split_part("-", 1), **columns) == [None, None, "b"]
    assert of(text.levenshtein("hallo"), **columns)[:2] == [1, None]
    assert of(text.to_integer(strict=False), s=["1", "x", None]) == [1, None, None]
    read = text.strptime(sw.Datetime("ms"), "%Y%m%d %H:%M")
    assert of(read, s=["20240229 07:30"]) == [dt.datetime(2024, 2, 29, 7, 30)]
    with pytest.raises(sw.SwathError):
        of(text.to_date(), s=["not a date"])
    with pytest.raises(ValueError, match="one character to fill with"):
        text.pad_start(5, "ab")


def test_mistakes_are_reported_where_they_are_made():
    x = sw.col("x")
    for wrong, match in [
        (lambda: x.quantile(2), "quantile: expected a number between 0 and 1, got 2"),
        (lambda: x.dt.truncate("1 fortnight"), "fortnight"),
        (lambda: x.rank("middle"), "'average'"),
        (lambda: x.std(ddof=2), "ddof to be 0 or 1"),
        (lambda: x.rolling_sum(0), "at least 1 row"),
        (lambda: x.rolling_sum_by("t", "0h"), "positive period"),
        (lambda: x.between(1, 2, closed="open"), "closed"),
        (lambda: x.fill_null(), "expected a value or a strategy"),
        (lambda: x.fill_null(strategy="middle"), "middle"),
        (lambda: x.cast("integer128"), "integer128"),
        (lambda: sw.col("^[$"), "col"),
        (lambda: sw.ntile(0), "at least 1 bucket"),
        (lambda: sw.format("{} {}", "a"), "expected 2 columns"),
        (lambda: sw.duration("1x"), "'x' is not a unit"),
    ]:
        with pytest.raises(ValueError, match=match):
            wrong()
    for wrong, match in [
        (lambda: x.rolling_sum("2h"), "rolling_sum_by"),
        (lambda: x + object(), "no constant can be made of a object"),
        (lambda: x.cast(object), "expected a data type"),
        (lambda: sw.when(), "at least one condition"),
    ]:
        with pytest.raises(TypeError, match=match):
            wrong()


def test_methods_are_real_attributes():
    names = set(dir(sw.col("x")))
    assert {"sum", "over", "is_in", "rolling_mean_by", "str", "dt", "list", "struct", "name"} <= names
    assert {"contains", "to_date"} <= set(dir(sw.col("x").str))
    assert all(getattr(sw, name) is not None for name in sw.__all__)
    for part in (sw.Expr, type(sw.col("x").str), type(sw.col("x").dt), type(sw.col("x").list)):
        for name in dir(part):
            if not name.startswith("_"):
                assert getattr(part, name).__doc__, name


def test_long_chains():
    total = sw.col("x")
    for number in range(300):
        total = total + number
    assert of(total, x=[1]) == [1 + sum(range(300))]
