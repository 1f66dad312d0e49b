"""LazyBuffer: the value of a recorded call that has not run yet."""

from typing import Any

from ..graph.types import TensorType
from .buffer import Buffer


class LazyBuffer(Buffer):
    """A buffer whose value a recording session computes when somebody first looks at it.

    `slot` numbers it in its session's call. Once computed it is a view of `made`.
    """

    __slots__ = ("made", "session", "slot", "tag")

    def __init__(self, type: TensorType, session: Any, slot: int):
        self.type = type
        self._array = None
        self.owner = None
        self.nbytes = 0
        self.uses = 0
        self.session = session
        self.slot = slot
        self.tag = None

    @property
    def computed(self) -> bool:
        """Whether the value is known, wherever its memory lies now."""
        return self.owner is not None

    def materialise(self) -> Any:
        """Run what was recorded so far; this value's array."""
        if self.computed:
            return super().materialise()
        self.session.need(self)
        return self._array

    def fill(self, made: Buffer) -> None:
        """Take over a computed buffer."""
        self.type = made.type
        self._array = made.array
        self.owner = made.root
        self.made = made


def settled(buffer: Buffer) -> Buffer:
    """The computed buffer behind a value's buffer; itself where nothing was recorded or run."""
    if type(buffer) is LazyBuffer and buffer.computed:
        return buffer.made  # type: ignore[no-any-return]
    return buffer
