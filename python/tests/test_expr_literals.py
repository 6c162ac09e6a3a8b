"""Constants and data types: what goes in comes out, in the type that it should have."""

import datetime as dt
import decimal
import enum
import pickle
import sys
import uuid
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import swath as sw
from swath.dtypes import to_dtype

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


class Colour(enum.Enum):
    RED = "red"


def out(value, dtype=None):
    """The value that a constant becomes, and its type."""
    frame = sw.from_dict({"one": [1]}).select(r=sw.lit(value, dtype=dtype))
    column = pa.table(frame)["r"]
    return column.to_pylist()[0], column.type


@pytest.mark.parametrize(
    ("value", "type"),
    [
        (None, pa.null()),
        (True, pa.bool_()),
        (-3, pa.int64()),
        (2**63 - 1, pa.int64()),
        (-(2**63), pa.int64()),
        (2**63, pa.uint64()),
        (2**64 - 1, pa.uint64()),
        (1.5, pa.float64()),
        ("text", pa.string()),
        (b"\x00\xff", pa.binary()),
        (dt.date(1969, 12, 31), pa.date32()),
        (dt.datetime(1969, 12, 31, 23, 59, 59, 999999), pa.timestamp("us")),
        (dt.datetime(9999, 12, 31), pa.timestamp("us")),
        (dt.time(23, 59, 59, 5), pa.time64("us")),
        (dt.timedelta(days=-1, microseconds=5), pa.duration("us")),
        (decimal.Decimal("-1.250"), pa.decimal128(4, 3)),
        (decimal.Decimal("0.01"), pa.decimal128(2, 2)),
        (decimal.Decimal("1" * 50), pa.decimal256(50, 0)),
        ([1, None, 3], pa.list_(pa.int64())),
        (["a", "b"], pa.list_(pa.string())),
        ([[1], [2, 3]], pa.list_(pa.list_(pa.int64()))),
        ({"a": 1, "b": "x"}, pa.struct({"a": pa.int64(), "b": pa.string()})),
        ([{"a": 1}, {"a": 2}], pa.list_(pa.struct({"a": pa.int64()}))),
    ],
)
def test_values_of_python(value, type):
    found, found_type = out(value)
    assert found == value
    assert found_type == type


def test_values_that_become_others():
    assert out(10**30) == (decimal.Decimal(10**30), pa.decimal128(38, 0))
    assert out(-(10**60))[0] == decimal.Decimal(-(10**60))
    assert out(Colour.RED) == ("red", pa.string())
    assert out((1, 2)) == ([1, 2], pa.list_(pa.int64()))
    assert out([1, 2.5]) == ([1.0, 2.5], pa.list_(pa.float64()))
    assert out(bytearray(b"ab")) == (b"ab", pa.binary())
    assert out([]) == ([], pa.list_(pa.null()))
    identity = uuid.uuid4()
    assert out(identity) == (identity.bytes, pa.binary(16))
    assert out(identity, dtype=str) == (str(identity), pa.string())
    assert out(float("inf"))[0] == float("inf")
    assert out(decimal.Decimal("1E+5")) == (decimal.Decimal(100000), pa.decimal128(6, 0))


def test_times_with_zones():
    summer = dt.datetime(2024, 7, 1, 12, tzinfo=BERLIN)
    assert out(summer) == (summer, pa.timestamp("us", "Europe/Berlin"))
    assert out(summer.astimezone(dt.timezone.utc)) == (summer, pa.timestamp("us", "UTC"))
    fixed = dt.datetime(2024, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=-3, minutes=-30)))
    assert out(fixed) == (fixed, pa.timestamp("us", "-03:30"))
    frame = sw.from_dict({"t": [summer]})
    assert frame.filter(sw.col("t") == summer.astimezone(dt.timezone.utc)).count() == 1


