"""Sizes of memory as people write them."""

from __future__ import annotations

import re

from swath.errors import InvalidArgumentError

_UNITS = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgt", start=1):
    _UNITS[_letter] = _UNITS[_letter + "b"] = 1000**_power
    _UNITS[_letter + "ib"] = 1024**_power


def byte_size(size: int | str, name: str) -> int:
    """
    Give the bytes in ``size``.

    Parameters
    ----------
    size
        A number of bytes, or text such as ``"4GB"``, ``"512 MiB"``.
    name
        The argument's name, for the message.

    Examples
    --------
    >>> byte_size("1.5 GB", "memory_limit")
    1500000000
    >>> byte_size("64MiB", "memory_limit") == 64 * 1024**2
    True
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    if isinstance(size, str):
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", size)
        if match and match[2].lower() in _UNITS:
            return int(float(match[1]) * _UNITS[match[2].lower()])
    raise InvalidArgumentError(f"{name}: expected bytes as a number or as text such as '4GB', got {size!r}")
