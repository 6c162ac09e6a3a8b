//! `INTERSECT ALL` and `EXCEPT ALL` as the standard has them: of a row that is `m` times on the left and `n` times on the right,
//! the one gives `min(m, n)`, the other `max(m - n, 0)`.
//!
//! DataFusion 55 plans both as semi and anti joins, which give all `m` rows or none. Here equal rows are told apart by number first:
//!
//! ```text
//! LeftSemi Join: l.x = r.x
//!   l, r
//! =>
//! Projection: l.x
//!   LeftSemi Join: l.x = r.x, __occurrence = __right_occurrence
//!     l with row_number() OVER (PARTITION BY l.x) AS __occurrence
//!     r with row_number() OVER (PARTITION BY r.x) AS __right_occurrence
//! ```
//!
//! A plan does not tell such a join from one that a query asks for. So [`mark`] puts the right query into a subquery with a name that
//! nobody else has, before planning, and [`count`] takes it for the sign, after it.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::error::DataFusionError;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, Join, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{Query, SetExpr, SetOperator, SetQuantifier, TableFactor, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// The name of the right query of a set operation that counts.
const COUNTED: &str = "__counted";

/// The columns with the numbers of equal rows.
const OCCURRENCES: [&str; 2] = ["__occurrence", "__right_occurrence"];

/// Marks the set operations of `statement` that count; true if there are any.
pub(crate) fn mark(statement: &mut Statement) -> Result<bool, DataFusionError> {
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&format!("SELECT * FROM (SELECT 1) AS {COUNTED}"))?;
    let mut marker = Marker { marked: *parser.parse_query()?, found: false };
    visit(statement, &mut marker);
    Ok(marker.found)
}

fn visit(statement: &mut Statement, marker: &mut Marker) {
    let _ = match statement {
        Statement::Statement(statement) => statement.visit(marker),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => query.visit(marker),
            CopyToSource::Relation(_) => return,
        },
        Statement::Explain(explain) => return visit(&mut explain.statement, marker),
        _ => return,
    };
}

struct Marker {
    /// A query over a marked subquery.
    marked: Query,
    found: bool,
}

impl VisitorMut for Marker {
    type Break = ();

    fn post_visit_query(&mut self, query: &mut Query) -> std::ops::ControlFlow<()> {
        self.mark(&mut query.body);
        std::ops::ControlFlow::Continue(())
    }
}

impl Marker {
    /// Marks the operations of one query; those of queries in it were visited before.
    fn mark(&mut self, body: &mut SetExpr) {
        let SetExpr::SetOperation { op, set_quantifier, left, right } = body else { return };
        self.mark(left);
        self.mark(right);
        let counts =
            matches!(op, SetOperator::Intersect | SetOperator::Except) && *set_quantifier == SetQuantifier::All;
        if !counts {
            return;
        }
        let mut marked = self.marked.clone();
        if let Some(subquery) = subquery_of(&mut marked) {
            std::mem::swap(&mut subquery.body, right);
            **right = SetExpr::Query(Box::new(marked));
            self.found = true;
        }
    }
}

/// The subquery that `query` selects from.
fn subquery_of(query: &mut Query) -> Option<&mut Query> {
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    match &mut select.from.first_mut()?.relation {
        TableFactor::Derived { subquery, .. } => Some(subquery),
        _ => None,
    }
}

/// `plan` with its marked joins over numbered rows.
pub(crate) fn count(plan: LogicalPlan) -> Result<LogicalPlan, DataFusionError> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Join(join) if is_marked(&join) => Ok(Transformed::yes(counted(join)?)),
        other => Ok(Transformed::no(other)),
    })
    .data()
}

fn is_marked(join: &Join) -> bool {
    let is_set_operation = matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti)
        && join.null_equality == NullEquality::NullEqualsNull;
    let mut right = &join.right;
    loop {
        right = match right.as_ref() {
            LogicalPlan::SubqueryAlias(alias) if alias.alias.table() == COUNTED => return is_set_operation,
            // Both sides may have been given names, that they do not have the same.
            LogicalPlan::SubqueryAlias(alias) => &alias.input,
            LogicalPlan::Projection(projection) => &projection.input,
            _ => return false,
        };
    }
}

