"""Functions, sources and sinks that are written in Python."""

import os
import signal
import threading
import time
import traceback

import numpy as np
import pytest

import swath.array as sa
from swath import errors


def same(lazy, expected):
    actual, expected = np.asarray(lazy), np.asarray(expected)
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


A = np.arange(24.0).reshape(4, 6)


@pytest.fixture
def x():
    return sa.asarray(A, chunks=(2, 3))


def test_map_blocks(x):
    same(sa.map_blocks(np.sqrt, x), np.sqrt(A))
    same(x.map_blocks(lambda b: b.astype("int8")), A.astype("int8"))
    same(sa.map_blocks(lambda a, b, k: a + b * k, x, A[:1], 2), A + A[:1] * 2)
    same(sa.map_blocks(lambda b, power: b**power, x, power=2), A**2)


def test_blocks_are_views_of_numpy(x):
    seen = []

    def look(block):
        seen.append((type(block), block.shape, block.flags.writeable, block.flags.owndata))
        return block

    sa.map_blocks(look, x, dtype="float64").compute()
    assert seen == [(np.ndarray, (2, 3), False, False)] * 4


def test_map_blocks_knows_its_place(x):
    def place(block, block_id):
        return np.full(block.shape, 10 * block_id[0] + block_id[1])

    made = sa.map_blocks(place, x, dtype="int64").compute()
    assert (made[0, 0], made[0, 5], made[3, 0], made[3, 5]) == (0, 1, 10, 11)

    def info(block, block_info):
        return block + block_info[None]["array-location"][1][0]

    same(sa.map_blocks(info, x, dtype="float64"), A + np.array([0, 0, 0, 3, 3, 3]))


def test_map_blocks_changes_axes(x):
    same(sa.map_blocks(lambda b: b.sum(axis=1), x, drop_axis=1), A.sum(axis=1))
    same(sa.map_blocks(lambda b: b[:, None], x, new_axis=1), A[:, None])
    same(
        sa.map_blocks(lambda b: b.sum(axis=1, keepdims=True), x, chunks=(2, 1)),
        A.reshape(4, 2, 3).sum(axis=2),
    )
    same(
        sa.map_blocks(lambda b: np.repeat(b, 2, axis=0), x, chunks=((4, 4), (3, 3))), np.repeat(A, 2, axis=0)
    )


def test_exceptions_come_back_with_their_traceback(x):
    def broken(block):
        return 1 / int(block[0, 0] * 0)

    with pytest.raises(ZeroDivisionError) as caught:
        sa.map_blocks(broken, x, dtype="float64").compute()
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "broken" in frames


def test_broken_promises_are_named(x):
    with pytest.raises(ValueError, match="gave shape"):
        sa.map_blocks(lambda b: b[:1], x, dtype="float64").compute()
    with pytest.raises(TypeError, match="complex128"):
        sa.map_blocks(lambda b: b * 1j, x, dtype="float64").compute()
    with pytest.raises(TypeError, match="give dtype="):
        sa.map_blocks(lambda b: b[7, 7], x)


