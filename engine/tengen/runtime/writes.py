"""How often anybody has written over a value that was there: what was derived from values before
is known to be theirs still while this number stands."""

import itertools


class Writes:
    """`count` changes with every write into the memory of an existing value."""

    __slots__ = ("_next", "count")

    def __init__(self) -> None:
        self._next = itertools.count(1)
        self.count = 0

    def note(self) -> None:
        """Somebody has written."""
        self.count = next(self._next)


writes = Writes()
