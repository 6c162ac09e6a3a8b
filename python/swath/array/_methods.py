"""Methods of arrays: the functions of :mod:`swath.array` with the array in the first place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import swath.array as sa
from swath._internal import array as native
from swath.array import _convert
from swath.array._assigning import assignable
from swath.array._indexing import Flat

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
        """Give the elements another dtype: integers wrap, floats are cut towards zero.

        Parameters
        ----------
        dtype
            The other dtype.
        order
            ``"C"``; others are taken for NumPy's sake.
        casting
            What may be converted, as NumPy's.
        subok
            Taken for NumPy's sake.
        copy
            Taken for NumPy's sake: elements are copied where they must be.
        device
            ``"cpu"``, or None.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).astype("float32").dtype
        dtype('float32')
        """
        own, wanted = self._array.dtype(), _convert.dtype_name(dtype)
        if casting != "unsafe" and not np.can_cast(own, wanted, casting):  # type: ignore[arg-type]
            raise TypeError(f"cannot cast from {own} to {wanted} by the rule {casting!r}")
        return _convert.wrap(self._array if own == wanted else self._array.astype(wanted))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Array:
        """Give the elements another shape, of which one length may be -1.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(4).reshape((2, -1)).compute()
        array([[0, 1],
               [2, 3]])
        """
        return sa.reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)

    def transpose(self, *axes: Any) -> Array:
        """Give the axes another order; the reverse one if none is named.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).transpose().compute()
        array([[3, 2],
               [1, 4]])
        """
        if not axes or axes == (None,):
            return sa.transpose(self)
        return sa.transpose(self, axes[0] if len(axes) == 1 else axes)

    @property
    def T(self) -> Array:
        """The axes in reverse order.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).T.compute()
        array([[3, 2],
               [1, 4]])
        """
        return _convert.wrap(native.transpose(self._array, None))

    @property
    def mT(self) -> Array:
        """The last two axes swapped.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).mT.compute()
        array([[3, 2],
               [1, 4]])
        """
        return sa.matrix_transpose(self)

    @property
    def real(self) -> Array:
        """The real parts.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1 + 2j]).real.compute()
        array([1.])
        """
        return sa.real(self)

    @property
    def imag(self) -> Array:
        """The imaginary parts.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1 + 2j]).imag.compute()
        array([2.])
        """
        return sa.imag(self)

    @property
    def flat(self) -> Flat:
        """The elements in C order, one after another; indexed, and assigned to, by positions among them.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.asarray([[3, 1], [2, 4]])
        >>> [int(element) for element in x.flat]
        [3, 1, 2, 4]
        >>> x.flat[1:3].compute()
        array([1, 2])
        """
        return Flat(self)

    @flat.setter
    def flat(self, values: Any) -> None:
        Flat(self)[...] = values

    def flatten(self, order: str = "C") -> Array:
        """Give the elements in C order, along one axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).flatten().compute()
        array([3, 1, 2, 4])
        """
        return sa.ravel(self, order)

    def copy(self, order: str = "C") -> Array:
        """Return another array of the same elements.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).copy().compute()
        array([0, 1, 2])
        """
        return sa.copy(self)

    def dot(self, other: Any) -> Array:
        """Multiply as NumPy's ``dot``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).dot([1, 1]).compute()
        array([4, 6])
        """
        return sa.dot(self, other)

    def to_zarr(self, folder: Any, **options: Any) -> None:
        """Write a Zarr array: see :func:`swath.array.to_zarr`.

        Examples
        --------
        >>> import swath.array as sa
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sa.arange(3).to_zarr(folder + "/x.zarr")
        ...     sa.from_zarr(folder + "/x.zarr").compute()
        array([0, 1, 2])
        """
        sa.to_zarr(self, folder, **options)

    def to_npy(self, path: Any) -> None:
        """Write a file as NumPy's ``save`` does: see :func:`swath.array.to_npy`.

        Examples
        --------
        >>> import swath.array as sa
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sa.arange(3).to_npy(folder + "/x.npy")
        ...     sa.from_npy(folder + "/x.npy").compute()
        array([0, 1, 2])
        """
        sa.to_npy(self, path)

    def to_dataframe(self, columns: Any = None, *, session: Any = None) -> DataFrame:
        """Make a table of it: see :func:`swath.array.to_dataframe`.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).to_dataframe(["a", "b"]).rows()
        [(3, 1), (2, 4)]
        """
        return sa.to_dataframe(self, columns, session=session)

    def store(self, target: Any, **options: Any) -> None:
        """Write into whatever takes blocks: see :func:`swath.array.store`.

        Examples
        --------
        >>> import swath.array as sa
        >>> import numpy as np
        >>> target = np.zeros(3)
        >>> sa.arange(3.0).store(target)
        >>> target
        array([0., 1., 2.])
        """
        sa.store(self, target, **options)

    def map_blocks(self, function: Any, *args: Any, **options: Any) -> Array:
        """Apply a function to each block: see :func:`swath.array.map_blocks`.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).map_blocks(lambda block: block * 2).compute()
        array([0, 2, 4])
        """
        return sa.map_blocks(function, self, *args, **options)

    def map_overlap(self, function: Any, depth: Any, *others: Any, **options: Any) -> Array:
        """Apply a function to blocks with margins: see :func:`swath.array.map_overlap`.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3.0).map_overlap(lambda block: block * 2, depth=1).compute()
        array([0., 2., 4.])
        """
        return sa.map_overlap(function, self, *others, depth=depth, **options)

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        """Let this object stand for its elements sorted along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.asarray([3, 1, 2])
        >>> x.sort()
        >>> x.compute()
        array([1, 2, 3])
        """
        self._array = sa.sort(self, axis)._array

    def fill(self, value: Any) -> None:
        """Let this object stand for an array of one value.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.zeros(2)
        >>> x.fill(7)
        >>> x.compute()
        array([7., 7.])
        """
        assignable(value, _convert.dtype_of(self._array.dtype()))
        self._array = sa.full_like(self, value)._array

    def partition(self, kth: int, axis: int = -1) -> None:
        """Let this object stand for its elements partitioned along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.asarray([3, 1, 2])
        >>> x.partition(1)
        >>> int(x[1])
        2
        """
        self._array = sa.partition(self, kth, axis)._array

    def tobytes(self, order: str = "C") -> bytes:
        """Compute the elements as bytes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([65], dtype="uint8").tobytes()
        b'A'
        """
        return np.asarray(self).tobytes(order)  # type: ignore[arg-type]

    def put(self, indices: Any, values: Any) -> None:
        """Replace the elements at positions of the flat array.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.arange(4)
        >>> x.put([0, 2], 9)
        >>> x.compute()
        array([9, 1, 9, 3])
        """
        flat = sa.ravel(self)
        flat[np.asarray(indices)] = values
        self._array = sa.reshape(flat, self._array.shape())._array

    def view(self, dtype: Any = None) -> Array:
        """Return the array itself, or dates and durations as their integers and back.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1, 2]).view("int64").compute()
        array([1, 2])
        """
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
        """Cut into other chunks: see :func:`swath.array.rechunk`.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros(6, chunks=2).rechunk(3).chunks
        ((3, 3),)
        """
        return sa.rechunk(self, chunks)

    def ravel(self, order: str = "C") -> Array:
        """Give the elements in C order, along one axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).ravel().compute()
        array([3, 1, 2, 4])
        """
        return sa.ravel(self, order)

    def squeeze(self, axis: Any = None) -> Array:
        """Remove axes of length one.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((1, 3)).squeeze().shape
        (3,)
        """
        return sa.squeeze(self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        """Swap two axes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((2, 3)).swapaxes(0, 1).shape
        (3, 2)
        """
        return sa.swapaxes(self, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Array:
        """Repeat each element along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(2).repeat(2).compute()
        array([0, 0, 1, 1])
        """
        return sa.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Array:
        """Pick positions along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([5, 6, 7]).take([2, 0]).compute()
        array([7, 5])
        """
        return sa.take(self, indices, axis)

    def compress(self, condition: Any, axis: int | None = None) -> Array:
        """Keep the parts along an axis where a condition holds.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).compress([True, False, True]).compute()
        array([0, 2])
        """
        return sa.compress(condition, self, axis)

    def choose(self, choices: Any) -> Array:
        """Take for each place the element of the choice that this array names.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1, 0]).choose([[1, 2], [10, 20]]).compute()
        array([10,  2])
        """
        return sa.choose(self, choices)

    def nonzero(self) -> tuple[Array, ...]:
        """Find the elements that are not zero: positions, an array for each axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> [places.compute().tolist() for places in sa.asarray([0, 3, 4]).nonzero()]
        [[1, 2]]
        """
        return sa.nonzero(self)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        """Take a diagonal over two axes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).diagonal().compute()
        array([3, 4])
        """
        return sa.diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Array:
        """Add up a diagonal over two axes.

        Parameters
        ----------
        offset
            The diagonal above (positive) or below the main one.
        axis1
            The first of the two axes of the matrices.
        axis2
            The second of them.
        dtype
            The dtype of the result.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).trace().compute()
        np.int64(7)
        """
        return sa.trace(self, offset, axis1, axis2, dtype)

    def argsort(self, axis: int | None = -1, kind: Any = None) -> Array:
        """Give the positions that sort along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([3, 1, 2]).argsort().compute()
        array([1, 2, 0])
        """
        return sa.argsort(self, axis)

    def argpartition(self, kth: int, axis: int | None = -1) -> Array:
        """Give the positions that partition along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([3, 1, 2]).argpartition(0).compute()[0]
        np.int64(1)
        """
        return sa.argpartition(self, kth, axis)

    def topk(self, k: int, axis: int = -1) -> Array:
        """Give the ``k`` largest elements along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([3, 1, 2]).topk(2).compute()
        array([3, 2])
        """
        return sa.topk(self, k, axis)

    def searchsorted(self, values: Any, side: str = "left", sorter: Any = None) -> Array:
        """Find the places where elements would be inserted.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1, 3, 5]).searchsorted([2, 5]).compute()
        array([1, 2])
        """
        return sa.searchsorted(self, values, side, sorter)

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Array:
        """Hold elements between bounds.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).clip(2, 3).compute()
        array([[3, 2],
               [2, 3]])
        """
        return sa.clip(self, min, max, out)

    def round(self, decimals: int = 0, out: Any = None) -> Array:
        """Round to decimals.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1.25, 1.75]).round(1).compute()
        array([1.2, 1.8])
        """
        return sa.round(self, decimals, out)

    def conj(self) -> Array:
        """Give complex conjugates.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1 + 2j]).conj().compute()
        array([1.-2.j])
        """
        return sa.conj(self)

    def conjugate(self) -> Array:
        """Give complex conjugates.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1 + 2j]).conjugate().compute()
        array([1.-2.j])
        """
        return sa.conjugate(self)

    def cumsum(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
        """Add up along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1, 2, 3]).cumsum().compute()
        array([1, 3, 6])
        """
        return sa.cumsum(self, axis, dtype, out)

    def cumprod(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
        """Multiply along an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1, 2, 3]).cumprod().compute()
        array([1, 2, 6])
        """
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
        """Add elements over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        dtype
            The dtype of the result.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        initial
            A value to start from.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).sum(axis=0).compute()
        array([5, 5])
        """
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
        """Multiply elements over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        dtype
            The dtype of the result.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        initial
            A value to start from.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).prod().compute()
        np.int64(24)
        """
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
        """Find the least element over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        initial
            A value to start from.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).min(axis=0).compute()
        array([2, 1])
        """
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
        """Find the largest element over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        initial
            A value to start from.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).max(axis=0).compute()
        array([3, 4])
        """
        return sa.max(self, axis, out, keepdims, initial=initial, where=where)

    def any(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Array:
        """Say whether any element over axes is not zero.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).any(axis=0).compute()
        array([ True,  True])
        """
        return sa.any(self, axis, out, keepdims, where=where)

    def all(self, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Array:
        """Say whether no element over axes is zero.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).all().compute()
        np.True_
        """
        return sa.all(self, axis, out, keepdims, where=where)

    def argmin(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Array:
        """Find the position of the least element over an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).argmin().compute()
        np.int64(1)
        """
        return sa.argmin(self, axis, out, keepdims=keepdims)

    def argmax(self, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Array:
        """Find the position of the largest element over an axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).argmax(axis=1).compute()
        array([0, 1])
        """
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
        """Compute the mean over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        dtype
            The dtype of the result.
        out
            An array, which then stands for the result.
        keepdims
            Keep the reduced axes, with length one.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).mean().compute()
        np.float64(2.5)
        """
        return sa.mean(self, axis, dtype, out, keepdims, where=where)

    def ptp(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Array:
        """Take the least element off the largest, over axes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).ptp().compute()
        np.int64(3)
        """
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
        """Compute the variance over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        dtype
            The dtype of the result.
        out
            An array, which then stands for the result.
        ddof
            What is taken off the number of elements before dividing.
        keepdims
            Keep the reduced axes, with length one.
        correction
            The Array API's name for ``ddof``.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1.0, 3.0]).var().compute()
        np.float64(1.0)
        """
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
        """Compute the standard deviation over axes.

        Parameters
        ----------
        axis
            The axis, or a tuple of them; all if none is named.
        dtype
            The dtype of the result.
        out
            An array, which then stands for the result.
        ddof
            What is taken off the number of elements before dividing.
        keepdims
            Keep the reduced axes, with length one.
        correction
            The Array API's name for ``ddof``.
        where
            Which elements count: a mask that broadcasts with them.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([1.0, 3.0]).std().compute()
        np.float64(1.0)
        """
        return sa.std(self, axis, dtype, out, ddof, keepdims, correction=correction, where=where)
