"""Spark on the files, with the SQL texts that Swath runs, in one process with as many threads as asked for.

As many shuffle partitions as threads rather than Spark's 200, which would be slower at these sizes; all else is as it comes.
"""

from pyspark.sql import SparkSession

from protocol import TABLES, arguments, serve, sql_text

options = arguments()
spark = (
    SparkSession.builder.master(f"local[{options.threads}]")
    .config("spark.driver.memory", "8g")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.shuffle.partitions", str(options.threads))
    .config("spark.ui.enabled", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)
for table in TABLES:
    spark.read.parquet(str(options.data / table)).createOrReplaceTempView(table)


def run(query):
    return len(spark.sql(sql_text(query, options.scale)).collect())


serve(run)
