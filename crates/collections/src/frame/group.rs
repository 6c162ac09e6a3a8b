//! Grouping and aggregating.

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{GroupingSet, LogicalPlan, LogicalPlanBuilder};

use super::DataFrame;
use super::resolve;
use crate::error::{Error, Result};
use crate::expr::agg::{ExprAgg, Interpolation, count_all};
use crate::expr::conditional::all_of;
use crate::expr::window::{Window, window, with_window};
use crate::expr::{Expr, NameOrExpr, col, output_name};

/// A frame with keys, waiting for its aggregates; made by [`DataFrame::group_by`] and its kin.
///
/// Null is a group of its own, and so is NaN. Groups come in any order.
#[derive(Clone, Debug)]
pub struct GroupBy {
    frame: DataFrame,
    keys: Vec<Expr>,
    sets: Sets,
    having: Vec<Expr>,
}

/// Which combinations of the keys are grouped by.
#[derive(Clone, Debug)]
enum Sets {
    All,
    Rollup,
    Cube,
    /// Each set by the names of its keys.
    Given(Vec<Vec<String>>),
}

impl DataFrame {
    /// Groups rows that are equal in `keys`: names, or expressions such as `col("day").dt().year().alias("year")`.
    pub fn group_by<E: Into<NameOrExpr>>(&self, keys: impl IntoIterator<Item = E>) -> GroupBy {
        self.grouped(keys, Sets::All)
    }

    /// Groups by all keys, by all but the last, and so on up to no key at all: subtotals and a total. Keys that a row
    /// does not group by are null in it; [`grouping`](crate::expr::agg::grouping) tells them from nulls in the data.
    pub fn rollup<E: Into<NameOrExpr>>(&self, keys: impl IntoIterator<Item = E>) -> GroupBy {
        self.grouped(keys, Sets::Rollup)
    }

    /// Groups by every combination of the keys, as [`rollup`](Self::rollup) does by some.
    pub fn cube<E: Into<NameOrExpr>>(&self, keys: impl IntoIterator<Item = E>) -> GroupBy {
        self.grouped(keys, Sets::Cube)
    }

    /// Groups by each of the given sets of columns, as [`rollup`](Self::rollup) does by some.
    pub fn grouping_sets<S: Into<String>, I: IntoIterator<Item = S>>(
        &self,
        sets: impl IntoIterator<Item = I>,
    ) -> GroupBy {
        let sets: Vec<Vec<String>> = sets.into_iter().map(|set| set.into_iter().map(Into::into).collect()).collect();
        let mut keys: Vec<String> = vec![];
        for name in sets.iter().flatten() {
            if !keys.contains(name) {
                keys.push(name.clone());
            }
        }
        self.grouped(keys, Sets::Given(sets))
    }

    fn grouped<E: Into<NameOrExpr>>(&self, keys: impl IntoIterator<Item = E>, sets: Sets) -> GroupBy {
        GroupBy { frame: self.clone(), keys: keys.into_iter().map(|key| key.into().0).collect(), sets, having: vec![] }
    }

    /// Aggregates of all rows: one row, also when there are none to aggregate.
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Expr>) -> Self {
        self.grouped(Vec::<Expr>::new(), Sets::All).agg(aggregates)
    }
}

impl GroupBy {
    /// Whether its keys can be computed, for those who want to hear of a wrong one before there are aggregates.
    ///
    /// # Errors
    /// As [`agg`](Self::agg), for a mistake in the frame or in a key.
    pub fn check(&self) -> Result<()> {
        let plan = self.frame.bare_plan()?;
        self.keys.iter().try_for_each(|key| resolve::checked(key.clone().unalias(), plan.schema()).map(drop))
    }

    /// The frame that is grouped.
    pub(super) fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The keys; none for rollups and their kin, and where groups are left out.
    pub(super) fn plain_keys(&self) -> Option<&[Expr]> {
        (matches!(self.sets, Sets::All) && self.having.is_empty()).then_some(self.keys.as_slice())
    }

