"""What the gallery's routes take and give."""

from __future__ import annotations

from msgspec import Struct


class GalleryQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Words to search for, one tag, an order, and the page."""

    q: str = ""
    tag: str = ""
    after: str | None = None


class GalleryItem(Struct, frozen=True):
    """A public project; `starred` tells whether the asker did."""

    id: str
    name: str
    description: str
    owner: str
    tags: list[str]
    licence: str
    updated: str
    stars: int
    forks: int
    starred: bool
    page: str


class GalleryPage(Struct, frozen=True):
    """One page of the gallery, the most recently changed first."""

    items: list[GalleryItem]
    next: str | None = None


class Stars(Struct, frozen=True):
    """How many people starred a project, and whether the asker did."""

    stars: int
    starred: bool
