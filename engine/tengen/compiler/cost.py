"""What a call costs by a model: floating-point operations, bytes moved, seconds."""

import math
from dataclasses import dataclass

from ..graph.graph import Graph
from ..graph.node import Node


@dataclass(frozen=True)
class Machine:
    """Rates that the model divides by: operations and bytes a second, seconds to start a call.

    `halves`: operations a second on values of two bytes, where that is another rate. `link`: bytes
    a second each way between a GPU and pinned memory, 0 where there is nothing to move between.
    """

    flops: float = 1.5e11
    bandwidth: float = 1.2e10
    call: float = 3e-6
    halves: float = 0.0
    link: float = 0.0


GPU = Machine(flops=4e13, bandwidth=2.4e12, call=4e-6, halves=3e14, link=4.5e10)
"""What networks reach on a card of 2023 behind 16 lanes of PCIe 5."""


def machine_of(graph: Graph) -> Machine:
    """The machine that a graph runs on, by the device of its values."""
    values = [v for node in graph.nodes[:1] for v in node.outputs] or graph.inputs
    return Machine() if not values or values[0].type.device.host else GPU


def flops(node: Node) -> int:
    """Floating-point operations of a call, a multiply and an add counted as two."""
    name = node.op.name
    types = [None if v is None else v.type for v in node.inputs]
    out = node.out_types[0]
    if "convolution" in name and types[0] is not None and types[1] is not None:
        return _convolution(name, node)
    if name in ("matmul", "linear", "batched_matmul") and types[0] is not None:
        inner = types[0].shape[-1] if types[0].ndim else 1
        named = node.op.unpack(node.attrs)
        if named.get("transpose_a") and types[0].ndim > 1:
            inner = types[0].shape[-2]
        return 2 * out.size * (inner or 1)
    if "attention" in name and types[0] is not None and types[0].ndim >= 2:
        length, width = types[0].shape[-2:]
        return 4 * types[0].size // max(width, 1) * length * width
    return max((t.size for t in node.out_types if t.known), default=0)


def _convolution(name: str, node: Node) -> int:
    """Multiply-adds of the forward shape: each weight once for each output position."""
    known = [v.type for v in node.inputs if v is not None]
    three = [t for t in (*known[:2], node.out_types[0]) if t.known and t.ndim >= 3]
    if len(three) < 3:
        return 0
    weight = min(three, key=lambda t: math.prod(t.shape[2:]))
    rest = [t for t in three if t is not weight]
    images = max(rest[0].shape[0], 1)
    positions = math.prod(min(rest, key=lambda t: math.prod(t.shape[2:])).shape[2:])
    return 2 * images * positions * weight.size


def bytes_moved(node: Node) -> int:
    """Bytes that a call reads and writes at least."""
    if node.op.alias or node.op.travels:
        return 0
    if node.op.name == "move_channels":  # reads of its operands what it writes
        return 2 * node.out_types[0].nbytes
    read = {v: v.type.nbytes for v in node.inputs if v is not None and v.type.known}
    return sum(read.values()) + sum(t.nbytes for t in node.out_types if t.known)


def seconds(node: Node, machine: Machine = Machine()) -> float:
    """The modelled time of a call: the slower of arithmetic and memory, and the start."""
    if node.op.travels and machine.link:
        return 0.0  # beside the other calls; see offload.py
    half = machine.halves and node.out_types[0].dtype.itemsize == 2
    rate = machine.halves if half else machine.flops
    return max(flops(node) / rate, bytes_moved(node) / machine.bandwidth) + machine.call
