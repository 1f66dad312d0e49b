#!/bin/sh
# The first half hour on a machine with a GPU: the suite that needs one, then short benchmarks.
#   sh bench/gpu_first.sh [FILE for the rows]
set -eu
cd "$(dirname "$0")/.."
rows=${1:-gpu_first.jsonl}
python -c 'import json, tengen as tg; print(json.dumps(tg.info(), indent=1, default=str)); tg.Tensor(0.0, device="gpu0")'
timeout 900 python -m pytest -m gpu tests/engine -q -x
bench="--device gpu0 --seconds 20 --peers torch --out $rows"
python bench/cv.py $bench --models resnet18 resnet50 mobilenet_v2 shufflenet_v2 --mode train \
    --precision bfloat16 --exec static --batch 256
python bench/cv.py $bench --models resnet50 --mode infer --precision bfloat16 tf32 --exec static \
    --batch 1 256
python bench/gpt.py $bench --size 124m --precision bfloat16 --exec static
python bench/memory.py --fill resnet18 --device gpu0 --precision bfloat16 --limit 2048 --batch 16 \
    --out "$rows"
