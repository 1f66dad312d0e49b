"""NVRTC compiles every source for the architectures, without a GPU or a driver."""

import concurrent.futures
import itertools

import numpy as np
import pytest

from tengen.base import dtype as dt
from tengen.base.errors import DeviceError
from tengen.graph.infer import infer
from tengen.graph.types import TensorType
from tengen.kernels.cuda import nvrtc
from tengen.kernels.cuda import program as programs
from tengen.ops.launching_cuda import TYPES

from .judging import native_operators

pytestmark = pytest.mark.skipif(nvrtc.library() is None, reason="no NVRTC")

ARCHITECTURES = (80, 90, 100)

SOURCES = {
    "attention": {"ROWS": 4, "ACROSS": 4, "OP": "KEYS"},
    "batch_norm": {"LAST": 1, "VECTOR": 4, "ACTIVATION": "RELU", "STATISTIC": "float"},
    "batch_norm_backward": {
        "LAST": 1, "VECTOR": 4, "ACTIVATION": "RELU", "FROM_Y": 1, "GRADIENTS": 2,
    },
    "channel_sum": {"LAST": 1, "VECTOR": 4},
    "depthwise": {
        "LAST": 1, "VECTOR": 4, "TILE": 4, "KERNEL_H": 3, "KERNEL_W": 3, "STEP": 1, "OP": "FORWARD",
    },
    "gather": {"INDEX": "int", "OP": "ADD"},
    "many": {"MOST": 100},
    "moving": {"TYPE": "unsigned short", "LAST": 1, "VECTOR": 8, "MOST": 1900},
    "norm": {"WEIGHT": "ALONG", "HAS_WEIGHT": 1, "ROWS_BY_BLOCK": 0, "OP": "FORWARD"},
    "optimizer": {"STATES": 2, "MOST": 30, "RULE": "ADAM"},
    "pooling": {"LAST": 1, "VECTOR": 4, "INDEX": "byte", "OP": "MAX_POOL"},
    "random": {"OP": "DROPOUT", "DIGITS": 8},
    "regions": {"OP": "MEAN"},
    "rows": {"OP": "CROSS_ENTROPY", "ROWS": "BY_WARP", "LABEL": "int"},
    "running": {"STATISTIC": "float", "MOST": 60},
    "suppression": {},
    "transpose": {"TYPE": "uint32"},
}  # fmt: skip
"""One set of definitions for each source."""


def test_every_source_is_listed():
    assert {path.stem for path in programs.SOURCES.glob("*.cu")} == set(SOURCES)


def _compile(name, arch, defines, text=None):
    code = nvrtc.compile_text(
        f"{name}.cu", programs.source(name) if text is None else text,
        programs.options(arch, {"TYPE": "float", **defines} if text is None else defines),
    )  # fmt: skip
    assert code.startswith(b"\x7fELF")


@pytest.mark.parametrize("name", SOURCES)
def test_sources_compile_for_every_architecture(name):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda arch: _compile(name, arch, SOURCES[name]), ARCHITECTURES))


def test_an_error_is_the_compilers():
    with pytest.raises(DeviceError, match=r"(?s)wrong.cu does not compile.*no_such_name"):
        nvrtc.compile_text("wrong.cu", "int x = no_such_name;", programs.options(90, {}))


def test_machine_code_is_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "cache_directory", lambda: tmp_path)
    first = programs.compile("transpose", 90, {"TYPE": "uint32"})
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"from disk")
    assert programs.compile("transpose", 90, {"TYPE": "uint32"}) == b"from disk"
    assert programs.compile("transpose", 90, {"TYPE": "byte"}) != first


@pytest.mark.long
def test_every_program_of_the_samples_compiles():
    """All sources and generated texts that the launchers ask for, for each architecture in turn."""
    wanted = {}
    for op in native_operators():
        for sample in op.samples(np.random.default_rng(3)):
            arrays = [None if a is None else np.asarray(a) for a in sample.inputs]
            types = tuple(None if a is None else TensorType.of(a.shape, a.dtype) for a in arrays)
            attrs = op.pack(sample.attrs)
            outs = infer(op, attrs, types)
            op.backends["gpu", "cuda"](types, outs, **op.unpack(attrs))
    for made in programs.programs():
        wanted.setdefault((made.name, made.text, *sorted(made.defines.items())), made)
    arches = itertools.cycle(ARCHITECTURES)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(
                _compile, made.name, arch, made.defines, made.text or programs.source(made.name)
            )
            for made, arch in zip(wanted.values(), arches, strict=False)
        ]
        for job in jobs:
            job.result()
    assert {TYPES[d] for d in dt.FLOATS} <= {m.defines.get("TYPE") for m in wanted.values()}
