"""Starts kernels as jupyter_client does, and keeps how each of them ended."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from tengen_studio.documents.trouble import KernelDeath
from tengen_studio.kernels import deaths, journal
from tengen_studio.kernels.limits import Limits, limits_of

NAME = "tengen-watched"
MOST_KEPT = 20


class WatchedProvisioner(LocalProvisioner):
    """A local kernel whose deaths are explained; one that was asked to end has none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.deaths: list[KernelDeath] = []
        self._asked = False
        self._limits: Limits | None = None
        self._peak: int | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch the kernel; one of our own Python keeps a journal."""
        self._asked = False
        deaths.forget(self._connection_file)
        if runs_here(cmd):
            cmd = [*cmd, f"--ext={journal.__name__}"]
        made = await super().launch_kernel(cmd, **kwargs)
        self._limits = limits_of(self.pid) if self.pid and sys.platform == "linux" else None
        return made

    async def poll(self) -> int | None:
        """Return the exit status, None while it runs; the end is explained when first seen."""
        process = self.process
        status = None if process is None else self._reap(process)
        if status is None:
            return await super().poll()
        if not self._asked and self._limits is not None:
            ending = deaths.Ending(status, self._peak, self._limits, limits_of(os.getpid()))
            self.deaths = [*self.deaths, deaths.explain(self._connection_file, ending)][-MOST_KEPT:]
            self.log.warning("kernel %s died: %s", self.kernel_id, self.deaths[-1])
        return status

    def _reap(self, process: Any) -> int | None:
        """Return the status of a process that has just ended; take the most memory it had."""
        if process.returncode is not None or not hasattr(os, "wait4"):
            return None
        try:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        except ChildProcessError:
            return None
        if not pid:
            return None
        # Popen would have asked for the same; from now on it knows.
        process.returncode = os.waitstatus_to_exitcode(status)
        self._peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return int(process.returncode)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Remember that the end is wanted."""
        await self._expect()
        await super().shutdown_requested(restart=restart)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel because somebody wants it to end."""
        await self._expect()
        await super().kill(restart=restart)

    async def terminate(self, restart: bool = False) -> None:
        """Terminate the kernel because somebody wants it to end."""
        await self._expect()
        await super().terminate(restart=restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Take away what the kernel left behind."""
        deaths.forget(self._connection_file)
        await super().cleanup(restart=restart)

    async def _expect(self) -> None:
        # Who restarts a kernel that had died a moment before did not end it.
        await self.poll()
        self._asked = True

    @property
    def _connection_file(self) -> str:
        return str(self.parent.connection_file) if self.parent else ""


def runs_here(cmd: list[str]) -> bool:
    """Whether a command starts an IPython kernel in the server's own environment."""
    python = Path(cmd[0]).absolute() if cmd else None
    return "ipykernel_launcher" in cmd and python == Path(sys.executable).absolute()


def install(factory: KernelProvisionerFactory) -> None:
    """Have kernels started by us, where nobody has chosen another way."""
    if factory.default_provisioner_name != "local-provisioner":
        return
    value = f"{__name__}:{WatchedProvisioner.__name__}"
    factory.provisioners[NAME] = EntryPoint(NAME, value, factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
