"""The roles in a project, from least to most."""

from __future__ import annotations

import enum


class Role(enum.IntEnum):
    """What a person may do in a project; each role may all that the lesser ones may.

    A viewer sees versions, files and pages, and forks. An editor saves, restores and pushes
    versions. An owner shares, publishes, trashes and deletes.
    """

    viewer = 1
    editor = 2
    owner = 3
