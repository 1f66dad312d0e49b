"""The states of a data set and the moves between them."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    """`copying` while its files are taken in; a failed one is kept to say why."""

    copying = "copying"
    ready = "ready"
    failed = "failed"


MOVES = {
    State.copying: {State.ready, State.failed},
    State.ready: set(),
    State.failed: set(),
}


def move(before: State, after: State) -> State:
    """Return `after`.

    Raises:
        ValueError: the table has no such move.
    """
    if after not in MOVES[before]:
        raise ValueError(f"[data set] a move from {before} was expected; {after} came")
    return after
