"""DuckDB on the files, with the SQL texts that Swath runs."""

import duckdb

from protocol import TABLES, arguments, files, serve, sql_text

options = arguments()
connection = duckdb.connect()
connection.execute(f"set threads = {options.threads}")
connection.execute("set enable_progress_bar = false")
for table in TABLES:
    connection.execute(f"create view {table} as select * from read_parquet('{files(options.data, table)}')")


def run(query):
    return connection.execute(sql_text(query, options.scale)).to_arrow_table().num_rows


serve(run)
