//! SQL that the parser or the planner of DataFusion 55 takes for something else, as the tree that means what was written.
//!
//! | written | taken for | here |
//! |---|---|---|
//! | `a IS DISTINCT FROM b AND c` | `a IS DISTINCT FROM (b AND c)` | [`distinct_from`] |
//! | `OVER (w ORDER BY x)` | `OVER (ORDER BY x)` | [`named_windows`] |
//! | `x = ANY(list)` | `array_has(list, x)`, which is false where it must be null | [`list_comparisons`] |

use std::ops::ControlFlow;

use datafusion::common::{DFSchema, plan_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::Expr as PlannedExpr;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{Expr, Query, Select, Value, VisitMut, VisitorMut};

use crate::Session;

mod distinct_from;
mod list_comparisons;
mod named_windows;

/// Gives `statement` the meaning that was written.
///
/// # Errors
/// If it names a window that there is not, or overrides a part of a named window.
pub(crate) fn statement(statement: &mut Statement) -> Result<(), DataFusionError> {
    match visit(statement, &mut Reader) {
        ControlFlow::Continue(()) => {
            let _ = visit(statement, &mut Encloser);
            Ok(())
        }
        ControlFlow::Break(message) => plan_err!("{message}"),
    }
}

fn visit<V: VisitorMut>(statement: &mut Statement, visitor: &mut V) -> ControlFlow<V::Break> {
    match statement {
        Statement::Statement(statement) => statement.visit(visitor),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => query.visit(visitor),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        Statement::Explain(explain) => visit(&mut explain.statement, visitor),
        _ => ControlFlow::Continue(()),
    }
}

impl Session {
    /// The expression that `text` is in SQL, over the columns of `schema`.
    ///
    /// # Errors
    /// If `text` is not one expression, or names a column that `schema` has not.
    pub fn sql_expr(&self, text: &str, schema: &DFSchema) -> Result<PlannedExpr, DataFusionError> {
        let state = self.state();
        let mut parsed = state.sql_to_expr_with_alias(text, &state.config().options().sql_parser.dialect)?;
        match parsed.expr.visit(&mut Reader) {
            ControlFlow::Continue(()) => state.create_logical_expr_from_sql_expr(parsed, schema),
            ControlFlow::Break(message) => plan_err!("{message}"),
        }
    }
}

struct Reader;

impl VisitorMut for Reader {
    type Break = String;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        named_windows::of_query(query)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<String> {
        list_comparisons::name(select);
        named_windows::of_select(select)
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        distinct_from::settle(expr);
        list_comparisons::settle(expr);
        // Those of a query are known by now.
        named_windows::refuse(expr)
    }
}

/// Puts in parentheses what the parser would not read as it was meant, once everything is settled.
struct Encloser;

impl VisitorMut for Encloser {
    type Break = String;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        distinct_from::enclose(expr);
        ControlFlow::Continue(())
    }
}

/// The expressions of one query, without those of the queries in it.
struct Own<F> {
    visit: F,
    /// How many queries are around the one that is visited.
    depth: usize,
}

impl<F: FnMut(&mut Expr) -> ControlFlow<String>> Own<F> {
    fn new(visit: F) -> Self {
        Self { visit, depth: 0 }
    }
}

impl<F: FnMut(&mut Expr) -> ControlFlow<String>> VisitorMut for Own<F> {
    type Break = String;

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<String> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<String> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        if self.depth == 0 { (self.visit)(expr) } else { ControlFlow::Continue(()) }
    }
}

/// `expr`, which leaves a null in its place.
fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()))
}
