"""Nulls, membership, ranges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from swath import _internal
from swath.expr.base import ExprPart, IntoExpr, fill_limit, native
from swath.literal import literals

if TYPE_CHECKING:
    from swath.expr.expression import Expr


class Conditions(ExprPart):
    """Questions about values, and replacements for missing ones."""

    __slots__ = ()

    def is_null(self) -> Expr:
        """Whether the value is null. NaN is not.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").is_null()).to_dict()
        {'x': [False, True]}
        """
        return self._new(self._expr.is_null())

    def is_not_null(self) -> Expr:
        """Whether the value is not null.

        Examples
        --------
        >>> sw.from_dict({"x": [1, None]}).select(sw.col("x").is_not_null()).to_dict()
        {'x': [True, False]}
        """
        return self._new(self._expr.is_not_null())

    def is_in(self, values: Any, *, nulls_equal: bool = False) -> Expr:
        """Whether the value is one of ``values``.

        Parameters
        ----------
        values
            A list, set, array or series of values; an expression of lists; or a frame with one column,
            which runs as a semi join in ``filter``.
        nulls_equal
            Whether a null is in values with a null among them; else null gives null, and a null among
            ``values`` counts for nothing.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, None]})
        >>> df.select(sw.col("x").is_in([2, 3])).to_dict()
        {'x': [False, True, None]}
        >>> df.select(sw.col("x").is_in([2, None], nulls_equal=True)).to_dict()
        {'x': [False, True, True]}
        """
        if isinstance(values, ExprPart):
            return self._new(_internal.list_with("contains", values._expr, [self._expr]))
        frame = getattr(values, "_frame", None)
        if isinstance(frame, _internal.DataFrame):
            return self._new(self._expr.is_in_frame(frame))
        if isinstance(values, str | bytes) or (
            not isinstance(values, Iterable) and not hasattr(values, "__arrow_c_array__")
        ):
            raise TypeError(
                f"is_in: expected a list, set, array, frame or expression, got {values!r}; for one use =="
            )
        found = literals(values)
        present = [value for value in found if not value.is_null_literal()]
        if not nulls_equal:
            if not present:
                return self._new(_internal.when([(self._expr.is_not_null(), native(False))])).name.keep()
            return self._new(self._expr.is_in(present))
        inside = self._new(_internal.across("coalesce", [self._expr.is_in(present), native(False)]))
        return inside | self.is_null() if len(present) < len(found) else inside

    def between(
        self,
        lower_bound: IntoExpr,
        upper_bound: IntoExpr,
        closed: Literal["both", "left", "right", "none"] = "both",
    ) -> Expr:
        """Whether the value lies between two others, which belong to the range unless ``closed`` differs.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 3, None]})
        >>> df.select(sw.col("x").between(1, 2)).to_dict()
        {'x': [True, True, False, None]}
        >>> df.select(sw.col("x").between(1, 3, closed="none")).to_dict()
        {'x': [False, True, False, None]}
        """
        if closed not in ("both", "left", "right", "none"):
            raise ValueError(
                f"between: expected closed to be 'both', 'left', 'right' or 'none', got {closed!r}"
            )
        value = self._new(self._expr)
        above = value >= lower_bound if closed in ("both", "left") else value > lower_bound
        below = value <= upper_bound if closed in ("both", "right") else value < upper_bound
        return above & below

    def is_between(
        self,
        lower_bound: IntoExpr,
        upper_bound: IntoExpr,
        closed: Literal["both", "left", "right", "none"] = "both",
    ) -> Expr:
        """Whether the value lies between two others: :meth:`between`.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 3]}).select(sw.col("x").is_between(1, 2)).to_dict()
        {'x': [True, False]}
        """
        return self.between(lower_bound, upper_bound, closed)

    def fill_null(
        self,
        value: IntoExpr = None,
        strategy: Literal["forward", "backward", "min", "max", "mean", "zero", "one"] | None = None,
        limit: int | None = None,
    ) -> Expr:
        """Replace nulls by a value, or by what ``strategy`` says.

        Parameters
        ----------
        value
            What stands for null.
        strategy
            Instead: the value before or after in the table's order, the smallest, largest or mean value, 0 or
            1.
        limit
            With ``"forward"`` and ``"backward"``: how many nulls after (before) each value are filled.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, None, 3]})
        >>> df.select(sw.col("x").fill_null(0)).to_dict()
        {'x': [1, 0, 3]}
        >>> df.select(sw.col("x").fill_null(strategy="max")).to_dict()
        {'x': [1, 3, 3]}
        """
        if limit is not None and strategy not in ("forward", "backward"):
            raise ValueError(
                f"fill_null: a limit goes with the strategies 'forward' and 'backward', got {strategy!r}"
            )
        if strategy is not None:
            if value is not None:
                raise ValueError("fill_null: expected a value or a strategy, got both")
            if strategy in ("forward", "backward"):
                return self._new(_internal.fill(strategy, self._expr, fill_limit("fill_null", limit)))
            value = self._strategy(strategy)
        elif value is None:
            raise ValueError(
                "fill_null: expected a value or a strategy: fill_null(0), fill_null(strategy='forward')"
            )
        return self._new(_internal.across("coalesce", [self._expr, native(value)]))

    def _strategy(self, strategy: str) -> IntoExpr:
        if strategy in ("min", "max", "mean"):
            return self._new(_internal.aggregate(strategy, self._expr))
        if strategy in ("zero", "one"):
            return 0 if strategy == "zero" else 1
        raise ValueError(
            "fill_null: expected the strategy 'forward', 'backward', 'min', 'max', 'mean', 'zero' or 'one', "
            f"got {strategy!r}"
        )

    def fill_nan(self, value: IntoExpr) -> Expr:
        """Replace NaN by a value; ``None`` makes it null. Null stays null.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1.0, float("nan"), None]})
        >>> df.select(sw.col("x").fill_nan(0.0)).to_dict()
        {'x': [1.0, 0.0, None]}
        """
        if value is None:
            return self._new(_internal.when([(_internal.math("is_not_nan", self._expr), self._expr)]))
        return self._new(self._expr.fill_nan(native(value)))

    def null_if(self, value: IntoExpr) -> Expr:
        """Null where the value equals ``value``.

        Examples
        --------
        >>> sw.from_dict({"x": [1, 99]}).select(sw.col("x").null_if(99)).to_dict()
        {'x': [1, None]}
        """
        return self._new(self._expr.null_if(native(value)))

    def eq_missing(self, other: IntoExpr) -> Expr:
        """Equality under which two nulls are equal; the answer is never null.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, None], "y": [2, None]})
        >>> df.select(sw.col("x").eq_missing(sw.col("y"))).to_dict()
        {'x': [False, True]}
        """
        return self._new(self._expr.eq_missing(native(other)))

    def ne_missing(self, other: IntoExpr) -> Expr:
        """Inequality under which two nulls are equal; the answer is never null.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, None], "y": [2, None]})
        >>> df.select(sw.col("x").ne_missing(sw.col("y"))).to_dict()
        {'x': [True, False]}
        """
        return ~self.eq_missing(other)

    def replace(self, old: Any, new: Any = None, *, default: Any = ...) -> Expr:
        """Replace values by others.

        Parameters
        ----------
        old
            A value, a list of values, or a dict from old to new values.
        new
            The new value, or one for each of the old.
        default
            What stands in place of all other values; they stay if it is not given.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"]})
        >>> df.select(sw.col("x").replace({"a": "A", "b": "B"})).to_dict()
        {'x': ['A', 'B', 'c']}
        >>> df.select(sw.col("x").replace("a", "A", default="other")).to_dict()
        {'x': ['A', 'other', 'other']}
        """
        if isinstance(old, dict):
            pairs = list(old.items())
        elif isinstance(old, list | tuple):
            news = new if isinstance(new, list | tuple) else [new] * len(old)
            if len(news) != len(old):
                raise ValueError(
                    f"replace: expected a new value for each of the {len(old)} old ones, got {len(news)}"
                )
            pairs = list(zip(old, news, strict=True))
        else:
            pairs = [(old, new)]
        otherwise = self._expr if default is ... else native(default)
        if not pairs:
            return self._new(otherwise)
        value = self._new(self._expr)
        return self._new(
            _internal.when([((value == before)._expr, native(after)) for before, after in pairs], otherwise)
        ).name.keep()

    def replace_strict(self, old: Any, new: Any = None, *, default: Any = ...) -> Expr:
        """Replace every value: :meth:`replace` with a ``default``, which is not optional.

        Examples
        --------
        >>> df = sw.from_dict({"x": ["a", "b", "c"]})
        >>> df.select(sw.col("x").replace_strict({"a": 1, "b": 2}, default=0)).to_dict()
        {'x': [1, 2, 0]}
        """
        if default is ...:
            raise ValueError(
                "replace_strict: expected a default: whether every value is replaced is not known before "
                "the query runs; default=None gives null"
            )
        return self.replace(old, new, default=default)

    def is_close(self, other: IntoExpr, *, rel_tol: float = 1e-9, abs_tol: float = 0.0) -> Expr:
        """Whether two numbers differ by no more than a share of the larger, or than ``abs_tol``.

        Examples
        --------
        >>> df = sw.from_dict({"x": [0.1 + 0.2, 1.0, None]})
        >>> df.select(sw.col("x").is_close(0.3)).to_dict()
        {'x': [True, False, None]}
        """
        value, near = self._new(self._expr).cast("float64"), self._new(native(other)).cast("float64")
        larger = self._new(_internal.across("max", [abs(value)._expr, abs(near)._expr]))
        allowed = self._new(_internal.across("max", [(larger * rel_tol)._expr, native(float(abs_tol))]))
        # Equal ones may be infinite, whose difference is none.
        return ((value == near) | (abs(value - near) <= allowed) & larger.is_finite()).name.keep()

    def is_duplicated(self) -> Expr:
        """Whether the value occurs more than once in the frame.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 1]})
        >>> df.select("x", twice=sw.col("x").is_duplicated()).sort("x").to_dict()
        {'x': [1, 1, 2], 'twice': [True, True, False]}
        """
        return (self._repeated() > 1).name.keep()

    def is_unique(self) -> Expr:
        """Whether the value occurs once in the frame.

        Examples
        --------
        >>> df = sw.from_dict({"x": [1, 2, 1]})
        >>> df.select("x", once=sw.col("x").is_unique()).sort("x").to_dict()
        {'x': [1, 1, 2], 'once': [False, False, True]}
        """
        return (self._repeated() == 1).name.keep()

    def _repeated(self) -> Expr:
        """How often the value occurs; named after its column."""
        rows = _internal.aggregate("count", self._expr.is_null())
        return self._new(_internal.over(rows, [self._expr], []))
