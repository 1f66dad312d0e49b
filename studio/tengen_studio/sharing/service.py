"""Members of a project, and the end of everything that a person was given."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tengen_studio import audit
from tengen_studio.access import Actor, Role, require
from tengen_studio.context import context_of
from tengen_studio.db import utcnow
from tengen_studio.errors import InvalidError, NotFoundError
from tengen_studio.gallery.models import Star
from tengen_studio.names import fold
from tengen_studio.people.models import Account
from tengen_studio.projects.models import Project
from tengen_studio.rates import Limit
from tengen_studio.sharing import schemas
from tengen_studio.sharing.models import Link, Member

PROJECT_PAGE = "/tengen-studio/p/"
# Names of people can be tried one by one here; nobody needs to add more members than this.
ADDING = Limit(100, 60 * 60)


def owned(session: Session, actor: Actor, project_id: str) -> Project:
    """Return a project of which the asker is an owner.

    Raises:
        NotFoundError, ForbiddenError: as `access.require`.
    """
    project = session.get(Project, project_id)
    require(session, actor, project, Role.owner)
    assert project is not None
    return project


def members(session: Session, actor: Actor, project_id: str) -> schemas.MemberPage:
    """Return everybody with a role in a project; for its editors and owners.

    Raises:
        NotFoundError, ForbiddenError: as `access.require`.
    """
    project = session.get(Project, project_id)
    require(session, actor, project, Role.editor)
    assert project is not None
    owner = session.get_one(Account, project.owner_id)
    rows = session.scalars(
        select(Member).where(Member.project_id == project_id).order_by(Member.created)
    )
    first = schemas.Member(owner.id, owner.name, "owner", None)
    return schemas.MemberPage([first, *map(_shown, rows)])


def add_member(
    session: Session, actor: Actor, project_id: str, name: str, role: schemas.RoleName
) -> schemas.Member:
    """Give the person called `name` a role, replacing the one that they had.

    Raises:
        InvalidError: the project belongs to that person.
        NotFoundError: nobody has that name, or there is no such project for the asker.
        ForbiddenError: the asker is not an owner.
    """
    project = owned(session, actor, project_id)
    context_of(session).rates.count("member", actor.id, ADDING)
    account = session.scalar(select(Account).where(Account.login == fold(name)))
    if account is None or account.removed is not None:
        raise NotFoundError(f"Nobody here is called {name!r}. The host can invite people.")
    if account.id == project.owner_id:
        raise InvalidError(f"The project belongs to {account.name} already.")
    return _shown(join(session, actor, project_id, account, Role[role]))


def join(session: Session, actor: Actor, project_id: str, account: Account, role: Role) -> Member:
    """Give an account a role; the caller has checked that it may be given."""
    row = session.get(Member, (project_id, account.id))
    if row is None:
        row = Member(project_id=project_id, account_id=account.id, role=role, account=account)
        session.add(row)
    elif role < row.role:
        _end_links(session, account.id, project_id)
    row.role = role
    audit.record(session, actor, "member.set", project_id, name=account.name, role=role.name)
    session.flush()
    return row


def change_role(
    session: Session, actor: Actor, project_id: str, account_id: str, role: schemas.RoleName
) -> schemas.Member:
    """Give a member another role; a lesser one ends the links that the member made.

    Raises:
        NotFoundError, ForbiddenError: no such member; or as `access.require`.
    """
    owned(session, actor, project_id)
    row = _member(session, project_id, account_id)
    return _shown(join(session, actor, project_id, row.account, Role[role]))


def remove_member(session: Session, actor: Actor, project_id: str, account_id: str) -> None:
    """Take a member's role away, and with it the links that the member made.

    Owners remove anybody; everybody may leave.

    Raises:
        NotFoundError, ForbiddenError: no such member; or as `access.require`.
    """
    leaving = actor.is_person and actor.id == account_id
    require(
        session,
        actor,
        session.get(Project, project_id),
        Role.viewer if leaving else Role.owner,
    )
    row = _member(session, project_id, account_id)
    name = row.account.name
    session.delete(row)
    _end_links(session, account_id, project_id)
    audit.record(session, actor, "member.remove", project_id, name=name)


def leave_all(session: Session, actor: Actor, account_id: str) -> None:
    """Take away every role, star and link of an account, and the links into its own projects."""
    session.execute(delete(Member).where(Member.account_id == account_id))
    session.execute(delete(Star).where(Star.account_id == account_id))
    own = select(Project.id).where(Project.owner_id == account_id)
    session.execute(
        update(Link)
        .where((Link.created_by == account_id) | Link.project_id.in_(own))
        .where(Link.revoked.is_(None))
        .values(revoked=utcnow())
    )


def _member(session: Session, project_id: str, account_id: str) -> Member:
    row = session.get(Member, (project_id, account_id))
    if row is None:
        raise NotFoundError("There is no such member.")
    return row


def _end_links(session: Session, account_id: str, project_id: str) -> None:
    session.execute(
        update(Link)
        .where(Link.created_by == account_id, Link.project_id == project_id)
        .where(Link.revoked.is_(None))
        .values(revoked=utcnow())
    )


def _shown(row: Member) -> schemas.Member:
    return schemas.Member(
        row.account_id,
        row.account.name,
        row.role.name,  # type: ignore[arg-type]
        row.created.isoformat(),
    )
