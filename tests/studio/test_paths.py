"""Which folders a browser's path reaches: those of the user, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tengen_studio.context import StudioContext
from tengen_studio.errors import InvalidError, NotFoundError
from tengen_studio.paths import inside, resolve_directory

from .factory import make_context


@pytest.fixture
def context(context: StudioContext, tmp_path: Path) -> StudioContext:
    """A user's folder with a subfolder, a hidden one, a file, and links in and out."""
    made = context
    (made.root / "work" / "deep").mkdir(parents=True)
    (made.root / ".secret").mkdir()
    (made.root / "note.txt").write_text("x")
    (tmp_path / "home-of-another").mkdir()
    (made.root / "out").symlink_to(tmp_path / "home-of-another")
    (made.root / "shortcut").symlink_to(made.root / "work")
    (made.root / "loop").symlink_to(made.root / "loop")
    return made


@pytest.mark.parametrize("path", ["", ".", "work", "work/", "work//deep", "./work/deep"])
def test_own_folders_are_reached(context: StudioContext, path: str) -> None:
    assert inside(resolve_directory(context, path), context.root)


def test_a_link_that_stays_inside_is_followed(context: StudioContext) -> None:
    assert resolve_directory(context, "shortcut/deep") == context.root / "work" / "deep"


@pytest.mark.parametrize(
    "path", ["/etc", "..", "work/../..", "../home-of-another", "C:/x", "a\\b", "a\0b", "a\nb"]
)
def test_paths_that_break_the_rules_are_invalid(context: StudioContext, path: str) -> None:
    with pytest.raises(InvalidError):
        resolve_directory(context, path)


@pytest.mark.parametrize(
    "path", ["out", "out/.", "loop", "absent", "note.txt", ".secret", "x" * 999]
)
def test_what_is_not_the_users_is_not_found(context: StudioContext, path: str) -> None:
    with pytest.raises(NotFoundError):
        resolve_directory(context, path)


def test_hidden_folders_are_reached_where_the_server_allows_them(tmp_path: Path) -> None:
    context = make_context(tmp_path, allow_hidden=True)
    (context.root / ".secret").mkdir()
    assert resolve_directory(context, ".secret").name == ".secret"


def test_a_sibling_with_the_same_prefix_is_outside() -> None:
    assert not inside(Path("/home/ana-evil"), Path("/home/ana"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioContext]:
    """A user's folder that holds one folder, `a`."""
    made = make_context(tmp_path_factory.mktemp("any"))
    (made.root / "a").mkdir()
    yield made
    made.close()


@given(st.text(alphabet="./\\a:~% \0é", max_size=12))
def test_no_text_leaves_the_folder(shared: StudioContext, path: str) -> None:
    try:
        found = resolve_directory(shared, path)
    except (InvalidError, NotFoundError):
        return
    assert found in (shared.root, shared.root / "a")
