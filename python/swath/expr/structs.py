"""Functions of structs: ``sw.col("s").struct``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath.expr.base import Namespace

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class StructNamespace(Namespace):
    """Functions of structs, columns that hold named fields."""

    __slots__ = ()

    def field(self, name: str) -> Expr:
        """Take the field ``name``, which names the result; null where the struct is null.

        Examples
        --------
        >>> df = sw.from_dict({"s": [{"x": 1, "y": "a"}, None]})
        >>> df.select(sw.col("s").struct.field("y")).to_dict()
        {'y': ['a', None]}
        """
        return self._new(self._expr.field(name))

    def __getitem__(self, name: str) -> Expr:
        """Take the field ``name``: ``sw.col("s").struct["x"]``."""
        if not isinstance(name, str):
            raise TypeError(f"struct: expected the name of a field, got {name!r}")
        return self.field(name)
