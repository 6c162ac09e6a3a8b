"""Arrays from values and from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _context, _convert
from swath.array._convert import chunks_of, dtype_name, shape_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


def check_device(device: Any) -> None:
    """Refuse devices that are not there."""
    if device not in (None, "cpu"):
        raise ValueError(f"there is no device {device!r}: arrays are on the 'cpu'")


def asarray(
    obj: Any,
    /,
    dtype: Any = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    chunks: Any = None,
    session: Any = None,
) -> Array:
    """Make an array of NumPy's arrays (not copied), lists, numbers, DLPack, Arrow and pandas objects.

    Parameters
    ----------
    obj
        The elements. NumPy's arrays are not copied: do not change them while the array is in use.
    dtype
        The dtype; that of the elements if none is given.
    device
        ``"cpu"``, or None.
    copy
        ``True`` copies the elements; ``False`` raises where a copy must be made.
    chunks
        Lengths of chunks: one for all axes, one for each, ``-1`` for a whole axis, ``"auto"``, bytes such as
        ``"64MiB"``.
    session
        The session that runs it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.asarray([[1, 2], [3, 4]])
    swath.Array([[1, 2],
                 [3, 4]], dtype=int64)
    """
    from swath.array._array import Array

    check_device(device)
    if isinstance(obj, Array):
        result = obj
        if dtype is not None and np.dtype(dtype) != obj.dtype:
            if copy is False:
                raise ValueError(
                    f"{obj.dtype} cannot become {np.dtype(dtype)} without a copy: leave copy=False out"
                )
            result = obj.astype(dtype)
        elif copy:
            result = obj.__copy__()
        return result if chunks is None else result.rechunk(chunks)
    if hasattr(obj, "_frame"):
        from swath.array.io import from_dataframe

        return asarray(from_dataframe(obj), dtype, chunks=chunks)
    if isinstance(obj, (list, tuple)) and _convert.has_arrays(obj):
        if copy is False:
            raise ValueError("a list cannot become an array without a copy: leave copy=False out")
        result = wrap(_convert.native_of(obj))
        return asarray(result, dtype=dtype, chunks=chunks)
    if copy is False and not hasattr(obj, "__array__") and not hasattr(obj, "__dlpack__"):
        raise ValueError(
            f"a {type(obj).__name__} cannot become an array without a copy: leave copy=False out"
        )
    array = (
        _convert.to_numpy_input(obj)
        if dtype is None or hasattr(obj, "__array__")
        else np.asarray(obj, dtype=dtype)
    )
    if dtype is not None and array.dtype != np.dtype(dtype):
        if copy is False:
            raise ValueError(
                f"{array.dtype} cannot become {np.dtype(dtype)} without a copy: leave copy=False out"
            )
        array = array.astype(dtype)
    elif copy:
        array = array.copy()
    if array.dtype.kind == "O":
        raise TypeError(
            "arrays have no dtype object: the values have no common dtype of numbers, booleans, dates or "
            "durations, or lists are of different lengths"
        )
    cut = None if chunks is None else chunks_of(chunks, array.shape)
    return wrap(_convert.from_numpy(array, cut, _context.maker(session)))


def array(obj: Any, dtype: Any = None, *, copy: bool | None = True, chunks: Any = None) -> Array:
    """Make an array of a copy of the elements: :func:`asarray` with ``copy=True``.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.array([1, 2, 3]).dtype
    dtype('int64')
    """
    return asarray(obj, dtype, copy=copy, chunks=chunks)


ascontiguousarray = asanyarray = asarray


def copy(x: Any, /) -> Array:
    """Return another array of the same elements.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.copy(sa.arange(3)).compute()
    array([0, 1, 2])
    """
    return asarray(x, copy=True)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """Make an array of an object with ``__dlpack__``, in host memory, without a copy.

    Examples
    --------
    >>> import swath.array as sa
    >>> import numpy as np
    >>> sa.from_dlpack(np.arange(3)).compute()
    array([0, 1, 2])
    """
    from swath.array._array import Array

    check_device(device)
    if isinstance(x, Array):
        return asarray(x, copy=copy)
    options: dict[str, Any] = {} if copy is None else {"copy": copy}
    return asarray(np.from_dlpack(x, **options))


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    *,
    device: Any = None,
    chunks: Any = None,
    session: Any = None,
) -> Array:
    """Make an array of one value.

    Parameters
    ----------
    shape
        The lengths of the axes, or one length.
    fill_value
        The value of all elements.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.full((2, 3), 7).sum().compute()
    np.int64(42)
    """
    check_device(device)
    shape = shape_of(shape)
    maker = _context.maker(session)
    if type(fill_value) not in _convert.NUMBERS:
        value = wrap(_convert.native_of(fill_value))
        if dtype is not None:
            value = value.astype(dtype)
        result = wrap(native.broadcast_to(value._array, shape))
        return result if chunks is None else result.rechunk(chunks)
    name = dtype_name(type(fill_value) if dtype is None else dtype)
    if chunks is not None:
        maker = maker.with_chunks(chunks_of(chunks, shape))
    return wrap(maker.full(shape, fill_value, name))


def zeros(
    shape: Any, dtype: Any = None, *, device: Any = None, chunks: Any = None, session: Any = None
) -> Array:
    """Make an array of zeros, ``float64`` unless a dtype is given.

    Parameters
    ----------
    shape
        The lengths of the axes, or one length.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.zeros((2, 2)).compute()
    array([[0., 0.],
           [0., 0.]])
    """
    return full(
        shape, 0, np.float64 if dtype is None else dtype, device=device, chunks=chunks, session=session
    )


def ones(
    shape: Any, dtype: Any = None, *, device: Any = None, chunks: Any = None, session: Any = None
) -> Array:
    """Make an array of ones, ``float64`` unless a dtype is given.

    Parameters
    ----------
    shape
        The lengths of the axes, or one length.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ones((2, 2)).compute()
    array([[1., 1.],
           [1., 1.]])
    """
    return full(
        shape, 1, np.float64 if dtype is None else dtype, device=device, chunks=chunks, session=session
    )


def empty(
    shape: Any, dtype: Any = None, *, device: Any = None, chunks: Any = None, session: Any = None
) -> Array:
    """Make an array whose elements do not matter (they are zero).

    Parameters
    ----------
    shape
        The lengths of the axes, or one length.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.empty((2, 3)).shape
    (2, 3)
    """
    return zeros(shape, dtype, device=device, chunks=chunks, session=session)


def _like(x: Any, value: Any, dtype: Any, device: Any, chunks: Any, shape: Any) -> Array:
    x = wrap(_convert.native_of(x))
    dtype = x.dtype if dtype is None else dtype
    if shape is None:
        shape = x.shape
        chunks = x.chunks if chunks is None else chunks
    return full(shape, value, dtype, device=device, chunks=chunks)


def full_like(
    x: Any,
    /,
    fill_value: Any,
    dtype: Any = None,
    *,
    device: Any = None,
    chunks: Any = None,
    shape: Any = None,
) -> Array:
    """Make an array of one value with the shape, dtype and chunks of another.

    Parameters
    ----------
    x
        The array whose shape, dtype and chunks it has.
    fill_value
        The value of all elements.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    shape
        Another shape.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.full_like(sa.zeros(2), 7.0).compute()
    array([7., 7.])
    """
    return _like(x, fill_value, dtype, device, chunks, shape)


def zeros_like(
    x: Any, /, dtype: Any = None, *, device: Any = None, chunks: Any = None, shape: Any = None
) -> Array:
    """Make an array of zeros with the shape, dtype and chunks of another.

    Parameters
    ----------
    x
        The array whose shape, dtype and chunks it has.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    shape
        Another shape.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.zeros_like(sa.ones(2)).compute()
    array([0., 0.])
    """
    return _like(x, 0, dtype, device, chunks, shape)


def ones_like(
    x: Any, /, dtype: Any = None, *, device: Any = None, chunks: Any = None, shape: Any = None
) -> Array:
    """Make an array of ones with the shape, dtype and chunks of another.

    Parameters
    ----------
    x
        The array whose shape, dtype and chunks it has.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    shape
        Another shape.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.ones_like(sa.zeros(2)).compute()
    array([1., 1.])
    """
    return _like(x, 1, dtype, device, chunks, shape)


def empty_like(
    x: Any, /, dtype: Any = None, *, device: Any = None, chunks: Any = None, shape: Any = None
) -> Array:
    """Make an array whose elements do not matter with the shape, dtype and chunks of another.

    Parameters
    ----------
    x
        The array whose shape, dtype and chunks it has.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    chunks
        Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.
    shape
        Another shape.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.empty_like(sa.ones(3)).shape
    (3,)
    """
    return _like(x, 0, dtype, device, chunks, shape)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    k: int = 0,
    dtype: Any = None,
    *,
    device: Any = None,
    session: Any = None,
) -> Array:
    """Make a matrix with ones on a diagonal and zeros elsewhere.

    Parameters
    ----------
    n_rows
        The number of rows.
    n_cols
        The number of columns; as many as rows, if it is not given.
    k
        The diagonal: above (positive) or below the main one.
    dtype
        The dtype of the result.
    device
        ``"cpu"``, or None.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.eye(2).compute()
    array([[1., 0.],
           [0., 1.]])
    """
    check_device(device)
    columns = n_rows if n_cols is None else n_cols
    return wrap(
        _context.maker(session).eye(n_rows, columns, k, dtype_name(np.float64 if dtype is None else dtype))
    )


def identity(n: int, dtype: Any = None) -> Array:
    """Make a square matrix with ones on the diagonal.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.identity(2).compute()
    array([[1., 0.],
           [0., 1.]])
    """
    return eye(n, dtype=dtype)


def tri(n: int, m: int | None = None, k: int = 0, dtype: Any = None, *, session: Any = None) -> Array:
    """Make a matrix with ones on and below a diagonal.

    Parameters
    ----------
    n
        The number of rows.
    m
        The number of columns; as many as rows, if it is not given.
    k
        The diagonal: above (positive) or below the main one.
    dtype
        The dtype of the result.
    session
        The session that computes it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.tri(2).compute()
    array([[1., 0.],
           [1., 1.]])
    """
    name = dtype_name(np.float64 if dtype is None else dtype)
    return wrap(_context.maker(session).tri(n, n if m is None else m, k, name))


def _matrix(x: Any) -> Any:
    """Give an array of one axis as a matrix of such rows, which NumPy takes it for."""
    inner = _convert.native_of(x)
    if inner.ndim() != 1:
        return inner
    length = wrap(inner).shape[0]
    return native.broadcast_to(inner, (length, length))


def tril(x: Any, /, k: int = 0) -> Array:
    """Keep what stands on and below a diagonal of matrices.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.tril([[1, 2], [3, 4]]).compute()
    array([[1, 0],
           [3, 4]])
    """
    return wrap(native.tril(_matrix(x), k))


def triu(x: Any, /, k: int = 0) -> Array:
    """Keep what stands on and above a diagonal of matrices.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.triu([[1, 2], [3, 4]]).compute()
    array([[1, 2],
           [0, 4]])
    """
    return wrap(native.triu(_matrix(x), k))


def diag(v: Any, k: int = 0) -> Array:
    """Take a diagonal of a matrix, or make a matrix with a vector on a diagonal.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.diag([1, 2]).compute()
    array([[1, 0],
           [0, 2]])
    """
    return wrap(native.diag(_convert.native_of(v), k))


def diagonal(x: Any, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Take a diagonal over two axes, which becomes the last axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.diagonal([[1, 2], [3, 4]]).compute()
    array([1, 4])
    """
    return wrap(native.diagonal(_convert.native_of(x), offset, axis1, axis2))


