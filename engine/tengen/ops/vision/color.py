"""Colours of images (N, H, W, C): matrices for floats, and the whole-number rules for bytes.

Bytes follow the fixed-point rules that MegEngine and OpenCV share, to the bit. "YUV" of three
channels holds Y, then the difference of the first channel, then that of the last one; the names
with NV12, NV21, YU12 and YV12 are planes with colour at half the resolution, as cameras give.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import ArgumentError, ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, OpDef, Sample
from ...graph.types import TensorType
from ..sampling import draw, strided

_GRAY = ((0.299,), (0.587,), (0.114,))
_CB, _CR = 0.492, 0.877
_LUMA = (0.114, 0.587, 0.299)
_SWAP = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
_SAME = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_ALPHA = ((0.0, 0.0, 0.0),)

MATRICES: dict[str, tuple[Any, Any]] = {
    "RGB2GRAY": (_GRAY, None),
    "BGR2GRAY": (_GRAY[::-1], None),
    "RGBA2GRAY": ((*_GRAY, (0.0,)), None),
    "GRAY2RGB": (((1.0, 1.0, 1.0),), None),
    "RGB2BGR": (_SWAP, None),
    "BGR2RGB": (_SWAP, None),
    "RGBA2RGB": ((*_SAME, *_ALPHA), None),
    "RGBA2BGR": ((*_SWAP, *_ALPHA), None),
    "RGB2YUV": (
        tuple(
            (luma, ((i == 0) - luma) * _CB, ((i == 2) - luma) * _CR) for i, luma in enumerate(_LUMA)
        ),
        (0.0, 0.5, 0.5),
    ),
    "YUV2RGB": (
        ((1.0, 1.0, 1.0), (2.032, -0.395, 0.0), (0.0, -0.581, 1.140)),
        (-0.5 * 2.032, 0.5 * (0.395 + 0.581), -0.5 * 1.140),
    ),
}
"""For floats: the matrix (channels in, channels out) and what is added to each channel."""

_PLANES = tuple(
    f"YUV2{to}_{kind}" for to in ("RGB", "BGR") for kind in ("NV21", "NV12", "YV12", "YU12")
)
_GRAY_PLANES = tuple(f"YUV2GRAY_{kind}" for kind in ("NV21", "NV12", "YV12", "YU12"))
MODES = (
    *MATRICES, *_PLANES, *_GRAY_PLANES, "YCrCb2RGB", "YCrCb2BGR",
    *[f"BT601_{name}" for name in _PLANES],
)  # fmt: skip
_ALIAS = {"YCrCb2RGB": "YUV2RGB_NV21", "YCrCb2BGR": "YUV2BGR_NV21"}


def canonical_mode(name: str, mode: str) -> str:
    """The mode as it stands in MODES; case matters only for YCrCb. Raises ArgumentError."""
    found = mode if "YCrCb" in mode else mode.upper()
    if found not in MODES:
        raise ArgumentError(f"[{name}] mode is one of {', '.join(MODES)}; got {mode!r}")
    return found


class ConvertColor(OpDef):
    """The colours of byte images (N, H, W, C) by another convention, in whole numbers.

    Planes come as one channel of 3/2 H rows and give H rows.
    """

    attrs = {"mode": "RGB2GRAY"}
    dtypes = (dt.uint8,)
    differentiable = False
    choices = {"mode": MODES}
    without = {"0-d": "an image has four axes"}

    def infer(self, x: TensorType, *, mode: str) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        canonical_mode(self.name, mode)
        if x.ndim != 4:
            raise ShapeError(f"[{self.name}] images (N, H, W, C) are needed; got {x.shape}")
        batch, height, width, channels = x.shape
        if mode in MATRICES:
            matrix = MATRICES[mode][0]
            if channels != len(matrix):
                raise ShapeError(
                    f"[{self.name}] {mode} takes {len(matrix)} channels; got shape {x.shape}"
                )
            return x.with_shape((batch, height, width, len(matrix[0])))
        rows = 6 if _ALIAS.get(mode, mode).endswith(("YV12", "YU12")) else 3
        if channels != 1 or height % rows or width % 2:
            raise ShapeError(
                f"[{self.name}] {mode} takes one channel, rows by {rows} and columns by 2; got"
                f" shape {x.shape}"
            )
        return x.with_shape((batch, height // 3 * 2, width, 1 if "GRAY" in mode else 3))

    def kernel(self, xp: Any, x: Any, *, mode: str) -> Any:
        if mode in _GRAY_PLANES:
            return xp.array(x[:, : x.shape[1] // 3 * 2])
        wide = x.astype(np.int32)
        if mode in MATRICES:
            found = _of_pixels(xp, wide, mode)
        else:
            plain = _ALIAS.get(mode, mode)
            luma, u, v = _split_planes(xp, wide[..., 0], plain[-4:])
            rule = _bt601 if plain.startswith("BT601") else _jpeg
            found = rule(xp, luma, u, v)
            if "2BGR" in plain:
                found = found[..., ::-1]
        return xp.clip(found, 0, 255).astype(np.uint8)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for mode in MODES:
            channels = len(MATRICES[mode][0]) if mode in MATRICES else 1
            yield Sample((draw(rng, (2, 6, 4, channels), dt.uint8, 0, 256),), {"mode": mode})
        yield Sample((np.zeros((0, 6, 4, 3), "uint8"),))
        yield Sample((strided(draw(rng, (1, 6, 4, 3), dt.uint8, 0, 256)),))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((1, 4, 4, 3), "uint8")
        yield BadSample((x[..., :2],), "RGB2GRAY takes 3 channels")
        yield BadSample((x,), "takes one channel, rows by 3", {"mode": "YUV2RGB_NV12"})
        yield BadSample((x,), "mode is one of", {"mode": "HSV2RGB"})


def _rounded(value: Any) -> Any:
    """A fixed-point number of 14 bits behind the point, rounded."""
    return (value + (1 << 13)) >> 14


def _of_pixels(xp: Any, x: Any, mode: str) -> Any:
    """The rules that look at one pixel."""
    channels = [x[..., i] for i in range(x.shape[-1])]
    if mode.endswith("2GRAY"):
        first, green, last = channels[:3]
        red, blue = (last, first) if mode.startswith("BGR") else (first, last)
        return _rounded(red * 4899 + green * 9617 + blue * 1868)[..., None]
    if mode == "RGB2YUV":
        a, b, c = channels
        luma = _rounded(a * 1868 + b * 9617 + c * 4899)
        half = 128 << 14
        return xp.stack(
            [luma, _rounded((a - luma) * 8061 + half), _rounded((c - luma) * 14369 + half)], -1
        )
    if mode == "YUV2RGB":
        luma, a, c = channels[0], channels[1] - 128, channels[2] - 128
        return xp.stack(
            [
                luma + _rounded(a * 33292),
                luma + _rounded(c * -9519 + a * -6472),
                luma + _rounded(c * 18678),
            ],
            -1,
        )
    if mode == "GRAY2RGB":
        return xp.repeat(x, 3, axis=-1)
    return x[..., 2::-1] if mode in ("RGB2BGR", "BGR2RGB", "RGBA2BGR") else x[..., :3]


def _split_planes(xp: Any, x: Any, kind: str) -> tuple[Any, Any, Any]:
    """Luma, U and V at full resolution from planes (N, 3/2 H, W)."""
    batch, rows, width = x.shape
    height = rows // 3 * 2
    colour = x[:, height:].reshape(batch, height * width // 2)
    if kind in ("NV12", "NV21"):
        first, second = colour[:, 0::2], colour[:, 1::2]
    else:
        half = height * width // 4
        first, second = colour[:, :half], colour[:, half:]
    planes = [p.reshape(batch, height // 2, width // 2) for p in (first, second)]
    planes = [xp.repeat(xp.repeat(p, 2, axis=1), 2, axis=2) for p in planes]
    u, v = planes if kind in ("NV12", "YU12") else planes[::-1]
    return x[:, :height], u, v


def _jpeg(xp: Any, luma: Any, u: Any, v: Any) -> Any:
    """Full-range YUV to RGB with 8 bits behind the point."""
    u, v = u - 128, v - 128
    red, green, blue = (359 * v) >> 8, -((88 * u + 183 * v) >> 8), (454 * u) >> 8
    return xp.stack([luma + red, luma + green, luma + blue], -1)


def _bt601(xp: Any, luma: Any, u: Any, v: Any) -> Any:
    """Studio-range YUV (ITU-R BT.601) to RGB with 6 bits behind the point."""
    scaled = ((luma.astype(np.int64) * 0x0101 * 18997) >> 16).astype(np.int32) - 1160
    blue = (scaled + 128 * (u - 128)) >> 6
    green = (scaled - 25 * (u - 128) - 52 * (v - 128)) >> 6
    red = (scaled + 102 * (v - 128)) >> 6
    return xp.stack([red, green, blue], -1)


convert_color = ConvertColor("convert_color")
