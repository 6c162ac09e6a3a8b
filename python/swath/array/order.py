"""Sorting, searching, sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from swath._internal import array as native
from swath.array._convert import native_of, operand, wrap

if TYPE_CHECKING:
    from swath.array._array import Array


def _flat(x: Any, axis: int | None) -> tuple[Any, int]:
    inner = native_of(x)
    return (native.reshape(inner, [-1]), 0) if axis is None else (inner, axis)


def sort(
    x: Any, /, axis: int | None = -1, *, descending: bool = False, stable: bool = True, kind: Any = None
) -> Array:
    """Sort along an axis; NaN comes last.

    Parameters
    ----------
    x
        The elements.
    axis
        The axis.
    descending
        Whether the largest comes first.
    stable
        Taken for NumPy's sake: sorting is stable in any case.
    kind
        Taken for NumPy's sake: sorting is stable in any case.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.sort(sa.asarray([3, 1, 2]), descending=True).compute()
    array([3, 2, 1])
    """
    inner, axis = _flat(x, axis)
    made = native.sort(inner, axis, False)
    return wrap(native.flip(made, [axis]) if descending else made)


def argsort(
    x: Any, /, axis: int | None = -1, *, descending: bool = False, stable: bool = True, kind: Any = None
) -> Array:
    """Give the positions that sort along an axis; equal elements keep their order.

    Parameters
    ----------
    x
        The elements.
    axis
        The axis.
    descending
        Whether the largest comes first.
    stable
        Taken for NumPy's sake: sorting is stable in any case.
    kind
        Taken for NumPy's sake: sorting is stable in any case.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.argsort([3, 1, 2]).compute()
    array([1, 2, 0])
    """
    inner, axis = _flat(x, axis)
    if not descending:
        return wrap(native.sort(inner, axis, True))
    backwards = wrap(native.flip(native.sort(native.flip(inner, [axis]), axis, True), [axis]))
    return wrap(inner).shape[axis] - 1 - backwards


def partition(x: Any, kth: int, /, axis: int | None = -1) -> Array:
    """Put the ``kth`` element where sorting would put it, smaller ones before and larger ones behind it.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.partition([3, 1, 2], 1).compute()[1]
    np.int64(2)
    """
    inner, axis = _flat(x, axis)
    return wrap(native.partition(inner, kth, axis, False))


def argpartition(x: Any, kth: int, /, axis: int | None = -1) -> Array:
    """Give the positions that :func:`partition` picks.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.argpartition([3, 1, 2], 0).compute()[0]
    np.int64(1)
    """
    inner, axis = _flat(x, axis)
    return wrap(native.partition(inner, kth, axis, True))


def topk(x: Any, k: int, /, axis: int = -1) -> Array:
    """Give the ``k`` largest elements along an axis, descending; of a negative ``k`` the least, ascending.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.topk([3, 1, 2], 2).compute()
    array([3, 2])
    """
    return wrap(native.topk(native_of(x), k, axis, False))


def argtopk(x: Any, k: int, /, axis: int = -1) -> Array:
    """Give the positions of what :func:`topk` gives.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.argtopk([3, 1, 2], 2).compute()
    array([0, 2])
    """
    return wrap(native.topk(native_of(x), k, axis, True))


def searchsorted(x1: Any, x2: Any, /, side: str = "left", sorter: Any = None) -> Array:
    """Find the places in a sorted vector where elements would be inserted.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.searchsorted([1, 3, 5], [2, 5]).compute()
    array([1, 2])
    """
    if side not in ("left", "right"):
        raise ValueError(f"side is 'left' or 'right', not {side!r}")
    inner = native_of(x1)
    if sorter is not None:
        inner = native.take(inner, native_of(sorter), 0)
    return wrap(native.searchsorted(inner, operand(x2), side == "right"))


def isin(
    element: Any,
    test_elements: Any,
    /,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    kind: Any = None,
) -> Array:
    """Say which elements are among others.

    Parameters
    ----------
    element
        The elements to look for.
    test_elements
        The elements to look among.
    assume_unique
        Taken for NumPy's sake.
    invert
        Whether to say which are not among them.
    kind
        Taken for NumPy's sake.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.isin([1, 2, 3], [2]).compute()
    array([False,  True, False])
    """
    found = wrap(native.isin(native_of(element), operand(test_elements)))
    return ~found if invert else found


class UniqueAll(NamedTuple):
    """What :func:`unique_all` gives."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCounts(NamedTuple):
    """What :func:`unique_counts` gives."""

    values: Array
    counts: Array


class UniqueInverse(NamedTuple):
    """What :func:`unique_inverse` gives."""

    values: Array
    inverse_indices: Array


