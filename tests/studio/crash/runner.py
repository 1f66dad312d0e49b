"""Kills an operation at each of its boundaries, each time in a fresh copy of the same studio.

    python -m tests.studio.crash.runner 4 restore fork
    python -m tests.studio.crash.runner 0 --full

tries 4 boundaries of each operation, evenly spread; 0 tries all. A boundary is each write, fsync,
rename, removal and commit that the studio's storage announces, and each change of a file or
folder that Python itself makes, whoever asks for it. With `--full` the process lives, and finds
the disk full at the boundary instead, if that is one at which something is written; with
`--denied` it finds that it may not. Prints a JSON object with, for each operation, the number
of boundaries, how many were tried, and what went wrong.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from tengen_studio.commands.places import CommandError
from tengen_studio.errors import StudioError, refusal_of
from tengen_studio.history.models import LargeFile, Version
from tengen_studio.storage.durable import boundary, watch_boundaries
from tengen_studio.storage.packs import object_id
from tests.studio.crash.operations import (
    OPERATIONS,
    Operation,
    leftovers,
    make_studio,
    open_studio,
    visible,
)

_CHANGES = {
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "shutil.rmtree",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Where a disk can turn out to be full, or a folder to be closed.
_FAILING = {
    "file made",
    "file unpacked",
    "file written",
    "folder made",
    "open",
    "os.link",
    "os.mkdir",
    "os.symlink",
}
FAILURES = {"--full": errno.ENOSPC, "--denied": errno.EACCES}


def watch_python(folder: Path) -> None:
    """Announce what Python changes below `folder` as boundaries, too."""
    prefix = str(folder)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & _WRITING
        if (writes or event in _CHANGES) and args[0] is not None:
            try:
                path = os.fsdecode(args[0])
            except TypeError:
                return
            if path.startswith(prefix) and "/locks/" not in path and ".lock" not in path:
                boundary(event)

    sys.addaudithook(hook)


def run(operation: Operation, folder: Path, kill_at: int, failure: int | None = None) -> int:
    """Do the operation in a child that dies at boundary `kill_at`; return how many it passed.

    With `failure` the boundary fails with that error number, and others are not counted.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        passed = 0

        def count(name: str) -> None:
            nonlocal passed
            if failure is not None and name not in _FAILING:
                return
            passed += 1
            if passed != kill_at:
                return
            if failure is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(failure, os.strerror(failure or 0))

        try:
            context = open_studio(folder)
            watch_python(folder)
            watch_boundaries(count)
            try:
                operation.run(context)
            except (OSError, StudioError, CommandError) as error:
                # What a person is told instead of a reference into the log.
                if failure is None or (isinstance(error, OSError) and not refusal_of(error)):
                    raise
            watch_boundaries(None)
            context.close()
            os.write(writing, str(passed).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        text = answer.read()
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise AssertionError("the operation failed by itself")
    return int(text or 0)


def check(operation: Operation, folder: Path, before: dict, after: dict) -> str:
    """Open the studio again and return what is wrong with it, "" if nothing is."""
    context = open_studio(folder)
    try:
        found = visible(folder)
        if operation.done is None:
            expected = [before, after]
        else:
            expected = [after if operation.done(context) else before]
        if found not in expected:
            names = sorted(
                p for p in found.keys() | expected[0] if found.get(p) != expected[0].get(p)
            )
            return f"half done: {names}"
        if left := leftovers(folder):
            return f"left over: {left}"
        return operation.check(folder) or _check_histories(context)
    finally:
        context.close()


def _check_histories(context: Any) -> str:
    with context.transaction(read_only=True) as session:
        if session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() != "ok":
            return "the database is damaged"
        for version in session.query(Version):
            with context.storage.history(version.project_id).reader() as reader:
                reader.raw(version.commit)
                files = reader.files(version.tree)
                if len(files) != version.files:
                    return f"version {version.number} has lost files"
                for entry in files.values():
                    if object_id(3, reader.blob(entry.oid)) != entry.oid:
                        return "a file of a version is damaged"
        for large in session.query(LargeFile):
            if context.storage.blobs.path(large.sha256).stat().st_size != large.size:
                return "a large file is lost"
    return ""


def kill_everywhere(name: str, most: int, failure: int | None = None) -> dict[str, Any]:
    """Kill the operation at `most` of its boundaries, or all, and return what came of it.

    With `failure` it fails there with that error number instead.
    """
    operation = OPERATIONS[name]
    top = Path(tempfile.mkdtemp(prefix="crash-"))
    problems: list[str] = []
    try:
        start = top / "start"
        start.mkdir()
        make_studio(start)
        context = open_studio(start)
        operation.prepare(context)
        context.close()

        def fresh() -> Path:
            # The same path each time: the database knows the folder by it.
            folder = top / "studio"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(start, folder, symlinks=True)
            repoint(folder)
            return folder

        folder = fresh()
        before = visible(folder)
        total = run(operation, folder, 0, failure)
        after = visible(folder)
        tried = 0
        step = max(1, total // most) if most else 1
        for kill_at in range(1 + step // 2, total + 1, step):
            folder = fresh()
            try:
                run(operation, folder, kill_at, failure)
            except AssertionError as error:
                problems.append(f"{name} at {kill_at} of {total}: {error}")
            tried += 1
            if problem := check(operation, folder, before, after):
                problems.append(f"{name} killed at {kill_at} of {total}: {problem}")
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return {"boundaries": total, "tried": tried, "problems": problems}


def repoint(folder: Path) -> None:
    """Have the projects of a copied studio lie in the copy."""
    import sqlite3

    with sqlite3.connect(folder / "data" / "studio.db") as connection:
        connection.execute("UPDATE projects SET root = ?", (str((folder / "home").resolve()),))
    connection.close()


if __name__ == "__main__":
    most, *words = sys.argv[1:]
    failing = next((FAILURES[word] for word in words if word in FAILURES), None)
    wanted = [word for word in words if word not in FAILURES] or OPERATIONS
    print(json.dumps({name: kill_everywhere(name, int(most), failing) for name in wanted}))
