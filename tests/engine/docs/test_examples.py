"""Every Python block of the pages runs, and gives the output that the page shows."""

import re

import pytest

import tengen as tg
from tests.engine.docs.examples import examples, run, difference
from tests.engine.docs.test_reference import PAGES

WITH_CODE = [page for page in sorted(PAGES.glob("*.md")) if examples(page)]


@pytest.fixture
def clean(tmp_path, monkeypatch):
    """A folder of its own, and the settings as they were afterwards."""
    monkeypatch.chdir(tmp_path)
    before = {name: value for name, (value, _) in tg.config.describe().items()}
    device = tg.get_default_device()
    yield tmp_path
    for name, value in before.items():
        if getattr(tg.config, name) != value:
            setattr(tg.config, name, value)
    tg.set_default_device(device)


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.stem)
def test_blocks(page, clean):
    namespace = {"__name__": "__main__"}
    wrong = [
        f"{page.name}:{example.line}\n{found}"
        for example in examples(page)
        if (found := difference(example, run(example, page, namespace)))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_block_of_code_names_its_language():
    plain = [p.name for p in PAGES.glob("*.md") if re.search(r"\n\n```\n", p.read_text())]
    assert not plain
