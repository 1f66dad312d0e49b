"""StaticModel: a `.tgm` file ready to run."""

import threading
from typing import Any

import numpy as np

from ..base.device import as_device
from ..base.dtype import as_dtype
from ..base.errors import ArgumentError, FileFormatError, ShapeError
from ..compiler.memory import plan_memory
from ..graph.graph import Graph
from ..graph.value import wrap
from ..jit.compiling import optimised
from ..runtime.buffer import from_host, make_tag
from ..runtime.executor import Program
from ..runtime.ground import Ground
from ..runtime.lazy import settled
from ..runtime.profile import Profile
from ..tensor import Tensor
from . import archive
from .attributes import decode, follows_batch
from .document import check_document, from_document


class StaticModel:
    """A static model: call it with arrays or tensors, in order or by name.

    `inputs` and `outputs` list names, data types and shapes, None for the free batch. A call
    gives what the dumped program returned, nested alike. `level` as in `jit.trace`. Calls from
    several threads take turns.
    """

    def __init__(self, document: Any, arrays: dict[str, Any], meta: Any, level: int = 2):
        check_document(document)
        self._document = document
        self.meta = meta if isinstance(meta, dict) else {}
        self._level = level
        self._device = as_device(None)
        missing = [n for n in document["constants"] if n not in arrays]
        if missing:
            raise FileFormatError(f"[load_static] weights are missing: {missing[:5]}")
        self._constants = {
            name: from_host(arrays[name], self._device, make_tag("weight", arrays[name].nbytes))
            for name in document["constants"]
        }
        self._free = any(follows_batch(item["shape"]) for item in document["inputs"])
        self._programs: dict[int, Program] = {}
        self._ground = Ground("model")
        self._lock = threading.RLock()
        self._profile: Profile | None = None
        first = self.graph(_whole(self.meta.get("batch"), 1))
        self.inputs = self._described("inputs", document["inputs"])
        kinds = [v.type for v in first.outputs if v is not None]
        other = self.graph(_whole(self.meta.get("batch"), 1) + 1) if self._free else first
        again = [v.type for v in other.outputs if v is not None]
        names = self._names("outputs", len(kinds))
        self.outputs = [
            {
                "name": name,
                "shape": [
                    a if a == b else None for a, b in zip(kind.shape, twin.shape, strict=True)
                ],
                "dtype": kind.dtype.name,
            }
            for name, kind, twin in zip(names, kinds, again, strict=True)
        ]

    def graph(self, batch: int = 1) -> Graph:
        """The graph for a batch size, as it stands in the file."""
        return from_document(self._document, self._constants, batch, self._device)

    def __call__(self, *args: Any, **named: Any) -> Any:
        buffers, batch = self._given(args, named)
        with self._lock:
            program = self._program(batch)
            made = program.run(buffers, self._profile)
        tensors = [wrap(buffer, None) for buffer in made]
        result = self.meta.get("result")
        return _rebuilt(result, tensors) if _valid(result, len(tensors)) else tuple(tensors)

    def profiled(self, profile: Profile | None) -> None:
        """Measure every step of the calls to come into `profile`; None stops it."""
        self._profile = profile

    def program(self, batch: int = 1) -> Program:
        """The compiled program of a batch size."""
        with self._lock:
            return self._program(batch)

    def _program(self, batch: int) -> Program:
        found = self._programs.get(batch)
        if found is None:
            graph, _ = optimised(self.graph(batch), self._level)
            forms = [v.type for v in graph.inputs]
            found = Program(graph, forms, planner=plan_memory, ground=self._ground)
            if len(self._programs) >= 64:
                self._programs.clear()
            self._programs[batch] = found
        return found

    def _given(self, args: Any, named: dict[str, Any]) -> tuple[list[Any], int]:
        """The buffers of the arguments, checked, and their batch size."""
        names = [item["name"] for item in self.inputs]
        given = dict(zip(names, args, strict=False))
        unknown = set(named) - set(names)
        if len(args) > len(names) or unknown or given.keys() & named.keys():
            raise ArgumentError(f"[model] takes {', '.join(names)}; got {len(args)} and {[*named]}")
        given.update(named)
        missing = [name for name in names if name not in given]
        if missing:
            raise ArgumentError(f"[model] {', '.join(missing)} not given; it takes {names}")
        buffers, batches = [], set()
        for item, source in zip(self._document["inputs"], self.inputs, strict=True):
            value = given[source["name"]]
            kind = as_dtype(item["dtype"])
            tensor = value if isinstance(value, Tensor) else Tensor(np.asarray(value), dtype=kind)
            batches |= _batch_of(source["name"], item, tensor)
            buffers.append(settled(tensor.astype(kind)._buffer))
        if len(batches) > 1:
            raise ShapeError(f"[model] inputs of different batch sizes {sorted(batches)}")
        batch = batches.pop() if batches else _whole(self.meta.get("batch"), 1)
        for index, (item, buffer) in enumerate(zip(self._document["inputs"], buffers, strict=True)):
            expected = decode(item["shape"], batch)
            if buffer.type.shape != expected:
                raise ShapeError(
                    f"[model] {names[index]} has shape {self.inputs[index]['shape']};"
                    f" got {buffer.type.shape}"
                )
            if buffer.type.layout is not None or not buffer.array.flags.c_contiguous:
                buffers[index] = from_host(
                    np.ascontiguousarray(wrap(buffer, None).numpy()), self._device
                )
        return buffers, batch

    def _described(self, what: str, items: list[Any]) -> list[dict[str, Any]]:
        names = self._names(what, len(items))
        return [
            {
                "name": name,
                "shape": [None if follows_batch(s) else s for s in item["shape"]],
                "dtype": item["dtype"],
            }
            for name, item in zip(names, items, strict=True)
        ]

    def _names(self, what: str, count: int) -> list[str]:
        names = self.meta.get(what)
        if isinstance(names, list) and len(names) == count and all(map(_is_text, names)):
            return names
        return [f"{what[:-1]}{i}" for i in range(count)]

    def __repr__(self) -> str:
        takes = ", ".join(f"{i['name']}: {i['dtype']}{i['shape']}" for i in self.inputs)
        gives = ", ".join(f"{o['name']}: {o['dtype']}{o['shape']}" for o in self.outputs)
        return f"<static model ({takes}) -> ({gives})>"


