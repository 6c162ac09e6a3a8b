"""Libraries that draw take frames of ours as they are."""

import altair as alt
import matplotlib
import narwhals as nw
import narwhals.stable.v1 as nw_v1
import plotly.express as px
import pytest
import seaborn as sns
from narwhals import plugins

import swath as sw
import swath.narwhals
from swath import col


@pytest.fixture(autouse=True, scope="module")
def plugin():
    """The entry point, also where the package is not installed but only on the path."""
    found = plugins._discover_entrypoints()
    if "swath" in found.names:
        yield
        return

    class Entry:
        name = module = "swath"

        def load(self):
            return swath.narwhals

    patch = pytest.MonkeyPatch()
    patch.setattr(plugins, "_discover_entrypoints", lambda: [Entry()])
    yield
    patch.undo()


DATA = {"x": [1, 2, 3], "y": [2.0, 1.0, None], "c": ["a", "b", "a"]}


@pytest.fixture(params=["here", "lazy"])
def df(request):
    table = sw.from_dict(DATA)
    return table if request.param == "here" else table.filter(col("x") < 10)


def test_altair(df):
    chart = alt.Chart(df).mark_point().encode(x="x", y="y", color="c").to_dict()
    (values,) = chart["datasets"].values()
    assert values == [dict(zip(DATA, row, strict=True)) for row in zip(*DATA.values(), strict=True)]
    assert chart["encoding"]["x"]["type"] == "quantitative"
    assert chart["encoding"]["color"]["type"] == "nominal"


def test_plotly(df):
    figure = px.scatter(df, x="x", y="y", color="c")
    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert list(figure.data[1].x) == [2]
    assert list(px.histogram(df, x="c").data[0].x) == DATA["c"]


def test_seaborn(df):
    matplotlib.use("Agg")
    axes = sns.scatterplot(df.to_pandas(), x="x", y="y", hue="c")
    assert axes.get_xlabel() == "x"


def test_narwhals_asks_for_rows_or_for_a_lazy_frame():
    table = sw.from_dict(DATA)
    assert isinstance(nw.from_native(table), nw.DataFrame)
    assert isinstance(nw.from_native(table.filter(col("x") > 1)), nw.LazyFrame)
    assert isinstance(nw_v1.from_native(table.filter(col("x") > 1), eager_only=True), nw_v1.DataFrame)
    lazy = nw.from_native(table.filter(col("x") > 1))
    assert isinstance(lazy.to_native(), sw.DataFrame)
    assert nw.get_native_namespace(lazy) is sw
