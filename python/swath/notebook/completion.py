"""Completion of names in ``%sql`` and ``%%sql``: tables and their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from swath.session import Session

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*$")
_WORDS = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_SESSION = re.compile(r"(?:--session|-s)\s+(\w+)")
_KEYWORDS = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "ORDER",
    "HAVING",
    "LIMIT",
    "JOIN",
    "LEFT",
    "RIGHT",
    "FULL",
    "INNER",
    "ON",
    "USING",
    "AS",
    "WITH",
    "UNION",
    "ALL",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "BETWEEN",
    "LIKE",
    "OVER",
    "PARTITION",
    "EXCEPT",
    "INTERSECT",
    "CAST",
    "DESC",
    "ASC",
]


def register(shell: InteractiveShell) -> None:
    """Have a shell complete the names in its cells of SQL."""
    completer: Any = shell.Completer
    if completer is None or any(getattr(one, "swath", False) for one in completer.custom_matchers):
        return

    def names(context: CompletionContext) -> dict[str, Any]:
        statement = sql_before(context.full_text, context.cursor_line, context.line_with_cursor)
        found = _WORD.search(context.text_until_cursor)
        if statement is None:
            return {"completions": []}
        begun = found.group() if found else ""
        offered = suggestions(statement, begun, shell.user_ns)
        return {
            "completions": [SimpleCompletion(text, type=kind) for text, kind in offered],
            "matched_fragment": begun,
            "suppress": True,
        }

    # IPython's decorator has no types.
    matcher: Any = context_matcher()
    matcher = matcher(names)
    matcher.swath = True
    completer.custom_matchers.append(matcher)


def sql_before(cell: str, line: int, text: str) -> str | None:
    """Return the SQL that a cursor stands in, its options included; none if it is Python."""
    first = cell.lstrip()
    if first.startswith("%%sql"):
        # In the line of options, too: a statement may begin there.
        return first.removeprefix("%%sql")
    lines = cell.splitlines()
    whole = lines[line] if line < len(lines) else text
    _, found, rest = whole.partition("%sql ")
    return rest if found else None


def suggestions(statement: str, begun: str, variables: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a word may become, with the kind of each: columns of the tables in the statement first."""
    tables = dict(_tables(_session(statement, variables), variables))
    words = set(_WORDS.findall(statement))
    columns: dict[str, None] = {}
    for name in words & tables.keys():
        columns |= dict.fromkeys(_columns(tables[name]))
    upper = begun.isupper()
    keywords = [word if upper or not begun else word.lower() for word in _KEYWORDS] if begun else []
    offered = [(name, "column") for name in columns]
    offered += [(name, "table") for name in tables if name not in columns]
    offered += [(word, "keyword") for word in keywords]
    start = begun.lower()
    return [(text, kind) for text, kind in offered if text.lower().startswith(start) and text != begun]


def _session(statement: str, variables: dict[str, Any]) -> Session | None:
    from swath import Session, default_session

    named = _SESSION.search(statement.split("\n", 1)[0])
    session = variables.get(named.group(1)) if named else default_session()
    return session if isinstance(session, Session) else None


def _tables(session: Session | None, variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    from swath.variables import is_table

    for name, value in variables.items():
        if not name.startswith("_") and is_table(value):
            yield name, value
    if session is not None:
        for name in session.tables():
            yield name, session.table(name)


def _columns(table: Any) -> list[str]:
    try:
        return [str(name) for name in getattr(table, "column_names", None) or table.columns]
    except Exception:
        # Nobody asked for an error: there is nothing to offer.
        return []
