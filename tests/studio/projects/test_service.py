"""Projects by the service: made, found, changed, trashed, brought back and deleted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tengen_studio.context import Limits, StudioContext
from tengen_studio.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LoginRequiredError,
    NotFoundError,
    OverQuotaError,
    TooLargeError,
)
from tengen_studio.history import service as history
from tengen_studio.projects import making, rules, schemas, service
from tengen_studio.roles import Role

from ..actors import HOST, NOBODY, make_account, make_member
from ..factory import make_context


def make(context: StudioContext, **fields: object) -> schemas.NewProject:
    """Make a project of the host's."""
    request = schemas.ProjectRequest(**({"name": "Iris study"} | fields))
    with context.transaction() as session:
        return making.create(session, HOST, request)


def names(context: StudioContext, **query: str) -> list[str]:
    """Return the names that the host's list shows."""
    with context.transaction(read_only=True) as session:
        return [item.name for item in service.listing(session, HOST, **query).items]


def test_a_blank_project_has_a_folder_and_a_first_version(context: StudioContext) -> None:
    made = make(context, description="Flowers", tags=["Data", "data "]).project
    assert (context.root / "iris-study" / "README.md").read_text() == "# Iris study\n\nFlowers\n"
    assert (made.directory, made.version, made.role) == ("iris-study", 1, "owner")
    assert made.tags == ["data"]
    assert made.usage.stored > 0
    assert [path.name for path in context.root.iterdir()] == ["iris-study"]


def test_names_that_are_taken_get_a_number(context: StudioContext) -> None:
    (context.root / "iris-study").mkdir()
    assert make(context).project.directory == "iris-study-2"


def test_a_template_names_the_notebook_to_open(context: StudioContext) -> None:
    made = make(context, template="first", name="")
    assert made.open == "title-of-first/start.ipynb"
    assert made.project.name == "Title of first"
    assert (context.root / "title-of-first" / "data" / "text.txt").is_file()
    assert not (context.root / "title-of-first" / "template.json").exists()


def test_a_folder_is_adopted_with_its_files(context: StudioContext) -> None:
    folder = context.root / "old" / "work"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("theirs")
    (folder / "out").symlink_to("/etc")
    made = make(context, folder="old/work", name="")
    assert (made.project.name, made.project.directory) == ("work", "old/work")
    assert made.skipped == {"out": "a link that leaves the project"}
    assert (folder / ".git" / "config").read_text() == "theirs"


@pytest.mark.parametrize("folder", ["old/work", "old/work/deep", "old"])
def test_a_folder_belongs_to_one_project(context: StudioContext, folder: str) -> None:
    (context.root / "old" / "work" / "deep").mkdir(parents=True)
    make(context, folder="old/work")
    with pytest.raises(ConflictError, match="has the folder old/work"):
        make(context, folder=folder)


def test_the_whole_folder_of_the_server_is_no_project(context: StudioContext) -> None:
    with pytest.raises(InvalidError, match="folder of its own"):
        make(context, folder="")


def test_a_project_cannot_be_made_within_another(context: StudioContext) -> None:
    make(context)
    with pytest.raises(ConflictError, match="has the folder iris-study"):
        make(context, name="inner", directory="iris-study")
    assert names(context) == ["Iris study"]
    assert sorted(p.name for p in (context.root / "iris-study").iterdir()) == ["README.md"]


def test_a_fork_that_the_disk_cannot_hold_is_refused(
    context: StudioContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = make(context).project
    (context.root / "iris-study" / "readme.md").write_text("another")
    with context.transaction() as session:
        history.save(session, HOST, service.get(session, HOST, origin.id), "two names")
    monkeypatch.setattr("os.path.samefile", lambda one, other: True)
    with (
        pytest.raises(ConflictError, match=r"takes 'README\.md' and 'readme\.md' for one name"),
        context.transaction() as session,
    ):
        making.fork(session, HOST, origin.id, schemas.ForkRequest(name="Copy"))
    assert os.listdir(context.root) == ["iris-study"]


def test_one_source_is_allowed(context: StudioContext) -> None:
    with pytest.raises(InvalidError, match="One of template, folder and git"):
        make(context, template="first", folder="x")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": ""}, InvalidError),
        ({"name": "x" * 201}, InvalidError),
        ({"name": "a\nb"}, InvalidError),
        ({"name": "a\ud800"}, InvalidError),
        ({"tags": ["<b>"]}, InvalidError),
        ({"tags": [str(n) for n in range(21)]}, InvalidError),
        ({"description": "x" * 5001}, InvalidError),
        ({"template": "absent"}, NotFoundError),
        ({"template": "../first"}, NotFoundError),
        ({"directory": "absent"}, NotFoundError),
        ({"directory": "../.."}, InvalidError),
        ({"folder": "absent"}, NotFoundError),
    ],
)
def test_refusals_leave_nothing(
    context: StudioContext, fields: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        make(context, **fields)
    assert list(context.root.iterdir()) == []
    assert list((context.data_dir / "histories").iterdir()) == []
    assert list((context.data_dir / "journal").iterdir()) == []
    assert names(context) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Fashion-MNIST  v2!", "fashion-mnist-v2"),
        ("../../etc/passwd", "etc-passwd"),
        ("NUL", "nul-project"),
        ("...", "project"),
        ("天元 棋盘", "天元-棋盘"),
        ("Ａ．Ｂ", "a-b"),
        ("x" * 300, "x" * 60),
    ],
)
def test_slugs_are_safe_names(name: str, slug: str) -> None:
    assert rules.slug(name) == slug
    assert len(slug.encode()) <= 200


