"""Pictures of what is going on, in a notebook or a terminal."""

from .graph import GraphView, graph
from .memory import MemoryView, memory
from .monitor import Monitor
from .remedies import Advice, advice
from .targets import last_inputs

__all__ = [
    "Advice",
    "GraphView",
    "MemoryView",
    "Monitor",
    "advice",
    "graph",
    "last_inputs",
    "memory",
]
