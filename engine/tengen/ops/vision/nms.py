"""Non-maximum suppression: of boxes that overlap, the one with the best score stays."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, OpDef, Sample
from ...graph.types import TensorType
from ..elementwise import same_dtype
from ..sampling import draw, strided


class NonMaximumSuppression(OpDef):
    """The numbers (int32) of the boxes (N, 4) that stay, by falling score (N,).

    A box x1, y1, x2, y2 goes when its intersection with a better one that stays is more than
    `threshold` of their union. At most `limit` stay (-1: any number); equal scores keep their
    order. The length comes from the data.
    """

    attrs = {"threshold": 0.5, "limit": -1}
    dtypes = dt.FLOATS
    differentiable = False
    why_no_grad = "its result is a list of positions"
    without = {"0-d": "boxes have two axes"}

    def infer(
        self, boxes: TensorType, scores: TensorType, *, threshold: float, limit: int
    ) -> TensorType:
        require_dtypes(self.name, self.dtypes, boxes)
        same_dtype(self.name, boxes, scores)
        if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
            raise ShapeError(
                f"[{self.name}] boxes (N, 4) and scores (N,) are needed; got {boxes.shape} and"
                f" {scores.shape}"
            )
        return boxes.make((None,), dt.int32)

    def kernel(self, xp: Any, boxes: Any, scores: Any, *, threshold: float, limit: int) -> Any:
        work = dt.accumulator(boxes.dtype)
        order = xp.argsort(-scores.astype(work), kind="stable")
        left, top, right, bottom = boxes.astype(work)[order].T
        area = (right - left) * (bottom - top)
        alive = xp.ones(len(order), bool)
        kept: list[int] = []
        number = 0
        while number < len(order) and len(kept) != limit:
            kept.append(number)
            later = slice(number + 1, None)
            width = xp.minimum(right[number], right[later]) - xp.maximum(left[number], left[later])
            height = xp.minimum(bottom[number], bottom[later]) - xp.maximum(top[number], top[later])
            common = xp.maximum(width, 0) * xp.maximum(height, 0)
            union = area[number] + area[later] - common
            alive[later] &= ~(common > union * work.type(threshold))
            rest = alive[later]
            number += int(rest.argmax()) + 1 if rest.any() else len(order)
        return order[xp.asarray(kept, dtype=np.int64)].astype(dt.int32)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        def call(count: int, dtype: Any = dt.float32, **attrs: Any) -> Sample:
            corner = rng.integers(0, 12, (count, 2))
            boxes = np.concatenate([corner, corner + rng.integers(1, 9, (count, 2))], axis=1)
            scores = rng.permutation(count).astype(dtype)
            return Sample((boxes.astype(dtype), scores), attrs)

        for dtype in self.dtypes:
            yield call(12, dtype)
        yield call(30, threshold=0.3)
        yield call(30, threshold=0.3, limit=4)
        yield call(30, limit=0)
        yield call(0)
        boxes, scores = call(10).inputs
        yield Sample((strided(boxes), strided(scores)))
        yield Sample((draw(rng, (6, 4)), np.zeros(6, "float32")))

    def bad_samples(self) -> Iterator[BadSample]:
        boxes = np.ones((3, 4), "float32")
        yield BadSample((boxes, boxes[:2, 0]), "boxes (N, 4) and scores (N,) are needed")
        yield BadSample((boxes[:, :3], boxes[:, 0]), "boxes (N, 4)")


nms = NonMaximumSuppression("nms")
