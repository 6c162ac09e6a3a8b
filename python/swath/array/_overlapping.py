"""Blocks with margins of several arrays: each array is cut so that its blocks have their margins in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array._blockcalls import aligned, numbers_of, returned, wants_of
from swath.array._convert import dtype_name, native_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

Depths = list[tuple[int, int]]
"""For each axis the lengths of the margins before and behind."""


def depths_of(depth: Any, ndim: int) -> Depths:
    """Give margins as people write them for each axis."""
    if isinstance(depth, dict):
        given = {axis % ndim: entry for axis, entry in depth.items()}
        depth = tuple(given.get(axis, 0) for axis in range(ndim))
    elif np.ndim(depth) == 0:
        depth = (depth,) * ndim
    if len(depth) != ndim:
        raise ValueError(f"map_overlap: depths are for {len(depth)} axes, but the arrays have {ndim}")
    depths = [(int(one), int(one)) if np.ndim(one) == 0 else (int(one[0]), int(one[1])) for one in depth]
    if any(one < 0 for pair in depths for one in pair):
        raise ValueError(f"map_overlap: depths must not be negative: {depth!r}")
    return depths


Boundary = tuple[str, Any]
"""What lies beyond the border: its kind, and the number of a constant one."""


def boundaries_of(boundary: Any, ndim: int) -> list[Boundary]:
    """Give what lies beyond the border, as people write it, for each axis."""
    if isinstance(boundary, dict):
        wrong = [axis for axis in boundary if not -ndim <= axis < ndim]
        if wrong:
            raise ValueError(f"map_overlap: boundary names axis {wrong[0]}, but the arrays have {ndim}")
        given = {axis % ndim: entry for axis, entry in boundary.items()}
        entries = [given.get(axis) for axis in range(ndim)]
    else:
        entries = list(boundary) if isinstance(boundary, (tuple, list)) else [boundary] * ndim
    if len(entries) != ndim:
        raise ValueError(f"map_overlap: boundaries are for {len(entries)} axes, but the arrays have {ndim}")
    made: list[Boundary] = []
    for entry in entries:
        if entry is not None and not isinstance(entry, str):
            made.append(("constant", entry))
        elif entry in (None, "none", "reflect", "periodic", "nearest"):
            made.append((entry or "none", 0))
        else:
            raise ValueError(
                f"there is no boundary {entry!r}; expected None, 'reflect', 'periodic', 'nearest' or a number"
            )
    return made


def trimmed(made: Any, block: Any, depths: Depths, bounds: Any, boundaries: list[Boundary]) -> Any:
    """Take the margins off what a function made of a block, if it has the shape of what it got."""
    shape = tuple(stop - start for start, stop in bounds)
    if made.shape != block.shape or made.shape == shape:
        return made
    # Beyond the border there is no margin, unless the boundary makes one.
    fronts = [
        min(before, start) if kind == "none" else before
        for (before, _), (start, _), (kind, _) in zip(depths, bounds, boundaries, strict=True)
    ]
    return made[tuple(slice(front, front + length) for front, length in zip(fronts, shape, strict=True))]


def of_tiny_blocks(
    function: Callable[..., Any], dtypes: list[Any], depths: Depths, label: str, options: Any
) -> tuple[np.dtype[Any], bool]:
    """Call a function on blocks of one element with margins: its dtype, and whether it keeps their shape."""
    sides = tuple(before + behind + 1 for before, behind in depths)
    extra = {**options, **({"block_id": (0,) * len(sides)} if wants_of(function)["block_id"] else {})}
    made = numbers_of(function(*(np.ones(sides, dtype=one) for one in dtypes), **extra), label)
    return made.dtype, made.shape == sides


def of_several(
    function: Callable[..., Any],
    given: tuple[Any, ...],
    depths: Depths,
    boundaries: list[Boundary],
    dtype: np.dtype[Any],
    label: str,
    options: Any,
    keeps_margins: bool,
) -> Array:
    """Apply a function to blocks with margins of arrays that broadcast."""
    cut, chunks = aligned([native_of(one) for one in given])
    ndim = len(chunks)
    shape = tuple(sum(lengths) for lengths in chunks)
    wants = wants_of(function)
    inputs: list[tuple[Any, list[int | None]]] = []
    for one in cut:
        # What broadcasts has margins like all others.
        own = wrap(native.broadcast_to(one, list(shape)))
        for axis, (lengths, pair) in enumerate(zip(chunks, depths, strict=True)):
            own = _with_margins(own, axis, lengths, pair, *boundaries[axis])
        inputs.append((own._array, list(range(ndim))))

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        arrays = [np.asarray(block) for block in blocks]
        extra = {**options, **({"block_id": place} if wants["block_id"] else {})}
        made = numbers_of(function(*arrays, **extra), label)
        if not keeps_margins:
            made = trimmed(made, arrays[0], depths, bounds, boundaries)
        return returned(made, label, dtype, tuple(stop - start for start, stop in bounds), place)

    lengths_of = wrap(inputs[0][0]).chunks if keeps_margins else chunks
    return wrap(native.blockwise(label, call, inputs, dtype_name(dtype), [list(one) for one in lengths_of]))


def _with_margins(x: Array, axis: int, lengths: Any, pair: tuple[int, int], kind: str, value: Any) -> Array:
    """Repeat along an axis what lies in the margins of chunks, and cut so that each chunk has its own."""
    from swath.array.indexing import take
    from swath.array.joining import pad

    before, behind = pair
    whole = sum(lengths)
    if (before == 0 and behind == 0) or whole == 0:
        return x.rechunk({axis: lengths})
    positions, cut = [], []
    start = 0
    for length in lengths:
        near, far = start - before, start + length + behind
        if kind == "none":
            near, far = max(near, 0), min(far, whole)
        positions.append(np.arange(near, far))
        cut.append(far - near)
        start += length
    at = np.concatenate(positions)
    if kind == "periodic":
        at = at % whole
    elif kind == "nearest":
        at = np.clip(at, 0, whole - 1)
    elif kind == "reflect":
        # The border is repeated, and what is far beyond it comes back from the other one.
        at = at % (2 * whole)
        at = np.where(at < whole, at, 2 * whole - 1 - at)
    elif kind == "constant":
        widths = [(0, 0)] * x.ndim
        widths[axis] = pair
        x, at = pad(x, widths, constant_values=value), at + before
    return take(x, at, axis=axis).rechunk({axis: tuple(cut)})
