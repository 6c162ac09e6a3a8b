"""What notebooks show: it parses, it is escaped, and it runs nothing that could be long."""

import itertools
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

import swath as sw
from swath.notebook import layout, parameters
from swath.notebook.chunks_svg import drawing
from swath.notebook.graph import Box, Graph
from swath.notebook.html import size

EVIL = "<script>alert('x')</script>&\"quoted\""


class Reader(HTMLParser):
    """Counts tags, and refuses those that do not close."""

    VOID = {"br", "meta", "line", "rect", "polygon", "path"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def shown(thing):
    return Reader(thing._repr_html_())


def words(thing):
    return " ".join(shown(thing).text)


def test_a_table_shows_its_first_rows_and_how_many_there_are():
    table = sw.from_dict({"number": list(range(25)), "name": ["x"] * 25})
    reader = shown(table)
    assert reader.tags.count("tr") == 11
    assert "25 rows × 2 columns" in reader.text[0]
    assert "first 10" in reader.text[0]
    assert "Int64" in reader.text
    assert "24" not in reader.text
    assert "9" in reader.text


def test_nulls_are_not_text():
    text = sw.from_dict({"a": [1, None], "b": ["null", None]})._repr_html_()
    assert text.count('<span class="swath-null">null</span>') == 2


@pytest.mark.parametrize("make", ["table", "frame", "at_hand", "mistake"])
def test_names_and_values_are_escaped(make):
    table = sw.from_dict({EVIL: [EVIL, "b"], "n": [1, 2]})
    thing = {
        "table": lambda: table,
        "frame": lambda: table.distinct(),
        "at_hand": lambda: table.head(1),
        "mistake": lambda: Broken(),
    }[make]()
    text = thing._repr_html_()
    assert "<script" not in text
    assert "script" in text
    assert "script" not in Reader(text).tags


class Broken(sw.DataFrame):
    """A frame whose plan cannot be made."""

    def __new__(cls):
        made = object.__new__(cls)
        made._frame = made
        return made

    def fields(self):
        raise sw.SwathError(EVIL)


def test_a_wide_table_is_cut():
    reader = shown(sw.from_dict({f"column {number}": [number] for number in range(100)}))
    assert reader.tags.count("th") == 30
    assert "and 70 more columns" in reader.text


def test_an_empty_table_is_shown():
    assert "0 rows × 1 column" in words(sw.from_dict({"a": []}))


class Watched:
    """A frame whose running is a mistake."""

    def __init__(self, frame):
        self._inner = frame

    def __getattr__(self, name):
        assert name not in ("collect", "count", "stream", "preview", "explain_analyze"), f"{name} was called"
        return getattr(self._inner, name)


def test_a_frame_that_was_not_run_shows_its_plan_and_runs_nothing(monkeypatch):
    frame = sw.from_dict({"k": ["x", "y"], "v": [1, 2]}).filter(sw.col("v") > 1)
    asked = []
    monkeypatch.setattr("swath._internal.is_at_hand", lambda native: asked.append(native) and False)
    frame._frame = Watched(frame._frame)
    text = words(frame)
    assert len(asked) == 1
    assert "not run yet" in text
    assert "Filter" in text
    assert "Int64" in text


def test_the_first_rows_of_what_is_in_memory_are_shown():
    table = sw.from_dict({"a": list(range(100)), "b": ["x"] * 100})
    for frame in (
        table.head(50),
        table.select("a"),
        table.rename({"a": "c"}),
        table.filter(sw.col("a") > 1).persist(),
    ):
        reader = shown(frame)
        assert reader.tags.count("td") >= 10, frame
        assert "its first rows" in reader.text[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table.filter(sw.col("a") > 1),
        lambda table: table.sort("a"),
        lambda table: table.group_by("a").agg(sw.col("b").count()),
        lambda table: table.select(a=sw.col("a") + 1),
        lambda table: table.join(table, on="a"),
    ],
)
def test_what_takes_work_is_not_shown(make):
    assert "not run yet" in words(make(sw.from_dict({"a": [1, 2], "b": [1, 2]})))


def test_a_session_shows_its_limits_and_tables():
    with sw.Session(threads=1, memory_limit="64MB") as session:
        session.register("orders", session.from_dict({"a": [1]}))
        text = words(session)
        assert "in this process" in text
        assert "64.0 MiB" in text
        assert "1: orders" in text
    assert "closed" in words(session)