    /// One row per group: the keys, then these aggregates, which may be combined: `col("a").sum() / col("b").sum()`.
    ///
    /// ```
    /// use swath_collections::prelude::*;
    /// # let session = Session::embedded().threads(1).build()?;
    /// let sales = session.sql("SELECT * FROM (VALUES ('n', 3), ('s', 5), ('n', 4)) AS t(region, amount)")?;
    /// let totals = sales.group_by(["region"]).agg([col("amount").sum().alias("total"), count_all().alias("n")]);
    /// assert_eq!(totals.columns()?, ["region", "total", "n"]);
    /// assert_eq!(totals.count()?, 2);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Expr>) -> DataFrame {
        let aggregates: Vec<Expr> = aggregates.into_iter().collect();
        self.frame.then(|plan| {
            if self.having.is_empty() {
                return aggregate(plan, &self.keys, &self.sets, aggregates);
            }
            let mut names = resolve::names("agg", self.keys.iter().chain(&aggregates))?;
            let hidden = self.having.iter().zip(0..).map(|(predicate, number)| {
                let mut name = format!("__having_{number}");
                while names.contains(&name) {
                    name.push('_');
                }
                predicate.clone().alias(name)
            });
            let hidden: Vec<Expr> = hidden.collect();
            let kept = all_of(hidden.iter().map(|predicate| col(output_name(predicate))));
            let all = aggregates.into_iter().chain(hidden).collect();
            let groups = LogicalPlanBuilder::new(aggregate(plan, &self.keys, &self.sets, all)?).filter(kept)?;
            Ok(groups.project(names.drain(..).map(col))?.build()?)
        })
    }

    /// Only the groups for which `predicate`, over aggregates and keys, is true; [`agg`](Self::agg) and its kin then give one row
    /// for each of these.
    ///
    /// ```
    /// use swath_collections::prelude::*;
    /// # let session = Session::embedded().threads(1).build()?;
    /// let sales = session.sql("SELECT * FROM (VALUES ('n', 3), ('s', 5), ('n', 4)) AS t(region, amount)")?;
    /// let several = sales.group_by(["region"]).having(count_all().gt(lit(1))).agg([col("amount").sum()]);
    /// assert_eq!(several.count()?, 1);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn having(&self, predicate: Expr) -> Self {
        let mut narrowed = self.clone();
        narrowed.having.push(predicate);
        narrowed
    }

    /// Number of rows of each group, in a column `count`.
    pub fn count(&self) -> DataFrame {
        self.agg([count_all().alias("count")])
    }

    /// The first row of each group, in the frame's order.
    pub fn first(&self) -> DataFrame {
        self.each(|_| true, ExprAgg::first)
    }

    /// The last row of each group, in the frame's order.
    pub fn last(&self) -> DataFrame {
        self.each(|_| true, ExprAgg::last)
    }

    /// The sum of every numeric column.
    pub fn sum(&self) -> DataFrame {
        self.each(|data_type| data_type.is_numeric(), ExprAgg::sum)
    }

    /// The mean of every numeric column.
    pub fn mean(&self) -> DataFrame {
        self.each(|data_type| data_type.is_numeric(), ExprAgg::mean)
    }

    /// The median of every numeric column.
    pub fn median(&self) -> DataFrame {
        self.each(|data_type| data_type.is_numeric(), ExprAgg::median)
    }

    /// The quantile `q` (0 to 1) of every numeric column.
    pub fn quantile(&self, q: f64) -> DataFrame {
        self.quantile_by(q, Interpolation::Linear)
    }

    /// The quantile `q` (0 to 1) of every numeric column, with `interpolation` between values.
    pub fn quantile_by(&self, q: f64, interpolation: Interpolation) -> DataFrame {
        self.each(|data_type| data_type.is_numeric(), |column| column.quantile_by(q, interpolation))
    }

    /// The smallest value of every column that has an order.
    pub fn min(&self) -> DataFrame {
        self.each(|data_type| !data_type.is_nested(), ExprAgg::min)
    }

    /// The largest value of every column that has an order.
    pub fn max(&self) -> DataFrame {
        self.each(|data_type| !data_type.is_nested(), ExprAgg::max)
    }

    /// The number of different values of every column.
    pub fn n_unique(&self) -> DataFrame {
        self.each(|_| true, ExprAgg::n_unique)
    }

    /// All values of every column as a list.
    pub fn implode(&self) -> DataFrame {
        self.each(|_| true, ExprAgg::implode)
    }

    /// `aggregate` of every column that is no key and whose type is `wanted`.
    fn each(
        &self,
        wanted: impl Fn(&arrow::datatypes::DataType) -> bool,
        aggregate: impl Fn(Expr) -> Expr,
    ) -> DataFrame {
        let schema = match self.frame.schema() {
            Ok(schema) => schema,
            Err(error) => return self.frame.failed(error),
        };
        let keys: Vec<String> = self.keys.iter().map(output_name).collect();
        let columns = schema.fields().iter().filter(|field| !keys.contains(field.name()) && wanted(field.data_type()));
        self.agg(columns.map(|field| aggregate(col(field.name()))))
    }
}

