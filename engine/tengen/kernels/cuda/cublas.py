"""Matrix products with an epilogue by cuBLASLt, through ctypes.

A `Product` says in cuBLASLt's terms (matrices by columns) what is to be done; `plan` asks the
library for its best algorithm once for each and keeps it.
"""

import ctypes
import dataclasses
import functools
import importlib.util
import logging
import threading
from pathlib import Path
from typing import Any

from ...base.errors import DeviceError
from . import program

_log = logging.getLogger("tengen.kernels.cuda")

WORKSPACE = 32 << 20
"""Bytes that an algorithm may use: what NVIDIA advises for sm_90."""

# the library's numbers, from its headers
R_32F, R_64F, R_16F, R_16BF = 0, 1, 2, 14
COMPUTE_32F, COMPUTE_64F, COMPUTE_32F_FAST_TF32 = 68, 70, 77
DESC_TRANSA, DESC_TRANSB, DESC_EPILOGUE, DESC_BIAS_POINTER = 3, 4, 7, 8
LAYOUT_BATCH_COUNT, LAYOUT_BATCH_OFFSET = 5, 6
PREFERENCE_WORKSPACE = 1
EPILOGUES = {
    ("none", False): 1, ("relu", False): 2, ("none", True): 4, ("relu", True): 6,
    ("gelu_tanh", False): 32, ("gelu_tanh", True): 36,
}  # fmt: skip
"""By activation and bias. The library's GELU is the tanh formula."""

