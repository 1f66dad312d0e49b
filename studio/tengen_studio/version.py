"""The version of the installed distribution, which framework and studio share."""

from __future__ import annotations

from importlib.metadata import version

DISTRIBUTION = "tengen-studio"

__version__ = version(DISTRIBUTION)
