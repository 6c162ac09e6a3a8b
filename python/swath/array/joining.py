"""Joining, cutting, repeating, margins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import native_of, operand, resolved, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


def _all(arrays: Any) -> list[Any]:
    from swath.array._array import Array

    if isinstance(arrays, Array):
        return [one._array for one in arrays]
    return [native_of(one) for one in arrays]


def concatenate(arrays: Any, /, axis: int | None = 0, out: None = None, *, dtype: Any = None) -> Array:
    """Join arrays along an axis; flat ones if it is ``None``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.concatenate([sa.zeros(2), sa.ones(3)]).compute()
    array([0., 0., 1., 1., 1.])
    """
    parts = _all(arrays)
    if not parts:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        parts, axis = [native.reshape(part, [-1]) for part in parts], 0
    made = wrap(native.concatenate(parts, axis))
    return made if dtype is None else made.astype(dtype)


def concat(arrays: Any, /, *, axis: int | None = 0) -> Array:
    """Join arrays along an axis: the Array API's name of :func:`concatenate`.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.concat([sa.arange(2), sa.arange(2)]).compute()
    array([0, 1, 0, 1])
    """
    return concatenate(arrays, axis=axis)


def stack(arrays: Any, /, axis: int = 0, out: None = None, *, dtype: Any = None) -> Array:
    """Join arrays of one shape along a new axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.stack([sa.arange(2), sa.arange(2)]).compute()
    array([[0, 1],
           [0, 1]])
    """
    parts = _all(arrays)
    if not parts:
        raise ValueError("need at least one array to stack")
    made = wrap(native.stack(parts, axis))
    return made if dtype is None else made.astype(dtype)


def vstack(arrays: Any, /) -> Array:
    """Join arrays along the first axis; vectors are rows.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.vstack([[1, 2], [3, 4]]).compute()
    array([[1, 2],
           [3, 4]])
    """
    from swath.array.layout import atleast_2d

    return concatenate([atleast_2d(wrap(one)) for one in _all(arrays)], axis=0)


def hstack(arrays: Any, /) -> Array:
    """Join arrays along the second axis; vectors along their only one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.hstack([[1, 2], [3]]).compute()
    array([1, 2, 3])
    """
    from swath.array.layout import atleast_1d

    parts = [atleast_1d(wrap(one)) for one in _all(arrays)]
    return concatenate(parts, axis=0 if parts and parts[0].ndim == 1 else 1)


def dstack(arrays: Any, /) -> Array:
    """Join arrays along the third axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.dstack([[1, 2], [3, 4]]).shape
    (1, 2, 2)
    """
    from swath.array.layout import atleast_3d

    return concatenate([atleast_3d(wrap(one)) for one in _all(arrays)], axis=2)


def column_stack(arrays: Any, /) -> Array:
    """Join vectors as columns.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.column_stack([[1, 2], [3, 4]]).compute()
    array([[1, 3],
           [2, 4]])
    """
    parts = [wrap(one) for one in _all(arrays)]
    return concatenate([part if part.ndim > 1 else part.reshape((-1, 1)) for part in parts], axis=1)


def block(arrays: Any) -> Array:
    """Join blocks in nested lists.

    Examples
    --------
    >>> import swath.array as sa
    >>> one = sa.ones((1, 1))
    >>> sa.block([[one, one * 2], [one * 3, one * 4]]).compute()
    array([[1., 2.],
           [3., 4.]])
    """

    def depth(nested: Any) -> int:
        if not isinstance(nested, list):
            return 0
        if not nested:
            raise ValueError("List at arrays cannot be empty")
        depths = {depth(one) for one in nested}
        if len(depths) > 1:
            raise ValueError("List depths are mismatched: every list must be nested as deep as the first")
        return depths.pop() + 1

    def widest(nested: Any) -> int:
        return max(map(widest, nested)) if isinstance(nested, list) else wrap(native_of(nested)).ndim

    def joined(nested: Any, ndim: int, levels: int) -> Any:
        if not isinstance(nested, list):
            part = wrap(native_of(nested))
            return part[(None,) * (ndim - part.ndim) + (...,)]
        return concatenate([joined(one, ndim, levels - 1) for one in nested], axis=-levels)

    levels = depth(arrays)
    made: Array = joined(arrays, max(widest(arrays), levels), levels)
    return made


def array_split(x: Any, /, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Cut before positions, or into so many parts, of which the first ones may be longer by one.

    Examples
    --------
    >>> import swath.array as sa
    >>> [part.shape for part in sa.array_split(sa.arange(5), 2)]
    [(3,), (2,)]
    """
    own = wrap(native_of(x))
    if hasattr(indices_or_sections, "__index__") and not isinstance(indices_or_sections, np.ndarray):
        parts = native.array_split(own._array, int(indices_or_sections), axis)
    else:
        length = own.shape[axis]
        places = [
            min(max(place + length if place < 0 else place, 0), length)
            for place in map(int, indices_or_sections)
        ]
        parts = native.array_split(own._array, places, axis)
    return [wrap(part) for part in parts]


