"""jit: static graphs from ordinary programs."""

from .capture import Capture, capture, captured
from .configs import DTRConfig, GraphOptimizationConfig, SublinearMemoryConfig
from .convert import convert
from .estimate import Estimate, estimate, max_batch, memory_curve
from .report import ConversionReport
from .trace import exclude_from_trace, trace

__all__ = [
    "Capture",
    "ConversionReport",
    "DTRConfig",
    "Estimate",
    "GraphOptimizationConfig",
    "SublinearMemoryConfig",
    "capture",
    "captured",
    "convert",
    "estimate",
    "exclude_from_trace",
    "max_batch",
    "memory_curve",
    "trace",
]
