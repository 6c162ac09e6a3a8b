"""The queries of TPC-H as programs over frames, beside the reference answers at scale 0.01."""

import csv
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tpch_programs import PROGRAMS

ANSWERS = Path(__file__).parents[2] / "crates" / "tpch" / "answers"
TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
SCALE = 0.01


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tpch")
    command = [
        sys.executable,
        "-m",
        "swath",
        "tpch",
        "generate",
        "--scale",
        str(SCALE),
        "--output",
        str(folder),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def reference(number):
    # Our generator's texts are those of dbgen, which some answers show or count by.
    for place in ("dbgen/sf0.01", "sf0.01"):
        path = ANSWERS / place / f"q{number}.csv"
        if path.exists():
            with path.open() as lines:
                # An empty line is a row of one null.
                return [row or [""] for row in csv.reader(lines, delimiter="|", quoting=csv.QUOTE_NONE)]
    raise FileNotFoundError(number)


def assert_same(got, expected):
    if expected == "":
        assert got is None or got == ""
    elif isinstance(got, str):
        assert got == expected
    elif hasattr(got, "isoformat"):
        assert got.isoformat() == expected
    else:
        assert float(got) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("number", PROGRAMS)
def test_a_program_gives_the_reference_answer(session, folder, number):
    tables = {name: session.read_parquet(next(folder.glob(f"{name}*"))) for name in TABLES}
    answer = PROGRAMS[number](SimpleNamespace(scale=SCALE, **tables)).collect()
    names, *rows = reference(number)
    assert answer.columns == names
    assert len(answer) == len(rows)
    for got, expected in zip(answer.rows(), rows, strict=True):
        for cell, wanted in zip(got, expected, strict=True):
            assert_same(cell, wanted)
