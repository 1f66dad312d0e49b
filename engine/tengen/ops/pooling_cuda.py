"""Max and average pooling of images on the GPU, plain or channels-last."""

import struct
from typing import Any

from ..base import dtype as dt
from ..base.layout import channels_last
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda.program import program
from .launching_cuda import THREADS, TYPES, all_known, blocks
from .pooling import (
    average_pool,
    average_pool_backward,
    max_pool,
    max_pool_backward,
    max_pool_take,
)


def _plane(size: Any) -> tuple[int, int]:
    """Height and width of one or two spatial axes."""
    return (1, size[0]) if len(size) == 1 else tuple(size)


def _register(op: Any, backward: bool) -> None:

    def build(
        forms: Any, out_types: Any, *, kernel: Any, stride: Any, padding: Any,
        mode: str = "", size: Any = None,
    ) -> Bound | None:  # fmt: skip
        x: TensorType = forms[0]
        if x.ndim > 4 or not all_known((x, *out_types)):
            return None
        layout = x.layout if x.ndim == 4 and x.layout is channels_last(4) else None
        lanes = 16 // x.dtype.itemsize
        pack = lanes if layout is not None and x.shape[1] % lanes == 0 else 1
        image, pooled = (out_types[0], x) if backward else (x, out_types[0])
        places = [t for t in (*forms, *out_types) if t.dtype not in dt.FLOATS]
        index = TYPES[places[0].dtype] if places else "byte"
        steps = (kernel, stride) if x.ndim == 4 else ((1, kernel[0]), (1, stride[0]))
        sides = padding if x.ndim == 4 else (0, padding[0])
        geometry = struct.pack(
            "13i", *x.shape[:2], *_plane(image.shape[2:]), *_plane(pooled.shape[2:]),
            *steps[0], *steps[1], *sides, int(mode == "average"),
        )  # fmt: skip
        run_pool = program(
            "pooling", TYPE=TYPES[x.dtype], LAST=int(layout is not None), VECTOR=pack,
            INDEX=index, OP=op.name.upper(),
        )  # fmt: skip
        grid = blocks(out_types[0].size // pack)

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            run_pool("run", grid, THREADS, *ins, *outs, geometry)

        outs = tuple([t.with_layout(layout) for t in out_types])
        return Bound(run, (layout,) * len(forms), outs)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("cuda", "gpu")(build)


_register(max_pool, False)
_register(max_pool_backward, True)
_register(max_pool_take, False)
_register(average_pool, False)
_register(average_pool_backward, True)
