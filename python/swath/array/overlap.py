"""Functions of people's own over blocks with margins, and functions that make or join blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _context, _convert
from swath.array._blockcalls import name_of, numbers_of, returned, wants_of
from swath.array._convert import chunks_of, dtype_name, native_of, shape_of, wrap
from swath.array._overlapping import boundaries_of, depths_of, of_several, of_tiny_blocks, trimmed

if TYPE_CHECKING:
    from swath.array._array import Array

from swath.array.blockwise import map_blocks


def map_overlap(
    function: Callable[..., Any],
    x: Any,
    *others: Any,
    depth: Any,
    boundary: Any = None,
    trim: bool = True,
    dtype: Any = None,
    name: str | None = None,
    local: bool = False,
    meta: Any = None,
    token: str | None = None,
    enforce_ndim: bool = False,
    align_arrays: bool = True,
    allow_rechunk: bool = True,
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
    *others : array_like
        More arrays, which broadcast with it and are cut alike; all have the same margins.
    depth
        Elements of a margin: a number, one for each axis, pairs of before and behind, or a dict of axes.
    boundary
        What lies beyond the border: ``None`` (nothing), ``"reflect"``, ``"periodic"``, ``"nearest"``, or a
        number; or one for each axis, or a dict of axes.
    trim
        Whether the margins are cut off what the function gives. If not, they stay between the blocks of the
        result, unless the function cuts them off itself: it is called on a tiny block to see that.
    dtype
        The dtype of what it gives; learned from a tiny block if none is named.
    name
        The name in plans.
    local
        Whether each element that it gives follows from those within the margins around it alone, and from
        nothing else of the block (``block - block.mean()`` is not local). Then blocks of an array in memory
        may come in parts that stay in the processor's cache, each with its margins.
    meta
        An array of NumPy like what it gives, of any size.
    token
        The name, as Dask calls it.
    enforce_ndim, align_arrays, allow_rechunk
        Taken for Dask's sake: shapes are looked at, and arrays cut alike, in any case.
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
    label = name_of(function, name or token)
    if isinstance(depth, list) and len(depth) == len(others) + 1 and others:
        if any(one != depth[0] for one in depth):
            raise NotImplementedError("map_overlap takes one depth for all arrays")
        depth = depth[0]
    own = wrap(native_of(x))
    given = [own, *(wrap(native_of(one)) for one in others)]
    # Margins are cut out of lengths that are known.
    ndim = max(len(one.shape) for one in given)
    depths, boundaries = depths_of(depth, ndim), boundaries_of(boundary, ndim)
    if dtype is None and meta is not None:
        dtype = np.asarray(meta).dtype
    keeps_margins = False
    if dtype is None or not trim:
        found, keeps_margins = of_tiny_blocks(function, [one.dtype for one in given], depths, label, options)
        dtype = found if dtype is None else dtype
        keeps_margins = keeps_margins and not trim
    target = np.dtype(dtype)
    if others or keeps_margins or len(set(boundaries)) > 1:
        return of_several(function, tuple(given), depths, boundaries, target, label, options, keeps_margins)
    kind, value = boundaries[0] if boundaries else ("none", 0)
    wants = wants_of(function)

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        block = np.asarray(blocks[0])
        extra = {**options, **({"block_id": place} if wants["block_id"] else {})}
        made = numbers_of(function(block, **extra), label)
        shape = tuple(stop - start for start, stop in bounds)
        made = trimmed(made, block, depths, bounds, boundaries)
        return returned(made, label, target, shape, place)

    return wrap(native.map_overlap(label, call, own._array, depths, kind, value, dtype_name(target), local))


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
