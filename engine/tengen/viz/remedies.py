"""What would fit where a call did not: a smaller batch, the static form, recompute, letting go.

Told by capturing the call at other sizes; nothing is run.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ..base.errors import OutOfMemoryError
from ..compiler.liveness import peak_bytes
from ..device import get_allocated_memory, get_mem_status_bytes
from ..jit.capture import captured
from ..jit.estimate import Estimate, estimate
from ..jit.reachable import reachable
from ..runtime.buffer import OwnedBuffer
from ..tensor import Tensor
from .failed_call import FailedCall, failed_call
from .live import MIME
from .targets import user_names

SLACK = 1.1
"""Room left above a prediction: eager calls hold some values a little longer than they need to."""
MOST_FREED = 3

_last: dict[int, tuple[FailedCall, str]] = {}


@dataclass(frozen=True)
class Advice:
    """Ways to make a call fit, as a document; printed as text."""

    document: dict[str, Any] | None

    def __repr__(self) -> str:
        return _text(self.document)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: self.document, "text/plain": repr(self)}


def remember(document: dict[str, Any], trace: TracebackType) -> None:
    """Keep the call that a traceback shows, for advice; only that of the latest error is kept."""
    _last.clear()
    found = failed_call(trace)
    if found is not None:
        _last[document["number"]] = found, document["device"]


def advice(error: OutOfMemoryError | int | None = None) -> Advice:
    """What would fit where memory ran out: smaller batches and other forms of the call.

    Each way comes with the bytes that it is predicted to hold and the code that makes it so.
    `error` is one that was caught; without it the last one that a notebook has shown. A number
    asks for one by its document's; one that another has followed is not known any more.
    """
    known = max(_last, default=None) if error is None else error
    if isinstance(known, OutOfMemoryError):
        if known.document is None or known.__traceback__ is None:
            return Advice(None)
        remember(known.document, known.__traceback__)
        known = known.document["number"]
    if known is None or known not in _last:
        return Advice(None)
    call, device = _last[known]
    capacity = get_mem_status_bytes(device)[0]
    made: dict[str, Any] = {
        "version": 1,
        "number": known,
        "target": call.name,
        "batch": call.batch,
        "bytes": None,
        "others": max(get_allocated_memory(device) - call.given_bytes, 0),
        "capacity": capacity,
        "ways": [],
        "reason": "",
    }
    try:
        needs = _Needs(call)
    except Exception as error:
        # A capture runs the user's code; whatever it raises, there is no prediction then.
        made["reason"] = str(error).partition("\n")[0]
        made["ways"] = _freeing(call, device)
        return Advice(made)
    others = made["others"] = max(get_allocated_memory(device) - call.given_bytes - needs.own, 0)
    made["bytes"] = others + needs.dynamic(call.batch)
    room = capacity - others
    found = [_smaller(call, needs, others, room), *_static(call, others, room)]
    ways = [*found, *_freeing(call, device)]
    made["ways"] = [way for way in ways if way is not None]
    return Advice(made)


class _Needs:
    """Bytes that the call needs at a batch, from its captured graph."""

    def __init__(self, call: FailedCall):
        self._call = call
        self._known: dict[int | None, int] = {}
        self.own = 0
        self.dynamic(call.batch)

    def dynamic(self, batch: int | None) -> int:
        """The most bytes that a dynamic call holds, inputs and parameters included."""
        if batch not in self._known:
            found = captured(self._call.target, *self._call.at(batch))
            held = sum(var.type.nbytes for var in found.graph.inputs)
            self._known[batch] = held + peak_bytes(found.graph, in_place=False)
            buffers = [getattr(s, "_buffer", None) for s in found.sources]
            owners = {id(b.root): b.root for b in buffers if b is not None}
            self.own = sum(o.nbytes for o in owners.values() if isinstance(o, OwnedBuffer))
        return self._known[batch]

    def largest(self, most: int, room: int) -> int:
        """The largest batch below `most` that fits, 0 if none does; needs grow evenly with it."""
        least = self.dynamic(1)
        if least * SLACK > room:
            return 0
        growth = (self.dynamic(most) - least) / max(most - 1, 1)
        guess = 1 + int((room / SLACK - least) / growth) if growth > 0 else most
        low, high = 1, min(most, max(guess * 21 // 20, 2))
        for size in (guess, guess * 9 // 10):
            if low < size < high:
                low, high = (size, high) if self._fits(size, room) else (low, size)
        while high - low > max(most // 128, 1):
            size = (low + high) // 2
            low, high = (size, high) if self._fits(size, room) else (low, size)
        return low

    def _fits(self, batch: int, room: int) -> bool:
        return self.dynamic(batch) * SLACK <= room


def _smaller(call: FailedCall, needs: _Needs, others: int, room: int) -> dict[str, Any] | None:
    if call.batch is None or call.batch < 2:
        return None
    # The large samples may stay, as a smaller one that is cut from them keeps their memory.
    others, room = others + call.given_bytes, room - call.given_bytes
    size = needs.largest(call.batch, room)
    if not size:
        total = others + needs.dynamic(1)
        return {"kind": "batch", "fits": False, "batch": 1, "bytes": total, "above": True}
    return {
        "kind": "batch",
        "fits": True,
        "batch": size,
        "bytes": others + needs.dynamic(size),
        "code": _batch_code(call, size),
        "above": True,
    }


def _batch_code(call: FailedCall, size: int) -> str:
    """Code that makes the batch smaller: the user's own setting if it is found, else slices."""
    names = user_names()
    for name, value in names.items():
        if type(value) is int and value == call.batch and re.search("batch|bs$", name, re.I):
            return f"{name} = {size}"
    tensors = [
        name
        for name, sample in zip(call.names, call.samples, strict=True)
        if name and isinstance(sample, Tensor) and sample.ndim
    ]
    if not tensors:
        return ""
    cut = ", ".join(f"{name}[:{size}]" for name in tensors)
    return f"{', '.join(tensors)} = {cut}"


