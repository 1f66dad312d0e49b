"""Node and Var: one operator call and the values between calls.

The same two classes make the tape of an eager run and a traced graph. A tape holds links
backwards only (value -> call -> its inputs), so that what nobody can reach is freed at once.
"""

import itertools
from typing import Any

from .types import TensorType

_sequence = itertools.count()


class Node:
    """One call of an operator.

    `seq` rises with every node made in this process, so it is a topological order. `saved` holds
    what the gradient will read (None once it has been released), `tag` where the call came from.
    """

    __slots__ = (
        "__weakref__", "attrs", "epoch", "inputs", "op", "out_types", "outputs", "plan", "program",
        "saved", "seq", "tag",
    )  # fmt: skip

    op: Any
    attrs: tuple[Any, ...]
    inputs: tuple["Var | None", ...]
    outputs: tuple["Var", ...]
    out_types: tuple[TensorType, ...]
    saved: Any
    plan: Any
    program: Any
    epoch: int
    tag: Any
    seq: int

    def __init__(self, op: Any, attrs: tuple[Any, ...], inputs: tuple["Var | None", ...]):
        self.op = op
        self.attrs = attrs
        self.inputs = inputs
        self.seq = next(_sequence)


class Var:
    """A value in a graph: output `index` of `node`, or a leaf when `node` is None."""

    __slots__ = ("epoch", "index", "name", "node", "type")

    def __init__(self, node: Node | None, index: int, type: TensorType, epoch: int = 0):
        self.node = node
        self.index = index
        self.type = type
        self.epoch = epoch

    def __repr__(self) -> str:
        if self.node is None:
            return f"%leaf{self.index}: {self.type}"
        return f"%{self.node.seq}.{self.index}: {self.type}"
