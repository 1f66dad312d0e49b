"""Installs what `make` needs into .venv, step by step, and skips what is already there.

`install.py studio` is for users, `install.py test` adds what the tests use. Needs only Python
3.11 and its standard library. A step is skipped when the files it depends on have the hash of
its last success; everything that the tools print goes to .venv/install.log.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LAB = ROOT / "extensions" / "lab"
LOG = VENV / "install.log"
STAMPS = VENV / "install-stamps.json"
LOWEST = (3, 11)
# Debian's names; a step that needs root and apt is left out elsewhere, and says so.
SYSTEM_PACKAGES = {
    "chromium": Path("/usr/bin/chromium"),
    "dataset-fashion-mnist": Path("/usr/share/datasets/fashion-mnist"),
    "fonts-noto-cjk": Path("/usr/share/fonts/opentype/noto"),
}


class StepError(Exception):
    """A step's command failed; its last lines are in the log."""


class Progress:
    """One line per step: what is being done, and how long it took."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._live = sys.stdout.isatty()
        self._start = 0.0
        self._text = ""
        self._opened = False

    def begin(self, text: str) -> None:
        """Start a step; the first one prints the heading."""
        if not self._opened:
            print(f"{self._title}\n(details in {LOG.relative_to(ROOT)})", flush=True)
            self._opened = True
        self._start, self._text = time.monotonic(), text
        print(f"  … {text}", end="" if self._live else "\n", flush=True)

    def tick(self, detail: str) -> None:
        """Show the elapsed time and the tool's current line where the terminal allows it."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            line = f"  … {self._text}  {self._elapsed()}  {detail}"
            print(f"\r\x1b[2K{line[:width]}", end="", flush=True)

    def end(self, mark: str, note: str = "") -> None:
        """Finish the step with `mark` (✓, – or ✗)."""
        clear = "\r\x1b[2K" if self._live else ""
        print(f"{clear}  {mark} {self._text}  {self._elapsed()}{note}", flush=True)

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._start)
        return f"{seconds // 60}:{seconds % 60:02d}"


