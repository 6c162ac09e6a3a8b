"""Plans as drawings: boxes and arrows, as SVG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from textwrap import wrap

from swath.notebook import layout

#: Pixels: of a character, a line, a box's inner margin, room between boxes and between layers.
_CHARACTER, _LINE, _INNER, _GAP, _RISE = 6.7, 16.0, 9.0, 22.0, 40.0
_MARGIN = 10.0
#: Characters of a line in a box, and lines of details.
_WIDEST, _MOST_DETAILS = 40, 4
#: Colours that can be read on a light page and on a dark one: boxes bring their own ground.
_GROUND, _EDGE, _TEXT, _FIGURES, _ARROW, _HEAT = (
    "#eef4f9",
    "#5b7083",
    "#14202b",
    "#3b5266",
    "#7a8794",
    "#e8834a",
)


@dataclass
class Box:
    """One operator or stage.

    Parameters
    ----------
    title
        Its name.
    details
        What it does, as text; long text is cut, and whole where the pointer rests.
    figures
        Rows, bytes and times, a line each.
    share
        Its part of the time of all, from 0 to 1; it is drawn as a bar.
    """

    title: str
    details: str = ""
    figures: list[str] = field(default_factory=list)
    share: float | None = None

    def lines(self) -> list[str]:
        """Return the lines of details that are shown."""
        lines = wrap(self.details, _WIDEST, break_on_hyphens=False)
        if len(lines) > _MOST_DETAILS:
            lines = [*lines[: _MOST_DETAILS - 1], f"{lines[_MOST_DETAILS - 1][: _WIDEST - 1]}…"]
        return lines

    def size(self) -> tuple[float, float]:
        """Return width and height in pixels."""
        texts = [f"{self.title}  ", *self.lines(), *self.figures]
        width = max(len(text) for text in texts) * _CHARACTER + 2 * _INNER
        return max(width, 90.0), (1 + len(self.lines()) + len(self.figures)) * _LINE + 2 * _INNER - 4


class Graph:
    """A plan as a drawing; notebooks show it, elsewhere it is saved.

    Rows go from the bottom to the top.

    Parameters
    ----------
    boxes
        Operators or stages.
    edges
        For each flow of rows: the box that reads, the box that is read.
    title
        A line above it.

    Examples
    --------
    >>> import swath as sw
    >>> graph = sw.from_dict({"a": [1, 2]}).filter(sw.col("a") > 1).show_plan("logical")
    >>> print(graph)
    Filter: a > Int64(1)
      Projection: table.a AS a
        TableScan: table
    >>> graph.save("plan.svg")  # doctest: +SKIP
    """

    def __init__(self, boxes: Sequence[Box], edges: Sequence[tuple[int, int]], *, title: str = "") -> None:
        self.boxes = list(boxes)
        self.edges = list(edges)
        self.title = title

    def __repr__(self) -> str:
        inputs: dict[int, list[int]] = {}
        for reader, read in self.edges:
            inputs.setdefault(reader, []).append(read)
        is_read = {read for _, read in self.edges}
        lines: list[str] = []
        shown: set[int] = set()

        def add(number: int, depth: int) -> None:
            box = self.boxes[number]
            text = ": ".join(part for part in (box.title, box.details) if part)
            figures = f"  [{', '.join(box.figures)}]" if box.figures else ""
            again = " (see above)" if number in shown else ""
            lines.append(f"{'  ' * depth}{text}{figures}{again}")
            if number in shown:
                return
            shown.add(number)
            for read in inputs.get(number, []):
                add(read, depth + 1)

        for number in range(len(self.boxes)):
            if number not in is_read:
                add(number, 0)
        return "\n".join(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._repr_svg_())

    def _repr_svg_(self) -> str:
        sizes = [box.size() for box in self.boxes]
        layer = layout.layers(len(self.boxes), self.edges)
        middle = layout.places([width for width, _ in sizes], self.edges, layer, _GAP)
        heights = [
            max(sizes[box][1] for box in range(len(sizes)) if layer[box] == row)
            for row in range(max(layer, default=-1) + 1)
        ]
        head = _LINE + 6 if self.title else 0.0
        tops = [_MARGIN + head + sum(heights[:row]) + row * _RISE for row in range(len(heights))]
        corners = [
            (_MARGIN + middle[box] - width / 2, tops[layer[box]] + (heights[layer[box]] - height) / 2)
            for box, (width, height) in enumerate(sizes)
        ]
        parts = [self._arrow(corners, sizes, reader, read) for reader, read in self.edges]
        parts += [_drawn(box, corners[number], sizes[number]) for number, box in enumerate(self.boxes)]
        right = max((x + width for (x, _), (width, _) in zip(corners, sizes, strict=True)), default=0.0)
        width = max(right, len(self.title) * _CHARACTER) + _MARGIN
        height = (tops[-1] + heights[-1] if heights else head) + _MARGIN
        if self.title:
            parts.append(f'<text x="{_MARGIN}" y="{_MARGIN + 9}" fill="{_ARROW}">{escape(self.title)}</text>')
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="ui-monospace, Menlo, Consolas, monospace" '
            f'font-size="11">{"".join(parts)}</svg>'
        )

    def _arrow(
        self,
        corners: Sequence[tuple[float, float]],
        sizes: Sequence[tuple[float, float]],
        reader: int,
        read: int,
    ) -> str:
        (x, y), (width, _) = corners[read], sizes[read]
        start = (x + width / 2, y)
        (x, y), (width, height) = corners[reader], sizes[reader]
        siblings = [lower for upper, lower in self.edges if upper == reader]
        siblings.sort(key=lambda lower: corners[lower][0] + sizes[lower][0] / 2)
        # Arrows to one box end beside each other.
        spread = (siblings.index(read) + 1) / (len(siblings) + 1)
        end = (x + width * spread, y + height)
        bend = (start[1] - end[1]) / 2
        path = (
            f"M{start[0]:.1f},{start[1]:.1f} C{start[0]:.1f},{start[1] - bend:.1f} "
            f"{end[0]:.1f},{end[1] + bend:.1f} {end[0]:.1f},{end[1] + 6:.1f}"
        )
        tip = f"{end[0]:.1f},{end[1]:.1f} {end[0] - 4:.1f},{end[1] + 7:.1f} {end[0] + 4:.1f},{end[1] + 7:.1f}"
        return (
            f'<path d="{path}" fill="none" stroke="{_ARROW}" stroke-width="1.3"/>'
            f'<polygon points="{tip}" fill="{_ARROW}"/>'
        )


def _drawn(box: Box, corner: tuple[float, float], size: tuple[float, float]) -> str:
    (x, y), (width, height) = corner, size
    parts = [
        f"<g><title>{escape(': '.join(part for part in (box.title, box.details) if part))}</title>",
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5" fill="{_GROUND}" '
        f'stroke="{_EDGE}" stroke-width="1"/>',
    ]
    if box.share:
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{y + height - 5:.1f}" width="{(width - 2) * min(box.share, 1.0):.1f}" '
            f'height="4" rx="2" fill="{_HEAT}"/>'
        )
    at = y + _INNER + 9
    styles = [("700", _TEXT, box.title)]
    styles += [("400", _TEXT, line) for line in box.lines()]
    styles += [("400", _FIGURES, line) for line in box.figures]
    for weight, colour, text in styles:
        parts.append(
            f'<text x="{x + _INNER:.1f}" y="{at:.1f}" font-weight="{weight}" '
            f'fill="{colour}">{escape(text)}</text>'
        )
        at += _LINE
    return "".join([*parts, "</g>"])
