"""Runs a plan on logical arrays: packs the inputs, spoils the outputs first, checks the padding."""

import numpy as np

from tengen.kernels.onednn.memory import Desc
from tengen.kernels.onednn.primitive import Plan


def spoilt(desc: Desc) -> np.ndarray:
    """An output array full of values that must not survive the call."""
    made = np.empty(desc.nbytes, np.uint8) if desc.opaque_bytes else desc.empty()
    made[...] = np.nan if made.dtype.kind == "f" else 77
    return made


def run(plan: Plan, **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """The logical outputs of a plan, by name; physical ones where the form is opaque."""
    physical = {}
    for name, desc in zip(plan.names, plan.descs, strict=True):
        given = inputs.get(name)
        if given is None:
            physical[name] = spoilt(desc)
        else:
            physical[name] = given if desc.opaque_bytes else desc.pack(given)
    plan.checked(*physical.values())
    outputs = {}
    for name, desc in zip(plan.names, plan.descs, strict=True):
        if name in inputs:
            continue
        outputs[name] = physical[name] if desc.opaque_bytes else desc.unpack(physical[name])
        if desc.layout is not None:
            clean = desc.layout.pack(outputs[name])
            np.testing.assert_array_equal(physical[name], clean, err_msg=f"padding of {name}")
    return outputs


def close(actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    """Fail unless the largest error is within `tolerance` of the largest value."""
    assert actual.shape == expected.shape
    scale = max(float(np.abs(expected).max(initial=0.0)), 1e-30)
    error = float(np.abs(actual.astype(np.float64) - expected).max(initial=0.0)) / scale
    assert error < tolerance, f"relative error {error:.2e} by the largest value {scale:.3g}"


def normal(shape: tuple[int, ...], seed: int = 0, dtype: type = np.float32) -> np.ndarray:
    """Seeded normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)
