"""Random tensors: repeatable to the bit, of the right distribution, refused where senseless."""

import threading

import numpy as np
import pytest
from scipy import stats
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional as F
from tengen import random
from tengen.base.errors import ArgumentError
from tengen.graph.opdef import registry
from tengen.kernels.numpy import philox
from tengen.ops.random import dropout as dropout_op
from tengen.random import RNG
from tengen.random.generator import default_generator, dropout
from tengen.tensor import Tensor

NAMES = ("uniform", "normal", "gamma", "beta", "poisson", "permutation", "shuffle")
COVERS = (
    *(f"tengen.random.{n}" for n in (*NAMES, "seed", "exponential", "multinomial")),
    "tengen.random.RNG",
    *(f"tengen.random.RNG.{n}" for n in NAMES),
)
COUNT = 200_000


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def agrees(sample, distribution):
    """A Kolmogorov-Smirnov test at one in a million, on fixed seeds."""
    assert stats.kstest(np.asarray(sample, "float64"), distribution.cdf).pvalue > 1e-6


def moments(sample, distribution, tolerance=6):
    sample = np.asarray(sample, "float64")
    error = distribution.std() / np.sqrt(sample.size)
    assert abs(sample.mean() - distribution.mean()) < tolerance * error
    kurtosis = float(distribution.stats("k")) + 3
    spread = distribution.var() * np.sqrt((kurtosis - 1) / sample.size)
    assert abs(sample.var() - distribution.var()) < tolerance * spread


def test_uniform():
    rng = RNG(1)
    x = rng.uniform(size=(COUNT,))
    assert x.dtype == "float32" and x.shape == (COUNT,)
    bits = philox.words(np, np.array([1, 0], np.uint64), COUNT)
    np.testing.assert_array_equal(x.numpy(), (bits >> 8) / np.float32(2**24))
    agrees(x.numpy(), stats.uniform())
    wide = rng.uniform(-3, 5, size=(COUNT,)).numpy()
    assert wide.min() >= -3 and wide.max() <= 5
    agrees(wide, stats.uniform(-3, 8))
    assert rng.uniform().shape == (1,)
    assert rng.uniform(size=3).shape == (3,)
    assert rng.uniform(size=()).shape == ()
    with pytest.raises(ArgumentError, match="low must be less than high"):
        rng.uniform(1, 1)


