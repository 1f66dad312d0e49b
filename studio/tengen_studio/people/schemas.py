"""What the people routes take and give."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tengen_studio.contract import Count


class Me(Struct, frozen=True):
    """The asker: `kind` is host, account, link or anonymous; `id` and `name` may be empty."""

    kind: Literal["host", "account", "link", "anonymous"]
    id: str
    name: str


class NameRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new name for oneself."""

    name: str


class LoginRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An account's name and password."""

    name: str
    password: str


class PasswordRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A change of one's own password; all other sessions end."""

    old: str
    new: str


class InvitationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new invitation: whom it is meant for, how long it is good, and a role to begin with.

    `role` and `project_id` go together.
    """

    note: str = ""
    days: Count = 7
    project_id: str | None = None
    role: Literal["viewer", "editor"] | None = None


class Invitation(Struct, frozen=True):
    """An invitation; `state` is open, used or expired. `account` is who came of it."""

    id: str
    note: str
    state: Literal["open", "used", "expired"]
    created: str
    expires: str
    project_id: str | None
    role: str | None
    account: str | None


class NewInvitation(Struct, frozen=True):
    """An invitation and its token, which is shown this once.

    `address` is the page to send, relative to the server; the token stands after its `#`, where
    no server's log and no Referer sees it.
    """

    invitation: Invitation
    token: str
    address: str


class InvitationPage(Struct, frozen=True):
    """One page of invitations, the newest first."""

    items: list[Invitation]
    next: str | None = None


class AcceptRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation's token and what the new account is to be called; see a reset for `name`.

    An invitation made to reset a password ignores `name`.
    """

    token: str
    password: str
    name: str = ""


class Account(Struct, frozen=True):
    """A person of this studio; `kind` is host or account."""

    id: str
    name: str
    kind: Literal["host", "account"]
    created: str


class AccountPage(Struct, frozen=True):
    """One page of accounts, the newest first."""

    items: list[Account]
    next: str | None = None


class OpenSession(Struct, frozen=True):
    """An open log-in of one's own; `current` marks the one that asks."""

    id: str
    created: str
    expires: str
    address: str
    current: bool


class OpenSessionPage(Struct, frozen=True):
    """Every open log-in, the newest first."""

    items: list[OpenSession]
    next: str | None = None
