"""Fourier transforms, with NumPy's conventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from swath._internal import array as native
from swath.array import _context
from swath.array._convert import axes_of, native_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]

_fft = native.fft


def _lengths(s: Any) -> list[int] | None:
    return None if s is None else [int(one) for one in s]


def _along(name: str, doc: str, example: str, gives: str) -> Callable[..., Array]:
    def function(x: Any, /, n: int | None = None, axis: int = -1, norm: str | None = "backward") -> Array:
        return wrap(_fft.along(name, native_of(x), n, axis, norm or "backward"))

    function.__doc__ = f"""{doc}

    Parameters
    ----------
    x : array_like
        The elements.
    n
        The length, to which the axis is cut or padded with zeros; of inverse real transforms that of the
        result.
    axis
        The axis.
    norm
        Which direction divides: ``"backward"``, ``"ortho"`` or ``"forward"``.

    Examples
    --------
    >>> import swath.array as sa
    >>> " ".join(repr(sa.fft.{name}({example}).compute()).split())
    '{gives}'
    """
    function.__name__ = function.__qualname__ = name
    return function


def _over(name: str, doc: str, example: str, gives: str, plane: bool = False) -> Callable[..., Array]:
    def function(
        x: Any, /, s: Any = None, axes: Any = (-2, -1) if plane else None, norm: str | None = None
    ) -> Array:
        lengths = _lengths(s)
        if lengths is not None and axes is None:
            axes = tuple(range(-len(lengths), 0))
        kind = name.replace("2", "n")
        return wrap(_fft.over(kind, native_of(x), lengths, axes_of(axes), norm or "backward"))

    function.__doc__ = f"""{doc}

    Parameters
    ----------
    x : array_like
        The elements.
    s
        A length for each axis.
    axes
        The axes.
    norm
        Which direction divides: ``"backward"``, ``"ortho"`` or ``"forward"``.

    Examples
    --------
    >>> import swath.array as sa
    >>> " ".join(repr(sa.fft.{name}({example}).compute()).split())
    '{gives}'
    """
    function.__name__ = function.__qualname__ = name
    return function


fft = _along(
    "fft", "Transform along an axis.", "[1.0, 0.0, -1.0, 0.0]", "array([0.+0.j, 2.-0.j, 0.+0.j, 2.+0.j])"
)
ifft = _along(
    "ifft",
    "Transform back along an axis.",
    "[0.0, 2.0, 0.0, 2.0]",
    "array([ 1.-0.j, 0.+0.j, -1.-0.j, 0.-0.j])",
)
rfft = _along(
    "rfft",
    "Transform real elements along an axis; what is mirrored is left out.",
    "[1.0, 0.0, -1.0, 0.0]",
    "array([0.+0.j, 2.-0.j, 0.+0.j])",
)
irfft = _along(
    "irfft", "Transform back to real elements along an axis.", "[0.0, 2.0, 0.0]", "array([ 1., 0., -1., 0.])"
)
hfft = _along(
    "hfft",
    "Transform what has a real spectrum along an axis.",
    "[0.0, 1.0, 0.0]",
    "array([ 2., 0., -2., 0.])",
)
ihfft = _along(
    "ihfft",
    "Transform back to what has a real spectrum along an axis.",
    "[1.0, 0.0, -1.0, 0.0]",
    "array([0. -0.j, 0.5+0.j, 0. -0.j])",
)
fftn = _over(
    "fftn",
    "Transform over axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[10.+0.j, -2.+0.j], [-4.+0.j, 0.+0.j]])",
)
ifftn = _over(
    "ifftn",
    "Transform back over axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[ 2.5-0.j, -0.5-0.j], [-1. +0.j, 0. +0.j]])",
)
rfftn = _over(
    "rfftn",
    "Transform real elements over axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[10.+0.j, -2.+0.j], [-4.+0.j, 0.+0.j]])",
)
irfftn = _over(
    "irfftn",
    "Transform back to real elements over axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[ 2.5, -0.5], [-1. , 0. ]])",
)
fft2 = _over(
    "fft2",
    "Transform over two axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[10.+0.j, -2.+0.j], [-4.+0.j, 0.+0.j]])",
    plane=True,
)
ifft2 = _over(
    "ifft2",
    "Transform back over two axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[ 2.5-0.j, -0.5-0.j], [-1. +0.j, 0. +0.j]])",
    plane=True,
)
rfft2 = _over(
    "rfft2",
    "Transform real elements over two axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[10.+0.j, -2.+0.j], [-4.+0.j, 0.+0.j]])",
    plane=True,
)
irfft2 = _over(
    "irfft2",
    "Transform back to real elements over two axes.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    "array([[ 2.5, -0.5], [-1. , 0. ]])",
    plane=True,
)


def fftshift(x: Any, /, axes: Any = None) -> Array:
    """Move the zero frequency to the middle.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.fft.fftshift([0, 1, 2, 3]).compute()
    array([2, 3, 0, 1])
    """
    return wrap(_fft.shift(native_of(x), axes_of(axes), False))


def ifftshift(x: Any, /, axes: Any = None) -> Array:
    """Move the zero frequency back to the start.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.fft.ifftshift([2, 3, 0, 1]).compute()
    array([0, 1, 2, 3])
    """
    return wrap(_fft.shift(native_of(x), axes_of(axes), True))


def fftfreq(n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Array:
    """Give the frequencies of a transform of length ``n`` of samples at distances ``d``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.fft.fftfreq(4).compute()
    array([ 0.  ,  0.25, -0.5 , -0.25])
    """
    made = wrap(_context.maker().fftfreq(n, float(d)))
    return made if dtype is None else made.astype(dtype)


def rfftfreq(n: int, /, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Array:
    """Give the frequencies of a real transform of length ``n`` of samples at distances ``d``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.fft.rfftfreq(4).compute()
    array([0.  , 0.25, 0.5 ])
    """
    made = wrap(_context.maker().rfftfreq(n, float(d)))
    return made if dtype is None else made.astype(dtype)
