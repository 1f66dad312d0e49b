"""`tengen run | info | bench`: static models from the command line."""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import TengenError
from ..compiler import cost
from ..runtime.profile import Profile
from .archive import read
from .document import example_array
from .model import StaticModel, load_static


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status: 0, or 1 with a message where something was wrong."""
    parser = argparse.ArgumentParser(prog="tengen", description="Run static models (.tgm).")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a model on arrays and write what it gives")
    run.add_argument("model")
    run.add_argument(
        "--input", action="append", default=[], metavar="[NAME=]FILE.npy", help="once an input"
    )
    run.add_argument("--output", metavar="FOLDER", help="where to write NAME.npy; default: print")
    info = commands.add_parser("info", help="inputs, outputs, operators and sizes of a model")
    info.add_argument("model")
    info.add_argument("--json", action="store_true", help="as JSON")
    bench = commands.add_parser("bench", help="time a model on zeros")
    bench.add_argument("model")
    bench.add_argument("--batch", type=int, default=1)
    bench.add_argument("--runs", type=int, default=20)
    bench.add_argument("--profile", action="store_true", help="time of each operator")
    bench.add_argument("--trace", metavar="FILE.json", help="write a Chrome trace")
    given = parser.parse_args(arguments)
    try:
        {"run": _run, "info": _info, "bench": _bench}[given.command](given)
    except (TengenError, OSError, ValueError) as error:
        print(f"tengen {given.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _run(given: argparse.Namespace) -> None:
    model = load_static(given.model)
    names = [item["name"] for item in model.inputs]
    arrays: dict[str, Any] = {}
    for number, text in enumerate(given.input):
        name, equals, path = text.partition("=")
        if not equals:
            if number >= len(names):
                raise ValueError(f"the model takes {len(names)} inputs; got {len(given.input)}")
            name, path = names[number], text
        arrays[name] = np.load(path, allow_pickle=False)
    result = model(**arrays)
    flat = _flat(result)
    for item, tensor in zip(model.outputs, flat, strict=True):
        if given.output:
            folder = Path(given.output)
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{item['name']}.npy"
            np.save(path, tensor.numpy())
            print(f"{path}  {item['dtype']}{list(tensor.shape)}")
        else:
            print(f"{item['name']} {item['dtype']}{list(tensor.shape)}")
            print(tensor.numpy())


def _flat(result: Any) -> list[Any]:
    if isinstance(result, (tuple, list)):
        return [tensor for item in result for tensor in _flat(item)]
    if isinstance(result, dict):
        return [tensor for item in result.values() for tensor in _flat(item)]
    return [] if result is None else [result]


def describe(path: Any) -> dict[str, Any]:
    """What a `.tgm` file holds, nothing run: inputs, outputs, operators by name, bytes."""
    document, arrays, meta = read(path)
    model = StaticModel(document, arrays, meta)
    counted: dict[str, int] = {}
    for item in document["nodes"]:
        counted[item["op"]] = counted.get(item["op"], 0) + 1
    graph = model.graph(1)
    return {
        "name": model.meta.get("name"),
        "engine": model.meta.get("engine"),
        "created": model.meta.get("created"),
        "inputs": model.inputs,
        "outputs": model.outputs,
        "weights": len(arrays),
        "weight_bytes": sum(array.nbytes for array in arrays.values()),
        "operators": dict(sorted(counted.items(), key=lambda item: -item[1])),
        "flops": sum(cost.flops(node) for node in graph.nodes),
        "user_info": model.meta.get("user_info"),
    }


def _info(given: argparse.Namespace) -> None:
    found = describe(given.model)
    if given.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{found['name']}  (engine {found['engine']}, {found['created']})")
    for what in ("inputs", "outputs"):
        for item in found[what]:
            shape = ", ".join("batch" if s is None else str(s) for s in item["shape"])
            print(f"  {what[:-1]:6} {item['name']}: {item['dtype']}[{shape}]")
    print(f"  {found['weights']} weights, {found['weight_bytes'] / 1e6:.1f} MB")
    print(f"  {found['flops'] / 1e9:.2f} GFLOP for a batch of 1")
    print("  " + ", ".join(f"{count} {name}" for name, count in found["operators"].items()))


def _bench(given: argparse.Namespace) -> None:
    if given.batch < 1 or given.runs < 1:
        raise ValueError("--batch and --runs are at least 1")
    document, arrays, meta = read(given.model)
    model = StaticModel(document, arrays, meta)
    inputs = [example_array(item, given.batch) for item in document["inputs"]]
    start = time.perf_counter()
    model(*inputs)
    first = time.perf_counter() - start
    profile = Profile() if given.profile or given.trace else None
    model.profiled(profile)
    times = []
    for _ in range(given.runs):
        start = time.perf_counter()
        model(*inputs)
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    program = model.program(given.batch)
    print(f"first call {first * 1e3:.1f} ms (compile included)")
    print(
        f"median {median * 1e3:.3f} ms, least {min(times) * 1e3:.3f} ms,"
        f" {given.batch / median:.1f} items/s, arena {program.nbytes / 1e6:.1f} MB"
    )
    if profile is not None:
        for name, ms, steps in profile.by_operator()[:20]:
            print(f"  {ms:9.3f} ms  {name} ({steps} steps)")
        if given.trace:
            Path(given.trace).write_text(json.dumps(profile.chrome_trace()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