def test_an_account_has_projects_without_a_folder(context: StudioContext) -> None:
    ana = make_account(context, "Ana")
    with context.transaction() as session:
        made = making.create(session, ana, schemas.ProjectRequest(name="Mine")).project
    assert (made.directory, made.version, made.owner.name) == (None, 1, "Ana")
    assert list(context.root.iterdir()) == []
    assert names(context) == []
    with context.transaction() as session, pytest.raises(ForbiddenError):
        making.create(session, ana, schemas.ProjectRequest(name="x", folder="x"))
    with context.transaction() as session, pytest.raises(ForbiddenError):
        making.create(session, ana, schemas.ProjectRequest(name="x", directory="x"))
    with context.transaction() as session, pytest.raises(LoginRequiredError):
        making.create(session, NOBODY, schemas.ProjectRequest(name="x"))


def test_the_list_is_searched_and_paged(context: StudioContext) -> None:
    for number in range(5):
        make(context, name=f"Study {number}", tags=["odd" if number % 2 else "even"])
    make(context, name="50% off", description="A study of prices")
    assert names(context) == ["50% off", *(f"Study {n}" for n in (4, 3, 2, 1, 0))]
    assert names(context, q="STUDY prices") == ["50% off"]
    assert names(context, q="0%") == ["50% off"]
    assert names(context, tag="odd") == ["Study 3", "Study 1"]
    with context.transaction(read_only=True) as session:
        first = service.listing(session, HOST, limit=4)
        rest = service.listing(session, HOST, limit=4, after=first.next)
        assert [len(first.items), len(rest.items), rest.next] == [4, 2, None]
        assert service.tags(session, HOST).items == ["even", "odd"]
        for limit in (0, 1001):
            with pytest.raises(InvalidError):
                service.listing(session, HOST, limit=limit)


def test_changes_by_role(context: StudioContext) -> None:
    project_id = make(context).project.id
    editor, viewer = make_account(context, "Ed"), make_account(context, "Vi")
    make_member(context, project_id, editor, Role.editor)
    make_member(context, project_id, viewer, Role.viewer)
    with context.transaction() as session:
        request = schemas.ChangeRequest(name="Iris II", tags=["b", "a"])
        changed = service.change(session, editor, project_id, request)
        assert (changed.name, changed.slug, changed.tags) == ("Iris II", "iris-ii", ["a", "b"])
        assert changed.directory is None, "the host's folders are no account's business"
        with pytest.raises(ForbiddenError):
            service.change(session, editor, project_id, schemas.ChangeRequest(archived=True))
        with pytest.raises(ForbiddenError):
            service.change(session, viewer, project_id, schemas.ChangeRequest(name="x"))
        with pytest.raises(NotFoundError):
            service.change(session, NOBODY, project_id, schemas.ChangeRequest(name="x"))
    with context.transaction() as session:
        service.change(session, HOST, project_id, schemas.ChangeRequest(archived=True))
    assert names(context) == []
    assert names(context, state="archived") == ["Iris II"]


def test_a_moved_folder_is_found_again(context: StudioContext) -> None:
    project_id = make(context).project.id
    (context.root / "iris-study").rename(context.root / "elsewhere")
    with context.transaction() as session:
        assert service.show(session, HOST, project_id).missing
        request = schemas.ChangeRequest(directory="elsewhere")
        moved = service.change(session, HOST, project_id, request)
        assert (moved.directory, moved.missing) == ("elsewhere", False)


