"""The lazy array that people hold."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert
from swath.array._assigning import assignable
from swath.array._indexing import Blocks, VectorIndex, parts_of, truth_of
from swath.array._methods import Methods
from swath.array._operators import Operators
from swath.array._room import make_sure
from swath.array._shown import Shown
from swath.foreign import missing

_SHOWN = 1000
"""Elements of an array in memory that its text shows."""
_PICKLED_BYTES = 1 << 28


class Array(Operators, Methods, Shown):
    """A lazy n-d array: NumPy's surface over chunks, computed on all processors within a limit of memory.

    Operators and methods make new arrays and compute nothing. :meth:`compute` runs, as do `float(x)`,
    `np.asarray(x)` and what else needs values. Arrays are made by the functions of :mod:`swath.array`, not by
    this class.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(10, dtype="float64").reshape((2, 5))
    >>> y = (x - x.mean(axis=1, keepdims=True)) ** 2
    >>> y.sum(axis=1).compute()
    array([10., 10.])
    """

    __slots__ = ("__weakref__", "_array")
    __array_priority__ = 20
    __hash__ = None  # type: ignore[assignment]

    _array: native.Array

    def __init__(self) -> None:
        raise TypeError(
            "arrays are made by functions: sa.asarray(values), sa.zeros(shape), sa.from_zarr(folder) …"
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Refuse, and say what is meant."""
            raise missing("Array", name, self)

    @classmethod
    def _from_native(cls, inner: native.Array) -> Array:
        made = object.__new__(cls)
        made._array = inner
        return made

    # What is known of it.

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype, as NumPy's.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).dtype
        dtype('int64')
        """
        return _convert.dtype_of(self._array.dtype())

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes. A length that a mask made is computed when it is asked for.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).shape
        (2, 2)
        """
        shape: tuple[int, ...] | None = self._array.shape()
        if shape is None:
            self._array = native.resolve(self._array)
            shape = self._array.shape()
            assert shape is not None
        return shape

    @property
    def ndim(self) -> int:
        """Number of axes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).ndim
        2
        """
        return int(self._array.ndim())

    @property
    def size(self) -> int:
        """Number of elements.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).size
        4
        """
        size = 1
        for length in self.shape:
            size *= length
        return size

    @property
    def itemsize(self) -> int:
        """Bytes of an element.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).itemsize
        8
        """
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((1000, 1000)).nbytes
        8000000
        """
        return self.size * self.itemsize

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """For each axis the lengths of its chunks.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((4, 4), chunks=(2, 4)).chunks
        ((2, 2), (4,))
        """
        chunks: tuple[tuple[int, ...], ...] | None = self._array.chunks()
        if chunks is None:
            self._array = native.resolve(self._array)
            chunks = self._array.chunks()
            assert chunks is not None
        return chunks

    @property
    def chunksize(self) -> tuple[int, ...]:
        """The largest length of a chunk along each axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((5, 4), chunks=(2, 4)).chunksize
        (2, 4)
        """
        return tuple(max(lengths) for lengths in self.chunks)

    @property
    def numblocks(self) -> tuple[int, ...]:
        """Number of chunks along each axis.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((4, 4), chunks=(2, 4)).numblocks
        (2, 1)
        """
        return tuple(len(lengths) for lengths in self.chunks)

    @property
    def npartitions(self) -> int:
        """Number of chunks.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros(4, chunks=2).npartitions
        2
        """
        count = 1
        for along in self.numblocks:
            count *= along
        return count

    @property
    def device(self) -> str:
        """Where it is computed: ``"cpu"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).device
        'cpu'
        """
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """Return the array itself; there is no other device than ``"cpu"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).to_device("cpu").compute()
        array([0, 1, 2])
        """
        if device != "cpu" or stream is not None:
            raise ValueError(f"there is no device {device!r}: arrays are on the 'cpu'")
        return self

    def __len__(self) -> int:
        """Length of the first axis."""
        if self.ndim == 0:
            raise TypeError("len() of unsized object: the array has no axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        """Give the parts along the first axis, lazy ones."""
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[index] for index in range(len(self)))

    def __contains__(self, value: object) -> bool:
        """Compute whether any element equals a value."""
        return bool((self == value).any())

    def __round__(self, decimals: int = 0) -> Array:
        """Round to decimals, halves to even."""
        return self.round(decimals)

    # Indexing.

    def __getitem__(self, key: Any) -> Array:
        """Give the part that an index names; nothing is computed.

        Integers, slices, ``...``, ``None``, arrays of integers (several at a time too) and boolean masks, as
        in NumPy.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.arange(6).reshape((2, 3))
        >>> x[1, ::2].compute()
        array([3, 5])
        >>> x[x % 2 == 0].compute()
        array([0, 2, 4])
        """
        if type(key) in _TRUTHS or (type(key) is tuple and any(type(part) in _TRUTHS for part in key)):
            return self._masked_whole(key)
        return Array._from_native(native.get(self._array, parts_of(key)))

    def _masked_whole(self, key: Any) -> Array:
        """Index with truth values, or masks without axes."""
        found = truth_of(key)
        if found is None:
            return Array._from_native(native.get(self._array, parts_of(key)))
        inner, kept = found
        made = native.get(self._array, parts_of(inner))
        if kept:
            return Array._from_native(made)
        place = sum(1 for part in inner[: inner.index(None)] if type(part) is slice)
        return Array._from_native(native.get(made, (slice(None),) * place + (slice(0, 0),)))

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace a part. Arrays that were made of this one before stay as they are.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.arange(5)
        >>> x[x > 2] = 0
        >>> x.compute()
        array([0, 1, 2, 0, 0])
        """
        if type(key) in _TRUTHS or (type(key) is tuple and any(type(part) in _TRUTHS for part in key)):
            found = truth_of(key)
            if found is not None and not found[1]:
                return
            key = key if found is None else found[0]
        self._array = native.set(self._array, parts_of(key), assignable(value, self.dtype))

    @property
    def vindex(self) -> VectorIndex:
        """Indexing point by point: axes of integer arrays come first, wherever they stand.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).vindex[[0, 1], [1, 0]].compute()
        array([1, 2])
        """
        return VectorIndex(self)

    @property
    def blocks(self) -> Blocks:
        """Indexing by the numbers of chunks.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(10, chunks=4).blocks[1].compute()
        array([4, 5, 6, 7])
        """
        return Blocks(self)

    # Running.

    def compute(self) -> Any:
        """Compute the elements: an array of NumPy, or a number of NumPy's if there are no axes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.ones((2, 2)).compute()
        array([[1., 1.],
               [1., 1.]])
        """
        array = self.to_numpy()
        return array[()] if array.ndim == 0 else array

    def to_numpy(self) -> np.ndarray[Any, Any]:
        """Compute the elements as an array of NumPy, also where there are no axes.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).to_numpy()
        array([0, 1, 2])
        """
        make_sure([self._array])
        return np.asarray(native.compute_one(self._array))

    def persist(self) -> Array:
        """Compute the elements and hold them in memory, in the same chunks.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.arange(3).persist()
        swath.Array([0, 1, 2], dtype=int64)
        """
        return Array._from_native(native.persist([self._array])[0])

    def explain(self, *, analyze: bool = False) -> str:
        """Say what would run: expressions, stages, chunks and bytes.

        Parameters
        ----------
        analyze
            Run it, and say what each stage took.

        Examples
        --------
        >>> import swath.array as sa
        >>> "sum" in sa.arange(3).sum().explain()
        True
        """
        text: str = native.explain_analyze(self._array) if analyze else self._array.explain()
        return text

    def projected_memory(self) -> int:
        """Bytes that a task may hold at most: known before it runs.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.zeros((100, 100)).sum().projected_memory() > 0
        True
        """
        return int(self._array.projected_memory())

    def item(self, *index: Any) -> Any:
        """Compute the only element, or the one at an index, as a number of Python.

        One number is a position in the flat array.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.asarray([[3, 1], [2, 4]])
        >>> x.item(0, 1), x.item(2)
        (1, 2)
        """
        places: Any = index[0] if len(index) == 1 and isinstance(index[0], tuple) else index
        if not places:
            return self.to_numpy().item()
        found = self[places] if len(places) > 1 else self.ravel()[places[0]]
        return found.to_numpy().item()

    def tolist(self) -> Any:
        """Compute the elements as nested lists.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.asarray([[3, 1], [2, 4]]).tolist()
        [[3, 1], [2, 4]]
        """
        return self.to_numpy().tolist()

    def _scalar(self, kind: str) -> Any:
        if self.size != 1 or (self.ndim > 0 and kind != "truth value"):
            if kind == "truth value":
                if self.size == 0:
                    raise ValueError(
                        "The truth value of an empty array is ambiguous. Use x.size > 0 to ask for elements"
                    )
                raise ValueError(
                    "The truth value of an array with more than one element is ambiguous. "
                    "Use x.any() or x.all()"
                )
            raise TypeError(
                f"only arrays without axes can be converted to {kind}, not one of shape {self.shape}"
            )
        return self.to_numpy().reshape(())[()]

    def __bool__(self) -> bool:
        """Compute the only element's truth."""
        return bool(self._scalar("truth value"))

    def __int__(self) -> int:
        """Compute the only element as an integer."""
        return int(self._scalar("int"))

    def __float__(self) -> float:
        """Compute the only element as a float."""
        return float(self._scalar("float"))

    def __complex__(self) -> complex:
        """Compute the only element as a complex number."""
        return complex(self._scalar("complex"))

    def __index__(self) -> int:
        """Compute the only element as an index."""
        if self.dtype.kind not in "iu":
            raise TypeError("only integer arrays without axes can be converted to an index")
        return int(self._scalar("index"))

    # Protocols.

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Compute, for NumPy."""
        if copy is False:
            held = self._array.in_memory()
            if held is None or (dtype is not None and np.dtype(dtype) != self.dtype):
                raise ValueError(
                    "the elements must be computed, which makes a new array: leave copy=False out"
                )
            return np.asarray(held)
        array = self.to_numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __bytes__(self) -> bytes:
        """Compute the elements as bytes, as NumPy's arrays give theirs."""
        return self.tobytes()

    def __buffer__(self, flags: int, /) -> memoryview:
        """Lend a copy of elements that lie in memory, for ``memoryview`` from Python 3.12 on."""
        if self._array.in_memory() is None:
            # NumPy asks for a buffer before it asks for an array, and drops what is raised: nothing runs.
            raise BufferError("the elements are not computed: memoryview(x.compute())")
        return self.to_numpy().data

    def __arrow_array__(self, type: Any = None) -> Any:
        """Compute a vector, for ``pyarrow.array``."""
        import pyarrow

        if self.ndim != 1:
            raise ValueError(
                f"an array of Arrow has one axis, not {self.ndim}: take a column, x.ravel(), or "
                "x.to_dataframe(names)"
            )
        return pyarrow.array(self.to_numpy(), type=type)

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        """Compute a vector, for whatever takes arrays of Arrow."""
        return self.__arrow_array__().__arrow_c_array__(requested_schema)

    def __dask_tokenize__(self) -> Any:
        """Give Dask a name of its own for each array: what makes one would be computing its elements."""
        return ("swath.Array", uuid.uuid4().hex)

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        """Give the module of the Array API's functions: :mod:`swath.array`."""
        import swath.array as sa

        if api_version is not None and api_version not in sa._info.VERSIONS:
            raise ValueError(
                f"Array API {api_version} is not supported; expected one of {', '.join(sa._info.VERSIONS)}"
            )
        return sa

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Apply a ufunc of NumPy, lazily."""
        from swath.array import _numpy_protocol

        return _numpy_protocol.ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        """Apply a function of NumPy, lazily."""
        from swath.array import _numpy_protocol

        return _numpy_protocol.function(function, types, args, options)

    def __dlpack__(self, **options: Any) -> Any:
        """Compute, for DLPack."""
        options.pop("stream", None)
        return self.to_numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Say where the elements will lie: in host memory."""
        return (1, 0)

    def __reduce__(self) -> Any:
        """Compute, for pickle."""
        if self.nbytes > _PICKLED_BYTES:
            raise TypeError(
                f"arrays are pickled with their elements, and these are {self.nbytes} bytes: "
                "write them with to_zarr and pickle the path, or pickle x.compute()"
            )
        import swath.array as sa

        return (sa.asarray, (self.to_numpy(),))

    def __copy__(self) -> Array:
        """Return another array of the same expression."""
        return Array._from_native(self._array)

    def __deepcopy__(self, memo: Any) -> Array:
        """Return another array of the same expression: expressions never change."""
        return Array._from_native(self._array)

    # Text.

    def __repr__(self) -> str:
        """Show shape, dtype and chunks, and elements only where they lie in memory."""
        known = self._array.known_shape()
        dtype = self._array.dtype()
        held = self._array.in_memory()
        count = 1
        for length in known:
            count *= length or 0
        if held is not None and count <= _SHOWN:
            text = np.array2string(np.asarray(held), separator=", ", prefix="swath.Array(")
            return f"swath.Array({text}, dtype={dtype})"
        lengths = ["?" if length is None else str(length) for length in known]
        shape = f"({', '.join(lengths)}{',' if len(lengths) == 1 else ''})"
        chunks = self._array.chunks()
        cut = f", chunks={tuple(max(along) for along in chunks)}" if chunks is not None else ""
        return f"swath.Array(shape={shape}, dtype={dtype}{cut})"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        """Format the text, or the only element if a format is given."""
        return format(self.item(), format_spec) if format_spec else str(self)


_TRUTHS = frozenset({bool, np.bool_, np.ndarray, Array})
"""Types of which some values are truth values, or masks without axes."""
