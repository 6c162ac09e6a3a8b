"""Functions of the module, and what the names of SQL's functions are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from narwhals._compliant import CompliantSelector, LazySelectorNamespace
from narwhals._compliant.namespace import AlignDiagonal
from narwhals._expression_parsing import (
    combine_alias_output_names,
    combine_evaluate_output_names,
    evaluate_output_names_and_aliases,
)
from narwhals._sql.namespace import SQLNamespace
from narwhals._utils import Implementation, Version, check_column_names_are_unique

import swath
from swath.frame import DataFrame, Table
from swath.narwhals import types
from swath.narwhals.expressions import Expression
from swath.narwhals.frame import LazyFrame, eager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Our form of each function that narwhals calls by a name of SQL.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floordiv": lambda a, b: a // b,
    "and": lambda a, b: a & b,
    "greatest": swath.max_horizontal,
    "least": swath.min_horizontal,
    "isnull": lambda expr: expr.is_null(),
    "isnotnull": lambda expr: expr.is_not_null(),
    "isnan": lambda expr: expr.is_nan(),
    "abs": lambda expr: expr.abs(),
    "round": lambda expr, decimals: expr.round(_plain(decimals)),
    "floor": lambda expr: expr.floor(),
    "ceil": lambda expr: expr.ceil(),
    "sin": lambda expr: expr.sin(),
    "cos": lambda expr: expr.cos(),
    "sqrt": lambda expr: expr.sqrt(),
    "exp": lambda expr: expr.exp(),
    "log": lambda expr: expr.ln(),
    "sum": lambda expr: expr.sum(),
    "product": lambda expr: expr.product(),
    "mean": lambda expr: expr.mean(),
    "median": lambda expr: expr.median(),
    "min": lambda expr: expr.min(),
    "max": lambda expr: expr.max(),
    "count": lambda expr: expr.count(),
    "count_distinct": lambda expr: expr.n_unique(),
    "bool_and": lambda expr: expr.all(),
    "bool_or": lambda expr: expr.any(),
    "var_pop": lambda expr: expr.var(ddof=0),
    "var_samp": lambda expr: expr.var(ddof=1),
    "stddev_pop": lambda expr: expr.std(ddof=0),
    "stddev_samp": lambda expr: expr.std(ddof=1),
    "lag": lambda expr, n=1: expr.shift(n),
    "rank": swath.rank,
    "dense_rank": swath.dense_rank,
    "row_number": swath.row_number,
    "contains": lambda expr, text: expr.str.contains(text, literal=True),
    "regexp_matches": lambda expr, pattern: expr.str.matches(pattern),
    "starts_with": lambda expr, prefix: expr.str.starts_with(prefix),
    "ends_with": lambda expr, suffix: expr.str.ends_with(suffix),
    "length": lambda expr: expr.str.len_chars(),
    "lower": lambda expr: expr.str.to_lowercase(),
    "upper": lambda expr: expr.str.to_uppercase(),
    "concat": lambda *texts: swath.concat_str(*texts),
    "year": lambda expr: expr.dt.year(),
    "month": lambda expr: expr.dt.month(),
    "day": lambda expr: expr.dt.day(),
    "hour": lambda expr: expr.dt.hour(),
    "minute": lambda expr: expr.dt.minute(),
    "second": lambda expr: expr.dt.second(),
    "dayofyear": lambda expr: expr.dt.ordinal_day(),
    "to_date": lambda expr: expr.dt.date(),
}


def _plain(value: Any) -> Any:
    return value.plain if isinstance(value, _Literal) else value


class _Literal(swath.Expr):
    """A constant that still knows its value."""

    __slots__ = ("plain",)

    def __init__(self, value: Any) -> None:
        super().__init__(swath.lit(value)._expr)
        self.plain = value


class Selectors(LazySelectorNamespace["LazyFrame", "swath.Expr"]):
    """``narwhals.selectors``."""

    @property
    def _selector(self) -> type[Selector]:
        return Selector


class Selector(CompliantSelector["LazyFrame", "swath.Expr"], Expression):  # type: ignore[misc]
    """Columns by their type."""

    _window_function: Any = None

    def _to_expr(self) -> Expression:
        return Expression(
            self._call,
            evaluate_output_names=self._evaluate_output_names,
            alias_output_names=self._alias_output_names,
            version=self._version,
        )


class Functions(
    SQLNamespace["LazyFrame", "Expression", "DataFrame", "swath.Expr"],
    AlignDiagonal["LazyFrame", "Expression"],
):
    """Functions for a version of narwhals' API."""

    _implementation: Implementation = Implementation.UNKNOWN

    def __init__(self, *, version: Version) -> None:
        self._version = version

    def from_native(self, data: DataFrame, /) -> Any:
        """Return narwhals' view of a frame."""
        if isinstance(data, Table) or self._version is Version.V1:
            return eager(data, self._version)
        return LazyFrame(data, version=self._version)

    @property
    def selectors(self) -> Selectors:
        return Selectors.from_namespace(self)

    @property
    def _expr(self) -> type[Expression]:
        return Expression

    @property
    def _lazyframe(self) -> type[LazyFrame]:
        return LazyFrame

    def scan_csv(self, source: Any, *, separator: str = ",", **options: Any) -> LazyFrame:
        frame = swath.read_csv(source, delimiter=separator, **options)
        return self._lazyframe.from_native(frame, context=self)

    def scan_parquet(self, source: Any, **options: Any) -> LazyFrame:
        return self._lazyframe.from_native(swath.read_parquet(source, **options), context=self)

    def _function(self, name: str, *args: Any) -> swath.Expr:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise NotImplementedError(f"the function '{name}' is not supported")
        made: swath.Expr = function(*args)
        return made

    def _lit(self, value: Any) -> swath.Expr:
        return _Literal(value)

    def _when(self, condition: Any, value: Any, otherwise: Any = None) -> swath.Expr:
        choice = swath.when(condition).then(value)
        return choice if otherwise is None else choice.otherwise(otherwise)

    def _coalesce(self, *exprs: swath.Expr) -> swath.Expr:
        return swath.coalesce(*exprs)

    def _made(self, call: Any, *exprs: Expression, names: list[str] | None = None) -> Expression:
        """Return an expression over others, or over none under a name."""
        return Expression(
            call,
            evaluate_output_names=combine_evaluate_output_names(*exprs) if exprs else lambda _: names,
            alias_output_names=combine_alias_output_names(*exprs) if exprs else None,
            version=self._version,
        )

    def lit(self, value: Any, dtype: Any) -> Expression:
        """Return a constant."""
        wanted = None if dtype is None else types.native(dtype, self._version)

        def constant(_: LazyFrame) -> list[swath.Expr]:
            made: swath.Expr = _Literal(value)
            return [made if wanted is None else made.cast(wanted)]

        def window(frame: LazyFrame, _: Any) -> list[swath.Expr]:
            return constant(frame)

        return Expression(
            constant,
            window,
            evaluate_output_names=lambda _: ["literal"],
            alias_output_names=None,
            version=self._version,
        )

    def len(self) -> Expression:
        """Count rows."""
        return self._made(lambda _: [swath.len()], names=["len"])

    def corr(self, a: Expression, b: Expression, *, method: str) -> Expression:
        """Return the correlation of two columns."""
        if method != "pearson":
            raise NotImplementedError(f"corr: expected method='pearson', got '{method}'")
        one = LazyFrame._evaluate_single_output_expr
        return self._made(lambda frame: [swath.corr(one(frame, a), one(frame, b))], a, b)

    def cov(self, a: Expression, b: Expression, *, ddof: int) -> Expression:
        """Return the covariance of two columns."""
        one = LazyFrame._evaluate_single_output_expr

        def covariance(frame: LazyFrame) -> list[swath.Expr]:
            x, y = one(frame, a), one(frame, b)
            if ddof == 1:
                return [swath.cov(x, y)]
            n = swath.when(x.is_not_null() & y.is_not_null()).then(1).count()
            # One pair has no covariance of its own, and here deviates from nothing.
            deviations = swath.coalesce(swath.cov(x, y), 0.0) * (n - 1)
            return [swath.when(n > ddof).then(deviations / (n - ddof))]

        return self._made(covariance, a, b)

    def concat(self, items: Iterable[LazyFrame], *, how: str) -> LazyFrame:
        """Put frames below each other."""
        frames = list(items)
        if how == "vertical" and any(frame.columns != frames[0].columns for frame in frames):
            raise TypeError("inputs should all have the same schema")
        native = swath.concat([frame.native for frame in frames], how=how)  # type: ignore[arg-type]
        return frames[0]._with_native(native)

    def concat_str(self, *exprs: Expression, separator: str, ignore_nulls: bool) -> Expression:
        """Put texts together."""

        def joined(columns: Sequence[swath.Expr]) -> swath.Expr:
            texts = [column.cast(swath.String) for column in columns]
            return swath.concat_str(*texts, separator=separator, ignore_nulls=ignore_nulls)

        return self._expr._from_elementwise_horizontal_op(joined, *exprs)

    def sum_horizontal(self, *exprs: Expression) -> Expression:
        """Add the columns up, nulls passed over."""
        return self._expr._from_elementwise_horizontal_op(
            lambda columns: swath.sum_horizontal(*columns), *exprs
        )

    def mean_horizontal(self, *exprs: Expression) -> Expression:
        """Return the mean of the columns, nulls passed over."""
        return self._expr._from_elementwise_horizontal_op(
            lambda columns: swath.mean_horizontal(*columns), *exprs
        )

    def struct(self, *exprs: Expression) -> Expression:
        """Put columns into one of structs."""

        def packed(frame: LazyFrame) -> list[swath.Expr]:
            fields = []
            for expr in exprs:
                _, names = evaluate_output_names_and_aliases(expr, frame, [])
                fields += list(zip(names, expr(frame), strict=True))
            check_column_names_are_unique([name for name, _ in fields])
            return [swath.struct(**dict(fields))]

        return self._made(packed, *exprs)

    def list(self, *exprs: Expression) -> Expression:
        """Put columns into one of lists."""

        def packed(frame: LazyFrame) -> Sequence[swath.Expr]:
            return [swath.concat_list(*(column for expr in exprs for column in expr(frame)))]

        return self._made(packed, *exprs)
