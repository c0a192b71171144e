"""``python -m model_core``: the command line."""

import sys

from model_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
