//! Clauses that the parser reads and the planner would pass over: refused, so that no statement gives another answer than it asks for.

use std::ops::ControlFlow;

use datafusion::common::plan_datafusion_err;
use datafusion::error::DataFusionError;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    GroupByExpr, GroupByWithModifier, Query, Select, SelectFlavor, SelectItem, TableFactor, VisitMut, VisitorMut,
    WildcardAdditionalOptions,
};

/// Refuses what would be passed over; gives `FROM t` without a list its `SELECT *`.
///
/// # Errors
/// If there is such a clause; the message names it and what to write instead.
pub(crate) fn check(statement: &mut Statement) -> Result<(), DataFusionError> {
    match visit(statement) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break((clause, instead)) => Err(plan_datafusion_err!("{clause} is not supported; {instead}")),
    }
}

/// The clause, and what to write instead.
type Refused = (&'static str, &'static str);

fn visit(statement: &mut Statement) -> ControlFlow<Refused> {
    match statement {
        Statement::Statement(statement) => statement.visit(&mut Clauses),
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => query.visit(&mut Clauses),
            CopyToSource::Relation(_) => ControlFlow::Continue(()),
        },
        Statement::Explain(explain) => visit(&mut explain.statement),
        _ => ControlFlow::Continue(()),
    }
}

struct Clauses;

impl VisitorMut for Clauses {
    type Break = Refused;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Refused> {
        if select.prewhere.is_some() {
            return ControlFlow::Break(("PREWHERE", "write WHERE"));
        }
        if !select.connect_by.is_empty() {
            return ControlFlow::Break(("CONNECT BY", "write WITH RECURSIVE"));
        }
        let (GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers)) = &select.group_by;
        match modifiers.first() {
            None | Some(GroupByWithModifier::GroupingSets(_)) => {}
            Some(GroupByWithModifier::Rollup) => {
                return ControlFlow::Break(("WITH ROLLUP", "write GROUP BY ROLLUP (…)"));
            }
            Some(GroupByWithModifier::Cube) => {
                return ControlFlow::Break(("WITH CUBE", "write GROUP BY CUBE (…)"));
            }
            Some(GroupByWithModifier::Totals) => {
                return ControlFlow::Break(("WITH TOTALS", "write GROUP BY GROUPING SETS ((…), ())"));
            }
        }
        if matches!(select.flavor, SelectFlavor::FromFirstNoSelect) && select.projection.is_empty() {
            select.projection.push(SelectItem::Wildcard(WildcardAdditionalOptions::default()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Refused> {
        if !query.pipe_operators.is_empty() {
            return ControlFlow::Continue(());
        }
        if query.settings.is_some() {
            return ControlFlow::Break(("SETTINGS in a query", "write SET before it"));
        }
        if query.format_clause.is_some() {
            return ControlFlow::Break(("FORMAT in a query", "choose the shell's format, or write COPY … TO"));
        }
        if !query.locks.is_empty() {
            return ControlFlow::Break(("FOR UPDATE or FOR SHARE", "leave it out: queries lock nothing"));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<Refused> {
        let sample = "write WHERE random() < 0.01 for a hundredth of the rows";
        match table {
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => {
                ControlFlow::Break(("TABLESAMPLE", sample))
            }
            TableFactor::Table { version: Some(_), .. } => {
                ControlFlow::Break(("a version of a table", "name the table alone"))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Session;

    #[test]
    fn what_would_be_passed_over_is_refused() {
        let session = Session::embedded().threads(1).build().unwrap();
        let rows = "(VALUES (1), (2)) t(a)";
        for (sql, clause) in [
            ("SELECT count(*) FROM range(9) TABLESAMPLE (1 PERCENT)".to_owned(), "TABLESAMPLE"),
            (format!("SELECT * FROM {rows} PREWHERE a = 1"), "PREWHERE"),
            (format!("SELECT a, sum(a) FROM {rows} GROUP BY a WITH TOTALS"), "WITH TOTALS"),
            (format!("SELECT x FROM (SELECT a AS x, 1 FROM {rows} GROUP BY a WITH ROLLUP)"), "WITH ROLLUP"),
            (format!("EXPLAIN SELECT a FROM {rows} CONNECT BY PRIOR a = a"), "CONNECT BY"),
            (format!("SELECT a FROM {rows} FOR UPDATE"), "FOR UPDATE"),
        ] {
            let error = match session.sql(&sql) {
                Ok(_) => panic!("{sql}"),
                Err(error) => error.to_string(),
            };
            assert!(error.contains(clause) && error.contains("not supported; "), "{sql}: {error}");
        }
    }

    #[test]
    fn from_without_a_list_selects_all() {
        let session = Session::embedded().threads(1).build().unwrap();
        let frame = session.sql("FROM (VALUES (1, 2), (3, 4)) t(a, b)").unwrap();
        assert_eq!(frame.columns().unwrap(), ["a", "b"]);
        assert_eq!(frame.count().unwrap(), 2);
    }
}
