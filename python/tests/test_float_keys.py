"""Every NaN is one value, greater than all numbers, and -0.0 equals 0.0."""

import math

import numpy as np
import pyarrow as pa
import pytest

import swath as sw

# Three NaNs of different bits, both zeros, a number and infinities.
BITS = [0xFFF8_0000_0000_0000, 0x7FF8_0000_0000_0000, 0x7FF8_0000_0000_0123, 1 << 63, 0]
FLOATS = np.concatenate([np.array(BITS, dtype="u8").view("f8"), [1.5, -np.inf, np.inf]])


@pytest.fixture(params=["f8", "f4"])
def df(session, request):
    floats = FLOATS.astype(request.param)
    return session.from_arrow(pa.table({"i": np.arange(len(floats)), "f": floats}))


def numbers(frame, condition):
    return sorted(frame.filter(condition).to_list("i"))


def test_keys(df):
    f = sw.col("f")
    assert df.select(n=f.n_unique()).item() == 5
    assert df.unique("f").count() == df.select("f").unique().count() == 5
    groups = df.group_by("f").agg(n=sw.len()).sort("f")
    assert groups.to_list("n") == [1, 2, 1, 1, 3]
    assert math.copysign(1, groups.to_list("f")[1]) == 1
    assert df.sort("f", "i").to_list("i") == [6, 3, 4, 5, 7, 0, 1, 2]
    assert df.sort("f", "i", descending=[True, False]).limit(3).to_list("i") == [0, 1, 2]
    assert df.select(least=f.min()).item() == -math.inf
    assert math.isnan(df.select(greatest=f.max()).item())
    assert df.join(df.select("f", j="i"), on="f").count() == 9 + 4 + 3
    ranks = df.with_columns(n=sw.len().over("f"), r=f.rank("min")).sort("i")
    assert ranks.to_list("n") == [3, 3, 3, 2, 2, 1, 1, 1]
    assert ranks.to_list("r") == [6, 6, 6, 2, 2, 4, 1, 5]


def test_comparisons(df):
    f = sw.col("f")
    nan = float("nan")
    assert numbers(df, f == nan) == numbers(df, f.is_nan()) == numbers(df, f.is_in([nan])) == [0, 1, 2]
    assert numbers(df, f > 1) == [0, 1, 2, 5, 7]
    assert numbers(df, f < 1) == [3, 4, 6]
    assert numbers(df, f < nan) == [3, 4, 5, 6, 7]
    assert numbers(df, f == 0) == numbers(df, f == -0.0) == numbers(df, f.is_in([0.0, 9.0])) == [3, 4]
    assert numbers(df, f < 0) == [6]
    assert numbers(df, f >= 0.0) == [0, 1, 2, 3, 4, 5, 7]
    assert numbers(df, f.is_between(0, 2)) == [3, 4, 5]
    assert numbers(df, ~f.is_between(0, 2)) == [0, 1, 2, 6, 7]
    assert numbers(df, (f > -1) & (f < 1)) == [3, 4]
    assert numbers(df, f != 1.5) == [0, 1, 2, 3, 4, 6, 7]


def test_values_stay(df, tmp_path):
    df.write_parquet(tmp_path / "f.parquet")
    again = df.session.read_parquet(tmp_path / "f.parquet").sort("i")
    assert [math.copysign(1, value) for value in again.to_list("f")[3:5]] == [-1, 1]
    assert again.sort("f").limit(1).to_list("i") == [6]
    assert again.filter(sw.col("f") < 1).count() == 3
    assert math.isnan(again.select(sw.col("f").max()).item())


def test_a_column_of_one_number_and_nan_is_read_as_it_is(session, tmp_path):
    frame = session.from_dict({"f": [1.5, float("nan"), 1.5], "i": [0, 1, 2]})
    frame.write_parquet(tmp_path / "f.parquet")
    again = session.read_parquet(tmp_path / "f.parquet")
    assert again.filter(sw.col("f").is_nan()).to_list("i") == [1]
