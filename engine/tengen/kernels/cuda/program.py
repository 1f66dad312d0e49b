"""CUDA kernels: their text compiled for an architecture, kept on disk, loaded and launched.

A `Program` is a file of `sources/`, or a generated text, with its definitions. It is compiled at
its first launch on a kind of GPU; the machine code lies in the user's cache, so that later
processes load it. Nothing here imports CuPy before a launch.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from ...base import config as settings
from . import library, nvrtc

SOURCES = Path(__file__).parent / "sources"

Defines = Mapping[str, str | int]
Dimensions = tuple[int, int, int]


def cache_directory() -> Path | None:
    """Where machine code is kept, made if need be; None where that cannot be."""
    try:
        chosen = settings.config.cache_dir
        user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        found = (Path(chosen) if chosen else Path(user) / "tengen") / "cuda"
        found.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return found


def source(name: str) -> str:
    """The text of a file of `sources/`."""
    return (SOURCES / f"{name}.cu").read_text(encoding="utf-8")


@functools.cache
def headers() -> str:
    """The text of all that sources include."""
    paths = sorted(SOURCES.glob("*.cuh"))
    return "\0".join([path.read_text(encoding="utf-8") for path in paths])


def options(arch: int, defines: Defines) -> list[str]:
    """The compiler's options. No fast-math: the NumPy kernels are the judges, and kernels that
    wait for memory gain nothing by it."""
    given = [f"-D{key}={value}" for key, value in sorted(defines.items())]
    return [f"-arch=sm_{arch}", "-std=c++17", "-default-device", f"-I{SOURCES}", *given]


def compile(name: str, arch: int, defines: Defines, text: str | None = None) -> bytes:
    """The machine code (cubin) of a source for compute capability `arch`, such as 90.

    `text` is the program's own text; None reads the file of that name. Compiled once for each
    text, version and option. Raises DeviceError with the compiler's log.
    """
    text = source(name) if text is None else text
    given = options(arch, defines)
    shared = headers()
    stable = [option for option in given if not option.startswith("-I")]
    parts = "\0".join([text, shared, *stable, repr(nvrtc.version())])
    digest = hashlib.sha256(parts.encode()).hexdigest()[:24]
    folder = cache_directory()
    path = None if folder is None else folder / f"{name}_sm{arch}_{digest}.cubin"
    if path is not None and path.exists():
        return path.read_bytes()
    code = nvrtc.compile_text(f"{name}.cu", text, given)
    if path is not None:
        _write(path, code)
    return code


def _write(path: Path, code: bytes) -> None:
    """Put a file in place in one step; a cache that cannot be written is no error."""
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(code)
        os.replace(temporary, path)


class Loader(Protocol):
    """What makes an entry of a program callable, and tells where an array lies."""

    def entry(self, program: "Program", name: str) -> Callable[..., None]:
        """`launch(grid, block, parameters, shared)` for the current device."""

    def address(self, array: Any) -> int:
        """The first byte of an array."""

    def key(self) -> Any:
        """The current device."""

    def stream(self) -> int | None:
        """The current stream; None where there is no device for libraries to work on."""


class _Device:
    """Loads machine code with CuPy, for each device once, and launches on its current stream."""

    def __init__(self) -> None:
        self.modules: dict[tuple[int, int], Any] = {}
        self.lock = threading.Lock()

    @functools.cached_property
    def calls(self) -> tuple[Callable[[], int], Callable[[], Any]]:
        """What every launch asks CuPy: the current device and the current stream."""
        cupy = library.load()
        return cupy.cuda.runtime.getDevice, cupy.cuda.get_current_stream

    def entry(self, program: "Program", name: str) -> Callable[..., None]:
        cupy = library.load()
        device = cupy.cuda.Device()
        with self.lock:
            module = self.modules.get((device.id, id(program)))
            if module is None:
                arch = int(device.compute_capability)
                module = cupy.cuda.function.Module()
                module.load(compile(program.name, arch, program.defines, program.text))
                self.modules[device.id, id(program)] = module
        function = module.get_function(name)
        launch_kernel, stream = cupy.cuda.driver.launchKernel, cupy.cuda.get_current_stream
        handle = function.ptr

        def launch(grid: Dimensions, block: Dimensions, parameters: int, shared: int) -> None:
            launch_kernel(handle, *grid, *block, shared, stream().ptr, parameters, 0)

        launch.module = module  # type: ignore[attr-defined]
        return launch

    def address(self, array: Any) -> int:
        return array.data.ptr  # type: ignore[no-any-return]

    def key(self) -> int:
        return self.calls[0]()

    def stream(self) -> int:
        return self.calls[1]().ptr  # type: ignore[no-any-return]


_loader: list[Any] = [_Device()]


@contextlib.contextmanager
def using(loader: Any) -> Iterator[None]:
    """Run the programs through another loader: for running the kernels without a GPU."""
    before, _loader[0] = _loader[0], loader
    try:
        yield
    finally:
        _loader[0] = before


class Program:
    """A source with its definitions: `program("entry", grid, block, *arguments)` launches.

    Arrays are given as pointers, None as a null pointer, an int as a 64-bit integer, a float as a
    double and bytes as a structure by value. A program lives as long as the process.
    """

    def __init__(self, name: str, defines: Defines, text: str | None = None):
        self.name = name
        self.defines = dict(defines)
        self.text = text
        self.entries: dict[tuple[Any, str], Callable[..., None]] = {}

    def __call__(
        self, entry: str, grid: int | Dimensions, block: int | Dimensions, *arguments: Any,
        shared: int = 0,
    ) -> None:  # fmt: skip
        loader = _loader[0]
        key = (loader.key(), entry)
        launch = self.entries.get(key)
        if launch is None:
            launch = self.entries[key] = loader.entry(self, entry)
        shape = (grid, 1, 1) if isinstance(grid, int) else grid
        if 0 in shape:
            return
        threads = (block, 1, 1) if isinstance(block, int) else block
        packed, places = _pack(loader.address, arguments)
        launch(shape, threads, ctypes.addressof(places), shared)
        del packed


def _pack(address: Callable[[Any], int], arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """The parameters' memory, and the array of pointers to each that a launch takes."""
    form, values, starts, at = "", [], [], 0
    for argument in arguments:
        starts.append(at)
        kind = type(argument)
        if kind is int:
            form, size = form + "q", 8
            values.append(argument)
        elif kind is float:
            form, size = form + "d", 8
            values.append(argument)
        elif argument is None:
            form, size = form + "Q", 8
            values.append(0)
        elif kind is bytes:
            size = -(-len(argument) // 8) * 8
            form += f"{size}s"
            values.append(argument)
        else:
            form, size = form + "Q", 8
            values.append(address(argument))
        at += size
    packed = ctypes.create_string_buffer(at + 8)
    struct.pack_into(form, packed, 0, *values)
    base = ctypes.addressof(packed)
    places = (ctypes.c_void_p * max(len(starts), 1))(*[base + start for start in starts])
    return packed, places


_programs: dict[tuple[Any, ...], Program] = {}


def program(name: str, text: str | None = None, **defines: str | int) -> Program:
    """The one Program of a source and definitions."""
    key = (name, text, *sorted(defines.items()))
    found = _programs.get(key)
    if found is None:
        found = _programs.setdefault(key, Program(name, defines, text))
    return found


def programs() -> tuple[Program, ...]:
    """Every program asked for in this process."""
    return tuple(_programs.values())


def loader() -> Any:
    """What loads and launches at present."""
    return _loader[0]
