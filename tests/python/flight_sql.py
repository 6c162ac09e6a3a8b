"""Flight SQL by the ADBC driver: `flight_sql.py grpc://host:port FOLDER`. Ends with an error at the first thing that is wrong."""

import sys
import threading
import time
import warnings

import adbc_driver_flightsql.dbapi as flight_sql
import pyarrow
from adbc_driver_flightsql import DatabaseOptions

URI, FOLDER = sys.argv[1:]
COOKIES = {DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true"}


def connect(**options):
    return flight_sql.connect(URI, db_kwargs={**COOKIES, **options}, autocommit=True)


def rows(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetchall()


def fails(expected, run):
    try:
        run()
    except flight_sql.Error as error:
        assert expected in str(error), f"expected {expected!r}, got {error}"
        return error
    raise AssertionError(f"expected an error with {expected!r}, got none")


def queries(cursor):
    assert rows(cursor, "SELECT 1 AS one, 'x' AS s, NULL AS n") == [(1, "x", None)]
    assert [column[0] for column in cursor.description] == ["one", "s", "n"]
    cursor.execute(f"COPY (SELECT value AS k, 'text ' || value AS s FROM range(100000)) TO '{FOLDER}/t.parquet'")
    assert cursor.fetchall() == [(100000,)]
    cursor.execute(f"CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{FOLDER}/t.parquet'")
    table = cursor.execute("SELECT k, s FROM t ORDER BY k").fetch_arrow_table()
    assert table.num_rows == 100000 and table["s"][99999].as_py() == "text 99999", table
    assert table.schema.field("s").type == pyarrow.large_string()
    cursor.execute("SELECT k FROM t")
    reader = cursor.fetch_record_batch()
    assert sum(batch.num_rows for batch in reader) == 100000
    assert rows(cursor, "SELECT count(*) FROM t a JOIN t b ON a.k = b.k + 1") == [(99999,)]


def statements(cursor):
    cursor.execute("CREATE VIEW v AS SELECT k * 2 AS double FROM t")
    assert rows(cursor, "SELECT max(double) FROM v") == [(199998,)]
    cursor.execute("SET datafusion.execution.batch_size = 1000")
    assert rows(cursor, "SHOW datafusion.execution.batch_size")[0][1] == "1000"
    cursor.execute("CACHE TABLE c AS SELECT k FROM t WHERE k < 7")
    assert rows(cursor, "SELECT count(*) FROM c") == [(7,)]
    cursor.execute("UNCACHE TABLE c")
    cursor.execute("CREATE TABLE m (a INT, b VARCHAR)")
    cursor.executemany("INSERT INTO m VALUES (?, ?)", [(1, "a"), (2, None), (3, "it's")])
    assert cursor.rowcount == 3, cursor.rowcount
    assert rows(cursor, "SELECT a, b FROM m ORDER BY a") == [(1, "a"), (2, None), (3, "it's")]


def parameters(cursor):
    assert rows(cursor, "SELECT k FROM t WHERE k > $1 AND k < $2 ORDER BY 1", (10, 13)) == [(11,), (12,)]
    assert rows(cursor, "SELECT k FROM t WHERE s = ? LIMIT ?", ("text 42", 5)) == [(42,)]
    schema = cursor.adbc_prepare("SELECT s FROM t WHERE k = ?")
    assert schema.field(0).type == pyarrow.int64(), schema
    fails("no values", lambda: cursor.execute("SELECT s FROM t WHERE k = ?"))


def ingestion(cursor):
    table = pyarrow.table({"x": [1, 2, 3], "y": ["a", "b", None]})
    assert cursor.adbc_ingest("ingested", table, mode="create") == 3
    assert cursor.adbc_ingest("ingested", table, mode="append") == 3
    assert rows(cursor, "SELECT sum(x), count(y) FROM ingested") == [(12, 4)]
    fails("already exists", lambda: cursor.adbc_ingest("ingested", table, mode="create"))
    assert cursor.adbc_ingest("ingested", table.slice(0, 1), mode="replace") == 1
    assert rows(cursor, "SELECT count(*) FROM ingested") == [(1,)]


def catalog(connection):
    assert {"TABLE", "VIEW"} <= set(connection.adbc_get_table_types())
    objects = connection.adbc_get_objects(depth="all", table_name_filter="m").read_all().to_pylist()
    [schema] = [s for c in objects for s in c["catalog_db_schemas"] if s["db_schema_tables"]]
    [table] = schema["db_schema_tables"]
    assert (table["table_name"], table["table_type"]) == ("m", "TABLE"), table
    assert [column["column_name"] for column in table["table_columns"]] == ["a", "b"], table
    assert connection.adbc_get_table_schema("m").names == ["a", "b"]
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "Swath" and info["vendor_version"], info


def errors(cursor):
    error = fails("did you mean 'double'", lambda: cursor.execute("SELECT doubel FROM v"))
    assert "line 1, column 8" in str(error), error
    assert isinstance(error, flight_sql.ProgrammingError), type(error)
    fails("table 'nobody' not found", lambda: cursor.execute("SELECT * FROM nobody"))
    fails("ivide by zero", lambda: rows(cursor, "SELECT 1 / (k - 5) FROM t"))


def cancelling(connection):
    """A running query ends when it is cancelled, and the connection lives on."""
    with connection.cursor() as cursor:
        timer = threading.Timer(0.5, cursor.adbc_cancel)
        timer.start()
        begin = time.monotonic()
        sql = "SELECT count(*) FROM range(100000000) a JOIN range(1000) b ON a.value % 7 <> b.value"
        try:
            rows(cursor, sql)
        except (flight_sql.Error, KeyboardInterrupt) as error:
            assert "cancel" in str(error).lower(), error
        else:
            raise AssertionError("the query was not cancelled")
        timer.join()
        assert time.monotonic() - begin < 20
    with connection.cursor() as cursor:
        assert rows(cursor, "SELECT 1") == [(1,)]


def sessions():
    """A connection has views of its own, by a cookie or by a token; those without either share theirs."""
    with connect() as first, connect() as second, connect(username="u", password="p") as third:
        with first.cursor() as a, second.cursor() as b, third.cursor() as c:
            a.execute("CREATE VIEW own AS SELECT 1 AS x")
            c.execute("CREATE VIEW own AS SELECT 3 AS x")
            assert rows(a, "SELECT x FROM own") == [(1,)] and rows(c, "SELECT x FROM own") == [(3,)]
            fails("'own' not found", lambda: b.execute("SELECT x FROM own"))


def transactions():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        flight_sql.connect(URI).close()
    assert any("autocommit" in str(warning.message) for warning in caught), caught


with connect() as connection:
    with connection.cursor() as cursor:
        queries(cursor)
        statements(cursor)
        parameters(cursor)
        ingestion(cursor)
        errors(cursor)
    catalog(connection)
    cancelling(connection)
sessions()
transactions()
