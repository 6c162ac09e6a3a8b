"""Constants of Python, NumPy and pyarrow as constants of the engine."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from swath import _internal

if TYPE_CHECKING:
    from swath.dtypes import IntoDataType

__all__ = ["literal", "literals", "zone_name"]

_PLAIN = (bool, int, float, str, bytes)
_DAY_OF_1970 = datetime.date(1970, 1, 1).toordinal()
_START = datetime.datetime(1970, 1, 1)
_START_UTC = _START.replace(tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)


def literal(value: Any, dtype: IntoDataType | None = None) -> _internal.Expr:
    """Return the constant ``value``, in ``dtype`` if given.

    Raises
    ------
    TypeError
        If no data type can hold such a value.
    InvalidValueError
        If ``dtype`` cannot hold this one.
    """
    if dtype is None:
        return _untyped(value)
    from swath.dtypes import to_dtype

    wanted = to_dtype(dtype)._dtype
    if isinstance(value, list | tuple) and wanted.kind in ("List", "LargeList"):
        return _list(value, wanted)
    if isinstance(value, uuid.UUID) and wanted.is_kind("string"):
        value = str(value)
    return _internal.lit_cast(_untyped(value), wanted)


def _untyped(value: Any) -> _internal.Expr:
    if value is None or (isinstance(value, _PLAIN) and not isinstance(value, enum.Enum)):
        return _plain(value)
    if isinstance(value, enum.Enum):
        return _untyped(value.value)
    if type(value).__name__ in ("NaTType", "NAType"):
        return _internal.lit(None)
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return _time(value)
    if isinstance(value, decimal.Decimal):
        return _decimal(value)
    if isinstance(value, uuid.UUID):
        return _internal.lit_cast(_internal.lit(value.bytes), _internal.DataType.fixed_binary(16))
    if isinstance(value, bytearray | memoryview):
        return _internal.lit(bytes(value))
    if isinstance(value, list | tuple):
        return _internal.lit_list([_untyped(element) for element in value])
    if isinstance(value, Mapping):
        names = [str(name) for name in value]
        return _internal.lit_struct(names, [_untyped(element) for element in value.values()])
    foreign = _foreign(value)
    if foreign is not None:
        return foreign
    remedy = _meant(value)
    if remedy is not None:
        raise TypeError(remedy)
    raise TypeError(
        f"no constant can be made of a {type(value).__qualname__}: expected None, a bool, a number, text, "
        "bytes, a date or time, a Decimal, a list, a dict, or a scalar of NumPy or pyarrow"
    )


def _meant(value: Any) -> str | None:
    """Say what to write instead of a value that is none; nothing if that is not known."""
    owner = getattr(value, "__self__", None)
    if callable(value) and type(owner).__module__.startswith("swath.expr"):
        space = type(owner).__name__
        space = f".{space.removesuffix('Namespace').lower()}" if space.endswith("Namespace") else ""
        return f"expected an expression or a value, got a method: call it, {space}.{value.__name__}()"
    module = type(value).__module__
    if type(value).__name__ == "Expr" and module.startswith("polars"):
        return "expected an expression or a value, got an expression of Polars; use sw.col"
    if type(value).__name__ == "Column" and module.startswith("pyspark"):
        return "expected an expression or a value, got a column of PySpark; use sw.col"
    return None


def _plain(value: Any) -> _internal.Expr:
    if type(value).__module__ == "numpy" and hasattr(value, "dtype"):
        # Some of NumPy's scalars are subclasses of Python's.
        made = _numpy(value)
        if made is not None:
            return made
    return _internal.lit(value)


def _list(value: Iterable[Any], wanted: _internal.DataType) -> _internal.Expr:
    inner = wanted.fields[0][1]
    elements = [_internal.lit_cast(_untyped(element), inner) for element in value]
    return _internal.lit_list(elements, inner)


def literals(values: Any) -> list[_internal.Expr]:
    """Return each of ``values`` as a constant."""
    values = _of_pandas(values)
    if _is_column(values):
        return _internal.lit_arrow(values)
    return [_untyped(value) for value in values]


def zone_name(zone: datetime.tzinfo, at: datetime.datetime | None = None) -> str:
    """Return the name of a time zone, or its offset (at a time, if it varies) as ``+02:00``."""
    if zone is datetime.timezone.utc:
        return "UTC"
    for attribute in ("key", "zone"):
        name = getattr(zone, attribute, None)
        if isinstance(name, str):
            return name
    offset = zone.utcoffset(at)
    if offset is None:
        raise TypeError(
            f"the time zone {zone!r} has neither a name nor a fixed offset; use zoneinfo.ZoneInfo"
        )
    minutes = offset // datetime.timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _time(value: datetime.date | datetime.time | datetime.timedelta) -> _internal.Expr:
    if isinstance(value, datetime.timedelta):
        nanoseconds = getattr(value, "nanoseconds", 0)
        if nanoseconds:
            # A pandas Timedelta.
            return _internal.lit_numpy_time("duration", value.value, "ns")  # type: ignore[attr-defined]
        return _internal.lit_time("duration", value // _MICROSECOND)
    if isinstance(value, datetime.time):
        if value.tzinfo is not None:
            raise TypeError(
                "no data type holds times of day with a time zone; use value.replace(tzinfo=None)"
            )
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        return _internal.lit_time("time", seconds * 1_000_000 + value.microsecond)
    if not isinstance(value, datetime.datetime):
        return _internal.lit_time("date", value.toordinal() - _DAY_OF_1970)
    if getattr(value, "nanosecond", 0) and value.tzinfo is None:
        # A pandas Timestamp.
        return _internal.lit_numpy_time("datetime", value.value, "ns")  # type: ignore[attr-defined]
    if value.tzinfo is None:
        return _internal.lit_time("datetime", (value - _START) // _MICROSECOND)
    return _internal.lit_time(
        "datetime", (value - _START_UTC) // _MICROSECOND, zone_name(value.tzinfo, value)
    )


def _decimal(value: decimal.Decimal) -> _internal.Expr:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"the decimal {value} has no digits; use float('nan') or float('inf')")
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    if precision > 76:
        raise ValueError(
            f"the decimal {value} has {precision} digits; 76 are the most that a data type holds"
        )
    return _internal.lit_decimal(format(value, "f"), precision, scale)


def _foreign(value: Any) -> _internal.Expr | None:
    """Return the constant for a value of another library; nothing for what is none."""
    module = type(value).__module__.partition(".")[0]
    if module == "numpy":
        return _numpy(value)
    if module == "pyarrow" and hasattr(value, "as_py"):
        import pyarrow

        return _internal.lit_arrow(pyarrow.array([value], type=value.type))[0]
    value = _of_pandas(value)
    if _is_column(value):
        return _internal.lit_list(_internal.lit_arrow(value))
    if isinstance(value, list):
        return _internal.lit_list([_untyped(element) for element in value])
    return None


def _of_pandas(value: Any) -> Any:
    """Return a column of pandas as Arrow's, in which nothing is missing but nulls; anything else as it is.

    Indexes and arrays have no Arrow interface of their own, nor had series before pandas 3.
    """
    if type(value).__module__.partition(".")[0] != "pandas" or getattr(value, "ndim", 0) != 1:
        return value
    try:
        import pyarrow
    except ImportError:
        # NaN is what pandas has for null.
        return [None if element != element else element for element in value.tolist()]
    made = pyarrow.array(value, from_pandas=True)
    return made.dictionary_decode() if pyarrow.types.is_dictionary(made.type) else made


def _is_column(value: Any) -> bool:
    """Whether it is a column of an Arrow library: a table, which has the same interface, holds rows."""
    if hasattr(value, "__arrow_c_array__"):
        return True
    return hasattr(value, "__arrow_c_stream__") and (hasattr(value, "to_list") or hasattr(value, "chunks"))


def _numpy(value: Any) -> _internal.Expr | None:
    if getattr(value, "ndim", 0) == 1:
        return _internal.lit_list([_untyped(element) for element in value])
    if getattr(value, "ndim", 0) > 1:
        raise TypeError(f"no constant can be made of an array of {value.ndim} dimensions; see swath.array")
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is None:
        return None
    if kind in "mM":
        return _numpy_time(value, "datetime" if kind == "M" else "duration")
    if kind in "USTO":
        return _untyped(value.item())
    if kind == "V" or kind == "c":
        return None
    return _internal.lit_cast(_internal.lit(value.item()), _internal.DataType.parse(value.dtype.name))


def _numpy_time(value: Any, kind: str) -> _internal.Expr:
    import numpy as np

    unit, _ = np.datetime_data(value.dtype)
    if kind == "datetime" and unit in ("Y", "M", "W", "D"):
        days = value.astype("datetime64[D]")
        if np.isnat(days):
            return _internal.lit_cast(_internal.lit(None), _internal.DataType.parse("date"))
        return _internal.lit_time("date", int(days.astype("int64")))
    if unit not in ("s", "ms", "us", "ns"):
        unit = "s"
        value = value.astype(f"{value.dtype.kind}8[s]")
    if np.isnat(value):
        return _internal.lit_cast(_internal.lit(None), _internal.DataType.parse(f"{kind}[{unit}]"))
    return _internal.lit_numpy_time(kind, int(value.astype("int64")), unit)
