"""Counts by which others know that what they saw before still holds: it does while one stands."""

import itertools


class Tally:
    """A `count` that is another one after every `note()`, from whichever thread."""

    __slots__ = ("_next", "count")

    def __init__(self) -> None:
        self._next = itertools.count(1)
        self.count = 0

    def note(self) -> None:
        """Something has changed."""
        self.count = next(self._next)


changes = Tally()
"""Every attribute of a module that is set or deleted, and every hook."""

writes = Tally()
"""Every write into the memory of an existing value."""
