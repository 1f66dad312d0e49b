"""What the secrets' routes take and give; a stored value is taken and never given."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Part = Literal["text", "source", "output", "metadata", "name"]


class Finding(Struct, frozen=True):
    """A possible secret in a file.

    `line` counts from 1, within the cell for a notebook; `cell` counts all cells from 1 and is
    null outside notebooks. `masked` shows enough to find it and too little to use it.
    """

    path: str
    cell: int | None
    part: Part
    line: int
    kind: str
    masked: str


class FindingList(Struct, frozen=True):
    """The possible secrets in one version of a project, by file."""

    version: int
    items: list[Finding]
    next: str | None = None


class SecretEntry(Struct, frozen=True):
    """A stored secret: its name, when it was set, and when a kernel last asked for it."""

    name: str
    updated: str
    used: str | None


class SecretList(Struct, frozen=True):
    """One page of stored secrets, by name."""

    items: list[SecretEntry]
    next: str | None = None


class SecretRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The value to keep under the name in the address."""

    value: str
