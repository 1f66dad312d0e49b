"""The one door to Numba: when it is imported, with which threads, and where its cache lies.

Nothing here imports Numba until `load()` is called, which the compile service does off the main
thread. Numba shares the process's OpenMP pool with the other CPU libraries.
"""

import ctypes
import hashlib
import importlib
import importlib.util
import logging
import os
import platform
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType

from . import isolation

_log = logging.getLogger("tengen.kernels.numba")
_lock = threading.Lock()
_chosen_directory: Path | None = None
_temporary: tempfile.TemporaryDirectory[str] | None = None
_loaded: ModuleType | None = None
_reason: str | None = None


def _thread_count() -> int:
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_threads = _thread_count()


def available() -> bool:
    """Whether compiled kernels can be had: Numba is installed and has not failed to load."""
    return why_not() is None


def why_not() -> str | None:
    """The reason why there are no compiled kernels, or None when there are."""
    if _reason is not None:
        return _reason
    if _loaded is None and importlib.util.find_spec("numba") is None:
        return "the package numba is not installed"
    return None


def threads() -> int:
    """How many threads a large kernel uses: OMP_NUM_THREADS, or the processors of this process."""
    return _threads


def set_threads(count: int) -> None:
    """Sets how many threads a large kernel uses, from now on; never more than at the first load."""
    global _threads
    if count < 1:
        raise ValueError(f"[set_threads] expected at least 1 thread; {count} came")
    _threads = count


def set_cache_directory(path: str | os.PathLike[str] | None) -> None:
    """Keeps compiled kernels under `path`; None goes back to the user's cache directory."""
    global _chosen_directory
    _chosen_directory = None if path is None else Path(path)
    _machine_directory.clear()


def _user_cache_directory() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tengen" / "kernels"


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=directory):
            return True
    except OSError:
        return False


_machine_directory: list[Path] = []


def cache_directory() -> Path:
    """The directory of this machine's compiled kernels, made if need be.

    One directory a processor, Python and compiler version, so that a home shared by unlike machines
    works. Where the home is missing or read-only, a temporary one serves this process alone.
    """
    global _temporary
    with _lock:
        if _machine_directory:
            return _machine_directory[0]
        try:
            base = _chosen_directory or _user_cache_directory()
        except RuntimeError:  # no home directory can be determined
            base = None
        directory = base / _machine_key() if base is not None else None
        if directory is None or not _writable(directory):
            _temporary = _temporary or tempfile.TemporaryDirectory(
                prefix="tengen-kernels-", ignore_cleanup_errors=True
            )
            _log.warning(
                "compiled kernels cannot be kept in %s; they last for this process only", base
            )
            directory = Path(_temporary.name)
        _machine_directory.append(directory)
        return directory


def _machine_key() -> str:
    """A directory name for the processor and the versions that machine code depends on."""
    import llvmlite
    import llvmlite.binding as llvm
    import numba

    features = hashlib.sha256(llvm.get_host_cpu_features().flatten().encode()).hexdigest()[:8]
    python = f"{sys.implementation.cache_tag}-{platform.machine()}"
    versions = f"numba{numba.__version__}-llvmlite{llvmlite.__version__}"
    return f"{python}-{versions}-{llvm.get_host_cpu_name()}-{features}"


def _load_openmp() -> None:
    """Makes the OpenMP runtime known to compiled code: the pool that oneDNN uses too."""
    import llvmlite.binding as llvm

    for name in ("libgomp.so.1", "libomp.so.5", "libomp.dylib"):
        try:
            runtime = ctypes.CDLL(name)
        except OSError:
            continue
        for function in ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads"):
            address = ctypes.cast(getattr(runtime, function), ctypes.c_void_p).value
            llvm.add_symbol(function, address)
        return
    raise RuntimeError("no OpenMP runtime (libgomp) was found")


def load() -> ModuleType | None:
    """Numba itself, imported at the first call and set up for our threads; None if it fails."""
    global _loaded, _reason
    with _lock:
        if _loaded is not None or _reason is not None:
            return _loaded
        try:
            numba = importlib.import_module("numba")
            _load_openmp()
            isolation.install()
            _loaded = numba
        except Exception as error:  # a broken install must leave NumPy working
            _reason = f"numba does not load: {error}"
            _log.warning("%s; NumPy is used, which is slower", _reason)
        return _loaded
