"""Operators over random columns of all kinds of numbers, beside Polars'."""

import math
import operator

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import swath as sw

INTEGERS = {"int8": (-100, 100), "int16": (-300, 300), "int32": (-70000, 70000), "int64": (-(2**40), 2**40)}
INTEGERS |= {"uint8": (0, 200), "uint16": (0, 60000), "uint32": (0, 2**31)}
OPERATORS = {
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def columns(kinds):
    """A list of values of a random type, and the type."""

    def of(kind):
        if kind == "float64":
            values = st.floats(-1e6, 1e6, allow_subnormal=False) | st.sampled_from([0.0, -0.0, 0.5, math.nan])
        else:
            low, high = INTEGERS[kind]
            values = st.integers(low, high) | st.sampled_from([0, 1, 2, 3])
        lists = st.lists(st.none() | values, min_size=4, max_size=4)
        return st.tuples(st.just(kind), lists)

    return st.sampled_from(sorted(kinds)).flatmap(of)


def alike(ours, theirs):
    if ours is None or theirs is None:
        return ours is theirs
    if math.isnan(theirs):
        return math.isnan(ours)
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)


def both(left, right, make):
    """The values of an expression over two columns, here and in Polars, both over columns of 64 bits."""
    table = pa.table({"i": range(4)} | {n: pa.array(v, k) for n, (k, v) in {"x": left, "y": right}.items()})
    ours = sw.from_arrow(table).sort("i").select(r=make(sw)).to_dict()["r"]
    wide = {
        name: pl.Series(values, dtype=pl.Float64 if kind == "float64" else pl.Int64)
        for name, (kind, values) in {"x": left, "y": right}.items()
    }
    return ours, pl.DataFrame(wide).select(r=make(pl))["r"].to_list()


@settings(max_examples=150, deadline=None)
@given(columns(INTEGERS), columns(INTEGERS), st.sampled_from(sorted(OPERATORS)))
def test_integers(left, right, symbol):
    ours, theirs = both(left, right, lambda module: OPERATORS[symbol](module.col("x"), module.col("y")))
    assert all(map(alike, ours, theirs)), (symbol, ours, theirs)


@settings(max_examples=100, deadline=None)
@given(columns(INTEGERS), st.integers(-9, 9), st.sampled_from(sorted(OPERATORS)), st.booleans())
def test_integers_and_a_plain_number(left, number, symbol, reflected):
    def make(module):
        sides = (number, module.col("x")) if reflected else (module.col("x"), number)
        return OPERATORS[symbol](*sides)

    ours, theirs = both(left, left, make)
    assert all(map(alike, ours, theirs)), (symbol, ours, theirs)


@settings(max_examples=100, deadline=None)
@given(
    columns({"float64"}),
    columns({"float64", "int32"}),
    st.sampled_from(["/", "<", "<=", ">", ">=", "==", "!="]),
)
def test_floats(left, right, symbol):
    ours, theirs = both(left, right, lambda module: OPERATORS[symbol](module.col("x"), module.col("y")))
    assert all(map(alike, ours, theirs)), (symbol, ours, theirs)


@settings(max_examples=80, deadline=None)
@given(columns(INTEGERS), st.integers(1, 4))
def test_sums_and_powers(left, exponent):
    small = (left[0], [None if value is None else value % 100 for value in left[1]])
    ours, theirs = both(small, small, lambda module: module.col("x") ** exponent + module.col("y") - 1)
    assert ours == theirs


@pytest.mark.parametrize("function", ["rank", "cum_sum", "diff", "shift", "forward_fill", "rolling_max"])
@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.integers(-5, 5), min_size=1, max_size=12))
def test_windows(function, values):
    arguments = (3,) if function == "rolling_max" else ()
    frame = sw.from_dict({"i": list(range(len(values))), "x": values}).sort("i")
    ours = frame.select(getattr(sw.col("x"), function)(*arguments)).to_dict()["x"]
    assert ours == getattr(pl.Series(values), function)(*arguments).to_list()
