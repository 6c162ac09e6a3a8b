//! Frames put together: below each other, beside each other, or as sets of rows.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::binary::type_union_resolution;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use swath_planner::common_time;

use super::DataFrame;
use super::join::JoinOptions;
use super::resolve;
use crate::error::{Error, Result};
use crate::expr::literal::null_of;
use crate::expr::window::{ExprWindow, row_number, window};
use crate::expr::{Expr, ExprExt, col, cols};

/// How [`concat`](concat()) puts frames together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concat {
    /// Below each other by position, as [`DataFrame::union`].
    Vertical,
    /// Below each other by name, missing columns filled with null, as [`DataFrame::union_by_name`].
    Diagonal,
    /// Beside each other by the number of the row (in each frame's order); shorter frames are filled with null.
    Horizontal,
}

/// All `frames` as one.
///
/// # Errors
/// If there are none.
pub fn concat(frames: impl IntoIterator<Item = DataFrame>, how: Concat) -> Result<DataFrame> {
    let combine = match how {
        Concat::Vertical => DataFrame::union,
        Concat::Diagonal => DataFrame::union_by_name,
        Concat::Horizontal => DataFrame::beside,
    };
    let all = frames.into_iter().reduce(|all, next| combine(&all, &next));
    all.ok_or_else(|| Error::invalid("concat", "expected at least one frame, got none"))
}

impl DataFrame {
    /// The rows of both, matched by position; duplicates stay. Names come from this frame, and types that differ meet in
    /// one that holds both (numbers with numbers, times with times).
    pub fn union(&self, other: &Self) -> Self {
        self.then(|left| {
            let right = other.bare_plan()?;
            same_width("union", &left, &right)?;
            let names: Vec<String> = left.schema().fields().iter().map(|field| field.name().clone()).collect();
            let (mut left_columns, mut right_columns) = (vec![], vec![]);
            for (position, name) in names.iter().enumerate() {
                let (here, there) = (left.schema().field(position), right.schema().field(position));
                let common = common_type("union", name, here.data_type(), there.data_type())?;
                left_columns.push(as_type(col(name), here.data_type(), &common, name));
                right_columns.push(as_type(col(there.name()), there.data_type(), &common, name));
            }
            stacked(left, left_columns, right, right_columns)
        })
    }

    /// The rows of both, matched by name; duplicates stay. A column that one frame lacks is null in its rows.
    pub fn union_by_name(&self, other: &Self) -> Self {
        self.then(|left| {
            let right = other.bare_plan()?;
            let (mut left_columns, mut right_columns) = (vec![], vec![]);
            let here = left.schema().fields().iter();
            let only_there = right
                .schema()
                .fields()
                .iter()
                .filter(|field| !left.schema().has_column_with_unqualified_name(field.name()));
            for name in here.chain(only_there).map(|field| field.name()) {
                let common = match (type_of(left.schema(), name), type_of(right.schema(), name)) {
                    (Some(here), Some(there)) => common_type("union_by_name", name, here, there)?,
                    (Some(only), None) | (None, Some(only)) => only.clone(),
                    (None, None) => DataType::Null,
                };
                for (schema, columns) in [(left.schema(), &mut left_columns), (right.schema(), &mut right_columns)] {
                    columns.push(match type_of(schema, name) {
                        Some(data_type) => as_type(col(name), data_type, &common, name),
                        None => null_of(&common).alias(name),
                    });
                }
            }
            stacked(left, left_columns, right, right_columns)
        })
    }

    /// The different rows of this frame that are in `other` too, matched by position. Nulls are equal to each other.
    pub fn intersect(&self, other: &Self) -> Self {
        self.distinct().among("intersect", other, JoinType::LeftSemi)
    }

    /// The different rows of this frame that are not in `other`, matched by position. Nulls are equal to each other.
    pub fn except_(&self, other: &Self) -> Self {
        self.distinct().among("except_", other, JoinType::LeftAnti)
    }

    /// [`intersect`](Self::intersect) that counts: a row comes out as often as it is in both.
    pub fn intersect_all(&self, other: &Self) -> Self {
        self.counted_among("intersect_all", other, JoinType::LeftSemi)
    }

    /// [`except_`](Self::except_) that counts: each row of `other` takes one equal row away.
    pub fn except_all(&self, other: &Self) -> Self {
        self.counted_among("except_all", other, JoinType::LeftAnti)
    }

    /// The rows that have (or have not) an equal one in `other`.
    fn among(&self, operation: &'static str, other: &Self, how: JoinType) -> Self {
        let (left, right) = match (self.bare_plan(), other.bare_plan()) {
            (Ok(left), Ok(right)) => (left, right),
            (Err(error), _) | (_, Err(error)) => return self.failed(error),
        };
        if let Err(error) = same_width(operation, &left, &right) {
            return self.failed(error);
        }
        let here = left.schema().fields().iter().map(|field| field.name().clone());
        let there: Vec<String> =
            (0..right.schema().fields().len()).map(|position| format!("__set_{position}")).collect();
        let renamed =
            other.rename(right.schema().fields().iter().map(|field| field.name().clone()).zip(there.iter().cloned()));
        let options = JoinOptions::new(how).by(here.zip(there)).nulls_equal(true);
        self.join_with(&renamed, &options)
    }

    /// [`among`](Self::among) after equal rows are told apart by number.
    fn counted_among(&self, operation: &'static str, other: &Self, how: JoinType) -> Self {
        const NUMBER: &str = "__occurrence";
        let numbered = |frame: &Self| match frame.columns() {
            Ok(columns) => frame.with_column(NUMBER, row_number().over(window().partition_by(cols(columns)))),
            Err(error) => frame.failed(error),
        };
        numbered(self).among(operation, &numbered(other), how).drop([NUMBER])
    }

