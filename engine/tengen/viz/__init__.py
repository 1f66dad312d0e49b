"""Pictures of what is going on, in a notebook or a terminal."""

from .memory import MemoryView, memory
from .monitor import Monitor

__all__ = ["MemoryView", "Monitor", "memory"]
