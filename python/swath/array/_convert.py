"""Values of Python as arrays: NumPy's without copies, numbers, lists, whatever has a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _context

if TYPE_CHECKING:
    from swath.array._array import Array

NUMBERS = frozenset({bool, int, float, complex})
"""The types of bare numbers, which take the dtype of the array beside them. NumPy's have their own."""

_dtypes: dict[str, np.dtype[Any]] = {}


def dtype_of(name: str) -> np.dtype[Any]:
    """Give NumPy's dtype of a name."""
    try:
        return _dtypes[name]
    except KeyError:
        dtype = _dtypes[name] = np.dtype(name)
        return dtype


def dtype_name(dtype: Any) -> str:
    """Give the name of whatever NumPy takes for a dtype.

    Raises
    ------
    TypeError
        If arrays have no such dtype.
    """
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufcmM" or dtype.itemsize > 8 + 8 * (dtype.kind == "c"):
        raise TypeError(
            f"arrays have no dtype {dtype}; expected bool, integers, floats, complex numbers, datetime64 or "
            "timedelta64: convert the values first"
        )
    if dtype.kind in "mM" and dtype.name in ("datetime64", "timedelta64"):
        raise TypeError(f"{dtype.name} needs a unit: write {dtype.name}[ns], for example")
    return str(dtype.name)


def memory_of(array: np.ndarray[Any, Any]) -> native.Memory:
    """Lend the elements of a NumPy array to the engine; copied only where they lie as it cannot read them."""
    if array.dtype.kind in "mM" and np.datetime_data(array.dtype)[0] == "generic" and np.isnat(array).all():
        # What is no time has no unit; it takes that of what it meets.
        array = array.astype(f"{array.dtype.kind}8[s]")
    dtype = array.dtype
    name = dtype_name(dtype)
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("="))
    size = dtype.itemsize
    strides: tuple[int, ...] | None = None
    if not array.flags.c_contiguous or not array.flags.aligned:
        strides = array.strides
        if dtype.kind == "b" or not array.flags.aligned or any(stride % size for stride in strides):
            array, strides = np.array(array, order="C"), None
        else:
            strides = tuple(stride // size for stride in strides)
    return native.borrow(array.__array_interface__["data"][0], array.shape, strides, name, array)


def from_numpy(array: np.ndarray[Any, Any], chunks: Any = None, context: Any = None) -> native.Array:
    """Make a native array of NumPy's."""
    return memory_of(array).to_array(context or _context.maker(), chunks)


def to_numpy_input(value: Any) -> np.ndarray[Any, Any]:
    """Give what is no array of ours as NumPy's, through whatever protocol it has."""
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError("masked arrays are not taken: fill the masked elements first (x.filled(...))")
        return value
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return np.asarray(value)
    if hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    if hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
        import pyarrow

        column = pyarrow.array(value) if hasattr(value, "__arrow_c_array__") else pyarrow.chunked_array(value)
        return np.asarray(column)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"no array can be made of it: {error}") from None


def has_arrays(value: Any) -> bool:
    """Say whether a nested list has arrays of ours in it."""
    from swath.array._array import Array

    if isinstance(value, (list, tuple)):
        return any(has_arrays(one) for one in value)
    return isinstance(value, Array)


def native_of(value: Any) -> native.Array:
    """Give anything array-like as a native array."""
    from swath.array._array import Array

    if isinstance(value, Array):
        return value._array
    if isinstance(value, (list, tuple)) and has_arrays(value):
        return native.stack([native_of(one) for one in value], 0)
    return from_numpy(to_numpy_input(value))


def resolved(value: Any) -> native.Array:
    """Give anything array-like as a native array; lengths that a mask made are computed."""
    from swath.array._array import Array

    own: Array
    if isinstance(value, Array):
        own = value
    else:
        own = wrap(value if isinstance(value, native.Array) else native_of(value))
    if None in own._array.known_shape():
        # Asked of the object that people hold, which keeps them.
        _ = own.shape
    return own._array


def meeting(operands: list[Any]) -> list[Any]:
    """Give operands so that lengths that a mask made are known where they meet known ones.

    Until then the engine has the length before the mask, which fits nothing that people have beside it.
    """
    shapes = [one.known_shape() for one in operands if isinstance(one, native.Array)]
    if len(shapes) < 2 or not any(None in shape for shape in shapes):
        return operands
    for axis in range(1, max(map(len, shapes)) + 1):
        lengths = {shape[-axis] for shape in shapes if len(shape) >= axis}
        if None in lengths and lengths - {None, 1}:
            return [resolved(one) if isinstance(one, native.Array) else one for one in operands]
    return operands


