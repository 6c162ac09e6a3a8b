//! Quotients of decimals, averages among them, as `DOUBLE`.
//!
//! DataFusion gives `avg(DECIMAL(p, s))` as `DECIMAL(p + 4, s + 4)` and cuts the quotient of two decimals to as few as six digits
//! behind the point, which no later step brings back. Here both are binary floats of about 16 digits, as in DuckDB: sums of
//! decimals stay exact, and the one division comes last.
//!
//! | expression, `d` a decimal | becomes |
//! |---|---|
//! | `d / x`, `x / d` with `x` a decimal or an integer | `CAST(d AS DOUBLE) / CAST(x AS DOUBLE)` |
//! | `avg(d)` over groups or windows | `CAST(sum(d) AS DOUBLE) / CAST(count(d) AS DOUBLE)` |
//!
//! The sum and the count are shared with what else the query asks for: `sum(d), avg(d), count(*)` over a column without nulls is
//! two accumulators. `%` and the functions that return one of their arguments (`median`, `min`) keep the decimal.
//!
//! Runs before types are settled, so that what is compared or united with a quotient adapts to the float.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, Result};
use datafusion::config::ConfigOptions;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Aggregate, AggregateUDF, BinaryExpr, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, Projection,
    RecursiveQuery, Window, WindowFunctionDefinition, cast, lit,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;

use crate::look::any_expression;

/// Makes quotients of decimals, and averages of them, floats. Runs before types are settled.
#[derive(Debug, Default)]
pub struct DecimalQuotients;

impl AnalyzerRule for DecimalQuotients {
    fn name(&self) -> &str {
        "decimal_quotients"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        if !divides(&plan)? {
            return Ok(plan);
        }
        settle(plan, &DFSchema::empty()).data()
    }
}

/// Whether anything in `plan` divides; most plans are left alone by this look.
fn divides(plan: &LogicalPlan) -> Result<bool> {
    any_expression(plan, |expr| match expr {
        Expr::BinaryExpr(binary) => binary.op == Operator::Divide,
        Expr::AggregateFunction(function) => is_average(&function.func),
        Expr::WindowFunction(function) => window_average(function).is_some(),
        _ => false,
    })
}

/// `plan` with its quotients rewritten; `outer` has the columns of the queries around it.
fn settle(plan: LogicalPlan, outer: &DFSchema) -> Result<Transformed<LogicalPlan>> {
    let inputs = plan.map_children(|input| settle(input, outer))?;
    let mut changed = inputs.transformed;
    let plan = match inputs.data {
        // Its branches may be of different types until their union is coerced, and what stands above goes by the union's.
        LogicalPlan::Union(union) => TypeCoercionRewriter::coerce_union(union)?,
        LogicalPlan::RecursiveQuery(query) if changed => LogicalPlan::RecursiveQuery(with_declared_types(query)?),
        plan if changed => plan.recompute_schema()?,
        plan => plan,
    };
    let schema = merge_schema(&plan.inputs());
    let mut scope = schema.clone();
    scope.merge(outer);

    let subqueries = plan.map_subqueries(|subquery| settle(subquery, &scope))?;
    changed |= subqueries.transformed;
    let names = NamePreserver::new(&subqueries.data);
    let quotients = subqueries.data.map_expressions(|expr| {
        let name = names.save(&expr);
        let rewritten = expr.transform_up(|expr| quotient(expr, &schema, outer))?;
        Ok(rewritten.update_data(|expr| name.restore(expr)))
    })?;
    changed |= quotients.transformed;
    let plan = if quotients.transformed || subqueries.transformed {
        quotients.data.recompute_schema()?
    } else {
        quotients.data
    };
    let averages = match plan {
        LogicalPlan::Aggregate(aggregate) => averages_of_groups(aggregate)?,
        LogicalPlan::Window(window) => averages_of_windows(window)?,
        plan => Transformed::no(plan),
    };
    Ok(Transformed { transformed: changed || averages.transformed, ..averages })
}

fn quotient(expr: Expr, schema: &DFSchema, outer: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => {
            // A type that cannot be told is an error that planning reports with its own words.
            let exact = match (left.get_type(schema), right.get_type(schema)) {
                (Ok(left), Ok(right)) => {
                    (left.is_decimal() && (right.is_decimal() || right.is_integer()))
                        || (left.is_integer() && right.is_decimal())
                }
                _ => false,
            };
            let side = |side: Box<Expr>| if exact { Box::new(cast(*side, DataType::Float64)) } else { side };
            let quotient = Expr::BinaryExpr(BinaryExpr::new(side(left), Operator::Divide, side(right)));
            Ok(if exact { Transformed::yes(quotient) } else { Transformed::no(quotient) })
        }
        Expr::OuterReferenceColumn(field, column) => Ok(outer_column(field, column, outer)),
        other => Ok(Transformed::no(other)),
    }
}

