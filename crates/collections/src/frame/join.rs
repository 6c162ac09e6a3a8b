//! Joins, and other frames inside expressions.

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, scalar_subquery};
use swath_planner::with_met_times;

use super::DataFrame;
use super::resolve::{self, known};
use crate::error::{Error, Result};
use crate::expr::conditional::coalesce;
use crate::expr::{SCALAR_PREFIX, col, mistake};

/// How [`DataFrame::join_with`] joins.
///
/// **Which columns come out.** Those of the left frame, then those of the right one. Keys that have the same name on both
/// sides come out once (`coalesce`): from the side that has a value, so a right join takes the right one's and a full join
/// whichever is there. Keys of different names come out both, unless `coalesce(true)` asks for the left name alone. Any
/// other column of the right that has a name of the left gains the suffix.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    how: JoinType,
    keys: Vec<(String, String)>,
    condition: Option<Expr>,
    suffix: String,
    coalesce: Option<bool>,
    nulls_equal: bool,
}

impl JoinOptions {
    /// A join of type `how`; its keys are yet to be given.
    pub fn new(how: JoinType) -> Self {
        Self { how, keys: vec![], condition: None, suffix: "_right".to_owned(), coalesce: None, nulls_equal: false }
    }

    /// Keys that have the same name on both sides.
    pub fn on<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.keys.extend(names.into_iter().map(|name| {
            let name = name.into();
            (name.clone(), name)
        }));
        self
    }

    /// Keys as pairs of a left and a right name.
    pub fn by<L: Into<String>, R: Into<String>>(mut self, pairs: impl IntoIterator<Item = (L, R)>) -> Self {
        self.keys.extend(pairs.into_iter().map(|(left, right)| (left.into(), right.into())));
        self
    }

    /// A further condition over columns of both sides, clashing ones of the right with their suffix.
    pub fn condition(mut self, condition: Expr) -> Self {
        self.condition = Some(match self.condition.take() {
            Some(before) => before.and(condition),
            None => condition,
        });
        self
    }

    /// What is appended to a column of the right whose name the left has; `_right` by default.
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = suffix.into();
        self
    }

    /// Whether a pair of keys comes out as one column. By default, if both have the same name.
    pub fn coalesce(mut self, coalesce: bool) -> Self {
        self.coalesce = Some(coalesce);
        self
    }

    /// Whether null keys match null keys. By default they match nothing.
    pub fn nulls_equal(mut self, equal: bool) -> Self {
        self.nulls_equal = equal;
        self
    }
}

