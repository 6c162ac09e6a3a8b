import datetime as dt
import gzip
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
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


def test_partitions_of_nulls_and_awkward_names(session, tmp_path):
    keys = ["a/b", "50%", "x=y", "two words", None, "", "é:*", None]
    numbers = [1, None, None, 4, 5, None, 7, None]
    df = session.from_dict({"k": keys, "n": numbers, "x": list(range(8))})
    df.write_parquet(tmp_path / "t", partition_by=["k", "n"])
    assert (tmp_path / "t" / "k=__HIVE_DEFAULT_PARTITION__" / "n=__HIVE_DEFAULT_PARTITION__").is_dir()
    assert (tmp_path / "t" / "k=a%2Fb").is_dir()
    back = session.read_parquet(tmp_path / "t").select("k", "n", "x").sort("x")
    assert back.rows() == list(zip(keys, numbers, range(8), strict=True))
    assert sorted(back.filter(sw.col("k").is_null()).to_list("x")) == [4, 7]
    assert back.filter(sw.col("k") == "50%").to_list("x") == [1]
    assert back.group_by("n").agg(x=sw.col("x").count()).filter(sw.col("n").is_null()).to_list("x") == [4]


@pytest.mark.parametrize("format", ["parquet", "csv", "json", "arrow"])
def test_partitions_of_nothing_but_nulls(session, tmp_path, format):
    for name, kind in [("text", sw.String), ("number", sw.Int64), ("date", sw.Date)]:
        df = session.from_dict({"k": [None, None], "x": [1, 2]}).with_columns(k=sw.col("k").cast(kind))
        getattr(df, f"write_{format}")(tmp_path / name, partition_by="k")
        back = getattr(session, f"read_{format}")(tmp_path / name).sort("x")
        assert back.to_dict() == {"x": [1, 2], "k": [None, None]}


def test_dictionaries_of_views_are_written(session, tmp_path):
    texts = pa.array(["a text that is longer than a view", None, "short"], pa.string_view())
    dictionary = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 0, None], pa.int32()), texts)
    session.from_arrow(pa.table({"d": dictionary})).write_parquet(tmp_path / "t.parquet")
    assert session.read_parquet(tmp_path / "t.parquet").to_list("d") == dictionary.to_pylist()


def test_files_that_differ_in_what_may_be_null(session, tmp_path):
    for name, nullable in [("a", False), ("b", True)]:
        items = pa.list_(pa.field("item", pa.int64(), nullable))
        schema = pa.schema([pa.field("x", pa.int64(), nullable), pa.field("l", items, nullable)])
        table = pa.table({"x": [1, 2], "l": [[1], [2, 3]]}, schema=schema)
        pq.write_table(table, tmp_path / f"{name}.parquet")
        (tmp_path / "both").mkdir(exist_ok=True)
        pq.write_table(table.select(["x"]), tmp_path / "both" / f"{name}.parquet")
    both = session.read_parquet(tmp_path / "both")
    assert both.group_by("x").agg(n=sw.count()).sort("x").rows() == [(1, 2), (2, 2)]
    assert both.join(both.select("x", m=sw.col("x") + 1), on="x").count() == 8
    for name in ["a", "b"]:
        one = session.read_parquet(tmp_path / f"{name}.parquet")
        assert one.group_by("x", "l").agg(n=sw.count()).sort("x").rows() == [(1, [1], 1), (2, [2, 3], 1)]
        more = one.select("x").union(session.from_arrow(table).select("x"))
        assert more.group_by("x").agg(n=sw.count()).sort("x").rows() == [(1, 2), (2, 2)]


