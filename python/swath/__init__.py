"""Swath: one lazy engine for tables and n-d arrays."""

from swath._internal import DataFrame, Session, __version__, col, lit

__all__ = ["DataFrame", "Session", "__version__", "col", "lit"]
