"""Every error of the framework ends with the line of the user's program that led to it."""

import pickle

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import ShapeError, TengenError

X = tg.Tensor([1.0, 2.0])
CALLS = {
    "inference": lambda: X + tg.Tensor([1.0, 2.0, 3.0]),
    "a function's own check": lambda: F.concat([]),
    "a kernel": lambda: F.linalg.matinv(tg.Tensor(np.zeros((2, 2)))),
    "inside a module": lambda: M.Embedding(4, 2)(tg.Tensor([9])),
    "a method": lambda: X.item(),
    "making a tensor": lambda: tg.Tensor([[1], [1, 2]]),
    "a setting": lambda: setattr(tg.config, "threads", -1),
    "a device": lambda: tg.Tensor([1.0], device="gpu77"),
    "a level": lambda: tg.set_log_level("LOUD"),
}


@pytest.mark.parametrize("what", CALLS)
def test_the_line_of_the_program_is_named(what):
    with pytest.raises(TengenError) as caught:
        CALLS[what]()
    first, _, rest = str(caught.value).partition("\n  at ")
    assert first.startswith("[")
    place, _, text = rest.partition(": ")
    assert place.startswith(__file__) and f'"{what}": lambda' in text


def test_the_line_is_named_once_also_through_a_pickle():
    with pytest.raises(ShapeError) as caught:
        CALLS["inference"]()
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is ShapeError and again.args == caught.value.args
    assert str(again).count("\n  at ") == 1
