"""Windows that move over arrays."""

from __future__ import annotations

from typing import Any

from swath.array._array import Array
from swath.array._convert import axes_of, native_of, shape_of, wrap
from swath.array.indexing import take
from swath.array.joining import stack
from swath.array.layout import broadcast_to, moveaxis
from swath.array.ranges import arange

__all__ = ["broadcast_to", "sliding_window_view"]

_STACKED = 64
"""The longest window that is made of slices."""


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
            picks = arange(count)[:, None] + arange(window)[None, :]
            made = moveaxis(take(made, picks, axis=place), place + 1, -1)
    return made
