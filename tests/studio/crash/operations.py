"""The operations that are killed at every boundary, and what must hold afterwards."""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tengen_studio.commands import gc
from tengen_studio.commands.archive import unpack
from tengen_studio.commands.backup import backup
from tengen_studio.commands.places import CommandError, Places
from tengen_studio.context import Limits, StudioContext
from tengen_studio.history.advance import advance
from tengen_studio.history.drafts import Workshop
from tengen_studio.projects import making, schemas
from tengen_studio.projects import service as projects
from tengen_studio.projects.leftovers import YOUNG_SECONDS
from tengen_studio.saving.writing import Files
from tengen_studio.start import open_context

from ..actors import HOST
from ..factory import make_template
from ..history.project import Work, notebook, texts

LARGE = 2_000
BACKUP = "backup.tar"
UNSAVED = {"a.ipynb": notebook("one", "two = 2"), "new/d.txt": "unsaved"}


@dataclass(frozen=True)
class Operation:
    """`run` does it; `before` and `after` say what the folder of the server then holds.

    `done` tells from the database alone whether it was committed; None where no row is written,
    so that both states are right.
    """

    run: Callable[[StudioContext], None]
    done: Callable[[StudioContext], bool] | None
    prepare: Callable[[StudioContext], None] = lambda context: None
    check: Callable[[Path], str] = lambda folder: ""


def open_studio(folder: Path) -> StudioContext:
    """Open the studio in `folder`, as a server does at its start."""
    return open_context(
        folder / "home",
        folder / "shipped",
        folder / "data",
        limits=Limits(large_file=LARGE),
    )


def make_studio(folder: Path) -> None:
    """Make a studio with a project that has three versions and unsaved changes."""
    (folder / "home").mkdir()
    make_template(folder / "shipped", "first")
    context = open_studio(folder)
    work = Work(context)
    work.write({"a.ipynb": notebook("one"), "sub/b.txt": "b", "big.bin": b"\0" * LARGE})
    work.save("Second")
    work.write({"sub/b.txt": None, "c.txt": "c", "big.bin": b"\1" * (LARGE + 1)})
    work.save("Third")
    (work.folder / "sub").rmdir()
    work.write(UNSAVED)
    context.close()


def the_project(context: StudioContext) -> str:
    """Return the id of the project called Work."""
    with context.transaction(read_only=True) as session:
        for state in ("active", "trashed"):
            for item in projects.listing(session, HOST, state=state).items:
                if item.name == "Work":
                    return item.id
    raise AssertionError("the project is gone")


def the_work(context: StudioContext) -> Work:
    """Return the project called Work."""
    work = Work.__new__(Work)
    work.context, work.id = context, the_project(context)
    work.folder = context.root / "work"
    return work


def names(context: StudioContext, state: str = "active") -> list[str]:
    """Return the names of the host's projects."""
    with context.transaction(read_only=True) as session:
        return [item.name for item in projects.listing(session, HOST, state=state).items]


def save_file(context: StudioContext) -> None:
    """Replace a notebook, as the contents manager does."""
    Files().replace(context.root / "work" / "a.ipynb", notebook("one", "three").encode())


def save_version(context: StudioContext) -> None:
    """Save the folder as version 4."""
    the_work(context).save("Fourth")


def restore(context: StudioContext) -> None:
    """Bring version 2 back over unsaved changes."""
    the_work(context).restore(2)


def fork(context: StudioContext) -> None:
    """Make a project of version 2."""
    with context.transaction() as session:
        request = schemas.ForkRequest(version=2, name="Fork")
        making.fork(session, HOST, the_project(context), request)


def import_archive(context: StudioContext) -> None:
    """Make a project of an archive."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("x.txt", "x")
        archive.writestr("deep/y.bin", b"\2" * (LARGE + 2))
    with context.transaction() as session:
        making.import_archive(session, HOST, kept, "Imported")


def from_template(context: StudioContext) -> None:
    """Make a project of a template."""
    with context.transaction() as session:
        making.create(session, HOST, schemas.ProjectRequest(name="Templated", template="first"))


def trash(context: StudioContext) -> None:
    """Put the project into the trash."""
    with context.transaction() as session:
        projects.trash(session, HOST, the_project(context))


def untrash(context: StudioContext) -> None:
    """Take the project out of the trash."""
    with context.transaction() as session:
        projects.untrash(session, HOST, the_project(context))


def delete(context: StudioContext) -> None:
    """Delete the project for good."""
    with context.transaction() as session:
        projects.delete(session, HOST, the_project(context))


def back_up(context: StudioContext) -> None:
    """Write a backup of the studio."""
    places = Places(context.data_dir, "", context.root)
    backup(places, context.data_dir.parent / BACKUP)


def leave_objects(context: StudioContext) -> None:
    """Leave content in the history and in the store that nothing refers to."""

    def fail(place: Workshop, present: str) -> str:
        raise InterruptedError

    with suppress(InterruptedError):
        the_work(context).call(advance, fail, message="m", before="before test")
    context.storage.blobs.put(io.BytesIO(b"\3" * LARGE))


def collect(context: StudioContext) -> None:
    """Remove what nothing refers to."""
    places = Places(context.data_dir, "", context.root)
    later = time.time() + 2 * YOUNG_SECONDS
    found = gc.find(places, later)
    # Less, where an earlier attempt was stopped by a full disk.
    assert {unused.kind for unused in found} <= {"objects", "large file"}
    gc.remove(places, found, later)


def check_backup(folder: Path) -> str:
    """Return what is wrong with the backup, if there is one."""
    target = folder / BACKUP
    if not target.exists():
        return ""
    with tempfile.TemporaryDirectory() as place:
        try:
            unpack(target, Path(place) / "unpacked")
        except CommandError as error:
            return f"the backup is not whole: {error}"
    return ""


def count(context: StudioContext) -> int:
    """Return how many versions the project has."""
    return len(the_work(context).versions())


OPERATIONS: dict[str, Operation] = {
    "save": Operation(save_file, None),
    "version": Operation(save_version, lambda c: count(c) == 4),
    "restore": Operation(restore, lambda c: count(c) == 5),
    "fork": Operation(fork, lambda c: "Fork" in names(c)),
    "import": Operation(import_archive, lambda c: "Imported" in names(c)),
    "template": Operation(from_template, lambda c: "Templated" in names(c)),
    "trash": Operation(trash, lambda c: "Work" in names(c, "trashed")),
    "untrash": Operation(untrash, lambda c: "Work" in names(c), trash),
    "backup": Operation(back_up, None, check=check_backup),
    "gc": Operation(collect, None, leave_objects),
    "delete": Operation(delete, lambda c: "Work" not in names(c, "trashed"), trash),
}


def visible(folder: Path) -> dict[str, str]:
    """Return the text of every file that the server's folder shows, folders as `name/`."""
    home = folder / "home"
    found = texts(home)
    for path in home.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            found[f"{path.relative_to(home).as_posix()}/"] = ""
    hidden = [path for path in found if ".tengen-new-" in path]
    return {path: text for path, text in found.items() if path not in hidden}


def leftovers(folder: Path) -> list[str]:
    """Return what is left in the studio's own folder of changes that have ended."""
    data = folder / "data"
    return [
        name
        for place in ("journal", "scratch")
        for name in os.listdir(data / place)
        # A living process may own one: those of a crash are removed when they are old.
        if not name.startswith(".tengen-new-")
    ]
