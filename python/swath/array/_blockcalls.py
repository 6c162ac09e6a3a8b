"""How functions of people's own are called with blocks: what they get, what is checked of what they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath.array import _convert
from swath.array._convert import native_of, wrap

if TYPE_CHECKING:
    pass


def name_of(function: Any, given: str | None) -> str:
    return given or str(getattr(function, "__name__", type(function).__name__))


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


def trampoline(
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


def wants_of(function: Any) -> dict[str, bool]:
    """Say which of what only blocks know a function asks for by name."""
    import inspect

    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):
        names = {}  # type: ignore[assignment]
    return {"block_id": "block_id" in names, "block_info": "block_info" in names}


def inferred(
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


def split(args: tuple[Any, ...]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    """Take the arrays of arguments out, and give what puts blocks in their places."""
    from swath.array._array import Array

    is_array = [isinstance(one, Array) or (isinstance(one, np.ndarray) and one.ndim > 0) for one in args]
    arrays = [native_of(one) for one, own in zip(args, is_array, strict=True) if own]

    def fixed(blocks: list[Any]) -> list[Any]:
        given = iter(blocks)
        return [next(given) if own else one for one, own in zip(args, is_array, strict=True)]

    return arrays, fixed


def aligned(arrays: list[Any]) -> tuple[list[Any], tuple[tuple[int, ...], ...]]:
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
