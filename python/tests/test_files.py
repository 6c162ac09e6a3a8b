import datetime as dt

import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from frames import assert_same

import swath as sw
from swath.errors import FileError, InvalidArgumentError

DATA = {"k": [1, 2, 3], "s": ["a", None, 'c,"d'], "x": [1.5, None, -0.25]}


@pytest.fixture
def df(session):
    return session.from_dict(DATA)


@pytest.mark.parametrize(
    ("format", "compressions"),
    [
        ("parquet", [None, "zstd", "snappy", "zstd(3)"]),
        ("csv", [None, "gzip"]),
        ("json", [None, "zstd"]),
        ("arrow", [None, "lz4"]),
    ],
)
def test_formats_round_trip(session, df, tmp_path, format, compressions):
    for number, compression in enumerate(compressions):
        folder = tmp_path / f"out{number}"
        summary = getattr(df, f"write_{format}")(folder, compression=compression)
        assert summary.rows == 3
        assert summary.files >= 1
        assert summary.bytes > 0
        read = getattr(session, f"read_{format}")
        assert_same(read(folder), pl.DataFrame(DATA))
        assert_same(read(str(folder) + "/*"), pl.DataFrame(DATA))
        other = tmp_path / f"other{number}"
        getattr(df, f"write_{format}")(other, compression=compression)
        assert read([folder, other]).count() == 6


def test_other_libraries_read_what_is_written(df, tmp_path):
    df.sort("k").write_parquet(tmp_path / "t.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet").to_pydict() == DATA
    df.sort("k").write_csv(tmp_path / "t.csv", null_value="NA", delimiter=";")
    assert (tmp_path / "t.csv").read_text() == 'k;s;x\n1;a;1.5\n2;NA;NA\n3;"c,""d";-0.25\n'
    df.sort("k").write_arrow(tmp_path / "t.arrow")
    assert pyarrow.feather.read_table(tmp_path / "t.arrow").to_pydict() == DATA


def test_modes(session, df, tmp_path):
    df.write_parquet(tmp_path / "t")
    with pytest.raises(FileError):
        df.write_parquet(tmp_path / "t")
    df.write_parquet(tmp_path / "t", mode="append")
    assert session.read_parquet(tmp_path / "t").count() == 6
    df.write_parquet(tmp_path / "t", mode="overwrite")
    assert session.read_parquet(tmp_path / "t").count() == 3
    with pytest.raises(InvalidArgumentError, match="mode must be one of"):
        df.write_parquet(tmp_path / "t", mode="merge")


def test_partitions(session, tmp_path):
    df = session.from_dict({"day": [dt.date(2026, 1, 1), dt.date(2026, 1, 2)], "x": [1, 2]})
    df.write_parquet(tmp_path / "t", partition_by="day")
    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["day=2026-01-01", "day=2026-01-02"]
    back = session.read_parquet(tmp_path / "t")
    assert sorted(back.select("x", "day").rows()) == [(1, dt.date(2026, 1, 1)), (2, dt.date(2026, 1, 2))]
    as_text = session.read_parquet(tmp_path / "t", partition_types={"day": sw.String})
    assert sorted(as_text.to_list("day")) == ["2026-01-01", "2026-01-02"]
    assert session.read_parquet(tmp_path / "t", hive_partitions=False).columns == ["x"]


def test_options_of_csv(session, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("# c\n1|x|NA\n2|'y|z'|3\n")
    options = {"header": False, "delimiter": "|", "quote": "'", "comment": "#", "null_values": ["NA"]}
    df = session.read_csv(path, **options)
    assert df.columns == ["column_1", "column_2", "column_3"]
    assert sorted(df.rows()) == [(1, "x", None), (2, "y|z", 3)]
    typed = session.read_csv(path, **options, schema={"a": sw.Int8, "b": sw.String, "c": sw.Float64})
    assert sorted(typed.rows()) == [(1, "x", None), (2, "y|z", 3.0)]
    arrow_schema = pa.schema([("a", pa.int8()), ("b", pa.string()), ("c", pa.float64())])
    assert session.read_csv(path, **options, schema=arrow_schema).columns == ["a", "b", "c"]
    with pytest.raises(InvalidArgumentError, match="one ASCII character"):
        session.read_csv(path, delimiter="||")


def test_registered_files_are_looked_at_again(tmp_path):
    with sw.Session(threads=1) as session:
        for format in ["parquet", "csv", "json", "arrow"]:
            folder = tmp_path / format
            df = session.from_dict({"a": [1]})
            write = getattr(df, f"write_{format}")
            write(folder)
            getattr(session, f"register_{format}")(format, folder)
            assert session.sql(f"SELECT count(*) FROM {format}").item() == 1
            write(folder, mode="append")
            assert session.sql(f"SELECT count(*) FROM {format}").item() == 2
        with pytest.raises(TypeError, match="no option 'nonsense'"):
            session.register_parquet("t", tmp_path / "parquet", nonsense=1)


def test_what_is_not_there_is_named(session, tmp_path):
    with pytest.raises(FileError, match="missing"):
        session.read_parquet(tmp_path / "missing.parquet")
    with pytest.raises(ValueError, match="empty list"):
        session.read_parquet([])
    (tmp_path / "bad.parquet").write_bytes(b"not a parquet file")
    with pytest.raises(FileError, match=r"bad\.parquet"):
        session.read_parquet(tmp_path / "bad.parquet").collect()


def test_a_failed_write_leaves_nothing(session, tmp_path):
    df = session.sql("SELECT CAST(s AS INT) AS i FROM (VALUES ('1'), ('x')) t(s)")
    with pytest.raises(sw.SwathError):
        df.write_parquet(tmp_path / "out")
    with pytest.raises(FileError):
        session.read_parquet(tmp_path / "out")


def test_two_columns_of_one_name_are_refused(session, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a\n1,2,3\n")
    with pytest.raises(
        sw.FileError, match=r"twice\.csv.*columns 1 and 3 are both called 'a'; give all columns names"
    ):
        session.read_csv(path)
    named = session.read_csv(path, schema={"a": int, "b": int, "c": int})
    assert named.to_dict() == {"a": [1], "b": [2], "c": [3]}


def test_json_has_no_nan(session, tmp_path):
    path = tmp_path / "x.json"
    session.sql("SELECT CAST('NaN' AS DOUBLE) AS n, CAST('inf' AS DOUBLE) AS i, 1.5 AS x").write_json(path)
    assert path.read_text() == '{"n":null,"i":null,"x":1.5}\n'


def test_intervals_that_parquet_has_not(session, tmp_path):
    frame = session.sql("SELECT INTERVAL '1 day' AS d")
    with pytest.raises(sw.InvalidArgumentError, match=r"column 'd' has intervals .* CAST\(d AS VARCHAR\)"):
        frame.write_parquet(tmp_path / "d.parquet")
    with pytest.raises(sw.PlanError, match="column 'd' has intervals"):
        session.sql(f"COPY (SELECT INTERVAL '1 day' AS d) TO '{tmp_path}/d.parquet'").collect()
    assert list(tmp_path.iterdir()) == []
