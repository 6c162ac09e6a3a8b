"""Functions of people's own over lines, core dimensions and elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from swath.array._blockcalls import name_of
from swath.array._convert import native_of, shape_of, wrap

if TYPE_CHECKING:
    from swath.array._array import Array

from swath.array.blockwise import blockwise, map_blocks
from swath.array.creation import asarray
from swath.array.layout import moveaxis


def apply_along_axis(
    function: Callable[..., Any],
    axis: int,
    x: Any,
    /,
    *args: Any,
    dtype: Any = None,
    shape: Any = None,
    **options: Any,
) -> Array:
    """Apply a function to each line along an axis; what it gives stands where the axis was.

    Parameters
    ----------
    function
        Gets a vector of NumPy's, and gives a number or an array.
    axis
        The axis.
    x : array_like
        The array.
    *args
        Further arguments of the function.
    dtype, shape
        Of what it gives for a line; learned from a line of ones if they are not named.
    **options
        Keyword arguments of the function.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.apply_along_axis(lambda line: line.max() - line.min(), 1, sa.asarray([[1, 5], [2, 9]])).compute()
    array([4, 7])
    """
    own = wrap(native_of(x))
    axis = range(own.ndim)[axis]
    if dtype is None or shape is None:
        probe = np.asarray(function(np.ones(own.shape[axis], dtype=own.dtype), *args, **options))
        dtype = probe.dtype if dtype is None else dtype
        shape = probe.shape if shape is None else shape
    made_shape, target = shape_of(shape), np.dtype(dtype)
    label = name_of(function, None)

    def lines(block: Any) -> Any:
        outer = block.shape[:axis] + block.shape[axis + 1 :]
        if 0 in outer:
            return np.empty(block.shape[:axis] + made_shape + block.shape[axis + 1 :], dtype=target)
        return np.apply_along_axis(function, axis, block, *args, **options)

    names = list(range(own.ndim))
    new = [own.ndim + place for place in range(len(made_shape))]
    output = names[:axis] + new + names[axis + 1 :]
    return blockwise(
        lines, output, own, names, dtype=target, new_axes=dict(zip(new, made_shape, strict=True)), name=label
    )


def apply_gufunc(
    function: Callable[..., Any],
    signature: str,
    *args: Any,
    output_dtypes: Any = None,
    output_sizes: dict[str, int] | None = None,
    vectorize: bool = False,
    axes: Any = None,
    axis: int | None = None,
    allow_rechunk: bool = True,
    **options: Any,
) -> Any:
    """Apply a function over core dimensions, the last axes, which it gets whole: ``"(m,n),(n)->(m)"``.

    Parameters
    ----------
    function
        Gets blocks with core dimensions behind; must work on all axes in front at a time, unless
        ``vectorize``.
    signature
        The core dimensions of the arrays and results.
    *args
        Arrays, whose axes in front broadcast.
    output_dtypes
        The dtype of each result; learned from a tiny block if none are named.
    output_sizes
        Lengths of core dimensions that no array has.
    vectorize
        Call the function for each place in front.
    axes
        For each array, and then for each result, a tuple of the axes where its core dimensions are; those of
        results may be left out where they have none.
    axis
        The axis of the only core dimension.
    allow_rechunk
        Whether core dimensions may be brought into one chunk.
    **options
        Keyword arguments of the function.

    Returns
    -------
    Array or tuple of Array
        One for each result.

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> x = sa.asarray([[1.0, 2.0], [3.0, 5.0]])
    >>> sa.apply_gufunc(lambda v: v.mean(axis=-1), "(i)->()", x).compute()
    array([1.5, 4. ])
    """
    inputs, _, outputs = signature.replace(" ", "").partition("->")
    import re

    def dims(side: str) -> list[tuple[str, ...]]:
        return [tuple(one for one in group.split(",") if one) for group in re.findall(r"\(([^)]*)\)", side)]

    cores, results = dims(inputs), dims(outputs)
    is_one = len(results) == 1
    if len(cores) != len(args) or not results:
        raise ValueError(f"the signature {signature!r} has {len(cores)} inputs, but {len(args)} arrays came")
    label = name_of(function, None)
    called = np.vectorize(function, signature=signature) if vectorize else function
    arrays = [wrap(native_of(one)) for one in args]
    places = _places(cores, results, axes, axis)
    if places is not None:
        arrays = [
            moveaxis(one, place, _last(place))
            for one, place in zip(arrays, places[: len(cores)], strict=True)
        ]
    sizes = dict(output_sizes or {})
    names = []
    for one, core in zip(arrays, cores, strict=True):
        lead = one.ndim - len(core)
        if lead < 0:
            raise ValueError(f"an array of {one.ndim} axes has no {len(core)} core dimensions {core}")
        for dimension, length in zip(core, one.shape[lead:], strict=True):
            if sizes.setdefault(dimension, length) != length:
                raise ValueError(f"core dimension {dimension!r} is {sizes[dimension]} and {length}")
        names.append(
            [f"loop{number}" for number in range(lead - 1, -1, -1)]
            + [f"core {dimension}" for dimension in core]
        )
    loops = max((len(own) - len(core) for own, core in zip(names, cores, strict=True)), default=0)
    front = [f"loop{number}" for number in range(loops - 1, -1, -1)]
    if output_dtypes is None:
        tiny = [
            np.ones(
                (1,) * (one.ndim - len(core)) + tuple(sizes[dimension] for dimension in core), dtype=one.dtype
            )
            for one, core in zip(arrays, cores, strict=True)
        ]
        probe = called(*tiny, **options)
        output_dtypes = [np.asarray(one).dtype for one in ((probe,) if is_one else probe)]
    elif not isinstance(output_dtypes, (tuple, list)):
        output_dtypes = [output_dtypes] * len(results)
    made = []
    for number, (core, dtype) in enumerate(zip(results, output_dtypes, strict=True)):
        missing = [dimension for dimension in core if dimension not in sizes]
        if missing:
            raise ValueError(
                f"core dimension {missing[0]!r} of a result is of no array: give it in output_sizes"
            )

        def part(*blocks: Any, number: int = number, **extra: Any) -> Any:
            given = called(*blocks, **extra)
            return given if is_one else given[number]

        pairs = [item for one, own in zip(arrays, names, strict=True) for item in (one, own)]
        made.append(
            blockwise(
                part,
                front + [f"made {dimension}" for dimension in core],
                *pairs,
                dtype=dtype,
                new_axes={f"made {dimension}": sizes[dimension] for dimension in core},
                name=label,
                **options,
            )
        )
    if places is not None:
        turned = zip(made, places[len(cores) :], strict=True)
        made = [moveaxis(one, _last(place), place) for one, place in turned]
    return made[0] if is_one else tuple(made)


def _last(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(-len(axes), 0))


def _places(cores: Any, results: Any, axes: Any, axis: int | None) -> list[tuple[int, ...]] | None:
    """Give for each array and each result the axes of its core dimensions, if they are not the last ones."""
    operands = [*cores, *results]
    if axis is not None:
        if axes is not None:
            raise TypeError("apply_gufunc takes axes or axis, not both")
        if any(len(core) > 1 for core in operands) or len({core for core in operands if core}) > 1:
            raise ValueError("apply_gufunc: axis is for one core dimension that all share; give axes")
        return [(axis,) * len(core) for core in operands]
    if axes is None:
        return None
    given = [(one,) if hasattr(one, "__index__") else tuple(one) for one in axes]
    if len(given) == len(cores) and not any(results):
        given += [()] * len(results)
    if [len(one) for one in given] != [len(core) for core in operands]:
        raise ValueError(
            f"apply_gufunc: axes {axes!r} are not those of core dimensions {', '.join(map(str, operands))}"
        )
    return given


def vectorize(function: Callable[..., Any], *, otypes: Any = None) -> Callable[..., Array]:
    """Make a function of numbers one of arrays, which calls it for each element: slow, as NumPy's.

    Examples
    --------
    >>> import swath.array as sa
    >>> add = sa.vectorize(lambda a, b: a + b)
    >>> add([1, 2], [3, 4]).compute()
    array([4, 6])
    """
    called = np.vectorize(function, otypes=otypes)

    def over(*args: Any, **options: Any) -> Array:
        args = tuple(asarray(one) if isinstance(one, (list, tuple, np.ndarray)) else one for one in args)
        return map_blocks(called, *args, name=name_of(function, None), **options)

    return over
