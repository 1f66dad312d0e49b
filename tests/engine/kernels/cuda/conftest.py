"""A GPU made of NumPy: the framework believes in two of them for the length of a test."""

import pytest

from tengen.base import device
from tengen.base.config import config
from tengen.kernels.cuda import gpu as gpus
from tengen.kernels.cuda import library, program
from tengen.ops.vision import resize as resizing
from tengen.random import generator
from tengen.runtime import gpu_memory
from tengen.runtime import plan as plans


def _forget():
    for place in [p for p in generator._generators if p.kind == "gpu"]:
        del generator._generators[place]
    for name in [n for n, d in device._devices.items() if d.kind == "gpu"]:
        del device._devices[name]
    for name in [n for n in device._devices if n.startswith("xpu")]:
        del device._devices[name]
    device._local.device = None
    gpus._gpus.clear()
    gpus._here.gpu = None
    gpu_memory._accounts.clear()
    resizing._copies.clear()
    plans.plans.clear()


@pytest.fixture
def strict(monkeypatch):
    """The stand-in for CuPy in the place of CuPy itself, with two GPUs."""
    pytest.importorskip("cupy")
    from .strict import state
    from .strict.module import Strict

    module = Strict()
    monkeypatch.setattr(library, "_looked", (2, ""))
    monkeypatch.setattr(library, "_loaded", module)
    state.counts.clear()
    state.failures.clear()
    state.thread.device, state.thread.streams = 0, {}
    _forget()
    device.set_default_device("gpu0")
    with config.override(gpu_backends="cupy"):
        yield module
    device.set_default_device("xpux")
    state.failures.clear()
    _forget()


@pytest.fixture
def native(strict, monkeypatch):
    """The stand-in with our own kernels in front of CuPy's text."""
    from .strict import kernels

    kernels.install(monkeypatch)
    with config.override(gpu_backends="cuda,cupy"), program.using(kernels.Loader()):
        yield strict