/// A column of the query around, which has the type that it has in `outer` by now.
pub(crate) fn outer_column(field: FieldRef, column: Column, outer: &DFSchema) -> Transformed<Expr> {
    match outer.field_from_column(&column).ok().filter(|now| now.data_type() != field.data_type()) {
        Some(now) => Transformed::yes(Expr::OuterReferenceColumn(FieldRef::clone(now), column)),
        None => Transformed::no(Expr::OuterReferenceColumn(field, column)),
    }
}

/// A recursive query, the terms of which are of the types that it was declared with: its own rows are read by these.
pub(crate) fn with_declared_types(query: RecursiveQuery) -> Result<RecursiveQuery> {
    let declared = |term: Arc<LogicalPlan>| -> Result<Arc<LogicalPlan>> {
        let fields = query.schema.fields();
        if term.schema().fields().iter().zip(fields).all(|(own, declared)| own.data_type() == declared.data_type()) {
            return Ok(term);
        }
        let columns: Vec<_> = term
            .schema()
            .columns()
            .into_iter()
            .zip(fields)
            .map(|(column, field)| {
                let (relation, name) = (column.relation.clone(), column.name.clone());
                cast(Expr::Column(column), field.data_type().clone()).alias_qualified(relation, name)
            })
            .collect();
        Ok(Arc::new(LogicalPlanBuilder::from(term).project(columns)?.build()?))
    };
    let (static_term, recursive_term) =
        (declared(Arc::clone(&query.static_term))?, declared(Arc::clone(&query.recursive_term))?);
    Ok(RecursiveQuery { static_term, recursive_term, ..query })
}

fn is_average(function: &AggregateUDF) -> bool {
    function.name() == "avg"
}

fn window_average(function: &WindowFunction) -> Option<&AggregateUDF> {
    match &function.fun {
        WindowFunctionDefinition::AggregateUDF(function) => {
            Some(function.as_ref()).filter(|function| is_average(function))
        }
        WindowFunctionDefinition::WindowUDF(_) => None,
    }
}

fn averages_of_groups(aggregate: Aggregate) -> Result<Transformed<LogicalPlan>> {
    let split = split(&aggregate.aggr_expr, aggregate.input.schema(), |expr, schema| {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else { return Ok(None) };
        if !is_average(func) || !is_decimal(&params.args, schema) {
            return Ok(None);
        }
        let sum = AggregateFunction { func: sum_udaf(), params: params.clone() };
        let mut count = AggregateFunction { func: count_udaf(), params: params.clone() };
        if !params.distinct && !params.args[0].nullable(schema)? {
            count.params.args = vec![lit(1_i64)];
        }
        Ok(Some([Expr::AggregateFunction(sum), Expr::AggregateFunction(count)]))
    })?;
    let Some(split) = split else { return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate))) };
    let Aggregate { input, group_expr, schema, .. } = aggregate;
    let inner = Aggregate::try_new(input, group_expr, split.computed)?;
    above(LogicalPlan::Aggregate(inner), &schema, &split.outputs)
}

fn averages_of_windows(window: Window) -> Result<Transformed<LogicalPlan>> {
    let split = split(&window.window_expr, window.input.schema(), |expr, schema| {
        let Expr::WindowFunction(function) = expr else { return Ok(None) };
        if window_average(function).is_none() || !is_decimal(&function.params.args, schema) {
            return Ok(None);
        }
        let with = |fun| {
            let fun = WindowFunctionDefinition::AggregateUDF(fun);
            Expr::from(WindowFunction { fun, params: function.params.clone() })
        };
        Ok(Some([with(sum_udaf()), with(count_udaf())]))
    })?;
    let Some(split) = split else { return Ok(Transformed::no(LogicalPlan::Window(window))) };
    let Window { input, schema, .. } = window;
    let inner = Window::try_new(split.computed, input)?;
    above(LogicalPlan::Window(inner), &schema, &split.outputs)
}

fn is_decimal(arguments: &[Expr], schema: &DFSchema) -> bool {
    arguments.first().is_some_and(|argument| argument.get_type(schema).is_ok_and(|kind| kind.is_decimal()))
}

/// The functions of a node after averages were split.
struct Split {
    /// What the node computes.
    computed: Vec<Expr>,
    /// For each function that it computed before, where the value is now.
    outputs: Vec<Output>,
}

/// Places in [`Split::computed`].
enum Output {
    Same(usize),
    Average { sum: usize, count: usize },
}

