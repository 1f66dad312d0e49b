"""A studio of its own and a real Chromium to look at it with."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .studio import Studio, start_studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
]
PATIENCE = 60_000  # milliseconds; a loaded two-core machine is slow, not broken


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for this folder's tests; they skip where there is none.

    Playwright keeps an event loop running in the thread, which other folders' tests cannot have:
    hence the scope.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium here: install it (Debian: apt install chromium)")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Studio]]:
    """Start studios, each with an empty home; equal ones are shared, all stop at the end.

    One with an `own` name is shared with nobody who does not name it.
    """
    running: dict[str, Studio] = {}

    def get(own: str = "", **options: Any) -> Studio:
        key = f"{own} {sorted(options.items())!r}"
        if key not in running:
            running[key] = start_studio(tmp_path_factory.mktemp("studio"), **options)
        return running[key]

    yield get
    for studio in running.values():
        studio.stop()


PAGES = pytest.StashKey[list["Page"]]()
SHOWN = """() => ({
  address: location.href,
  focus: document.activeElement?.className ?? '',
  prompts: [...document.querySelectorAll('.jp-InputPrompt')].map(e => e.textContent),
  kernel: [...document.querySelectorAll('.jp-Notebook-ExecutionIndicator')].map(
    e => e.dataset.status),
  dialogs: [...document.querySelectorAll('.jp-Dialog, .jp-toast-message, .Toastify__toast')].map(
    e => e.textContent),
  outputs: [...document.querySelectorAll('.jp-OutputArea')].map(e => e.innerText.slice(0, 500)),
})"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what the pages showed when a test failed, and keep a picture."""
    report = yield
    if report.when == "call" and report.failed:
        for number, page in enumerate(item.stash.get(PAGES, [])):
            with contextlib.suppress(Exception):  # the page may be what has failed
                PICTURES.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=PICTURES / f"failed-{item.name[:80]}-{number}.png")
                shown = page.evaluate(SHOWN).items()
                text = "\n".join(f"{name}: {value}" for name, value in shown)
                report.sections.append((f"what page {number} showed", text))
    return report


@pytest.fixture
def open_lab(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Open a studio's JupyterLab in a fresh profile, and watch what the page does.

    At the end the page must have asked nobody but the studio, and have thrown nothing.
    """
    contexts = []
    strangers: list[str] = []
    thrown: list[str] = []

    def get(studio: Studio, path: str = "/lab?reset", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1360, "height": 850}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        request.node.stash.setdefault(PAGES, []).append(page)
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.on("request", lambda asked: note(asked.url, studio))
        separator = "&" if "?" in path else "?"
        page.goto(f"{studio.url}{path}{separator}token={studio.token}")
        page.wait_for_selector("#jp-main-dock-panel")
        return page

    def note(url: str, studio: Studio) -> None:
        local = (studio.url, studio.url.replace("http", "ws", 1), "data:", "blob:")
        if not url.startswith(local):
            strangers.append(url)

    yield get
    for context in contexts:
        context.close()
    assert strangers == []
    assert thrown == []


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Save what the page shows as build/screenshots/NAME.png, for a person to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def save(page: Page, name: str) -> None:
        page.screenshot(path=PICTURES / f"{name}.png")

    return save
