"""Runs the CUDA kernels on the CPU: builds them with a C++ compiler against `emulated.h`.

An `Emulator` is a loader for `tengen.kernels.cuda.program`: within `using(Emulator())` the
launchers work on NumPy arrays. `order` is the order in which the threads of a block run.
"""

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tengen.kernels.cuda import program as programs

HERE = Path(__file__).parent
FORWARD, BACKWARD, SHUFFLED = 0, 1, 7
COMPILER = shutil.which("g++") or shutil.which("clang++")
# -Bsymbolic: a kernel may have the name of a function of the C library.
OPTIONS = [
    "-std=c++17", "-O1", "-fPIC", "-shared", "-Wl,-Bsymbolic", "-DTENGEN_EMULATED", "-w",
    "-fno-strict-aliasing",
]  # fmt: skip

_ENTRY = re.compile(r"^KERNEL\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\(", re.MULTILINE)
_libraries: dict[str, ctypes.CDLL] = {}


class KernelError(Exception):
    """What a kernel did that it may not: a fault, a race at a barrier, an overrun."""


class Emulator:
    """Loads programs as libraries of the CPU and runs them thread by thread."""

    def __init__(self, order: int = FORWARD):
        self.order = order

    def key(self) -> "Emulator":
        return self

    def address(self, array: Any) -> int:
        return array.ctypes.data

    def stream(self) -> None:
        return None

    def entry(self, program: Any, name: str) -> Callable[..., None]:
        library = build(program.name, program.defines, program.text)
        function = getattr(library, f"launch_{name}")
        function.restype = ctypes.c_char_p
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint]

        def launch(grid: Any, block: Any, parameters: int, shared: int) -> None:
            shape = (ctypes.c_uint * 6)(*grid, *block)
            trouble = function(parameters, ctypes.addressof(shape), shared, self.order)
            if trouble:
                raise KernelError(f"{program.name}.{name} {grid} {block}: {trouble.decode()}")

        return launch


def build(name: str, defines: Any, text: str | None) -> ctypes.CDLL:
    """The library of a program, built once for each text and definitions."""
    text = programs.source(name) if text is None else text
    given = [f"-D{key}={value}" for key, value in sorted(defines.items())]
    shared = [(HERE / "emulated.h").read_text(), programs.headers()]
    digest = hashlib.sha256("\0".join([text, *shared, *given, *OPTIONS]).encode()).hexdigest()[:24]
    found = _libraries.get(digest)
    if found is None:
        path = _folder() / f"{name}_{digest}.so"
        if not path.exists():
            _compile(text, given, path)
        found = _libraries[digest] = ctypes.CDLL(str(path))
    return found


def _folder() -> Path:
    base = programs.cache_directory() or Path(tempfile.gettempdir())
    folder = base / "emulated"
    folder.mkdir(exist_ok=True)
    return folder


def _compile(text: str, given: list[str], path: Path) -> None:
    launchers = [
        f"static void call_{name}(void** words) {{ emulated::call({name}, words); }}\n"
        f'extern "C" const char* launch_{name}(void** given, const unsigned* shape,'
        f" size_t shared, unsigned order) {{\n"
        f"    return emulated::launch(call_{name}, given, shape, shared, order);\n}}\n"
        for name in _present(text, given)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.cpp"
        source.write_text('#include "device.cuh"\n' + text + "\n" + "".join(launchers))
        made = Path(folder) / "kernel.so"
        assert COMPILER is not None
        include = [f"-I{HERE}", f"-I{programs.SOURCES}"]
        command = [COMPILER, *OPTIONS, *given, *include, str(source), "-o", str(made)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise KernelError(f"{path.name} does not compile:\n{done.stderr[:4000]}")
        temporary = path.with_suffix(f".{os.getpid()}")
        shutil.copy(made, temporary)
        os.replace(temporary, path)


def _present(text: str, given: list[str]) -> list[str]:
    """The entries that these definitions leave in the text."""
    if "#if" in text:
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#include")]
        assert COMPILER is not None
        command = [COMPILER, "-E", "-P", "-x", "c++", *given, "-"]
        text = subprocess.run(
            command, input="\n".join(lines), capture_output=True, text=True, check=True
        ).stdout
    return list(dict.fromkeys(_ENTRY.findall(text)))
