"""An error of memory as a document: who held what when it was raised, and how it is shown.

The document is made as the error is, before anything is let go of. A notebook shows it as a card
above the traceback; in a program the ways out follow the traceback on standard error.
"""

import itertools
import sys
import sysconfig
import traceback
from types import FrameType, TracebackType
from typing import Any

from ..base.errors import OutOfMemoryError
from .live import live
from .origins import source_line
from .remedies import advice, remember

MIME = "application/vnd.tengen.trouble+json"
MOST_HOLDERS = 60
MOST_LINES = 12

_numbers = itertools.count(1)
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def note(error: OutOfMemoryError) -> None:
    """Give the error its document. In a program, have the ways out told should it end it."""
    held = live(error.device).document
    error.document = {
        "version": 1,
        "kind": "memory",
        "number": next(_numbers),
        "device": held["device"],
        "asked": error.asked,
        "used": held["used"],
        "capacity": held["capacity"],
        "where": _user_lines(sys._getframe(1)),
        "origins": held["origins"],
        "holders": held["holders"][:MOST_HOLDERS],
    }
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _tell


def show(error: OutOfMemoryError) -> list[str]:
    """Display the error's card and give the lines of its traceback, as IPython asks for them.

    What the failed call still held through its frames is let go of, so that the next try starts
    from the same memory.
    """
    shell = sys.modules["IPython"].get_ipython()
    lines = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__)
    document = error.document
    if document is not None:
        if error.__traceback__ is not None:
            remember(document, error.__traceback__)
        shell.display_pub.publish({MIME: document, "text/plain": summary(document)})
    release(error)
    return list(lines)


def release(error: BaseException | None) -> None:
    """Empty the frames of the calls that an error ended, and those of its causes."""
    while error is not None:
        if error.__traceback__ is not None:
            traceback.clear_frames(error.__traceback__)
            for frame, _ in traceback.walk_tb(error.__traceback__):
                # Whoever looked at a frame's locals left a copy with it; to look again, now that
                # there are none, empties the copy.
                _ = frame.f_locals
        error = error.__cause__ or error.__context__


def summary(document: dict[str, Any]) -> str:
    """The card in two lines, for viewers that draw none."""
    return (
        f"Memory ran out: {document['asked']:,} more bytes do not fit, {document['used']:,} of"
        f" {document['capacity']:,} are in use on {document['device']}.\n"
        "tengen.viz.advice() tells what would fit."
    )


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an uncaught error as Python does, and the ways out of one that is about memory."""
    sys.__excepthook__(kind, error, trace)
    if isinstance(error, OutOfMemoryError) and error.document is not None and trace is not None:
        remember(error.document, trace)
        release(error)
        print(advice(), file=sys.stderr)


def _user_lines(frame: FrameType | None) -> list[dict[str, Any]]:
    """The user's calls on the stack, the outermost first."""
    found: list[dict[str, Any]] = []
    while frame is not None:
        file, module = frame.f_code.co_filename, frame.f_globals.get("__name__", "")
        own = not (file.startswith(("<", *_LIBRARIES)) or module.partition(".")[0] == "tengen")
        if own:
            found.append(source_line(file, frame.f_lineno))
        frame = frame.f_back
    return found[:MOST_LINES][::-1]
