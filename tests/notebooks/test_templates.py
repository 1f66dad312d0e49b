"""Every template notebook runs from top to bottom, with smaller settings."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

TEMPLATES = Path(__file__).parents[2] / "notebooks" / "templates"
SMALLER = {
    "bring-your-pytorch-model": {"BATCH": 16, "SIZE": 16, "STEPS": 12, "SECONDS": 0.3},
    "first-training": {"EPOCHS": 1, "TRAIN_IMAGES": 6000},
    "make-it-static": {"BATCH": 4, "SIZE": 32, "STEPS": 2, "SECONDS": 0.3},
    "will-it-fit": {"MODEL": "resnet18", "SIZE": 32, "BATCH": 8, "BUDGET": 300_000_000},
    "char-gpt": {"STEPS": 60, "BATCH": 8, "CONTEXT": 48, "LAYERS": 2, "WIDTH": 64},
}


def slugs():
    return sorted(p.parent.name for p in TEMPLATES.glob("*/template.json"))


def run(slug, folder):
    """The executed notebook, in a copy of its folder."""
    target = folder / slug
    shutil.copytree(TEMPLATES / slug, target)
    about = json.loads((target / "template.json").read_text(encoding="utf-8"))
    notebook = nbformat.read(target / about["notebook"], as_version=4)
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(cells) == 1, "one cell is tagged as the settings"
    lines = [f"{name} = {value!r}" for name, value in SMALLER[slug].items()]
    cells[0].source += "\n" + "\n".join(lines)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(target)}}
    ).execute()
    return notebook


def text_of(notebook):
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            parts.append(output.get("text", ""))
            parts += [str(v) for v in output.get("data", {}).values()]
    return "\n".join(parts)


def test_every_template_has_smaller_settings():
    assert set(slugs()) == set(SMALLER)


def needs_fashion_mnist():
    from tengen.base.errors import TengenError
    from tengen.data.dataset import FashionMNIST

    try:
        FashionMNIST(train=False, timeout=10)
    except (TengenError, OSError) as error:
        pytest.skip(f"Fashion-MNIST is not to be had here: {error}")


def test_first_training_learns_saves_and_reloads(tmp_path):
    needs_fashion_mnist()
    text = text_of(run("first-training", tmp_path))
    share = next(line for line in text.splitlines() if "of the test pictures told right" in line)
    assert float(share.split("%")[0]) > 60
    assert 'role="progressbar"' in text and "accuracy" in text and "image/png" not in share
    assert (tmp_path / "first-training" / "fashion.tg").stat().st_size > 100_000


def test_char_gpt_learns_to_write(tmp_path):
    notebook = run("char-gpt", tmp_path)
    text = text_of(notebook)
    assert "Call me " in text
    monitor = next(
        o["data"]["text/html"] for c in notebook.cells for o in c.get("outputs", [])
        if "text/html" in o.get("data", {})
    )  # fmt: skip
    assert "held out" in monitor


@pytest.mark.parametrize("slug", slugs())
def test_notebooks_are_kept_without_outputs(slug):
    for path in (TEMPLATES / slug).glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs") and cell.get("execution_count") is None


def test_make_it_static_reports_and_saves(tmp_path):
    text = text_of(run("make-it-static", tmp_path))
    assert "same results" in text
    assert "reads a value on the host" in text
    assert (tmp_path / "make-it-static" / "resnet18.tgm").stat().st_size > 10_000_000


def test_will_it_fit_predicts_what_is_measured(tmp_path):
    text = text_of(run("will-it-fit", tmp_path))
    line = next(line for line in text.splitlines() if line.startswith("told"))
    told, measured = (float(part.split()[1]) for part in line.split(", "))
    assert told == pytest.approx(measured, rel=0.03)


def test_bring_your_pytorch_model_imports_trains_and_exports(tmp_path):
    for library in ("torch", "onnx", "onnxruntime"):
        pytest.importorskip(library)
    text = text_of(run("bring-your-pytorch-model", tmp_path))
    assert "same results" in text and "batch: free" in text
    numbers = [
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith(("largest difference from PyTorch", "read back", "parity with"))
    ]
    assert len(numbers) == 3 and max(numbers) < 1e-4
    assert "linear.weight" in text
    assert (tmp_path / "bring-your-pytorch-model" / "net.onnx").stat().st_size > 10_000
