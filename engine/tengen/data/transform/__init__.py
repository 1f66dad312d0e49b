"""Transforms: changing samples between the data set and the batch."""

from .meta_transform import PseudoTransform, Transform
from .vision import *  # noqa: F403
from .vision import __all__ as _vision

__all__ = ["PseudoTransform", "Transform", *_vision]
