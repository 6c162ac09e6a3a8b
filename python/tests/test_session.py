import re
import threading

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import swath as sw
from swath import col
from swath.errors import InvalidArgumentError, SqlError, TableNotFoundError


def test_a_session_takes_options(tmp_path):
    with sw.Session(
        threads=1,
        memory_limit="256MB",
        spill_folder=tmp_path,
        spill_limit=1 << 30,
        batch_size=1000,
        settings={"datafusion.execution.time_zone": "UTC"},
        storage_options={"aws_region": "eu-central-1"},
    ) as session:
        assert session.threads == 1
        assert session.memory_limit == 256 << 20
        assert session.is_embedded
        assert "1 threads, memory limit 0.2 GiB" in repr(session)
        sizes = [batch.num_rows for batch in session.sql("SELECT value FROM range(5000)").stream()]
        assert max(sizes) <= 1000
    assert session.is_closed
    with pytest.raises(InvalidArgumentError, match="closed"):
        session.sql("SELECT 1")
    assert repr(session) == "Session (closed)"
    for wrong in [{"memory_limit": "a lot"}, {"settings": {"swath.nonsense": 1}}, {"threads": 0}]:
        with pytest.raises((ValueError, sw.SwathError)):
            sw.Session(**wrong)


def test_functions_of_the_module_use_the_session_in_use():
    default = sw.default_session()
    assert sw.sql("SELECT 1").session.threads == default.threads
    with sw.Session(threads=1) as outer:
        assert sw.default_session() is outer
        outer.register("t", sw.from_dict({"a": [1]}))
        assert sw.tables() == ["t"]
        with sw.Session(threads=1) as inner:
            assert sw.default_session() is inner
            assert sw.tables() == []
        assert sw.table("t").to_list() == [1]
    assert sw.default_session() is default


def test_frames_outlive_their_session():
    with sw.Session(threads=1) as session:
        df = session.sql("SELECT value FROM range(3)")
    assert df.count() == 3


def test_register(session):
    session.register("Sales", session.from_dict({"a": [1, 2]}).filter(col("a") > 1))
    try:
        assert session.table("Sales").to_list() == [2]
        assert session.sql('SELECT a + 1 AS b FROM "Sales"').to_list() == [3]
        session.register("Sales", pd.DataFrame({"a": [7]}))
        assert session.table("Sales").to_list() == [7]
        assert "Sales" in session.tables()
    finally:
        assert session.deregister("Sales")
    assert not session.deregister("Sales")
    with pytest.raises(TableNotFoundError):
        session.table("Sales")


def test_sql_with_values(session):
    assert session.sql("SELECT $1 + 1 AS x, $2 AS y", params=[41, "it's"]).rows() == [(42, "it's")]
    assert session.sql("SELECT ? + ? AS x", params=[1, 2]).item() == 3
    assert session.sql("SELECT $a - $b AS x", params={"a": 3, "b": 1}).item() == 2
    assert session.sql("SELECT $1 IS NULL", params=[None]).item() is True
    for text, params, told in (
        ("SELECT 1", [1], "got 1 values, but the statement has no placeholder"),
        ("SELECT $1", [1, 2], "expected 1 values, for $1, got 2"),
        ("SELECT $1, $2", [1], "expected 2 values, for $1, $2, got 1"),
        ("SELECT $a", [1], "expected values by name for $a, got a list of 1"),
        ("SELECT $a", {"b": 1}, "the placeholder $a has no value; there are values for $b"),
        ("SELECT $a", {"a": 1, "b": 2}, "got a value for $b, but the placeholders are $a"),
        ("SELECT 1", {"b": 2}, "got a value for $b, but the statement has no placeholder"),
    ):
        with pytest.raises(SqlError, match=re.escape(told)):
            session.sql(text, params=params)
    with pytest.raises(TypeError, match="expected a text"):
        session.sql(1)
    with pytest.raises(SqlError, match="line 1, column 8"):
        session.sql("SELECT )")


def test_sql_runs_statements_that_change_things():
    with sw.Session(threads=1) as session:
        session.sql("CREATE TABLE t AS SELECT 1 AS a")
        session.sql("CREATE VIEW v AS SELECT a + 1 AS b FROM t")
        assert session.tables() == ["t", "v"]
        assert session.sql("SELECT b FROM v").item() == 2


