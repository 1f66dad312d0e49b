"""Members and links, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tengen_studio.access import Actor, Role, require, require_copying, role_of
from tengen_studio.audit.models import AuditEntry
from tengen_studio.context import StudioContext
from tengen_studio.credentials import digest
from tengen_studio.db import utcnow
from tengen_studio.errors import (
    ForbiddenError,
    InvalidError,
    LoginRequiredError,
    NotFoundError,
    TooManyError,
)
from tengen_studio.identity import resolve
from tengen_studio.projects.models import Project
from tengen_studio.sharing import links, service
from tengen_studio.sharing.models import Link, Visit
from tengen_studio.sharing.schemas import LinkRequest

from ..actors import HOST, NOBODY, make_account, make_member, make_project

Call = Callable[..., Any]


@pytest.fixture
def call(context: StudioContext) -> Call:
    """Runs a service as a request does: one transaction, kept where the refusal says so."""

    def run(function: Any, *args: Any) -> Any:
        with context.transaction() as session:
            try:
                return function(session, *args)
            except LoginRequiredError as error:
                refusal = error
        raise refusal

    return run


def visitor(context: StudioContext, token: str, login: Actor | None = None) -> Actor:
    """Return the actor that a browser with this visitor cookie is."""
    with context.transaction() as session:
        found = resolve(
            session, is_host=False, login_token=None, visitor_token=token, address="127.0.0.1"
        )
    return Actor(login.kind, login.id, login.name, found.grants) if login else found


def role(context: StudioContext, actor: Actor, project_id: str) -> Role | None:
    with context.transaction() as session:
        return role_of(session, actor, session.get_one(Project, project_id))


def open_new(call: Call, project: str, **fields: Any) -> tuple[Any, str]:
    """Make a link with these fields and open it; return the link and the visitor's token."""
    made = call(links.make_link, HOST, project, LinkRequest(**fields))
    return made.link, call(links.open_link, NOBODY, None, made.token, None)[1]


def test_a_member_has_the_given_role(context: StudioContext, call: Call) -> None:
    project, ana = make_project(context), make_account(context, "Ana")
    assert role(context, ana, project) is None
    for name in ("viewer", "editor", "owner"):
        call(service.add_member, HOST, project, "ANA", name)
        assert role(context, ana, project) is Role[name]
    rows = call(service.members, HOST, project).items
    assert [(row.name, row.role) for row in rows] == [("Host", "owner"), ("Ana", "owner")]
    call(service.change_role, HOST, project, ana.id, "viewer")
    assert role(context, ana, project) is Role.viewer
    call(service.remove_member, HOST, project, ana.id)
    assert role(context, ana, project) is None


