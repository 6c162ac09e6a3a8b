"""Where the boxes of a drawn graph lie: in layers, in the manner of Sugiyama, Tagawa and Toda (1981).

A box lies one layer below the lowest of those that read it. In a layer, boxes are ordered by the mean place
of their neighbours, in a few sweeps down and up, which removes most crossings of plans; places are then
relaxed towards the mean of the neighbours as far as boxes do not overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Sweeps of ordering and of relaxing.
_SWEEPS = 8


def layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return the layer of each box; 0 is the top.

    Parameters
    ----------
    count
        The number of boxes.
    edges
        Pairs of an upper box and a lower one. They make no circle.
    """
    above: dict[int, list[int]] = {box: [] for box in range(count)}
    waiting = [0] * count
    for upper, lower in edges:
        above[upper].append(lower)
        waiting[lower] += 1
    layer = [0] * count
    ready = [box for box in range(count) if waiting[box] == 0]
    while ready:
        box = ready.pop()
        for lower in above[box]:
            layer[lower] = max(layer[lower], layer[box] + 1)
            waiting[lower] -= 1
            if waiting[lower] == 0:
                ready.append(lower)
    return layer


def places(
    widths: Sequence[float], edges: Sequence[tuple[int, int]], layer: Sequence[int], gap: float
) -> list[float]:
    """Return the middle of each box along the layers.

    Parameters
    ----------
    widths
        Widths of the boxes.
    edges
        Pairs of an upper box and a lower one.
    layer
        The layer of each box.
    gap
        Room between two boxes of a layer.
    """
    rows = [
        [box for box in range(len(widths)) if layer[box] == row] for row in range(max(layer, default=0) + 1)
    ]
    below: dict[int, list[int]] = {box: [] for box in range(len(widths))}
    above: dict[int, list[int]] = {box: [] for box in range(len(widths))}
    for upper, lower in edges:
        below[upper].append(lower)
        above[lower].append(upper)
    middle = [0.0] * len(widths)
    for row in rows:
        _pack(row, {box: 0.0 for box in row}, widths, gap, middle)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        for row in rows if downwards else reversed(rows):
            others = above if downwards else below
            wanted = {box: _mean([middle[other] for other in others[box]], middle[box]) for box in row}
            row.sort(key=wanted.__getitem__)
            _pack(row, wanted, widths, gap, middle)
    # Last, the boxes above stand over the middle of those that they read.
    for row in reversed(rows):
        wanted = {box: _mean([middle[other] for other in below[box]], middle[box]) for box in row}
        _pack(row, wanted, widths, gap, middle)
    left = min((at - width / 2 for at, width in zip(middle, widths, strict=True)), default=0.0)
    return [at - left for at in middle]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _pack(
    row: Sequence[int], wanted: Mapping[int, float], widths: Sequence[float], gap: float, middle: list[float]
) -> None:
    """Put the boxes of a row near where they want to be, in their order, without an overlap."""
    # Groups of boxes that touch: members, and the sum of where their first one would like to be.
    groups: list[tuple[list[int], float]] = []
    for box in row:
        members, total = [box], wanted[box]
        while groups and _start(members, total, widths) < _end(*groups[-1], widths, gap):
            before, sum_before = groups.pop()
            offset = _width(before, widths, gap) - widths[before[0]] / 2 + gap + widths[members[0]] / 2
            members, total = before + members, sum_before + total - offset * len(members)
        groups.append((members, total))
    for members, total in groups:
        at = total / len(members) - widths[members[0]] / 2
        for box in members:
            middle[box] = at + widths[box] / 2
            at += widths[box] + gap


def _width(members: Sequence[int], widths: Sequence[float], gap: float) -> float:
    return sum(widths[box] for box in members) + gap * (len(members) - 1)


def _start(members: Sequence[int], total: float, widths: Sequence[float]) -> float:
    return total / len(members) - widths[members[0]] / 2


def _end(members: Sequence[int], total: float, widths: Sequence[float], gap: float) -> float:
    return _start(members, total, widths) + _width(members, widths, gap) + gap
