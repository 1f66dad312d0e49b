"""The commands as programs: they read the server's settings, print, and exit by the result."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tengen_studio.context import StudioContext

from .studios import fill

PROGRAM = Path(sys.executable).with_name("tengen-studio")


def call(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, without the settings of whoever runs the tests."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(cwd / "config")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_from_backup_to_a_new_place(context: StudioContext, tmp_path: Path) -> None:
    fill(context)
    database = context.database.url.render_as_string(hide_password=False)
    database = "" if database.startswith("sqlite") else database
    where = ("--data-dir", context.data_dir, "--database-url", database)
    done = call("backup", *where, "a.tar", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "checksums inside" in done.stdout
    again = call("backup", *where, "a.tar", cwd=tmp_path)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    (tmp_path / "config").mkdir(exist_ok=True)
    setting = f"c.StudioApp.data_dir = {str(tmp_path / 'new')!r}\n"
    (tmp_path / "config" / "jupyter_tengen_studio_config.py").write_text(setting)
    done = call("restore", "a.tar", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = call("gc", cwd=tmp_path)
    assert done.stdout == "0 unused, 0.0 MB. Nothing was removed; --delete does it.\n"
    done = call("migrate", cwd=tmp_path)
    assert done.stdout.startswith("The database is at revision")
    done = call("doctor", "--thorough", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "✓ versions: 2 versions of 1 projects." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backup",), "The name of the archive to write was expected"),
        (("restore", "a", "b"), "The name of the archive to read was expected"),
        (("gc",), "There is no studio in"),
        (("backup", "a.tar"), "There is no studio in"),
    ],
)
def test_mistakes_are_told_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = call(*arguments, "--data-dir", tmp_path / "absent", cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_names_every_command(tmp_path: Path) -> None:
    said = call("--help", cwd=tmp_path).stdout
    for name in ("doctor", "migrate", "backup", "restore", "gc"):
        assert f"\n{name}\n" in said
