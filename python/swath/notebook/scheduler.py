"""What a scheduler tells of its workers over HTTP."""

from __future__ import annotations

import json
from typing import Any

#: Seconds that a representation waits for a scheduler.
_PATIENCE = 1.0


def workers(address: str) -> list[dict[str, Any]] | None:
    """Return the workers that are alive; none if the scheduler does not answer soon.

    Parameters
    ----------
    address
        ``swath://host:port``, or ``host:port``.
    """
    # Not through a proxy: clients of the cluster go to it directly, too.
    from urllib.request import ProxyHandler, build_opener

    place = address.removeprefix("swath://").rstrip("/")
    try:
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"http://{place}/api/v1/workers", timeout=_PATIENCE) as answer:
            listed = json.load(answer)
    except (OSError, ValueError):
        return None
    return [worker for worker in listed if isinstance(worker, dict)] if isinstance(listed, list) else None