@pytest.mark.parametrize(
    ("value", "python", "type"),
    [
        (np.int8(-3), -3, pa.int8()),
        (np.uint64(2**64 - 1), 2**64 - 1, pa.uint64()),
        (np.float32(0.1), float(np.float32(0.1)), pa.float32()),
        (np.float64(0.1), 0.1, pa.float64()),
        (np.float16(0.5), 0.5, pa.float16()),
        (np.bool_(True), True, pa.bool_()),
        (np.str_("a"), "a", pa.string()),
        (np.bytes_(b"a"), b"a", pa.binary()),
        (np.datetime64("2024-02-29"), dt.date(2024, 2, 29), pa.date32()),
        (np.datetime64("2024-02"), dt.date(2024, 2, 1), pa.date32()),
        (np.datetime64("2024-02-29T01:02:03", "s"), dt.datetime(2024, 2, 29, 1, 2, 3), pa.timestamp("s")),
        (np.datetime64("2024-02-29T01:02:03", "ms"), dt.datetime(2024, 2, 29, 1, 2, 3), pa.timestamp("ms")),
        (np.datetime64("NaT", "us"), None, pa.timestamp("us")),
        (np.timedelta64(5, "ms"), dt.timedelta(milliseconds=5), pa.duration("ms")),
        (np.timedelta64(2, "D"), dt.timedelta(days=2), pa.duration("s")),
        (np.array([1, 2], "i2"), [1, 2], pa.list_(pa.int16())),
        (pd.Timestamp("2024-02-29 01:02:03"), dt.datetime(2024, 2, 29, 1, 2, 3), pa.timestamp("us")),
        (pd.Timedelta("1h"), dt.timedelta(hours=1), pa.duration("us")),
        (pd.NaT, None, pa.null()),
        (pd.NA, None, pa.null()),
        (pd.Series([1, 2]), [1, 2], pa.list_(pa.int64())),
        (pd.Index(["a", None], dtype=object), ["a", None], pa.list_(pa.string())),
        (pd.RangeIndex(2), [0, 1], pa.list_(pa.int64())),
        (
            pd.DatetimeIndex(["2024-01-01"]).as_unit("s"),
            [dt.datetime(2024, 1, 1)],
            pa.list_(pa.timestamp("s")),
        ),
        (pd.array([1, None], dtype="Int8"), [1, None], pa.list_(pa.int8())),
        (pd.Categorical([2, None, 2]), [2, None, 2], pa.list_(pa.int64())),
        (pl.Series([1, None]), [1, None], pa.list_(pa.int64())),
        (pa.scalar(3, pa.uint8()), 3, pa.uint8()),
        (pa.scalar(None, pa.string()), None, pa.string()),
        (pa.scalar({"a": [1]}), {"a": [1]}, pa.struct({"a": pa.list_(pa.int64())})),
        (pa.scalar("x", pa.large_string()), "x", pa.large_string()),
        (pa.array([1, 2], pa.int32()), [1, 2], pa.list_(pa.int32())),
        (pa.chunked_array([[1], [2]]), [1, 2], pa.list_(pa.int64())),
    ],
)
def test_values_of_other_libraries(value, python, type):
    assert out(value) == (python, type)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([2.0, None]),
        pd.Series([2.0, 3.0], dtype="Float64"),
        pd.Index([2, 3]),
        pd.array([2, None], dtype="Int64"),
        pd.Series(pd.Categorical([2, 3])),
        pl.Series([2, None]),
        pa.array([2, None]),
        pa.chunked_array([[2], [3]]),
        np.array([2, 3]),
    ],
    ids=lambda values: f"{type(values).__module__}.{type(values).__name__}",
)
def test_columns_of_other_libraries_are_sets_of_values(values):
    frame = sw.from_dict({"x": [1, 2]})
    assert frame.select(sw.col("x").is_in(values)).to_dict() == {"x": [False, True]}
    assert frame.filter(x=2).select(r=sw.lit(values).list.first().cast(int)).item() == 2


