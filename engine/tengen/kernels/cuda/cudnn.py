"""cuDNN by its graphs, through the package nvidia-cudnn-frontend: convolutions and attention.

A `Convolution` or an `Attention` is a signature; its graph is built, and cuDNN's plan for it
chosen, once for each device. Data are channels-last. Where the library is missing or has no engine
for a signature, there is no plan, and the caller's next kernel is used.
"""

import contextlib
import dataclasses
import functools
import importlib
import logging
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ...base.layout import channels_last_strides, contiguous_strides
from . import fast_run, program
from . import library as gpu_library

_log = logging.getLogger("tengen.kernels.cuda")
_local = threading.local()

NAMES = {"float": "FLOAT", "half": "HALF", "bfloat16": "BFLOAT16"}
"""The library's names of the types that its engines take."""

MOST_WORKSPACE = 1 << 30
"""Bytes that a measured plan may ask for."""

Shape = tuple[int, ...]


@functools.cache
def module() -> Any:
    """The package `cudnn`, imported at the first call; None, said once, where it does not load."""
    try:
        return importlib.import_module("cudnn")
    except Exception as error:  # a broken install must leave the other kernels working
        _log.warning("cuDNN cannot be used (%s); convolutions run as products, slower", error)
        return None


@dataclasses.dataclass(frozen=True)
class Settings:
    """How plans are chosen: float32 by tensor cores or exactly, only repeatable ones, and the
    fastest by measuring instead of by cuDNN's heuristics."""

    tf32: bool = False
    repeatable: bool = False
    measured: bool = False


@dataclasses.dataclass(frozen=True)
class Convolution:
    """One of a convolution's three products, by the shapes of x, weight and y (N or O, C, ...).

    The operands are those of `tensors`, in its order. With kind "forward" these may follow:
    y * scale + shift + residual and an activation ("none", "relu" or "relu6"), in this order. With
    `statistics` the sums over each channel of y and of its squares are further results.
    """

    kind: str
    storage: str
    x: Shape
    weight: Shape
    y: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    scale: bool = False
    shift: bool = False
    residual: bool = False
    activation: str = "none"
    statistics: bool = False


@dataclasses.dataclass(frozen=True)
class Attention:
    """softmax(scale q k^T) v of q (B, H, T, d), k and v (B, H, S, ...), plain.

    "forward" gives y, "statistics" also what "backward" needs besides: q, k, v, y, dy, statistics.
    """

    kind: str
    storage: str
    q: Shape
    k: Shape
    v: Shape
    scale: float
    causal: bool


class Description:
    """A graph in the making. Tensors get the numbers 1, 2 ... in the order they are named in."""

    def __init__(self, library: Any, storage: str, handle: int):
        self.library = library
        kind = getattr(library.data_type, NAMES[storage])
        wide = library.data_type.FLOAT
        self.kind, self.wide = kind, wide
        self.graph = library.pygraph(
            io_data_type=kind, intermediate_data_type=wide, compute_data_type=wide, handle=handle
        )
        self.count = 0
        self.sizes: list[int] = []

    def tensor(self, shape: Shape, strides: Sequence[int], wide: bool = False) -> Any:
        """An operand."""
        self._count(shape)
        return self.graph.tensor(
            dim=list(shape), stride=list(strides), uid=self.count,
            data_type=self.wide if wide else self.kind,
        )  # fmt: skip

    def output(self, tensor: Any, shape: Shape, strides: Sequence[int], wide: bool = False) -> None:
        """Make a tensor a result."""
        self._count(shape)
        tensor.set_output(True).set_data_type(self.wide if wide else self.kind)
        tensor.set_dim(list(shape)).set_stride(list(strides)).set_uid(self.count)

    def _count(self, shape: Shape) -> None:
        self.count += 1
        self.sizes.append(math.prod(shape))


def describe(library: Any, signature: Convolution | Attention, handle: int) -> Description:
    """The graph of a signature; nothing has been asked of the device."""
    made = Description(library, signature.storage, handle)
    if isinstance(signature, Attention):
        _describe_attention(made, signature)
    else:
        _describe_convolution(made, signature)
    return made


def _describe_convolution(made: Description, c: Convolution) -> None:
    graph = made.graph
    shapes = {"x": c.x, "weight": c.weight, "y": c.y}
    strides = {name: channels_last_strides(shape) for name, shape in shapes.items()}

    def operand(name: str) -> Any:
        return made.tensor(shapes[name], strides[name])

    how = {"padding": list(c.padding), "stride": list(c.stride), "dilation": list(c.dilation)}
    if c.kind == "data":
        dy, weight = operand("y"), operand("weight")
        made.output(graph.conv_dgrad(loss=dy, filter=weight, **how), c.x, strides["x"])
        return
    if c.kind == "weight":
        x, dy = operand("x"), operand("y")
        made.output(graph.conv_wgrad(image=x, loss=dy, **how), c.weight, strides["weight"])
        return
    image, weight = operand("x"), operand("weight")
    value = graph.conv_fprop(image=image, weight=weight, **how)
    channels = (1, c.y[1], *[1] * (len(c.y) - 2))
    along = channels_last_strides(channels)
    if c.scale:
        value = graph.mul(value, made.tensor(channels, along))
    if c.shift:
        value = graph.add(value, made.tensor(channels, along))
    if c.residual:
        value = graph.add(value, operand("y"))
    if c.activation == "relu":
        value = graph.relu(value)
    elif c.activation == "relu6":
        value = graph.relu(value, upper_clip=6.0)
    made.output(value, c.y, strides["y"])
    if c.statistics:
        for sums in graph.genstats(input=value, compute_data_type=made.wide):
            made.output(sums, channels, along, wide=True)


