//! How expressions become plan nodes.
//!
//! Everything a user hands to a frame passes here once: mistakes and unknown columns are reported, names are given and
//! checked, aggregates and window expressions inside it are computed by nodes of their own below, and functions that
//! depend on the order of rows receive the frame's.

use std::collections::HashSet;

use arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::{Sort, WindowFunction, WindowFunctionDefinition};
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits,
};
use datafusion::scalar::ScalarValue;
use swath_planner::with_met_times;

use super::misfits::{refuse_cut_fills, refuse_misfits};
use crate::error::{Error, Result};
use crate::expr::temporal::{differences_of_dates, fit_totals};
use crate::expr::window::{Window, window, with_window};
use crate::expr::{col, first_mistake, output_name};

/// The first of `names` that was there before.
pub(crate) fn first_duplicate<'a>(names: impl IntoIterator<Item = &'a String>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(name.as_str())).map(String::as_str)
}

/// `expr` with its mistakes and unknown columns reported, and what depends on types settled.
pub(crate) fn checked(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    if let Some(error) = first_mistake(&expr) {
        return Err(error);
    }
    let unknown = expr.column_refs().into_iter().find(|column| !schema.has_column(column)).cloned();
    if let Some(column) = unknown {
        return Err(Error::column_not_found(&column.name, schema.fields().iter().map(|field| field.name().as_str())));
    }
    let expr = with_elements(expr, schema)?;
    let expr = with_met_times(differences_of_dates(expr, schema)?, schema)?;
    let expr = fit_time_windows(fit_totals(expr, schema)?, schema)?;
    refuse_misfits(&expr, schema)?;
    refuse_cut_fills(&expr, schema)?;
    Ok(expr)
}

/// `expr` in which functions over elements of lists know the types of these.
fn with_elements(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    // The innermost first: DataFusion asks for the type of a list before it resolves the functions that made the list.
    let inner = expr.transform_up(|node| match &node {
        Expr::HigherOrderFunction(_) => Ok(match node.clone().resolve_lambda_variables(schema) {
            Ok(resolved) => Transformed::yes(resolved.data),
            // It uses an element of a function around it, and is resolved with that.
            Err(_) => Transformed::no(node),
        }),
        _ => Ok::<_, DataFusionError>(Transformed::no(node)),
    });
    Ok(inner.data()?.resolve_lambda_variables(schema).data()?)
}

/// Checks that `name` is a column.
pub(crate) fn known(name: &str, schema: &DFSchema) -> Result<()> {
    if schema.has_column_with_unqualified_name(name) {
        return Ok(());
    }
    Err(Error::column_not_found(name, schema.fields().iter().map(|field| field.name().as_str())))
}

/// Whether `expr` has a window expression in it.
pub(crate) fn has_windows(expr: &Expr) -> bool {
    contains(expr, |node| matches!(node, Expr::WindowFunction(_)))
}

/// Whether `expr` has an aggregate in it.
pub(crate) fn has_aggregates(expr: &Expr) -> bool {
    contains(expr, |node| matches!(node, Expr::AggregateFunction(_)))
}

fn contains(expr: &Expr, test: impl Fn(&Expr) -> bool) -> bool {
    // The closure does not fail.
    expr.exists(|node| Ok(test(node))).unwrap_or(false)
}

/// Whether every column of `expr` stands inside an aggregate, so that it has one value for many rows.
pub(crate) fn is_aggregated(expr: &Expr) -> bool {
    let mut aggregated = true;
    // The closure does not fail.
    let _ = expr.apply(|node| {
        Ok(match node {
            Expr::AggregateFunction(_) => TreeNodeRecursion::Jump,
            Expr::Column(_) | Expr::WindowFunction(_) => {
                aggregated = false;
                TreeNodeRecursion::Stop
            }
            _ => TreeNodeRecursion::Continue,
        })
    });
    aggregated
}

/// Aggregates repeated on every row: each becomes a window expression over all of them, or, inside another window
/// expression, over that one's partition.
pub(crate) fn broadcast(expr: Expr) -> Result<Expr> {
    Ok(broadcast_over(expr, &window())?)
}

