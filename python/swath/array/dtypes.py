"""Dtypes (NumPy's), their limits and how they combine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from swath.array._convert import native_of

bool = np.dtype("bool")
int8, int16, int32, int64 = (np.dtype(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64))
float16, float32, float64 = (np.dtype(f"float{bits}") for bits in (16, 32, 64))
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")
datetime64, timedelta64 = np.datetime64, np.timedelta64
dtype = np.dtype

pi: float = np.pi
e: float = math.e
inf: float = np.inf
nan: float = np.nan
newaxis = None

_KINDS = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}


def isdtype(dtype: Any, kind: Any) -> Any:
    """Say whether a dtype is of a kind: a dtype, ``"bool"``, ``"integral"`` …, or one of a tuple.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isdtype(sa.float32, ("real floating", "complex floating"))
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    if isinstance(kind, str) and kind in _KINDS:
        return np.dtype(dtype).kind in _KINDS[kind]
    if isinstance(kind, str):
        raise ValueError(
            f"there is no kind of dtypes {kind!r}; expected a dtype or one of {', '.join(map(repr, _KINDS))}"
        )
    return np.dtype(dtype) == np.dtype(kind)


def _dtype_of(value: Any) -> Any:
    if type(value) in (int, float, complex) or value is True or value is False:
        return value
    if hasattr(value, "_array"):
        return np.dtype(value._array.dtype())
    return value


def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """Give the dtype that an operation of arrays, dtypes and numbers has.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.result_type(sa.float32, sa.int8, 3.0)
    dtype('float32')
    """
    if not arrays_and_dtypes:
        raise ValueError("result_type needs at least one array or dtype")
    return np.result_type(*map(_dtype_of, arrays_and_dtypes))


def can_cast(from_: Any, to: Any, /, casting: Any = "safe") -> Any:
    """Say whether a dtype, or an array's, can be cast.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.can_cast(sa.int32, sa.int64)
    True
    """
    own = _dtype_of(from_)
    if hasattr(own, "shape") and not isinstance(own, np.dtype):
        own = np.dtype(native_of(own).dtype())
    return np.can_cast(own, to, casting=casting)


def promote_types(type1: Any, type2: Any, /) -> np.dtype[Any]:
    """Give the smallest dtype that holds two.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.promote_types("int8", "uint8")
    dtype('int16')
    """
    return np.promote_types(type1, type2)


def finfo(type: Any, /) -> Any:
    """Give the limits of a float dtype, or of an array's.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.finfo("float32").bits
    32
    """
    own = _dtype_of(type)
    return np.finfo(own.dtype if hasattr(own, "dtype") and not isinstance(own, np.dtype) else own)


def iinfo(type: Any, /) -> Any:
    """Give the limits of an integer dtype, or of an array's.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.iinfo("int8").max
    127
    """
    own = _dtype_of(type)
    return np.iinfo(own.dtype if hasattr(own, "dtype") and not isinstance(own, np.dtype) else own)


def iscomplexobj(x: Any, /) -> Any:
    """Say whether elements are complex numbers.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.iscomplexobj(sa.ones(1, dtype="complex128"))
    True
    """
    return np.dtype(native_of(x).dtype()).kind == "c"


def isrealobj(x: Any, /) -> Any:
    """Say whether elements are no complex numbers.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isrealobj(sa.ones(1))
    True
    """
    return not iscomplexobj(x)


def isscalar(x: Any, /) -> Any:
    """Say whether it is a number.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isscalar(1.5)
    True
    """
    return np.isscalar(x)


def min_scalar_type(x: Any, /) -> np.dtype[Any]:
    """Give the smallest dtype that holds a number, or an array's dtype.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.min_scalar_type(300)
    dtype('uint16')
    """
    own = _dtype_of(x)
    return own if isinstance(own, np.dtype) else np.min_scalar_type(own)
