"""The README's first command on a fresh checkout with an empty home, and the second start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 900.0  # seconds


def start(checkout: Path, home: Path) -> str:
    """Run `make studio` until it answers, stop it, and return what it printed."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    dropped = ("JUPYTER", "PYTHON", "VIRTUAL_ENV", "LC_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    environment |= {"HOME": str(home), "PATH": python_and_system(), "LANG": "C.UTF-8"}
    environment |= {"JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    log = home / "log.txt"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["make", "studio", "ARGS=--no-browser --ServerApp.port=0"],
            cwd=checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (address := printed_address(log)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        with urllib.request.urlopen(address, timeout=60) as response:
            assert b"@tengen/studio-lab" in response.read()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
    return log.read_text()


def printed_address(log: Path) -> str:
    """Return the address with its token that the server printed, or "" so far."""
    words = log.read_text(errors="replace").split()
    return next((w for w in words if w.startswith("http://127.0.0.1") and "token=" in w), "")


def python_and_system() -> str:
    """Return a PATH with the base Python and the system's programs."""
    base = subprocess.run(
        ["python3", "-c", "import sys; print(sys.base_prefix)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return f"{base}/bin:/usr/local/bin:/usr/bin:/bin"


@pytest.mark.long
def test_make_studio_on_a_fresh_checkout(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    checkout = tmp_path / "checkout"
    for name in listed:
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    first = start(checkout, tmp_path / "home")
    assert "✓ JupyterLab and the framework's libraries" in first
    assert "✓ Front end: build" in first
    second = start(checkout, tmp_path / "home")
    assert "Installing" not in second
