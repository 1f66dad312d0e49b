"""Lowering: a graph of logical values becomes steps on storages, with a kernel for each call.

Layouts are chosen here as the eager engine chooses them, call by call, and every conversion is a
step of its own, done once for each value and layout. Views cost nothing; results go in the
memory of inputs that nobody reads any more where the kernel allows it. What depends on stable
inputs alone, such as a weight in the layout of its convolution, is computed by steps of its own
that come first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base import config as settings
from ..base.errors import ArgumentError
from ..graph.graph import Graph
from ..graph.node import Node, Var
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import library
from .buffer import Buffer
from .choice import choose
from .crossing import Travels
from .gpu_memory import gpu_of
from .on_gpu import first_rows
from .plan import copy_between
from .steps import Ghosts, Kind, Place, Step, Storage

MOST_CHOICES = 20_000

SMALL = 4096
"""Bytes that a steady result may always have; a larger one at most twice those it is made from."""


@dataclass(slots=True)
class Lowered:
    """The steps in order, every storage, and where each value and each output of the graph lies.

    The first `steady` steps need to run only when a stable input has changed. `wanted[i]` tells in
    which layouts kernels asked for input i and did not get it.
    """

    steps: list[Step]
    storages: list[Storage]
    inputs: list[Storage]
    outputs: list[Place | None]
    places: dict[Var, Place]
    wanted: dict[int, list[Any]]
    steady: int


def lower(
    graph: Graph,
    forms: Sequence[TensorType],
    donated: frozenset[int] = frozenset(),
    stable: frozenset[int] = frozenset(),
) -> Lowered:
    """Steps for `graph` on inputs of the physical types `forms`.

    Inputs numbered in `donated` may be overwritten; those in `stable` are expected to be the same
    in most runs. Raises ArgumentError where the forms are not those of the graph's inputs, or a
    value of unknown shape is read.
    """
    return _Lowering(graph, forms, donated, stable - donated).lowered()


class _Lowering:
    def __init__(
        self,
        graph: Graph,
        forms: Sequence[TensorType],
        donated: frozenset[int],
        stable: frozenset[int],
    ):
        if [f.logical for f in forms] != [v.type for v in graph.inputs]:
            given = ", ".join(map(str, forms))
            raise ArgumentError(
                f"[program] the graph takes {', '.join(str(v.type) for v in graph.inputs)};"
                f" the forms are {given}"
            )
        self.graph = graph
        self.donated = donated
        self.steps: list[Step] = []
        self.storages: list[Storage] = []
        self.places: dict[Var, Place] = {}
        self.converted: dict[tuple[Var, Any], Place] = {}
        self.wanted: dict[int, list[Any]] = {}
        self.copied: dict[Var, Place] = {}
        self.ghosts = Ghosts()
        self.steady = False
        self.given = {v for v in graph.outputs if v is not None}
        self.travels = Travels(self)
        self.last: dict[Var, int] = {}
        for number, node in enumerate(graph.nodes):
            for var in node.inputs:
                if var is not None:
                    self.last[var] = number
        self.inputs = [
            self._own(
                var, self._storage(Kind.INPUT, form, index=index, steady=index in stable)
            ).storage
            for index, (var, form) in enumerate(zip(graph.inputs, forms, strict=True))
        ]
        for var, buffer in graph.constants.items():
            self._own(var, self._storage(Kind.CONSTANT, buffer.type, buffer=buffer, steady=True))

    def lowered(self) -> Lowered:
        """Lower every node, then settle the outputs and the lifetimes."""
        for number, node in enumerate(self.graph.nodes):
            self._node(number, node)
        self.travels.land_all()
        outputs = [None if v is None else self._output(v) for v in self.graph.outputs]
        steady = self._steady_first()
        self._lifetimes(outputs)
        return Lowered(
            self.steps, self.storages, self.inputs, outputs, self.places, self.wanted, steady
        )

    def _storage(self, kind: Kind, type_: TensorType, **fields: Any) -> Storage:
        made = Storage(kind, type_, **fields)
        self.storages.append(made)
        return made

    def _own(self, var: Var, storage: Storage) -> Place:
        """The place of a value that has a storage to itself."""
        place = self.places[var] = Place(storage, storage.type)
        storage.values.append(var)
        return place

    def _node(self, number: int, node: Node) -> None:
        op, attrs = node.op, node.attrs
        ins = tuple([None if v is None else self.places[v] for v in node.inputs])
        self.travels.land(ins)
        forms = tuple([None if p is None else p.type for p in ins])
        logical = tuple([None if v is None else v.type for v in node.inputs])
        if any(t is not None and not t.known for t in logical):
            raise ArgumentError(
                f"[program] {op.name} reads a value whose shape only running tells: {logical};"
                " the segment must end before it"
            )
        if len({t.device for t in (*logical, *node.out_types) if t is not None}) > 1:
            raise ArgumentError(f"[program] {op.name} moves a value to another device: {logical}")
        self.steady = self._is_steady(node, ins)
        if self.travels.takes(node):
            return
        bound = _chosen(op, attrs, forms, logical, node.out_types)
        if bound is not None:
            self._kernel(number, node, bound)
        elif not op.alias or not self._views(node):
            self._text(number, node)
        self.travels.leave(node)
        for var in node.outputs:
            if var in self.given:
                self._keep(var, node)

    def _kernel(self, number: int, node: Node, bound: Bound) -> None:
        """A step for a library kernel."""
        ins = tuple(
            [
                None if v is None else self._in_layout(v, layout, bound.contiguous, node)
                for v, layout in zip(node.inputs, bound.in_layouts, strict=True)
            ]
        )
        pairs: tuple[tuple[int, int], ...] = ()
        if bound.inplace is not None:
            pairs = node.op.overwrites(node.attrs) or (bound.inplace, *bound.further)
        taken = self._taken(number, node, ins, bound.out_types, pairs)
        if len(taken) < len(pairs) and node.op.in_place:
            taken = {}  # one update is in place as a whole; of several each for itself
        outs = self._results(node, node.out_types if bound.counted else bound.out_types, taken)
        if bound.workspace:
            type_ = TensorType.of((bound.workspace,), np.uint8, bound.out_types[0].device)
            scratch = self._storage(Kind.PLANNED, type_, tag=node.tag, scratch=True)
            outs = (*outs, Place(scratch, type_))
        run = _counted_run(bound) if bound.counted else bound.run
        assert run is not None
        step = Step(run, outs, ins, bound.name, node, self.steady, bound.prepare)
        self.steps.append(step)

    def _text(self, number: int, node: Node) -> None:
        """A step for the operator's own text; it works on plain arrays."""
        op = node.op
        ins = tuple(
            [None if v is None else self._in_layout(v, None, False, node) for v in node.inputs]
        )
        device = node.out_types[0].device
        into = op.destination and op.single and None not in ins and device.host
        pairs: Any = ()
        if not into and not op.alias:
            # All results stand apart before the first one is copied to its place.
            anywhere = [(i, j) for j in range(len(node.outputs)) for i in range(len(ins))]
            pairs = [*op.overwrites(node.attrs), *anywhere]
        taken = self._taken(number, node, ins, node.out_types, pairs)
        outs = self._results(node, node.out_types, taken)
        if device.host:
            run, what = _text_run(op, node.attrs, into, np), "numpy"
        else:
            run, what = _text_run(op, node.attrs, into, gpu_of(device).xp), "cupy"
        self.steps.append(Step(run, outs, ins, what, node, self.steady))

    def _views(self, node: Node) -> bool:
        """Places for the results of a view operator; False where it copies instead."""
        (var,) = (v for v in node.inputs if v is not None)
        op, named = node.op, node.op.unpack(node.attrs)
        source = self._in_layout(var, None, False, node)
        places = self.ghosts.views(source, lambda array: op.kernel(np, array, **named))
        if None in places:
            return False
        for out, place in zip(node.outputs, places, strict=True):
            assert place is not None
            self.places[out] = place
            place.storage.values.append(out)
        return True

    def _results(
        self, node: Node, types: tuple[TensorType, ...], taken: dict[int, Place]
    ) -> tuple[Place, ...]:
        """Places for the outputs of a node: those of inputs that they take over, or new ones."""
        outs = []
        for index, (var, type_) in enumerate(zip(node.outputs, types, strict=True)):
            place = taken.get(index)
            if place is None:
                kind = Kind.PLANNED if type_.known else Kind.LOOSE
                made = self._storage(kind, type_, tag=node.tag, steady=self.steady)
                place = self._own(var, made)
            else:
                self.places[var] = place
                place.storage.values = [var]
                place.storage.overwritten = place.storage.kind is Kind.INPUT
            outs.append(place)
        return tuple(outs)

    def _taken(
        self,
        number: int,
        node: Node,
        ins: tuple[Place | None, ...],
        types: tuple[TensorType, ...],
        pairs: Any,
    ) -> dict[int, Place]:
        """Which outputs may lie where an input of this call lies that nobody reads any more."""
        found: dict[int, Place] = {}
        used: set[int] = set()
        if self.steady:
            return found  # its inputs are read in no certain order
        for source, target in pairs:
            place = ins[source]
            if place is None or target in found or source in used:
                continue
            others = [p for p in ins if p is not None and p.storage is place.storage]
            if (
                place.type is types[target]
                and place.whole
                and (len(others) == 1 or node.op.elementwise)
                and all(p.type is place.type and p.whole for p in others)
                and all(p.storage is not place.storage for p in found.values())
                and self._dead(place.storage, number)
            ):
                found[target] = place
                used.add(source)
        return found

    def _dead(self, storage: Storage, number: int) -> bool:
        """Whether node `number` is the last to read a storage, and may write there."""
        if storage.kind is Kind.CONSTANT or storage.steady:
            return False
        if storage.kind is Kind.INPUT and storage.index not in self.donated:
            return False
        return all(
            self.last.get(var, -1) <= number and (var not in self.given or var in self.copied)
            for var in storage.values
        )

    def _in_layout(self, var: Var, layout: Any, contiguous: bool, node: Node) -> Place:
        """Where a value lies in a layout (None: plain, and C-contiguous if asked for)."""
        place = self.places[var]
        if place.type.layout is layout and (place.strides is None or not contiguous):
            return place
        own = place.whole and place.type.shape == place.storage.type.shape
        if place.storage.kind is Kind.INPUT and own and layout is not None:
            self.wanted.setdefault(place.storage.index, []).append(layout)
        found = self.converted.get((var, layout))
        if found is None:
            type_ = place.type.with_layout(layout)
            steady = place.storage.steady
            storage = self._storage(Kind.PLANNED, type_, tag=node.tag, values=[var], steady=steady)
            found = self.converted[var, layout] = Place(storage, type_)
            run = _conversion(place.type, type_)
            self.steps.append(Step(run, (found,), (place,), "layout", node, steady))
        return found

    def _keep(self, var: Var, node: Node) -> None:
        """Copy an output that is a part of something larger, so that it alone is kept, or one that
        shows what a later run may compute anew in the same memory."""
        place = self.places[var]
        if place.storage.kind is not Kind.PLANNED:
            return
        if not place.storage.steady and place.type.nbytes >= place.storage.nbytes:
            return
        storage = self._storage(Kind.PLANNED, place.type, tag=node.tag)
        self.copied[var] = Place(storage, place.type)
        self.steps.append(Step(_copy, (self.copied[var],), (place,), "copy", node))

    def _output(self, var: Var) -> Place:
        place = self.copied.get(var, self.places[var])
        if place.storage.kind is Kind.PLANNED:
            place.storage.kind = Kind.OUTPUT
        return place

    def _is_steady(self, node: Node, ins: tuple[Place | None, ...]) -> bool:
        """Whether a call gives the same in most runs, and its results are worth keeping."""
        given = [p for p in ins if p is not None]
        if not all(p.storage.steady for p in given):
            return False
        if not all(t.known for t in node.out_types) or self.given.intersection(node.outputs):
            return False
        made = sum(t.nbytes for t in node.out_types)
        return made <= max(SMALL, 2 * sum(p.type.nbytes for p in given))

    def _steady_first(self) -> int:
        """Put the steady steps first, keep what they leave for the others; gives their number."""
        steady = [s for s in self.steps if s.steady]
        others = [s for s in self.steps if not s.steady]
        self.steps = [*steady, *others]
        for step in others:
            for place in step.ins:
                if place is None or not place.storage.steady:
                    continue
                if place.storage.kind is Kind.PLANNED:
                    place.storage.kind = Kind.KEPT
        return len(steady)

    def _lifetimes(self, outputs: list[Place | None]) -> None:
        """Give every storage its birth and death, counted in steps."""
        seen: set[int] = set()
        for number, step in enumerate(self.steps):
            for place in (*step.outs, *step.ins):
                if place is None:
                    continue
                storage = place.storage
                if id(storage) not in seen:
                    seen.add(id(storage))
                    storage.birth = number
                storage.death = number + 1
        for place in outputs:
            if place is not None:
                place.storage.death = len(self.steps)
        for storage in self.storages:
            if storage.kind in (Kind.INPUT, Kind.CONSTANT):
                storage.birth, storage.death = 0, len(self.steps)


