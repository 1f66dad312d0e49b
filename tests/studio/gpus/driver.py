"""A driver's library (NVML) built for a test: two GPUs, and the processes that it is told of."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from _ctypes import dlclose
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pynvml

COMPILER = shutil.which("gcc") or shutil.which("cc") or shutil.which("g++")

# The functions of nvml.h that are asked for, as the header declares them.
SOURCE = """
#include <string.h>
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned gpu, memory; } Rates;
typedef struct { unsigned pid; unsigned long long bytes; unsigned gpu_instance, instance; } Process;
typedef struct { unsigned pid; unsigned long long at; unsigned sm, memory, enc, dec; } Sample;
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7 };
static Process processes[] = { PROCESSES };
static const unsigned count = sizeof processes / sizeof processes[0];
static int gpus[2] = {0, 1};

int nvmlInitWithFlags(unsigned flags) { return INIT; }
int nvmlShutdown(void) { return OK; }
const char* nvmlErrorString(int code) { return "Driver/library version mismatch"; }
int nvmlDeviceGetCount_v2(unsigned* found) { *found = 2; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** gpu) { *gpu = gpus + index; return OK; }
int nvmlDeviceGetName(void* gpu, char* name, unsigned length) {
    strncpy(name, "A stand-in", length);
    return OK;
}
int nvmlDeviceGetMemoryInfo(void* gpu, Memory* memory) {
    if (*(int*)gpu) return NOT_SUPPORTED;
    memory->total = 1ull << 34; memory->used = 3ull << 30; memory->free = 13ull << 30;
    return OK;
}
int nvmlDeviceGetUtilizationRates(void* gpu, Rates* rates) {
    if (*(int*)gpu) return NOT_SUPPORTED;
    rates->gpu = 41; rates->memory = 7;
    return OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* gpu, unsigned* many, Process* found) {
    if (*(int*)gpu) { *many = 0; return OK; }
    if (*many < count) { *many = count; return TOO_SMALL; }
    memcpy(found, processes, sizeof processes);
    *many = count;
    return OK;
}
int nvmlDeviceGetProcessUtilization(void* gpu, Sample* found, unsigned* many,
                                    unsigned long long since) {
    if (*(int*)gpu) return NOT_FOUND;
    if (*many < 2) { *many = 2; return TOO_SMALL; }
    Sample newer = {processes[0].pid, since + 2, 40, 5, 0, 0};
    Sample older = {processes[0].pid, since + 1, 90, 5, 0, 0};
    found[0] = newer; found[1] = older;
    return OK;
}
"""


@contextmanager
def driver(folder: Path, pids: list[int], status: int = 0) -> Iterator[None]:
    """Load a driver whose first GPU is used by these processes; it starts with this status."""
    unknown = 2**64 - 1
    listed = [f"{{{pid}, {unknown if at else 2**30}ull, 0, 0}}" for at, pid in enumerate(pids)]
    source, library = folder / "nvml.c", folder / "libnvidia-ml.so.1"
    source.write_text(SOURCE, encoding="utf-8")
    assert COMPILER is not None
    options = [f"-DPROCESSES={', '.join(listed)}", f"-DINIT={status}", "-shared", "-fPIC", "-w"]
    named = "-Wl,-soname,libnvidia-ml.so.1"  # so that whoever asks by that name gets this one
    made = [COMPILER, *options, named, str(source), "-o", str(library)]
    subprocess.run(made, check=True)
    loaded = ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    try:
        yield
    finally:
        if pynvml.nvmlLib is not None:
            dlclose(pynvml.nvmlLib._handle)
        pynvml.nvmlLib = None
        pynvml._nvmlGetFunctionPointer_cache.clear()
        dlclose(loaded._handle)
