"""Operators that say they fill a destination do so, whatever its shape; none is named here."""

import numpy as np
import pytest

from tengen.graph.opdef import registry

FILLING = sorted(name for name, op in registry.items() if op.destination and op.single)


@pytest.mark.parametrize("name", FILLING)
def test_a_destination_is_filled(name):
    op = registry[name]
    for sample in op.samples(np.random.default_rng(2)):
        named = {**op.attrs, **sample.attrs}
        if any(x is None for x in sample.inputs):
            continue
        arrays = [np.asarray(x) for x in sample.inputs]
        want = np.asarray(op.kernel(np, *arrays, **named))
        out = np.full_like(want, 77)
        op.kernel(np, *arrays, out=out, **named)
        np.testing.assert_array_equal(out, want, err_msg=repr(named))
