"""Products of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array._convert import native_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


def _product(name: str, x1: Any, x2: Any) -> Array:
    return wrap(native.product(name, native_of(x1), native_of(x2)))


def matmul(x1: Any, x2: Any, /, out: Any = None) -> Array:
    """Multiply matrices: ``(..., m, k) x (..., k, n) -> (..., m, n)``.

    Vectors are rows on the left and columns on the right.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.matmul(sa.eye(2), sa.asarray([3.0, 4.0])).compute()
    array([3., 4.])
    """
    return _product("matmul", x1, x2)


def dot(x1: Any, x2: Any, /, out: Any = None) -> Array:
    """Multiply as NumPy's ``dot``: the last axis of one with the last but one of the other.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.dot([1, 2], [3, 4]).compute()
    np.int64(11)
    """
    return _product("dot", x1, x2)


def vdot(x1: Any, x2: Any, /) -> Array:
    """Multiply flat arrays, the conjugate of the first, and add up.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.vdot([1, 2], [3, 4]).compute()
    np.int64(11)
    """
    return _product("vdot", x1, x2)


def inner(x1: Any, x2: Any, /) -> Array:
    """Multiply along the last axes and add up.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.inner([1, 2], [3, 4]).compute()
    np.int64(11)
    """
    return _product("inner", x1, x2)


def outer(x1: Any, x2: Any, /) -> Array:
    """Multiply each element of one with each of the other: ``(m,) x (n,) -> (m, n)``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.outer([1, 2], [3, 4]).compute()
    array([[3, 4],
           [6, 8]])
    """
    return _product("outer", x1, x2)


def kron(x1: Any, x2: Any, /) -> Array:
    """Put the second array, multiplied, in the place of each element of the first.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.kron([1, 10], [1, 2]).compute()
    array([ 1,  2, 10, 20])
    """
    return _product("kron", x1, x2)


def tensordot(x1: Any, x2: Any, /, axes: Any = 2) -> Array:
    """Multiply and add up over axes: so many last and first ones, or those named for each.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.tensordot(sa.ones((2, 3, 4)), sa.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    left, right = native_of(x1), native_of(x2)
    if hasattr(axes, "__index__"):
        count = int(axes)
        if count < 0:
            raise ValueError(f"tensordot: the number of axes must not be negative, got {count}")
        ndim = left.ndim()
        return wrap(native.tensordot(left, right, list(range(ndim - count, ndim)), list(range(count))))
    own, other = ([one] if hasattr(one, "__index__") else list(one) for one in axes)
    return wrap(native.tensordot(left, right, own, other))


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """Multiply along an axis, the conjugate of the first, and add up.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.vecdot([1, 2], [3, 4]).compute()
    np.int64(11)
    """
    left, right = wrap(native_of(x1)), wrap(native_of(x2))
    if left.dtype.kind == "c":
        left = left.conj()
    if axis >= 0:
        raise ValueError(f"vecdot: the axis is counted from the end, got {axis}")
    if left.ndim < -axis or right.ndim < -axis or left.shape[axis] != right.shape[axis]:
        raise ValueError(f"vecdot: shapes {left.shape} and {right.shape} do not agree along axis {axis}")
    product = left * right
    # Sums of narrow integers stay narrow here.
    return product.sum(axis=axis, dtype=product.dtype)


def einsum(subscripts: Any, *operands: Any, **options: Any) -> Array:
    """Multiply and add up as Einstein's notation says: ``einsum("ij,jk->ik", a, b)``.

    Numbers may stand for letters: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.einsum("ij->i", [[1, 2], [3, 4]]).compute()
    array([3, 7])
    """
    options.pop("optimize", None)
    if options:
        raise TypeError(f"einsum takes no {', '.join(options)}")
    if not isinstance(subscripts, str):
        subscripts, operands = _lettered((subscripts, *operands))
    arrays = [native_of(one) for one in operands]
    # As NumPy, all is computed in the common dtype.
    dtype = np.result_type(*(one.dtype() for one in arrays)).name
    cast = [one if one.dtype() == dtype else one.astype(dtype) for one in arrays]
    made = native.einsum(subscripts, cast)
    return wrap(made if made.dtype() == dtype else made.astype(dtype))


def _lettered(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Give pairs of arrays and numbers of axes as text and arrays."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def text(numbers: Any) -> str:
        try:
            return "".join("..." if one is Ellipsis else letters[int(one)] for one in numbers)
        except (TypeError, ValueError, IndexError):
            raise TypeError(
                "einsum takes subscripts as text, such as 'ij,jk->ik', or for each array a list of numbers "
                f"from 0 to {len(letters) - 1}, not {numbers!r}"
            ) from None

    pairs, output = (given[:-1], given[-1]) if len(given) % 2 else (given, None)
    inputs = ",".join(text(numbers) for numbers in pairs[1::2])
    return (inputs if output is None else f"{inputs}->{text(output)}"), pairs[::2]


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    """Multiply vectors of three elements: the vector that stands on both.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.cross([1, 0, 0], [0, 1, 0]).compute()
    array([0, 0, 1])
    """
    from swath.array.joining import stack
    from swath.array.layout import broadcast_arrays

    left, right = broadcast_arrays(x1, x2)
    if left.shape[axis] != 3 or wrap(native_of(x1)).shape[axis] != 3 or wrap(native_of(x2)).shape[axis] != 3:
        raise ValueError(
            f"cross: vectors must have 3 elements along axis {axis}, but have {left.shape[axis]}"
        )
    a, b = (one.swapaxes(axis, -1) for one in (left, right))
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return stack(parts, axis=-1).swapaxes(axis, -1)


def multi_dot(arrays: Any) -> Array:
    """Multiply several matrices in the order that costs the least.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.multi_dot([[[1, 2], [3, 4]], [[1, 2], [3, 4]]]).compute()
    array([[ 7, 10],
           [15, 22]])
    """
    return wrap(native.multi_dot([native_of(one) for one in arrays]))


def matvec(x1: Any, x2: Any, /) -> Array:
    """Multiply matrices with vectors: ``(..., m, n) x (..., n) -> (..., m)``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.matvec([[1, 2], [3, 4]], [1, 1]).compute()
    array([3, 7])
    """
    return matmul(x1, wrap(native_of(x2))[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Array:
    """Multiply vectors with matrices: ``(..., n) x (..., n, m) -> (..., m)``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.vecmat([1, 1], [[1, 2], [3, 4]]).compute()
    array([4, 6])
    """
    left = wrap(native_of(x1))
    left = left.conj() if left.dtype.kind == "c" else left
    return matmul(left[..., None, :], x2)[..., 0, :]
