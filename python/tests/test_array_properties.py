"""Any index, shape and chunking gives what NumPy gives."""

import numpy as np
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
