"""Linear algebra: over the last two axes of stacks of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np

from swath._internal import array as native
from swath.array._convert import axes_of, native_of, resolved, wrap
from swath.array.layout import matrix_transpose
from swath.array.products import cross, matmul, multi_dot, outer, tensordot, vecdot
from swath.errors import LinAlgError
from swath.foreign import missing_of_module

if TYPE_CHECKING:
    from swath.array._array import Array

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svd_compressed",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]


class QRResult(NamedTuple):
    """What :func:`qr` gives."""

    Q: Array
    R: Array


class SVDResult(NamedTuple):
    """What :func:`svd` gives."""

    U: Array
    S: Array
    Vh: Array


class EigResult(NamedTuple):
    """What :func:`eig` gives."""

    eigenvalues: Array
    eigenvectors: Array


class EighResult(NamedTuple):
    """What :func:`eigh` gives."""

    eigenvalues: Array
    eigenvectors: Array


class SlogdetResult(NamedTuple):
    """What :func:`slogdet` gives."""

    sign: Array
    logabsdet: Array


class LstsqResult(NamedTuple):
    """What :func:`lstsq` gives."""

    x: Array
    residuals: Array
    rank: Array
    s: Array


def _matrix(x: Any, name: str) -> Any:
    inner = x if isinstance(x, native.Array) else native_of(x)
    if inner.ndim() < 2:
        raise LinAlgError(
            f"{name}: {inner.ndim()}-dimensional array given. Array must be at least two-dimensional"
        )
    return inner


def cholesky(x: Any, /, *, upper: bool = False) -> Array:
    """Find the lower triangle whose product with its adjoint is ``x``; the adjoint if ``upper``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.cholesky([[4.0, 0.0], [0.0, 9.0]]).compute()
    array([[2., 0.],
           [0., 3.]])
    """
    lower = wrap(native.factor("cholesky", _matrix(x, "cholesky")))
    if not upper:
        return lower
    turned = matrix_transpose(lower)
    return turned.conj() if turned.dtype.kind == "c" else turned


@overload
def qr(x: Any, /, *, mode: Literal["reduced", "complete"] = "reduced") -> QRResult: ...
@overload
def qr(x: Any, /, *, mode: Literal["r"]) -> Array: ...
def qr(x: Any, /, *, mode: str = "reduced") -> Any:
    """Find orthonormal columns ``Q`` and an upper triangle ``R`` whose product is the matrix.

    Parameters
    ----------
    x : array_like
        The matrices.
    mode
        ``"reduced"``; ``"complete"`` for a square ``Q``; ``"r"`` for ``R`` alone.

    Examples
    --------
    >>> import swath.array as sa
    >>> q, r = sa.linalg.qr(sa.random.default_rng(0).random((100, 3)))
    >>> sa.allclose(q.T @ q, sa.eye(3)).compute()
    np.True_
    """
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"qr: mode is 'reduced', 'complete' or 'r', not {mode!r}")
    if mode == "r":
        return qr(x).R
    kind = "qr" if mode == "reduced" else "qr_complete"
    return QRResult(*map(wrap, native.factors(kind, _matrix(x, "qr"))))


@overload
def svd(x: Any, /, *, full_matrices: bool = True, compute_uv: Literal[True] = True) -> SVDResult: ...
@overload
def svd(x: Any, /, *, full_matrices: bool = True, compute_uv: Literal[False]) -> Array: ...
def svd(x: Any, /, *, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Find ``U``, singular values ``S`` (descending) and ``Vh``, whose product is the matrix.

    Parameters
    ----------
    x : array_like
        The matrices. With ``full_matrices=False`` tall ones may be far larger than memory.
    full_matrices
        Whether ``U`` and ``Vh`` are square.
    compute_uv
        Whether they are wanted at all.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.svd([[3.0, 0.0], [0.0, 4.0]]).S.compute()
    array([4., 3.])
    """
    inner = _matrix(resolved(x), "svd")
    if not compute_uv:
        return svdvals(wrap(inner))
    return SVDResult(*map(wrap, native.factors("svd_full" if full_matrices else "svd", inner)))


def svdvals(x: Any, /) -> Array:
    """Find singular values, descending.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.svdvals([[3.0, 0.0], [0.0, 4.0]]).compute()
    array([4., 3.])
    """
    return wrap(native.factor("svdvals", _matrix(x, "svdvals")))


def svd_compressed(x: Any, k: int, *, iterations: int = 2, seed: int = 0) -> SVDResult:
    """Find the ``k`` largest singular values and their vectors, from a few products with random vectors.

    Parameters
    ----------
    x : array_like
        The matrix, which may be far larger than memory.
    k
        How many.
    iterations
        Up to 4, which sharpen the result where singular values fall slowly.
    seed
        Of the random vectors.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.svd_compressed(sa.eye(20), 2).S.compute().round(6)
    array([1., 1.])
    """
    inner = _matrix(x, "svd_compressed")
    most = min(wrap(inner).shape[-2:])
    if not 1 <= k <= most:
        raise ValueError(f"svd_compressed: k is {k}; expected 1 to {most}, the matrix's shorter side")
    return SVDResult(*map(wrap, native.svd_compressed(inner, k, iterations, seed)))