impl DataFrame {
    /// Joins rows that are equal in the columns `on`, which both frames have. Each of these comes out once; any other
    /// column that both have comes out of `other` with the suffix `_right`. Null keys match nothing.
    ///
    /// ```
    /// use swath_collections::prelude::*;
    /// # let session = Session::embedded().threads(1).build()?;
    /// let orders = session.sql("SELECT * FROM (VALUES (1, 'pen'), (2, 'ink')) AS t(customer, item)")?;
    /// let names = session.sql("SELECT * FROM (VALUES (1, 'Ada'), (3, 'Bob')) AS t(customer, name)")?;
    /// let joined = orders.join(&names, JoinType::Left, ["customer"]);
    /// assert_eq!(joined.columns()?, ["customer", "item", "name"]);
    /// assert_eq!(joined.count()?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn join<S: Into<String>>(&self, other: &Self, how: JoinType, on: impl IntoIterator<Item = S>) -> Self {
        self.join_with(other, &JoinOptions::new(how).on(on))
    }

    /// [`join`](Self::join) on columns of different names: pairs of one of this frame and one of `other`. Both come out.
    pub fn join_by<L: Into<String>, R: Into<String>>(
        &self,
        other: &Self,
        how: JoinType,
        pairs: impl IntoIterator<Item = (L, R)>,
    ) -> Self {
        self.join_with(other, &JoinOptions::new(how).by(pairs))
    }

    /// Joins the rows for which all `conditions` hold. They may use columns of both frames; where both have a name,
    /// `other`'s carries the suffix `_right`. Equalities make it a hash join, anything else compares each pair of rows.
    pub fn join_on(&self, other: &Self, how: JoinType, conditions: impl IntoIterator<Item = Expr>) -> Self {
        self.join_with(other, &conditions.into_iter().fold(JoinOptions::new(how), JoinOptions::condition))
    }

    /// Each row of this frame with each of `other`. A column that both have comes out of `other` with the suffix `_right`.
    pub fn cross_join(&self, other: &Self) -> Self {
        self.cross_join_with_suffix(other, "_right")
    }

    /// [`cross_join`](Self::cross_join) with another suffix.
    pub fn cross_join_with_suffix(&self, other: &Self, suffix: &str) -> Self {
        self.then(|left| {
            let options = JoinOptions::new(JoinType::Inner).suffix(suffix);
            let sides = Sides::new(left, other.bare_plan()?, &options)?;
            Ok(LogicalPlanBuilder::new(sides.left).cross_join(sides.right)?.build()?)
        })
    }

    /// The join that `options` describe.
    pub fn join_with(&self, other: &Self, options: &JoinOptions) -> Self {
        if options.keys.is_empty() && options.condition.is_none() {
            return self.failed(Error::invalid("join", "expected at least one key or condition; see also cross_join"));
        }
        // A semi or anti join of the right side is one of the left with the sides swapped.
        let swapped = match options.how {
            JoinType::RightSemi => Some(JoinType::LeftSemi),
            JoinType::RightAnti => Some(JoinType::LeftAnti),
            JoinType::LeftMark | JoinType::RightMark => {
                return self.failed(Error::invalid("join", "mark joins are inside subqueries only; use LeftSemi"));
            }
            _ => None,
        };
        if let Some(how) = swapped {
            if options.condition.is_some() {
                return self
                    .failed(Error::invalid("join", "with a condition, swap the frames and use LeftSemi or LeftAnti"));
            }
            let keys = options.keys.iter().map(|(left, right)| (right.clone(), left.clone())).collect();
            let swapped = other.join_with(self, &JoinOptions { how, keys, ..options.clone() });
            return Self::new(self.session.clone(), swapped.plan);
        }
        self.then(|left| joined(left, other.bare_plan()?, options))
    }

    /// The only value of this frame of one column and (when it runs) at most one row, for use in expressions of another
    /// frame: `sales.filter(col("amount").gt(sales.agg([col("amount").mean()]).scalar()))`. No row gives null.
    pub fn scalar(&self) -> Expr {
        self.single_column_plan("scalar", SCALAR_PREFIX).map_or_else(mistake, scalar_subquery)
    }
}

/// Both inputs of a join, with names that differ.
struct Sides {
    left: LogicalPlan,
    right: LogicalPlan,
    /// For each column of the right, its name now and, if it comes out at all, then.
    right_columns: Vec<(String, Option<String>)>,
    /// Pairs of keys by their names now.
    keys: Vec<(String, String)>,
}

impl Sides {
    fn new(left: LogicalPlan, right: LogicalPlan, options: &JoinOptions) -> Result<Self> {
        for (left_key, right_key) in &options.keys {
            known(left_key, left.schema())?;
            known(right_key, right.schema())?;
        }
        let merged = |pair: &(String, String)| options.coalesce.unwrap_or(pair.0 == pair.1);
        let semi = matches!(options.how, JoinType::LeftSemi | JoinType::LeftAnti);
        let (mut projection, mut right_columns) = (vec![], vec![]);
        for field in right.schema().fields() {
            let name = field.name();
            let clashes = left.schema().has_column_with_unqualified_name(name);
            let hidden = semi || options.keys.iter().any(|pair| pair.1 == *name && merged(pair));
            let (now, then) = match (clashes, hidden) {
                (false, hidden) => (name.clone(), (!hidden).then(|| name.clone())),
                (true, true) if options.condition.is_none() => (format!("__right_{name}"), None),
                (true, hidden) => {
                    let suffixed = format!("{name}{}", options.suffix);
                    (suffixed.clone(), (!hidden).then_some(suffixed))
                }
            };
            let taken = clashes
                && (left.schema().has_column_with_unqualified_name(&now)
                    || right.schema().has_column_with_unqualified_name(&now));
            if taken {
                let message = format!(
                    "both frames have a column '{name}', and '{now}' exists too; rename one or give another suffix"
                );
                return Err(Error::invalid("join", message));
            }
            projection.push(resolve::named(col(name), now.clone()));
            right_columns.push((now, then));
        }
        let now = |name: &String| {
            let position = right.schema().index_of_column_by_name(None, name);
            position.map_or_else(|| name.clone(), |position| right_columns[position].0.clone())
        };
        let keys = options.keys.iter().map(|(left, right)| (left.clone(), now(right))).collect();
        let renamed = right.schema().fields().iter().zip(&right_columns).any(|(field, (now, _))| field.name() != now);
        let right = if renamed { LogicalPlanBuilder::new(right).project(projection)?.build()? } else { right };
        Ok(Self { left, right, right_columns, keys })
    }
}