def test_a_cluster_shows_its_workers(cluster):
    text = words(cluster)
    assert cluster.address in text
    assert f"process {cluster.scheduler}" in text
    assert shown(cluster).tags.count("tr") == 4 + 1 + len(cluster.workers)
    with cluster.connect() as session:
        assert session.address == cluster.address
        text = words(session)
        assert "on a cluster" in text
        assert cluster.address in text
        graph = session.sql("SELECT value % 5 AS k, count(*) AS n FROM range(100000) GROUP BY 1").show_plan(
            analyze=True
        )
        # One tree, whatever ran in which process.
        assert len(graph.edges) == len(graph.boxes) - 1


def test_a_cluster_that_does_not_answer_is_shown():
    from swath._scheduler import workers

    assert workers("swath://127.0.0.1:9") is None


# Drawings.


@pytest.mark.parametrize(
    ("chunks", "faces"),
    [
        ((), 1),
        (((0,),), 1),
        (((4, 4, 2),), 1),
        (((10,) * 1000, (500, 500)), 1),
        (((100,) * 3, (100,) * 4, (50,) * 6), 3),
        (((2, 2), (5,), (100,) * 3, (100,) * 4, (50,) * 6), 5),
        (((1,), (1,), (1,)), 3),
    ],
)
def test_a_chunk_grid_is_drawn(chunks, faces):
    root = ET.fromstring(drawing(chunks))
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert names.count("polygon") == faces
    assert names.count("line") < 200
    labels = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert labels.count(str(sum(chunks[-1]))) >= 1 if chunks else labels == []
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter():
        for corner in (element.get("points") or "").split():
            x, y = map(float, corner.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_an_array_shows_its_chunks_and_computes_nothing():
    import swath.array as sa

    def never(block):
        raise AssertionError("a block was computed")

    lazy = sa.map_blocks(never, sa.ones((300, 40), chunks=(100, 20)), dtype="float64")
    reader = shown(lazy)
    text = " ".join(reader.text)
    assert "(300, 40)" in text
    assert "float64" in text
    assert "6 = 3 × 2" in text
    assert "(100, 20)" in text
    assert size(300 * 40 * 8) in text
    assert "lazy" in text
    assert reader.tags.count("line") == 2 + 1
    assert "in memory" in words(sa.asarray([1, 2, 3]))


def test_an_array_whose_lengths_are_not_known_is_shown():
    import swath.array as sa

    x = sa.arange(10, chunks=5)
    text = words(x[x > 3][:, None] + sa.zeros((1, 2)))
    assert "?" in text
    assert "computed" not in text


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3, 4, 5, 6)])
def test_arrays_of_all_numbers_of_axes_are_shown(shape):
    import swath.array as sa

    assert str(shape) in words(sa.zeros(shape))


@pytest.mark.parametrize("analyze", [False, True])
def test_the_stages_of_an_array_are_drawn(analyze):
    import swath.array as sa

    x = sa.ones((40, 40), chunks=(10, 40))
    graph = ((x - x.mean(axis=0)) @ x.T).sum().show_plan(analyze=analyze)
    ET.fromstring(graph._repr_svg_())
    assert len(graph.boxes) >= 3
    read = {below for _, below in graph.edges}
    # All but the result are read.
    assert read == set(range(len(graph.boxes) - 1))
    assert all("task" in box.figures[0] for box in graph.boxes)
    assert all(len(box.figures) > 1 for box in graph.boxes) == analyze
    assert graph.title.startswith("Ran " if analyze else "Stages:")


def test_each_cut_is_a_line():
    lines = drawing(((1, 1, 1), (2, 2))).count("<line")
    assert lines == 2 + 1


def test_boxes_of_a_layer_do_not_overlap():
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5), (2, 5), (2, 6), (3, 7), (3, 8)]
    layer = layout.layers(9, edges)
    assert layer == [0, 1, 1, 1, 2, 2, 2, 2, 2]
    widths = [50.0, 80, 20, 200, 60, 60, 60, 60, 60]
    middle = layout.places(widths, edges, layer, 10.0)
    for row in range(3):
        boxes = sorted((middle[b], widths[b]) for b in range(9) if layer[b] == row)
        for (left, one), (right, other) in itertools.pairwise(boxes):
            assert right - left >= (one + other) / 2 + 10 - 1e-6
    assert min(at - width / 2 for at, width in zip(middle, widths, strict=True)) == pytest.approx(0)


def test_a_box_that_is_read_twice_lies_below_both():
    assert layout.layers(4, [(0, 1), (0, 3), (1, 2), (2, 3)]) == [0, 1, 2, 3]


