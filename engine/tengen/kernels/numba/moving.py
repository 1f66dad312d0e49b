"""Channels of several arrays laid into one, whatever the layout of each, in one pass.

Arrays are plain, (images, channels, places), or hold their channels in blocks of W lanes, (images,
blocks, places, W); lanes that only fill a block become zero. Values are only copied, so that
numbers of any type of 4 or 8 bytes may come, viewed as floats.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import service
from .flat import flat_output, parts
from .passes import entry, header, indented

Array = NDArray[np.floating]

TILE = 512
"""Elements that a task fills: with all that it reads they stay in the first cache."""

_ARGUMENTS = [
    *[(name, "WHOLE") for name in ("addresses", "sizes", "steps", "jumps", "source", "start")],
    ("out", "OUT"),
    *[(name, "int64") for name in ("images", "blocks", "places", "lanes", "tile")],
]

_MOVE = """\
for lane in range(lanes):
    number = source[block * lanes + lane]
    at = to + lane
    if number < 0:
        for _ in range(count):
            store(out, at, splat(T(0), ONE))
            at += lanes
        continue
    step = steps[number]
    x = carray(pointer(addresses[number]), (sizes[number],), T)
    take = start[block * lanes + lane] + image * jumps[number] + first * step
    if step == 1 and lanes == 1:
        end = at + count
        while at + W <= end:
            store(out, at, load(x, take, W))
            at += W
            take += W
        while at < end:
            store(out, at, load(x, take, ONE))
            at += 1
            take += 1
    elif step == W and lanes == W:
        for _ in range(count // 4):
            a = load(x, take, ONE)
            b = load(x, take + W, ONE)
            c = load(x, take + 2 * W, ONE)
            d = load(x, take + 3 * W, ONE)
            store(out, at, a)
            store(out, at + W, b)
            store(out, at + 2 * W, c)
            store(out, at + 3 * W, d)
            at += 4 * W
            take += 4 * W
        for _ in range(count % 4):
            store(out, at, load(x, take, ONE))
            at += W
            take += W
    else:
        for _ in range(count):
            store(out, at, load(x, take, ONE))
            at += lanes
            take += step"""


@cache
def _text(dtype: str, lanes: int) -> str:
    names = ", ".join(name for name, _ in _ARGUMENTS)
    lines = [
        header(dtype, lanes),
        "from numba import carray",
        "from tengen.kernels.numba.addresses import pointer",
        "",
        "ONE = 1",
        'WHOLE = types.Array(int64, 1, "C")',
        "",
        "@inner",
        f"def work(part, parts, {names}):",
        "    tiles = (places + tile - 1) // tile",
        "    tasks = images * blocks * tiles",
        "    for task in range(part * tasks // parts, (part + 1) * tasks // parts):",
        "        row = task // tiles",
        "        first = (task - row * tiles) * tile",
        "        count = min(tile, places - first)",
        "        image = row // blocks",
        "        block = row - image * blocks",
        "        to = (row * places + first) * lanes",
        *indented(_MOVE.split("\n"), 2),
    ]
    return "\n".join(lines) + "\n" + entry(_ARGUMENTS)


class Move:
    """Which channels of which arrays make up the result, prepared for arrays of fixed forms.

    `channels` are pairs (array, channel); `counts` the channels of each array. `blocked` tells of
    each array, the result last, whether it lies in blocks of `lanes`, else it is plain.
    """

    def __init__(
        self,
        channels: Sequence[tuple[int, int]],
        counts: Sequence[int],
        blocked: Sequence[bool],
        images: int,
        places: int,
        dtype: str,
        lanes: int,
    ):
        *widths, wide = [lanes if cut else 1 for cut in blocked]
        blocks = -(-len(channels) // wide)
        source = np.full(blocks * wide, -1, np.int64)
        start = np.zeros(blocks * wide, np.int64)
        for place, (number, channel) in enumerate(channels):
            block, lane = divmod(channel, widths[number])
            source[place] = number
            start[place] = block * places * widths[number] + lane
        jumps = [-(-n // width) * places * width for n, width in zip(counts, widths, strict=True)]
        self._text = _text(dtype, lanes)
        self._name = f"move_channels_{dtype}_{lanes}"
        self._dtype = np.dtype(dtype)
        self._tables = (
            np.array([images * jump for jump in jumps], np.int64),
            np.array(widths, np.int64),
            np.array(jumps, np.int64),
            source,
            start,
        )
        tile = TILE // wide
        tasks = images * blocks * -(-places // tile)
        self._sizes = (images, blocks, places, wide, tile)
        self._parts = min(parts(images * blocks * places * wide), tasks)

    def ready(self) -> bool:
        """Whether the kernel is compiled; asks for it."""
        return service.request(self._name, self._text).ready

    def __call__(self, arrays: Sequence[Array], out: Array) -> None:
        """Fills `out`; only when `ready`. Arrays are C-contiguous."""
        addresses = np.array([a.__array_interface__["data"][0] for a in arrays], np.int64)
        kernel = service.request(self._name, self._text)
        kernel(addresses, *self._tables, flat_output(out).view(self._dtype), *self._sizes,
               self._parts)  # fmt: skip
