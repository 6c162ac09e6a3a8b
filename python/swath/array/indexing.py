"""Elements picked by positions, masks and conditions."""

from __future__ import annotations

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


def ravel_multi_index(multi_index: Any, dims: Any) -> Array:
    """Give positions in the flat array from positions along each axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ravel_multi_index(([0, 1], [1, 1]), (2, 3)).compute()
    array([1, 4])
    """
    flat: Any = None
    for positions, length in zip(multi_index, dims, strict=True):
        own = wrap(native_of(positions))
        flat = own if flat is None else flat * int(length) + own
    return flat  # type: ignore[no-any-return]


def unravel_index(indices: Any, shape: Any) -> tuple[Array, ...]:
    """Give positions along each axis from positions in the flat array.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.unravel_index([1, 4], (2, 3))]
    [[0, 1], [1, 1]]
    """
    own = wrap(native_of(indices))
    parts = []
    behind = 1
    for length in reversed(_convert.shape_of(shape)):
        parts.append(own // behind % length)
        behind *= length
    return tuple(reversed(parts))


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
