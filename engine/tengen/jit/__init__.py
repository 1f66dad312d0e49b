"""jit: static graphs from ordinary programs."""

from .capture import Capture, capture, captured
from .configs import DTRConfig, GraphOptimizationConfig, SublinearMemoryConfig
from .convert import convert
from .report import ConversionReport
from .trace import exclude_from_trace, trace

__all__ = [
    "Capture",
    "ConversionReport",
    "DTRConfig",
    "GraphOptimizationConfig",
    "SublinearMemoryConfig",
    "capture",
    "captured",
    "convert",
    "exclude_from_trace",
    "trace",
]
