"""Reasons: why a part of a program stays dynamic, each with its place and a suggested change."""

import ast
import dataclasses
import linecache
from typing import Any

from ..base.source import user_frame

CAUSES = {
    "host read": "reads a value on the host",
    "data-dependent shape": "gives a shape that depends on data",
    "another device": "moves a value to another device",
    "pieces": "runs in more than one piece",
    "nothing to run": "computes nothing with tensors",
    "kept value": "keeps a value of the call in Python",
    "inner data": "uses data that Python makes inside the call",
    "aliased argument": "was given an argument that is also one of its own tensors",
    "side effect": "changes Python state",
    "branch": "goes another way for other inputs",
    "hidden state": "goes another way without looking at a tensor",
    "output": "gives a result that a replay does not reproduce",
    "failure": "fails for other inputs",
    "shape": "is recorded anew for another shape",
    "batch size": "looks at the batch size",
}


@dataclasses.dataclass(frozen=True)
class Reason:
    """A cause of CAUSES, what it is about, and the user's line ("" and 0 where none is known)."""

    cause: str
    about: str = ""
    file: str = ""
    line: int = 0

    @property
    def text(self) -> str:
        """The source line."""
        return linecache.getline(self.file, self.line).strip() if self.file else ""

    def __str__(self) -> str:
        about = f" ({self.about})" if self.about else ""
        where = f" at {self.file}:{self.line}: {self.text}" if self.file else ""
        return f"{CAUSES[self.cause]}{about}{where}"


def reason(cause: str, about: str = "", *, here: bool = True, tag: Any = None) -> Reason:
    """A Reason at the user's present line, at that of a tag, or nowhere."""
    if tag is not None and tag.code is not None:
        return Reason(cause, about, tag.code.co_filename, tag.line)
    frame = user_frame() if here and tag is None else None
    if frame is None:
        return Reason(cause, about)
    return Reason(cause, about, frame.f_code.co_filename, frame.f_lineno)


def suggestion(found: Reason) -> str:
    """What to change, in a sentence; for some lines with the line as it could stand."""
    line = found.text
    if found.cause == "host read":
        return _for_read(line)
    return {
        "data-dependent shape": "Keep the shape fixed: mask with F.where instead of selecting, or"
        " take a fixed number of the best with F.topk.",
        "another device": "Move the value before the call, or after it.",
        "kept value": "Return the value instead of keeping it, or keep value.numpy() after the"
        " call.",
        "inner data": "Make the tensor once outside and pass it in, or use F.zeros, F.ones,"
        " F.arange or tengen.random, which belong to the graph.",
        "aliased argument": "Pass a copy of the tensor, or do not pass what the function holds"
        " already.",
        "side effect": "Return what the line keeps and do the rest after the call.",
        "hidden state": "Pass the value in as an argument, so that a change is seen.",
        "branch": "Choose between values with F.where instead of between ways.",
        "shape": "Pad or crop to one shape where every shape is used only a few times.",
    }.get(found.cause, "")


def _for_read(line: str) -> str:
    try:
        node = ast.parse(line if not line.endswith(":") else line + " pass").body[0]
    except (SyntaxError, IndexError):
        return "Keep the value a tensor, and read it after the call."
    if isinstance(node, ast.If):
        return (
            "Choose with F.where instead of `if`: compute both and take"
            f" F.where({_as_tensor(ast.unparse(node.test))}, a, b)."
        )
    if isinstance(node, ast.While):
        return "Run a fixed number of rounds and mask the finished ones with F.where."
    if isinstance(node, ast.Assert):
        return "Check the value after the call, or leave the check to debugging."
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = ast.unparse(node.value.func)
        if called == "print" or called.endswith((".info", ".debug", ".write")):
            return "Print after the call from a value that it returns."
        if called.endswith((".append", ".update", ".add")):
            return "Return the tensor and append its value after the call."
    if isinstance(node, ast.Return):
        return "Return the tensor itself and read it after the call."
    return "Keep the value a tensor, and read it after the call."


def _as_tensor(test: str) -> str:
    return test.replace(".item()", "").replace(".numpy()", "")
