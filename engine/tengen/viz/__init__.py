"""Pictures of what is going on, in a notebook or a terminal."""

from .monitor import Monitor

__all__ = ["Monitor"]
