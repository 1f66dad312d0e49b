"""The audit log: complete, paged, without secrets, and for whom it concerns."""

from __future__ import annotations

import pytest

from tengen_studio import audit
from tengen_studio.audit import service
from tengen_studio.context import StudioContext
from tengen_studio.errors import ForbiddenError, NotFoundError
from tengen_studio.live import Change
from tengen_studio.roles import Role

from ..actors import HOST, make_account, make_member, make_project


def test_a_row_says_who_what_when_and_from_where(context: StudioContext) -> None:
    project = make_project(context)
    with context.transaction() as session:
        audit.record(session, HOST, "member.set", project, name="Ana", role="viewer", note=None)
    with context.transaction() as session:
        [row] = service.of_project(session, HOST, project).items
    assert (row.actor_kind, row.actor_name, row.address) == ("host", "Host", "127.0.0.1")
    assert (row.verb, row.details) == ("member.set", {"name": "Ana", "role": "viewer"})
    assert row.at.endswith("+00:00")


@pytest.mark.parametrize("field", ["token", "password", "client_secret", "cookie_value"])
def test_secrets_are_refused(context: StudioContext, field: str) -> None:
    with context.transaction() as session, pytest.raises(ValueError, match="without secrets"):
        audit.record(session, HOST, "link.make", None, **{field: "x"})


def test_the_log_of_a_project_is_its_owners(context: StudioContext) -> None:
    owner, editor, stranger = (make_account(context, name) for name in ("Ana", "Ed", "Zoe"))
    project = make_project(context, owner)
    make_member(context, project, editor, Role.editor)
    with context.transaction() as session:
        audit.record(session, owner, "project.make", project)
        audit.record(session, owner, "session.open")
        assert len(service.of_project(session, owner, project).items) == 1
        with pytest.raises(ForbiddenError):
            service.of_project(session, editor, project)
        for actor in (stranger, HOST):
            with pytest.raises(NotFoundError):
                service.of_project(session, actor, project)
        assert [row.verb for row in service.of_studio(session, HOST).items] == ["session.open"]


def test_the_log_comes_in_pages(context: StudioContext) -> None:
    with context.transaction() as session:
        for number in range(120):
            audit.record(session, HOST, "star.give", None, number=number)
    seen, after = [], None
    with context.transaction() as session:
        while True:
            page = service.of_studio(session, HOST, after)
            seen += [int(row.details["number"]) for row in page.items]
            after = page.next
            if after is None:
                break
    assert sorted(seen) == list(range(120)) and seen[0] > seen[-1]


def test_news_is_announced_after_the_commit_and_only_then(context: StudioContext) -> None:
    heard: list[list[Change]] = []
    context.rooms.join(heard.append)
    with context.transaction() as session:
        audit.record(session, HOST, "version.save", "p")
        audit.record(session, HOST, "star.give", "p")
        session.flush()
        assert heard == []
    assert heard == [[Change("version.save", "p"), Change("star.give", "p")]]
    with pytest.raises(RuntimeError), context.transaction() as session:
        audit.record(session, HOST, "version.save", "p")
        raise RuntimeError
    context.rooms.leave(heard.append)
    assert len(heard) == 1
