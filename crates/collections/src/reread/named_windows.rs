//! Windows by name: `OVER w`, `OVER (w ORDER BY x)`, `WINDOW w AS (…), v AS (w ORDER BY x)`.
//!
//! The planner of DataFusion 55 drops the name from a window with more in its parentheses, and knows `OVER w` in the select list alone.
//! Here each name becomes the window that it stands for, by PostgreSQL's rules: a window takes over the `PARTITION BY` of the one that
//! it names and must not have its own, its `ORDER BY` unless it adds one, and nothing can be added to a window with a frame.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, NamedWindowDefinition, NamedWindowExpr, Query, Select, SetExpr, VisitMut, WindowSpec, WindowType,
};

use super::Own;

/// Spells out the windows of the `ORDER BY` of `query`.
pub(super) fn of_query(query: &mut Query) -> ControlFlow<String> {
    let (SetExpr::Select(select), Some(order)) = (query.body.as_ref(), &mut query.order_by) else {
        return ControlFlow::Continue(());
    };
    let windows = match Windows::of(&select.named_window) {
        Ok(windows) => windows,
        Err(message) => return ControlFlow::Break(message),
    };
    order.visit(&mut Own::new(|expr| windows.spell_out(expr)))
}

/// Spells out the windows of `select`.
pub(super) fn of_select(select: &mut Select) -> ControlFlow<String> {
    match Windows::of(&select.named_window) {
        Ok(windows) => select.visit(&mut Own::new(|expr| windows.spell_out(expr))),
        Err(message) => ControlFlow::Break(message),
    }
}

/// Refuses a window by name where there is no `WINDOW` clause.
pub(super) fn refuse(expr: &mut Expr) -> ControlFlow<String> {
    Windows::default().spell_out(expr)
}

/// The windows of a `WINDOW` clause.
#[derive(Default)]
struct Windows(Vec<(String, WindowSpec)>);

impl Windows {
    fn of(definitions: &[NamedWindowDefinition]) -> Result<Self, String> {
        let mut windows = Self::default();
        for NamedWindowDefinition(name, window) in definitions {
            let window = match window {
                NamedWindowExpr::NamedWindow(other) => windows.find(other)?.clone(),
                NamedWindowExpr::WindowSpec(window) => windows.merged(window.clone())?,
            };
            windows.0.push((normalized(name), window));
        }
        Ok(windows)
    }

    fn spell_out(&self, expr: &mut Expr) -> ControlFlow<String> {
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        let Some(window) = &mut function.over else { return ControlFlow::Continue(()) };
        let spelled = match window {
            WindowType::NamedWindow(name) => self.find(name).cloned(),
            WindowType::WindowSpec(spec) if spec.window_name.is_some() => self.merged(spec.clone()),
            WindowType::WindowSpec(_) => return ControlFlow::Continue(()),
        };
        match spelled {
            Ok(spec) => {
                *window = WindowType::WindowSpec(spec);
                ControlFlow::Continue(())
            }
            Err(message) => ControlFlow::Break(message),
        }
    }

    fn find(&self, name: &Ident) -> Result<&WindowSpec, String> {
        let wanted = normalized(name);
        let found = self.0.iter().find(|(known, _)| *known == wanted);
        found.map(|(_, window)| window).ok_or_else(|| {
            format!("The window {name} is not defined; write WINDOW {name} AS (…) after the query's FROM, before what names it")
        })
    }

    /// `window` with what it takes over from the window that it names.
    fn merged(&self, mut window: WindowSpec) -> Result<WindowSpec, String> {
        let Some(name) = window.window_name.take() else { return Ok(window) };
        let base = self.find(&name)?;
        if !window.partition_by.is_empty() {
            return Err(format!(
                "({name} PARTITION BY …): the partitions are those of the window {name}; leave them out"
            ));
        }
        if !window.order_by.is_empty() && !base.order_by.is_empty() {
            return Err(format!("({name} ORDER BY …): the window {name} has an order; leave one of the two out"));
        }
        if base.window_frame.is_some() && !(window.order_by.is_empty() && window.window_frame.is_none()) {
            return Err(format!(
                "({name} …): the window {name} has a frame, to which nothing can be added; give the frame here"
            ));
        }
        window.partition_by.clone_from(&base.partition_by);
        if window.order_by.is_empty() {
            window.order_by.clone_from(&base.order_by);
        }
        if window.window_frame.is_none() {
            window.window_frame.clone_from(&base.window_frame);
        }
        Ok(window)
    }
}

/// `name` as names are compared.
fn normalized(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use crate::testing::{rows, session};

    const ROWS: &str = "(VALUES ('a', 1, 10), ('a', 2, 20), ('b', 1, 5), ('b', 2, 7)) AS t(g, o, v)";

    #[test]
    fn a_window_takes_over_what_it_names() {
        for (over, windows) in [
            ("OVER (w ORDER BY o)", "w AS (PARTITION BY g)"),
            ("OVER (w)", "w AS (PARTITION BY g ORDER BY o)"),
            ("OVER (W ROWS UNBOUNDED PRECEDING)", "w AS (PARTITION BY g ORDER BY o)"),
            ("OVER u", "w AS (PARTITION BY g), u AS (w ORDER BY o)"),
            ("OVER (u)", "w AS (PARTITION BY g), v AS (w ORDER BY o), u AS (v ROWS UNBOUNDED PRECEDING)"),
        ] {
            let sql = format!("SELECT g, sum(v) {over} AS s FROM {ROWS} WINDOW {windows} ORDER BY g, o");
            assert_eq!(rows(&session().sql(&sql).unwrap()), ["a|10", "a|30", "b|5", "b|12"], "{over} {windows}");
        }
    }

    #[test]
    fn wherever_a_window_stands() {
        let found = |sql: String| rows(&session().sql(&sql).unwrap());
        let window = "WINDOW w AS (PARTITION BY g)";
        assert_eq!(
            found(format!("SELECT v FROM {ROWS} {window} ORDER BY sum(v) OVER w, v DESC")),
            ["7", "5", "20", "10"]
        );
        assert_eq!(found(format!("SELECT v FROM {ROWS} {window} QUALIFY sum(v) OVER w > 20 ORDER BY v")), ["10", "20"]);
        assert_eq!(
            found(format!(
                "SELECT max(s) OVER (w) FROM (SELECT sum(v) OVER w AS s FROM {ROWS} {window}) AS q WINDOW w AS () LIMIT 1"
            )),
            ["30"]
        );
    }

    #[test]
    fn what_cannot_be_taken_over_is_refused() {
        for (over, windows, expected) in [
            ("OVER (x ORDER BY o)", "w AS (PARTITION BY g)", "The window x is not defined; write WINDOW x AS"),
            ("OVER x", "w AS (PARTITION BY g)", "The window x is not defined"),
            ("OVER u", "u AS (w ORDER BY o), w AS (PARTITION BY g)", "The window w is not defined"),
            (
                "OVER (w PARTITION BY o)",
                "w AS (ORDER BY o)",
                "the partitions are those of the window w; leave them out",
            ),
            ("OVER (w ORDER BY o)", "w AS (ORDER BY v)", "the window w has an order"),
            ("OVER (w ORDER BY o)", "w AS (PARTITION BY g ROWS 1 PRECEDING)", "the window w has a frame"),
        ] {
            let error = session().sql(&format!("SELECT sum(v) {over} FROM {ROWS} WINDOW {windows}"));
            let error = error.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(expected), "{over}: {error}");
        }
    }
}
