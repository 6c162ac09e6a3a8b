//! Expressions as a table gives them their meaning: selectors become columns, operators those of the types they meet.
//!
//! Every method of a frame that takes expressions passes them through here.

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::Expr;
use swath_collections as sw;

use super::deferred::Deferred;
use super::selectors::Selector;

/// The expressions for `frame`: each selector repeats the expression around it for every column that it takes.
pub fn expand(frame: &sw::DataFrame, expressions: impl IntoIterator<Item = Expr>) -> sw::Result<Vec<Expr>> {
    expand_without(frame, &[], expressions)
}

/// [`expand`] with selectors that pass over the columns `hidden`: the keys of a group.
pub fn expand_without(
    frame: &sw::DataFrame,
    hidden: &[String],
    expressions: impl IntoIterator<Item = Expr>,
) -> sw::Result<Vec<Expr>> {
    let expressions: Vec<Expr> = expressions.into_iter().collect();
    if !expressions.iter().any(Deferred::is_in) {
        return Ok(expressions);
    }
    let place = Place { session: frame.session(), schema: frame.logical_plan()?.schema(), hidden };
    place.expand(expressions)
}

/// One expression for `frame`, as in a filter.
///
/// # Errors
/// If a selector makes it several, or none.
pub fn expand_one(frame: &sw::DataFrame, operation: &'static str, expression: Expr) -> sw::Result<Expr> {
    let mut expanded = expand(frame, [expression])?;
    match (expanded.pop(), expanded.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(sw::Error::invalid(operation, "the selector takes no column of the table")),
        (Some(_), more) => Err(sw::Error::invalid(
            operation,
            format!("expected one expression, got {}: combine them with all_horizontal or any_horizontal", more + 1),
        )),
    }
}

/// [`expand`] for conditions of a join, over the rows of two tables side by side: columns of the right whose names the left has bear
/// the suffix.
pub fn expand_between(
    left: &sw::DataFrame,
    right: &sw::DataFrame,
    suffix: &str,
    conditions: impl IntoIterator<Item = Expr>,
) -> sw::Result<Vec<Expr>> {
    let conditions: Vec<Expr> = conditions.into_iter().collect();
    if !conditions.iter().any(Deferred::is_in) {
        return Ok(conditions);
    }
    let taken = left.columns()?;
    let clashing = right.columns()?.into_iter().filter(|name| taken.contains(name));
    let right = right.rename(clashing.map(|name| (name.clone(), format!("{name}{suffix}"))));
    let schema = left.logical_plan()?.schema().join(right.logical_plan()?.schema())?;
    Place { session: left.session(), schema: &schema, hidden: &[] }.expand(conditions)
}

struct Place<'a> {
    session: &'a sw::Session,
    schema: &'a DFSchema,
    hidden: &'a [String],
}

impl Place<'_> {
    fn expand(&self, expressions: Vec<Expr>) -> sw::Result<Vec<Expr>> {
        let mut expanded = vec![];
        for expression in expressions {
            for one in self.columns(self.horizontals(expression)?)? {
                expanded.push(self.settle(one)?);
            }
        }
        Ok(expanded)
    }

    /// `expr` in which functions of many values have one argument for every column that a selector takes.
    fn horizontals(&self, expr: Expr) -> sw::Result<Expr> {
        transform(expr, |node| {
            let Some((deferred @ Deferred::Horizontal(_), arguments)) = Deferred::of(node) else {
                return Ok(None);
            };
            let mut flat = vec![];
            for argument in arguments {
                flat.extend(self.columns(argument.clone())?);
            }
            Ok(Some(deferred.clone().call(flat)))
        })
    }

    /// `expr` for each column that the selectors in it take.
    fn columns(&self, expr: Expr) -> sw::Result<Vec<Expr>> {
        let mut selected: Vec<(Selector, Vec<String>)> = vec![];
        for selector in selectors(&expr) {
            if selected.iter().all(|(known, _)| *known != selector) {
                let mut names = selector.names(self.schema)?;
                if !matches!(selector, Selector::Names(_)) {
                    names.retain(|name| !self.hidden.contains(name));
                }
                selected.push((selector, names));
            }
        }
        if selected.is_empty() {
            return Ok(vec![expr]);
        }
        let times = selected.iter().map(|(_, names)| names.len()).find(|times| *times != 1).unwrap_or(1);
        if let Some((_, odd)) = selected.iter().find(|(_, names)| names.len() != times && names.len() != 1) {
            let message = format!(
                "one expression takes {times} columns here and {} there; the numbers must be the same, or one of them 1",
                odd.len()
            );
            return Err(sw::Error::invalid("select", message));
        }
        let column = |selector: &Selector, time: usize| {
            let names = &selected.iter().find(|(known, _)| known == selector)?.1;
            names.get(if names.len() == 1 { 0 } else { time }).map(sw::col)
        };
        let repeated = (0..times).map(|time| {
            transform(expr.clone(), |node| {
                Ok(match Deferred::of(node) {
                    Some((Deferred::Columns(selector), _)) => column(selector, time),
                    _ => None,
                })
            })
        });
        repeated.collect()
    }

    /// `expr` in which nothing waits any more.
    fn settle(&self, expr: Expr) -> sw::Result<Expr> {
        transform(expr, |node| {
            let Some((deferred, arguments)) = Deferred::of(node) else { return Ok(None) };
            Ok(match deferred {
                Deferred::Columns(_) => None,
                Deferred::Operator(operator) => Some(operator.resolve(arguments, self.schema)?),
                Deferred::Horizontal(horizontal) => Some(horizontal.resolve(arguments.to_vec(), self.schema)?),
                Deferred::Rename(rename) => match arguments {
                    [only] => Some(rename.apply(only.clone())?),
                    _ => None,
                },
                Deferred::Sql(text) => Some(self.session.sql_expr(text, self.schema)?),
            })
        })
    }
}

fn selectors(expr: &Expr) -> Vec<Selector> {
    let mut found = vec![];
    // The closure does not fail.
    let _ = expr.apply(|node| {
        if let Some((Deferred::Columns(selector), _)) = Deferred::of(node) {
            found.push(selector.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// `expr` with every node, the innermost first, that `change` has a replacement for replaced.
fn transform(expr: Expr, mut change: impl FnMut(&Expr) -> sw::Result<Option<Expr>>) -> sw::Result<Expr> {
    let mut failed = None;
    let changed = expr.transform_up(|node| {
        if failed.is_some() {
            return Ok(Transformed::no(node));
        }
        match change(&node) {
            Ok(None) => Ok(Transformed::no(node)),
            Ok(Some(replacement)) => Ok(Transformed::yes(replacement)),
            Err(error) => {
                failed = Some(error);
                Ok::<_, DataFusionError>(Transformed::no(node))
            }
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(changed.data()?),
    }
}
