//! Calls of our `sum`, `avg` and `median` as calls of DataFusion's, wherever these take the types.
//!
//! | call | becomes |
//! |---|---|
//! | `sum(n)`, `avg(n)`, `median(n)` of numbers | DataFusion's, of the same |
//! | `sum(b)` of truths | DataFusion's `sum(CAST(b AS BIGINT))` |
//! | `avg(b)`, `median(b)` of truths | DataFusion's, of `CAST(b AS DOUBLE)` |
//! | `avg(t)`, `median(t)` of dates and times | itself |
//!
//! under the name that the column had. So whatever knows DataFusion's functions (its own rules, and ours for decimals and for windows)
//! finds them. Runs before types are settled, and before those rules. [`functions::wide`](crate::functions::Wide) has the functions.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable, LogicalPlan, WindowFunctionDefinition, cast};
use datafusion::optimizer::AnalyzerRule;

use crate::functions::Wide;

/// Leaves to DataFusion's functions what they can do.
#[derive(Debug, Default)]
pub struct CallNarrowAggregates;

impl AnalyzerRule for CallNarrowAggregates {
    fn name(&self) -> &str {
        "call_narrow_aggregates"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            if !matches!(node, LogicalPlan::Aggregate(_) | LogicalPlan::Window(_)) {
                return Ok(Transformed::no(node));
            }
            let (schema, names) = (merge_schema(&node.inputs()), NamePreserver::new(&node));
            node.map_expressions(|expr| {
                let name = names.save(&expr);
                let narrowed = expr.transform_up(|expr| Ok(narrowed(expr, &schema)))?;
                Ok(narrowed.update_data(|expr| name.restore(expr)))
            })
        })
        .data()
    }
}

fn narrowed(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expr {
        Expr::AggregateFunction(mut call) => {
            let Some(function) = narrow(&call.func, &mut call.params.args, schema) else {
                return Transformed::no(Expr::AggregateFunction(call));
            };
            call.func = function;
            Transformed::yes(Expr::AggregateFunction(call))
        }
        Expr::WindowFunction(mut call) => {
            let function = match &call.fun {
                WindowFunctionDefinition::AggregateUDF(function) => narrow(function, &mut call.params.args, schema),
                WindowFunctionDefinition::WindowUDF(_) => None,
            };
            let Some(function) = function else { return Transformed::no(Expr::WindowFunction(call)) };
            call.fun = WindowFunctionDefinition::AggregateUDF(function);
            Transformed::yes(Expr::WindowFunction(call))
        }
        other => Transformed::no(other),
    }
}

/// The function to call in the place of `function`, with arguments that it takes.
fn narrow(function: &AggregateUDF, arguments: &mut [Expr], schema: &DFSchema) -> Option<Arc<AggregateUDF>> {
    let wide = Wide::of(function)?;
    let [argument] = arguments else { return None };
    // A type that cannot be told is an error that planning reports with its own words.
    let data_type = argument.get_type(schema).ok()?;
    if wide.type_of_times(&data_type).is_some() {
        return None;
    }
    if data_type == DataType::Boolean {
        *argument = cast(std::mem::take(argument), wide.type_of_truths());
    }
    Some(wide.narrow())
}
