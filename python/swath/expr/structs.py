"""Functions of structs: ``sw.col("s").struct``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from swath import _internal
from swath.expr.base import Namespace, column, columns

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

    def with_fields(self, *fields: Any, **named: Any) -> Expr:
        """Put values into fields, in the place of what they held or after the last one.

        A null struct stays null.

        Parameters
        ----------
        *fields
            Names of columns or expressions, whose names the fields get.
        **named
            Values under the names of their fields.

        Examples
        --------
        >>> df = sw.from_dict({"s": [{"x": 1, "y": 2}], "n": [5]})
        >>> doubled = sw.col("s").struct.field("x") * 2
        >>> df.select(sw.col("s").struct.with_fields("n", x=doubled)).to_dict()
        {'s': [{'x': 2, 'y': 2, 'n': 5}]}
        """
        values = columns(fields) + [column(value).alias(name) for name, value in named.items()]
        if not values:
            raise ValueError("struct.with_fields: expected at least one field")
        return self._new(_internal.across("with_fields", [self._expr, *values])).name.keep()

    def rename_fields(self, names: Sequence[str]) -> Expr:
        """Name the fields anew, one name for each.

        Examples
        --------
        >>> df = sw.from_dict({"s": [{"x": 1, "y": 2}]})
        >>> df.select(sw.col("s").struct.rename_fields(["a", "b"])).to_dict()
        {'s': [{'a': 1, 'b': 2}]}
        """
        if isinstance(names, str) or not all(isinstance(name, str) for name in names):
            raise TypeError(f"struct.rename_fields: expected a list of names, got {names!r}")
        return self._new(_internal.struct_renamed(self._expr, list(names)))

    def __getitem__(self, name: str) -> Expr:
        """Take the field ``name``: ``sw.col("s").struct["x"]``."""
        if not isinstance(name, str):
            raise TypeError(f"struct: expected the name of a field, got {name!r}")
        return self.field(name)
