"""Programs as users write them, for the type checker: ``mypy --strict`` reads this file, nothing runs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from typing_extensions import assert_type

import swath as sw
import swath.array as sa
import swath.selectors as cs


def tables() -> list[tuple[Any, ...]]:
    """Shape, group, sort, collect."""
    orders = sw.from_dict({"customer": ["Ada"], "price": [1.5], "day": [dt.date(2026, 1, 1)]})
    assert_type(orders, sw.Table)
    lazy = sw.read_parquet("orders/*.parquet")
    assert_type(lazy, sw.DataFrame)
    large = lazy.filter(sw.col("price") > 10, customer="Ada").with_columns(
        total=sw.col("price") * 2, year=sw.col("day").dt.year()
    )
    assert_type(large, sw.DataFrame)
    assert_type(large.group_by("customer"), sw.GroupBy)
    totals = (
        large.group_by("customer").agg(sw.len(), total=sw.col("total").sum()).sort("total", descending=True)
    )
    assert_type(totals.collect(), sw.Table)
    assert_type(totals.count(), int)
    assert_type(totals.columns, list[str])
    assert_type(totals.schema["total"], sw.DataType)
    assert_type(totals.top_k(3, by="total").select(cs.numeric()), sw.DataFrame)
    joined = totals.join(lazy, on="customer", how="left").drop_nulls("total")
    assert_type(joined, sw.DataFrame)
    assert_type(sw.concat([joined, joined]), sw.DataFrame)
    assert_type(joined.pipe(lambda frame: frame.count()), int)
    return totals.rows()


def expressions() -> sw.Expr:
    """Operators, namespaces, choices, windows."""
    price = sw.col("price")
    assert_type(price + 1, sw.Expr)
    assert_type(1 - price, sw.Expr)
    assert_type((price > 1) & ~price.is_null(), sw.Expr)
    assert_type(price == 2, sw.Expr)
    assert_type(sw.col("name").str.to_uppercase(), sw.Expr)
    assert_type(sw.col("words").list.get(0), sw.Expr)
    assert_type(price.sum().over("customer", order_by=sw.col("day").desc()), sw.Expr)
    assert_type(sw.col("day").desc(), sw.SortKey)
    assert_type(sw.col.price, sw.Expr)
    return sw.when(price > 100).then("much").when(price > 10).then("some").otherwise("little")


def results(df: sw.DataFrame) -> None:
    """Into other libraries."""
    assert_type(df.to_pandas(), pd.DataFrame)
    assert_type(df.to_polars(), pl.DataFrame)
    assert_type(df.to_arrow(), pa.Table)
    assert_type(df.to_dict(), dict[str, list[Any]])
    assert_type(df.to_dicts(), list[dict[str, Any]])
    assert_type(df.write_parquet("out", mode="overwrite"), sw.WriteSummary)
    assert_type(df.write_parquet("out").rows, int)
    with df.stream() as stream:
        assert_type(stream, sw.BatchStream)
    assert_type(df.explain("physical", analyze=True), str)


@sw.udf(return_dtype=float)
def half(x: np.ndarray[Any, Any]) -> Any:
    """Work on a column."""
    return x / 2


def functions(df: sw.DataFrame) -> sw.DataFrame:
    """Functions of one's own."""
    assert_type(half("price"), sw.Expr)
    assert_type(df.map_batches(lambda batch: batch, schema={"a": int}, input="pandas"), sw.DataFrame)
    return df.select(half("price").alias("half"))


def sessions() -> Iterator[int]:
    """Sessions and clusters."""
    with sw.Session(threads=2, memory_limit="1GB") as session:
        assert_type(session, sw.Session)
        assert_type(session.sql("SELECT $least", params={"least": 1}), sw.DataFrame)
        yield session.table("orders").count()
    with sw.LocalCluster(workers=2) as cluster, cluster.connect() as session:
        assert_type(cluster, sw.LocalCluster)
        yield session.sql("SELECT 1").count()
    try:
        sw.sql("SELEC 1")
    except sw.errors.SqlError as error:
        assert_type(error, sw.errors.SqlError)


async def waiting(df: sw.DataFrame) -> int:
    """Await."""
    table = await df.collect_async()
    assert_type(table, sw.Table)
    return len(table)


def arrays(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    """Arrays."""
    x = sa.asarray(values, chunks=(100, "auto"))
    assert_type(x, sa.Array)
    assert_type(sa.random.default_rng(7).normal(size=(3, 4)), sa.Array)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    assert_type(z, sa.Array)
    assert_type(2 * z @ z.T, sa.Array)
    assert_type(z > 0, sa.Array)
    assert_type(z[0, ::2], sa.Array)
    assert_type(sa.where(z > 0, z, 0.0), sa.Array)
    assert_type(z.shape, tuple[int, ...])
    assert_type(z.nbytes, int)
    assert_type(sa.linalg.svd(z).S, sa.Array)
    assert_type(sa.fft.rfft(z), sa.Array)
    assert_type(sa.map_blocks(lambda block: block + 1, z), sa.Array)
    assert_type(z.to_dataframe(["a", "b"]), sw.DataFrame)
    assert_type(sw.from_dict({"a": [1]}).to_array("a"), sa.Array)
    return float(z.sum())
