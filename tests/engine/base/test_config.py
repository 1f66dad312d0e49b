"""Settings are checked when they are set, also from the environment."""

import os
import subprocess
import sys

import pytest

from tengen.base.config import config
from tengen.base.errors import ArgumentError
from tengen.kernels.numba import service
from tengen.runtime.choice import _named


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("algorithm", "fastest", "heuristic, profile, reproducible"),
        ("compile_kernels", "sometimes", "background, now, never"),
        ("threads", -1, "at least 0"),
        ("memory_limit", -1, "at least 0"),
        ("threads", "2", "takes int"),
        ("thread", 2, "no setting 'thread'"),
    ],
)
def test_bad_values_are_refused_and_change_nothing(name, value, message):
    before = getattr(config, name, None)
    with pytest.raises(ArgumentError, match=message):
        setattr(config, name, value)
    assert getattr(config, name, None) == before


def test_override_holds_for_its_block():
    with config.override(threads=3), config.override(threads=5):
        assert config.threads == 5
    assert config.threads == 0


@pytest.mark.parametrize("settings", [{"deterministic": True}, {"algorithm": "profile"}])
def test_kernels_are_compiled_first_where_bits_or_timings_depend_on_it(settings):
    before = service.mode()
    with config.override(compile_kernels="background"):
        with config.override(**settings):
            assert service.mode() is service.Mode.NOW
            with config.override(compile_kernels="never"):
                assert service.mode() is service.Mode.NEVER
        assert service.mode() is service.Mode.BACKGROUND
    service.set_mode(before)


def run(text):
    program = "import tengen as tg; print(tg.config)"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TENGEN_CONFIG": text, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_sets_them():
    done = run("deterministic=1,threads=2,backends=onednn;numpy,kernels=matmul=numpy;add=numpy")
    assert done.returncode == 0, done.stderr
    assert "deterministic=True, threads=2" in done.stdout
    assert "backends='onednn,numpy'" in done.stdout


def test_a_bad_environment_says_so():
    assert "TENGEN_CONFIG: threads takes int; got 'two'" in run("threads=two").stderr
    assert "TENGEN_CONFIG: no setting 'thread'" in run("thread=2").stderr


def test_named_kernels_take_both_separators():
    with config.override(kernels="matmul=numpy,add=numba;exp=onednn"):
        assert _named() == {"matmul": "numpy", "add": "numba", "exp": "onednn"}
