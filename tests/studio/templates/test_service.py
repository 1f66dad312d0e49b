"""Templates without HTTP: the list, the copy, and what is refused."""

from __future__ import annotations

import errno
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tengen_studio.errors import ForbiddenError, NoSpaceError, NotFoundError
from tengen_studio.templates.service import copy_template, list_templates

from ..factory import PICTURE, make_context, make_template


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file under `folder` with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_list_is_ordered_by_rank_then_slug(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    make_template(context.templates_dir, "zebra", rank=1)
    make_template(context.templates_dir, "apple")
    listed = list_templates(context)
    assert [template.slug for template in listed.items] == ["zebra", "apple", "first"]
    assert listed.next is None
    assert listed.items[1].title.zh == "apple 的标题"
    assert listed.items[1].picture == PICTURE


@pytest.mark.parametrize(
    "changes",
    [
        {"picture": "absent.svg"},
        {"picture": "../first/picture.svg"},
        {"notebook": "data"},
        {"title": {"en": "only English"}},
        {"surprise": 1},
    ],
)
def test_a_broken_template_is_left_out_and_cannot_be_copied(tmp_path: Path, changes: dict) -> None:
    context = make_context(tmp_path)
    make_template(context.templates_dir, "broken", **changes)
    assert [template.slug for template in list_templates(context).items] == ["first"]
    with pytest.raises(NotFoundError):
        copy_template(context, "broken", "")
    assert list(context.root.iterdir()) == []


def test_no_templates_folder_gives_an_empty_list(tmp_path: Path) -> None:
    context = make_context(tmp_path, templates_dir=tmp_path / "absent")
    assert list_templates(context).items == []


def test_copy_brings_the_whole_folder_without_the_manifest(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    source = context.templates_dir / "first"
    (source / ".hidden").write_text("x")
    (source / "__pycache__").mkdir()
    copy = copy_template(context, "first", "")
    assert (copy.directory, copy.notebook) == ("first", "first/start.ipynb")
    names = {str(Path(name)) for name in snapshot(context.root / "first")}
    assert names == {"picture.svg", "start.ipynb", str(Path("data/text.txt"))}
    assert [p.name for p in context.root.iterdir()] == ["first"]


def test_copies_can_be_written_even_from_a_read_only_install(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    (context.templates_dir / "first" / "start.ipynb").chmod(0o444)
    copy = copy_template(context, "first", "")
    assert os.stat(context.root / copy.notebook).st_mode & 0o200


def test_copies_take_free_names_and_leave_what_is_there(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    (context.root / "first").mkdir()
    (context.root / "first" / "mine.txt").write_text("mine")
    (context.root / "first-2").write_text("a file")
    (context.root / "first-3").symlink_to(tmp_path / "nowhere")
    before = snapshot(context.root)
    assert copy_template(context, "first", "").directory == "first-4"
    after = snapshot(context.root)
    assert before.items() <= after.items()
    assert (context.root / "first-3").is_symlink()


def test_simultaneous_copies_get_a_folder_each(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        copies = list(pool.map(lambda _: copy_template(context, "first", ""), range(24)))
    assert len({copy.directory for copy in copies}) == 24
    whole = snapshot(context.root / "first")
    assert all(snapshot(context.root / copy.directory) == whole for copy in copies)


@pytest.mark.parametrize("slug", ["absent", "..", ".", "first/../first", "FIRST", "", "first\0"])
def test_only_a_listed_slug_is_copied(tmp_path: Path, slug: str) -> None:
    context = make_context(tmp_path)
    with pytest.raises(NotFoundError):
        copy_template(context, slug, "")


def test_a_template_that_is_a_link_to_elsewhere_is_not_copied(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    make_template(tmp_path / "outside", "private")
    (context.templates_dir / "private").symlink_to(tmp_path / "outside" / "private")
    with pytest.raises(NotFoundError):
        copy_template(context, "private", "")


@pytest.mark.parametrize(
    ("number", "refusal"),
    [
        (errno.ENOSPC, NoSpaceError),
        (errno.EDQUOT, NoSpaceError),
        (errno.EACCES, ForbiddenError),
        (errno.EROFS, ForbiddenError),
    ],
)
def test_a_failing_disk_is_explained_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, refusal: type[Exception]
) -> None:
    context = make_context(tmp_path)
    real = shutil.copyfile

    def failing(source: Path, target: Path) -> Path:
        if source.name == "start.ipynb":
            raise OSError(number, os.strerror(number))
        return real(source, target)

    monkeypatch.setattr(shutil, "copyfile", failing)
    with pytest.raises(refusal):
        copy_template(context, "first", "")
    assert list(context.root.iterdir()) == []
