//! Expressions over columns: what rows are filtered by, what columns are computed from.
//!
//! An expression is DataFusion's [`Expr`]; the traits and namespaces here give it the methods that users of Polars and
//! PySpark know. A mistake in an argument (a malformed duration, say) does not panic: the expression carries it, and the
//! frame that uses the expression reports it.
//!
//! **Names.** An expression without `alias` is named after the first column in it, so `with_columns([col("x").abs()])`
//! replaces `x` and `agg([col("x").sum()])` yields a column `x`. Without any column the name is the function's
//! (`count_all()` is `count`, `row_number()` is `row_number`) or `literal`.
//!
//! | module | what |
//! |---|---|
//! | [`agg`] | aggregates: `sum`, `mean`, `quantile`, … |
//! | [`conditional`] | `when(..).then(..).otherwise(..)`, `coalesce`, conditions |
//! | [`literal`] | literals of every Arrow type |
//! | [`math`] | arithmetic functions |
//! | [`string`], [`temporal`], [`list`], [`structure`] | the namespaces `.str()`, `.dt()`, `.list()`, `.structure()` |
//! | [`window`], [`rolling`], [`ewm`] | `over`, ranks, shifts, cumulative aggregates; rolling windows; exponential weights |

pub mod agg;
pub mod conditional;
pub mod duration;
pub mod ewm;
mod invalid;
pub mod list;
pub mod literal;
pub mod math;
mod naming;
pub mod rolling;
pub mod string;
pub mod structure;
pub mod temporal;
pub mod window;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{cast, in_subquery, not_in_subquery, try_cast};
pub use datafusion::prelude::{Expr, lit};

pub(crate) use invalid::{first_mistake, mistake};
pub(crate) use naming::{SCALAR_PREFIX, output_name};

use crate::frame::DataFrame;

/// A sort key: an expression, its direction, and where nulls go. Made by [`ExprExt::asc`] and [`ExprExt::desc`].
pub type SortExpr = Sort;

/// The column of exactly this name: case and dots are taken as they are.
pub fn col(name: impl Into<String>) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// The columns of exactly these names.
pub fn cols<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Vec<Expr> {
    names.into_iter().map(col).collect()
}

/// All functions of this build by their names, for expressions that were written as bytes.
pub fn functions_by_name() -> Arc<TaskContext> {
    let builder = SessionStateBuilder::new().with_default_features();
    swath_exec::registry::install(builder, None).build().task_ctx()
}

/// What every expression can do, beside [`Expr`]'s own methods (`eq`, `gt`, `and`, `is_null`, `between`, `alias`, …).
#[allow(clippy::wrong_self_convention, reason = "every method of an expression consumes it")]
pub trait ExprExt: Sized {
    /// This expression.
    #[doc(hidden)]
    fn expr(self) -> Expr;

    /// Sort key, ascending; nulls first, as in Polars and Spark. NaN is larger than every number.
    fn asc(self) -> SortExpr {
        self.expr().sort(true, true)
    }

    /// Sort key, descending; nulls last, as in Spark (null is the smallest value). NaN comes first.
    fn desc(self) -> SortExpr {
        self.expr().sort(false, false)
    }

    /// Converts to `data_type`. A value that does not fit is an error when the query runs.
    fn cast(self, data_type: DataType) -> Expr {
        cast(self.expr(), data_type)
    }

    /// Converts to `data_type`; a value that does not fit becomes null.
    fn try_cast(self, data_type: DataType) -> Expr {
        try_cast(self.expr(), data_type)
    }

    /// Whether the value is one of `values`. Null gives null.
    fn is_in<E: Into<ExprOrValue>>(self, values: impl IntoIterator<Item = E>) -> Expr {
        self.expr().in_list(values.into_iter().map(|value| value.into().0).collect(), false)
    }

    /// Whether the value is none of `values`. Null gives null.
    fn is_not_in<E: Into<ExprOrValue>>(self, values: impl IntoIterator<Item = E>) -> Expr {
        self.expr().in_list(values.into_iter().map(|value| value.into().0).collect(), true)
    }

    /// Whether the value is among those of the only column of `frame`; runs as a semi join, for use in
    /// [`DataFrame::filter`].
    fn is_in_frame(self, frame: &DataFrame) -> Expr {
        in_frame(self.expr(), frame, false)
    }

    /// Whether the value is not among those of the only column of `frame`; runs as an anti join. As in SQL, a null in
    /// `frame` makes every answer null.
    fn is_not_in_frame(self, frame: &DataFrame) -> Expr {
        in_frame(self.expr(), frame, true)
    }

