"""What happens by itself in a notebook's kernel: the models it holds are watched after each cell.

A watched model knows what it was last called with, so that a viewer can offer that as a sample.
"""

import sys
from typing import Any

from .module import Module


def follow_cells() -> None:
    """Watch the models of the running kernel after each of its cells; elsewhere nothing."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return

    def after_cell(*_: Any) -> None:
        # The viewers' code is loaded once there is something to watch.
        if any(isinstance(value, Module) for value in list(shell.user_ns.values())):
            from .viz.targets import watch_all

            watch_all(shell.user_ns)

    shell.events.register("post_run_cell", after_cell)
