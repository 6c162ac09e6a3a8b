"""The session that functions of the module use: the innermost ``with`` block's, else a default one."""

from __future__ import annotations

import os
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swath.session import Session

_lock = threading.Lock()
_default: tuple[int, Session] | None = None

#: Sessions whose ``with`` blocks are entered, innermost last.
entered: ContextVar[tuple[Session, ...]] = ContextVar("swath_sessions", default=())


def default_session() -> Session:
    """Return the session that functions of the module use.

    That is the one whose ``with`` block is entered, else an embedded one that is made when it is first asked
    for.

    Examples
    --------
    >>> import swath as sw
    >>> sw.default_session() is sw.default_session()
    True
    """
    sessions = entered.get()
    if sessions:
        return sessions[-1]
    global _default
    with _lock:
        # The threads of a session do not live on in a process that was forked from this one.
        if _default is None or _default[0] != os.getpid() or _default[1].is_closed:
            from swath._config import config
            from swath.session import Session

            _default = (os.getpid(), Session(**config.session_options()))
        return _default[1]
