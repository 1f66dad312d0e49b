"""A result of a graph while it is decided when it is there: its readers, its place, its worth."""

import dataclasses

from ..graph.node import Var


@dataclasses.dataclass(eq=False, slots=True)
class Value:
    """A result of the graph with memory of its own.

    `uses` are the places of the calls that read it, the next one last; `sources` what its call
    reads, `readers` what is made from it. It is `lost` while it is needed and not there; `waiting`
    counts the lost values made from it. A `fixed` one cannot be made again, since a parameter
    that it came from has its next value. `now` is its latest copy, `made` when that was made, and
    `away` the one in the host's memory. One that is `portable` may go there.
    """

    var: Var
    nbytes: int
    seconds: float
    movable: bool
    uses: list[int] = dataclasses.field(default_factory=list)
    sources: list["Value"] = dataclasses.field(default_factory=list)
    readers: list["Value"] = dataclasses.field(default_factory=list)
    kept: bool = False
    fixed: bool = False
    there: bool = False
    lost: bool = False
    waiting: int = 0
    pins: int = 0
    now: Var | None = None
    portable: bool = False
    away: Var | None = None
    made: float = 0.0

    @property
    def needed(self) -> bool:
        return self.kept or bool(self.uses) or self.waiting > 0
