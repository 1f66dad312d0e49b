"""What the libraries are asked for: products and graphs, checked without a device."""

import numpy as np
import pytest

import tengen as tg
from tengen.kernels.cuda import cublas, cudnn, fast_run
from tengen.kernels.cuda import program as programs
from tengen.kernels.cuda.program import using
from tengen.ops.convolution_cudnn import signature
from tengen.ops.matmul import matmul

from .emulator import Emulator


def _matrix(flat, matrix, number):
    """Batch `number` of a matrix by columns, over flat memory."""
    start, item = matrix.batch_step * number, flat.itemsize
    shape, strides = (matrix.rows, matrix.columns), (item, item * matrix.step)
    return np.lib.stride_tricks.as_strided(flat[start:], shape, strides)


def _carried_out(product, a, b, shape):
    """The product as the library's description says it, by columns."""
    out = np.zeros(shape, a.dtype)
    first, second, result = b.reshape(-1), a.reshape(-1), out.reshape(-1)
    for number in range(product.batch):
        left, right = _matrix(first, product.a, number), _matrix(second, product.b, number)
        left = left.T if product.turn_a else left
        right = right.T if product.turn_b else right
        _matrix(result, product.d, number)[...] = left @ right
    return out


@pytest.mark.parametrize("turned", [(a, b) for a in (False, True) for b in (False, True)])
@pytest.mark.parametrize(
    "batches",
    [
        ((), ()),
        ((3,), (3,)),
        ((3,), ()),
        ((2, 3), (2, 3)),
        ((), (4,)),
        ((1, 3), (3,)),
        ((3,), (1,)),
    ],
)
def test_products_by_columns_are_ours_by_rows(batches, turned):
    rng = np.random.default_rng(0)
    shape_a = (*batches[0], *((4, 2) if turned[0] else (2, 4)))
    shape_b = (*batches[1], *((5, 4) if turned[1] else (4, 5)))
    a, b = rng.normal(size=shape_a), rng.normal(size=shape_b)
    expected = matmul.kernel(np, a, b, transpose_a=turned[0], transpose_b=turned[1])
    product = cublas.describe("double", shape_a, shape_b, turned)
    np.testing.assert_allclose(_carried_out(product, a, b, expected.shape), expected, 1e-12)


def test_batches_that_do_not_run_along_are_left_to_others():
    assert cublas.describe("float", (2, 1, 3, 4), (5, 4, 2), (False, False)) is None
    assert cublas.describe("float", (2, 1, 3, 4), (1, 2, 4, 2), (False, False)) is None


def test_without_a_device_no_library_is_asked():
    x = tg.graph.types.TensorType.of((2, 8, 6, 6), "float16")
    w = tg.graph.types.TensorType.of((4, 8, 3, 3), "float16")
    attrs = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1)}
    y = tg.graph.types.TensorType.of((2, 4, 6, 6), "float16")
    from tengen.ops.convolution import convolution

    with using(Emulator()):
        assert convolution.backends["gpu", "cudnn"]((x, w), (y,), **attrs) is None
        assert matmul.backends["gpu", "cublas"](
            (x, x), (x,), transpose_a=False, transpose_b=True
        ) is None  # fmt: skip


def test_the_fastest_choice_is_measured_once(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "cache_directory", lambda: tmp_path)

    def refused():
        raise RuntimeError("this engine refuses")

    times = {"slow": 3.0, "fast": 1.0}
    calls = {0: refused, 4: lambda: times["slow"], 7: lambda: times["fast"]}
    assert fast_run.fastest("card a", calls, time=lambda call: call()) == 7
    times["fast"] = 9.0
    assert fast_run.fastest("card a", calls, time=lambda call: call()) == 7
    assert fast_run.fastest("card b", calls, time=lambda call: call()) == 4
    assert fast_run.fastest("card c", {5: refused}, time=lambda call: call()) == 5


library = cudnn.module()
needs_frontend = pytest.mark.skipif(library is None, reason="no nvidia-cudnn-frontend")
NO_HANDLE = 1


@needs_frontend
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("kind", ["forward", "data", "weight"])
def test_convolutions_are_described(kind, groups):
    make = tg.graph.types.TensorType.of
    x, y = make((2, 8, 9, 7), "bfloat16"), make((2, 16, 5, 4), "bfloat16")
    weight = (16, 8, 3, 3) if groups == 1 else (groups, 4, 2, 3, 3)
    attrs = {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
    found = signature(kind, x, weight, y, attrs)
    assert found.weight == (16, 8 // groups, 3, 3)
    made = cudnn.describe(library, found, NO_HANDLE)
    assert made.count == 3
    assert made.kind == library.data_type.BFLOAT16


@needs_frontend
def test_what_follows_a_convolution_is_part_of_its_graph():
    plain = cudnn.Convolution(
        "forward", "half", (1, 8, 4, 4), (8, 8, 1, 1), (1, 8, 4, 4), (1, 1), (0, 0), (1, 1),
        scale=True, shift=True, residual=True, activation="relu6",
    )  # fmt: skip
    assert cudnn.describe(library, plain, NO_HANDLE).count == 6


@needs_frontend
def test_a_convolutions_statistics_are_part_of_its_graph():
    found = cudnn.Convolution(
        "forward", "bfloat16", (1, 8, 4, 4), (16, 8, 1, 1), (1, 16, 4, 4), (1, 1), (0, 0), (1, 1),
        statistics=True,
    )  # fmt: skip
    made = cudnn.describe(library, found, NO_HANDLE)
    assert made.count == 5 and made.sizes[3:] == [16, 16]


def _has_cudnn():
    try:
        return library is not None and bool(library.backend_version())
    except RuntimeError:  # the package is there, the library that it calls is not
        return False


@pytest.mark.skipif(not _has_cudnn(), reason="no cuDNN")
@pytest.mark.parametrize(("kind", "count"), [("forward", 4), ("statistics", 5), ("backward", 9)])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_described_both_ways(kind, count, causal):
    found = cudnn.Attention(kind, "half", (2, 3, 8, 16), (2, 3, 12, 16), (2, 3, 12, 8), 0.5, causal)
    assert cudnn.describe(library, found, NO_HANDLE).count == count


@needs_frontend
def test_attentions_gradient_is_described():
    shapes = (2, 3, 8, 16), (2, 3, 12, 16), (2, 3, 12, 8)
    found = cudnn.Attention("backward", "half", *shapes, 0.5, True)
    assert cudnn.describe(library, found, NO_HANDLE).count == 9
