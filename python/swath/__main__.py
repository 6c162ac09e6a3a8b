"""The ``swath`` program: ``python -m swath``."""

import sys

from swath import _internal


def main() -> int:
    """Run the command line of this process and return its exit code."""
    return _internal.main(["swath", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
