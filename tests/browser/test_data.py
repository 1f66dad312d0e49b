"""Projects in the panel, beyond their versions: imports, data sets, running again, pulling."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from ..studio.projects.test_cloning import make_repository, served
from .studio import Studio
from .test_memory import CHINESE, DARK
from .test_projects import PANEL, directory_of, make_project, notebook, save_version, show_panel

if TYPE_CHECKING:
    from playwright.sync_api import Page

Launch = Callable[..., Studio]
OpenLab = Callable[..., "Page"]
Picture = Callable[["Page", str], None]

SETS = ".tengen-Datasets"
PATIENCE = 300_000


def open_import(page: Page, kind: str) -> None:
    """Open the import dialog and choose where to import from."""
    page.click(f"{PANEL} button:has-text('Import…')")
    page.check(f".tengen-Form label:has-text('{kind}') input")


def register(page: Page, source: str, name: str = "") -> None:
    """Register a data set in the open dialog."""
    if not page.locator(f"{SETS}-new[open]").count():
        page.click(f"{SETS}-new summary")
    page.fill(f"{SETS}-new input[name=source]", source)
    page.fill(f"{SETS}-new input[name=name]", name)
    page.click(f"{SETS}-new button:text-is('Register')")


def test_a_zip_archive_a_folder_and_a_bad_address_are_imported_or_refused(
    launch: Launch, open_lab: OpenLab, picture: Picture, tmp_path: Path
) -> None:
    studio = launch()
    packed = tmp_path / "sent.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("train.ipynb", notebook("lr = 0.1"))
        archive.writestr("notes/README.md", "# Sent")
    (studio.work / "lying-here").mkdir()
    (studio.work / "lying-here" / "data.csv").write_text("a,b\n1,2\n")
    page = open_lab(studio)
    show_panel(page)

    open_import(page, "a zip archive")
    page.set_input_files(".tengen-Form input[type=file]", packed)
    picture(page, "projects-import")
    page.click(".jp-Dialog button:has-text('Import')")
    page.wait_for_selector(f"{PANEL} h2:text-is('sent')")
    page.wait_for_selector(f"{PANEL} li[data-version='1']")
    assert (studio.work / "sent" / "notes" / "README.md").read_text() == "# Sent"

    page.click(f"{PANEL} button:has-text('All projects')")
    open_import(page, "a folder that is here already")
    page.fill(".tengen-Form label:has-text('Folder') >> nth=-1 >> input", "lying-here")
    page.fill(".tengen-Form label:has-text('Name') input", "Here")
    page.click(".jp-Dialog button:has-text('Import')")
    page.wait_for_selector(f"{PANEL} h2:text-is('Here')")

    page.click(f"{PANEL} button:has-text('All projects')")
    open_import(page, "a git repository")
    page.fill(".tengen-Form label:has-text('Address') input", "http://127.0.0.1/repository.git")
    page.click(".jp-Dialog button:has-text('Import')")
    page.wait_for_selector(".jp-Dialog :text('https')")
    page.click(".jp-Dialog button:has-text('Close')")
    names = {path.name for path in studio.work.iterdir()}
    assert "repository" not in names


def test_a_git_repository_is_imported(launch: Launch, open_lab: OpenLab, tmp_path: Path) -> None:
    files = {b"train.ipynb": (0o100644, notebook("lr = 0.1").encode())}
    make_repository(tmp_path / "work.git", files)
    studio = launch(arguments=("--StudioApp.insecure_git=True",))
    page = open_lab(studio)
    show_panel(page)
    open_import(page, "a git repository")
    page.fill(".tengen-Form label:has-text('Name') input", "From git")
    with served(tmp_path / "work.git") as address:
        page.fill(".tengen-Form label:has-text('Address') input", address)
        page.click(".jp-Dialog button:has-text('Import')")
        page.wait_for_selector(f"{PANEL} h2:text-is('From git')")
    assert (studio.work / "from-git" / "train.ipynb").is_file()


def test_data_is_registered_looked_at_put_into_a_project_and_taken_out(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    table = studio.work / "weather"
    table.mkdir()
    (table / "may.csv").write_text("day,rain\n1,0.5\n2,3.25\n")
    page = open_lab(studio)
    show_panel(page)
    make_project(page, "rain")
    folder = directory_of(studio, "rain")
    page.wait_for_selector(f"{PANEL} section[aria-label='Data sets'] :text('None yet.')")
    page.click(f"{PANEL} button:text-is('Add data…')")
    page.wait_for_selector(f"{SETS} :text('No data sets yet.')")
    picture(page, "datasets-empty")
    register(page, "nowhere")
    page.wait_for_selector(f"{SETS} [role=alert]")
    register(page, "weather")
    entry = page.locator(f"{SETS} li[data-dataset='weather'][data-state='ready']")
    entry.wait_for()
    entry.locator("button:text-is('Preview')").click()
    page.wait_for_selector(f"{SETS}-preview[data-kind='table'] td:text-is('3.25')")
    picture(page, "datasets-preview")
    entry.locator("button:text-is('Put into the project')").click()
    entry.locator("button:text-is('In the project')").wait_for()
    page.click(".jp-Dialog button:has-text('Close')")
    page.wait_for_selector(f"{PANEL} li[data-mount='weather'][data-state='mounted']")
    assert (folder / "datasets" / "weather" / "may.csv").read_text().startswith("day,rain")
    page.locator(f"{PANEL} li[data-mount='weather']").scroll_into_view_if_needed()
    picture(page, "projects-data")
    page.click(f"{PANEL} button[aria-label='Take weather out of the project']")
    page.locator(f"{PANEL} li[data-mount='weather'][data-state='mounted']").wait_for(
        state="detached"
    )
    assert not (folder / "datasets" / "weather" / "may.csv").exists()


@pytest.mark.long
def test_a_version_is_run_again_and_gets_its_badge(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    show_panel(page)
    make_project(page, "again")
    ran = nbformat.reads(notebook("print(6 * 7)"), 4)
    ran.cells[0].outputs = [nbformat.v4.new_output("stream", text="42\n")]
    ran.cells[0].execution_count = 1
    nbformat.write(ran, directory_of(studio, "again") / "answer.ipynb")
    save_version(page, "the answer")
    page.click(f"{PANEL} button:text-is('Run again and compare')")
    page.wait_for_selector(f"{PANEL}-running progress")
    badge = page.locator(f"{PANEL}-badge[data-run='agreed']")
    badge.wait_for(timeout=PATIENCE)
    badge.locator("summary").click()
    assert "answer.ipynb: cells that agree: 1" in badge.inner_text()
    picture(page, "projects-reproduced")


def test_a_fork_pulls_what_its_origin_has_changed(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch()
    page = open_lab(studio)
    show_panel(page)
    make_project(page, "upstream")
    folder = directory_of(studio, "upstream")
    page.click(f"{PANEL} button:text-is('Fork')")
    page.fill(".jp-Dialog input", "downstream")
    page.click(".jp-Dialog button:has-text('Fork')")
    page.wait_for_selector(f"{PANEL} h2:text-is('downstream')")
    (folder / "new.py").write_text("rate = 0.1\n")
    page.click(f"{PANEL} button:has-text('All projects')")
    page.click(f"{PANEL} .tengen-Projects-line:has-text('upstream')")
    save_version(page, "a rate")
    page.click(f"{PANEL} button:has-text('All projects')")
    page.click(f"{PANEL} .tengen-Projects-line:has-text('downstream')")
    page.click(f"{PANEL} button:text-is('Pull')")
    page.wait_for_selector(":text('Files brought in from the origin: 1')")
    assert (studio.work / "downstream" / "new.py").read_text() == "rate = 0.1\n"
    page.click(f"{PANEL} button:text-is('Pull')")
    page.wait_for_selector(":text('nothing new has come')")


def test_lists_that_cannot_be_had_say_so_and_are_asked_for_again(
    launch: Launch, open_lab: OpenLab, picture: Picture
) -> None:
    studio = launch(settings=CHINESE | DARK)
    page = open_lab(studio)
    show_panel(page)
    page.click(f"{PANEL} button:has-text('新建项目')")
    page.fill(".tengen-Form label:has-text('名称') input", "zeta")
    page.click(".jp-Dialog button:has-text('创建')")
    page.wait_for_selector(f"{PANEL} section[aria-label='数据集'] :text('还没有。')")
    page.route("**/api/projects/*/datasets", lambda route: route.abort())
    page.route("**/api/projects/*/reproductions", lambda route: route.abort())
    page.click(f"{PANEL} button:has-text('所有项目')")
    page.click(f"{PANEL} .tengen-Projects-line:has-text('zeta')")
    failed = page.locator(f"{PANEL} section [role=alert]:has-text('服务器没有响应')")
    failed.nth(1).wait_for()
    picture(page, "projects-data-error-zh")
    page.unroute("**/api/projects/*/datasets")
    page.unroute("**/api/projects/*/reproductions")
    page.locator(f"{PANEL} section button:has-text('重试')").first.click()
    page.wait_for_selector(f"{PANEL} section[aria-label='复现'] :text('尚未尝试')")
    page.click(f"{PANEL} button:has-text('添加数据…')")
    page.wait_for_selector(f"{SETS}-new summary:has-text('登记数据集')")
    picture(page, "datasets-zh")


def test_bytes_are_no_archive(launch: Launch, open_lab: OpenLab, tmp_path: Path) -> None:
    studio = launch()
    bad = tmp_path / "bad.zip"
    bad.write_text("not a zip")
    page = open_lab(studio)
    show_panel(page)
    open_import(page, "a zip archive")
    page.set_input_files(".tengen-Form input[type=file]", bad)
    page.click(".jp-Dialog button:has-text('Import')")
    page.wait_for_selector(".jp-Dialog-header:has-text('That did not work')")
    assert not (studio.work / "bad").exists()
