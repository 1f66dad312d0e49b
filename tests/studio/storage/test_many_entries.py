"""Archives with as many files as a data set has: refused at once, or imported within bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIZE = 2_048
IMPORT = """
import json, os, resource, sys, time
from pathlib import Path
from tengen_studio.context import Limits
from tengen_studio.errors import StudioError
from tengen_studio.projects import making
from tengen_studio.start import open_context
from tests.studio.actors import HOST

folder, most = Path(sys.argv[1]), int(sys.argv[2])
context = open_context(folder / "home", folder, folder / "data", limits=Limits(import_files=most))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, start, message, made = peak(), time.monotonic(), "", None
try:
    with (folder / "many.zip").open("rb") as archive, context.transaction() as session:
        made = making.import_archive(session, HOST, archive, "Many").project
except StudioError as error:
    message = error.message
seconds = time.monotonic() - start
context.close()
print(json.dumps({
    "message": message, "seconds": seconds, "megabytes": peak() - before,
    "version": made.version if made else 0,
}))
"""


def make(folder: Path, count: int) -> None:
    """Write an archive of `count` files of 2 kB, no two alike, in folders of 500."""
    with zipfile.ZipFile(folder / "many.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        filling = os.urandom(SIZE // 2).hex().encode()
        for number in range(count):
            text = b"%08d" % number + filling[8:]
            out.writestr(f"train/{number // 500:03}/{number:06}.txt", text)


def attempt(folder: Path, most: int) -> dict[str, object]:
    """Import the archive in a process of its own; return what came of it."""
    (folder / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(folder), str(most)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def left(folder: Path) -> list[str]:
    """Return what lies in the server's folder and in the places of work in progress."""
    places = (folder / "home", folder / "data" / "scratch", folder / "data" / "journal")
    return sorted(name for place in places for name in os.listdir(place))


@pytest.mark.long
def test_more_files_than_the_limit_are_refused_at_once(tmp_path: Path) -> None:
    make(tmp_path, 100_000)
    found = attempt(tmp_path, 50_000)
    assert found["message"] == "The archive has more than 50,000 files."
    assert float(str(found["seconds"])) < 10
    assert int(str(found["megabytes"])) < 64
    assert left(tmp_path) == []


@pytest.mark.long
def test_as_many_files_as_the_limit_are_imported(tmp_path: Path) -> None:
    make(tmp_path, 99_999)
    found = attempt(tmp_path, 99_999)
    assert (found["message"], found["version"]) == ("", 1)
    assert float(str(found["seconds"])) < 600
    assert int(str(found["megabytes"])) < 600
    assert left(tmp_path) == ["many"]
    assert sum(len(files) for _, _, files in os.walk(tmp_path / "home" / "many")) == 99_999
