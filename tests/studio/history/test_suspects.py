"""Versions that may hold secrets are held back from all but editors and owners, until cleared."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tengen_studio.access import Actor, Role
from tengen_studio.context import StudioContext
from tengen_studio.errors import ConflictError, ForbiddenError, NotFoundError
from tengen_studio.history import answers, schemas, service
from tengen_studio.projects import making
from tengen_studio.projects import service as projects
from tengen_studio.projects.models import Project
from tengen_studio.projects.schemas import ForkRequest
from tengen_studio.reproduce import service as reproduce
from tengen_studio.reproduce.models import Reproduction
from tengen_studio.sharing import publication
from tengen_studio.sharing.schemas import PublicationRequest

from ..actors import HOST, NOBODY, make_account, make_member
from .project import Work, notebook

KEY = "AWS_KEY = 'AKIAQ7ZK3M2XWLPTJ4RV'\n"
OTHER = "AWS_KEY = 'AKIAZ2WQ5N6YKVRDB3MX'\n"


@pytest.fixture
def work(context: StudioContext) -> Work:
    """A public project with one version that holds no secret."""
    made = Work(context)
    with context.transaction() as session:
        session.get_one(Project, made.id).visibility = "public"
    return made


def seen(work: Work, actor: Actor = NOBODY) -> list[int]:
    """Return the versions that `actor` sees, and check that every way to them agrees."""
    with work.context.transaction(read_only=True) as session:
        project = session.get_one(Project, work.id)
        rows = service.versions(session, actor, project)[0]
        numbers = [row.number for row in rows]
        assert service.get(session, actor, project).number == numbers[0]
        assert projects.show(session, actor, work.id).version == numbers[0]
        for number in range(1, 10):
            if number in numbers:
                service.get(session, actor, project, number)
            else:
                with pytest.raises((ForbiddenError, NotFoundError)):
                    service.get(session, actor, project, number)
    return numbers


def test_a_version_with_a_secret_is_held_back_until_it_is_cleared(work: Work) -> None:
    work.write(train=KEY)
    saved = work.save("Second")
    assert (saved.held, saved.suspects) == (True, ["train"])
    assert seen(work) == [1] and seen(work, HOST) == [2, 1]
    with work.context.transaction(read_only=True) as session:
        project = session.get_one(Project, work.id)
        with pytest.raises(ForbiddenError, match="Version 2 is held back"):
            service.stream(session, NOBODY, project, "train", 2)
        with pytest.raises(ForbiddenError, match="held back"):
            answers.diff(session, NOBODY, work.id, schemas.DiffQuery(from_=1, to=2))
        assert answers.diff(session, NOBODY, work.id, schemas.DiffQuery()).to_version == 1
    work.call(service.clear, 2)
    assert seen(work) == [2, 1]


def test_what_follows_is_held_back_as_long_as_it_holds_the_secret(work: Work) -> None:
    work.write(train=KEY)
    work.save("Second")
    work.write({"notes": "harmless", "train": KEY + "more = 1\n"})
    assert work.save("Third").suspects == ["train"]
    work.write(train="AWS_KEY = ask()\n")
    assert not work.save("Fourth").held
    assert seen(work) == [4, 1]
    with work.context.transaction(read_only=True) as session:
        # The version before the fourth is, for a visitor, the first.
        answer = answers.diff(session, NOBODY, work.id, schemas.DiffQuery())
        assert (answer.from_version, answer.to_version) == (1, 4)


def test_what_was_cleared_is_not_asked_about_again(work: Work) -> None:
    work.write(train=KEY)
    work.save("Second")
    work.call(service.clear, None)
    work.write({"train": None, "deep/renamed.py": KEY + "more = 1\n"})
    assert not work.save("Third").held
    work.write({"deep/renamed.py": KEY + OTHER})
    assert work.save("Fourth").suspects == ["deep/renamed.py"]
    assert seen(work) == [3, 2, 1]


def test_outputs_of_notebooks_count(work: Work) -> None:
    work.write({"a.ipynb": notebook("print(key)", outputs={0: KEY})})
    assert work.save("Second").suspects == ["a.ipynb"]


def test_a_restore_of_a_held_version_is_held(work: Work) -> None:
    work.write(train=KEY)
    work.save("Second")
    work.write(train=None)
    work.save("Third")
    assert work.restore(2).held
    assert seen(work) == [3, 1]


def test_a_push_and_a_pull_are_looked_through(context: StudioContext, work: Work) -> None:
    ana = make_account(context, "Ana")
    make_member(context, work.id, ana, Role.editor)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("train.py", KEY)
    with context.transaction() as session:
        pushed = answers.push(session, ana, work.id, packed, schemas.PushQuery(base=1))
    assert pushed.version.held and seen(work) == [1] and seen(work, ana) == [2, 1]

    bea = make_account(context, "Bea")
    with context.transaction() as session:
        fork = making.fork(session, bea, work.id, ForkRequest()).project.id
        assert session.get_one(Project, fork).origin_version == 1
    with context.transaction() as session, pytest.raises(ConflictError, match="here already"):
        answers.pull(session, bea, fork, None)
    with context.transaction() as session, pytest.raises(ForbiddenError, match="held back"):
        answers.pull(session, bea, fork, 2)
    with context.transaction() as session, pytest.raises(ForbiddenError, match="held back"):
        making.fork(session, bea, work.id, ForkRequest(version=2))
    with context.transaction() as session:
        service.clear(session, HOST, session.get_one(Project, work.id), 2)
    with context.transaction() as session:
        assert answers.pull(session, bea, fork, None).version.held, "a fork is judged by itself"


def test_only_owners_clear(context: StudioContext, work: Work) -> None:
    ana = make_account(context, "Ana")
    make_member(context, work.id, ana, Role.editor)
    work.write(train=KEY)
    work.save("Second")
    with context.transaction() as session, pytest.raises(ForbiddenError, match="owner"):
        answers.clear(session, ana, work.id, "2")
    assert seen(work) == [1]


def test_publishing_leaves_older_versions_with_secrets_behind(context: StudioContext) -> None:
    work = Work(context)
    work.write(train=KEY)
    work.save("Second")
    work.write(train=None)
    work.save("Third")
    with context.transaction() as session:
        publication.publish(session, HOST, work.id, PublicationRequest(public=True))
    assert seen(work) == [3, 1]


def test_publishing_despite_the_findings_shows_the_version_asked_about(
    context: StudioContext,
) -> None:
    work = Work(context)
    work.write(train=KEY)
    work.save("Second")
    work.write(train=OTHER)
    work.save("Third")
    with context.transaction() as session, pytest.raises(ConflictError, match="train, line 1"):
        publication.publish(session, HOST, work.id, PublicationRequest(public=True))
    request = PublicationRequest(public=True, despite_findings=True)
    with context.transaction() as session:
        publication.publish(session, HOST, work.id, request)
    assert seen(work) == [3, 1]


def test_reruns_of_a_held_version_are_held_too(context: StudioContext, work: Work) -> None:
    work.write(train=KEY)
    work.save("Second")
    with context.transaction() as session:
        row = Reproduction(
            project_id=work.id, version=2, actor_id="host", state="agreed", options={}, process=""
        )
        session.add(row)
        session.flush()
        project = session.get_one(Project, work.id)
        assert reproduce.badge(session, HOST, project) is not None
        assert reproduce.badge(session, NOBODY, project) is None
        assert reproduce.listing(session, NOBODY, work.id).items == []
        with pytest.raises(NotFoundError):
            reproduce.show(session, NOBODY, work.id, row.id)


def test_a_large_or_binary_file_is_left_out(context: StudioContext, tmp_path: Path) -> None:
    work = Work(context)
    work.write(binary=b"\0" + KEY.encode())
    assert not work.save("Second").held


def test_no_copy_is_made_unnoticed(context: StudioContext, work: Work) -> None:
    work.write(train=KEY)
    work.save("Second")
    with context.transaction() as session, pytest.raises(ConflictError, match="secrets, in train,"):
        making.fork(session, HOST, work.id, ForkRequest(name="Copy"))
    with context.transaction(read_only=True) as session:
        with pytest.raises(ConflictError, match="despite the findings"):
            answers.archive(session, HOST, work.id, "latest", False)
        name, pieces = answers.archive(session, HOST, work.id, "latest", True)
        assert name == "work-v2.zip" and b"".join(pieces)
        assert answers.archive(session, NOBODY, work.id, "latest", False)[0] == "work-v1.zip"
    with context.transaction() as session:
        request = ForkRequest(name="Copy", despite_findings=True)
        fork = making.fork(session, HOST, work.id, request).project
        assert service.get(session, HOST, session.get_one(Project, fork.id)).held
