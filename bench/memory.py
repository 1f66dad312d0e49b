"""Peak memory of training steps: PyTorch eager, ours dynamic, static, static with recompute.

    python bench/memory.py --models resnet18 resnet50 mobilenet_v2 gpt --batch 8
    python bench/memory.py --fit resnet50 --batch 32
    python bench/memory.py --deep 1202
    python bench/memory.py --fill resnet50 --device gpu0 --precision bfloat16

Each contender has a process of its own; peaks are the process's, less what the library and the
interpreter hold before the model is built. `--fit` takes PyTorch's peak at a batch as the budget
and finds the largest batch of each of our modes under it, then measures it, and twice PyTorch's
batch, with as little recompute as that takes. `--deep` trains a
ResNet of that many layers on 32 x 32 pictures, batch 128, and compares what is held above
parameters, gradients and optimizer state. `--fill` fills a device's memory; see fill.py.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import machine
from contest import Contender
from fill import filled

HERE = Path(__file__).parent
SHARES = (0.6, 0.4)
DEEP_SHARE = 0.03


def peak_of(module: str, options: dict[str, Any], steps: int = 3) -> dict[str, Any]:
    """Peak bytes and milliseconds of a few steps in a new process."""
    # until a kernel is compiled NumPy does its work, in memory of its own
    contender = Contender(module, module, {**options, "compile": "now"})
    contender.start()
    if not contender.failed:
        contender.run(steps)
    contender.stop()
    if contender.failed:
        return {"failed": contender.failed}
    facts = contender.facts
    return {
        "ms": round(contender.median_ms, 1),
        "peak_mb": round(facts["peak_bytes"] / 2**20),
        "above_mb": round((facts["peak_bytes"] - facts["library_bytes"]) / 2**20),
        "fixed_mb": round(12 * facts.get("parameters", 0) / 2**20),
    }


def ways(model: str, batch: int) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is compared: name, peer module, options."""
    options = {"model": model, "mode": "train", "batch": batch}
    found: dict[str, tuple[str, dict[str, Any]]] = {
        "torch": ("torch_eager", {**options, "layout": "plain"}),
        "dynamic": ("ours", {**options, "exec": "dynamic"}),
        "static": ("ours", {**options, "exec": "frozen"}),
    }
    for share in SHARES:
        found[f"recompute {share:.0%}"] = (
            "ours",
            {**options, "exec": "frozen", "memory_budget": share},
        )
    return found


def compare(model: str, batch: int) -> dict[str, Any]:
    """One model: every way at one batch."""
    rows = {name: peak_of(module, given) for name, (module, given) in ways(model, batch).items()}
    return {"bench": "memory", "model": model, "batch": batch, "threads": machine.THREADS, **rows}


def largest(
    model: str, budget: int, recompute: bool, batch: int | None = None
) -> tuple[int, int | None]:
    """The largest batch that `tengen.jit.max_batch` says fits in a process of its own, or the given
    one, and the bytes that recompute is then given for results."""
    code = (
        f"import json, sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from peers.ours import largest\n"
        f"print(json.dumps(largest({model!r}, {budget}, {recompute!r}, {batch!r})))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    batch, allowed = json.loads(answer.stdout.strip().splitlines()[-1])
    return batch, allowed


def fit(model: str, batch: int) -> dict[str, Any]:
    """The batch that each mode reaches in the memory that PyTorch takes for `batch`."""
    torch = peak_of("torch_eager", {"model": model, "mode": "train", "batch": batch})
    budget = torch["above_mb"] * 2**20
    rows: dict[str, Any] = {"torch": {"batch": batch, **torch}}
    options = {"model": model, "mode": "train"}
    for name in ("static", "twice", "recompute"):
        wanted = 2 * batch if name == "twice" else None
        found, allowed = largest(model, budget, name != "static", wanted)
        given = {**options, "batch": found, "exec": "frozen"}
        if allowed is not None:
            given["memory_budget"] = allowed
        measured = peak_of("ours", given, steps=1) if found else {"failed": "no batch fits"}
        if "ms" in measured:
            measured["images_per_s"] = round(found / measured["ms"] * 1e3, 2)
        rows[name] = {"batch": found, **measured}
    rows["torch"]["images_per_s"] = round(batch / torch["ms"] * 1e3, 2)
    return {"bench": "fit", "model": model, "budget_mb": torch["above_mb"], **rows}


def deep(layers: int) -> dict[str, Any]:
    """A very deep ResNet: dynamic against the least memory that recompute reaches."""
    options = {"model": f"deep{layers}", "mode": "train", "batch": 128}
    frozen = {**options, "exec": "frozen"}
    rows = {
        "dynamic": peak_of("ours", {**options, "exec": "dynamic"}, steps=1),
        "static": peak_of("ours", frozen, steps=1),
        "recompute": peak_of("ours", {**frozen, "memory_budget": DEEP_SHARE}, steps=1),
    }
    return {"bench": "deep", "layers": layers, "batch": 128, **rows}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--fit", metavar="MODEL")
    parser.add_argument("--deep", type=int, metavar="LAYERS")
    parser.add_argument("--fill", metavar="MODEL")
    parser.add_argument("--device", default="cpu0", help="what --fill fills")
    parser.add_argument("--precision", default="float32", help="of --fill")
    parser.add_argument("--limit", type=int, default=0, help="megabytes for --fill; 0 is all")
    parser.add_argument("--out", type=Path, help="also append the JSON lines to this file")
    given = parser.parse_args()
    jobs = [lambda m=m: compare(m, given.batch) for m in given.models]
    if given.fit:
        jobs.append(lambda: fit(given.fit, given.batch))
    if given.deep:
        jobs.append(lambda: deep(given.deep))
    if given.fill:
        how = (given.batch, given.device, given.precision, given.limit)
        jobs.append(lambda: filled(given.fill, *how))
    for job in jobs:
        line = json.dumps(job())
        print(line, flush=True)
        if given.out:
            with given.out.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
