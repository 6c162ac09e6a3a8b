"""Fourier transforms; `name` is NumPy's."""

from collections.abc import Sequence

from swath._internal.array import Array

__all__ = ["along", "over", "shift"]

def along(name: str, array: Array, length: int | None, axis: int, norm: str) -> Array: ...
def over(
    name: str, array: Array, lengths: Sequence[int] | None, axes: Sequence[int] | None, norm: str
) -> Array: ...
def shift(array: Array, axes: Sequence[int] | None, back: bool) -> Array: ...