/// An aggregation in three nodes: below, windows inside keys and arguments; the aggregation itself; above, what the
/// aggregates are combined to, and the names.
fn aggregate(plan: LogicalPlan, keys: &[Expr], sets: &Sets, aggregates: Vec<Expr>) -> Result<LogicalPlan> {
    let names = resolve::names("agg", keys.iter().chain(&aggregates))?;
    if names.is_empty() {
        return Err(Error::invalid("agg", "expected at least one key or aggregate, got none"));
    }
    let schema = plan.schema().clone();
    let key = |key: &Expr| resolve::broadcast(resolve::checked(key.clone().unalias(), &schema)?);
    let keys = keys.iter().map(key).collect::<Result<Vec<_>>>()?;
    // What is computed from neighbouring rows inside an aggregate sees the rows of its group.
    let group = window().partition_by(keys.clone());
    let order = resolve::ordering(&plan);
    let prepared = |expr: Expr| {
        let checked = resolve::checked(expr.unalias(), &schema)?;
        resolve::in_order(within_groups(checked, &group)?, &order)
    };
    let aggregates = aggregates.into_iter().map(prepared).collect::<Result<Vec<_>>>()?;
    let calls = outermost_aggregates(&aggregates);
    let (plan, mut computed) = resolve::with_windows(plan, keys.iter().chain(&calls).cloned().collect())?;
    let computed_calls = computed.split_off(keys.len());
    let (named_calls, call_columns) = distinct_names(&computed_calls, &computed);
    let key_columns: Vec<String> = computed.iter().map(|key| key.schema_name().to_string()).collect();
    let aggregated = LogicalPlanBuilder::new(plan).aggregate(grouping_expr(computed, sets), named_calls)?.build()?;
    // What stood in the expressions, and the column of the aggregation that holds it.
    let columns: Vec<(Expr, String)> =
        calls.into_iter().zip(call_columns).chain(keys.iter().cloned().zip(key_columns)).collect();
    let results = keys.into_iter().chain(aggregates).map(|expr| resolve::replace(expr, &columns));
    let results = results.collect::<Result<Vec<_>>>()?;
    results.iter().zip(&names).try_for_each(|(result, name)| refuse_stray_columns(result, name, &aggregated))?;
    let (aggregated, results) = resolve::with_windows(aggregated, results)?;
    let projection = results.into_iter().zip(names).map(|(expr, name)| resolve::named(expr, name));
    Ok(LogicalPlanBuilder::new(aggregated).project(projection)?.build()?)
}

fn grouping_expr(keys: Vec<Expr>, sets: &Sets) -> Vec<Expr> {
    if keys.is_empty() {
        return vec![];
    }
    let sets = match sets {
        Sets::All => return keys,
        Sets::Rollup => GroupingSet::Rollup(keys),
        Sets::Cube => GroupingSet::Cube(keys),
        Sets::Given(sets) => GroupingSet::GroupingSets(sets.iter().map(|set| set.iter().map(col).collect()).collect()),
    };
    vec![Expr::GroupingSet(sets)]
}

