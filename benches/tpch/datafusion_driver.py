"""DataFusion on the files, with the SQL texts that Swath runs and its default options.

Its runtime takes the number of threads from TOKIO_WORKER_THREADS, which the caller sets.
"""

from datafusion import SessionConfig, SessionContext

from protocol import TABLES, arguments, serve, sql_text

options = arguments()
context = SessionContext(SessionConfig().with_target_partitions(options.threads))
for table in TABLES:
    context.register_parquet(table, str(options.data / table))


def run(query):
    return sum(batch.num_rows for batch in context.sql(sql_text(query, options.scale)).collect())


serve(run)
