"""Numbers at equal distances."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from swath.array import _context
from swath.array._convert import chunks_of, wrap
from swath.array.creation import check_device

if TYPE_CHECKING:
    from swath.array._array import Array


_TIMES = (np.datetime64, np.timedelta64, date)
_NUMBER = np.dtype(np.int64)


def arange(
    start: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    dtype: Any = None,
    *,
    device: Any = None,
    chunks: Any = None,
    session: Any = None,
) -> Array:
    """Count from ``start`` to before ``stop``.

    Parameters
    ----------
    start
        The first value, or the end, if it is the only one. Dates and durations are counted in their unit.
    stop
        The end, which is no value.
    step
        The difference of two values.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.arange(2, 10, 3).compute()
    array([2, 5, 8])
    """
    check_device(device)
    if stop is None:
        start, stop = 0, start
    if isinstance(step, (int, float)) and step == 0:
        raise ValueError("arange: the step must not be zero")
    if any(
        isinstance(one, _TIMES) or getattr(one, "dtype", _NUMBER).kind in "mM" for one in (start, stop, step)
    ):
        return _times(start, stop, step, dtype, chunks, session)
    bounds: tuple[Any, ...] = (start, stop, step)
    numbers = [
        one.item() if isinstance(one, (np.generic, np.ndarray)) or hasattr(one, "_array") else one
        for one in bounds
    ]
    maker = _context.maker(session)
    is_whole = all(isinstance(one, int) for one in numbers)
    if chunks is not None:
        import math

        count = max(math.ceil((numbers[1] - numbers[0]) / numbers[2]), 0)
        maker = maker.with_chunks(chunks_of(chunks, (count,)))
    made = wrap(maker.arange(*map(int, numbers)) if is_whole else maker.arange_float(*map(float, numbers)))
    if dtype is not None and np.dtype(dtype) != made.dtype:
        return made.astype(dtype)
    return made


def _times(start: Any, stop: Any, step: Any, dtype: Any, chunks: Any, session: Any) -> Array:
    """Count dates or durations, in the unit that NumPy counts them in."""
    given = [
        one.to_numpy()[()] if hasattr(one, "_array") else np.datetime64(one) if isinstance(one, date) else one
        for one in (start, stop, step)
    ]
    is_date = isinstance(given[0], np.datetime64)
    if isinstance(given[1], np.datetime64) != is_date and not (
        is_date or isinstance(given[1], np.timedelta64)
    ):
        raise TypeError("arange: dates are counted from a date")
    if dtype is None:
        own = [one.dtype.str.replace("m8", "M8") for one in given if isinstance(one, np.generic)]
        unit = np.result_type(*own)
    else:
        unit = np.dtype(dtype)
    name = np.datetime_data(unit)
    whole = []
    for one in given:
        kind: Any = np.datetime64 if isinstance(one, np.datetime64) else np.timedelta64
        whole.append(int(kind(one, name).astype(np.int64)))
    if whole[2] == 0:
        raise ValueError("arange: the step must not be zero")
    if is_date and not isinstance(given[1], np.datetime64):
        # A number of units, or a length of time, counts from the first date.
        whole[1] += whole[0]
    counted = arange(*whole, chunks=chunks, session=session)
    return counted.astype(f"{'M' if is_date else 'm'}8[{name[1] if name[1] > 1 else ''}{name[0]}]")


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    *,
    device: Any = None,
    chunks: Any = None,
    session: Any = None,
) -> Any:
    """Make ``num`` numbers at equal distances from ``start`` to ``stop``.

    Parameters
    ----------
    start
        The first value.
    stop
        The value to stop at.
    num
        How many values.
    endpoint
        Whether the last value is one of them.
    retstep
        Whether the difference of two values is returned, too.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linspace(0, 1, 5).compute()
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    check_device(device)
    if num < 0:
        raise ValueError(f"linspace: the number of samples must not be negative, got {num}")
    maker = _context.maker(session)
    if chunks is not None:
        maker = maker.with_chunks(chunks_of(chunks, (num,)))
    if isinstance(start, complex) or isinstance(stop, complex):
        real = wrap(maker.linspace(complex(start).real, complex(stop).real, num, endpoint))
        imag = wrap(maker.linspace(complex(start).imag, complex(stop).imag, num, endpoint))
        made = real + imag * 1j
    else:
        made = wrap(maker.linspace(float(start), float(stop), num, endpoint))
    if dtype is not None and np.dtype(dtype) != made.dtype:
        from swath.array.elementwise import floor

        made = (floor(made) if np.dtype(dtype).kind in "iu" else made).astype(dtype)
    if retstep:
        parts = num - 1 if endpoint else num
        return made, (stop - start) / parts if parts > 0 else float("nan")
    return made


def logspace(
    start: float, stop: float, num: int = 50, endpoint: bool = True, base: float = 10.0, dtype: Any = None
) -> Array:
    """Make ``num`` powers of a base, whose exponents are at equal distances.

    Parameters
    ----------
    start
        The first value's exponent.
    stop
        The last value's exponent.
    num
        How many values.
    endpoint
        Whether the last value is one of them.
    base
        What is raised to these powers.
    dtype
        The dtype of the result.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.logspace(0, 2, 3).compute()
    array([  1.,  10., 100.])
    """
    from swath.array.elementwise import power

    made = power(float(base), linspace(start, stop, num, endpoint))
    return made if dtype is None else made.astype(dtype)


def geomspace(start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: Any = None) -> Array:
    """Make ``num`` numbers from ``start`` to ``stop``, each the same multiple of the one before.

    Parameters
    ----------
    start
        The first value.
    stop
        The value to stop at.
    num
        How many values.
    endpoint
        Whether the last value is one of them.
    dtype
        The dtype of the result.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.geomspace(1, 100, 3).compute()
    array([  1.,  10., 100.])
    """
    if not start or not stop or (start < 0) != (stop < 0):
        raise ValueError("geomspace: start and stop must be of one sign, and not zero")
    sign = -1.0 if start < 0 else 1.0
    made = logspace(float(np.log10(abs(start))), float(np.log10(abs(stop))), num, endpoint) * sign
    if num:
        made[0] = float(start)
    if num > 1 and endpoint:
        made[-1] = float(stop)
    return made if dtype is None else made.astype(dtype)
