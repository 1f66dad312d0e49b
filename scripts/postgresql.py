"""Runs the studio's tests on PostgreSQL: a server of its own, in a temporary folder.

Debian's package is installed where PostgreSQL is missing and the user is root. Arguments go to
pytest; without any, all tests of the studio run but those marked long.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USER = "postgres"
# What a crash would lose does not matter here; it halves the time.
OPTIONS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200"


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, of the newest release that is installed.

    Raises:
        SystemExit: it is missing, and cannot be installed.
    """
    found = _installed()
    if found is None and os.getuid() == 0 and shutil.which("apt-get"):
        for command in (["update", "-qq"], ["install", "-y", "-qq", "postgresql"]):
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(["apt-get", *command], check=True, env=environment, stdout=sys.stderr)
        found = _installed()
    if found is None:
        raise SystemExit("PostgreSQL is missing: install the package postgresql, then run again.")
    return found


def _installed() -> Path | None:
    places = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(places, key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def server() -> Iterator[str]:
    """Give the address of an empty database on a fresh server, which ends with the block."""
    bin_folder = programs()
    # Short: the path of a socket may have some 100 bytes only.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    as_user: list[str] = []
    if os.getuid() == 0:
        # PostgreSQL refuses to run as root.
        entry = pwd.getpwnam(USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        as_user = ["runuser", "-u", USER, "--"]
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(bin_folder / program), *arguments]
        done = subprocess.run(
            command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{program} failed:\n{done.stdout}")

    try:
        call("initdb", "-D", str(data), "-U", USER, "--auth=trust", "-E", "UTF8", "--no-sync")
        log = str(folder / "log")
        call("pg_ctl", "-D", str(data), "-w", "-l", log, "-o", f"-k {folder} {OPTIONS}", "start")
        try:
            call("createdb", "-h", str(folder), "-U", USER, "studio")
            yield f"postgresql+psycopg://{USER}@/studio?host={folder}"
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Run pytest against a fresh server; return its exit status."""
    with server() as url:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-m",
                "not long",
                *(arguments or ["tests/studio"]),
            ],
            cwd=ROOT,
            env=os.environ | {"TENGEN_TEST_DATABASE": url},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
