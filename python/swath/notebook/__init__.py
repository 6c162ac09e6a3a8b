"""What notebooks show, and the ``%sql`` magic.

Nothing here is imported until a notebook asks for it. A representation never runs a query that could be
long, never fails, and shows names and values as text whatever they contain.

| module | what |
|---|---|
| `html` | tables, frames, arrays, sessions, clusters as HTML |
| `chunks_svg` | the chunk grid of an array as a drawing |
| `graph`, `layout` | plans as drawings, where their boxes lie |
| `plans` | the graphs of frames and arrays |
| `magic`, `parameters` | ``%sql`` and ``%%sql``, values of variables in them |
"""

from __future__ import annotations

from typing import Any

__all__ = ["load_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """Make ``%sql`` and ``%%sql`` known to a notebook: ``%load_ext swath`` calls it."""
    from swath.notebook.magic import register

    register(ipython)
