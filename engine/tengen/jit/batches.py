"""One graph for every batch size, from two recordings that differ in the batch alone.

Integers that grow with the batch (dimensions, the number of elements of a statistic) become
multiples of a symbol, floats that shrink with it (the weight of an element in a mean) shares; all
else must be the same in both. Sizes 0 and 1 stay out: broadcasting treats them as
special. Every call is inferred again at each size and must give the sizes foreseen.
"""

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from ..base.errors import TengenError
from ..graph.graph import Graph
from ..graph.node import Var
from ..graph.types import TensorType
from ..runtime.plan import to_plain

ROUNDING = 4 * sys.float_info.epsilon
"""How far shares of the same number may be apart, relative to them."""


class Varies(Exception):
    """Something hangs on the batch in a way that is neither a multiple nor a share; says what.

    `file` and `line` are the user's, where one is known.
    """

    def __init__(self, what: str, file: str = "", line: int = 0):
        super().__init__(what)
        self.file, self.line = file, line


@dataclasses.dataclass(frozen=True, slots=True)
class Multiple:
    """Stands for `each` times the batch."""

    each: int


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """Stands for `whole` divided by the batch."""

    whole: float


def batch_among(types: Sequence[TensorType]) -> int:
    """The size of the first axis that all tensors share which have one; 0 where they share none."""
    sizes = {t.shape[0] for t in types if t.ndim}
    return sizes.pop() if len(sizes) == 1 else 0


def pattern(value: Any, other: Any, batch: int, second: int) -> Any:
    """A value that is `value` at one batch size and `other` at a second one, with `Multiple` and
    `Share` for the numbers that follow. Raises Varies."""
    if isinstance(value, tuple) and isinstance(other, tuple) and len(value) == len(other):
        parts = [pattern(a, b, batch, second) for a, b in zip(value, other, strict=True)]
        return tuple(parts)
    if type(value) is int and type(other) is int and value != other:
        each, rest = divmod(value, batch)
        if rest or each * second != other:
            raise Varies(f"{value} becomes {other}")
        return Multiple(each)
    if value is other or (type(value) is type(other) and value == other):
        return value
    if type(value) is float and type(other) is float:
        if value != value and other != other:
            return value
        whole = value * batch
        if abs(whole - other * second) <= ROUNDING * abs(whole):
            return Share(whole)
    raise Varies(f"{value!r} becomes {other!r}")


def at(made: Any, batch: int) -> Any:
    """What a pattern is at a batch size."""
    if type(made) is tuple:
        return tuple([at(part, batch) for part in made])
    if type(made) is Share:
        return made.whole / batch
    return made.each * batch if type(made) is Multiple else made


class TypePattern:
    """A TensorType whose dimensions may follow the batch."""

    __slots__ = ("like", "shape")

    def __init__(self, kind: TensorType, other: TensorType, batch: int, second: int):
        if kind.dtype != other.dtype or kind.device is not other.device:
            raise Varies(f"{kind} becomes {other}")
        self.shape = pattern(kind.shape, other.shape, batch, second)
        self.like = kind

    def at(self, batch: int) -> TensorType:
        """The type at a batch size."""
        return TensorType.of(at(self.shape, batch), self.like.dtype, self.like.device)


class GraphPattern:
    """The graph that `first` is at one batch size and `again` at a second one. Raises Varies."""

    def __init__(self, first: Graph, again: Graph, batch: int, second: int):
        self.first = first
        _same_wires(first, again)

        def types(ones: Any, others: Any) -> list[TypePattern]:
            pairs = zip(ones, others, strict=True)
            return [TypePattern(a.type, b.type, batch, second) for a, b in pairs]

        self.inputs = types(first.inputs, again.inputs)
        self.attrs, self.outputs = [], []
        for node, twin in zip(first.nodes, again.nodes, strict=True):
            try:
                self.attrs.append(pattern(node.attrs, twin.attrs, batch, second))
                self.outputs.append(types(node.outputs, twin.outputs))
            except Varies as found:
                raise Varies(f"{node.op.name}: {found}") from None

    def at(self, batch: int) -> Graph:
        """The graph at a batch size, each call inferred again. Raises Varies where a call takes
        other sizes than foreseen, or cannot be made at all."""
        made = Graph()
        vars: dict[Any, Var] = {None: None}  # type: ignore[dict-item]
        for var, kind in zip(self.first.inputs, self.inputs, strict=True):
            vars[var] = made.add_input(kind.at(batch))
        for var, buffer in self.first.constants.items():
            vars[var] = made.add_constant(buffer)
        calls = zip(self.first.nodes, self.attrs, self.outputs, strict=True)
        for node, attrs, foreseen in calls:
            operands = tuple([vars[v] for v in node.inputs])
            try:
                outs = made.add_node(node.op, at(attrs, batch), operands)
            except TengenError as error:
                raise Varies(f"{node.op.name}: {error}") from error
            made.nodes[-1].tag = node.tag
            if [v.type for v in outs] != [kind.at(batch) for kind in foreseen]:
                raise Varies(f"{node.op.name} gives other sizes at batch {batch}")
            vars.update(zip(node.outputs, outs, strict=True))
        made.outputs = [vars[v] for v in self.first.outputs]
        return made


def _same_wires(first: Graph, again: Graph) -> None:
    """Raise Varies unless both make the same calls on the same values."""
    sizes = [
        (len(g.inputs), len(g.constants), len(g.nodes), len(g.outputs)) for g in (first, again)
    ]
    if sizes[0] != sizes[1] or any(
        a.op is not b.op for a, b in zip(first.nodes, again.nodes, strict=True)
    ):
        raise Varies("other calls are made")
    twins: dict[Any, Any] = {None: None, **dict(zip(first.inputs, again.inputs, strict=True))}
    constants = zip(first.constants.items(), again.constants.items(), strict=True)
    for (var, buffer), (other_var, other) in constants:
        if buffer is not other and not _same_data(buffer, other):
            raise Varies("other constants are used")
        twins[var] = other_var
    for node, twin in zip(first.nodes, again.nodes, strict=True):
        if [twins[v] for v in node.inputs] != list(twin.inputs):
            raise Varies("calls are made on other values")
        twins.update(zip(node.outputs, twin.outputs, strict=True))
    if [twins[v] for v in first.outputs] != again.outputs:
        raise Varies("other values are kept")


def _same_data(buffer: Any, other: Any) -> bool:
    """Whether two constants are the same to the bit."""
    if buffer.type.logical is not other.type.logical:
        return False
    return to_plain(buffer).tobytes() == to_plain(other).tobytes()
