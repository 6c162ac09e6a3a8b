"""What the Array API asks of its namespace."""

from __future__ import annotations

from typing import Any

import numpy as np

from swath.array import dtypes

VERSION = "2025.12"
VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")

_NAMES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
)


class ArrayNamespaceInfo:
    """What a namespace can do: the answer to ``__array_namespace_info__()``."""

    def capabilities(self) -> dict[str, Any]:
        """Say what is there of what the standard leaves open."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Give the device of new arrays."""
        return "cpu"

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """Give the dtypes of new arrays."""
        _check(device)
        return {
            "real floating": dtypes.float64,
            "complex floating": dtypes.complex128,
            "integral": dtypes.int64,
            "indexing": dtypes.int64,
        }

    def devices(self) -> list[str]:
        """Give the devices."""
        return ["cpu"]

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """Give the dtypes of the standard, by kind."""
        _check(device)
        every = {name: getattr(dtypes, name) for name in _NAMES}
        return {name: dtype for name, dtype in every.items() if kind is None or dtypes.isdtype(dtype, kind)}


def _check(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"there is no device {device!r}: arrays are on the 'cpu'")


def namespace_info() -> ArrayNamespaceInfo:
    """Say what this namespace can do."""
    return ArrayNamespaceInfo()
