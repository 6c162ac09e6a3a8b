//! `a IS DISTINCT FROM b AND c`, which the parser reads as `a IS DISTINCT FROM (b AND c)`: it takes whatever follows for the right
//! operand. What binds no closer than `IS` is moved out of it, and out of the operators around:
//!
//! ```text
//! NOT                            OR
//!   IS DISTINCT FROM               NOT
//!     a                     =>       IS DISTINCT FROM
//!     OR                               a
//!       b                              b
//!       c                          c
//! ```
//!
//! Parentheses are nodes of the tree, so what stands in them is never moved.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use super::take;

// How close operators bind, as in the parser.
const OR: u8 = 5;
const AND: u8 = 10;
const NOT: u8 = 15;
const IS: u8 = 17;

/// Moves out of the last operand of `expr` what is none of it. The operands have been settled before.
pub(super) fn settle(expr: &mut Expr) {
    let (level, operand) = match expr {
        Expr::IsDistinctFrom(_, right) | Expr::IsNotDistinctFrom(_, right) => (IS, right),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => (NOT, expr),
        // The right side of an operator holds `AND` and `OR` only if they were moved up to there.
        Expr::BinaryOp { op, right, .. } => (level_of(op).unwrap_or(NOT), right),
        _ => return,
    };
    if !is_within(operand, level) {
        return;
    }
    let mut outer = take(operand);
    let place = first_operand(&mut outer, level);
    **operand = take(place);
    *place = take(expr);
    *expr = outer;
}

/// Puts `expr` in parentheses if it is such a comparison: the tree may be written as text, and read again by the parser alone.
pub(super) fn enclose(expr: &mut Expr) {
    if matches!(expr, Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..)) {
        *expr = Expr::Nested(Box::new(take(expr)));
    }
}

fn level_of(operator: &BinaryOperator) -> Option<u8> {
    match operator {
        BinaryOperator::And => Some(AND),
        BinaryOperator::Or => Some(OR),
        _ => None,
    }
}

/// Whether `expr` is an operator after its first operand that binds no closer than `level`.
fn is_within(expr: &Expr, level: u8) -> bool {
    let own = match expr {
        Expr::BinaryOp { op, .. } => level_of(op),
        Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsNormalized { .. } => Some(IS),
        _ => None,
    };
    own.is_some_and(|own| own <= level)
}

/// The first operand of all the operators at the head of `expr` that bind no closer than `level`.
fn first_operand(mut expr: &mut Expr, level: u8) -> &mut Expr {
    while is_within(expr, level) {
        expr = match expr {
            Expr::BinaryOp { left: first, .. }
            | Expr::IsDistinctFrom(first, _)
            | Expr::IsNotDistinctFrom(first, _)
            | Expr::IsNull(first)
            | Expr::IsNotNull(first)
            | Expr::IsTrue(first)
            | Expr::IsNotTrue(first)
            | Expr::IsFalse(first)
            | Expr::IsNotFalse(first)
            | Expr::IsUnknown(first)
            | Expr::IsNotUnknown(first)
            | Expr::IsNormalized { expr: first, .. } => first,
            other => return other,
        };
    }
    expr
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use datafusion::sql::sqlparser::ast::{Expr, visit_expressions_mut};
    use datafusion::sql::sqlparser::dialect::GenericDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    use super::settle;

    fn parsed(sql: &str) -> Expr {
        Parser::new(&GenericDialect {}).try_with_sql(sql).unwrap().parse_expr().unwrap()
    }

    /// `expr` without parentheses in the tree.
    fn bare(mut expr: Expr) -> Expr {
        let _ = visit_expressions_mut(&mut expr, |node| {
            if let Expr::Nested(inner) = node {
                *node = super::take(inner);
            }
            ControlFlow::<()>::Continue(())
        });
        expr
    }

    #[test]
    fn what_follows_is_outside() {
        for (written, meant) in [
            ("a IS DISTINCT FROM b AND c", "(a IS DISTINCT FROM b) AND c"),
            ("a IS DISTINCT FROM b OR c AND d", "(a IS DISTINCT FROM b) OR (c AND d)"),
            ("x AND a IS DISTINCT FROM b OR c", "(x AND (a IS DISTINCT FROM b)) OR c"),
            ("x OR a IS NOT DISTINCT FROM b AND c OR d", "(x OR ((a IS NOT DISTINCT FROM b) AND c)) OR d"),
            ("NOT a IS DISTINCT FROM b OR c", "(NOT (a IS DISTINCT FROM b)) OR c"),
            ("x AND NOT a IS DISTINCT FROM b AND c", "(x AND (NOT (a IS DISTINCT FROM b))) AND c"),
            ("a IS DISTINCT FROM NOT b AND c", "(a IS DISTINCT FROM (NOT b)) AND c"),
            (
                "a IS NOT DISTINCT FROM b AND c IS NOT DISTINCT FROM d AND e",
                "((a IS NOT DISTINCT FROM b) AND (c IS NOT DISTINCT FROM d)) AND e",
            ),
            (
                "a IS DISTINCT FROM b OR c IS DISTINCT FROM d AND e OR f",
                "((a IS DISTINCT FROM b) OR ((c IS DISTINCT FROM d) AND e)) OR f",
            ),
            ("a IS DISTINCT FROM b IS DISTINCT FROM c AND d", "((a IS DISTINCT FROM b) IS DISTINCT FROM c) AND d"),
            ("a IS DISTINCT FROM b IS NULL", "(a IS DISTINCT FROM b) IS NULL"),
            ("a IS DISTINCT FROM b IS NOT DISTINCT FROM c", "(a IS DISTINCT FROM b) IS NOT DISTINCT FROM c"),
            ("a = NOT b IS DISTINCT FROM c AND d", "(a = (NOT (b IS DISTINCT FROM c))) AND d"),
            ("a IS DISTINCT FROM b + 1 > 2 AND c", "(a IS DISTINCT FROM ((b + 1) > 2)) AND c"),
            ("a IS DISTINCT FROM b BETWEEN c AND d AND e", "(a IS DISTINCT FROM (b BETWEEN c AND d)) AND e"),
            ("f(a IS DISTINCT FROM b OR c, d)", "f((a IS DISTINCT FROM b) OR c, d)"),
            (
                "CASE WHEN a IS DISTINCT FROM b OR c THEN a IS DISTINCT FROM b AND d END",
                "CASE WHEN (a IS DISTINCT FROM b) OR c THEN (a IS DISTINCT FROM b) AND d END",
            ),
        ] {
            let mut settled = parsed(written);
            let _ = visit_expressions_mut(&mut settled, |expr| {
                settle(expr);
                ControlFlow::<()>::Continue(())
            });
            assert_eq!(bare(settled), bare(parsed(meant)), "{written}");
        }
    }

    #[test]
    fn parentheses_stay() {
        for sql in ["a IS DISTINCT FROM (b AND c)", "NOT (a OR b)", "a AND (b OR c)", "a = b IS NULL", "NOT a IS NULL"]
        {
            let mut settled = parsed(sql);
            let _ = visit_expressions_mut(&mut settled, |expr| {
                settle(expr);
                ControlFlow::<()>::Continue(())
            });
            assert_eq!(settled, parsed(sql));
        }
    }
}
