"""Every test leaves the process's seed as it found it."""

from collections.abc import Iterator

import pytest

from tengen.base import seeding


@pytest.fixture(autouse=True)
def _no_seed_is_left_behind() -> Iterator[None]:
    """`tengen.random.seed` counts for samplers and transforms too, until the process ends."""
    asked = seeding._asked
    yield
    seeding._asked = asked
