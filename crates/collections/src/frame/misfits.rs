//! Types that do not go together, found where an expression is handed to a frame.
//!
//! The planner would find them too, but names only the types. Here the expression around them is at hand, and the fields of a struct.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};
use swath_planner::nearest;

use super::nulls::fitted_value;
use crate::error::{Error, Result};
use crate::rewording;

/// Refuses `expr` if it has no type, as far as the reason is known here.
pub(super) fn refuse_misfits(expr: &Expr, schema: &DFSchema) -> Result<()> {
    if expr.get_type(schema).is_ok() {
        return Ok(());
    }
    let mut innermost = None;
    // The closure does not fail.
    let _ = expr.apply(|node| {
        innermost = misfit(node, schema).or(innermost.take());
        Ok(TreeNodeRecursion::Continue)
    });
    innermost.map_or(Ok(()), |message| Err(Error::Plan { message, place: None }))
}

/// Refuses a shift that fills with a value which the shifted one's type cannot hold: the function would cut it.
pub(super) fn refuse_cut_fills(expr: &Expr, schema: &DFSchema) -> Result<()> {
    let mut refused = None;
    // The closure does not fail.
    let _ = expr.apply(|node| {
        refused = refused.take().or_else(|| cut_fill(node, schema));
        Ok(TreeNodeRecursion::Continue)
    });
    refused.map_or(Ok(()), |message| Err(Error::invalid("shift", message)))
}

fn cut_fill(node: &Expr, schema: &DFSchema) -> Option<String> {
    let Expr::WindowFunction(function) = node else { return None };
    let [value, _, Expr::Literal(fill, _)] = function.params.args.as_slice() else { return None };
    if !matches!(function.fun.name(), "lag" | "lead") || fill.is_null() {
        return None;
    }
    let data_type = value.get_type(schema).ok().filter(|data_type| !data_type.is_null() && !data_type.is_nested())?;
    match fitted_value(fill, &data_type) {
        Some(_) => None,
        None => Some(format!(
            "'{}' of type {data_type} cannot hold {fill}, with which it is filled; cast it before, or fill with another \
             value",
            value.human_display()
        )),
    }
}

/// Refuses what is no condition.
pub(super) fn refuse_values(predicate: &Expr, schema: &DFSchema) -> Result<()> {
    match predicate.get_type(schema) {
        Ok(data_type) if !matches!(data_type, DataType::Boolean | DataType::Null) => {
            let shown = predicate.clone().unalias();
            let message = rewording::not_a_condition(&shown.human_display().to_string(), &data_type.to_string());
            Err(Error::Plan { message, place: None })
        }
        _ => Ok(()),
    }
}

/// What is wrong with `node` itself.
fn misfit(node: &Expr, schema: &DFSchema) -> Option<String> {
    match node {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left, right) = (left.get_type(schema).ok()?, right.get_type(schema).ok()?);
            node.get_type(schema).err()?;
            let shown = format!("{}: {left} {op} {right}", node.human_display());
            Some(match op {
                Operator::And | Operator::Or => rewording::conditions(&shown),
                Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => {
                    rewording::comparison(&shown)
                }
                _ => rewording::arithmetic(&shown),
            })
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "get_field" => {
            let [value, Expr::Literal(field, _)] = args.as_slice() else { return None };
            let name = field.try_as_str()??;
            let shown = value.human_display();
            match value.get_type(schema).ok()? {
                DataType::Struct(fields) if fields.find(name).is_none() => {
                    let names = || fields.iter().map(|field| field.name().as_str());
                    let meant = nearest(name, names()).map(|near| format!(" (did you mean '{near}'?)"));
                    let listed: Vec<_> = names().map(|name| format!("'{name}'")).collect();
                    let listed = listed.join(", ");
                    Some(format!(
                        "{shown} has no field '{name}'{}; its fields are: {listed}",
                        meant.unwrap_or_default()
                    ))
                }
                DataType::Struct(_) | DataType::Map(..) | DataType::Null => None,
                other => Some(format!("field '{name}' is asked of {shown}, but {shown} is {other}, no struct")),
            }
        }
        _ => None,
    }
}
