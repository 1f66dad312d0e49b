"""Model files as graph documents, in this process and by the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tengen as tg
import tengen.module as M
from tengen.base.errors import FileFormatError
from tengen.viz.files import file_document
from tengen_studio.documents.graph import read_graph


@pytest.fixture
def static_file(tmp_path: Path) -> Path:
    """A dumped network of two layers."""
    net = M.Sequential(M.Linear(4, 8), M.ReLU(), M.Linear(8, 2))
    net.eval()
    traced = tg.jit.trace(net, capture_as_const=True)
    traced(tg.Tensor(np.zeros((3, 4), np.float32)))
    traced.dump(str(tmp_path / "net.tgm"))
    return tmp_path / "net.tgm"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "tengen.viz", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_static_model_keeps_modules_and_weights(static_file: Path) -> None:
    document = file_document(static_file)
    assert [node["op"] for node in document["nodes"]] == ["matmul", "relu", "matmul"]
    assert [node.get("group") for node in document["nodes"]] == ["0", "1", "2"]
    assert document["totals"]["parameters"] == 4 * 8 + 8 + 8 * 2 + 2
    assert document["form"] == "file"


def test_the_command_prints_the_same_document(static_file: Path) -> None:
    done = run(str(static_file))
    assert done.returncode == 0
    assert len(read_graph(done.stdout).nodes) == 3


def test_other_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(FileFormatError, match=r"ending in \.tgm or \.onnx is read; got notes\.txt"):
        file_document(text)
    broken = tmp_path / "broken.tgm"
    broken.write_text("hello")
    done = run(str(broken))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "not a .tgm file" in done.stderr