def meshgrid(*arrays: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> list[Array]:
    """Make the grids that vectors span, one array for each.

    Parameters
    ----------
    *arrays : array_like
        The vectors.
    copy
        Taken for NumPy's sake: elements are copied where they must be.
    sparse
        Leave axes of length one, which broadcast, for all but a vector's own.
    indexing
        ``"xy"``: the second vector runs along the first axis; ``"ij"``: the first one does.

    Examples
    --------
    >>> import swath.array as sa
    >>> x, y = sa.meshgrid(sa.arange(3), sa.arange(2))
    >>> y.compute()
    array([[0, 0, 0],
           [1, 1, 1]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing is 'xy' or 'ij', not {indexing!r}")
    vectors = [_convert.native_of(one) for one in arrays]
    if not vectors:
        return []
    if sparse:
        places = list(range(len(vectors)))
        if indexing == "xy" and len(vectors) > 1:
            places[:2] = [1, 0]
        shapes = [[-1 if axis == place else 1 for axis in range(len(vectors))] for place in places]
        return [wrap(native.reshape(one, shape)) for one, shape in zip(vectors, shapes, strict=True)]
    return [wrap(one) for one in vectors[0].context().meshgrid(vectors, indexing == "ij")]


def indices(dimensions: Any, dtype: Any = np.int64, *, session: Any = None) -> Array:
    """Make the positions along each axis of a shape, one after another along a new first axis.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.indices((2, 2))[0].compute()
    array([[0, 0],
           [1, 1]])
    """
    shape = shape_of(dimensions)
    parts = _context.maker(session).indices(shape)
    if not parts:
        return zeros((0,), dtype)
    return wrap(native.stack(parts, 0)).astype(dtype)


def fromfunction(
    function: Any, shape: Any, *, dtype: Any = float, session: Any = None, **options: Any
) -> Array:
    """Make an array by a function of the positions along each axis, which is called once, with lazy arrays.

    Parameters
    ----------
    function
        Called with arrays of the positions along each axis.
    shape
        The lengths of the axes, or one length.
    dtype
        The dtype of the result.
    session
        The session that computes it; the default one if none is named.
    **options
        Keyword arguments of the function.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.fromfunction(lambda i, j: 10 * i + j, (2, 3), dtype=int).compute()
    array([[ 0,  1,  2],
           [10, 11, 12]])
    """
    shape = shape_of(shape)
    positions = [wrap(one).astype(dtype) for one in _context.maker(session).indices(shape)]
    return wrap(native.broadcast_to(_convert.native_of(function(*positions, **options)), shape))
