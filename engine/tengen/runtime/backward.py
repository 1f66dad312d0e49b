"""The backward walk over a tape: newest call first, gradients summed where paths meet.

A call's memory is let go as soon as its gradient has been taken, unless another recording still
needs the tape; then the gradient rules themselves run on the tape, which gives higher orders.
"""

import heapq
from collections.abc import Callable
from typing import Any

from ..base.errors import GradientError
from ..graph.node import Node, Var
from ..graph.opdef import Call
from ..graph.state import full_precision, state
from ..graph.value import wrap
from .buffer import Buffer, Tag
from .eager import gradient_program, run_buffers

Add = Callable[[Any, Any], Any]


class _Pending:
    """Gradients not yet consumed: of node outputs and of leaves."""

    def __init__(self, add: Add):
        self.add = add
        self.heap: list[int] = []
        self.nodes: dict[int, tuple[Node, list[Any]]] = {}
        self.leaves: dict[Var, Any] = {}

    def give(self, var: Var, grad: Any) -> None:
        """Add `grad` to the gradient of `var`."""
        node = var.node
        if node is None:
            self.leaves[var] = self._sum(self.leaves.get(var), grad)
            return
        held = self.nodes.get(node.seq)
        if held is None:
            held = self.nodes[node.seq] = (node, [None] * len(node.out_types))
            heapq.heappush(self.heap, -node.seq)
        held[1][var.index] = self._sum(held[1][var.index], grad)

    def _sum(self, before: Any, grad: Any) -> Any:
        if before is not None:
            _used(before)
            grad = self.add(before, grad)
        if isinstance(grad, Buffer):
            grad.uses += 1
        return grad


def _used(grad: Any) -> None:
    """One reader of a gradient buffer has been served."""
    if isinstance(grad, Buffer):
        grad.uses -= 1


def backward(roots: list[tuple[Var, Any]], add: Any, keep: bool) -> dict[Var, Any]:
    """Gradients of the leaves reached from `roots`, which pair a Var with its gradient value.

    `add` is the operator that sums gradients. With `keep` the tape stays whole and the gradient
    computation is itself recorded; without it every visited call is released. The data types are
    those of the recorded calls, whatever autocast is on.
    """
    with full_precision():
        return _backward(roots, add, keep)


def _backward(roots: list[tuple[Var, Any]], add: Any, keep: bool) -> dict[Var, Any]:
    if keep:
        pending = _Pending(add)
        for var, value in roots:
            pending.give(var, value)
        while pending.heap:
            node, dys = pending.nodes.pop(-heapq.heappop(pending.heap))
            _by_rule(node, dys, pending, wrapped=True)
        return pending.leaves
    tag = Tag("gradient", None, None, 0)
    pending = _Pending(lambda a, b: run_buffers(add, (), (a, b), tag))
    for var, value in roots:
        pending.give(var, value._buffer)
    del roots, value
    while pending.heap:
        node, dys = pending.nodes.pop(-heapq.heappop(pending.heap))
        if node.program is None:
            _by_rule(node, dys, pending, wrapped=False)
        else:
            _by_program(node, dys, pending)
        release(node)
    return {var: wrap(buffer, None) for var, buffer in pending.leaves.items()}


def release(node: Node) -> None:
    """Let go of what the tape holds for this call."""
    node.saved = None
    node.inputs = ()


def _by_program(node: Node, dys: list[Any], pending: _Pending) -> None:
    """Take the gradient of one call by its traced program; `dys` is emptied on the way."""
    saved, program = node.saved, node.program
    if saved is None:
        raise _released(node)
    if None in dys and len(dys) > 1:
        program, saved = _partial(node, dys)
        if program is None:
            return
    env: list[Any] = list(saved)
    env.extend([None] * (program.size - len(env)))
    for slot, index in zip(program.dy_slots, range(len(dys)), strict=True):
        _used(dys[index])
        if slot >= 0:
            env[slot] = dys[index]
    dys.clear()
    for slot, buffer in program.constants:
        env[slot] = buffer
    del saved
    node.saved = None
    origin = node.tag
    tag = Tag("gradient of " + node.op.name, origin.scope, origin.code, origin.line)
    for op, attrs, operands, targets, dead in program.steps:
        made = run_buffers(op, attrs, tuple([None if s is None else env[s] for s in operands]), tag)
        for slot in dead:
            env[slot] = None
        if op.single:
            env[targets[0]] = made
        else:
            for slot, buffer in zip(targets, made, strict=True):
                env[slot] = buffer
        del made
    inputs, results = node.inputs, program.results
    found = [None if slot is None else env[slot] for slot in results]
    del env
    for var, index in zip(inputs, range(len(found)), strict=True):
        grad, found[index] = found[index], None
        if var is not None and grad is not None:
            pending.give(var, grad)


def _partial(node: Node, dys: list[Any]) -> tuple[Any, tuple[Any, ...]]:
    """The program for a call of which only some outputs have a gradient."""
    given = tuple([dy is not None for dy in dys])
    wanted = tuple([v is not None for v in node.inputs])
    program = gradient_program(node.plan, wanted, given, node.out_types)
    if program is None:
        return None, ()
    held = dict(zip(node.program.saves, node.saved, strict=True))
    return program, tuple([held[key] for key in program.saves])


def _by_rule(node: Node, dys: list[Any], pending: _Pending, wrapped: bool) -> None:
    """Take the gradient of one call by running its rule on values (recorded if anybody records)."""
    if node.saved is None:
        raise _released(node)
    if not wrapped:
        dys = [None if d is None else wrap(d, None) for d in dys]
    if node.program is None:
        grads = node.op.grad(node, *dys)
    else:
        plan = node.plan
        held = dict(zip(node.program.saves, node.saved, strict=True))
        epoch = node.epoch
        ins: list[Any] = []
        outs: list[Any] = []
        for index, (var, kind) in enumerate(zip(node.inputs, plan.in_types, strict=True)):
            buffer = held.get(("in", index))
            if kind is None:
                ins.append(None)
            elif buffer is None:
                ins.append(wrap(None, Var(None, 0, kind)))
            else:
                ins.append(wrap(buffer, var))
        for index, kind in enumerate(node.out_types):
            buffer = held.get(("out", index))
            if buffer is None:
                outs.append(wrap(None, Var(None, 0, kind)))
            else:
                outs.append(wrap(buffer, Var(node, index, kind, epoch)))
        wanted = tuple([v is not None for v in node.inputs])
        grads = node.op.grad(Call(node.op, node.attrs, tuple(ins), tuple(outs), wanted), *dys)
    for var, grad in zip(node.inputs, grads, strict=True):
        if var is not None and grad is not None:
            pending.give(var, grad if wrapped else grad._buffer)


def _released(node: Node) -> GradientError:
    return GradientError(
        f"[backward] the recording of {node.op.name} was released by an earlier backward;"
        " compute the value again inside the recording"
    )


def release_tape() -> None:
    """Let go of every recorded call of this thread that nobody's backward has visited."""
    tape, state.tape = state.tape, []
    for ref in tape:
        node = ref()
        if node is not None:
            release(node)
