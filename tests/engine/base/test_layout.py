"""Blocked layouts: names, packing, padding, and when two of them are the same memory."""

import pickle

import numpy as np
import pytest

from tengen.base import layout as layouts
from tengen.base.layout import Layout

NCHW16C = Layout((0, 1, 2, 3), ((1, 16),))
CASES = [
    ("aBcd16b", (2, 32, 3, 5), (2, 2, 3, 5, 16)),
    ("aBcd16b", (2, 3, 4, 4), (2, 1, 4, 4, 16)),
    ("aBcd8b", (1, 58, 2, 2), (1, 8, 2, 2, 8)),
    ("ABcd16b16a", (24, 58, 3, 3), (2, 4, 3, 3, 16, 16)),
    ("Acdb16a", (20, 3, 7, 7), (2, 7, 7, 3, 16)),
    ("Abcde16a", (33, 1, 1, 3, 3), (3, 1, 1, 3, 3, 16)),
    ("ABc4b16a4b", (17, 18, 2), (2, 2, 2, 4, 16, 4)),
    ("BA16a64b", (40, 70), (2, 3, 16, 64)),
    ("aBcdef16b", (1, 2, 3, 4, 5, 6), (1, 1, 3, 4, 5, 6, 16)),
]


@pytest.mark.parametrize(("name", "shape", "physical"), CASES)
def test_pack_places_every_element_and_unpack_returns_them(name, shape, physical):
    layout = Layout.parse(name)
    logical = np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape)
    packed = layout.pack(logical)
    assert packed.shape == physical == layout.physical_shape(shape)
    assert packed.flags.c_contiguous
    assert np.count_nonzero(packed) == logical.size, "tiles that are not filled hold zeros"
    assert packed.sum(dtype=np.float64) == logical.sum(dtype=np.float64)
    np.testing.assert_array_equal(layout.unpack(packed, shape), logical)
    assert layout.pads(shape) == (packed.size != logical.size)


def test_element_by_element_address_of_a_blocked_image():
    logical = np.random.default_rng(0).normal(size=(2, 20, 3, 4))
    packed = NCHW16C.pack(logical)
    for n, c, h, w in np.ndindex(logical.shape):
        assert packed[n, c // 16, h, w, c % 16] == logical[n, c, h, w]


def test_two_level_blocks_split_an_axis_from_the_outside_in():
    logical = np.arange(16 * 16).reshape(16, 16)
    packed = Layout((0, 1), ((1, 4), (0, 16), (1, 4))).pack(logical)
    for o, i in np.ndindex(16, 16):
        assert packed[0, 0, i // 4, o, i % 4] == logical[o, i]


def test_layouts_are_interned_named_and_pickled():
    assert Layout([0, 1, 2, 3], [(1, 16)]) is NCHW16C
    assert Layout.parse("aBcd16b") is NCHW16C
    assert pickle.loads(pickle.dumps(NCHW16C)) is NCHW16C
    assert NCHW16C.name == "aBcd16b"
    assert repr(NCHW16C) == "Layout(aBcd16b)"


def test_canonical_form_is_shared_by_equal_memory_and_by_no_other():
    first, second = Layout.parse("Acdb16a"), Layout.parse("Abcd16a")
    one_channel, three_channels = (16, 1, 3, 3), (16, 3, 3, 3)
    assert first.canonical(one_channel) is second.canonical(one_channel)
    assert first.canonical(three_channels) is not second.canonical(three_channels)
    weights = np.random.default_rng(1).normal(size=one_channel)
    np.testing.assert_array_equal(first.pack(weights).ravel(), second.pack(weights).ravel())


def test_swapped_axes_describe_the_same_memory():
    layout = Layout.parse("ABcd16b16a")
    weights = np.random.default_rng(2).normal(size=(20, 40, 3, 3))
    swapped = layout.swapped(0, 1)
    assert swapped.name == "BAcd16a16b"
    np.testing.assert_array_equal(layout.pack(weights), swapped.pack(weights.swapaxes(0, 1)))


def test_pack_takes_strided_input_and_empty_arrays():
    logical = np.random.default_rng(3).normal(size=(4, 6, 2, 2))[::2, ::-1].transpose(0, 1, 3, 2)
    np.testing.assert_array_equal(NCHW16C.unpack(NCHW16C.pack(logical), logical.shape), logical)
    assert NCHW16C.pack(np.zeros((0, 5, 2, 2))).shape == (0, 1, 2, 2, 16)


@pytest.mark.parametrize("name", ["", "abcd", "aBcd1b", "aBd16b", "16b", "aBcd16e"])
def test_bad_names_are_refused(name):
    with pytest.raises(ValueError, match=r"\[layout\]"):
        Layout.parse(name)


def test_wrong_physical_shape_is_named():
    with pytest.raises(ValueError, match=r"array of shape \(1, 1, 2, 2, 16\); got \(1, 3, 2, 2\)"):
        NCHW16C.unpack(np.zeros((1, 3, 2, 2)), (1, 3, 2, 2))


def test_dense_strides():
    shape = (2, 3, 4, 5)
    assert layouts.contiguous_strides(shape) == (60, 20, 5, 1)
    assert layouts.channels_last_strides(shape) == (60, 1, 15, 3)
    made = layouts.strided_empty(shape, layouts.channels_last_strides(shape), np.float32)
    assert made.transpose(0, 2, 3, 1).flags.c_contiguous
    assert made.shape == shape
