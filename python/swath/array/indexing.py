"""Elements picked by positions, masks and conditions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import native_of, operand, wrap
from swath.array.dtypes import result_type

if TYPE_CHECKING:
    from swath.array._array import Array


def take(x: Any, indices: Any, /, axis: int | None = None, *, mode: str = "raise") -> Array:
    """Pick positions along an axis; of the flat array if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.take(sa.arange(5) * 10, [3, 0, -1]).compute()
    array([30,  0, 40])
    """
    inner = native_of(x)
    if axis is None:
        inner, axis = native.reshape(inner, [-1]), 0
    positions = native_of(
        np.asarray(indices, dtype=np.int64) if isinstance(indices, (list, tuple)) else indices
    )
    if mode != "raise":
        from swath.array.elementwise import clip, remainder

        length = wrap(inner).shape[axis]
        own = wrap(positions)
        positions = (clip(own, 0, length - 1) if mode == "clip" else remainder(own, length))._array
    return wrap(native.take(inner, positions, axis))


def take_along_axis(x: Any, indices: Any, /, axis: int = -1) -> Array:
    """Pick positions along an axis that differ for each place, as :func:`argsort` gives them.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.take_along_axis([[3, 1, 2]], sa.asarray([[1, 2]]), axis=1).compute()
    array([[1, 2]])
    """
    return wrap(native.take_along_axis(native_of(x), native_of(indices), axis))


def put_along_axis(x: Array, indices: Any, values: Any, axis: int) -> None:
    """Replace the elements at positions along an axis that differ for each place.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.zeros((1, 3))
    >>> sa.put_along_axis(x, sa.asarray([[2]]), 7, axis=1)
    >>> x.compute()
    array([[0., 0., 7.]])
    """
    x._array = native.put_along_axis(x._array, native_of(indices), operand(values), axis)


def compress(condition: Any, x: Any, /, axis: int | None = None) -> Array:
    """Keep the parts along an axis where a condition holds.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.compress([True, False, True], [1, 2, 3]).compute()
    array([1, 3])
    """
    inner = native_of(x)
    if axis is None:
        inner, axis = native.reshape(inner, [-1]), 0
    return wrap(native.compress(inner, native_of(condition), axis))


def extract(condition: Any, x: Any, /) -> Array:
    """Give the elements where a condition holds.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.extract([True, False], [1, 2]).compute()
    array([1])
    """
    return compress(wrap(native_of(condition)).ravel(), x)


def nonzero(x: Any, /) -> tuple[Array, ...]:
    """Find the elements that are not zero: their positions, an array for each axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.nonzero([0, 3, 4])]
    [[1, 2]]
    """
    return tuple(wrap(one) for one in native.nonzero(native_of(x)))


def flatnonzero(x: Any, /) -> Array:
    """Find the elements of the flat array that are not zero.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.flatnonzero([0, 1, 1]).compute()
    array([1, 2])
    """
    return nonzero(wrap(native_of(x)).ravel())[0]


def argwhere(x: Any, /) -> Array:
    """Find the elements that are not zero: a row of positions for each.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.argwhere([[0, 1], [1, 0]]).compute()
    array([[0, 1],
           [1, 0]])
    """
    return wrap(native.argwhere(native_of(x)))


def choose(x: Any, choices: Any, /, mode: str = "raise") -> Array:
    """Take for each place the element of the choice that an array of integers names.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.choose([1, 0], [[1, 2], [10, 20]]).compute()
    array([10,  2])
    """
    own = wrap(native_of(x))
    if mode == "clip":
        own = own.clip(0, len(choices) - 1)
    elif mode == "wrap":
        own = own % len(choices)
    return wrap(native.choose(own._array, [native_of(one) for one in choices]))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Array:
    """Take for each place the element of the first choice whose condition holds, else the default.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(5)
    >>> sa.select([x < 2, x > 3], [x, x * 10], 7).compute()
    array([ 0,  1,  7,  7, 40])
    """
    conditions = [native_of(one) for one in condlist]
    # Bare numbers are weak here, as beside an operator.
    weak: list[Any] = [*choicelist, default]
    given = [native_of(one) for one in weak]
    dtype = result_type(
        *(
            one if type(one) in _convert.NUMBERS else _convert.dtype_of(inner.dtype())
            for one, inner in zip(weak, given, strict=True)
        )
    ).name
    choices = [one.astype(dtype) for one in given]
    return wrap(native.select(conditions, choices[:-1], choices[-1]))


def _checked(block: Any, length: int, what: str) -> Any:
    """Give positions as int64, all of them within a length."""
    block = np.asarray(block)
    if block.size and (block.min() < 0 or block.max() >= length):
        wrong = block[(block < 0) | (block >= length)].flat[0]
        raise ValueError(f"{what}: position {wrong} is out of bounds for length {length}")
    return block.astype(np.int64)


def _positions(value: Any, length: int, what: str, mode: str = "raise") -> Array:
    """Give positions as int64, within a length: those at hand are looked at now, others when computed."""
    from swath.array._array import Array
    from swath.array.blockwise import map_blocks
    from swath.array.elementwise import clip

    given: Any = value
    if not isinstance(value, Array) and not _convert.has_arrays(value):
        given = _convert.to_numpy_input(value)
        given = given.astype(np.int64) if given.size == 0 else given
    if (kind := given.dtype.kind if hasattr(given, "dtype") else "i") not in "iu":
        raise TypeError(f"{what}: positions are integers, not of kind {kind!r}")
    if mode in ("clip", "wrap"):
        own = wrap(native_of(given)).astype(np.int64)
        return clip(own, 0, length - 1) if mode == "clip" else own % length
    if mode != "raise":
        raise ValueError(f"{what}: mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    if isinstance(given, np.ndarray):
        return wrap(native_of(_checked(given, length, what)))
    return map_blocks(_checked, given, dtype=np.int64, name=what, length=length, what=what)


def _strides(shape: tuple[int, ...], order: str, what: str) -> list[int]:
    """Give how far apart in the flat array neighbours along each axis are."""
    if order not in ("C", "F"):
        raise ValueError(f"{what}: order is 'C' or 'F', not {order!r}")
    if math.prod(shape) > np.iinfo(np.int64).max:
        raise ValueError(f"{what}: an array of shape {shape} has more elements than positions can tell")
    if order == "F":
        return [math.prod(shape[:axis]) for axis in range(len(shape))]
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Array:
    """Give positions in the flat array from positions along each axis, as int64.

    Parameters
    ----------
    multi_index
        For each axis the positions along it.
    dims
        The shape of the array.
    mode
        Of positions outside: ``"raise"`` a ValueError, when they are computed, ``"wrap"`` or ``"clip"``;
        or one for each axis.
    order
        ``"C"`` or ``"F"``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ravel_multi_index(([0, 1], [1, 1]), (2, 3)).compute()
    array([1, 4])
    """
    what = "ravel_multi_index"
    shape, given = _convert.shape_of(dims), list(multi_index)
    modes = [mode] * len(shape) if isinstance(mode, str) else list(mode)
    if not len(given) == len(shape) == len(modes) or not given:
        raise ValueError(f"{what}: positions along {len(given)} axes for dims {shape}")
    flat: Any = None
    strides = _strides(shape, order, what)
    for positions, length, own_mode, stride in zip(given, shape, modes, strides, strict=True):
        part = _positions(positions, length, what, own_mode) * stride
        flat = part if flat is None else flat + part
    return flat  # type: ignore[no-any-return]


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Array, ...]:
    """Give positions along each axis from positions in the flat array, as int64.

    Parameters
    ----------
    indices
        Positions in the flat array. Those outside raise a ValueError when they are computed.
    shape
        The shape of the array.
    order
        ``"C"`` or ``"F"``.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.unravel_index([1, 4], (2, 3))]
    [[0, 1], [1, 1]]
    """
    what = "unravel_index"
    lengths = _convert.shape_of(shape)
    strides = _strides(lengths, order, what)
    own = _positions(indices, math.prod(lengths), what)
    return tuple(own // stride % length for stride, length in zip(strides, lengths, strict=True))


def ix_(*vectors: Any) -> tuple[Array, ...]:
    """Give vectors axes of their own, so that they index a grid together.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.shape for x in sa.ix_([0, 1], [0, 1, 2])]
    [(2, 1), (1, 3)]
    """
    count = len(vectors)
    made = []
    for place, vector in enumerate(vectors):
        own = wrap(native_of(vector))
        if own.dtype == np.bool_:
            own = flatnonzero(own)
        shape = [1] * count
        shape[place] = -1
        made.append(own.reshape(tuple(shape)))
    return tuple(made)


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """Give the positions of what stands on and below a diagonal of a matrix.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.tril_indices(2)]
    [[0, 1, 1], [0, 0, 1]]
    """
    from swath.array.creation import tri

    return nonzero(tri(n, m, k, dtype=bool))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """Give the positions of what stands on and above a diagonal of a matrix.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.triu_indices(2)]
    [[0, 0, 1], [0, 1, 1]]
    """
    from swath.array.creation import tri

    return nonzero(~tri(n, m, k - 1, dtype=bool))


def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """Give the positions of the diagonal of an array with axes of one length.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.diag_indices(2)]
    [[0, 1], [0, 1]]
    """
    from swath.array.ranges import arange

    return (arange(n),) * ndim


def putmask(x: Array, mask: Any, values: Any, /) -> None:
    """Replace the elements where a mask is true, by values in their places; fewer values are repeated.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(3)
    >>> sa.putmask(x, x > 1, 9)
    >>> x.compute()
    array([0, 1, 9])
    """
    if type(values) not in _convert.NUMBERS:
        given = wrap(native_of(values))
        if given.shape != x.shape and given.size > 0:
            from swath.array.ranges import arange

            values = given.ravel()[arange(x.size) % given.size].reshape(x.shape)
    _replace(x, mask, values)


def _replace(x: Array, mask: Any, values: Any) -> None:
    from swath.array.elementwise import where

    x._array = where(mask, values, x).astype(x.dtype)._array


def copyto(dst: Array, src: Any, /, casting: str = "same_kind", where: Any = True) -> None:
    """Replace elements, where a mask is true if there is one, by those of an array that broadcasts.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.zeros(3)
    >>> sa.copyto(x, [1, 2, 3], where=[True, False, True])
    >>> x.compute()
    array([1., 0., 3.])
    """
    if where is True:
        dst[...] = src
    else:
        _replace(dst, where, src)
