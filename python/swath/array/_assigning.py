"""What is assigned to elements: checked as NumPy checks it, in a shape that the engine takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from swath.array import _convert


def assignable(value: Any, dtype: np.dtype[Any]) -> Any:
    """Give a value as the operand of an assignment to elements of a dtype.

    Raises
    ------
    OverflowError
        An integer beyond the dtype, or an infinity for integers.
    ValueError
        NaN for integers.
    TypeError
        A complex number for others.
    """
    from swath.array._array import Array

    _check_number(value, dtype)
    if type(value) in _convert.NUMBERS:
        return value
    if dtype.kind in "mM" and not isinstance(value, Array):
        value = np.asarray(value, dtype=dtype)
    inner = _convert.native_of(value)
    known = inner.known_shape()
    ones = next((place for place, length in enumerate(known) if length != 1), len(known))
    if not ones:
        return inner
    # Lengths of one in front are the same to broadcasting as none.
    return _convert.wrap(inner)[(0,) * ones]._array


def _check_number(value: Any, dtype: np.dtype[Any]) -> None:
    if type(value) is int and dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        if not bounds.min <= value <= bounds.max:
            raise OverflowError(f"Python integer {value} out of bounds for {dtype}")
    elif isinstance(value, (float, np.floating)) and dtype.kind in "iu" and not math.isfinite(value):
        if math.isnan(value):
            raise ValueError(f"cannot convert float NaN to integer: the elements are {dtype}")
        raise OverflowError(f"cannot convert float infinity to integer: the elements are {dtype}")
    elif type(value) is complex and dtype.kind in "biuf":
        raise TypeError(f"a complex number cannot be assigned to elements of {dtype}")
