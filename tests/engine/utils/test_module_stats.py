"""module_stats: the counts of a model, by layer and in all."""

import inspect
import logging

import numpy as np
import pytest

import tengen as tg
import tengen.module as M
from tengen.base.errors import ArgumentError
from tengen.utils.layer_costs import cost_of
from tengen.utils.module_stats import module_stats, register_flops
from tengen.utils.text_table import in_units, text_table


def net():
    return M.Sequential(
        M.Conv2d(3, 4, 3, padding=1),
        M.BatchNorm2d(4),
        M.ReLU(),
        M.MaxPool2d(2),
        M.AdaptiveAvgPool2d(1),
    )


def test_the_signature_is_the_known_one():
    assert list(inspect.signature(module_stats).parameters) == [
        "model", "inputs", "input_shapes", "cal_params", "cal_flops", "cal_activations",
        "logging_to_stdout", "bar_length_max",
    ]  # fmt: skip


def test_counts():
    totals, rows = module_stats(net(), input_shapes=(2, 3, 8, 8), logging_to_stdout=False)
    assert totals.param_dims == 3 * 4 * 9 + 4 + 8
    assert totals.param_size == 4 * totals.param_dims
    image = 2 * 4 * 64
    flops = {row["name"]: row["flops_num"] for row in rows.flops[:-1]}
    assert flops == {
        "0": image * (27 + 1), "1": image * 7, "3": image // 4 * 4, "4": image // 4,
    }  # fmt: skip
    assert totals.flops == sum(flops.values())
    assert totals.act_dims == image + image + image // 4 + 2 * 4
    assert totals.act_size == 4 * totals.act_dims
    assert rows.params[0]["name"] == "0.bias"
    assert rows.params[-1] == {"name": "total", "param_dim": 120, "size": "480.000 B"}
    assert rows.flops[0]["output_shapes"] == [(2, 4, 8, 8)]
    assert rows.flops[0]["bar"] == "#" * 20


def test_the_model_is_left_as_it_was():
    model = net()
    model[1].eval()
    before = model.state_dict()
    module_stats(model, inputs=np.ones((1, 3, 8, 8), "float32"), logging_to_stdout=False)
    assert model.training
    assert not model[1].training
    assert all((before[k] == v).all() for k, v in model.state_dict().items())
    assert not model[0]._forward_hooks


def test_only_what_is_asked_for():
    totals, rows = module_stats(
        net(), input_shapes=[(1, 3, 8, 8)], cal_params=False, cal_flops=False,
        logging_to_stdout=False,
    )  # fmt: skip
    assert rows.params == rows.flops == []
    assert (totals.param_dims, totals.flops) == (0, 0)
    assert totals.act_dims > 0


def test_values_are_shown_when_inputs_are_given():
    _, rows = module_stats(net(), inputs=[[[[[1.0] * 8] * 8] * 3]], logging_to_stdout=False)
    assert "mean" in rows.activations[0]


def test_every_kind_of_layer():
    x = (2, 6, 8, 8)
    for layer, shape, flops in (
        (M.Linear(6, 5), (3, 6), 3 * 5 * 6 + 15),
        (M.Linear(6, 5, bias=False), (3, 6), 90),
        (M.Conv1d(6, 4, 3, groups=2), (2, 6, 8), 2 * 4 * 6 * (9 + 1)),
        (M.ConvTranspose2d(6, 4, 2, 2), x, 2 * 6 * 64 * 16 + 2 * 4 * 256),
        (M.AvgPool2d((2, 4)), x, 2 * 6 * 8 * 8),
        (M.LayerNorm(8), x, 7 * 768),
        (M.LocalResponseNorm(3), x, 6 * 768),
        (M.BatchMatMulActivation(2, 8, 5, bias=False), (2, 8, 3), 2 * 5 * 3 * 8),
    ):
        totals, _ = module_stats(layer, input_shapes=shape, logging_to_stdout=False)
        assert totals.flops == flops, layer


def test_layers_of_ones_own():
    class Twice(M.Module):
        def forward(self, x):
            return x + x

    assert cost_of(Twice()) is None

    @register_flops(Twice)
    def count(layer, x, y):
        return x.size

    totals, _ = module_stats(M.Sequential(Twice()), input_shapes=(3, 4), logging_to_stdout=False)
    assert totals.flops == 12


def test_without_inputs():
    with pytest.raises(ArgumentError, match="give inputs or input_shapes"):
        module_stats(net())


def test_tables_are_logged(capsys):
    before = tg.set_log_level(logging.INFO)
    module_stats(net(), input_shapes=(2, 3, 8, 8))
    tg.set_log_level(before)
    shown = capsys.readouterr().err
    for word in ("parameters", "operations", "activations", "0.weight", "Conv2d", "120 (480"):
        assert word in shown


def test_text():
    assert text_table([{"a": 1, "b": "xy"}, {"b": 2}], ("a", "b")) == ("a  b\n-  --\n1  xy\n   2")
    assert in_units(1536) == "1.500 KiB"
    assert in_units(2_500_000, "OPs") == "2.500 MOPs"
    assert in_units(2**70) == "1048576.000 PiB"
