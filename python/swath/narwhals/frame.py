"""Lazy frames."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from narwhals import exceptions
from narwhals._sql.dataframe import SQLLazyFrame
from narwhals._utils import (
    Implementation,
    check_column_names_are_unique,
    generate_temporary_column_name,
    not_implemented,
    parse_columns_to_drop,
)

import swath
from swath import errors
from swath.frame import DataFrame
from swath.narwhals import types
from swath.narwhals.expressions import Expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

    from narwhals._utils import Version
    from narwhals.dtypes import DType
    from typing_extensions import Self

    from swath.narwhals.functions import Functions
    from swath.narwhals.group import Group


class LazyFrame(SQLLazyFrame["Expression", "DataFrame", "Any"]):
    """A frame of ours, as narwhals asks for it."""

    _implementation = Implementation.UNKNOWN

    def __init__(self, frame: DataFrame, *, version: Version) -> None:
        self._native_frame = frame
        self._version = version
        self._schema: dict[str, DType] | None = None

    @staticmethod
    def _is_native(obj: Any) -> bool:
        return isinstance(obj, DataFrame)

    @classmethod
    def from_native(cls, data: DataFrame, /, *, context: Any) -> Self:
        return cls(data, version=context._version)

    def to_narwhals(self) -> Any:
        return self._version.lazyframe(self, level="lazy")

    def __narwhals_lazyframe__(self) -> Self:
        return self

    def __native_namespace__(self) -> ModuleType:
        return swath

    def __narwhals_namespace__(self) -> Functions:
        from swath.narwhals.functions import Functions

        return Functions(version=self._version)

    def _with_version(self, version: Version) -> Self:
        return self.__class__(self.native, version=version)

    def _with_native(self, frame: DataFrame) -> Self:
        return self.__class__(frame, version=self._version)

    def _iter_columns(self) -> Iterator[Any]:
        for name in self.columns:
            yield swath.col(name)

    @property
    def columns(self) -> list[str]:
        return self.native.columns

    @property
    def schema(self) -> dict[str, DType]:
        if self._schema is None:
            self._schema = types.schema_of(self.native, self._version)
        return self._schema

    def collect_schema(self) -> dict[str, DType]:
        return self.schema

    def collect(self, backend: Any, **_: Any) -> Any:
        if backend is None or backend is Implementation.PYARROW:
            with self._in_their_words():
                return eager(self.native, self._version)
        if backend is Implementation.PANDAS:
            from narwhals._pandas_like.dataframe import PandasLikeDataFrame

            return PandasLikeDataFrame(
                self.native.to_pandas(),
                implementation=Implementation.PANDAS,
                validate_backend_version=True,
                version=self._version,
                validate_column_names=True,
            )
        if backend is Implementation.POLARS:
            from narwhals._polars.dataframe import PolarsDataFrame

            return PolarsDataFrame(
                self.native.to_polars(), validate_backend_version=True, version=self._version
            )
        raise ValueError(f"collect: expected the backend pyarrow, pandas or polars, got {backend}")

    def lazy(self, backend: Any = None, **_: Any) -> Self:
        return self

    def _evaluated(self, expressions: Iterable[Expression]) -> list[Any]:
        """Return our expressions for those of narwhals, each with its name."""
        found = []
        for expression in expressions:
            names = self._names(expression)
            found += [column.alias(name) for column, name in zip(expression(self), names, strict=True)]
        return found

    def _names(self, expression: Expression) -> Sequence[str]:
        """Return the names of an expression's columns."""
        names: Sequence[str] = expression._evaluate_output_names(self)
        return names if expression._alias_output_names is None else expression._alias_output_names(names)

    def head(self, n: int) -> Self:
        return self._with_native(self.native.limit(n))

    def simple_select(self, *column_names: str) -> Self:
        return self._with_native(self.native.select(*column_names))

    @contextmanager
    def _in_their_words(self) -> Iterator[None]:
        """Raise errors of ours as those that narwhals has for them."""
        try:
            yield
        except errors.ColumnNotFoundError as error:
            missing = str(error).split("'")[1:2]
            raise exceptions.ColumnNotFoundError.from_missing_and_available_column_names(
                missing, self.columns
            ) from error
        except (errors.SqlError, errors.InvalidValueError) as error:
            raise exceptions.InvalidOperationError(str(error)) from error

    def aggregate(self, *exprs: Expression) -> Self:
        # Constants alone are no aggregation.
        rows = generate_temporary_column_name(8, self.columns, prefix="rows_")
        with self._in_their_words():
            aggregated = self.native.agg([*self._evaluated(exprs), swath.len().alias(rows)])
        return self._with_native(aggregated.drop(rows))

    def select(self, *exprs: Expression) -> Self:
        with self._in_their_words():
            chosen = self._evaluated(exprs)
            check_column_names_are_unique([name for expr in exprs for name in self._names(expr)])
            return self._with_native(self.native.select(chosen))

    def with_columns(self, *exprs: Expression) -> Self:
        with self._in_their_words():
            return self._with_native(self.native.with_columns(self._evaluated(exprs)))

    def drop(self, columns: Sequence[str], *, strict: bool) -> Self:
        return self._with_native(self.native.drop(parse_columns_to_drop(self, columns, strict=strict)))

    def rename(self, mapping: Mapping[str, str]) -> Self:
        check_column_names_are_unique([mapping.get(name, name) for name in self.columns])
        return self._with_native(self.native.rename(mapping))

    def cast(self, dtypes: Mapping[str, Any]) -> Self:
        wanted = {name: types.native(dtype, self._version) for name, dtype in dtypes.items()}
        return self._with_native(self.native.cast(wanted))

    def filter(self, predicate: Expression) -> Self:
        with self._in_their_words():
            return self._with_native(self.native.filter(predicate(self)[0]))

    def sort(self, *by: str, descending: bool | Sequence[bool], nulls_last: bool) -> Self:
        return self._with_native(self.native.sort(*by, descending=descending, nulls_last=nulls_last))

    def top_k(self, k: int, *, by: Iterable[str], reverse: bool | Sequence[bool]) -> Self:
        down = not reverse if isinstance(reverse, bool) else [not one for one in reverse]
        return self._with_native(self.native.sort(*by, descending=down, nulls_last=True).limit(k))

    def unique(self, subset: Any, *, keep: Any, order_by: Sequence[str] | None) -> Self:
        keys = list(subset or self.columns)
        if error := self._check_columns_exist(keys):
            raise error
        name = generate_temporary_column_name(8, self.columns, prefix="row_")
        if keep == "none":
            number = swath.len().over(*keys)
        elif order_by:
            last = keep == "last"
            number = swath.row_number().over(*keys, order_by=list(order_by), descending=last, nulls_last=last)
        else:
            return self._with_native(self.native.distinct(*keys))
        numbered = self.native.with_columns(number.alias(name))
        return self._with_native(numbered.filter(swath.col(name) == 1).drop(name))

    def drop_nulls(self, subset: Sequence[str] | None) -> Self:
        return self._with_native(self.native.drop_nulls(*(subset or ())))

    def group_by(self, keys: Any, *, drop_null_keys: bool) -> Group:
        from swath.narwhals.group import Group

        return Group(self, keys, drop_null_keys=drop_null_keys)

    def join(
        self,
        other: Self,
        *,
        how: str,
        left_on: Sequence[str] | None,
        right_on: Sequence[str] | None,
        suffix: str,
    ) -> Self:
        if how not in ("semi", "anti"):
            keys = () if how == "full" else right_on or ()
            added = [
                f"{name}{suffix}" if name in self.columns else name
                for name in other.columns
                if name not in keys
            ]
            check_column_names_are_unique([*self.columns, *added])
        if how == "cross":
            return self._with_native(self.native.join(other.native, how="cross", suffix=suffix))
        joined = self.native.join(
            other.native,
            how=how,
            left_on=list(left_on or ()),
            right_on=list(right_on or ()),
            suffix=suffix,
            # narwhals joins as polars does: keys come out once, but for a full join.
            coalesce=how != "full",
        )
        return self._with_native(joined)

    def join_asof(
        self,
        other: Self,
        *,
        left_on: str,
        right_on: str,
        by_left: Sequence[str] | None,
        by_right: Sequence[str] | None,
        strategy: Any,
        suffix: str,
    ) -> Self:
        joined = self.native.join_asof(
            other.native,
            left_on=left_on,
            right_on=right_on,
            by_left=list(by_left or ()),
            by_right=list(by_right or ()),
            strategy=strategy,
            suffix=suffix,
        )
        extra = [name for name in by_right or () if name not in self.columns]
        return self._with_native(joined.drop(extra) if extra else joined)

    def explode(self, columns: Sequence[str], *, empty_as_null: bool = True, keep_nulls: bool = True) -> Self:
        name = self._validate_explode_columns(columns)
        frame = self.native
        if not empty_as_null:
            frame = frame.filter(swath.coalesce(swath.col(name).list.len() > 0, True))
        if not keep_nulls:
            frame = frame.drop_nulls(name)
        return self._with_native(frame.explode(name))

    def unpivot(
        self, on: Sequence[str] | None, index: Sequence[str] | None, variable_name: str, value_name: str
    ) -> Self:
        kept = list(index or ())
        taken = [name for name in self.columns if name not in kept] if on is None else list(on)
        long = self.native.unpivot(taken, index=kept, variable_name=variable_name, value_name=value_name)
        return self._with_native(long)

    def with_row_index(self, name: str, order_by: Sequence[str] | None) -> Self:
        if not order_by:
            return self._with_native(self.native.with_row_index(name))
        number = swath.row_number().over(order_by=list(order_by), nulls_last=False) - 1
        return self._with_native(self.native.select(number.alias(name), *self.columns))

    def sink_parquet(self, file: Any) -> None:
        self.native.write_parquet(file, mode="overwrite", single_file=True)

    _filter = not_implemented()


def eager(frame: DataFrame, version: Version) -> Any:
    """Run a frame and return its rows as narwhals' frame over Arrow."""
    import pyarrow
    from narwhals._arrow.dataframe import ArrowDataFrame

    table = frame.to_arrow()
    fields = [field.with_type(types._plain(field.type)) for field in table.schema]
    table = table.cast(pyarrow.schema(fields))
    return ArrowDataFrame(table, validate_backend_version=True, version=version, validate_column_names=True)
