"""Differences and sums that stand for derivatives and integrals, and lines between points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath.array._convert import axes_of, native_of, wrap
from swath.array.joining import concatenate

if TYPE_CHECKING:
    from swath.array._array import Array


def gradient(f: Any, /, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Find derivatives by differences of neighbours, to second order inside.

    Parameters
    ----------
    f : array_like
        The values.
    *varargs
        Distances, one for all axes or one for each: numbers, or the coordinates along an axis.
    axis
        The axis, or a tuple of them; all if none is named.
    edge_order
        1 or 2: how exact the first and last ones are.

    Returns
    -------
    Array or list of Array
        One for each axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.gradient(sa.asarray([1.0, 4.0, 9.0, 16.0])).compute()
    array([3., 4., 6., 7.])
    """
    own = wrap(native_of(f))
    if own.dtype.kind in "biu":
        own = own.astype(np.float64)
    if own.dtype.kind == "M":
        # Differences of dates are durations, as these are of the first moment.
        own = own.astype("int64").astype(own.dtype.str.replace("M8", "m8"))
    axes = list(range(own.ndim)) if axis is None else [one % own.ndim for one in axes_of(axis) or []]
    spacings = list(varargs) or [1.0]
    if len(spacings) == 1:
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise TypeError(f"gradient: {len(varargs)} distances for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, not {edge_order!r}")
    made = [_along(own, place, spacing, edge_order) for place, spacing in zip(axes, spacings, strict=True)]
    return made[0] if len(made) == 1 and (axis is not None or own.ndim == 1) else made


def _along(f: Array, axis: int, spacing: Any, edge_order: int) -> Array:
    length = f.shape[axis]
    if length < edge_order + 1:
        raise ValueError(
            f"gradient needs at least {edge_order + 1} elements along axis {axis}, which has {length}"
        )
    distances = np.asarray(spacing)
    if distances.ndim == 1 and len(distances) != length:
        raise ValueError(
            f"gradient: {len(distances)} coordinates along axis {axis}, which has {length} elements"
        )
    steps = np.diff(distances) if distances.ndim == 1 else None
    if steps is not None and steps.dtype.kind in "biu":
        steps = steps.astype(np.float64)

    def part(start: int | None, stop: int | None) -> Array:
        return f[(slice(None),) * axis + (slice(start, stop),)]

    def edge(points: list[int], weights: list[float]) -> Array:
        total: Any = None
        for point, weight in zip(points, weights, strict=True):
            at = point % length
            term = part(at, at + 1) * weight
            total = term if total is None else total + term
        return total  # type: ignore[no-any-return]

    def step(place: int) -> float:
        return float(distances if steps is None else steps[place])

    if edge_order == 1:
        ends = (part(1, 2) - part(0, 1)) / step(0), (part(-1, None) - part(-2, -1)) / step(-1)
    else:
        one, two = step(0), step(1)
        start = [
            -(2 * one + two) / (one * (one + two)),
            (one + two) / (one * two),
            -one / (two * (one + two)),
        ]
        one, two = step(-2), step(-1)
        stop = [two / (one * (one + two)), -(two + one) / (one * two), (2 * two + one) / (two * (one + two))]
        ends = edge([0, 1, 2], start), edge([-3, -2, -1], stop)
    parts = [ends[0], ends[1]]
    if length > 2:
        parts.insert(1, _inside(f.ndim, axis, part, steps, step))
    # Coordinates are of double precision, and what is found is of the elements' own.
    return concatenate([one if one.dtype == f.dtype else one.astype(f.dtype) for one in parts], axis=axis)


