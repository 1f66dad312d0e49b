"""The one place that loads oneDNN: finding libdnnl, its engine, its threads.

Trap, by oneDNN's and OpenMP's nature: a process that was forked after its parent ran a parallel
region hangs in its first primitive. Start worker processes with spawn or forkserver.
"""

import ctypes
import functools
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import OneDnnError, Unavailable, check

WHEEL = "onednn-cpu-gomp"
LIBRARY = "libdnnl.so.3"
_CPU = 1
_INSTRUCTION_SETS = {
    0x0: "baseline",
    0x1: "SSE4.1",
    0x3: "AVX",
    0x7: "AVX2",
    0xF: "AVX2 VNNI",
    0x27: "AVX-512",
    0x67: "AVX-512 VNNI",
    0xE7: "AVX-512 BF16",
    0x1EF: "AVX-512 FP16",
    0xFEF: "AVX-512 AMX",
}
_AVX_512 = 0x27

_log = logging.getLogger("tengen.kernels.onednn")
_chosen_path = ""
_loading = threading.RLock()
_stale: list[Callable[[], None]] = []
_replaced: list[Callable[[], None]] = []


class Library:
    """A loaded oneDNN: `ffi`, `c` (the C functions), `engine`, and the version as a tuple."""

    def __init__(self, path: str):
        from .c_api import ffi

        self.path = path
        self.ffi: Any = ffi
        self.c: Any = ffi.dlopen(path)
        found = self.c.dnnl_version()
        self.version: tuple[int, int, int] = (found.major, found.minor, found.patch)
        if self.version[0] != 3:
            raise Unavailable(f"[onednn] version 3 is needed; {path} is {self.version}")
        engine = ffi.new("engine_t *")
        check(self.c.dnnl_engine_create(engine, _CPU, 0), "onednn: engine for the CPU")
        self.engine: Any = engine[0]


def use_path(path: str) -> None:
    """Load libdnnl from `path` instead of looking for it; "" looks again. Drops every plan."""
    global _chosen_path
    with _loading:
        _chosen_path = path
        _attempt.cache_clear()
        load.cache_clear()
        _openmp.cache_clear()
        drop_plans()
        for clear in _replaced:
            clear()


def find() -> str:
    """The path of libdnnl as chosen, from the wheel, or from the system; "" without any."""
    if _chosen_path:
        return _chosen_path
    usual = Path(sys.prefix, "lib", LIBRARY)  # where the wheel puts it in a virtual environment
    if usual.exists():
        return str(usual)
    return _from_the_wheel() or _from_the_system()


def _from_the_wheel() -> str:
    import importlib.metadata  # 13 ms, for installations in unusual places only

    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        return ""
    found = [Path(str(file.locate())).resolve() for file in files if file.name == LIBRARY]
    return next((str(path) for path in found if path.exists()), "")


def _from_the_system() -> str:
    import ctypes.util  # 5 ms

    return ctypes.util.find_library("dnnl") or ""


@functools.cache
def _attempt() -> "Library | str":
    with _loading:
        path = find()
        if not path:
            reason = f"{LIBRARY} was not found: the package {WHEEL} is not installed"
        else:
            try:
                return Library(path)
            except (OSError, OneDnnError, ImportError) as error:
                reason = str(error)
        _log.warning("oneDNN is not in use: %s; NumPy is used, which is slower", reason)
        return reason


@functools.cache
def load() -> Library:
    """The loaded library; the first call takes some 20 ms. Raises Unavailable with the reason."""
    found = _attempt()
    if isinstance(found, str):
        raise Unavailable(f"[onednn] {found}")
    return found


def available() -> bool:
    """True when oneDNN can be used; loads it."""
    return not isinstance(_attempt(), str)


def why_not() -> str:
    """The reason oneDNN cannot be used here; "" when it can."""
    found = _attempt()
    return found if isinstance(found, str) else ""


def version() -> str:
    """The version of the loaded library, such as "3.2.0"."""
    return ".".join(map(str, load().version))


def instruction_set() -> str:
    """The widest vector instructions oneDNN uses on this processor, such as "AVX-512 BF16"."""
    found = load().c.dnnl_get_effective_cpu_isa()
    return max((code, name) for code, name in _INSTRUCTION_SETS.items() if code <= found)[1]


def has_bfloat16() -> bool:
    """Whether oneDNN has fast bfloat16 kernels here: with AVX-512, which can stand in for it."""
    return bool(load().c.dnnl_get_effective_cpu_isa() >= _AVX_512)


def when_stale(clear: Callable[[], None]) -> Callable[[], None]:
    """Have `clear` called whenever plans made so far must not be used again."""
    _stale.append(clear)
    return clear


def when_replaced(clear: Callable[[], None]) -> Callable[[], None]:
    """Have `clear` called when another library takes over, whose objects are its own."""
    _replaced.append(clear)
    return clear


def drop_plans() -> None:
    """Forget every cached plan (they are bound to a thread count and a library)."""
    for clear in _stale:
        clear()


@functools.cache
def _openmp() -> Any:
    load()
    runtime = ctypes.CDLL("libgomp.so.1")
    runtime.omp_get_max_threads.restype = ctypes.c_int
    return runtime


def get_threads() -> int:
    """How many threads a primitive started from this thread uses."""
    return int(_openmp().omp_get_max_threads())


def set_threads(count: int) -> None:
    """Use `count` threads from now on, for plans built by this thread; earlier plans are dropped.

    OpenMP keeps the number per calling thread, and a plan keeps the one it was built with: build
    plans after this call, and drop those held elsewhere. 0 takes OMP_NUM_THREADS or the cores.
    """
    count = count or int(os.environ.get("OMP_NUM_THREADS", "0") or 0) or (os.cpu_count() or 1)
    if count != get_threads():
        _openmp().omp_set_num_threads(count)
        drop_plans()
