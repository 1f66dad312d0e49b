"""The eager engine: find the plan, run it, and put the call on the tape if a gradient is wanted."""

import weakref
from typing import Any

from ..graph.gradient import GradientProgram, differentiable_outputs, trace_gradient
from ..graph.node import Node, Var
from ..graph.opdef import OpDef
from ..graph.state import state
from ..graph.types import TensorType
from ..graph.value import wrap
from .buffer import Buffer, Tag, make_tag
from .plan import Plan, plan_for, plans


def run_eager(op: OpDef, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
    """Run one call on concrete values."""
    count = len(inputs)
    if count == 2 and inputs[0] is not None and inputs[1] is not None:
        a, b = inputs[0]._buffer, inputs[1]._buffer
        buffers: tuple[Any, ...] = (a, b)
        key: tuple[Any, ...] = (op, attrs, a.type, b.type)
    elif count == 1:
        a = inputs[0]._buffer
        buffers = (a,)
        key = (op, attrs, a.type)
    else:
        buffers = tuple([None if x is None else x._buffer for x in inputs])
        key = (op, attrs, *[None if b is None else b.type for b in buffers])
    plan = plans.get(key)
    if plan is None:
        plan = plan_for(op, attrs, key[2:])
    if plan.big:
        tag = make_tag(op.name, 1 << 30)
    else:
        tag = plan.tag
        if tag.scope is not state.scope:
            tag = plan.tag = Tag(op.name, state.scope, None, 0)
    made = plan.run(buffers, tag)
    if state.recorders:
        epoch = state.epoch
        for x in inputs:
            if x is not None and x._var is not None and x._var.epoch == epoch:
                return recorded(plan, inputs, buffers, made, epoch, tag)
    if op.single:
        return wrap(made, None)
    return tuple([wrap(m, None) for m in made])


def run_buffers(
    op: OpDef, attrs: tuple[Any, ...], buffers: tuple[Buffer | None, ...], tag: Tag | None
) -> Any:
    """Run one call on buffers, off the tape; a recording session takes it instead."""
    if state.mode is not None:
        return state.mode.call(op, attrs, buffers, tag)
    key = (op, attrs, *[None if b is None else b.type for b in buffers])
    plan = plans.get(key)
    if plan is None:
        plan = plan_for(op, attrs, tuple([None if b is None else b.type for b in buffers]))
    return plan.run(buffers, tag)


def recorded(
    plan: Plan, inputs: tuple[Any, ...], buffers: Any, made: Any, epoch: int, tag: Tag
) -> Any:
    """Wrap the results of a call whose inputs are tracked, with a node that remembers it."""
    op = plan.op
    vars = tuple(
        [
            x._var if x is not None and x._var is not None and x._var.epoch == epoch else None
            for x in inputs
        ]
    )
    wanted = tuple([v is not None for v in vars])
    outs = (made,) if op.single else made
    types = plan.out_types
    if plan.dynamic:
        types = tuple([m.type.logical for m in outs])
    program = gradient_program(plan, wanted, None, types)
    if program is None:
        results = [wrap(m, None) for m in outs]
        return results[0] if op.single else tuple(results)
    node = Node(op, plan.attrs, vars)
    node.plan = plan
    node.program = program
    node.epoch = epoch
    node.tag = tag
    node.saved = tuple([buffers[i] if kind == "in" else outs[i] for kind, i in program.saves])
    node.out_types = types
    if plan.big:
        state.tape.append(weakref.ref(node))
    if op.single:
        return wrap(made, Var(node, 0, types[0], epoch))
    given = differentiable_outputs(types)
    return tuple(
        [
            wrap(m, Var(node, i, types[i], epoch) if g else None)
            for i, (m, g) in enumerate(zip(outs, given, strict=True))
        ]
    )


def gradient_program(
    plan: Plan,
    wanted: tuple[bool, ...],
    given: tuple[bool, ...] | None,
    types: tuple[TensorType, ...],
) -> GradientProgram | None:
    """The traced gradient of a plan; `given` None means a gradient for every output."""
    key = (wanted, given, types) if plan.dynamic else (wanted, given)
    programs = plan.programs
    if key in programs:
        return programs[key]  # type: ignore[no-any-return]
    full = differentiable_outputs(types)
    mask = full if given is None else tuple([f and g for f, g in zip(full, given, strict=True)])
    made = trace_gradient(plan.op, plan.attrs, plan.in_types, types, wanted, mask)
    programs[key] = made
    return made
