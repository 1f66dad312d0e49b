"""Runs the samples of an operator through its CUDA kernels on the CPU, against the NumPy text."""

from typing import Any

import numpy as np

from tengen.base import dtype as dt
from tengen.graph.infer import infer
from tengen.graph.opdef import OpDef, Sample
from tengen.graph.types import TensorType
from tengen.kernels.cuda.program import using

from .emulator import FORWARD, Emulator
from .guarded import guarded, guarded_copy

ROUGH = {dt.float16: 2e-3, dt.bfloat16: 1.6e-2, dt.float32: 2e-5, dt.float64: 1e-12}


def physical(array: Any, layout: Any) -> Any:
    return array if layout is None else layout.pack(array)


def logical(array: Any, form: TensorType) -> Any:
    return array if form.layout is None else form.layout.unpack(array, form.shape)


def run_sample(
    op: OpDef, sample: Sample, order: int = FORWARD, align: int = 16, layouts: Any = None
) -> list[Any] | None:
    """The outputs of the sample's kernel, or None where there is none for it."""
    attrs = op.pack(sample.attrs)
    arrays = [None if a is None else np.asarray(a) for a in sample.inputs]
    types = [None if a is None else TensorType.of(a.shape, a.dtype) for a in arrays]
    outs = infer(op, attrs, tuple(types))  # type: ignore[arg-type]
    build = op.backends["gpu", "cuda"]
    given = list(types)
    if layouts is not None and getattr(build, "physical", False):
        given = [
            t.with_layout(layouts) if t is not None and t.ndim == layouts.ndim else t for t in types
        ]
    bound = build(tuple(given), outs, **op.unpack(attrs))
    if bound is None:
        return None
    ins = [
        None if a is None else guarded_copy(physical(a, layout), align)
        for a, layout in zip(arrays, bound.in_layouts, strict=True)
    ]
    kept = [None if a is None else a.copy() for a in ins]
    made = []
    for t in bound.out_types:
        shape = t.shape if t.layout is None else t.layout.physical_shape(t.shape)
        made.append(guarded(shape, t.dtype, align))
    scratch = [guarded((bound.workspace,), np.uint8)] if bound.workspace else []
    with using(Emulator(order)):
        bound.run((*made, *scratch), tuple(ins))
    for before, after in zip(kept, ins, strict=True):
        if before is not None:
            assert before.tobytes() == after.tobytes(), f"[{op.name}] an input was written to"
    if bound.counted:
        return [made[0][: scratch[0][:8].view("int64")[0]]]
    return [logical(a, t) for a, t in zip(made, bound.out_types, strict=True)]


def repeatable(op: OpDef, sample: Sample) -> bool:
    """Whether the sample's kernel promises the same bits in every run."""
    types = [None if a is None else TensorType.of(np.shape(a), np.asarray(a).dtype)
             for a in sample.inputs]  # fmt: skip
    attrs = op.pack(sample.attrs)
    outs = infer(op, attrs, tuple(types))  # type: ignore[arg-type]
    bound = op.backends["gpu", "cuda"](tuple(types), outs, **op.unpack(attrs))
    return bound is not None and bound.reproducible


def judge(op: OpDef, sample: Sample) -> list[Any]:
    """The NumPy kernel's outputs, computed in float64 from the sample's own values."""
    wide = [
        a.astype(np.float64) if a is not None and dt.is_float(a.dtype) else a
        for a in (None if i is None else np.asarray(i) for i in sample.inputs)
    ]
    attrs = op.unpack(op.pack(sample.attrs))
    with np.errstate(all="ignore"):
        made = op.kernel(np, *wide, **attrs)
    return [made] if op.single else list(made)


def check(op: OpDef, sample: Sample, found: list[Any], expected: list[Any]) -> None:
    """Compare, by the roughest type that takes part."""
    floats = [np.asarray(a).dtype for a in sample.inputs if a is not None]
    floats = [d for d in floats if d in ROUGH] + [f.dtype for f in found if f.dtype in ROUGH]
    rough = max([ROUGH[d] for d in floats], default=0.0)
    rough = max(rough, sample.tolerance if rough else 0.0)
    for mine, judged in zip(found, expected, strict=True):
        judged = np.asarray(judged)
        if mine.dtype in ROUGH:
            scale = float(np.nanmax(np.abs(judged), initial=0.0)) if judged.size else 0.0
            np.testing.assert_allclose(
                mine.astype(np.float64), judged.astype(np.float64), rough,
                rough * (scale if np.isfinite(scale) else 1.0) + 1e-30, err_msg=op.name,
            )  # fmt: skip
        else:
            np.testing.assert_array_equal(mine, judged.astype(mine.dtype), err_msg=op.name)


def native_operators() -> list[OpDef]:
    """The operators that have a CUDA kernel."""
    from tengen.graph.opdef import registry

    return [op for op in registry.values() if ("gpu", "cuda") in op.backends]
