"""Groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narwhals._sql.group_by import SQLGroupBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swath.narwhals.expressions import Expression
    from swath.narwhals.frame import LazyFrame


class Group(SQLGroupBy["LazyFrame", "Expression", Any]):
    """A frame with keys."""

    def __init__(
        self, frame: LazyFrame, keys: Sequence[str] | Sequence[Expression], /, *, drop_null_keys: bool
    ) -> None:
        parsed, self._keys, self._output_key_names = self._parse_keys(frame, keys=keys)
        self._compliant_frame = parsed.drop_nulls(self._keys) if drop_null_keys else parsed

    def agg(self, *exprs: Expression) -> LazyFrame:
        """Return one row per group."""
        aggregates = list(self._evaluate_exprs(exprs))
        grouped = self.compliant.native.group_by(*self._keys)
        frame = grouped.agg(aggregates) if aggregates else self.compliant.native.distinct(*self._keys)
        if not aggregates:
            frame = frame.select(*self._keys)
        return self.compliant._with_native(frame).rename(
            dict(zip(self._keys, self._output_key_names, strict=False))
        )
