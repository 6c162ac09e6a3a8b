"""Functions of people's own, over blocks, with NumPy's arrays that are views of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _context, _convert
from swath.array._convert import chunks_of, dtype_name, native_of, shape_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

_AUTO = object()


def _name(function: Any, given: str | None) -> str:
    return given or getattr(function, "__name__", type(function).__name__)


def returned(made: Any, name: str, dtype: np.dtype[Any], shape: tuple[int, ...] | None, place: Any) -> Any:
    """Give what a function made to the engine, if it is what was promised."""
    array = np.asarray(made)
    if array.dtype != dtype:
        if not np.can_cast(array.dtype, dtype, "same_kind"):
            raise TypeError(
                f"{name} gave {array.dtype} for block {tuple(place)}, but {dtype} was promised: "
                f"give dtype={array.dtype.name!r}"
            )
        array = array.astype(dtype)
    if shape is not None and array.shape != shape:
        raise ValueError(
            f"{name} gave shape {array.shape} for block {tuple(place)}, but {shape} was promised: "
            "give the chunks that it makes"
        )
    return _convert.memory_of(array)


def _trampoline(
    function: Callable[..., Any],
    name: str,
    dtype: np.dtype[Any],
    wants: dict[str, bool],
    fixed: Any,
    options: Any,
    shapes: Any,
) -> Any:
    """Make the callable that the engine calls for each block."""

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        arrays = [np.asarray(block) for block in blocks]
        extra = dict(options)
        if wants["block_id"]:
            extra["block_id"] = place
        if wants["block_info"]:
            extra["block_info"] = {None: {"chunk-location": place, "array-location": bounds, "dtype": dtype}}
        made = function(*fixed(arrays), **extra)
        shape = tuple(stop - start for start, stop in bounds) if shapes else None
        return returned(made, name, dtype, shape, place)

    return call


def _wants(function: Any) -> dict[str, bool]:
    """Say which of what only blocks know a function asks for by name."""
    import inspect

    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):
        names = {}  # type: ignore[assignment]
    return {"block_id": "block_id" in names, "block_info": "block_info" in names}


def _inferred(
    function: Any, name: str, arrays: list[Any], fixed: Any, options: Any, wants: dict[str, bool]
) -> np.ndarray[Any, Any]:
    """Call a function on blocks with no elements, or one, to see what it makes."""
    extra = dict(options)
    if wants["block_id"]:
        extra["block_id"] = (0,) * max((wrap(one).ndim for one in arrays), default=0)
    if wants["block_info"]:
        extra["block_info"] = {None: {}}
    failed: Exception | None = None
    for length in (0, 1):
        tiny = [np.ones((length,) * one.ndim(), dtype=one.dtype()) for one in arrays]
        try:
            with np.errstate(all="ignore"):
                return np.asarray(function(*fixed(tiny), **extra))
        except Exception as error:
            failed = error
    raise TypeError(
        f"{name} cannot be called on a tiny block to learn its dtype ({type(failed).__name__}: {failed}): "
        "give dtype="
    ) from failed


def _split(args: tuple[Any, ...]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    """Take the arrays of arguments out, and give what puts blocks in their places."""
    from swath.array._array import Array

    is_array = [isinstance(one, Array) or (isinstance(one, np.ndarray) and one.ndim > 0) for one in args]
    arrays = [native_of(one) for one, own in zip(args, is_array, strict=True) if own]

    def fixed(blocks: list[Any]) -> list[Any]:
        given = iter(blocks)
        return [next(given) if own else one for one, own in zip(args, is_array, strict=True)]

    return arrays, fixed


def _aligned(arrays: list[Any]) -> tuple[list[Any], tuple[tuple[int, ...], ...]]:
    """Cut arrays that broadcast alike, and give the chunks of their common shape."""
    held = [wrap(one) for one in arrays]
    shape = np.broadcast_shapes(*(one.shape for one in held))
    chunks: list[tuple[int, ...]] = [(length,) for length in shape]
    for one in held:
        lead = len(shape) - one.ndim
        for axis, lengths in enumerate(one.chunks):
            if one.shape[axis] == shape[lead + axis] and len(lengths) > len(chunks[lead + axis]):
                chunks[lead + axis] = lengths
    cut = []
    for one in held:
        lead = len(shape) - one.ndim
        own = tuple(
            chunks[lead + axis] if length == shape[lead + axis] else (length,)
            for axis, length in enumerate(one.shape)
        )
        cut.append(
            one._array if one.chunks == own else one._array.rechunk([list(lengths) for lengths in own])
        )
    return cut, tuple(chunks)


def map_blocks(
    function: Callable[..., Any],
    *args: Any,
    dtype: Any = None,
    chunks: Any = None,
    drop_axis: Any = None,
    new_axis: Any = None,
    name: str | None = None,
    meta: Any = None,
    **options: Any,
) -> Array:
    """Apply a function to each block of arrays, as arrays of NumPy, which it must not write to.

    Parameters
    ----------
    function
        Called for each block, by several threads; the GIL is theirs for one block at a time. Asks for
        ``block_id`` by a parameter of that name. What it raises is raised where the array is computed.
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
    label = _name(function, name)
    arrays, fixed = _split(args)
    if not arrays:
        raise TypeError("map_blocks needs an array; from_map makes one of nothing")
    wants = _wants(function)
    made = None if meta is None else np.asarray(meta)
    if dtype is None:
        made = _inferred(function, label, arrays, fixed, options, wants) if made is None else made
        dtype = made.dtype
    cut, common = _aligned(arrays)
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
    call = _trampoline(function, label, np.dtype(dtype), wants, fixed, options, shapes=True)
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
    label = _name(function, name)
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
    wants = _wants(function)
    if dtype is None:
        made = (
            np.asarray(meta)
            if meta is not None
            else _inferred(function, label, arrays, fixed, options, wants)
        )
        dtype = made.dtype
    output = tuple(out_ind)
    common: dict[Any, tuple[int, ...]] = {}
    for one, own in zip(arrays, letters, strict=True):
        held = wrap(one)
        if held.ndim != len(own):
            raise ValueError(f"blockwise: an array of {held.ndim} axes has {len(own)} names")
        for letter, lengths in zip(own, held.chunks, strict=True):
            known = common.get(letter)
            if known is None or sum(known) == 1 or (sum(known) == sum(lengths) and len(lengths) > len(known)):
                common[letter] = lengths
            elif sum(lengths) not in (1, sum(known)):
                raise ValueError(f"blockwise: axes {letter!r} have lengths {sum(known)} and {sum(lengths)}")
    inputs = []
    for one, own in zip(arrays, letters, strict=True):
        held = wrap(one)
        wanted = []
        for letter, length in zip(own, held.shape, strict=True):
            wanted.append(
                [length] if letter not in output or length != sum(common[letter]) else list(common[letter])
            )
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
            own_lengths = [int(change(length)) for length in own_lengths]
        elif change is not None:
            own_lengths = (
                [int(change)] * len(own_lengths) if np.ndim(change) == 0 else [int(one) for one in change]
            )
        lengths_of.append(own_lengths)
    call = _trampoline(function, label, np.dtype(dtype), wants, fixed, options, shapes=True)
    return wrap(native.blockwise(label, call, inputs, dtype_name(dtype), lengths_of))


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
    dtype
        The dtype of what it gives; learned from a tiny block if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(6, chunks=2)
    >>> def smooth(block):
    ...     return block[:-2] + block[1:-1] + block[2:]
    >>> sa.map_overlap(smooth, x, depth=1, boundary=0).compute()
    array([ 1,  3,  6,  9, 12,  9])
    """
    label = _name(function, name)
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
    wants = _wants(function)
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


def apply_along_axis(
    function: Callable[..., Any],
    axis: int,
    x: Any,
    /,
    *args: Any,
    dtype: Any = None,
    shape: Any = None,
    **options: Any,
) -> Array:
    """Apply a function to each line along an axis; what it gives stands where the axis was.

    Parameters
    ----------
    function
        Gets a vector of NumPy's, and gives a number or an array.
    axis
        The axis.
    x : array_like
        The array.
    dtype, shape
        Of what it gives for a line; learned from a line of ones if they are not named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.apply_along_axis(lambda line: line.max() - line.min(), 1, sa.asarray([[1, 5], [2, 9]])).compute()
    array([4, 7])
    """
    own = wrap(native_of(x))
    axis = range(own.ndim)[axis]
    if dtype is None or shape is None:
        probe = np.asarray(function(np.ones(own.shape[axis], dtype=own.dtype), *args, **options))
        dtype = probe.dtype if dtype is None else dtype
        shape = probe.shape if shape is None else shape
    made_shape, target = shape_of(shape), np.dtype(dtype)
    label = _name(function, None)

    def lines(block: Any) -> Any:
        outer = block.shape[:axis] + block.shape[axis + 1 :]
        if 0 in outer:
            return np.empty(block.shape[:axis] + made_shape + block.shape[axis + 1 :], dtype=target)
        return np.apply_along_axis(function, axis, block, *args, **options)

    names = list(range(own.ndim))
    new = [own.ndim + place for place in range(len(made_shape))]
    output = names[:axis] + new + names[axis + 1 :]
    return blockwise(
        lines, output, own, names, dtype=target, new_axes=dict(zip(new, made_shape, strict=True)), name=label
    )


def apply_gufunc(
    function: Callable[..., Any],
    signature: str,
    *args: Any,
    output_dtypes: Any = None,
    output_sizes: dict[str, int] | None = None,
    vectorize: bool = False,
    axes: None = None,
    axis: None = None,
    allow_rechunk: bool = True,
    **options: Any,
) -> Any:
    """Apply a function over core dimensions, the last axes, which it gets whole: ``"(m,n),(n)->(m)"``.

    Parameters
    ----------
    function
        Gets blocks with core dimensions behind; must work on all axes in front at a time, unless
        ``vectorize``.
    signature
        The core dimensions of the arrays and results.
    *args
        Arrays, whose axes in front broadcast.
    output_dtypes
        The dtype of each result; learned from a tiny block if none are named.
    output_sizes
        Lengths of core dimensions that no array has.
    vectorize
        Call the function for each place in front.

    Returns
    -------
    Array or tuple of Array
        One for each result.

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> x = sa.asarray([[1.0, 2.0], [3.0, 5.0]])
    >>> sa.apply_gufunc(lambda v: v.mean(axis=-1), "(i)->()", x).compute()
    array([1.5, 4. ])
    """
    if axes is not None or axis is not None:
        raise NotImplementedError("apply_gufunc takes core dimensions as last axes: use moveaxis before")
    inputs, _, outputs = signature.replace(" ", "").partition("->")
    import re

    def dims(side: str) -> list[tuple[str, ...]]:
        return [tuple(one for one in group.split(",") if one) for group in re.findall(r"\(([^)]*)\)", side)]

    cores, results = dims(inputs), dims(outputs)
    is_one = len(results) == 1
    if len(cores) != len(args) or not results:
        raise ValueError(f"the signature {signature!r} has {len(cores)} inputs, but {len(args)} arrays came")
    label = _name(function, None)
    called = np.vectorize(function, signature=signature) if vectorize else function
    arrays = [wrap(native_of(one)) for one in args]
    sizes = dict(output_sizes or {})
    names = []
    for one, core in zip(arrays, cores, strict=True):
        lead = one.ndim - len(core)
        if lead < 0:
            raise ValueError(f"an array of {one.ndim} axes has no {len(core)} core dimensions {core}")
        for dimension, length in zip(core, one.shape[lead:], strict=True):
            if sizes.setdefault(dimension, length) != length:
                raise ValueError(f"core dimension {dimension!r} is {sizes[dimension]} and {length}")
        names.append(
            [f"loop{number}" for number in range(lead - 1, -1, -1)]
            + [f"core {dimension}" for dimension in core]
        )
    loops = max((len(own) - len(core) for own, core in zip(names, cores, strict=True)), default=0)
    front = [f"loop{number}" for number in range(loops - 1, -1, -1)]
    if output_dtypes is None:
        tiny = [
            np.ones(
                (1,) * (one.ndim - len(core)) + tuple(sizes[dimension] for dimension in core), dtype=one.dtype
            )
            for one, core in zip(arrays, cores, strict=True)
        ]
        probe = called(*tiny, **options)
        output_dtypes = [np.asarray(one).dtype for one in ((probe,) if is_one else probe)]
    elif not isinstance(output_dtypes, (tuple, list)):
        output_dtypes = [output_dtypes] * len(results)
    made = []
    for number, (core, dtype) in enumerate(zip(results, output_dtypes, strict=True)):
        missing = [dimension for dimension in core if dimension not in sizes]
        if missing:
            raise ValueError(
                f"core dimension {missing[0]!r} of a result is of no array: give it in output_sizes"
            )

        def part(*blocks: Any, number: int = number, **extra: Any) -> Any:
            given = called(*blocks, **extra)
            return given if is_one else given[number]

        pairs = [item for one, own in zip(arrays, names, strict=True) for item in (one, own)]
        made.append(
            blockwise(
                part,
                front + [f"made {dimension}" for dimension in core],
                *pairs,
                dtype=dtype,
                new_axes={f"made {dimension}": sizes[dimension] for dimension in core},
                name=label,
                **options,
            )
        )
    return made[0] if is_one else tuple(made)


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

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> sa.from_map(lambda bounds: np.arange(*bounds[0]) ** 2, (5,), dtype="int64", chunks=2).compute()
    array([ 0,  1,  4,  9, 16])
    """
    shape, target = shape_of(shape), np.dtype(dtype)
    label = _name(function, name)

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        return returned(function(bounds), label, target, tuple(stop - start for start, stop in bounds), place)

    maker = _context.maker(session)
    return wrap(native.from_map(maker, label, call, shape, dtype_name(target), chunks_of(chunks, shape)))


def vectorize(function: Callable[..., Any], *, otypes: Any = None) -> Callable[..., Array]:
    """Make a function of numbers one of arrays, which calls it for each element: slow, as NumPy's."""
    called = np.vectorize(function, otypes=otypes)

    def over(*args: Any, **options: Any) -> Array:
        return map_blocks(called, *args, name=_name(function, None), **options)

    return over