fn counted(join: Join) -> Result<LogicalPlan, DataFusionError> {
    let [left_number, right_number] = OCCURRENCES;
    let columns = join.left.schema().columns();
    let (left, right) = (numbered(&join.left, left_number)?, numbered(&join.right, right_number)?);
    let mut on = join.on;
    on.push((number(left_number), number(right_number)));
    let join = Join::try_new(
        Arc::new(left),
        Arc::new(right),
        on,
        join.filter,
        join.join_type,
        join.join_constraint,
        join.null_equality,
        join.null_aware,
    )?;
    LogicalPlanBuilder::new(LogicalPlan::Join(join)).project(columns.into_iter().map(Expr::Column))?.build()
}

/// The rows of `input`, equal ones numbered in a column `name`.
fn numbered(input: &LogicalPlan, name: &str) -> Result<LogicalPlan, DataFusionError> {
    let columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    let row_number = row_number().partition_by(columns.clone()).build()?;
    let own_name = row_number.schema_name().to_string();
    let input = LogicalPlanBuilder::new(input.clone()).window([row_number])?;
    input.project(columns.into_iter().chain([number(&own_name).alias(name)]))?.build()
}

fn number(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

#[cfg(test)]
mod tests {
    use crate::testing::{rows, session, sorted_rows};

    fn found(sql: &str) -> Vec<String> {
        sorted_rows(&session().sql(sql).unwrap())
    }

    const LEFT: &str =
        "(VALUES (1, 'a'), (1, 'a'), (1, 'a'), (2, 'b'), (NULL, 'n'), (NULL, 'n'), (3, NULL)) AS l(x, s)";
    const RIGHT: &str = "(VALUES (1, 'a'), (1, 'a'), (2, 'z'), (NULL, 'n'), (3, NULL), (3, NULL)) AS r(y, t)";

    #[test]
    fn rows_are_counted() {
        let of = |operation: &str| found(&format!("SELECT x, s FROM {LEFT} {operation} SELECT y, t FROM {RIGHT}"));
        assert_eq!(of("INTERSECT ALL"), ["1|a", "1|a", "3|null", "null|n"]);
        assert_eq!(of("EXCEPT ALL"), ["1|a", "2|b", "null|n"]);
        assert_eq!(of("INTERSECT"), ["1|a", "3|null", "null|n"]);
        assert_eq!(of("EXCEPT"), ["2|b"]);
        assert_eq!(of("EXCEPT ALL SELECT 1, 'a' INTERSECT ALL"), ["1|a", "1|a", "2|b", "3|null", "null|n", "null|n"]);
    }

    #[test]
    fn wherever_a_query_stands() {
        let both = "SELECT x FROM (VALUES (1), (1), (2)) AS l(x) EXCEPT ALL VALUES (1)";
        assert_eq!(found(&format!("WITH c AS ({both}) SELECT sum(x) FROM c")), ["3"]);
        assert_eq!(found(&format!("SELECT 1 WHERE 1 IN ({both})")), ["1"]);
        assert_eq!(found(&format!("({both}) INTERSECT ALL (SELECT 1.0 ORDER BY 1 LIMIT 1)")), ["1"]);
        assert_eq!(found(&format!("{both} ORDER BY x DESC LIMIT 1")), ["2"]);
        let session = session();
        session.sql(&format!("CREATE VIEW counted AS {both}")).unwrap();
        session.sql(&format!("CREATE TABLE counted_rows AS {both}")).unwrap();
        assert_eq!(rows(&session.sql("SELECT x FROM counted ORDER BY x").unwrap()), ["1", "2"]);
        assert_eq!(rows(&session.sql("SELECT x FROM counted_rows EXCEPT ALL SELECT x FROM counted").unwrap()).len(), 0);
        let one_table = "SELECT x FROM counted_rows INTERSECT ALL SELECT x FROM counted_rows";
        assert_eq!(sorted_rows(&session.sql(one_table).unwrap()), ["1", "2"]);
    }
}
