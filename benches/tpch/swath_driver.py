"""Swath from Python on the files: the SQL texts, or the queries as programs over frames (those of the package's tests).

Like the others it gives the number of rows once all of them are in memory.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import swath as sw

from protocol import TABLES, parser, serve, sql_text

sys.path.append(str(Path(__file__).parents[2] / "python" / "tests"))

from tpch_programs import PROGRAMS

arguments = parser()
arguments.add_argument("--form", choices=["sql", "programs"], required=True)
options = arguments.parse_args()
session = sw.Session(threads=options.threads)
tables = {table: session.read_parquet(str(options.data / table)) for table in TABLES}
for name, frame in tables.items():
    session.register(name, frame)
frames = SimpleNamespace(scale=options.scale, **tables)


def run(query):
    if options.form == "sql":
        return len(session.sql(sql_text(query, options.scale)).collect())
    return len(PROGRAMS[query](frames).collect())


serve(run)
