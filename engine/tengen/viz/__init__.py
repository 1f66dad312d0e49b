"""Pictures of what is going on, in a notebook or a terminal."""

from .graph import GraphView, graph
from .memory import MemoryView, memory
from .monitor import Monitor
from .targets import last_inputs

__all__ = ["GraphView", "MemoryView", "Monitor", "graph", "last_inputs", "memory"]
