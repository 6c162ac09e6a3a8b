"""Random queries over random rows give what DuckDB gives."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest
from frames import assert_close_rows
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

import swath as sw

FEW = st.none() | st.integers(-3, 3)
TEXT = st.none() | st.sampled_from(["", "a", "b", "Ab", "ä", "a b"])
FLOATS = st.none() | st.sampled_from([-1.5, 0.0, 0.25, 2.25, 1000.0])
DAYS = st.none() | st.dates(min_value=dt.date(2019, 12, 25), max_value=dt.date(2020, 3, 2))
SCHEMA = pa.schema(
    [("k", pa.int64()), ("s", pa.string()), ("x", pa.float64()), ("d", pa.date32()), ("b", pa.bool_())]
)

NUMBERS = [
    "k",
    "x",
    "k + 1",
    "x * 2",
    "k - x",
    "abs(k)",
    "coalesce(k, 7)",
    "length(s)",
    "-x",
    "k * k",
    "nullif(k, 0)",
    "CASE WHEN k > 0 THEN x WHEN b THEN 1.5 ELSE k END",
    "extract(year FROM d)",
    "extract(month FROM d)",
    "floor(x)",
    "ceil(x)",
    "greatest(k, 0)",
    "least(x, 1.0)",
    "strpos(s, 'b')",
    "extract(dow FROM d)",
    "round(x, 1)",
    "CAST(k AS DOUBLE)",
    "ascii(s)",
    "k % 2",
]
TEXTS = [
    "s",
    "upper(s)",
    "lower(s)",
    "s || '!'",
    "substr(s, 2)",
    "replace(s, 'a', 'xx')",
    "trim(s)",
    "concat(s, k)",
    "CAST(k AS VARCHAR)",
    "reverse(s)",
    "lpad(s, 3, '*')",
    "left(s, 1)",
    "coalesce(s, '?')",
    "split_part(s, ' ', 2)",
    "CASE WHEN b THEN s ELSE 'no' END",
    "repeat(s, 2)",
    "ltrim(s, 'a')",
]
TRUTHS = [
    "b",
    "NOT b",
    "k > 0",
    "x <= 0.25",
    "s LIKE 'a%'",
    "s = 'b'",
    "k IS NULL",
    "s IN ('a', 'b')",
    "k BETWEEN -1 AND 1",
    "d > DATE '2020-01-01'",
    "k IN (1, NULL)",
    "x IS DISTINCT FROM 0",
    "s <> ''",
    "s ILIKE '%B'",
    "k NOT IN (0, 1)",
    "coalesce(b, false)",
    "starts_with(s, 'a')",
    "d < DATE '2020-01-10' + INTERVAL 1 MONTH",
]
AGGREGATES = [
    "count(*)",
    "count({n})",
    "sum({n})",
    "min({n})",
    "max({s})",
    "avg({n})",
    "count(DISTINCT {s})",
    "min(d)",
    "bool_and(b)",
    "bool_or({t})",
    "sum({n}) FILTER (WHERE {t})",
    "stddev({n})",
    "var_pop({n})",
    "median({n})",
    "max({n}) - min({n})",
    "count(*) FILTER (WHERE {t})",
    "sum(DISTINCT k)",
    "covar_pop(k, x)",
]
WINDOWS = [
    "row_number() OVER (PARTITION BY {s} ORDER BY i)",
    "sum({n}) OVER (PARTITION BY b ORDER BY i)",
    "rank() OVER (ORDER BY k NULLS FIRST)",
    "lag({n}) OVER (ORDER BY i)",
    "lead(s, 2, 'end') OVER (ORDER BY i)",
    "count(*) OVER (PARTITION BY {t})",
    "dense_rank() OVER (PARTITION BY b ORDER BY s NULLS LAST)",
    "avg(x) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
    "first_value({s}) OVER (PARTITION BY k ORDER BY i)",
    "last_value(k) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
    "ntile(2) OVER (ORDER BY i)",
    "max(x) OVER (ORDER BY i ROWS 2 PRECEDING)",
    "sum(k) OVER (ORDER BY k RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "percent_rank() OVER (ORDER BY i)",
    "cume_dist() OVER (ORDER BY x NULLS LAST)",
    "nth_value(s, 2) OVER (ORDER BY i)",
]


@st.composite
def tables(draw):
    drawn = draw(st.lists(st.tuples(FEW, TEXT, FLOATS, DAYS, st.none() | st.booleans()), max_size=12))
    table = pa.table([list(column) for column in zip(*drawn, strict=True)] or [[]] * 5, schema=SCHEMA)
    return table.append_column("i", pa.array(range(len(table)), pa.int64()))


def filled(draw, text):
    return text.format(
        n=draw(st.sampled_from(NUMBERS)), s=draw(st.sampled_from(TEXTS)), t=draw(st.sampled_from(TRUTHS))
    )


@st.composite
def truths(draw):
    one, other = draw(st.sampled_from(TRUTHS)), draw(st.sampled_from(TRUTHS))
    return draw(st.sampled_from([one, f"({one}) AND ({other})", f"({one}) OR ({other})", f"NOT ({one})"]))


@st.composite
def queries(draw):
    some = st.sampled_from
    kind = draw(some(["plain", "group", "window", "join", "distinct", "semi", "set"]))
    where = f" WHERE {draw(truths())}" if draw(st.booleans()) else ""
    if kind == "plain":
        listed = [draw(some(NUMBERS)), draw(some(TEXTS)), draw(some(TRUTHS))]
        columns = ", ".join(f"{one} AS c{place}" for place, one in enumerate(listed))
        return f"SELECT {columns} FROM t{where}"
    if kind == "group":
        keys = draw(some(["b", "s", "k", "upper(s), b", "k % 2", "d", "extract(month FROM d)"]))
        listed = [filled(draw, one) for one in draw(st.lists(some(AGGREGATES), min_size=1, max_size=3))]
        columns = ", ".join(f"{one} AS c{place}" for place, one in enumerate(listed))
        having = draw(some(["", " HAVING count(*) > 1", " HAVING max(k) > 0"]))
        if draw(st.booleans()):
            return f"SELECT {keys}, {columns} FROM t{where} GROUP BY {keys}{having}"
        return f"SELECT {columns} FROM t{where}"
    if kind == "window":
        listed = [filled(draw, one) for one in draw(st.lists(some(WINDOWS), min_size=1, max_size=2))]
        columns = ", ".join(f"{one} AS c{place}" for place, one in enumerate(listed))
        return f"SELECT i, {columns} FROM t{where}"
    if kind == "join":
        how = draw(some(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]))
        on = draw(
            some(
                [
                    "t.k = u.k",
                    "t.k = u.k AND t.b = u.b",
                    "t.s = u.s AND t.x < u.x",
                    "t.k < u.k",
                    "t.k + 1 = u.k",
                ]
            )
        )
        if how == "FULL JOIN" and "<" in on:
            on = "t.k = u.k"
        return f"SELECT t.k AS a, t.s AS b, u.k AS c, u.x AS d FROM t {how} u ON {on}"
    if kind == "distinct":
        return f"SELECT DISTINCT {draw(some(TEXTS))} AS c, b FROM t{where}"
    if kind == "semi":
        test = draw(
            some(
                [
                    "k IN (SELECT k FROM u)",
                    "EXISTS (SELECT 1 FROM u WHERE u.k = t.k AND u.b)",
                    "NOT EXISTS (SELECT 1 FROM u WHERE u.s = t.s)",
                    "x > (SELECT avg(x) FROM u)",
                    "k NOT IN (SELECT k FROM u WHERE k IS NOT NULL)",
                    "k NOT IN (SELECT k FROM u)",
                    "x = (SELECT max(u.x) FROM u WHERE u.k = t.k)",
                ]
            )
        )
        return f"SELECT i, k FROM t WHERE {test}"
    operator = draw(some(["UNION", "UNION ALL", "EXCEPT", "INTERSECT"]))
    column = draw(some(NUMBERS))
    return f"SELECT {column} AS c, s FROM t{where} {operator} SELECT {column} AS c, s FROM u"


@pytest.fixture(scope="module")
def session():
    with sw.Session(threads=2) as session:
        yield session


@examples(60)
@given(t=tables(), u=tables(), query=queries())
def test_queries(session, t, u, query):
    with duckdb.connect() as database:
        expected = database.sql(query).fetchall()
    session.register("t", session.from_arrow(t))
    session.register("u", session.from_arrow(u))
    try:
        assert_close_rows(session.sql(query).rows(), expected)
    finally:
        session.deregister("t")
        session.deregister("u")
