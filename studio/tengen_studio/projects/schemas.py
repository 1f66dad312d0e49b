"""What the projects' routes take and give."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tengen_studio.contract import Count
from tengen_studio.roles import RoleName

State = Literal["active", "archived", "trashed"]
Order = Literal["updated", "name", "created"]


class Owner(Struct, frozen=True):
    """Whose project it is."""

    id: str
    name: str


class Origin(Struct, frozen=True):
    """The version that a project was forked from."""

    project_id: str
    version: int


class Usage(Struct, frozen=True):
    """What a project's history takes of its quota, in bytes; null for no quota.

    An account's own projects have a quota together as well: where that one is nearer, both
    numbers are about all of them.

    `near` says that nine tenths are used: the next large version may be refused.
    """

    stored: int
    quota: int | None
    near: bool


class Project(Struct, frozen=True):
    """One project; `directory` is relative to the server's folder, null without a folder.

    `missing` says that there ought to be a folder, and is none. `role` is the asker's.
    `version` is the number of the newest version, 0 before the first.
    """

    id: str
    name: str
    slug: str
    description: str
    directory: str | None
    missing: bool
    tags: list[str]
    visibility: Literal["private", "public"]
    licence: str
    owner: Owner
    role: RoleName
    origin: Origin | None
    version: int
    created: str
    updated: str
    archived: str | None
    trashed: str | None
    usage: Usage


class ProjectPage(Struct, frozen=True):
    """One page of projects."""

    items: list[Project]
    next: str | None = None


class ProjectsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which projects: those with every word of `q` in name, description or tags, and the tag."""

    q: str = ""
    tag: str = ""
    state: State = "active"
    after: str | None = None
    limit: Count = 50


class TagList(Struct, frozen=True):
    """The tags of the asker's projects, sorted."""

    items: list[str]
    next: str | None = None


class ProjectRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new project.

    It starts from nothing, from the template of that slug, from a folder that is there already
    (`folder`), or from a git address (`git`, at `branch` or the default one). Its own folder is
    made in `directory`, relative to the server's folder.
    """

    name: str = ""
    description: str = ""
    tags: list[str] = []
    directory: str = ""
    template: str | None = None
    folder: str | None = None
    git: str | None = None
    branch: str | None = None


class ForkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A fork of that version (the newest if null), under that name (the origin's if empty).

    `despite_findings` makes it although the version may hold secrets.
    """

    version: Count | None = None
    name: str = ""
    directory: str = ""
    despite_findings: bool = False


class Fork(Struct, frozen=True):
    """A fork of a project, as far as the asker may know of it."""

    id: str
    name: str
    owner: Owner
    version: int
    created: str


class ForkPage(Struct, frozen=True):
    """One page of a project's forks, the newest first."""

    items: list[Fork]
    next: str | None = None


class ImportQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The name of the project that an archive becomes, and the folder to make its own in."""

    name: str = ""
    directory: str = ""


class NewProject(Struct, frozen=True):
    """A project that was made, and the file to open first, relative to the server's folder.

    `skipped` gives the reason for each file that is not part of its first version.
    """

    project: Project
    open: str | None
    skipped: dict[str, str]


class ChangeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; what is null stays. `directory` says where the folder is now."""

    name: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    licence: str | None = None
    archived: bool | None = None
    directory: str | None = None
