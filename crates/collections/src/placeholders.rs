//! Placeholders in SQL. `?` is one: the n-th in the text becomes `$n`, which is what the planner knows.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use datafusion::common::{Diagnostic, ParamValues, Span, plan_datafusion_err};
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

/// Whether there is a value for each of the placeholders `names`, and a placeholder for each of `values`; the mistake, if not.
pub(crate) fn check(names: &HashSet<String>, values: &ParamValues) -> Result<(), String> {
    let sorted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let known = || sorted.iter().copied().collect::<Vec<_>>().join(", ");
    match values {
        ParamValues::List(values) => {
            let numbers: Option<Vec<usize>> = sorted.iter().map(|name| name.strip_prefix('$')?.parse().ok()).collect();
            let Some(numbers) = numbers else {
                return Err(format!("expected values by name for {}, got a list of {}", known(), values.len()));
            };
            let last = numbers.into_iter().max().unwrap_or(0);
            match values.len() {
                given if last == 0 && given > 0 => {
                    Err(format!("got {given} values, but the statement has no placeholder such as $1"))
                }
                given if given != last => Err(format!("expected {last} values, for {}, got {given}", known())),
                _ => Ok(()),
            }
        }
        ParamValues::Map(values) => {
            let is_given = |name: &str| values.contains_key(name.trim_start_matches('$'));
            if let Some(missing) = sorted.iter().find(|name| !is_given(name)) {
                let given: BTreeSet<String> = values.keys().map(|name| format!("${name}")).collect();
                let given = given.into_iter().collect::<Vec<_>>().join(", ");
                return Err(format!("the placeholder {missing} has no value; there are values for {given}"));
            }
            let unused: BTreeSet<&String> = values.keys().filter(|name| !names.contains(&format!("${name}"))).collect();
            match unused.first() {
                None => Ok(()),
                Some(name) if names.is_empty() => {
                    Err(format!("got a value for ${name}, but the statement has no placeholder such as $name"))
                }
                Some(name) => Err(format!("got a value for ${name}, but the placeholders are {}", known())),
            }
        }
    }
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
