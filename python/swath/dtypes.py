"""Data types: Arrow's, under the names that Polars gives them.

A type is given to :meth:`~swath.Expr.cast`, :func:`~swath.lit` and readers as one of these objects, as a
type of Python (``int``, ``float``, ``str``, ``bool``, ``datetime.date``, ``list[int]``, …), as text
(``"int64"``, ``"datetime[us, UTC]"``, ``"decimal(15, 2)"``), or as a type of pyarrow, NumPy or Polars.
"""

from __future__ import annotations

import datetime
import decimal
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from swath import _internal

__all__ = [
    "Array",
    "Binary",
    "BinaryView",
    "Boolean",
    "DataType",
    "Date",
    "Date64",
    "Datetime",
    "Decimal",
    "Dictionary",
    "Duration",
    "FixedSizeBinary",
    "Float16",
    "Float32",
    "Float64",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Interval",
    "IntoDataType",
    "LargeBinary",
    "LargeString",
    "List",
    "Map",
    "Null",
    "String",
    "StringView",
    "Struct",
    "Time",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Utf8",
    "to_dtype",
    "to_native",
]


class DataType:
    """A data type.

    Examples
    --------
    >>> sw.Int64
    Int64
    >>> sw.Datetime("us", "UTC")
    Datetime('us', 'UTC')
    >>> sw.Int64.is_numeric(), sw.String == sw.Int64
    (True, False)
    """

    __slots__ = ("_dtype",)
    _dtype: _internal.DataType

    def __init__(self, dtype: IntoDataType) -> None:
        self._dtype = to_dtype(dtype)._dtype

    @staticmethod
    def _of(native: _internal.DataType) -> DataType:
        kind = _KINDS.get(native.kind, DataType)
        made = object.__new__(kind)
        made._dtype = native
        return made

    def __call__(self) -> DataType:
        """Return this type: ``sw.Int64()`` is ``sw.Int64``."""
        return self

    def __repr__(self) -> str:
        return repr(self._dtype)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DataType):
            return self._dtype == other._dtype
        if isinstance(other, type) and issubclass(other, DataType):
            return isinstance(self, other)
        try:
            return self._dtype == to_dtype(typing.cast(Any, other))._dtype
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dtype)

    def __reduce__(self) -> tuple[Callable[..., DataType], tuple[str]]:
        return _evaluated, (repr(self),)

    def __arrow_c_schema__(self) -> object:
        """Return the type as an Arrow PyCapsule: pyarrow's ``pa.field`` takes it."""
        return self._dtype.__arrow_c_schema__()

    def is_numeric(self) -> bool:
        """Whether it is an integer, float or decimal.

        Examples
        --------
        >>> sw.Int64.is_numeric()
        True
        """
        return self._dtype.is_kind("numeric")

    def is_integer(self) -> bool:
        """Whether it is an integer.

        Examples
        --------
        >>> sw.UInt8.is_integer()
        True
        """
        return self._dtype.is_kind("integer")

    def is_float(self) -> bool:
        """Whether it is a float.

        Examples
        --------
        >>> sw.Float32.is_float()
        True
        """
        return self._dtype.is_kind("float")

    def is_decimal(self) -> bool:
        """Whether it is a decimal.

        Examples
        --------
        >>> sw.Decimal(5, 2).is_decimal()
        True
        """
        return self._dtype.is_kind("decimal")

    def is_string(self) -> bool:
        """Whether it is a string, of whatever layout.

        Examples
        --------
        >>> sw.String.is_string()
        True
        """
        return self._dtype.is_kind("string")

    def is_temporal(self) -> bool:
        """Whether it is a date, a time, a timestamp, a duration or an interval.

        Examples
        --------
        >>> sw.Date.is_temporal()
        True
        """
        return self._dtype.is_kind("temporal")

    def is_nested(self) -> bool:
        """Whether it is a list, a struct or a map.

        Examples
        --------
        >>> sw.List(sw.Int64).is_nested()
        True
        """
        return self._dtype.is_kind("nested")


class Decimal(DataType):
    """Decimal numbers of ``precision`` digits, ``scale`` of them after the point.

    Examples
    --------
    >>> sw.Decimal(15, 2).scale
    2
    """

    __slots__ = ()

    def __init__(self, precision: int = 38, scale: int = 0) -> None:
        self._dtype = _internal.DataType.decimal(precision, scale)

    @property
    def precision(self) -> int:
        """Digits in all."""
        return (self._dtype.digits or (0, 0))[0]

    @property
    def scale(self) -> int:
        """Digits after the point."""
        return (self._dtype.digits or (0, 0))[1]


class Datetime(DataType):
    """Timestamps in ``unit`` (``"s"``, ``"ms"``, ``"us"``, ``"ns"``), with a time zone or without.

    Examples
    --------
    >>> sw.Datetime("ms", "Europe/Berlin").time_zone
    'Europe/Berlin'
    """

    __slots__ = ()

    def __init__(self, unit: str = "us", time_zone: str | datetime.tzinfo | None = None) -> None:
        from swath.literal import zone_name

        zone = zone_name(time_zone) if isinstance(time_zone, datetime.tzinfo) else time_zone
        self._dtype = _internal.DataType.datetime(unit, zone)

    @property
    def unit(self) -> str:
        """``"s"``, ``"ms"``, ``"us"`` or ``"ns"``."""
        return self._dtype.unit or ""

    @property
    def time_zone(self) -> str | None:
        """The name of the time zone, if there is one."""
        return self._dtype.time_zone


