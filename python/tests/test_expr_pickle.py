"""Expressions through pickle: what comes back means the same."""

import datetime as dt
import pickle

import pytest
from test_expr_like_polars import DATA, ELEMENTWISE, REDUCTIONS, alike, cases, meaning

import swath as sw


def again(expression):
    return pickle.loads(pickle.dumps(expression))


@pytest.mark.parametrize("cluster_of_cases", [ELEMENTWISE, REDUCTIONS])
def test_what_is_pickled_means_the_same(cluster_of_cases, embedded_session):
    frame = embedded_session.from_dict(DATA).sort("i")
    whole = {}
    for number, case in enumerate(cases(cluster_of_cases)):
        expression = meaning(case, sw)
        whole[f"c{number}"] = (case, expression, again(expression))
    before = frame.select(**{name: before for name, (_, before, _) in whole.items()}).to_dict()
    after = frame.select(**{name: after for name, (_, _, after) in whole.items()}).to_dict()
    for name, (case, _, _) in whole.items():
        assert alike(after[name], before[name]), case


def test_selectors_names_and_functions_are_pickled():
    df = sw.from_dict({"a": [1, 2], "b": [1.5, 2.5], "s": ["x", "y"], "t": [dt.date(2024, 1, 1)] * 2})
    for expression in (
        sw.col("a", "b").sum().name.suffix("_sum"),
        sw.selectors.numeric() * 2,
        sw.col(sw.Int64, sw.Float64).max(),
        sw.all().exclude("t").cast(str).name.map(str.upper)
        if hasattr(sw.all(), "exclude")
        else sw.all().count(),
        sw.all().null_count().name.replace("a", "z"),
        sw.sql_expr("a + 1").alias("r"),
        sw.udf(lambda x: x * 2, return_dtype=int, input="numpy")("a"),
        sw.when(sw.col("a") > 1).then(sw.lit("big")).otherwise(sw.col("s")),
    ):
        assert df.select(again(expression)).to_dict() == df.select(expression).to_dict()
    assert repr(again(sw.col("a") + 1)) == repr(sw.col("a") + 1)


def test_a_query_inside_an_expression_stays_here():
    other = sw.from_dict({"a": [1]})
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(sw.col("a").is_in(other))
