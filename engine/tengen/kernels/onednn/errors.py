"""What oneDNN's calls raise.

OneDnnError (DeviceError)
|-- Unavailable       the library cannot be loaded here; `library.why_not()` says why
`-- Unsupported       no implementation for these shapes, types or forms: use another kernel
"""

from ...base.errors import DeviceError

_STATUS = {
    1: "out of memory",
    2: "invalid arguments",
    3: "unimplemented",
    4: "no further implementation",
    5: "runtime error",
    6: "not required",
}


class OneDnnError(DeviceError):
    """A oneDNN call that failed."""


class Unavailable(OneDnnError):
    """oneDNN cannot be loaded on this machine."""


class Unsupported(OneDnnError):
    """oneDNN has no implementation of what was asked; another backend has to serve."""


def check(status: int, what: str) -> None:
    """Raise unless `status` is success; `what` names the call and its arguments."""
    if status:
        kind = Unsupported if status in (3, 4) else OneDnnError
        raise kind(f"[{what}] oneDNN answered: {_STATUS.get(status, f'status {status}')}")
