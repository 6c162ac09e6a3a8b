//! The namespace `.list()`: functions of lists. A null list gives null.

use arrow::datatypes::DataType;
use datafusion::functions_nested::expr_fn as nested;
use datafusion::logical_expr::{Expr, cast, lambda, lambda_var, lit};
use swath_exec::functions;

use super::ExprOrValue;
use super::conditional::when;

/// List functions of an expression; made by [`ExprExt::list`](super::ExprExt::list).
#[derive(Clone, Debug)]
pub struct ListExpr(pub(crate) Expr);

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        $($(#[$doc])* pub fn $name(self) -> Expr { nested::$function(self.0) })*
    };
}

impl ListExpr {
    unary! {
        /// Sum of the elements as a float, nulls skipped.
        sum = array_sum;
        /// Mean of the elements, nulls skipped.
        mean = array_avg;
        /// Smallest element, nulls skipped.
        min = array_min;
        /// Largest element, nulls skipped.
        max = array_max;
        /// In reverse order.
        reverse = array_reverse;
        /// Each different element once.
        unique = array_distinct;
        /// Without nulls.
        drop_nulls = array_compact;
        /// Lists of lists made one list.
        flatten = flatten;
    }

    /// Variance of the elements, nulls skipped; of a sample with a `ddof` of 1, of a population with 0.
    pub fn var(self, ddof: u32) -> Expr {
        functions::list_var().call(vec![self.0, lit(i64::from(ddof))])
    }

    /// Standard deviation of the elements, nulls skipped; of a sample with a `ddof` of 1, of a population with 0.
    pub fn std(self, ddof: u32) -> Expr {
        functions::list_std().call(vec![self.0, lit(i64::from(ddof))])
    }

    /// The elements at the positions in the list `positions` (0 is the first, -1 the last). Where there is none, null with
    /// `null_on_oob`, else an error.
    pub fn gather(self, positions: Expr, null_on_oob: bool) -> Expr {
        functions::list_gather().call(vec![self.0, positions, lit(null_on_oob)])
    }

    /// Each element moved `places` places towards the end (the start, if negative), null where nothing is moved to.
    pub fn shift(self, places: impl Into<ExprOrValue>) -> Expr {
        functions::list_shift().call(vec![self.0, places.into().0])
    }

    /// Each element minus the one `places` places before, null where there is none.
    pub fn diff(self, places: impl Into<ExprOrValue>) -> Expr {
        functions::list_diff().call(vec![self.0, places.into().0])
    }

    /// Number of elements, nulls included.
    pub fn len(self) -> Expr {
        nested::array_length(self.0)
    }

    /// Element `index` (0 is the first, -1 the last); null if there is none.
    pub fn get(self, index: i64) -> Expr {
        nested::array_element(self.0, lit(if index < 0 { index } else { index + 1 }))
    }

    /// Element at the position that `index` has in each row (0 is the first, -1 the last); null if there is none.
    pub fn get_at(self, index: Expr) -> Expr {
        // Numbers without a sign, of `len()` say, meet others with one in decimals.
        let index = cast(index, DataType::Int64);
        let position = when(index.clone().lt(lit(0_i64))).then(index.clone()).otherwise(index + lit(1_i64));
        nested::array_element(self.0, position)
    }

    /// The first element; null if there is none.
    pub fn first(self) -> Expr {
        self.get(0)
    }

    /// The last element; null if there is none.
    pub fn last(self) -> Expr {
        self.get(-1)
    }

    /// `length` elements from `offset` (0 is the first).
    pub fn slice(self, offset: u32, length: u32) -> Expr {
        let (first, last) = (i64::from(offset) + 1, i64::from(offset) + i64::from(length));
        nested::array_slice(self.0, lit(first), lit(last), None)
    }

    /// The first `length` elements.
    pub fn head(self, length: u32) -> Expr {
        self.slice(0, length)
    }

    /// Whether `value` is an element.
    pub fn contains(self, value: impl Into<ExprOrValue>) -> Expr {
        nested::array_has(self.0, value.into().0)
    }

    /// Whether every element of `other` is an element.
    pub fn contains_all(self, other: Expr) -> Expr {
        nested::array_has_all(self.0, other)
    }

    /// Whether any element of `other` is an element.
    pub fn contains_any(self, other: Expr) -> Expr {
        nested::array_has_any(self.0, other)
    }

    /// Position of the first element that equals `value` (0 is the first); null if there is none.
    pub fn position(self, value: impl Into<ExprOrValue>) -> Expr {
        let position = nested::array_position(self.0, value.into().0, lit(1_i64));
        cast(position, DataType::Int64) - lit(1_i64)
    }

    /// Sorted; nulls first when ascending, last when descending.
    pub fn sort(self, descending: bool) -> Expr {
        let (order, nulls) = if descending { ("DESC", "NULLS LAST") } else { ("ASC", "NULLS FIRST") };
        nested::array_sort(self.0, lit(order), lit(nulls))
    }

    /// The elements' texts with `separator` between, nulls left out.
    pub fn join(self, separator: &str) -> Expr {
        nested::array_to_string(self.0, lit(separator))
    }

