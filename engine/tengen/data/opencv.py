"""The one place that loads OpenCV, when a transform or an image file first needs it."""

import functools
from types import ModuleType

from ..base.errors import StateError

_one_thread = False


def use_one_thread() -> None:
    """Keep OpenCV to the calling thread, for processes that work side by side."""
    global _one_thread
    _one_thread = True


@functools.cache
def cv2() -> ModuleType:
    """The OpenCV module; raises StateError with the package to install where it is missing."""
    try:
        import cv2 as module
    except ImportError as error:
        raise StateError(
            f"[data] images and their transforms need OpenCV: pip install "
            f"opencv-python-headless ({error})"
        ) from error
    if _one_thread:
        module.setNumThreads(0)
    return module
