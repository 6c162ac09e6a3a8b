"""Texts read as other values: a part of ``sw.col("s").str``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath import _internal
from swath.dtypes import Int64, IntoDataType, to_dtype
from swath.expr.base import ExprPart, IntoExpr, Namespace, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class TextValues(Namespace):
    """Texts as structs, numbers and JSON."""

    __slots__ = ()

    def split_exact(self, by: str, n: int) -> Expr:
        """Split into a struct of ``n + 1`` fields, leaving out what comes after another ``by``.

        The fields are ``field_0``, ``field_1``, …, and null where there are fewer parts.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["a-b-c", "d"]})
        >>> df.select(sw.col("s").str.split_exact("-", 1)).unnest("s").to_dict()
        {'field_0': ['a', 'd'], 'field_1': ['b', None]}
        """
        if n < 0:
            raise ValueError(f"str.split_exact: expected n of 0 or more, got {n}")
        return self._fields("split_exact", by, n + 1)

    def splitn(self, by: str, n: int) -> Expr:
        """Split into a struct of ``n`` fields, of which the last holds all that is left.

        The fields are ``field_0``, ``field_1``, …, and null where there are fewer parts.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["a-b-c", "d"]})
        >>> df.select(sw.col("s").str.splitn("-", 2)).unnest("s").to_dict()
        {'field_0': ['a', 'd'], 'field_1': ['b-c', None]}
        """
        if n < 1:
            raise ValueError(f"str.splitn: expected n of 1 or more, got {n}")
        return self._fields("splitn", by, n)

    def _fields(self, name: str, by: str, number: int) -> Expr:
        if not isinstance(by, str):
            raise TypeError(f"str.{name}: expected a text to split at, got {by!r}")
        return self._new(_internal.text_counted(name, self._expr, by, number))

    def extract_groups(self, pattern: str) -> Expr:
        r"""Extract what the groups of the first match of a regular expression took, as a struct.

        Its fields have the names of the groups, or their numbers from 1 on. All are null without a match.

        Examples
        --------
        >>> df = sw.from_dict({"s": ["k=12", "?"]})
        >>> df.select(sw.col("s").str.extract_groups(r"(?<key>\w)=(\d+)")).unnest("s").to_dict()
        {'key': ['k', None], '2': ['12', None]}
        """
        return self._new(_internal.text_counted("extract_groups", self._expr, pattern))

    def to_integer(
        self, *, base: int | Expr = 10, dtype: IntoDataType | None = None, strict: bool = True
    ) -> Expr:
        """Read as a whole number; what is none is an error when the query runs, or null if not ``strict``.

        Parameters
        ----------
        base
            From 2 to 36; beyond 9 letters are digits.
        dtype
            The type of the result, 64 bits by default.
        strict
            Whether a text that is no such number is an error.

        Examples
        --------
        >>> sw.from_dict({"s": ["12", "x"]}).select(sw.col("s").str.to_integer(strict=False)).to_dict()
        {'s': [12, None]}
        >>> sw.from_dict({"s": ["ff", "-10"]}).select(sw.col("s").str.to_integer(base=16)).to_dict()
        {'s': [255, -16]}
        """
        if not isinstance(base, ExprPart) and not (isinstance(base, int) and 2 <= base <= 36):
            raise ValueError(f"str.to_integer: expected a base from 2 to 36, got {base!r}")
        wanted = to_dtype(Int64 if dtype is None else dtype)
        if not wanted.is_integer():
            raise TypeError(f"str.to_integer: expected a type of whole numbers, got {wanted}")
        number = self._new(_internal.text_to_integer(self._expr, native(base), strict))
        return number if wanted == to_dtype(Int64) else number.cast(wanted, strict=strict)

    def json_decode(self, dtype: IntoDataType) -> Expr:
        """Read as JSON: values of ``dtype``.

        Fields of structs that a text lacks are null, others than those of ``dtype`` are left out. A text that
        is no JSON, or does not fit, is an error when the query runs.

        Examples
        --------
        >>> df = sw.from_dict({"s": ['{"a": 1, "b": [2]}', "{}", None]})
        >>> decoded = sw.col("s").str.json_decode(sw.Struct({"a": sw.Int64, "b": sw.List(sw.Int64)}))
        >>> df.select(decoded).unnest("s").to_dict()
        {'a': [1, None, None], 'b': [[2], None, None]}
        """
        if dtype is None:
            raise TypeError(
                "str.json_decode: expected a data type, such as sw.Struct({'a': sw.Int64}), got None: the "
                "columns of a plan are known before it runs"
            )
        return self._new(_internal.json_decode(self._expr, to_dtype(dtype)._dtype))

    def json_path_match(self, json_path: IntoExpr) -> Expr:
        """Take the first value at a path in JSON, as text; null where there is none, or no JSON.

        Parameters
        ----------
        json_path
            ``$``, then names and positions: ``$.name``, ``$['a name']``, ``$.list[0]``, ``[-1]`` from the
            end, ``[*]`` for any.

        Examples
        --------
        >>> df = sw.from_dict({"s": ['{"a": [{"b": "x"}, {"b": 2}]}', "?"]})
        >>> df.select(sw.col("s").str.json_path_match("$.a[1].b")).to_dict()
        {'s': ['2', None]}
        >>> df.select(sw.col("s").str.json_path_match("$.a[*].b")).to_dict()
        {'s': ['x', None]}
        """
        if not isinstance(json_path, str):
            raise TypeError(
                f"str.json_path_match: expected a path as text, such as '$.a[0]', got {json_path!r}"
            )
        return self._new(_internal.text_counted("json_path_match", self._expr, json_path))