def test_blockwise(x):
    y = sa.asarray(A.T, chunks=(3, 2))
    same(sa.blockwise(lambda a, b: a @ b, "ij", x, "ik", y, "kj", dtype="float64"), A @ A.T)
    same(sa.blockwise(lambda a: a.T, "ji", x, "ij", dtype="float64"), A.T)
    same(
        sa.blockwise(lambda a: a[:, :, None] + np.zeros(5), "ijz", x, "ij", new_axes={"z": 5}),
        A[:, :, None] + np.zeros(5),
    )
    same(
        sa.blockwise(lambda a: a[::2], "ij", x, "ij", adjust_chunks={"i": lambda n: n // 2}, dtype="float64"),
        A[[0, 2]],
    )
    same(sa.blockwise(lambda a, k: a * k, "ij", x, "ij", 3, None, dtype="float64"), A * 3)


def test_local_functions_of_blocks_with_margins_get_parts():
    a = np.linspace(-1, 1, 600_000).reshape(1200, 500)
    x = sa.asarray(a, chunks=(600, 500))
    lengths = []

    def smooth(block):
        lengths.append(len(block))
        return block[:-2, 1:-1] + 2 * block[1:-1, 1:-1] + block[2:, 1:-1]

    wide = np.pad(a, 1, mode="edge")
    expected = smooth(wide)
    for local in (False, True):
        lengths.clear()
        made = sa.map_overlap(smooth, x, depth=1, boundary="nearest", local=local, dtype="float64")
        np.testing.assert_array_equal(made.compute(), expected)
        assert (max(lengths) < 602) == local
    # Margins that the function leaves on, and none beyond the border.
    made = sa.map_overlap(np.negative, x, depth=(2, 0), boundary=None, local=True)
    np.testing.assert_array_equal(made.compute(), -a)
    place = sa.map_overlap(
        lambda block, block_id: block + block_id[0], x, depth=1, local=True, dtype="float64"
    )
    np.testing.assert_array_equal(place.compute(), a + (np.arange(1200) // 600)[:, None])


def test_map_overlap():
    a = np.arange(12.0)
    x = sa.asarray(a, chunks=4)

    def smooth(block):
        return np.convolve(block, np.ones(3), mode="same")

    same(sa.map_overlap(smooth, x, depth=1, boundary=0), np.convolve(a, np.ones(3), mode="same"))
    same(sa.map_overlap(smooth, x, depth=2, boundary=None), np.convolve(a, np.ones(3), mode="same"))
    periodic = a + np.roll(a, 1) + np.roll(a, -1)
    same(x.map_overlap(smooth, 1, boundary="periodic"), periodic)


def test_apply_along_axis(x):
    same(sa.apply_along_axis(np.ptp, 1, x), np.ptp(A, axis=1))
    same(sa.apply_along_axis(lambda v: v[:2], 0, x), A[:2])
    same(
        sa.apply_along_axis(lambda v: np.outer(v, v), 1, x),
        np.apply_along_axis(lambda v: np.outer(v, v), 1, A),
    )


def test_apply_gufunc(x):
    same(sa.apply_gufunc(lambda v: v.mean(axis=-1), "(i)->()", x), A.mean(axis=-1))
    low, high = sa.apply_gufunc(lambda v: (v.min(axis=-1), v.max(axis=-1)), "(i)->(),()", x)
    same(low, A.min(axis=-1))
    same(high, A.max(axis=-1))
    same(sa.apply_gufunc(np.outer, "(i),(j)->(i,j)", A[0], A[1], vectorize=True), np.outer(A[0], A[1]))
    with pytest.raises(ValueError, match="signature"):
        sa.apply_gufunc(np.add, "(i)->(i)", x, x)


def test_reduction():
    a = np.arange(1000.0).reshape(100, 10)
    x = sa.asarray(a, chunks=(3, 4))
    same(sa.reduction(x, np.sum, np.sum), a.sum())
    same(sa.reduction(x, np.max, np.max, axis=0), a.max(axis=0))
    same(sa.reduction(x, np.sum, np.sum, axis=1, keepdims=True), a.sum(axis=1, keepdims=True))


class Lazy:
    """What h5py's datasets look like."""

    def __init__(self, values, chunks=None):
        self.values, self.shape, self.dtype, self.chunks, self.read = (
            values,
            values.shape,
            values.dtype,
            chunks,
            [],
        )

    def __getitem__(self, key):
        self.read.append(key)
        return self.values[key]


def test_objects_are_read_where_they_are_needed():
    source = Lazy(A, chunks=(2, 3))
    x = sa.from_array(source, chunks=(2, 3))
    assert x.chunks == ((2, 2), (3, 3))
    assert source.read == []
    same(x[:2, :3].sum(), A[:2, :3].sum())
    rows = max(key[0].stop for key in source.read)
    assert rows <= 2
    same(sa.from_array(source, chunks=(2, 6)) + 1, A + 1)


def test_sources_may_be_wrong():
    source = Lazy(A)
    source.dtype = np.dtype("int32")
    with pytest.raises(TypeError, match="float64"):
        sa.from_array(source).compute()


def test_from_map_and_store(tmp_path):
    x = sa.from_map(
        lambda bounds: np.add.outer(*(np.arange(*one) for one in bounds)),
        (5, 6),
        dtype="int64",
        chunks=(2, 4),
    )
    expected = np.add.outer(np.arange(5), np.arange(6))
    same(x, expected)
    target, other = np.zeros((5, 6)), np.zeros((7, 6), dtype="int64")
    sa.store([x, x * 2], [target, other], regions=[None, (slice(1, 6),)])
    same(target, expected * 1.0)
    same(other[1:6], expected * 2)
    with pytest.raises(ValueError, match="does not fit"):
        sa.store(x, np.zeros((2, 2)))


def test_files(tmp_path, x):
    x.to_npy(tmp_path / "x.npy")
    same(np.load(tmp_path / "x.npy"), A)
    np.save(tmp_path / "y.npy", A.astype(">i4"))
    same(sa.from_npy(tmp_path / "y.npy", chunks=2), A.astype("i4"))
    sa.to_npz(tmp_path / "x.npz", a=x, b=x[0], compressed=True)
    with np.load(tmp_path / "x.npz") as archive:
        same(archive["b"], A[0])
    same(sa.from_npz(tmp_path / "x.npz")["a"], A)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    same(sa.from_array(mapped, chunks=2) + 1, A + 1)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr(tmp_path, x, zarr_format):
    import zarr

    path = tmp_path / "x.zarr"
    x.to_zarr(path, zarr_format=zarr_format, attributes={"units": "K"})
    stored = zarr.open_array(path, mode="r")
    same(stored[...], A)
    assert stored.attrs["units"] == "K"
    assert stored.chunks == (2, 3)
    same(sa.from_zarr(path), A)
    same(sa.from_zarr(stored).sum(axis=0), A.sum(axis=0))
    with pytest.raises(errors.SwathError):
        x.to_zarr(path)
    (x + 1).to_zarr(path, overwrite=True, chunks=(4, 2))
    same(sa.from_zarr(path, chunks=-1), A + 1)
    group = zarr.open_group(tmp_path / "g.zarr", mode="w", zarr_format=zarr_format)
    group.create_array("t", data=A)
    same(sa.from_zarr(tmp_path / "g.zarr", "t"), A)
    target = zarr.create_array(
        tmp_path / "z.zarr", shape=A.shape, chunks=(3, 3), dtype="f8", zarr_format=zarr_format
    )
    sa.store(x, target)
    same(target[...], A)


def test_functions_may_compute_themselves(x):
    y = sa.arange(5)

    def nested(block):
        return block + int(y.sum())

    same(sa.map_blocks(nested, x, dtype="float64"), A + 10)


def test_interrupts_end_a_run():
    # A shell that starts this in the background has SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def slow(block):
        time.sleep(0.05)
        return block

    x = sa.map_blocks(slow, sa.ones((400, 200_000), chunks=(1, -1)), dtype="float64").sum()
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            x.compute()
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 5


def test_other_threads_run_while_one_computes():
    x = sa.random.default_rng(1).random((3000, 3000), chunks=1000)
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    (x @ x).sum().compute()
    done.set()
    thread.join()
    assert len(ticks) > 10


def test_block_info_of_inputs():
    seen = {}

    def tell(block, factor, row, block_info=None):
        if block_info[None]["dtype"] == np.float32:
            seen[block_info[None]["chunk-location"]] = block_info
        return (block * factor + row).astype("float32")

    x = sa.asarray(A, chunks=(2, 3))
    made = sa.map_blocks(tell, x, 2, sa.arange(6.0, chunks=3), dtype="float32")
    np.testing.assert_array_equal(made.compute(), (A * 2 + np.arange(6)).astype("float32"))
    assert set(seen) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    info = seen[1, 1]
    assert set(info) == {None, 0, 2}
    assert info[0]["array-location"] == [(2, 4), (3, 6)]
    assert info[0]["shape"] == (4, 6)
    assert info[0]["num-chunks"] == (2, 2)
    assert info[2]["chunk-location"] == (1,)
    assert info[2]["array-location"] == [(3, 6)]
    assert info[None]["chunk-shape"] == (2, 3)
    assert info[None]["array-location"] == [(2, 4), (3, 6)]


@pytest.mark.parametrize("boundary", [None, "reflect", "periodic", "nearest", 2.5])
@pytest.mark.parametrize("depth", [0, 1, 2, {0: (1, 2)}])
@pytest.mark.parametrize(("shape", "chunks"), [((11,), 4), ((6, 7), (4, 3)), ((3,), 1)])
def test_map_overlap_of_several_arrays(boundary, depth, shape, chunks):
    values = np.random.default_rng(0).random(shape)
    x = sa.asarray(values, chunks=chunks)
    one, two = set(), set()

    def alone(block):
        one.add((block.shape, block.tobytes()))
        return block * 2

    def beside(block, other):
        np.testing.assert_array_equal(block, other)
        two.add((block.shape, block.tobytes()))
        return block + other

    given = {"depth": depth, "boundary": boundary, "dtype": float}
    expected = sa.map_overlap(alone, x, **given).compute()
    same(sa.map_overlap(beside, x, values, **given), expected)
    assert one == two


def test_map_overlap_of_arrays_that_broadcast():
    x = sa.asarray(A, chunks=(2, 3))
    made = sa.map_overlap(
        lambda p, q: p[:, :-2] * q[:, 1:-1] + p[:, 2:], x, np.arange(6.0), depth=(0, 1), boundary=0
    )
    padded = np.pad(A, ((0, 0), (1, 1)))
    same(made, padded[:, :-2] * np.arange(6.0) + padded[:, 2:])
    same(x.map_overlap(lambda p, q: p + q, 1, x), A * 2)


def test_apply_gufunc_along_other_axes():
    y = np.arange(24.0).reshape(2, 3, 4)
    same(sa.apply_gufunc(lambda v: v.mean(-1), "(i)->()", y, axis=1), y.mean(1))
    centred = sa.apply_gufunc(lambda v: v - v.mean(-1, keepdims=True), "(i)->(i)", y, axis=0)
    same(centred, y - y.mean(0))
    same(sa.apply_gufunc(lambda a, b: (a * b).sum(-1), "(i),(i)->()", y, y, axes=[1, (1,)]), (y * y).sum(1))
    axes = [(0, 2), (2, 0), (2, 1)]
    same(sa.apply_gufunc(np.matmul, "(i,j),(j,k)->(i,k)", y, y, axes=axes), np.matmul(y, y, axes=axes))
    with pytest.raises(ValueError, match="axis is for one core dimension"):
        sa.apply_gufunc(np.matmul, "(i,j),(j,k)->(i,k)", y, y, axis=1)
    with pytest.raises(TypeError, match="not both"):
        sa.apply_gufunc(lambda v: v, "(i)->(i)", y, axis=1, axes=[1, 1])


def test_margins_that_stay_as_with_dask():
    x = sa.arange(6, chunks=3)
    for boundary, expected in [(0, [0, 0, 1, 2, 3, 2, 3, 4, 5, 0]), (None, [0, 1, 2, 3, 2, 3, 4, 5])]:
        made = sa.map_overlap(lambda block: block, x, depth=1, boundary=boundary, trim=False)
        assert made.compute().tolist() == expected
        assert made.chunks == ((5, 5) if boundary == 0 else (4, 4),)
    added = sa.map_overlap(lambda one, other: one + other, x, x, depth=1, trim=False, dtype="int64")
    assert added.compute().tolist() == [0, 2, 4, 6, 4, 6, 8, 10]
    # What the function cuts off itself is as long as the block.
    cut = sa.map_overlap(lambda block: block[1:-1], x, depth=1, boundary=0, trim=False, dtype="int64")
    assert cut.compute().tolist() == [0, 1, 2, 3, 4, 5]
    assert cut.chunks == ((3, 3),)


def test_each_axis_has_its_boundary(x):
    def spread(block):
        return block[:-2, 1:-1] + 10 * block[2:, 1:-1] + 100 * block[1:-1, :-2] + 1000 * block[1:-1, 2:]

    wide = np.pad(np.pad(A, ((1, 1), (0, 0)), "symmetric"), ((0, 0), (1, 1)), constant_values=7)
    for boundary in ({0: "reflect", 1: 7}, ("reflect", 7), {-2: "reflect", -1: 7}):
        same(sa.map_overlap(spread, x, depth=1, boundary=boundary), spread(wide))
    half = sa.map_overlap(lambda block: block * 2, x, depth={0: 1}, boundary={0: "periodic"})
    same(half, A * 2)
    with pytest.raises(ValueError, match="boundary names axis 2"):
        sa.map_overlap(spread, x, depth=1, boundary={2: 0})
    with pytest.raises(ValueError, match="boundaries are for 3 axes"):
        sa.map_overlap(spread, x, depth=1, boundary=(0, 0, 0))
    with pytest.raises(ValueError, match="there is no boundary 'mirror'"):
        sa.map_overlap(spread, x, depth=1, boundary={0: "mirror"})


def test_keywords_of_dask(x):
    same(sa.map_blocks(np.negative, x, token="minus", enforce_ndim=True), -A)
    assert "minus" in str(sa.map_blocks(np.negative, x, token="minus").explain())
    given = {"token": "minus", "enforce_ndim": True, "align_arrays": True, "allow_rechunk": False}
    same(sa.map_overlap(np.negative, x, depth=1, meta=np.zeros((0, 0)), **given), -A)


def test_functions_over_what_a_mask_made():
    x = sa.arange(10.0, chunks=3)
    whole = x[x > 2]
    expected = np.arange(3.0, 10)
    same(sa.map_overlap(lambda block: block, whole, depth=1), expected)
    same(sa.blockwise(np.negative, "i", x[x > 2], "i"), -expected)
    same(sa.map_blocks(np.negative, x[x > 2]), -expected)


def test_margins_and_places(x):
    def look(block, block_id):
        return block + block_id[0]

    same(sa.map_overlap(look, x, depth=1), A + np.array([0, 0, 1, 1])[:, None])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_groups(tmp_path, x, zarr_format):
    import zarr

    root = tmp_path / "g.zarr"
    x.to_zarr(root, component="a", zarr_format=zarr_format)
    sa.to_zarr(x + 1, root, component="deep/er/b", zarr_format=zarr_format)
    sa.to_zarr(x + 2, root, component="deep/c", zarr_format=zarr_format)
    same(sa.from_zarr(root, "a"), A)
    same(sa.from_zarr(root, "deep/er/b"), A + 1)
    stored = zarr.open_group(root, mode="r")
    np.testing.assert_array_equal(stored["deep/c"][:], A + 2)
    assert sorted(stored.array_keys()) == ["a"]
    sa.to_zarr(x[:1] * 0, root, component="a", region=(slice(0, 1), slice(None)))
    assert sa.from_zarr(root, "a")[0].sum().compute() == 0
    with pytest.raises(ValueError, match="is an array, which has no others in it"):
        x.to_zarr(root, component="a/b", zarr_format=zarr_format)
    with pytest.raises(ValueError, match=f"is a group of version {zarr_format}: give zarr_format"):
        x.to_zarr(root, component="d", zarr_format=5 - zarr_format)
    for wrong in ("", "../x"):
        with pytest.raises(ValueError, match="component is the name"):
            x.to_zarr(root, component=wrong)
    with pytest.raises(TypeError, match="an array already"):
        x.to_zarr(stored["a"], component="b")


def test_zarr_in_a_folder_that_is_no_group(tmp_path, x):
    x.to_zarr(tmp_path / "plain" / "a")
    same(sa.from_zarr(tmp_path / "plain", "a"), A)
    with pytest.raises(OSError, match="no Zarr array"):
        sa.from_zarr(tmp_path / "plain", "b")