class Duration(DataType):
    """Lengths of time in ``unit``.

    Examples
    --------
    >>> sw.Duration("ms").unit
    'ms'
    """

    __slots__ = ()

    def __init__(self, unit: str = "us") -> None:
        self._dtype = _internal.DataType.duration(unit)

    @property
    def unit(self) -> str:
        """``"s"``, ``"ms"``, ``"us"`` or ``"ns"``."""
        return self._dtype.unit or ""


class Time(DataType):
    """Times of day in ``unit``.

    Examples
    --------
    >>> sw.Time()
    Time('ns')
    """

    __slots__ = ()

    def __init__(self, unit: str = "ns") -> None:
        self._dtype = _internal.DataType.time(unit)

    @property
    def unit(self) -> str:
        """``"s"``, ``"ms"``, ``"us"`` or ``"ns"``."""
        return self._dtype.unit or ""


class List(DataType):
    """Lists of any length.

    Examples
    --------
    >>> sw.List(sw.Int64).inner
    Int64
    """

    __slots__ = ()

    def __init__(self, inner: IntoDataType) -> None:
        self._dtype = _internal.DataType.list(to_dtype(inner)._dtype)

    @property
    def inner(self) -> DataType:
        """The type of the elements."""
        return DataType._of(self._dtype.fields[0][1])


class Array(DataType):
    """Lists of ``width`` elements each.

    Examples
    --------
    >>> sw.Array(sw.Float32, 3).width
    3
    """

    __slots__ = ()

    def __init__(self, inner: IntoDataType, width: int) -> None:
        self._dtype = _internal.DataType.array(to_dtype(inner)._dtype, width)

    @property
    def inner(self) -> DataType:
        """The type of the elements."""
        return DataType._of(self._dtype.fields[0][1])

    @property
    def width(self) -> int:
        """Number of elements."""
        return self._dtype.width or 0


class FixedSizeBinary(DataType):
    """Bytes, ``width`` of them each.

    Examples
    --------
    >>> sw.FixedSizeBinary(16).width
    16
    """

    __slots__ = ()

    def __init__(self, width: int) -> None:
        self._dtype = _internal.DataType.fixed_binary(width)

    @property
    def width(self) -> int:
        """Number of bytes."""
        return self._dtype.width or 0


class Struct(DataType):
    """Named fields.

    Examples
    --------
    >>> sw.Struct({"x": sw.Int64, "y": str}).fields
    {'x': Int64, 'y': String}
    """

    __slots__ = ()

    def __init__(self, fields: Mapping[str, IntoDataType] | Sequence[tuple[str, IntoDataType]]) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._dtype = _internal.DataType.struct([(name, to_dtype(dtype)._dtype) for name, dtype in pairs])

    @property
    def fields(self) -> dict[str, DataType]:
        """The types of the fields by name."""
        return {name: DataType._of(native) for name, native in self._dtype.fields}


class Map(DataType):
    """Keys with values.

    Examples
    --------
    >>> sw.Map(str, int)
    Map(String, Int64)
    """

    __slots__ = ()

    def __init__(self, key: IntoDataType, value: IntoDataType) -> None:
        self._dtype = _internal.DataType.map(to_dtype(key)._dtype, to_dtype(value)._dtype)


class Dictionary(DataType):
    """Values that are kept once and referred to by an integer index: categories.

    Examples
    --------
    >>> sw.Dictionary(sw.Int32, sw.String)
    Dictionary(Int32, String)
    """

    __slots__ = ()

    def __init__(self, index: IntoDataType = "int32", value: IntoDataType = "str") -> None:
        self._dtype = _internal.DataType.dictionary(to_dtype(index)._dtype, to_dtype(value)._dtype)


_KINDS: dict[str, type[DataType]] = {
    "Decimal": Decimal,
    "Datetime": Datetime,
    "Duration": Duration,
    "Time": Time,
    "List": List,
    "LargeList": List,
    "Array": Array,
    "FixedSizeBinary": FixedSizeBinary,
    "Struct": Struct,
    "Map": Map,
    "Dictionary": Dictionary,
}

#: What stands for a data type.
IntoDataType: TypeAlias = DataType | type | str | types.GenericAlias | Any


def _named(text: str) -> DataType:
    return DataType._of(_internal.DataType.parse(text))


Null = _named("null")
Boolean = _named("bool")
Int8 = _named("int8")
Int16 = _named("int16")
Int32 = _named("int32")
Int64 = _named("int64")
UInt8 = _named("uint8")
UInt16 = _named("uint16")
UInt32 = _named("uint32")
UInt64 = _named("uint64")
Float16 = _named("float16")
Float32 = _named("float32")
Float64 = _named("float64")
String = _named("str")
Utf8 = String
LargeString = _named("large_string")
StringView = _named("string_view")
Binary = _named("binary")
LargeBinary = _named("large_binary")
BinaryView = _named("binary_view")
Date = _named("date")
Date64 = _named("date64")
Interval = _named("interval")