@pytest.mark.parametrize("with_pyarrow", [True, False])
def test_series_of_pandas_before_its_arrow_interface(with_pyarrow, monkeypatch):
    monkeypatch.delattr(pd.Series, "__arrow_c_stream__")
    if not with_pyarrow:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame = sw.from_dict({"s": ["a", "b", None]})
    found = frame.select(sw.col("s").is_in(pd.Series(["b", None], dtype=object), nulls_equal=True))
    assert found.to_dict() == {"s": [False, True, True]}
    assert sw.from_dict({"x": [1]}).select(r=sw.lit(pd.Series([1.5, float("nan")]))).item() == [1.5, None]


def test_nanoseconds_of_pandas_are_kept():
    stamp = pd.Timestamp("2024-01-01 00:00:00.000000001")
    found = pa.table(sw.from_dict({"one": [1]}).select(r=sw.lit(stamp)))["r"]
    assert found.type == pa.timestamp("ns")
    assert found[0].value == stamp.value


def test_values_in_a_type():
    assert out(1, dtype=sw.Int8) == (1, pa.int8())
    assert out("2024-02-29", dtype=sw.Date) == (dt.date(2024, 2, 29), pa.date32())
    assert out(None, dtype=str) == (None, pa.string())
    assert out(1, dtype="decimal(10, 2)") == (decimal.Decimal("1.00"), pa.decimal128(10, 2))
    assert out([1, 2], dtype=sw.List(sw.Int8)) == ([1, 2], pa.list_(pa.int8()))
    assert out([], dtype=sw.List(sw.Int8)) == ([], pa.list_(pa.int8()))
    assert out(dt.datetime(2024, 1, 1), dtype=sw.Datetime("ns")) == (
        dt.datetime(2024, 1, 1),
        pa.timestamp("ns"),
    )
    for value, dtype in [(300, sw.Int8), ("x", int), (-1, sw.UInt8), ("2024-13-01", sw.Date)]:
        with pytest.raises(sw.errors.InvalidValueError, match="does not fit"):
            sw.lit(value, dtype=dtype)


def test_values_that_nothing_holds():
    for value, match in [
        (object(), "no constant can be made of a object"),
        (1j, "complex"),
        (np.complex128(1j), "complex128"),
        (np.zeros((2, 2)), "2 dimensions"),
        (dt.time(1, tzinfo=dt.timezone.utc), "time zone"),
        ([1, "a", b"b", dt.date(2024, 1, 1)], "need one type"),
    ]:
        with pytest.raises(TypeError, match=match):
            sw.lit(value)
    with pytest.raises(ValueError, match="no digits"):
        sw.lit(decimal.Decimal("NaN"))
    with pytest.raises(ValueError, match="76"):
        sw.lit(10**80)


TYPES = [
    (sw.Null, pa.null()),
    (sw.Boolean, pa.bool_()),
    (sw.Int8, pa.int8()),
    (sw.Int16, pa.int16()),
    (sw.Int32, pa.int32()),
    (sw.Int64, pa.int64()),
    (sw.UInt8, pa.uint8()),
    (sw.UInt16, pa.uint16()),
    (sw.UInt32, pa.uint32()),
    (sw.UInt64, pa.uint64()),
    (sw.Float16, pa.float16()),
    (sw.Float32, pa.float32()),
    (sw.Float64, pa.float64()),
    (sw.String, pa.string()),
    (sw.LargeString, pa.large_string()),
    (sw.StringView, pa.string_view()),
    (sw.Binary, pa.binary()),
    (sw.LargeBinary, pa.large_binary()),
    (sw.BinaryView, pa.binary_view()),
    (sw.FixedSizeBinary(4), pa.binary(4)),
    (sw.Date, pa.date32()),
    (sw.Date64, pa.date64()),
    (sw.Time(), pa.time64("ns")),
    (sw.Time("ms"), pa.time32("ms")),
    (sw.Datetime(), pa.timestamp("us")),
    (sw.Datetime("ns", "Europe/Berlin"), pa.timestamp("ns", "Europe/Berlin")),
    (sw.Datetime("us", BERLIN), pa.timestamp("us", "Europe/Berlin")),
    (sw.Duration("ms"), pa.duration("ms")),
    (sw.Interval, pa.month_day_nano_interval()),
    (sw.Decimal(15, 2), pa.decimal128(15, 2)),
    (sw.Decimal(50, 2), pa.decimal256(50, 2)),
    (sw.List(sw.Int64), pa.list_(pa.int64())),
    (sw.Array(sw.Float32, 3), pa.list_(pa.float32(), 3)),
    (sw.Struct({"a": sw.Int64, "b": str}), pa.struct({"a": pa.int64(), "b": pa.string()})),
    (sw.Map(str, int), pa.map_(pa.string(), pa.int64())),
    (sw.Dictionary(), pa.dictionary(pa.int32(), pa.string())),
]


