"""Every exception of the framework.

TengenError
|-- ShapeError (ValueError)          shapes that do not fit together
|-- DTypeError (TypeError)           a data type that an operator or function does not take
|-- ArgumentError (ValueError)       an attribute or argument out of its range
|-- IndexingError (IndexError)       an index outside its axis, or one that fits no axis
|-- DeviceError (RuntimeError)       an unknown or absent device, or tensors on different ones
|-- GradientError (RuntimeError)     a gradient that does not exist or can no longer be computed
|-- OutOfMemoryError (MemoryError)   the device's capacity would be passed
|-- FileFormatError (ValueError)     a file that is damaged, hostile or of another kind
|-- StateError (RuntimeError)        a call that is not possible at this moment
`-- TraceError (RuntimeError)        a program that a static graph cannot stand for
"""

from collections.abc import Callable
from typing import Any, ClassVar

from .source import user_line

_AT = "\n  at "


class TengenError(Exception):
    """The root of every exception that the framework raises itself.

    The message ends with the line of the user's program that led to the error. `wording`, which
    the interface puts in, makes it from what was raised and that line.
    """

    wording: ClassVar[Callable[[str, str], str] | None] = None

    def __init__(self, *args: object):
        if args and isinstance(args[0], str) and _AT not in args[0]:
            where, wording = user_line(), TengenError.wording
            if wording is not None:
                args = (wording(args[0], where), *args[1:])
            elif where:
                args = (f"{args[0]}{_AT}{where}", *args[1:])
        super().__init__(*args)


class ShapeError(TengenError, ValueError):
    """Shapes that do not fit together."""


class DTypeError(TengenError, TypeError):
    """A data type that is unknown or that an operator does not take."""


class ArgumentError(TengenError, ValueError):
    """An attribute or argument out of its range."""


class IndexingError(TengenError, IndexError):
    """An index outside its axis, or one that does not fit the tensor's axes."""


class DeviceError(TengenError, RuntimeError):
    """An unknown or absent device, or operands on different devices."""


class GradientError(TengenError, RuntimeError):
    """A gradient that does not exist, or that can no longer be computed."""


class OutOfMemoryError(TengenError, MemoryError):
    """The device's capacity would be passed; the message names the largest holders.

    `asked` is how many bytes did not fit on `device`; `document` who held what, once a witness has
    noted it.
    """

    _witness: ClassVar[Callable[..., None] | None] = None
    _show: ClassVar[Callable[..., list[str]] | None] = None

    def __init__(self, *args: object, asked: int | None = None, device: str = "cpu0"):
        super().__init__(*args)
        self.asked = asked
        self.device = device
        self.document: dict[str, Any] | None = None
        self._lines: list[str] | None = None
        witness = type(self)._witness
        if asked is not None and witness is not None:
            witness(self)

    def _render_traceback_(self) -> list[str]:
        """The lines of the traceback; IPython asks for them when it shows the error."""
        show = type(self)._show
        if self._lines is None:
            self._lines = [str(self)] if show is None else show(self)
        # IPython asks once for the screen and once for its history.
        return self._lines


class FileFormatError(TengenError, ValueError):
    """A file that is damaged, hostile, or not of the expected kind."""


class StateError(TengenError, RuntimeError):
    """A call that is not possible at this moment."""


class TraceError(TengenError, RuntimeError):
    """A program, or a part of one, that a static graph cannot stand for."""


class UnsupportedError(TengenError, NotImplementedError):
    """A part of a foreign model or file that has no counterpart; the message lists all of them."""
