//! Regular expressions that cannot be read, found when a query is planned.
//!
//! DataFusion finds them when rows come, and tells neither the function nor, for some functions, what is wrong. Here constant patterns are
//! read once before; those in columns fail when their row comes.

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;
use regex::Regex;

use crate::value_error::ValueError;

/// Functions whose second argument is a pattern.
const FUNCTIONS: [&str; 5] = ["regexp_like", "regexp_match", "regexp_replace", "regexp_count", "regexp_instr"];

/// Reads the constant patterns of a plan.
#[derive(Debug, Default)]
pub struct CheckPatterns;

impl AnalyzerRule for CheckPatterns {
    fn name(&self) -> &str {
        "check_patterns"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.apply_with_subqueries(|node| {
            node.apply_expressions(|expr| {
                expr.apply(|expr| {
                    if let Some((function, pattern)) = pattern(expr)
                        && let Err(error) = Regex::new(pattern)
                    {
                        return Err(refusal(function, pattern, &error).into());
                    }
                    Ok(TreeNodeRecursion::Continue)
                })
            })
        })?;
        Ok(plan)
    }
}

/// The constant pattern that `expr` searches for, and by what.
fn pattern(expr: &Expr) -> Option<(&str, &str)> {
    use Operator::{RegexIMatch, RegexMatch, RegexNotIMatch, RegexNotMatch};
    match expr {
        Expr::ScalarFunction(call) if FUNCTIONS.contains(&call.func.name()) => {
            Some((call.func.name(), constant(call.args.get(1)?)?))
        }
        Expr::BinaryExpr(binary) => {
            let operator = match binary.op {
                RegexMatch => "~",
                RegexIMatch => "~*",
                RegexNotMatch => "!~",
                RegexNotIMatch => "!~*",
                _ => return None,
            };
            Some((operator, constant(&binary.right)?))
        }
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(value, _) => value.try_as_str()?,
        Expr::Cast(cast) => constant(&cast.expr),
        Expr::Alias(alias) => constant(&alias.expr),
        _ => None,
    }
}

fn refusal(function: &str, pattern: &str, error: &regex::Error) -> ValueError {
    let text = error.to_string();
    let reason = text.rsplit_once("error: ").map_or(text.as_str(), |(_, reason)| reason).trim();
    // The pattern is shown, and what is meant is marked in the line below it.
    let lines: Vec<&str> = text.lines().collect();
    let mark = lines.windows(2).find(|pair| pair[0].trim_start() == pattern.trim_start()).map(|pair| pair[1]);
    let indent = lines.get(1).map_or(0, |line| line.len() - line.trim_start().len());
    let place = match mark.and_then(|mark| mark.find('^')) {
        Some(at) if at >= indent => format!(" (at character {})", at - indent + 1),
        _ => String::new(),
    };
    ValueError::new(
        format!("{function}: '{pattern}' is no regular expression: {reason}{place}"),
        "write a backslash before what stands for itself, as in \\(",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::*;

    #[tokio::test]
    async fn a_pattern_is_named_with_its_function_and_place() {
        let state = SessionStateBuilder::new_with_default_features().with_analyzer_rule(Arc::new(CheckPatterns));
        let context = SessionContext::new_with_state(state.build());
        for (condition, expected) in [
            (
                "regexp_like(s, 'a(b')",
                "regexp_like: 'a(b' is no regular expression: unclosed group (at character 2); write",
            ),
            ("s ~ 'x['", "~: 'x[' is no regular expression: unclosed character class (at character 2)"),
            ("s !~* '*'", "!~*: '*' is no regular expression: repetition operator missing expression (at character 1)"),
            ("regexp_replace(s, '(?P<', 'y') = 'z'", "regexp_replace: '(?P<' is no regular expression: "),
            (
                "regexp_count(s, '\\q') > 1",
                "regexp_count: '\\q' is no regular expression: unrecognized escape sequence",
            ),
        ] {
            let sql = format!("SELECT 1 FROM (VALUES ('a')) AS t(s) WHERE {condition}");
            let plan = context.sql(&sql).await.unwrap().into_optimized_plan();
            let error = plan.unwrap_err().find_root().to_string();
            assert!(error.contains(expected), "{error}");
        }
        context.sql("SELECT regexp_like('a', '^a\\.?$', 'i')").await.unwrap().collect().await.unwrap();
    }
}
