"""Running an imported model beside its original: values, gradients, a training step."""

import copy
import functools

import numpy as np
import torch

import tengen as tg
from tengen.interop import from_torch
from tengen.optimizer import SGD


def settled(module):
    """The module with running statistics and zero-filled parameters that are not trivial."""
    generator = torch.Generator().manual_seed(3)
    for name, value in [*module.named_buffers(), *module.named_parameters()]:
        with torch.no_grad():
            if "running_mean" in name:
                value.copy_(torch.randn(value.shape, generator=generator) * 0.1)
            elif "running_var" in name:
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif value.is_floating_point() and not value.any():
                value.copy_(torch.randn(value.shape, generator=generator) * 0.1)
    return module


def without_dropout(module):
    """The module with every dropout rate at 0, so that training is the same for both."""
    for part in module.modules():
        if isinstance(part, torch.nn.modules.dropout._DropoutNd):
            part.p = 0.0
        for name in ("drop", "dropout"):
            if isinstance(getattr(part, name, None), float):
                setattr(part, name, 0.0)
    return module


def widened(samples, dtype):
    """The float samples in another data type."""
    return tuple(s.to(dtype) if s.is_floating_point() else s for s in samples)


def outputs_of(made):
    """A model's outputs as a list."""
    if isinstance(made, dict):
        return list(made.values())
    return list(made) if isinstance(made, (tuple, list)) else [made]


def weighting(shape):
    """Fixed weights for a scalar of an output."""
    return np.cos(np.arange(int(np.prod(shape)), dtype=np.float64)).reshape(shape)


def scalar_of_torch(outputs):
    """A scalar that depends on every element of the float outputs."""
    parts = [
        (o * torch.from_numpy(weighting(tuple(o.shape))).to(o.dtype)).sum()
        for o in outputs
        if o.is_floating_point()
    ]
    return sum(parts[1:], parts[0])


def scalar_of_ours(outputs):
    """The same scalar of our outputs."""
    parts = [
        (o * tg.Tensor(weighting(o.shape), dtype=o.dtype)).sum()
        for o in outputs
        if o.dtype.kind == "f"
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def close(got, want, tolerance, what="", scale=1.0):
    """Assert equality within a tolerance relative to the largest element, or to `scale`."""
    want = np.asarray(want)
    scale = max(scale, float(np.abs(want).max(initial=0)))
    error = float(np.abs(np.asarray(got) - want).max(initial=0)) / scale
    assert error <= tolerance, f"{what}: off by {error:.2e}, allowed {tolerance:.0e}"


def step_both(theirs, ours, samples, tolerance):
    """One forward, backward and SGD step of both; every output, gradient, parameter, buffer."""
    inputs = [s.clone().requires_grad_(s.is_floating_point()) for s in samples]
    theirs.zero_grad()
    want = outputs_of(theirs(*inputs))
    scalar_of_torch(want).backward()
    tensors = [tg.Tensor(s.numpy(), dtype=s.numpy().dtype) for s in samples]
    parameters = dict(ours.named_parameters())
    floats = [t for t in tensors if t.dtype.kind == "f"]
    SGD(parameters.values(), lr=0.05).clear_grad()
    gm = tg.autodiff.GradManager().attach([*floats, *parameters.values()])
    with gm:
        got = outputs_of(ours(*tensors))
        gm.backward(scalar_of_ours(got))
    for number, (g, w) in enumerate(zip(got, want, strict=True)):
        close(g.numpy(), w.detach().numpy(), tolerance, f"output {number}")
    known = dict(theirs.named_parameters())
    # A gradient that is zero but for rounding is judged by the size of the others.
    largest = max(float(v.grad.abs().max()) for v in known.values() if v.grad is not None)
    for tensor, leaf in zip(tensors, inputs, strict=True):
        if leaf.grad is not None:
            close(tensor.grad.numpy(), leaf.grad.numpy(), tolerance, "gradient of an input")
    assert set(known) <= set(parameters) | set(ours.state_dict())
    for name, value in known.items():
        mine = ours_by_name(ours, name)
        if value.grad is None:
            assert mine.grad is None or not mine.grad.numpy().any(), name
        else:
            got = mine.grad.numpy().reshape(value.shape)
            close(got, value.grad.numpy(), tolerance, f"gradient of {name}", largest)
    torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9).step()
    SGD(ours.parameters(), lr=0.05, momentum=0.9).step()
    states_agree(theirs, ours, tolerance, largest)


def ours_by_name(ours, name):
    """A parameter or buffer of ours by its dotted name."""
    found = ours
    for part in name.split("."):
        found = getattr(found, part)
    return found


def states_agree(theirs, ours, tolerance, scale=1.0):
    """Assert that both hold the same names and values."""
    want, got = theirs.state_dict(), ours.state_dict()
    assert set(want) == set(got)
    for name, value in want.items():
        close(got[name], value.numpy(), tolerance, name, scale)


@functools.cache
def _imported(make):
    torch.manual_seed(1)
    module, samples = make()
    module = settled(module)
    return module, from_torch(copy.deepcopy(module), *samples), samples


def imported(make):
    """The float32 original with its dropout, the imported one, and samples; imported once."""
    module, ours, samples = _imported(make)
    return copy.deepcopy(module), copy.deepcopy(ours), samples


def both(make, dtype=torch.float32):
    """The original without dropout, the imported one, and samples."""
    torch.manual_seed(1)
    module, samples = make()
    module = without_dropout(settled(module).to(dtype))
    samples = widened(samples, dtype)
    return module, from_torch(copy.deepcopy(module), *samples), samples
