"""A kernel's own journal: which cell and line it is at, so that a death can be explained.

Loaded into kernels as an IPython extension. One small file beside the connection file is written
over and over; the interpreter adds its own words to another one when it crashes. Nothing but the
standard library is imported.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import sys
import sysconfig
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

SIZE = 8192  # bytes of the journal; it is written at once, so that it is whole or the one before
QUICK, CALM = 0.05, 0.5  # seconds between looks: at the beginning of a cell, and later
DEEPEST = 12
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def journal_of(connection_file: str) -> Path:
    """Return where the kernel with this connection file keeps its journal."""
    return Path(connection_file).with_suffix(".journal")


def crash_of(connection_file: str) -> Path:
    """Return where the kernel's interpreter writes its last words."""
    return Path(connection_file).with_suffix(".crash")


class Journal:
    """Writes down the running cell and its line; a thread looks while a cell runs."""

    def __init__(self, path: Path, shell: Any) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._shell = shell
        self._main = threading.main_thread().ident
        self._running = threading.Event()
        self._entry: dict[str, Any] = {}
        self._run = 0
        threading.Thread(target=self._look, name="tengen-journal", daemon=True).start()

    def begin(self, info: Any) -> None:
        """Note that a cell starts; IPython calls it."""
        if getattr(info, "silent", False) or not getattr(info, "raw_cell", "").strip():
            return
        self._run += 1
        self._entry = {
            "cell": getattr(info, "cell_id", None),
            "started": time.time(),
            "file": self._name_of(info.raw_cell),
            **address_space(),
        }
        self._write()
        self._running.set()

    def end(self, _result: Any) -> None:
        """Note that no cell runs; IPython calls it."""
        if self._entry:
            self._running.clear()
            self._entry = {}
            self._write()

    def _name_of(self, code: str) -> str:
        """Return the file name that the cell's code has in tracebacks."""
        with contextlib.suppress(Exception):
            return str(self._shell.compile.get_code_name(code, code, 0))
        return ""

    def _look(self) -> None:
        while True:
            self._running.wait()
            run, pause = self._run, QUICK
            while self._running.is_set() and self._run == run:
                time.sleep(pause)
                pause = min(pause * 1.1, CALM)
                self._sample()

    def _sample(self) -> None:
        entry = self._entry
        frame = sys._current_frames().get(self._main or 0)
        if not entry or frame is None:
            return
        held = held_by_tensors()
        entry |= {"stack": own_lines(frame), "looked": time.time(), **held, **address_space()}
        if self._entry is entry:
            self._write()

    def _write(self) -> None:
        text = json.dumps(self._entry).encode()
        with contextlib.suppress(OSError):
            os.pwrite(self._file, text[:SIZE].ljust(SIZE), 0)


def own_lines(frame: FrameType | None) -> list[tuple[str, int, str]]:
    """Return (file, line, function) of the user's calls on a stack, the outermost first."""
    found: list[tuple[str, int, str]] = []
    while frame is not None:
        file = frame.f_code.co_filename
        if is_own(file):
            found.append((file, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return found[:DEEPEST][::-1]


def is_own(file: str) -> bool:
    """Whether code of this file is the user's, and neither a library's nor the studio's."""
    if file.startswith("<") or file.startswith(_LIBRARIES):
        return False
    return not any(part in ("tengen", "tengen_studio") for part in Path(file).parts[:-1])


def held_by_tensors() -> dict[str, int]:
    """Return what tensors hold and may hold, if the framework is loaded here."""
    accounts = sys.modules.get("tengen.runtime.memory")
    if accounts is None:
        return {}
    with contextlib.suppress(Exception):
        return {"held": accounts._accounts.used, "capacity": accounts.capacity()}
    return {}


def address_space() -> dict[str, int]:
    """Return the limit of this process's addresses and how much of it is used, if there is one."""
    if resource is None:
        return {}
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return {}
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
        return {"address_space": limit, "address_used": pages * resource.getpagesize()}
    return {"address_space": limit}


def load_ipython_extension(shell: Any) -> None:
    """Begin the journal of this kernel."""
    kernel = getattr(shell, "kernel", None)
    connection = getattr(getattr(kernel, "parent", None), "abs_connection_file", "")
    if not connection:
        return
    journal = Journal(journal_of(connection), shell)
    # Kept open as long as the process lives: the interpreter writes into it as it crashes.
    shell.tengen_last_words = crash_of(connection).open("w", encoding="utf-8")
    faulthandler.enable(file=shell.tengen_last_words, all_threads=False)
    shell.events.register("pre_run_cell", journal.begin)
    shell.events.register("post_run_cell", journal.end)
