"""Functions in Python, embedded and on a cluster."""

import os
import threading
from typing import Annotated

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import swath as sw


def numbers(session, rows=1000):
    return session.sql(f"SELECT value AS i, value * 0.5 AS x, 'n' || value AS s FROM range({rows})")


@sw.udf(return_dtype=float)
def doubled(x):
    return pc.multiply(x, 2.0)


def summed(frame, name):
    return sum(frame.to_dict()[name])


# Scalar functions


def test_a_function_over_columns(session):
    frame = numbers(session).select(doubled("x").alias("d"), sw.col("i"))
    assert summed(frame, "d") == sum(range(1000))


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("arrow", lambda x, i: pc.add(x, i)),
        ("numpy", lambda x, i: np.asarray(x) + i),
        ("polars", lambda x, i: x + i),
        ("pandas", lambda x, i: x + i),
        ("python", lambda x, i: x + i),
        ("arrow", lambda x, i: [a + b for a, b in zip(x.to_pylist(), i.to_pylist(), strict=True)]),
        ("arrow", lambda x, i: pa.chunked_array([pc.add(x, i)])),
    ],
)
def test_every_kind_of_array_goes_in_and_out(session, kind, function):
    added = sw.udf(function, return_dtype=pa.float64(), input=kind)
    assert summed(numbers(session).select(added("x", "i").alias("a")), "a") == 1.5 * sum(range(1000))


def test_types_come_from_annotations(embedded_session):
    @sw.udf
    def single(x: int, y: float | None) -> str:
        return f"{x}:{y}"

    @sw.udf
    def arrays(x: np.ndarray, y: Annotated[np.ndarray, "float64"]) -> Annotated[np.ndarray, "float64"]:
        assert isinstance(x, np.ndarray)
        return x + y

    frame = embedded_session.from_dict({"i": [1, 2], "x": [0.5, None]})
    assert frame.select(single("i", "x").alias("r")).to_dict() == {"r": ["1:0.5", "2:None"]}
    added = frame.select(arrays("i", "x").alias("r")).to_dict()["r"]
    assert added[0] == 1.5
    with pytest.raises(ValueError, match="the type of the result is not known"):
        sw.udf(lambda x: x)
    with pytest.raises(ValueError, match="input: expected one of"):
        sw.udf(lambda x: x, return_dtype=int, input="tensor")


def test_arguments_are_cast_only_where_nothing_is_lost(embedded_session):
    typed = sw.udf(lambda x: x, return_dtype=float, input_dtypes=[float])
    frame = embedded_session.from_dict({"i": [1, 2], "s": ["a", "b"]})
    assert frame.select(typed("i").alias("r")).to_dict() == {"r": [1.0, 2.0]}
    with pytest.raises(
        sw.SwathError, match="argument 1 was declared as Float64, got Utf8; cast it, or declare"
    ):
        frame.select(typed("s").alias("r")).collect()
    with pytest.raises(sw.SwathError, match="expected 1 argument as declared, got 2"):
        frame.select(typed("i", "i").alias("r")).collect()


def test_in_sql_by_name(session):
    @sw.udf(name="Shout")
    def shout(word: str) -> str:
        return word.upper()

    shout.register(session)
    frame = session.sql("SELECT shout(s) AS s FROM (SELECT 'n' || value AS s FROM range(3)) ORDER BY 1")
    assert frame.to_dict() == {"s": ["N0", "N1", "N2"]}
    assert session.sql("SELECT \"Shout\"('a') AS s").to_dict() == {"s": ["A"]}


def test_nulls_text_lists_and_empty_frames(session):
    frame = session.sql("SELECT * FROM (VALUES ('a,b'), (NULL), ('')) AS t(s)")
    split = sw.udf(lambda s: pc.split_pattern(s, ","), return_dtype=list[str])
    lists = frame.select(split("s").alias("l")).to_dict()["l"]
    assert sorted(lists, key=str) == sorted([["a", "b"], None, [""]], key=str)
    nothing = numbers(session).filter(sw.col("i") > 10_000).select(doubled("x").alias("d"))
    assert nothing.to_dict() == {"d": []}


def test_what_a_function_returns_is_checked(session):
    def run(function, dtype):
        return numbers(session, 10).select(sw.udf(function, return_dtype=dtype)("x").alias("r")).collect()

    with pytest.raises(sw.SwathError, match="expected 10 values, the function returned 1"):
        run(lambda x: x.slice(0, 1), float)
    with pytest.raises(sw.SwathError, match="declared as Int64, the function returned Float64"):
        run(lambda x: x, int)
    with pytest.raises(sw.errors.FunctionError, match="expected a column"):
        run(lambda x: 7, int)
    assert run(lambda x: pa.nulls(len(x)), str).to_dict() == {"r": [None] * 10}


