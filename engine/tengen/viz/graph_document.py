"""Graphs as documents: plain data in the shape that the graph view reads, pass by pass."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from ..autodiff import GradManager
from ..compiler.cost import flops
from ..compiler.pipeline import Pipeline
from ..graph.graph import Graph
from ..graph.node import Node, Var
from ..graph.state import scope_path, state
from ..graph.types import TensorType
from ..jit.capture import Capture, captured
from ..jit.compiling import evaluate
from ..module import Module
from ..optimizer import Optimizer
from ..tensor import Parameter
from .origins import source_line

Document = dict[str, Any]

_MANY = 12
"""A call with as many operands is a join of calls, such as one update of all parameters."""


class Recorded:
    """A captured call: its graph, where its inputs come from, and the phase of each call."""

    def __init__(self, capture: Capture, starts: list[tuple[int, str]], samples: tuple[Any, ...]):
        self.capture = capture
        self.samples = samples
        self.phases: dict[int, str] = {}
        phase, upcoming = "forward", list(starts)
        for number, node in enumerate(capture.graph.nodes):
            while upcoming and upcoming[0][0] <= number:
                phase = upcoming.pop(0)[1]
            # A pass that joins calls keeps the tag of one of them.
            self.phases[id(node.tag)] = phase if starts else ""


def record_graph(function: Callable[..., Any], samples: tuple[Any, ...]) -> Recorded:
    """The graph of `function(*samples)`, nothing computed."""
    starts: list[tuple[int, str]] = []
    backward, step = GradManager.backward, Optimizer.step

    def begins(phase: str) -> None:
        starts.append((len(state.mode.pending), phase))

    def noted_backward(self: Any, *args: Any, **kwargs: Any) -> Any:
        begins("backward")
        return backward(self, *args, **kwargs)

    def noted_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        begins("update")
        return step(self, *args, **kwargs)

    GradManager.backward = noted_backward  # type: ignore[method-assign]
    Optimizer.step = noted_step  # type: ignore[method-assign]
    try:
        capture = captured(function, *samples)
    finally:
        GradManager.backward = backward  # type: ignore[method-assign]
        Optimizer.step = step  # type: ignore[method-assign]
    return Recorded(capture, starts, samples)


def document_of(
    recorded: Recorded, function: Callable[..., Any], name: str
) -> tuple[Document, Graph]:
    """The document of the compiled graph, with the way back through every pass that mattered, and
    that graph."""
    pipeline = Pipeline(evaluate)
    graph = recorded.capture.graph
    passes: list[Document] = []
    given = Given.of(recorded)
    parts = parts_of(graph, given, Names())
    for step in pipeline.steps:
        made, notes = Pipeline(evaluate, steps=[step]).run(graph)
        if made is graph:
            continue
        before, parts = parts, parts_of(made, given, Names())
        patch = _patch(before, parts)
        if patch["remove"] or patch["add"]:
            note = notes[0]
            counts = {"before": note.before, "after": note.after, **note.changes}
            found = {"name": note.name, "summary": str(note).partition(": ")[2], "counts": counts}
            passes.append({**found, "ms": round(note.seconds * 1000, 3), "before": patch})
        graph = made
    document: Document = {"version": 1, "name": name, "form": "static", **parts}
    document["device"] = str(graph.inputs[0].type.device.physical) if graph.inputs else "cpu0"
    document["passes"] = passes
    document["totals"] = totals(document)
    if isinstance(function, Module):
        document["groups"] = groups_of(function)
    return document, graph


@dataclasses.dataclass
class Given:
    """What a graph alone does not tell: where its inputs come from and its outputs go to.

    `sources` are the handles of the inputs, None where data was made inside the call; `kept` those
    that take an output, None for one that is handed on. `samples` are the ids of the arguments.
    """

    sources: Sequence[Any]
    kept: Sequence[Any]
    samples: frozenset[int] = frozenset()
    phases: dict[int, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, recorded: Recorded) -> "Given":
        """What a recorded call tells."""
        capture = recorded.capture
        samples = frozenset(id(sample) for sample in recorded.samples)
        return cls(capture.sources, capture.kept, samples, recorded.phases)


def parts_of(graph: Graph, given: Given, numbered: "Names") -> Document:
    """What a pass may change: nodes, inputs, state and outputs."""
    inputs: list[Document] = []
    slots: list[Document] = []
    samples, kept = given.samples, given.kept
    written = {id(t): v for t, v in zip(kept, graph.outputs, strict=True) if t is not None}
    for number, var in enumerate(graph.inputs):
        if var in numbered.known:
            continue
        handle = given.sources[number]
        label = getattr(handle, "name", None) or ""
        if handle is None or id(handle) in samples:
            position = 1 + sum("name" in tensor for tensor in inputs)
            inputs.append(
                {**tensor_document(numbered(var), var.type), "name": label or f"input {position}"}
            )
            continue
        slot = {**tensor_document(numbered(var), var.type), "name": label or f"tensor {number}"}
        slot["kind"] = "parameter" if isinstance(handle, Parameter) else "buffer"
        after = written.get(id(handle))
        if after is not None and after is not var:
            slot["written"] = numbered(after)
        slots.append(slot)
    for var in graph.constants:
        label = f"constant {-var.index}"
        slots.append(
            {**tensor_document(numbered(var), var.type), "name": label, "kind": "constant"}
        )
    returned = zip(kept, graph.outputs, strict=True)
    return {
        "nodes": [_node(node, numbered, given.phases) for node in graph.nodes],
        "inputs": inputs,
        "state": slots,
        "outputs": [numbered(v) for t, v in returned if t is None and v is not None],
    }


class Names:
    """Ids of values: a call's by its number, others by what they are; the same in every graph.

    `known` are inputs that have a name already, such as what an earlier graph made; `prefix` keeps
    the inputs of several graphs apart.
    """

    def __init__(self, known: dict[Var, str] | None = None, prefix: str = ""):
        self.known = known or {}
        self.prefix = prefix

    def __call__(self, var: Var) -> str:
        if var.node is not None:
            return f"{var.node.seq}.{var.index}"
        if var in self.known:
            return self.known[var]
        return f"{self.prefix}in{var.index}" if var.index >= 0 else f"const{id(var):x}"


def _node(node: Node, numbered: Names, phases: dict[int, str]) -> Document:
    tag = node.tag
    made: Document = {
        "id": str(node.seq),
        "op": node.op.name,
        "inputs": [None if v is None else numbered(v) for v in node.inputs],
        "outputs": [tensor_document(numbered(v), v.type) for v in node.outputs],
        "attrs": {name: printable(value) for name, value in node.op.unpack(node.attrs).items()},
        "flops": flops(node),
        "bytes": 0 if node.op.alias else sum(t.nbytes for t in node.out_types if t.known),
    }
    if tag is not None:
        path = _module_path(node)
        if path:
            made["group"] = path
        if tag.code is not None:
            made["source"] = source_line(tag.code.co_filename, tag.line)
        if phases.get(id(tag)):
            made["phase"] = phases[id(tag)]
    return made


def _module_path(node: Node) -> str:
    """The module that made a call; of one that joins many modules' calls, what they share."""
    path = scope_path(node.tag.scope)
    if len(node.inputs) < _MANY:
        return path
    makers = [v.node for v in node.inputs if v is not None and v.node is not None]
    paths = [scope_path(maker.tag.scope).split(".") for maker in makers if maker.tag is not None]
    shared = itertools.takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
    return ".".join(names[0] for names in shared) if paths else path


