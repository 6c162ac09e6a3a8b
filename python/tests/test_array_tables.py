"""Tables as arrays and arrays as tables."""

import numpy as np
import pytest

import swath as sw
import swath.array as sa


def test_a_table_becomes_an_array():
    frame = sw.from_dict({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": ["x", "y", "z"]})
    x = frame.to_array("a", "b")
    assert (x.shape, x.dtype) == ((3, 2), np.float64)
    np.testing.assert_array_equal(x.compute(), [[1, 0.5], [2, 1.5], [3, 2.5]])
    np.testing.assert_array_equal(sa.from_dataframe(frame, "a").sum(axis=0).compute(), [6])
    with pytest.raises(ValueError, match="column 'c'"):
        frame.to_array()


def test_an_array_becomes_a_table():
    x = sa.arange(6, chunks=4).reshape((3, 2)) * 1.5
    frame = x.to_dataframe(["a", "b"])
    assert frame.sort("a").to_dict() == {"a": [0.0, 3.0, 6.0], "b": [1.5, 4.5, 7.5]}
    assert sa.to_dataframe(sa.arange(3)).columns == ["column_0"]
    with pytest.raises(ValueError):
        sa.ones((2, 2, 2)).to_dataframe()


def test_arrays_run_where_they_are_made():
    with sw.Session(threads=1) as session:
        x = sa.ones((4, 4))
        y = sa.zeros(3, session=session)
    assert float(x.sum() + y.sum()) == 16.0
    frame = sw.sql("SELECT value AS v FROM range(1000)")
    assert int(frame.to_array("v").sum()) == 499500


def test_missing_values():
    frame = sw.from_dict({"a": [1.0, None, 3.0]})
    assert float(sa.nansum(frame.to_array("a"))) == 4.0
    with pytest.raises(Exception, match=r"NULL|missing"):
        sw.from_dict({"a": [1, None]}).to_array("a").compute()


def test_what_a_function_raises_comes_back_through_a_table():
    def broken(block):
        raise KeyError("mine")

    x = sa.map_blocks(broken, sa.ones((4, 2), chunks=2), dtype="float64")
    with pytest.raises(KeyError, match="mine"):
        x.to_dataframe(["a", "b"]).collect()
