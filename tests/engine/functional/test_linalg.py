"""Linear algebra against NumPy, its gradients against torch."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

COVERS = tuple(f"tengen.functional.{n}" for n in ("cross", "einsum", "matinv", "svd"))


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def compare(ours, theirs, *arrays, tolerance=1e-9):
    """Values and gradients (of a random weighting) of one function against torch in float64."""
    rng = np.random.default_rng(7)
    theirs_in = [torch.tensor(a, requires_grad=True) for a in arrays]
    want = theirs(*theirs_in)
    ours_in = [Tensor(a, dtype=a.dtype) for a in arrays]
    with tg.autodiff.GradManager().attach(ours_in) as gm:
        got = ours(*ours_in)
        assert got.shape == tuple(want.shape)
        weight = rng.standard_normal(got.shape)
        gm.backward((got * Tensor(weight, dtype="float64")).sum())
    (want * torch.tensor(weight)).sum().backward()
    np.testing.assert_allclose(got.numpy(), want.detach().numpy(), rtol=tolerance, atol=tolerance)
    for mine, other in zip(ours_in, theirs_in, strict=True):
        expected = np.zeros(mine.shape) if other.grad is None else other.grad.numpy()
        np.testing.assert_allclose(mine.grad.numpy(), expected, rtol=tolerance, atol=tolerance)


EQUATIONS = [
    ("ij,jk->ik", (3, 4), (4, 5)),
    ("ij,kj", (3, 4), (5, 4)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
    ("i,j->ij", (3,), (4,)),
    ("i,i", (3,), (3,)),
    ("i,i->i", (3,), (3,)),
    ("ij->ji", (3, 4)),
    ("ij->", (3, 4)),
    ("ij->ij", (3, 4)),
    ("ij->j", (3, 4)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij->j", (3, 3, 2)),
    ("iji->ij", (3, 2, 3)),
    ("iii->i", (3, 3, 3)),
    ("ij,jk,kl->il", (3, 4), (4, 5), (5, 2)),
    ("ij,ik,il->jkl", (3, 4), (3, 5), (3, 2)),
    ("abc,cd,bd->a", (2, 3, 4), (4, 5), (3, 5)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 6)),
    ("...i->...", (2, 3, 4)),
    ("i...->...", (2, 3, 4)),
    ("...,...->...", (2, 1), (3,)),
    ("ij,j", (3, 4), (1,)),
    ("ij,ij->i", (3, 4), (3, 1)),
    ("ba,b->ba", (3, 4), (3,)),
    ("ij,kl->jl", (3, 4), (2, 5)),
    ("Ab,bC->CA", (2, 3), (3, 4)),
    (" i j , j k -> i k ", (2, 3), (3, 4)),
    ("ij,jk->ik", (0, 4), (4, 5)),
    ("ij,jk->ik", (3, 0), (0, 5)),
    (",i->i", (), (3,)),
]


@pytest.mark.parametrize("case", EQUATIONS)
def test_einsum(case):
    equation, *shapes = case
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in shapes]
    got = F.einsum(equation, *[Tensor(a, dtype="float64") for a in arrays])
    want = np.einsum(equation, *arrays)
    assert got.shape == want.shape
    np.testing.assert_allclose(got.numpy(), want, atol=1e-12)
    stretched = any(1 in s for s in shapes) and "..." not in equation
    if not stretched:
        compare(lambda *x: F.einsum(equation, *x), lambda *x: torch.einsum(equation, *x), *arrays)


@pytest.mark.parametrize("dtype", ["int32", "float16", "bfloat16", "complex64"])
def test_einsum_data_types(dtype):
    a, b = (Tensor(np.arange(6).reshape(s), dtype=dtype) for s in ((2, 3), (3, 2)))
    got = F.einsum("ij,jk->ik", a, b)
    assert got.dtype == dtype
    np.testing.assert_array_equal(
        got.numpy(), np.arange(6).reshape(2, 3) @ np.arange(6).reshape(3, 2)
    )
    assert F.einsum("i,i->i", Tensor([2]), Tensor([1.5])).dtype == "float32"


BAD = [
    ("ij,jk", ((2, 3),), "names 2 operands; got 1"),
    ("ij", ((2,),), "for 1 dimension"),
    ("i-j", ((2,),), "more than letters"),
    ("ij->ik", ((2, 3),), "once at most"),
    ("ij->ii", ((2, 3),), "once at most"),
    ("ij,ij", ((2, 3), (2, 4)), "is 3 and 4 long"),
    ("", (), "needs an operand"),
]


@pytest.mark.parametrize("equation,shapes,message", BAD)
def test_bad_equations_are_refused(equation, shapes, message):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        F.einsum(equation, *[Tensor(np.ones(s, "float32")) for s in shapes])
    assert message in str(caught.value), caught.value


@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3), (1, 1), (0, 3, 3)])
def test_matinv(shape):
    x = np.random.default_rng(0).standard_normal(shape) + 3 * np.eye(shape[-1])
    compare(F.matinv, torch.linalg.inv, x)
    single = F.matinv(Tensor(x))
    assert single.dtype == "float32"
    np.testing.assert_allclose(single.numpy(), np.linalg.inv(x), atol=1e-5)
    with pytest.raises(ArgumentError, match="singular"):
        F.matinv(Tensor([[1.0, 1.0], [1.0, 1.0]]))
    with pytest.raises(ShapeError, match="square"):
        F.matinv(Tensor([[1.0, 1.0]]))


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_svd(shape, full):
    x = np.random.default_rng(0).standard_normal(shape)
    u, s, vh = F.svd(Tensor(x, dtype="float64"), full_matrices=full)
    want = np.linalg.svd(x, full_matrices=full)
    for got, other in zip((u, s, vh), want, strict=True):
        np.testing.assert_allclose(got.numpy(), other, atol=1e-12)
    k = min(shape[-2:])
    back = F.matmul(u[..., :k] * F.expand_dims(s, -2), vh[..., :k, :])
    np.testing.assert_allclose(back.numpy(), x, atol=1e-12)
    alone = F.svd(Tensor(x), compute_uv=False)
    np.testing.assert_allclose(alone.numpy(), want[1], atol=1e-5)
    compare(lambda x: F.svd(x, compute_uv=False), torch.linalg.svdvals, x, tolerance=1e-8)


def projected(u, s, vh, abs_):
    """A function of the factors that no choice of signs changes."""
    return (abs_(u) * 2).sum() + (s * s).sum() + (abs_(vh) * 3).sum()


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (2, 4, 3)])
def test_gradient_of_singular_vectors(shape):
    x = np.random.default_rng(1).standard_normal(shape)
    compare(
        lambda x: projected(*F.svd(x), F.abs),
        lambda x: projected(*torch.linalg.svd(x, full_matrices=False), torch.abs),
        x,
        tolerance=1e-7,
    )


@pytest.mark.parametrize("axes", [{}, {"axisa": 0}, {"axisb": 0}, {"axisc": 0}, {"axis": 0}])
def test_cross(axes):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((3, 3)), rng.standard_normal((3, 3))
    got = F.cross(Tensor(a, dtype="float64"), Tensor(b, dtype="float64"), **axes)
    np.testing.assert_allclose(got.numpy(), np.cross(a, b, **axes))


def test_cross_gradient_broadcast_and_plane_vectors():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 4, 3)), rng.standard_normal((4, 3))
    compare(F.cross, lambda a, b: torch.linalg.cross(a, b.expand(2, 4, 3)), a, b)
    np.testing.assert_array_equal(
        F.cross(Tensor([1.0, 2.0]), Tensor([3.0, 4.0])).numpy(), [0, 0, -2]
    )
    flat, tall = F.cross(Tensor([1.0, 2.0]), Tensor([4.0, 5.0, 6.0])), [12.0, -6.0, -3.0]
    np.testing.assert_array_equal(flat.numpy(), tall)
    with pytest.raises(ShapeError, match="2 or 3 components"):
        F.cross(Tensor([1.0]), Tensor([1.0]))
