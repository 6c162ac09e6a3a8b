//! Comparisons of float columns with constants, as statistics can decide them.
//!
//! [`CanonicalFloats`](crate::CanonicalFloats) compares `canonical_float(x)`, of which no file has statistics. For a constant `c` that is
//! no NaN, the same rows are those of comparisons by bits, in Arrow's order -NaN < -inf < … < -0.0 < 0.0 < … < inf < NaN:
//!
//! | comparison | becomes |
//! |---|---|
//! | `canonical_float(x) < c`, `<= c` | `x < c AND x >= -inf` |
//! | `canonical_float(x) > c`, `>= c` | `x > c OR x < -inf` |
//! | one of each on the same `x` | `x > b AND x < c` |
//! | `canonical_float(x) = 0`, `<> 0` | `x >= -0.0 AND x <= 0.0`, `x < -0.0 OR x > 0.0` |
//! | `canonical_float(x) IN (c, 0)` | `x IN (c, 0, -0.0)` |
//!
//! and of other comparisons with zero the one that has both zeros on one side. Comparisons with NaN stay. Only in filters and scans:
//! elsewhere there is nothing to prune. Runs on every pass of the optimiser, and changes nothing that it made.
//!
//! A file's least and greatest value leave NaN out, as the format says: `x > c` passes over a row group of Parquet of which they say
//! that no number is above `c`, and does not see whether there is a NaN in it.

use std::collections::HashSet;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::{Cast, InList};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator, TableScan, binary_expr, lit};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::canonical_floats::CANONICAL_FLOAT;
use crate::canonical_floats::constants::{number, with_value};

/// Makes comparisons of canonical columns with constants ones of the columns themselves.
#[derive(Debug, Default)]
pub struct ComparePlainFloats;

impl OptimizerRule for ComparePlainFloats {
    fn name(&self) -> &str {
        "compare_plain_floats"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::Filter(filter) => {
                let Some(conjuncts) = rewritten(vec![filter.predicate.clone()])? else {
                    return Ok(Transformed::no(LogicalPlan::Filter(filter)));
                };
                let predicate = conjunction(conjuncts).unwrap_or(lit(true));
                Ok(Transformed::yes(LogicalPlan::Filter(Filter::try_new(predicate, filter.input)?)))
            }
            LogicalPlan::TableScan(scan) => match rewritten(scan.filters.clone())? {
                Some(filters) => Ok(Transformed::yes(LogicalPlan::TableScan(TableScan { filters, ..scan }))),
                None => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
            },
            other => Ok(Transformed::no(other)),
        }
    }
}

/// The conjuncts of `predicates` with what can be compared plainly; `None` if nothing can.
fn rewritten(predicates: Vec<Expr>) -> Result<Option<Vec<Expr>>> {
    let conjuncts: Vec<Expr> = predicates.into_iter().flat_map(split_conjunction_owned).collect();
    let (mut above, mut below) = (HashSet::new(), HashSet::new());
    for comparison in conjuncts.iter().filter_map(Comparison::of) {
        match comparison.op {
            Operator::Gt | Operator::GtEq => above.insert(comparison.plain),
            Operator::Lt | Operator::LtEq => below.insert(comparison.plain),
            _ => false,
        };
    }
    let mut changed = false;
    let mut plain = vec![];
    for conjunct in conjuncts {
        let in_range = Comparison::of(&conjunct)
            .filter(|found| found.is_bound() && above.contains(&found.plain) && below.contains(&found.plain));
        let compared = match in_range {
            Some(bound) => Transformed::yes(bound.by_bits()),
            None => conjunct.transform_up(|expr| Ok(plainly(expr)))?,
        };
        changed |= compared.transformed;
        // A filter of two parts would be found in a scan that has them one by one.
        for part in split_conjunction_owned(compared.data) {
            if !plain.contains(&part) {
                plain.push(part);
            }
        }
    }
    Ok(changed.then_some(plain))
}

fn plainly(expr: Expr) -> Transformed<Expr> {
    if let Some(comparison) = Comparison::of(&expr) {
        return Transformed::yes(comparison.exactly());
    }
    match expr {
        Expr::InList(list) => match plain_list(&list) {
            Some(plain) => Transformed::yes(plain),
            None => Transformed::no(Expr::InList(list)),
        },
        other => Transformed::no(other),
    }
}

