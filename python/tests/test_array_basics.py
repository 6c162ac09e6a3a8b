import pickle
import threading

import numpy as np
import pytest

import swath.array as sa
from swath import errors

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES += [
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "datetime64[ns]",
    "timedelta64[s]",
    "datetime64[D]",
]


def same(lazy, expected):
    actual = np.asarray(lazy)
    expected = np.asarray(expected)
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (1, 4, 1)])
def test_numpy_in_and_out(dtype, shape):
    values = (
        np.arange(int(np.prod(shape))).reshape(shape) % 2
        if dtype == "bool"
        else np.arange(int(np.prod(shape))).reshape(shape)
    )
    values = values.astype("int64").astype(dtype)
    x = sa.asarray(values)
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes) == (
        shape,
        values.dtype,
        len(shape),
        values.size,
        values.nbytes,
    )
    same(x, values)
    same(x[...], values)
    same(pickle.loads(pickle.dumps(x)), values)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::-1],
        lambda a: a[:, ::2],
        lambda a: np.broadcast_to(a[:1], (4, 6)),
        lambda a: a.astype(">f8"),
        lambda a: np.frombuffer(b"\0" + a.tobytes(), dtype="u1")[1:].view("f8").reshape(a.shape),
    ],
    ids=["transposed", "backwards", "steps", "broadcast", "big endian", "unaligned"],
)
def test_views_of_numpy(view):
    values = view(np.arange(24.0).reshape(4, 6))
    same(sa.asarray(values), np.ascontiguousarray(values).astype("f8"))
    same(sa.asarray(values) + 1, np.ascontiguousarray(values).astype("f8") + 1)


def test_elements_are_not_copied_on_their_way_in():
    values = np.arange(5.0)
    x = sa.asarray(values)
    values[0] = 7
    assert float(x[0]) == 7
    assert float(sa.asarray(values, copy=True)[0]) == 7
    held = np.asarray(sa.asarray(values)._array.in_memory())
    assert np.shares_memory(held, values)
    assert not held.flags.writeable


def test_results_can_be_written_to_and_belong_to_who_asked():
    values = np.arange(5.0)
    x = sa.asarray(values)
    result = x.compute()
    result[0] = 9
    assert values[0] == 0
    other = (x + 1).compute()
    other[0] = 9
    assert (x + 1).compute()[0] == 1


@pytest.mark.parametrize(
    "wrong", [["a", "b"], [None], [[1], [1, 2]], np.array([1], dtype=object), "text", {1: 2}]
)
def test_what_has_no_dtype_is_refused(wrong):
    with pytest.raises((TypeError, ValueError)):
        sa.asarray(wrong)


def test_lists_with_arrays():
    same(sa.asarray([sa.arange(2), [3, 4]]), [[0, 1], [3, 4]])


def test_numbers_are_weak_and_numpys_are_strong():
    x = sa.asarray([1, 2], dtype="uint8")
    assert (x + 1).dtype == "uint8"
    assert (x + 1.0).dtype == "float64"
    assert (x + np.int64(1)).dtype == "int64"
    assert (1 - x.astype("float32")).dtype == "float32"
    assert (x.astype("float32") * np.float64(2)).dtype == "float64"
    with pytest.raises(OverflowError):
        x + 300


