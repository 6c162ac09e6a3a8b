"""Functions of people's own over blocks with margins, and functions that make or join blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _context, _convert
from swath.array._blockcalls import name_of, returned, wants_of
from swath.array._convert import chunks_of, dtype_name, native_of, shape_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

from swath.array.blockwise import map_blocks


def map_overlap(
    function: Callable[..., Any],
    x: Any,
    *,
    depth: Any,
    boundary: Any = None,
    trim: bool = True,
    dtype: Any = None,
    name: str | None = None,
    **options: Any,
) -> Array:
    """Apply a function to blocks with margins of their neighbours.

    Parameters
    ----------
    function
        Gets a block with its margins, as NumPy's. What it gives is cut to the block without margins if it has
        the shape of what it got.
    x : array_like
        The array.
    depth
        Elements of a margin: a number, one for each axis, pairs of before and behind, or a dict of axes.
    boundary
        What lies beyond the border: ``None`` (nothing), ``"reflect"``, ``"periodic"``, ``"nearest"``, or a
        number.
    trim
        Whether the margins are cut off the result.
    dtype
        The dtype of what it gives; learned from a tiny block if none is named.
    name
        The name in plans.
    **options
        Keyword arguments of the function.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(6, chunks=2)
    >>> def smooth(block):
    ...     return block[:-2] + block[1:-1] + block[2:]
    >>> sa.map_overlap(smooth, x, depth=1, boundary=0).compute()
    array([ 1,  3,  6,  9, 12,  9])
    """
    label = name_of(function, name)
    own = wrap(native_of(x))
    if isinstance(depth, dict):
        given = {axis % own.ndim: entry for axis, entry in depth.items()}
        depth = tuple(given.get(axis, 0) for axis in range(own.ndim))
    elif np.ndim(depth) == 0:
        depth = (depth,) * own.ndim
    depths = [(int(one), int(one)) if np.ndim(one) == 0 else (int(one[0]), int(one[1])) for one in depth]
    if isinstance(boundary, dict):
        kinds = set(boundary.values())
        if len(kinds) > 1:
            raise NotImplementedError("map_overlap takes one boundary for all axes")
        boundary = kinds.pop() if kinds else None
    if boundary is None or isinstance(boundary, str):
        kind, value = boundary or "none", 0
        if kind not in ("none", "reflect", "periodic", "nearest"):
            raise ValueError(
                f"there is no boundary {kind!r}; expected None, 'reflect', 'periodic', 'nearest' or a number"
            )
    else:
        kind, value = "constant", boundary
    wants = wants_of(function)
    if dtype is None:
        sides = tuple(before + behind + 1 for before, behind in depths)
        tiny = np.ones(sides, dtype=own.dtype)
        dtype = np.asarray(function(tiny, **options)).dtype
    target = np.dtype(dtype)

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        block = np.asarray(blocks[0])
        extra = {**options, **({"block_id": place} if wants["block_id"] else {})}
        made = np.asarray(function(block, **extra))
        shape = tuple(stop - start for start, stop in bounds)
        if made.shape == block.shape and made.shape != shape:
            # Beyond the border there is no margin, unless the boundary makes one.
            fronts = [
                min(before, start) if kind == "none" else before
                for (before, _), (start, _) in zip(depths, bounds, strict=True)
            ]
            made = made[
                tuple(slice(front, front + length) for front, length in zip(fronts, shape, strict=True))
            ]
        return returned(made, label, target, shape, place)

    return wrap(native.map_overlap(label, call, own._array, depths, kind, value, dtype_name(target)))


def reduction(
    x: Any,
    chunk: Callable[..., Any],
    aggregate: Callable[..., Any],
    *,
    combine: Callable[..., Any] | None = None,
    axis: Any = None,
    keepdims: bool = False,
    dtype: Any = None,
    split_every: int = 8,
    name: str | None = None,
) -> Array:
    """Reduce by functions: of each block, of what several blocks gave, and of all that is left.

    Parameters
    ----------
    x : array_like
        The array.
    chunk
        Called as ``chunk(block, axis=axes, keepdims=True)``; what it gives has length one along the axes.
    aggregate
        Called the same way on the joined parts, for the result.
    combine
        Called the same way on some of the parts; ``aggregate`` if none is named.
    axis
        The axis, or a tuple of them; all if none is named.
    keepdims
        Keep the reduced axes, with length one.
    dtype
        Of the result; learned from a tiny block if none is named.
    split_every
        How many parts along an axis are joined at a time.
    name
        The name in plans.

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> x = sa.arange(10, chunks=3)
    >>> sa.reduction(x, np.sum, np.sum).compute()
    np.int64(45)
    """
    own = wrap(native_of(x))
    axes = (
        tuple(range(own.ndim))
        if axis is None
        else tuple(one % own.ndim for one in (_convert.axes_of(axis) or []))
    )
    combine = combine or aggregate

    def step(function: Callable[..., Any], array: Array, out: Any) -> Array:
        lengths = tuple(
            (1,) * len(along) if place in axes else along for place, along in enumerate(array.chunks)
        )
        return map_blocks(function, array, dtype=out, chunks=lengths, axis=axes, keepdims=True, name=name)

    tiny = np.asarray(chunk(np.ones((1,) * own.ndim, dtype=own.dtype), axis=axes, keepdims=True))
    if dtype is None:
        dtype = np.asarray(aggregate(tiny, axis=axes, keepdims=True)).dtype
    parts = step(chunk, own, tiny.dtype)
    while True:
        most = max((parts.shape[one] for one in axes), default=1)
        gathered = parts.rechunk({one: split_every for one in axes})
        if most <= split_every:
            result = step(aggregate, gathered, dtype)
            return result if keepdims or not axes else result.squeeze(axes)
        parts = step(combine, gathered, tiny.dtype)


def from_map(
    function: Callable[..., Any],
    shape: Any,
    *,
    dtype: Any,
    chunks: Any = "auto",
    name: str | None = None,
    session: Any = None,
) -> Array:
    """Make an array whose blocks a function gives: ``function(bounds)``, ``(start, stop)`` for each axis.

    It must give the same elements however the array is cut.

    Parameters
    ----------
    function
        Called with the bounds of a block, returns the block.
    shape
        The lengths of the axes, or one length.
    dtype
        The dtype of the result.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    name
        The name in plans.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> sa.from_map(lambda bounds: np.arange(*bounds[0]) ** 2, (5,), dtype="int64", chunks=2).compute()
    array([ 0,  1,  4,  9, 16])
    """
    shape, target = shape_of(shape), np.dtype(dtype)
    label = name_of(function, name)

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        return returned(function(bounds), label, target, tuple(stop - start for start, stop in bounds), place)

    maker = _context.maker(session)
    return wrap(native.from_map(maker, label, call, shape, dtype_name(target), chunks_of(chunks, shape)))
