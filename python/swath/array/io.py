"""Arrays from files and other systems, and into them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath._session import default_session
from swath.array import _context
from swath.array._blockcalls import returned
from swath.array._convert import chunks_of, dtype_name, native_of, shape_of, wrap
from swath.array._room import make_sure

if TYPE_CHECKING:
    from swath.array._array import Array
    from swath.frame import DataFrame


def _cut(made: Any, chunks: Any) -> Array:
    own = wrap(made)
    return own if chunks is None else own.rechunk(chunks)


def _native_session(session: Any) -> Any:
    return (default_session() if session is None else session)._native


def from_npy(path: Any, *, chunks: Any = None, session: Any = None) -> Array:
    """Open a file of NumPy's ``save``; a computation reads what it needs.

    Examples
    --------
    >>> import tempfile, os, swath.array as sa
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npy")
    >>> sa.to_npy(sa.arange(4), path)
    >>> sa.from_npy(path).sum().compute()
    np.int64(6)
    """
    return _cut(native.from_npy(_context.maker(session), os.fspath(path), None), chunks)


def from_npz(path: Any, *, chunks: Any = None, session: Any = None) -> dict[str, Array]:
    """Open an archive of NumPy's ``savez``: its arrays by name.

    Examples
    --------
    >>> import swath.array as sa
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sa.to_npz(folder + "/x.npz", a=sa.arange(3))
    ...     sa.from_npz(folder + "/x.npz")["a"].compute()
    array([0, 1, 2])
    """
    maker, path = _context.maker(session), os.fspath(path)
    return {name: _cut(native.from_npz(maker, path, name, None), chunks) for name in native.npz_names(path)}


def from_zarr(path: Any, component: str | None = None, *, chunks: Any = None, session: Any = None) -> Array:
    """Open a Zarr array, of version 2 or 3, in multiples of its chunks.

    Parameters
    ----------
    path
        The folder (or ``s3://…``) of the array, or of a group of which ``component`` names one. An array of
        the ``zarr`` library is read through it.
    component
        The name of the array in the group.
    chunks
        Other chunks.
    session
        The session that runs it; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sa.to_zarr(sa.arange(3), folder + "/x.zarr")
    ...     sa.from_zarr(folder + "/x.zarr").compute()
    array([0, 1, 2])
    """
    if hasattr(path, "shape"):
        return from_array(path, chunks=chunks, session=session)
    if "://" in (address := os.fspath(path)):
        place = address if component is None else f"{address.rstrip('/')}/{component}"
        return _cut(native.from_zarr_at(_native_session(session), place, None), chunks)
    if component is not None and _node(address) is None:
        # A folder that is no group may have folders of arrays all the same.
        address, component = os.path.join(address, component), None
    return _cut(native.from_zarr(_context.maker(session), address, component, None), chunks)


def to_npy(x: Any, path: Any, /) -> None:
    """Write a file as NumPy's ``save`` does, block by block; over what stands there, when all is written.

    Examples
    --------
    >>> import swath.array as sa
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sa.to_npy(sa.arange(3), folder + "/x.npy")
    ...     sa.from_npy(folder + "/x.npy").compute()
    array([0, 1, 2])
    """
    native.to_npy(native_of(x), os.fspath(path))


def save(path: Any, x: Any, /) -> None:
    """Write a file as NumPy's ``save`` does.

    Examples
    --------
    >>> import swath.array as sa
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sa.save(folder + "/x.npy", sa.arange(3))
    ...     sa.from_npy(folder + "/x.npy").compute()
    array([0, 1, 2])
    """
    to_npy(x, path)


def to_npz(path: Any, /, *unnamed: Any, compressed: bool = False, **arrays: Any) -> None:
    """Write an archive as NumPy's ``savez`` does, of arrays by name.

    Arrays without a name are ``arr_0``, ``arr_1`` and so on.

    Examples
    --------
    >>> import swath.array as sa
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sa.to_npz(folder + "/x.npz", a=sa.arange(3))
    ...     sa.from_npz(folder + "/x.npz")["a"].compute()
    array([0, 1, 2])
    """
    given = {f"arr_{number}": one for number, one in enumerate(unnamed)}
    if twice := given.keys() & arrays.keys():
        raise ValueError(f"to_npz: two arrays are named {min(twice)}: name both")
    given |= arrays
    native.save_npz(os.fspath(path), list(given), [native_of(one) for one in given.values()], compressed)


def to_zarr(
    x: Any,
    path: Any,
    /,
    *,
    chunks: Any = None,
    shards: Any = None,
    zarr_format: int = 3,
    compression: str = "zstd",
    overwrite: bool = False,
    attributes: Mapping[str, Any] | None = None,
    dimension_names: Any = None,
    region: Any = None,
    component: str | None = None,
    session: Any = None,
) -> None:
    """Write a Zarr array into a folder, block by block; what was there stays until all is written.

    Parameters
    ----------
    x : array_like
        The array.
    path
        The folder, or the address of an object store, such as ``s3://bucket/x.zarr``.
    chunks
        The shape of stored chunks; the array's if none are named.
    shards
        The shape of files of several chunks.
    zarr_format
        2 or 3.
    compression
        ``"zstd"`` or ``"none"``.
    overwrite
        Replace an array that is there.
    attributes
        Values for JSON.
    dimension_names
        A name for each axis.
    region
        Slices, one for each axis, of an array that is there: elements are written into it. Chunks that the
        region has only a part of are read, changed and written.
    component
        The name of the array in the group at ``path``, such as ``"a"`` or ``"one/a"``. Groups that are not
        there are made, in folders; object stores need none for :func:`from_zarr`.
    session
        The session whose credentials are used; the default one if none is named.

    Examples
    --------
    >>> import tempfile, os, swath.array as sa
    >>> path = os.path.join(tempfile.mkdtemp(), "x.zarr")
    >>> sa.to_zarr(sa.ones((4, 4)), path, chunks=(2, 2))
    >>> sa.from_zarr(path).sum().compute()
    np.float64(16.0)
    >>> sa.to_zarr(sa.arange(3), path + ".group", component="a")
    >>> sa.from_zarr(path + ".group", "a").compute()
    array([0, 1, 2])
    """
    if zarr_format not in (2, 3):
        raise ValueError(f"zarr_format is 2 or 3, not {zarr_format!r}")
    if hasattr(path, "shape"):
        if component is not None:
            raise TypeError("to_zarr: component names an array in a folder, and this is an array already")
        store(x, path, regions=None if region is None else _slices(region))
        return
    address, groups = os.fspath(path), []
    if component is not None:
        names = [name for name in component.split("/") if name]
        if not names or ".." in names or "." in names:
            raise ValueError(f"to_zarr: component is the name of an array in a group, not {component!r}")
        if "://" not in address and region is None:
            groups = _groups_to_make(address, names[:-1], zarr_format)
        address = "/".join([address.rstrip("/"), *names])
    if region is not None:
        _into_zarr(x, address, _slices(region))
        return
    native.to_zarr(
        native_of(x),
        address,
        session=_native_session(session) if "://" in address else None,
        chunk_shape=None if chunks is None else shape_of(chunks),
        shard_shape=None if shards is None else shape_of(shards),
        version=zarr_format,
        compression=compression,
        overwrite=overwrite,
        attributes=None if attributes is None else json.dumps(dict(attributes)),
        dimension_names=None if dimension_names is None else list(dimension_names),
    )
    for group in groups:
        _make_group(group, zarr_format)


def _node(folder: str) -> tuple[str, int] | None:
    """Say whether a folder is an array of Zarr or a group, and of what version; ``None`` if it is neither."""
    for name, kind in ((".zarray", "array"), (".zgroup", "group")):
        if os.path.exists(os.path.join(folder, name)):
            return kind, 2
    try:
        with open(os.path.join(folder, "zarr.json"), encoding="utf-8") as file:
            return str(json.load(file).get("node_type")), 3
    except FileNotFoundError:
        return None


def _groups_to_make(root: str, names: list[str], version: int) -> list[str]:
    """Give the folders on the way to an array that are no groups yet."""
    made = []
    for count in range(len(names) + 1):
        folder = os.path.join(root, *names[:count])
        node = _node(folder)
        if node is None:
            made.append(folder)
        elif node[0] != "group":
            raise ValueError(f"to_zarr: {folder} is an array, which has no others in it: take another path")
        elif node[1] != version:
            raise ValueError(
                f"to_zarr: {folder} is a group of version {node[1]}: give zarr_format={node[1]}, or take "
                "another path"
            )
    return made


def _make_group(folder: str, version: int) -> None:
    content: dict[str, Any] = {"zarr_format": version}
    if version == 3:
        content |= {"node_type": "group", "attributes": {}}
    name = "zarr.json" if version == 3 else ".zgroup"
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(content, file)


def _slices(region: Any) -> tuple[slice, ...]:
    slices = (region,) if isinstance(region, slice) else tuple(region)
    if not all(isinstance(one, slice) for one in slices):
        raise TypeError(f"a region is a slice for each axis, not {region!r}")
    return slices


def _into_zarr(x: Any, address: str, region: tuple[slice, ...]) -> None:
    """Write into a box of a Zarr array that is there."""
    if "://" in address:
        raise ValueError(
            "to_zarr writes regions of local arrays: open the array with the zarr library, and use "
            "sa.store(x, array, regions=…)"
        )
    own, there = wrap(native_of(x)), from_zarr(address)
    if len(region) > there.ndim:
        raise ValueError(f"to_zarr: the region has {len(region)} slices, and the array {there.ndim} axes")
    starts, lengths = _places(own, there, region)
    if lengths != own.shape:
        raise ValueError(f"to_zarr: an array of shape {own.shape} does not fit a region of shape {lengths}")
    if own.dtype != there.dtype:
        if not np.can_cast(own.dtype, there.dtype, "same_kind"):
            raise TypeError(f"to_zarr: {own.dtype} is not written into an array of {there.dtype}")
        own = own.astype(there.dtype)
    box = [(start, start + length) for start, length in zip(starts, lengths, strict=True)]
    native.to_zarr_region(own._array, address, box)


def from_array(
    x: Any, /, chunks: Any = None, *, name: str | None = None, session: Any = None, **ignored: Any
) -> Array:
    """Make an array of what has ``shape``, ``dtype`` and ``__getitem__``: h5py's, Zarr's, memory maps.

    What lies in memory is used as it is, without a copy; everything else is read chunk by chunk when it is
    needed.

    Parameters
    ----------
    x
        The elements.
    chunks
        Lengths of chunks; multiples of the object's own (its ``chunks``) if none are named.
    name
        What :meth:`Array.explain` calls it.
    session
        The session that runs it; the default one if none is named.
    **ignored
        What Dask takes here, and has no meaning.

    Examples
    --------
    >>> import swath.array as sa
    >>> import numpy as np
    >>> sa.from_array(np.arange(6), chunks=4).chunks
    ((4, 2),)
    """
    from swath.array.creation import asarray

    is_memory = isinstance(x, np.ndarray) and not isinstance(x, np.memmap)
    if (
        is_memory
        or hasattr(x, "_array")
        or not hasattr(x, "__getitem__")
        or not hasattr(x, "dtype")
        or isinstance(x, np.generic)
    ):
        return asarray(x, chunks=chunks, session=session)
    dtype, shape = np.dtype(x.dtype), tuple(int(length) for length in x.shape)
    label = name or type(x).__name__

    def read(blocks: list[Any], place: Any, bounds: list[tuple[int, int]]) -> Any:
        part = x[tuple(slice(start, stop) for start, stop in bounds)]
        return returned(part, label, dtype, tuple(stop - start for start, stop in bounds), place)

    stored = getattr(x, "chunks", None)
    regular = list(stored) if stored and all(isinstance(one, (int, np.integer)) for one in stored) else None
    cut = None if chunks is None else chunks_of(chunks, shape)
    return wrap(
        native.from_source(_context.maker(session), label, read, shape, dtype_name(dtype), regular, cut)
    )


def store(sources: Any, targets: Any, *, regions: Any = None, **ignored: Any) -> None:
    """Write arrays into what takes blocks by ``target[slices] = block``, now.

    What several arrays share is computed once.

    Parameters
    ----------
    sources
        An array, or several.
    targets
        As many targets: NumPy's arrays, h5py's datasets, Zarr's arrays.
    regions
        A tuple of slices for each target, into which its array goes.
    **ignored
        What Dask takes here, and has no meaning.

    Examples
    --------
    >>> import numpy as np
    >>> import swath.array as sa
    >>> target = np.zeros(6)
    >>> sa.store(sa.arange(3), target, regions=(slice(1, 4),))
    >>> target
    array([0., 0., 1., 2., 0., 0.])
    """
    if not isinstance(sources, (list, tuple)):
        sources, targets, regions = [sources], [targets], None if regions is None else [regions]
    regions = [None] * len(sources) if regions is None else regions
    if isinstance(regions, tuple) and all(isinstance(one, slice) for one in regions):
        regions = [regions] * len(sources)
    if not len(sources) == len(targets) == len(regions):
        raise ValueError(f"store: {len(sources)} arrays, {len(targets)} targets and {len(regions)} regions")
    pairs = []
    for source, target, region in zip(sources, targets, regions, strict=True):
        own = wrap(native_of(source))
        region = (region,) if isinstance(region, slice) else region
        starts, lengths = _places(own, target, region)
        stored = getattr(target, "chunks", None)
        whole = None
        if stored and all(isinstance(one, (int, np.integer)) for one in stored) and not any(starts):
            whole = [int(one) for one in stored]
        pairs.append((own._array, type(target).__name__, _writer(target, starts), whole))
        if lengths != own.shape:
            raise ValueError(f"store: an array of shape {own.shape} does not fit a target of shape {lengths}")
    native.store(pairs)


def _places(own: Array, target: Any, region: Any) -> tuple[list[int], tuple[int, ...]]:
    shape = tuple(int(length) for length in target.shape)
    if region is None:
        return [0] * len(shape), shape
    slices = [one.indices(length) for one, length in zip(region, shape, strict=False)]
    if any(step != 1 for _, _, step in slices):
        raise ValueError("store: regions are slices without steps")
    slices += [(0, length, 1) for length in shape[len(slices) :]]
    return [start for start, _, _ in slices], tuple(stop - start for start, stop, _ in slices)


def _writer(target: Any, starts: list[int]) -> Any:
    def write(block: Any, bounds: list[tuple[int, int]]) -> None:
        places = tuple(
            slice(first + start, first + stop) for first, (start, stop) in zip(starts, bounds, strict=True)
        )
        target[places] = np.asarray(block)

    return write


def compute(*arrays: Any) -> tuple[Any, ...]:
    """Compute several arrays together: what they share is computed once.

    Examples
    --------
    >>> import swath.array as sa
    >>> x = sa.arange(4)
    >>> sa.compute(x.sum(), x.max())
    (np.int64(6), np.int64(3))
    """
    natives = [native_of(one) for one in arrays]
    make_sure(natives)
    results = [np.asarray(one) for one in native.compute(natives)]
    return tuple(one[()] if one.ndim == 0 else one for one in results)


def persist(*arrays: Any) -> tuple[Array, ...]:
    """Compute several arrays together and hold them in memory, in their chunks.

    Examples
    --------
    >>> import swath.array as sa
    >>> x, y = sa.persist(sa.arange(3), sa.ones(2))
    """
    return tuple(map(wrap, native.persist([native_of(one) for one in arrays])))


def from_parquet(path: Any, columns: Any = None, *, chunks: Any = None, session: Any = None) -> Array:
    """Make an array ``(rows, columns)`` of columns of Parquet files; they are read now, and held.

    Parameters
    ----------
    path
        A file, a folder, a pattern or an address, or several of them.
    columns
        Names; all columns if none are named. Their types must have a dtype in common. A column of tensors
        alone gives its tensors.
    chunks
        Other chunks.
    session
        The session that reads; the default one if none is named.

    Examples
    --------
    >>> import tempfile, os, swath as sw, swath.array as sa
    >>> path = os.path.join(tempfile.mkdtemp(), "x.parquet")
    >>> _ = sw.from_dict({"a": [1, 2], "b": [0.5, 1.5]}).write_parquet(path)
    >>> sa.from_parquet(path, ["a", "b"]).sum(axis=0).compute()
    array([3., 2.])
    """
    frame = (default_session() if session is None else session).read_parquet(path)
    return _cut(from_dataframe(frame, columns)._array, chunks)


def from_dataframe(frame: Any, columns: Any = None) -> Array:
    """Make an array ``(rows, columns)`` of columns of a table; the table runs now, and its rows are held.

    A missing value is NaN or NaT; among integers and booleans it is an error when the array runs.

    The rows of a frame on a cluster stay with the workers that made them; the array runs in this process, and
    reads them block by block.

    Parameters
    ----------
    frame
        A :class:`swath.DataFrame`.
    columns
        Names; all columns if none are named. Their types must have a dtype in common.

    Examples
    --------
    >>> import swath as sw
    >>> import swath.array as sa
    >>> sa.from_dataframe(sw.from_dict({"a": [1, 2], "b": [0.5, 1.5]})).sum(axis=0).compute()
    array([3., 2.])
    """
    names = (
        list(frame.columns) if columns is None else [columns] if isinstance(columns, str) else list(columns)
    )
    return wrap(native.from_frame(frame._frame, names))


def to_dataframe(x: Any, /, columns: Any = None, *, session: Any = None) -> DataFrame:
    """Make a table of an array of one or two axes, with a column for each position along the second.

    Blocks are computed when their rows are read. For a session on a cluster the array is computed now, in
    this process, and its rows are sent along with queries.

    Parameters
    ----------
    x : array_like
        The array.
    columns
        Names of columns; ``column_0``, ``column_1`` … if none are given.
    session
        The session of the table; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> sa.to_dataframe(sa.arange(6).reshape((3, 2)), ["a", "b"]).count()
    3
    """
    from swath.dtypes import Date
    from swath.frame import DataFrame

    own = wrap(native_of(x))
    if columns is None:
        columns = [f"column_{place}" for place in range(own.shape[1] if own.ndim == 2 else 1)]
    names = [columns] if isinstance(columns, str) else [str(one) for one in columns]
    unit = np.datetime_data(own.dtype)[0] if own.dtype.kind in "mM" else "s"
    is_dates = own.dtype == np.dtype("datetime64[D]")
    if unit not in ("s", "ms", "us", "ns") and not is_dates:
        finer = (
            "'datetime64[D]' for dates, or 'datetime64[s]'" if own.dtype.kind == "M" else "'timedelta64[s]'"
        )
        raise TypeError(f"to_dataframe: no column holds {own.dtype}: use x.astype with {finer}")
    if is_dates:
        own = own.astype("datetime64[s]")
    made = DataFrame._of(native.to_frame(_native_session(session), own._array, names))
    return made.cast(dict.fromkeys(names, Date)) if is_dates else made