def tensor_document(name: str, type: TensorType) -> Document:
    """A value as a document writes it."""
    made: Document = {"id": name, "shape": list(type.shape), "dtype": type.dtype.name}
    if type.layout is not None:
        made["layout"] = type.layout.name
    if type.known:
        made["bytes"] = type.nbytes
    return made


def printable(value: Any) -> Any:
    """An attribute as JSON has it: numbers, words, lists of both; anything else as its text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, (tuple, list)):
        items = [printable(item) for item in value]
        plain = all(isinstance(i, (int, float, str)) and not isinstance(i, bool) for i in items)
        return items if plain else str(value)
    text = str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _patch(before: Document, after: Document) -> Document:
    """The way from the later graph to the earlier one."""
    old = {node["id"]: node for node in before["nodes"]}
    new = {node["id"]: node for node in after["nodes"]}
    patch: Document = {
        "remove": [key for key, node in new.items() if old.get(key) != node],
        "add": [node for key, node in old.items() if new.get(key) != node],
    }
    for part in ("outputs", "state"):
        if before[part] != after[part]:
            patch[part] = before[part]
    return patch


def totals(document: Document) -> Document:
    """Sums over the nodes and parameters of a document."""
    nodes = document["nodes"]
    parameters = [slot for slot in document["state"] if slot["kind"] == "parameter"]
    count = 0
    for slot in parameters:
        size = 1
        for dim in slot["shape"]:
            size *= dim
        count += size
    return {
        "flops": sum(node["flops"] for node in nodes),
        "bytes": sum(node["bytes"] for node in nodes),
        "parameters": count,
        "parameter_bytes": sum(slot["bytes"] for slot in parameters),
    }


def groups_of(model: Module) -> list[Document]:
    """The classes of a model's parts by their paths."""
    return [
        {"path": path, "kind": getattr(module, "_kind", "") or type(module).__name__}
        for path, module in model.named_modules()
        if path
    ]
