"""Arrays of ours in xarray: ``ds.chunk(chunked_array_type="swath")``, ``xr.open_zarr(…)`` likewise.

xarray finds the manager by an entry point of the package; :func:`register` is for where the package is not
installed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from xarray.namedarray.parallelcompat import ChunkManagerEntrypoint

import swath.array as sa
from swath.array._convert import dtype_name

__all__ = ["SwathManager", "register"]


class SwathManager(ChunkManagerEntrypoint[sa.Array]):  # type: ignore[type-var]
    """What xarray asks of lazy arrays."""

    array_cls: type[sa.Array]
    available: bool = True

    def __init__(self) -> None:
        self.array_cls = sa.Array

    def is_chunked_array(self, data: Any) -> bool:
        """Say whether these are arrays of ours."""
        return isinstance(data, sa.Array)

    def chunks(self, data: sa.Array) -> Any:
        """Give the lengths of chunks."""
        return data.chunks

    def normalize_chunks(
        self,
        chunks: Any,
        shape: Any = None,
        limit: int | None = None,
        dtype: Any = None,
        previous_chunks: Any = None,
    ) -> Any:
        """Give chunks as lengths for each axis."""
        shape = tuple(shape)
        dtype = np.dtype(np.float64 if dtype is None else dtype)
        size = dtype.itemsize or 1
        if isinstance(chunks, Mapping):
            chunks = tuple(chunks.get(axis, -1) for axis in range(len(shape)))
        if chunks is None:
            chunks = "auto"
        if not isinstance(chunks, (tuple, list)):
            chunks = (chunks,) * len(shape)
        plan = []
        fixed = size
        for entry, length in zip(chunks, shape, strict=True):
            lengths = _lengths(entry, length)
            plan.append(lengths)
            if lengths is not None:
                fixed *= max(lengths, default=1)
        target = max((limit or 32 << 20) // max(fixed, 1), 1)
        return tuple(_cut(plan, shape, target, previous_chunks))

    def from_array(self, data: Any, chunks: Any, **options: Any) -> Any:
        """Make an array of what xarray holds; text, objects and the like stay as they are."""
        if isinstance(data, sa.Array):
            return data.rechunk(chunks)
        if not _is_ours(data.dtype):
            return _as_before(data)
        if isinstance(data, np.ndarray):
            return sa.asarray(data, chunks=chunks)
        return sa.from_array(_Box(data), chunks=chunks, name=options.get("name") or type(data).__name__)

    def rechunk(self, data: sa.Array, chunks: Any, **options: Any) -> sa.Array:
        """Cut into other chunks."""
        return data.rechunk(chunks)

    def compute(self, *data: Any, **options: Any) -> tuple[np.ndarray[Any, Any], ...]:
        """Compute several arrays together."""
        own = [place for place, one in enumerate(data) if isinstance(one, sa.Array)]
        made = dict(zip(own, sa.compute(*(data[place] for place in own)), strict=True))
        return tuple(np.asarray(made[place]) if place in made else one for place, one in enumerate(data))

    def persist(self, *data: Any, **options: Any) -> tuple[Any, ...]:
        """Compute several arrays together and hold them."""
        return tuple(one.persist() if isinstance(one, sa.Array) else one for one in data)

    @property
    def array_api(self) -> Any:
        """The namespace."""
        return sa

    def reduction(
        self,
        arr: sa.Array,
        func: Callable[..., Any],
        combine_func: Callable[..., Any] | None = None,
        aggregate_func: Callable[..., Any] | None = None,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
    ) -> sa.Array:
        """Reduce by functions."""
        return sa.reduction(
            arr, func, aggregate_func or func, combine=combine_func, axis=axis, dtype=dtype, keepdims=keepdims
        )

    def scan(
        self,
        func: Callable[..., Any],
        binop: Callable[..., Any],
        ident: float,
        arr: sa.Array,
        axis: int | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> sa.Array:
        """Accumulate along an axis, which is taken whole."""
        if axis is None:
            arr, axis = arr.ravel(), 0
        return sa.map_blocks(func, arr.rechunk({axis: -1}), dtype=dtype or arr.dtype, axis=axis)

    def apply_gufunc(
        self,
        func: Callable[..., Any],
        signature: str,
        *args: Any,
        axes: Any = None,
        keepdims: bool = False,
        output_dtypes: Any = None,
        output_sizes: Any = None,
        vectorize: bool | None = None,
        meta: Any = None,
        **options: Any,
    ) -> Any:
        """Apply a function over core dimensions."""
        options.pop("allow_rechunk", None)
        if output_dtypes is None and meta is not None:
            output_dtypes = [one.dtype for one in (meta if isinstance(meta, tuple) else (meta,))]
        return sa.apply_gufunc(
            func,
            signature,
            *args,
            axes=axes,
            output_dtypes=output_dtypes,
            output_sizes=output_sizes,
            vectorize=bool(vectorize),
            **options,
        )

    def map_blocks(
        self,
        func: Callable[..., Any],
        *args: Any,
        dtype: Any = None,
        chunks: Any = None,
        drop_axis: Any = None,
        new_axis: Any = None,
        **options: Any,
    ) -> sa.Array:
        """Apply a function to blocks."""
        return sa.map_blocks(
            func, *args, dtype=dtype, chunks=chunks, drop_axis=drop_axis, new_axis=new_axis, **options
        )

    def blockwise(
        self,
        func: Callable[..., Any],
        out_ind: Any,
        *args: Any,
        adjust_chunks: Any = None,
        new_axes: Any = None,
        align_arrays: bool = True,
        **options: Any,
    ) -> sa.Array:
        """Apply a function to blocks whose axes have names."""
        return sa.blockwise(func, out_ind, *args, adjust_chunks=adjust_chunks, new_axes=new_axes, **options)

    def unify_chunks(self, *args: Any, **options: Any) -> tuple[dict[Any, Any], list[Any]]:
        """Cut arrays whose axes have names alike."""
        arrays = [sa.asarray(one) for one in args[::2]]
        names = [tuple(own) for own in args[1::2]]
        common: dict[Any, tuple[int, ...]] = {}
        for one, own in zip(arrays, names, strict=True):
            for letter, lengths in zip(own, one.chunks, strict=True):
                known = common.get(letter)
                if (
                    known is None
                    or sum(known) == 1
                    or (sum(known) == sum(lengths) and len(lengths) > len(known))
                ):
                    common[letter] = lengths
        cut = []
        for one, own in zip(arrays, names, strict=True):
            cut.append(
                one.rechunk(
                    tuple(
                        common[letter] if length != 1 else (1,)
                        for letter, length in zip(own, one.shape, strict=True)
                    )
                )
            )
        return common, cut

    def store(self, sources: Any, targets: Any, **options: Any) -> None:
        """Write arrays into targets."""
        sources = [sources] if isinstance(sources, sa.Array) else list(sources)
        targets = [targets] if not isinstance(targets, (list, tuple)) else list(targets)
        sa.store(sources, [_Target(target) for target in targets], regions=options.get("regions"))

    def shuffle(self, x: sa.Array, indexer: list[list[int]], axis: int, chunks: Any) -> sa.Array:
        """Bring positions along an axis together."""
        order = [position for group in indexer for position in group]
        return sa.take(x, np.asarray(order, dtype=np.int64), axis=axis)

    def get_auto_chunk_size(self) -> int:
        """Give the bytes of a chunk where nothing is said."""
        return 32 << 20


def _is_ours(dtype: Any) -> bool:
    try:
        dtype_name(dtype)
    except TypeError:
        return False
    return True


def _as_before(data: Any) -> Any:
    """Give what xarray held before it was to be cut: what it reads lazily stands in an adapter."""
    from xarray.core import indexing

    held = getattr(data, "array", None)
    return held if isinstance(held, indexing.ExplicitlyIndexed) else data


class _Box:
    """What xarray reads lazily, as something with slices of NumPy."""

    def __init__(self, data: Any) -> None:
        self._data, self.dtype, self.shape = data, data.dtype, data.shape

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self._data[key])


class _Target:
    """A target of xarray's, which has a shape."""

    def __init__(self, target: Any) -> None:
        self._target = target
        self.shape = target.shape
        stored = getattr(target, "chunks", None)
        self.chunks = stored

    def __setitem__(self, key: Any, value: Any) -> None:
        self._target[key] = value