def _inside(ndim: int, axis: int, part: Any, steps: Any, step: Any) -> Array:
    if steps is None:
        uniform: Array = (part(2, None) - part(None, -2)) / (2.0 * step(0))
        return uniform
    shape = [1] * ndim
    shape[axis] = -1
    one, two = steps[:-1].reshape(shape), steps[1:].reshape(shape)
    found: Array = (
        part(None, -2) * (-two / (one * (one + two)))
        + part(1, -1) * ((two - one) / (one * two))
        + part(2, None) * (one / (two * (one + two)))
    )
    return found


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Array:
    """Integrate along an axis by the trapezoidal rule.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.trapezoid(sa.asarray([1.0, 2.0, 3.0])).compute()
    np.float64(4.0)
    """
    own = wrap(native_of(y))
    axis %= own.ndim
    before = (slice(None),) * axis
    width: Any = dx
    if x is not None:
        points = wrap(native_of(x))
        ends = before if points.ndim > 1 else ()
        later, earlier = (*ends, slice(1, None)), (*ends, slice(None, -1))
        width = points[later] - points[earlier]
        if points.ndim == 1:
            shape = [1] * own.ndim
            shape[axis] = -1
            width = width.reshape(shape)
    later, earlier = (*before, slice(1, None)), (*before, slice(None, -1))
    area: Array = width * (own[later] + own[earlier]) / 2.0
    return area.sum(axis=axis)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Array:
    """Read lines between points ``(xp, fp)``, with ascending ``xp``, at positions ``x``.

    Positions are taken as float64, and so are values, or as complex128.

    Parameters
    ----------
    x
        Where to interpolate.
    xp
        Where values are known, ascending.
    fp
        The known values.
    left
        The value before all of them.
    right
        The value after all of them.
    period
        After which the positions repeat; then ``xp`` is in any order, and there is no left nor right.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.interp([1.5], [1, 2], [10, 20]).compute()
    array([15.])
    >>> sa.interp([370.0], [350, 10], [0, 10], period=360).compute()
    array([10.])
    """
    from swath.array.elementwise import where

    at, places, values = (wrap(native_of(one)) for one in (x, xp, fp))
    if "c" in (at.dtype.kind, places.dtype.kind):
        raise TypeError("interp: places on a line are real numbers, and x or xp is complex")
    if any(one.dtype.kind in "mM" for one in (at, places, values)):
        raise TypeError('interp takes numbers: read dates and durations as such, x.astype("int64")')
    if places.ndim != 1 or values.shape != places.shape or places.shape[0] == 0:
        raise ValueError(f"interp: fp and xp must be of one length, not {values.shape} and {places.shape}")
    at, places = at.astype(np.float64), places.astype(np.float64)
    values = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
    if period is not None:
        if period == 0:
            raise ValueError("interp: the period must not be zero")
        left = right = None
        at, places, values = _repeated(at, places, values, abs(float(period)))
    if places.shape[0] == 1:
        made: Array = where(at == at, values[0], values[0])
    elif values.dtype.kind == "c":
        # Lines between complex numbers are two lines, so that what is infinite stays in its part.
        real, imaginary = (_lines(at, places, one) for one in (values.real, values.imag))
        made = real + imaginary * 1j
    else:
        made = _lines(at, places, values)
    made = where(at < places[0], values[0] if left is None else left, made)
    return where(at > places[-1], values[-1] if right is None else right, made)


def _repeated(at: Array, places: Array, values: Array, period: float) -> tuple[Array, Array, Array]:
    """Put positions into one period, and the first point behind the last one and the other way round."""
    from swath.array.order import argsort

    at, places = at % period, places % period
    order = argsort(places)
    places, values = places[order], values[order]
    places = concatenate([places[-1:] - period, places, places[:1] + period])
    return at, places, concatenate([values[-1:], values, values[:1]])


def _lines(at: Array, places: Array, values: Array) -> Array:
    """Read lines inside of two points at least, from the left one, and where that is NaN from the right one.

    As NumPy does it, which gives the points themselves beside infinite ones.
    """
    from swath.array.elementwise import clip, isnan, where
    from swath.array.order import searchsorted

    before = clip(searchsorted(places, at, side="right") - 1, 0, places.shape[0] - 2)
    low, high = places[before], places[before + 1]
    first, second = values[before], values[before + 1]
    slope = (second - first) / (high - low)
    made = slope * (at - low) + first
    other = slope * (at - high) + second
    other = where(isnan(other) & (first == second), first, other)
    made = where(isnan(made), other, made)
    # Only the last point is not left of the next one.
    made = where(at == high, second, where(at == low, first, made))
    return where(isnan(at), at, made)


