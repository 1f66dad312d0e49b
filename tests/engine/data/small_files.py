"""Small files for the tests of data sets."""

import hashlib
import io
import tarfile

import cv2
import numpy as np


def md5(content):
    return hashlib.md5(content).hexdigest()


def tar_of(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            if content is not None:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content or b""))
    return path


def write_image(path, height=6, width=8, value=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))


def png(value):
    return cv2.imencode(".png", np.full((4, 5, 3), value, np.uint8))[1].tobytes()
