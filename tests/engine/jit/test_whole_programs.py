"""Programs of the kinds that people bring, converted: the same results, and an honest report."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.jit import convert, trace


def normal(*shape, seed=0):
    return tg.tensor(np.random.default_rng(seed).standard_normal(shape).astype("float32"))


class Decoder(M.Module):
    """An LSTM that feeds itself until it is sure, or twelve times."""

    def __init__(self):
        super().__init__()
        self.cell = M.LSTMCell(8, 8)
        self.stop = M.Linear(8, 1)

    def forward(self, x):
        state, rounds = None, 0
        for _ in range(12):
            state = self.cell(x, state)
            x = state[0]
            rounds += 1
            if float(F.sigmoid(self.stop(x)).max()) > 0.62:
                break
        return x * rounds


def test_an_lstm_that_stops_by_itself():
    tg.random.seed(2)
    net = Decoder()
    x = normal(3, 8)
    static = convert(net, x, seconds=0.1)
    assert static.report.ok and static.report.replay == "checked"
    assert any("if float" in b.text for b in static.report.blockers)
    for seed in range(4):
        other = normal(3, 8, seed=seed) * (seed + 1)
        np.testing.assert_allclose(static(other).numpy(), net(other).numpy(), rtol=1e-4, atol=1e-6)


class Detector(M.Module):
    """A head that scores boxes and keeps those that survive suppression."""

    def __init__(self):
        super().__init__()
        self.body = M.Sequential(M.Conv2d(3, 8, 3, padding=1), M.ReLU())
        self.scores, self.boxes = M.Conv2d(8, 1, 1), M.Conv2d(8, 4, 1)

    def forward(self, image):
        y = self.body(image)
        scores = F.sigmoid(self.scores(y)).reshape(-1)
        corners = F.abs(self.boxes(y)).transpose(0, 2, 3, 1).reshape(-1, 4)
        boxes = F.concat([corners[:, :2], corners[:, :2] + corners[:, 2:] + 1], axis=1)
        keep = F.vision.nms(boxes, scores, iou_thresh=0.3)
        return boxes[keep], scores[keep]


def test_a_detector_with_suppression():
    tg.random.seed(3)
    net = Detector()
    static = convert(net, normal(1, 3, 8, 8), seconds=0.1)
    assert static.report.replay == "checked"
    assert any(b.cause == "data-dependent shape" for b in static.report.blockers)
    for seed in range(4):
        image = normal(1, 3, 8, 8, seed=seed)
        for a, b in zip(static(image), net(image), strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5)


def test_a_frozen_backbone_in_eval_under_a_training_head():
    tg.random.seed(4)
    backbone = M.Sequential(M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU(), M.Dropout(0.5))
    backbone(normal(4, 3, 8, 8))
    backbone.eval()
    head = M.Sequential(M.BatchNorm1d(8), M.Dropout(0.2), M.Linear(8, 3))
    manager = tg.autodiff.GradManager().attach(head.parameters())
    update = tg.optimizer.AdamW(head.parameters(), lr=0.01)

    def step(x, y):
        features = F.mean(backbone(x), (2, 3))
        with manager:
            loss = F.nn.cross_entropy(head(features), y)
            manager.backward(loss)
        update.step().clear_grad()
        return loss

    x, y = normal(6, 3, 8, 8), tg.tensor(np.arange(6, dtype="int32") % 3)
    static = convert(step, x, y, seconds=0.1)
    assert static.report.ok, static.report.to_text()
    assert static.report.replay == "frozen", static.report.to_text()
    statistics = backbone[1].running_mean.numpy()
    losses = [float(static(x, y).numpy()) for _ in range(30)]
    assert losses[-1] < losses[0]
    np.testing.assert_array_equal(backbone[1].running_mean.numpy(), statistics)


@pytest.mark.parametrize("without_host", [False, True])
def test_a_schedule_of_learning_rates_keeps_working(without_host):
    weights = []
    for static in (False, True):
        weight = tg.Parameter(np.ones(4, "float32"))
        manager = tg.autodiff.GradManager().attach([weight])
        update = tg.optimizer.SGD([weight], lr=0.1, momentum=0.9)
        schedule = tg.optimizer.MultiStepLR(update, milestones=[2, 4])

        def step(x, weight=weight, manager=manager, update=update):
            with manager:
                manager.backward(((weight - x) ** 2).sum())
            update.step().clear_grad()

        run = trace(step, without_host=without_host) if static else step
        for _ in range(6):
            run(normal(4))
            schedule.step()
        weights.append(weight.numpy())
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-5)


def test_the_gpt_trains_frozen():
    tg.random.seed(5)
    net = tg.models.gpt(vocab_size=40, layers=1, width=32, heads=2, block_size=16)
    manager = tg.autodiff.GradManager().attach(net.parameters())
    update = tg.optimizer.AdamW(net.parameters(), lr=1e-3)

    def step(x, y):
        with manager:
            loss = F.nn.cross_entropy(net(x).reshape(-1, 40), y)
            manager.backward(loss)
        update.step().clear_grad()
        return loss

    rng = np.random.default_rng(0)
    x = tg.tensor(rng.integers(0, 40, (4, 16)).astype("int32"))
    y = tg.tensor(rng.integers(0, 40, 64).astype("int32"))
    static = convert(step, x, y, seconds=0.1)
    assert static.report.ok and static.report.replay == "frozen", static.report.to_text()
    losses = [float(static(x, y).numpy()) for _ in range(20)]
    assert losses[-1] < losses[0]


def test_what_rounding_alone_decides_is_told_and_not_held_against_it():
    """A bias before a batch norm has no gradient but rounding, which Adam makes a full step of."""
    tg.random.seed(6)
    net = M.Sequential(M.Linear(8, 64), M.BatchNorm1d(64), M.ReLU(), M.Linear(64, 3))
    manager = tg.autodiff.GradManager().attach(net.parameters())
    update = tg.optimizer.Adam(net.parameters(), lr=1e-3)

    def step(x):
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        update.step().clear_grad()
        return loss

    report = convert(step, normal(64, 8), seconds=0.05).report
    assert report.ok and report.replay == "frozen", report.to_text()
    (note,) = [note for note in report.notes if "rounding alone" in note]
    assert note.startswith(("1 of ", "2 of ", "3 of ")), note


def test_a_weight_that_kernels_read_under_another_shape_keeps_its_layout():
    """Grouped weights of PyTorch have one axis less than what the kernels take."""
    tg.random.seed(8)
    weight = tg.Parameter(normal(8, 4, 3, 3).numpy())
    manager = tg.autodiff.GradManager().attach([weight])
    update = tg.optimizer.SGD([weight], lr=0.05, momentum=0.9)

    def step(x):
        with manager:
            y = F.conv2d(x, weight.reshape(2, 4, 4, 3, 3), padding=1, groups=2)
            manager.backward((F.relu(y) ** 2).mean())
        update.step().clear_grad()
        return y

    x = normal(8, 8, 16, 16)
    found = []
    for run in (step, trace(step), trace(step, without_host=True)):
        weight.set_value(normal(8, 4, 3, 3).numpy())
        update = tg.optimizer.SGD([weight], lr=0.05, momentum=0.9)
        found.append([run(x).numpy() for _ in range(4)][-1])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-4, atol=1e-5)