fn broadcast_over(expr: Expr, whole: &Window) -> Result<Expr, DataFusionError> {
    let spread = expr.transform_down(|node| {
        let node = match node {
            Expr::AggregateFunction(_) => with_window(node, whole),
            other => other,
        };
        let Expr::WindowFunction(mut function) = node else {
            return Ok(Transformed::no(node));
        };
        let partition = window().partition_by(function.params.partition_by.clone());
        for argument in function.params.args.iter_mut().chain(function.params.filter.iter_mut().map(AsMut::as_mut)) {
            *argument = broadcast_over(std::mem::take(argument), &partition)?;
        }
        Ok(Transformed::new(Expr::WindowFunction(function), true, TreeNodeRecursion::Jump))
    });
    spread.data()
}

/// The names of the columns that `expressions` make, which must differ.
pub(crate) fn names<'a>(
    operation: &'static str,
    expressions: impl IntoIterator<Item = &'a Expr>,
) -> Result<Vec<String>> {
    let name = |expr: &Expr| first_mistake(expr).map_or_else(|| Ok(output_name(expr)), Err);
    let names = expressions.into_iter().map(name).collect::<Result<Vec<_>>>()?;
    refuse_duplicates(operation, &names)?;
    Ok(names)
}

/// `plan` with exactly the columns `expressions`.
pub(crate) fn project(operation: &'static str, plan: LogicalPlan, expressions: Vec<Expr>) -> Result<LogicalPlan> {
    let names = names(operation, &expressions)?;
    let expressions = expressions
        .into_iter()
        .map(|expr| broadcast(checked(expr.unalias(), plan.schema())?))
        .collect::<Result<Vec<_>>>()?;
    let order = ordering(&plan);
    let only_columns = expressions.iter().all(|expr| matches!(expr, Expr::Column(_)));
    let (plan, expressions) = with_windows(plan, expressions)?;
    if order.is_empty() || only_columns {
        let named = expressions.into_iter().zip(names).map(|(expr, name)| named(expr, name));
        return Ok(LogicalPlanBuilder::new(plan).project(named)?.build()?);
    }
    sorted_projection(plan, expressions, names, &order)
}

/// A projection whose rows keep `order`. A sort below alone would not do: what computes expressions may run in parallel
/// above it. So the sort goes above, by hidden columns where its keys do not come out; the one below falls away.
fn sorted_projection(
    plan: LogicalPlan,
    expressions: Vec<Expr>,
    names: Vec<String>,
    order: &[Sort],
) -> Result<LogicalPlan> {
    let (mut hidden, mut keys) = (vec![], vec![]);
    for key in order {
        let visible = expressions.iter().position(|expr| *expr == key.expr).map(|position| names[position].clone());
        let name = visible.unwrap_or_else(|| {
            let name = unused_name(plan.schema(), &format!("order_{}", hidden.len()));
            hidden.push(key.expr.clone().alias(&name));
            name
        });
        keys.push(key.with_expr(col(name)));
    }
    let none_hidden = hidden.is_empty();
    let outputs: Vec<Expr> = names.iter().map(col).collect();
    let named = expressions.into_iter().zip(names).map(|(expr, name)| named(expr, name));
    let sorted = LogicalPlanBuilder::new(plan).project(named.chain(hidden))?.sort(keys)?;
    Ok(if none_hidden { sorted.build()? } else { sorted.project(outputs)?.build()? })
}

/// `expr` as a column called `name`.
pub(crate) fn named(expr: Expr, name: String) -> Expr {
    match &expr {
        Expr::Column(column) if column.relation.is_none() && column.name == name => expr,
        _ => expr.alias(name),
    }
}

/// An error that names the first name that two columns have.
pub(crate) fn refuse_duplicates(operation: &'static str, names: &[String]) -> Result<()> {
    match first_duplicate(names) {
        None => Ok(()),
        Some(name) => Err(Error::invalid(
            operation,
            format!("two columns would be named '{name}'; give one of them another name with .alias(\"…\")"),
        )),
    }
}

/// All columns of `plan`, in order.
pub(crate) fn all_columns(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().fields().iter().map(|field| col(field.name())).collect()
}

/// A name that no column of `schema` has, made from `stem`.
pub(crate) fn unused_name(schema: &DFSchema, stem: &str) -> String {
    let mut name = format!("__{stem}");
    while schema.has_column_with_unqualified_name(&name) {
        name.push('_');
    }
    name
}

