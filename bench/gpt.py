"""A small GPT's training step beside PyTorch: 6 layers, 384 wide, 256 tokens, batch 8.

python bench/gpt.py --batch 8 --mode train infer
"""

import argparse
import json

from contest import TUNED_MALLOC, Contender, contest


def main() -> None:
    """Measure and print one JSON line per mode."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--mode", nargs="+", default=["train"], choices=["train", "infer"])
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    for mode in args.mode:
        options = {"model": "gpt", "mode": mode, "batch": args.batch}
        group = [
            Contender("tengen", "ours", options),
            Contender("torch", "torch_eager", options),
            Contender("torch+malloc", "torch_eager", options, dict(TUNED_MALLOC)),
        ]
        rates = contest(group, args.seconds)
        ours, others = group[0], [c for c in group[1:] if c.times]
        best = min(others, key=lambda c: c.median_ms)
        lean = min(others, key=lambda c: c.facts["peak_bytes"])
        print(json.dumps({
            "model": "gpt", "mode": mode, "batch": args.batch, "ms": round(ours.median_ms, 1),
            "tokens_per_s": round(args.batch * 256e3 / ours.median_ms), "peer": best.name,
            "peer_ms": round(best.median_ms, 1), "ratio": round(best.median_ms / ours.median_ms, 3),
            "peak_mb": round(ours.facts["peak_bytes"] / 2**20),
            "peer_peak_mb": round(lean.facts["peak_bytes"] / 2**20),
            "parameters": ours.facts["parameters"], **rates,
        }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
