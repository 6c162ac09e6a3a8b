"""Variables in SQL: ``{name}`` becomes the placeholder ``$name``, and the variable its value.

The value never becomes part of the text, so that nothing in it is read as SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: What is left as it is (strings, quoted names, comments), ends of statements, variables, placeholders.
_TOKEN = re.compile(
    r"""
      (?P<left> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$\$.*?\$\$ )
    | (?P<end> ; )
    | \{ \s* (?P<variable> [^\W\d]\w* ) \s* \}
    | \$ (?P<placeholder> [^\W\d]\w* )
    """,
    re.VERBOSE | re.DOTALL,
)


def statements(text: str) -> list[str]:
    """Return the statements of a text that have something in them besides comments."""
    parts, start = [], 0
    for token in _TOKEN.finditer(text):
        if token["end"]:
            parts.append(text[start : token.start()])
            start = token.end()
    parts.append(text[start:])
    return [part.strip() for part in parts if _has_words(part)]


def _has_words(part: str) -> bool:
    without = _TOKEN.sub(lambda token: "" if (token["left"] or "").startswith(("--", "/*")) else "x", part)
    return bool(without.strip())


def bound(text: str, variables: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a statement with placeholders in place of ``{name}``, and the values of all its placeholders.

    Parameters
    ----------
    text
        The statement.
    variables
        Names and values of Python.

    Raises
    ------
    NameError
        If there is no such variable.
    TypeError
        If the variable is a table, which SQL sees by its name.

    Examples
    --------
    >>> bound("SELECT * FROM t WHERE a > {least} AND b = '{least}'", {"least": 3})
    ("SELECT * FROM t WHERE a > $least AND b = '{least}'", {'least': 3})
    """
    from swath.variables import is_table

    values: dict[str, Any] = {}

    def placeholder(token: re.Match[str]) -> str:
        name = token["variable"] or token["placeholder"]
        if name is None:
            return token[0]
        if name not in variables:
            raise NameError(f"{token[0]} in SQL: there is no variable '{name}'")
        value = variables[name]
        if is_table(value):
            raise TypeError(f"{token[0]} in SQL: '{name}' is a table; write its name without braces or $")
        values[name] = value.item() if _is_numpy_scalar(value) else value
        return f"${name}"

    return _TOKEN.sub(placeholder, text), values


def _is_numpy_scalar(value: Any) -> bool:
    return (
        type(value).__module__ == "numpy"
        and getattr(value, "shape", None) == ()
        and value.dtype.kind in "biuf"
    )
