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


def trimmed(made: Any, block: Any, depths: Depths, bounds: Any, is_cut: bool) -> Any:
    """Take the margins off what a function made of a block, if it has the shape of what it got."""
    shape = tuple(stop - start for start, stop in bounds)
    if made.shape != block.shape or made.shape == shape:
        return made
    # Beyond the border there is no margin, unless the boundary makes one.
    fronts = [
        min(before, start) if is_cut else before
        for (before, _), (start, _) in zip(depths, bounds, strict=True)
    ]
    return made[tuple(slice(front, front + length) for front, length in zip(fronts, shape, strict=True))]


def of_several(
    function: Callable[..., Any],
    given: tuple[Any, ...],
    depths: Depths,
    boundary: tuple[str, Any],
    dtype: Any,
    label: str,
    options: Any,
) -> Array:
    """Apply a function to blocks with margins of arrays that broadcast."""
    kind, value = boundary
    cut, chunks = aligned([native_of(one) for one in given])
    ndim = len(chunks)
    shape = tuple(sum(lengths) for lengths in chunks)
    wants = wants_of(function)
    if dtype is None:
        sides = tuple(before + behind + 1 for before, behind in depths)
        tiny = [np.ones(sides, dtype=one.dtype()) for one in cut]
        dtype = numbers_of(function(*tiny, **options), label).dtype
    target = np.dtype(dtype)
    inputs: list[tuple[Any, list[int | None]]] = []
    for one in cut:
        # What broadcasts has margins like all others.
        own = wrap(native.broadcast_to(one, list(shape)))
        for axis, (lengths, pair) in enumerate(zip(chunks, depths, strict=True)):
            own = _with_margins(own, axis, lengths, pair, kind, value)
        inputs.append((own._array, list(range(ndim))))

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        arrays = [np.asarray(block) for block in blocks]
        extra = {**options, **({"block_id": place} if wants["block_id"] else {})}
        made = numbers_of(function(*arrays, **extra), label)
        made = trimmed(made, arrays[0], depths, bounds, kind == "none")
        return returned(made, label, target, tuple(stop - start for start, stop in bounds), place)

    return wrap(native.blockwise(label, call, inputs, dtype_name(target), [list(one) for one in chunks]))


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
