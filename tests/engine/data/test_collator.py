"""The default collator: every kind of sample, and the errors."""

import collections

import numpy as np
import pytest

from tengen.base.errors import ArgumentError, DTypeError
from tengen.data import Collator
from tests.engine.api.signatures import check_signature

COVERS = ("tengen.data.Collator", "tengen.data.Collator.apply")

Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([1.5, 2.5], np.array([1.5, 2.5], np.float64)),
        ([1, 2], np.array([1, 2])),
        ([True, False], np.array([True, False])),
        ([np.int32(3), np.int32(4)], np.array([3, 4], np.int32)),
        ([np.float16(3), np.float16(4)], np.array([3, 4], np.float16)),
        ([np.zeros((2, 3), np.uint8)] * 4, np.zeros((4, 2, 3), np.uint8)),
        ([np.zeros((0, 3))] * 2, np.zeros((2, 0, 3))),
        ([np.array(1), np.array(2)], np.array([1, 2])),
    ],
)
def test_arrays(samples, expected):
    batch = Collator().apply(samples)
    np.testing.assert_array_equal(batch, expected)
    assert batch.dtype == expected.dtype
    assert batch.flags.c_contiguous


def test_structures():
    collator = Collator()
    images, labels = collator.apply([(np.ones(2), 1), (np.zeros(2), 2)])
    np.testing.assert_array_equal(images, [[1, 1], [0, 0]])
    np.testing.assert_array_equal(labels, [1, 2])
    assert type(collator.apply([(1, 2)])) is list
    batch = collator.apply([{"a": 1, "b": [2.0]}, {"a": 3, "b": [4.0]}])
    np.testing.assert_array_equal(batch["a"], [1, 3])
    np.testing.assert_array_equal(batch["b"][0], [2.0, 4.0])
    point = collator.apply([Point(1, 2), Point(3, 4)])
    assert type(point) is Point
    np.testing.assert_array_equal(point.y, [2, 4])
    assert collator.apply(["a", "b"]) == ["a", "b"]
    assert collator.apply([(b"a", np.str_("c")), (b"b", np.str_("d"))]) == [
        (b"a", b"b"),
        ("c", "d"),
    ]


@pytest.mark.parametrize(
    ("samples", "kind", "message"),
    [
        ([], ArgumentError, "at least one sample"),
        ([object()], DTypeError, "found object"),
        ([np.array(["a"])], DTypeError, "dtype <U1"),
        ([np.array([None])], DTypeError, "dtype object"),
        ([np.ones(2), np.ones(3)], ArgumentError, r"sample 0 is \(2,\), sample 1 is \(3,\)"),
        ([(1, 2), (1,)], ArgumentError, "sample 0 has 2 entries, sample 1 has 1"),
    ],
)
def test_errors(samples, kind, message):
    with pytest.raises(kind, match=message):
        Collator().apply(samples)