fn joined(left: LogicalPlan, right: LogicalPlan, options: &JoinOptions) -> Result<LogicalPlan> {
    let left_columns: Vec<String> = left.schema().fields().iter().map(|field| field.name().clone()).collect();
    let sides = Sides::new(left, right, options)?;
    let condition = match &options.condition {
        None => None,
        Some(condition) => {
            let both = sides.left.schema().join(sides.right.schema())?;
            Some(resolve::checked(condition.clone(), &both)?)
        }
    };
    let nulls = if options.nulls_equal { NullEquality::NullEqualsNull } else { NullEquality::NullEqualsNothing };
    let keys: (Vec<_>, Vec<_>) = sides
        .keys
        .iter()
        .map(|(left, right)| {
            (datafusion::common::Column::from_name(left), datafusion::common::Column::from_name(right))
        })
        .unzip();
    let join = LogicalPlanBuilder::new(sides.left).join_detailed(sides.right, options.how, keys, condition, nulls)?;
    if matches!(options.how, JoinType::LeftSemi | JoinType::LeftAnti)
        || sides.right_columns.iter().all(|(now, then)| then.as_ref() == Some(now))
    {
        return Ok(join.build()?);
    }
    let hidden: Vec<&String> =
        sides.right_columns.iter().filter(|(_, then)| then.is_none()).map(|(now, _)| now).collect();
    let from_left = left_columns.iter().map(|name| {
        let merged = sides.keys.iter().find(|(left, right)| left == name && hidden.contains(&right));
        match (merged, options.how) {
            (Some((_, right)), JoinType::Right) => Ok(col(right).alias(name)),
            (Some((_, right)), JoinType::Full) => {
                with_met_times(coalesce([col(name), col(right)]), join.schema()).map(|key| key.alias(name))
            }
            _ => Ok(col(name)),
        }
    });
    let from_left = from_left.collect::<Result<Vec<_>, _>>()?;
    let from_right = sides
        .right_columns
        .iter()
        .filter_map(|(now, then)| then.as_ref().map(|then| resolve::named(col(now), then.clone())));
    Ok(join.project(from_left.into_iter().chain(from_right))?.build()?)
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, rows, sorted_rows, table};

    fn left() -> DataFrame {
        table("SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (NULL, 'n')) AS t(k, v)")
    }

    fn right() -> DataFrame {
        table("SELECT * FROM (VALUES (1, 'A'), (3, 'C'), (NULL, 'N')) AS t(k, v)")
    }

    fn joined(how: JoinType) -> Vec<String> {
        sorted_rows(&left().join(&right(), how, ["k"]))
    }

    #[test]
    fn every_type_of_join_by_name() {
        assert_eq!(left().join(&right(), JoinType::Inner, ["k"]).columns().unwrap(), ["k", "v", "v_right"]);
        assert_eq!(joined(JoinType::Inner), ["1|a|A"]);
        assert_eq!(joined(JoinType::Left), ["1|a|A", "2|b|null", "null|n|null"]);
        assert_eq!(joined(JoinType::Right), ["1|a|A", "3|null|C", "null|null|N"]);
        assert_eq!(joined(JoinType::Full), ["1|a|A", "2|b|null", "3|null|C", "null|null|N", "null|n|null"]);
        assert_eq!(joined(JoinType::LeftSemi), ["1|a"]);
        assert_eq!(joined(JoinType::LeftAnti), ["2|b", "null|n"]);
        assert_eq!(joined(JoinType::RightSemi), ["1|A"]);
        assert_eq!(joined(JoinType::RightAnti), ["3|C", "null|N"]);
        assert_eq!(left().cross_join(&right()).count().unwrap(), 9);
        assert_eq!(left().cross_join(&right()).columns().unwrap(), ["k", "v", "k_right", "v_right"]);
        assert_eq!(left().cross_join_with_suffix(&right(), "2").columns().unwrap(), ["k", "v", "k2", "v2"]);
    }

    #[test]
    fn keys_of_other_names_come_out_both() {
        let other = right().rename([("k", "id"), ("v", "w")]);
        let frame = left().join_by(&other, JoinType::Full, [("k", "id")]);
        assert_eq!(frame.columns().unwrap(), ["k", "v", "id", "w"]);
        assert_eq!(
            sorted_rows(&frame),
            ["1|a|1|A", "2|b|null|null", "null|null|3|C", "null|null|null|N", "null|n|null|null"]
        );
        let merged = left().join_with(&other, &JoinOptions::new(JoinType::Full).by([("k", "id")]).coalesce(true));
        assert_eq!(merged.columns().unwrap(), ["k", "v", "w"]);
        assert!(sorted_rows(&merged).contains(&"3|null|C".to_owned()));
    }

    #[test]
    fn options_of_a_join() {
        let options = JoinOptions::new(JoinType::Inner).on(["k"]);
        let equal = left().join_with(&right(), &options.clone().nulls_equal(true).suffix("_r"));
        assert_eq!(equal.columns().unwrap(), ["k", "v", "v_r"]);
        assert_eq!(sorted_rows(&equal), ["1|a|A", "null|n|N"]);
        let both = left().join_with(&right(), &options.coalesce(false));
        assert_eq!(both.columns().unwrap(), ["k", "v", "k_right", "v_right"]);
    }

    #[test]
    fn conditions_use_both_sides() {
        let frame = left().join_on(&right(), JoinType::Inner, [col("k").lt(col("k_right"))]);
        assert_eq!(sorted_rows(&frame), ["1|a|3|C", "2|b|3|C"]);
        let semi = left().join_on(&right(), JoinType::LeftSemi, [col("k").lt_eq(col("k_right"))]);
        assert_eq!(sorted_rows(&semi), ["1|a", "2|b"]);
        let message = mistake(&left().join_on(&right(), JoinType::Inner, [col("k").lt(col("kk"))]));
        assert!(message.contains("'kk'") && message.contains("'k_right'"), "{message}");
    }

    #[test]
    fn a_frame_joins_itself_twice() {
        let once = left().join(&left(), JoinType::Inner, ["k"]);
        let twice = once.join(&left().rename([("v", "w")]), JoinType::Inner, ["k"]);
        assert_eq!(sorted_rows(&twice.filter(col("v_right").eq(lit("b")))), ["2|b|b|b"]);
    }

    #[test]
    fn clashes_and_missing_keys_are_refused() {
        let none: [&str; 0] = [];
        assert!(mistake(&left().join(&right(), JoinType::Inner, none)).contains("at least one key"));
        let crowded = left().with_columns([lit(1).alias("v_right")]);
        assert!(mistake(&crowded.join(&right(), JoinType::Inner, ["k"])).contains("'v_right' exists too"));
    }

    #[test]
    fn another_frame_inside_an_expression() {
        let frame = table("SELECT * FROM (VALUES (1, 10), (2, 20), (3, 60)) AS t(k, v)");
        let mean = frame.agg([col("v").mean()]).scalar();
        assert_eq!(rows(&frame.filter(col("v").gt(mean.clone()))), ["3|60"]);
        assert_eq!(sorted_rows(&frame.select([(col("v") - mean).alias("d")])), ["-10.0", "-20.0", "30.0"]);
        let keys = right().filter(col("k").is_not_null()).select(["k"]);
        assert_eq!(sorted_rows(&frame.filter(col("k").is_in_frame(&keys))), ["1|10", "3|60"]);
        assert_eq!(sorted_rows(&frame.filter(col("k").is_not_in_frame(&keys))), ["2|20"]);
        assert!(mistake(&frame.filter(col("k").is_in_frame(&right()))).contains("one column, got 2"));
        assert!(frame.filter(col("v").gt(frame.select(["v"]).scalar())).collect().is_err());
    }
}