def test_operators():
    a, b = np.array([[5, 3], [-2, 7]]), np.array([2, -3])
    x, y = sa.asarray(a), sa.asarray(b)
    for op in (
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "and",
        "or",
        "xor",
        "lt",
        "le",
        "gt",
        "ge",
        "eq",
        "ne",
    ):
        name = f"__{op}__"
        same(getattr(x, name)(y), getattr(a, name)(b))
        same(getattr(x, name)(3), getattr(a, name)(3))
        same(getattr(x, name)(b), getattr(a, name)(b))
    for op in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
        same(getattr(y * y, f"__r{op}__")(7), getattr(b * b, f"__r{op}__")(7))
    same(b + x, b + a)
    same(x**2, a**2)
    same(x @ y, a @ b)
    same(a @ y, a @ b)
    same(-x, -a)
    same(abs(x), abs(a))
    same(~x, ~a)
    same(x << 1, a << 1)
    quotient, rest = divmod(x, y)
    same(quotient, a // b)
    same(rest, a % b)


def test_in_place_operators_rebind():
    x = sa.asarray([1, 2, 3])
    y, z = x, x + 0
    x += 1
    assert x is y
    same(y, [2, 3, 4])
    same(z, [1, 2, 3])
    with pytest.raises(TypeError, match="astype"):
        x += 0.5
    with pytest.raises(ValueError, match="shape"):
        x += np.ones((2, 3), dtype=int)


def test_foreign_operands_are_asked():
    class Foreign:
        __array_ufunc__ = None

        def __radd__(self, other):
            return "foreign"

    assert sa.arange(3) + Foreign() == "foreign"
    with pytest.raises(TypeError):
        sa.arange(3) + "text"


INDICES = [
    0,
    -1,
    slice(None),
    slice(3, 0, -1),
    slice(10, 20),
    Ellipsis,
    None,
    (0, 1),
    (slice(None), 2),
    (..., 1),
    (None, 1, None),
    (slice(1, 3), slice(None, None, 2)),
    [0, 2],
    [],
    np.array([[0, 1], [2, 3]]),
    ([0, 1], [2, 3]),
    ([0, 1], slice(None), None),
    (slice(None), [0, 2, 4]),
    np.int64(1),
    (np.array([True, False, True, False]),),
    (slice(None), np.array([True, False, True, False, True])),
    True,
    False,
]


@pytest.mark.parametrize("index", INDICES, ids=repr)
@pytest.mark.parametrize("chunks", [None, 2])
def test_indexing(index, chunks):
    a = np.arange(20).reshape(4, 5)
    same(sa.asarray(a, chunks=chunks)[index], a[index])


def test_masks():
    a = np.arange(20).reshape(4, 5)
    x = sa.asarray(a, chunks=(2, 3))
    picked = x[x % 3 == 0]
    assert "?" in repr(picked)
    same(picked + 1, a[a % 3 == 0] + 1)
    assert picked.shape == (7,)
    assert sum(picked.chunks[0]) == 7
    same(x[x[:, 0] > 5, 1:], a[a[:, 0] > 5, 1:])


@pytest.mark.parametrize(
    ("index", "error"),
    [
        (4, IndexError),
        ((0, 0, 0), IndexError),
        ("a", IndexError),
        (1.5, IndexError),
        ([0.5], IndexError),
        ((0, -6), IndexError),
    ],
)
def test_wrong_indices(index, error):
    with pytest.raises(error):
        sa.zeros((4, 5))[index]


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_assignment(index):
    a = np.arange(20).reshape(4, 5)
    x = before = sa.asarray(a.copy())
    kept = x + 0
    if isinstance(index, tuple) and isinstance(index[0], list) and None in index:
        with pytest.raises(ValueError, match="newaxis"):
            x[index] = -1
        return
    a[index] = -1
    x[index] = -1
    same(x, a)
    assert x is before
    assert int(kept.sum()) == 190


def test_assignment_of_arrays_and_by_masks():
    a = np.arange(20.0).reshape(4, 5)
    x = sa.asarray(a.copy(), chunks=2)
    a[1:3] = np.arange(5)
    x[1:3] = np.arange(5)
    a[a > 10] *= 2
    x[x > 10] *= 2
    same(x, a)
    with pytest.raises(OverflowError):
        sa.zeros(3, dtype="uint8")[...] = 300


def test_vindex_and_blocks():
    a = np.arange(24).reshape(2, 3, 4)
    x = sa.asarray(a, chunks=(1, 3, 2))
    same(x.vindex[[0, 1], :, [1, 2]], a[[0, 1], :, [1, 2]])
    same(x.blocks[1, 0, 1], a[1:, :, 2:])
    assert x.blocks.shape == x.numblocks == (2, 1, 2)
    assert x.npartitions == 4
    assert x.chunksize == (1, 3, 2)


def test_numbers_of_arrays():
    x = sa.asarray(2.5)
    assert (float(x), int(x), bool(x), complex(x), x.item()) == (2.5, 2, True, 2.5 + 0j, 2.5)
    assert [10, 20, 30][sa.asarray(1)] == 20
    assert f"{x:.1f}" == "2.5"
    with pytest.raises(ValueError, match="ambiguous"):
        bool(sa.ones(2))
    with pytest.raises(TypeError):
        float(sa.ones(2))
    with pytest.raises(TypeError):
        len(x)
    assert len(sa.zeros((3, 2))) == 3
    assert [int(one) for one in sa.arange(3)] == [0, 1, 2]
    assert sa.arange(4).reshape((2, 2)).tolist() == [[0, 1], [2, 3]]
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)


