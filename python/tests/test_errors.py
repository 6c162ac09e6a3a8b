"""Mistakes end with an error that says what is wrong and what to do, of a class that programs can catch."""

import datetime as dt

import pytest

import swath as sw
from swath import col
from swath.errors import (
    ColumnNotFoundError,
    FileError,
    FunctionError,
    InvalidValueError,
    PlanError,
    ResourceError,
)


@pytest.fixture
def df(session):
    return session.from_dict(
        {
            "a": [1, 2],
            "s": ["x", "y"],
            "b": [True, None],
            "f": [1.5, 2.5],
            "st": [{"p": 1, "quantity": 2}] * 2,
        }
    )


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda df: df.select(col("s") * 2), r"s \* 2: Utf8 \* Int64: there is no such arithmetic.*cast"),
        (lambda df: df.filter(col("a")), r"expected a condition, but a is Int64; compare it"),
        (lambda df: df.filter(col("b") & col("f")), r"take conditions"),
        (
            lambda df: df.select(col("st").struct.field("quanttiy")),
            r"no field 'quanttiy' \(did you mean 'quantity'\?\)",
        ),
        (lambda df: df.select(col("a").struct.field("p")), r"a is Int64, no struct"),
    ],
)
def test_what_types_cannot_do_is_a_plan_error(df, program, message):
    with pytest.raises(PlanError, match=message):
        program(df).collect()


def test_values_that_do_not_fit_are_value_errors_here_and_on_workers(df):
    for program in [
        lambda: df.select(col("s").str.to_date("%d.%m.%Y")),
        lambda: df.select(col("s").cast(sw.Int64)),
    ]:
        with pytest.raises(InvalidValueError):
            program().collect()
    with pytest.raises(InvalidValueError, match=r"cannot read 'x' as a date or time of the format"):
        df.select(col("s").str.to_date("%d.%m.%Y")).head(1).collect()


def test_results_of_functions_are_checked(df):
    with pytest.raises(FunctionError, match=r"the function returned 1") as caught:
        df.select(col("a").map_batches(lambda x: x[:1], int, input="arrow")).collect()
    assert caught.value.exception_class == "ValueError"
    with pytest.raises(FunctionError, match=r"declared as Utf8, the function returned .*; declare it as"):
        df.select(col("a").map_batches(lambda x: x, str, input="arrow")).collect()
    with pytest.raises(FunctionError, match=r"^the function failed: ZeroDivisionError"):
        df.select(col("a").map_elements(lambda x: x // 0, int)).collect()


def test_a_wrong_key_is_told_where_it_is_given(df):
    with pytest.raises(ColumnNotFoundError, match="column 'z' not found"):
        df.group_by("z")
    with pytest.raises(ColumnNotFoundError, match="column 'z' not found"):
        df.group_by((col("z") + 1).alias("y"))


def test_lists_that_are_exploded_together_are_of_one_length(session):
    df = session.from_dict({"k": [[1, 2], [3]], "l": [[1, 2], [3, 4]]})
    with pytest.raises(InvalidValueError, match="'k' has 1 elements and that of column 'l' has 2"):
        df.explode("k", "l").collect()
    assert df.head(1).explode("k", "l").collect().to_dict() == {"k": [1, 2], "l": [1, 2]}


def test_csv_with_another_number_of_columns_names_file_and_line(session, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,z\n1,2,3\n")
    for schema, message in [
        (
            {"x": sw.Int64},
            r"a\.csv: .*line 1 has more than 1 fields, expected 1 column: a given schema must have every",
        ),
        (
            {name: sw.Int64 for name in "xyzw"},
            r"a\.csv: .*line 1 has 3 fields, expected 4 columns: a given schema",
        ),
    ]:
        with pytest.raises(FileError, match=message):
            session.read_csv(path, schema=schema).collect()


@pytest.mark.parametrize("text", ['[{"x": 1}, {"x": 2}]', ' [\n{"x": 1},\n{"x": 2}]\n'])
def test_json_that_is_one_array_is_told_what_to_do(session, tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    for schema in [None, {"x": sw.Int64}]:
        with pytest.raises(FileError, match=r"a\.json: the file is one JSON array, not one object a line"):
            session.read_json(path, schema=schema).collect()


def test_results_above_the_memory_limit_are_refused(cluster):
    query = "SELECT value, value + 1 AS next FROM range(3000000)"
    message = (
        r"collect asked for .* memory limit of 16\.0 MB.*\n.*stream\(\), write them to files .* memory_limit"
    )
    for session in [
        sw.Session(threads=1, memory_limit=16 << 20),
        cluster.connect(threads=1, memory_limit=16 << 20),
    ]:
        with session:
            with pytest.raises(ResourceError, match=message):
                session.sql(query).collect()
            assert session.sql(query).count() == 3_000_000


def test_differences_of_dates_are_durations(session):
    days = {"d": [dt.date(2024, 3, 1), None], "e": [dt.date(2024, 2, 28), dt.date(2024, 2, 28)]}
    df = session.from_dict(days)
    spans = df.select(span=col("d") - col("e"), days=(col("d") - col("e")).dt.total_days())
    assert spans.collect().to_dict() == {"span": [dt.timedelta(days=2), None], "days": [2, None]}
    assert df.filter(col("d") - col("e") > dt.timedelta(days=1)).count() == 1


def test_rolling_deviations_forget_what_has_left(session):
    df = session.from_dict({"i": [1, 2, 3, 4, 5, 6], "x": [1e9, 0.1, 0.1, 0.1, float("nan"), 2.0]})
    rolled = (
        df.sort("i").select(std=col("x").rolling_std(2), mean=col("x").rolling_mean(2)).collect().to_dict()
    )
    assert rolled["std"][2:4] == [0.0, 0.0]
    assert rolled["mean"][2:4] == [0.1, 0.1]
    df = session.from_dict({"i": [1, 2, 3, 4], "x": [float("nan"), 1.0, 2.0, 4.0]})
    assert df.sort("i").select(s=col("x").rolling_sum(2)).collect().to_dict()["s"][2:] == [3.0, 6.0]
