"""Seeds: random numbers without one are noticed, and ordinary code is not."""

from __future__ import annotations

import json

import pytest

from tengen_studio.reproduce.seeds import unseeded


def notebook(*sources: str) -> bytes:
    """Return a notebook with these code cells."""
    cells = [{"cell_type": "code", "source": source.splitlines(True)} for source in sources]
    return json.dumps({"cells": cells}).encode()


@pytest.mark.parametrize(
    "code",
    [
        "x = np.random.randn(3)",
        "tg.random.normal()",
        "random.shuffle(x)",
        "M.Dropout(0.5)",
        "x = np.random.randn(3)  # seed(3)",
    ],
)
def test_random_numbers_without_a_seed(code: str) -> None:
    assert unseeded([("a.ipynb", notebook(code))]) == ["a.ipynb"]


@pytest.mark.parametrize(
    "code",
    [
        "print(1)",
        "np.random.seed(0)\nx = np.random.randn(3)",
        "tg.manual_seed(0); M.Dropout(0.5)",
        "g = np.random.default_rng(seed=7)",
        "random.seed(1)",
        "# random order",
    ],
)
def test_code_that_repeats(code: str) -> None:
    assert unseeded([("a.ipynb", notebook(code))]) == []


def test_a_seed_in_another_cell_counts_and_broken_files_do_not() -> None:
    files = [
        ("a.ipynb", notebook("np.random.seed(0)", "np.random.rand()")),
        ("b.ipynb", b"broken"),
        ("c.py", b"np.random.rand()"),
        ("d.ipynb", b'{"cells": [3]}'),
    ]
    assert unseeded(files) == []
