"""Where in the user's program a call comes from: what errors and memory reports point at."""

import linecache
import sys
from types import FrameType

_INSIDE = ("tengen.", "tengen_studio.", "importlib.")
_MODELS = "tengen.models"


def user_frame() -> FrameType | None:
    """The innermost frame outside the framework, or None; the shipped models count as outside."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_outside(frame):
            return frame
        frame = frame.f_back
    return None


def is_outside(frame: FrameType) -> bool:
    """Whether a frame is the user's; the shipped models count as theirs."""
    module = frame.f_globals.get("__name__", "")
    return is_shipped_model(frame) or not (module.startswith(_INSIDE) or module == "tengen")


def is_shipped_model(frame: FrameType) -> bool:
    """Whether a frame is that of a model that comes with the framework."""
    return frame.f_globals.get("__name__", "").startswith(_MODELS)  # type: ignore[no-any-return]


def user_line() -> str:
    """The user's line that led here, as "file:line: text", or ""."""
    frame = user_frame()
    if frame is None:
        return ""
    file, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, line).strip()
    return f"{file}:{line}: {text}" if text else f"{file}:{line}"