/// Computes the window expressions inside `expressions` by nodes below, innermost first, and puts columns in their place.
/// The rows may lose their order; the caller sorts them again.
pub(crate) fn with_windows(plan: LogicalPlan, expressions: Vec<Expr>) -> Result<(LogicalPlan, Vec<Expr>)> {
    if !expressions.iter().any(has_windows) {
        return Ok((plan, expressions));
    }
    let order = ordering(&plan);
    let mut expressions = expressions.into_iter().map(|expr| in_order(expr, &order)).collect::<Result<Vec<_>>>()?;
    let mut plan = plan;
    loop {
        let innermost = innermost_windows(&expressions);
        if innermost.is_empty() {
            break;
        }
        // Two expressions that differ only in a cast have one name in DataFusion: the second waits for the next round.
        let mut names = HashSet::new();
        let round: Vec<Expr> =
            innermost.into_iter().filter(|expr| names.insert(expr.schema_name().to_string())).collect();
        let kept = all_columns(&plan);
        let columns: Vec<(Expr, String)> = round
            .iter()
            .enumerate()
            .map(|(position, expr)| {
                (expr.clone(), unused_name(plan.schema(), &format!("window_{}_{position}", kept.len())))
            })
            .collect();
        plan = LogicalPlanBuilder::window_plan(plan, round)?;
        let computed = columns
            .iter()
            .map(|(expr, name)| Expr::Column(Column::from_name(expr.schema_name().to_string())).alias(name));
        plan = LogicalPlanBuilder::new(plan).project(kept.into_iter().chain(computed))?.build()?;
        for expr in &mut expressions {
            *expr = replace(std::mem::take(expr), &columns)?;
        }
    }
    Ok((plan, expressions))
}

/// `plan` in `order`, if there is any.
pub(crate) fn sorted(plan: LogicalPlan, order: Vec<Sort>) -> Result<LogicalPlan> {
    Ok(if order.is_empty() { plan } else { LogicalPlanBuilder::new(plan).sort(order)?.build()? })
}

/// `expr` with each occurrence of the first of a pair replaced by the column named by the second.
pub(crate) fn replace(expr: Expr, columns: &[(Expr, String)]) -> Result<Expr> {
    let replaced = expr.transform_down(|node| {
        Ok(match columns.iter().find(|(computed, _)| *computed == node) {
            Some((_, name)) => Transformed::new(col(name), true, TreeNodeRecursion::Jump),
            None => Transformed::no(node),
        })
    });
    Ok(replaced.data()?)
}

