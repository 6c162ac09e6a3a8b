"""The lazy table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from swath._keywords import explain_keywords
from swath.frame.columns import Columns
from swath.frame.combine import Combine
from swath.frame.export import Export
from swath.frame.group import Group
from swath.frame.nulls import Nulls
from swath.frame.reshape import Reshape
from swath.frame.rows import Rows
from swath.frame.run import Run
from swath.frame.run_async import RunAsync
from swath.frame.spark import SparkNames
from swath.frame.write import Write
from swath.functions.rows import MapBatches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from swath.session import Session


class DataFrame(
    Columns, Rows, Combine, Group, Reshape, Nulls, MapBatches, Run, RunAsync, Export, Write, SparkNames
):
    """A lazy table.

    Methods that shape it return a new one and read nothing; methods that run it (``collect``, ``count``,
    ``show``, ``stream``, ``to_…``, ``write_…``) use the session's threads, or its cluster.

    Rows have no order, except after `sort`; what is selected, filtered, limited or gained as columns after it
    keeps the order. Names of columns are unique and exact.

    Parameters
    ----------
    data
        Rows: a dict of columns, a list of dicts, or a table of pyarrow, pandas, polars, duckdb or NumPy.
    schema
        Types of some columns, by name; a value that does not fit is an error.
    session
        The session that will run it; the default one, if not given.

    Examples
    --------
    >>> import swath as sw
    >>> df = sw.DataFrame({"a": [1, 2, 3]})
    >>> df.filter(sw.col("a") > 1).count()
    2
    """

    def __new__(
        cls, data: Any = None, *, schema: Mapping[str, Any] | None = None, session: Session | None = None
    ) -> DataFrame:
        """Make a frame of rows that are in memory."""
        from swath._session import default_session

        return (session or default_session()).from_data({} if data is None else data, schema=schema)

    def __eq__(self, other: object) -> NoReturn:
        """Refuse: a lazy table is compared by its rows, once they are there."""
        raise _not_compared("==")

    def __ne__(self, other: object) -> NoReturn:
        """Refuse, as for ``==``."""
        raise _not_compared("!=")

    def __lt__(self, other: object) -> NoReturn:
        """Refuse, as for ``==``."""
        raise _not_compared("<")

    def __le__(self, other: object) -> NoReturn:
        """Refuse, as for ``==``."""
        raise _not_compared("<=")

    def __gt__(self, other: object) -> NoReturn:
        """Refuse, as for ``==``."""
        raise _not_compared(">")

    def __ge__(self, other: object) -> NoReturn:
        """Refuse, as for ``==``."""
        raise _not_compared(">=")

    # By identity, so that frames may be keys of a dict.
    __hash__ = object.__hash__

    def __copy__(self) -> Self:
        """Return the frame itself: it does not change."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return the frame itself: it does not change."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse to be pickled: what it reads belongs to a session."""
        raise TypeError(
            "a lazy frame cannot be pickled, it belongs to a session; .collect() first: rows in memory can be"
        )


def _not_compared(symbol: str) -> TypeError:
    return TypeError(
        f"'{symbol}' of a DataFrame: a lazy table is no value; compare rows, df.rows() == other.rows(), or "
        f"columns in an expression, df['a'] {symbol} 1"
    )


explain_keywords("DataFrame", DataFrame)
