import datetime as dt
import decimal
import gc
import pickle
import weakref
import zoneinfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import swath as sw
from swath import col

VALUES = {
    "bool": [True, None, False],
    "int": [1, None, -(2**62)],
    "uint": [2**63, None, 1],
    "float": [1.5, None, float("inf")],
    "text": ["x", None, "ü"],
    "bytes": [b"x", None, b"\x00\xff"],
    "date": [dt.date(1969, 12, 31), None, dt.date(9999, 12, 31)],
    "time": [dt.time(1, 2, 3, 4), None, dt.time(23, 59)],
    "datetime": [dt.datetime(1960, 1, 1, 1, 2, 3, 4), None, dt.datetime(2026, 1, 1)],
    "utc": [dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), None, None],
    "zone": [dt.datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")), None, None],
    "delta": [dt.timedelta(days=-1, microseconds=3), None, dt.timedelta(hours=5)],
    "decimal": [decimal.Decimal("1.25"), None, decimal.Decimal("-100")],
    "list": [[1, None], None, []],
    "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}],
    "nested": [[{"a": [1]}], None, []],
    "null": [None, None, None],
}


@pytest.mark.parametrize("name", VALUES)
def test_values_of_python_come_back(name):
    table = sw.from_dict({name: VALUES[name]})
    assert table.to_dict()[name] == VALUES[name]
    # Arrow's own conversion agrees.
    assert table.to_arrow().column(0).to_pylist() == VALUES[name]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1, "x"]}, "column 'a': row 1 is str, the rows before it are int"),
        ({"a": [object()]}, "column 'a': a value of type object has no type"),
        ({"a": [1, 2], "b": [1]}, "column 'b' has 1 rows, column 'a' has 2"),
        ({"a": [[1], ["x"]]}, "column 'a': row 1"),
        ({"a": [2**64]}, "64-bit"),
        ({"a": np.array([1j])}, "complex"),
    ],
)
def test_what_has_no_type_is_named(data, message):
    with pytest.raises((TypeError, ValueError), match=message):
        sw.from_dict(data)


def test_rows_of_many_forms():
    wanted = {"a": [1, 2], "b": ["x", "y"]}
    for data in [
        wanted,
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        pa.table(wanted),
        pa.record_batch(wanted),
        pd.DataFrame(wanted),
        pl.DataFrame(wanted),
        pl.LazyFrame(wanted),
        duckdb.sql("SELECT * FROM (VALUES (1, 'x'), (2, 'y')) t(a, b)"),
        np.array([(1, "x"), (2, "y")], dtype=[("a", "i8"), ("b", "U1")]),
        sw.from_dict(wanted),
        sw.from_dict(wanted).sort("a"),
    ]:
        assert sw.DataFrame(data).to_dict() == wanted, type(data)
    assert sw.from_records([(1, "x"), (2, "y")], schema=["a", "b"]).to_dict() == wanted
    assert sw.DataFrame(np.arange(4).reshape(2, 2)).to_dict() == {"column_0": [0, 2], "column_1": [1, 3]}
    assert sw.from_dict({"a": [1, 2], "b": "x"}).to_dict()["b"] == ["x", "x"]
    assert sw.from_dict({"a": range(2), "b": (i for i in range(2))}).rows() == [(0, 0), (1, 1)]
    assert sw.from_dict({}).shape == (0, 0)
    assert sw.from_dict({"a": []}).shape == (0, 1)
    assert sw.from_dict({"a": [1]}, schema={"a": sw.Float32}).schema == {"a": sw.Float32}
    with pytest.raises(ValueError, match="no column 'z'"):
        sw.from_dict({"a": [1]}, schema={"z": sw.Float32})
    with pytest.raises(TypeError, match=r"got builtins\.int"):
        sw.DataFrame(3)


