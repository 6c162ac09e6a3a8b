"""Frames, results, arrays, sessions and clusters as HTML.

Colours are those of the page, so that light and dark themes are both readable. All text is escaped: names
of columns and values come from files that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swath.array import Array
    from swath.cluster import LocalCluster, Worker
    from swath.frame.frame import DataFrame
    from swath.frame.table import Table
    from swath.session import Session

#: Rows and columns of a table that are shown.
SHOWN_ROWS = 10
SHOWN_COLUMNS = 30
#: Characters of a value, and lines of a plan, that are shown.
_SHOWN_CHARACTERS = 80
_PLAN_LINES = 16
#: Tables of a session that are named.
_SHOWN_TABLES = 20

_STYLE = """<style>
.swath{font-size:13px;line-height:1.45;color:inherit}
.swath .swath-head{opacity:.75;margin:2px 0 4px}
.swath .swath-scroll{overflow-x:auto;max-width:100%}
.swath table{border-collapse:collapse;margin:2px 0;color:inherit;font-size:inherit;\
border:1px solid rgba(127,127,127,.4)}
.swath th,.swath td{padding:2px 10px;border:0;border-bottom:1px solid rgba(127,127,127,.22);\
text-align:left;white-space:pre;font-variant-numeric:tabular-nums;background:transparent;color:inherit}
.swath th{background:rgba(127,127,127,.14);font-weight:600}
.swath th small{display:block;font-weight:400;opacity:.7}
.swath .swath-right{text-align:right}
.swath .swath-null{opacity:.45;font-style:italic}
.swath pre{background:rgba(127,127,127,.1);color:inherit;padding:6px 10px;margin:4px 0;\
overflow-x:auto;white-space:pre}
.swath summary{cursor:pointer;opacity:.75}
.swath .swath-side{display:flex;flex-wrap:wrap;gap:18px;align-items:center}
</style>"""


def page(head: str, *parts: str) -> str:
    """Return a piece of HTML under a line of text."""
    return f'<div class="swath">{_STYLE}<div class="swath-head">{escape(head)}</div>{"".join(parts)}</div>'


def size(count: float) -> str:
    """Return bytes with a binary unit: ``1.25 MiB``."""
    unit = 0
    units = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    while count >= 1000 and unit + 1 < len(units):
        count, unit = count / 1024, unit + 1
    if unit == 0:
        return f"{count:.0f} B"
    digits = 2 if count < 10 else 1 if count < 100 else 0
    return f"{count:.{digits}f} {units[unit]}"


def plural(count: int, noun: str) -> str:
    """Return the number with its noun: ``1 row``, ``2,000 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _text(value: Any) -> str:
    text = str(value)
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return escape(shown.replace("\n", "⏎"))


def _cell(value: Any, right: bool) -> str:
    if value is None:
        return f'<td{_RIGHT if right else ""}><span class="swath-null">null</span></td>'
    if isinstance(value, float):
        return f"<td{_RIGHT}>{escape(_number(value))}</td>"
    return f"<td{_RIGHT if right else ''}>{_text(value)}</td>"


_RIGHT = ' class="swath-right"'


def _number(value: float) -> str:
    return repr(value) if len(repr(value)) <= 12 else f"{value:.8g}"


def _is_number(dtype: str) -> bool:
    return dtype.startswith(("Int", "UInt", "Float", "Decimal"))


