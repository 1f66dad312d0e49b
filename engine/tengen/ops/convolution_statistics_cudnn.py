"""A convolution with its statistics on the GPU: by cuDNN in the convolution's own pass, or where no
engine does that, by a pass of our own over the result that was just written."""

from typing import Any

from ..base import config as settings
from ..base import dtype as dt
from ..base.layout import channels_last
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda import cudnn, program
from .convolution_cudnn import chosen, signature, weight_layout
from .convolution_statistics import convolution_statistics
from .norm_cuda import Channels, Slices, statistics_of

LANES = 8
"""Channels in 16 bytes: what the engines with statistics ask for."""


def usable(x: TensorType, weight: TensorType, y: TensorType) -> bool:
    """Whether there may be an engine: halves on a GPU, one group, whole packs of channels, cuDNN in
    use."""
    return (
        not x.device.host
        and x.dtype in (dt.float16, dt.bfloat16)
        and x.ndim == weight.ndim == 4
        and x.known
        and not (x.shape[1] % LANES or y.shape[1] % LANES)
        and "cudnn" in settings.config.gpu_backends
        and cudnn.module() is not None
    )


@convolution_statistics.backend("cudnn", "gpu")
def build(in_types: Any, out_types: Any, **attrs: Any) -> Bound | None:
    """cuDNN's sums become mean and variance; or the convolution alone, and then its statistics."""
    x, weight = in_types
    y = out_types[0]
    found = signature("forward", x, weight.shape, y, attrs, statistics=True)
    plain = signature("forward", x, weight.shape, y, attrs)
    if found is None or plain is None or program.loader().stream() is None:
        return None
    last, how = channels_last(4), chosen()
    layouts, outs = (last, weight_layout(weight.shape)), (y.with_layout(last), *out_types[1:])
    plan = cudnn.plan(found, how)
    alone = cudnn.plan(plain, how) if plan is None else None
    known = Channels(outs[0])
    if plan is not None:
        return _summed(plan, known, layouts, outs, how.repeatable)
    return None if alone is None else _after(alone, known, layouts, outs, how.repeatable)


def _summed(plan: cudnn.Plan, known: Channels, layouts: Any, outs: Any, repeatable: bool) -> Bound:
    """With the engine's sums of the result and of its squares."""
    kernel = known.program("batch_norm", outs[0].dtype, ACTIVATION="NONE", STATISTIC="float")
    channels, count = known.channels, known.images * known.size
    start = -(-2 * (channels * known.wide + 16) // 256) * 256

    def run(made: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, mean, variance, workspace = made
        space = Slices(workspace, known.wide)
        sums, squares = space.take(channels), space.take(channels)
        loader = program.loader()
        address = loader.address
        places = [address(a) for a in (*ins, y, sums, squares)]
        plan.run(places, address(workspace[start:]), loader.stream())
        kernel("from_sums", *known.per_channel, sums, squares, mean, variance, channels, count)

    workspace = start + plan.workspace + 256
    return Bound(run, layouts, outs, workspace=workspace, reproducible=repeatable)


def _after(plan: cudnn.Plan, known: Channels, layouts: Any, outs: Any, repeatable: bool) -> Bound:
    """With a pass over the result."""
    bytes_of, statistics = statistics_of(known, outs[0].dtype)

    def run(made: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, mean, variance, workspace = made
        loader = program.loader()
        address = loader.address
        places = [address(a) for a in (*ins, y)]
        plan.run(places, address(workspace[bytes_of:]), loader.stream())
        statistics(y, mean, variance, workspace)

    workspace = bytes_of + plan.workspace + 256
    return Bound(run, layouts, outs, workspace=workspace, reproducible=repeatable)
