"""What the pages of a project show: read from its versions, rendered, never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role, may_copy, require, role_of
from tengen_studio.context import context_of
from tengen_studio.errors import InvalidError, NotFoundError
from tengen_studio.gallery import service as gallery
from tengen_studio.history import service as versions
from tengen_studio.history.models import Version
from tengen_studio.pages import code, markdown, notebook
from tengen_studio.pages.cache import Cache
from tengen_studio.pages.models import PageSettings
from tengen_studio.pages.places import PICTURES, Addresses, FramePlaces, PagePlaces
from tengen_studio.pages.views import Document, Head, Item, Kind, Reproduced, VersionRow
from tengen_studio.people.models import Account
from tengen_studio.projects.models import Project
from tengen_studio.reproduce import service as reproduce
from tengen_studio.storage.trees import FOLDER

LARGEST_TEXT = 1_000_000
_READMES = ("readme.md", "readme.markdown", "readme.txt", "readme")
_CHINESE = ("readme.zh-cn.md", "readme.zh.md", "readme_zh.md")
_rendered = Cache(64_000_000)


def project_of(session: Session, actor: Actor, project_id: str) -> Project:
    """Return a project that the asker sees.

    Raises:
        NotFoundError: there is none.
    """
    project = session.get(Project, project_id)
    require(session, actor, project)
    assert project is not None
    return project


def head(session: Session, actor: Actor, project_id: str, number: int | None) -> Head:
    """Return what stands on top of a project's pages.

    Raises:
        NotFoundError: no such project for the asker, or no such version.
    """
    project = project_of(session, actor, project_id)
    newest = _newest(session, actor, project)
    row = versions.get(session, actor, project, number) if number is not None else newest
    owner = session.get(Account, project.owner_id)
    stars = gallery.stars_of(session, actor, project_id)
    return Head(
        id=project.id,
        name=project.name,
        description=project.description,
        owner=owner.name if owner else "",
        tags=project.tags,
        licence=project.licence,
        public=project.visibility == "public",
        stars=stars.stars,
        starred=stars.starred,
        version=_row(row) if row else None,
        newest=newest.number if newest else None,
        chosen=number,
        may_copy=may_copy(session, actor, project),
        scripts=_scripts(session, project),
        reproduced=_reproduced(session, actor, project),
        may_clear=actor.is_person and role_of(session, actor, project) == Role.owner,
    )


def history(
    session: Session, actor: Actor, project_id: str, after: str | None
) -> tuple[list[VersionRow], str | None]:
    """Return a page of a project's versions, and the cursor of the next.

    Raises:
        NotFoundError: no such project for the asker.
    """
    project = project_of(session, actor, project_id)
    rows, cursor = versions.versions(session, actor, project, after)
    return [_row(row) for row in rows], cursor


def readme(session: Session, actor: Actor, addresses: Addresses, language: str) -> Document | None:
    """Return the README of a version in the language asked for, or None without one."""
    project = project_of(session, actor, addresses.project_id)
    if addresses.number is None and _newest(session, actor, project) is None:
        return None
    names = {item.name.lower(): item.path for item in folder(session, actor, addresses, "")}
    wanted = (*_CHINESE, *_READMES) if language == "zh" else _READMES
    path = next((names[name] for name in wanted if name in names), None)
    return document(session, actor, addresses, path) if path else None


def folder(session: Session, actor: Actor, addresses: Addresses, path: str) -> list[Item]:
    """Return what is in a folder of a version, folders first.

    Raises:
        NotFoundError: no such project, version or folder.
    """
    project = project_of(session, actor, addresses.project_id)
    row = versions.get(session, actor, project, addresses.number)
    with context_of(session).storage.history(project.id).reader() as reader:
        tree = row.tree
        for name in path.split("/") if path else []:
            entry = reader.tree(tree).get(name)
            if entry is None or entry.mode != FOLDER:
                raise NotFoundError("This version has no such file.")
            tree = entry.oid
        items = [
            Item(
                name=name,
                path=f"{path}/{name}" if path else name,
                kind="folder" if entry.mode == FOLDER else kind_of(name),
                size=None if entry.mode == FOLDER else reader.size(entry),
            )
            for name, entry in reader.tree(tree).items()
        ]
    return sorted(items, key=lambda item: (item.kind != "folder", item.name.casefold()))


def folder_or_document(
    session: Session, actor: Actor, addresses: Addresses, path: str
) -> dict[str, list[Item] | Document | None]:
    """Return `items` of the folder at `path`, or the `document` there.

    Raises:
        NotFoundError: no such project, version or path.
    """
    try:
        return {"items": folder(session, actor, addresses, path), "document": None}
    except NotFoundError:
        return {"items": [], "document": document(session, actor, addresses, path)}


def document(session: Session, actor: Actor, addresses: Addresses, path: str) -> Document:
    """Return one file of a version as its page shows it.

    Raises:
        NotFoundError: no such project, version or file.
    """
    project = project_of(session, actor, addresses.project_id)
    row = versions.get(session, actor, project, addresses.number)
    size, pieces = versions.stream(session, actor, project, path, row.number)
    kind = kind_of(path)
    if kind in ("notebook", "picture"):
        return Document(path, kind, size)
    if size > LARGEST_TEXT:
        return Document(path, "binary", size, note="large")
    content = b"".join(pieces)
    if kind == "binary" or b"\0" in content[:8192]:
        return Document(path, "binary", size)
    key = (project.id, row.commit, path, addresses)
    html = _rendered.get(key, lambda: _html(content, kind, addresses, path))
    return Document(path, kind, size, html)


def frame(session: Session, actor: Actor, addresses: Addresses, path: str) -> tuple[str, bool]:
    """Return a notebook as the document of a frame, and whether its scripts may run there.

    Raises:
        NotFoundError: no such project, version or file.
        InvalidError: the file is not a notebook.
    """
    project = project_of(session, actor, addresses.project_id)
    row = versions.get(session, actor, project, addresses.number)
    scripts = _scripts(session, project)
    size, pieces = versions.stream(session, actor, project, path, row.number)
    if size > notebook.LONGEST:
        raise InvalidError(f"A notebook of at most {notebook.LONGEST} bytes was expected.")
    content = b"".join(pieces)

    def picture(name: str) -> bytes | None:
        try:
            return versions.read(session, actor, project, name, row.number)
        except NotFoundError:
            return None

    key = (project.id, row.commit, path, addresses, scripts)
    places = FramePlaces(addresses, path, picture)
    html = _rendered.get(key, lambda: notebook.render(content, places, scripts=scripts))
    return html, scripts


def raw(
    session: Session, actor: Actor, addresses: Addresses, path: str
) -> tuple[int, Iterator[bytes]]:
    """Return the size of one file of a version, and its content in pieces.

    Raises:
        NotFoundError: no such project, version or file.
    """
    project = project_of(session, actor, addresses.project_id)
    return versions.stream(session, actor, project, path, addresses.number)


def kind_of(name: str) -> Kind:
    """Return how a file of that name is shown; what looks like text may still turn out not to."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".ipynb":
        return "notebook"
    if suffix in (".md", ".markdown"):
        return "markdown"
    if suffix in PICTURES:
        return "picture"
    return "text"


def _html(content: bytes, kind: Kind, addresses: Addresses, path: str) -> str:
    text = content.decode("utf-8", errors="replace")
    if kind == "markdown":
        return markdown.render(text, PagePlaces(addresses, path))
    return code.render(text, path)


def _newest(session: Session, actor: Actor, project: Project) -> Version | None:
    try:
        return versions.get(session, actor, project)
    except NotFoundError:
        return None


def _reproduced(session: Session, actor: Actor, project: Project) -> Reproduced | None:
    found = reproduce.badge(session, actor, project)
    if found is None:
        return None
    when = found.finished or found.created
    return Reproduced(found.version, found.state == "agreed", when, found.message)


def _scripts(session: Session, project: Project) -> bool:
    settings = session.get(PageSettings, project.id)
    return settings is not None and settings.scripts


def _row(row: Version) -> VersionRow:
    return VersionRow(
        number=row.number,
        message=row.message,
        author=row.author_name,
        created=row.created,
        automatic=row.automatic,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        cells=(row.cells_added, row.cells_changed, row.cells_removed),
        suspects=tuple(row.suspects) if row.held else (),
    )
