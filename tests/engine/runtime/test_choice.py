"""Kernels chosen by order, by measurement kept on disk, by reproducibility and by name."""

import json
import time

import numpy as np
import pytest

import tengen as tg
from tengen.base.errors import ArgumentError
from tengen.graph.opdef import Bound, registry
from tengen.kernels.numba import library
from tengen.ops.matmul import matmul
from tengen.runtime import choice
from tengen.runtime.plan import plan_for
from tengen.tensor import Tensor

A = np.random.default_rng(0).standard_normal((96, 96)).astype(np.float32)


@pytest.fixture
def families(tmp_path):
    """Three kernels of matmul: one slow, one fast, one that varies; each counts its calls."""
    calls = {"slow": 0, "fast": 0, "varying": 0}

    def builder(name, seconds, reproducible):
        def build(in_types, out_types, **attrs):
            def run(outs, ins):
                calls[name] += 1
                time.sleep(seconds)  # more than a busy machine takes from the others
                outs[0][...] = ins[0] @ ins[1]

            return Bound(run, (None, None), out_types, reproducible=reproducible)

        return build

    before = dict(matmul.backends)
    matmul.backends.clear()
    matmul.backend("varying")(builder("varying", 0, False))
    matmul.backend("slow")(builder("slow", 0.05, True))
    matmul.backend("fast")(builder("fast", 0, True))
    with tg.config.override(cache_dir=str(tmp_path), backends="varying,slow,fast,numpy"):
        yield calls
    matmul.backends.clear()
    matmul.backends.update(before)
    library.set_cache_directory(None)
    choice._read_from.clear()
    tg.config.backends = tg.config.backends


def chosen():
    x = Tensor(A)
    plan = plan_for(matmul, matmul.defaults, (x._buffer.type, x._buffer.type))
    np.testing.assert_allclose(matmul(x, x).numpy(), A @ A, rtol=1e-4, atol=1e-4)
    return plan.kernel


def test_the_first_family_that_can(families):
    assert chosen() == "varying"
    with tg.config.override(backends="fast,slow"):
        assert chosen() == "fast"


def test_reproducible_kernels_only(families):
    with tg.config.override(algorithm="reproducible"):
        assert chosen() == "slow"
    with tg.config.override(deterministic=True):
        assert chosen() == "slow"


def test_named_kernels_win(families):
    with tg.config.override(kernels="matmul=fast;add=numpy", algorithm="reproducible"):
        assert chosen() == "fast"
    with tg.config.override(kernels="matmul=numpy"):
        assert chosen() == "numpy"
    with (
        tg.config.override(kernels="matmul"),
        pytest.raises(ArgumentError, match="operator=family"),
    ):
        chosen()


def test_the_measured_choice_is_not_the_slow_one_and_is_kept(families):
    with tg.config.override(algorithm="profile", backends="slow,fast"):
        first = chosen()  # "fast", or NumPy's own kernel, which does the same
        assert first != "slow"
        timed = families["slow"]
        assert timed > 0
        file = library.cache_directory() / "choices.json"
        assert list(json.loads(file.read_text()).values()) == [first]
        choice._read_from.clear()
        tg.config.backends = "slow,fast"
        assert chosen() == first and families["slow"] == timed, "read from disk, not timed again"


def test_a_damaged_file_is_measured_anew(families):
    with tg.config.override(algorithm="profile", backends="slow,fast"):
        (library.cache_directory() / "choices.json").write_text("{damaged")
        choice._read_from.clear()
        assert chosen() != "slow"


def test_real_kernels_can_be_measured(tmp_path):
    x = Tensor(np.ones((2, 32, 16, 16)), dtype="float32")
    w = Tensor(np.ones((32, 32, 3, 3)), dtype="float32")
    want = registry["convolution"]
    with tg.config.override(algorithm="profile", cache_dir=str(tmp_path)):
        y = tg.functional.conv2d(x, w, padding=1)
    assert y.shape == (2, 32, 16, 16) and float(y.numpy().max()) == 32 * 9
    assert want.backends
    library.set_cache_directory(None)
    choice._read_from.clear()
