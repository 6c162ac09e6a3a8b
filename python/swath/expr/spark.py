"""Methods under PySpark's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.dtypes import IntoDataType, to_dtype
from swath.expr.base import ExprPart, IntoExpr, flat, native

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class SparkNames(ExprPart):
    """What PySpark's Column calls otherwise than Polars: each names the method that it stands for."""

    __slots__ = ()

    def isNull(self) -> Expr:
        """Whether the value is null: :meth:`~swath.Expr.is_null`.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("n").isNull()).to_list()
        [False, True]
        """
        return self._new(self._expr.is_null())

    def isNotNull(self) -> Expr:
        """Whether the value is not null: :meth:`~swath.Expr.is_not_null`.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("n").isNotNull()).to_list()
        [True, False]
        """
        return self._new(self._expr.is_not_null())

    def isin(self, *values: Any) -> Expr:
        """Whether the value is one of these: :meth:`~swath.Expr.is_in`.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 2]}).select(sw.col("x").isin(2, 3)).to_dict()
        {'x': [False, True]}
        """
        return self._new(self._expr).is_in(flat(values))

    def eqNullSafe(self, other: IntoExpr) -> Expr:
        """Equality under which two nulls are equal: :meth:`~swath.Expr.eq_missing`.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("n").eqNullSafe(None)).to_list()
        [False, True]
        """
        return self._new(self._expr.eq_missing(native(other)))

    def astype(self, dtype: IntoDataType) -> Expr:
        """Convert to a data type: :meth:`~swath.Expr.cast`.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("n").astype(float)).to_list()
        [1.0, None]
        """
        return self._new(self._expr.cast(to_dtype(dtype)._dtype, True))

    def like(self, pattern: IntoExpr) -> Expr:
        """SQL's LIKE: ``str.like``.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("x").like("a%")).to_list()
        [True, False]
        """
        return self._new(_internal.text_with("like", self._expr, [native(pattern)]))

    def ilike(self, pattern: IntoExpr) -> Expr:
        """SQL's ILIKE: ``str.ilike``.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("x").ilike("A%")).to_list()
        [True, False]
        """
        return self._new(_internal.text_with("ilike", self._expr, [native(pattern)]))

    def rlike(self, pattern: IntoExpr) -> Expr:
        """Whether a regular expression matches somewhere: ``str.matches``.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("x").rlike("^a")).to_list()
        [True, False]
        """
        return self._new(_internal.text_with("matches", self._expr, [native(pattern)]))

    def startswith(self, prefix: IntoExpr) -> Expr:
        """Whether it begins with ``prefix``: ``str.starts_with``.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("x").startswith("a")).to_list()
        [True, False]
        """
        return self._new(_internal.text_with("starts_with", self._expr, [native(prefix)]))

    def endswith(self, suffix: IntoExpr) -> Expr:
        """Whether it ends with ``suffix``: ``str.ends_with``.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("x").endswith("b")).to_list()
        [True, False]
        """
        return self._new(_internal.text_with("ends_with", self._expr, [native(suffix)]))

    def contains(self, text: IntoExpr) -> Expr:
        """Whether ``text`` occurs in it: ``str.contains`` with ``literal=True``.

        Examples
        --------
        >>> sw.from_dict({"x": ["ab", "cd"], "n": [1, None]}).select(sw.col("x").contains("b")).to_list()
        [True, False]
        """
        return self._new(_internal.text_with("contains", self._expr, [native(text)]))

    def substr(self, start: int, length: int) -> Expr:
        """Take ``length`` characters from ``start`` (1 is the first): ``str.slice`` counts from 0.

        Examples
        --------
        >>> sw.from_dict({"s": ["hello"]}).select(sw.col("s").substr(2, 3)).to_dict()
        {'s': ['ell']}
        """
        offset = start - 1 if start > 0 else start
        return self._new(_internal.text_counted("slice", self._expr, "", offset, length))
