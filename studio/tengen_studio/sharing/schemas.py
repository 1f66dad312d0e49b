"""What the sharing routes take and give."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tengen_studio.contract import Count
from tengen_studio.roles import RoleName

Permission = Literal["view", "fork", "edit"]


class Member(Struct, frozen=True):
    """A person with a role in a project; `since` is null for whom the project belongs to."""

    id: str
    name: str
    role: RoleName
    since: str | None


class MemberPage(Struct, frozen=True):
    """Everybody with a role, the project's owner first."""

    items: list[Member]
    next: str | None = None


class MemberRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A role for the person of that name."""

    name: str
    role: RoleName


class RoleRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Another role for a member."""

    role: RoleName


class LinkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new link; without `days` it stays until it is revoked, without `most_uses` for all.

    `despite_findings` makes it although the files may hold secrets.
    """

    permission: Permission = "view"
    note: str = ""
    days: Count | None = 7
    most_uses: Count | None = None
    password: str | None = None
    despite_findings: bool = False


class Link(Struct, frozen=True):
    """A link as its owner sees it; `state` is open, revoked, expired or used (up)."""

    id: str
    permission: Permission
    note: str
    state: Literal["open", "revoked", "expired", "used"]
    created: str
    created_by: str
    expires: str | None
    uses: int
    most_uses: int | None
    has_password: bool


class LinkPage(Struct, frozen=True):
    """One page of a project's links, the newest first."""

    items: list[Link]
    next: str | None = None


class NewLink(Struct, frozen=True):
    """A link and its token, which is shown this once.

    `address` is the page to send, relative to the server; the token stands after its `#`, where
    no server's log and no Referer sees it.
    """

    link: Link
    token: str
    address: str


class OpenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A link's token, and its password where it has one."""

    token: str
    password: str | None = None


class Opened(Struct, frozen=True):
    """What a link opened: the project, what it allows, and the project's page."""

    project_id: str
    permission: Permission
    page: str


class PublicationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether everybody may see the project, and whether its notebooks' scripts may run there.

    What is left null stays. `despite_findings` publishes in spite of possible secrets.
    """

    public: bool | None = None
    scripts: bool | None = None
    despite_findings: bool = False


class Publication(Struct, frozen=True):
    """What everybody gets to see of a project, and the address of its page."""

    public: bool
    licence: str
    scripts: bool
    page: str
