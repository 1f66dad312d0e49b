"""Markdown, formulas, notebooks and languages as they come out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tengen_studio.errors import InvalidError
from tengen_studio.pages import code, markdown, notebook, texts
from tengen_studio.pages.cache import Cache
from tengen_studio.pages.formula import mathml
from tengen_studio.pages.places import Addresses, FramePlaces, PagePlaces

AT = Addresses("/base/", "ID", 3)
NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").rglob("*.ipynb"))


def render(text: str) -> str:
    return markdown.render(text, PagePlaces(AT, "docs/a.md"))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("# Two words", '<h1 id="content-two-words">Two words</h1>'),
        ("[a](b.md#c)", 'href="/base/tengen-studio/p/ID/files/docs/b.md?version=3"'),
        ("[a](#two-words)", 'href="#content-two-words"'),
        ("![a](../b c.png)", "![a](../b c.png)"),
        ("![a](<../b c.png>)", 'src="/base/tengen-studio/p/ID/raw/b%20c.png?version=3"'),
        ("https://example.org", '<a href="https://example.org"'),
        ("| a |\n| ---: |\n| 1 |", '<td align="right">1</td>'),
        ("- [x] done", "☑ done"),
        ("- [ ] open", "☐ open"),
        ("~~gone~~", "<del>gone</del>"),
        ("```python\nx = 1\n```", '<span class="n">x</span>'),
        ("```unknown\n<x>\n```", "&lt;x&gt;"),
        ("$x^2$", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("costs $5 and $6", "costs $5 and $6"),
        ("a[^1]\n\n[^1]: note", "note"),
    ],
)
def test_markdown_comes_out_as_html(source: str, shown: str) -> None:
    assert shown in render(source)


@pytest.mark.parametrize(
    "latex",
    [r"\frac{a}{b}", r"\begin{aligned}a&=b\\c&=d\end{aligned}", r"\mathcal{L}(\theta)", r"a < b"],
)
def test_formulas_become_mathml(latex: str) -> None:
    made = mathml(latex, block=True)
    assert made.startswith("<math") and 'display="block"' in made and "&amp;" not in made


@pytest.mark.parametrize("latex", [r"\frac{", "{" * 3000, "x" * 5000])
def test_a_formula_that_cannot_be_read_stays_as_it_was_written(latex: str) -> None:
    assert mathml(latex, block=False) == f"<code>{latex}</code>"


def test_a_text_in_a_formula_is_escaped() -> None:
    made = mathml(r"\text{<b>&lt;}", block=False)
    assert "&lt;b&gt;&lt;" in made and "<b>" not in made


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_that_ships_is_shown(path: Path) -> None:
    content = path.read_bytes()
    shown = notebook.render(content, FramePlaces(AT, path.name, lambda _: None))
    cells = json.loads(content)["cells"]
    assert shown.count('<section class="cell') == len([cell for cell in cells if cell["source"]])


def test_a_notebooks_parts_are_shown() -> None:
    outputs: list[Any] = [
        {"output_type": "stream", "name": "stderr", "text": ["\x1b[31mred\x1b[0m", " & more"]},
        {"output_type": "display_data", "data": {"image/png": "iVBO\nRw==", "text/plain": "no"}},
        {"output_type": "execute_result", "data": {"text/markdown": "**bold**"}},
        {"output_type": "display_data", "data": {"text/latex": "$x$"}},
        {"output_type": "display_data", "data": {"application/x-unknown": "no"}},
        {"output_type": "error", "ename": "E", "evalue": "why", "traceback": []},
    ]
    cells = [
        {"cell_type": "code", "source": ["x = ", "1"], "execution_count": 7, "outputs": outputs},
        {"cell_type": "code", "source": "y", "metadata": {"jupyter": {"source_hidden": True}}},
        {
            "cell_type": "markdown",
            "source": "![](attachment:a.png)",
            "attachments": {"a.png": {"image/png": "AAAA"}},
        },
        {"cell_type": "raw", "source": "<raw>"},
        "not a cell",
    ]
    content = json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5})
    shown = notebook.render(content.encode(), FramePlaces(AT, "a.ipynb", lambda _: None))
    for part in (
        '<div class="prompt">7</div>',
        '<span class="ansi-red-fg">red</span> &amp; more',
        'src="data:image/png;base64,iVBORw=="',
        "<strong>bold</strong>",
        "<math",
        "E: why",
        '<details class="source">',
        'src="data:image/png;base64,AAAA"',
        "&lt;raw&gt;",
    ):
        assert part in shown, part
    assert ">no<" not in shown


def test_notebooks_of_old_formats_are_shown() -> None:
    sheet = {
        "cells": [
            {
                "cell_type": "code",
                "input": "old = 1",
                "prompt_number": 2,
                "outputs": [],
                "language": "python",
                "collapsed": False,
                "metadata": {},
            }
        ],
        "metadata": {},
    }
    content = {"worksheets": [sheet], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    shown = notebook.render(json.dumps(content).encode(), FramePlaces(AT, "a", lambda _: None))
    assert ">old<" in shown


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"cells": 1}',
        b'{"nbformat": 3}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"nbformat": 3, "worksheets": 7}',
    ],
)
def test_what_is_no_notebook_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidError, match="not a notebook"):
        notebook.render(content, FramePlaces(AT, "a", lambda _: None))


def test_a_notebook_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidError, match="at most"):
        notebook.render(b" " * (notebook.LONGEST + 1), FramePlaces(AT, "a", lambda _: None))


def test_long_outputs_are_cut() -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 300_000}
    content = {"cells": [{"cell_type": "code", "source": "", "outputs": [output]}], "nbformat": 4}
    shown = notebook.render(json.dumps(content).encode(), FramePlaces(AT, "a", lambda _: None))
    assert "… 100000 more characters" in shown and len(shown) < 250_000


def test_pictures_come_inside_the_frame() -> None:
    files = {"docs/a.png": b"png", "docs/a.txt": b"text", "big.svg": b" " * 6_000_000}
    places = FramePlaces(AT, "docs/n.ipynb", files.get)
    assert places.picture("a.png") == "data:image/png;base64,cG5n"
    for address in ("a.txt", "missing.png", "../big.svg", "../../a.png", "//evil.example/a.png"):
        assert places.picture(address) is None


def test_code_is_numbered_and_escaped() -> None:
    shown = code.render("a = '<b>'\n\nb", "x.py")
    assert 'id="L-3"' in shown and "&lt;b&gt;" in shown
    assert "&lt;b&gt;" in code.render("<b>", "unknown.extension")


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,zh;q=0.9", "en"),
        (None, "en;q=0.2,zh;q=0.9", "zh"),
        (None, "fr,de;q=0.9", "en"),
        (None, "zh;q=x,en;q=0.1", "en"),
        ("en", "zh", "en"),
        ("zh", "en", "zh"),
        ("<script>", "zh", "zh"),
    ],
)
def test_the_language_is_the_visitors(chosen: str | None, accepted: str, language: str) -> None:
    assert texts.choose(chosen, accepted) == language


def test_texts_take_values() -> None:
    assert texts.translator("en")("You see version %1. The newest is %2.", 1, 2) == (
        "You see version 1. The newest is 2."
    )
    assert texts.translator("zh")("version %1", 3) == "版本 3"


def test_the_cache_holds_what_was_used_last() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        return text

    cache = Cache(10)
    for key in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        assert cache.get(key, lambda key=key: make(key)) == key
    assert made == ["aaaa", "bbbb", "cccc", "bbbb"]