def test_trash_and_undo(context: StudioContext) -> None:
    project_id = make(context).project.id
    folder = context.root / "iris-study"
    (folder / "new.txt").write_text("unsaved")
    with context.transaction() as session:
        trashed = service.trash(session, HOST, project_id)
    assert trashed.trashed is not None
    assert trashed.version == 2, "what was unsaved is a version"
    assert not folder.exists()
    assert names(context) == []
    assert names(context, state="trashed") == ["Iris study"]
    folder.mkdir()
    with context.transaction() as session:
        back = service.untrash(session, HOST, project_id)
    assert back.directory == "iris-study-2"
    assert (context.root / "iris-study-2" / "new.txt").read_text() == "unsaved"
    with context.transaction() as session, pytest.raises(ConflictError):
        service.untrash(session, HOST, project_id)


def test_the_hosts_folder_is_the_hosts_to_put_away(context: StudioContext) -> None:
    project_id = make(context).project.id
    ana = make_account(context, "Ana")
    make_member(context, project_id, ana, Role.owner)
    with context.transaction() as session, pytest.raises(ForbiddenError, match="host's"):
        service.trash(session, ana, project_id)
    with context.transaction() as session:
        service.trash(session, HOST, project_id)
    with context.transaction() as session, pytest.raises(NotFoundError):
        service.delete(session, ana, project_id)


def test_deleting_for_good_needs_the_trash_first(context: StudioContext) -> None:
    project_id = make(context).project.id
    with context.transaction() as session, pytest.raises(ConflictError, match="trash"):
        service.delete(session, HOST, project_id)
    with context.transaction() as session:
        service.trash(session, HOST, project_id)
    assert (context.root / service.TRASH / project_id).is_dir()
    with context.transaction() as session:
        service.delete(session, HOST, project_id)
    assert not (context.root / service.TRASH / project_id).exists()
    assert list((context.data_dir / "histories").iterdir()) == []
    with context.transaction() as session, pytest.raises(NotFoundError):
        service.show(session, HOST, project_id)


def test_a_failed_transaction_moves_nothing(context: StudioContext) -> None:
    project_id = make(context).project.id
    with pytest.raises(RuntimeError), context.transaction() as session:
        service.trash(session, HOST, project_id)
        raise RuntimeError("the database is lost")
    assert (context.root / "iris-study" / "README.md").is_file()
    assert names(context) == ["Iris study"]


def test_the_quota_warns_and_then_refuses(tmp_path: Path) -> None:
    context = make_context(tmp_path, limits=Limits(project_quota=3_000, account_quota=0))
    project_id = make(context).project.id
    folder = context.root / "iris-study"
    with context.transaction() as session:
        assert not service.show(session, HOST, project_id).usage.near
        session.get(service.Project, project_id).stored = 2_800
    with context.transaction() as session:
        assert service.show(session, HOST, project_id).usage.near
    (folder / "big.bin").write_bytes(bytes(range(256)) * 4)
    with (
        context.transaction() as session,
        pytest.raises(OverQuotaError, match=r"The quota of 3\.0 kB is used up: 200 B are left"),
    ):
        history.save(session, HOST, service.get(session, HOST, project_id))
    with context.transaction() as session:
        assert service.trash(session, HOST, project_id).version == 1
    assert not folder.exists(), "a full quota keeps nothing out of the trash"
    context.close()


def test_an_account_takes_no_more_than_its_quota_in(tmp_path: Path) -> None:
    context = make_context(tmp_path, limits=Limits(account_quota=2_000))
    project_id = make(context, description="x" * 4_000).project.id
    ana = make_account(context, "Ana")
    make_member(context, project_id, ana, Role.viewer)
    with context.transaction() as session, pytest.raises(TooLargeError, match="at most 2"):
        making.fork(session, ana, project_id, schemas.ForkRequest())
    with context.transaction() as session:
        assert making.fork(session, HOST, project_id, schemas.ForkRequest()).project.version == 1
    context.close()


def test_an_accounts_quota_counts_all_its_projects(tmp_path: Path) -> None:
    context = make_context(tmp_path, limits=Limits(account_quota=1_500))
    ana = make_account(context, "Ana")
    with context.transaction() as session:
        making.create(session, ana, schemas.ProjectRequest(name="One"))
    with context.transaction() as session, pytest.raises(OverQuotaError):
        making.create(session, ana, schemas.ProjectRequest(name="Two", description="x" * 10))
    with context.transaction() as session:
        (item,) = service.listing(session, ana).items
        assert item.name == "One"
        assert (item.usage.quota, item.usage.near) == (1_500, True), "nearer than the project's"
        session.get_one(service.Project, item.id).stored = 100
    with context.transaction(read_only=True) as session:
        assert service.show(session, ana, item.id).usage == schemas.Usage(100, 1_500, False)
    context.close()
