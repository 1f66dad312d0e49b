"""Imported PyTorch modules beside the native definition of the same network, static and dynamic.

    python bench/interop.py --models resnet50 --mode train infer --batch 8 --seconds 60

Prints one JSON line per row and a table; the ratio is native over imported, so 1 means equal.
"""

import argparse
import json
from pathlib import Path

import machine
from contest import Contender, contest

MODELS = ("resnet18", "resnet50", "mobilenet_v2", "shufflenet_v2")


def row(model: str, mode: str, execution: str, batch: int, seconds: float) -> dict[str, object]:
    """One measured row."""
    options = {"mode": mode, "batch": batch, "exec": execution}
    native = Contender("native", "ours", {**options, "model": model})
    imported = Contender("imported", "ours", {**options, "model": f"imported:{model}"})
    rates = contest([native, imported], seconds)
    result: dict[str, object] = {"model": model, "mode": mode, "exec": execution, "batch": batch}
    if not native.times or not imported.times:
        return result | {"failed": native.failed or imported.failed}
    result |= {
        "native_ms": round(native.median_ms, 2),
        "imported_ms": round(imported.median_ms, 2),
        "ratio": round(native.median_ms / imported.median_ms, 3),
    }
    return result | rates | {"threads": machine.THREADS}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["resnet50"], choices=MODELS)
    parser.add_argument("--mode", nargs="+", default=["train", "infer"], choices=["train", "infer"])
    parser.add_argument("--exec", nargs="+", default=["dynamic", "frozen"],
                        choices=["dynamic", "checked", "frozen"])  # fmt: skip
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60, help="measuring time of one row")
    parser.add_argument("--out", type=Path, help="also append the JSON lines to this file")
    args = parser.parse_args()
    rows = []
    for model in args.models:
        for mode in args.mode:
            for execution in args.exec:
                rows.append(row(model, mode, execution, args.batch, args.seconds))
                line = json.dumps(rows[-1])
                print(line, flush=True)
                if args.out:
                    with args.out.open("a") as file:
                        file.write(line + "\n")
    print("\n| model | mode | exec | native ms | imported ms | ratio |")
    print("|---|---|---|---|---|---|")
    for r in rows:
        keys = ("model", "mode", "exec", "native_ms", "imported_ms", "ratio")
        print("| " + " | ".join(str(r.get(k, "")) for k in keys) + " |")


if __name__ == "__main__":
    main()
