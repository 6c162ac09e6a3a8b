"""Where arrays are made: the session in force, or a maker of its own."""

from __future__ import annotations

import weakref
from typing import Any

from swath import _internal
from swath._internal import array as native

_makers: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
_own: list[Any] = []


def of_session(session: Any) -> Any:
    """Give the native maker of a session's arrays."""
    inner = session if isinstance(session, _internal.Session) else session._session
    try:
        return _makers[session]
    except KeyError:
        maker = _makers[session] = native.Arrays.of_session(inner)
        return maker
    except TypeError:
        return native.Arrays.of_session(inner)


def maker(session: Any = None) -> Any:
    """Give the native maker of the arrays of a session, of the default one if none is named."""
    if session is not None:
        return of_session(session)
    try:
        from swath._session import default_session
    except ImportError:
        if not _own:
            _own.append(native.Arrays.embedded())
        return _own[0]
    return of_session(default_session())
