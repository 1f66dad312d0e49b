"""Data sets: where samples come from."""

from .meta_dataset import ArrayDataset, ConcatDataset, Dataset, StreamDataset
from .vision import *  # noqa: F403
from .vision import __all__ as _vision

__all__ = ["ArrayDataset", "ConcatDataset", "Dataset", "StreamDataset", *_vision]