TYPES = {
    "float": (R_32F, COMPUTE_32F), "half": (R_16F, COMPUTE_32F), "bfloat16": (R_16BF, COMPUTE_32F),
    "double": (R_64F, COMPUTE_64F),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Matrix:
    """A matrix by columns, with the steps from column to column and from batch to batch."""

    rows: int
    columns: int
    step: int
    batch_step: int


@dataclasses.dataclass(frozen=True)
class Product:
    """D = activation(op(A) op(B) + beta C + bias), all by columns; bias has a number for each row.

    Of a row-major product a b, A is b and B is a.
    """

    kind: str
    a: Matrix
    b: Matrix
    d: Matrix
    turn_a: bool
    turn_b: bool
    batch: int
    activation: str = "none"
    bias: bool = False
    residual: bool = False
    tf32: bool = False


def describe(
    kind: str, a: tuple[int, ...], b: tuple[int, ...], turned: tuple[bool, bool], **how: Any
) -> Product | None:
    """The product of row-major a (..., M, K) and b (..., K, N), each perhaps turned.

    A row-major matrix is its transpose by columns, so that the library is asked for b' a'. None
    where the batches do not run along with each other.
    """
    turn_a, turn_b = turned
    batch_a, batch_b = a[:-2], b[:-2]
    count_a, count_b = (functools.reduce(int.__mul__, s, 1) for s in (batch_a, batch_b))
    if count_a > 1 and count_b == 1 and not turn_a:  # the batch is more rows
        a, count_a = (count_a * a[-2], a[-1]), 1
    if count_a != count_b and 1 not in (count_a, count_b):
        return None
    if count_a == count_b > 1 and _trimmed(batch_a) != _trimmed(batch_b):
        return None
    batch = max(count_a, count_b)
    m, _k = a[:-3:-1] if turn_a else a[-2:]
    n = b[-2] if turn_b else b[-1]
    first = Matrix(b[-1], b[-2], b[-1], b[-1] * b[-2] if count_b > 1 else 0)
    second = Matrix(a[-1], a[-2], a[-1], a[-1] * a[-2] if count_a > 1 else 0)
    return Product(kind, first, second, Matrix(n, m, n, n * m), turn_b, turn_a, batch, **how)


def _trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A batch shape without the ones in front."""
    while shape and shape[0] == 1:
        shape = shape[1:]
    return shape


class _Result(ctypes.Structure):
    _fields_ = (
        ("algorithm", ctypes.c_uint64 * 8), ("workspace", ctypes.c_size_t),
        ("state", ctypes.c_int), ("waves", ctypes.c_float), ("reserved", ctypes.c_int * 4),
    )  # fmt: skip


@functools.cache
def library() -> ctypes.CDLL | None:
    """cuBLASLt from its wheel or the system; None, said once, where there is none."""
    spec = importlib.util.find_spec("nvidia")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    wheels = [p for f in folders for p in sorted(Path(f).glob("*/lib/libcublasLt.so.*"))]
    for candidate in (*wheels, "libcublasLt.so.13", "libcublasLt.so.12"):
        try:
            return ctypes.CDLL(str(candidate))
        except OSError:
            continue
    _log.warning("cuBLASLt is not installed; products use CuPy's cuBLAS, without epilogues")
    return None


def _checked(status: int, what: str) -> None:
    if status:
        raise DeviceError(f"[cublas] {what} failed with status {status}")


_local = threading.local()


def _handle(found: ctypes.CDLL, device: Any) -> ctypes.c_void_p:
    """This thread's handle of the current device."""
    handles = _local.__dict__.setdefault("handles", {})
    made = handles.get(device)
    if made is None:
        made = ctypes.c_void_p()
        _checked(found.cublasLtCreate(ctypes.byref(made)), "cublasLtCreate")
        handles[device] = made
    return made  # type: ignore[no-any-return]


class Plan:
    """A product with its descriptors and algorithm: `run(a, b, c, bias, d, workspace, stream)`."""

    def __init__(self, found: ctypes.CDLL, product: Product):
        self.found = found
        kind, compute = TYPES[product.kind]
        if product.tf32 and product.kind == "float":
            compute = COMPUTE_32F_FAST_TF32
        scale = R_64F if kind == R_64F else R_32F
        number = ctypes.c_double if kind == R_64F else ctypes.c_float
        self.one, self.beta = number(1), number(1 if product.residual else 0)
        self.operation = ctypes.c_void_p()
        status = found.cublasLtMatmulDescCreate(ctypes.byref(self.operation), compute, scale)
        _checked(status, "cublasLtMatmulDescCreate")
        self._attribute(DESC_TRANSA, ctypes.c_int32(product.turn_a))
        self._attribute(DESC_TRANSB, ctypes.c_int32(product.turn_b))
        epilogue = EPILOGUES[product.activation, product.bias]
        self._attribute(DESC_EPILOGUE, ctypes.c_int32(epilogue))
        self.bias = product.bias
        self.layouts = [self._layout(kind, x, product.batch) for x in (product.a, product.b)]
        self.layouts.append(self._layout(kind, product.d, product.batch))
        self.algorithm = self._choose()

    def _attribute(self, which: int, value: Any) -> None:
        status = self.found.cublasLtMatmulDescSetAttribute(
            self.operation, which, ctypes.byref(value), ctypes.c_size_t(ctypes.sizeof(value))
        )
        _checked(status, "cublasLtMatmulDescSetAttribute")

    def _layout(self, kind: int, matrix: Matrix, batch: int) -> ctypes.c_void_p:
        made = ctypes.c_void_p()
        status = self.found.cublasLtMatrixLayoutCreate(
            ctypes.byref(made), kind, ctypes.c_uint64(matrix.rows), ctypes.c_uint64(matrix.columns),
            ctypes.c_int64(matrix.step),
        )  # fmt: skip
        _checked(status, "cublasLtMatrixLayoutCreate")
        if batch > 1:
            values = ((LAYOUT_BATCH_COUNT, ctypes.c_int32(batch)),
                      (LAYOUT_BATCH_OFFSET, ctypes.c_int64(matrix.batch_step)))  # fmt: skip
            for which, value in values:
                status = self.found.cublasLtMatrixLayoutSetAttribute(
                    made, which, ctypes.byref(value), ctypes.c_size_t(ctypes.sizeof(value))
                )
                _checked(status, "cublasLtMatrixLayoutSetAttribute")
        return made

    def _choose(self) -> _Result:
        """The library's first choice within the workspace."""
        preference, limit = ctypes.c_void_p(), ctypes.c_size_t(WORKSPACE)
        found = self.found
        _checked(found.cublasLtMatmulPreferenceCreate(ctypes.byref(preference)), "a preference")
        found.cublasLtMatmulPreferenceSetAttribute(
            preference, PREFERENCE_WORKSPACE, ctypes.byref(limit), ctypes.c_size_t(8)
        )
        result, count = _Result(), ctypes.c_int()
        a, b, d = self.layouts
        status = found.cublasLtMatmulAlgoGetHeuristic(
            _handle(found, program.loader().key()), self.operation, a, b, d, d, preference, 1,
            ctypes.byref(result), ctypes.byref(count),
        )  # fmt: skip
        found.cublasLtMatmulPreferenceDestroy(preference)
        if status or not count.value:
            raise DeviceError(f"[cublas] no algorithm for this product (status {status})")
        return result

    @property
    def workspace(self) -> int:
        """Bytes of workspace that the algorithm uses."""
        return int(self.algorithm.workspace)

    def run(self, a: int, b: int, c: int, bias: int, d: int, workspace: int, stream: int) -> None:
        """Launch on addresses; `a` and `b` are the library's operands."""
        if self.bias:
            self._attribute(DESC_BIAS_POINTER, ctypes.c_void_p(bias))
        first, second, result = self.layouts
        status = self.found.cublasLtMatmul(
            _handle(self.found, program.loader().key()), self.operation, ctypes.byref(self.one),
            ctypes.c_void_p(a), first, ctypes.c_void_p(b), second, ctypes.byref(self.beta),
            ctypes.c_void_p(c), result, ctypes.c_void_p(d), result,
            ctypes.byref(self.algorithm), ctypes.c_void_p(workspace),
            ctypes.c_size_t(self.workspace), ctypes.c_void_p(stream),
        )  # fmt: skip
        _checked(status, "cublasLtMatmul")


_plans: dict[tuple[Any, Product], Plan | None] = {}


def plan(product: Product) -> Plan | None:
    """The kept plan of a product on the current device; None where the library has no way."""
    key = (program.loader().key(), product)
    if key not in _plans:
        found = library()
        try:
            _plans[key] = None if found is None else Plan(found, product)
        except DeviceError as error:
            _log.info("%s: %s", product, error)
            _plans[key] = None
    return _plans[key]