_OF_PYTHON: dict[type, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "str",
    bytes: "binary",
    type(None): "null",
    datetime.date: "date",
    datetime.datetime: "datetime",
    datetime.time: "time",
    datetime.timedelta: "duration",
    decimal.Decimal: "decimal(38, 10)",
}


def _evaluated(text: str) -> DataType:
    """Read what :func:`repr` of a type wrote."""
    made = eval(text, {"__builtins__": {}}, dict(globals()))
    return typing.cast(DataType, made)


def to_dtype(dtype: IntoDataType) -> DataType:
    """Return the data type that ``dtype`` stands for.

    Raises
    ------
    TypeError
        If it stands for none.
    ValueError
        If it is a text that names none.

    Examples
    --------
    >>> from swath.dtypes import to_dtype
    >>> to_dtype(int), to_dtype("datetime[ms]"), to_dtype(list[str])
    (Int64, Datetime('ms'), List(String))
    """
    if isinstance(dtype, DataType):
        return dtype
    if isinstance(dtype, _internal.DataType):
        return DataType._of(dtype)
    if isinstance(dtype, str):
        return _named(dtype)
    if isinstance(dtype, type) and dtype in _OF_PYTHON:
        return _named(_OF_PYTHON[dtype])
    if dtype is None:
        return Null
    if isinstance(dtype, type) and issubclass(dtype, DataType):
        if dtype in (Decimal, Datetime, Duration, Time, Dictionary):
            return typing.cast(Callable[[], DataType], dtype)()
        raise TypeError(
            f"{dtype.__name__} needs to know what it is made of, as in {dtype.__name__}(sw.Int64)"
        )
    if typing.get_origin(dtype) in (list, Sequence):
        return List(typing.get_args(dtype)[0])
    if hasattr(dtype, "__arrow_c_schema__"):
        return DataType._of(_internal.DataType.from_arrow(dtype))
    numpy = _of_numpy(dtype)
    if numpy is not None:
        return numpy
    if (dtype if isinstance(dtype, type) else type(dtype)).__module__.startswith("polars."):
        return _of_polars(dtype)
    raise TypeError(
        f"expected a data type such as sw.Int64, int or 'int64', got {dtype!r} (a {type(dtype).__name__})"
    )


def to_native(dtype: IntoDataType) -> _internal.DataType:
    """Return the native data type that ``dtype`` stands for.

    Examples
    --------
    >>> from swath.dtypes import to_native
    >>> to_native("int64")
    Int64
    """
    return to_dtype(dtype)._dtype


def _of_numpy(dtype: Any) -> DataType | None:
    """Return the type of a dtype or scalar class of NumPy; nothing for what is neither."""
    if isinstance(dtype, type):
        if dtype.__module__ != "numpy":
            return None
        import numpy as np

        dtype = np.dtype(dtype)
    if not type(dtype).__module__.startswith("numpy") or not hasattr(dtype, "kind"):
        return None
    name: str = dtype.name
    if dtype.kind in "US" or dtype.kind == "T":
        return Binary if dtype.kind == "S" else String
    if name == "datetime64[D]":
        return Date
    return _named(name)


#: Types of Polars that have the names of those here.
_OF_POLARS = frozenset(
    [
        *("Binary", "Boolean", "Date", "Null", "String"),
        *("Float16", "Float32", "Float64", "Int8", "Int16", "Int32", "Int64"),
        *("UInt8", "UInt16", "UInt32", "UInt64"),
    ]
)


def _of_polars(dtype: Any) -> DataType:
    """Return the type of a data type of Polars, which may be a class or an instance of it."""
    name = dtype.__name__ if isinstance(dtype, type) else type(dtype).__name__
    if name in _OF_POLARS:
        return typing.cast(DataType, globals()[name])
    if name in ("Categorical", "Enum"):
        return Dictionary()
    if name == "Time":
        return Time()
    if name in ("Datetime", "Duration", "Decimal") and isinstance(dtype, type):
        return to_dtype({"Datetime": Datetime, "Duration": Duration, "Decimal": Decimal}[name])
    if name == "Datetime":
        return Datetime(dtype.time_unit or "us", dtype.time_zone)
    if name == "Duration":
        return Duration(dtype.time_unit or "us")
    if name == "Decimal":
        return Decimal(dtype.precision or 38, dtype.scale or 0)
    if name == "Struct" and not isinstance(dtype, type):
        return Struct([(field.name, field.dtype) for field in dtype.fields])
    if name == "List" and not isinstance(dtype, type):
        return List(dtype.inner)
    if name == "Array" and not isinstance(dtype, type):
        return Array(dtype.inner, dtype.size)
    if name in ("Struct", "List", "Array"):
        raise TypeError(f"{name} needs to know what it is made of, as in {name}(sw.Int64)")
    raise TypeError(f"Polars' {name} has no type here; expected a data type such as sw.Int64, int or 'int64'")