_choices: dict[tuple[Any, ...], Bound | None] = {}


@settings.on_change
def _forget(name: str) -> None:
    _choices.clear()


def _chosen(op: Any, attrs: tuple[Any, ...], forms: Any, logical: Any, outs: Any) -> Bound | None:
    """The kernel of a call; calls of one signature share it, deep networks have few signatures."""
    key = (op, attrs, forms, library.threads())
    if key not in _choices:
        if len(_choices) >= MOST_CHOICES:
            _choices.clear()
        _choices[key] = choose(op, attrs, forms, logical, outs, deferring=False)
    return _choices[key]


def _text_run(op: Any, attrs: tuple[Any, ...], into: bool, xp: Any) -> Callable[..., None]:
    """`run(outs, ins)` of an operator's own text over `xp`."""
    kernel, named, single = op.kernel, op.unpack(attrs), op.single

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        found = kernel(xp, *ins, **named)
        if single:
            outs[0][...] = found
            return
        for out, array in zip(outs, found, strict=True):
            out[...] = array

    def run_into(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel(xp, *ins, out=outs[0], **named)

    return run_into if into else run


def _counted_run(bound: Bound) -> Callable[..., None]:
    """`run(outs, ins)` of a kernel whose result gets as long as its workspace tells."""
    execute, (type_,) = bound.run, bound.out_types
    assert execute is not None
    place = gpu_of(type_.device)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        whole, (loose, scratch) = place.empty(type_.shape, type_.dtype), outs
        execute((whole, scratch), ins)
        loose[...] = first_rows(type_, whole, scratch)

    return run


def _conversion(source: TensorType, target: TensorType) -> Callable[..., None]:
    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        copy_between(Buffer(source, ins[0]), Buffer(target, outs[0]))

    return run


def _copy(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
    outs[0][...] = ins[0]
