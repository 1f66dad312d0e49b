"""Choosing the kernel of a signature: by the order of families, by measurement, or by name.

`config.algorithm`: "heuristic" takes the first family of `config.backends` that can;
"profile" times every family that can and keeps the fastest, remembered on disk per machine;
"reproducible" takes only kernels that give the same bits in every run. `config.kernels` names
the family of single operators ("convolution=numpy;matmul=onednn") and wins over both.
`config.backends = "null"` runs no kernel at all: for trying what surrounds them.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..base import config as settings
from ..base.errors import ArgumentError
from ..graph.opdef import Bound, OpDef
from ..graph.types import TensorType
from ..kernels import null
from ..kernels.numba import library
from .gpu_memory import gpu_of

Types = tuple[TensorType | None, ...]

_remembered: dict[str, str] = {}
_read_from: list[Path] = []


def kernel_settings() -> tuple[Any, ...]:
    """The settings on which the choice of a kernel depends."""
    now = settings.config
    return (
        now.backends, now.kernels, now.algorithm, now.deterministic, now.threads,
        now.onednn_library, now.gpu_backends, now.synchronous, now.tf32,
    )  # fmt: skip


def choose(
    op: OpDef,
    attrs: tuple[Any, ...],
    forms: Types,
    logical: Types,
    outs: Any,
    deferring: bool = True,
) -> Any:
    """The Bound of the chosen kernel, or None for the NumPy text.

    Without `deferring` it is one that finishes its outputs itself.
    """
    if settings.config.backends == "null":
        return _null(op, attrs, forms, outs)
    if not op.backends:
        return None
    named = _named().get(op.name)
    if named is not None:
        bound = _build(op, attrs, forms, logical, outs, named)
        return bound if deferring or bound is None or bound.start is None else None
    chosen = settings.config.backends if outs[0].device.host else settings.config.gpu_backends
    families = [f.strip() for f in chosen.split(",")]
    algorithm = settings.config.algorithm
    if settings.config.deterministic:
        algorithm = "reproducible"
    if algorithm == "profile":
        return _measured(op, attrs, forms, logical, outs, families, deferring)
    for family in families:
        bound = _build(op, attrs, forms, logical, outs, family)
        if bound is None or (bound.start is not None and not deferring):
            continue
        if algorithm != "reproducible" or bound.reproducible:
            return bound
    return None


def _null(op: OpDef, attrs: tuple[Any, ...], forms: Types, outs: Any) -> Bound | None:
    """A kernel that takes what comes and computes nothing; views stay views."""
    if op.alias or not all(t.known for t in outs):
        return None
    layouts = tuple([None if f is None else f.layout for f in forms])
    over, *further = op.reuses(attrs, len(forms)) or (None,)
    return Bound(
        null.run, layouts, outs, contiguous=False, inplace=over, further=tuple(further), name="null"
    )


def _build(
    op: OpDef, attrs: tuple[Any, ...], forms: Types, logical: Types, outs: Any, family: str
) -> Bound | None:
    build = op.backends.get((outs[0].device.kind, family))
    if build is None:
        return None
    in_types = forms if getattr(build, "physical", False) else logical
    if outs[0].device.host and not getattr(build, "ordered", False):
        in_types = tuple([_without_order(t) for t in in_types])
    bound = build(in_types, outs, **op.unpack(attrs))
    if bound is not None:
        bound.name = bound.name or family
    return bound


def _without_order(type_: TensorType | None) -> TensorType | None:
    """A form of which a kernel only has to know blocks: an order of axes alone becomes plain."""
    plain = type_ is None or type_.layout is None or type_.layout.blocks
    return type_ if plain else type_.with_layout(None)  # type: ignore[union-attr]


def _named() -> dict[str, str]:
    found = {}
    for item in filter(None, settings.config.kernels.replace(",", ";").split(";")):
        name, _, family = item.partition("=")
        if not family:
            raise ArgumentError(
                f"[config] kernels is a list of 'operator=family' with ';' between; got {item!r}"
            )
        found[name.strip()] = family.strip()
    return found


def _measured(
    op: OpDef,
    attrs: tuple[Any, ...],
    forms: Types,
    logical: Types,
    outs: Any,
    families: list[str],
    deferring: bool,
) -> Bound | None:
    """The fastest of the kernels that can, from memory, from disk, or timed now."""
    bounds = {f: _build(op, attrs, forms, logical, outs, f) for f in families}
    usable = {f: b for f, b in bounds.items() if b is not None and (deferring or b.start is None)}
    first = next(iter(usable.values()), None)
    sizes = [t.nbytes for t in (*logical, *outs) if t is not None and t.known]
    large = bool(sizes) and max(sizes) >= 4096 and all(t.known for t in outs)
    if first is None or first.start is not None or not large:
        return first
    device = outs[0].device
    on = f"threads={library.threads()}" if device.host else gpu_of(device).model
    key = f"{op.name} {attrs} {forms} {on}"
    choices = _load()
    family = choices.get(key)
    if family is None:
        times = {f: _time(b, forms) for f, b in usable.items()}
        text = "numpy" if device.host else "cupy"
        if text in families:
            times[text] = _time_text(op, attrs, forms, device)
        family = choices[key] = min(times, key=lambda f: times[f])
        _keep(choices)
    return usable.get(family)


def _example(form: TensorType) -> Any:
    """An array of a physical form; its values do not matter much, but must be sane numbers."""
    shape = form.shape if form.layout is None else form.layout.physical_shape(form.shape)
    xp = np if form.device.host else gpu_of(form.device).xp
    return xp.ones(shape, form.dtype)


def _least(launch: Any, device: Any, most: float = 0.2) -> float:
    """The shortest of a few runs, in seconds; on a GPU until the work is done."""
    if device.host:
        call = launch
    else:
        place = gpu_of(device)
        place.enter()

        def call() -> None:
            launch()
            place.stream.synchronize()

    call()
    best, start = float("inf"), time.perf_counter()
    for _ in range(10):
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
        if time.perf_counter() - start > most:
            break
    return best


def _time(bound: Bound, forms: Types) -> float:
    """Seconds of a kernel, the conversions of its inputs included."""
    from .plan import convert_array

    device = bound.out_types[0].device
    if not device.host:
        gpu_of(device).enter()
    ins = [None if f is None else _example(f) for f in forms]
    outs = [_example(t) for t in bound.out_types]
    if bound.workspace:
        outs.append(_example(TensorType.of((bound.workspace,), "uint8", device)))
    run = bound.run
    assert run is not None

    def call() -> None:
        given = [
            None if f is None else convert_array(a, f, layout)
            for a, f, layout in zip(ins, forms, bound.in_layouts, strict=True)
        ]
        run(tuple(outs), tuple(given))

    return _least(call, device)


def _time_text(op: OpDef, attrs: tuple[Any, ...], forms: Types, device: Any) -> float:
    xp = np if device.host else gpu_of(device).xp
    if not device.host:
        gpu_of(device).enter()
    arrays = [None if f is None else _example(f.logical) for f in forms]
    named = op.unpack(attrs)
    return _least(lambda: op.kernel(xp, *arrays, **named), device)


def _file() -> Path:
    return library.cache_directory() / "choices.json"


def _load() -> dict[str, str]:
    """The choices remembered for this machine."""
    path = _file()
    if _read_from != [path]:
        _read_from[:] = [path]
        _remembered.clear()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        if isinstance(found, dict):
            _remembered.update({str(k): str(v) for k, v in found.items()})
    return _remembered


def _keep(choices: dict[str, str]) -> None:
    """Write the choices, together with what other processes have added meanwhile."""
    path = _file()
    try:
        merged = json.loads(path.read_text(encoding="utf-8")) | choices
    except (OSError, ValueError, TypeError):
        merged = choices
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="choices-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(merged, file, indent=0, sort_keys=True)
        os.replace(name, path)
    except OSError:
        return
