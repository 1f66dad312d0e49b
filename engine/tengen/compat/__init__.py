"""Runs MegEngine programs unmodified: `import megengine` is answered by this framework.

    python -m tengen.compat program.py [arguments]

or, inside a program, `tengen.compat.install()` before the first `import megengine`.
"""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from .pickles import load_state_dict

__all__ = ["install", "load_state_dict", "uninstall"]

ALIAS = "megengine"
OURS = __name__.partition(".")[0]


class _Answer(MetaPathFinder, Loader):
    """Finds `megengine.x.y` as our module `x.y`: the same module object under both names."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != ALIAS and not name.startswith(ALIAS + "."):
            return None
        real = OURS + name[len(ALIAS) :]
        if importlib.util.find_spec(real) is None:
            raise ModuleNotFoundError(f"{name} has no counterpart: there is no {real}", name=name)
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(OURS + spec.name[len(ALIAS) :])
        spec.loader_state = (module.__spec__, module.__loader__)
        return module

    def exec_module(self, module: ModuleType) -> None:
        spec = module.__spec__
        if spec is not None and spec.loader_state is not None:
            module.__spec__, module.__loader__ = spec.loader_state


_answer = _Answer()


def install() -> None:
    """Answer `import megengine` from now on. Raises ImportError if the real one is loaded."""
    loaded = sys.modules.get(ALIAS)
    if loaded is not None and loaded is not sys.modules.get(OURS):
        raise ImportError(f"[compat] {ALIAS} itself is imported already; call install() first")
    if _answer not in sys.meta_path:
        sys.meta_path.insert(0, _answer)
    # What is loaded is there under both names at once: importing it anew would put the module
    # `tensor` in the place of the class that `tengen.tensor` is.
    for name in [n for n in sys.modules if n.startswith(OURS + ".")]:
        sys.modules[ALIAS + name[len(OURS) :]] = sys.modules[name]


def uninstall() -> None:
    """Stop answering, and forget the alias names."""
    if _answer in sys.meta_path:
        sys.meta_path.remove(_answer)
    for name in [n for n in sys.modules if n == ALIAS or n.startswith(ALIAS + ".")]:
        del sys.modules[name]
