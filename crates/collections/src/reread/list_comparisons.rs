//! `x = ANY(list)` and its kin, which are null where nothing in the list decides and something in it, or `x`, is null.
//!
//! DataFusion 55 plans `= ANY` as `array_has`, and the others with the extremes of the list, which are false there, so that `NOT` of
//! them keeps rows that it must not. `ALL` it plans rightly, so here
//!
//! | comparison | becomes |
//! |---|---|
//! | `x = ANY(ARRAY[a, b])` | `x IN (a, b)` |
//! | any with `ANY(ARRAY[])` | false |
//! | any other, as `x < ANY(list)` | `NOT (x >= ALL(list))` |

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Ident, Select, SelectItem, UnaryOperator, Value, VisitMut,
};

use super::{Own, take};

/// Rewrites `expr` if it is a comparison with any item of a list.
pub(super) fn settle(expr: &mut Expr) {
    let Expr::AnyOp { left, compare_op, right, .. } = expr else { return };
    let inverse = match compare_op {
        BinaryOperator::Eq => BinaryOperator::NotEq,
        BinaryOperator::NotEq => BinaryOperator::Eq,
        BinaryOperator::Lt => BinaryOperator::GtEq,
        BinaryOperator::LtEq => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::LtEq,
        BinaryOperator::GtEq => BinaryOperator::Lt,
        _ => return,
    };
    let settled = match right.as_mut() {
        Expr::Subquery(_) => return,
        Expr::Array(array) if array.elem.is_empty() => Expr::Value(Value::Boolean(false).with_empty_span()),
        Expr::Array(array)
            if *compare_op == BinaryOperator::Eq && !array.elem.iter().any(|item| matches!(item, Expr::Array(_))) =>
        {
            let list = std::mem::take(&mut array.elem);
            Expr::Nested(Box::new(Expr::InList { expr: Box::new(take(left)), list, negated: false }))
        }
        list => {
            let left = Box::new(take(left));
            let none = Expr::AllOp { left, compare_op: inverse, right: Box::new(take(list)) };
            Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(none) }))
        }
    };
    *expr = settled;
}

/// Names the columns of `select` that hold such a comparison by what was written.
pub(super) fn name(select: &mut Select) {
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let found = expr.visit(&mut Own::new(|node| match node {
            Expr::AnyOp { right, .. } if !matches!(right.as_ref(), Expr::Subquery(_)) => {
                ControlFlow::Break(String::new())
            }
            _ => ControlFlow::Continue(()),
        }));
        if found.is_break() {
            let alias = Ident::with_quote('"', expr.to_string());
            *item = SelectItem::ExprWithAlias { expr: take(expr), alias };
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{rows, session};

    #[test]
    fn nothing_is_decided_by_null() {
        let lists = "(VALUES (1, [1, 5]), (2, [1, NULL]), (3, [9, NULL]), (4, [NULL]), (5, NULL)) AS t(id, l)";
        for (condition, expected) in [
            ("5 = ANY(l)", ["true", "null", "null", "null", "null"]),
            ("NOT 1 = ANY(l)", ["false", "false", "null", "null", "null"]),
            ("1 <> ANY(l)", ["true", "null", "true", "null", "null"]),
            ("5 < ANY(l)", ["false", "null", "true", "null", "null"]),
            ("5 >= SOME(l)", ["true", "true", "null", "null", "null"]),
            ("NULL = ANY(l)", ["null"; 5]),
            ("id = ANY([1, id + 1, NULL])", ["true", "null", "null", "null", "null"]),
            ("id > ANY([])", ["false"; 5]),
            ("5 <> ALL(l)", ["false", "null", "null", "null", "null"]),
        ] {
            let frame = session().sql(&format!("SELECT {condition} AS found FROM {lists} ORDER BY id")).unwrap();
            assert_eq!(rows(&frame), expected, "{condition}");
        }
    }

    #[test]
    fn columns_have_the_name_that_was_written() {
        let frame = session().sql("SELECT 5 = ANY(l), id = ANY([1, 2]) FROM (VALUES (1, [1, 5])) AS t(id, l)").unwrap();
        assert_eq!(frame.columns().unwrap(), ["5 = ANY(l)", "id = ANY([1, 2])"]);
    }
}
