"""What the pages that belong to no project show: one's own projects, the gallery, one's account."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from tengen_studio.access import Actor
from tengen_studio.gallery import service as gallery
from tengen_studio.gallery.schemas import GalleryPage
from tengen_studio.people import service as people
from tengen_studio.people.schemas import OpenSession
from tengen_studio.projects import service as projects
from tengen_studio.projects.schemas import Project


@dataclass(frozen=True)
class Shelf:
    """The visitor's own and shared projects, the gallery's, and the tags to choose from."""

    mine: list[Project]
    gallery: GalleryPage
    tags: list[str]


def home(session: Session, actor: Actor, q: str, tag: str, after: str | None) -> Shelf:
    """Return what a visitor can open; a search is for the gallery."""
    searching = bool(q or tag or after)
    mine = projects.listing(session, actor).items if actor.is_person and not searching else []
    found = gallery.gallery(session, actor, q, tag, after)
    return Shelf(mine, found, gallery.tags(session))


def sessions(session: Session, actor: Actor) -> list[OpenSession]:
    """Return where the visitor is logged in."""
    return people.sessions(session, actor).items
