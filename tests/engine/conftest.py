"""Every test leaves the process's seed as it found it and sees a GPU only if it asks for one; a
compiler pass that fails, fails its test."""

from collections.abc import Iterator

import pytest

from tengen.base import device, seeding
from tengen.compiler.pipeline import Pipeline
from tengen.kernels.cuda import library


@pytest.fixture(autouse=True)
def _no_seed_is_left_behind() -> Iterator[None]:
    """`tengen.random.seed` counts for samplers and transforms too, until the process ends."""
    asked = seeding._asked
    yield
    seeding._asked = asked


@pytest.fixture(autouse=True)
def _gpus_for_those_who_ask(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Tests without the mark `gpu` run as on a machine without one; those with it skip there."""
    wanted = request.node.get_closest_marker("gpu") is not None
    number, reason = library.look()
    if wanted and not number:
        pytest.skip(f"no GPU can be used: {reason}")
    if wanted == bool(number):
        yield
        return
    monkeypatch.setattr(library, "_looked", (0, "hidden from this test"))
    for name in [n for n in device._devices if n.startswith("xpu")]:
        del device._devices[name]
    device._local.device = None
    yield


@pytest.fixture(autouse=True)
def _passes_are_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's program goes on without a pass that fails; a test does not."""
    monkeypatch.setattr(Pipeline, "strict", True)
