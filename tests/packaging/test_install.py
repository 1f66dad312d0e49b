"""The installer's steps: done once, done again when what they depend on changes, and explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scripts import install


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> install.Installer:
    """An installer whose log and stamps lie in a temporary folder under the checkout's name."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "LOG", tmp_path / "install.log")
    monkeypatch.setattr(install, "STAMPS", tmp_path / "stamps.json")
    return fresh(tmp_path)


def fresh(tmp_path: Path) -> install.Installer:
    """Return an installer as the next run of the program would have it."""
    assert tmp_path == install.ROOT
    return install.Installer(install.Progress("Installing"))


def test_a_step_runs_once_per_stamp(installer: install.Installer, tmp_path: Path) -> None:
    runs: list[str] = []
    installer.step("Work", "work", "a", True, lambda: runs.append("a"))
    again = fresh(tmp_path)
    again.step("Work", "work", "a", True, lambda: runs.append("never"))
    again.step("Work", "work", "b", True, lambda: runs.append("changed"))
    fresh(tmp_path).step("Work", "work", "b", False, lambda: runs.append("lost"))
    assert runs == ["a", "changed", "lost"]


def test_a_quiet_run_prints_nothing(
    installer: install.Installer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installer.step("Work", "work", "a", True, lambda: None)
    assert "✓ Work" in capsys.readouterr().out
    fresh(tmp_path).step("Work", "work", "a", True, lambda: None)
    assert capsys.readouterr().out == ""


def test_a_failing_step_shows_the_tools_words_and_runs_again(
    installer: install.Installer, tmp_path: Path
) -> None:
    def fail() -> None:
        installer.run(sys.executable, "-c", "print('no such mirror'); raise SystemExit(3)")

    for _ in range(2):
        with pytest.raises(SystemExit, match="no such mirror"):
            installer.step("Work", "work", "a", True, fail)
    assert (tmp_path / "install.log").read_text().count("no such mirror\n") == 2


def test_an_optional_step_may_fail(
    installer: install.Installer, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise install.StepError("no")

    installer.step("Extra", "extra", "a", False, fail, optional="tests will skip")
    assert "– Extra" in (out := capsys.readouterr().out)
    assert "tests will skip" in out


def test_digests_follow_names_and_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "ROOT", tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("x")
    first = install.digest_files([one])
    assert install.digest_files([one]) == first
    one.rename(two)
    assert install.digest_files([two]) != first
    two.write_text("y")
    assert install.digest_files([two]) != first
    assert install.digest_files([two, one]) == install.digest_files([one, two])


def test_make_passes_arguments_on() -> None:
    done = subprocess.run(
        ["make", "-n", "studio", "ARGS=--no-browser"],
        cwd=Path(install.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "scripts/install.py studio" in done.stdout
    assert any(line.endswith(" --no-browser") for line in done.stdout.splitlines())