/// Above the aggregation only keys and aggregates have names.
fn refuse_stray_columns(result: &Expr, name: &str, aggregated: &LogicalPlan) -> Result<()> {
    let stray = result.column_refs().into_iter().find(|column| !aggregated.schema().has_column(column));
    stray.map_or(Ok(()), |stray| {
        let message = format!(
            "'{name}' uses the column '{}', which has many values in a group: put it into an aggregate such as \
             .first(), or make it a key",
            stray.name
        );
        Err(Error::invalid("agg", message))
    })
}

/// Aggregates and window expressions inside the arguments of an aggregate, over the rows of the group.
fn within_groups(expr: Expr, group: &Window) -> Result<Expr> {
    let inside = expr.transform_down(|node| {
        let Expr::AggregateFunction(mut call) = node else {
            return Ok(Transformed::no(node));
        };
        for argument in call.params.args.iter_mut().chain(call.params.filter.iter_mut().map(AsMut::as_mut)) {
            *argument = std::mem::take(argument)
                .transform_up(|node| {
                    Ok(match node {
                        Expr::AggregateFunction(_) | Expr::WindowFunction(_) => {
                            Transformed::yes(with_window(node, group))
                        }
                        other => Transformed::no(other),
                    })
                })
                .data()?;
        }
        Ok(Transformed::new(Expr::AggregateFunction(call), true, TreeNodeRecursion::Jump))
    });
    Ok(inside.data()?)
}

/// The different aggregates that stand in no other.
fn outermost_aggregates(expressions: &[Expr]) -> Vec<Expr> {
    let mut found: Vec<Expr> = vec![];
    for expr in expressions {
        // The closure does not fail.
        let _ = expr.apply(|node| {
            Ok(match node {
                Expr::AggregateFunction(_) => {
                    if !found.contains(node) {
                        found.push(node.clone());
                    }
                    TreeNodeRecursion::Jump
                }
                _ => TreeNodeRecursion::Continue,
            })
        });
    }
    found
}

