"""`python -m tengen.compat program.py [arguments]`."""

import runpy
import sys
from pathlib import Path

from . import install


def main() -> None:
    """Run the named program with `import megengine` answered by this framework."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print("usage: python -m tengen.compat program.py [arguments]")
        raise SystemExit(0 if len(sys.argv) > 1 else 2)
    program = Path(sys.argv[1])
    if not program.is_file():
        raise SystemExit(f"[compat] there is no program {program}")
    install()
    sys.argv = sys.argv[1:]
    sys.path[0] = str(program.resolve().parent)
    runpy.run_path(str(program), run_name="__main__")


if __name__ == "__main__":
    main()