def test_normal():
    rng = RNG(2)
    x = rng.normal(size=(COUNT,)).numpy()
    agrees(x, stats.norm())
    moments(x, stats.norm())
    assert abs(np.corrcoef(x[::2], x[1::2])[0, 1]) < 0.02
    agrees(rng.normal(3, 0.5, size=(COUNT // 2, 2)).numpy().ravel(), stats.norm(3, 0.5))
    assert (rng.normal(4, 0, size=(3,)).numpy() == 4).all()
    with pytest.raises(ArgumentError, match="std is not negative"):
        rng.normal(0, -1)


def test_gradients_reach_the_parameters():
    low, high = Tensor([0.0, 1.0]), Tensor([2.0, 5.0])
    mean, std, rate, scale = (Tensor([v, v]) for v in (0.5, 2.0, 2.0, 3.0))
    watched = [low, high, mean, std, rate, scale]
    with tg.autodiff.GradManager().attach(watched) as gm:
        total = RNG(3).uniform(low, high, size=(2,)).sum()
        total = total + RNG(3).normal(mean, std, size=(2,)).sum()
        total = total + RNG(3).exponential(rate).sum()
        total = total + RNG(3).gamma(2.0, scale).sum()
        gm.backward(total)
    unit = RNG(3).uniform(size=(2,)).numpy()
    np.testing.assert_allclose(low.grad.numpy(), 1 - unit, rtol=1e-6)
    np.testing.assert_allclose(high.grad.numpy(), unit, rtol=1e-6)
    np.testing.assert_allclose(mean.grad.numpy(), [1, 1])
    np.testing.assert_allclose(std.grad.numpy(), RNG(3).normal(size=(2,)).numpy(), rtol=1e-6)
    drawn = RNG(3).exponential(rate).numpy()
    np.testing.assert_allclose(rate.grad.numpy(), -drawn / 2, rtol=1e-5)
    np.testing.assert_allclose(scale.grad.numpy(), RNG(3).gamma(2.0, scale).numpy() / 3, rtol=1e-5)


def test_exponential():
    x = RNG(4).exponential(2.0, size=(COUNT,)).numpy()
    agrees(x, stats.expon(scale=0.5))
    moments(x, stats.expon(scale=0.5))


@pytest.mark.parametrize("shape", [0.05, 0.5, 1.0, 2.5, 60.0])
def test_gamma(shape):
    alpha = Tensor(shape, dtype="float64")
    x = RNG(5).gamma(alpha, 2.0, size=(COUNT // 2,)).numpy()
    assert x.dtype == "float64"
    agrees(x, stats.gamma(shape, scale=2))
    moments(x, stats.gamma(shape, scale=2))


@pytest.mark.parametrize("a,b", [(0.02, 0.03), (0.5, 0.5), (1, 1), (2, 5), (40, 3)])
def test_beta(a, b):
    x = RNG(6).beta(Tensor(a, dtype="float64"), b, size=(COUNT // 2,)).numpy()
    assert ((x >= 0) & (x <= 1)).all()
    moments(x, stats.beta(a, b))
    if a > 0.1:
        agrees(x, stats.beta(a, b))


@pytest.mark.parametrize("lam", [0.01, 1.0, 9.9, 10.0, 30.0, 1000.0])
def test_poisson(lam):
    x = RNG(7).poisson(lam, size=(COUNT,)).numpy()
    assert x.dtype == "float32" and (x == np.round(x)).all() and x.min() >= 0
    law = stats.poisson(lam)
    moments(x, law)
    edges = np.unique(law.ppf(np.linspace(0, 1, 41)[1:-1]))
    counts = np.histogram(x, np.concatenate([[-1], edges + 0.5, [np.inf]]))[0]
    chance = np.diff(np.concatenate([[0], law.cdf(edges), [1]]))
    assert stats.chisquare(counts, chance * x.size).pvalue > 1e-6


def test_shapes_follow_size_and_parameters():
    rng = RNG(8)
    column, row = Tensor([[1.0], [10.0]]), Tensor([1.0, 5.0, 2.0])
    assert rng.gamma(column, row).shape == (2, 3)
    assert rng.gamma(column, row, size=4).shape == (4, 2, 3)
    assert rng.beta(column, 0.5, size=(2, 5)).shape == (2, 5, 2, 1)
    assert rng.poisson(column, size=(1, 3)).shape == (1, 3, 2, 1)
    assert rng.poisson(2.0).shape == ()
    assert rng.exponential(row, size=2).shape == (2, 3)
    means = rng.gamma(column, row, size=20_000).numpy().mean(0)
    np.testing.assert_allclose(means, column.numpy() * row.numpy(), rtol=0.05)
    for call in (lambda: rng.gamma(-1.0), lambda: rng.beta(1.0, 0.0), lambda: rng.poisson(-2.0)):
        with pytest.raises(ArgumentError, match="must be positive"):
            call()
    assert np.isnan(rng.gamma(Tensor([-1.0])).numpy()).all()


def test_permutation_and_shuffle():
    rng = RNG(9)
    for n in (0, 1, 10, 1000):
        got = rng.permutation(n)
        assert got.dtype == "int32"
        np.testing.assert_array_equal(np.sort(got.numpy()), np.arange(n))
    assert rng.permutation(5, dtype="float32").dtype == "float32"
    firsts = np.bincount([rng.permutation(4).numpy()[0] for _ in range(2000)], minlength=4)
    assert stats.chisquare(firsts).pvalue > 1e-6
    x = Tensor(np.arange(18).reshape(6, 3))
    moved = rng.permutation(x)
    assert sorted(moved.numpy()[:, 0].tolist()) == [0, 3, 6, 9, 12, 15]
    np.testing.assert_array_equal(x.numpy(), np.arange(18).reshape(6, 3))
    y = Tensor(np.arange(40))
    rng.shuffle(y)
    assert sorted(y.numpy().tolist()) == list(range(40)) and y.numpy().tolist() != list(range(40))
    with pytest.raises(ArgumentError, match="n is 0 or more"):
        rng.permutation(-1)
    with pytest.raises(ArgumentError, match="with an axis"):
        rng.shuffle(Tensor(1.0))
    with pytest.raises(ArgumentError, match="a number or a Tensor"):
        rng.permutation(2.5)


def test_multinomial():
    weights = np.array([[1, 2, 3, 4], [0, 7, 2, 1]], "float32")
    drawn = RNG(10).multinomial(Tensor(weights), 40_000, replacement=True)
    assert drawn.dtype == "int32" and drawn.shape == (2, 40_000)
    for row, want in zip(drawn.numpy(), weights, strict=True):
        counts, chance = np.bincount(row, minlength=4), want / want.sum(dtype="float64")
        assert (counts[chance == 0] == 0).all()
        kept = chance > 0
        assert stats.chisquare(counts[kept], (chance * 40_000)[kept]).pvalue > 1e-6
    rows = Tensor(np.tile(weights[:1], (20_000, 1)))
    pairs = RNG(11).multinomial(rows, 2).numpy()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    p = weights[0] / weights[0].sum(dtype="float64")
    chance = np.array([[p[i] * p[j] / (1 - p[i]) for j in range(4) if j != i] for i in range(4)])
    counts = [[(pairs == (i, j)).all(1).sum() for j in range(4) if j != i] for i in range(4)]
    assert stats.chisquare(np.ravel(counts), np.ravel(chance) * 20_000).pvalue > 1e-6
    assert random.multinomial(Tensor([1.0, 2.0]), 2).shape == (2,)
    for bad, count in (([1.0, -1.0], 1), ([0.0, 0.0], 1), ([1.0, 0.0], 2), ([1.0], 2)):
        with pytest.raises(ArgumentError, match="multinomial"):
            random.multinomial(Tensor(bad), count)


def everything(rng):
    """One draw of each kind."""
    x = Tensor(np.arange(7, dtype="float32"))
    rng.shuffle(x)
    return [
        rng.uniform(size=(3, 5)), rng.normal(size=(7,)), rng.gamma(0.7, size=9),
        rng.beta(0.4, 2.0, size=3), rng.poisson(12.0, size=5), rng.exponential(1.0, size=3),
        rng.permutation(11), x, rng.multinomial(Tensor([1.0, 2.0, 3.0]), 2),
    ]  # fmt: skip


def test_a_seed_repeats_everything_to_the_bit():
    for first, second in zip(everything(RNG(12)), everything(RNG(12)), strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())
    other = [a.numpy() for a in everything(RNG(13))]
    assert not np.array_equal(other[0], everything(RNG(12))[0].numpy())
    random.seed(12)
    calls = {n: getattr(random, n) for n in random.__all__ if n not in ("RNG", "seed")}
    holder = type("Functions", (), {n: staticmethod(f) for n, f in calls.items()})
    for first, second in zip(everything(holder), everything(RNG(12)), strict=True):
        np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_streams_do_not_meet():
    """Consecutive draws never use a block twice."""
    rng = RNG(14)
    whole = RNG(14).uniform(size=(40,)).numpy()
    parts = [rng.uniform(size=(n,)).numpy() for n in (4, 8, 28)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    odd = RNG(14)
    odd.uniform(size=(1,))
    np.testing.assert_array_equal(odd.uniform(size=(4,)).numpy(), whole[4:8])


def test_a_saved_state_resumes():
    generator = default_generator()
    random.seed(15)
    random.normal(size=(10,))
    saved = generator.state.numpy()
    first = random.normal(size=(10,)).numpy()
    generator.state.set_value(saved)
    np.testing.assert_array_equal(random.normal(size=(10,)).numpy(), first)


def test_seeds():
    for seed in (0, -1, 2**63, 2**64 + 5, np.int64(7)):
        assert RNG(seed).uniform().shape == (1,)
    assert RNG(2**64 + 5).uniform().item() == RNG(5).uniform().item()
    with pytest.raises(ArgumentError, match="a whole number is needed"):
        random.seed("a")


def test_threads_never_draw_the_same_numbers():
    rng, found = RNG(16), []

    def work():
        for _ in range(200):
            found.append(rng.uniform(size=(4,)).numpy().tobytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(found)) == 800


def test_dropout_repeats_its_draw_backwards():
    random.seed(17)
    x = Tensor(np.ones((50, 40), "float32"))
    with tg.autodiff.GradManager().attach(x) as gm:
        y = dropout(x, 0.3)
        random.uniform(size=(100,))
        gm.backward(y, Tensor(np.full((50, 40), 2.0, "float32")))
    kept = y.numpy() != 0
    assert abs(kept.mean() - 0.7) < 0.05
    np.testing.assert_allclose(y.numpy()[kept], 1 / 0.7, rtol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), y.numpy() * 2)
    assert (dropout(x, 1.0).numpy() == 0).all() and (dropout(x, 0.0).numpy() == 1).all()


def test_every_backend_draws_the_same_dropout():
    state = Tensor(np.array([3, 2**33], np.uint64), dtype="uint64")
    x = Tensor(np.linspace(-1, 1, 5001), dtype="float32")
    with tg.config.override(backends="numpy"):
        want = dropout_op(x, state, p=0.37)
    got = dropout_op(x, state, p=0.37)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_the_values_type_follows_the_parameters():
    assert RNG(1).gamma(Tensor([1.0], dtype="float64")).dtype == "float64"
    assert RNG(1).gamma(Tensor([1.0], dtype="float16")).dtype == "float16"
    state = Tensor(np.array([1, 0], np.uint64), dtype="uint64")
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        values = registry["uniform"](
            state, shape=(5000,), dtype=np.dtype(tg.base.dtype.as_dtype(dtype))
        )[0]
        assert values.dtype == dtype
        wide = values.numpy().astype("float64")
        assert wide.min() >= 0 and wide.max() < 1 and abs(wide.mean() - 0.5) < 0.03


def test_used_by_functions():
    random.seed(18)
    first = F.dropout(Tensor(np.ones(100, "float32")), 0.5).numpy()
    random.seed(18)
    np.testing.assert_array_equal(F.dropout(Tensor(np.ones(100, "float32")), 0.5).numpy(), first)