/// `calls` as DataFusion takes them, and the names of their columns. Two that differ only in a cast have one name there;
/// such ones get an alias. (All others go without, which is the shape that the optimiser's rules know from SQL.)
fn distinct_names(calls: &[Expr], keys: &[Expr]) -> (Vec<Expr>, Vec<String>) {
    let mut taken: Vec<String> = keys.iter().map(|key| key.schema_name().to_string()).collect();
    let (mut named, mut names) = (vec![], vec![]);
    for (position, call) in calls.iter().enumerate() {
        let name = call.schema_name().to_string();
        if taken.contains(&name) {
            let alias = format!("__aggregate_{position}");
            named.push(call.clone().alias(&alias));
            names.push(alias);
        } else {
            taken.push(name.clone());
            named.push(call.clone());
            names.push(name);
        }
    }
    (named, names)
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, rows, sorted_rows, table};

    fn sales() -> DataFrame {
        table(
            "SELECT * FROM (VALUES ('n', 1, 10, 1.0), ('n', 2, 20, 2.0), ('s', 1, 5, NULL), (NULL, 1, 7, 4.0)) \
             AS t(k, y, v, w)",
        )
    }

    #[test]
    fn keys_and_aggregates_with_null_as_a_group() {
        let frame = sales().group_by(["k"]).agg([col("v").sum(), col("w").mean(), count_all().alias("n")]);
        assert_eq!(frame.columns().unwrap(), ["k", "v", "w", "n"]);
        assert_eq!(sorted_rows(&frame), ["null|7|4.0|1", "n|30|1.5|2", "s|5|null|1"].map(str::to_owned).as_slice());
    }

    #[test]
    fn groups_may_be_left_out() {
        let groups = sales().group_by(["k"]).having(count_all().gt(lit(1)));
        assert_eq!(sorted_rows(&groups.agg([col("v").sum()])), ["n|30"]);
        assert_eq!(groups.sum().columns().unwrap(), ["k", "y", "v", "w"]);
        assert_eq!(sorted_rows(&groups.having(col("v").max().gt(lit(20))).count()), Vec::<String>::new());
        assert_eq!(sorted_rows(&sales().group_by(["k"]).having(col("k").eq(lit("s"))).count()), ["s|1"]);
        let mean = sales().group_by(["k"]).having(col("v").mean().gt(lit(5)).and(count_all().lt(lit(2))));
        assert_eq!(sorted_rows(&mean.count()), ["null|1"]);
        assert!(mistake(&groups.having(col("v").gt(lit(1))).count()).contains("many values in a group"));
    }

    #[test]
    fn positions_and_extremes_of_groups() {
        let frame = sales().sort(["v"]).group_by(["k"]);
        let found = frame.agg([col("v").arg_max().alias("most"), col("v").arg_min().alias("least"), col("y").top_k(1)]);
        assert_eq!(sorted_rows(&found), ["null|0|0|[1]", "n|1|0|[2]", "s|0|0|[1]"]);
        let whole =
            sales().sort([col("v").desc()]).select([col("v").arg_min(), col("w").arg_max(), col("v").bottom_k(2)]);
        assert!(mistake(&whole).contains("two columns would be named"));
        let whole = sales().sort([col("v").desc()]).select([col("v").arg_min(), col("v").bottom_k(2).alias("b")]);
        assert_eq!(sorted_rows(&whole), ["3|[5, 7]"]);
        let quantiles = sales().agg([col("v").quantile_by(0.5, Interpolation::Lower)]);
        assert_eq!(sorted_rows(&quantiles), ["7.0"]);
    }

    #[test]
    fn aggregates_combine_and_may_use_keys() {
        let ratio = (col("v").sum() / col("y").sum() + lit(1)).alias("r");
        let with_key = concat_str([col("k"), lit("!")], "").alias("label");
        let frame = sales().filter(col("k").is_not_null()).group_by(["k"]).agg([ratio, with_key]);
        assert_eq!(sorted_rows(&frame), ["n|11|n!", "s|6|s!"]);
    }

    #[test]
    fn expressions_may_be_keys() {
        let parity = (col("v") % lit(2)).alias("odd");
        assert_eq!(sorted_rows(&sales().group_by([parity.clone()]).count()), ["0|2", "1|2"]);
        // The key's expression inside an aggregate's is the key.
        let frame = sales().group_by([parity.clone()]).agg([(parity.unalias() * lit(10)).alias("ten")]);
        assert_eq!(sorted_rows(&frame), ["0|0", "1|10"]);
    }

    #[test]
    fn a_column_that_is_no_key_is_refused() {
        let message = mistake(&sales().group_by(["k"]).agg([col("v") + col("w").sum()]));
        assert!(message.starts_with("agg: 'v' uses the column 'v', which has many values in a group"), "{message}");
    }

    #[test]
    fn conditional_aggregates() {
        let frame = sales().agg([
            col("v").sum().filter(col("k").eq(lit("n"))).alias("north"),
            col("y").sum().unique().alias("years"),
            (col("v").max().filter(col("y").eq(lit(1))) - col("v").min()).alias("d"),
            col("w").null_count().alias("nulls"),
        ]);
        assert_eq!(rows(&frame), ["30|3|5|1"]);
    }

    #[test]
    fn aggregates_that_differ_only_in_a_cast_stand_beside_each_other() {
        let float = col("v").cast(arrow::datatypes::DataType::Float64).sum().alias("f");
        assert_eq!(rows(&sales().agg([col("v").sum().alias("i"), float])), ["42|42.0"]);
    }

    #[test]
    fn all_aggregates_of_a_column() {
        let frame = table("SELECT * FROM (VALUES (1), (2), (2), (7), (NULL)) AS t(x)");
        let x = || col("x");
        let stats = frame.agg([
            x().min().alias("min"),
            x().max().alias("max"),
            x().mean().alias("mean"),
            x().median().alias("median"),
            x().quantile(0.25).alias("q"),
            x().n_unique().alias("unique"),
            x().count().alias("count"),
            x().var().alias("var"),
            x().std_pop().alias("std"),
            x().gt(lit(6)).any().alias("any"),
            x().gt(lit(0)).all().alias("all"),
        ]);
        assert_eq!(rows(&stats), ["1|7|3.0|2.0|1.75|3|4|7.333333333333333|2.345207879911715|true|true"]);
        let lists =
            frame.sort([x().desc()]).agg([x().implode().alias("l"), x().first().alias("f"), x().last().alias("z")]);
        assert_eq!(rows(&lists), ["[7, 2, 2, 1, null]|7|null"]);
        assert_eq!(rows(&sales().agg([col("k").max_by(col("v")), col("v").min_by(col("w")).alias("m")])), ["n|10"]);
    }

    #[test]
    fn empty_input_gives_one_row_without_keys_and_none_with() {
        let none = sales().filter(lit(false));
        assert_eq!(rows(&none.agg([col("v").sum(), col("w").count(), count_all().alias("n")])), ["null|0|0"]);
        assert_eq!(none.group_by(["k"]).agg([col("v").sum()]).count().unwrap(), 0);
    }

    #[test]
    fn shortcuts_take_every_fitting_column() {
        let frame = sales().filter(col("k").eq(lit("n"))).sort(["v"]);
        let group = frame.group_by(["k"]);
        assert_eq!(rows(&group.sum()), ["n|3|30|3.0"]);
        assert_eq!(rows(&group.mean()), ["n|1.5|15.0|1.5"]);
        assert_eq!(rows(&group.median()), ["n|1.5|15.0|1.5"]);
        assert_eq!(rows(&group.quantile(0.5)), ["n|1.5|15.0|1.5"]);
        assert_eq!(rows(&group.min()), ["n|1|10|1.0"]);
        assert_eq!(rows(&group.max()), ["n|2|20|2.0"]);
        assert_eq!(rows(&group.first()), ["n|1|10|1.0"]);
        assert_eq!(rows(&group.last()), ["n|2|20|2.0"]);
        assert_eq!(rows(&group.n_unique()), ["n|2|2|2"]);
        assert_eq!(rows(&group.count()), ["n|2"]);
        assert_eq!(rows(&group.implode()), ["n|[1, 2]|[10, 20]|[1.0, 2.0]"]);
        assert!(mistake(&group.quantile(1.5)).contains("between 0 and 1, got 1.5"));
    }

    #[test]
    fn rollup_cube_and_grouping_sets() {
        let frame = sales().filter(col("k").is_not_null());
        let total = || [col("v").sum()];
        assert_eq!(
            sorted_rows(&frame.rollup(["k", "y"]).agg(total())),
            ["null|null|35", "n|1|10", "n|2|20", "n|null|30", "s|1|5", "s|null|5"]
        );
        let cube = sorted_rows(&frame.cube(["k", "y"]).agg(total()));
        assert_eq!(cube.len(), 8);
        assert!(cube.contains(&"null|1|15".to_owned()), "{cube:?}");
        let sets = frame.grouping_sets([vec!["k"], vec!["y"]]).agg(total());
        assert_eq!(sorted_rows(&sets), ["null|1|15", "null|2|20", "n|null|30", "s|null|5"]);
        let marked = frame.rollup(["k"]).agg([grouping(col("k")).alias("g"), col("v").sum()]);
        assert_eq!(sorted_rows(&marked), ["null|1|35", "n|0|30", "s|0|5"]);
    }

    #[test]
    fn windows_inside_aggregates_see_the_group_and_outside_see_the_groups() {
        let frame = sales().sort(["v"]).group_by(["y"]).agg([col("v").diff(1).max().alias("step")]);
        assert_eq!(sorted_rows(&frame), ["1|3", "2|null"]);
        let share = (col("v").sum() / col("v").sum().sum().over(window())).alias("share");
        let share = sales().cast([("v", arrow::datatypes::DataType::Float64)]).group_by(["y"]).agg([share]);
        assert_eq!(sorted_rows(&share), ["1|0.5238095238095238", "2|0.47619047619047616"]);
    }
}
