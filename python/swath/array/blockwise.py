"""Functions of people's own, over blocks, with NumPy's arrays that are views of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._blockcalls import aligned, inferred, info_of, name_of, split, trampoline, wants_of
from swath.array._convert import dtype_name, native_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


def map_blocks(
    function: Callable[..., Any],
    *args: Any,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: Any = None,
    new_axis: Any = None,
    name: str | None = None,
    meta: Any = None,
    token: str | None = None,
    enforce_ndim: bool = False,
    **options: Any,
) -> Array:
    """Apply a function to each block of arrays, as arrays of NumPy, which it must not write to.

    Parameters
    ----------
    function
        Called for each block, by several threads; the GIL is theirs for one block at a time. Asks for
        ``block_id`` by a parameter of that name, and by ``block_info`` for a dict that tells where the block
        (at ``None``) and the blocks of the arguments (at their numbers) lie, as Dask's. What it raises is
        raised where the array is computed.
    *args
        Arrays, which broadcast and are cut alike; everything else goes to the function as it is.
    dtype
        The dtype of what it gives. If none is named the function is called on a tiny block.
    chunks
        The lengths of the chunks that it makes, for each axis, where they are not those of the arrays.
    drop_axis, new_axis
        Axes that it takes away (their blocks are joined first) and adds.
    name
        What :meth:`Array.explain` calls it.
    meta
        An array of NumPy like what it gives, of any size.
    token
        The name, as Dask calls it.
    enforce_ndim
        Taken for Dask's sake: the shape of what it gives is looked at in any case.
    **options
        Go to the function.

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> x = sa.arange(6, chunks=3)
    >>> sa.map_blocks(lambda block: block - block.mean(), x).compute()
    array([-1.,  0.,  1., -1.,  0.,  1.])
    """
    label = name_of(function, name or token)
    arrays, fixed = split(args)
    if not arrays:
        raise TypeError("map_blocks needs an array; from_map makes one of nothing")
    wants = wants_of(function)
    made = None if meta is None else np.asarray(meta)
    cut, common = aligned(arrays)
    ndim = len(common)
    dropped = [] if drop_axis is None else [one % ndim for one in (_convert.axes_of(drop_axis) or [])]
    kept = [axis for axis in range(ndim) if axis not in dropped]
    added = [] if new_axis is None else list(_convert.axes_of(new_axis) or [])
    # The result's axes: None for new ones.
    axes: list[int | None] = list(kept)
    for one in sorted(one % (len(kept) + len(added)) for one in added):
        axes.insert(one, None)
    lengths = [list(common[axis]) if axis is not None else [1] for axis in axes]
    if chunks is not None:
        given = chunks if isinstance(chunks, (tuple, list)) else (chunks,) * len(axes)
        if len(given) != len(axes):
            raise ValueError(f"map_blocks: chunks are for {len(given)} axes, but the result has {len(axes)}")
        for place, entry in enumerate(given):
            counts = len(lengths[place])
            lengths[place] = [int(entry)] * counts if np.ndim(entry) == 0 else [int(one) for one in entry]
            if axes[place] is not None and len(lengths[place]) != counts:
                raise ValueError(
                    f"map_blocks: {len(lengths[place])} chunks along axis {place}, which has {counts} blocks"
                )
    inputs = []
    for one in cut:
        own = wrap(one)
        lead = ndim - own.ndim
        if any(lead + axis in dropped for axis in range(own.ndim)):
            whole = [
                [n] if lead + axis in dropped else list(own.chunks[axis]) for axis, n in enumerate(own.shape)
            ]
            one = one.rechunk(whole)
        inputs.append(
            (one, [axes.index(lead + axis) if lead + axis in kept else None for axis in range(one.ndim())])
        )
    info = info_of(args, inputs, lengths) if wants["block_info"] else None
    if dtype is None:
        if made is None:
            first = None if info is None else info((0,) * len(lengths), np.dtype(float))
            made = inferred(function, label, arrays, fixed, options, wants, first)
        dtype = made.dtype
    call = trampoline(function, label, np.dtype(dtype), wants, fixed, options, shapes=True, info=info)
    return wrap(native.blockwise(label, call, inputs, dtype_name(dtype), lengths))


def blockwise(
    function: Callable[..., Any],
    out_ind: Any,
    *args: Any,
    dtype: Any = None,
    new_axes: dict[Any, Any] | None = None,
    adjust_chunks: dict[Any, Any] | None = None,
    align_arrays: bool = True,
    concatenate: bool = True,
    name: str | None = None,
    meta: Any = None,
    **options: Any,
) -> Array:
    """Apply a function to blocks whose axes have names: ``blockwise(f, "ij", x, "ik", y, "kj")``.

    Axes of one name have the same blocks. What the result lacks a function gets whole.

    Parameters
    ----------
    function
        Gets a block of each array, as NumPy's.
    out_ind
        The names of the result's axes.
    *args
        Arrays, each with the names of its axes; ``None`` for the names of what goes to the function as it is.
    dtype
        The dtype of what it gives; learned from a tiny block if none is named.
    new_axes
        Lengths of axes that no array has.
    adjust_chunks
        What lengths of chunks become along an axis: a length, several, or a function of one.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.ones((4, 6)).rechunk((2, 3))
    >>> sa.blockwise(lambda block: block.sum(axis=1), "i", x, "ij", dtype="float64").compute()
    array([6., 6., 6., 6.])
    """
    if not concatenate:
        raise NotImplementedError(
            "blockwise gives what is contracted whole: concatenate=False is not supported"
        )
    label = name_of(function, name)
    if len(args) % 2:
        raise TypeError("blockwise takes pairs of arrays and the names of their axes")
    values, names = args[::2], args[1::2]
    arrays = [native_of(value) for value, own in zip(values, names, strict=True) if own is not None]
    letters = [tuple(own) for own in names if own is not None]

    def fixed(blocks: list[Any]) -> list[Any]:
        given = iter(blocks)
        return [value if own is None else next(given) for value, own in zip(values, names, strict=True)]

    if not arrays:
        raise TypeError("blockwise needs an array")
    wants = wants_of(function)
    if wants["block_info"]:
        raise TypeError("blockwise gives no block_info: map_blocks does")
    if dtype is None:
        made = (
            np.asarray(meta) if meta is not None else inferred(function, label, arrays, fixed, options, wants)
        )
        dtype = made.dtype
    output = tuple(out_ind)
    common: dict[Any, tuple[int, ...]] = {}
    holders = [wrap(one) for one in arrays]
    for held, own in zip(holders, letters, strict=True):
        if held.ndim != len(own):
            raise ValueError(f"blockwise: an array of {held.ndim} axes has {len(own)} names")
        for letter, lengths in zip(own, held.chunks, strict=True):
            known = common.get(letter)
            if known is None or sum(known) == 1 or (sum(known) == sum(lengths) and len(lengths) > len(known)):
                common[letter] = lengths
            elif sum(lengths) not in (1, sum(known)):
                raise ValueError(f"blockwise: axes {letter!r} have lengths {sum(known)} and {sum(lengths)}")
    inputs = []
    for held, own in zip(holders, letters, strict=True):
        wanted = []
        for letter, length in zip(own, held.shape, strict=True):
            wanted.append(
                [length] if letter not in output or length != sum(common[letter]) else list(common[letter])
            )
        # The array whose lengths were asked for: of what a mask made they are known now.
        one = held._array
        cut = one if [list(lengths) for lengths in held.chunks] == wanted else one.rechunk(wanted)
        inputs.append((cut, [output.index(letter) if letter in output else None for letter in own]))
    lengths_of: list[list[int]] = []
    for letter in output:
        if new_axes and letter in new_axes:
            entry = new_axes[letter]
            own_lengths = [int(entry)] if np.ndim(entry) == 0 else [int(one) for one in entry]
        elif letter in common:
            own_lengths = list(common[letter])
        else:
            raise ValueError(f"blockwise: no array has the axis {letter!r}; give its length in new_axes")
        change = (adjust_chunks or {}).get(letter)
        if callable(change):
            own_lengths = [int(cast(Any, change)(length)) for length in own_lengths]
        elif change is not None:
            own_lengths = (
                [int(change)] * len(own_lengths) if np.ndim(change) == 0 else [int(one) for one in change]
            )
        lengths_of.append(own_lengths)
    call = trampoline(function, label, np.dtype(dtype), wants, fixed, options, shapes=True)
    return wrap(native.blockwise(label, call, inputs, dtype_name(dtype), lengths_of))
