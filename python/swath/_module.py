"""Functions of the module: methods of the session that is in use."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Concatenate, ParamSpec, TypeVar

from swath._session import default_session
from swath.session import Session

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def _in_use(method: Callable[Concatenate[Session, Parameters], Result]) -> Callable[Parameters, Result]:
    """Return the method as a function that takes the session in use."""

    @functools.wraps(method)
    def function(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return method(default_session(), *args, **kwargs)

    function.__qualname__ = method.__name__
    # Its signature is looked up there: the method's, without the session.
    function.__wrapped__ = MethodType(getattr(method, "__wrapped__", method), Session)
    return function


sql = _in_use(Session.sql)
read_parquet = _in_use(Session.read_parquet)
read_csv = _in_use(Session.read_csv)
read_json = _in_use(Session.read_json)
read_arrow = _in_use(Session.read_arrow)
from_arrow = _in_use(Session.from_arrow)
from_pandas = _in_use(Session.from_pandas)
from_polars = _in_use(Session.from_polars)
from_dict = _in_use(Session.from_dict)
from_records = _in_use(Session.from_records)
table = _in_use(Session.table)
tables = _in_use(Session.tables)
register = _in_use(Session.register)
