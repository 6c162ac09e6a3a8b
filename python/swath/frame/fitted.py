"""Tables as text, cut to the width of the terminal."""

from __future__ import annotations

import shutil
from itertools import pairwise

__all__ = ["fitted"]

_LONGEST = 40
"""Characters of a cell in a table that is too wide."""
_WIDTH = 120
"""Where there is no terminal."""


def fitted(text: str, width: int | None = None) -> str:
    """Return a table that was drawn, without the ends of long cells, then without columns in the middle.

    Parameters
    ----------
    text
        The table, with a line above its names, and lines below it that say how many rows there are.
    width
        Characters of a line; those of the terminal, by default.

    Examples
    --------
    >>> import swath as sw
    >>> from swath.frame.fitted import fitted
    >>> wide = sw.from_dict({name: [name * 3] for name in "abcdefgh"})
    >>> print(fitted(str(wide), width=40))
    +-----+-----+-----+---+-----+-----+
    | a   | b   | c   | … | g   | h   |
    +-----+-----+-----+---+-----+-----+
    | aaa | bbb | ccc | … | ggg | hhh |
    +-----+-----+-----+---+-----+-----+
    5 of 8 columns
    1 row
    """
    lines = text.split("\n")
    border = lines[0]
    limit = shutil.get_terminal_size((_WIDTH, 24)).columns if width is None else width
    drawn = [line for line in lines if line[:1] in ("+", "|")]
    # Where a character is wider than one place, positions are not columns.
    if not border.startswith("+-") or len(border) <= limit or any(len(line) != len(border) for line in drawn):
        return text
    spans = list(pairwise(place for place, character in enumerate(border) if character == "+"))
    longest = max(_LONGEST, limit - 7) if len(spans) == 1 else _LONGEST
    widths = [min(end - start - 3, longest) for start, end in spans]
    kept = _kept(widths, limit)
    cut = ["".join(_line(line, spans, widths, kept)) for line in drawn]
    if len(kept) < len(spans):
        cut.append(f"{len(kept)} of {len(spans)} columns")
    return "\n".join(cut + lines[len(drawn) :])


def _kept(widths: list[int], limit: int) -> list[int]:
    """Return the columns that fit: from both ends, the first one and the last one in any case."""
    if sum(widths) + 3 * len(widths) + 1 <= limit:
        return list(range(len(widths)))
    # The column that stands for those that are left out.
    room = limit - 1 - 4 - widths[0] - 3
    front: list[int] = [0]
    back: list[int] = []
    first, last = 1, len(widths) - 1
    while first <= last:
        place = last if len(back) < len(front) else first
        room -= widths[place] + 3
        if room < 0:
            break
        if place == last:
            back.append(last)
            last -= 1
        else:
            front.append(first)
            first += 1
    return front + back[::-1]


def _line(line: str, spans: list[tuple[int, int]], widths: list[int], kept: list[int]) -> list[str]:
    """Return the parts of a line that stay."""
    edge, parts, before = line[0], [], -1
    for place in kept:
        if place != before + 1:
            parts.append(edge + ("---" if edge == "+" else " … "))
        start, end = spans[place]
        parts.append(edge + _cell(line[start + 1 : end], widths[place]))
        before = place
    if before + 1 < len(spans):
        parts.append(edge + ("---" if edge == "+" else " … "))
    return [*parts, edge]


def _cell(text: str, width: int) -> str:
    if len(text) - 2 <= width:
        return text
    if text.startswith("-"):
        return "-" * (width + 2)
    content = text[1:-1].rstrip()
    return f" {content if len(content) <= width else content[: width - 1] + '…':<{width}} "