def test_a_graph_is_escaped_and_within_its_frame():
    graph = Graph([Box(EVIL, EVIL * 20, [EVIL], 0.5), Box("b")], [(0, 1)], title=EVIL)
    root = ET.fromstring(graph._repr_svg_())
    assert "script" not in {element.tag.rpartition("}")[2] for element in root.iter()}
    width, height = float(root.get("width")), float(root.get("height"))
    for element in root.iter():
        if element.tag.endswith("rect"):
            assert float(element.get("x")) + float(element.get("width")) <= width
            assert float(element.get("y")) + float(element.get("height")) <= height


def test_a_graph_of_nothing_is_drawn():
    ET.fromstring(Graph([], [])._repr_svg_())


@pytest.mark.parametrize("view", ["logical", "optimized", "physical", "stages"])
def test_plans_are_drawn(view):
    left = sw.from_dict({"k": ["x", "y"], "v": [1, 2]})
    right = sw.from_dict({"k": ["x", "y"], "w": [1, 2]})
    frame = left.join(right, on="k").filter(sw.col("v") > 1).sort("w")
    graph = frame.show_plan(view)
    ET.fromstring(graph._repr_svg_())
    # A tree: each box but the root is read once.
    assert len(graph.edges) >= len(graph.boxes) - 1 > 0 or view == "stages"
    names = " ".join(f"{box.title} {box.details}" for box in graph.boxes)
    assert "Join" in names
    if view != "stages":
        join = next(number for number, box in enumerate(graph.boxes) if "Join" in box.title)
        assert sum(reader == join for reader, _ in graph.edges) == 2


def test_the_graph_of_a_run_has_figures():
    table = sw.from_dict({"k": ["x", "y"] * 500, "v": list(range(1000))})
    graph = table.group_by("k").agg(sw.col("v").sum().alias("s")).explain("graph", analyze=True)
    assert graph.title.startswith("ran in ")
    text = " ".join(figure for box in graph.boxes for figure in box.figures)
    assert "2 rows" in text
    assert any(box.share for box in graph.boxes)
    assert sum(box.share or 0 for box in graph.boxes) == pytest.approx(1)
    assert str(graph).count("\n") == len(graph.boxes) - 1


def test_stages_of_other_processes_are_joined():
    from swath.notebook.plans import _ran

    scan = [(0, "AggregateExec: mode=Partial", 5, 80, 0.1, 0), (1, "LazyMemoryExec: x", 90, 800, 0.2, 0)]
    final = [
        (0, "SortExec: k", 5, 80, 0.1, 0),
        (1, "ExchangeReaderExec: stage=1, broadcast=false", 5, 80, None, 0),
    ]
    here = [(0, "ClusterQueryExec: scheduler=h:1", 5, None, None, 0)]
    graph = _ran(here, [(1, 2, 5, 80, 0.3, scan), (2, 2, 5, 80, 0.1, final)], 1.5)
    titles = [box.title for box in graph.boxes]
    named = {(titles[reader], titles[read]) for reader, read in graph.edges}
    assert named == {
        ("Stage 1", "AggregateExec"),
        ("AggregateExec", "LazyMemoryExec"),
        ("Stage 2", "SortExec"),
        ("SortExec", "ExchangeReaderExec"),
        ("ExchangeReaderExec", "Stage 1"),
        ("ClusterQueryExec", "Stage 2"),
    }
    assert graph.title == "ran in 1.50 s"


def test_an_unknown_view_says_which_there_are():
    with pytest.raises(ValueError, match="stages, graph"):
        sw.from_dict({"a": [1]}).show_plan("phys")


def test_sizes_have_units():
    assert [size(n) for n in (0, 999, 1000, 1024, 1 << 20, 3.5 * (1 << 30))] == [
        "0 B",
        "999 B",
        "0.98 KiB",
        "1.00 KiB",
        "1.00 MiB",
        "3.50 GiB",
    ]


# SQL in cells.


def test_variables_become_parameters():
    text, values = parameters.bound(
        "SELECT {a}, '{b}', \"{c}\", {'k': 1} -- {d}\n/* {e} */ FROM t WHERE x = $f", {"a": 1, "f": "y"}
    )
    assert text == "SELECT $a, '{b}', \"{c}\", {'k': 1} -- {d}\n/* {e} */ FROM t WHERE x = $f"
    assert values == {"a": 1, "f": "y"}


def test_statements_are_cut_outside_of_strings():
    assert parameters.statements("SELECT ';'; -- a; b\nSELECT 2 /* ; */;\n-- end\n") == [
        "SELECT ';'",
        "-- a; b\nSELECT 2 /* ; */",
    ]


@pytest.fixture(scope="module")
def shell():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "swath")
    yield shell
    shell.history_manager.end_session()