def test_sql_sees_variables(session):
    ours = session.from_dict({"a": [1, 2, 3]}).filter(col("a") > 1)
    pandas_frame = pd.DataFrame({"a": [2]})
    polars_frame = pl.DataFrame({"a": [3]})
    lazy = pl.LazyFrame({"a": [3]})
    arrow = pa.table({"a": [4]})
    Mixed = pa.table({"a": [5]})
    before = session.tables()
    assert session.sql("SELECT sum(a) AS s FROM ours").item() == 5
    for name, value in [("pandas_frame", 2), ("polars_frame", 3), ("lazy", 3), ("arrow", 4), ("Mixed", 5)]:
        assert session.sql(f"SELECT a FROM {name}").item() == value, name
    joined = session.sql(
        "WITH x AS (SELECT a FROM ours) SELECT x.a FROM x JOIN polars_frame AS p ON x.a = p.a "
        "WHERE x.a IN (SELECT a FROM lazy)"
    )
    assert joined.item() == 3
    # Nothing stays behind, and what was planned still runs.
    assert session.tables() == before
    del ours, pandas_frame, polars_frame, lazy, arrow, Mixed
    assert joined.item() == 3


GLOBAL = pa.table({"a": [10]})


def test_a_registered_table_wins_over_a_variable(session):
    taken = pa.table({"a": [1]})
    session.register("taken", pa.table({"a": [2]}))
    try:
        assert session.sql("SELECT a FROM taken").item() == 2
    finally:
        session.deregister("taken")
    assert session.sql("SELECT a FROM taken").item() == 1
    assert session.sql("SELECT a FROM global").item() == 10
    assert taken is not None


def test_a_missing_table_is_told_with_what_there_is():
    with sw.Session(threads=1) as session:
        session.register("orders", session.from_dict({"a": [1]}))
        customers = session.from_dict({"a": [1]})
        number = 3
        with pytest.raises(TableNotFoundError, match="did you mean 'orders'") as raised:
            session.sql("SELECT * FROM order_")
        assert "variables that are tables: 'GLOBAL', 'customers'" in str(raised.value)
        with pytest.raises(TableNotFoundError):
            session.sql("SELECT * FROM number")
        assert customers.count() == 1
        assert number == 3


def test_variables_of_one_thread_are_not_seen_by_others():
    session = sw.Session(threads=1)
    wrong = []

    def ask(value):
        mine = pa.table({"a": [value]})
        for _ in range(50):
            if session.sql("SELECT a FROM mine").item() != value:
                wrong.append(value)
        assert mine.num_rows == 1

    threads = [threading.Thread(target=ask, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert session.tables() == []


def test_persist(session):
    df = session.sql("SELECT value, value % 3 AS k FROM range(300)")
    held = df.persist()
    assert held.count() == 300
    if session.is_embedded:
        assert session.persisted_bytes()[0] > 0
    held.unpersist()
    assert held.count() == 300
    with pytest.raises(InvalidArgumentError, match="persist"):
        df.unpersist()


def test_explain(session):
    df = session.from_dict({"a": [1, 2]}).filter(col("a") > 1)
    assert "Filter" in df.explain("logical")
    assert "TableScan" in df.explain()
    assert "FilterExec" in df.explain("physical")
    assert "Stage" in df.explain("stages")
    assert "rows" in df.explain(analyze=True)
    with pytest.raises(InvalidArgumentError, match="view must be one of"):
        df.explain("nonsense")


def test_show(session, capsys):
    session.from_dict({"a": range(30)}).sort("a").show(2)
    assert "first 2 rows; there are more" in capsys.readouterr().out


def test_options_that_no_session_takes_are_refused_where_they_are_set():
    for name, value in [
        ("threads", "x"),
        ("threads", 0),
        ("batch_size", 1.5),
        ("settings", "a"),
        ("spill_folder", 1),
    ]:
        with pytest.raises(sw.errors.InvalidArgumentError, match=f"config: {name}: expected"):
            setattr(sw.config, name, value)
    with pytest.raises(ValueError, match="expected a size such as"):
        sw.config.memory_limit = "many"
    assert sw.config.threads is None
