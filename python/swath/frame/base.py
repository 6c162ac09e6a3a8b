"""What every part of a frame builds on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swath import _internal

if TYPE_CHECKING:
    from swath.frame import DataFrame
    from swath.session import Session


class Frame:
    """A native frame, and how frames are made of others."""

    _frame: _internal.DataFrame
    #: Whether `persist` gave it.
    _is_held: bool = False

    @staticmethod
    def _of(native: _internal.DataFrame) -> DataFrame:
        """Return the frame around a native one."""
        from swath.frame.frame import DataFrame

        made: DataFrame = object.__new__(DataFrame)
        made._frame = native
        return made

    @property
    def session(self) -> Session:
        """The session that will run it.

        Examples
        --------
        >>> import swath as sw
        >>> sw.from_dict({"a": [1, 2]}).session.is_embedded
        True
        """
        from swath.session import Session

        return Session._of(self._frame.session())

    def _native_of(self, operation: str, other: object) -> _internal.DataFrame:
        """Return another frame, or rows of another library, as a frame of this one's session."""
        from swath.frame.table import Table

        if isinstance(other, Frame):
            if isinstance(other, Table) and not self._frame.shares_session(other._frame):
                # Rows that are here belong to no session in particular.
                return self._frame.session().from_batches(other._batches)
            return other._frame
        if hasattr(other, "__arrow_c_stream__"):
            return self.session.from_arrow(other)._frame
        raise TypeError(f"{operation}: expected a DataFrame, got {type(other).__name__}")
