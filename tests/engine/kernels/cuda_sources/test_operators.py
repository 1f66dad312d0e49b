"""Every operator's CUDA kernels, run thread by thread on the CPU, against the NumPy text."""

import numpy as np
import pytest

from tengen.base import dtype as dt

from .emulator import BACKWARD, COMPILER, SHUFFLED
from .judging import check, judge, native_operators, repeatable, run_sample

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")

OPERATORS = native_operators()


OTHERS = {dt.bool_, dt.int32, dt.int64, dt.uint8, dt.uint64}
"""Types besides floats: not every width of integers, which are one text."""


def _samples(op, types):
    """Samples whose floats are all of these types."""
    for sample in op.samples(np.random.default_rng(7)):
        found = {np.asarray(a).dtype for a in sample.inputs if a is not None}
        if found <= {*types, *OTHERS}:
            yield sample


def _run(op, types, most=1000, **how):
    count = 0
    for sample in _samples(op, types):
        if count == most:
            break
        found = run_sample(op, sample, **how)
        if found is not None:
            count += 1
            check(op, sample, found, judge(op, sample))
    return count


FEW = OPERATORS[::20]
"""Building a kernel for the CPU takes half a second: the others are for the long run."""


@pytest.mark.parametrize("op", FEW, ids=lambda op: op.name)
def test_some_float32_samples_agree_with_numpy(op):
    assert _run(op, [dt.float32, dt.float64], most=3) > 0


@pytest.mark.long
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_every_type_agrees_with_numpy(op):
    assert _run(op, dt.FLOATS) > 0


@pytest.mark.long
@pytest.mark.parametrize("op", OPERATORS, ids=lambda op: op.name)
def test_the_order_of_threads_and_the_alignment_do_not_matter(op):
    for sample in _samples(op, dt.FLOATS):
        plain = run_sample(op, sample)
        if plain is None:
            continue
        for order in (BACKWARD, SHUFFLED):
            other = run_sample(op, sample, order=order)
            for a, b in zip(plain, other, strict=True):
                if repeatable(op, sample):
                    np.testing.assert_array_equal(a, b)
                else:
                    np.testing.assert_allclose(a.astype("float64"), b.astype("float64"), 1e-2, 1e-2)
        unaligned = run_sample(op, sample, align=1)
        check(op, sample, unaligned, judge(op, sample))
