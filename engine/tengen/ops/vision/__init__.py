"""Operators on images: resizing, reading at given points, regions, matching, colours."""

from . import (
    color,
    correlation,
    deformable,
    nms,
    nms_cuda,
    regions,
    regions_cuda,
    resize,
    resize_onednn,
    sample_points,
)

__all__ = [
    "color",
    "correlation",
    "deformable",
    "nms",
    "nms_cuda",
    "regions",
    "regions_cuda",
    "resize",
    "resize_onednn",
    "sample_points",
]
