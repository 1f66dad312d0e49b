"""Starts `tengen-studio` as a user would, in a home of its own, and waits until it answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 90.0  # seconds


@dataclass(frozen=True)
class Studio:
    """A running studio: where it listens, the user's folder, and its process."""

    url: str
    token: str
    work: Path
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """End the server and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_studio(
    folder: Path,
    settings: dict[str, dict[str, Any]] | None = None,
    arguments: tuple[str, ...] = (),
    port: int = 0,
    program: Path = Path(sys.executable).parent / "tengen-studio",
) -> Studio:
    """Start a studio whose home and work lie in `folder`.

    `settings` are JupyterLab's user settings by plugin id, such as the language; port 0 is any.

    Raises:
        RuntimeError: it ended or did not answer in time; the message has its log.
    """
    home, work, runtime = folder / "home", folder / "work", folder / "runtime"
    for path in (home, work, runtime):
        path.mkdir(exist_ok=True)
    for plugin, values in (settings or {}).items():
        package, name = plugin.rsplit(":", 1)
        target = home / "config" / "lab" / "user-settings" / package / f"{name}.jupyterlab-settings"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(values), encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "LC_", "LANG"))}
    environment = kept | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "LANG": "C.UTF-8",
    }
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    log = folder / "log.txt"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [str(program), "--no-browser", f"--ServerApp.port={port}", *root, *arguments],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            text = file.read_text(encoding="utf-8")
            if text.endswith("}"):
                info = json.loads(text)
                url = info["url"].rstrip("/").replace("localhost", "127.0.0.1")
                if _answers(f"{url}/api"):
                    return Studio(url, info["token"], work, process, log)
        time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the studio did not start:\n{log.read_text(errors='replace')}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False
