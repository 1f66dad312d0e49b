"""What to say of a step that failed: the call, its neighbours, and the user's line behind it."""

import linecache
from collections.abc import Sequence

from ..graph.state import scope_path
from .buffer import Tag
from .steps import Step

AROUND = 2


def explain(steps: Sequence[Step], number: int) -> str:
    """Lines on the step that failed, with the steps around it and where it came from."""
    first = max(number - AROUND, 0)
    lines = [f"in step {number} of {len(steps)} of a compiled program:"]
    for index in range(first, min(number + AROUND + 1, len(steps))):
        mark = "->" if index == number else "  "
        lines.append(f"  {mark} {line_of(steps[index])}")
    where = source_of(steps[number].node.tag)
    if where:
        lines.append(f"  at {where}")
    return "\n".join(lines)


def line_of(step: Step) -> str:
    """A step as one line: outputs, operator, kernel, inputs."""
    outs = ", ".join(str(p.type) for p in step.outs)
    ins = ", ".join("none" if p is None else str(p.type) for p in step.ins)
    name = step.node.op.name if step.what not in ("layout", "copy") else step.what
    named = step.node.op.unpack(step.node.attrs) if name == step.node.op.name else {}
    attrs = "".join(f", {key}={value}" for key, value in named.items())
    return f"{outs} = {name}({ins}{attrs})  [{step.what}]"


def source_of(tag: Tag | None) -> str:
    """The user's line of a tag, with the module it ran in; "" where it is not known."""
    if tag is None:
        return ""
    scope = scope_path(tag.scope)
    inside = f" in {scope}" if scope else ""
    if tag.code is None:
        return inside.strip()
    file = tag.code.co_filename
    text = linecache.getline(file, tag.line).strip()
    return f"{file}:{tag.line}{f': {text}' if text else ''}{inside}"