def test_numpy_goes_in_without_a_copy():
    for dtype in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]:
        values = np.arange(100).astype(dtype)
        out = sw.from_dict({"a": values}).to_numpy_columns()["a"]
        assert out.dtype == values.dtype
        assert out.__array_interface__["data"][0] == values.__array_interface__["data"][0], dtype
    odd = {
        "big": np.array([1, 2], dtype=">i4"),
        "step": np.arange(4)[::2],
        "bool": np.array([True, False]),
        "text": np.array(["x", "y"]),
        "object": np.array([None, "z"], dtype=object),
        "day": np.array(["2026-01-01", "NaT"], dtype="M8[D]"),
        "hours": np.array([1, "NaT"], dtype="m8[h]"),
        "moment": np.array(["2026-01-01T01", "NaT"], dtype="M8[ns]"),
        "masked": np.ma.array([1, 2], mask=[False, True]),
    }
    assert sw.from_dict(odd).to_dict() == {
        "big": [1, 2],
        "step": [0, 2],
        "bool": [True, False],
        "text": ["x", "y"],
        "object": [None, "z"],
        "day": [dt.date(2026, 1, 1), None],
        "hours": [dt.timedelta(hours=1), None],
        "moment": [dt.datetime(2026, 1, 1, 1), None],
        "masked": [1, None],
    }


def test_memory_lives_as_long_as_a_frame_needs_it():
    class Owned(np.ndarray):
        pass

    values = np.arange(1000.0).view(Owned)
    alive = weakref.ref(values)
    df = sw.from_dict({"a": values})
    del values
    gc.collect()
    assert df.agg(col("a").sum()).item() == 499500.0
    df = None
    gc.collect()
    assert alive() is None


def address(column):
    chunk = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    return chunk.buffers()[1].address


def test_arrow_goes_in_and_out_without_a_copy():
    table = pa.table({"i": np.arange(100_000), "s": pa.array(["x"] * 100_000)})
    df = sw.from_arrow(table)
    assert address(df.to_arrow()["i"]) == address(table["i"])
    selected = df.select("i").to_arrow()
    # In pieces, which threads pass on in any order.
    start, size = address(table["i"]), 8 * 100_000
    assert all(start <= address(chunk) < start + size for chunk in selected["i"].chunks)
    assert selected.num_rows == 100_000
    frame = pl.DataFrame({"i": np.arange(1000)})
    assert address(sw.from_polars(frame).to_arrow()["i"]) == address(frame.to_arrow()["i"])


def test_pandas():
    data = pd.DataFrame(
        {
            "i": [1, 2],
            "nullable": pd.array([1, None], dtype="Int64"),
            "s": ["x", None],
            "t": pd.to_datetime(["2026-01-01", None]),
            "tz": pd.to_datetime(["2026-01-01", "2026-01-02"]).tz_localize("Europe/Berlin"),
            "c": pd.Categorical(["u", "v"]),
            "l": [[1], [2, 3]],
        },
        index=pd.Index([5, 6], name="key"),
    )
    table = sw.from_pandas(data)
    assert table.columns == list(data.columns)
    assert table.to_dict()["nullable"] == [1, None]
    assert table.to_dict()["s"] == ["x", None]
    back = table.to_pandas()
    for name in ["i", "s", "t", "tz", "c"]:
        pd.testing.assert_series_equal(back[name], data[name].reset_index(drop=True))
    assert sw.from_pandas(data, include_index=True).columns[0] == "key"
    wide = table.to_pandas(types_mapper=pd.ArrowDtype)
    assert str(wide["i"].dtype) == "int64[pyarrow]"
    with pytest.raises(ValueError, match="two columns are named 'a'"):
        sw.from_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(TypeError, match=r"pandas.DataFrame, got dict"):
        sw.from_pandas({"a": [1]})


def test_results_go_out(session):
    df = session.from_dict({"a": [1, 2, 3], "b": ["x", None, "z"]}).filter(col("a") > 1)
    wanted = {"a": [2, 3], "b": [None, "z"]}
    assert df.to_arrow().to_pydict() == wanted
    assert df.to_polars().to_dict(as_series=False) == wanted
    assert pl.DataFrame(df).to_dict(as_series=False) == wanted
    assert pa.table(df).to_pydict() == wanted
    assert pd.DataFrame.from_arrow(df)["a"].to_list() == [2, 3]
    assert duckdb.sql("SELECT sum(a) FROM df").fetchall() == [(5,)]
    assert df.to_dicts() == [{"a": 2, "b": None}, {"a": 3, "b": "z"}]
    assert df.rows() == [(2, None), (3, "z")]
    assert df.to_list("a") == [2, 3]
    assert df.select("a").to_numpy().tolist() == [[2], [3]]
    assert list(df.iter_rows(named=True)) == df.to_dicts()
    with pytest.raises(ValueError, match="name one of a, b"):
        df.to_list()
    with pytest.raises(ValueError, match="2 rows and 2 columns"):
        df.item()


