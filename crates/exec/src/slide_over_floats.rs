//! Windows over floats by functions from which nothing is subtracted.
//!
//! ```text
//! Window: [stddev(x) ROWS BETWEEN 2 PRECEDING AND CURRENT ROW]
//! =>
//! Window: [sliding_stddev(x) ROWS BETWEEN 2 PRECEDING AND CURRENT ROW]
//! ```
//!
//! under the name that the column had. [`functions::sliding`](crate::functions::Sliding) says why. Runs when types are settled; windows
//! over other types (exact ones) keep DataFusion's functions.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Window, WindowFunctionDefinition};
use datafusion::optimizer::AnalyzerRule;

use crate::functions::Sliding;

/// Gives windows over floats functions that lose nothing when values leave.
#[derive(Debug, Default)]
pub struct SlideOverFloats;

impl AnalyzerRule for SlideOverFloats {
    fn name(&self) -> &str {
        "slide_over_floats"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::Window(window) => over_window(window),
            node => Ok(Transformed::no(node)),
        })
        .data()
    }
}

fn over_window(window: Window) -> Result<Transformed<LogicalPlan>> {
    let Window { input, window_expr, schema } = window;
    let mut transformed = false;
    let window_expr = window_expr
        .into_iter()
        .map(|expr| {
            let expr = expr.transform_up(|expr| slide(expr, input.schema()))?;
            transformed |= expr.transformed;
            Ok(expr.data)
        })
        .collect::<Result<Vec<_>>>()?;
    let window = LogicalPlan::Window(Window::try_new_with_schema(window_expr, input, schema)?);
    Ok(if transformed { Transformed::yes(window) } else { Transformed::no(window) })
}

fn slide(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::WindowFunction(mut call) = expr else { return Ok(Transformed::no(expr)) };
    let sliding = match &call.fun {
        WindowFunctionDefinition::AggregateUDF(function) if !call.params.distinct => Sliding::of(function),
        _ => None,
    };
    let is_float = |argument: &Expr| argument.get_type(schema).is_ok_and(|found| found == DataType::Float64);
    match sliding {
        Some(sliding) if call.params.args.iter().all(is_float) => {
            call.fun = WindowFunctionDefinition::AggregateUDF(Arc::clone(&sliding.function()));
            Ok(Transformed::yes(Expr::WindowFunction(call)))
        }
        _ => Ok(Transformed::no(Expr::WindowFunction(call))),
    }
}
