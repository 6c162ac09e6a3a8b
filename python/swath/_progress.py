"""
Bars that show how far a run is, in a terminal or a notebook.

:mod:`swath._internal` asks for a bar when a run has taken half a second, updates it ten times a second, and
closes it.
"""

from __future__ import annotations

import html
import shutil
import sys
import threading
from typing import Any, Protocol

from swath._config import config

__all__ = ["Bar", "Figures", "bar", "text"]

Figures = tuple[int, int, int, int, int, int]
"""Stages and those done, tasks and those done, rows, bytes."""

_one_at_a_time = threading.Lock()
_WIDTH = 20


class Bar(Protocol):
    """Something that shows progress."""

    def update(self, seconds: float, figures: Figures | None) -> None:
        """Show how far the run is, which has taken so long."""

    def close(self) -> None:
        """Take it away."""


def bar() -> Bar | None:
    """Give a bar for a run that begins to be long; none if none is wanted, or another run has it."""
    if config.progress is False:
        return None
    notebook = _is_notebook()
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if not (notebook or terminal or config.progress) or not _one_at_a_time.acquire(blocking=False):
        return None
    return Notebook() if notebook else Terminal(is_drawn_over=terminal)


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def text(seconds: float, figures: Figures | None) -> str:
    """
    Describe a run.

    Examples
    --------
    >>> text(1.25, None)
    'running, 1.2 s'
    >>> text(2.0, (0, 0, 0, 0, 1234567, 3 << 20))
    '1,234,567 rows read, 3.0 MiB, 2.0 s'
    >>> text(75.0, (3, 1, 8, 4, 10, 0))
    '[##########          ] stage 2/3, task 4/8, 10 rows made, 1:15 min'
    >>> text(2.0, (2, 0, 8, 2, 0, 3 << 20))
    '[#####               ] stage 1/2, task 2/8, 3.0 MiB, 2.0 s'
    """
    time = f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)}:{int(seconds % 60):02} min"
    if figures is None:
        return f"running, {time}"
    stages, stages_done, tasks, tasks_done, rows, size = figures
    parts = []
    if stages:
        full = _WIDTH * tasks_done // tasks if tasks else 0
        parts.append(
            f"[{'#' * full:<{_WIDTH}}] stage {min(stages_done + 1, stages)}/{stages}, "
            f"task {tasks_done}/{tasks}"
        )
    if rows or not stages:
        parts.append(f"{rows:,} rows {'made' if stages else 'read'}")
    if size:
        parts.append(_readable(size))
    return ", ".join([*parts, time])


def _readable(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


class Terminal:
    """A line on standard error that is drawn over itself."""

    def __init__(self, *, is_drawn_over: bool) -> None:
        self._is_drawn_over = is_drawn_over

    def update(self, seconds: float, figures: Figures | None) -> None:
        """Draw it."""
        line = text(seconds, figures)
        if self._is_drawn_over:
            width = shutil.get_terminal_size().columns
            sys.stderr.write(f"\r\x1b[2K{line[: width - 1]}")
        else:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Wipe it away."""
        if self._is_drawn_over:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
        _one_at_a_time.release()


class Notebook:
    """A display below the cell that is updated in place."""

    def __init__(self) -> None:
        self._handle: Any = None

    def update(self, seconds: float, figures: Figures | None) -> None:
        """Draw it."""
        line = text(seconds, figures)
        self._show({"text/plain": line, "text/html": f"<pre>{html.escape(line)}</pre>"})

    def _show(self, forms: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            show: Any = display
            self._handle = show(forms, raw=True, display_id=True)
        else:
            self._handle.update(forms, raw=True)

    def close(self) -> None:
        """Empty it."""
        if self._handle is not None:
            self._show({"text/plain": "", "text/html": ""})
        _one_at_a_time.release()
