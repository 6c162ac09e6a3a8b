"""Types of functions, as annotations and keywords tell them."""

from __future__ import annotations

import datetime
import decimal
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from swath.errors import InvalidArgumentError
from swath.functions.calls import KINDS, pyarrow

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Signature", "arrow_schema", "arrow_type", "signature_of"]


def arrow_type(dtype: Any) -> pa.DataType:
    """
    Give the Arrow type that ``dtype`` means.

    Parameters
    ----------
    dtype
        A type of Swath, pyarrow or Python (``int``, ``float``, ``str``, ``bool``, ``bytes``,
        ``datetime.date`` …), or a name such as ``"int64"``.
    """
    found = _known_type(dtype)
    if found is None:
        raise InvalidArgumentError(
            f"expected a data type such as int, 'int64', pyarrow.int64() or sw.Int64, got {dtype!r}"
        )
    return found


def _known_type(dtype: Any) -> pa.DataType | None:
    pa = pyarrow()
    if isinstance(dtype, pa.DataType):
        return dtype
    plain = {
        bool: pa.bool_(),
        int: pa.int64(),
        float: pa.float64(),
        str: pa.string(),
        bytes: pa.binary(),
        datetime.date: pa.date32(),
        datetime.datetime: pa.timestamp("us"),
        datetime.time: pa.time64("us"),
        datetime.timedelta: pa.duration("us"),
        decimal.Decimal: pa.decimal128(38, 10),
    }
    if isinstance(dtype, type) and dtype in plain:
        return plain[dtype]
    if isinstance(dtype, type) and issubclass(dtype, _numpy_generic()):
        return pa.from_numpy_dtype(dtype)
    if isinstance(dtype, str):
        try:
            return pa.type_for_alias(dtype)
        except ValueError:
            return _swath_type(dtype)
    if typing.get_origin(dtype) is list:
        item = _known_type(typing.get_args(dtype)[0])
        return None if item is None else pa.list_(item)
    return _swath_type(dtype)


def _numpy_generic() -> Any:
    import sys

    numpy = sys.modules.get("numpy")
    return numpy.generic if numpy is not None else ()


def _swath_type(dtype: Any) -> pa.DataType | None:
    """Give the Arrow type of one of this package's."""
    pa = pyarrow()
    if not hasattr(dtype, "__arrow_c_schema__"):
        try:
            from swath.dtypes import to_dtype
        except ImportError:
            return None
        try:
            dtype = to_dtype(dtype)
        except (TypeError, ValueError):
            return None
    try:
        return pa.field(pa.Field._import_from_c_capsule(dtype.__arrow_c_schema__())).type
    except TypeError:
        return None


def arrow_schema(schema: Any, operation: str) -> pa.Schema:
    """
    Give the Arrow schema that ``schema`` means.

    Parameters
    ----------
    schema
        A pyarrow schema, a mapping of names to types, or pairs of both.
    operation
        Whose argument it is, for the message.
    """
    pa = pyarrow()
    if isinstance(schema, pa.Schema):
        return schema
    if isinstance(schema, Mapping):
        schema = list(schema.items())
    elif hasattr(schema, "__arrow_c_schema__"):
        return pa.schema(schema)
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        try:
            return pa.schema([(name, arrow_type(dtype)) for name, dtype in schema])
        except (TypeError, ValueError) as error:
            raise InvalidArgumentError(f"{operation}: schema: {error}") from None
    raise InvalidArgumentError(
        f"{operation}: schema: expected names and types of what the function returns, such as {{'a': int}}, "
        f"got {schema!r}"
    )


class Signature(typing.NamedTuple):
    """What a function takes and gives."""

    kind: str
    """What it is given, of :data:`swath.functions.calls.KINDS`."""
    inputs: list[Any] | None
    """Types of its arguments; any, if none are declared."""
    returns: Any
    """Its result's type."""


_SINGLE = (bool, int, float, str, bytes, datetime.date, datetime.datetime, datetime.time, datetime.timedelta)
_ARRAYS = {"pyarrow": "arrow", "numpy": "numpy", "polars": "polars", "pandas": "pandas"}


def signature_of(
    function: Callable[..., Any],
    operation: str,
    *,
    input: str | None,
    input_dtypes: Sequence[Any] | None,
    return_dtype: Any,
) -> Signature:
    """
    Give what a function takes and gives, by its annotations and by what is said beside it.

    Parameters
    ----------
    function
        The user's.
    operation
        Whose function it is, for messages.
    input, input_dtypes, return_dtype
        What was said; it wins over annotations.
    """
    if input is not None and input not in KINDS:
        raise InvalidArgumentError(f"{operation}: input: expected one of {', '.join(KINDS)}, got {input!r}")
    annotations, returned = _annotations(function)
    kinds = {_kind(annotation) for annotation in annotations} - {None}
    if input is None:
        if len(kinds) > 1:
            raise InvalidArgumentError(
                f"{operation}: the annotations name several kinds of arrays "
                f"({', '.join(sorted(map(str, kinds)))}); say input= for all"
            )
        input = str(kinds.pop()) if kinds else "arrow"
    if input_dtypes is None and annotations:
        declared = [_declared(annotation) for annotation in annotations]
        input_dtypes = declared if all(dtype is not None for dtype in declared) else None
    if return_dtype is None:
        return_dtype = _declared(returned)
    if return_dtype is None:
        raise InvalidArgumentError(
            f"{operation}: the type of the result is not known; say return_dtype=, or annotate it: -> float"
        )
    inputs = None if input_dtypes is None else [arrow_type(dtype) for dtype in input_dtypes]
    return Signature(input, inputs, arrow_type(return_dtype))


def _annotations(function: Callable[..., Any]) -> tuple[list[Any], Any]:
    """Give the annotations of the parameters in order, where there are any, and that of the result."""
    if inspect.isclass(function) and hasattr(function, "update"):
        # A class that keeps states: what its objects are given, and what they give in the end.
        parts = typing.cast("Any", function)
        return _annotations(parts.update)[0][1:], _annotations(parts.evaluate)[1]
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        hints = typing.get_type_hints(target, include_extras=True)
        parameters = inspect.signature(function).parameters.values()
    except (NameError, TypeError, ValueError):
        return [], None
    places = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and parameter.default is parameter.empty
    ]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return [], hints.get("return")
    return [hints.get(place.name) for place in places], hints.get("return")


def _plain(annotation: Any) -> Any:
    """Give the annotation without ``| None``."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        others = [part for part in typing.get_args(annotation) if part is not type(None)]
        return others[0] if len(others) == 1 else None
    return annotation


def _kind(annotation: Any) -> str | None:
    """Tell what a parameter with this annotation is given."""
    annotation = _plain(annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if annotation in _SINGLE:
        return "python"
    origin = typing.get_origin(annotation) or annotation
    return _ARRAYS.get(getattr(origin, "__module__", "").split(".")[0])


def _declared(annotation: Any) -> Any:
    """Give the data type that an annotation tells: of one value, or of an array's in ``Annotated``."""
    annotation = _plain(annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        found = [_known_type(extra) for extra in typing.get_args(annotation)[1:]]
        return next((dtype for dtype in found if dtype is not None), None)
    if annotation is None or _kind(annotation) in _ARRAYS.values():
        return None
    return _known_type(annotation)
