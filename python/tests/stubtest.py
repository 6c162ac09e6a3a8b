"""Check the contract of the native module with mypy's stubtest: ``python tests/stubtest.py``.

Its modules of modules are attributes of one file; stubtest imports them by name.
"""

import sys

from mypy.stubtest import main

from swath import _internal

if __name__ == "__main__":
    sys.modules |= {
        "swath._internal.array": _internal.array,
        "swath._internal.array.fft": _internal.array.fft,
    }
    sys.argv[1:] = ["--concise", "--ignore-disjoint-bases", "swath._internal"]
    sys.exit(main())