def test_tables_declared_not_null(session, tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": pa.array([1, 2, 2], pa.int64())}), path)
    session.sql(f"CREATE EXTERNAL TABLE declared (x BIGINT NOT NULL) STORED AS PARQUET LOCATION '{path}'")
    groups = session.sql("SELECT x, count(*) AS n FROM declared GROUP BY x ORDER BY x")
    assert groups.rows() == [(1, 1), (2, 2)]
    session.sql("DROP TABLE declared")


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


def test_time_zones_in_csv(session, tmp_path):
    tokyo, berlin = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
    times = [
        dt.datetime(2024, 1, 1, 12, tzinfo=tokyo),
        None,
        dt.datetime(2024, 7, 1, 0, 0, 0, 500, tzinfo=tokyo),
    ]
    data = {"k": [1, 2, 3], "z": times, "n": [dt.datetime(2024, 1, 1, 12, 30)] * 3}
    df = session.from_dict(data).with_columns(b=sw.col("z").dt.convert_time_zone("Europe/Berlin"))
    df.sort("k").write_csv(tmp_path / "t.csv")
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[1] == "1,2024-01-01T12:00:00+09:00,2024-01-01T12:30:00,2024-01-01T04:00:00+01:00"
    assert lines[3].endswith(",2024-06-30T17:00:00.000500+02:00")
    back = session.read_csv(tmp_path / "t.csv").sort("k")
    assert [str(back.schema[name]) for name in "zbn"] == [
        "Datetime('us', 'UTC')",
        "Datetime('us', 'UTC')",
        "Datetime('us')",
    ]
    assert back.to_list("z") == times
    assert back.to_list("b") == [time and time.astimezone(berlin) for time in times]
    assert back.filter(sw.col("z") > dt.datetime(2024, 2, 1, tzinfo=dt.timezone.utc)).to_list("k") == [3]
    schema = {"k": sw.Int64, "z": sw.Datetime("us", "Asia/Tokyo"), "n": sw.Datetime("us"), "b": sw.String}
    assert session.read_csv(tmp_path / "t.csv", schema=schema).sort("k").to_list("z") == times
    # Compressed, in several files whose times have other digits, and with one that says nothing of its zone.
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.csv").write_text("t\n2024-01-01T00:00:00Z\n")
    (tmp_path / "f" / "b.csv.gz").write_bytes(gzip.compress(b"t\n2024-01-02 00:00:00.25+01:00\n"))
    found = session.read_csv(tmp_path / "f")
    assert str(found.schema["t"]) == "Datetime('us', 'UTC')"
    assert sorted(time.hour for time in found.to_list("t")) == [0, 23]
    (tmp_path / "m.csv").write_text("t\n2024-01-01T00:00:00Z\n2024-01-01T00:00:00\n")
    assert str(session.read_csv(tmp_path / "m.csv").schema["t"]) == "Datetime('us')"


def test_empty_texts_in_csv(session, tmp_path):
    df = session.from_dict({"k": [1, 2, 3], "s": ["", None, "x"]}).sort("k")
    df.write_csv(tmp_path / "t.csv")
    assert session.read_csv(tmp_path / "t.csv").sort("k").to_list("s") == [None, None, "x"]
    df.with_columns(sw.col("s").replace({"": "(empty)"})).write_csv(tmp_path / "u.csv")
    back = session.read_csv(tmp_path / "u.csv").with_columns(sw.col("s").replace({"(empty)": ""}))
    assert back.sort("k").to_list("s") == ["", None, "x"]


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


def test_two_columns_of_one_name(session, tmp_path):
    rows = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "a"])
    with pa.OSFile(str(tmp_path / "twice.arrow"), "wb") as file, pa.ipc.new_file(file, rows.schema) as out:
        out.write_table(rows)
    with pytest.raises(FileError, match=r"twice\.arrow.*columns 1 and 3 are both called 'a'"):
        session.read_arrow(tmp_path / "twice.arrow")
    pq.write_table(rows, tmp_path / "twice.parquet")
    with pytest.raises(
        FileError, match=r"twice\.parquet.*columns 1 and 3 are both called 'a'; write the file"
    ):
        session.read_parquet(tmp_path / "twice.parquet")


def test_columns_of_one_name_in_csv_are_numbered(session, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a,a_1,t,a,t\n1,2.5,x,4,2024-01-01T10:00:00Z,6,2024-01-01T10:00:00\n")
    df = session.read_csv(path)
    assert df.columns == ["a", "b", "a_2", "a_1", "t", "a_3", "t_1"]
    (row,) = df.drop("t", "t_1").rows()
    assert tuple(row) == (1, 2.5, "x", 4, 6)
    assert df.select(sw.col("t").cast(str), sw.col("t_1").cast(str)).rows()[0] == (
        "2024-01-01T10:00:00Z",
        "2024-01-01T10:00:00",
    )
    named = session.read_csv(path, schema=dict.fromkeys("abcdefg", str))
    assert named.select("c", "f").rows() == [("x", "6")]
    (tmp_path / "twice.csv.gz").write_bytes(gzip.compress(b"k,k\n1,2\n3,4\n"))
    assert session.read_csv(tmp_path / "twice.csv.gz").to_dict() == {"k": [1, 3], "k_1": [2, 4]}


def test_parquet_files_whose_lists_differ_in_width(session, tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    item = pa.field("item", pa.int32(), nullable=False)
    rows = {"l": pa.array([[1, 2]], pa.list_(item)), "s": pa.array([{"x": 1, "y": "a"}])}
    pq.write_table(pa.table(rows), folder / "a.parquet")
    pair = pa.struct([("x", pa.int64()), ("y", pa.large_string())])
    rows = {
        "l": pa.array([[None, 2**40]], pa.list_(pa.int64())),
        "s": pa.array([{"x": None, "y": "b"}], pair),
    }
    pq.write_table(pa.table(rows), folder / "b.parquet")
    df = session.read_parquet(folder).sort(sw.col("s").struct.field("y"))
    assert df.to_dict() == {
        "l": [[1, 2], [None, 2**40]],
        "s": [{"x": 1, "y": "a"}, {"x": None, "y": "b"}],
    }


def test_json_has_no_nan(session, tmp_path):
    path = tmp_path / "x.json"
    session.sql("SELECT CAST('NaN' AS DOUBLE) AS n, CAST('inf' AS DOUBLE) AS i, 1.5 AS x").write_json(path)
    assert path.read_text() == '{"n":null,"i":null,"x":1.5}\n'


def test_intervals_that_parquet_has_not(session, tmp_path):
    frame = session.sql("SELECT INTERVAL '1 day' AS d")
    with pytest.raises(
        sw.errors.InvalidArgumentError, match=r"column 'd' has intervals .*CAST\(d AS VARCHAR\)"
    ):
        frame.write_parquet(tmp_path / "d.parquet")
    with pytest.raises(sw.errors.PlanError, match="column 'd' has intervals"):
        session.sql(f"COPY (SELECT INTERVAL '1 day' AS d) TO '{tmp_path}/d.parquet'").collect()
    assert list(tmp_path.iterdir()) == []