def fail(x):
    raise LookupError("no luck")


def test_errors_come_back_with_their_traceback(embedded_session, cluster_session):
    failing = sw.udf(fail, return_dtype=float)
    with pytest.raises(
        sw.errors.FunctionError, match="the function fail failed: LookupError: no luck"
    ) as caught:
        numbers(embedded_session).select(failing("x").alias("r")).collect()
    assert isinstance(caught.value.__cause__, LookupError)
    with pytest.raises(sw.errors.FunctionError, match="LookupError: no luck") as caught:
        numbers(cluster_session).select(failing("x").alias("r")).collect()
    error = caught.value
    assert (error.function, error.exception_class, error.exception_message) == (
        "fail",
        "LookupError",
        "no luck",
    )
    assert 'raise LookupError("no luck")' in error.traceback_text
    assert "On a worker" in str(error)


def test_functions_run_in_the_workers(cluster, cluster_session):
    pids = sw.udf(lambda x: [os.getpid()] * len(x), return_dtype=int)
    frame = numbers(cluster_session, 100_000)
    assert set(frame.select(pids("x").alias("p")).to_dict()["p"]) <= set(cluster.workers)
    mapped = frame.map_batches(lambda b: {"p": [os.getpid()]}, schema={"p": int})
    assert set(mapped.to_dict()["p"]) <= set(cluster.workers)
    grouped = frame.with_columns((sw.col("i") > 500).alias("k")).group_by("k")
    assert set(grouped.map_groups(lambda g: {"p": [os.getpid()]}, schema={"p": int}).to_dict()["p"]) <= set(
        cluster.workers
    )
    # Also above the place where the rows of all workers meet.
    ordered = frame.sort("i").select(pids("x").alias("p"))
    assert set(ordered.to_dict()["p"]) <= set(cluster.workers)


def test_what_cannot_be_sent_is_named(embedded_session, cluster_session):
    lock = threading.Lock()

    def locked(x):
        with lock:
            return x

    function = sw.udf(locked, return_dtype=float)
    assert summed(numbers(embedded_session).select(function("x").alias("r")), "r") > 0
    with pytest.raises(sw.SwathError, match="locked cannot be sent to workers"):
        numbers(cluster_session).select(function("x").alias("r")).collect()


def test_a_worker_without_python_refuses():
    program = os.environ.get("SWATH_TEST_PROGRAM")
    if not program:
        pytest.skip("SWATH_TEST_PROGRAM names no program without Python; cargo xtask python builds one")
    from swath import _internal

    native = _internal.LocalCluster(program=program, program_arguments=[], workers=1, threads=1)
    session = sw.connect(native.address)
    with pytest.raises(sw.SwathError, match="has no Python to run the function in; start workers with"):
        numbers(session).select(doubled("x").alias("d")).collect()
    # What needs none runs there, and the worker is as well as before.
    assert numbers(session).select(sw.col("i").sum()).item() == sum(range(1000))
    native.close()


def test_a_function_may_query_by_itself(embedded_session):
    def looked_up(x):
        return [embedded_session.sql("SELECT 7 AS seven").item()] * len(x)

    frame = numbers(embedded_session, 10).select(sw.udf(looked_up, return_dtype=int)("x").alias("r"))
    assert summed(frame, "r") == 70


def test_volatile_functions_are_called_for_each_row(embedded_session):
    calls = []
    counted = sw.udf(lambda: calls.append(1) or 1, return_dtype=int, input="python", deterministic=False)
    frame = numbers(embedded_session, 5).select(counted().alias("r"))
    assert frame.to_dict() == {"r": [1] * 5}
    assert len(calls) == 5


# Aggregates


@sw.udaf(return_dtype=float)
def spread(x: np.ndarray):
    return x.max() - x.min() if len(x) else None


@sw.udaf(input="numpy")
class Weighted:
    def __init__(self):
        self.sum, self.weight = 0.0, 0.0

    def update(self, x, w):
        self.sum += float((x * w).sum())
        self.weight += float(w.sum())

    def merge(self, other):
        self.sum += other.sum
        self.weight += other.weight

    def evaluate(self) -> float:
        return self.sum / self.weight if self.weight else None