class Installer:
    """Runs steps in order, remembering the hash under which each last succeeded."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stamps: dict[str, str] = json.loads(STAMPS.read_text()) if STAMPS.is_file() else {}

    def step(
        self,
        text: str,
        key: str,
        stamp: str,
        present: bool,
        action: Callable[[], None],
        optional: str = "",
    ) -> None:
        """Run `action` unless it succeeded before under `stamp` and its result is `present`.

        A failing step ends the program, save one with an `optional` sentence, which is printed.
        """
        if present and self._stamps.get(key) == stamp:
            return
        self._progress.begin(text)
        try:
            action()
        except StepError as error:
            if not optional:
                self._progress.end("✗")
                sys.exit(f"\n{error}\n\nThe whole output is in {LOG}.")
            self._progress.end("–", f"  {optional}")
            return
        self._progress.end("✓")
        self._stamps[key] = stamp
        STAMPS.write_text(json.dumps(self._stamps, indent=1))

    def run(self, *command: str | Path, cwd: Path = ROOT) -> None:
        """Run a command with .venv's programs first on the path, its output in the log."""
        environment = os.environ | {
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        tail: list[str] = []
        with LOG.open("a", encoding="utf-8") as log:
            print(f"\n$ {' '.join(map(str, command))}", file=log, flush=True)
            with subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    log.write(line)
                    tail = [*tail[-24:], line.rstrip()]
                    self._progress.tick(line.strip())
        if process.returncode != 0:
            raise StepError("\n".join(tail))

    def pip(self, *arguments: str) -> None:
        """Run pip inside .venv."""
        self.run(BIN / "python", "-m", "pip", "install", "--progress-bar", "off", *arguments)


def main(goal: str) -> None:
    """Bring .venv to what `goal` ("studio" or "test") needs."""
    if sys.version_info < LOWEST:
        sys.exit(f"Tengen Studio needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    make_environment()
    project = read_project()
    extras = project["optional-dependencies"]
    installer = Installer(
        Progress("Installing Tengen Studio into .venv; the first time takes minutes")
    )

    build = extras["build"]
    installer.step(
        "Build tools, Node.js among them",
        "build",
        digest(build),
        (BIN / "jlpm").exists(),
        lambda: installer.pip(*build),
    )
    packages = project["dependencies"]
    installer.step(
        "JupyterLab and the framework's libraries",
        "packages",
        digest(packages),
        (BIN / "jupyter-lab").exists(),
        lambda: installer.pip(*packages),
    )
    locked = digest_files([LAB / "package.json", LAB / "yarn.lock", LAB / ".yarnrc.yml"])
    installer.step(
        "Front end: its packages",
        "node",
        locked,
        (LAB / "node_modules").is_dir(),
        lambda: installer.run(BIN / "jlpm", "install", "--immutable", cwd=LAB),
    )
    sources = [p for folder in ("src", "style") for p in (LAB / folder).rglob("*") if p.is_file()]
    front = digest([locked, digest_files([*sources, *LAB.glob("tsconfig*.json")])])
    installer.step(
        "Front end: build",
        "front",
        front,
        (LAB / "dist" / "package.json").is_file(),
        lambda: installer.run(BIN / "jlpm", "build", cwd=LAB),
    )
    shared = [p for p in (ROOT / "studio" / "etc").rglob("*") if p.is_file()]
    installer.step(
        "Tengen and its studio",
        "tengen",
        digest([front, digest_files([ROOT / "pyproject.toml", *shared])]),
        (BIN / "tengen-studio").exists(),
        lambda: installer.pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
    )
    if goal == "test":
        install_for_tests(installer, extras)


def install_for_tests(installer: Installer, extras: dict[str, list[str]]) -> None:
    """Add the test tools, PyTorch and ONNX to compare with, and Chromium where apt can give it."""
    test, compared = extras["test"], extras["torch"] + extras["onnx"]
    installer.step(
        "Test tools",
        "test",
        digest(test),
        (BIN / "pytest").exists(),
        lambda: installer.pip(*test),
    )
    installer.step(
        "PyTorch and ONNX, to compare with",
        "compared",
        digest(compared),
        all(any(VENV.glob(f"lib/python*/site-packages/{name}")) for name in ("torch", "onnx")),
        lambda: installer.pip(*compared),
        optional="not to be had here: the tests that compare with it will skip",
    )
    missing = [name for name, path in SYSTEM_PACKAGES.items() if not path.exists()]
    if not missing:
        return

    def apt() -> None:
        if not shutil.which("apt-get") or os.name != "posix" or os.geteuid() != 0:
            raise StepError("apt-get and root are needed")
        installer.run("apt-get", "update")
        installer.run("apt-get", "install", "-y", "--no-install-recommends", *missing)

    installer.step(
        f"From the system: {', '.join(missing)}",
        "system",
        digest(missing),
        False,
        apt,
        optional="cannot be installed here: tests that need them will skip",
    )


def make_environment() -> None:
    """Create .venv; a system Python without ensurepip is explained."""
    if (BIN / "python").exists():
        return
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            f"Python could not make a virtual environment:\n{made.stdout}{made.stderr}\n"
            "On Debian and Ubuntu this helps: apt install python3-venv"
        )


def read_project() -> dict:
    """Return pyproject.toml's [project] table."""
    # Imported here because an older Python, which lacks it, must get as far as being refused.
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def digest(parts: Sequence[str]) -> str:
    """Return one hash of several texts and of the Python in use."""
    return hashlib.sha256("\0".join([*parts, sys.version]).encode()).hexdigest()


def digest_files(paths: Sequence[Path]) -> str:
    """Return one hash of the names and contents of `paths`, in any order."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(ROOT)}\0".encode())
        whole.update(path.read_bytes() if path.is_file() else b"")
    return whole.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "studio")
