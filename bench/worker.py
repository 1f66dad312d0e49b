"""The measured process: builds one model, then runs steps when told to, and says how long.

`python bench/worker.py tengen|torch '{"model": ..., "mode": ..., ...}'`; it answers each line
`run N` on standard input with one JSON line. Kept apart so that contenders take turns while each
stays warm in a process of its own.
"""

import importlib
import json
import sys
import time

import machine


def main() -> None:
    """Serve runs until standard input ends."""
    contender, options = sys.argv[1], json.loads(sys.argv[2])
    before = machine.own_bytes()
    module = importlib.import_module(f"peers.{contender}")
    loaded = machine.own_bytes()
    start = time.perf_counter()
    step, facts = module.prepare(options)
    built = time.perf_counter() - start
    start = time.perf_counter()
    step()
    first = time.perf_counter() - start
    print(json.dumps({"ready": True, "build_s": built, "first_s": first,
                      "library_bytes": loaded - before, **facts}), flush=True)  # fmt: skip
    for line in sys.stdin:
        command, _, count = line.strip().partition(" ")
        if command != "run":
            break
        times = []
        cpu = time.process_time()
        for _ in range(int(count)):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        cpu = time.process_time() - cpu
        answer = {"ms": [t * 1e3 for t in times], "cpus": cpu / sum(times)}
        answer["peak_bytes"] = machine.own_peak_bytes()
        if options.get("device", "cpu0").startswith("gpu"):
            answer["peak_bytes"] = module.peak_bytes(options)  # that of the card
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, sys.path[0])
    main()
