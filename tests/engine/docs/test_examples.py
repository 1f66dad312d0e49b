"""Every Python block of the pages runs, and gives the output that the page shows."""

import contextlib
import gc
import re
import struct

import numpy as np
import pytest
from tests.engine.docs.examples import difference, examples, run
from tests.engine.docs.test_reference import PAGES
from tests.engine.ops import test_every_operator as generic

import tengen as tg
import tengen.module as M
from tengen.graph.opdef import registry

WITH_CODE = [page for page in sorted(PAGES.glob("*.md")) if examples(page)]


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """A folder of its own; afterwards the settings and operators as they were."""
    monkeypatch.chdir(tmp_path)
    gc.collect()
    operators = set(registry)
    before = {name: value for name, (value, _) in tg.config.describe().items()}
    device = tg.get_default_device()
    tg.random.seed(0)
    yield tmp_path
    for name, value in before.items():
        if getattr(tg.config, name) != value:
            setattr(tg.config, name, value)
    tg.set_default_device(device)
    tg.compat.uninstall()
    for name in set(registry) - operators:
        del registry[name]


def idx(array):
    """The file format of MNIST."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.tobytes()


def with_data(folder):
    """What the page on data takes for granted: a small data set, a model, and files of lines."""
    rng = np.random.default_rng(0)
    raw = folder / "FashionMNIST"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        images = rng.integers(0, 256, (256, 28, 28), np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(images[:, 0, 0] % 10))
    tg.config.data_dir = str(folder)
    paths = [folder / f"{number}.txt" for number in range(4)]
    for path in paths:
        path.write_text("a line\n" * 20)
    return {"model": M.Conv2d(1, 4, 3), "paths": paths}


PRELUDES = {"data": with_data}
NEEDS = {"interop": ("torch", "onnx", "onnxruntime")}
ADDED = ("log_cosh", "difference", "difference_backward")
CHECKS = (
    generic.test_samples_show_every_edge,
    generic.test_result_has_the_inferred_type_and_fresh_memory,
    generic.test_float32_agrees_with_float64,
    generic.test_every_backend_agrees_with_numpy,
    generic.test_traced_equals_eager,
    generic.test_gradient_equals_numeric,
    generic.test_second_order_equals_numeric,
    generic.test_bad_input_is_refused,
)


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.stem)
def test_blocks(page, clean):
    for library in NEEDS.get(page.stem, ()):
        pytest.importorskip(library)
    namespace = {"__name__": "__main__"} | PRELUDES.get(page.stem, lambda _: {})(clean)
    wrong = [
        f"{page.name}:{example.line}\n{found}"
        for example in examples(page)
        if (found := difference(example, run(example, page, namespace)))
    ]
    if page.stem == "data":
        assert len(namespace["train"]) == 256, "the prelude's files were not the ones found"
        namespace["loader"].close()
    for name in ADDED if page.stem == "operators" else ():
        for check in CHECKS:
            with contextlib.suppress(pytest.skip.Exception):
                check(name)
    namespace.clear()
    assert not wrong, "\n".join(wrong)


def test_every_block_of_code_names_its_language():
    plain = [p.name for p in PAGES.glob("*.md") if re.search(r"\n\n```\n", p.read_text())]
    assert not plain
