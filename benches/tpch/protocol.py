"""What every driver shares: its arguments, the texts of the queries, and answering commands."""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import serve as protocol

TABLES = ["lineitem", "orders", "partsupp", "part", "customer", "supplier", "nation", "region"]
QUERIES = Path(__file__).parents[2] / "crates" / "tpch" / "queries"


def parser():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scale", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser


def arguments():
    return parser().parse_args()


def files(data, table):
    """A glob over a table's files."""
    return str(data / table / "*.parquet")


def q11_fraction(scale):
    return 0.0001 / max(scale, 1.0)


def sql_text(query, scale):
    """The same text that Swath runs."""
    text = (QUERIES / f"q{query:02}.sql").read_text()
    return text.replace("0.0001000000", f"{q11_fraction(scale):.10f}").rstrip().rstrip(";")


def serve(run):
    """Answers commands; `run(query)` gives the number of rows once all of them are in memory."""

    def prepare(name):
        query = int(name.removeprefix("q"))
        return lambda: run(query), lambda rows: {"rows": rows}

    protocol.serve(prepare)