def ediff1d(x: Any, /, to_end: Any = None, to_begin: Any = None) -> Array:
    """Take differences of neighbours of the flat array, with others before and behind.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ediff1d([1, 4, 9]).compute()
    array([3, 5])
    """
    from swath.array.reductions import diff

    made = diff(wrap(native_of(x)).ravel())
    parts = [one for one in (to_begin, made, to_end) if one is not None]
    return concatenate([wrap(native_of(one)).ravel().astype(made.dtype) for one in parts])


def convolve(a: Any, v: Any, mode: str = "full") -> Array:
    """Add up neighbours with weights, as NumPy's ``convolve``: the shorter vector is the weights.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.convolve([1, 2, 3], [1, 1]).compute()
    array([1, 3, 5, 3])
    """
    from swath.array.joining import pad
    from swath.array.lib.stride_tricks import sliding_window_view

    long, short = wrap(native_of(a)), wrap(native_of(v))
    if long.ndim > 1 or short.ndim > 1:
        raise ValueError("convolve takes vectors")
    long, short = (one.reshape((-1,)) for one in (long, short))
    if short.size > long.size:
        long, short = short, long
    if short.size == 0:
        raise ValueError("a cannot be empty" if long.size == 0 else "v cannot be empty")
    more = short.size - 1
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode is 'full', 'same' or 'valid', not {mode!r}")
    widths = {"full": (more, more), "same": (more - more // 2, more // 2), "valid": (0, 0)}[mode]
    dtype = np.result_type(long.dtype, short.dtype)
    windows = sliding_window_view(pad(long.astype(dtype), widths), short.size)
    return windows @ short.astype(dtype)[::-1]


def correlate(a: Any, v: Any, mode: str = "valid") -> Array:
    """Add up neighbours with weights that are not turned around, as NumPy's ``correlate``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.correlate([1, 2, 3], [0, 1], "full").compute()
    array([1, 2, 3, 0])
    """
    own = wrap(native_of(v))
    own = own.conj() if own.dtype.kind == "c" else own
    other = wrap(native_of(a))
    made = convolve(other, own[::-1], mode)
    return made if other.size >= own.size or mode != "valid" else made[::-1][::-1]


def polyval(p: Any, x: Any) -> Array:
    """Compute a polynomial whose coefficients fall from the highest power.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.polyval([1, 0, 1], [2, 3]).compute()
    array([ 5, 10])
    """
    at = wrap(native_of(x))
    made: Any = at * 0
    for coefficient in np.asarray(p):
        made = made * at + coefficient
    return made  # type: ignore[no-any-return]


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi) -> Array:
    """Add multiples of a period, so that neighbours along an axis lie within half of it.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.unwrap([0.0, 6.0]).compute().round(4)
    array([ 0.    , -0.2832])
    """
    from swath.array.elementwise import where
    from swath.array.reductions import cumsum, diff

    own = wrap(native_of(p))
    own = own if own.dtype.kind == "f" else own.astype(np.float64)
    steps = diff(own, axis=axis)
    low, high = -period / 2, period / 2
    wrapped = (steps - low) % period + low
    wrapped = where((wrapped == low) & (steps > 0), high, wrapped)
    fixed = where(abs(steps) < (high if discont is None else discont), 0.0, wrapped - steps)
    before = (slice(None),) * (axis % own.ndim)
    first, rest = (*before, slice(None, 1)), (*before, slice(1, None))
    return concatenate([own[first], own[rest] + cumsum(fixed, axis=axis)], axis=axis)
