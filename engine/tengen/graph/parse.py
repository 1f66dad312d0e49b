"""Reading a graph from the text that `text.to_text` writes. Nothing in a text is executed."""

import ast
import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.device import as_device
from ..base.dtype import as_dtype
from ..base.errors import FileFormatError, TengenError
from ..base.layout import Layout
from .graph import Graph
from .node import Node, Var
from .opdef import registry
from .types import TensorType

_TYPE = re.compile(r"(\w+)\[([^\]]*)\](?::(\w+))?(?:@(\w+))?$")
_VALUE = re.compile(r"(\w+): (\w+\[[^\]]*\](?::\w+)?(?:@\w+)?)(?:, |$)")


class Literal:
    """A constant that came from text: its type and its array, as a buffer has them."""

    __slots__ = ("array", "type")

    def __init__(self, type: TensorType, array: Any):
        self.type = type
        self.array = array


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
