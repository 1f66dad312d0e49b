"""How often the parts of any module have been changed: what was seen to hold of them does so still
while this number stands."""

import itertools


class Changes:
    """`count` changes with every attribute of a module that is set or deleted, and every hook."""

    __slots__ = ("_next", "count")

    def __init__(self) -> None:
        self._next = itertools.count(1)
        self.count = 0

    def note(self) -> None:
        """Something has changed."""
        self.count = next(self._next)


changes = Changes()
