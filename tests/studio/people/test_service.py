"""Accounts, invitations and sessions, without HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tengen_studio.audit.models import AuditEntry
from tengen_studio.context import StudioContext
from tengen_studio.credentials import digest
from tengen_studio.db import utcnow
from tengen_studio.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    LoginRequiredError,
    NotFoundError,
    TooManyError,
)
from tengen_studio.identity import open_login, resolve
from tengen_studio.people import invitations, service
from tengen_studio.people.models import Account, Invitation, LoginSession
from tengen_studio.projects.models import Project
from tengen_studio.roles import Role
from tengen_studio.sharing.models import Link, Member

from ..actors import HOST, NOBODY, PASSWORD, make_account, make_member, make_project


def call(context: StudioContext, function: Any, *args: Any) -> Any:
    """Run a service as a request does: one transaction, kept on those refusals that say so."""
    with context.transaction() as session:
        try:
            return function(session, *args)
        except LoginRequiredError as error:
            refusal = error
    raise refusal


def log_in(context: StudioContext, name: str, password: str = PASSWORD) -> str:
    return call(context, service.log_in, NOBODY, name, password)[1]


def is_open(context: StudioContext, token: str) -> bool:
    with context.transaction() as session:
        return open_login(session, token) is not None


def test_an_invitation_makes_one_account(context: StudioContext) -> None:
    made = call(context, invitations.invite, HOST, "for Ana")
    me, token = call(context, invitations.accept, NOBODY, made.token, " Ana ", PASSWORD)
    assert (me.kind, me.name) == ("account", "Ana")
    assert is_open(context, token)
    with pytest.raises(LoginRequiredError):
        call(context, invitations.accept, NOBODY, made.token, "Eve", PASSWORD)
    page = call(context, invitations.invitations, HOST)
    assert [(row.state, row.account, row.note) for row in page.items] == [
        ("used", "Ana", "for Ana")
    ]


def test_an_invitation_can_give_a_role(context: StudioContext) -> None:
    project = make_project(context)
    made = call(context, invitations.invite, HOST, "", 7, project, "editor")
    me, _ = call(context, invitations.accept, NOBODY, made.token, "Ana", PASSWORD)
    with context.transaction() as session:
        assert session.get_one(Member, (project, me.id)).role is Role.editor


@pytest.mark.parametrize(
    ("days", "project", "role"),
    [(0, False, None), (91, False, None), (7, True, None), (7, False, "viewer")],
)
def test_an_invitation_that_makes_no_sense_is_refused(
    context: StudioContext, days: int, project: bool, role: str | None
) -> None:
    project_id = make_project(context) if project else None
    with pytest.raises(InvalidError):
        call(context, invitations.invite, HOST, "", days, project_id, role)


def test_an_invitation_gives_no_role_in_somebody_elses_project(context: StudioContext) -> None:
    project = make_project(context, make_account(context, "Ana"))
    with pytest.raises(NotFoundError):
        call(context, invitations.invite, HOST, "", 7, project, "viewer")


def test_an_expired_or_withdrawn_invitation_is_refused(context: StudioContext) -> None:
    old, gone = (call(context, invitations.invite, HOST, "") for _ in range(2))
    with context.transaction() as session:
        session.get_one(Invitation, old.invitation.id).expires = utcnow() - timedelta(seconds=1)
    call(context, invitations.withdraw, HOST, gone.invitation.id)
    for token in (old.token, gone.token, "never"):
        with pytest.raises(LoginRequiredError):
            call(context, invitations.accept, NOBODY, token, "Eve", PASSWORD)
    with pytest.raises(NotFoundError):
        call(context, invitations.withdraw, HOST, gone.invitation.id)


def test_a_refused_name_leaves_the_invitation_good(context: StudioContext) -> None:
    make_account(context, "Ana")
    made = call(context, invitations.invite, HOST)
    for name in ("ANA", "ａｎａ", "host"):
        with pytest.raises(ConflictError):
            call(context, invitations.accept, NOBODY, made.token, name, PASSWORD)
    for name in ("", "a" * 65, "a\nb", "a/b", "a\u202eb"):
        with pytest.raises(InvalidError):
            call(context, invitations.accept, NOBODY, made.token, name, PASSWORD)
    with pytest.raises(InvalidError):
        call(context, invitations.accept, NOBODY, made.token, "Eva", "short")
    assert call(context, invitations.accept, NOBODY, made.token, "Eva", PASSWORD)[0].name == "Eva"


def test_log_in_takes_the_name_in_any_spelling(context: StudioContext) -> None:
    make_account(context, "Straße 李")
    assert is_open(context, log_in(context, "STRASSE 李"))


@pytest.mark.parametrize(
    ("name", "password"),
    [("Ana", "wrong password"), ("Nobody", PASSWORD), ("Host", ""), ("Host", PASSWORD)],
)
def test_a_wrong_name_and_a_wrong_password_look_the_same(
    context: StudioContext, name: str, password: str
) -> None:
    make_account(context, "Ana")
    with pytest.raises(LoginRequiredError, match=r"^The name or the password is wrong\.$"):
        log_in(context, name, password)


def test_a_refused_log_in_is_written_down_without_what_was_typed(context: StudioContext) -> None:
    make_account(context, "Ana")
    for name in ("ana", "my secret password"):
        with pytest.raises(LoginRequiredError):
            log_in(context, name, "wrong password")
    with context.transaction() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.at)).all()
        assert [(row.verb, row.address, row.details) for row in rows] == [
            ("session.refuse", "127.0.0.1", {"name": "Ana"}),
            ("session.refuse", "127.0.0.1", {}),
        ]


def test_guessing_is_stopped_for_the_name_and_the_address(context: StudioContext) -> None:
    make_account(context, "Ana")
    for _ in range(service.PAIR.tries):
        with pytest.raises(LoginRequiredError):
            log_in(context, "Ana", "wrong password")
    with pytest.raises(TooManyError, match="Try again in"):
        log_in(context, "ANA")
    elsewhere = type(NOBODY)("anonymous", "", "", address="10.0.0.1")
    assert call(context, service.log_in, elsewhere, "Ana", PASSWORD)[0].name == "Ana"


def test_guessing_many_names_from_one_address_is_stopped(context: StudioContext) -> None:
    for number in range(service.ADDRESS.tries):
        context.rates.count("log-in by address", NOBODY.address, service.ADDRESS)
        assert number < service.ADDRESS.tries
    with pytest.raises(TooManyError):
        log_in(context, "Zoe")


def test_tokens_and_passwords_are_kept_as_hashes(context: StudioContext) -> None:
    made = call(context, invitations.invite, HOST)
    _, token = call(context, invitations.accept, NOBODY, made.token, "Ana", PASSWORD)
    with context.transaction() as session:
        assert session.scalars(select(LoginSession.token_hash)).all() == [digest(token)]
        assert session.scalars(select(Invitation.token_hash)).all() == [digest(made.token)]
        kept = session.scalar(select(Account.password_hash).where(Account.name == "Ana")) or ""
        assert kept.startswith("$argon2id$") and PASSWORD not in kept


def test_log_out_ends_the_session(context: StudioContext) -> None:
    make_account(context, "Ana")
    token, other = log_in(context, "Ana"), log_in(context, "Ana")
    with context.transaction() as session:
        actor = resolve(session, is_host=False, login_token=token, visitor_token=None, address="")
        service.log_out(session, actor)
    assert not is_open(context, token)
    assert is_open(context, other)


def test_a_changed_password_ends_every_session(context: StudioContext) -> None:
    ana = make_account(context, "Ana")
    token = log_in(context, "Ana")
    with pytest.raises(ForbiddenError):
        call(context, service.change_password, ana, "wrong password", "another password")
    with pytest.raises(InvalidError):
        call(context, service.change_password, ana, PASSWORD, "short")
    assert is_open(context, token)
    _, fresh = call(context, service.change_password, ana, PASSWORD, "another password")
    assert not is_open(context, token)
    assert is_open(context, fresh)
    with pytest.raises(LoginRequiredError):
        log_in(context, "Ana")
    assert is_open(context, log_in(context, "Ana", "another password"))
    with pytest.raises(ForbiddenError):
        call(context, service.change_password, HOST, "", "another password")


def test_a_reset_sets_the_password_once_and_ends_sessions(context: StudioContext) -> None:
    ana = make_account(context, "Ana")
    token = log_in(context, "Ana")
    made = call(context, invitations.invite_to_reset, HOST, ana.id)
    me, fresh = call(context, invitations.accept, NOBODY, made.token, "Eve", "another password")
    assert (me.id, me.name) == (ana.id, "Ana")
    assert is_open(context, fresh) and not is_open(context, token)
    with pytest.raises(LoginRequiredError):
        call(context, invitations.accept, NOBODY, made.token, "", "a third password")


def test_an_expired_session_is_none(context: StudioContext) -> None:
    make_account(context, "Ana")
    token = log_in(context, "Ana")
    with context.transaction() as session:
        session.scalars(select(LoginSession)).one().expires = utcnow()
    assert not is_open(context, token)


def test_one_ends_ones_own_sessions_only(context: StudioContext) -> None:
    ana, eve = make_account(context, "Ana"), make_account(context, "Eve")
    token = log_in(context, "Ana")
    [row] = call(context, service.sessions, ana).items
    with pytest.raises(NotFoundError):
        call(context, service.end_session, eve, row.id)
    assert is_open(context, token)
    call(context, service.end_session, ana, row.id)
    assert not is_open(context, token)


def test_a_session_that_outlived_its_account_opens_nothing(context: StudioContext) -> None:
    ana = make_account(context, "Ana")
    token = log_in(context, "Ana")
    with context.transaction() as session:
        session.get_one(Account, ana.id).removed = utcnow()  # its sessions stay
    assert not is_open(context, token)


def test_removing_an_account_ends_everything_and_loses_nothing(context: StudioContext) -> None:
    ana = make_account(context, "Ana")
    token = log_in(context, "Ana")
    own = make_project(context, ana, visibility="public")
    shared = make_project(context)
    make_member(context, shared, ana, Role.owner)
    with context.transaction() as session:
        for number, project in enumerate((own, shared)):
            session.add(
                Link(
                    project_id=project,
                    permission="view",
                    note="",
                    token_hash=str(number),
                    created_by=ana.id,
                )
            )
    call(context, service.remove, HOST, ana.id)
    assert not is_open(context, token)
    with pytest.raises(LoginRequiredError):
        log_in(context, "Ana")
    with context.transaction() as session:
        project = session.get_one(Project, own)
        assert (project.owner_id, project.visibility) == ("host", "private")
        assert session.scalars(select(Member)).all() == []
        assert session.scalars(select(LoginSession)).all() == []
        assert [link.revoked is None for link in session.scalars(select(Link))] == [False, False]
    assert [row.name for row in call(context, service.accounts, HOST).items] == ["Host"]
    make_account(context, "Ana")
    with pytest.raises(NotFoundError):
        call(context, service.remove, HOST, ana.id)
    with pytest.raises(NotFoundError):
        call(context, service.remove, HOST, "host")


def test_a_name_is_ones_own(context: StudioContext) -> None:
    ana = make_account(context, "Ana")
    make_account(context, "Eve")
    with pytest.raises(ConflictError):
        call(context, service.rename, ana, "EVE")
    assert call(context, service.rename, ana, "ANA").name == "ANA"
    assert call(context, service.rename, HOST, "Mei").name == "Mei"
    with context.transaction() as session:
        actor = resolve(session, is_host=True, login_token=None, visitor_token=None, address="")
        assert (actor.kind, actor.name) == ("host", "Mei")
