"""module_stats: parameters, operations and activations of a model, layer by layer."""

import contextlib
from collections import namedtuple
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from ..functional import zeros
from ..logger import get_logger
from ..module import Module
from ..tensor import Tensor
from .layer_costs import cost_of, register_flops
from .text_table import in_units, text_table

__all__ = ["module_stats", "register_flops"]

_log = get_logger(__name__)

total_stats = namedtuple(
    "total_stats", ["param_size", "param_dims", "flops", "act_size", "act_dims"]
)
stats_details = namedtuple("stats_details", ["params", "flops", "activations"])

Row = dict[str, Any]
_PARAM_COLUMNS = (
    "name", "dtype", "shape", "mean", "std", "param_dim", "nbits", "size", "size_cum",
    "percentage", "size_bar",
)  # fmt: skip
_FLOPS_COLUMNS = (
    "name", "class_name", "input_shapes", "output_shapes", "flops", "flops_cum", "percentage",
    "bar",
)  # fmt: skip
_ACTIVATION_COLUMNS = (
    "name", "class_name", "dtype", "shape", "nbits", "act_dim", "size", "size_cum", "percentage",
    "size_bar",
)  # fmt: skip


def module_stats(
    model: Module,
    inputs: Any = None,
    input_shapes: Any = None,
    cal_params: bool = True,
    cal_flops: bool = True,
    cal_activations: bool = True,
    logging_to_stdout: bool = True,
    bar_length_max: int = 20,
) -> tuple[Any, Any]:
    """Run `model` once and count what its layers hold and do.

    `inputs`: arrays or tensors for `forward` (one, or a list of them); or `input_shapes`, a shape
    or a list of shapes of zeros. Gives (total_stats, stats_details): totals (bytes and elements of
    parameters and activations, operations) and one dict a row in the lists `params`, `flops` and
    `activations`, each with a last row of totals. Operations are multiply-adds of convolutions
    and products, elements touched in poolings and norms; see `register_flops` for layers of
    one's own. With `logging_to_stdout` the tables are logged. Raises ArgumentError without inputs.
    """
    arguments, given = _arguments(inputs, input_shapes)
    flops: list[Row] = []
    activations: list[Row] = []
    with _recording(model, flops if cal_flops else None, activations, cal_activations, given):
        model(*arguments)
    params = [_param_row(name, p) for name, p in model.named_parameters()] if cal_params else []
    sizes = _finish(params, "size", "size_bar", "B", bar_length_max)
    operations = _finish(flops, "flops", "bar", "OPs", bar_length_max)
    held = _finish(activations, "size", "size_bar", "B", bar_length_max)
    totals = total_stats(
        param_size=sizes,
        param_dims=sum(row["param_dim"] for row in params),
        flops=operations,
        act_size=held,
        act_dims=sum(row["act_dim"] for row in activations),
    )
    if cal_params:
        params.append({"name": "total", "param_dim": totals.param_dims, "size": in_units(sizes)})
    if cal_flops:
        flops.append({"name": "total", "flops": in_units(operations, "OPs")})
    if cal_activations:
        activations.append({"name": "total", "act_dim": totals.act_dims, "size": in_units(held)})
    _report(totals, params, flops, activations, logging_to_stdout)
    return totals, stats_details(params=params, flops=flops, activations=activations)


def _arguments(inputs: Any, input_shapes: Any) -> tuple[list[Any], bool]:
    """What `forward` is called with, and whether its values mean something."""
    if inputs is not None:
        items = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        return [_as_input(item) for item in items], True
    if not input_shapes:
        raise ArgumentError("[module_stats] give inputs or input_shapes")
    shapes = input_shapes if isinstance(input_shapes[0], (list, tuple)) else [input_shapes]
    return [zeros(tuple(shape)) for shape in shapes], False


def _as_input(item: Any) -> Any:
    if isinstance(item, (Tensor, np.ndarray)):
        return item if isinstance(item, Tensor) else Tensor(item)
    if isinstance(item, Mapping):
        return {key: _as_input(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [_as_input(value) for value in item]
    return Tensor(item, dtype=np.float32)


@contextlib.contextmanager
def _recording(
    model: Module, flops: list[Row] | None, activations: list[Row], keep: bool, given: bool
) -> Iterator[None]:
    """Put the model in evaluation mode and note every counted layer's call; undo both after."""
    modes = [(module, module.training) for module in model.modules()]
    handles = []
    for name, module in model.named_modules():
        cost = cost_of(module)
        if cost is None:
            continue

        def note(layer: Any, inputs: Any, outputs: Any, name: str = name, cost: Any = cost) -> None:
            output = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
            common = {"name": name, "class_name": type(layer).__name__}
            if flops is not None:
                flops.append(
                    {
                        **common,
                        "input_shapes": [tuple(x.shape) for x in inputs if hasattr(x, "shape")],
                        "output_shapes": [tuple(output.shape)],
                        "flops_num": int(cost(layer, inputs[0], output)),
                    }
                )
            if keep:
                activations.append({**common, **_tensor_row(output, "act_dim", given)})

        handles.append(module.register_forward_hook(note))
    model.eval()
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode


def _tensor_row(tensor: Tensor, count: str, values: bool) -> Row:
    row: Row = {
        "dtype": np.dtype(tensor.dtype),
        "shape": tuple(tensor.shape),
        count: int(tensor.size),
        "nbits": 8 * tensor.dtype.itemsize,
        "size_num": int(tensor.size) * tensor.dtype.itemsize,
    }
    if values and tensor.size:
        array = tensor.numpy().astype(np.float64)
        row |= {"mean": f"{array.mean():.3g}", "std": f"{array.std():.3g}"}
    return row


def _param_row(name: str, param: Tensor) -> Row:
    return {"name": name, **_tensor_row(param, "param_dim", True)}


def _finish(rows: list[Row], column: str, bar: str, unit: str, length: int) -> int:
    """Add the shown columns to rows with `<column>_num`; gives the total."""
    numbers = [row[f"{column}_num"] for row in rows]
    total, most, so_far = sum(numbers), max(numbers, default=0), 0
    for row, number in zip(rows, numbers, strict=True):
        so_far += number
        row["ratio"] = number / total if total else 0.0
        row["percentage"] = f"{100 * row['ratio']:.2f}%"
        row[column] = in_units(number, unit)
        row[f"{column}_cum"] = in_units(so_far, unit)
        row[bar] = "#" * (number * length // most if most else 0)
    return total


def _report(
    totals: Any, params: list[Row], flops: list[Row], activations: list[Row], tables: bool
) -> None:
    if tables:
        for title, rows, columns in (
            ("parameters", params, _PARAM_COLUMNS),
            ("operations", flops, _FLOPS_COLUMNS),
            ("activations", activations, _ACTIVATION_COLUMNS),
        ):
            if rows:
                _log.info("%s\n%s", title, text_table(rows, columns))
    summary = [
        {"item": "parameters", "value": f"{totals.param_dims:,} ({in_units(totals.param_size)})"},
        {"item": "operations", "value": in_units(totals.flops, "OPs")},
        {"item": "activations", "value": f"{totals.act_dims:,} ({in_units(totals.act_size)})"},
    ]
    _log.info("summary\n%s", text_table(summary, ("item", "value")))
