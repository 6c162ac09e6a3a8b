"""What a scheduler tells of its workers over HTTP."""

from __future__ import annotations

import json
from typing import Any

from swath.cluster import Worker

#: Seconds that a representation waits for a scheduler.
PATIENCE = 1.0


def workers(address: str, patience: float = PATIENCE) -> list[Worker] | None:
    """Return the workers that are alive; none if the scheduler does not answer in time.

    Parameters
    ----------
    address
        ``swath://host:port``, or ``host:port``.
    patience
        Seconds to wait.
    """
    # Not through a proxy: clients of the cluster go to it directly, too.
    from urllib.request import ProxyHandler, build_opener

    place = address.removeprefix("swath://").rstrip("/")
    try:
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"http://{place}/api/v1/workers", timeout=patience) as answer:
            listed = json.load(answer)
    except (OSError, ValueError):
        return None
    if not isinstance(listed, list):
        return None
    return [_worker(told) for told in listed if isinstance(told, dict)]


def _worker(told: dict[str, Any]) -> Worker:
    return Worker(
        id=str(told.get("id")),
        address=str(told.get("address")),
        threads=int(told.get("threads") or 0),
        memory_limit=told.get("memory_limit_bytes"),
        memory_in_use=told.get("memory_reserved_bytes"),
        process_memory=told.get("resident_bytes"),
        results=told.get("outputs"),
        held_in_memory=told.get("store_memory_bytes"),
        held_on_disk=told.get("store_disk_bytes"),
        spilled=told.get("spilled_bytes"),
        draining=told.get("draining"),
    )


def summary(listed: list[Worker] | None) -> str:
    """Return the workers in a few words: how many, of how many threads, their memory and what they hold."""
    from swath.notebook.html import plural, size

    if listed is None:
        return "the scheduler does not answer"
    text = f"{plural(len(listed), 'worker')} of {plural(sum(one.threads for one in listed), 'thread')}"
    asked = [one for one in listed if one.memory_limit is not None]
    if asked:
        limit = sum(one.memory_limit or 0 for one in asked)
        used = sum(one.memory_in_use or 0 for one in asked)
        held = sum((one.held_in_memory or 0) + (one.held_on_disk or 0) for one in asked)
        text += f", {size(used)} of {size(limit)} in use, {size(held)} held"
    return text
