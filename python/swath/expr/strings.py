"""Functions of strings: ``sw.col("name").str``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from swath import _internal
from swath.dtypes import IntoDataType, to_dtype
from swath.expr.base import IntoExpr
from swath.expr.patterns import Patterns
from swath.expr.text_values import TextValues

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class StrNamespace(Patterns, TextValues):
    """Functions of strings. Lengths and positions count characters; null gives null.

    Regular expressions have the syntax of Rust's ``regex`` crate: Perl's without look-around and
    backreferences.
    """

    __slots__ = ()

    def _text(self, name: str) -> Expr:
        return self._new(_internal.text(name, self._expr))

    def starts_with(self, prefix: IntoExpr) -> Expr:
        """Whether it begins with ``prefix``.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab", "b"]}).select(sw.col("s").str.starts_with("a")).to_dict()
        {'s': [True, False]}
        """
        return self._with("starts_with", prefix)

    def ends_with(self, suffix: IntoExpr) -> Expr:
        """Whether it ends with ``suffix``.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab", "a"]}).select(sw.col("s").str.ends_with("b")).to_dict()
        {'s': [True, False]}
        """
        return self._with("ends_with", suffix)

    def like(self, pattern: IntoExpr) -> Expr:
        """SQL's LIKE: ``%`` stands for any text, ``_`` for one character.

        Examples
        --------
        >>> sw.from_dict({"s": ["abc", "cba"]}).select(sw.col("s").str.like("a%")).to_dict()
        {'s': [True, False]}
        """
        return self._with("like", pattern)

    def not_like(self, pattern: IntoExpr) -> Expr:
        """SQL's NOT LIKE.

        Examples
        --------
        >>> sw.from_dict({"s": ["abc", "cba"]}).select(sw.col("s").str.not_like("a_c")).to_dict()
        {'s': [False, True]}
        """
        return self._with("not_like", pattern)

    def ilike(self, pattern: IntoExpr) -> Expr:
        """:meth:`like` that does not distinguish case.

        Examples
        --------
        >>> sw.from_dict({"s": ["ABC"]}).select(sw.col("s").str.ilike("a%")).to_dict()
        {'s': [True]}
        """
        return self._with("ilike", pattern)

    def slice(self, offset: int, length: int | None = None) -> Expr:
        """Take ``length`` characters from ``offset`` (0 is the first; negative counts from the end).

        Examples
        --------
        >>> sw.from_dict({"s": ["hello"]}).select(sw.col("s").str.slice(-3, 2)).to_dict()
        {'s': ['ll']}
        """
        if length is not None and length < 0:
            raise ValueError(f"str.slice: expected a length of 0 or more, got {length}")
        return self._counted("slice", "", offset, length)

    def head(self, n: int) -> Expr:
        """Take the first ``n`` characters; all but the last ``-n``, if negative.

        Examples
        --------
        >>> sw.from_dict({"s": ["hello"]}).select(sw.col("s").str.head(2)).to_dict()
        {'s': ['he']}
        """
        return self._counted("head", "", n)

    def tail(self, n: int) -> Expr:
        """Take the last ``n`` characters; all but the first ``-n``, if negative.

        Examples
        --------
        >>> sw.from_dict({"s": ["hello"]}).select(sw.col("s").str.tail(2)).to_dict()
        {'s': ['lo']}
        """
        return self._counted("tail", "", n)

    def len_chars(self) -> Expr:
        """Count the characters.

        Examples
        --------
        >>> sw.from_dict({"s": ["é", None]}).select(sw.col("s").str.len_chars()).to_dict()
        {'s': [1, None]}
        """
        return self._text("len_chars")

    def len_bytes(self) -> Expr:
        """Count the bytes in UTF-8.

        Examples
        --------
        >>> sw.from_dict({"s": ["é", None]}).select(sw.col("s").str.len_bytes()).to_dict()
        {'s': [2, None]}
        """
        return self._text("len_bytes")

    def to_uppercase(self) -> Expr:
        """In capitals.

        Examples
        --------
        >>> sw.from_dict({"s": ["aB"]}).select(sw.col("s").str.to_uppercase()).to_dict()
        {'s': ['AB']}
        """
        return self._text("to_uppercase")

    def to_lowercase(self) -> Expr:
        """In small letters.

        Examples
        --------
        >>> sw.from_dict({"s": ["aB"]}).select(sw.col("s").str.to_lowercase()).to_dict()
        {'s': ['ab']}
        """
        return self._text("to_lowercase")

    def to_titlecase(self) -> Expr:
        """The first letter of each word in capitals, the others small.

        Examples
        --------
        >>> sw.from_dict({"s": ["two WORDS"]}).select(sw.col("s").str.to_titlecase()).to_dict()
        {'s': ['Two Words']}
        """
        return self._text("to_titlecase")

    def strip_chars(self, characters: IntoExpr = None) -> Expr:
        """Without white space, or any of ``characters``, at both ends.

        Examples
        --------
        >>> sw.from_dict({"s": ["  x ", "-y-"]}).select(sw.col("s").str.strip_chars(" -")).to_dict()
        {'s': ['x', 'y']}
        """
        return self._text("strip") if characters is None else self._with("strip_chars", characters)

    def strip_chars_start(self, characters: IntoExpr = " \t\r\n\v\f") -> Expr:
        """Without white space, or any of ``characters``, at the start.

        Examples
        --------
        >>> sw.from_dict({"s": ["  x "]}).select(sw.col("s").str.strip_chars_start()).to_dict()
        {'s': ['x ']}
        """
        return self._with("strip_chars_start", characters)

    def strip_chars_end(self, characters: IntoExpr = " \t\r\n\v\f") -> Expr:
        """Without white space, or any of ``characters``, at the end.

        Examples
        --------
        >>> sw.from_dict({"s": [" x  "]}).select(sw.col("s").str.strip_chars_end()).to_dict()
        {'s': [' x']}
        """
        return self._with("strip_chars_end", characters)

    def strip_prefix(self, prefix: str) -> Expr:
        """Without ``prefix``, if it begins with it.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab", "b"]}).select(sw.col("s").str.strip_prefix("a")).to_dict()
        {'s': ['b', 'b']}
        """
        return self._counted("strip_prefix", prefix)

    def strip_suffix(self, suffix: str) -> Expr:
        """Without ``suffix``, if it ends with it.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab", "a"]}).select(sw.col("s").str.strip_suffix("b")).to_dict()
        {'s': ['a', 'a']}
        """
        return self._counted("strip_suffix", suffix)

    def pad_start(self, length: int, fill_char: str = " ") -> Expr:
        """Fill at the start up to ``length`` characters; longer strings stay.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab"]}).select(sw.col("s").str.pad_start(4, ".")).to_dict()
        {'s': ['..ab']}
        """
        return self._counted("pad_start", fill_char, length)

    def pad_end(self, length: int, fill_char: str = " ") -> Expr:
        """Fill at the end up to ``length`` characters; longer strings stay.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab"]}).select(sw.col("s").str.pad_end(4, ".")).to_dict()
        {'s': ['ab..']}
        """
        return self._counted("pad_end", fill_char, length)

    def zfill(self, length: int) -> Expr:
        """Fill with zeros after the sign up to ``length`` characters.

        Examples
        --------
        >>> sw.from_dict({"s": ["-5", "7"]}).select(sw.col("s").str.zfill(3)).to_dict()
        {'s': ['-05', '007']}
        """
        return self._counted("zfill", "", length)

    def repeat(self, times: IntoExpr) -> Expr:
        """Repeat ``times`` times.

        Examples
        --------
        >>> sw.from_dict({"s": ["ab"]}).select(sw.col("s").str.repeat(2)).to_dict()
        {'s': ['abab']}
        """
        return self._with("repeat", times)

    def reverse(self) -> Expr:
        """In reverse order of characters.

        Examples
        --------
        >>> sw.from_dict({"s": ["abc"]}).select(sw.col("s").str.reverse()).to_dict()
        {'s': ['cba']}
        """
        return self._text("reverse")

    def split(self, by: str) -> Expr:
        """List the parts between occurrences of ``by``; of an empty ``by`` the whole text.

        Examples
        --------
        >>> sw.from_dict({"s": ["a,b"]}).select(sw.col("s").str.split(",")).to_dict()
        {'s': [['a', 'b']]}
        """
        return self._counted("split", by)

    def split_part(self, by: str, index: int) -> Expr:
        """Take part ``index`` (0 is the first) between occurrences of ``by``; null if there are fewer.

        Examples
        --------
        >>> sw.from_dict({"s": ["a,b", "c"]}).select(sw.col("s").str.split_part(",", 1)).to_dict()
        {'s': ['b', None]}
        """
        return self._counted("split_part", by, index)

    def to_date(self, format: str = "%Y-%m-%d") -> Expr:
        """Read as a date; an error when the query runs if it does not fit.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["31.12.2023"]})
        >>> df.select(sw.col("s").str.to_date("%d.%m.%Y")).to_dict()
        {'s': [datetime.date(2023, 12, 31)]}
        """
        return self._counted("to_date", format)

    def to_datetime(self, format: str = "%Y-%m-%d %H:%M:%S%.f") -> Expr:
        """Read as a timestamp in microseconds; an error when the query runs if it does not fit.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["2024-01-02 03:04:05"]})
        >>> df.select(sw.col("s").str.to_datetime()).to_dict()
        {'s': [datetime.datetime(2024, 1, 2, 3, 4, 5)]}
        """
        return self._counted("to_datetime", format)

    def strptime(self, dtype: IntoDataType, format: str) -> Expr:
        """Read as a date or timestamp of ``format``: :meth:`to_date` or :meth:`to_datetime`.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["2024/02/29"]})
        >>> df.select(sw.col("s").str.strptime(sw.Date, "%Y/%m/%d")).to_dict()
        {'s': [datetime.date(2024, 2, 29)]}
        """
        wanted = to_dtype(dtype)
        if not wanted._dtype.is_kind("date") and not wanted._dtype.is_kind("datetime"):
            raise ValueError(f"str.strptime: expected sw.Date or sw.Datetime, got {wanted!r}")
        read = self.to_date(format) if wanted._dtype.is_kind("date") else self.to_datetime(format)
        return read.cast(wanted)

    def to_time(self, format: str = "%H:%M:%S%.f") -> Expr:
        """Read as a time of day; an error when the query runs if it does not fit.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["03:04", None]})
        >>> df.select(sw.col("s").str.to_time("%H:%M")).to_dict()
        {'s': [datetime.time(3, 4), None]}
        """
        dated = "1970-01-01 " + self._new(self._expr)
        return dated.str.to_datetime(f"%Y-%m-%d {format}").dt.time()

    def encode(self, encoding: Literal["hex", "base64"]) -> Expr:
        """Write the bytes of the text in hexadecimal or base64.

        Examples
        --------
        >>> sw.from_dict({"s": ["hi"]}).select(sw.col("s").str.encode("hex")).to_dict()
        {'s': ['6869']}
        """
        # The engine's plain base64 leaves out what fills the last group of characters.
        return self._counted("encode", {"base64": "base64pad"}.get(encoding, _encoding("encode", encoding)))

    def decode(self, encoding: Literal["hex", "base64"]) -> Expr:
        """Read bytes from hexadecimal or base64; an error when the query runs if the text is none.

        Examples
        --------
        >>> sw.from_dict({"s": ["6869"]}).select(sw.col("s").str.decode("hex")).to_dict()
        {'s': [b'hi']}
        """
        return self._counted("decode", _encoding("decode", encoding))

    def levenshtein(self, other: IntoExpr) -> Expr:
        """Count the edits (insert, delete, replace) to ``other``.

        Examples
        --------
        >>> sw.from_dict({"s": ["kitten"]}).select(sw.col("s").str.levenshtein("sitting")).to_dict()
        {'s': [3]}
        """
        return self._with("levenshtein", other)

    def join(self, delimiter: str = "") -> Expr:
        """Aggregate: all strings of a group with ``delimiter`` between; nulls are skipped.

        ``order_by`` gives their order.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["b", None, "a"]})
        >>> df.select(sw.col("s").str.join("-").order_by("s")).to_dict()
        {'s': ['a-b']}
        """
        return self._counted("join", delimiter)


def _encoding(operation: str, encoding: str) -> str:
    if encoding not in ("hex", "base64"):
        raise ValueError(f"str.{operation}: expected 'hex' or 'base64', got {encoding!r}")
    return encoding
