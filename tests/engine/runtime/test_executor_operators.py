"""Every sample of every operator as a program: the same values as when run eagerly."""

import numpy as np
import pytest

import tengen as tg
from tengen.graph.opdef import registry

from .programs import buffers_of, graph_of, plain, program_of, tensors


def samples_of(name):
    seed = sum(map(ord, name))
    return list(registry[name].samples(np.random.default_rng(seed)))


def eager(op, values, attrs):
    made = op(*values, **attrs)
    return [m._buffer for m in ((made,) if op.single else made)]


def close(got, want, tolerance, note):
    for a, b in zip(got, want, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape, note
        if a.dtype.kind in "biu":
            np.testing.assert_array_equal(a, b, err_msg=note)
        else:
            limit = 2e-2 if a.dtype.itemsize == 2 else tolerance
            wide = np.complex128 if a.dtype.kind == "c" else np.float64
            scale = np.max(np.abs(b.astype(wide)[np.isfinite(b)]), initial=1e-6)
            np.testing.assert_allclose(
                a.astype(wide), b.astype(wide), rtol=limit, atol=limit * scale, err_msg=note
            )


@pytest.mark.parametrize("backends", [None, "numpy"], ids=["all", "numpy"])
@pytest.mark.parametrize("name", sorted(registry))
def test_a_program_gives_what_eager_gives(name, backends):
    op = registry[name]
    with tg.config.override(**{"backends": backends} if backends else {}):
        for sample in samples_of(name):
            want = plain(eager(op, tensors(sample.inputs), sample.attrs))
            for donating in (False, True):
                compare(name, sample, want, donating)


def compare(name, sample, want, donating):
    """A program that keeps its inputs, or may write over them, against the eager values."""
    values = tensors(sample.inputs)
    graph = graph_of(registry[name], sample.attrs, [None if t is None else t.type for t in values])
    given = buffers_of(values)
    before = plain(given)
    donated = frozenset(range(len(given))) if donating else frozenset()
    program = program_of(graph, given, donated)
    note = f"{name} {sample}{', donated' if donating else ''}"
    close(plain(program.run(given)), want, sample.tolerance, note)
    if donating:
        given = buffers_of(tensors(sample.inputs))
    else:
        close(plain(given), before, 0.0, f"{note}: an input was overwritten")
    close(plain(program.run(given)), want, sample.tolerance, f"{note}, second run")
