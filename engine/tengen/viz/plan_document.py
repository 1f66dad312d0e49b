"""The memory document of a program: its plan, known without running it.

Its form is that of a watched run; a time is the number of a step.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph.lifetimes import aligned
from ..runtime import memory as accounts
from ..runtime.executor import Program
from ..runtime.steps import Kind, Storage
from ..tensor import Parameter, Tensor
from .memory_document import (
    DATA,
    GRADIENT,
    KINDS,
    OPTIMIZER,
    PARAMETER,
    WORKSPACE,
    Known,
    column,
    kind_of,
    per_sample,
    summary,
)
from .origins import Origins, Table


def plan_document(
    program: Program,
    name: str,
    sources: Sequence[Tensor | None] = (),
    *,
    kind: str = "static",
    batch: int | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """Who holds which bytes from which step to which, as the program has planned it.

    `sources[i]` is the tensor that input i comes from, if it is known; `facts` are further fields
    of the document, such as `budget` and `ms`.
    """
    stop = max(len(program.steps), 1)
    elsewhere = (Kind.LOOSE, Kind.AWAY)
    blocks = [s for s in program.lowered.storages if s.nbytes and s.kind not in elsewhere]
    known = _known(program, blocks, sources)
    origins, shapes, tensors = Origins(), Table(), Table()
    origin, shape, label, kinds, growth = [], [], [], [], []
    weights = {s.type.shape for i, s in enumerate(blocks) if known.kinds.get(i) == PARAMETER}
    for index, storage in enumerate(blocks):
        tag, type_ = storage.tag, storage.type
        found = known.kinds.get(index)
        if found is None:
            op = "data" if storage.kind in (Kind.INPUT, Kind.CONSTANT) or tag is None else tag.op
            found = kind_of(op, storage.scratch)
        of_weight = found == GRADIENT and type_.shape in weights
        kinds.append(found)
        origin.append(origins.number(tag, known.modules.get(index, "")))
        shape.append(shapes.number(f"{type_.dtype.name}{tuple(type_.shape)}"))
        label.append(tensors.number(known.names.get(index, "")))
        growth.append(0 if of_weight else per_sample(type_.shape, storage.nbytes, found, batch))
    columns = {
        "bytes": np.array([s.nbytes for s in blocks], np.int64),
        "address": np.array(_addresses(program, blocks), np.int64),
        "birth": np.array([s.birth if s.kind is Kind.PLANNED else 0 for s in blocks], np.int64),
        "death": np.array([s.death if s.kind is Kind.PLANNED else stop for s in blocks], np.int64),
        "kind": np.array(kinds, np.int64),
        "origin": np.array(origin, np.int64),
        "tensor": np.array(label, np.int64),
        "shape": np.array(shape, np.int64),
    }
    if batch:
        columns["per_sample"] = np.array(growth, np.int64)
    made_by = [origins.number(step.node.tag) for step in program.steps]
    return {
        "version": 1,
        "name": name,
        "kind": kind,
        "device": "cpu0",
        "capacity": accounts.capacity(),
        "batch": batch,
        "measured": False,
        **facts,
        "unit": "node",
        "start": 0,
        "stop": stop,
        "peak": _peak(columns, stop, origins),
        "kinds": list(KINDS),
        "origins": origins.items,
        "tensors": tensors.items,
        "shapes": shapes.items,
        "blocks": {
            "count": len(blocks),
            **{name: column(values) for name, values in columns.items()},
        },
        "steps": {
            "count": len(made_by),
            "time": column(np.arange(len(made_by))),
            "origin": column(np.array(made_by, np.int64)),
        },
        "marks": _marks(program),
    }


def _known(program: Program, blocks: list[Storage], sources: Sequence[Tensor | None]) -> Known:
    """Kinds and names of the inputs: parameters, what an optimizer keeps for them, the rest."""
    known = Known()
    numbers = {id(s): index for index, s in enumerate(blocks)}
    for storage in blocks:
        if storage.kind not in (Kind.INPUT, Kind.KEPT):
            continue
        source = sources[storage.index] if 0 <= storage.index < len(sources) else None
        index = numbers[id(storage)]
        if storage.kind is Kind.KEPT:
            known.kinds[index] = WORKSPACE
            continue
        known.kinds[index] = PARAMETER if isinstance(source, Parameter) else DATA
        if source is not None and source.name:
            known.names[index] = source.name
            known.modules[index] = source.name.rpartition(".")[0]
    for step in program.steps:
        for _, target in step.node.op.overwrites(step.node.attrs):
            at = numbers.get(id(step.outs[target].storage))
            if at is not None and known.kinds.get(at) == DATA:
                known.kinds[at] = OPTIMIZER
    return known


def _addresses(program: Program, blocks: list[Storage]) -> list[int]:
    """Each block's place: planned ones from the arena's start, all others above it."""
    planned = {id(s): at for s, at in zip(program.planned, program.plan.offsets, strict=True)}
    top = program.plan.size
    found = []
    for storage in blocks:
        at = planned.get(id(storage))
        if at is None:
            at, top = top, top + aligned(storage.nbytes)
        found.append(at)
    return found


def _marks(program: Program) -> list[dict[str, Any]]:
    """Where forward, backward and the optimizer's updates begin."""
    found: dict[str, int] = {"forward": 0}
    for number, step in enumerate(program.steps):
        tag = step.node.tag
        if tag is not None and tag.op.startswith("gradient"):
            found.setdefault("backward", number)
        if step.node.op.overwrites(step.node.attrs):
            found.setdefault("optimizer", number)
    if len(found) == 1:
        return []
    return [{"time": time, "name": name} for name, time in found.items()]


def _peak(columns: dict[str, Any], stop: int, origins: Origins) -> dict[str, Any]:
    """The first step of the most bytes, and who holds them."""
    change = np.zeros(stop + 1, np.int64)
    np.add.at(change, columns["birth"], columns["bytes"])
    np.add.at(change, columns["death"], -columns["bytes"])
    held = np.cumsum(change[:stop])
    time = int(np.argmax(held))
    alive = np.flatnonzero((columns["birth"] <= time) & (columns["death"] > time))
    return {
        "bytes": int(held[time]),
        "time": time,
        "holders": summary(alive, columns["bytes"], columns["kind"], columns["origin"], origins),
    }
