"""Libraries that only some methods need, and that may not be there."""

from __future__ import annotations

import importlib


def needed(purpose: str, *names: str) -> None:
    """Import libraries, or say what to install.

    Parameters
    ----------
    purpose
        What needs them.
    *names
        Their names.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise ModuleNotFoundError(
                f"{purpose} needs {' and '.join(names)}: pip install {' '.join(names)}", name=name
            ) from None
