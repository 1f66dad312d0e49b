"""Does each operation on a disk that is really full, stays full, and then has room again.

    unshare -Urm python -m tests.studio.crash.full restore fork

mounts a file system in memory that nobody else sees, leaves some bytes of it free, and does the
operation there. Then it gets room again, and the same server goes on, or a new one: what was
refused must work, and nothing may be lost, left over or half done. Prints a JSON object with, for
each operation, how many fillings were tried, how many of them refused it, and what went wrong.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tengen_studio.commands.places import CommandError
from tengen_studio.context import StudioContext
from tengen_studio.errors import NoSpaceError, StudioError, is_full, refusal_of
from tests.studio.crash.operations import (
    OPERATIONS,
    Operation,
    make_studio,
    open_studio,
    visible,
)
from tests.studio.crash.runner import check, repoint

SIZE = 2**30
# Bytes left free: from none to enough for most of what an operation writes.
LEFT = [0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192]


def fill(disk: Path, left: int) -> None:
    """Shrink the disk to what lies on it and `left` bytes."""
    found = os.statvfs(disk)
    resize(disk, (found.f_blocks - found.f_bfree) * found.f_frsize + left)


def resize(disk: Path, size: int = SIZE) -> None:
    """Give the disk another size: by default one with room for everything."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def attempt(operation: Operation, context: StudioContext) -> str | None:
    """Do the operation; return what it was refused with, None if it was done.

    Raises:
        AssertionError: it failed with something else than that the disk is full.
    """
    try:
        operation.run(context)
    except CommandError as error:
        return str(error)
    except Exception as error:
        refusal = error if isinstance(error, StudioError) else refusal_of(error)
        assert isinstance(refusal, NoSpaceError), f"refused with {error!r}"
        return refusal.message
    return None


def try_filled(
    operation: Operation,
    disk: Path,
    left: int,
    states: tuple[dict, dict],
    *,
    goes_on: bool,
    links: bool,
) -> tuple[bool, str]:
    """Return whether a disk with `left` bytes has refused the operation, and what went wrong.

    Without `links` undoing may have to wait for room. With `goes_on` the server that was refused
    tries again once there is room; without, it ends.
    """
    folder = fresh(disk)
    context = open_studio(folder)
    try:
        fill(disk, left)
        said = attempt(operation, context)
        again = attempt(operation, context) if said else None
        if again and links and visible(folder) != states[0]:
            return True, "half done while the disk is full"
        if again and not reads(context):
            return True, "a full disk does not let versions be read"
        resize(disk)
        if goes_on and again and (last := attempt(operation, context)):
            return True, f"refused with room: {last}"
        if goes_on and visible(folder) != states[1]:
            return True, "done with room, but not as it should"
    except AssertionError as error:
        return True, str(error)
    finally:
        context.close()
    return said is not None, check(operation, folder, *states)


def fresh(disk: Path) -> Path:
    """Return the folder of a fresh copy of the studio."""
    resize(disk)
    shutil.rmtree(disk / "studio", ignore_errors=True)
    shutil.copytree(disk / "start", disk / "studio", symlinks=True)
    repoint(disk / "studio")
    return disk / "studio"


def reads(context: StudioContext) -> bool:
    """Tell whether a server on a full disk still shows what it has."""
    try:
        with context.transaction(read_only=True) as session:
            return session.connection().exec_driver_sql("SELECT 1 FROM versions").scalar() == 1
    except Exception as error:
        if not is_full(error):
            raise
        return False


def fill_everywhere(name: str, disk: Path, fillings: list[int], links: bool) -> dict[str, Any]:
    """Try the operation with each filling; return what came of it."""
    operation = OPERATIONS[name]
    shutil.rmtree(disk / "start", ignore_errors=True)
    (disk / "start").mkdir()
    make_studio(disk / "start")
    context = open_studio(disk / "start")
    operation.prepare(context)
    context.close()
    folder = fresh(disk)
    before = visible(folder)
    context = open_studio(folder)
    operation.run(context)
    context.close()
    states = (before, visible(folder))
    refused, problems = 0, []
    for kilobytes in fillings:
        for goes_on in (True, False):
            was_refused, problem = try_filled(
                operation, disk, kilobytes * 1024, states, goes_on=goes_on, links=links
            )
            refused += was_refused
            if problem:
                problems.append(f"{name} with {kilobytes} kB free: {problem}")
    return {"tried": 2 * len(fillings), "refused": refused, "problems": problems}


def _no_link(*args: object, **kwargs: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def main(words: list[str]) -> None:
    """Try the operations on a disk of their own; `every=3` takes each third filling.

    With `linkless` the disk gives no file a second name, as those of memory cards do not.
    """
    step = next((int(word.removeprefix("every=")) for word in words if "=" in word), 1)
    links = "linkless" not in words
    names = [word for word in words if "=" not in word and word != "linkless"] or list(OPERATIONS)
    if not links:
        os.link = _no_link
    disk = Path(tempfile.mkdtemp(prefix="full-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    try:
        found = {name: fill_everywhere(name, disk, LEFT[::step], links) for name in names}
        print(json.dumps(found))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()


if __name__ == "__main__":
    main(sys.argv[1:])
