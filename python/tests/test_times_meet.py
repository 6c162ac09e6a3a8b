"""Times of different types, compared, put together and added."""

from datetime import date, datetime, time, timedelta

import pytest

import swath as sw
from swath import col

SPANS = [timedelta(hours=3), None]
CLOCKS = [time(10), time(11, 30), None]
FAR = [date(1, 1, 1), date(2020, 1, 1), date(9999, 12, 31)]


def microseconds(frame, name):
    return frame.select(col(name).cast(sw.Duration("us"))).to_list(name)


@pytest.mark.parametrize(("unit", "finer"), [("ns", "ns"), ("ms", "us"), ("s", "us")])
def test_durations_of_other_units(session, unit, finer):
    df = session.from_dict({"x": SPANS}).with_columns(col("x").cast(sw.Duration(unit)))
    day, x = timedelta(days=1), col("x")
    for expr, expected in [
        (x + day, [timedelta(hours=27), None]),
        (x - day, [timedelta(hours=-21), None]),
        (x.fill_null(day), [timedelta(hours=3), day]),
        (sw.coalesce(x, sw.lit(day)), [timedelta(hours=3), day]),
        (sw.when(x > timedelta(hours=1)).then(day).otherwise(x), [day, None]),
        (x.clip(day, 2 * day), [day, None]),
        (x.replace({timedelta(hours=3): day}), [day, None]),
    ]:
        got = df.select(x=expr)
        assert str(got.schema["x"]) == f"Duration('{finer}')", expr
        assert microseconds(got, "x") == expected, expr
    assert df.filter(x == timedelta(hours=3)).count() == 1
    assert df.filter(x.is_in([timedelta(hours=3), day])).count() == 1
    assert df.filter(x.is_between(timedelta(hours=3), day)).count() == 1
    filled = df.fill_null(day)
    assert str(filled.schema["x"]) == f"Duration('{unit}')"
    assert microseconds(filled, "x") == [timedelta(hours=3), day]
    # A constant that nanoseconds cannot hold.
    assert df.filter(x < timedelta(days=999_999)).count() == 1


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_times_of_day_of_other_units(session, unit):
    df = session.from_dict({"i": [1, 2, 3], "x": CLOCKS}).with_columns(col("x").cast(sw.Time(unit)))
    x = col("x")
    assert df.filter(x == time(11, 30)).to_list("i") == [2]
    assert df.filter(x < time(11)).to_list("i") == [1]
    assert df.filter(x.is_in([time(10), time(12)])).to_list("i") == [1]
    assert df.filter(x.is_between(time(11), time(12))).to_list("i") == [2]
    assert df.select(x=x.fill_null(time(1))).to_list("x") == [time(10), time(11, 30), time(1)]
    assert df.fill_null(time(1)).to_list("x") == [time(10), time(11, 30), time(1)]
    assert df.select(x=x.replace({time(10): time(9)})).to_list("x") == [time(9), time(11, 30), None]
    chosen = df.select(x=sw.when(x > time(11)).then(time(1)).otherwise(x))
    assert chosen.to_list("x") == [time(10), time(1), None]
    other = df.select(col("i").alias("j"), x.cast(sw.Time("ns")))
    assert df.join(other, on="x").sort("i").to_list("j") == [1, 2]
    assert df.join(other, on="x", how="full").count() == 4
    both = session.from_dict({"t": [datetime(2020, 1, 1, 10, 0)]}).with_columns(clock=col("t").dt.time())
    assert both.filter(col("clock") == time(10)).count() == 1


def test_dates_beyond_nanoseconds(session):
    df = session.from_dict({"i": [1, 2, 3], "d": FAR})
    d, midnight = col("d"), datetime(2020, 1, 1)
    assert df.filter(d > midnight).to_list("i") == [3]
    assert df.filter(d > sw.now()).to_list("i") == [3]
    assert df.filter(d.is_in([midnight, datetime(9999, 12, 31)])).to_list("i") == [2, 3]
    starts = [datetime(1, 1, 1), midnight, datetime(9999, 12, 1)]
    assert df.select(d=d.dt.truncate("1mo")).to_list("d") == starts
    assert df.select(d=d.dt.month_start()).to_list("d") == starts
    assert df.select(d=d.dt.month_end()).to_list("d")[2] == datetime(9999, 12, 31)
    assert df.filter(col("i") < 3).select(d=d.dt.round("1d")).to_list("d") == starts[:2]
    assert df.select(d=sw.coalesce(d, sw.lit(midnight))).to_list("d")[0] == datetime(1, 1, 1)
    assert df.select(x=d - midnight).to_list("x")[1:] == [timedelta(0), datetime(9999, 12, 31) - midnight]
    times = df.select(col("i").alias("j"), t=d.cast(sw.Datetime("us")))
    assert df.join(times, left_on="d", right_on="t").sort("i").to_list("j") == [1, 2, 3]
    months = df.group_by_dynamic("d", every="1mo").agg(sw.len())
    assert months.to_list("d") == [date(1, 1, 1), date(2020, 1, 1), date(9999, 12, 1)]


def test_constants_beyond_nanoseconds(session):
    df = session.from_dict({"t": [datetime(2020, 1, 1), None]}).with_columns(col("t").cast(sw.Datetime("ns")))
    t, far = col("t"), datetime(9999, 1, 1)
    assert df.filter(t < far).count() == 1
    assert df.filter(t.is_between(datetime(2020, 1, 1), far)).count() == 1
    assert df.filter(t.is_in([far, datetime(2020, 1, 1)])).count() == 1
    assert df.filter(t.is_in([far])).count() == 0
    assert df.filter(t < date(9999, 12, 31)).count() == 1


def test_texts_beyond_nanoseconds(session):
    df = session.from_dict({"s": ["9999-12-31 00:00:00", "0001-01-01 12:30:00.000001", None]})
    assert df.select(col("s").str.to_datetime()).to_list("s") == [
        datetime(9999, 12, 31),
        datetime(1, 1, 1, 12, 30, 0, 1),
        None,
    ]


def test_lengths_finer_than_the_timestamp(session, tmp_path):
    (tmp_path / "t.csv").write_text("t\n2020-01-01 00:00:00\n9999-12-31 00:00:00\n")
    read = session.read_csv(tmp_path / "t.csv")
    assert str(read.schema["t"]) == "Datetime('us')"
    start, half = datetime(2020, 1, 1), timedelta(milliseconds=500)
    seconds = session.from_dict({"t": [start]}).with_columns(col("t").cast(sw.Datetime("s")))
    for df in (read.filter(col("t") == start), seconds):
        for expr in (col("t") + half, col("t").dt.offset_by("500ms")):
            assert df.select(t=expr).to_list("t") == [start + half]
        assert df.select(t=col("t") - half).to_list("t") == [start - half]
    assert str(seconds.select(t=col("t").dt.offset_by("1h")).schema["t"]) == "Datetime('s')"
