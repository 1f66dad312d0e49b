"""One worker process as its loader sees it: how it starts, and how it ended.

Processes are spawned, never forked: kernels that use OpenMP hang in a forked child.
"""

import collections
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator

from .slots import Slot
from .worker import main

STOP_SECONDS = 1.0
_spawning = threading.Lock()


class WorkerHandle:
    """One worker process as the loader sees it."""

    def __init__(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.connection, other = context.Pipe(duplex=True)
        self.process = context.Process(
            target=main,
            args=(other, number, _answers_megengine()),
            daemon=True,
            name=f"tengen-data-{number}",
        )
        with _spawn_environment():
            self.process.start()
        other.close()
        self.ready = False
        self.outstanding: dict[tuple[int, int], Slot | None] = {}
        self.free: collections.deque[Slot] = collections.deque()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process.pid is not None
        return self.process.pid

    def ending(self) -> str:
        """How the process ended, in words."""
        self.process.join(STOP_SECONDS)
        code = self.process.exitcode
        if code is None:
            return "closed its connection"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = ""
        if name == "SIGKILL":
            hint = " (often the system's answer to too little memory)"
        return f"was ended by {name}, exit code {code}{hint}"


@contextlib.contextmanager
def _spawn_environment() -> Iterator[None]:
    """What a starting worker inherits: one thread for BLAS and OpenMP, and no main module.

    Left to itself the child would run the user's script again. SIGINT is ignored from its first
    instruction, where this is the main thread, so that Ctrl-C prints no traceback of a worker.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    with _spawning:
        before = {name: os.environ.get(name) for name in names}
        program = sys.modules["__main__"]
        in_main_thread = threading.current_thread() is threading.main_thread()
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
        sys.modules["__main__"] = types.ModuleType("__main__")
        os.environ.update(dict.fromkeys(names, "1"))
        try:
            yield
        finally:
            sys.modules["__main__"] = program
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            if in_main_thread:
                signal.signal(signal.SIGINT, handler)


def _answers_megengine() -> bool:
    """Whether this program runs with `tengen.compat`, which its code in workers needs too."""
    answer = sys.modules.get("megengine")
    return answer is not None and answer is sys.modules.get("tengen")
