"""Every type that pyarrow can make goes through a query, here and on a cluster, and comes back as it was."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

import swath as sw

WORDS = pa.dictionary(pa.int32(), pa.string())
NUMBERS = [1, None, 3]
TEXTS = ["a", None, "a text of more than twelve bytes"]
DECIMALS = [Decimal("1.23"), None, Decimal(4)]


def flat():
    yield from (pa.nulls(3), pa.array([True, None, False]))
    numbers = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
    for name in numbers:
        yield pa.array(NUMBERS, name)
    yield pa.array([np.float16(1), None, np.float16(2)], pa.float16())
    for text in (pa.string(), pa.large_string(), pa.string_view()):
        yield pa.array(TEXTS, text)
    for data in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(3)):
        yield pa.array([b"abc", None, b"xyz"], data)
    for date in (pa.date32(), pa.date64()):
        yield pa.array([dt.date(2020, 1, 1), None, dt.date(1960, 1, 1)], date)
    for time in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")):
        yield pa.array(NUMBERS, time)
    for unit in ("s", "ms", "us", "ns"):
        yield pa.array(NUMBERS, pa.duration(unit))
        for zone in (None, "UTC", "Europe/Berlin", "+01:00"):
            yield pa.array(NUMBERS, pa.timestamp(unit, zone))
    yield pa.array([pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([0, 0, 1])])
    for decimal in (pa.decimal32(9, 2), pa.decimal64(18, 2), pa.decimal128(38, 2), pa.decimal256(60, 2)):
        yield pa.array(DECIMALS, decimal)
    yield pa.array(["a", None, "b"]).dictionary_encode()
    yield pa.array(["a", None, "b"], pa.dictionary(pa.int8(), pa.large_string()))
    yield pa.array([10, None, 20], pa.dictionary(pa.int32(), pa.int64()))


def nested():
    for inner, values in (
        (pa.int64(), [[1, None], None, []]),
        (pa.string_view(), [["x", None], None, TEXTS[2:]]),
        (pa.string(), [["x"], None, []]),
    ):
        for make in (pa.list_, pa.large_list, pa.list_view, pa.large_list_view):
            yield pa.array(values, make(inner))
    longs = [[[1], [2]], None, [[3], None]]
    long = pa.large_list(pa.int64())
    yield pa.array([[1, 2], None, [3, None]], pa.list_(pa.int64(), 2))
    yield pa.array(longs, pa.list_(long, 2))
    yield pa.array(longs, pa.large_list(long))
    structs = [{"a": [1], "b": "x"}, None, {"a": None, "b": "y"}]
    yield pa.array(structs, pa.struct([("a", pa.large_list(pa.int32())), ("b", pa.string_view())]))
    yield pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64()))
    yield pa.array([[("a", [1])], None, []], pa.map_(pa.string(), long))
    words = pa.array(["a", "b", "a"], WORDS)
    yield pa.ListArray.from_arrays([0, 2, 3, 3], words)
    yield pa.LargeListArray.from_arrays([0, 2, 3, 3], words)
    yield pa.StructArray.from_arrays([words], ["d"])


CASES = [*flat(), *nested()]


@pytest.fixture(scope="module")
def staged_session(cluster):
    """A session for which no table is small: everything goes through workers and shuffles."""
    return sw.connect(cluster.address, settings={"swath_cluster.small_input_rows": "0"})


@pytest.mark.parametrize("kind", ["embedded", "staged"])
def test_every_type_comes_back(kind, request):
    session = request.getfixturevalue(f"{kind}_session")
    for case in CASES:
        frame = session.from_arrow(pa.table({"k": [1, 2, 3], "v": case}))
        other = session.from_dict({"k": [1, 2, 3]})
        for query in (
            frame.filter(sw.col("k") > 0),
            frame.join(other, on="k"),
            frame.group_by("k").agg(v=sw.col("v").first()),
        ):
            rows = query.sort("k").to_arrow()
            assert rows.schema.field("v").type == case.type
            assert rows["v"].to_pylist() == case.to_pylist(), case.type


def test_frames_of_polars_with_lists_on_a_cluster(staged_session):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"k": [1, 2, 1], "l": [[1, 2], None, []], "n": [[["a"]], [], None]})
    ours = staged_session.from_polars(frame).sort("k").to_polars()
    assert sorted(map(str, ours.rows())) == sorted(map(str, frame.rows()))
    grouped = staged_session.from_polars(frame).group_by("k").agg(l=sw.col("l").implode().list.flatten())
    assert grouped.sort("k").to_list("l")[0] == [1, 2]
