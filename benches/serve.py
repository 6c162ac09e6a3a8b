"""Answers commands on standard input with one JSON line each.

`swath tpch serve` and the example `workloads` of crates/nd speak the same protocol:

    ready?   {"ready": true}
    run q05  {"query": "q05", "seconds": 0.123, "rows": 5}
    run fft  {"query": "fft", "seconds": 0.123, "check": 1.5}
    run x    {"query": "x", "offered": false}
    run q06  {"query": "q06", "error": "..."}
    quit

Answers of engines are compared by their rows or check.
"""

import json
import sys
import time


def serve(prepare):
    """`prepare(name)` gives what is timed, and what makes a dict of its result; None for what is not offered."""
    for line in sys.stdin:
        command, _, name = line.strip().partition(" ")
        if command == "quit":
            break
        if command == "ready?":
            reply = {"ready": True}
        elif command == "run":
            reply = {"query": name}
            try:
                prepared = prepare(name)
                if prepared is None:
                    reply["offered"] = False
                else:
                    work, tell = prepared
                    start = time.perf_counter()
                    result = work()
                    reply["seconds"] = time.perf_counter() - start
                    reply |= tell(result)
                    del result, prepared, work
            except BaseException as error:  # Rust panics of an engine do not derive from Exception.
                reply = {"query": name, "error": f"{type(error).__name__}: {error}"}
        else:
            reply = {"error": f"expected ready?, run <name> or quit, got '{line.strip()}'"}
        print(json.dumps(reply), flush=True)
