"""Devices by MegEngine's names: "cpu0", "gpu1", "xpux" (the best there is), "cpu0:0" with a stream.

A Device is interned: the same name is the same object.
"""

import os
import re
import threading
from collections.abc import Callable

from .errors import DeviceError

_PATTERN = re.compile(r"^(cpu|gpu|cuda|xpu)(x|\d+)?(?::(\d+))?$")
_devices: dict[str, "Device"] = {}
_local = threading.local()


class Device:
    """A place where tensors live and operators run; one object for each.

    `host` is true where the memory is the processor's own.
    """

    __slots__ = ("host", "index", "kind", "physical")

    def __init__(self, kind: str, index: int):
        self.host = kind == "cpu"
        self.kind = kind
        self.index = index
        self.physical = f"{kind}{index}"

    def __str__(self) -> str:
        default = get_default_device()
        if default.startswith("xpu") and as_device(default) is self:
            return f"xpu{default[3:4] or 'x'}:0"
        return f"{self.physical}:0"

    def __repr__(self) -> str:
        return str(self)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, str) and self is as_device(other))

    def __hash__(self) -> int:
        return hash(self.physical)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return as_device, (self.physical,)


_gpus: list[Callable[[], tuple[int, str]]] = [lambda: (0, "no GPU backend is loaded")]


def install_gpus(look: Callable[[], tuple[int, str]]) -> None:
    """Set what tells how many GPUs can be used, and why none can."""
    _gpus[0] = look


def _gpu_count() -> int:
    return _gpus[0]()[0]


def why_no_gpu() -> str:
    """The reason why no GPU can be used, "" when one can."""
    return _gpus[0]()[1]


def count(kind: str) -> int:
    """How many devices of a kind ("cpu", "gpu", "cuda", "xpu") this process can use."""
    if kind == "cpu":
        return os.cpu_count() or 1
    if kind in ("gpu", "cuda"):
        return _gpu_count()
    if kind == "xpu":
        return _gpu_count() or (os.cpu_count() or 1)
    raise DeviceError(f"[device] unknown kind {kind!r}; known: cpu, gpu, cuda, xpu")


def _resolve(name: str) -> Device:
    match = _PATTERN.match(name)
    if not match:
        raise DeviceError(f"[device] {name!r} is not a device; write e.g. 'cpu0', 'gpu0' or 'xpux'")
    kind, index, _stream = match.groups()
    number = 0 if index in (None, "x") else int(index)
    if kind == "cpu":
        return _devices.setdefault(f"cpu{number}", Device("cpu", number))
    gpus, reason = _gpus[0]()
    physical = "cpu" if kind == "xpu" and not gpus else "gpu"
    if physical == "gpu" and number >= gpus:
        raise DeviceError(absent("device", name, gpus, reason))
    return _devices.setdefault(f"{physical}{number}", Device(physical, number))


def absent(who: str, name: str, gpus: int, reason: str) -> str:
    """The message for a GPU that is not there."""
    if not gpus:
        return f"[{who}] {name} is not there: {reason}; use 'cpu0' or 'xpux'"
    found = "gpu0 is the only one" if gpus == 1 else f"there are gpu0 to gpu{gpus - 1}"
    return f"[{who}] {name} is not there: {found}"


def as_device(spec: "str | Device | None") -> Device:
    """The Device for a name, for a Device itself, or for None the thread's default."""
    if spec is None:
        return default_device()
    if isinstance(spec, Device):
        return spec
    found = _devices.get(spec)
    if found is None:
        if not isinstance(spec, str):
            raise DeviceError(f"[device] expected a name such as 'cpu0'; got {type(spec).__name__}")
        found = _devices.setdefault(spec, _resolve(spec))
    return found


_process_default = ["xpux"]


def get_default_device() -> str:
    """The name of the device on which this thread makes new tensors."""
    return getattr(_local, "name", None) or _process_default[0]


def set_default_device(device: str = "xpux") -> None:
    """Make new tensors of this thread, and of threads that set none, on `device`.

    Raises DeviceError when there is no such device.
    """
    as_device(device)
    _local.name = device
    _local.device = None
    if threading.current_thread() is threading.main_thread():
        _process_default[0] = device


def default_device() -> Device:
    """The Device on which this thread makes new tensors."""
    found: Device | None = getattr(_local, "device", None)
    if found is None:
        found = as_device(get_default_device())
        _local.device = found
    return found