def grid(fields: Sequence[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table of rows under names and types of columns; of many columns the first ones."""
    shown = list(fields)[:SHOWN_COLUMNS]
    right = [_is_number(dtype) for _, dtype in shown]
    heads = "".join(
        f"<th{_RIGHT if side else ''}>{_text(name)}{f'<small>{_text(dtype)}</small>' if dtype else ''}</th>"
        for (name, dtype), side in zip(shown, right, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(_cell(value, side) for value, side in zip(row, right, strict=False))}</tr>"
        for row in rows
    )
    more = len(fields) - len(shown)
    rest = f'<div class="swath-head">and {plural(more, "more column")}</div>' if more > 0 else ""
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="swath-scroll">{table}</div>{rest}'


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of names and what is known of them."""
    body = "".join(f"<tr><th>{_text(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table><tbody>{body}</tbody></table>"


def _fields(native: Any) -> list[tuple[str, str]]:
    return [(name, str(dtype)) for name, dtype, _ in native.fields()]


def table_html(table: Table) -> str:
    """Return the first rows of a table in memory, and how many there are."""
    rows, columns = table.shape
    fields = _fields(table._frame)
    head = f"{plural(rows, 'row')} × {plural(columns, 'column')}, {size(table.nbytes)}"
    if rows > SHOWN_ROWS:
        head += f"; the first {SHOWN_ROWS}"
    chosen = table if columns <= SHOWN_COLUMNS else table.select(table.columns[:SHOWN_COLUMNS])
    batches = table._batches if chosen is table else chosen.limit(SHOWN_ROWS).collect()._batches
    return page(head, grid(fields, batches.tuples(0, SHOWN_ROWS)))


def frame_html(frame: DataFrame) -> str:
    """Return the schema of a frame; its first rows, where they are at hand, else its plan."""
    from swath import _internal

    try:
        fields = frame._frame.fields()
        at_hand = frame._is_held or _internal.is_at_hand(frame._frame)
        rows = frame._frame.limit(SHOWN_ROWS).collect().tuples(0, SHOWN_ROWS) if at_hand else []
    except Exception as error:
        # What is wrong is shown: a representation never fails.
        return page("DataFrame with a mistake", f"<pre>{escape(str(error))}</pre>")
    named = [(name, str(dtype)) for name, dtype, _ in fields]
    if at_hand:
        return page(
            f"DataFrame of {plural(len(fields), 'column')}; its first rows", grid(named, rows), _plan(frame)
        )
    schema = "".join(
        f"<tr><th>{_text(name)}</th><td>{_text(dtype)}</td><td>{'' if nulls else 'not null'}</td></tr>"
        for name, dtype, nulls in fields
    )
    table = f'<div class="swath-scroll"><table><tbody>{schema}</tbody></table></div>'
    return page(
        f"DataFrame of {plural(len(fields), 'column')}, not run yet", table, _plan(frame, opened=True)
    )


def _plan(frame: DataFrame, *, opened: bool = False) -> str:
    lines = frame._frame.explain("logical").splitlines()
    text = "\n".join(lines[:_PLAN_LINES])
    if len(lines) > _PLAN_LINES:
        text += f"\n… {len(lines) - _PLAN_LINES} more lines: explain('logical')"
    state = " open" if opened else ""
    return f"<details{state}><summary>plan</summary><pre>{escape(text)}</pre></details>"


def array_html(array: Array) -> str:
    """Return shape, dtype, bytes and chunks of an array, with a drawing; nothing is computed."""
    from swath.notebook.chunks_svg import drawing

    native = array._array
    lengths = tuple(native.known_shape())
    chunks = native.chunks()
    dtype = str(native.dtype())
    rows = [("shape", _shape(lengths)), ("dtype", dtype)]
    if None not in lengths:
        rows.append(("bytes", size(array.nbytes)))
    if chunks is not None:
        counts = tuple(len(along) for along in chunks)
        largest = tuple(max(along, default=0) for along in chunks)
        total = 1
        biggest = array.dtype.itemsize
        for count, length in zip(counts, largest, strict=True):
            total, biggest = total * count, biggest * length
        rows.append(("chunks", f"{total:,} = {' × '.join(map(str, counts))}" if counts else "1"))
        rows.append(("chunk", f"{_shape(largest)}, {size(biggest)}"))
    rows.append(("state", "in memory" if native.in_memory() is not None else "lazy"))
    drawn = "" if chunks is None or None in lengths else drawing(chunks)
    return page("Array", f'<div class="swath-side">{facts(rows)}{drawn}</div>')


def _shape(lengths: Sequence[int | None]) -> str:
    inside = ", ".join("?" if length is None else str(length) for length in lengths)
    return f"({inside}{',' if len(lengths) == 1 else ''})"


def session_html(session: Session) -> str:
    """Return where a session works, its limits, what it knows and holds."""
    if session.is_closed:
        return page("Session (closed)")
    native = session._native
    memory, disk = session.persisted_bytes()
    address = session.address
    rows = [] if address is None else [("cluster", address)]
    rows += [
        ("threads", str(session.threads)),
        ("memory limit", size(session.memory_limit)),
        ("memory in use", size(native.memory_reserved)),
        ("persisted here", f"{size(memory)} in memory, {size(disk)} on disk"),
    ]
    tables = session.tables()
    named = ", ".join(tables[:_SHOWN_TABLES]) + (", …" if len(tables) > _SHOWN_TABLES else "")
    rows.append(("tables", f"{len(tables)}: {named}" if tables else "none"))
    head = "Session in this process" if address is None else "Session on a cluster"
    return page(head, facts(rows), "" if address is None else _workers(address))


def cluster_html(cluster: LocalCluster) -> str:
    """Return the address and the workers of a cluster on this machine."""
    from swath.errors import ClusterError

    try:
        address, processes = cluster.address, cluster.workers
    except ClusterError:
        return page("LocalCluster (closed)")
    memory = {process: _resident(process) for process in processes}
    shown = [f"{process} ({size(held)})" if held else str(process) for process, held in memory.items()]
    rows = [
        ("address", address),
        ("scheduler", f"process {cluster.scheduler}"),
        ("workers", f"{len(processes)}: processes {', '.join(shown)}"),
    ]
    if any(memory.values()):
        rows.append(("memory of the workers", size(sum(memory.values()))))
    return page("LocalCluster on this machine", facts(rows), _workers(address))


def _resident(process: int) -> int:
    """Return the bytes that a process of this machine holds in memory; 0 where the system does not tell."""
    try:
        with open(f"/proc/{process}/status") as status:
            lines = [line.split() for line in status if line.startswith("VmRSS:")]
        return int(lines[0][1]) * 1024 if lines else 0
    except (OSError, ValueError):
        return 0


def _workers(address: str) -> str:
    """Return a table of the workers that a scheduler knows; it is asked, and may not answer."""
    from swath._scheduler import workers

    listed = workers(address)
    if listed is None:
        return '<div class="swath-head">the scheduler does not answer</div>'
    names = ("worker", "address", "threads", "memory in use", "process", "holds", "spilled")
    return grid([(name, "") for name in names], map(_worker, listed))


def _worker(worker: Worker) -> tuple[Any, ...]:
    known = (worker.id, worker.address, worker.threads)
    if worker.memory_limit is None:
        return (*known, None, None, None, None)
    held = f"{plural(worker.results or 0, 'result')}: {size(worker.held_in_memory or 0)} in memory"
    if worker.held_on_disk:
        held += f", {size(worker.held_on_disk)} on disk"
    return (
        *known,
        f"{size(worker.memory_in_use or 0)} of {size(worker.memory_limit)}",
        size(worker.process_memory) if worker.process_memory else None,
        f"{held}; told to stop" if worker.draining else held,
        size(worker.spilled or 0),
    )
