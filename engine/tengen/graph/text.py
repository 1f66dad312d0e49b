"""A graph as text that a person reads and `parse.from_text` reads back.

One line a call, `v3: float32[2, 4] = matmul(v0, v1, transpose_b=True)`: types stand after names,
attributes only where they differ from the operator's defaults, and a device only where it is not
the default one. A `#` starts a comment: with tags, the module and the user's line.
"""

import base64
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base.device import Device, default_device
from ..base.errors import FileFormatError
from .graph import Graph
from .node import Node, Var
from .opdef import OpDef
from .state import scope_path
from .types import TensorType

SHORT = 64
"""Constants of at most this many elements are written as numbers, longer ones in base 64."""


class Names:
    """The names v0, v1 ... of a graph's values, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._names: dict[Var, str] = {}

    def __getitem__(self, var: Var) -> str:
        found = self._names.get(var)
        if found is None:
            found = self._names[var] = f"v{len(self._names)}"
        return found


def to_text(graph: Graph, tags: bool = False) -> str:
    """The whole graph. With `tags`, each call ends with its module and the user's line."""
    names = Names()
    inputs = ", ".join(_declared(var, names) for var in graph.inputs)
    lines = [f"graph({inputs}):"]
    for var, buffer in graph.constants.items():
        lines.append(f"    {_declared(var, names)} = constant({_data(var, buffer)})")
    lines += [f"    {node_text(node, names, tags)}" for node in graph.nodes]
    given = ["None" if var is None else names[var] for var in graph.outputs]
    lines.append("    return " + ", ".join(given) if given else "    return")
    return "\n".join(lines) + "\n"


def node_text(node: Node, names: Names | None = None, tags: bool = False) -> str:
    """One call as a line, without an end of line."""
    names = names or Names()
    operands = ["None" if var is None else names[var] for var in node.inputs]
    targets = ", ".join(_declared(var, names) for var in node.outputs)
    arguments = ", ".join([*operands, *_attributes(node.op, node.attrs)])
    line = f"{targets} = {node.op.name}({arguments})"
    where = origin(node) if tags else ""
    return f"{line}  # {where}" if where else line


def neighbourhood(graph: Graph, node: Node, reach: int = 2) -> str:
    """The call with the calls that gave its inputs and those that read its results.

    The call itself is marked; `reach` steps are taken in either direction.
    """
    wanted, above, below = {node}, {node}, {node}
    for _ in range(reach):
        above = {v.node for n in above for v in n.inputs if v is not None and v.node is not None}
        made = {v for n in below for v in n.outputs}
        below = {n for n in graph.nodes if any(v in made for v in n.inputs)}
        wanted |= above | below
    names = Names()
    return "\n".join(
        f"{'>' if n is node else ' '} {node_text(n, names, True)}"
        for n in graph.nodes
        if n in wanted
    )


def origin(node: Node) -> str:
    """The module path and the user's line that made a call; "" where nothing is known."""
    tag = getattr(node, "tag", None)
    if tag is None:
        return ""
    place = f"{os.path.basename(tag.code.co_filename)}:{tag.line}" if tag.code is not None else ""
    return " ".join(filter(None, (scope_path(tag.scope), place)))


def type_text(type: TensorType) -> str:
    """The type as it stands in text: float32[2, 3], with layout and device where they matter."""
    dims = ", ".join("?" if d is None else str(d) for d in type.shape)
    layout = f":{type.layout.name}" if type.layout is not None else ""
    device = f"@{type.device.physical}" if type.device is not default_device() else ""
    return f"{type.dtype.name}[{dims}]{layout}{device}"


def _declared(var: Var, names: Names) -> str:
    return f"{names[var]}: {type_text(var.type)}"


def _attributes(op: OpDef, attrs: tuple[Any, ...]) -> Iterator[str]:
    for (name, default), value in zip(op.attrs.items(), attrs, strict=True):
        if _literal(value) != _literal(default):
            yield f"{name}={_literal(value)}"


def _literal(value: Any) -> str:
    """An attribute's value as the text writes it."""
    if isinstance(value, tuple):
        inner = ", ".join(map(_literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, Device):
        return value.physical
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return repr(value)
    raise FileFormatError(f"[graph] an attribute of type {type(value).__name__} has no text")


def _data(var: Var, buffer: Any) -> str:
    """The values of a constant: numbers where they are few, else its bytes."""
    array = buffer.array
    if not buffer.type.device.host:
        array = array.get()
    layout = buffer.type.layout
    if layout is not None:
        array = layout.unpack(array, buffer.type.shape)
    if array.size > SHORT:
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return f'base64="{data}"'
    values = array.reshape(-1).tolist()
    return ", ".join(map(_literal, values))
