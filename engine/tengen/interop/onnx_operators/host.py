"""ONNX operators that only the host computes, with NumPy: signals and images from columns."""

from typing import Any

import numpy as np

from .room import room
from .table import numbers, operator


def _complex(x: Any) -> Any:
    """A signal whose last axis holds the real and the imaginary part, if there is one."""
    return x[..., 0] + 1j * x[..., 1] if x.shape[-1] == 2 else x[..., 0]


def _parts(x: Any, dtype: Any) -> Any:
    return np.stack([x.real, x.imag], -1).astype(dtype)


@operator("DFT", numpy=True)
def dft(
    x: Any, length: Any = None, place: Any = None, *, axis: int = 1, inverse: int = 0,
    onesided: int = 0, opset: int,
) -> Any:  # fmt: skip
    """The discrete Fourier transform along an axis."""
    at = axis if opset < 20 else -2
    if place is not None:
        at = int(np.asarray(place).reshape(-1)[0])
    at %= x.ndim
    count = None if length is None else int(np.asarray(length).reshape(-1)[0])
    if count is not None:
        room(x.size / max(x.shape[at], 1), count, each=16)
    if inverse and onesided:
        made = np.fft.irfft(_complex(x), count, at)
        return made[..., None].astype(x.dtype)
    signal = _complex(x)
    if inverse:
        return _parts(np.fft.ifft(signal, count, at), x.dtype)
    if onesided:
        return _parts(np.fft.rfft(np.real(signal), count, at), x.dtype)
    return _parts(np.fft.fft(signal, count, at), x.dtype)


@operator("STFT", numpy=True)
def stft(x: Any, step: Any, window: Any = None, length: Any = None, *, onesided: int = 1) -> Any:
    """Transforms of overlapping frames."""
    hop = int(np.asarray(step).reshape(-1)[0])
    size = int(np.asarray(length).reshape(-1)[0]) if length is not None else len(window)
    signal = _complex(x)
    frames = 1 + (signal.shape[1] - size) // hop
    room(signal.shape[0], frames, size, each=16)
    shape = np.ones(size) if window is None else np.asarray(window)
    places = np.arange(frames)[:, None] * hop + np.arange(size)
    cut = signal[:, places] * shape
    return _parts(np.fft.rfft(cut) if onesided else np.fft.fft(cut), x.dtype)


@operator("MelWeightMatrix", numpy=True)
def mel_weight_matrix(
    bands: Any, length: Any, rate: Any, low: Any, high: Any, *, output_datatype: Any = None
) -> Any:
    """Weights that sum a spectrum into bands of the mel scale."""
    count, size, sampling = (int(np.asarray(v)) for v in (bands, length, rate))
    bins = size // 2 + 1
    room(bins, count + 2)

    def mel(hertz: Any) -> Any:
        return 2595 * np.log10(1 + np.asarray(hertz, np.float64) / 700)

    edges = mel(low) + np.arange(count + 2) * ((mel(high) - mel(low)) / (count + 2))
    hertz = 700 * (10 ** (edges / 2595) - 1)
    place = np.floor((size + 1) * hertz / sampling).astype(np.int64)
    made = np.zeros((bins, count))
    for band in range(count):
        start, centre, end = place[band : band + 3]
        if start == centre:
            made[centre, band] = 1
        else:
            rise = np.arange(start, centre + 1)
            made[rise, band] = (rise - start) / (centre - start)
        fall = np.arange(centre, end)
        if end > centre:
            made[fall, band] = (end - fall) / (end - centre)
    return made.astype(np.float32 if output_datatype is None else output_datatype)


@operator("Col2Im", numpy=True)
def col2im(
    x: Any, image: Any, block: Any, *, dilations: Any = None, pads: Any = None,
    strides: Any = None,
) -> Any:  # fmt: skip
    """Columns of blocks added up where they lie in an image."""
    size, kernel = numbers(image), numbers(block)
    axes = len(size)
    gap, hop = list(dilations or [1] * axes), list(strides or [1] * axes)
    edge = list(pads or [0] * (2 * axes))
    area = int(np.prod(kernel))
    channels = x.shape[1] // area
    wide = [n + edge[i] + edge[axes + i] for i, n in enumerate(size)]
    room(x.shape[0], channels, *wide)
    counts = [(w - d * (k - 1) - 1) // s + 1 for w, d, k, s in zip(wide, gap, kernel, hop,
                                                                  strict=True)]  # fmt: skip
    parts = x.reshape(x.shape[0], channels, *kernel, *counts)
    made = np.zeros((x.shape[0], channels, *wide), x.dtype)
    for offset in np.ndindex(*kernel):
        place = tuple(
            slice(o * d, o * d + s * (c - 1) + 1, s)
            for o, d, s, c in zip(offset, gap, hop, counts, strict=True)
        )
        made[(slice(None), slice(None), *place)] += parts[(slice(None), slice(None), *offset)]
    inner: Any = (..., *[slice(edge[i], edge[i] + n) for i, n in enumerate(size)])
    return made[inner]