fn plain_list(list: &InList) -> Option<Expr> {
    let plain = plain_column(&list.expr)?;
    let mut values = Vec::with_capacity(list.list.len());
    for value in &list.list {
        let Expr::Literal(scalar, _) = value else { return None };
        match number(scalar) {
            Some(number) if number.is_nan() => return None,
            Some(0.0) => values.extend([lit(with_value(scalar, 0.0)?), lit(with_value(scalar, -0.0)?)]),
            Some(_) => values.push(value.clone()),
            None if scalar.is_null() => values.push(value.clone()),
            None => return None,
        }
    }
    Some(Expr::InList(InList { expr: Box::new(plain), list: values, negated: list.negated }))
}

/// A comparison of a canonical column with a constant on its right.
struct Comparison {
    /// The column as it is stored, perhaps cast.
    plain: Expr,
    op: Operator,
    constant: ScalarValue,
    value: f64,
}

impl Comparison {
    fn of(expr: &Expr) -> Option<Self> {
        use Operator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return None };
        let (column, op, constant) = match (left.as_ref(), right.as_ref()) {
            (column, Expr::Literal(constant, _)) => (column, *op, constant),
            (Expr::Literal(constant, _), column) => (column, op.swap()?, constant),
            _ => return None,
        };
        if !matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq) {
            return None;
        }
        let value = number(constant).filter(|value| !value.is_nan())?;
        // Only of types that have the constants which are needed.
        with_value(constant, value)?;
        Some(Self { plain: plain_column(column)?, op, constant: constant.clone(), value })
    }

    fn is_bound(&self) -> bool {
        matches!(self.op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq)
    }

    fn with(&self, op: Operator, value: f64) -> Expr {
        let constant = with_value(&self.constant, value).unwrap_or_else(|| self.constant.clone());
        binary_expr(self.plain.clone(), op, lit(constant))
    }

    /// The comparison by bits, with both zeros on one side.
    fn by_bits(&self) -> Expr {
        let zero = match self.op {
            Operator::Lt | Operator::GtEq => -0.0,
            _ => 0.0,
        };
        self.with(self.op, if self.value == 0.0 { zero } else { self.value })
    }

    /// The comparison for all values, NaN among them.
    fn exactly(&self) -> Expr {
        match self.op {
            Operator::Eq if self.value == 0.0 => self.with(Operator::GtEq, -0.0).and(self.with(Operator::LtEq, 0.0)),
            Operator::NotEq if self.value == 0.0 => self.with(Operator::Lt, -0.0).or(self.with(Operator::Gt, 0.0)),
            Operator::Lt | Operator::LtEq => self.by_bits().and(self.with(Operator::GtEq, f64::NEG_INFINITY)),
            Operator::Gt | Operator::GtEq => self.by_bits().or(self.with(Operator::Lt, f64::NEG_INFINITY)),
            _ => self.by_bits(),
        }
    }
}