def _describe_attention(made: Description, a: Attention) -> None:
    graph = made.graph
    y_shape = (*a.q[:3], a.v[3])
    statistics = (*a.q[:3], 1)
    q, k, v = (made.tensor(shape, contiguous_strides(shape)) for shape in (a.q, a.k, a.v))
    level = a.q[2] == a.k[2]
    masks = {
        "use_causal_mask": a.causal and level,
        "use_causal_mask_bottom_right": a.causal and not level,
    }
    if a.kind == "backward":
        y, dy = (made.tensor(y_shape, contiguous_strides(y_shape)) for _ in range(2))
        given = made.tensor(statistics, contiguous_strides(statistics), wide=True)
        found = graph.sdpa_backward(
            q=q, k=k, v=v, o=y, dO=dy, stats=given, attn_scale=a.scale, **masks
        )
        for tensor, shape in zip(found, (a.q, a.k, a.v), strict=True):
            made.output(tensor, shape, contiguous_strides(shape))
        return
    inference = a.kind == "forward"
    y, found = graph.sdpa(q=q, k=k, v=v, is_inference=inference, attn_scale=a.scale, **masks)
    made.output(y, y_shape, contiguous_strides(y_shape))
    if not inference:
        made.output(found, statistics, contiguous_strides(statistics), wide=True)


class Plan:
    """A graph with its chosen engine: `run(addresses, workspace, stream)`, addresses by number."""

    def __init__(self, description: Description, workspace: int, index: int | None = None):
        self.description = description
        self.workspace = workspace
        self.index = index

    def run(self, addresses: Sequence[int], workspace: int, stream: int) -> None:
        """Launch on the arrays' addresses: the operands, then the results."""
        handle = _handle(self.description.library, program.loader().key())
        self.description.library.set_stream(handle=handle, stream=stream)
        pack = dict(enumerate(addresses, 1))
        graph = self.description.graph
        if self.index is None:
            graph.execute(pack, workspace, handle=handle)
        else:
            graph.execute_plan_at_index(pack, workspace, self.index, handle=handle)


def _handle(library: Any, device: Any) -> int:
    """This thread's handle of the current device."""
    handles = _local.__dict__.setdefault("handles", {})
    if device not in handles:
        handles[device] = library.create_handle()
    return handles[device]  # type: ignore[no-any-return]


_plans: dict[Any, Plan | None] = {}
_lock = threading.Lock()


def plan(signature: Convolution | Attention, how: Settings) -> Plan | None:
    """The kept plan of a signature on the current device; None where cuDNN has no way."""
    key = (program.loader().key(), signature, how)
    with _lock:
        if key not in _plans:
            _plans[key] = _built(signature, how)
        return _plans[key]


def _built(signature: Convolution | Attention, how: Settings) -> Plan | None:
    library = module()
    if library is None:
        return None
    try:
        handle = _handle(library, program.loader().key())
        made = describe(library, signature, handle)
        graph = made.graph
        graph.validate()
        graph.build_operation_graph()
        graph.create_execution_plans([library.heur_mode.A, library.heur_mode.FALLBACK])
        notes = library.numerical_note
        if signature.storage == "float" and not how.tf32:
            graph.deselect_numeric_notes([notes.TENSOR_CORE, notes.DOWN_CONVERT_INPUTS])
        if how.repeatable:
            graph.deselect_numeric_notes([notes.NONDETERMINISTIC])
        graph.check_support()
        if how.measured:
            return _fastest(made, f"{signature} {how}")
        graph.build_plans()
        return Plan(made, graph.get_workspace_size())
    except Exception as error:  # the binding raises its own kinds for what no engine takes
        _log.info("cuDNN has no engine for %s: %s", signature, error)
        return None


def _fastest(made: Description, key: str) -> Plan:
    """The plan that takes least on this kind of GPU, measured once and remembered."""
    cupy, graph = gpu_library.load(), made.graph
    plans: dict[int, Plan] = {}
    for index in range(graph.get_execution_plan_count()):
        with contextlib.suppress(Exception):  # an engine that cannot be built is left out
            graph.build_plan_at_index(index)
            workspace = graph.get_workspace_size_plan_at_index(index)
            if workspace <= MOST_WORKSPACE:
                plans[index] = Plan(made, workspace, index)
    whole = f"{fast_run.gpu_name()} cudnn {made.library.backend_version()} {key}"
    arrays = [cupy.zeros(8 * size, "uint8") for size in made.sizes]
    space = cupy.empty(max([plan.workspace for plan in plans.values()], default=0), "uint8")
    addresses = [array.data.ptr for array in arrays]
    stream = program.loader().stream()
    calls: dict[int, Callable[[], None]] = {
        index: functools.partial(plan.run, addresses, space.data.ptr, stream)
        for index, plan in plans.items()
    }
    return plans[fast_run.fastest(whole, calls)]
