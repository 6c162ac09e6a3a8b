"""NumPy's ``lib``: what libraries look for there."""

from swath.array.lib import stride_tricks

__all__ = ["stride_tricks"]