def inv(x: Any, /) -> Array:
    """Invert matrices.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.inv([[2.0, 0.0], [0.0, 4.0]]).compute()
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return wrap(native.factor("inv", _matrix(x, "inv")))


def pinv(x: Any, /, *, rtol: Any = None) -> Array:
    """Find pseudo-inverses of matrices; singular values below ``rtol`` times the largest count as zero.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.pinv([[2.0, 0.0], [0.0, 4.0]]).compute()
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    inner = _matrix(x, "pinv")
    if rtol is None:
        return wrap(native.factor("pinv", inner))
    from swath.array.elementwise import where

    u, s, vh = svd(wrap(inner), full_matrices=False)
    cut = s.max(axis=-1, keepdims=True) * _last_axis(rtol)
    inverse = where(s > cut, 1 / s, 0.0)
    v, uh = (
        one.conj() if one.dtype.kind == "c" else one for one in (matrix_transpose(vh), matrix_transpose(u))
    )
    return matmul(v * inverse[..., None, :], uh)


def _last_axis(value: Any) -> Any:
    return value if np.isscalar(value) else wrap(native_of(value))[..., None]


def det(x: Any, /) -> Array:
    """Compute determinants.

    Examples
    --------
    >>> import swath.array as sa
    >>> round(float(sa.linalg.det([[4.0, 1.0], [1.0, 3.0]])), 6)
    11.0
    """
    return wrap(native.factor("det", _matrix(x, "det")))


def slogdet(x: Any, /) -> SlogdetResult:
    """Compute signs and logarithms of the magnitude of determinants.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.slogdet([[2.0, 0.0], [0.0, 0.5]]).sign.compute()
    np.float64(1.0)
    """
    return SlogdetResult(*map(wrap, native.factors("slogdet", _matrix(x, "slogdet"))))


def _triangle(x: Any, which: str, name: str) -> Any:
    """Give matrices whose lower triangle is the one to read."""
    inner = _matrix(x, name)
    if which not in ("L", "U", "l", "u"):
        raise ValueError(f"{name}: UPLO is 'L' or 'U', not {which!r}")
    if which in "Ll":
        return inner
    turned = matrix_transpose(wrap(inner))
    return (turned.conj() if turned.dtype.kind == "c" else turned)._array


def eigh(x: Any, /, UPLO: str = "L") -> EighResult:
    """Find eigenvalues (ascending) and eigenvectors of symmetric or Hermitian matrices.

    Parameters
    ----------
    x : array_like
        The matrices, of which one triangle is read.
    UPLO
        The triangle: ``"L"``, the lower, or ``"U"``, the upper one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.eigh([[2.0, 0.0], [0.0, 1.0]]).eigenvalues.compute()
    array([1., 2.])
    """
    return EighResult(*map(wrap, native.factors("eigh", _triangle(x, UPLO, "eigh"))))


def eig(x: Any, /) -> EigResult:
    """Find eigenvalues and eigenvectors of square matrices; both are always complex.

    Returns
    -------
    EigResult
        The eigenvalues, in no order, and as columns the eigenvectors, of length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.eig([[0.0, -1.0], [1.0, 0.0]]).eigenvalues.compute().imag.round(6).tolist()
    [1.0, -1.0]
    """
    return EigResult(*map(wrap, native.factors("eig", _matrix(resolved(x), "eig"))))


def eigvals(x: Any, /) -> Array:
    """Find the eigenvalues of square matrices, in no order; they are always complex.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.eigvals([[2.0, 0.0], [0.0, 2.0]]).compute()
    array([2.+0.j, 2.+0.j])
    """
    return wrap(native.factor("eigvals", _matrix(resolved(x), "eigvals")))


def eigvalsh(x: Any, /, UPLO: str = "L") -> Array:
    """Find eigenvalues (ascending) of symmetric or Hermitian matrices.

    Parameters
    ----------
    x : array_like
        The matrices, of which one triangle is read.
    UPLO
        The triangle: ``"L"``, the lower, or ``"U"``, the upper one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.eigvalsh([[2.0, 0.0], [0.0, 1.0]]).compute()
    array([1., 2.])
    """
    return wrap(native.factor("eigvalsh", _triangle(x, UPLO, "eigvalsh")))


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Array:
    """Count the singular values that are more than ``rtol`` times the largest.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.matrix_rank([[1.0, 1.0], [1.0, 1.0]]).compute()
    np.int64(1)
    """
    inner = _matrix(x, "matrix_rank")
    if rtol is None:
        return wrap(native.factor("matrix_rank", inner))
    s = svdvals(wrap(inner))
    counted: Array = s > s.max(axis=-1, keepdims=True) * _last_axis(rtol)
    return counted.sum(axis=-1)


