"""Indices of Python as the engine takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from swath._internal import array as native
from swath.array import _convert

if TYPE_CHECKING:
    from swath.array._array import Array

_PLAIN = (int, slice, type(None), type(Ellipsis))


def parts_of(key: Any) -> tuple[Any, ...]:
    """Give the parts of an index: what the engine knows as it is, everything else as arrays."""
    if type(key) is not tuple:
        key = (key,)
    return tuple(part if type(part) in _PLAIN else _part(part) for part in key)


def truth_of(key: Any) -> tuple[Any, bool] | None:
    """Give an index with truth values as one with new axes in their place, and whether all of them are true.

    ``None`` if there are none. A truth value is a mask without axes: it keeps everything, or nothing.
    """
    parts = key if type(key) is tuple else (key,)
    places = [place for place, part in enumerate(parts) if _is_truth(part)]
    if not places:
        return None
    kept = all(bool(parts[place]) for place in places)
    rest = [
        None if place == places[0] else part for place, part in enumerate(parts) if place not in places[1:]
    ]
    return tuple(rest), kept


def _is_truth(part: Any) -> bool:
    if isinstance(part, (bool, np.bool_)):
        return True
    dtype = getattr(part, "dtype", None)
    return dtype is not None and dtype == np.bool_ and getattr(part, "ndim", 1) == 0


def _part(part: Any) -> Any:
    from swath.array._array import Array

    if isinstance(part, Array):
        if part.dtype.kind not in "biu":
            raise IndexError(f"arrays used as indices must be of integer or boolean dtype, not {part.dtype}")
        return part._array
    if isinstance(part, (str, bytes, float, dict)):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and integer or boolean arrays are valid "
            "indices, not "
            f"{type(part).__name__}"
        )
    if isinstance(part, (list, tuple)) and not part:
        return _convert.from_numpy(np.empty(0, dtype=np.int64))
    if isinstance(part, slice):
        return part
    if hasattr(part, "__index__") and not isinstance(part, (bool, np.bool_, np.ndarray)):
        return cast(Any, part).__index__()
    array = _convert.to_numpy_input(part)
    if array.dtype.kind not in "biu":
        raise IndexError(f"arrays used as indices must be of integer or boolean dtype, not {array.dtype}")
    return _convert.from_numpy(array)


class Flat:
    """The elements in C order: ``x.flat[3:8]``, ``x.flat[0] = 1``, ``for element in x.flat``."""

    __slots__ = ("_left", "_of")

    def __init__(self, of: Any) -> None:
        self._of = of
        self._left: Iterator[Array] | None = None

    def __len__(self) -> int:
        """Number of elements."""
        return int(self._of.size)

    def __iter__(self) -> Iterator[Array]:
        """Give the elements, lazy ones."""
        return iter(self._of.ravel())

    def __next__(self) -> Array:
        """Give the next element."""
        if self._left is None:
            self._left = iter(self)
        return next(self._left)

    def __getitem__(self, key: Any) -> Array:
        """Give the elements at positions of the flat array."""
        found: Array = self._of.ravel()[key]
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace elements at positions of the flat array, by values that are repeated as often as needed."""
        shape = self._of.shape
        flat = self._of.ravel()
        if type(value) not in _convert.NUMBERS:
            given = _convert.wrap(_convert.native_of(value)).ravel()
            count, wanted = given.size, flat[key].size
            if not count and wanted:
                raise ValueError("x.flat[…] = values: there are no values")
            if 1 < count < wanted:
                given = given[np.arange(wanted) % count]
            value = given[0] if count == 1 else given[:wanted]
        flat[key] = value
        self._of._array = flat.reshape(shape)._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Compute the elements."""
        array: np.ndarray[Any, Any] = self._of.ravel().to_numpy()
        return array if dtype is None else array.astype(dtype, copy=False)


class VectorIndex:
    """Indexing point by point: ``x.vindex[rows, columns]``."""

    __slots__ = ("_of",)

    def __init__(self, of: Array) -> None:
        self._of = of

    def __getitem__(self, key: Any) -> Array:
        """Give the elements at points; the points' axes come first."""
        return _convert.wrap(native.vindex(self._of._array, parts_of(key)))


class Blocks:
    """Indexing by the numbers of chunks: ``x.blocks[0, 1:]``."""

    __slots__ = ("_of",)

    def __init__(self, of: Array) -> None:
        self._of = of

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of chunks along each axis."""
        return self._of.numblocks

    @property
    def size(self) -> int:
        """Number of chunks."""
        return self._of.npartitions

    def __getitem__(self, key: Any) -> Array:
        """Give the array of some chunks; all axes stay."""
        parts = tuple(part for part in parts_of(key) if part is not Ellipsis)
        return _convert.wrap(native.blocks(self._of._array, parts))
