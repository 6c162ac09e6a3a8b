"""Names of other libraries: the error says what to write here."""

import inspect
import re

import numpy as np
import pandas as pd
import pytest

import swath as sw
import swath.array as sa
from swath._keywords import KEYWORDS
from swath.foreign import _NAMES

DF = sw.from_dict({"k": ["x", "y"], "a": [1, 2]}).limit(9)
OWNERS = {
    "DataFrame": DF,
    "Expr": sw.col("a"),
    "GroupBy": DF.group_by("k"),
    "Array": sa.arange(3),
    "swath": sw,
    "swath.array": sa,
    "swath.array.linalg": sa.linalg,
    "swath.array.random": sa.random,
    **{space: getattr(sw.col("a"), space) for space in ("str", "dt", "list", "struct", "name", "meta")},
}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in _NAMES for name in _NAMES[kind]])
def test_a_name_of_another_library_says_what_to_write(kind, name):
    if hasattr(OWNERS[kind], name):
        pytest.fail(f"{kind} has {name}: take it out of the list")
    with pytest.raises(AttributeError, match="instead: "):
        getattr(OWNERS[kind], name)


@pytest.mark.parametrize("kind", list(_NAMES))
def test_what_is_recommended_is_there(kind):
    """A remedy that begins with a call names a method; each ``sw.name`` of it is a name of the module."""
    for name, remedy in _NAMES[kind].items():
        for used in re.findall(r"\bsw\.(\w+)", remedy):
            assert hasattr(sw, used), (name, used)
        first = re.match(r"(\w+)\(", remedy)
        if first and kind != "swath":
            assert hasattr(OWNERS[kind], first[1]), (name, remedy)


def test_near_names_are_named():
    for owner, wrong, right in [
        (DF, "with_colums", "with_columns"),
        (sw.col("a"), "is_nul", "is_null"),
        (sw.col("a").str, "to_lowercas", "to_lowercase"),
        (sa.arange(3), "recunk", "rechunk"),
        (sw, "read_parket", "read_parquet"),
    ]:
        with pytest.raises(AttributeError, match=f"did you mean '{right}'"):
            getattr(owner, wrong)
    with pytest.raises(AttributeError, match="the columns are: k, a"):
        _ = DF.nonsense
    assert not hasattr(sw.col("a"), "__array_struct__")


def test_arrays_are_an_attribute_of_the_module():
    assert sw.array is sa
    assert DF.select(sw.selectors.numeric()).columns == ["a"]


def test_missing_values_of_pandas_are_nulls():
    frame = pd.DataFrame({"x": [1.0, np.nan], "y": [np.inf, -np.inf], "z": np.array([1, np.nan], "float32")})
    for df in (sw.from_pandas(frame), sw.DataFrame(frame), sw.from_dict({n: frame[n] for n in frame})):
        assert df.rows() == [(1.0, np.inf, 1.0), (None, -np.inf, None)]
        assert df.schema["z"] == sw.Float32
    assert str(sw.from_dict({"x": frame["x"].to_numpy()}).to_list()) == "[1.0, nan]"
    assert sw.from_dict({"x": [1.0, 2.0]}).to_pandas()["x"].tolist() == [1.0, 2.0]


def test_integers_with_missing_values_come_back_from_pandas():
    df = sw.from_dict({"k": ["x", "x", "y"], "a": [1, None, 3]})
    found = df.group_by("k").map_groups(lambda group: group, schema=df.schema, input="pandas")
    assert found.sort("k", "a").rows() == [("x", None), ("x", 1), ("y", 3)]
    halves = df.map_batches(lambda rows: rows.assign(a=rows["a"] / 2), schema=df.schema, input="pandas")
    with pytest.raises(sw.SwathError, match="'a' was declared as Int64"):
        halves.collect()


KEYWORD_OWNERS = {
    "Session": sw.Session,
    "DataFrame": sw.DataFrame,
    "Table": type(DF.collect()),
    "GroupBy": type(DF.group_by("k")),
    "Expr": sw.Expr,
    "str": type(sw.col("a").str),
    "dt": type(sw.col("a").dt),
    "swath": sw,
}
CASES = [
    (kind, name, keyword)
    for kind in KEYWORDS
    for name, keywords in KEYWORDS[kind].items()
    for keyword in keywords
]


@pytest.mark.parametrize(("kind", "name", "keyword"), CASES)
def test_a_keyword_of_another_library_says_what_to_write(kind, name, keyword):
    function = getattr(KEYWORD_OWNERS[kind], name)
    parameters = inspect.signature(function).parameters
    taken = {p.name for p in parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    remedy = KEYWORDS[kind][name][keyword]
    if keyword in taken:
        pytest.fail(f"{kind}.{name} has {keyword}: take it out of the list")
    parameter = re.match(r"(\w+)=", remedy)
    if parameter:
        assert parameter[1] in taken
    called = re.match(r"\.?(\w+)\(", remedy)
    if called:
        assert any(hasattr(owner, called[1]) for owner in (sw.DataFrame, sw.Expr, KEYWORD_OWNERS[kind]))
    for used in re.findall(r"\bsw\.(\w+)", remedy):
        assert hasattr(sw, used)
    title = kind if name == "__new__" else name
    with pytest.raises(TypeError, match=rf"^{title}\(\) got an unexpected keyword .*'{keyword}'; instead: "):
        function(*[None] * 2, **{keyword: None})


def test_keywords_of_other_libraries_in_use():
    with pytest.raises(TypeError, match=r"'sep'; instead: delimiter=$"):
        sw.read_csv("t.csv", sep=";")
    with pytest.raises(TypeError, match=r"'delimeter'; did you mean 'delimiter'\?$"):
        sw.read_csv("t.csv", delimeter=";")
    with pytest.raises(TypeError, match=r"'nonsense'$"):
        DF.sort("a", nonsense=1)
    with pytest.raises(TypeError, match=r"register_csv: .*'separator'; instead: delimiter="):
        sw.Session(threads=1).register_csv("t", "t.csv", separator=";")
    with pytest.raises(TypeError, match=r"DataFrame\(\) got .*'columns'; instead: schema="):
        sw.DataFrame([(1, 2)], columns=["a", "b"])
    # A group may have a key of any name, which is an expression.
    assert DF.group_by(sort=sw.col("a")).len().columns == ["sort", "len"]
    assert str(inspect.signature(sw.read_json)).startswith("(source:")
    assert str(inspect.signature(sw.DataFrame.sort)).startswith("(self, *by:")
    assert sw.concat.__doc__.startswith("Put frames")
