"""What follows a call and may join it: one addition of a value of its type, one activation."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..graph.node import Node, Var
from ..ops.elementwise import accumulate, add

Readers = Mapping[Var, list[Node | None]]


@dataclasses.dataclass(frozen=True)
class Epilogue:
    """The calls found behind a value, what they add and apply, and the value they end in."""

    nodes: list[Node]
    value: Var
    residual: Var | None
    activation: str


def epilogue(
    value: Var, readers: Readers, taken: set[Node], activations: Mapping[Any, str]
) -> Epilogue | None:
    """The addition and activation behind `value`, either or both, where nobody else reads between.

    None where neither follows. `taken` calls are not free; `activations` names the operators that
    may join.
    """
    nodes: list[Node] = []
    residual, activation = None, "none"
    follower = _only_reader(value, readers, taken)
    if follower is not None and follower.op in (add, accumulate) and value.type.known:
        other = follower.inputs[1 if follower.inputs[0] is value else 0]
        if other is not None and other is not value and other.type is value.type:
            residual = other
            nodes.append(follower)
            value = follower.outputs[0]
            follower = _only_reader(value, readers, taken)
    if follower is not None and follower.op in activations:
        activation = activations[follower.op]
        nodes.append(follower)
        value = follower.outputs[0]
    return Epilogue(nodes, value, residual, activation) if nodes else None


def _only_reader(value: Var, readers: Readers, taken: set[Node]) -> Node | None:
    """The one call that reads a value, if it is one and free."""
    found = readers.get(value, [])
    return found[0] if len(found) == 1 and found[0] not in taken else None
