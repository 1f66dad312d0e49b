"""Programs written for MegEngine, which name only `megengine`, run unmodified and learn."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).with_name("programs")
ENGINE = Path(__file__).parents[3] / "engine"


def run(name, *arguments):
    """The figures that a program prints in its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "tengen.compat", str(PROGRAMS / name), *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ENGINE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_lenet_reads_digits(tmp_path):
    found = run("lenet.py", tmp_path / "lenet.mge")
    assert found["last"] < found["first"] / 4
    assert found["score"] > 0.8 and found["top3"] > found["score"]


def test_an_autoencoder_against_a_critic():
    found = run("vae_gan.py")
    assert found["last"] < found["first"] / 20
    assert 0.5 < found["critic"] < 2, "the critic's loss has left the range of a fair game"


def test_an_lstm_compares_two_moments():
    found = run("lstm.py")
    assert found["last"] < found["first"] / 2 and found["score"] > 0.9


@pytest.mark.parametrize("file", sorted(PROGRAMS.glob("*.py")), ids=lambda file: file.stem)
def test_they_name_only_megengine(file):
    text = file.read_text(encoding="utf-8")
    assert "tengen" not in text and re.search(r"^import megengine as mge$", text, re.M)
