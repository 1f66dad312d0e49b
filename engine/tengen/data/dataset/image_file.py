"""Reading image files."""

from pathlib import Path

import numpy as np

from ...base.errors import FileFormatError
from ..exceptions import DatasetNotFoundError
from ..opencv import cv2

EXTENSIONS = (".jpg", ".png", ".jpeg", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def read_color(path: str | Path) -> np.ndarray:
    """The image as a BGR array (H, W, 3), uint8."""
    return _read(path, cv2().IMREAD_COLOR)


def read_gray(path: str | Path) -> np.ndarray:
    """The image as a gray array (H, W), uint8."""
    return _read(path, cv2().IMREAD_GRAYSCALE)


def is_image_name(name: str) -> bool:
    """Whether the file name has the extension of an image."""
    return str(name).lower().endswith(EXTENSIONS)


def _read(path: str | Path, flags: int) -> np.ndarray:
    # OpenCV answers None for every trouble; bytes read here also carry any path name.
    try:
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise DatasetNotFoundError(f"[image] the file {path} does not exist") from None
    image = cv2().imdecode(data, flags) if data.size else None
    if image is None:
        raise FileFormatError(f"[image] {path} is damaged, or no image that OpenCV can read")
    return image
