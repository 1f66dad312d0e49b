"""CNN training and inference beside PyTorch, in interleaved rounds.

    python bench/cv.py --models resnet18 resnet50 mobilenet_v2 shufflenet_v2 random \\
        --mode train infer --exec dynamic --batch 8 --peers torch

`--exec static` measures frozen replay (the row), checked replay and dynamic mode beside it.
`--peers torch torch-compile` adds torch.compile, whose compiling takes minutes; for inference
`--peers onnxruntime openvino` runs the model as an ONNX file (extra `bench`).

`--device gpu0 --precision float32 tf32 bfloat16 float16` measures on a GPU: peak memory is the
card's then, and the share is that of the card's own rate in a large product of matrices, which
takes its turns among the contenders.

Prints one JSON line per row and a table. PyTorch runs in four ways (plain and channels_last
memory, default and tuned malloc; compiled, with tuned malloc alone); the ratio is against its
best. Peak memory is that of each contender's whole process; the library's own share stands
beside it.
"""

import argparse
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import machine
from contest import TUNED_MALLOC, Contender, contest

MODELS = ("resnet18", "resnet50", "mobilenet_v2", "shufflenet_v2", "random", "gpt")
PEERS = {
    "torch": "torch_eager",
    "torch-compile": "torch_compiled",
    "onnxruntime": "onnx_runtime",
    "openvino": "open_vino",
}
RUNTIMES = ("onnxruntime", "openvino")
COLUMNS = (
    "model", "mode", "batch", "ms", "peer", "peer_ms", "ratio", "peak_mb", "peer_peak_mb",
    "gemm_gflops", "gemm_share", "fma_share",
)  # fmt: skip
MALLOCS = (("", {}), ("+malloc", TUNED_MALLOC))
WAYS = {"dynamic": ("dynamic",), "static": ("frozen", "checked", "dynamic")}
PRECISIONS = ("float32", "tf32", "bfloat16", "float16")
CPU = {"device": "cpu0", "precision": "float32"}


def contenders(
    model: str, mode: str, batch: int, execution: str, peers: list[str], where: dict[str, str]
) -> tuple[list[Contender], list[Contender]]:
    """Our ways, the row's first, and every way of each peer; `where` names device and precision."""
    options = {"model": model, "mode": mode, "batch": batch, **where}
    ways = WAYS[execution]
    if where["precision"] == "float16" and mode == "train":
        ways = tuple([way for way in ways if way != "frozen"])  # it looks at its gradients
    ours = [Contender(way, "ours", {**options, "exec": way}) for way in ways]
    found = []
    for peer in peers:
        module = PEERS[peer]
        if peer in RUNTIMES:
            if mode == "infer":
                found.append(Contender(peer, module, dict(options)))
            continue
        for layout in ("plain", "channels_last") if model != "gpt" else ("plain",):
            mallocs = MALLOCS[peer == "torch-compile" :]  # compiling takes minutes
            for malloc, env in MALLOCS[:1] if on_gpu(where) else mallocs:
                name = f"{peer}:{layout}{malloc}"
                found.append(Contender(name, module, {**options, "layout": layout}, dict(env)))
    return ours, found


def on_gpu(where: dict[str, str]) -> bool:
    """Whether a row is measured on a GPU."""
    return where["device"].startswith("gpu")


def card(product: Contender) -> dict[str, object]:
    """What the device is called, and its rate in products, as the row tells them."""
    rate = product.facts["flops"] / product.median_ms / 1e6
    return {"device_name": product.facts["device_name"], "gemm_gflops": round(rate, 1)}


def refuse(parser: argparse.ArgumentParser, device: str, peers: list[str]) -> None:
    """End with a sentence where the device is not there or a peer does not run on it."""
    if not device.startswith("gpu"):
        return
    import tengen as tg

    try:
        tg.Tensor(0.0, device=device)
    except tg.base.errors.DeviceError as error:
        parser.error(str(error).partition("\n")[0])
    if foreign := [peer for peer in peers if peer in RUNTIMES]:
        parser.error(f"{', '.join(foreign)} is measured on the CPU alone")


