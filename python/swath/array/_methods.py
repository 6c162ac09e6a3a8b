"""Methods of arrays: the functions of :mod:`swath.array` with the array in the first place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

import swath.array as sa
from swath._internal import array as native
from swath.array import _convert

if TYPE_CHECKING:
    from swath.array._array import Array
    from swath.frame import DataFrame


class Methods:
    """The methods that NumPy's arrays have."""

    __slots__ = ()
    _array: Any

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
        *,
        device: Any = None,
    ) -> Array:
        """Give the elements another dtype: integers wrap, floats are cut towards zero."""
        own, wanted = self._array.dtype(), _convert.dtype_name(dtype)
        if casting != "unsafe" and not np.can_cast(own, wanted, casting):  # type: ignore[arg-type]
            raise TypeError(f"cannot cast from {own} to {wanted} by the rule {casting!r}")
        return _convert.wrap(self._array if own == wanted else self._array.astype(wanted))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Array:
        """Give the elements another shape, of which one length may be -1."""
        return sa.reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)

    def transpose(self, *axes: Any) -> Array:
        """Give the axes another order; the reverse one if none is named."""
        if not axes or axes == (None,):
            return sa.transpose(self)
        return sa.transpose(self, axes[0] if len(axes) == 1 else axes)

    @property
    def T(self) -> Array:
        """The axes in reverse order."""
        return _convert.wrap(native.transpose(self._array, None))

    @property
    def mT(self) -> Array:
        """The last two axes swapped."""
        return sa.matrix_transpose(self)

    @property
    def real(self) -> Array:
        """The real parts."""
        return sa.real(self)

    @property
    def imag(self) -> Array:
        """The imaginary parts."""
        return sa.imag(self)

    @property
    def flat(self) -> Iterator[Array]:
        """The elements in C order, one after another."""
        return iter(sa.ravel(self))

    def flatten(self, order: str = "C") -> Array:
        """Give the elements in C order, along one axis."""
        return sa.ravel(self, order)

    def copy(self, order: str = "C") -> Array:
        """Return another array of the same elements."""
        return sa.copy(self)

    def dot(self, other: Any) -> Array:
        """Multiply as NumPy's ``dot``."""
        return sa.dot(self, other)

    def to_zarr(self, folder: Any, **options: Any) -> None:
        """Write a Zarr array: see :func:`swath.array.to_zarr`."""
        sa.to_zarr(self, folder, **options)

    def to_npy(self, path: Any) -> None:
        """Write a file as NumPy's ``save`` does: see :func:`swath.array.to_npy`."""
        sa.to_npy(self, path)

    def to_dataframe(self, columns: Any = None, *, session: Any = None) -> DataFrame:
        """Make a table of it: see :func:`swath.array.to_dataframe`."""
        return sa.to_dataframe(self, columns, session=session)

    def store(self, target: Any, **options: Any) -> None:
        """Write into whatever takes blocks: see :func:`swath.array.store`."""
        sa.store(self, target, **options)

    def map_blocks(self, function: Any, *args: Any, **options: Any) -> Array:
        """Apply a function to each block: see :func:`swath.array.map_blocks`."""
        return sa.map_blocks(function, self, *args, **options)

    def map_overlap(self, function: Any, depth: Any, **options: Any) -> Array:
        """Apply a function to blocks with margins: see :func:`swath.array.map_overlap`."""
        return sa.map_overlap(function, self, depth=depth, **options)

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        """Let this object stand for its elements sorted along an axis."""
        self._array = sa.sort(self, axis)._array

    def fill(self, value: Any) -> None:
        """Let this object stand for an array of one value."""
        self._array = sa.full_like(self, value)._array

    def partition(self, kth: int, axis: int = -1) -> None:
        """Let this object stand for its elements partitioned along an axis."""
        self._array = sa.partition(self, kth, axis)._array

    def tobytes(self, order: str = "C") -> bytes:
        """Compute the elements as bytes."""
        return np.asarray(self).tobytes(order)  # type: ignore[arg-type]

    def put(self, indices: Any, values: Any) -> None:
        """Replace the elements at positions of the flat array."""
        flat = sa.ravel(self)
        flat[np.asarray(indices)] = values
        self._array = sa.reshape(flat, self._array.shape())._array

    def view(self, dtype: Any = None) -> Array:
        """Return the array itself, or dates and durations as their integers and back."""
        if dtype is None or np.dtype(dtype) == self._array.dtype():
            return _convert.wrap(self._array)
        name, own = _convert.dtype_name(dtype), self._array.dtype()
        pair = {np.dtype(own).kind, np.dtype(name).kind}
        if pair not in ({"M", "i"}, {"m", "i"}) or np.dtype(name).itemsize != 8:
            raise TypeError(
                f"the bytes of {own} are not read as {name}: use astype, or np.asarray(x).view({name!r})"
            )
        return _convert.wrap(self._array.astype(name))

    def rechunk(self, chunks: Any = "auto") -> Array:
        """Cut into other chunks: see :func:`swath.array.rechunk`."""
        return sa.rechunk(self, chunks)

    def ravel(self, order: str = "C") -> Array:
        """Give the elements in C order, along one axis."""
        return sa.ravel(self, order)

    def squeeze(self, axis: Any = None) -> Array:
        """Remove axes of length one."""
        return sa.squeeze(self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        """Swap two axes."""
        return sa.swapaxes(self, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Array:
        """Repeat each element along an axis."""
        return sa.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Array:
        """Pick positions along an axis."""
        return sa.take(self, indices, axis)

    def compress(self, condition: Any, axis: int | None = None) -> Array:
        """Keep the parts along an axis where a condition holds."""
        return sa.compress(condition, self, axis)

    def choose(self, choices: Any) -> Array:
        """Take for each place the element of the choice that this array names."""
        return sa.choose(self, choices)

    def nonzero(self) -> tuple[Array, ...]:
        """Find the elements that are not zero: positions, an array for each axis."""
        return sa.nonzero(self)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        """Take a diagonal over two axes."""
        return sa.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Array:
        """Add up a diagonal over two axes."""
        return sa.trace(self, offset, axis1, axis2, dtype)

    def argsort(self, axis: int | None = -1, kind: Any = None) -> Array:
        """Give the positions that sort along an axis."""
        return sa.argsort(self, axis)

    def argpartition(self, kth: int, axis: int | None = -1) -> Array:
        """Give the positions that partition along an axis."""
        return sa.argpartition(self, kth, axis)

    def topk(self, k: int, axis: int = -1) -> Array:
        """Give the ``k`` largest elements along an axis."""
        return sa.topk(self, k, axis)

    def searchsorted(self, values: Any, side: str = "left", sorter: Any = None) -> Array:
        """Find the places where elements would be inserted."""
        return sa.searchsorted(self, values, side, sorter)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Array:
        """Hold elements between bounds."""
        return sa.clip(self, min, max, out)

    def round(self, decimals: int = 0, out: Any = None) -> Array:
        """Round to decimals."""
        return sa.round(self, decimals, out)

    def conj(self) -> Array:
        """Give complex conjugates."""
        return sa.conj(self)

    def conjugate(self) -> Array:
        """Give complex conjugates."""
        return sa.conjugate(self)

    def cumsum(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
        """Add up along an axis."""
        return sa.cumsum(self, axis, dtype, out)

    def cumprod(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
        """Multiply along an axis."""
        return sa.cumprod(self, axis, dtype, out)

    def sum(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        """Add elements over axes."""
        return sa.sum(self, axis, dtype, out, keepdims, initial=initial, where=where)

    def prod(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        """Multiply elements over axes."""
        return sa.prod(self, axis, dtype, out, keepdims, initial=initial, where=where)

    def min(
        self,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        """Find the least element over axes."""
        return sa.min(self, axis, out, keepdims, initial=initial, where=where)

    def max(
        self,
        axis: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        """Find the largest element over axes."""
        return sa.max(self, axis, out, keepdims, initial=initial, where=where)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Array:
        """Say whether any element over axes is not zero."""
        return sa.any(self, axis, out, keepdims, where=where)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Array:
        """Say whether no element over axes is zero."""
        return sa.all(self, axis, out, keepdims, where=where)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Array:
        """Find the position of the least element over an axis."""
        return sa.argmin(self, axis, out, keepdims=keepdims)

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Array:
        """Find the position of the largest element over an axis."""
        return sa.argmax(self, axis, out, keepdims=keepdims)

    def mean(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        *,
        where: Any = None,
    ) -> Array:
        """Compute the mean over axes."""
        return sa.mean(self, axis, dtype, out, keepdims, where=where)

    def ptp(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        """Take the least element off the largest, over axes."""
        return sa.ptp(self, axis, out, keepdims)

    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        correction: float | None = None,
        where: Any = None,
    ) -> Array:
        """Compute the variance over axes."""
        return sa.var(self, axis, dtype, out, ddof, keepdims, correction=correction, where=where)

    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        correction: float | None = None,
        where: Any = None,
    ) -> Array:
        """Compute the standard deviation over axes."""
        return sa.std(self, axis, dtype, out, ddof, keepdims, correction=correction, where=where)
