"""The states of a reproduction and the moves between them."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    """`agreed` and `differed` are judgements; `failed`, `cancelled` and `lost` are none.

    `lost` is one whose server went away.
    """

    running = "running"
    agreed = "agreed"
    differed = "differed"
    failed = "failed"
    cancelled = "cancelled"
    lost = "lost"


MOVES: dict[State, set[State]] = {state: set() for state in State}
MOVES[State.running] = set(State) - {State.running}


def move(before: State, after: State) -> State:
    """Return `after`.

    Raises:
        ValueError: the table has no such move.
    """
    if after not in MOVES[before]:
        raise ValueError(f"[reproduction] a move from {before} was expected; {after} came")
    return after