def row(
    model: str, mode: str, batch: int, execution: str, peers: list[str], seconds: float,
    where: dict[str, str],
) -> dict[str, object]:  # fmt: skip
    """One measured row."""
    mine, theirs = contenders(model, mode, batch, execution, peers, where)
    product = [Contender("product", "gemm", dict(where))] if on_gpu(where) else []
    rates = contest([*mine, *theirs, *product], seconds)
    if product:
        rates = card(product[0]) | {"other_cpus": rates["other_cpus"]}
    ours, others = mine[0], [c for c in theirs if c.times]
    result: dict[str, object] = {"model": model, "mode": mode, "batch": batch, "exec": execution}
    if where != CPU:
        result |= {**where, "date": datetime.now(UTC).date().isoformat()}
    if not ours.times:
        return result | {"failed": ours.failed}
    result |= {
        "ms": round(ours.median_ms, 2),
        "images_per_s": round(batch / ours.median_ms * 1e3, 2),
    }
    result["peak_mb"] = round(ours.facts["peak_bytes"] / 2**20)
    result["library_mb"] = round(ours.facts["library_bytes"] / 2**20)
    result["parameters"] = ours.facts.get("parameters")
    if len(mine) > 1:
        result["ours_ms"] = {c.name: round(c.median_ms, 2) for c in mine if c.times}
        result["ours_peak_mb"] = {
            c.name: round(c.facts["peak_bytes"] / 2**20) for c in mine if c.times
        }
        result["first_s"] = round(ours.facts["first_s"], 2)
    if others:
        best = min(others, key=lambda c: c.median_ms)
        lean = min(others, key=lambda c: c.facts["peak_bytes"])
        result |= {"peer": best.name, "peer_ms": round(best.median_ms, 2)}
        result["ratio"] = round(best.median_ms / ours.median_ms, 3)
        result["peer_peak_mb"] = round(lean.facts["peak_bytes"] / 2**20)
        result["memory_ratio"] = round(ours.facts["peak_bytes"] / lean.facts["peak_bytes"], 3)
        result["all_peers_ms"] = {c.name: round(c.median_ms, 2) for c in others}
    result |= rates | {"cpus": round(ours.facts.get("cpus", 0), 2), "threads": machine.THREADS}
    if "flops" in ours.facts:
        rate = ours.facts["flops"] / ours.median_ms / 1e6
        result["gflops"] = round(rate, 1)
        if not product:
            result["fma_share"] = round(rate / rates["fma_gflops"], 3)
        result["gemm_share"] = round(rate / rates["gemm_gflops"], 3)
    return result


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--mode", nargs="+", default=["train", "infer"], choices=["train", "infer"])
    parser.add_argument("--exec", default="dynamic", choices=list(WAYS))
    parser.add_argument("--batch", type=int, nargs="+", default=[8])
    parser.add_argument("--peers", nargs="*", default=["torch"], choices=list(PEERS))
    parser.add_argument("--device", default="cpu0", help="cpu0, or a GPU such as gpu0")
    parser.add_argument("--precision", nargs="+", default=["float32"], choices=PRECISIONS)
    parser.add_argument("--seconds", type=float, default=60, help="measuring time of one row")
    parser.add_argument("--out", type=Path, help="also append the JSON lines to this file")
    args = parser.parse_args()
    refuse(parser, args.device, args.peers)
    rows = []
    wanted = itertools.product(args.precision, args.mode, args.models, args.batch)
    for precision, mode, model, batch in wanted:
        where = {"device": args.device, "precision": precision}
        rows.append(row(model, mode, batch, args.exec, args.peers, args.seconds, where))
        line = json.dumps(rows[-1])
        print(line, flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(line + "\n")
    print("\n| " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS))
    for r in rows:
        print("| " + " | ".join(str(r.get(name, "")) for name in COLUMNS) + " |")


if __name__ == "__main__":
    main()
