"""Polars on the files, with the queries as lazy frames.

It takes the number of threads from POLARS_MAX_THREADS, which the caller sets.
"""

import polars as pl

import polars_queries
from protocol import TABLES, arguments, files, q11_fraction, serve

options = arguments()
tables = {table: pl.scan_parquet(files(options.data, table)) for table in TABLES}
tables["q11_fraction"] = q11_fraction(options.scale)


def run(query):
    return getattr(polars_queries, f"q{query}")(**tables).collect().height


serve(run)