/// The different window expressions that have no other inside.
fn innermost_windows(expressions: &[Expr]) -> Vec<Expr> {
    let mut found: Vec<Expr> = vec![];
    for expr in expressions {
        // The closure does not fail.
        let _ = expr.apply(|node| {
            if let Expr::WindowFunction(_) = node {
                let mut inner = false;
                let _ = node.apply_children(|child| {
                    inner |= has_windows(child);
                    Ok(TreeNodeRecursion::Continue)
                });
                if !inner && !found.contains(node) {
                    found.push(node.clone());
                }
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }
    found
}

/// The order in which `plan` yields its rows, as far as it is known: from the last sort on.
pub(crate) fn ordering(plan: &LogicalPlan) -> Vec<Sort> {
    match plan {
        LogicalPlan::Sort(sort) => sort.expr.clone(),
        LogicalPlan::Limit(limit) => ordering(&limit.input),
        LogicalPlan::Filter(filter) => ordering(&filter.input),
        LogicalPlan::Projection(projection) => {
            let outer = |key: &Sort| {
                let position = projection.expr.iter().position(|expr| expr.clone().unalias() == key.expr)?;
                Some(key.with_expr(col(projection.schema.field(position).name())))
            };
            ordering(&projection.input).iter().map_while(outer).collect()
        }
        _ => vec![],
    }
}

/// Gives `order` to the functions in `expr` that depend on the order of rows and have none of their own.
pub(crate) fn in_order(expr: Expr, order: &[Sort]) -> Result<Expr> {
    let mut missing = None;
    let ordered = expr.transform_up(|node| {
        Ok(match node {
            Expr::WindowFunction(mut function) if function.params.order_by.is_empty() => {
                if is_rank(&function) {
                    missing = Some(function.fun.name().to_owned());
                }
                if is_positional(&function) {
                    function.params.order_by = order.to_vec();
                }
                Transformed::yes(Expr::WindowFunction(function))
            }
            Expr::AggregateFunction(mut function) if function.params.order_by.is_empty() => {
                if matches!(function.func.name(), "first_value" | "last_value" | "array_agg" | "string_agg") {
                    function.params.order_by = order.to_vec();
                }
                Transformed::yes(Expr::AggregateFunction(function))
            }
            other => Transformed::no(other),
        })
    });
    let ordered = ordered.data()?;
    match missing {
        None => Ok(ordered),
        Some(name) => Err(Error::invalid(
            "rank",
            format!("{name}() needs an order to rank by: {name}().over(window().order_by([col(\"…\").desc()]))"),
        )),
    }
}

fn is_rank(function: &WindowFunction) -> bool {
    matches!(function.fun.name(), "rank" | "dense_rank" | "percent_rank" | "cume_dist")
}

fn is_positional(function: &WindowFunction) -> bool {
    let named = matches!(
        function.fun.name(),
        "row_number"
            | "lag"
            | "lead"
            | "first_value"
            | "last_value"
            | "nth_value"
            | "ntile"
            | "array_agg"
            | "string_agg"
            | "ewm_mean"
            | "ewm_std"
            | "ewm_var"
    );
    let whole = WindowFrame::new(None);
    let running = matches!(function.fun, WindowFunctionDefinition::AggregateUDF(_))
        && function.params.window_frame.units == WindowFrameUnits::Rows
        && function.params.window_frame != whole;
    named || running
}

/// Fits the bounds of windows over time, which are given to the nanosecond, to the resolution of what orders them.
///
/// A row lies within a distance exactly if it lies within that distance rounded down to the resolution, and beyond one
/// exactly if beyond it rounded up.
fn fit_time_windows(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    let fitted = expr.transform_up(|node| {
        let Expr::WindowFunction(mut function) = node else {
            return Ok(Transformed::no(node));
        };
        let frame = &function.params.window_frame;
        let (WindowFrameUnits::Range, [key]) = (frame.units, function.params.order_by.as_slice()) else {
            return Ok(Transformed::no(Expr::WindowFunction(function)));
        };
        let Some(resolution) = resolution_nanoseconds(&key.expr.get_type(schema)?) else {
            return Ok(Transformed::no(Expr::WindowFunction(function)));
        };
        let down = i64::div_euclid;
        let up = |nanoseconds: i64, unit: i64| -(-nanoseconds).div_euclid(unit);
        let start = fit_bound(frame.start_bound.clone(), resolution, down, up);
        let end = fit_bound(frame.end_bound.clone(), resolution, up, down);
        function.params.window_frame = WindowFrame::new_bounds(WindowFrameUnits::Range, start, end);
        Ok(Transformed::yes(Expr::WindowFunction(function)))
    });
    Ok(fitted.data()?)
}

const DAY_NANOSECONDS: i64 = 86_400_000_000_000;

fn resolution_nanoseconds(data_type: &DataType) -> Option<i64> {
    match data_type {
        DataType::Date32 => Some(DAY_NANOSECONDS),
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => Some(1_000_000),
        DataType::Timestamp(TimeUnit::Second, _) => Some(1_000_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Some(1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Some(1),
        _ => None,
    }
}

/// `bound` with its distance in whole units of the column: `before` rounds one that lies before the row, `after` one after it.
fn fit_bound(
    bound: WindowFrameBound,
    resolution: i64,
    before: impl Fn(i64, i64) -> i64,
    after: impl Fn(i64, i64) -> i64,
) -> WindowFrameBound {
    let fitted = |mut interval: IntervalMonthDayNano, round: &dyn Fn(i64, i64) -> i64| {
        let units = round(interval.nanoseconds, resolution);
        if resolution == DAY_NANOSECONDS {
            interval.days = interval.days.saturating_add(i32::try_from(units).unwrap_or(i32::MAX));
            interval.nanoseconds = 0;
        } else {
            interval.nanoseconds = units * resolution;
        }
        ScalarValue::IntervalMonthDayNano(Some(interval))
    };
    match bound {
        WindowFrameBound::Preceding(ScalarValue::IntervalMonthDayNano(Some(interval))) => {
            WindowFrameBound::Preceding(fitted(interval, &before))
        }
        WindowFrameBound::Following(ScalarValue::IntervalMonthDayNano(Some(interval))) => {
            WindowFrameBound::Following(fitted(interval, &after))
        }
        other => other,
    }
}