@pytest.fixture
def run(shell):
    shell.reset(new_session=False)
    shell.push({"sw": sw, "items": sw.from_dict({"name": ["pen", "ink"], "price": [2, 5]})})

    def run(line, cell=None):
        return shell.run_line_magic("sql", line) if cell is None else shell.run_cell_magic("sql", line, cell)

    return run


def test_a_line_and_a_cell_of_sql(run):
    assert run("SELECT 'a  b' AS t").item() == "a  b"
    assert run("", "SELECT name\nFROM items\nORDER BY price DESC").to_list() == ["ink", "pen"]


def test_values_of_variables_are_never_read_as_sql(run, shell):
    shell.push({"word": "pen' OR '1'='1", "least": 3})
    assert len(run("", "SELECT * FROM items WHERE name = {word}")) == 0
    assert run("SELECT name FROM items WHERE price > {least}").to_list() == ["ink"]
    assert run("SELECT name FROM items WHERE price > $least").to_list() == ["ink"]


def test_a_result_goes_to_a_variable(run, shell):
    assert run("--out dear", "SELECT * FROM items WHERE price > 3") is None
    assert shell.user_ns["dear"].to_dict() == {"name": ["ink"], "price": [5]}
    assert run("SELECT count(*) FROM dear").item() == 1


def test_options_of_the_magic(run, shell):
    assert type(run("--lazy", "SELECT * FROM items")) is sw.DataFrame
    assert len(run("-n 1", "SELECT * FROM items")) == 1
    with sw.Session(threads=1) as session:
        session.register("own", session.from_dict({"a": [7]}))
        shell.push({"mine": session})
        assert run("--session mine SELECT a FROM own").item() == 7


def test_statements_that_change_something(run):
    assert run("", "CREATE OR REPLACE VIEW few AS SELECT 1 AS one; SELECT * FROM few").item() == 1
    assert run("DROP VIEW few") is None


def test_mistakes_in_magics_are_told(run, shell):
    from IPython.core.error import UsageError

    with pytest.raises(NameError, match="no variable 'nothing'"):
        run("SELECT {nothing}")
    with pytest.raises(TypeError, match="write its name without braces"):
        run("SELECT * FROM {items}")
    with pytest.raises(UsageError, match="expected a statement"):
        run("", "-- nothing")
    with pytest.raises(UsageError, match="expected a Session"):
        run("-s items SELECT 1")
    with pytest.raises(UsageError, match="no name of a variable"):
        run("-o 1x", "SELECT 1")
    with pytest.raises(sw.SwathError):
        run("SELECT * FROM missing")


def test_tab_completes_columns(shell, run):
    from IPython.core.completer import provisionalcompleter

    shell.Completer.use_jedi = False
    for text, wanted in [("items.pri", "price"), ('items["na', "name")]:
        with provisionalcompleter():
            found = [completion.text for completion in shell.Completer.completions(text, len(text))]
        assert any(wanted in text for text in found), found


def completed(shell, cell, line, column):
    """What a shell offers at a place of a cell."""
    from IPython.core.completer import CompletionContext

    text = cell.splitlines()[line]
    context = CompletionContext(
        token=text[:column].split(" ")[-1],
        full_text=cell,
        cursor_position=column,
        cursor_line=line,
        limit=100,
    )
    for matcher in shell.Completer.custom_matchers:
        if getattr(matcher, "swath", False):
            answer = matcher(context)
            return [(one.text, one.type) for one in answer["completions"]], answer.get("matched_fragment")
    raise AssertionError("the matcher is not registered")


def test_names_in_cells_of_sql_are_completed(run, shell):
    cell = "%%sql\nSELECT pr FROM items"
    assert completed(shell, cell, 1, 9) == ([("price", "column")], "pr")
    assert ("items", "table") in completed(shell, "%%sql\nSELECT * FROM it", 1, 16)[0]
    assert completed(shell, "x = %sql SELECT na FROM items", 0, 18)[0][0] == ("name", "column")
    assert ("WHERE", "keyword") in completed(shell, "%%sql\nSELECT * FROM items WH", 1, 22)[0]
    assert completed(shell, "pr", 0, 2) == ([], None)
    shell.push({"ours": sw.Session()})
    shell.user_ns["ours"].sql("CREATE VIEW far AS SELECT 1 AS distance")
    assert completed(shell, "%%sql -s ours\nSELECT dis FROM far", 1, 10)[0][0] == ("distance", "column")
    assert completed(shell, "%%sql -s none\nSELECT * FROM it", 1, 16)[0][0] == ("items", "table")


def test_a_cluster_shows_the_memory_of_its_workers(cluster):
    shown = cluster._repr_html_()
    assert "memory of the workers" in shown
    assert all(f"{process} (" in shown for process in cluster.workers)
