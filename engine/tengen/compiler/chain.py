"""Chains of elementwise calls: which calls can become one program, and that program."""

from collections.abc import Mapping

from ..graph.node import Node, Var
from ..graph.types import TensorType
from ..ops.fused_elementwise import Program, Step, may_be_step
from ..ops.fused_elementwise_numba import can_compile, extent_of

LONGEST = 24
"""Steps of one program; longer ones compile slowly and run out of vector registers."""

MOST_INPUTS = 8

Readers = Mapping[Var, list[Node | None]]


def fits(node: Node, full: TensorType) -> bool:
    """Whether a call can be a step of a chain with results like `full`."""
    op = node.op
    if not may_be_step(op) or not can_compile(op, full.dtype) or not full.known:
        return False
    for var in (*node.inputs, *node.outputs):
        if var is None:
            continue
        if var.type.dtype != full.dtype and var.type.dtype.kind != "b":
            return False
        try:
            extent_of(var.type, full)
        except ValueError:
            return False
    return node.out_types[0].shape == full.shape


def chain_of(last: Node, readers: Readers, taken: set[Node]) -> set[Node]:
    """The calls that can join a call whose result ends the chain."""
    full = last.out_types[0]
    if full.dtype.kind == "b":  # a mask is not written out
        return set()
    chain = {last}
    growing = True
    while growing and len(chain) < LONGEST:
        growing = False
        for node in list(chain):
            for var in node.inputs:
                if var is None or var.node is None or var.node in chain or var.node in taken:
                    continue
                if not all(reader in chain for reader in readers[var]):
                    continue
                if fits(var.node, full) and _inputs({*chain, var.node}) <= MOST_INPUTS:
                    chain.add(var.node)
                    growing = True
    return chain if _whole(chain, full) else set()


def _inputs(chain: set[Node]) -> int:
    return len({v for n in chain for v in n.inputs if v is not None and v.node not in chain})


def _whole(chain: set[Node], full: TensorType) -> bool:
    """Whether the chain reads no mask from outside, and something of the full shape."""
    given = [v for n in chain for v in n.inputs if v is not None and v.node not in chain]
    return all(v.type.dtype == full.dtype for v in given) and any(v.type is full for v in given)


def program_of(chain: list[Node]) -> tuple[Program, tuple[Var, ...]]:
    """The program of calls in their order, and the values it takes."""
    inputs: list[Var] = []
    made = {var for node in chain for var in node.outputs}
    for node in chain:
        for var in node.inputs:
            if var is not None and var not in made and var not in inputs:
                inputs.append(var)
    number = {var: index for index, var in enumerate(inputs)}
    program: list[Step] = []
    for node in chain:
        operands = tuple([None if var is None else number[var] for var in node.inputs])
        number[node.outputs[0]] = len(inputs) + len(program)
        program.append((node.op.name, node.attrs, operands))
    return tuple(program), tuple(inputs)
