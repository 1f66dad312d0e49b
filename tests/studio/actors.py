"""Makes the people and projects that tests about permission need."""

from __future__ import annotations

from tengen_studio.access import HOST_ID, Actor
from tengen_studio.context import StudioContext
from tengen_studio.credentials import hash_password
from tengen_studio.names import fold
from tengen_studio.people.models import Account
from tengen_studio.projects import making
from tengen_studio.projects.models import Project
from tengen_studio.projects.schemas import ProjectRequest
from tengen_studio.roles import Role
from tengen_studio.sharing.models import Member

HOST = Actor("host", HOST_ID, "Host", address="127.0.0.1")
NOBODY = Actor("anonymous", "", "", address="127.0.0.1")
PASSWORD = "correct horse battery"


def make_account(context: StudioContext, name: str, password: str = PASSWORD) -> Actor:
    """Add an account and return it as the actor of a request."""
    with context.transaction() as session:
        account = Account(name=name, login=fold(name), password_hash=hash_password(password))
        session.add(account)
        session.flush()
        return Actor("account", account.id, name, address="127.0.0.1")


def make_project(context: StudioContext, owner: Actor = HOST, **fields: object) -> str:
    """Add a project that has no files, and return its id."""
    values = {"name": "Work", "slug": "work", "owner_id": owner.id} | fields
    with context.transaction() as session:
        project = Project(**values)
        session.add(project)
        session.flush()
        return project.id


def make_filled_project(
    context: StudioContext, files: dict[str, str | bytes], **fields: object
) -> str:
    """Add a project of the host's whose first version holds `files`, and return its id."""
    name = f"project-{len(list(context.root.iterdir()))}"
    for path, content in files.items():
        target = context.root / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    with context.transaction() as session:
        made = making.create(session, HOST, ProjectRequest(name=name, folder=name))
        project = session.get_one(Project, made.project.id)
        for field, value in fields.items():
            setattr(project, field, value)
        return project.id


def make_member(context: StudioContext, project_id: str, actor: Actor, role: Role) -> None:
    """Give an actor a role."""
    with context.transaction() as session:
        session.add(Member(project_id=project_id, account_id=actor.id, role=role))
