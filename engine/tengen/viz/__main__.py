"""`python -m tengen.viz FILE`: the graph document of a model file on standard output."""

import json
import sys

from ..base.errors import TengenError
from .files import file_document


def main() -> None:
    """Print the document of the named file; exit 2 with a sentence where it cannot be read."""
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print("usage: python -m tengen.viz FILE")
        raise SystemExit(0 if len(sys.argv) == 2 else 2)
    try:
        document = file_document(sys.argv[1])
    except (TengenError, OSError) as error:
        print(str(error).partition("\n")[0], file=sys.stderr)
        raise SystemExit(2) from error
    json.dump(document, sys.stdout, allow_nan=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
