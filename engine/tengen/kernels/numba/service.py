"""Compiles kernels in the background and keeps them on disk.

`request(name, source)` answers at once with a `Kernel` whose `ready` turns true when its machine
code is there: loaded from disk in milliseconds, or compiled first. Callers use NumPy until then.
A kernel's file is named by the hash of its source, so that another process finds the same code.
"""

import atexit
import contextlib
import hashlib
import importlib.util
import logging
import os
import queue
import sys
import tempfile
import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from . import library
from .isolation import isolated

_log = logging.getLogger("tengen.kernels.numba")

_TRIES = 4


class Mode(Enum):
    """When kernels are compiled: in the background, at the first wish, or never."""

    BACKGROUND = "background"
    NOW = "now"
    NEVER = "never"


class Kernel:
    """One kernel on its way to machine code: call it once `ready` is true.

    `error` holds the reason if it could not be compiled; it then never becomes ready.
    """

    __slots__ = ("_done", "_function", "error", "name", "ready", "source", "wished")

    def __init__(self, name: str, source: str):
        self.name, self.source = name, source
        self.ready = False
        self.wished = False
        self.error: str | None = None
        self._function: Callable[..., Any] | None = None
        self._done = threading.Event()

    def __call__(self, *args: Any) -> Any:
        """Runs the compiled kernel; only when `ready`."""
        return self._function(*args)  # type: ignore[misc]

    def __repr__(self) -> str:
        state = "ready" if self.ready else self.error or "waiting"
        return f"Kernel({self.name}: {state})"

    def wait(self, timeout: float | None = None) -> bool:
        """Whether the kernel is ready, waiting up to `timeout` seconds if it is being made."""
        if not self._done.is_set() and (_mode is Mode.NEVER or not self.wished):
            return False
        self._done.wait(timeout)
        return self.ready

    def _compile(self) -> None:
        if self._done.is_set():
            return
        try:
            if library.load() is None:  # which has said so, once for all kernels
                self.error = library.why_not()
                return
            with isolated():
                self._function = _undisturbed(_import, self.name, self.source)
            self.ready = True
        except Exception as error:  # a kernel that fails must leave NumPy in use, and say so
            self.error = f"{type(error).__name__}: {error}"
            _log.warning("[%s] could not be compiled, NumPy is used: %s", self.name, self.error)
        finally:
            self._done.set()


_kernels: dict[str, Kernel] = {}
_mode = Mode.BACKGROUND
_wishes: "queue.SimpleQueue[Kernel | None]" = queue.SimpleQueue()
_lock = threading.Lock()
_compiling = threading.Lock()
_thread: threading.Thread | None = None
_stopping = False


def mode() -> Mode:
    """When kernels are compiled."""
    return _mode


def set_mode(value: Mode | str) -> None:
    """Chooses when kernels are compiled, from now on."""
    global _mode
    _mode = Mode(value)


def request(name: str, source: str) -> Kernel:
    """The kernel made from `source`, a Python module that defines `kernel` with its signature.

    The same source gives the same `Kernel`. `name` is for people and file names.
    """
    kernel = _kernels.get(source)
    if kernel is not None and (
        kernel._done.is_set() or (kernel.wished and _mode is Mode.BACKGROUND)
    ):
        return kernel
    with _lock:
        kernel = _kernels.setdefault(source, Kernel(name, source))
        new = not kernel.wished and _mode is Mode.BACKGROUND
        kernel.wished = kernel.wished or _mode is not Mode.NEVER
    if _mode is Mode.NOW:
        with _compiling:
            kernel._compile()
    elif new:
        _enqueue(kernel)
    return kernel


def wait(timeout: float | None = None) -> bool:
    """Whether every kernel asked for so far is ready, waiting up to `timeout` seconds for each."""
    answers = [kernel.wait(timeout) for kernel in list(_kernels.values()) if kernel.wished]
    return all(answers)


def kernels() -> tuple[Kernel, ...]:
    """Every kernel asked for in this process, for reports."""
    return tuple(_kernels.values())


def _enqueue(kernel: Kernel) -> None:
    global _thread
    _wishes.put(kernel)
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_work, name="tengen-kernels", daemon=True)
            _thread.start()


def _work() -> None:
    while True:
        kernel = _wishes.get()
        if kernel is None or _stopping:
            return
        with _compiling:
            kernel._compile()


@atexit.register
def _stop() -> None:
    """Lets a compilation under way end: a thread killed inside LLVM would take the exit down."""
    global _stopping
    _stopping = True
    if _thread is not None:
        _wishes.put(None)
        _thread.join()


def _fingerprint() -> str:
    """A hash of what generated kernels import from this package: part of every file name."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for name in ("simd.py", "mathematics.py", "launch.py", "addresses.py"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


_imports_fingerprint: list[str] = []


def _undisturbed(call: Callable[..., Any], *args: Any) -> Any:
    """`call(*args)`, tried again where another thread's imports came between.

    Numba goes through tables that an import in the user's thread may extend at the same time.
    """
    for _ in range(_TRIES):
        try:
            return call(*args)
        except RuntimeError as error:
            if "changed size during iteration" not in str(error):
                raise
    return call(*args)


def _import(name: str, source: str) -> Callable[..., Any]:
    """The `kernel` of the module that holds `source`, whose file lies in the cache directory."""
    if not _imports_fingerprint:
        _imports_fingerprint.append(_fingerprint())
    digest = hashlib.sha256((_imports_fingerprint[0] + source).encode()).hexdigest()[:24]
    module_name = f"tengen_kernel_{digest}"
    path = library.cache_directory() / f"{name}_{digest}.py"
    _write_once(path, source)
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    return module.kernel


def _write_once(path: Path, source: str) -> None:
    """Puts `source` at `path` in one step, so that no other process reads half of it."""
    data = source.encode()
    with contextlib.suppress(OSError):
        if path.read_bytes() == data:
            return
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
