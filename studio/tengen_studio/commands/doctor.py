"""`tengen-studio doctor`: looks at everything that a studio stands on, and says what to do."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from tengen_studio.commands.places import Places
from tengen_studio.db.revisions import current, newest
from tengen_studio.db.tables import datasets, history, projects
from tengen_studio.gpus.nvml import look
from tengen_studio.secrets.vault import KEY_FILE
from tengen_studio.storage import Storage
from tengen_studio.storage.blobs import digest

LEAST_FREE = 2 * 2**30
LEAST_SHARE = 0.03
_ENGINE = """
import numpy, tengen
x = tengen.tensor(numpy.ones((4, 4), "float32"))
assert float(tengen.functional.matmul(x, x).numpy().sum()) == 64.0
kernels = tengen.info()["kernels"]
print("; ".join(f"{name} {kernels[name].partition(';')[0]}" for name in ("onednn", "numba")))
"""


@dataclass(frozen=True)
class Finding:
    """The result of one check: `advice` says what to do where it is not well."""

    check: str
    well: bool
    note: str
    advice: str = ""


def examine(places: Places, *, thorough: bool = False) -> Iterator[Finding]:
    """Run every check; `thorough` also reads every large file and compares its checksum."""
    yield from _folder(places)
    yield from _space(places)
    if (places.data_dir / "blobs").is_dir():
        well = True
        for finding in _database(places):
            well = well and finding.well
            yield finding
        if well:
            yield from _projects(places)
            yield from _store(places, thorough)
    yield from _kernel()
    yield from _engine()
    yield from _gpus()


def _folder(places: Places) -> Iterator[Finding]:
    folder = places.data_dir
    if not folder.is_dir():
        yield Finding("data folder", True, f"{folder} is made at the first start.")
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        advice = f"Give its ownership to the user that runs the server: chown -R USER {folder}"
        yield Finding("data folder", False, f"{folder} cannot be written to.", advice)
        return
    yield Finding("data folder", True, str(folder))
    for path in (folder, folder / KEY_FILE):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            note = f"{path} can be read by other users of this machine."
            yield Finding("permissions", False, note, f"chmod go-rwx {path}")
            return
    yield Finding("permissions", True, "Others have no access.")


def _space(places: Places) -> Iterator[Finding]:
    for what, folder in (("data", places.data_dir), ("work", places.root)):
        while not folder.exists():
            folder = folder.parent
        disk = shutil.disk_usage(folder)
        enough = disk.free >= LEAST_FREE and disk.free >= LEAST_SHARE * disk.total
        note = f"{disk.free / 2**30:.1f} GB are free for {what}, of {disk.total / 2**30:.0f} GB."
        advice = "Empty the trash, run `tengen-studio gc --delete`, or move to a larger disk."
        yield Finding("free space", enough, note, "" if enough else advice)


def _database(places: Places) -> Iterator[Finding]:
    try:
        with closing(places.open_database()) as database, database.reading() as connection:
            found = current(connection)
            if found != newest():
                note = f"It is at revision {found}; this release needs {newest()}."
                advice = "Run `tengen-studio backup FILE`, then `tengen-studio migrate`."
                yield Finding("database", False, note, advice)
                return
            if connection.dialect.name == "sqlite":
                said = connection.execute(text("PRAGMA quick_check(1)")).scalar()
                if said != "ok":
                    advice = "Stop the server and restore the last backup into a new folder."
                    yield Finding("database", False, f"It is damaged: {said}", advice)
                    return
            yield Finding("database", True, f"{connection.dialect.name}, revision {found}.")
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        yield Finding(
            "database",
            False,
            f"It cannot be opened: {reason}",
            "Check StudioApp.database_url and that the database server runs.",
        )


def _projects(places: Places) -> Iterator[Finding]:
    with (
        closing(places.open_database()) as database,
        database.transaction(read_only=True) as session,
    ):
        rows = session.execute(
            select(projects.Project.name, projects.Project.root, projects.Project.directory).where(
                projects.Project.directory.is_not(None), projects.Project.trashed.is_(None)
            )
        )
        missing = [name for name, root, place in rows if not Path(str(root), str(place)).is_dir()]
    advice = "Move the folder back, or tell the project where it is; its versions are safe."
    yield Finding(
        "project folders",
        not missing,
        f"Missing: {_few(missing)}." if missing else "All are where they were.",
        advice if missing else "",
    )


def _store(places: Places, thorough: bool) -> Iterator[Finding]:
    storage = Storage(places.data_dir)
    lost: list[str] = []
    with (
        closing(places.open_database()) as database,
        database.transaction(read_only=True) as session,
    ):
        versions = session.execute(
            select(
                history.Version.project_id,
                history.Version.number,
                history.Version.commit,
                history.Version.tree,
            ).order_by(history.Version.project_id)
        ).all()
        large = set(session.execute(select(history.LargeFile.sha256, history.LargeFile.size)))
        large |= set(
            session.execute(select(datasets.DatasetFile.sha256, datasets.DatasetFile.size))
        )
    by_project: dict[str, list[tuple[int, str, str]]] = {}
    for project_id, number, commit, tree in versions:
        by_project.setdefault(project_id, []).append((number, commit, tree))
    for project_id, found in by_project.items():
        lost += _lost_versions(storage, project_id, found)
    advice = "Restore the last backup into a new folder, and compare with it."
    note = f"{len(versions):,} versions of {len(by_project):,} projects."
    bad = bool(lost)
    yield Finding(
        "versions", not bad, f"Lost: {_few(lost)}." if bad else note, advice if bad else ""
    )
    broken = [
        sha256 for sha256, size in large if not _blob_is_well(storage, sha256, size, thorough)
    ]
    how = "by checksum" if thorough else "by size"
    note = f"{len(large):,} files, compared {how}."
    bad = bool(broken)
    yield Finding(
        "large files",
        not bad,
        f"Not as stored: {_few(broken)}." if bad else note,
        advice if bad else "",
    )


def _lost_versions(
    storage: Storage, project_id: str, versions: list[tuple[int, str, str]]
) -> Iterator[str]:
    store = storage.history(project_id)
    if not store.exists():
        yield f"all versions of {project_id}"
        return
    with store.reader() as reader:
        for number, commit, tree in versions:
            if not (reader.has(commit) and reader.has(tree)):
                yield f"version {number} of {project_id}"


def _blob_is_well(storage: Storage, sha256: str, size: int, thorough: bool) -> bool:
    path = storage.blobs.path(sha256)
    if not path.is_file() or path.stat().st_size != size:
        return False
    if not thorough:
        return True
    with path.open("rb") as file:
        return digest(file)[0] == sha256


def _kernel() -> Iterator[Finding]:
    try:
        spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        advice = f"{sys.executable} -m pip install ipykernel"
        yield Finding("notebook kernel", False, "There is no kernel python3.", advice)
        return
    found = shutil.which(spec.argv[0])
    advice = "" if found else f"{sys.executable} -m ipykernel install --sys-prefix"
    yield Finding("notebook kernel", found is not None, f"python3 runs {spec.argv[0]}.", advice)


def _engine() -> Iterator[Finding]:
    """Try the engine as a kernel would: in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ENGINE],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        advice = "Run `python -c 'import tengen'` and see what it waits for."
        yield Finding("engine", False, "It did not answer within 120 s.", advice)
        return
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        advice = f"{sys.executable} -m pip install --force-reinstall tengen-studio"
        yield Finding("engine", False, f"It does not compute: {said}", advice)
        return
    yield Finding("engine", True, f"It computes. Kernels: {done.stdout.strip()}.")


def _gpus() -> Iterator[Finding]:
    """Name the GPUs; a machine without one is well too."""
    cards, reason = look()
    names = _few([card.name for card in cards])
    yield Finding("GPUs", True, f"{names}." if cards else f"None: {reason}.")


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown
