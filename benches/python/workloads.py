"""Work that Python takes part in: functions over columns, and tables that cross into and out of other libraries.

Each engine is a process (`--engine`); see `serve.py`. Inputs are numbers from a fixed generator, made once and held in memory in the
engine's own form. The clock stops when the result is there in full, and a number over it is compared among the engines.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

import serve

ROWS = 10_000_000
COLUMNS = ["a", "b", "c", "d"]


def numbers(seed=0):
    generator = np.random.default_rng(seed)
    return {name: generator.random(ROWS) for name in COLUMNS}


def function(x):
    """What is called: a few passes over the values, as an own formula would take."""
    return np.sqrt(x * x + 1.0) - 0.5 * x


def of_values(x):
    """A function of single values, as somebody writes who thinks of one."""
    return x * 2.0 + 1.0 if x < 0.5 else -x


class Swath:
    def __init__(self, threads):
        import pyarrow as pa
        import swath as sw

        self.session = sw.Session(threads=threads)
        self.arrow = pa.table(numbers())
        self.table = self.session.from_arrow(self.arrow)
        self.part = self.session.from_arrow(self.arrow.slice(0, ROWS // 10))
        self.pandas = self.arrow.to_pandas()
        self.sum = sw.col("y").sum()
        self.function = sw.udf(function, return_dtype=float, input="numpy")
        self.of_values = sw.udf(of_values, return_dtype=float, input_dtypes=[float], input="python")

    def udf(self):
        return lambda: self.table.select(self.function("a").alias("y")).collect(), self._sum

    def udf_and_sum(self):
        query = self.table.select(self.function("a").alias("y")).select(self.sum)
        return query.collect, lambda table: table.item()

    def udf_of_values(self):
        return lambda: self.part.select(self.of_values("a").alias("y")).collect(), self._sum

    def to_pandas(self):
        return self.table.to_pandas, lambda frame: float(frame["d"].sum())

    def to_numpy(self):
        return self.table.to_numpy, lambda matrix: float(matrix[:, 3].sum())

    def to_polars(self):
        return self.table.to_polars, lambda frame: frame["d"].sum()

    def from_pandas(self):
        return lambda: self.session.from_pandas(self.pandas), lambda table: float(table.to_numpy()[:, 3].sum())

    @staticmethod
    def _sum(table):
        return float(table.to_numpy().sum())


class Polars:
    def __init__(self, threads):
        import polars as pl

        self.frame = pl.DataFrame(numbers())
        self.pl = pl
        self.pandas = self.frame.to_pandas()

    def _call(self):
        return self.pl.col("a").map_batches(lambda x: function(x.to_numpy()), return_dtype=self.pl.Float64)

    def udf(self):
        return lambda: self.frame.lazy().select(self._call()).collect(), lambda frame: frame["a"].sum()

    def udf_and_sum(self):
        return lambda: self.frame.lazy().select(self._call().sum()).collect(), lambda frame: frame.item()

    def udf_of_values(self):
        part = self.frame.lazy().limit(ROWS // 10)
        call = self.pl.col("a").map_elements(of_values, return_dtype=self.pl.Float64)
        return lambda: part.select(call).collect(), lambda frame: frame["a"].sum()

    def to_pandas(self):
        return self.frame.to_pandas, lambda frame: float(frame["d"].sum())

    def to_numpy(self):
        return self.frame.to_numpy, lambda matrix: float(matrix[:, 3].sum())

    def from_pandas(self):
        return lambda: self.pl.from_pandas(self.pandas), lambda frame: frame["d"].sum()


class Spark:
    """In one process with as many threads as asked for, rows cached in memory, Arrow between the processes."""

    def __init__(self, threads):
        import pandas as pd
        from pyspark.sql import SparkSession
        from pyspark.sql.functions import pandas_udf, udf
        from pyspark.sql.functions import sum as sum_of

        self.spark = (
            SparkSession.builder.master(f"local[{threads}]")
            .config("spark.driver.memory", "8g")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.driver.maxResultSize", "4g")
            .config("spark.ui.enabled", "false")
            .config("spark.log.level", "ERROR")
            .getOrCreate()
        )
        frame = pd.DataFrame({"a": numbers()["a"]})
        self.frame = self.spark.createDataFrame(frame).repartition(threads).cache()
        self.frame.count()
        self.part = self.spark.createDataFrame(frame[: ROWS // 10]).repartition(threads).cache()
        self.part.count()
        self.sum_of = sum_of

        def over_series(x: pd.Series) -> pd.Series:
            return function(x)

        self.function = pandas_udf(over_series, "double")
        self.of_values = udf(of_values, "double", useArrow=True)

    def udf_and_sum(self):
        query = self.frame.select(self.function("a").alias("y")).select(self.sum_of("y"))
        return query.collect, lambda rows: rows[0][0]

    def udf_of_values(self):
        query = self.part.select(self.of_values("a").alias("y")).select(self.sum_of("y"))
        return query.collect, lambda rows: rows[0][0]


class Numpy:
    """The least that is possible: the function on the array, and copies of the bytes."""

    def __init__(self, threads):
        self.columns = numbers()

    def udf(self):
        return lambda: function(self.columns["a"]), lambda y: float(y.sum())

    def udf_and_sum(self):
        return lambda: float(function(self.columns["a"]).sum()), lambda y: y

    def to_pandas(self):
        return lambda: [column.copy() for column in self.columns.values()], lambda got: float(got[3].sum())

    def to_numpy(self):
        return self._matrix, lambda matrix: float(matrix[:, 3].sum())

    def _matrix(self):
        matrix = np.empty((ROWS, len(self.columns)), order="F")
        for place, column in enumerate(self.columns.values()):
            matrix[:, place] = column
        return matrix


ENGINES = {"swath": Swath, "polars": Polars, "pyspark": Spark, "numpy": Numpy}

parser = argparse.ArgumentParser()
parser.add_argument("--engine", choices=ENGINES, required=True)
parser.add_argument("--threads", type=int, required=True)
options = parser.parse_args()
engine = ENGINES[options.engine](options.threads)


def prepare(name):
    make = getattr(engine, name, None)
    if make is None:
        return None
    work, check = make()
    return work, lambda result: {"check": check(result)}


serve.serve(prepare)
