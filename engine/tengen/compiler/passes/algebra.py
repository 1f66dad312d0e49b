"""Algebra: calls that do nothing, and chains of calls that one call can do."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...graph.graph import Graph
from ...graph.infer import infer
from ...graph.node import Node, Var
from ...ops import activation, arithmetic, elementwise, reduce, shape
from ..rewrite import Rewrite

Found = Var | tuple[Any, tuple[Any, ...], tuple[Var | None, ...]] | None
"""A value that stands for the call, or another call (op, attrs, inputs), or nothing."""

Rule = Callable[[Rewrite, Node, tuple[Any, ...]], Found]


def simplify(graph: Graph) -> Graph:
    """Takes out additions of 0, multiplications by 1, conversions that change nothing, and merges
    chains of casts, reshapes, transposes, broadcasts, negations and affine maps. Sums to a shape
    become sums over axes.

    Matches single calls and a call with the one that gave its input; an operand that was broadcast
    for an elementwise call is given as it was. Leaves everything that would change a value by more
    than rounding, and the calls that give outputs of the graph where only an input or a constant
    could stand for them. May run at any place.
    """
    outputs = {var for var in graph.outputs if var is not None}
    rewrite = Rewrite(graph)
    changed = False
    for node in graph.nodes:
        found = _simpler(rewrite, node)
        if isinstance(found, Var):
            if node.outputs[0] in outputs:  # an output owns its memory
                found = None
        elif found is not None:
            (found,) = rewrite.call(*found, node.tag)
        if found is None:
            rewrite.keep(node)
            continue
        rewrite.replace(node.outputs[0], found)
        changed = True
    return rewrite.finish() if changed else graph


def _simpler(rewrite: Rewrite, node: Node) -> Found:
    """What may stand for a call, if anything simpler may."""
    operands = rewrite.operands(node)
    rule = _RULES.get(node.op)
    found = None if rule is None else rule(rewrite, node, operands)
    if found is None and node.op.elementwise and len(operands) > 1:
        found = _unstretched(node, operands)
    if isinstance(found, Var) and found.type is not node.out_types[0]:
        return None
    return found


def _chained(node: Node, source: Var) -> Node | None:
    """The call that gave `source`, if it is of the same operator."""
    before = source.node
    return before if before is not None and before.op is node.op else None


def _number(rewrite: Rewrite, var: Var | None) -> float | None:
    """The value of a constant whose elements are all the same number."""
    buffer = None if var is None else rewrite.made.constants.get(var)
    if buffer is None or buffer.type.layout is not None or buffer.type.size != 1:
        return None
    return buffer.array.reshape(-1)[0].item()  # type: ignore[no-any-return]


def _neutral(right: float, commutes: bool) -> Rule:
    """x op right is x; with `commutes` right op x too."""

    def rule(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
        left, other = operands
        if _number(rewrite, other) == right:
            return left  # type: ignore[no-any-return]
        if commutes and _number(rewrite, left) == right:
            return other  # type: ignore[no-any-return]
        return None

    return rule


def _affine(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    scale, shift = node.attrs
    (source,) = operands
    if scale == 1 and shift == 0:
        return source  # type: ignore[no-any-return]
    before = _chained(node, source)
    if before is None or source.type.dtype not in (dt.float32, dt.float64):
        return None
    inner, offset = before.attrs
    return node.op, (scale * inner, scale * offset + shift), before.inputs


def _cast(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    (source,) = operands
    if source.type.dtype == node.attrs[0]:
        return source  # type: ignore[no-any-return]
    before = _chained(node, source)
    if before is None or not np.can_cast(_first(before).type.dtype, source.type.dtype, "safe"):
        return None
    if _first(before).type.dtype == node.attrs[0]:
        return _first(before)
    return node.op, node.attrs, before.inputs


def _first(node: Node) -> Var:
    var = node.inputs[0]
    assert var is not None
    return var


def _last_of_a_chain(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    """Reshapes and broadcasts: the last one alone decides."""
    (source,) = operands
    if source.type is node.out_types[0]:
        return source  # type: ignore[no-any-return]
    before = _chained(node, source)
    if before is None or not node.out_types[0].known:
        return None
    if _first(before).type is node.out_types[0]:
        return _first(before)
    return node.op, (node.out_types[0].shape,), before.inputs


def _sum_to(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    """A sum over named axes, which has more kernels, where one says it all."""
    given, wanted = operands[0].type, node.out_types[0]
    if given is wanted:
        return operands[0]  # type: ignore[no-any-return]
    lead = given.ndim - wanted.ndim
    if not given.known or not wanted.known or dt.is_complex(given.dtype):
        return None
    if lead:
        axes, kept = tuple(range(lead)), given.shape[lead:]
        return (reduce.sum, (axes, False), operands) if kept == wanted.shape else None
    pairs = zip(given.shape, wanted.shape, strict=True)
    axes = tuple([axis for axis, (have, want) in enumerate(pairs) if have != want])
    return reduce.sum, (axes, True), operands


def _transpose(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    (source,) = operands
    (pattern,) = node.attrs
    if pattern == tuple(range(len(pattern))):
        return source  # type: ignore[no-any-return]
    before = _chained(node, source)
    if before is None:
        return None
    both = tuple([before.attrs[0][axis] for axis in pattern])
    if both == tuple(range(len(both))):
        return _first(before)
    return node.op, (both,), before.inputs


def _undone(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    before = _chained(node, operands[0])
    return None if before is None else _first(before)


def _once(rewrite: Rewrite, node: Node, operands: tuple[Any, ...]) -> Found:
    return None if _chained(node, operands[0]) is None else operands[0]


def _unstretched(node: Node, operands: tuple[Any, ...]) -> Found:
    """An elementwise call on what was broadcast for it, where the others give the shape."""
    given = list(operands)
    for place, var in enumerate(operands):
        if var is None or var.node is None or var.node.op is not shape.broadcast_to:
            continue
        given[place] = _first(var.node)
        types = tuple([None if v is None else v.type for v in given])
        if infer(node.op, node.attrs, types) != node.out_types:
            given[place] = var
    return None if tuple(given) == operands else (node.op, node.attrs, tuple(given))


_RULES: dict[Any, Rule] = {
    elementwise.add: _neutral(0, commutes=True),
    elementwise.accumulate: _neutral(0, commutes=True),
    elementwise.sub: _neutral(0, commutes=False),
    elementwise.mul: _neutral(1, commutes=True),
    elementwise.div: _neutral(1, commutes=False),
    elementwise.affine: _affine,
    elementwise.neg: _undone,
    elementwise.conj: _undone,
    arithmetic.abs: _once,
    activation.relu: _once,
    activation.relu6: _once,
    shape.cast: _cast,
    shape.reshape: _last_of_a_chain,
    shape.broadcast_to: _last_of_a_chain,
    shape.sum_to: _sum_to,
    shape.transpose: _transpose,
}
