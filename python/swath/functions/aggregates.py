"""Functions over groups: one value for all values of a group."""

from __future__ import annotations

import functools
import inspect
import uuid
from collections.abc import Callable, Sequence
from typing import Any, overload

from swath import _internal
from swath.errors import InvalidArgumentError
from swath.functions.calls import Keeper, Values
from swath.functions.columns import Kind, Registrable, name_of
from swath.functions.signature import arrow_type, signature_of

__all__ = ["AggregateFunction", "udaf"]


class AggregateFunction(Registrable):
    """A function over groups; :func:`udaf` makes it.

    Parameters
    ----------
    function
        The function, or a class that keeps state.
    name
        The name in SQL and in plans.
    return_dtype
        The type of the result.
    input_dtypes
        The types of the arguments.
    input
        What it is given: Arrow, NumPy, Polars, pandas or values of Python.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None,
        return_dtype: Any,
        input_dtypes: Sequence[Any] | None,
        input: Kind | None,
    ) -> None:
        self.name = name or name_of(function)
        self.function = function
        keeps_state = inspect.isclass(function)
        functools.update_wrapper(self, function, updated=())
        if keeps_state:
            missing = [part for part in ("update", "merge", "evaluate") if not hasattr(function, part)]
            if missing:
                raise InvalidArgumentError(
                    f"udaf {self.name}: a class needs the methods update, merge and evaluate; "
                    f"missing: {', '.join(missing)}"
                )
        signature = signature_of(
            function,
            f"udaf {self.name}",
            input=input,
            input_dtypes=input_dtypes,
            return_dtype=return_dtype,
        )
        kind, returns = signature.kind, signature.returns
        call = (
            Keeper(function, self.name, kind, returns)
            if keeps_state
            else Values(function, self.name, kind, returns, once=True)
        )
        native = _internal.Function(self.name, uuid.uuid4().int, call)
        self.return_dtype = returns
        self._native = native.aggregate(signature.inputs, arrow_type(returns), keeps_state=keeps_state)


@overload
def udaf(function: Callable[..., Any], /) -> AggregateFunction: ...
@overload
def udaf(
    function: Callable[..., Any],
    /,
    *,
    name: str | None = None,
    return_dtype: Any = None,
    input_dtypes: Sequence[Any] | None = None,
    input: Kind | None = None,
) -> AggregateFunction: ...
@overload
def udaf(
    *,
    name: str | None = None,
    return_dtype: Any = None,
    input_dtypes: Sequence[Any] | None = None,
    input: Kind | None = None,
) -> Callable[[Callable[..., Any]], AggregateFunction]: ...
def udaf(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    return_dtype: Any = None,
    input_dtypes: Sequence[Any] | None = None,
    input: Kind | None = None,
) -> Any:
    """
    Make an aggregate of a Python function or class.

    A function is given all values of a group at once and returns one value; a group must fit into memory. Of
    a class, each group has an object: ``update(*arrays)`` takes values in as they come, ``merge(other)``
    another object's, and ``evaluate()`` returns the value. Objects go between processes, so they can be
    pickled.

    Parameters
    ----------
    function
        The function or class.
    name
        The name in SQL and in plans; the function's own by default.
    return_dtype
        The type of the value; by default what the annotation of the function, or of ``evaluate``, says.
    input_dtypes
        Types of the arguments. What is passed is cast to them where nothing is lost; by default anything is
        taken as it is.
    input
        What arrays are given: ``"arrow"`` (the default), ``"numpy"``, ``"polars"``, ``"pandas"``, or
        ``"python"`` for lists.

    Returns
    -------
    AggregateFunction
        Call it with columns, in ``agg``; register it, for SQL.

    Examples
    --------
    >>> import numpy as np
    >>> import swath as sw
    >>> @sw.udaf(return_dtype=float)
    ... def spread(x: np.ndarray):
    ...     return x.max() - x.min()
    >>> df = sw.from_dict({"k": ["a", "a", "b"], "x": [1.0, 4.0, 7.0]})
    >>> df.group_by("k").agg(spread("x").alias("spread")).sort("k").to_dict()
    {'k': ['a', 'b'], 'spread': [3.0, 0.0]}

    >>> @sw.udaf(input="numpy")
    ... class Product:
    ...     def __init__(self):
    ...         self.value = 1.0
    ...     def update(self, x):
    ...         self.value *= x.prod()
    ...     def merge(self, other):
    ...         self.value *= other.value
    ...     def evaluate(self) -> float:
    ...         return self.value
    >>> df.agg(Product("x").alias("p")).to_dict()
    {'p': [28.0]}
    """

    def make(function: Callable[..., Any]) -> AggregateFunction:
        return AggregateFunction(
            function, name=name, return_dtype=return_dtype, input_dtypes=input_dtypes, input=input
        )

    return make if function is None else make(function)