def operand(value: Any) -> native.Array | bool | int | float | complex:
    """Give what stands beside an array: a native array, or a bare number as it is."""
    if type(value) in NUMBERS:
        number: bool | int | float | complex = value
        return number
    return native_of(value)


def kind_of(value: native.Array | bool | int | float | complex) -> str:
    """Give the letter of NumPy's for the kind of what :func:`operand` gave."""
    if isinstance(value, native.Array):
        return dtype_of(value.dtype()).kind
    return "b" if type(value) is bool else "i" if type(value) is int else "f" if type(value) is float else "c"


def wrap(inner: native.Array) -> Array:
    """Make the array that people hold of a native one."""
    from swath.array._array import Array

    return Array._from_native(inner)


def axes_of(axis: Any) -> list[int] | None:
    """Give an axis, or several, as a list; ``None`` for all."""
    if axis is None:
        return None
    if hasattr(axis, "__index__"):
        return [int(axis.__index__())]
    try:
        return [int(one.__index__()) for one in axis]
    except (TypeError, AttributeError):
        message = f"an axis is an integer, and several are a tuple of integers, not {axis!r}"
        raise TypeError(message) from None


def shape_of(shape: Any) -> tuple[int, ...]:
    """Give a length, or several, as a shape."""
    if hasattr(shape, "__index__") and not isinstance(shape, np.ndarray):
        shape = (shape,)
    try:
        lengths = tuple(int(length.__index__()) for length in shape)
    except (TypeError, AttributeError):
        raise TypeError(f"a shape is a length or a tuple of lengths, whole numbers, not {shape!r}") from None
    if any(length < 0 for length in lengths):
        raise ValueError(f"negative dimensions are not allowed: {lengths}")
    return lengths


_SUFFIXES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def _bytes_of(text: str) -> int:
    digits = text.strip().lower().rstrip("bkmgi ")
    suffix = text.strip().lower()[len(digits) :].strip() or "b"
    try:
        return int(float(digits) * _SUFFIXES[suffix])
    except (KeyError, ValueError):
        raise ValueError(f"chunks are 'auto', lengths, or bytes such as '64MiB', not {text!r}") from None


def chunks_of(chunks: Any, shape: tuple[int, ...], own: Any = None) -> Any:
    """Give chunks, as people write them, as the engine takes them.

    ``own`` are the chunks there are, which ``None`` keeps.
    """
    if chunks is None or (isinstance(chunks, str) and chunks == "auto"):
        return "auto"
    if isinstance(chunks, str):
        return ("bytes", _bytes_of(chunks))
    ndim = len(shape)
    if isinstance(chunks, dict):
        given = {axis % ndim if -ndim <= axis < ndim else axis: entry for axis, entry in chunks.items()}
        wrong = [axis for axis in given if not 0 <= axis < ndim]
        if wrong:
            raise ValueError(f"chunks name axis {wrong[0]}, but the array has {ndim} axes")
        chunks = tuple(given.get(axis) for axis in range(ndim))
    elif not isinstance(chunks, (tuple, list)):
        chunks = (chunks,) * ndim
    elif (
        len(chunks) != ndim
        and chunks
        and ndim == 1
        and all(isinstance(one, (int, np.integer)) for one in chunks)
    ):
        chunks = (chunks,)
    if len(chunks) != ndim:
        raise ValueError(f"chunks are for {len(chunks)} axes, but the array has {ndim}: {chunks!r}")
    return [_axis_chunks(entry, axis, own) for axis, entry in enumerate(chunks)]


def _axis_chunks(entry: Any, axis: int, own: Any) -> Any:
    if entry is None:
        return list(own[axis]) if own is not None else -1
    if isinstance(entry, str):
        return "auto"
    if isinstance(entry, (tuple, list, np.ndarray)):
        lengths = [_chunk_length(length) for length in entry]
        if any(length < 0 for length in lengths):
            raise ValueError(f"lengths of chunks must not be negative: {tuple(lengths)} along axis {axis}")
        return lengths
    length = _chunk_length(entry)
    if length < -1:
        raise ValueError(f"a length of chunks is positive, or -1 for the whole axis, not {length}")
    return length


def _chunk_length(entry: Any) -> int:
    if hasattr(entry, "__index__"):
        return int(entry.__index__())
    if isinstance(entry, float) and entry.is_integer():
        return int(entry)
    raise TypeError(f"lengths of chunks are integers, not {entry!r}")
