"""The roles in a project, from least to most."""

from __future__ import annotations

import enum
from typing import Literal

RoleName = Literal["viewer", "editor", "owner"]
"""A role as the REST interface names it."""


class Role(enum.IntEnum):
    """What a person may do in a project; each role may all that the lesser ones may.

    A viewer sees versions, files and pages, and forks. An editor saves, restores and pushes
    versions. An owner shares, publishes, trashes and deletes.
    """

    viewer = 1
    editor = 2
    owner = 3
