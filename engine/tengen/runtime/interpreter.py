"""Running a graph call by call with the eager kernels: the judge of every compiled program."""

from collections.abc import Sequence

from ..graph.graph import Graph
from ..graph.node import Var
from .buffer import Buffer
from .eager import run_buffers


def interpret(graph: Graph, inputs: Sequence[Buffer]) -> list[Buffer]:
    """The outputs of `graph` for its inputs; values are let go after their last use."""
    env: dict[Var, Buffer] = dict(zip(graph.inputs, inputs, strict=True))
    env.update(graph.constants)
    last: dict[Var, int] = {}
    for index, node in enumerate(graph.nodes):
        for var in (*node.inputs, *node.outputs):
            if var is not None:
                last[var] = index
    kept = set(graph.outputs)
    dead: dict[int, list[Var]] = {}
    for var, index in last.items():
        if var not in kept:
            dead.setdefault(index, []).append(var)
    for index, node in enumerate(graph.nodes):
        operands = tuple([None if v is None else env[v] for v in node.inputs])
        made = run_buffers(node.op, node.attrs, operands, node.tag)
        for var, buffer in zip(node.outputs, (made,) if node.op.single else made, strict=True):
            env[var] = buffer
        for var in dead.get(index, ()):
            env.pop(var, None)
    return [env[var] for var in graph.outputs if var is not None]
