"""Whether a text may look at values to refuse bad ones."""

from typing import Any

import numpy as np

from ..base import config as settings


def looks_at_values(xp: Any) -> bool:
    """True on the CPU. On a GPU looking means to wait, so it is done only if asked for, with
    `config.synchronous`."""
    return xp is np or settings.config.synchronous