def _static(call: FailedCall, others: int, room: int) -> list[dict[str, Any]]:
    """The call made static as it is, and with results computed again so that it fits."""
    plain = estimate(call.target, *call.samples)
    alias = _alias()
    free = room - plain.held_bytes
    ways = [_way("static", plain, plain, others, room, _traced(call, alias, None))]
    if not ways[0]["fits"] and free > 0:
        budget = int(free / SLACK)
        tight = estimate(call.target, *call.samples, memory_budget=budget)
        ways.append(_way("recompute", tight, plain, others, room, _traced(call, alias, budget)))
    return ways


def _way(
    kind: str, found: Estimate, plain: Estimate, others: int, room: int, code: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "fits": found.total_bytes <= room,
        "bytes": others + found.total_bytes,
        "seconds": found.seconds - plain.seconds if found is not plain else None,
        "code": code if found.total_bytes <= room else "",
        "above": True,
    }


def _traced(call: FailedCall, alias: str, budget: int | None) -> str:
    """Code that binds the static form to the function's name; a module has none of this kind."""
    if not callable(user_names().get(call.name)) or hasattr(call.target, "parameters"):
        return ""
    under = "" if budget is None else f", memory_budget={budget}"
    return f"{call.name} = {alias}.jit.trace({call.name}{under})"


def _alias() -> str:
    """What the user calls the framework."""
    for name, value in user_names().items():
        if getattr(value, "__name__", "") == "tengen" and hasattr(value, "jit"):
            return name
    return "tengen"


def _freeing(call: FailedCall, device: str) -> list[dict[str, Any]]:
    """The largest values among the user's names that the call does without."""
    used = {id(t) for t in _tensors(call.target)}
    sizes: list[tuple[int, str]] = []
    for name, value in list(user_names().items()):
        if name.startswith("_") or name in call.names or not _holds(value):
            continue
        owners = {
            id(t._buffer.root): t._buffer.root
            for t in _tensors(value)
            if id(t) not in used and t._buffer is not None and t.device == device
        }
        held = sum(o.nbytes for o in owners.values())
        if held >= 1 << 20:
            sizes.append((held, name))
    sizes.sort(reverse=True)
    return [
        {"kind": "free", "fits": True, "bytes": held, "name": name, "code": f"del {name}",
         "above": True}
        for held, name in sizes[:MOST_FREED]
    ]  # fmt: skip


def _holds(value: Any) -> bool:
    return isinstance(value, (Tensor, list, tuple, dict, set)) or hasattr(value, "parameters")


def _tensors(value: Any) -> list[Tensor]:
    found = reachable(value)
    return [*found.tensors, *(p for m in found.modules for p in m.parameters())]


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "batch": lambda way: f"a batch of {way['batch']}",
    "static": lambda way: "the same batch, made static",
    "recompute": lambda way: "the same batch, static, with results computed again",
    "free": lambda way: f"letting go of {way['name']}",
}


def _text(document: dict[str, Any] | None) -> str:
    if document is None:
        return "No call is known that memory ran out in; run it again and ask after its error."
    batch = f" with a batch of {document['batch']}" if document["batch"] else ""
    lines = [f"{document['target']}{batch}, within {document['capacity']:,} bytes:"]
    if document["reason"]:
        lines.append(f"  nothing can be predicted: {document['reason']}")
    for way in document["ways"]:
        words, size = _WORDS[way["kind"]](way), f"{way['bytes']:,} bytes"
        if way["kind"] == "free":
            lines.append(f"  {words} frees {size}")
        else:
            fits = "fits" if way["fits"] else "does not fit"
            lines.append(f"  {words}: {size}, {fits}")
        if way.get("code"):
            lines.append(f"      {way['code']}")
    return "\n".join(lines)
