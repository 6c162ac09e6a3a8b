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


def test_a_table_of_any_session_becomes_an_array(session):
    frame = session.sql("SELECT value AS a, value * 0.5 AS b, value % 7 AS k FROM range(100000)")
    x = frame.filter(sw.col("k") < 3).to_array("a", "b")
    own = np.arange(100000)
    own = own[own % 7 < 3]
    assert x.shape == (len(own), 2)
    np.testing.assert_allclose(x.sum(axis=0).compute(), [own.sum(), own.sum() / 2])
    # The order of rows is the workers' own.
    np.testing.assert_array_equal(np.sort(np.asarray(x[:, 0])), own)
    assert frame.filter(sw.col("k") > 7).to_array("a").shape == (0, 1)
    assert frame.sort("a").to_array("a")[3].compute().tolist() == [3]


def test_an_array_becomes_a_table_of_any_session(session):
    x = sa.arange(200000, chunks=30000, session=session).reshape((100000, 2))
    frame = (x * 2).to_dataframe(["a", "b"], session=session)
    assert frame.count() == 100000
    assert frame.agg(sw.col("a").sum(), sw.col("b").max()).rows() == [(2 * 9999900000, 399998)]
    joined = frame.join(session.sql("SELECT value * 4 AS a FROM range(10)"), on="a")
    assert sorted(joined.select("b").to_dict()["b"]) == [4 * row + 2 for row in range(10)]
    back = frame.to_array("a", "b")
    assert int(back.sum()) == int((x * 2).sum())


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
