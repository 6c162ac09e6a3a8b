//! `x SIMILAR TO pattern`, as the regular expression that the pattern of the SQL standard is.
//!
//! DataFusion 55 takes the pattern for a regular expression, and looks for it anywhere in the text.
//!
//! | in the pattern | in the expression |
//! |---|---|
//! | `%`, `_` | `.*`, `.` |
//! | `\|`, `*`, `+`, `?`, `{m,n}`, `(…)` | the same, groups without a number |
//! | `[…]`, `[^…]` | the same class |
//! | a backslash, or the character after `ESCAPE`, before any other | that character |
//! | all else | itself |
//!
//! and the expression must match the whole text. Runs before types are settled.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, lit};
use datafusion::optimizer::AnalyzerRule;
use regex::Regex;

use crate::value_error::ValueError;

/// Makes `SIMILAR TO` a match of a regular expression.
#[derive(Debug, Default)]
pub struct AnchorSimilarPatterns;

impl AnalyzerRule for AnchorSimilarPatterns {
    fn name(&self) -> &str {
        "anchor_similar_patterns"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = names.save(&expr);
                let anchored = expr.transform_up(|expr| match expr {
                    Expr::SimilarTo(similar) => anchored(similar),
                    other => Ok(Transformed::no(other)),
                })?;
                Ok(anchored.update_data(|expr| name.restore(expr)))
            })
        })
        .data()
    }
}

fn anchored(similar: Like) -> Result<Transformed<Expr>> {
    let pattern = match similar.pattern.as_ref() {
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(pattern)) => pattern,
            // Null, or no text, which is refused when types are settled.
            _ => return Ok(Transformed::no(Expr::SimilarTo(similar))),
        },
        // Its value comes before the query runs.
        Expr::Placeholder(_) => return Ok(Transformed::no(Expr::SimilarTo(similar))),
        other => {
            return plan_err!(
                "SIMILAR TO takes a constant pattern, got {other}; write regexp_like(x, '^(' || p || ')$') with a regular expression p"
            );
        }
    };
    let regex = translated(pattern, similar.escape_char.unwrap_or('\\')).ok_or_else(|| refusal(pattern))?;
    if Regex::new(&regex).is_err() {
        return Err(refusal(pattern).into());
    }
    let op = match (similar.negated, similar.case_insensitive) {
        (false, false) => Operator::RegexMatch,
        (false, true) => Operator::RegexIMatch,
        (true, false) => Operator::RegexNotMatch,
        (true, true) => Operator::RegexNotIMatch,
    };
    let text = match *similar.expr {
        Expr::Literal(ScalarValue::Null, _) => lit(ScalarValue::Utf8(None)),
        other => other,
    };
    Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(Box::new(text), op, Box::new(lit(regex))))))
}

fn refusal(pattern: &str) -> ValueError {
    ValueError::new(
        format!("SIMILAR TO: '{pattern}' is no pattern"),
        "close each ( and [, and write a backslash before what stands for itself, as in \\(",
    )
}

/// The regular expression for `pattern`; none if a class is not closed, or nothing follows the last `escape`.
fn translated(pattern: &str, escape: char) -> Option<String> {
    let mut regex = "^(?s:".to_owned();
    let mut rest = pattern.chars();
    while let Some(char) = rest.next() {
        match char {
            _ if char == escape => regex.push_str(&regex::escape(rest.next()?.encode_utf8(&mut [0; 4]))),
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '(' => regex.push_str("(?:"),
            ')' | '|' | '*' | '+' | '?' | '{' | '}' => regex.push(char),
            '[' => class(&mut rest, escape, &mut regex)?,
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")$");
    Some(regex)
}

/// Writes the class that begins behind its `[` to `regex`.
fn class(rest: &mut std::str::Chars<'_>, escape: char, regex: &mut String) -> Option<()> {
    regex.push('[');
    if rest.as_str().starts_with('^') {
        rest.next();
        regex.push('^');
    }
    let mut is_first = true;
    loop {
        let char = rest.next()?;
        match char {
            _ if char == escape => literal(rest.next()?, regex),
            ']' if !is_first => break,
            // A class by name, as in [[:digit:]].
            '[' if rest.as_str().starts_with(':') => {
                let end = rest.as_str().find(":]")? + 2;
                regex.push('[');
                regex.push_str(&rest.as_str()[..end]);
                *rest = rest.as_str()[end..].chars();
            }
            '-' => regex.push('-'),
            other => literal(other, regex),
        }
        is_first = false;
    }
    regex.push(']');
    Some(())
}

/// Writes `char` as itself in a class.
fn literal(char: char, regex: &mut String) {
    if matches!(char, '[' | ']' | '\\' | '^' | '-' | '&' | '~') {
        regex.push('\\');
    }
    regex.push(char);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::*;

    fn is_similar(text: &str, pattern: &str) -> bool {
        Regex::new(&translated(pattern, '\\').unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn the_whole_text_matches() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "b", false),
            ("abc", "a", false),
            ("abc", "%(b|d)%", true),
            ("abc", "(b|c)%", false),
            ("abc", "a|abc", true),
            ("abc", "a|b", false),
            ("abc", "_b_", true),
            ("a\nc", "a_c", true),
            ("aaa", "a{2,3}", true),
            ("aaaa", "a{2,3}", false),
            ("abab", "(ab)+", true),
            ("", "a*", true),
            ("", "", true),
            ("a", "", false),
            ("a.c", "a.c", true),
            ("abc", "a.c", false),
            ("$^", "$^", true),
            ("50%", "50\\%", true),
            ("500", "50\\%", false),
            ("x7", "[a-z][0-9]", true),
            ("77", "[^0-9]%", false),
            ("a]", "a[]]", true),
            ("a&", "a[&&b]", true),
            ("7", "[[:digit:]]", true),
            ("ü%", "_\\%", true),
        ] {
            assert_eq!(is_similar(text, pattern), expected, "{text} {pattern}");
        }
        assert_eq!(translated("a!%", '!').unwrap(), "^(?s:a%)$");
        assert!(translated("a[b", '\\').is_none() && translated("a\\", '\\').is_none());
    }

    #[tokio::test]
    async fn patterns_in_columns_are_refused() {
        let state = SessionStateBuilder::new_with_default_features();
        let context = SessionContext::new_with_state(state.with_analyzer_rule(Arc::new(AnchorSimilarPatterns)).build());
        let plan = |condition: &str| {
            let sql = format!("SELECT s SIMILAR TO 'a%' FROM (VALUES ('abc', 'x')) AS t(s, p) WHERE {condition}");
            let context = context.clone();
            async move { context.sql(&sql).await.unwrap().into_optimized_plan() }
        };
        assert!(plan("s NOT SIMILAR TO 'b!%' ESCAPE '!'").await.is_ok());
        let error = plan("s SIMILAR TO p").await.unwrap_err().to_string();
        assert!(error.contains("SIMILAR TO takes a constant pattern, got t.p; write regexp_like"), "{error}");
        let error = plan("s SIMILAR TO 'a(b'").await.unwrap_err().to_string();
        assert!(error.contains("'a(b' is no pattern; close each ("), "{error}");
    }
}
