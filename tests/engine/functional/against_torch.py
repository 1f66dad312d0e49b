"""Values and gradients of a function against the same one in PyTorch, in float64 and float32."""

import numpy as np
import torch

import tengen as tg
from tengen.tensor import Tensor


def ours(function, arrays, dtype, weights=None):
    """The result and the gradients of float operands, as NumPy arrays."""
    tensors = [
        None if a is None else Tensor(a, dtype=dtype if a.dtype.kind == "f" else a.dtype)
        for a in arrays
    ]
    floats = [t for t in tensors if t is not None and t.dtype.kind == "f"]
    gm = tg.autodiff.GradManager().attach(floats)
    with gm:
        y = function(*tensors)
        if weights is not None:
            gm.backward(y, Tensor(np.asarray(weights), dtype=y.dtype))
    return y.numpy(), [None if t.grad is None else t.grad.numpy() for t in floats]


def theirs(function, arrays):
    """The same of PyTorch, in float64, for random gradients of the result, which are given too."""
    tensors = [None if a is None else torch.tensor(np.array(a, order="C")) for a in arrays]
    floats = []
    for t in tensors:
        if t is not None and t.dtype.is_floating_point:
            t.requires_grad_(True)
            floats.append(t)
    y = function(*tensors)
    weights = np.random.default_rng(7).standard_normal(tuple(y.shape))
    y.backward(torch.tensor(weights))
    return y.detach().numpy(), [None if t.grad is None else t.grad.numpy() for t in floats], weights


def close(got, want, limit, what):
    assert (got is None) == (want is None), what
    if want is None:
        return
    assert got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}"
    scale = max(float(np.abs(want).max(initial=0)), 1e-3)
    np.testing.assert_allclose(got, want, rtol=limit, atol=limit * scale, err_msg=what)


def check(function, reference, *arrays, single=2e-4):
    """Assert that `function` on tensors equals `reference` on torch tensors, gradients included.

    Arrays are float64 or integer; None stands for an absent operand. float64 must agree to 1e-9,
    float32, by whatever kernels it runs, to `single`.
    """
    value, gradients, weights = theirs(reference, arrays)
    for dtype, limit in (("float64", 1e-9), ("float32", single)):
        got, found = ours(function, arrays, dtype, weights)
        assert got.dtype == dtype
        close(got, value, limit, f"{dtype} result")
        for number, (a, b) in enumerate(zip(found, gradients, strict=True)):
            close(a, b, limit, f"{dtype} gradient {number}")