def test_text_computes_nothing():
    def fail(block):
        raise AssertionError("computed")

    x = sa.map_blocks(fail, sa.ones((4, 4), chunks=2), dtype="float64")
    assert repr(x) == "swath.Array(shape=(4, 4), dtype=float64, chunks=(2, 2))"
    assert repr(sa.asarray([1, 2])) == "swath.Array([1, 2], dtype=int64)"
    assert "map_blocks" in x.explain() or "fail" in x.explain()
    assert x.projected_memory() > 0


def test_compute_together_and_persist():
    x = sa.random.default_rng(3).random((100, 10), chunks=(30, 10))
    total, most = sa.compute(x.sum(), x.max(axis=0))
    assert total == x.compute().sum() or abs(total - x.compute().sum()) < 1e-9
    assert most.shape == (10,)
    held = x.persist()
    assert held.chunks == x.chunks
    same(held, x.compute())
    assert sa.compute() == ()


def test_errors_have_pythons_classes():
    with pytest.raises(errors.AxisError):
        sa.sum(sa.ones((2, 2)), axis=2)
    with pytest.raises(ValueError, match="broadcast"):
        sa.ones(2) + sa.ones(3)
    with pytest.raises(TypeError):
        sa.sin(sa.asarray(np.array(["2020-01-01"], dtype="M8[D]")))
    with pytest.raises(errors.FileError):
        sa.from_npy("/nowhere/x.npy").compute()
    with pytest.raises(ValueError):
        sa.zeros(3).reshape((2, 2))
    with pytest.raises(errors.LinAlgError):
        sa.linalg.inv(sa.zeros((2, 2))).compute()


def test_dlpack_and_arrow():
    import pyarrow

    values = np.arange(4.0)
    same(np.from_dlpack(sa.asarray(values)), values)
    same(sa.from_dlpack(values), values)
    same(sa.asarray(pyarrow.array([1, 2, 3])), [1, 2, 3])


def test_threads_compute_side_by_side():
    x = sa.random.default_rng(1).random((400, 400), chunks=100)
    results = []
    threads = [threading.Thread(target=lambda: results.append(float((x @ x).sum()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 1


def test_not_a_time_needs_no_unit():
    times = np.array(["2026-11-21T12", "NaT", "2026-11-22T00"], dtype="datetime64[ns]")
    for nothing in (np.datetime64("NaT"), np.array(["NaT"] * 3, dtype="datetime64")):
        kept = sa.where(np.array([True, True, False]), sa.asarray(times), nothing)
        np.testing.assert_array_equal(kept.compute(), np.where([True, True, False], times, nothing))
        assert kept.dtype == times.dtype
    with pytest.raises(TypeError, match="needs a unit"):
        sa.asarray(np.array([1, 2], dtype="timedelta64"))
