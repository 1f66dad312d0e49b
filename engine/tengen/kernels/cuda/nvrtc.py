"""NVRTC through ctypes: CUDA text to machine code, without a driver or a GPU.

The library comes from the wheel `nvidia-cuda-nvrtc`, or from a CUDA installation of the system.
"""

import ctypes
import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from ...base.errors import DeviceError


@functools.cache
def library() -> ctypes.CDLL | None:
    """The compiler's library, or None where there is none."""
    for candidate in (*_from_wheel(), "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"):
        try:
            return ctypes.CDLL(str(candidate))
        except OSError:
            continue
    return None


def _from_wheel() -> list[Path]:
    try:
        found = importlib.util.find_spec("nvidia")
    except (ImportError, ValueError):
        found = None
    folders = [] if found is None else list(found.submodule_search_locations or [])
    return [path for folder in folders for path in sorted(Path(folder).glob("*/lib/libnvrtc.so.*"))]


@functools.cache
def version() -> tuple[int, int]:
    """The compiler's version; (0, 0) where there is none."""
    found = library()
    if found is None:
        return 0, 0
    major, minor = ctypes.c_int(), ctypes.c_int()
    found.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return major.value, minor.value


def compile_text(name: str, text: str, options: Sequence[str]) -> bytes:
    """The machine code of a CUDA text. Raises DeviceError with the compiler's log."""
    found = library()
    if found is None:
        raise DeviceError("[cuda] the compiler NVRTC is missing: pip install 'tengen-studio[cuda]'")
    program = ctypes.c_void_p()
    status = found.nvrtcCreateProgram(
        ctypes.byref(program), text.encode(), name.encode(), 0, None, None
    )
    if status:
        raise DeviceError(f"[cuda] NVRTC made no program for {name}: {_error(found, status)}")
    try:
        given = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
        status = found.nvrtcCompileProgram(program, len(options), given)
        if status:
            log = _buffer(found.nvrtcGetProgramLogSize, found.nvrtcGetProgramLog, program)
            text = log.rstrip(b"\0").decode(errors="replace").strip()
            raise DeviceError(f"[cuda] {name} does not compile:\n{text[:3000]}")
        return _buffer(found.nvrtcGetCUBINSize, found.nvrtcGetCUBIN, program)
    finally:
        found.nvrtcDestroyProgram(ctypes.byref(program))


def _buffer(size_of: "ctypes._NamedFuncPointer", fill: "ctypes._NamedFuncPointer",
            program: ctypes.c_void_p) -> bytes:  # fmt: skip
    size = ctypes.c_size_t()
    size_of(program, ctypes.byref(size))
    made = ctypes.create_string_buffer(size.value)
    fill(program, made)
    return made.raw


def _error(found: ctypes.CDLL, status: int) -> str:
    found.nvrtcGetErrorString.restype = ctypes.c_char_p
    text: bytes = found.nvrtcGetErrorString(status)
    return text.decode()
