"""Who holds memory: live buffers with their operator, module path and source line."""

import gc
import linecache
from dataclasses import dataclass

from ..base.device import Device
from ..graph.state import scope_path
from .buffer import Buffer, OwnedBuffer, Tag


@dataclass(frozen=True)
class Holder:
    """One live block: bytes, and what is known of where it came from."""

    tensor: str
    op: str
    module: str
    source: str
    nbytes: int
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        where = f" in {self.module}" if self.module else ""
        line = f" at {self.source}" if self.source else ""
        name = f"{self.tensor}: " if self.tensor else ""
        return f"{self.nbytes:>14,} bytes  {name}{self.op} {self.dtype}{self.shape}{where}{line}"


def _source(tag: Tag) -> str:
    if tag.code is None:
        return ""
    text = linecache.getline(tag.code.co_filename, tag.line).strip()
    place = f"{tag.code.co_filename}:{tag.line}"
    return f"{place}: {text}" if text else place


def live_blocks(device: Device | None = None) -> list[Holder]:
    """Every live block on a device (the CPU if none is given), the largest first."""
    owners: list[OwnedBuffer] = []
    names: dict[int, str] = {}
    for item in gc.get_objects():
        kind = type(item)
        if kind is OwnedBuffer:
            place = item.home
            if place is device or (device is None and place.host):
                owners.append(item)
        elif kind.__name__ in ("Tensor", "Parameter") and hasattr(item, "_buffer"):
            held = getattr(item, "_buffer", None)
            if isinstance(held, Buffer) and item.name:
                names[id(held.owner or held)] = item.name
    found = []
    for owner in owners:
        tag = owner.tag
        found.append(
            Holder(
                names.get(id(owner), ""),
                tag.op if tag else "data",
                scope_path(tag.scope) if tag else "",
                _source(tag) if tag else "",
                owner.nbytes,
                owner.type.shape,
                owner.type.dtype.name,
            )
        )
    found.sort(key=lambda holder: -holder.nbytes)
    return found


def largest_holders(count: int, device: Device | None = None) -> list[str]:
    """The largest holders, one printed line each; blocks of one origin and shape count together."""
    groups: dict[str, list[Holder]] = {}
    for holder in live_blocks(device):
        groups.setdefault(str(holder), []).append(holder)
    ranked = sorted(groups.items(), key=lambda item: -sum(h.nbytes for h in item[1]))
    lines = []
    for text, holders in ranked[:count]:
        total = sum(h.nbytes for h in holders)
        lines.append(text if len(holders) == 1 else f"{text} ({len(holders)} blocks, {total:,})")
    return lines
