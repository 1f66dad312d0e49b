"""The memory document of a watched run: who held which bytes, from when to when.

Its form is the contract with the viewers; a time is the number of an event (a block made or
dropped), so that the peak is exact.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..runtime.watch import Watch
from .origins import Origins, Table

KINDS = ("parameter", "gradient", "activation", "optimizer", "workspace", "data")
PARAMETER, GRADIENT, ACTIVATION, OPTIMIZER, WORKSPACE, DATA = range(6)
MOST_HOLDERS = 40


@dataclass
class Known:
    """What the interface knows of blocks by number: kind, the tensor's name, whose it is."""

    kinds: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    modules: dict[int, str] = field(default_factory=dict)


def column(values: Any) -> dict[str, str]:
    """Whole numbers as a column of the narrowest type that holds them."""
    array = np.asarray(values)
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    for kind, dtype in (("u8", "<u1"), ("u16", "<u2"), ("u32", "<u4")):
        if low >= 0 and high <= np.iinfo(dtype).max:
            return {"type": kind, "data": _base64(array.astype(dtype))}
    return {"type": "f64", "data": _base64(array.astype("<f8"))}


def _base64(array: Any) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def document(
    watch: Watch, known: Known, marks: list[tuple[int, str]], **facts: Any
) -> dict[str, Any]:
    """The memory document of a watch; `facts` are fields that the watch does not know.

    `marks` are (number of events seen, name of the moment).
    """
    count, events = len(watch.blocks), len(watch.events)
    seen = np.array(watch.events, np.int64)
    made = seen >= 0
    number = np.where(made, seen, ~seen)
    when = np.arange(1, events + 1)
    birth = np.zeros(count, np.int64)
    death = np.full(count, events + 1, np.int64)
    birth[number[made]] = when[made]
    death[number[~made]] = when[~made]
    size = np.array([block[1] for block in watch.blocks], np.int64)
    origins, shapes, tensors = Origins(), Table(), Table()
    made_by = [
        origins.number(block[2], known.modules.get(index, ""))
        for index, block in enumerate(watch.blocks)
    ]
    origin = np.array(made_by, np.int64)
    scratch = _within_call(watch, death)
    batch = facts.get("batch")
    kind, shape, name, growth = [], [], [], []
    for index, (type_, nbytes, tag, _) in enumerate(watch.blocks):
        found = known.kinds.get(index)
        if found is None:
            found = kind_of(tag.op if tag else "data", index in scratch)
        kind.append(found)
        shape.append(shapes.number(f"{type_.dtype.name}{tuple(type_.shape)}"))
        name.append(tensors.number(known.names.get(index, "")))
        # what was there before the call and is no input of it stays, whatever the batch
        stays = index < watch.before and known.kinds.get(index) != DATA
        growth.append(0 if stays else per_sample(type_.shape, nbytes, found, batch))
    kinds = np.array(kind, np.int64)
    blocks = {
        "count": count,
        "bytes": column(size),
        "address": column(_addresses(watch, seen)),
        "birth": column(birth),
        "death": column(death),
        "kind": column(kinds),
        "origin": column(origin),
        "tensor": column(name),
        "shape": column(shape),
    }
    if batch:
        blocks["per_sample"] = column(_without_parameter_gradients(watch, known, growth, kinds))
    order = np.flatnonzero(np.concatenate(([True], np.diff(origin[watch.before :]) != 0)))
    begun = order[: max(count - watch.before, 0)] + watch.before
    return {
        "version": 1,
        **facts,
        "unit": "event",
        "start": 0,
        "stop": events + 1,
        "peak": _peak(seen, size, watch.before, kinds, origin, origins),
        "kinds": list(KINDS),
        "origins": origins.items,
        "tensors": tensors.items,
        "shapes": shapes.items,
        "blocks": blocks,
        "steps": {
            "count": len(begun),
            "time": column(birth[begun]),
            "origin": column(origin[begun]),
            "ns": column(np.array(watch.clock, np.int64)[birth[begun] - 1]),
        },
        "marks": [{"time": min(at + 1, events), "name": name} for at, name in marks],
    }


