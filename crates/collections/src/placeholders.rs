//! `?` as a placeholder: the n-th one in the text becomes `$n`, which is what the planner knows.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::common::{Diagnostic, Span, plan_datafusion_err};
use datafusion::error::DataFusionError;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{Expr, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::tokenizer::{Location, Span as TextSpan};

/// Gives each `?` of `statement` its number.
///
/// # Errors
/// If it has both `?` and `$…`, whose numbers would mean different things.
pub(crate) fn number(statement: &mut Statement) -> Result<(), DataFusionError> {
    let mut marks = Marks { places: BTreeSet::new(), other: false, numbered: false };
    marks.visit(statement);
    let Some((first, _)) = marks.places.first().copied() else { return Ok(()) };
    if marks.other {
        let message = "expected either ? or $1, $2 … as placeholders, got both";
        let span = Span::try_from_sqlparser_span(TextSpan::new(first, first));
        return Err(plan_datafusion_err!("{message}").with_diagnostic(Diagnostic::new_error(message, span)));
    }
    marks.numbered = true;
    marks.visit(statement);
    Ok(())
}

struct Marks {
    /// Where each `?` begins and ends: the syntax tree does not keep the order of the text.
    places: BTreeSet<(Location, Location)>,
    /// Whether there are placeholders of another kind.
    other: bool,
    /// Whether the places are complete.
    numbered: bool,
}

impl Marks {
    fn visit(&mut self, statement: &mut Statement) {
        match statement {
            Statement::Statement(statement) => {
                let _ = statement.visit(self);
            }
            Statement::CopyTo(copy) => {
                if let CopyToSource::Query(query) = &mut copy.source {
                    let _ = query.visit(self);
                }
            }
            Statement::Explain(explain) => self.visit(&mut explain.statement),
            _ => {}
        }
    }
}

impl VisitorMut for Marks {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Value(value) = expr else { return ControlFlow::Continue(()) };
        let place = (value.span.start, value.span.end);
        if let Value::Placeholder(name) = &mut value.value {
            if name != "?" {
                self.other = true;
            } else if !self.numbered {
                self.places.insert(place);
            } else {
                let before = self.places.iter().take_while(|known| **known < place).count();
                *name = format!("${}", before + 1);
            }
        }
        ControlFlow::Continue(())
    }
}