def test_only_owners_give_roles(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    make_account(context, "Bob")
    people = {kind: make_account(context, kind.name) for kind in (Role.viewer, Role.editor)}
    for kind, actor in people.items():
        make_member(context, project, actor, kind)
        with pytest.raises(ForbiddenError, match="owner"):
            call(service.add_member, actor, project, "Bob", "owner")
        with pytest.raises(ForbiddenError):
            call(service.change_role, actor, project, actor.id, "owner")
    stranger = make_account(context, "Zoe")
    with pytest.raises(NotFoundError, match="no such project"):
        call(service.add_member, stranger, project, "Zoe", "owner")
    with pytest.raises(ForbiddenError):
        call(service.members, people[Role.viewer], project)
    assert call(service.members, people[Role.editor], project).items


def test_members_are_people_who_exist(context: StudioContext, call: Call) -> None:
    ana = make_account(context, "Ana")
    project = make_project(context, ana)
    with pytest.raises(NotFoundError, match="Nobody here is called 'Eve'"):
        call(service.add_member, ana, project, "Eve", "viewer")
    with pytest.raises(InvalidError):
        call(service.add_member, ana, project, "Ana", "viewer")
    assert call(service.add_member, ana, project, "host", "viewer").name == "Host"
    with pytest.raises(NotFoundError):
        call(service.change_role, ana, project, "nobody", "viewer")


def test_everybody_may_leave(context: StudioContext, call: Call) -> None:
    project, ana, eve = (
        make_project(context),
        make_account(context, "Ana"),
        make_account(context, "Eve"),
    )
    make_member(context, project, ana, Role.viewer)
    make_member(context, project, eve, Role.viewer)
    with pytest.raises(ForbiddenError):
        call(service.remove_member, ana, project, eve.id)
    call(service.remove_member, ana, project, ana.id)
    assert role(context, ana, project) is None


@pytest.mark.parametrize("end", ["remove", "demote"])
def test_links_end_with_the_role_of_their_maker(
    context: StudioContext, call: Call, end: str
) -> None:
    project, ana = make_project(context), make_account(context, "Ana")
    make_member(context, project, ana, Role.owner)
    made = call(links.make_link, ana, project, LinkRequest())
    _, token = call(links.open_link, NOBODY, None, made.token, None)
    assert role(context, visitor(context, token), project) is Role.viewer
    if end == "remove":
        call(service.remove_member, HOST, project, ana.id)
    else:
        call(service.change_role, HOST, project, ana.id, "editor")
    assert role(context, visitor(context, token), project) is None


@pytest.mark.parametrize(
    ("permission", "held", "copies"),
    [("view", Role.viewer, False), ("fork", Role.viewer, True), ("edit", Role.editor, True)],
)
def test_a_link_gives_what_it_was_made_for(
    context: StudioContext, call: Call, permission: str, held: Role, copies: bool
) -> None:
    project, other = make_project(context), make_project(context)
    _, token = open_new(call, project, permission=permission)
    actor = visitor(context, token)
    assert (actor.kind, role(context, actor, project)) == ("link", held)
    assert role(context, actor, other) is None
    with context.transaction() as session:
        row = session.get_one(Project, project)
        if copies:
            require_copying(session, actor, row)
        else:
            with pytest.raises(ForbiddenError, match="does not allow a copy"):
                require_copying(session, actor, row)
        with pytest.raises(ForbiddenError):
            require(session, actor, row, Role.owner)


def test_a_viewing_link_takes_nothing_from_a_member(context: StudioContext, call: Call) -> None:
    project, ana = make_project(context), make_account(context, "Ana")
    make_member(context, project, ana, Role.viewer)
    _, token = open_new(call, project)
    with context.transaction() as session:
        require_copying(session, visitor(context, token, ana), session.get_one(Project, project))


def test_the_strongest_opened_link_counts(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    _, token = open_new(call, project, permission="edit")
    weak = call(links.make_link, HOST, project, LinkRequest(permission="view"))
    _, token = call(links.open_link, NOBODY, token, weak.token, None)
    assert role(context, visitor(context, token), project) is Role.editor


def test_opening_a_link_renews_the_visitors_token(context: StudioContext, call: Call) -> None:
    project, other = make_project(context), make_project(context)
    _, planted = open_new(call, project)
    made = call(links.make_link, HOST, other, LinkRequest())
    _, token = call(links.open_link, NOBODY, planted, made.token, None)
    assert visitor(context, planted).kind == "anonymous"
    assert set(visitor(context, token).grants) == {project, other}
    assert call(links.open_link, NOBODY, token, made.token, None)[1] == token


def test_a_revoked_link_ends_for_those_who_opened_it(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest())
    _, token = call(links.open_link, NOBODY, None, made.token, None)
    call(links.revoke, HOST, project, made.link.id)
    assert visitor(context, token).kind == "anonymous"
    for held in (None, token):
        with pytest.raises(LoginRequiredError):
            call(links.open_link, NOBODY, held, made.token, None)
    [row] = call(links.links, HOST, project).items
    assert (row.state, row.uses) == ("revoked", 1)


def test_an_expired_link_ends_for_those_who_opened_it(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    link, token = open_new(call, project, days=1)
    with context.transaction() as session:
        session.get_one(Link, link.id).expires = utcnow() - timedelta(seconds=1)
    assert role(context, visitor(context, token), project) is None
    assert call(links.links, HOST, project).items[0].state == "expired"


def test_a_link_is_used_up_by_browsers_not_by_visits(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest(most_uses=2, days=None))
    tokens = [call(links.open_link, NOBODY, None, made.token, None)[1] for _ in range(2)]
    call(links.open_link, NOBODY, tokens[0], made.token, None)
    with pytest.raises(LoginRequiredError):
        call(links.open_link, NOBODY, None, made.token, None)
    [row] = call(links.links, HOST, project).items
    assert (row.state, row.uses, row.expires) == ("used", 2, None)
    assert role(context, visitor(context, tokens[1]), project) is Role.viewer


def test_of_two_at_once_only_one_is_the_last(
    context: StudioContext, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest(most_uses=1, days=None))
    monkeypatch.setattr(links, "_has_uses", lambda row: True)  # both looked before either used it
    call(links.open_link, NOBODY, None, made.token, None)
    with pytest.raises(LoginRequiredError):
        call(links.open_link, NOBODY, None, made.token, None)
    assert call(links.links, HOST, project).items[0].uses == 1


def test_a_links_password_is_asked_and_guessing_it_is_stopped(
    context: StudioContext, call: Call
) -> None:
    project = make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest(password="open sesame"))
    assert made.link.has_password
    with pytest.raises(LoginRequiredError, match="asks for its password"):
        call(links.open_link, NOBODY, None, made.token, None)
    with pytest.raises(LoginRequiredError, match="password is wrong"):
        call(links.open_link, NOBODY, None, made.token, "sesame")
    assert call(links.links, HOST, project).items[0].uses == 0
    _, token = call(links.open_link, NOBODY, None, made.token, "open sesame")
    call(links.open_link, NOBODY, token, made.token, None)
    for _ in range(links.PASSWORD.tries - 3):
        context.rates.count("link password", made.link.id, links.PASSWORD)
    with pytest.raises(TooManyError):
        call(links.open_link, NOBODY, None, made.token, "open sesame")


def test_guessing_links_is_stopped(call: Call) -> None:
    for _ in range(links.ADDRESS.tries):
        with pytest.raises(LoginRequiredError):
            call(links.open_link, NOBODY, None, "guess", None)
    with pytest.raises(TooManyError):
        call(links.open_link, NOBODY, None, "guess", None)


@pytest.mark.parametrize(
    "fields", [{"days": 0}, {"days": 4000}, {"most_uses": 0}, {"password": ""}]
)
def test_a_link_that_makes_no_sense_is_refused(
    context: StudioContext, call: Call, fields: Any
) -> None:
    with pytest.raises(InvalidError):
        call(links.make_link, HOST, make_project(context), LinkRequest(**fields))


def test_only_owners_make_see_and_revoke_links(context: StudioContext, call: Call) -> None:
    project, other = make_project(context), make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest())
    editor, stranger = make_account(context, "Ed"), make_account(context, "Zoe")
    make_member(context, project, editor, Role.editor)
    for actor, refusal in ((editor, ForbiddenError), (stranger, NotFoundError)):
        for function, args in (
            (links.make_link, (LinkRequest(),)),
            (links.links, ()),
            (links.revoke, (made.link.id,)),
        ):
            with pytest.raises(refusal):
                call(function, actor, project, *args)
    with pytest.raises(NotFoundError, match="no such link"):
        call(links.revoke, HOST, other, made.link.id)


def test_a_link_into_the_trash_opens_nothing(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest())
    _, token = call(links.open_link, NOBODY, None, made.token, None)
    with context.transaction() as session:
        session.get_one(Project, project).trashed = utcnow()
    assert role(context, visitor(context, token), project) is None
    assert role(context, HOST, project) is Role.owner
    with pytest.raises(LoginRequiredError):
        call(links.open_link, NOBODY, None, made.token, None)


def test_no_token_is_kept_in_the_clear(context: StudioContext, call: Call) -> None:
    project = make_project(context)
    made = call(links.make_link, HOST, project, LinkRequest(password="open sesame"))
    _, token = call(links.open_link, NOBODY, None, made.token, "open sesame")
    assert made.address.endswith("#" + made.token)
    with context.transaction() as session:
        link = session.scalars(select(Link)).one()
        assert link.token_hash == digest(made.token)
        assert (link.password_hash or "").startswith("$argon2id$")
        assert session.scalars(select(Visit)).one().visitor_hash == digest(token)
        log = " ".join(str(row.details) for row in session.scalars(select(AuditEntry)))
        assert made.token not in log and token not in log and "sesame" not in log


def test_the_host_has_no_role_in_the_projects_of_others(context: StudioContext) -> None:
    project = make_project(context, make_account(context, "Ana"))
    assert role(context, HOST, project) is None
