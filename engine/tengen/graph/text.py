"""A graph as text that a person reads and `from_text` reads back.

One line a call, `v3: float32[2, 4] = matmul(v0, v1, transpose_b=True)`: types stand after names,
attributes only where they differ from the operator's defaults, and a device only where it is not
the default one. A `#` starts a comment: with tags, the module and the user's line.
"""

import ast
import base64
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..base.device import Device, as_device, default_device
from ..base.dtype import as_dtype
from ..base.errors import FileFormatError, TengenError
from ..base.layout import Layout
from .graph import Graph
from .node import Node, Var
from .opdef import OpDef, registry
from .state import scope_path
from .types import TensorType

SHORT = 64
"""Constants of at most this many elements are written as numbers, longer ones in base 64."""

_TYPE = re.compile(r"(\w+)\[([^\]]*)\](?::(\w+))?(?:@(\w+))?$")
_VALUE = re.compile(r"(\w+): (\w+\[[^\]]*\](?::\w+)?(?:@\w+)?)(?:, |$)")


class Literal:
    """A constant that came from text: its type and its array, as a buffer has them."""

    __slots__ = ("array", "type")

    def __init__(self, type: TensorType, array: Any):
        self.type = type
        self.array = array


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
    array = np.asarray(buffer.array)
    layout = buffer.type.layout
    if layout is not None:
        array = layout.unpack(array, buffer.type.shape)
    if array.size > SHORT:
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return f'base64="{data}"'
    values = array.reshape(-1).tolist()
    return ", ".join(map(_literal, values))


def from_text(text: str, make: Callable[[TensorType, Any], Any] = Literal) -> Graph:
    """The graph of a text. `make(type, array)` forms what the graph keeps of a constant.

    Raises FileFormatError with the number of the line that cannot be read.
    """
    return _Reader(make).read(text)


