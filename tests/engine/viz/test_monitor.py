"""The training monitor: its numbers, its pictures, and its end states."""

import math
from xml.etree import ElementTree

import pytest

from tengen.viz import Monitor
from tengen.viz.curves import chart, label, thin, ticks
from tengen.viz.monitor import duration


def parse(text):
    return ElementTree.fromstring(text.replace("&#9644;", ""))


def test_steps_and_curves_are_kept():
    monitor = Monitor(total=10, title="t")
    with monitor:
        for step in range(4):
            monitor.step(**{"loss/train": 1 / (step + 1), "rate": 0.1})
        monitor.log(**{"loss/test": 0.5})
    assert monitor.done == 4
    assert monitor.charts["loss"]["train"][-1] == (4, 0.25)
    assert monitor.charts["loss"]["test"] == [(4, 0.5)]
    assert monitor.charts["rate"]["rate"][0] == (1, 0.1)


def test_the_picture_is_well_formed_and_says_the_state():
    monitor = Monitor(total=4, title="a < b")
    with monitor:
        monitor.step(2, note="epoch 1", **{"loss/train": 2.0})
    tree = parse(monitor._repr_html_())
    text = "".join(tree.itertext())
    assert "a < b" in text and "epoch 1" in text and "2 of 4" in text and "done" in text
    bar = tree.find(".//*[@role='progressbar']")
    assert bar.get("aria-valuenow") == "2"


@pytest.mark.parametrize("error, state", [(KeyboardInterrupt, "stopped"), (ValueError, "failed")])
def test_an_interrupted_run_says_so(error, state):
    monitor = Monitor(total=4)
    with pytest.raises(error), monitor:
        monitor.step()
        raise error
    assert monitor.state == state and state in monitor.summary()


def test_time_left_is_estimated_from_the_pace():
    monitor = Monitor(total=100)
    assert monitor.left is None
    with monitor:
        monitor.step(50)
        assert monitor.left == pytest.approx(monitor.elapsed, rel=0.5)


def test_a_terminal_gets_one_line(capsys):
    with Monitor(total=2, title="run", every=0) as monitor:
        monitor.step(**{"loss/train": 0.5})
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "loss/train 0.5" in err


def test_charts_survive_odd_values():
    for values in ([], [1.0], [2.0, 2.0], [math.nan, 1.0, math.inf], [1e-12, 1e12]):
        points = list(enumerate(values))
        tree = parse(chart("x", {"a": points}, (0, len(values))))
        assert tree.tag == "svg"


def test_thinning_keeps_the_ends():
    points = [(i, i * i) for i in range(10_000)]
    few = thin(points, 100)
    assert len(few) == 100 and few[0] == points[0] and few[-1] == points[-1]


@pytest.mark.parametrize("low, high", [(0, 1), (0.02, 0.031), (-5, 12000), (3, 3)])
def test_ticks_are_round_and_inside(low, high):
    found = ticks(low, high)
    assert found and all(low - 1e-9 <= t <= high + 1e-9 for t in found) and len(found) <= 7
    assert label(12000.0) == "12k" and label(0.25) == "0.25" and label(0.0) == "0"


def test_durations_read_well():
    assert [duration(s) for s in (4.23, 42, 185, 7800)] == [
        "4.2 s", "42 s", "3 min 05 s", "2 h 10 min",
    ]  # fmt: skip
