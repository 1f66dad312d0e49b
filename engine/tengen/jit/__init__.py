"""jit: static graphs from ordinary programs."""

from .capture import Capture, capture, captured
from .configs import DTRConfig, GraphOptimizationConfig, SublinearMemoryConfig
from .trace import exclude_from_trace, trace

__all__ = [
    "Capture",
    "DTRConfig",
    "GraphOptimizationConfig",
    "SublinearMemoryConfig",
    "capture",
    "captured",
    "exclude_from_trace",
    "trace",
]
