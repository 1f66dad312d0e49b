"""A studio of its own and a real Chromium to look at it with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
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
