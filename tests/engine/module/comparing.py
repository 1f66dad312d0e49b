"""Running a layer in float64 beside PyTorch: values, and gradients of inputs and parameters."""

import numpy as np
import torch

import tengen as tg


def widened(layer):
    """The layer with every parameter and buffer in float64, drawn anew so that none is trivial."""
    rng = np.random.default_rng(5)
    for name, tensor in layer.named_tensors():
        value = rng.standard_normal(tensor.shape)
        if name.endswith("running_var"):
            value = np.abs(value) + 0.5
        tensor._reset(type(tensor)(value, dtype="float64"))
    return layer


def torch_of(array, like=None):
    """A PyTorch leaf with the array's values, reshaped like another tensor."""
    tensor = torch.tensor(np.asarray(array), dtype=torch.float64)
    if like is not None:
        tensor = tensor.reshape(like.shape)
    return tensor.requires_grad_(True)


def adopt(theirs, ours, names):
    """Give a PyTorch module our layer's values: `names` maps its names to ours."""
    theirs = theirs.double()
    with torch.no_grad():
        for their_name, our_name in names.items():
            target = theirs.get_parameter(their_name)
            value = dict(ours.named_tensors())[our_name].numpy()
            target.copy_(torch.tensor(value).reshape(target.shape))
    return theirs


def gradients(layer, inputs, run=None):
    """Output, input gradients and parameter gradients by name for a fixed weighting."""
    tensors = [tg.Tensor(x, dtype=np.asarray(x).dtype) for x in inputs]
    watched = [t for t in tensors if t.dtype == np.float64]
    params = dict(layer.named_parameters())
    gm = tg.autodiff.GradManager().attach([*watched, *params.values()])
    with gm:
        output = (run or layer)(*tensors)
        weights = tg.Tensor(weighting(output.shape), dtype="float64")
        gm.backward((output * weights).sum())
    return (
        output.numpy(),
        [t.grad.numpy() for t in watched],
        {name: p.grad.numpy() for name, p in params.items() if p.grad is not None},
    )


def weighting(shape):
    """Fixed weights for a scalar of an output."""
    return np.cos(np.arange(int(np.prod(shape)))).reshape(shape)


def compare(layer, theirs, inputs, names, run=None, tolerance=1e-9):
    """Assert that a layer and a PyTorch module agree in values and all gradients."""
    got, got_inputs, got_params = gradients(layer, inputs, run)
    leaves = [torch_of(x) if np.asarray(x).dtype.kind == "f" else torch.tensor(x) for x in inputs]
    output = theirs(*leaves)
    (output * torch.tensor(weighting(tuple(output.shape)))).sum().backward()
    close(got, output.detach().numpy(), tolerance)
    floats = [leaf for leaf in leaves if leaf.requires_grad]
    for mine, leaf in zip(got_inputs, floats, strict=True):
        close(mine, leaf.grad.numpy(), tolerance)
    for their_name, our_name in names.items():
        want = theirs.get_parameter(their_name).grad.numpy()
        close(got_params[our_name].reshape(want.shape), want, tolerance)


def close(got, want, tolerance=1e-9):
    """Assert equality within a relative tolerance, absolute near zero."""
    scale = max(1.0, float(np.abs(want).max(initial=0)))
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)
