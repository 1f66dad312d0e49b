"""No planted fault stays unseen, nothing clean is blamed, and the results are always right."""

import functools

import numpy as np
import pytest

import tengen as tg
from tengen.jit import convert

from . import faulty

pytestmark = pytest.mark.filterwarnings("ignore")


def outcome(call):
    """What a call gives, as arrays."""
    result = call()
    leaves = []

    def walk(value):
        if isinstance(value, tg.Tensor):
            leaves.append(value.numpy())
        elif isinstance(value, dict):
            for item in value.values():
                walk(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                walk(item)
        elif value is not None:
            leaves.append(np.asarray(value))

    walk(result)
    return leaves


@pytest.mark.parametrize("name", faulty.FAULTY)
def test_a_planted_fault_is_found(name):
    function, samples = faulty.FAULTY[name]()
    report = convert(function, *samples, seconds=0.05).report
    assert report.replay == "checked"
    assert report.blockers or any(not found.ok for found in report.findings), report.to_text()


@pytest.mark.parametrize("name", faulty.CLEAN)
def test_a_clean_program_raises_nothing(name):
    function, samples = faulty.CLEAN[name]()
    report = convert(function, *samples, seconds=0.05).report
    assert report.ok and not report.blockers, report.to_text()
    assert all(found.ok for found in report.findings), report.to_text()
    assert report.replay == "frozen"


@pytest.mark.parametrize("name", [*faulty.FAULTY, *faulty.CLEAN])
def test_converted_calls_give_what_dynamic_ones_do(name):
    make = {**faulty.FAULTY, **faulty.CLEAN}[name]
    runs = []
    for static in (False, True):
        tg.random.seed(1)
        faulty.random.seed(1)
        np.random.seed(1)
        faulty.COUNTER = 0
        faulty.LOG.clear()
        function, samples = make()
        restart(function)
        if static:
            function = convert(function, *samples, seconds=0.05)
            tg.random.seed(1)
            faulty.random.seed(1)
            np.random.seed(1)
        runs.append([outcome(functools.partial(function, *samples)) for _ in range(4)])
    for dynamic, made in zip(*runs, strict=True):
        for a, b in zip(dynamic, made, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5)


def restart(function):
    """Give the parameters of a module or of what a step closes over the same values each time."""
    from tengen.jit.reachable import reachable

    rng = np.random.default_rng(0)
    for tensor in reachable(function).tensors:
        if isinstance(tensor, tg.Parameter):
            tensor.set_value(rng.standard_normal(tensor.shape).astype("float32") * 0.3)


def test_the_corpus_is_large_enough():
    assert len(faulty.FAULTY) >= 20
    assert len(faulty.CLEAN) >= 20
