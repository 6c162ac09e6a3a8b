"""The graphs of frames and arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.notebook.graph import Box, Graph
from swath.notebook.html import plural, size

if TYPE_CHECKING:
    from swath.array import Array
    from swath.frame.frame import DataFrame


def frame_graph(frame: DataFrame, view: str, *, analyze: bool = False) -> Graph:
    """Return the plan of a frame as a drawing.

    Parameters
    ----------
    frame
        The frame.
    view
        ``logical``, ``optimized``, ``physical`` or ``stages``.
    analyze
        Whether to run it, and to say what each operator took.
    """
    native = frame._frame
    if analyze:
        return _ran(*_internal.plan_analyzed(native))
    if view == "stages":
        return _stages(_internal.plan_stages(native))
    operators = _internal.plan_operators(native, view)
    boxes = [_box(text) for _, text in operators]
    return Graph(boxes, _edges([depth for depth, _ in operators], 0))


def _box(text: str) -> Box:
    title, _, details = text.partition(":")
    return Box(title.strip(), details.strip())


def _edges(depths: Sequence[int], first: int) -> list[tuple[int, int]]:
    """Return who reads whom, of operators in the order of a tree that is written from its root."""
    edges: list[tuple[int, int]] = []
    path: list[int] = []
    for place, depth in enumerate(depths):
        del path[depth:]
        if path:
            edges.append((first + path[-1], first + place))
        path.append(place)
    return edges


def seconds(time: float) -> str:
    """Return a time in the unit that suits it: ``850 µs``, ``12.3 ms``, ``4.56 s``."""
    if time < 1e-3:
        return f"{time * 1e6:.0f} µs"
    return f"{time * 1e3:.1f} ms" if time < 1 else f"{time:.2f} s"


#: Operators that read what a stage made: its number, or none for the last one.
_READS_STAGE = re.compile(r"ExchangeReaderExec: stage=(\d+)|ClusterQueryExec")


def _ran(operators: list[Any], stages: list[Any], elapsed: float) -> Graph:
    boxes: list[Box] = []
    edges: list[tuple[int, int]] = []
    everything = [operators, *(stage[5] for stage in stages)]
    whole = sum(operator[4] or 0.0 for part in everything for operator in part) or 1.0

    def add(part: list[Any]) -> None:
        first = len(boxes)
        edges.extend(_edges([operator[0] for operator in part], first))
        for _, text, rows, count, time, spilled in part:
            box = _box(text)
            figures = [] if rows is None else [plural(rows, "row")]
            if figures and count is not None:
                figures[0] += f", {size(count)}"
            if time is not None:
                figures.append(seconds(time) + (f", {size(spilled)} spilled" if spilled else ""))
                box.share = time / whole
            box.figures = figures
            boxes.append(box)

    heads: dict[int, int] = {}
    for number, tasks, rows, count, time, part in stages:
        figures = [f"{plural(rows, 'row')}, {size(count)}", seconds(time)]
        above = heads[number] = len(boxes)
        boxes.append(Box(f"Stage {number}", plural(tasks, "task"), figures))
        add(part)
        # Tasks of one stage may have plans of several shapes.
        edges.extend((above, above + 1 + place) for place, operator in enumerate(part) if operator[0] == 0)
    add(operators)
    for place, box in enumerate(boxes):
        if read := _READS_STAGE.match(f"{box.title}: {box.details}"):
            stage = int(read[1]) if read[1] else max(heads, default=-1)
            if stage in heads and heads[stage] != place:
                edges.append((place, heads[stage]))
    return Graph(boxes, edges, title=f"ran in {seconds(elapsed)}")


def _stages(stages: list[Any]) -> Graph:
    boxes, edges = [], []
    for number, (tasks, rows, count, output, operators, inputs) in enumerate(stages):
        figures = [plural(tasks, "task")]
        if rows is not None and count is not None:
            figures.append(f"about {plural(round(rows), 'row')}, {size(count)}")
        names = [text.partition(":")[0].strip() for _, text in operators]
        own = [name for name in names if not name.startswith("Read stage")]
        moved = f" → {output.partition(':')[0]}" if output else ""
        boxes.append(Box(f"Stage {number}{moved}", " ← ".join(own), figures))
        edges += [(number, read) for read in inputs]
    return Graph(boxes, edges)


#: `  0 Fused: 4 tasks of 16.0 MB -> f64 (4000, 3000) …` and `      <- stage 0 …` of an array's plan.
_STAGE = re.compile(r"  (\d+) ([^:]+): (\d+) tasks? of (.+?) -> (.*)")
_INPUT = re.compile(r"      <- (?:stage (\d+)(?:\.\d+)? )?(.*)")
#: `  0 Fused: 4/4 tasks, 1.2ms, read …` of what a run took.
_TOOK = re.compile(r"  (\d+) [^:]+: (\d+)/\d+ tasks, ([^,]+), (.*)")


def array_graph(array: Array, *, analyze: bool = False) -> Graph:
    """Return the stages of an array as a drawing.

    Parameters
    ----------
    array
        The array.
    analyze
        Whether to compute it, and to say what each stage took.
    """
    text = array.explain(analyze=analyze)
    boxes: list[Box] = []
    edges: list[tuple[int, int]] = []
    title = ""
    for line in text[text.find("Stages:") :].splitlines():
        if took := _TOOK.fullmatch(line):
            box = boxes[int(took[1])]
            box.figures += [took[3], *took[4].split(", ")]
        elif stage := _STAGE.fullmatch(line):
            figures = [f"{plural(int(stage[3]), 'task')} of {stage[4]}"]
            boxes.append(Box(f"{stage[1]} {stage[2]}", stage[5], figures))
        elif (read := _INPUT.fullmatch(line)) and boxes:
            if read[1] is None:
                boxes[-1].details += f" ← {read[2]}"
            elif (edge := (len(boxes) - 1, int(read[1]))) not in edges:
                edges.append(edge)
        elif line.startswith(("Stages:", "Ran ")):
            title = line
    return Graph(boxes, edges, title=title)