    /// With `value` after the last element.
    pub fn append(self, value: impl Into<ExprOrValue>) -> Expr {
        nested::array_append(self.0, value.into().0)
    }

    /// With the elements of `other` after the last.
    pub fn concat(self, other: Expr) -> Expr {
        nested::array_concat(vec![self.0, other])
    }

    /// Elements that are in both, each once.
    pub fn intersect(self, other: Expr) -> Expr {
        nested::array_intersect(self.0, other)
    }

    /// Elements that are in either, each once.
    pub fn union(self, other: Expr) -> Expr {
        nested::array_union(self.0, other)
    }

    /// Elements that are not in `other`, each once.
    pub fn difference(self, other: Expr) -> Expr {
        nested::array_except(self.0, other)
    }

    /// Each element replaced by what `function` makes of it: `.transform(|element| element * lit(2))`.
    pub fn transform(self, function: impl FnOnce(Expr) -> Expr) -> Expr {
        nested::array_transform(self.0, element_lambda(function))
    }

    /// The elements for which `predicate` is true.
    pub fn filter(self, predicate: impl FnOnce(Expr) -> Expr) -> Expr {
        nested::array_filter(self.0, element_lambda(predicate))
    }

    /// Whether the list has no elements.
    pub fn is_empty(self) -> Expr {
        nested::array_empty(self.0)
    }

    /// The list, or null where it has no elements.
    pub fn null_if_empty(self) -> Expr {
        when(!nested::array_empty(self.0.clone())).then(self.0).end()
    }
}

fn element_lambda(function: impl FnOnce(Expr) -> Expr) -> Expr {
    lambda(["element"], function(lambda_var("element")))
}

/// A list in each row of the values of these expressions, which need a common type.
pub fn list_of<E: Into<ExprOrValue>>(values: impl IntoIterator<Item = E>) -> Expr {
    nested::make_array(values.into_iter().map(|value| value.into().0).collect())
}

/// The integers from `start` up to but not including `end`, as a list.
pub fn int_range(start: impl Into<ExprOrValue>, end: impl Into<ExprOrValue>) -> Expr {
    nested::range(start.into().0, end.into().0, lit(1_i64))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{rows, table};

    fn of(expr: Expr) -> String {
        rows(&table("SELECT [3, 1, NULL, 3] AS l, [1, 9] AS m, CAST(NULL AS BIGINT[]) AS n").select([expr])).remove(0)
    }

    fn l() -> super::ListExpr {
        col("l").list()
    }

    #[test]
    fn reductions() {
        assert_eq!(of(l().len()), "4");
        assert_eq!(of(l().sum()), "7.0");
        assert_eq!(of(l().var(0)), "0.8888888888888888");
        assert_eq!(of(col("m").list().std(1)), "5.656854249492381");
        assert_eq!(of(l().min()), "1");
        assert_eq!(of(l().max()), "3");
        assert_eq!(of(col("n").list().len()), "null");
        assert_eq!(of(l().is_empty()), "false");
    }

    #[test]
    fn elements() {
        assert_eq!(of(l().get(0)), "3");
        assert_eq!(of(l().get(-1)), "3");
        assert_eq!(of(l().get(9)), "null");
        assert_eq!(of(l().slice(1, 2)), "[1, null]");
        assert_eq!(of(l().contains(1_i64)), "true");
        assert_eq!(of(l().position(1_i64)), "1");
        assert_eq!(of(l().contains_any(col("m"))), "true");
        assert_eq!(of(l().contains_all(col("m"))), "false");
    }

    #[test]
    fn lists_from_lists() {
        assert_eq!(of(l().sort(false)), "[null, 1, 3, 3]");
        assert_eq!(of(l().sort(true)), "[3, 3, 1, null]");
        assert_eq!(of(l().drop_nulls()), "[3, 1, 3]");
        assert_eq!(of(l().shift(1_i64)), "[null, 3, 1, null]");
        assert_eq!(of(l().diff(1_i64)), "[null, -2, null, null]");
        assert_eq!(of(l().gather(list_of([lit(-1), lit(1)]), false)), "[3, 1]");
        assert_eq!(of(l().reverse()), "[3, null, 1, 3]");
        assert_eq!(of(col("m").list().append(5_i64)), "[1, 9, 5]");
        assert_eq!(of(col("m").list().concat(col("m"))), "[1, 9, 1, 9]");
        assert_eq!(of(col("m").list().intersect(l().head(2))), "[1]");
        assert_eq!(of(l().join("-")), "3-1-3");
        assert_eq!(of(list_of([lit(1), lit(2)])), "[1, 2]");
        assert_eq!(of(int_range(2_i64, 5_i64)), "[2, 3, 4]");
    }

    #[test]
    fn functions_of_elements() {
        let doubled = || col("m").list().transform(|element| element * lit(2));
        assert_eq!(of(doubled()), "[2, 18]");
        assert_eq!(of(doubled().list().filter(|element| element.gt(lit(2)))), "[18]");
        assert_eq!(of(doubled().list().get_at(col("m").list().len() - lit(2))), "2");
        assert_eq!(of(col("m").list().filter(|element| element.gt(lit(1)))), "[9]");
    }
}
