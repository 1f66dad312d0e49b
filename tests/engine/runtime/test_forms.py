"""The layouts in which a program wants its inputs."""

import numpy as np

import tengen as tg
from tengen.jit.capture import captured
from tengen.kernels.onednn import library
from tengen.runtime.buffer import from_host
from tengen.runtime.forms import converted_bytes, preferred_forms
from tengen.runtime.plan import convert
from tengen.tensor import Tensor

from .programs import program_of
from .test_executor import normal, trainer


def test_parameters_follow_the_layout_of_their_gradients():
    _, step = trainer()
    x, y = Tensor(normal(8, 3, 16, 16)), Tensor(np.arange(8, dtype=np.int32))
    found = captured(step, x, y)
    found.results = None
    handles = [s for s in found.kept if s is not None]
    donated = frozenset(i for i, s in enumerate(found.sources) if any(s is h for h in handles))
    given = [s._buffer for s in found.sources]
    forms = tuple([b.type for b in given])
    best = preferred_forms(found.graph, forms, donated, donated)
    assert [f.logical for f in best] == [f.logical for f in forms]
    assert all(f is g for i, (f, g) in enumerate(zip(best, forms, strict=True)) if i not in donated)
    plain = program_of(found.graph, given, donated)
    moved = [convert(b, f.layout, None) for b, f in zip(given, best, strict=True)]
    program = program_of(found.graph, moved, donated)
    if not library.available():
        assert best == forms
        return
    assert converted_bytes(program.lowered) < converted_bytes(plain.lowered)
    want = plain.run([from_host(b.array, b.type.device) for b in given])
    got = program.run(moved)
    loss = [i for i, s in enumerate(found.kept) if s is None]
    np.testing.assert_allclose(got[loss[0]].array, want[loss[0]].array, rtol=1e-5)


def test_without_other_kernels_nothing_moves():
    _, step = trainer()
    with tg.config.override(backends="numpy"):
        x, y = Tensor(normal(8, 3, 16, 16)), Tensor(np.arange(8, dtype=np.int32))
        found = captured(step, x, y)
        forms = tuple([s._buffer.type for s in found.sources])
        assert preferred_forms(found.graph, forms) == forms
