//! Floats that are canonical, as the plan that gives them shows.

use arrow::datatypes::DataType;
use datafusion::common::{Column, JoinType, ScalarValue};
use datafusion::logical_expr::utils::{grouping_set_to_exprlist, merge_schema};
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, ExprSchemable, LogicalPlan, Operator, WindowFunctionDefinition,
};

use super::CANONICAL_FLOAT;

/// Through how many nodes a column is followed down.
const DEEPEST: usize = 64;

/// Whether `expr`, a float over `inputs`, is neither -0.0 nor a NaN other than the canonical one.
pub(super) fn is_canonical(expr: &Expr, inputs: &[&LogicalPlan]) -> bool {
    let Some((expr, inputs)) = origin(expr, inputs) else { return false };
    match expr {
        Expr::Literal(scalar, _) => is_canonical_constant(scalar),
        Expr::ScalarFunction(call) if call.func.name() == CANONICAL_FLOAT => true,
        Expr::Cast(cast) if type_of(&cast.expr, &inputs).is_some_and(|from| widens(&from, cast.field.data_type())) => {
            is_canonical(&cast.expr, &inputs)
        }
        Expr::AggregateFunction(call) if matches!(call.func.name(), "min" | "max") => {
            call.params.args.iter().all(|argument| is_canonical(argument, &inputs))
        }
        _ => is_tame(expr, &inputs),
    }
}

/// Whether `expr` is a number that came from an integer or a decimal by steps that make neither NaN nor -0.0 of it.
fn is_tame(expr: &Expr, inputs: &[&LogicalPlan]) -> bool {
    let Some((expr, inputs)) = origin(expr, inputs) else { return false };
    match expr {
        Expr::Cast(cast) => type_of(&cast.expr, &inputs).is_some_and(|from| is_exact(&from)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => {
            (is_factor(left) && is_tame(right, &inputs)) || (is_tame(left, &inputs) && is_factor(right))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => is_average(left, right, &inputs),
        _ => false,
    }
}

/// A cast between floats that keeps every number, and their order.
pub(super) fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType::{Float16, Float32, Float64};
    matches!((from, to), (Float16, Float32 | Float64) | (Float32, Float64))
}

fn is_exact(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_decimal() || *data_type == DataType::Boolean
}

fn is_canonical_constant(scalar: &ScalarValue) -> bool {
    match scalar {
        ScalarValue::Float64(Some(value)) => {
            let canonical = if value.is_nan() { f64::NAN } else { value + 0.0 };
            canonical.to_bits() == value.to_bits()
        }
        ScalarValue::Float32(Some(value)) => {
            let canonical = if value.is_nan() { f32::NAN } else { value + 0.0 };
            canonical.to_bits() == value.to_bits()
        }
        other => other.is_null(),
    }
}

/// A positive constant that is far from what makes products vanish.
fn is_factor(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Float64(Some(value)), _) if (1e-30..1e30).contains(value))
}

/// `CAST(sum(d) AS DOUBLE) / CAST(count(d) AS DOUBLE)`, as [`DecimalQuotients`](crate::DecimalQuotients) makes averages: where the count
/// is zero, the sum is null.
fn is_average(dividend: &Expr, divisor: &Expr, inputs: &[&LogicalPlan]) -> bool {
    let aggregate = |expr: &Expr| -> Option<String> {
        let Expr::Cast(cast) = expr else { return None };
        type_of(&cast.expr, inputs).filter(is_exact)?;
        let (expr, _) = origin(&cast.expr, inputs)?;
        match expr {
            Expr::AggregateFunction(call) => Some(call.func.name().to_owned()),
            Expr::WindowFunction(call) => match &call.fun {
                WindowFunctionDefinition::AggregateUDF(function) => Some(function.name().to_owned()),
                WindowFunctionDefinition::WindowUDF(_) => None,
            },
            _ => None,
        }
    };
    aggregate(dividend).as_deref() == Some("sum") && aggregate(divisor).as_deref() == Some("count")
}

fn type_of(expr: &Expr, inputs: &[&LogicalPlan]) -> Option<DataType> {
    match inputs {
        [input] => expr.get_type(input.schema().as_ref()).ok(),
        inputs => expr.get_type(&merge_schema(inputs)).ok(),
    }
}

/// What computes `expr`: itself, or what a column of that name is below, without names; and the plans that this is over.
fn origin<'a>(expr: &'a Expr, inputs: &[&'a LogicalPlan]) -> Option<(&'a Expr, Vec<&'a LogicalPlan>)> {
    let (mut expr, mut inputs) = (expr, inputs.to_vec());
    for _ in 0..DEEPEST {
        match expr {
            Expr::Alias(alias) => expr = &alias.expr,
            Expr::Column(column) => (expr, inputs) = below(place(column, &inputs)?)?,
            Expr::ScalarSubquery(subquery) => (expr, inputs) = below((subquery.subquery.as_ref(), 0))?,
            other => return Some((other, inputs)),
        }
    }
    None
}

/// The input that has `column`, and where.
fn place<'a>(column: &Column, inputs: &[&'a LogicalPlan]) -> Option<(&'a LogicalPlan, usize)> {
    inputs.iter().find_map(|input| Some((*input, input.schema().maybe_index_of_column(column)?)))
}

/// The expression that computes the column at `at` of `plan`, and the plans that it is over.
fn below((mut plan, mut at): (&LogicalPlan, usize)) -> Option<(&Expr, Vec<&LogicalPlan>)> {
    for _ in 0..DEEPEST {
        match plan {
            LogicalPlan::Projection(projection) => {
                return Some((projection.expr.get(at)?, vec![projection.input.as_ref()]));
            }
            LogicalPlan::SubqueryAlias(alias) => plan = &alias.input,
            LogicalPlan::Filter(filter) => plan = &filter.input,
            LogicalPlan::Sort(sort) => plan = &sort.input,
            LogicalPlan::Limit(limit) => plan = &limit.input,
            LogicalPlan::Repartition(repartition) => plan = &repartition.input,
            LogicalPlan::Distinct(Distinct::All(input)) => plan = input,
            LogicalPlan::Aggregate(aggregate) => {
                let keys = grouping_set_to_exprlist(&aggregate.group_expr).ok()?;
                let functions = aggregate.schema.fields().len() - aggregate.aggr_expr.len();
                let expr = match at.checked_sub(functions) {
                    Some(function) => aggregate.aggr_expr.get(function)?,
                    None => keys.get(at).copied()?,
                };
                return Some((expr, vec![aggregate.input.as_ref()]));
            }
            LogicalPlan::Window(window) => match at.checked_sub(window.input.schema().fields().len()) {
                Some(function) => return Some((window.window_expr.get(function)?, vec![window.input.as_ref()])),
                None => plan = &window.input,
            },
            LogicalPlan::Join(join) => {
                let width = join.left.schema().fields().len();
                match (join.join_type, at.checked_sub(width)) {
                    (JoinType::RightSemi | JoinType::RightAnti, _) => plan = &join.right,
                    (JoinType::RightMark, _) => return None,
                    (_, None) => plan = &join.left,
                    (JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full, Some(right)) => {
                        (plan, at) = (join.right.as_ref(), right);
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    None
}
