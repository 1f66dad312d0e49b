"""Chains of concat, split, slices and shuffles along the axis of channels, each moved once."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...base import dtype as dt
from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...graph.types import Shape
from ...ops import moving_cuda
from ...ops.joining import concat, split
from ...ops.moving import move_channels
from ...ops.moving_numba import usable
from ...ops.shape import reshape, transpose
from ...ops.slicing import sliced
from ..rewrite import Rewrite, readers_of
from .dead_code import drop_dead_code

BLOCK = 16
"""Channels of a block; pieces that start on one are copied well enough by what there is."""

MOST = 4096
"""Channels of a result, beyond which its table is not worth keeping."""


def compose_channels(graph: Graph) -> Graph:
    """Makes each value at the end of such a chain one `move_channels` of what the chain began with.

    Matches concat, split and slices along axis 1, and reshapes and transposes that only cut, turn
    and join that axis, of data (N, C, ...) with numbers of 4 or 8 bytes (any, on a GPU). Values
    that something else reads are made, and read by what follows; the others never are. What comes
    to one slice of one value is that slice. Leaves chains without a shuffle unless they cut float32
    images on a CPU within a block. Must run after the fusions that look for a batch norm's
    neighbours.
    """
    readers = readers_of(graph)
    free: dict[Var, _Moved] = {}
    movers = {node for node in graph.nodes if _follow(node, free)}
    ends = {
        var
        for var, moved in free.items()
        if moved.flat and any(reader not in movers for reader in readers.get(var, ()))
    }
    rewrite = Rewrite(graph)
    known: dict[Var, _Moved] = {}
    found = False
    for node in graph.nodes:
        rewrite.keep(node)
        if node not in movers:
            continue
        _follow(node, known)
        for var in node.outputs:
            if var in ends:
                moved = known.pop(var)
                if moved.pays(var):
                    rewrite.replace(var, moved.made(rewrite, node))
                    found = True
    return drop_dead_code(rewrite.finish()) if found else graph


@dataclasses.dataclass(frozen=True)
class _Moved:
    """What a value holds: `table[..., 0]` says which source a channel is of, `[..., 1]` which.

    The table has an axis for each of the value's between the images and `places`, the last ones.
    """

    sources: tuple[Var, ...]
    table: NDArray[np.int64]
    places: Shape
    shuffled: bool = False

    @property
    def flat(self) -> bool:
        """Whether the channels are one axis."""
        return self.table.ndim == 2

    def pays(self, var: Var) -> bool:
        """Whether something is moved that is not copied in whole blocks, or not at all."""
        host = var.type.device.host
        if not 0 < len(self.table) <= MOST or not var.type.size:
            return False
        sources = len(np.unique(self.table[:, 0]))
        if not host and not moving_cuda.holds(len(self.table), sources):
            return False
        starts = self.starts
        images = host and var.type.ndim in (4, 5) and var.type.dtype == dt.float32
        if self.shuffled or not starts.size or not images:
            return self.shuffled
        cut = [self.table[0, 1], *starts, *self.table[starts, 1]]
        return any(channel % BLOCK for channel in cut)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where channels begin that do not follow the one before in a source."""
        step = np.diff(self.table, axis=0)
        return np.flatnonzero((step[:, 0] != 0) | (step[:, 1] != 1)) + 1

    def made(self, rewrite: Rewrite, like: Node) -> Var:
        """The call that moves the channels, of those sources alone that it needs."""
        if not self.starts.size:
            (number, first), (_, last) = self.table[[0, -1]].tolist()
            index = ((None, None, None), (first, last + 1, 1))
            return rewrite.call(sliced, (index,), (rewrite.now(self.sources[number]),), like.tag)[0]
        used = np.unique(self.table[:, 0]).tolist()
        begin, total = np.zeros(len(self.sources), np.int64), 0
        for number in used:
            begin[number] = total
            total += self.sources[number].type.shape[1]
        channels = tuple((begin[self.table[:, 0]] + self.table[:, 1]).tolist())
        inputs = tuple([rewrite.now(self.sources[number]) for number in used])
        return rewrite.call(move_channels, (channels,), inputs, like.tag)[0]


def _follow(node: Node, known: dict[Var, _Moved]) -> bool:
    """Whether a call only moves channels; notes what its results hold."""
    if node.op not in (concat, split, sliced, reshape, transpose):
        return False
    given = [_held(var, known) for var in node.inputs if var is not None]
    parts = [moved for moved in given if moved is not None]
    if not parts or len(parts) < len(given):
        return False
    moved = _joined(node, parts) if node.op is concat else _moved(node, parts[0])
    if moved is None:
        return False
    if node.op is split:
        ends = np.cumsum(node.attrs[0])[:-1]
        tables = np.split(moved.table, ends.tolist())
    else:
        tables = [moved.table]
    for var, table in zip(node.outputs, tables, strict=True):
        known[var] = dataclasses.replace(moved, table=table)
    return True


def _held(var: Var, known: Mapping[Var, _Moved]) -> _Moved | None:
    """What a value holds: its own channels if it comes from elsewhere."""
    found = known.get(var)
    if found is not None:
        return found
    type_ = var.type
    if not type_.known or type_.ndim < 3:
        return None
    if not (usable(type_) or moving_cuda.usable(type_)):
        return None
    own = np.arange(type_.shape[1])
    return _Moved((var,), np.stack([np.zeros_like(own), own], -1), type_.shape[2:])


def _joined(node: Node, parts: list[_Moved]) -> _Moved | None:
    first = parts[0]
    like = first.table.shape[1:], first.places
    if node.attrs[0] % len(node.out_types[0].shape) != 1:
        return None
    if any((part.table.shape[1:], part.places) != like for part in parts):
        return None
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    tables = []
    for part in parts:
        numbers = np.array([sources.index(source) for source in part.sources])
        tables.append(np.stack([numbers[part.table[..., 0]], part.table[..., 1]], -1))
    return _Moved(sources, np.concatenate(tables), first.places, any(p.shuffled for p in parts))


def _moved(node: Node, moved: _Moved) -> _Moved | None:
    """What a split (before it is cut), a slice, a reshape or a transpose makes of the channels."""
    x = node.inputs[0]
    assert x is not None
    shape, table = x.type.shape, moved.table
    if node.op is split:
        return moved if node.attrs[1] % len(shape) == 1 else None
    if node.op is sliced:
        index = node.attrs[0]
        whole = [item is None or isinstance(item, int) for item in index]
        if any(whole) or len(index) < 2:
            return None
        for axis, item in enumerate(index):
            if axis != 1 and range(*slice(*item).indices(shape[axis])) != range(shape[axis]):
                return None
        return dataclasses.replace(moved, table=table[slice(*index[1])])
    last = len(shape) - len(moved.places)
    if node.op is transpose:
        (pattern,) = node.attrs
        if pattern[0] != 0 or tuple(pattern[last:]) != tuple(range(last, len(shape))):
            return None
        turned = table.transpose([axis - 1 for axis in pattern[1:last]] + [last - 1])
        return dataclasses.replace(moved, table=turned, shuffled=True)
    new = node.out_types[0].shape
    middle = new[1 : len(new) - len(moved.places)]
    if not middle or new[0] != shape[0] or new[1 + len(middle) :] != moved.places:
        return None
    return dataclasses.replace(moved, table=table.reshape(*middle, 2))
