"""What holds for all of a program: whether progress is shown, options of the default session."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from swath.errors import InvalidArgumentError

__all__ = ["Config", "config"]

_SESSION = (
    "threads",
    "memory_limit",
    "spill_folder",
    "spill_limit",
    "batch_size",
    "settings",
    "storage_options",
)


class Config:
    """
    Options of the program; ``sw.config`` is the only one.

    Attributes
    ----------
    progress
        Whether long runs show how far they are: ``True``, ``False``, or ``None`` for "in a terminal and in a
        notebook". The environment variable ``SWATH_PROGRESS`` sets what it begins with: ``0`` or ``1``.
    threads, memory_limit, spill_folder, spill_limit, batch_size, settings, storage_options
        Options of the session that functions of the module use if there is no other, as
        :class:`swath.Session` takes them. They count for sessions that are made afterwards.

    Examples
    --------
    >>> import swath as sw
    >>> sw.config.progress = False
    >>> with sw.config(progress=None, batch_size=1000):
    ...     sw.config.batch_size
    1000
    >>> sw.config.progress
    False
    """

    __slots__ = ("_values",)

    def __init__(self) -> None:
        progress = {"0": False, "false": False, "1": True, "true": True}.get(
            os.environ.get("SWATH_PROGRESS", "").lower()
        )
        values: dict[str, Any] = {"progress": progress, **dict.fromkeys(_SESSION)}
        object.__setattr__(self, "_values", values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(self._unknown(name)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._values:
            raise AttributeError(self._unknown(name))
        if name == "progress" and value not in (None, True, False):
            raise InvalidArgumentError(f"config: progress: expected True, False or None, got {value!r}")
        if value is not None:
            _check(name, value)
        self._values[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    @contextmanager
    def __call__(self, **options: Any) -> Iterator[Config]:
        """
        Set options within a ``with`` block.

        Parameters
        ----------
        **options
            Any of the attributes.
        """
        before = dict(self._values)
        try:
            for name, value in options.items():
                setattr(self, name, value)
            yield self
        finally:
            self._values.update(before)

    def session_options(self) -> dict[str, Any]:
        """Give the options of the default session that were set."""
        return {name: self._values[name] for name in _SESSION if self._values[name] is not None}

    def _unknown(self, name: str) -> str:
        return f"config has no option '{name}'; it has {', '.join(self._values)}"

    def __repr__(self) -> str:
        return f"config({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"


def _check(name: str, value: Any) -> None:
    """Refuse what no session would take."""
    if name in ("threads", "batch_size"):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InvalidArgumentError(f"config: {name}: expected a whole number from 1 on, got {value!r}")
    elif name in ("memory_limit", "spill_limit"):
        from swath.session import _bytes

        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise InvalidArgumentError(
                f"config: {name}: expected bytes, or text such as '4GB', got {value!r}"
            )
        _bytes(f"config: {name}", value)
    elif name == "spill_folder":
        if not isinstance(value, (str, os.PathLike)):
            raise InvalidArgumentError(f"config: {name}: expected a path, got {value!r}")
    elif name != "progress" and not isinstance(value, Mapping):
        raise InvalidArgumentError(f"config: {name}: expected a dict, got {value!r}")


config = Config()
"""Options of the program."""
