"""Other batch sizes: one graph where the program allows it, a recording each where it looks."""

import copy
import json
import math
import pickle

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.autodiff import GradManager
from tengen.jit import convert, trace
from tengen.jit.batches import GraphPattern, Multiple, Share, Varies, at, pattern
from tengen.jit.reasons import Reason
from tengen.jit.sizes import Sizes, Watch
from tengen.models import GPT, GPTConfig
from tengen.optimizer import SGD, Adam

MORE = (1, 2)
SIZES = (4, 3, 7, 2, 1, 9, 7, 12, 3)


def data(rows, seed=0, columns=4):
    rng = np.random.default_rng([seed, rows])
    return tg.tensor(rng.normal(size=(rows, columns)).astype("float32"))


NET = M.Sequential(M.Linear(4, 8), M.ReLU(), M.Linear(8, 2))
NOISE = M.Dropout(0.5)


def flat(x):
    return F.flatten(NET(x), 1)


def mean_of_squares(x):
    return (NET(x) ** 2).mean() * 0.5


def softmax_rows(x):
    return F.softmax(NET(x), axis=1).max(axis=1)


def channels_looked_at(x):
    rows, columns = NET(x), x.shape[1]
    return rows * columns if x.shape[-1] == 4 and x.ndim == 2 else rows


def later_dimensions(x):
    y = NET(x)
    return F.broadcast_to(F.ones(y.shape[1:]), (2,)) + y.sum(0)


def normalised(x):
    return F.layer_norm(NET(x), (2,), False)


def joined(x):
    return F.concat([x, NET(x)], axis=1).reshape(-1, 3, 2)


def doubled(x):
    return F.concat([x, x * 2], axis=0)


def columns_zipped(x):
    return sum(column for column, _ in zip(NET(x).transpose(1, 0), range(2), strict=True))


@pytest.mark.parametrize(
    "program",
    [
        flat, mean_of_squares, softmax_rows, channels_looked_at, later_dimensions, normalised,
        joined, doubled, columns_zipped,
    ],
)  # fmt: skip
def test_two_recordings_make_a_graph_for_every_batch(program):
    run = trace(program, without_host=True)
    for number, rows in enumerate(SIZES):
        x = data(rows, number)
        np.testing.assert_allclose(run(x).numpy(), program(x).numpy(), 1e-5, 1e-6)
    calls = run._replay.calls
    assert (calls.batch, calls.why) == ("any", None)
    assert calls.recorded == 3  # two, and the one of one row


