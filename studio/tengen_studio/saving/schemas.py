"""What the routes of refused saves take and give."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

How = Literal["merge", "take", "beside"]


class RefusedSave(Struct, frozen=True):
    """A save that was refused; `mergeable` says that both sides can be joined as they are now."""

    id: str
    path: str
    created: str
    size: int
    mergeable: bool


class RefusedSavePage(Struct, frozen=True):
    """One page of refused saves, the newest first."""

    items: list[RefusedSave]
    next: str | None = None


class RefusedSavesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which refused saves: those of the file at `path`, or all."""

    path: str | None = None
    after: str | None = None


class SettleRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with a refused save: join it with the file, or put it in the file's place (which
    becomes a refused save in turn), or beside the file under another name.
    """

    how: How


class Settled(Struct, frozen=True):
    """The file that now holds the refused save, or both sides, relative to the server's folder."""

    path: str
