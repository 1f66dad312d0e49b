"""Changes of files that belong to a transaction: each is settled once the database has decided.

A service promises a step before it touches anything: the journal then says what is under way,
and a row of the same transaction says later whether it was committed. Settling finishes a step
that was, and undoes one that was not; after a crash the next start settles what is left.
"""

from tengen_studio.steps.journal import lock_project, promise, settle_all
from tengen_studio.steps.kinds import ChangeFolder, MoveFolder, PlaceFolder, RemoveFiles, Step

__all__ = [
    "ChangeFolder",
    "MoveFolder",
    "PlaceFolder",
    "RemoveFiles",
    "Step",
    "lock_project",
    "promise",
    "settle_all",
]