def test_intervals_are_not_for_polars():
    df = sw.sql("SELECT INTERVAL '36 hours' AS i")
    with pytest.raises(TypeError, match="column 'i' holds intervals"):
        df.to_polars()
    assert df.cast({"i": sw.Duration("us")}).to_polars()["i"].to_list() == [dt.timedelta(hours=36)]


def test_numpy():
    df = sw.from_dict({"a": [1, None], "b": [0.5, 1.5]})
    np.testing.assert_array_equal(df.to_numpy(), [[1, 0.5], [np.nan, 1.5]])
    assert np.asarray(df, dtype="f4").dtype == np.float32
    structured = sw.from_dict({"a": [1, 2], "s": ["x", "y"]}).to_numpy(structured=True)
    assert structured.dtype.names == ("a", "s")
    assert structured["a"].tolist() == [1, 2]


def test_to_numpy_of_many_rows():
    columns = {"a": np.arange(1_500_000, dtype=np.int32), "b": np.linspace(0, 1, 1_500_000)}
    columns["c"] = columns["a"] % 7
    df = sw.from_arrow(pa.table(columns))
    for frame in (df, df.filter(sw.col("a") >= 0).sort("a")):
        matrix = frame.to_numpy()
        assert matrix.dtype == np.float64
        for position, values in enumerate(columns.values()):
            np.testing.assert_array_equal(matrix[:, position], values)


def test_a_stream_runs_while_it_is_read(session):
    df = session.sql("SELECT value, value % 7 AS k FROM range(1000000)")
    stream = df.stream()
    first = next(stream)
    assert isinstance(first, pa.RecordBatch)
    assert 0 < first.num_rows < 1_000_000
    stream.close()
    with pytest.raises(StopIteration):
        next(stream)
    with df.stream() as again:
        assert sum(batch.num_rows for batch in again) == 1_000_000
    reader = pa.RecordBatchReader.from_stream(df)
    assert reader.read_next_batch().num_rows < 1_000_000
    del reader
    once = df.limit(1).stream()
    assert pa.table(once).num_rows == 1
    with pytest.raises(sw.SwathError, match="read or closed before"):
        pa.table(once)


def test_a_stream_tells_its_schema_before_it_runs():
    df = sw.sql("SELECT 1 AS a, 'x' AS b")
    assert pa.schema(df).names == ["a", "b"]
    assert pa.schema(df.stream()).names == ["a", "b"]
    wanted = pa.schema([("a", pa.float32()), ("b", pa.large_string())])
    assert [
        field.type for field in pa.RecordBatchReader.from_stream(df, schema=wanted).read_all().schema
    ] == [
        pa.float32(),
        pa.large_string(),
    ]


def test_an_error_in_a_stream_reaches_its_reader():
    df = sw.sql("SELECT CAST(s AS INT) AS i FROM (VALUES ('1'), ('x')) t(s)")
    with pytest.raises(sw.SwathError, match="x"):
        list(df.stream())
    with pytest.raises(Exception, match="x"):
        pa.table(df)


def test_tables():
    table = sw.from_dict({"a": range(25)})
    assert len(table) == table.height == table.num_rows == table.count() == 25
    assert table.shape == (25, 1)
    assert table.collect() is table
    assert table.row(-1) == (24,)
    assert not table.is_empty()
    assert table.nbytes >= 25 * 8
    assert "first 10 of 25 rows" in repr(table)
    with pytest.raises(IndexError, match="25 rows"):
        table.row(25)
    again = pickle.loads(pickle.dumps(table))
    assert again.to_dict() == table.to_dict()
    assert table.filter(col("a") > 23).rows() == [(24,)]


def test_a_representation_runs_nothing(tmp_path):
    df = sw.sql("SELECT value FROM range(10)").filter(col("value") > 3)
    text = repr(df)
    assert "1 column, not run yet" in text
    assert "value" in text
    assert "Filter" in text
    sw.from_dict({"a": [1]}).write_parquet(tmp_path / "t.parquet")
    gone = sw.read_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").unlink()
    assert "not run yet" in repr(gone)


def test_decimals_that_polars_has_not_are_refused():
    wide = sw.sql("SELECT CAST(1.5 AS DECIMAL(60, 2)) AS d")
    with pytest.raises(TypeError, match=r"column 'd' holds decimals of 60 digits.*sw.Decimal\(38, 2\)"):
        wide.to_polars()
