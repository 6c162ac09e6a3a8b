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
        """Whether the value is null: :meth:`~swath.Expr.is_null`."""
        return self._new(self._expr.is_null())

    def isNotNull(self) -> Expr:
        """Whether the value is not null: :meth:`~swath.Expr.is_not_null`."""
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
        """Equality under which two nulls are equal: :meth:`~swath.Expr.eq_missing`."""
        return self._new(self._expr.eq_missing(native(other)))

    def astype(self, dtype: IntoDataType) -> Expr:
        """Convert to a data type: :meth:`~swath.Expr.cast`."""
        return self._new(self._expr.cast(to_dtype(dtype)._dtype, True))

    def like(self, pattern: IntoExpr) -> Expr:
        """SQL's LIKE: ``str.like``."""
        return self._new(_internal.text_with("like", self._expr, [native(pattern)]))

    def ilike(self, pattern: IntoExpr) -> Expr:
        """SQL's ILIKE: ``str.ilike``."""
        return self._new(_internal.text_with("ilike", self._expr, [native(pattern)]))

    def rlike(self, pattern: IntoExpr) -> Expr:
        """Whether a regular expression matches somewhere: ``str.matches``."""
        return self._new(_internal.text_with("matches", self._expr, [native(pattern)]))

    def startswith(self, prefix: IntoExpr) -> Expr:
        """Whether it begins with ``prefix``: ``str.starts_with``."""
        return self._new(_internal.text_with("starts_with", self._expr, [native(prefix)]))

    def endswith(self, suffix: IntoExpr) -> Expr:
        """Whether it ends with ``suffix``: ``str.ends_with``."""
        return self._new(_internal.text_with("ends_with", self._expr, [native(suffix)]))

    def contains(self, text: IntoExpr) -> Expr:
        """Whether ``text`` occurs in it: ``str.contains`` with ``literal=True``."""
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
