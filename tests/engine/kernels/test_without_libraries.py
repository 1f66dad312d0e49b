"""Without oneDNN and Numba everything still works, and one line for each says that it is slower."""

import os
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).parents[3] / "engine"
PROGRAM = """
import importlib.util, sys

real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else real(name, *rest)


class Hide:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hide())
import numpy as np
import tengen as tg
import tengen.functional as F
import tengen.module as M

net = M.Sequential(M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU(), M.Conv2d(8, 4, 3))
gm = tg.autodiff.GradManager().attach(net.parameters())
optimizer = tg.optimizer.SGD(net.parameters(), lr=0.05, momentum=0.9)
x = tg.random.normal(size=(4, 3, 40, 40))
losses = []
for _ in range(12):
    with gm:
        loss = (net(x) ** 2).mean()
        gm.backward(loss)
    optimizer.step().clear_grad()
    losses.append(loss.item())
kernels = tg.info()["kernels"]
print(losses[-1] < losses[0] / 2, kernels["onednn"][:10], kernels["numba"][:10])
"""


def test_everything_works_and_says_once_that_it_is_slower():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **os.environ,
            "PYTHONPATH": str(ENGINE),
            "TENGEN_CONFIG": "onednn_library=/nowhere/libdnnl.so.3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "True not in use not in use", done.stderr
    said = done.stderr.strip().splitlines()
    assert len(said) == 2 and all("NumPy is used, which is slower" in line for line in said), said
    assert sum("oneDNN" in line for line in said) == 1
