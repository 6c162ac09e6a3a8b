"""Where arrays are made: the session in use."""

from __future__ import annotations

import weakref
from typing import Any

from swath import _internal
from swath._internal import array as native
from swath._session import default_session

_makers: weakref.WeakKeyDictionary[Any, native.Arrays] = weakref.WeakKeyDictionary()


def of_session(session: Any) -> native.Arrays:
    """Give the native maker of a session's arrays."""
    inner: _internal.Session = session._native
    try:
        return _makers[session]
    except KeyError:
        maker = _makers[session] = native.Arrays.of_session(inner)
        return maker


def maker(session: Any = None) -> native.Arrays:
    """Give the native maker of the arrays of a session, of the default one if none is named."""
    return of_session(default_session() if session is None else session)
