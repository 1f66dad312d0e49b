"""Accounts of GPU memory, exact to the byte for what tensors hold, one for each GPU.

The memory itself comes from CuPy's pool. Drops come through the queue of the CPU's accounts and
are booked before anything is read or added.
"""

from typing import Any

from ..base import config as settings
from ..base.device import Device
from ..base.errors import DeviceError, OutOfMemoryError
from ..graph.types import TensorType
from ..kernels.cuda import gpu as gpus
from ..kernels.cuda.gpu import Gpu
from . import memory


class Account:
    """What tensors hold on one GPU."""

    __slots__ = ("capacity", "device", "peak", "peak_reserved", "used")

    def __init__(self, device: Device, capacity: int):
        self.device = device
        self.capacity = capacity
        self.used = 0
        self.peak = 0
        self.peak_reserved = 0

    def limit(self) -> int:
        """The bytes that tensors may hold: the setting, else what the card has."""
        return settings.config.gpu_memory_limit or self.capacity


class Claim:
    """Bytes booked on an account until they are settled."""

    __slots__ = ("account", "nbytes")

    def __init__(self, account: Account, nbytes: int):
        self.account = account
        self.nbytes = nbytes

    def settle(self) -> None:
        """Book that the bytes are free again."""
        self.account.used -= self.nbytes


_accounts: dict[Device, Account] = {}


def gpu_of(device: Device) -> Gpu:
    """The GPU that a device names."""
    return gpus.gpu(device.index)


def account_of(device: Device) -> Account:
    """The account of a GPU."""
    found = _accounts.get(device)
    if found is None:
        if device.host:
            raise DeviceError(f"[memory] {device.physical} is no GPU")
        found = _accounts.setdefault(device, Account(device, gpu_of(device).memory()[1]))
    return found


def in_use() -> list[Device]:
    """The GPUs on which tensors have been made."""
    return list(_accounts)


def claim(device: Device, nbytes: int) -> Claim:
    """Book bytes on a GPU. Raises OutOfMemoryError if its capacity would be passed."""
    account = account_of(device)
    with memory.lock:
        memory.settle()
        if account.used + nbytes > account.limit():
            memory.relieve(nbytes)
            if account.used + nbytes > account.limit():
                raise _shortage(account, nbytes)
        account.used += nbytes
        account.peak = max(account.peak, account.used)
    return Claim(account, nbytes)


def give_way(device: Device, nbytes: int = 1) -> None:
    """Let go of what can be made again, and give the pool's unused memory back to the card."""
    with memory.lock:
        memory.relieve(nbytes)
    gpu_of(device).trim()


def empty(type_: TensorType, shape: tuple[int, ...]) -> tuple[Any, Claim]:
    """An uninitialised array of a booked type, and its claim."""
    place = gpu_of(type_.device)
    held = claim(type_.device, type_.nbytes)
    try:
        return place.empty(shape, type_.dtype), held
    except place.exhausted:
        give_way(type_.device, type_.nbytes)
    try:
        return place.empty(shape, type_.dtype), held
    except place.exhausted as error:
        memory.drop(held)
        raise _shortage(held.account, type_.nbytes) from error


def upload(type_: TensorType, host: Any) -> tuple[Any, Claim]:
    """A booked array with the values of a host array of the same shape and data type."""
    array, held = empty(type_, type_.shape)
    if type_.size:
        gpu_of(type_.device).fill(array, host)
    return array, held


def _shortage(account: Account, nbytes: int) -> OutOfMemoryError:
    text = explain(account.device, f"[memory] {nbytes:,} more bytes do not fit")
    return OutOfMemoryError(text, asked=nbytes, device=account.device.physical)


def explain(device: Device, what: str) -> str:
    """`what` does not fit: with what is in use, and by whom."""
    from .holders import largest_holders

    account = account_of(device)
    lines = [
        f"{what}: {account.used:,} of {account.limit():,} bytes are in use on {device.physical}.",
        "Largest holders:",
        *(f"  {line}" for line in largest_holders(8, account.device)),
        "Try a smaller batch, or drop tensors that are not needed (del).",
    ]
    return "\n".join(lines)


def used_bytes(device: Device) -> int:
    """Bytes held by live tensors now."""
    account = account_of(device)
    with memory.lock:
        memory.settle()
        return account.used


def peak_bytes(device: Device) -> int:
    """The most bytes held at any moment since the last reset."""
    account = account_of(device)
    with memory.lock:
        memory.settle()
        return account.peak


def reserved_bytes(device: Device) -> int:
    """Bytes in use plus those that the pool keeps for reuse."""
    return max(gpu_of(device).reserved(), used_bytes(device))


def peak_reserved_bytes(device: Device) -> int:
    """The most bytes reserved at any moment that was asked, never less than the peak in use."""
    account, now = account_of(device), reserved_bytes(device)
    account.peak_reserved = max(account.peak_reserved, now, account.peak)
    return account.peak_reserved


def reset_peak(device: Device) -> None:
    """Start the peaks anew from what is held now."""
    account = account_of(device)
    with memory.lock:
        memory.settle()
        account.peak = account.used
        account.peak_reserved = 0


def trim() -> None:
    """Give memory that no tensor holds back to every GPU in use."""
    with memory.lock:
        memory.settle()
    for device in list(_accounts):
        gpu_of(device).trim()
