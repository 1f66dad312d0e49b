"""ONNX's detection operators: boxes chosen, regions pooled."""

from typing import Any

import numpy as np

from .room import room
from .table import operator


def _corners(boxes: Any, centred: int) -> Any:
    """Boxes (N, 4) as y1, x1, y2, x2 with the smaller ones first."""
    if centred:
        x, y, w, h = boxes.T
        return np.stack([y - h / 2, x - w / 2, y + h / 2, x + w / 2], 1)
    a, b, c, d = boxes.T
    return np.stack([np.minimum(a, c), np.minimum(b, d), np.maximum(a, c), np.maximum(b, d)], 1)


@operator("NonMaxSuppression", numpy=True)
def non_max_suppression(
    boxes: Any, scores: Any, most: Any = None, overlap: Any = None, least: Any = None, *,
    center_point_box: int = 0,
) -> Any:  # fmt: skip
    """(batch, class, box) of the boxes kept: best scores first, none overlapping too much."""
    limit = int(np.asarray(most).reshape(-1)[0]) if most is not None else 0
    shared = float(np.asarray(overlap).reshape(-1)[0]) if overlap is not None else 0.0
    bound = None if least is None else float(np.asarray(least).reshape(-1)[0])
    found = []
    for batch in range(scores.shape[0]):
        corners = _corners(boxes[batch], center_point_box)
        area = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
        for label in range(scores.shape[1]):
            value = scores[batch, label]
            order = np.argsort(-value, kind="stable")
            if bound is not None:
                order = order[value[order] > bound]
            kept: list[int] = []
            for box in order:
                if len(kept) >= limit:
                    break
                low = np.maximum(corners[box, :2], corners[kept, :2])
                high = np.minimum(corners[box, 2:], corners[kept, 2:])
                common = np.prod(np.maximum(high - low, 0), axis=-1)
                union = area[box] + area[kept] - common
                if not np.any(common > shared * union):
                    kept.append(int(box))
            found += [(batch, label, box) for box in kept]
    return np.array(found, np.int64).reshape(-1, 3)


@operator("RoiAlign", numpy=True)
def roi_align(
    x: Any, rois: Any, batches: Any, *, mode: str = "avg", output_height: int = 1,
    output_width: int = 1, sampling_ratio: int = 0, spatial_scale: float = 1.0,
    coordinate_transformation_mode: str | None = None, opset: int,
) -> Any:  # fmt: skip
    """Regions read on a grid by bilinear interpolation and pooled (He et al., 2017)."""
    convention = coordinate_transformation_mode or (
        "half_pixel" if opset >= 16 else "output_half_pixel"
    )
    shift = 0.5 if convention == "half_pixel" else 0.0
    height, width = x.shape[2:]
    room(len(rois), x.shape[1], output_height, output_width)
    out = np.zeros((len(rois), x.shape[1], output_height, output_width), np.float64)
    for number, (roi, batch) in enumerate(zip(rois, batches, strict=True)):
        x1, y1, x2, y2 = roi * spatial_scale - shift
        w, h = x2 - x1, y2 - y1
        if not shift:
            w, h = max(w, 1.0), max(h, 1.0)
        cell_h, cell_w = h / output_height, w / output_width
        ny = sampling_ratio or int(np.ceil(cell_h))
        nx = sampling_ratio or int(np.ceil(cell_w))
        room(x.shape[1], output_height, ny, output_width, nx)
        ys = y1 + (np.arange(output_height * ny) + 0.5) * cell_h / ny
        xs = x1 + (np.arange(output_width * nx) + 0.5) * cell_w / nx
        taps_y, taps_x = _taps(ys, height), _taps(xs, width)
        image = x[int(batch)]
        parts = [
            image[:, i[:, None], j[None]] * (a[:, None] * b[None])
            for i, a in taps_y
            for j, b in taps_x
        ]
        shape = (x.shape[1], output_height, ny, output_width, nx)
        if mode == "avg":
            out[number] = sum(parts).reshape(shape).mean((2, 4))
        else:
            stacked = np.maximum.reduce(parts)
            out[number] = stacked.reshape(shape).max((2, 4))
    return out.astype(x.dtype)


def _taps(place: Any, size: int) -> Any:
    """The two elements read at each place, with weights; nothing far outside."""
    inside = (place >= -1) & (place <= size)
    clamped = np.maximum(place, 0)
    low = np.minimum(np.floor(clamped).astype(int), size - 1)
    high = np.minimum(low + 1, size - 1)
    part = np.where(low >= size - 1, 0.0, clamped - low)
    return [(low, np.where(inside, 1 - part, 0)), (high, np.where(inside, part, 0))]
