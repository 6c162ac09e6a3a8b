"""Functions of strings that look for texts and patterns in them."""

from __future__ import annotations

import builtins
import re
from typing import TYPE_CHECKING

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, Namespace, flat, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


class Patterns(Namespace):
    """What ``str`` has about texts in a string and regular expressions."""

    __slots__ = ()

    def _with(self, name: str, *arguments: IntoExpr) -> Expr:
        return self._new(_internal.text_with(name, self._expr, [native(argument) for argument in arguments]))

    def _counted(self, name: str, argument: str = "", number: int = 0, length: int | None = None) -> Expr:
        return self._new(_internal.text_counted(name, self._expr, argument, number, length))

    def contains(self, pattern: IntoExpr, *, literal: bool = False) -> Expr:
        """Whether a regular expression matches somewhere, or with ``literal`` whether a text occurs.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["a1", "b", None]})
        >>> df.select(sw.col("s").str.contains("[0-9]")).to_dict()
        {'s': [True, False, None]}
        >>> df.select(sw.col("s").str.contains("b", literal=True)).to_dict()
        {'s': [False, True, None]}
        """
        return self._with("contains" if literal or _is_plain(pattern) else "matches", pattern)

    def contains_any(self, *texts: str) -> Expr:
        """Whether any of these texts occurs.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["a.b", "c", None]})
        >>> df.select(sw.col("s").str.contains_any(".", "x")).to_dict()
        {'s': [True, False, None]}
        """
        wanted = flat(texts)
        if not wanted:
            raise ValueError("str.contains_any: expected at least one text")
        return self._with("matches", "|".join(builtins.str(_escaped(text)) for text in wanted))

    def matches(self, pattern: IntoExpr) -> Expr:
        """Whether the regular expression matches somewhere.

        Examples
        --------
        >>> sw.from_dict({"s": ["a1", "b"]}).select(sw.col("s").str.matches("^[a-z][0-9]$")).to_dict()
        {'s': [True, False]}
        """
        return self._with("matches", pattern)

    def extract(self, pattern: str, group_index: int = 1) -> Expr:
        r"""Text of a capture group of the first match; group 0 is the whole match. Null without a match.

        Examples
        --------
        >>> sw.from_dict({"s": ["k=12", "?"]}).select(sw.col("s").str.extract(r"=(\d+)")).to_dict()
        {'s': ['12', None]}
        """
        return self._counted("extract", pattern, group_index)

    def extract_all(self, pattern: str, group_index: int = 0) -> Expr:
        r"""List the matches of a regular expression, or what a capture group took in each.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["a=1 b=22", "?"]})
        >>> df.select(sw.col("s").str.extract_all(r"\d+")).to_dict()
        {'s': [['1', '22'], []]}
        >>> df.select(sw.col("s").str.extract_all(r"(\w)=(\d)", 1)).to_dict()
        {'s': [['a', 'b'], []]}
        """
        return self._counted("extract_all", pattern, group_index)

    def count_matches(self, pattern: IntoExpr, *, literal: bool = False) -> Expr:
        """Count the matches of a regular expression, or with ``literal`` the occurrences of a text.

        Examples
        --------
        >>> sw.from_dict({"s": ["a1b22"]}).select(sw.col("s").str.count_matches("[0-9]")).to_dict()
        {'s': [3]}
        """
        return self._with("count_matches", _escaped(pattern) if literal else pattern)

    def replace(self, pattern: IntoExpr, value: IntoExpr, *, literal: bool = False) -> Expr:
        r"""Replace the first match of a regular expression; ``$1`` or ``\1`` stands for its first group.

        With ``literal`` both are plain texts.

        Examples
        --------
        >>> sw.from_dict({"s": ["a1b2"]}).select(sw.col("s").str.replace("([0-9])", "<$1>")).to_dict()
        {'s': ['a<1>b2']}
        >>> sw.from_dict({"s": ["a.b.c"]}).select(sw.col("s").str.replace(".", "$1", literal=True)).to_dict()
        {'s': ['a$1b.c']}
        """
        if literal:
            return self._with("replace_first", pattern, value)
        return self._with("regex_replace", pattern, _braced(value))

    def replace_all(self, pattern: IntoExpr, value: IntoExpr, *, literal: bool = False) -> Expr:
        r"""Replace every match of a regular expression; ``$1`` or ``\1`` stands for its first group.

        With ``literal`` both are plain texts.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["a.b.c"]})
        >>> df.select(sw.col("s").str.replace_all(".", "-", literal=True)).to_dict()
        {'s': ['a-b-c']}
        >>> df.select(sw.col("s").str.replace_all("[a-b]", "x")).to_dict()
        {'s': ['x.x.c']}
        """
        if literal:
            return self._with("replace_all", pattern, value)
        return self._with("regex_replace_all", pattern, _braced(value))

    def find(self, pattern: IntoExpr, *, literal: bool = False) -> Expr:
        """Position of the first match of a regular expression, or with ``literal`` of a text; else null.

        Examples
        --------
        >>> sw.from_dict({"s": ["hello", "he"]}).select(sw.col("s").str.find("l+")).to_dict()
        {'s': [2, None]}
        """
        return self._with("find" if literal or _is_plain(pattern) else "find_regex", pattern)


def _is_plain(pattern: IntoExpr) -> bool:
    return isinstance(pattern, builtins.str) and not _SPECIAL.search(pattern)


def _escaped(pattern: IntoExpr) -> IntoExpr:
    if isinstance(pattern, ExprPart):
        raise TypeError(
            "expected a text with literal=True, got an expression; use replace_all, or a regular expression"
        )
    return _SPECIAL.sub(r"\\\g<0>", pattern)


def _braced(value: IntoExpr) -> IntoExpr:
    """Put braces around the groups: ``$1a`` would be a group of that name."""
    return re.sub(r"\$(\d+)", r"${\1}", value) if isinstance(value, builtins.str) else value