def unique_values(x: Any, /) -> Array:
    """Give the different elements, sorted.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.unique_values([3, 1, 3]).compute()
    array([1, 3])
    """
    return wrap(native.unique(native.reshape(native_of(x), [-1])))


def unique_counts(x: Any, /) -> UniqueCounts:
    """Give the different elements, sorted, and how often each is there.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.unique_counts([3, 1, 3]).counts.compute()
    array([1, 2])
    """
    values, counts = native.unique_counts(native_of(x))
    return UniqueCounts(wrap(values), wrap(counts))


def unique_inverse(x: Any, /) -> UniqueInverse:
    """Give the different elements, sorted, and for each element its place among them.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.unique_inverse([3, 1, 3]).inverse_indices.compute()
    array([1, 0, 1])
    """
    own = wrap(native_of(x))
    values, inverse = native.unique_inverse(own._array)
    return UniqueInverse(wrap(values), wrap(inverse).reshape(own.shape))


def unique_all(x: Any, /) -> UniqueAll:
    """Give the different elements, where each comes first, each element's place among them, and counts.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.unique_all([3, 1, 3]).counts.compute()
    array([1, 2])
    """
    own = wrap(native_of(x))
    values, first, inverse, counts = (wrap(one) for one in native.unique_all(own._array))
    return UniqueAll(values, first, inverse.reshape(own.shape), counts)


def unique(
    x: Any,
    /,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    """Give the different elements, sorted.

    Parameters
    ----------
    x
        The elements.
    return_index
        Whether the first position of each is returned, too.
    return_inverse
        Whether the place of each element among them is returned, too.
    return_counts
        Whether it is returned how often each is there.
    axis
        Rows along this axis are compared as a whole.
    equal_nan
        Whether NaN equals NaN. If not, each one is among the elements; then neither first positions nor
        places are told, nor are rows compared. NaT equals NaT in any case.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.unique(sa.asarray([2, 1, 2])).compute()
    array([1, 2])
    """
    wanted = (True, return_index, return_inverse, return_counts)
    own = wrap(native_of(x))
    if not equal_nan and own.dtype.kind in "fc":
        if axis is not None or return_index or return_inverse or own.dtype.kind == "c":
            raise NotImplementedError(
                "unique: equal_nan=False gives values of a flat array and their counts, and not of complex "
                "numbers: take NaN out first, x[~sa.isnan(x)]"
            )
        return _with_every_nan(own.ravel(), return_counts)
    if axis is not None:
        parts = [wrap(one) for one in native.unique_along(native_of(x), axis)]
        several = [one for one, asked in zip(parts, wanted, strict=True) if asked]
        return tuple(several) if len(several) > 1 else several[0]
    if not (return_index or return_inverse):
        return tuple(unique_counts(x)) if return_counts else unique_values(x)
    found = unique_all(x)
    return tuple(one for one, asked in zip(found, wanted, strict=True) if asked)


def _with_every_nan(x: Array, return_counts: bool) -> Any:
    """Give the different elements, sorted, and behind them each NaN."""
    from swath.array.creation import ones_like
    from swath.array.elementwise import isnan
    from swath.array.joining import concatenate

    is_nan = isnan(x)
    values, counts = unique_counts(x[~is_nan])
    others = x[is_nan]
    made = concatenate([values, others])
    if not return_counts:
        return made
    return made, concatenate([counts, ones_like(others, dtype=counts.dtype)])


def _joined(x1: Any, x2: Any) -> Array:
    from swath.array.joining import concatenate

    return concatenate([unique_values(x1), unique_values(x2)])


def union1d(x1: Any, x2: Any, /) -> Array:
    """Give the elements of both, sorted.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.union1d([1, 2], [2, 3]).compute()
    array([1, 2, 3])
    """
    return unique_values(_joined(x1, x2))


def intersect1d(x1: Any, x2: Any, /) -> Array:
    """Give the elements that are in both, sorted.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.intersect1d([1, 2, 3], [2, 3, 4]).compute()
    array([2, 3])
    """
    own = unique_values(x1)
    return own[isin(own, x2)]


def setdiff1d(x1: Any, x2: Any, /) -> Array:
    """Give the elements of one that are not in the other, sorted.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.setdiff1d([1, 2, 3], [2]).compute()
    array([1, 3])
    """
    own = unique_values(x1)
    return own[isin(own, x2, invert=True)]


def setxor1d(x1: Any, x2: Any, /) -> Array:
    """Give the elements that are in one of both only, sorted.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.setxor1d([1, 2], [2, 3]).compute()
    array([1, 3])
    """
    values, counts = unique_counts(_joined(x1, x2))
    return values[counts == 1]
