"""Any index, shape and chunking gives what NumPy gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn
from properties import examples

import swath.array as sa

SHAPES = hn.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)
quick = examples(60)


@st.composite
def arrays(draw):
    shape = draw(SHAPES)
    values = np.arange(int(np.prod(shape)), dtype="float64").reshape(shape)
    chunks = tuple(draw(st.integers(1, max(length, 1))) for length in shape)
    return values, sa.asarray(values, chunks=chunks)


def same(lazy, expected):
    np.testing.assert_array_equal(np.asarray(lazy), expected)
    assert np.asarray(lazy).dtype == np.asarray(expected).dtype


@quick
@given(st.data(), arrays())
def test_basic_indices(data, pair):
    a, x = pair
    index = data.draw(hn.basic_indices(a.shape, allow_newaxis=True))
    same(x[index], a[index])


@quick
@given(st.data(), arrays())
def test_integer_indices(data, pair):
    a, x = pair
    if 0 in a.shape:
        return
    index = data.draw(hn.integer_array_indices(a.shape))
    same(x[index], a[index])


@quick
@given(st.data(), arrays())
def test_assignment(data, pair):
    a, x = pair
    index = data.draw(hn.basic_indices(a.shape))
    value = data.draw(st.sampled_from([0.0, -1.5, 7]))
    changed = a.copy()
    changed[index] = value
    x[index] = value
    same(x, changed)


@quick
@given(st.data(), arrays())
def test_masks(data, pair):
    a, x = pair
    mask = data.draw(hn.arrays(bool, a.shape))
    same(x[mask], a[mask])
    same(sa.where(sa.asarray(mask), x, -x), np.where(mask, a, -a))


@quick
@given(st.data(), arrays())
def test_reductions_over_any_axes(data, pair):
    a, x = pair
    axes = data.draw(hn.valid_tuple_axes(a.ndim))
    kept = data.draw(st.booleans())
    np.testing.assert_allclose(x.sum(axis=axes, keepdims=kept).compute(), a.sum(axis=axes, keepdims=kept))


@quick
@given(st.data(), hn.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4))
def test_broadcasting(data, shapes):
    left, right = (np.arange(int(np.prod(shape))).reshape(shape) for shape in shapes.input_shapes)
    same(sa.asarray(left) * sa.asarray(right), left * right)
    same(sa.asarray(left, chunks=2) - right, left - right)


@quick
@given(st.data(), arrays())
def test_functions_of_blocks_see_every_element_once(data, pair):
    a, x = pair
    other = tuple(data.draw(st.integers(1, max(length, 1))) for length in a.shape)
    same(sa.map_blocks(lambda block: block + 1, x.rechunk(other), dtype="float64"), a + 1)


#: Functions of a masked vector: what NumPy and this package are asked for.
OF_VECTORS = {
    "tile": lambda m, x: m.tile(x, 3),
    "tile twice": lambda m, x: m.tile(x, (2, 2)),
    "tile of none": lambda m, x: m.tile(x, (0, 2)),
    "repeat": lambda m, x: m.repeat(x, 2),
    "pad": lambda m, x: m.pad(x, (1, 2), constant_values=7),
    "roll": lambda m, x: m.roll(x, 1),
    "concatenate": lambda m, x: m.concatenate([x, x, m.asarray([9.0]), x]),
    "concatenate with nothing": lambda m, x: m.concatenate([m.zeros(0), x]),
    "stack": lambda m, x: m.stack([x, x + 1]),
    "append": lambda m, x: m.append(x, 4.0),
    "hstack": lambda m, x: m.hstack([x, x]),
    "column_stack": lambda m, x: m.column_stack([x, x]),
    "reshape": lambda m, x: m.reshape(x, (-1, 1)),
    "broadcast_to": lambda m, x: m.broadcast_to(x, (3, *x.shape)),
    "flip": lambda m, x: m.flip(x),
    "every other": lambda m, x: x[::2],
    "backwards": lambda m, x: x[::-1],
    "masked again": lambda m, x: x[x > 2.0],
    "taken": lambda m, x: m.take(x, m.asarray([], dtype="int64")),
    "sort": lambda m, x: m.sort(x),
    "unique": lambda m, x: m.unique(x),
    "unique with counts": lambda m, x: m.unique(x, return_counts=True)[1],
    "unique with places": lambda m, x: m.unique(x, return_inverse=True)[1],
    "sum": lambda m, x: m.sum(x),
    "prod": lambda m, x: m.prod(x),
    "max": lambda m, x: m.max(x),
    "all": lambda m, x: m.all(x > 1),
    "mean": lambda m, x: m.mean(x),
    "var": lambda m, x: m.var(x),
    "count": lambda m, x: m.count_nonzero(x),
    "cumsum": lambda m, x: m.cumsum(x),
    "cumprod": lambda m, x: m.cumprod(x + 1),
    "diff": lambda m, x: m.diff(x),
    "clip": lambda m, x: m.clip(x, 1.0, 3.0),
    "where": lambda m, x: m.where(x > 2, x, -x),
    "outer": lambda m, x: m.outer(x, x),
    "dot": lambda m, x: m.dot(x, x),
    "nonzero": lambda m, x: m.nonzero(x)[0],
    "histogram": lambda m, x: m.histogram(x, bins=3, range=(0, 6))[0],
    "bincount": lambda m, x: m.bincount(x.astype("int64"), minlength=3),
    "digitize": lambda m, x: m.digitize(x, m.asarray([1.0, 4.0])),
    "insert": lambda m, x: m.insert(x, 0, 5.0),
    "delete": lambda m, x: m.delete(x, []),
    "split": lambda m, x: m.array_split(x, 3)[1],
    "tril": lambda m, x: m.tril(m.outer(x, x)),
    "astype": lambda m, x: x.astype("int32") * 2,
    "einsum": lambda m, x: m.einsum("i,j->ij", x, x),
}

#: Functions of a matrix some of whose rows a mask keeps.
OF_ROWS = {
    "plus a row": lambda m, x: x + m.arange(x.shape[1]),
    "plus itself": lambda m, x: x + x,
    "sum of rows": lambda m, x: m.sum(x, axis=0),
    "sum of columns": lambda m, x: m.sum(x, axis=1),
    "mean of columns": lambda m, x: m.mean(x, axis=1),
    "transposed": lambda m, x: x.T,
    "transposed and added": lambda m, x: x.T + 1,
    "times its transpose": lambda m, x: x @ x.T,
    "its transpose times it": lambda m, x: x.T @ x,
    "ravel": lambda m, x: m.ravel(x),
    "reshape": lambda m, x: m.reshape(x, (-1,)),
    "tile": lambda m, x: m.tile(x, (2, 2)),
    "tile of rows": lambda m, x: m.tile(x, (1, 3)),
    "repeat": lambda m, x: m.repeat(x, 2, axis=0),
    "repeat of columns": lambda m, x: m.repeat(x, 2, axis=1),
    "roll": lambda m, x: m.roll(x, 1, axis=0),
    "roll of all": lambda m, x: m.roll(x, 2),
    "concatenate": lambda m, x: m.concatenate([x, m.ones((1, x.shape[1])), x], axis=0),
    "beside": lambda m, x: m.concatenate([x, x], axis=1),
    "stack": lambda m, x: m.stack([x, x], axis=1),
    "flip": lambda m, x: m.flip(x, axis=1),
    "a column": lambda m, x: x[:, 0] if x.shape[1] else x,
    "rows": lambda m, x: x[1:],
    "sort of rows": lambda m, x: m.sort(x, axis=0),
    "sort": lambda m, x: m.sort(x, axis=1),
    "cumsum of rows": lambda m, x: m.cumsum(x, axis=0),
    "diff": lambda m, x: m.diff(x, axis=0),
    "unique": lambda m, x: m.unique(x),
    "picked": lambda m, x: x[m.asarray([], dtype="int64")],
    "new axis": lambda m, x: x[:, None, :] * 2,
    "kept": lambda m, x: m.sum(x, axis=0, keepdims=True) + x,
    "norm": lambda m, x: m.linalg.norm(x, axis=1),
}

quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")
LENGTHS = st.lists(st.integers(1, 3), min_size=1, max_size=4) | st.just([0])


def masked(data, count):
    """Draw a mask that keeps nothing, something, or all."""
    kind = data.draw(st.sampled_from(["nothing", "something", "all"]))
    return {
        "nothing": np.zeros(count, dtype=bool),
        "all": np.ones(count, dtype=bool),
        "something": data.draw(hn.arrays(bool, count)),
    }[kind]


def same_or_both_fail(function, lazy, own):
    try:
        expected = function(np, own)
    except ValueError:
        with pytest.raises(ValueError):
            np.asarray(function(sa, lazy))
        return
    given = np.asarray(function(sa, lazy))
    np.testing.assert_allclose(given, expected)
    assert given.shape == expected.shape
    assert given.dtype == np.asarray(expected).dtype


@quiet
@pytest.mark.parametrize("name", OF_VECTORS)
@examples(12)
@given(data=st.data(), lengths=LENGTHS)
def test_functions_of_masked_vectors(name, data, lengths):
    own = np.arange(sum(lengths), dtype="float64") % 5
    mask = masked(data, len(own))
    x = sa.asarray(own).rechunk((tuple(lengths),))
    same_or_both_fail(OF_VECTORS[name], x[sa.asarray(mask)], own[mask])


@quiet
@pytest.mark.parametrize("name", OF_ROWS)
@examples(12)
@given(data=st.data(), rows=LENGTHS, columns=LENGTHS)
def test_functions_of_masked_rows(name, data, rows, columns):
    own = np.arange(sum(rows) * sum(columns), dtype="float64").reshape(sum(rows), sum(columns)) % 7
    mask = masked(data, len(own))
    x = sa.asarray(own).rechunk((tuple(rows), tuple(columns)))
    same_or_both_fail(OF_ROWS[name], x[sa.asarray(mask)], own[mask])
