//! `max` and `min` over floats by functions that know NaN.
//!
//! ```text
//! Aggregate: groupBy=[[t.k]], aggr=[[max(t.x)]]
//! =>
//! Aggregate: groupBy=[[t.k]], aggr=[[max_of_floats(t.x)]]
//! ```
//!
//! under the name that the column had, and in windows alike. [`functions::float_extremes`](crate::functions::FloatExtreme) says why.
//! Runs when types are settled; over all other types DataFusion's functions stay.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable, LogicalPlan, WindowFunctionDefinition};
use datafusion::optimizer::AnalyzerRule;

use crate::functions::FloatExtreme;

/// Gives `max` and `min` over floats the order in which NaN is the largest value.
#[derive(Debug, Default)]
pub struct OrderFloats;

impl AnalyzerRule for OrderFloats {
    fn name(&self) -> &str {
        "order_floats"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            if !matches!(node, LogicalPlan::Aggregate(_) | LogicalPlan::Window(_)) {
                return Ok(Transformed::no(node));
            }
            let schema = merge_schema(&node.inputs());
            node.map_expressions(|expr| expr.transform_up(|expr| Ok(ordered(expr, &schema))))
        })
        .data()
    }
}

fn ordered(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expr {
        Expr::AggregateFunction(mut call) => match for_floats(&call.func, &call.params.args, schema) {
            Some(function) => {
                call.func = function;
                Transformed::yes(Expr::AggregateFunction(call))
            }
            None => Transformed::no(Expr::AggregateFunction(call)),
        },
        Expr::WindowFunction(mut call) => {
            let function = match &call.fun {
                WindowFunctionDefinition::AggregateUDF(function) => for_floats(function, &call.params.args, schema),
                WindowFunctionDefinition::WindowUDF(_) => None,
            };
            match function {
                Some(function) => {
                    call.fun = WindowFunctionDefinition::AggregateUDF(function);
                    Transformed::yes(Expr::WindowFunction(call))
                }
                None => Transformed::no(Expr::WindowFunction(call)),
            }
        }
        other => Transformed::no(other),
    }
}

/// The function to call in the place of `function`, if its arguments are floats.
fn for_floats(function: &AggregateUDF, arguments: &[Expr], schema: &DFSchema) -> Option<Arc<AggregateUDF>> {
    let extreme = FloatExtreme::of(function)?;
    let [argument] = arguments else { return None };
    argument.get_type(schema).is_ok_and(|found| found.is_floating()).then(|| extreme.function())
}
