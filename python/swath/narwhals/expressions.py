"""Expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narwhals._sql.expr import SQLExpr
from narwhals._utils import NO_DEFAULT, Implementation, extend_bool, not_implemented

import swath
from swath.narwhals import types
from swath.narwhals.namespaces import DateTimes, Lists, Strings, Structs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from narwhals._utils import Version
    from typing_extensions import Self

    from swath.narwhals.frame import LazyFrame
    from swath.narwhals.functions import Functions


class Expression(SQLExpr["LazyFrame", "swath.Expr"]):
    """An expression of narwhals, which becomes ones of ours when its frame is known."""

    _implementation = Implementation.UNKNOWN

    def __init__(
        self,
        call: Callable[[LazyFrame], Sequence[swath.Expr]],
        window_function: Any = None,
        *,
        evaluate_output_names: Any,
        alias_output_names: Any,
        version: Version,
        implementation: Implementation = Implementation.UNKNOWN,
    ) -> None:
        self._call = call
        self._window_function = window_function
        self._evaluate_output_names = evaluate_output_names
        self._alias_output_names = alias_output_names
        self._version = version

    def __narwhals_namespace__(self) -> Functions:
        from swath.narwhals.functions import Functions

        return Functions(version=self._version)

    @classmethod
    def from_column_names(cls, evaluate_column_names: Any, /, *, context: Any) -> Self:
        def columns(frame: LazyFrame) -> list[swath.Expr]:
            return [swath.col(name) for name in evaluate_column_names(frame)]

        return cls(
            columns,
            evaluate_output_names=evaluate_column_names,
            alias_output_names=None,
            version=context._version,
        )

    @classmethod
    def from_column_indices(cls, *column_indices: int, context: Any) -> Self:
        def columns(frame: LazyFrame) -> list[swath.Expr]:
            names = frame.columns
            return [swath.col(names[index]) for index in column_indices]

        return cls(
            columns,
            evaluate_output_names=cls._eval_names_indices(column_indices),
            alias_output_names=None,
            version=context._version,
        )

    @classmethod
    def _alias_native(cls, expr: swath.Expr, name: str, /) -> swath.Expr:
        return expr.alias(name)

    def broadcast(self) -> Self:
        # An aggregate beside columns is repeated by the engine.
        return self

    def _window_expression(
        self,
        expr: swath.Expr,
        partition_by: Sequence[Any] = (),
        order_by: Sequence[Any] = (),
        rows_start: int | None = None,
        rows_end: int | None = None,
        *,
        descending: Sequence[bool] | None = None,
        nulls_last: Sequence[bool] | None = None,
    ) -> swath.Expr:
        rows = None if rows_start is None and rows_end is None else (rows_start, rows_end)
        if not order_by:
            return expr.over(*partition_by, rows=rows)
        return expr.over(
            *partition_by,
            order_by=list(order_by),
            descending=extend_bool(descending or False, len(order_by)),
            nulls_last=extend_bool(nulls_last or False, len(order_by)),
            rows=rows,
        )

    def _count_star(self) -> swath.Expr:
        return swath.len()

    def _first(self, expr: swath.Expr, *order_by: str) -> swath.Expr:
        return expr.first().order_by(*order_by, nulls_last=False)

    def _last(self, expr: swath.Expr, *order_by: str) -> swath.Expr:
        return expr.last().order_by(*order_by, nulls_last=False)

    def _any_value(self, expr: swath.Expr, *, ignore_nulls: bool) -> swath.Expr:
        return expr.min() if ignore_nulls else expr.first()

    def __invert__(self) -> Self:
        return self._with_elementwise(lambda expr: ~expr)

    def __neg__(self) -> Self:
        return self._with_elementwise(lambda expr: -expr)

    def __mod__(self, other: Self) -> Self:
        return self._with_binary(lambda expr, other: expr % other, other)

    def __rmod__(self, other: Self) -> Self:
        return self._with_binary(lambda expr, other: other % expr, other).alias("literal")

    def cast(self, dtype: Any) -> Self:
        return self._with_elementwise(lambda expr: expr.cast(types.native(dtype, self._version)))

    def quantile(self, quantile: float, interpolation: Any) -> Self:
        return self._with_callable(lambda expr: expr.quantile(quantile, interpolation))

    def mode(self, *, keep: str) -> Self:
        if keep != "any":
            raise NotImplementedError("mode: expected keep='any'; of several values there is one")
        return self._with_callable(lambda expr: expr.mode())

    def skew(self) -> Self:
        return self._with_callable(lambda expr: expr.skew())

    def kurtosis(self) -> Self:
        return self._with_callable(lambda expr: expr.kurtosis())

    def len(self) -> Self:
        return self._with_callable(lambda _: swath.len())

    def null_count(self) -> Self:
        return self._with_callable(lambda expr: expr.null_count())

    def is_nan(self) -> Self:
        return self._floats(lambda expr: expr.is_nan(), False)

    def is_finite(self) -> Self:
        return self._floats(lambda expr: expr.is_finite(), True)

    def _floats(self, test: Callable[[swath.Expr], swath.Expr], otherwise: bool) -> Self:
        """Return a test of floats; what is no float has the other answer."""

        def tested(frame: LazyFrame) -> list[swath.Expr]:
            found = []
            for expr in self(frame):
                is_float = frame.native.select(expr.alias("it")).schema["it"].is_float
                found.append(test(expr) if is_float else swath.when(expr.is_not_null()).then(otherwise))
            return found

        return self.__class__(
            tested,
            evaluate_output_names=self._evaluate_output_names,
            alias_output_names=self._alias_output_names,
            version=self._version,
        )

    def is_in(self, other: Sequence[Any]) -> Self:
        values = [value for value in other if value is not None]
        if not values:
            return self._with_elementwise(lambda expr: swath.when(expr.is_not_null()).then(False))
        return self._with_elementwise(lambda expr: expr.is_in(values))

    def fill_null(self, value: Self | None, strategy: Any, limit: int | None) -> Self:
        if strategy is None:
            assert value is not None
            return self._with_elementwise(
                lambda expr, value: swath.coalesce(expr, value), expression_args={"value": value}
            )

        def filled(frame: LazyFrame, inputs: Any) -> list[swath.Expr]:
            name = "forward_fill" if strategy == "forward" else "backward_fill"
            order = {"order_by": list(inputs.order_by), "nulls_last": False} if inputs.order_by else {}
            return [getattr(expr, name)(limit).over(*inputs.partition_by, **order) for expr in self(frame)]

        return self._with_window_function(filled)

    def replace_strict(
        self, default: Any, old: Sequence[Any], new: Sequence[Any], *, return_dtype: Any
    ) -> Self:
        if default is NO_DEFAULT:
            raise ValueError("replace_strict: expected a default, since unknown values are not looked for")

        def replaced(expr: swath.Expr, default: swath.Expr) -> swath.Expr:
            choice: Any = swath
            for value, instead in zip(old, new, strict=True):
                condition = expr.is_null() if value is None else expr == value
                choice = choice.when(condition).then(swath.lit(instead))
            result = choice.otherwise(default) if old else default
            return result if return_dtype is None else result.cast(types.native(return_dtype, self._version))

        return self._with_elementwise(replaced, expression_args={"default": default})

    @property
    def str(self) -> Strings:
        return Strings(self)

    @property
    def dt(self) -> DateTimes:
        return DateTimes(self)

    @property
    def list(self) -> Lists:
        return Lists(self)

    @property
    def struct(self) -> Structs:
        return Structs(self)

    map = not_implemented()
    _singleton_list = not_implemented()
    _list_first = not_implemented()
