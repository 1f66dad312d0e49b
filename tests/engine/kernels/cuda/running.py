"""Running every sample of an operator on a GPU, the stand-in's or a real one, against NumPy."""

import numpy as np

import tengen as tg
from tengen.base.device import as_device
from tengen.graph.types import TensorType
from tengen.runtime.buffer import view
from tengen.runtime.executor import Program
from tengen.runtime.gpu_memory import gpu_of
from tengen.runtime.plan import plans, to_plain
from tengen.tensor import Tensor
from tests.engine.ops.test_every_operator import (
    close,
    first_order,
    gradient_cases,
    outputs,
    prepare,
    samples_of,
    tensors,
    weighted,
)
from tests.engine.runtime.programs import graph_of

__all__ = ["call_there", "close", "compare", "outputs", "replayed", "samples_of", "there"]


def there(inputs, device="gpu0"):
    """Tensors on a GPU for a sample's arrays; one that is not contiguous stays so."""
    made = []
    for x in inputs:
        if x is None:
            made.append(None)
            continue
        host = np.asarray(x)
        strided = host.ndim > 1 and not host.flags.c_contiguous
        source = np.ascontiguousarray(host.swapaxes(-1, -2)) if strided else host
        t = Tensor(source, dtype=host.dtype, device=device)
        if strided:
            turned = t._buffer.array.swapaxes(-1, -2)
            kind = TensorType.of(host.shape, host.dtype, t.device)
            t._buffer = view(kind, turned, t._buffer)
        made.append(t)
    return made


def call_there(op, sample, device="gpu0"):
    """The operator's outputs on the GPU."""
    attrs = attributes(op, sample, device)
    return outputs(op, op(*there(sample.inputs, device), **attrs))


def attributes(op, sample, device):
    """A sample's attributes for a call on a device."""
    more = {"device": as_device(device)} if "device" in op.attrs else {}
    return {**sample.attrs, **more}


def compare(op, most=None):
    """Compare samples (all, or the first of them) with NumPy; the kernels that ran."""
    place, ran = gpu_of(as_device("gpu0")), set()
    for sample in samples_of(op)[:most]:
        with tg.config.override(backends="numpy"):
            tg.set_default_device("cpu0")
            want = outputs(op, op(*tensors(sample.inputs), **sample.attrs))
            tg.set_default_device("gpu0")
        got = call_there(op, sample)
        for a, b in zip(got, want, strict=True):
            assert a.device.kind == "gpu", f"{op.name} left the GPU"
            assert type(a._buffer.array) is place.xp.ndarray
            assert a.dtype == b.dtype
            close(a.numpy(), b.numpy(), sample.tolerance, f"{op.name} {sample}")
        # a setting that changes forgets the plans, so they are looked at after each sample
        ran |= {plan.kernel for key, plan in plans.items() if key[0] is op and _there(plan)}
    return ran


def _there(plan):
    return plan.out_types[0].device.kind == "gpu"


def replayed(op, most):
    """Run samples of an operator as programs, until a captured graph is replayed; gives the reason
    why a program was never captured, "" if each was."""
    gpu, reason = as_device("gpu0"), ""
    for sample in samples_of(op)[:most]:
        attrs = attributes(op, sample, "gpu0")
        ins = there(sample.inputs)
        want = [t.numpy() for t in outputs(op, op(*ins, **attrs))]
        graph = graph_of(op, attrs, [None if t is None else t.type for t in ins])
        given = [t._buffer for t in ins if t is not None]
        program = Program(graph, [b.type for b in given])
        assert program._device() is gpu
        for run in range(4):
            again = [t._buffer for t in there(sample.inputs) if t is not None]
            for made, value in zip(program.run(again), want, strict=True):
                got = to_plain(made)
                close(got, value, sample.tolerance, f"{op.name} run {run}: {sample}")
        replay = program._replay
        assert replay.captured or replay.reason, f"{op.name} was neither captured nor given up"
        reason = reason or replay.reason
    return reason


def differentiate(op, rng):
    """Compare the gradients of an operator on the GPU with the CPU's, in float64 where it can."""
    for sample, wide, wrt in gradient_cases(op):
        if any(x is not None and x.dtype not in op.dtypes for x in wide[:1]):
            continue
        attrs = attributes(op, sample, "cpu0")
        tg.set_default_device("cpu0")
        weights = prepare(op, rng, wide, attrs)
        if all(w is None for w in weights):
            continue
        want = first_order(op, wide, attrs, weights, wrt)
        tg.set_default_device("gpu0")
        weights = [None if w is None else w.to("gpu0") for w in weights]
        ins = there(wide)
        gm = tg.autodiff.GradManager().attach([ins[i] for i in wrt])
        with gm:
            gm.backward(weighted(op, ins, attributes(op, sample, "gpu0"), weights))
        for index, grad in zip(wrt, want, strict=True):
            got = ins[index].grad
            made = np.zeros_like(wide[index]) if got is None else got.numpy()
            close(made, grad, max(sample.tolerance, 1e-6), f"{op.name} {sample}")
