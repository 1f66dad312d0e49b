"""The pages for people without a studio: links, notebooks in their frame, joining and forking."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from .flaws import flaws_of
from .studio import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

Launch = Callable[..., Studio]
Picture = Callable[["Page", str], None]
Visit = Callable[..., "Page"]

# What a notebook's author would try if scripts ran, each with what it should come to.
ATTACK = """<p id="report">nothing ran</p><script>
const found = [];
const attempt = (name, work) => { try { work(); found.push(name); } catch {} };
attempt('parent', () => parent.document.body);
attempt('top', () => { top.location.href = 'about:blank#moved'; });
attempt('cookie', () => document.cookie);
attempt('storage', () => localStorage.length);
fetch('/api/contents').then(() => found.push('fetch'), () => {}).finally(() => {
  document.getElementById('report').textContent = `ran in ${origin}, reached ${found.join()}.`;
});
</script>"""


class Host:
    """The host, by the REST interface and the token."""

    def __init__(self, browser: Browser, studio: Studio) -> None:
        headers = {"Authorization": f"token {studio.token}"}
        self.context = browser.new_context(extra_http_headers=headers)
        self._api = f"{studio.url}/tengen-studio/api"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer of a route; fails if it refuses."""
        url = f"{self._api}/{path}"
        answer = self.context.request.fetch(url, method=method, data=body)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json() if answer.body() else None


@pytest.fixture(scope="module")
def studio(launch: Launch) -> Studio:
    """A studio whose work folder holds one project's files."""
    running = launch()
    folder = running.work / "fashion"
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text(
        "# Fashion\n\nSee [the notebook](train.ipynb).\n\n$$\\sum_i x_i^2$$\n", encoding="utf-8"
    )
    output = nbformat.v4.new_output("display_data", {"text/html": ATTACK})
    cells = [
        nbformat.v4.new_markdown_cell("# Training"),
        nbformat.v4.new_code_cell("train()", execution_count=1, outputs=[output]),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "train.ipynb")
    return running


@pytest.fixture(scope="module")
def host(browser: Browser, studio: Studio) -> Iterator[Host]:
    """The host of that studio."""
    made = Host(browser, studio)
    yield made
    made.context.close()


@pytest.fixture(scope="module")
def project(host: Host) -> str:
    """The id of the project, with one version."""
    made = host.ask("POST", "projects", {"name": "Fashion", "folder": "fashion"})
    return str(made["project"]["id"])


@pytest.fixture
def visit(browser: Browser, studio: Studio) -> Iterator[Visit]:
    """Opens pages in fresh profiles, which must ask nobody but the studio and throw nothing."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def noted(request: Request) -> None:
        local = (studio.url, studio.url.replace("http", "ws", 1), "data:", "about:")
        if not request.url.startswith(local):
            wrong.append(f"asked {request.url}")
        if request.headers.get("referer"):
            wrong.append(f"told {request.url} of {request.headers['referer']}")

    def go(path: str, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 850}, **options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", noted)
        page.goto(f"{studio.url}/tengen-studio{path}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert wrong == []


def test_a_link_shows_the_project_until_it_is_revoked(
    visit: Visit, host: Host, project: str, studio: Studio, picture: Picture
) -> None:
    body = {"permission": "view", "password": "open sesame"}
    made = host.ask("POST", f"projects/{project}/links", body)
    page = visit("/login")
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{studio.url}{made['address']}")
    page.fill("input[name=password]", "wrong")
    page.click("button:has-text('Open')")
    page.wait_for_selector("text=password is wrong")
    assert made["token"] not in page.url
    page.fill("input[name=password]", "open sesame")
    page.click("button:has-text('Open')")
    page.wait_for_selector("h1:has-text('Fashion')")
    assert page.url == f"{studio.url}/tengen-studio/p/{project}"
    assert not [address for address in addresses if made["token"] in address]
    assert page.locator("math").count() == 1
    picture(page, "page-project")
    assert flaws_of(page, "body") == []
    page.wait_for_timeout(500)  # the socket is open by then
    host.ask("DELETE", f"projects/{project}/links/{made['link']['id']}")
    page.wait_for_selector("text=Access has ended")
    assert page.locator("text=See the notebook").count() == 0
    page.reload()
    page.wait_for_selector("text=This page does not exist, or not for you")


@pytest.mark.parametrize("scripts", [False, True])
def test_a_notebook_is_alone_in_its_frame(
    visit: Visit, host: Host, project: str, picture: Picture, scripts: bool
) -> None:
    host.ask("PATCH", f"projects/{project}/publication", {"public": True, "scripts": scripts})
    page = visit(f"/p/{project}/files/train.ipynb", color_scheme="dark" if scripts else "light")
    report = page.frame_locator("iframe").locator("#report, #content-report")
    if scripts:
        report.filter(has_text="ran in").wait_for()
    said = report.inner_text()
    assert said == ("ran in null, reached ." if scripts else "nothing ran")
    assert "/files/train.ipynb" in page.url
    picture(page, f"page-notebook{'-scripts' if scripts else ''}")
    assert flaws_of(page, "main") == []


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/lab", "\\\\evil"],
)
def test_logging_in_leads_to_our_own_pages_only(
    visit: Visit, host: Host, studio: Studio, target: str
) -> None:
    name = f"Ana {abs(hash(target))}"
    made = host.ask("POST", "people/invitations", {"note": name})
    joining = visit(made["address"].removeprefix("/tengen-studio"))
    joining.fill("input[name=name]", name)
    joining.fill("input[name=password]", "correct horse battery")
    joining.click("button:has-text('Join')")
    joining.wait_for_selector(f"text={name}")
    assert joining.url == f"{studio.url}/tengen-studio/"
    page = visit(f"/login?next={target}")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", "correct horse battery")
    page.click("button:has-text('Log in')")
    page.wait_for_selector(f"text={name}")
    assert page.url == f"{studio.url}/tengen-studio/"


def test_an_invited_person_stars_forks_and_logs_out(
    visit: Visit, host: Host, project: str, studio: Studio, picture: Picture
) -> None:
    host.ask("PATCH", f"projects/{project}/publication", {"public": True})
    made = host.ask("POST", "people/invitations", {"note": "Mei"})
    page = visit(made["address"].removeprefix("/tengen-studio"), locale="zh-CN")
    picture(page, "page-join")
    page.fill("input[name=name]", "梅")
    page.fill("input[name=password]", "correct horse battery")
    page.click("button:has-text('加入')")
    page.wait_for_selector("h1:has-text('画廊')")
    picture(page, "page-gallery")
    page.click("a:has-text('Fashion')")
    page.click("[data-star]")
    page.wait_for_selector("[data-star][aria-pressed=true] >> text=1")
    page.click("[data-fork]")
    page.wait_for_url(lambda url: "/p/" in url and project not in url)
    page.wait_for_selector("h1:has-text('Fashion')")
    page.click("a:has-text('历史')")
    page.wait_for_selector(".history li")
    picture(page, "page-history")
    page.goto(f"{studio.url}/tengen-studio/account")
    picture(page, "page-account")
    page.click("[data-logout]")
    page.wait_for_selector("a:has-text('登录')")
    page.click("button:has-text('English')")
    page.wait_for_selector("a:has-text('Log in')")
    assert json.dumps(page.context.cookies()).count("tengen-session") == 0
