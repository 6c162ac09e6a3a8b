"""Functions over columns: one value a row."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from swath import _internal
from swath.errors import InvalidArgumentError
from swath.expr import Expr, to_expr
from swath.functions.calls import Values
from swath.functions.signature import arrow_type, signature_of

if TYPE_CHECKING:
    from swath.session import Session

__all__ = ["ColumnFunction", "Kind", "udf"]

Kind = Literal["arrow", "numpy", "polars", "pandas", "python"]


class Registrable:
    """What a function over columns and one over groups have in common."""

    name: str
    _native: _internal.ColumnFunction

    def __call__(self, *arguments: Any) -> Expr:
        """
        Give the function of some columns, as an expression.

        Parameters
        ----------
        *arguments
            Names of columns, or expressions.
        """
        return Expr(self._native.call([to_expr(argument, str_as_col=True)._expr for argument in arguments]))

    def register(self, session: Session | None = None) -> None:
        """
        Have SQL know the function by its name.

        Parameters
        ----------
        session
            Whose SQL; that of the session in use, if none is given.

        Examples
        --------
        >>> import swath as sw
        >>> one_more = sw.udf(lambda x: x + 1, name="one_more", return_dtype=int, input="numpy")
        >>> with sw.Session(threads=1) as session:
        ...     one_more.register(session)
        ...     session.sql("SELECT one_more(1)").item()
        2
        """
        from swath._session import default_session
        from swath.session import Session

        if session is not None and not isinstance(session, Session):
            raise InvalidArgumentError(
                f"register: expected a session, got {session!r}; "
                f"SQL knows the function by its own name, '{self.name}'"
            )
        self._native.register((session or default_session())._native)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class ColumnFunction(Registrable):
    """A function over columns; :func:`udf` makes it.

    Parameters
    ----------
    function
        The function.
    name
        The name in SQL and in plans.
    return_dtype
        The type of the result.
    input_dtypes
        The types of the arguments.
    input
        What it is given: Arrow, NumPy, Polars, pandas or values of Python.
    deterministic
        Whether equal arguments give equal results.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None,
        return_dtype: Any,
        input_dtypes: Sequence[Any] | None,
        input: Kind | None,
        deterministic: bool,
    ) -> None:
        self.name = name or name_of(function)
        self.function = function
        functools.update_wrapper(self, function, updated=())
        signature = signature_of(
            function,
            f"udf {self.name}",
            input=input,
            input_dtypes=input_dtypes,
            return_dtype=return_dtype,
        )
        call = Values(function, self.name, signature.kind, signature.returns, once=False)
        native = _internal.Function(self.name, uuid.uuid4().int, call)
        self.return_dtype = signature.returns
        self._native = native.scalar(
            signature.inputs, arrow_type(signature.returns), volatile=not deterministic
        )


def name_of(function: Callable[..., Any]) -> str:
    """Give the name that a function is shown by."""
    name = getattr(function, "__name__", type(function).__name__)
    return "function" if name == "<lambda>" else name


@overload
def udf(function: Callable[..., Any], /) -> ColumnFunction: ...
@overload
def udf(
    function: Callable[..., Any],
    /,
    *,
    name: str | None = None,
    return_dtype: Any = None,
    input_dtypes: Sequence[Any] | None = None,
    input: Kind | None = None,
    deterministic: bool = True,
) -> ColumnFunction: ...
@overload
def udf(
    *,
    name: str | None = None,
    return_dtype: Any = None,
    input_dtypes: Sequence[Any] | None = None,
    input: Kind | None = None,
    deterministic: bool = True,
) -> Callable[[Callable[..., Any]], ColumnFunction]: ...
def udf(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    return_dtype: Any = None,
    input_dtypes: Sequence[Any] | None = None,
    input: Kind | None = None,
    deterministic: bool = True,
) -> Any:
    """
    Make a function over columns of a Python function.

    The function is called with batches of some thousand rows, several at a time where there are threads, and
    gives as many values as it got rows. Nulls are its own business. On a cluster it runs in the workers.

    Parameters
    ----------
    function
        Takes one array a column and returns one array, of Arrow, NumPy, Polars or pandas, or a list. If its
        parameters are annotated with the types of single values (``x: int``), it is called once a row
        instead, which is slower.
    name
        The name in SQL and in plans; the function's own by default.
    return_dtype
        The type of the result; by default what the function's annotation says: ``-> float``.
    input_dtypes
        Types of the arguments. What is passed is cast to them where nothing is lost; by default anything is
        taken as it is.
    input
        What the function is given: ``"arrow"`` (the default), ``"numpy"``, ``"polars"``, ``"pandas"``, or
        ``"python"`` for single values. Annotations with types of these libraries say so, too.
    deterministic
        Whether equal arguments always give equal results. Otherwise the engine calls it for each row of the
        query, however often that has the same arguments.

    Returns
    -------
    ColumnFunction
        Call it with columns, in expressions; register it, for SQL.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import pyarrow.compute as pc
    >>> import swath as sw
    >>> @sw.udf(return_dtype=float)
    ... def celsius(fahrenheit: pa.Array):
    ...     return pc.divide(pc.multiply(pc.subtract(fahrenheit, 32.0), 5.0), 9.0)
    >>> df = sw.from_dict({"f": [32.0, 212.0]})
    >>> df.select(celsius("f").alias("c")).to_dict()
    {'c': [0.0, 100.0]}

    Of single values, and in SQL:

    >>> @sw.udf
    ... def shout(word: str) -> str:
    ...     return word.upper() + "!"
    >>> shout.register()
    >>> sw.sql("SELECT shout('ahoy') AS said").to_dict()
    {'said': ['AHOY!']}
    """

    def make(function: Callable[..., Any]) -> ColumnFunction:
        return ColumnFunction(
            function,
            name=name,
            return_dtype=return_dtype,
            input_dtypes=input_dtypes,
            input=input,
            deterministic=deterministic,
        )

    return make if function is None else make(function)