def test_a_function_over_groups(session):
    frame = numbers(session, 20_000).with_columns((sw.col("i") > 9_999).alias("k"))
    grouped = (
        frame.group_by("k").agg(spread("x").alias("r"), Weighted("x", "i").alias("w")).sort("k").to_dict()
    )
    assert grouped["r"] == [9_999 * 0.5, 9_999 * 0.5]
    i = np.arange(20_000.0)
    for k, part in enumerate((i[:10_000], i[10_000:])):
        assert grouped["w"][k] == pytest.approx((part * 0.5 * part).sum() / part.sum())


def test_aggregates_of_all_rows_of_none_and_in_sql(session):
    frame = numbers(session, 100)
    assert frame.agg(spread("x").alias("r")).to_dict() == {"r": [49.5]}
    nothing = frame.filter(sw.col("i") > 1000).agg(spread("x").alias("r"), Weighted("x", "i").alias("w"))
    assert nothing.to_dict() == {"r": [None], "w": [None]}
    spread.register(session)
    assert session.sql("SELECT spread(value * 1.0) AS r FROM range(11)").to_dict() == {"r": [10.0]}


def test_a_class_needs_its_methods():
    with pytest.raises(ValueError, match="missing: merge, evaluate"):

        @sw.udaf(return_dtype=float)
        class Half:
            def update(self, x): ...


def test_aggregates_that_fail(session):
    failing = sw.udaf(fail, return_dtype=float)
    with pytest.raises(sw.errors.FunctionError, match="the function fail failed: LookupError: no luck"):
        numbers(session).agg(failing("x").alias("r")).collect()


# Batches and groups


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("arrow", lambda b: pa.table({"y": pc.multiply(b["x"], 2.0)})),
        ("arrow", lambda b: {"y": pc.multiply(b["x"], 2.0)}),
        ("polars", lambda b: b.select(y=pl.col("x") * 2)),
        ("pandas", lambda b: pd.DataFrame({"y": b["x"] * 2})),
        ("numpy", lambda b: {"y": b["x"] * 2}),
        ("python", lambda b: [{"y": row["x"] * 2} for row in b]),
        (
            "arrow",
            lambda b: (pa.table({"y": pc.multiply(part["x"], 2.0)}) for part in (b.slice(0, 5), b.slice(5))),
        ),
    ],
)
def test_batches(session, kind, function):
    mapped = numbers(session).map_batches(function, schema={"y": float}, input=kind)
    assert mapped.columns == ["y"]
    assert summed(mapped, "y") == sum(range(1000))


def test_batches_may_grow_shrink_or_vanish(session):
    frame = numbers(session, 100)
    twice = frame.map_batches(lambda b: pa.concat_tables([pa.table(b)] * 2).select(["i"]), schema={"i": int})
    assert twice.count() == 200
    assert frame.map_batches(lambda b: None, schema={"i": int}).count() == 0


def test_groups_come_whole(session):
    frame = numbers(session, 10_000).with_columns(sw.col("s").alias("k")).drop("s")
    frame = session.sql("SELECT value AS i, value % 7 AS k FROM range(10000)")

    def sizes(group):
        assert len(set(group["k"].to_pylist())) == 1
        return {"k": [group["k"][0].as_py()], "n": [group.num_rows]}

    result = frame.group_by("k").map_groups(sizes, schema={"k": int, "n": int}).sort("k").to_dict()
    assert result["k"] == list(range(7))
    assert sum(result["n"]) == 10_000


def test_rows_that_are_not_as_declared(session):
    frame = numbers(session, 10)
    with pytest.raises(sw.SwathError, match="expected a batch with the declared 2 columns, got 1"):
        frame.map_batches(lambda b: b.select(["x"]), schema={"x": float, "y": float}).collect()
    with pytest.raises(sw.SwathError, match="column 'x' was declared as Utf8, the function returned Float64"):
        frame.map_batches(lambda b: b.select(["x"]), schema={"x": str}).collect()
    with pytest.raises(ValueError, match="schema: expected names and types"):
        frame.map_batches(lambda b: b, schema="x")
    with pytest.raises(TypeError, match="expected a function, got int"):
        frame.map_batches(3, schema={"x": int})
    with pytest.raises(sw.errors.FunctionError, match="LookupError: no luck"):
        frame.map_batches(fail, schema={"x": int}).collect()


def test_a_name_is_no_session():
    plus = sw.udf(lambda x: x + 1, name="plus", return_dtype=int, input="numpy")
    with pytest.raises(sw.errors.InvalidArgumentError, match="expected a session, got 'plusone'"):
        plus.register("plusone")