def matrix_power(x: Any, n: int, /) -> Array:
    """Multiply square matrices ``n`` times with themselves; negative powers are of the inverse.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.matrix_power([[1, 2], [3, 4]], 2).compute()
    array([[ 7, 10],
           [15, 22]])
    """
    return wrap(native.matrix_power(_matrix(x, "matrix_power"), n))


def solve(x1: Any, x2: Any, /) -> Array:
    """Find ``x`` with ``x1 @ x = x2``: ``(..., n, n)`` and ``(n,)`` or ``(..., n, k)``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 8.0]).compute()
    array([1., 2.])
    """
    return wrap(native.solve(_matrix(x1, "solve"), native_of(x2)))


def solve_triangular(x1: Any, x2: Any, /, *, lower: bool = False) -> Array:
    """Find ``x`` with ``x1 @ x = x2`` for a triangle; the other triangle is not read.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.solve_triangular([[2.0, 0.0], [1.0, 1.0]], [2.0, 3.0], lower=True).compute()
    array([1., 2.])
    """
    return wrap(native.solve_triangular(_matrix(x1, "solve_triangular"), native_of(x2), lower))


def lstsq(x1: Any, x2: Any, /, rcond: float | None = None) -> LstsqResult:
    """Find the ``x`` of least ``|x2 - x1 @ x|``, residuals, rank and singular values.

    Parameters
    ----------
    x1 : array_like
        The matrix.
    x2 : array_like
        What is to be reached: a vector, or one in each column.
    rcond
        Singular values up to this share of the largest count as zero; by default those that rounding may
        leave of zero.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.lstsq([[1.0, 0.0], [0.0, 2.0]], [1.0, 4.0])[0].compute()
    array([1., 2.])
    """
    found = LstsqResult(*map(wrap, native.lstsq(_matrix(x1, "lstsq"), native_of(x2), rcond)))
    return found._replace(rank=found.rank.astype("int32"))


def norm(x: Any, /, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Measure vectors along one axis, matrices over two, or all elements.

    Parameters
    ----------
    x : array_like
        The elements.
    ord
        Of vectors a power (``inf``: the largest magnitude, 0: how many are not zero); of matrices ``"fro"``,
        ``"nuc"``, 1, 2, ``inf`` and their negatives.
    axis
        The axis of vectors, or the two of matrices.
    keepdims
        Keep the axes, with length one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.norm(sa.asarray([3.0, 4.0])).compute()
    np.float64(5.0)
    """
    return wrap(native.norm(native_of(x), ord, axes_of(axis), keepdims))


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:
    """Measure vectors over axes, which count as one.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.vector_norm([3.0, 4.0]).compute()
    np.float64(5.0)
    """
    inner = native_of(x)
    axes = axes_of(axis)
    ndim = inner.ndim()
    if axes is None and ndim != 1:
        flat = wrap(native.norm(native.reshape(inner, [-1]), ord, [0], False))
        return flat.reshape((1,) * ndim) if keepdims else flat
    if axes is not None and len(axes) != 1:
        kept = [one % ndim for one in axes]
        rest = [one for one in range(ndim) if one not in kept]
        own = wrap(inner)
        turned = own.transpose((*rest, *kept)).reshape((*(own.shape[one] for one in rest), -1))
        made = wrap(native.norm(turned._array, ord, [-1], False))
        return (
            made.reshape(tuple(1 if one in kept else own.shape[one] for one in range(ndim)))
            if keepdims
            else made
        )
    return wrap(native.norm(inner, ord, axes or [0], keepdims))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """Measure matrices over the last two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.matrix_norm([[3.0, 0.0], [0.0, 4.0]]).compute()
    np.float64(5.0)
    """
    return wrap(native.norm(_matrix(x, "matrix_norm"), ord, [-2, -1], keepdims))


def cond(x: Any, /) -> Array:
    """Divide the largest singular value by the least.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.cond([[2.0, 0.0], [0.0, 1.0]]).compute()
    np.float64(2.0)
    """
    s = svdvals(x)
    return s[..., 0] / s[..., -1]


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """Take a diagonal over the last two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.diagonal([[1, 2], [3, 4]]).compute()
    array([1, 4])
    """
    return wrap(native.diagonal(_matrix(x, "diagonal"), offset, -2, -1))


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """Add up a diagonal over the last two axes.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.linalg.trace([[1, 2], [3, 4]]).compute()
    np.int64(5)
    """
    return diagonal(x, offset=offset).sum(axis=-1, dtype=dtype)


def __dir__() -> list[str]:
    """Give the names that are meant to be used."""
    return sorted(__all__)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Say what is meant."""
        raise missing_of_module("swath.array.linalg", name, __all__)
