"""Values that a type cannot hold are refused: nothing is cut or lost in silence."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import swath as sw
from swath import col
from swath.errors import InvalidArgumentError

DAY = dt.date(2024, 1, 1)
NOON = dt.datetime(2024, 1, 1, 12)

REFUSED = [
    (["1", "x"], int, "'x' in row 1 does not fit Int64"),
    ([1, 300], sw.Int8, "300 in row 1 does not fit Int8"),
    ([-1], sw.UInt8, "-1 in row 0 does not fit UInt8"),
    ([1.0, None, 1.5], sw.Int8, "1.5 in row 2 does not fit Int8"),
    ([float("nan")], int, "NaN in row 0 does not fit Int64"),
    ([1e300], int, "does not fit Int64"),
    ([Decimal("2.00"), Decimal("2.50")], int, "2.50 in row 1 does not fit Int64"),
    (["2024-12-31", "2024-13-01"], dt.date, "'2024-13-01' in row 1 does not fit Date"),
    (["maybe"], bool, "'maybe' in row 0 does not fit Boolean"),
    ([[1.0], [2.0, 2.5]], list[int], "in row 1 does not fit List(Int64)"),
    ([{"x": 1.0}, {"x": 0.5}], sw.Struct({"x": int}), "in row 1 does not fit Struct"),
]


@pytest.mark.parametrize(("values", "dtype", "message"), REFUSED)
def test_a_value_that_does_not_fit_the_schema_is_named(values, dtype, message):
    for make in (
        lambda: sw.DataFrame({"k": [0] * len(values), "a": values}, schema={"a": dtype}),
        lambda: sw.from_dict({"a": values}, schema={"a": dtype}),
        lambda: sw.from_records([{"a": value} for value in values], schema={"a": dtype}),
        lambda: sw.from_records([(0, value) for value in values], schema={"k": int, "a": dtype}),
        lambda: sw.DataFrame(sw.from_dict({"a": values}).to_arrow(), schema={"a": dtype}),
        lambda: sw.DataFrame(sw.from_dict({"a": values}), schema={"a": dtype}),
    ):
        with pytest.raises(ValueError, match=r"schema: column 'a': ") as error:
            make()
        assert message in str(error.value)
        assert "strict=False" in str(error.value)


def test_arrays_and_tables_of_others_are_held_to_the_schema():
    for data in (
        {"a": np.array([1.0, 2.5])},
        np.array([[1.0], [2.5]]),
        np.array([(1.0,), (2.5,)], dtype=[("a", "f8")]),
        pd.DataFrame({"a": [1.0, 2.5]}),
        pl.DataFrame({"a": [1.0, 2.5]}),
        pa.table({"a": [1.0, 2.5]}),
    ):
        with pytest.raises(ValueError, match=r"2\.5 in row 1 does not fit Int32"):
            sw.DataFrame(data, schema={"a": sw.Int32})


def test_what_fits_is_taken():
    data = {
        "i": [1.0, -0.0, None],
        "s": ["1", "2", None],
        "d": [Decimal("2.00"), Decimal("3"), None],
        "l": [[1.0, None], [2.0], None],
        "t": ["2024-01-01", None, None],
        "f": [1, 2, 3],
    }
    schema = {"i": sw.Int8, "s": int, "d": int, "l": list[int], "t": dt.date, "f": sw.Float32}
    assert sw.from_dict(data, schema=schema).to_dict() == {
        "i": [1, 0, None],
        "s": [1, 2, None],
        "d": [2, 3, None],
        "l": [[1, None], [2], None],
        "t": [DAY, None, None],
        "f": [1.0, 2.0, 3.0],
    }
    # Fewer digits, and coarser units, are what was asked for.
    assert sw.from_dict({"a": [Decimal("1.25")]}, schema={"a": sw.Decimal(5, 1)}).to_list() == [
        Decimal("1.3")
    ]
    assert sw.from_dict({"a": [NOON]}, schema={"a": dt.date}).to_list() == [DAY]
    assert sw.from_dict({"a": []}, schema={"a": sw.Int8}).schema == {"a": sw.Int8}
    assert sw.DataFrame(pa.table({"a": [1]}), schema={"a": None}).schema == {"a": sw.Int64}


FILLS = [
    ([1, 2], 0.5),
    ([1, 2], "x"),
    ([True, False], 2),
    (["a", "b"], 0),
    ([Decimal("1.25"), Decimal("2.25")], Decimal("0.125")),
    ([DAY, DAY], NOON),
    ([dt.timedelta(days=1)] * 2, 1),
]


@pytest.mark.parametrize(("values", "fill"), FILLS)
def test_a_shift_does_not_cut_what_it_fills_with(session, values, fill):
    df = session.from_dict({"t": [1, 2], "a": values}).sort("t")
    for shifted in (col("a").shift(1, fill_value=fill), col("a").lag(1, fill), col("a").lead(1, fill)):
        with pytest.raises(InvalidArgumentError, match=r"shift: 'a' of type .* cannot hold .*cast it before"):
            df.select(shifted).collect()
        with pytest.raises(InvalidArgumentError, match="shift: 'a'"):
            df.with_columns(b=sw.coalesce(shifted.over(order_by="t"), col("a"))).collect()


@pytest.mark.parametrize(
    ("values", "dtype", "fill"),
    [
        ([1, 2], int, 0),
        ([1, 2], int, 3.0),
        ([1, 2], sw.Int8, 7),
        ([1.5, 2.5], float, 1),
        ([1.5, 2.5], sw.Float32, 0.25),
        ([1.5, 2.5], float, float("nan")),
        (["a", "b"], str, "-"),
        (["a", "b"], sw.Dictionary(), "-"),
        ([b"a", b"b"], bytes, b"-"),
        ([True, False], bool, True),
        ([Decimal("1.25"), Decimal("2.25")], sw.Decimal(5, 2), Decimal("0.5")),
        ([Decimal("1.25"), Decimal("2.25")], sw.Decimal(5, 2), 0),
        ([DAY, DAY], dt.date, DAY),
        ([NOON, NOON], sw.Datetime("ns"), DAY),
        ([NOON, NOON], sw.Datetime("ms"), NOON),
        ([dt.timedelta(days=1)] * 2, sw.Duration("ns"), dt.timedelta(seconds=1)),
        ([dt.time(1), dt.time(2)], dt.time, dt.time(3)),
    ],
)
def test_a_shift_fills_with_what_fits(session, values, dtype, fill):
    df = session.from_dict({"t": [1, 2], "a": values}).with_columns(col("a").cast(dtype)).sort("t")
    shifted = df.select(col("a").shift(1, fill_value=fill))
    assert shifted.schema == {"a": sw.dtypes.to_dtype(dtype)}
    wanted = df.select(sw.lit(fill).cast(dtype).alias("a")).limit(1).item()
    assert repr(shifted.to_list()) == repr([wanted, df.to_list("a")[0]])


def test_floats_fill_floats_of_fewer_digits(session):
    df = session.from_dict({"a": [1.5, None]}, schema={"a": sw.Float32}).fill_null(0.1)
    assert sorted(df.to_list()) == [pytest.approx(0.1), 1.5]


def test_nulls_of_other_libraries(session):
    """A column in which all is null has a buffer of no address in Polars."""
    frame = pl.DataFrame({"a": [None, None], "b": [1, 2]})
    lists = pl.DataFrame({"l": [[None], []], "s": [{"x": None, "y": 1}, {"x": None, "y": None}]})
    for made in (session.from_polars, session.from_arrow, session.from_data):
        assert made(frame).rows() == [(None, 1), (None, 2)]
        assert made(frame).schema["a"] == sw.Null
        assert made(lists).to_dict() == lists.to_dict(as_series=False)
    assert session.from_data(frame.lazy()).rows() == [(None, 1), (None, 2)]
    assert session.from_dict({"a": frame["a"], "l": lists["l"], "s": lists["s"]}).to_dict() == {
        "a": [None, None],
        **lists.to_dict(as_series=False),
    }
    assert session.from_dict({"a": frame["a"]}, schema={"a": int}).schema == {"a": sw.Int64}
    assert session.from_polars(pl.DataFrame({"a": [None]}).head(0)).rows() == []
    several = pl.concat([frame, frame], rechunk=False)
    assert session.from_polars(several).select("a").to_list() == [None] * 4
    assert session.from_dict({"a": several["a"]}).to_list() == [None] * 4
    assert session.from_polars(frame).filter(col("a").is_null()).agg(col("b").sum()).item() == 3
    joined = session.from_dict({"b": [1, 2]}).join(frame, "b").sort("b")
    assert joined.to_dict() == {"b": [1, 2], "a": [None, None]}
    table = pa.table({"n": pa.nulls(2), "l": pa.array([[None], None], pa.list_(pa.null()))})
    assert session.from_arrow(table).rows() == [(None, [None]), (None, None)]


def test_memory_in_odd_places(session):
    odd = np.frombuffer(b"\0" + np.arange(3, dtype="i8").tobytes(), offset=1, dtype="i8")
    assert not odd.flags.aligned
    assert session.from_dict({"a": odd}).to_list() == [0, 1, 2]
    record = np.array([(1, 2.5, "x")], dtype=[("i", "i1"), ("f", "f8"), ("s", "U1")])
    assert session.from_data(record).rows() == [(1, 2.5, "x")]
    times = np.array([(1, np.datetime64("2024-01-01", "us"))], dtype=[("i", "i1"), ("t", "M8[us]")])
    assert session.from_data(times).rows() == [(1, dt.datetime(2024, 1, 1))]


def test_objects_of_polars_are_refused():
    frame = pl.DataFrame({"k": [1], "o": pl.Series([object()], dtype=pl.Object)})
    for make in (sw.from_polars, sw.from_arrow, sw.DataFrame, lambda f: sw.from_dict({"o": f["o"]})):
        with pytest.raises(TypeError, match=r"column 'o': Polars' Object holds objects of Python"):
            make(frame)