@pytest.mark.parametrize(("ours", "theirs"), TYPES, ids=[repr(ours) for ours, _ in TYPES])
def test_types_go_to_arrow_and_back(ours, theirs):
    assert pa.field(pa.schema([pa.field("x", pa.int8())]).field(0)).type == pa.int8()
    assert pa.DataType._import_from_c_capsule(ours.__arrow_c_schema__()) == theirs
    assert to_dtype(theirs) == ours
    assert hash(to_dtype(theirs)) == hash(ours)
    assert pickle.loads(pickle.dumps(ours)) == ours
    assert type(to_dtype(theirs)) is type(ours)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (int, sw.Int64),
        (float, sw.Float64),
        (str, sw.String),
        (bool, sw.Boolean),
        (bytes, sw.Binary),
        (dt.date, sw.Date),
        (dt.datetime, sw.Datetime("us")),
        (dt.timedelta, sw.Duration("us")),
        (decimal.Decimal, sw.Decimal(38, 10)),
        (list[int], sw.List(sw.Int64)),
        (sw.Datetime, sw.Datetime("us")),
        ("int32", sw.Int32),
        ("i8", sw.Int8),
        ("Float32", sw.Float32),
        ("double", sw.Float64),
        ("string", sw.String),
        ("datetime[ns, UTC]", sw.Datetime("ns", "UTC")),
        ("timestamp[us, tz=UTC]", sw.Datetime("us", "UTC")),
        ("duration[s]", sw.Duration("s")),
        ("decimal(15, 2)", sw.Decimal(15, 2)),
        ("list[list[str]]", sw.List(sw.List(sw.String))),
        (np.dtype("int16"), sw.Int16),
        (np.float32, sw.Float32),
        (np.dtype("datetime64[ms]"), sw.Datetime("ms")),
        (pa.int32(), sw.Int32),
    ],
)
def test_what_stands_for_a_type(given, dtype):
    assert to_dtype(given) == dtype


def test_what_stands_for_no_type():
    for given in ("integer128", "datetime[fortnight]", "decimal(99, 2)", "list[what]", ""):
        with pytest.raises(ValueError, match="no data type is named"):
            to_dtype(given)
    for given in (object, 3, sw.List):
        with pytest.raises(TypeError):
            to_dtype(given)
    for wrong in (lambda: sw.Decimal(99, 2), lambda: sw.Decimal(3, 5), lambda: sw.Datetime("h")):
        with pytest.raises(ValueError, match="expected"):
            wrong()


def test_casts_through_types():
    frame = sw.from_dict({"x": [1, None, 300]})
    for dtype in (sw.Float32, "float32", np.float32, pa.float32()):
        assert frame.select(sw.col("x").cast(dtype)).schema == {"x": sw.Float32}
    assert frame.select(sw.col("x").cast(sw.Int8, strict=False)).to_dict() == {"x": [1, None, None]}
    with pytest.raises(sw.SwathError):
        frame.select(sw.col("x").cast(sw.Int8)).collect()