def _lengths(entry: Any, length: int) -> tuple[int, ...] | None:
    if isinstance(entry, str):
        return None
    if isinstance(entry, (tuple, list)):
        return tuple(int(one) for one in entry)
    if entry is None or entry == -1 or entry >= length:
        return (length,)
    size = int(entry)
    whole, rest = length // size, length % size
    return (size,) * whole + ((rest,) if rest else ())


def _cut(plan: list[Any], shape: tuple[int, ...], target: int, previous: Any) -> list[tuple[int, ...]]:
    """Cut the axes that nothing was said of, so that a block has about ``target`` elements along them."""
    open_axes = [axis for axis, lengths in enumerate(plan) if lengths is None]
    left = target
    for done, axis in enumerate(sorted(open_axes, key=lambda axis: shape[axis])):
        share = max(int(left ** (1 / (len(open_axes) - done))), 1)
        length = min(shape[axis], share) or 1
        if previous is not None and previous[axis]:
            stored = previous[axis] if isinstance(previous[axis], int) else max(previous[axis], default=1)
            length = min(max(length // stored, 1) * stored, shape[axis]) or 1
        plan[axis] = _lengths(length, shape[axis])
        left = max(left // length, 1)
    return plan


def register() -> None:
    """Make xarray know the manager where the package's entry points are not installed."""
    from xarray.namedarray import parallelcompat

    managers = parallelcompat.list_chunkmanagers()
    managers.setdefault("swath", SwathManager())


def _index_points() -> None:
    """Let xarray index arrays of ours point by point: its adapter for the Array API's arrays refuses to."""
    from xarray.core import indexing

    adapter: Any = getattr(indexing, "ArrayApiIndexingAdapter", None)
    if adapter is None or getattr(adapter, "_swath", False):
        return
    before = adapter._vindex_get

    def get(self: Any, indexer: Any) -> Any:
        if not isinstance(self.array, sa.Array):
            return before(self, indexer)
        return self.array.vindex[indexer.tuple]

    adapter._vindex_get, adapter._swath = get, True


def _manager_of(given: Any, data: Any) -> Any:
    """Give the manager that cuts these arrays: ours, if none is named."""
    if not any(isinstance(one, sa.Array) for one in data):
        return given
    if given is None:
        return SwathManager()
    from xarray.namedarray.parallelcompat import guess_chunkmanager

    manager = guess_chunkmanager(given)
    if not isinstance(manager, SwathManager):
        raise TypeError(
            f"arrays of Swath are not wrapped by {type(manager).__name__}: leave chunked_array_type "
            'out, or give chunked_array_type="swath"; compute() them first for arrays of another library'
        )
    return manager


def _keep_manager() -> None:
    """Let ``chunk()`` cut arrays of ours: xarray would have Dask wrap them, if that is installed too."""
    from xarray import Dataset, Variable
    from xarray.namedarray.core import NamedArray

    owners: list[tuple[Any, Callable[[Any], Any]]] = [
        (NamedArray, lambda own: (own._data,)),
        (Variable, lambda own: (own._data,)),
        (Dataset, lambda own: [one._data for one in own.variables.values()]),
    ]
    for owner, data_of in owners:
        before = owner.__dict__.get("chunk")
        if before is None or getattr(before, "_swath", False):
            continue
        owner.chunk = _chunking(before, data_of)


def _chunking(before: Any, data_of: Callable[[Any], Any]) -> Any:
    signature = inspect.signature(before)

    @functools.wraps(before)
    def chunk(self: Any, *args: Any, **options: Any) -> Any:
        bound = signature.bind(self, *args, **options)
        given = bound.arguments.get("chunked_array_type")
        bound.arguments["chunked_array_type"] = _manager_of(given, data_of(self))
        return before(*bound.args, **bound.kwargs)

    chunk._swath = True  # type: ignore[attr-defined]
    return chunk


_index_points()
_keep_manager()
