"""What every driver shares: its arguments, and answering commands on standard input with one JSON line each.

`swath tpch serve` speaks the same protocol:

    ready?   {"ready": true}
    run 5    {"query": 5, "seconds": 0.123, "rows": 5}
    run 6    {"query": 6, "error": "..."}
    quit
"""

import argparse
import json
import sys
import time
from pathlib import Path

TABLES = ["lineitem", "orders", "partsupp", "part", "customer", "supplier", "nation", "region"]
QUERIES = Path(__file__).parents[2] / "crates" / "tpch" / "queries"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scale", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


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
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command == "quit":
            break
        if command == "ready?":
            reply = {"ready": True}
        elif command == "run":
            query = int(argument)
            start = time.perf_counter()
            try:
                rows = run(query)
                reply = {"query": query, "seconds": time.perf_counter() - start, "rows": rows}
            except BaseException as error:  # Rust panics of an engine do not derive from Exception.
                reply = {"query": query, "error": f"{type(error).__name__}: {error}"}
        else:
            reply = {"error": f"expected ready?, run <query> or quit, got '{line.strip()}'"}
        print(json.dumps(reply), flush=True)
