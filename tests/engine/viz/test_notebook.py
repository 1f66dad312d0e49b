"""In a kernel, models are watched after each cell; elsewhere nothing happens."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

import tengen as tg
from tengen.notebook import follow_cells

MAKE = """
import numpy as np, tengen as tg, tengen.module as M
net = M.Linear(4, 2)
"""


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = InteractiveShell(user_ns={})
    monkeypatch.setattr("IPython.get_ipython", lambda: made)
    return made


def test_the_call_of_the_last_cell_is_known(shell: Any) -> None:
    shell.kernel = types.SimpleNamespace()
    follow_cells()
    shell.run_cell("1 + 1")
    shell.run_cell(MAKE)
    shell.run_cell("net(tg.Tensor(np.ones((3, 4), np.float32)))")
    (kept,) = tg.viz.last_inputs(shell.user_ns["net"])
    np.testing.assert_array_equal(kept.numpy(), np.ones((3, 4)))


def test_outside_a_kernel_nothing_is_registered(shell: Any) -> None:
    before = list(shell.events.callbacks["post_run_cell"])
    follow_cells()
    assert shell.events.callbacks["post_run_cell"] == before
