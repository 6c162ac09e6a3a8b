"""Frames for libraries that take tables through narwhals.

The package registers this module under the entry point ``narwhals.plugins``. With it
``narwhals.from_native(df)`` gives a lazy frame whose methods become ours. A `Table`, whose rows are here,
gives an eager one over Arrow; so does any frame in narwhals' API v1, through which Altair and Plotly ask for
the rows of whatever they draw: there it runs.

| module | what |
|---|---|
| `frame`, `group` | methods of frames and groups |
| `expressions`, `namespaces` | expressions, and the functions of one kind of values |
| `functions` | functions of the module, and what each name of SQL is here |

narwhals says what a backend has to provide; backends like this one, which compute columns from expressions in
the manner of SQL, share its ``narwhals._sql``. What is not there raises ``NotImplementedError``, as narwhals
has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from narwhals._utils import Version

    from swath.narwhals.functions import Functions

__all__ = ["NATIVE_PACKAGE", "is_native"]

#: The package of the objects that the plugin is asked about.
NATIVE_PACKAGE = "swath"


def is_native(native_object: object) -> bool:
    """Return whether an object is a frame of ours."""
    from swath.frame import DataFrame

    return isinstance(native_object, DataFrame)


def __narwhals_namespace__(version: Version) -> Functions:
    """Return the functions for a version of narwhals' API."""
    from swath.narwhals.functions import Functions

    return Functions(version=version)