    /// The columns of both, by the number of the row.
    fn beside(&self, other: &Self) -> Self {
        const ROW: &str = "__row";
        let names = || Ok::<_, Error>((self.columns()?, other.columns()?));
        let (here, there) = match names() {
            Ok(names) => names,
            Err(error) => return self.failed(error),
        };
        let all: Vec<String> = here.into_iter().chain(there).collect();
        if let Err(error) = resolve::refuse_duplicates("concat", &all) {
            return self.failed(error);
        }
        let options = JoinOptions::new(JoinType::Full).on([ROW]);
        let joined = self.with_row_index(ROW, 0).join_with(&other.with_row_index(ROW, 0), &options);
        joined.sort([ROW]).drop([ROW])
    }
}

fn stacked(
    left: LogicalPlan,
    left_columns: Vec<Expr>,
    right: LogicalPlan,
    right_columns: Vec<Expr>,
) -> Result<LogicalPlan> {
    let left = LogicalPlanBuilder::new(left).project(left_columns)?;
    let right = LogicalPlanBuilder::new(right).project(right_columns)?.build()?;
    Ok(left.union(right)?.build()?)
}

fn same_width(operation: &'static str, left: &LogicalPlan, right: &LogicalPlan) -> Result<()> {
    let (here, there) = (left.schema().fields().len(), right.schema().fields().len());
    if here == there {
        return Ok(());
    }
    Err(Error::invalid(
        operation,
        format!("expected frames with the same number of columns, got {here} and {there}; see also union_by_name"),
    ))
}

fn type_of<'a>(schema: &'a DFSchema, name: &str) -> Option<&'a DataType> {
    schema.field_with_unqualified_name(name).ok().map(|field| field.data_type())
}

fn as_type(expr: Expr, from: &DataType, to: &DataType, name: &str) -> Expr {
    let typed = if from == to { expr } else { ExprExt::cast(expr, to.clone()) };
    resolve::named(typed, name.to_owned())
}

/// The type that holds the values of both; numbers and texts do not mix.
pub(super) fn common_type(operation: &'static str, name: &str, left: &DataType, right: &DataType) -> Result<DataType> {
    if left == right {
        return Ok(left.clone());
    }
    let mixes = left.is_null() || right.is_null() || left.is_string() == right.is_string();
    let any = || type_union_resolution(&[left.clone(), right.clone()]);
    let common = mixes.then(|| common_time(left, right).or_else(any)).flatten();
    common.ok_or_else(|| {
        let message = format!("column '{name}' is {left} in one and {right} in the other; cast one of them");
        Error::invalid(operation, message)
    })
}

#[cfg(test)]
mod tests {
    use super::{Concat, concat};
    use crate::prelude::*;
    use crate::testing::{mistake, rows, sorted_rows, table};

    fn left() -> DataFrame {
        table("SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (2, 'b'), (NULL, 'n')) AS t(x, s)")
    }

    fn right() -> DataFrame {
        table("SELECT * FROM (VALUES (2, 'b'), (NULL, 'n'), (9, 'z')) AS t(y, r)")
    }

    #[test]
    fn union_matches_by_position_and_keeps_duplicates() {
        let frame = left().union(&right());
        assert_eq!(frame.columns().unwrap(), ["x", "s"]);
        assert_eq!(sorted_rows(&frame), ["1|a", "2|b", "2|b", "2|b", "9|z", "null|n", "null|n"]);
        assert!(mistake(&left().union(&right().select(["y"]))).contains("got 2 and 1"));
    }

    #[test]
    fn types_meet_or_are_refused() {
        let floats = table("SELECT 0.5 AS x, 'f' AS s");
        assert_eq!(sorted_rows(&left().select(["x"]).union(&floats.select(["x"])))[0], "0.5");
        let message = mistake(&left().select(["x"]).union(&right().select(["r"])));
        assert!(message.contains("column 'x' is Int64 in one and Utf8"), "{message}");
    }

    #[test]
    fn union_by_name_fills_with_null() {
        let frame = left().limit(0).union_by_name(&table("SELECT 'q' AS s, 7 AS extra"));
        assert_eq!(frame.columns().unwrap(), ["x", "s", "extra"]);
        assert_eq!(rows(&frame), ["null|q|7"]);
    }

    #[test]
    fn sets_of_rows() {
        assert_eq!(sorted_rows(&left().intersect(&right())), ["2|b", "null|n"]);
        assert_eq!(sorted_rows(&left().except_(&right())), ["1|a"]);
        assert_eq!(sorted_rows(&left().intersect_all(&left())), ["1|a", "2|b", "2|b", "null|n"]);
        assert_eq!(sorted_rows(&left().except_all(&right())), ["1|a", "2|b"]);
    }

    #[test]
    fn concat_in_three_ways() {
        let both = || [left().sort(["s"]), right().sort(["r"])];
        assert_eq!(concat(both(), Concat::Vertical).unwrap().count().unwrap(), 7);
        let diagonal = concat(both(), Concat::Diagonal).unwrap();
        assert_eq!(diagonal.columns().unwrap(), ["x", "s", "y", "r"]);
        let beside = concat(both(), Concat::Horizontal).unwrap();
        assert_eq!(rows(&beside), ["1|a|2|b", "2|b|null|n", "2|b|9|z", "null|n|null|null"]);
        assert!(mistake(&concat([left(), left()], Concat::Horizontal).unwrap()).contains("'x'"));
        assert!(concat([], Concat::Vertical).is_err());
    }
}
