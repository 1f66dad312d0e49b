"""Gathers the about figures; cheap enough to be asked for at every visit of the home tab."""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distributions, version

from tengen_studio.about.machine import read_machine
from tengen_studio.about.schemas import About, Kernels
from tengen_studio.context import StudioContext
from tengen_studio.version import __version__


def about(context: StudioContext) -> About:
    """Return versions, kernel libraries and the machine's figures as of now."""
    return About(
        version=__version__,
        python=platform.python_version(),
        jupyterlab=version("jupyterlab"),
        kernels=_kernels(),
        machine=read_machine(context.root),
    )


@lru_cache(maxsize=1)
def _kernels() -> Kernels:
    return Kernels(
        onednn=_installed("onednn-cpu-gomp"), numba=_installed("numba"), cupy=_installed_cupy()
    )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _installed_cupy() -> str | None:
    # CuPy's distribution is named after the CUDA release it was built for.
    names = ((d.name, d.version) for d in distributions() if (d.name or "").startswith("cupy-cuda"))
    return next((found for _, found in names), None)
