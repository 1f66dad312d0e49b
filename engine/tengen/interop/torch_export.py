"""Runs torch.export on a module in training and in evaluation mode, and explains its refusals."""

import contextlib
import dataclasses
import io
import logging
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base.errors import ArgumentError, UnsupportedError
from .aten.table import find
from .torch_library import torch

NAME = "from_torch"


@dataclasses.dataclass
class Exported:
    """torch.export's programs of one module: functional, in ATen operators."""

    training: Any
    evaluating: Any


def exported(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], shapes: Any) -> Exported:
    """Both programs. `shapes`: torch.export's dynamic_shapes, None for axis 0 of every tensor.

    Raises UnsupportedError with the line of the module where PyTorch cannot follow it.
    """
    with _prepared(module), _quiet():
        if shapes is not None:
            return _both(module, args, kwargs, shapes)
        wide = _repeated((args, kwargs))
        try:
            return _both(module, wide[0], wide[1], _first_axis(wide))
        except Exception:
            pass
        return _both(module, args, kwargs, None)


def _both(module: Any, args: Any, kwargs: Any, shapes: Any) -> Exported:
    made = []
    for mode in (True, False):
        for part in module.modules():
            part.training = mode
        module.train(mode)
        refusal = None
        try:
            program = torch("export").export(module, args, kwargs, dynamic_shapes=shapes)
            made.append(program.run_decompositions(_decompositions()))
        except Exception as error:
            refusal = _explained(module, error)
        if refusal is not None:
            raise refusal  # from here, so that it does not keep PyTorch's frames alive
    return Exported(*made)


def _decompositions() -> Any:
    """PyTorch's decompositions of the operators for which we have no function."""
    table = torch("export").default_decompositions()
    for operator in list(table.keys()):
        schema = operator._schema
        name = schema.name.removeprefix("aten::")
        if find(f"{name}.{schema.overload_name or 'default'}") is not None:
            table.pop(operator)
    return table


@contextlib.contextmanager
def _prepared(module: Any) -> Iterator[None]:
    """Modes are put back afterwards; dropout in place is exported as plain dropout."""
    modes = [(part, part.training) for part in module.modules()]
    kinds = torch("nn.modules.dropout")._DropoutNd
    dropouts = [part for part in module.modules() if isinstance(part, kinds) and part.inplace]
    for part in dropouts:
        part.inplace = False
    try:
        yield
    finally:
        for part in dropouts:
            part.inplace = True
        for part, mode in modes:
            part.training = mode


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the dumps that torch.export writes when it gives up: the error says it all."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _repeated(samples: Any) -> Any:
    """The samples with a first axis of 1 doubled: torch.export takes a length of 1 for fixed."""
    library = torch()

    def twice(leaf: Any) -> Any:
        if isinstance(leaf, library.Tensor) and leaf.ndim and leaf.shape[0] == 1:
            return library.cat([leaf, leaf])
        return leaf

    return torch("utils._pytree").tree_map(twice, samples)


def _first_axis(samples: Any) -> Any:
    """dynamic_shapes that leave the first axis of every tensor open where that is possible."""
    library = torch()
    auto = torch("export").Dim.AUTO

    def dims(leaf: Any) -> Any:
        return {0: auto} if isinstance(leaf, library.Tensor) and leaf.ndim else None

    args, kwargs = torch("utils._pytree").tree_map(dims, samples)
    if not kwargs:
        return args
    return _named(args, kwargs)


def _named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return (*args, *kwargs.values())


def _explained(module: Any, error: Exception) -> Exception:
    """The error in terms of the user's module: what PyTorch said, and the line it was at."""
    if isinstance(error, (TypeError, ValueError)) and "forward" in str(error):
        return ArgumentError(f"[{NAME}] {type(module).__name__}: {_first_line(error)}")
    where = _line_of(error)
    text = str(error)
    dynamic = "data-dependent" in text or "DataDependent" in type(error).__name__
    reason = (
        "a value computed by the model decides in Python how it goes on (dynamic control flow);"
        " torch.where, or PyTorchModule for the part in question, are ways out. PyTorch says"
        if dynamic
        else "torch.export cannot follow the model"
    )
    place = f" at {where}" if where else ""
    return UnsupportedError(
        f"[{NAME}] {type(module).__name__}{place}: {reason}: {_first_line(error)}"
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _line_of(error: Exception) -> str:
    """The innermost line outside PyTorch that the error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        name = frame.filename
        parts = Path(name).parts
        if "torch" in parts or name.startswith("<") or name in (__file__, contextlib.__file__):
            continue
        return f"{name}:{frame.lineno}: {frame.line}"
    return ""
