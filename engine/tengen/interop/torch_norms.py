"""Holds the vectors of an imported batch norm as our operators take them, (1, C, 1, 1).

As in our own layers they stay vectors in the state; the program then needs no reshape of them and
compiles to the graph of the same model written here.
"""

import collections
from typing import Any

from .imported import Body, Part
from .program import Slot, slots_in

_BATCH_NORMS = (
    "_native_batch_norm_legit_functional.default", "_native_batch_norm_legit_no_training.default",
)  # fmt: skip


def hold_wide(root: Part, bodies: list[Body], ranks: list[dict[int, int]]) -> None:
    """Reshape what batch norms alone read, part by part; `ranks` has each body's slots' axes.

    A part that holds other arrays as well, or shares them, stays as it is.
    """
    arrays = [t for part in root.modules() for t in vars(part).values() if _is_array(t)]
    holders = collections.Counter(map(id, arrays))
    found: dict[int, int] = {}
    parts: dict[int, Part] = {}
    for body, axes in zip(bodies, ranks, strict=True):
        uses = _uses(body, axes)
        for slot, held in body.held.items():
            if held.tensor.ndim:
                rank = uses.get(slot, 0) if holders[id(held.tensor)] == 1 else 0
                same = found.setdefault(id(held.owner), rank)
                found[id(held.owner)] = rank if rank == same else 0
                parts[id(held.owner)] = held.owner
    for number, rank in found.items():
        part = parts[number]
        own = [(name, t) for name, t in vars(part).items() if _is_array(t)]
        if rank > 2 and all(t.ndim == 1 for _, t in own):
            part.state_as_vectors = True
            for name, tensor in own:
                wide = tensor.numpy().reshape(1, -1, *[1] * (rank - 2))
                setattr(part, name, type(tensor)(wide, dtype=tensor.dtype))


def _is_array(value: Any) -> bool:
    return hasattr(value, "_buffer") and value.ndim > 0


def _uses(body: Body, axes: dict[int, int]) -> dict[int, int]:
    """The axes of what is normalised, for the slots that batch norms alone read; 0 for others."""
    found: dict[int, int] = dict.fromkeys(slots_in(getattr(body.result, "template", ())), 0)
    for call in body.program.calls:
        data = call.args[0] if call.args else None
        norm = call.name in _BATCH_NORMS and isinstance(data, Slot)
        for place, argument in enumerate((*call.args, call.kwargs)):
            for slot in slots_in(argument):
                rank = axes.get(data.index, 0) if norm and 1 <= place <= 4 else 0  # type: ignore[union-attr]
                same = found.setdefault(slot, rank)
                found[slot] = rank if rank == same else 0
    return found
