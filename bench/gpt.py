"""A GPT's training step or forward pass beside PyTorch, in interleaved rounds.

    python bench/gpt.py --batch 8 --mode train infer
    python bench/gpt.py --size 124m --device gpu0 --precision bfloat16 tf32 --exec static

`--size small`: 6 layers, 384 wide, 256 tokens of 256 kinds. `--size 124m`: 12 layers, 768 wide,
1024 tokens of 50304 kinds. A row is that of `bench/cv.py`, with tokens a second.
"""

import argparse
import itertools
import json
from pathlib import Path

import cv
from peers.networks import SIZES


def main() -> None:
    """Measure and print one JSON line per row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", default="small", choices=list(SIZES))
    parser.add_argument("--mode", nargs="+", default=["train"], choices=["train", "infer"])
    parser.add_argument("--exec", default="dynamic", choices=list(cv.WAYS))
    parser.add_argument("--peers", nargs="*", default=["torch"], choices=["torch", "torch-compile"])
    parser.add_argument("--device", default="cpu0", help="cpu0, or a GPU such as gpu0")
    parser.add_argument("--precision", nargs="+", default=["float32"], choices=cv.PRECISIONS)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--out", type=Path, help="also append the JSON lines to this file")
    args = parser.parse_args()
    cv.refuse(parser, args.device, args.peers)
    for precision, mode in itertools.product(args.precision, args.mode):
        where = {"device": args.device, "precision": precision}
        if args.size != "small":
            where["size"] = args.size
        found = cv.row("gpt", mode, args.batch, args.exec, args.peers, args.seconds, where)
        if "images_per_s" in found:
            rows = found.pop("images_per_s")
            found["tokens_per_s"] = round(rows * SIZES[args.size]["block_size"])
        line = json.dumps(found)
        print(line, flush=True)
        if args.out:
            with args.out.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
