"""Shapes and the order of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._convert import axes_of, native_of, shape_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


def shape(x: Any, /) -> tuple[int, ...]:
    """Give the lengths of the axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.shape([[1, 2], [3, 4]])
    (2, 2)
    """
    return wrap(native_of(x)).shape


def ndim(x: Any, /) -> int:
    """Give the number of axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ndim([[1, 2], [3, 4]])
    2
    """
    return wrap(native_of(x)).ndim


def size(x: Any, /, axis: int | None = None) -> int:
    """Give the number of elements, or of those along an axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.size([[1, 2], [3, 4]])
    4
    """
    own = wrap(native_of(x))
    return own.size if axis is None else own.shape[axis]


def rechunk(x: Any, /, chunks: Any = "auto") -> Array:
    """Cut into other chunks.

    Parameters
    ----------
    x : array_like
        The array.
    chunks
        A length for all axes, one for each (``-1``: the whole axis; ``None``: as it is; a tuple: each chunk's
        length), a dict of axes, ``"auto"``, or bytes such as ``"64MiB"``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.zeros((4, 6)).rechunk((2, -1)).chunks
    ((2, 2), (6,))
    """
    own = wrap(native_of(x))
    return wrap(own._array.rechunk(_convert.chunks_of(chunks, own.shape, own.chunks)))


def reshape(x: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Array:
    """Give the elements another shape, of which one length may be -1.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.reshape(sa.arange(6), (3, -1)).shape
    (3, 2)
    """
    inner = native_of(x)
    lengths = [int(one) for one in (shape if isinstance(shape, (tuple, list)) else (shape,))]
    if copy is False:
        raise ValueError("reshape makes a new array: leave copy=False out")
    if order == "C":
        return wrap(native.reshape(inner, lengths))
    if order != "F":
        raise ValueError(f"order is 'C' or 'F', not {order!r}")
    return wrap(native.transpose(native.reshape(native.transpose(inner, None), lengths[::-1]), None))


def ravel(x: Any, /, order: str = "C") -> Array:
    """Give the elements in C order, along one axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ravel([[1, 2], [3, 4]]).compute()
    array([1, 2, 3, 4])
    """
    return reshape(x, (-1,), order)


def transpose(x: Any, /, axes: Any = None) -> Array:
    """Give the axes another order; the reverse one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.transpose([[1, 2], [3, 4]]).compute()
    array([[1, 3],
           [2, 4]])
    """
    return wrap(native.transpose(native_of(x), axes_of(axes)))


def permute_dims(x: Any, /, axes: Any) -> Array:
    """Give the axes another order.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.permute_dims(sa.zeros((2, 3)), (1, 0)).shape
    (3, 2)
    """
    return transpose(x, axes)


def matrix_transpose(x: Any, /) -> Array:
    """Swap the last two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.matrix_transpose([[1, 2], [3, 4]]).compute()
    array([[1, 3],
           [2, 4]])
    """
    own = wrap(native_of(x))
    if own.ndim < 2:
        raise ValueError(f"matrix_transpose needs at least two axes, but the array has {own.ndim}")
    return swapaxes(own, -1, -2)


def swapaxes(x: Any, /, axis1: int, axis2: int) -> Array:
    """Swap two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.swapaxes(sa.zeros((2, 3)), 0, 1).shape
    (3, 2)
    """
    own = wrap(native_of(x))
    order = list(range(own.ndim))
    order[_axis(axis1, own.ndim)], order[_axis(axis2, own.ndim)] = order[axis2], order[axis1]
    return transpose(own, order)


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        from swath.errors import AxisError

        raise AxisError(f"axis {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim if ndim else axis


def _named(axes: Any, function: str) -> list[int]:
    """Give an axis, or several, as a list."""
    named = axes_of(axes)
    if named is None:
        raise TypeError(f"{function}: expected an axis, or several, got None")
    return named


def moveaxis(x: Any, source: Any, destination: Any, /) -> Array:
    """Move axes to other places; the others keep their order.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.moveaxis(sa.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return wrap(native.moveaxis(native_of(x), _named(source, "moveaxis"), _named(destination, "moveaxis")))


def rollaxis(x: Any, axis: int, start: int = 0) -> Array:
    """Move an axis to before another.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.rollaxis(sa.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    own = wrap(native_of(x))
    axis, start = _axis(axis, own.ndim), start + own.ndim if start < 0 else start
    return moveaxis(own, axis, start - 1 if axis < start else start)


def squeeze(x: Any, /, axis: Any = None) -> Array:
    """Remove axes of length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.squeeze(sa.zeros((1, 3, 1))).shape
    (3,)
    """
    own = wrap(native_of(x))
    if axis is None:
        # Which axes go hangs on all lengths, those that a mask makes too.
        _ = own.shape
    return wrap(native.squeeze(own._array, axes_of(axis)))


def expand_dims(x: Any, /, axis: Any = 0) -> Array:
    """Insert axes of length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.expand_dims([1, 2], 0).shape
    (1, 2)
    """
    return wrap(native.expand_dims(native_of(x), _named(axis, "expand_dims")))


def atleast_1d(x: Any, /) -> Array:
    """Give at least one axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.atleast_1d(3).shape
    (1,)
    """
    own = wrap(native_of(x))
    return own if own.ndim else own.reshape((1,))


def atleast_2d(x: Any, /) -> Array:
    """Give at least two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.atleast_2d([1, 2]).shape
    (1, 2)
    """
    own = atleast_1d(x)
    return own if own.ndim > 1 else own[None, :]


def atleast_3d(x: Any, /) -> Array:
    """Give at least three axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.atleast_3d([1, 2]).shape
    (1, 2, 1)
    """
    own = wrap(native_of(x))
    return own if own.ndim > 2 else atleast_2d(own)[:, :, None]


def broadcast_to(x: Any, /, shape: Any) -> Array:
    """Repeat elements along axes of length one and new first axes, without a copy.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.broadcast_to([1, 2], (2, 2)).compute()
    array([[1, 2],
           [1, 2]])
    """
    return wrap(native.broadcast_to(native_of(x), shape_of(shape)))


def broadcast_arrays(*arrays: Any) -> list[Array]:
    """Give all arrays the shape to which they broadcast.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.shape for x in sa.broadcast_arrays([1, 2, 3], [[1], [2]])]
    [(2, 3), (2, 3)]
    """
    return [wrap(one) for one in native.broadcast_arrays([native_of(one) for one in arrays])]


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """Give the shape to which shapes broadcast.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.broadcast_shapes((3, 1), (1, 4))
    (3, 4)
    """
    return np.broadcast_shapes(*shapes)


def flip(x: Any, /, axis: Any = None) -> Array:
    """Reverse the order along axes; along all if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.flip([1, 2, 3]).compute()
    array([3, 2, 1])
    """
    return wrap(native.flip(native_of(x), axes_of(axis)))


def flipud(x: Any, /) -> Array:
    """Reverse the order along the first axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.flipud([[1, 2], [3, 4]]).compute()
    array([[3, 4],
           [1, 2]])
    """
    return flip(x, 0)


def fliplr(x: Any, /) -> Array:
    """Reverse the order along the second axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.fliplr([[1, 2], [3, 4]]).compute()
    array([[2, 1],
           [4, 3]])
    """
    return flip(x, 1)


def rot90(x: Any, /, k: int = 1, axes: Any = (0, 1)) -> Array:
    """Rotate by right angles in the plane of two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.rot90([[1, 2], [3, 4]]).compute()
    array([[2, 4],
           [1, 3]])
    """
    return wrap(native.rot90(native_of(x), k, axes[0], axes[1]))


def roll(x: Any, /, shift: Any, axis: Any = None) -> Array:
    """Move elements along axes; what leaves at one end comes in at the other.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.roll([1, 2, 3], 1).compute()
    array([3, 1, 2])
    """
    shifts, axes = axes_of(shift), axes_of(axis)
    assert shifts is not None
    if axes is not None and len(shifts) == 1 < len(axes):
        shifts = shifts * len(axes)
    if axes is not None and len(axes) == 1 < len(shifts):
        axes = axes * len(shifts)
    return wrap(native.roll(native_of(x), shifts, axes))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    """Give the elements another dtype: integers wrap, floats are cut towards zero.

    Parameters
    ----------
    x
        The elements.
    dtype
        The other dtype.
    copy
        Taken for NumPy's sake: elements are copied where they must be.
    device
        ``"cpu"``, or None.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.astype(sa.arange(2), "float32").dtype
    dtype('float32')
    """
    own = wrap(native_of(x))
    return own if not copy and own.dtype == np.dtype(dtype) else own.astype(dtype)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
    """Give the parts along an axis, which goes.

    Examples
    --------
    >>> import swath.array as sa
    >>> [x.compute().tolist() for x in sa.unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    own = moveaxis(x, axis, 0)
    return tuple(own[index] for index in range(own.shape[0]))
