"""What this process's tensors hold now, as a document that a viewer asks the kernel for."""

from typing import Any

from ..base.device import as_device
from ..device import (
    get_allocated_memory,
    get_max_allocated_memory,
    get_mem_status_bytes,
    get_reserved_memory,
)
from ..runtime.watch import live_buffers
from .memory_document import KINDS, Known, kind_of
from .origins import Origins
from .recording import identify

MIME = "application/vnd.tengen+json"
MOST = 2000


class Live:
    """The live memory as a mimebundle; made by `live()`."""

    def __init__(self, document: dict[str, Any]):
        self.document = document

    def __repr__(self) -> str:
        return f"{self.document['used']:,} bytes in {len(self.document['holders'])} groups"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: self.document, "text/plain": repr(self)}


def live(device: str = "cpu0") -> Live:
    """Which tensors hold a device's memory: equal ones of one origin and shape count together."""
    place = as_device(device)
    owners = [
        owner for owner in live_buffers() if owner.home is place or (place.host and owner.home.host)
    ]
    numbers = {id(owner): number for number, owner in enumerate(owners)}
    known = Known()
    identify(lambda buffer: numbers.get(id(buffer)), known)
    origins = Origins()
    groups: dict[tuple[str, str, int, int], list[int]] = {}
    for number, owner in enumerate(owners):
        kind = known.kinds.get(number)
        if kind is None:
            kind = kind_of(owner.tag.op if owner.tag else "data", False)
        origin = origins.number(owner.tag, known.modules.get(number, ""))
        shape = f"{owner.type.dtype.name}{tuple(owner.type.shape)}"
        held = groups.setdefault((known.names.get(number, ""), shape, kind, origin), [0, 0])
        held[0] += owner.nbytes
        held[1] += 1
    ranked = sorted(groups.items(), key=lambda item: -item[1][0])[:MOST]
    return Live(
        {
            "version": 1,
            "device": place.physical,
            "used": get_allocated_memory(device),
            "peak": get_max_allocated_memory(device),
            "reserved": get_reserved_memory(device),
            "capacity": get_mem_status_bytes(device)[0],
            "origins": origins.items,
            "holders": [
                {
                    "tensor": tensor,
                    "shape": shape,
                    "kind": KINDS[kind],
                    "origin": origin,
                    "bytes": nbytes,
                    "blocks": blocks,
                }
                for (tensor, shape, kind, origin), (nbytes, blocks) in ranked
            ],
        }
    )
