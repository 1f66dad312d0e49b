"""The framework's settings: one line each. `tengen.config` is the one instance.

Values may be set in a program (`tg.config.deterministic = True`), for a block
(`with tg.config.override(deterministic=True): ...`) or at start through the environment
variable TENGEN_CONFIG ("deterministic=1,threads=4"; within a value, ";" stands for a comma).
"""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from typing import Any

from .errors import ArgumentError

ALGORITHMS = ("heuristic", "profile", "reproducible")
COMPILING = ("background", "now", "never")


@dataclasses.dataclass
class Config:
    """Every setting with its default; `describe()` lists them with their meaning."""

    algorithm: str = dataclasses.field(
        default="heuristic",
        metadata={"doc": "how kernels are chosen: heuristic, profile (measured) or reproducible"},
    )
    deterministic: bool = dataclasses.field(
        default=False, metadata={"doc": "only kernels that give the same bits in every run"}
    )
    threads: int = dataclasses.field(
        default=0, metadata={"doc": "CPU threads of the kernels; 0 takes OMP_NUM_THREADS or cores"}
    )
    memory_limit: int = dataclasses.field(
        default=0, metadata={"doc": "bytes tensors may hold on the CPU; 0: from the system"}
    )
    gpu_memory_limit: int = dataclasses.field(
        default=0, metadata={"doc": "bytes tensors may hold on each GPU; 0: what the card has"}
    )
    gpu_backends: str = dataclasses.field(
        default="cuda,cudnn,cublas,cupy",
        metadata={
            "doc": "GPU kernel families, the first that can; cupy is the operators' own text"
        },
    )
    tf32: bool = dataclasses.field(
        default=False,
        metadata={"doc": "float32 products on the GPU's tensor cores, by 10 bits of mantissa"},
    )
    synchronous: bool = dataclasses.field(
        default=False,
        metadata={
            "doc": "wait for the GPU after each operator, so that errors show where they are"
        },
    )
    backends: str = dataclasses.field(
        default="fusion,onednn,numba,numpy",
        metadata={"doc": "CPU kernel families, the first that can"},
    )
    kernels: str = dataclasses.field(
        default="", metadata={"doc": "the family of single operators, 'matmul=onednn;add=numpy'"}
    )
    onednn_library: str = dataclasses.field(
        default="", metadata={"doc": "path of a libdnnl.so.3 to use instead of the bundled one"}
    )
    cache_dir: str = dataclasses.field(
        default="", metadata={"doc": "where compiled kernels and choices are kept; '': user cache"}
    )
    data_dir: str = dataclasses.field(
        default="", metadata={"doc": "where data sets are kept; '': the user's cache"}
    )
    compile_kernels: str = dataclasses.field(
        default="background", metadata={"doc": "fused CPU kernels: background, now or never"}
    )

    def __setattr__(self, name: str, value: Any) -> None:
        fields = {f.name: f for f in dataclasses.fields(self)}
        if name not in fields:
            known = ", ".join(sorted(fields))
            raise ArgumentError(f"[config] no setting {name!r}; settings: {known}")
        kind = type(fields[name].default)
        if not isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            raise ArgumentError(f"[config] {name} takes {kind.__name__}; got {value!r}")
        _check(name, value)
        object.__setattr__(self, name, value)
        for hook in _hooks:
            hook(name)

    def describe(self) -> dict[str, tuple[Any, str]]:
        """Every setting's present value and meaning, by name."""
        return {
            f.name: (getattr(self, f.name), f.metadata["doc"]) for f in dataclasses.fields(self)
        }

    @contextlib.contextmanager
    def override(self, **settings: Any) -> Iterator["Config"]:
        """Hold other values for the length of a `with` block."""
        before = {name: getattr(self, name) for name in settings if hasattr(self, name)}
        try:
            for name, value in settings.items():
                setattr(self, name, value)
            yield self
        finally:
            for name, value in before.items():
                setattr(self, name, value)


def _check(name: str, value: Any) -> None:
    """Raise ArgumentError for a value that the setting does not have."""
    choices = {"algorithm": ALGORITHMS, "compile_kernels": COMPILING}.get(name)
    if choices is not None and value not in choices:
        raise ArgumentError(f"[config] {name} is one of {', '.join(choices)}; got {value!r}")
    if name in ("threads", "memory_limit", "gpu_memory_limit") and value < 0:
        raise ArgumentError(f"[config] {name} is at least 0; got {value}")


_hooks: list[Any] = []


def on_change(hook: Any) -> Any:
    """Call `hook(name)` whenever a setting changes (to drop what was chosen under the old one)."""
    _hooks.append(hook)
    return hook


def _from_environment(text: str) -> dict[str, Any]:
    kinds: dict[str, Any] = {f.name: type(f.default) for f in dataclasses.fields(Config)}
    found: dict[str, Any] = {}
    for item in filter(None, text.split(",")):
        name, _, value = item.partition("=")
        name = name.strip()
        if name not in kinds:
            known = ", ".join(sorted(kinds))
            raise ArgumentError(f"[config] TENGEN_CONFIG: no setting {name!r}; settings: {known}")
        value = value.strip()
        if kinds[name] is bool:
            found[name] = value.lower() in ("1", "true", "yes", "on")
        elif kinds[name] is int and not value.isdigit():
            raise ArgumentError(f"[config] TENGEN_CONFIG: {name} takes int; got {value!r}")
        else:
            found[name] = kinds[name](value.replace(";", ","))
    return found


config = Config(**_from_environment(os.environ.get("TENGEN_CONFIG", "")))