def split(x: Any, /, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Cut into equal parts, or before positions.

    Examples
    --------
    >>> import swath.array as sa
    >>> [part.compute().tolist() for part in sa.split(sa.arange(4), 2)]
    [[0, 1], [2, 3]]
    """
    own = wrap(native_of(x))
    is_count = hasattr(indices_or_sections, "__index__") and not isinstance(indices_or_sections, np.ndarray)
    if is_count and own.shape[axis] % int(indices_or_sections):
        raise ValueError("array split does not result in an equal division: use array_split")
    return array_split(own, indices_or_sections, axis)


def tile(x: Any, /, repetitions: Any) -> Array:
    """Repeat the whole array along axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.tile([1, 2], 2).compute()
    array([1, 2, 1, 2])
    """
    return wrap(native.tile(native_of(x), _convert.shape_of(repetitions)))


def repeat(x: Any, /, repeats: Any, axis: int | None = None) -> Array:
    """Repeat each element along an axis; of the flat array if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.repeat([1, 2], 2).compute()
    array([1, 1, 2, 2])
    """
    inner = native_of(x)
    if axis is None:
        inner, axis = native.reshape(inner, [-1]), 0
    counts = np.asarray(repeats)
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or (counts.size and counts.min() < 0):
        raise ValueError(
            f"repeat takes a count, or one for each element, that are not negative; got {repeats!r}"
        )
    if counts.size == 1:
        return wrap(native.repeat(inner, int(counts.reshape(())), axis))
    length = wrap(inner).shape[axis]
    if counts.size != length:
        raise ValueError(f"repeat: {counts.size} counts for {length} elements along axis {axis}")
    return wrap(native.repeat(inner, counts.tolist(), axis))


def append(x: Any, values: Any, axis: int | None = None) -> Array:
    """Join values behind an array; both flat if no axis is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.append([1, 2], [3]).compute()
    array([1, 2, 3])
    """
    return concatenate([x, values], axis=axis)


def delete(x: Any, obj: Any, axis: int | None = None) -> Array:
    """Leave out parts along an axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.delete([1, 2, 3], 1).compute()
    array([1, 3])
    """
    inner = native_of(x)
    if axis is None:
        inner, axis = native.reshape(inner, [-1]), 0
    length = wrap(inner).shape[axis]
    if isinstance(obj, slice):
        positions = list(range(length))[obj]
    else:
        given = np.asarray(obj)
        positions = (
            np.flatnonzero(given).tolist()
            if given.dtype.kind == "b"
            else given.astype(np.int64).reshape(-1).tolist()
        )
    return wrap(native.delete(inner, positions, axis))


def insert(x: Any, obj: Any, values: Any, axis: int | None = None) -> Array:
    """Insert values before a position along an axis, or before several, one for each.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.insert([1, 3], 1, 2).compute()
    array([1, 2, 3])
    """
    inner = native_of(x)
    if axis is None:
        inner, axis = native.reshape(inner, [-1]), 0
    if not hasattr(obj, "__index__") or isinstance(obj, np.ndarray):
        positions = np.asarray(obj)
        if positions.dtype.kind not in "iu" or positions.ndim > 1:
            raise TypeError(f"insert takes positions, not {obj!r}")
        return wrap(native.insert_at(inner, positions.reshape(-1).tolist(), operand(values), axis))
    return wrap(native.insert(inner, int(obj), operand(values), axis))


def pad(x: Any, /, pad_width: Any, mode: str = "constant", **options: Any) -> Array:
    """Add margins.

    Parameters
    ----------
    x : array_like
        The array.
    pad_width
        Elements before and after: a number, a pair, or a pair for each axis.
    mode
        ``constant`` (with ``constant_values``), ``edge``, ``linear_ramp`` (with ``end_values``), ``maximum``,
        ``mean``, ``median``, ``minimum``, ``reflect``, ``symmetric``, ``wrap``, ``empty``.
    **options
        Options of the mode: ``constant_values``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.pad(sa.arange(3), (1, 2), constant_values=9).compute()
    array([9, 0, 1, 2, 9, 9])
    """
    # Margins are as long as what a mask kept.
    own = wrap(resolved(x))
    if isinstance(pad_width, dict):
        given = {axis % own.ndim: width for axis, width in pad_width.items()}
        pad_width = [given.get(axis, (0, 0)) for axis in range(own.ndim)]
        pad_width = [(width, width) if np.ndim(width) == 0 else tuple(width) for width in pad_width]
    widths = np.broadcast_to(np.asarray(pad_width), (own.ndim, 2)).astype(np.int64)
    if (widths < 0).any():
        raise ValueError("index can't contain negative values: pad widths count elements")
    value = options.pop("constant_values" if mode in ("constant", "empty") else "end_values", 0)
    if options.get("stat_length", 0) is None:
        del options["stat_length"]
    if options and not (options == {"reflect_type": "even"}):
        raise ValueError(f"pad takes no {', '.join(options)} with mode {mode!r}")
    mode = "constant" if mode == "empty" else mode
    values = np.broadcast_to(np.asarray(value), (own.ndim, 2))
    if own.ndim == 0:
        return own
    if own.dtype.kind in "mM":
        values = values.astype(own.dtype).astype(np.int64)
    result = own._array
    flat = (
        set(values.reshape(-1).tolist())
        if values.dtype.kind != "f" or not np.isnan(values).any()
        else {float("nan")}
    )
    if len(flat) == 1:
        return wrap(native.pad(result, [tuple(pair) for pair in widths.tolist()], mode, flat.pop()))
    for axis, (pair, ends) in enumerate(zip(widths.tolist(), values.tolist(), strict=True)):
        for side in (0, 1):
            one = [(0, 0)] * own.ndim
            one[axis] = (pair[0], 0) if side == 0 else (0, pair[1])
            result = native.pad(result, one, mode, ends[side])
    return wrap(result)


def vsplit(x: Any, /, indices_or_sections: Any) -> list[Array]:
    """Cut along the first axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.shape for x in sa.vsplit(sa.zeros((4, 2)), 2)]
    [(2, 2), (2, 2)]
    """
    return split(x, indices_or_sections, 0)


def hsplit(x: Any, /, indices_or_sections: Any) -> list[Array]:
    """Cut along the second axis; vectors along their only one.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.shape for x in sa.hsplit(sa.zeros((2, 4)), 2)]
    [(2, 2), (2, 2)]
    """
    return split(x, indices_or_sections, 1 if wrap(native_of(x)).ndim > 1 else 0)


def dsplit(x: Any, /, indices_or_sections: Any) -> list[Array]:
    """Cut along the third axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.shape for x in sa.dsplit(sa.zeros((1, 1, 4)), 2)]
    [(1, 1, 2), (1, 1, 2)]
    """
    return split(x, indices_or_sections, 2)
