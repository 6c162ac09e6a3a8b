"""Windows that move over arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from swath.array._array import Array
from swath.array._convert import axes_of, native_of, shape_of, wrap
from swath.array.blockwise import map_blocks
from swath.array.joining import concatenate, stack
from swath.array.layout import broadcast_to

__all__ = ["broadcast_to", "sliding_window_view"]

_STACKED = 64
"""The longest window that is made of slices."""
_PART_BYTES = 32 << 20
"""Bytes that the windows of one part may have, were they copied."""
_MOST_PARTS = 1024
"""As many parts at most are made along an axis."""


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None, **ignored: Any) -> Array:
    """Give the windows of a length at all positions along axes; the windows' axes are the last ones.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.lib.stride_tricks.sliding_window_view(sa.arange(4), 2).compute()
    array([[0, 1],
           [1, 2],
           [2, 3]])
    """
    made = wrap(native_of(x))
    windows = shape_of(window_shape)
    axes = list(range(made.ndim)) if axis is None else [one % made.ndim for one in axes_of(axis) or []]
    if len(axes) != len(windows):
        raise ValueError(f"sliding_window_view: {len(windows)} lengths of windows for {len(axes)} axes")
    for place, window in zip(axes, windows, strict=True):
        count = made.shape[place] - window + 1
        if count < 1:
            raise ValueError(
                f"a window of {window} does not fit axis {place}, of {made.shape[place]} elements"
            )
        before = (slice(None),) * place
        if window <= _STACKED:
            parts = [(*before, slice(start, start + count)) for start in range(window)]
            made = stack([made[part] for part in parts], axis=-1)
        else:
            made = _long_windows(made, place, window)
    return made


def _long_windows(x: Array, place: int, window: int) -> Array:
    """Give windows as views of parts that overlap: what takes them in at once copies none of them."""
    count = x.shape[place] - window + 1
    across = [max(lengths) for axis, lengths in enumerate(x.chunks) if axis != place]
    bytes_each = window * max(x.dtype.itemsize, 1) * int(np.prod(across, dtype=np.int64))
    step = max(_PART_BYTES // max(bytes_each, 1), -(-count // _MOST_PARTS), 1)

    def view(part: np.ndarray[Any, Any]) -> Any:
        return np.lib.stride_tricks.sliding_window_view(part, window, axis=place)

    parts = []
    for start in range(0, count, step):
        stop = min(start + step, count)
        span = (*(slice(None),) * place, slice(start, stop + window - 1))
        part = x[span]
        lengths: list[tuple[int, ...]] = list(part.chunks)
        lengths[place] = (stop - start + window - 1,)
        part = part.rechunk(tuple(lengths))
        lengths[place] = (stop - start,)
        parts.append(
            map_blocks(
                view,
                part,
                dtype=x.dtype,
                chunks=(*lengths, (window,)),
                new_axis=x.ndim,
                name="sliding_window_view",
            )
        )
    return concatenate(parts, axis=place) if len(parts) > 1 else parts[0]
