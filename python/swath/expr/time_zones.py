"""Times of the clocks of a zone: a part of ``sw.col("t").dt``."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Literal

from swath import _internal
from swath.expr.base import Namespace
from swath.literal import zone_name

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class TimeZones(Namespace):
    """Timestamps in time zones."""

    __slots__ = ()

    def convert_time_zone(self, time_zone: str | datetime.tzinfo) -> Expr:
        """Show the same instant in another time zone. A timestamp without zone is taken as UTC.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 1, 1, 12)]})
        >>> df.select(sw.col("t").dt.convert_time_zone("Asia/Tokyo").dt.hour()).to_dict()
        {'t': [21]}
        """
        return self._new(_internal.time_with("convert_time_zone", self._expr, _zone(time_zone)))

    def replace_time_zone(
        self,
        time_zone: str | datetime.tzinfo | None,
        *,
        ambiguous: Literal["raise", "earliest", "latest", "null"] = "raise",
        non_existent: Literal["raise", "null"] = "raise",
    ) -> Expr:
        """Keep the clock's reading and take it for one in another time zone, or (``None``) in none.

        Parameters
        ----------
        time_zone
            The zone: ``"Europe/Berlin"``, ``"+02:00"``, or a ``tzinfo``.
        ambiguous
            What a reading is that the zone has twice, when clocks go back: the ``"earliest"`` or the
            ``"latest"`` of both, null, or an error when the query runs.
        non_existent
            What a reading is that the zone skips, when clocks go forward: null, or an error.

        Examples
        --------
        >>> df = sw.from_dict({"t": [datetime.datetime(2024, 1, 1, 12)]})
        >>> df.select(sw.col("t").dt.replace_time_zone("Asia/Tokyo").dt.epoch("s")).to_dict()
        {'t': [1704078000]}
        >>> twice = sw.from_dict({"t": [datetime.datetime(2024, 10, 27, 2, 30)]})
        >>> t = sw.col("t").dt.replace_time_zone("Europe/Berlin", ambiguous="latest")
        >>> twice.select(t.dt.convert_time_zone("UTC").dt.hour()).item()
        1
        """
        if ambiguous not in ("raise", "earliest", "latest", "null"):
            raise ValueError(
                "dt.replace_time_zone: expected ambiguous to be 'raise', 'earliest', 'latest' or 'null', got "
                f"{ambiguous!r}"
            )
        if non_existent not in ("raise", "null"):
            raise ValueError(
                f"dt.replace_time_zone: expected non_existent to be 'raise' or 'null', got {non_existent!r}"
            )
        if time_zone is None:
            return self._new(_internal.time("local", self._expr))
        zone = _zone(time_zone)
        return self._new(_internal.replace_time_zone(self._expr, zone, ambiguous, non_existent))


def _zone(value: str | datetime.tzinfo) -> str:
    return zone_name(value) if isinstance(value, datetime.tzinfo) else value
