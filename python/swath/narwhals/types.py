"""Data types of narwhals and of Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narwhals._arrow.utils import narwhals_to_native_dtype, native_to_narwhals_dtype

if TYPE_CHECKING:
    from narwhals._utils import Version
    from narwhals.dtypes import DType

    from swath.frame import DataFrame


def schema_of(frame: DataFrame, version: Version) -> dict[str, DType]:
    """Return the types of a frame's columns."""
    import pyarrow

    schema = pyarrow.schema(frame)
    return {field.name: native_to_narwhals_dtype(_plain(field.type), version) for field in schema}


def native(dtype: Any, version: Version) -> Any:
    """Return the Arrow type of one of narwhals'."""
    return narwhals_to_native_dtype(dtype, version)


def _plain(dtype: Any) -> Any:
    """Return the type that narwhals knows for one that lies in memory differently."""
    import pyarrow

    if pyarrow.types.is_string_view(dtype):
        return pyarrow.string()
    if pyarrow.types.is_binary_view(dtype):
        return pyarrow.binary()
    if pyarrow.types.is_list_view(dtype) or pyarrow.types.is_large_list_view(dtype):
        return pyarrow.list_(_plain(dtype.value_type))
    return dtype
