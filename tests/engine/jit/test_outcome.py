"""Outcomes: what is a difference between two calls, and what is only rounding."""

import numpy as np

import tengen as tg
from tengen.jit.outcome import agree, outcome_of
from tengen.jit.reachable import reachable
from tengen.jit.snapshot import Snapshot

WEIGHTS = tg.tensor(np.linspace(-1, 1, 5, dtype=np.float32))


def adding(amount):
    """What a call leaves that adds a number to the weights."""

    def call():
        WEIGHTS.set_value(WEIGHTS.numpy() + np.float32(amount))

    return outcome_of(call, Snapshot(reachable(call), []))


def test_an_update_too_small_to_change_a_tensor_is_no_difference():
    nothing, little = adding(0.0), adding(1e-7)
    assert not nothing.states and little.states
    assert agree(nothing, little, 1e-5) == agree(little, nothing, 1e-5) == ""


def test_an_update_that_one_of_the_calls_forgets_is_a_difference():
    found = agree(adding(0.0), adding(0.5), 1e-3)
    assert found.startswith("the values after the call differ by 3.3e-01")