def load_static(file: Any, *, level: int = 2) -> StaticModel:
    """The model of a `.tgm` file (a path or an open binary file), ready to run.

    Runs no code of the file. Raises FileFormatError for a damaged or hostile one.
    """
    document, arrays, meta = archive.read(file)
    return StaticModel(document, arrays, meta, level)


def _batch_of(name: str, item: dict[str, Any], tensor: Tensor) -> set[int]:
    for size, found in zip(item["shape"], tensor.shape, strict=False):
        if isinstance(size, dict):
            each = size["batch"]
            if not each or found % each:
                raise ShapeError(f"[model] {name}: {found} is no multiple of {each}")
            return {found // each}
    return set()


def _whole(value: Any, default: int) -> int:
    return value if type(value) is int and 0 < value < 2**31 else default


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _valid(result: Any, count: int) -> bool:
    """True if a nesting of JSON names tensors that there are."""
    if type(result) is int:
        return 0 <= result < count
    if isinstance(result, list):
        return all(_valid(item, count) for item in result)
    if isinstance(result, dict):
        return all(_valid(item, count) for item in result.values())
    return result is None and count > 0


def _rebuilt(result: Any, tensors: list[Any]) -> Any:
    if type(result) is int:
        return tensors[result]
    if isinstance(result, list):
        return tuple([_rebuilt(item, tensors) for item in result])
    if isinstance(result, dict):
        return {key: _rebuilt(item, tensors) for key, item in result.items()}
    return None