/// The column in `canonical_float(column)`, cast as that is.
fn plain_column(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == CANONICAL_FLOAT => match call.args.as_slice() {
            [Expr::Column(column)] => Some(Expr::Column(column.clone())),
            _ => None,
        },
        Expr::Cast(Cast { expr, field }) => {
            Some(Expr::Cast(Cast { expr: Box::new(plain_column(expr)?), field: field.clone() }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::DataType;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
    use datafusion::optimizer::Optimizer;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::CanonicalFloats;

    fn canonical_float() -> Arc<ScalarUDF> {
        let as_it_is = Arc::new(|arguments: &[ColumnarValue]| Ok(arguments[0].clone()));
        Arc::new(create_udf(
            CANONICAL_FLOAT,
            vec![DataType::Float64],
            DataType::Float64,
            Volatility::Immutable,
            as_it_is,
        ))
    }

    /// The optimised plan of a query over `t(f DOUBLE, g DOUBLE, d DECIMAL(15, 2), i BIGINT)`.
    async fn plan(sql: &str) -> String {
        let mut rules = Optimizer::new().rules;
        let place = rules.iter().position(|rule| rule.name() == "common_sub_expression_eliminate").unwrap();
        rules.insert(place, Arc::new(ComparePlainFloats));
        let state = SessionStateBuilder::new_with_default_features()
            .with_analyzer_rule(Arc::new(crate::DecimalQuotients))
            .with_analyzer_rule(Arc::new(CanonicalFloats::new(canonical_float())))
            .with_optimizer_rules(rules);
        let context = SessionContext::new_with_state(state.build());
        context.sql("CREATE TABLE t (f DOUBLE, g DOUBLE, d DECIMAL(15, 2), i BIGINT)").await.unwrap();
        let frame = context.sql(sql).await.unwrap();
        let columns = frame.schema().columns();
        let plan = frame.into_optimized_plan().unwrap();
        assert_eq!(plan.schema().columns(), columns, "{sql}");
        plan.to_string()
    }

    #[tokio::test]
    async fn constants_are_compared_with_the_column() {
        for (condition, expected) in [
            ("f > 1", "t.f > Float64(1) OR t.f < Float64(-inf)"),
            ("1 > f", "t.f < Float64(1) AND t.f >= Float64(-inf)"),
            ("f < 0", "t.f < Float64(-0) AND t.f >= Float64(-inf)"),
            ("f <= 0", "t.f <= Float64(0) AND t.f >= Float64(-inf)"),
            ("f >= 0", "t.f >= Float64(-0) OR t.f < Float64(-inf)"),
            ("f = 0", "t.f >= Float64(-0) AND t.f <= Float64(0)"),
            ("f <> 0", "t.f < Float64(-0) OR t.f > Float64(0)"),
            ("f = 1.5", "t.f = Float64(1.5)"),
            ("f > 1 AND f <= 5", "t.f > Float64(1) AND t.f <= Float64(5)"),
            ("f BETWEEN 0 AND 5", "t.f >= Float64(-0) AND t.f <= Float64(5)"),
            ("f IN (1, 2, 3, 4)", "t.f IN ([Float64(1), Float64(2), Float64(3), Float64(4)])"),
            ("f > g", "canonical_float(t.f) > canonical_float(t.g)"),
            ("i > 1.5", "t.i"),
        ] {
            let plan = plan(&format!("SELECT i FROM t WHERE {condition}")).await;
            assert!(
                plan.contains(&format!("Filter: {expected}")) || (expected == "t.i" && !plan.contains("canonical")),
                "{condition}: {plan}"
            );
        }
    }

    #[tokio::test]
    async fn only_floats_that_may_be_odd_are_made_canonical() {
        for sql in [
            "SELECT d, i, count(*) FROM t GROUP BY d, i ORDER BY d, i",
            "SELECT DISTINCT d FROM t",
            "SELECT count(DISTINCT i), min(d) FROM t",
            "SELECT i FROM t WHERE d > (SELECT avg(d) FROM t)",
            "SELECT i FROM t AS o WHERE d < (SELECT 0.2 * avg(d) FROM t WHERE t.i = o.i)",
            "SELECT i, avg(d) AS a FROM t GROUP BY i ORDER BY a",
            "SELECT a.i FROM t AS a JOIN t AS b ON a.i = b.i ORDER BY a.i",
            "SELECT f, g FROM t WHERE f = 1.5 AND g IN (2.5, 3.5)",
        ] {
            let plan = plan(sql).await;
            assert!(!plan.contains("canonical") && !plan.contains("inf"), "{sql}: {plan}");
        }
    }

    #[tokio::test]
    async fn keys_are_made_canonical_once() {
        for (sql, times) in [
            ("SELECT f FROM t ORDER BY f", 1),
            ("SELECT f, count(*) FROM t GROUP BY f ORDER BY f", 1),
            ("SELECT DISTINCT f FROM t ORDER BY f", 1),
            ("SELECT f, g, count(*) FROM t GROUP BY ROLLUP (f, g)", 2),
            ("SELECT count(DISTINCT f) FROM t", 1),
            // And what holds a column's name.
            ("SELECT min(f) FROM t", 2),
            ("SELECT sum(g) OVER (PARTITION BY f ORDER BY g) FROM t", 2),
            ("SELECT a.i FROM t AS a JOIN t AS b ON a.f = b.g", 2),
            ("SELECT i FROM t WHERE f IN (SELECT g FROM t)", 2),
            ("SELECT f FROM t EXCEPT SELECT g FROM t", 2),
        ] {
            let plan = plan(sql).await;
            // A group's key is named after the column.
            assert_eq!(plan.matches("canonical_float(").count(), times, "{sql}: {plan}");
        }
    }
}
