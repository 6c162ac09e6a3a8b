"""Every line of ours in docs/python-coming-from.md runs."""

import datetime as dt
from pathlib import Path

import pytest

import swath as sw

PAGE = Path(__file__).parents[2] / "docs" / "python-coming-from.md"


def lines():
    for line in PAGE.read_text().splitlines():
        cells = line.strip("| \n").split(" | ")
        if line.startswith("|") and len(cells) == 2 and cells[1].startswith("`"):
            yield cells[1].strip("`")


@pytest.mark.parametrize("line", list(dict.fromkeys(lines())))
def test_a_line_runs(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with sw.Session(threads=2) as session:
        day = dt.date(2026, 1, 1)
        data = {
            "a": [3, 1, 2, None],
            "k": ["x", "y", "x", None],
            "t": [1, 2, 3, 4],
            "day": [day, day, day + dt.timedelta(days=1), day],
        }
        df = session.from_dict(data).limit(10)
        other = session.from_dict({"k": ["x", "z"], "t": [2, 3], "b": [7, 8]})
        df.write_parquet("t.parquet")
        names = {"sw": sw, "col": sw.col, "df": df, "other": other, "pandas_df": df.to_pandas()}
        result = eval(line, names)
        if isinstance(result, sw.DataFrame):
            result.collect()
