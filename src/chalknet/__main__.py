"""``python -m chalknet`` is the command ``chalknet``."""

from __future__ import annotations

import sys

from chalknet.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