    /// The value, or `value` where it is null.
    fn fill_null(self, value: impl Into<ExprOrValue>) -> Expr {
        conditional::coalesce([self.expr(), value.into().0])
    }

    /// The value, or `value` where it is NaN. Null stays null.
    fn fill_nan(self, value: impl Into<ExprOrValue>) -> Expr {
        datafusion::functions::expr_fn::nanvl(self.expr(), value.into().0)
    }

    /// A 64-bit hash of the value, the same in every process of one build; null is a value. Not for storing: a new version
    /// may hash otherwise.
    fn hash(self) -> Expr {
        swath_exec::functions::row_hash().call(vec![self.expr()])
    }

    /// Null where the value equals `value`.
    fn null_if(self, value: impl Into<ExprOrValue>) -> Expr {
        datafusion::functions::expr_fn::nullif(self.expr(), value.into().0)
    }

    /// Equality under which two nulls are equal and the answer is never null.
    fn eq_missing(self, other: impl Into<ExprOrValue>) -> Expr {
        let equal = datafusion::logical_expr::Operator::IsNotDistinctFrom;
        datafusion::logical_expr::binary_expr(self.expr(), equal, other.into().0)
    }

    /// The string functions.
    fn str(self) -> string::StrExpr {
        string::StrExpr(self.expr())
    }

    /// The functions of dates and times.
    fn dt(self) -> temporal::DtExpr {
        temporal::DtExpr(self.expr())
    }

    /// The list functions.
    fn list(self) -> list::ListExpr {
        list::ListExpr(self.expr())
    }

    /// The struct functions (`struct` is a word of Rust).
    fn structure(self) -> structure::StructExpr {
        structure::StructExpr(self.expr())
    }
}

impl ExprExt for Expr {
    fn expr(self) -> Expr {
        self
    }
}

/// Directions and null placement of a sort key.
pub trait SortExprExt {
    /// Nulls before all other values.
    fn nulls_first(self) -> SortExpr;
    /// Nulls after all other values.
    fn nulls_last(self) -> SortExpr;
}

impl SortExprExt for SortExpr {
    fn nulls_first(mut self) -> SortExpr {
        self.nulls_first = true;
        self
    }

    fn nulls_last(mut self) -> SortExpr {
        self.nulls_first = false;
        self
    }
}

/// A sort key, or an expression or column name that stands for its ascending key.
#[derive(Clone, Debug)]
pub struct SortKey(pub(crate) SortExpr);

impl From<SortExpr> for SortKey {
    fn from(key: SortExpr) -> Self {
        Self(key)
    }
}

impl From<Expr> for SortKey {
    fn from(expr: Expr) -> Self {
        Self(expr.asc())
    }
}

impl From<&str> for SortKey {
    fn from(name: &str) -> Self {
        Self(col(name).asc())
    }
}

impl From<String> for SortKey {
    fn from(name: String) -> Self {
        Self(col(name).asc())
    }
}

/// An expression, or a plain value that stands for its literal.
#[derive(Clone, Debug)]
pub struct ExprOrValue(pub(crate) Expr);

impl From<Expr> for ExprOrValue {
    fn from(expr: Expr) -> Self {
        Self(expr)
    }
}

macro_rules! values_are_literals {
    ($($type:ty),*) => {
        $(impl From<$type> for ExprOrValue {
            fn from(value: $type) -> Self {
                Self(lit(value))
            }
        })*
    };
}
values_are_literals!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, &str, String);

/// A column's name, or an expression: what methods take that are mostly called with names.
#[derive(Clone, Debug)]
pub struct NameOrExpr(pub(crate) Expr);

impl From<Expr> for NameOrExpr {
    fn from(expr: Expr) -> Self {
        Self(expr)
    }
}

impl From<&str> for NameOrExpr {
    fn from(name: &str) -> Self {
        Self(col(name))
    }
}

impl From<String> for NameOrExpr {
    fn from(name: String) -> Self {
        Self(col(name))
    }
}

impl From<&String> for NameOrExpr {
    fn from(name: &String) -> Self {
        Self(col(name))
    }
}

fn in_frame(value: Expr, frame: &DataFrame, negated: bool) -> Expr {
    match frame.single_column_plan("is_in_frame", "__in_") {
        Ok(plan) if negated => not_in_subquery(value, plan),
        Ok(plan) => in_subquery(value, plan),
        Err(error) => mistake(error),
    }
}
