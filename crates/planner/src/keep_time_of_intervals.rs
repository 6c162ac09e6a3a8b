//! `date + interval`, a timestamp where the interval may have hours, as in PostgreSQL.
//!
//! DataFusion 55 gives a date, and the hours are lost.
//!
//! | expression | becomes |
//! |---|---|
//! | `date ± interval` of months and days | itself, a date |
//! | `date ± interval` of anything else, as an interval in a column | `CAST(date AS TIMESTAMP) ± interval` |
//!
//! It plans SQL, and is no rule: whatever stands around the sum goes by its type from the beginning.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Plans sums of dates and intervals.
#[derive(Debug, Default)]
pub struct KeepTimeOfIntervals;

impl ExprPlanner for KeepTimeOfIntervals {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let op = match expr.op {
            BinaryOperator::Plus => Operator::Plus,
            BinaryOperator::Minus => Operator::Minus,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        // A type that cannot be told is an error that planning reports with its own words.
        let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema)) else {
            return Ok(PlannerResult::Original(expr));
        };
        let with_time = |date: Expr| Box::new(cast(date, DataType::Timestamp(TimeUnit::Microsecond, None)));
        let sum = if is_date(&left) && is_interval(&right) && may_have_time(&expr.right) {
            BinaryExpr::new(with_time(expr.left), op, Box::new(expr.right))
        } else if op == Operator::Plus && is_interval(&left) && is_date(&right) && may_have_time(&expr.left) {
            BinaryExpr::new(Box::new(expr.left), op, with_time(expr.right))
        } else {
            return Ok(PlannerResult::Original(expr));
        };
        Ok(PlannerResult::Planned(Expr::BinaryExpr(sum)))
    }
}

fn is_date(kind: &DataType) -> bool {
    matches!(kind, DataType::Date32 | DataType::Date64)
}

fn is_interval(kind: &DataType) -> bool {
    matches!(kind, DataType::Interval(_))
}

/// Whether the interval `expr` may have more than months and days.
fn may_have_time(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(value, _) => value_has_time(value),
        Expr::Negative(inner) => may_have_time(inner),
        Expr::Alias(alias) => may_have_time(&alias.expr),
        Expr::BinaryExpr(binary) => may_have_time(&binary.left) || may_have_time(&binary.right),
        Expr::Cast(cast) => match cast.expr.as_ref() {
            Expr::Literal(value, _) => {
                value.cast_to(cast.field.data_type()).map_or(true, |value| value_has_time(&value))
            }
            _ => true,
        },
        _ => true,
    }
}

fn value_has_time(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::IntervalMonthDayNano(Some(interval)) => interval.nanoseconds != 0,
        ScalarValue::IntervalDayTime(Some(interval)) => interval.milliseconds != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::KeepTimeOfIntervals;

    #[tokio::test]
    async fn hours_stay() {
        let state = SessionStateBuilder::new()
            .with_expr_planners(vec![Arc::new(KeepTimeOfIntervals)])
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        for (sum, expected) in [
            ("date '2024-01-01' + interval '1 hour'", "2024-01-01T01:00:00"),
            ("date '2024-01-01' - interval '1 day 1 second'", "2023-12-30T23:59:59"),
            ("interval '30 minutes' + date '1500-01-01'", "1500-01-01T00:30:00"),
            ("date '2024-01-31' + interval '1 month'", "2024-02-29"),
            ("date '2024-01-01' - interval '90' day", "2023-10-03"),
            ("date '2024-01-01' + (interval '1 day' + interval '1 month')", "2024-02-02"),
        ] {
            let frame = context.sql(&format!("SELECT {sum} AS d")).await.unwrap();
            let text = pretty_format_batches(&frame.collect().await.unwrap()).unwrap().to_string();
            let found = text.lines().nth(3).unwrap().trim_matches(['|', ' ']);
            assert_eq!(found, expected, "{sum}");
        }
    }
}