class _Reader:
    """Reads line by line, knowing the values named so far."""

    def __init__(self, make: Callable[[TensorType, Any], Any]):
        self.graph = Graph()
        self.make = make
        self.values: dict[str, Var] = {}

    def read(self, text: str) -> Graph:
        done = False
        for number, line in enumerate(text.splitlines(), 1):
            line = _without_comment(line).strip()
            if not line:
                continue
            try:
                if done:
                    raise FileFormatError("nothing stands behind 'return'")
                if line.startswith("graph("):
                    self._inputs(line)
                elif line == "return" or line.startswith("return "):
                    self._return(line[6:].strip())
                    done = True
                else:
                    self._statement(line)
            except (FileFormatError, SyntaxError, ValueError, TypeError, KeyError) as error:
                reason = str(error).partition("\n")[0]
                raise FileFormatError(f"[graph] line {number}: {reason}: {line!r}") from error
            except TengenError as error:
                raise FileFormatError(f"[graph] line {number}: {error}") from error
        if not done:
            raise FileFormatError("[graph] the text has no 'return'")
        return self.graph

    def _inputs(self, line: str) -> None:
        if not line.endswith("):"):
            raise FileFormatError("expected 'graph(name: type, ...):'")
        for name, kind in self._declarations(line[len("graph(") : -2]):
            self._name(name, self.graph.add_input(kind))

    def _return(self, given: str) -> None:
        names = [name.strip() for name in given.split(",")] if given else []
        self.graph.outputs = [None if name == "None" else self._value(name) for name in names]

    def _declarations(self, text: str) -> list[tuple[str, TensorType]]:
        found, at = [], 0
        while at < len(text):
            match = _VALUE.match(text, at)
            if match is None:
                raise FileFormatError(f"expected 'name: type', came {text[at:]!r}")
            found.append((match[1], parse_type(match[2])))
            at = match.end()
        return found

    def _name(self, name: str, var: Var) -> None:
        if name in self.values:
            raise FileFormatError(f"{name} is named twice")
        self.values[name] = var

    def _value(self, name: str) -> Var:
        if name not in self.values:
            raise FileFormatError(f"{name} is not known here")
        return self.values[name]

    def _statement(self, line: str) -> None:
        left, equals, right = line.partition(" = ")
        call = ast.parse(right.strip(), mode="eval").body if equals else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise FileFormatError("expected 'name: type = operator(...)'")
        targets = self._declarations(left)
        if call.func.id == "constant":
            self._constant(targets, call)
        else:
            self._call(targets, call)

    def _constant(self, targets: list[tuple[str, TensorType]], call: ast.Call) -> None:
        ((name, kind),) = targets
        if call.keywords:
            data = base64.b64decode(_evaluated(call.keywords[0].value), validate=True)
            array = np.frombuffer(data, kind.dtype).copy()
        else:
            array = np.array([_evaluated(part) for part in call.args], kind.dtype)
        if array.size != kind.size:
            raise FileFormatError(f"{kind.size} values were expected, {array.size} came")
        self._name(name, self.graph.add_constant(self.make(kind, array.reshape(kind.shape))))

    def _call(self, targets: list[tuple[str, TensorType]], call: ast.Call) -> None:
        assert isinstance(call.func, ast.Name)
        op = registry.get(call.func.id)
        if op is None:
            raise FileFormatError(f"{call.func.id} is no operator")
        operands = tuple([self._operand(part) for part in call.args])
        given = {word.arg or "**": _evaluated(word.value) for word in call.keywords}
        node = Node(op, op.pack(given), operands)
        node.out_types = tuple([kind for _, kind in targets])
        node.outputs = tuple([Var(node, i, kind) for i, (_, kind) in enumerate(targets)])
        node.tag = None
        for (name, _), var in zip(targets, node.outputs, strict=True):
            self._name(name, var)
        self.graph.nodes.append(node)

    def _operand(self, part: ast.expr) -> Var | None:
        if isinstance(part, ast.Constant) and part.value is None:
            return None
        if isinstance(part, ast.Name):
            return self._value(part.id)
        raise FileFormatError(f"expected the name of a value, came {ast.unparse(part)}")


def parse_type(text: str) -> TensorType:
    """The type that `type_text` wrote. Raises FileFormatError for anything else."""
    match = _TYPE.match(text)
    if match is None:
        raise FileFormatError(f"expected a type such as float32[2, 3], came {text!r}")
    name, dims, layout, device = match.groups()
    shape = [None if d.strip() == "?" else int(d) for d in dims.split(",")] if dims else []
    form = None if layout is None else Layout.parse(layout)
    return TensorType.of(tuple(shape), as_dtype(name), as_device(device), form)


def _without_comment(line: str) -> str:
    """The line up to a `#` that stands outside quotes."""
    if "#" not in line:
        return line
    quote = ""
    escaped = False
    for at, char in enumerate(line):
        if escaped:
            escaped = False
        elif quote:
            escaped = char == "\\"
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#":
            return line[:at]
    return line


def _evaluated(part: ast.expr) -> Any:
    """An attribute's value: numbers, strings, None, tuples, data types and devices."""
    if isinstance(part, ast.Constant):
        return part.value
    if isinstance(part, ast.Tuple):
        return tuple([_evaluated(inner) for inner in part.elts])
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
        return -_evaluated(part.operand)
    if isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Add, ast.Sub)):
        left, right = _evaluated(part.left), _evaluated(part.right)
        return left + right if isinstance(part.op, ast.Add) else left - right
    if isinstance(part, ast.Name):
        if part.id in ("inf", "nan", "infj", "nanj"):
            return complex(part.id) if part.id.endswith("j") else float(part.id)
        if re.fullmatch(r"(cpu|gpu|cuda|xpu)(x|\d+)", part.id):
            return as_device(part.id)
        return as_dtype(part.id)
    raise FileFormatError(f"expected a value, came {ast.unparse(part)}")
