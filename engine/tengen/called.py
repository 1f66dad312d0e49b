"""What an error calls the failed operation: the function, method or layer that the user called.

Operators raise errors under their own names, which users need not know. When the error is made,
the frames between it and the user's line tell what was called, and the scope in which module.
"""

import re
import sys
from types import FrameType

from . import functional
from .base.errors import TengenError
from .base.source import is_outside
from .graph.opdef import registry
from .graph.state import scope_path, state

_NAMED = re.compile(r"\[(\w+)\] ")
_FUNCTIONS = ("tengen.functional.", "tengen.random.")


def name_what_was_called() -> None:
    """Have every error worded this way from now on."""
    TengenError.wording = worded


def worded(message: str, where: str) -> str:
    """The message under the name that the user called, with the line and the module's path."""
    named = _NAMED.match(message)
    if named and named[1] in registry:
        message = _renamed(message, named[1])
    path = scope_path(state.scope)
    return f"{message}\n  at {where}{f' in {path}' if path else ''}" if where else message


def _renamed(message: str, operator: str) -> str:
    """The message of an operator, under the name of what was called.

    The innermost layer comes before the outermost function. Where that function is more than
    this operator, the operator, or the function that users know it by, is named as well.
    """
    functions: list[str] = []
    layer = method = ""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None and not is_outside(frame):
        code = frame.f_code
        inside = frame.f_globals.get("__name__", "")
        if code.co_name in frame.f_globals.get("__all__", ()) and inside.startswith(_FUNCTIONS):
            functions.append(code.co_name)
        elif code.co_qualname == "Module.__call__":
            layer = layer or type(frame.f_locals["self"]).__name__
        elif code.co_qualname.startswith("ArrayMethods."):
            method = f"Tensor.{code.co_name}"
        frame = frame.f_back
    known = any(callable(getattr(space, operator, None)) for space in (functional, functional.nn))
    called = layer or (functions[-1] if functions else "" if known else method)
    if not called:
        return message
    detail = operator if known else functions[0] if functions else ""
    inner = f"{detail}: " if detail and _plain(detail) != _plain(called) else ""
    return f"[{called}] {inner}{message[len(operator) + 3 :]}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