/// `functions` with each that `parts` can split into sum and count computed from these; `None` if there is none.
fn split(
    functions: &[Expr],
    schema: &DFSchema,
    parts: impl Fn(&Expr, &DFSchema) -> Result<Option<[Expr; 2]>>,
) -> Result<Option<Split>> {
    let parts = functions.iter().map(|function| parts(unaliased(function), schema)).collect::<Result<Vec<_>>>()?;
    if parts.iter().all(Option::is_none) {
        return Ok(None);
    }
    // What the query asks for by itself keeps its name, so it goes first.
    let mut computed: Vec<_> =
        functions.iter().zip(&parts).filter(|(_, parts)| parts.is_none()).map(|(own, _)| own.clone()).collect();
    let mut own = 0..computed.len();
    let mut place = |wanted: Expr| {
        computed.iter().position(|known| *unaliased(known) == wanted).unwrap_or_else(|| {
            computed.push(wanted);
            computed.len() - 1
        })
    };
    let mut outputs = Vec::with_capacity(functions.len());
    for parts in parts {
        outputs.push(match parts {
            Some([sum, count]) => Output::Average { sum: place(sum), count: place(count) },
            // One for each function that was not split, as `computed` begins.
            None => Output::Same(own.next().unwrap_or_default()),
        });
    }
    Ok(Some(Split { computed, outputs }))
}

fn unaliased(expr: &Expr) -> &Expr {
    let mut inner = expr;
    while let Expr::Alias(alias) = inner {
        inner = &alias.expr;
    }
    inner
}

/// A projection of `inner` to the columns that `schema` names: first those before the functions, then their `outputs`.
fn above(inner: LogicalPlan, schema: &DFSchema, outputs: &[Output]) -> Result<Transformed<LogicalPlan>> {
    let columns = inner.schema().columns();
    let before = schema.fields().len() - outputs.len();
    let column = |index: usize| Expr::Column(columns[before + index].clone());
    let float = |index| cast(column(index), DataType::Float64);
    let mut projected: Vec<_> = columns[..before].iter().cloned().map(Expr::Column).collect();
    for (output, name) in outputs.iter().zip(&schema.columns()[before..]) {
        let Column { relation, name, .. } = name.clone();
        projected.push(match *output {
            Output::Same(index) => column(index),
            Output::Average { sum, count } => (float(sum) / float(count)).alias_qualified(relation, name),
        });
    }
    Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(projected, Arc::new(inner))?)))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::datasource::MemTable;
    use datafusion::optimizer::Analyzer;
    use datafusion::prelude::SessionContext;

    use super::*;

    /// The plan of a query over `t(d DECIMAL(15, 2) NOT NULL, n DECIMAL(15, 2), f DOUBLE, i BIGINT)` before and after the rule.
    async fn plans(sql: &str) -> [String; 2] {
        let decimal = DataType::Decimal128(15, 2);
        let fields = [("d", decimal.clone(), false), ("n", decimal, true), ("f", DataType::Float64, true)];
        let mut fields: Vec<_> = fields.into_iter().map(|(name, kind, null)| Field::new(name, kind, null)).collect();
        fields.push(Field::new("i", DataType::Int64, true));
        let context = SessionContext::new();
        let table = MemTable::try_new(Arc::new(Schema::new(fields)), vec![vec![]]).unwrap();
        context.register_table("t", Arc::new(table)).unwrap();
        let plan = context.state().create_logical_plan(sql).await.unwrap();
        let after = DecimalQuotients.analyze(plan.clone(), &ConfigOptions::default()).unwrap();
        let settled = Analyzer::new().execute_and_check(after.clone(), &ConfigOptions::default(), |_, _| {}).unwrap();
        assert_eq!(plan.schema().columns(), settled.schema().columns(), "{sql}");
        [plan.to_string(), after.to_string()]
    }

    #[tokio::test]
    async fn an_average_shares_its_sum_and_count() {
        let [_, after] = plans("SELECT avg(d), sum(d) AS s, count(*), avg(n), avg(DISTINCT d) FROM t").await;
        let functions =
            "aggr=[[sum(t.d), count(Int64(1)), sum(t.n), count(t.n), sum(DISTINCT t.d), count(DISTINCT t.d)]]";
        assert!(after.contains(functions), "{after}");
        assert!(after.contains("CAST(sum(t.d) AS Float64) / CAST(count(Int64(1)) AS Float64) AS avg(t.d)"), "{after}");
    }

    #[tokio::test]
    async fn quotients_of_decimals_are_floats() {
        for (quotient, expected) in [
            ("d / n", "CAST(t.d AS Float64) / CAST(t.n AS Float64)"),
            ("i / d", "CAST(t.i AS Float64) / CAST(t.d AS Float64)"),
            ("d / 3 / n", "CAST(t.d AS Float64) / CAST(Int64(3) AS Float64) / t.n"),
        ] {
            let [_, after] = plans(&format!("SELECT {quotient} AS q FROM t")).await;
            assert!(after.contains(expected), "{quotient}: {after}");
        }
    }

    #[tokio::test]
    async fn other_plans_stay() {
        for sql in [
            "SELECT avg(f), avg(i), sum(d), median(d) FROM t",
            "SELECT i / 2, f / d, d % n, d * n FROM t",
            "SELECT avg(f) OVER (PARTITION BY i) FROM t WHERE i / 2 > (SELECT max(i) FROM t)",
        ] {
            let [before, after] = plans(sql).await;
            assert_eq!(before, after, "{sql}");
        }
    }
}
