"""The chunk grid of an array as a drawing.

One axis is a bar, two are a sheet, three a box seen from the front, above and the right. Of more axes the
last three are the box, and each of the others is a bar beside it, with its own cuts. Lengths are drawn by
their square roots, so that a short axis beside a long one can still be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

#: Pixels of the longest and the shortest axis.
_LONGEST = 150.0
_SHORTEST = 22.0
#: Lines that are drawn along one axis; of more cuts every so many-th is.
_MOST_LINES = 32
#: How far the depth of a box goes to the right and up, for each pixel of it.
_SLANT = (0.55, 0.4)
_MARGIN = 8.0
_LABEL = 16.0

_FRONT, _TOP, _SIDE, _LINE = "#d5e6f4", "#e7f1f9", "#b9d3e8", "#2f5d82"

Point = tuple[float, float]


def drawing(chunks: Sequence[Sequence[int]]) -> str:
    """Return the SVG of a grid.

    Parameters
    ----------
    chunks
        For each axis the lengths of its chunks.
    """
    shapes = [sum(along) for along in chunks]
    pixels = _pixels(shapes)
    cuts = [_cuts(along, length) for along, length in zip(chunks, pixels, strict=True)]
    picture = _Picture()
    at = _MARGIN
    for axis in range(max(len(chunks) - 3, 0)):
        at = picture.bar(at, pixels[axis], cuts[axis], str(shapes[axis]))
    last = slice(max(len(chunks) - 3, 0), len(chunks))
    picture.solid(at, pixels[last], cuts[last], [str(length) for length in shapes[last]])
    return picture.svg()


def _pixels(shapes: Sequence[int]) -> list[float]:
    longest = max(shapes, default=0) or 1
    return [max(_SHORTEST, _LONGEST * (length / longest) ** 0.5) for length in shapes]


def _cuts(lengths: Sequence[int], pixels: float) -> list[float]:
    """Return the places along an axis where chunks meet, and both ends."""
    total = sum(lengths) or 1
    ends = [0, *accumulate(lengths)]
    step = max(1, -(-(len(ends) - 2) // _MOST_LINES))
    inner = ends[1:-1][::step]
    return [0.0, *(end / total * pixels for end in inner), pixels]


class _Picture:
    """Lines and faces, and how far they reach."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._width = self._height = 0.0

    def _reach(self, *points: Point) -> None:
        for x, y in points:
            self._width, self._height = max(self._width, x), max(self._height, y)

    def _face(self, corners: Sequence[Point], fill: str) -> None:
        self._reach(*corners)
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        self._parts.append(f'<polygon points="{path}" fill="{fill}" stroke="{_LINE}" stroke-width="1.4"/>')

    def _line(self, start: Point, end: Point) -> None:
        self._parts.append(
            f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
            f'stroke="{_LINE}" stroke-width="0.7"/>'
        )

    def _label(self, at: Point, text: str, anchor: str) -> None:
        self._reach((at[0] + (7.0 * len(text) if anchor == "start" else 3.5 * len(text)), at[1] + 4))
        self._parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" fill="currentColor">{text}</text>'
        )

    def _sheet(
        self, origin: Point, right: Point, down: Point, fill: str, cuts: Sequence[Sequence[float]]
    ) -> None:
        """Draw a face with its cuts: ``right`` and ``down`` are its edges, ``cuts`` where they are cut."""
        (x, y), (rx, ry), (dx, dy) = origin, right, down
        self._face([(x, y), (x + rx, y + ry), (x + rx + dx, y + ry + dy), (x + dx, y + dy)], fill)
        for share in _shares(cuts[0]):
            start = (x + rx * share, y + ry * share)
            self._line(start, (start[0] + dx, start[1] + dy))
        for share in _shares(cuts[1]):
            start = (x + dx * share, y + dy * share)
            self._line(start, (start[0] + rx, start[1] + ry))

    def bar(self, at: float, pixels: float, cuts: Sequence[float], label: str) -> float:
        """Draw an axis of its own as an upright bar; return where the next thing goes."""
        self._sheet((at, _MARGIN), (14.0, 0.0), (0.0, pixels), _SIDE, ([], cuts))
        self._label((at + 7.0, _MARGIN + pixels + _LABEL), label, "middle")
        return at + 14.0 + max(18.0, 3.5 * len(label) + 10.0)

    def solid(
        self, at: float, pixels: Sequence[float], cuts: Sequence[Sequence[float]], labels: Sequence[str]
    ) -> None:
        """Draw up to three axes as one body."""
        if not pixels:
            self._sheet((at, _MARGIN), (_SHORTEST, 0.0), (0.0, _SHORTEST), _FRONT, ([], []))
            return
        depth = pixels[0] if len(pixels) == 3 else 0.0
        height = pixels[-2] if len(pixels) > 1 else _SHORTEST
        width = pixels[-1]
        along_height = cuts[-2] if len(pixels) > 1 else []
        back = (depth * _SLANT[0], -depth * _SLANT[1])
        front = (at, _MARGIN - back[1])
        self._sheet(front, (width, 0.0), (0.0, height), _FRONT, (cuts[-1], along_height))
        if depth:
            above = (front[0] + back[0], front[1] + back[1])
            toward = (-back[0], -back[1])
            self._sheet(above, (width, 0.0), toward, _TOP, (cuts[-1], _backwards(cuts[0])))
            corner = (front[0] + width, front[1])
            self._sheet(corner, back, (0.0, height), _SIDE, (cuts[0], along_height))
        self._label((at + width / 2, front[1] + height + _LABEL), labels[-1], "middle")
        if len(pixels) > 1:
            self._label((at + width + back[0] + 6, front[1] + back[1] + height / 2 + 4), labels[-2], "start")
        if depth:
            self._label(
                (at + width + back[0] / 2 + 8, front[1] + height + back[1] / 2 + 8), labels[0], "start"
            )

    def svg(self) -> str:
        width, height = self._width + _MARGIN, self._height + _MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-size="11" font-family="sans-serif">'
            f"{''.join(self._parts)}</svg>"
        )


def _shares(cuts: Sequence[float]) -> list[float]:
    return [cut / cuts[-1] for cut in cuts[1:-1]] if len(cuts) > 2 else []


def _backwards(cuts: Sequence[float]) -> list[float]:
    return [cuts[-1] - cut for cut in reversed(cuts)]
