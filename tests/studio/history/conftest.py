"""A project with a folder, for the tests of its history."""

from __future__ import annotations

import pytest

from tengen_studio.context import StudioContext

from .project import Work


@pytest.fixture
def work(context: StudioContext) -> Work:
    """A blank project: version 1 holds its README.md."""
    return Work(context)
