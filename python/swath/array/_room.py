"""Whether a result fits into memory: asked before it is computed, as the system would end the process."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from swath._internal import array as native
from swath.array._convert import dtype_of
from swath.errors import ResourceError

_SMALL = 1 << 28
"""Bytes of results about which nobody asks."""


def make_sure(arrays: Sequence[native.Array]) -> None:
    """Raise if NumPy could not hold all these elements; lengths that a mask makes are not known."""
    shapes = [(array.shape(), array.dtype()) for array in arrays]
    needed = sum(math.prod(shape) * dtype_of(dtype).itemsize for shape, dtype in shapes if shape is not None)
    if needed < _SMALL:
        return
    free = available()
    if free is not None and needed > free:
        raise ResourceError(
            f"compute: the result needs {needed / 2**30:.1f} GiB; {free / 2**30:.1f} GiB are free in this "
            "machine's memory: reduce or slice it first, write it to a file with to_zarr or to_npy, or hold "
            "it in chunks with persist()"
        )


def available() -> int | None:
    """Give the bytes that this process could still take, where the system tells."""
    free = _of_machine()
    group = _of_group()
    return free if group is None else group if free is None else min(free, group)


def _of_machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _of_group() -> int | None:
    """Give what a container's limit leaves."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return None if limit == "max" else max(int(limit) - int(used), 0)
    except (OSError, ValueError):
        return None
