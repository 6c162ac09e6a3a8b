"""How functions of people's own are called with blocks: what they get, what is checked of what they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swath.array import _convert
from swath.array._convert import native_of, wrap


def name_of(function: Any, given: str | None) -> str:
    return given or str(getattr(function, "__name__", type(function).__name__))


def numbers_of(made: Any, name: str) -> np.ndarray[Any, Any]:
    """Give what a function made as an array of NumPy's, if it is one that arrays can hold."""
    array = np.asarray(made)
    if array.dtype.kind not in "biufcmM":
        what = "None" if made is None else f"{type(made).__name__} of dtype {array.dtype}"
        raise TypeError(
            f"{name} gave {what}: return an array of numbers, booleans, dates or durations for each block"
        )
    return array


def returned(made: Any, name: str, dtype: np.dtype[Any], shape: tuple[int, ...] | None, place: Any) -> Any:
    """Give what a function made to the engine, if it is what was promised."""
    array = numbers_of(made, name)
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


def info_of(args: tuple[Any, ...], inputs: list[tuple[Any, list[int | None]]], made: list[list[int]]) -> Any:
    """Make what tells of a block where it and the blocks it is made of lie, as Dask's ``block_info`` does.

    Keys are the places of arrays among the arguments, and ``None`` for the result.
    """
    places = [place for place, is_array in enumerate(map(_is_array, args)) if is_array]
    cuts = [(place, wrap(one).chunks, axes) for place, (one, axes) in zip(places, inputs, strict=True)]

    def described(cut: Any, at: tuple[int, ...], dtype: Any) -> dict[str, Any]:
        return {
            "shape": tuple(sum(lengths) for lengths in cut),
            "num-chunks": tuple(len(lengths) for lengths in cut),
            "array-location": [
                (sum(lengths[:number]), sum(lengths[: number + 1]))
                for lengths, number in zip(cut, at, strict=True)
            ],
            "chunk-location": at,
            "chunk-shape": tuple(lengths[number] for lengths, number in zip(cut, at, strict=True)),
            "dtype": dtype,
        }

    def info(place: tuple[int, ...], dtype: np.dtype[Any]) -> dict[int | None, Any]:
        told: dict[int | None, Any] = {None: described(made, tuple(place), dtype)}
        for (number, cut, axes), (one, _) in zip(cuts, inputs, strict=True):
            at = tuple(
                0 if axis is None or len(lengths) == 1 else place[axis]
                for axis, lengths in zip(axes, cut, strict=True)
            )
            told[number] = described(cut, at, _convert.dtype_of(one.dtype()))
        return told

    return info


def trampoline(
    function: Callable[..., Any],
    name: str,
    dtype: np.dtype[Any],
    wants: dict[str, bool],
    fixed: Any,
    options: Any,
    shapes: Any,
    info: Any = None,
) -> Any:
    """Make the callable that the engine calls for each block."""

    def call(blocks: list[Any], place: tuple[int, ...], bounds: list[tuple[int, int]]) -> Any:
        arrays = [np.asarray(block) for block in blocks]
        extra = dict(options)
        if wants["block_id"]:
            extra["block_id"] = place
        if wants["block_info"]:
            extra["block_info"] = info(place, dtype)
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
    function: Any,
    name: str,
    arrays: list[Any],
    fixed: Any,
    options: Any,
    wants: dict[str, bool],
    info: Any = None,
) -> np.ndarray[Any, Any]:
    """Call a function on blocks with no elements, or one, to see what it makes."""
    extra = dict(options)
    if wants["block_id"]:
        extra["block_id"] = (0,) * max((wrap(one).ndim for one in arrays), default=0)
    if wants["block_info"]:
        extra["block_info"] = info
    failed: Exception | None = None
    for length in (0, 1):
        tiny = [np.ones((length,) * one.ndim(), dtype=one.dtype()) for one in arrays]
        try:
            with np.errstate(all="ignore"):
                made = function(*fixed(tiny), **extra)
        except Exception as error:
            failed = error
        else:
            return numbers_of(made, name)
    raise TypeError(
        f"{name} cannot be called on a tiny block to learn its dtype ({type(failed).__name__}: {failed}): "
        "give dtype="
    ) from failed


def _is_array(value: Any) -> bool:
    from swath.array._array import Array

    return isinstance(value, Array) or (isinstance(value, np.ndarray) and value.ndim > 0)


def split(args: tuple[Any, ...]) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
    """Take the arrays of arguments out, and give what puts blocks in their places."""
    is_array = list(map(_is_array, args))
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