def kind_of(op: str, scratch: bool) -> int:
    """The kind of a block that nothing but its operator tells of."""
    if scratch:
        return WORKSPACE
    if op.startswith("gradient"):
        return GRADIENT
    return DATA if op == "data" else ACTIVATION


def _within_call(watch: Watch, death: Any) -> set[int]:
    """The blocks that went before the next call made one: converted inputs and scratch memory."""
    found: set[int] = set()
    tags = [block[2] for block in watch.blocks]
    made = [(when + 1, number) for when, number in enumerate(watch.events) if number >= 0]
    start = 0
    while start < len(made):
        tag = tags[made[start][1]]
        stop = start + 1
        while stop < len(made) and tags[made[stop][1]] is tag:
            stop += 1
        if stop < len(made) and tag is not None and tag.op != "data":
            after = made[stop][0]
            found.update(number for _, number in made[start:stop] if death[number] < after)
        start = stop
    return found


def per_sample(shape: Any, nbytes: int, kind: int, batch: int | None) -> int:
    """The bytes that one more sample adds, judged by the first axis."""
    if not batch or kind in (PARAMETER, OPTIMIZER) or not shape or shape[0] % batch:
        return 0
    return nbytes // batch


def _without_parameter_gradients(watch: Watch, known: Known, growth: Any, kinds: Any) -> Any:
    """Growth by the sample, less that of gradients in a parameter's shape, which have none."""
    shapes = {watch.blocks[n][0].shape for n, kind in known.kinds.items() if kind == PARAMETER}
    return [
        0 if kind == GRADIENT and block[0].shape in shapes else bytes_
        for block, kind, bytes_ in zip(watch.blocks, kinds, growth, strict=True)
    ]


def _addresses(watch: Watch, seen: Any) -> Any:
    """Each block's place: its own in the arena; small ones, which lie elsewhere, above it."""
    bases: dict[int, int] = {}
    mapped = top = 0
    address = np.zeros(len(watch.blocks), np.int64)
    small = []
    for index, (_, nbytes, _, block) in enumerate(watch.blocks):
        if block is None:
            small.append(index)
            continue
        segment = block.segment
        if id(segment) not in bases:
            bases[id(segment)] = mapped
            mapped += segment.size
        address[index] = bases[id(segment)] + block.offset
        top = max(top, int(address[index]) + nbytes)
    top = -(-top // 4096) * 4096
    free: dict[int, list[int]] = {}
    loose = set(small)
    for event in [*range(watch.before), *seen.tolist()]:
        number = event if event >= 0 else ~event
        if number not in loose:
            continue
        size = -(-watch.blocks[number][1] // 64) * 64
        places = free.setdefault(size, [])
        if event < 0:
            places.append(int(address[number]))
        elif places:
            address[number] = places.pop()
        else:
            address[number] = top
            top += size
    return address


def _peak(
    seen: Any, size: Any, before: int, kinds: Any, origin: Any, origins: Origins
) -> dict[str, Any]:
    """The first moment of the most bytes, and who held them."""
    number = np.where(seen >= 0, seen, ~seen)
    held = np.concatenate(([size[:before].sum()], np.where(seen >= 0, 1, -1) * size[number]))
    used = np.cumsum(held)
    time = int(np.argmax(used))
    alive = np.zeros(len(size), bool)
    alive[:before] = True
    alive[number[:time][seen[:time] >= 0]] = True
    alive[number[:time][seen[:time] < 0]] = False
    return {
        "bytes": int(used[time]),
        "time": time,
        "holders": summary(np.flatnonzero(alive), size, kinds, origin, origins),
    }


def summary(
    alive: Any, size: Any, kinds: Any, origin: Any, origins: Origins
) -> list[dict[str, Any]]:
    """Blocks that are held together, by module and kind, the largest first."""
    groups: dict[tuple[str, int], list[int]] = {}
    for index in alive:
        module = origins.items[origin[index]].get("module", "")
        held_by = groups.setdefault((module, int(kinds[index])), [0, 0])
        held_by[0] += int(size[index])
        held_by[1] += 1
    ranked = sorted(groups.items(), key=lambda item: -item[1][0])[:MOST_HOLDERS]
    return [
        {"module": module, "kind": KINDS[kind], "bytes": total, "blocks": blocks}
        for (module, kind), (total, blocks) in ranked
    ]