def half_of_the_rows(x):
    return NET(x)[: len(x) // 2 + 1]


def branch_on_rows(x):
    return NET(x) * 2 if x.shape[0] > 5 else NET(x)


def branch_on_elements(x):
    return NET(x) * 2 if x.size > 20 else NET(x)


def branch_on_product(x):
    return NET(x) * 2 if math.prod(x.shape) > 20 else NET(x)


def branch_on_array(x):
    return NET(x) * 2 if np.asarray(x.shape).max() > 5 else NET(x)


def branch_on_order(x):
    return NET(x) * 2 if x.shape > (5, 0) else NET(x)


def branch_on_unpacked(x):
    rows, columns = x.shape
    return NET(x) * 2 if rows > 5 else NET(x) * columns


def branch_on_text(x):
    return NET(x) * 2 if len(str(x.shape)) > 6 else NET(x)


def branch_on_result(x):
    y = NET(x)
    return y * 2 if y.shape[0] in (7, 9) else y


def branch_on_copy(x):
    shape = copy.copy(x.shape)
    return NET(x) * 2 if shape[0] > 5 else NET(x)


def in_chunks(x):
    return F.concat([NET(x[i : i + 3]) + i for i in range(0, x.shape[0], 3)], axis=0)


def row_by_row(x):
    return F.stack([NET(row.reshape(1, -1)) for row in x])


def positions(x):
    return NET(x) + F.arange(len(x)).reshape(-1, 1)


def last_row(x):
    return NET(x)[-1]


def first_rows(x):
    return NET(x)[:6]


def as_many_random(x):
    noise = np.random.default_rng(0).normal(size=x.shape).astype("float32")
    return NET(x + tg.tensor(noise))


@pytest.mark.parametrize(
    "program",
    [
        half_of_the_rows, branch_on_rows, branch_on_elements, branch_on_product, branch_on_array,
        branch_on_order, branch_on_unpacked, branch_on_text, branch_on_result, branch_on_copy,
        in_chunks, row_by_row, positions, last_row, first_rows, as_many_random,
    ],
)  # fmt: skip
def test_a_program_that_looks_at_the_batch_is_never_stale(program):
    run = trace(program, without_host=True)
    for number, rows in enumerate(SIZES):
        x = data(rows, number)
        np.testing.assert_allclose(run(x).numpy(), program(x).numpy(), 1e-5, 1e-6)


@pytest.mark.parametrize("program", [branch_on_rows, branch_on_product, positions, in_chunks])
def test_who_looks_is_named(program):
    run = trace(program, without_host=True)
    for rows in (4, 5):
        run(data(rows))
    calls = run._replay.calls
    assert calls.batch == "each"
    assert "looks at the batch size" in str(calls.why)
    assert calls.why.file == __file__ and calls.why.line > 0


def test_a_training_step_is_one_graph():
    net = M.Sequential(
        M.Conv2d(3, 8, 3, padding=1), M.BatchNorm2d(8), M.ReLU(), M.MaxPool2d(2), M.Dropout(0.2),
        M.AdaptiveAvgPool2d((2, 2)),
    )  # fmt: skip
    head = M.Linear(32, 5)
    modules = M.Sequential(net, head)
    optimizer = SGD(modules.parameters(), lr=0.05, momentum=0.9)
    manager = GradManager().attach(modules.parameters())

    def step(x, y):
        with manager:
            loss = F.nn.cross_entropy(head(F.flatten(net(x), 1)), y)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    def trained(run):
        tg.random.seed(3)
        modules.load_state_dict(start)
        optimizer.load_state_dict(rest)
        rng = np.random.default_rng(1)
        losses = []
        for rows in (4, 6, 8, 5, 8, 3):
            x = tg.tensor(rng.normal(size=(rows, 3, 8, 8)).astype("float32"))
            losses.append(run(x, tg.tensor(rng.integers(0, 5, rows).astype("int32"))).item())
        return losses, {k: v.copy() for k, v in modules.state_dict().items()}

    x, y = tg.tensor(np.ones((4, 3, 8, 8), "float32")), tg.tensor(np.zeros(4, "int32"))
    start = {k: v.copy() for k, v in modules.state_dict().items()}
    rest = optimizer.state_dict()
    static = convert(step, x, y, seconds=0.1)
    assert (static.report.replay, static.report.batch) == ("frozen", "any")
    assert static.report.specialisations == 1
    assert "one graph for all" in static.report.to_text()
    expected, weights = trained(step)
    losses, found = trained(static)
    assert static.report.specialisations == 1
    np.testing.assert_allclose(losses, expected, 2e-4)
    for key, value in weights.items():
        np.testing.assert_allclose(found[key], value, 2e-3, 2e-4, err_msg=key)


def test_a_gpt_is_one_graph():
    net = GPT(GPTConfig(vocab_size=11, block_size=8, layers=1, heads=2, width=8))
    optimizer = Adam(net.parameters(), lr=0.01)
    manager = GradManager().attach(net.parameters())

    def step(tokens, targets):
        with manager:
            loss = F.nn.cross_entropy(net(tokens).reshape(-1, 11), targets.reshape(-1))
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    tokens = tg.tensor(np.arange(24).reshape(4, 6) % 11, dtype="int32")
    static = convert(step, tokens, tokens, seconds=0.1)
    assert (static.report.replay, static.report.batch) == ("frozen", "any"), static.report.to_text()


def test_later_recordings_are_counted():
    static = convert(branch_on_rows, data(4), seconds=0.1)
    report = static.report
    assert report.batch == "each" and report.batch_file == __file__
    assert "each recorded by itself: looks at the batch size (return NET(x)" in report.to_text()
    before = report.specialisations
    for rows in (4, 8, 9, 8):
        static(data(rows))
    assert report.specialisations == before + 2


def test_samples_of_one_row_are_special():
    static = convert(flat, data(1), seconds=0.1)
    assert static.report.batch == "any"
    for rows in (1, 5, 6):
        x = data(rows)
        np.testing.assert_allclose(static(x).numpy(), flat(x).numpy(), 1e-5, 1e-6)


def test_arguments_without_a_shared_axis_are_recorded_each():
    def product(x, y):
        return x @ y

    run = trace(product, without_host=True)
    for rows in (2, 3, 5):
        x, y = data(rows), data(4, columns=3)
        np.testing.assert_allclose(run(x, y).numpy(), product(x, y).numpy(), 1e-5, 1e-6)
    assert run._replay.calls.batch == "" and run._replay.calls.recorded == 3


def test_a_changed_module_ends_the_sizes_too():
    net = M.Linear(4, 2)
    run = trace(net, without_host=True)
    for rows in (4, 5, 6):
        run(data(rows))
    net.bias = tg.Parameter(np.full(2, 7, "float32"))
    for rows in (6, 5, 4, 8):
        np.testing.assert_allclose(run(data(rows)).numpy(), net(data(rows)).numpy(), 1e-5, 1e-6)


def test_graphs_of_changed_modules_are_given_up():
    net = M.Linear(4, 2)
    run = trace(net, without_host=True)
    for value in range(8):
        net.bias = tg.Parameter(np.full(2, value, "float32"))
        for rows in (4, 5, 6, 7):
            np.testing.assert_allclose(run(data(rows)).numpy(), net(data(rows)).numpy(), 1e-5, 1e-6)
    assert len(run._replay.calls.free) == 4 and len(run.runner.tree.derived) == 8


def test_a_step_within_a_budget_is_planned_for_each_size():
    run = trace(mean_of_squares, without_host=True, memory_budget=0.9)
    for rows in (64, 32, 128):
        x = data(rows)
        np.testing.assert_allclose(run(x).numpy(), mean_of_squares(x).numpy(), 1e-5, 1e-6)
    assert run._replay.calls.batch == "any"


def test_patterns_of_numbers():
    made = pattern((8, 0.25, "same", (16, True), -1), (10, 0.2, "same", (20, True), -1), 4, 5)
    assert made == (Multiple(2), Share(1.0), "same", (Multiple(4), True), -1)
    assert at(made, 10) == (20, 0.1, "same", (40, True), -1)
    for value, other in ((5, 6), (8, 9), ("a", "b"), (1.0, 2.0), (1, 1.0), ((1,), (1, 2))):
        with pytest.raises(Varies):
            pattern(value, other, 4, 5)


def test_graphs_with_other_constants_vary():
    graphs = []
    for rows, scale in ((4, 1.0), (5, 2.0)):
        run = trace(lambda x, scale=scale: F.maximum(x, scale))
        graphs.append(run.capture(data(rows)).graph)
    with pytest.raises(Varies, match="constants"):
        GraphPattern(*graphs, 4, 5)


def test_sizes_are_a_tuple_that_tells():
    looks: list[Reason] = []
    sizes = Sizes((8, 3), Watch(4, looks))
    assert sizes[1] == 3 and sizes[1:] == (3,) and not looks
    uses = [
        lambda: sizes[0], lambda: sizes[:1], lambda: list(sizes), lambda: tuple(sizes),
        lambda: sizes == (8, 3), lambda: sizes == MORE, lambda: hash(sizes), lambda: [*sizes],
        lambda: sizes + MORE, lambda: MORE + sizes, lambda: sizes * 2, lambda: 8 in sizes,
        lambda: str(sizes), lambda: sizes.index(3), lambda: sizes.count(8), lambda: max(sizes),
        lambda: math.prod(sizes), lambda: np.array(sizes), lambda: sizes < (9,), lambda: f"{sizes}",
        lambda: pickle.dumps(sizes), lambda: copy.deepcopy(sizes), lambda: dict([sizes]),
    ]  # fmt: skip
    for number, use in enumerate(uses):
        before = len(looks)
        use()
        assert len(looks) > before, number
    assert json.dumps(sizes) == "[8, 3]" and np.zeros(sizes).shape == (8, 3)
    assert type(sizes[0]) is int and type(copy.copy(sizes)) is tuple
    assert len(sizes) == 2 and isinstance(sizes, tuple)
