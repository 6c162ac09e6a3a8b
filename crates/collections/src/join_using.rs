//! `JOIN … USING (k)` and `NATURAL JOIN` as the standard has them: one column `k`, wherever it is named.
//!
//! DataFusion 55 takes `k` for the left table's column, which is null in the rows that only the right one has, and finds `k` in
//! `WHERE` ambiguous. Before planning, each such join gets its condition spelled out, and each `k` becomes
//!
//! | join | `k` is |
//! |---|---|
//! | inner, left | the left one |
//! | right | the right one |
//! | full | `coalesce(left, right)` |
//!
//! `*` gives the merged columns first, then the others, each once. What is not understood here (an alias that cannot be known, a
//! dialect's own joins) stays as it was written, and DataFusion decides.

use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, ExcludeSelectItem, Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, ObjectName,
    OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, Value, VisitMut, VisitorMut,
    WildcardAdditionalOptions, With,
};

/// `statement` with its `USING` and `NATURAL` joins spelled out.
pub(crate) async fn spell_out(state: &SessionState, mut statement: Statement) -> Statement {
    let mut passed = 0;
    while let Some(request) = next_request(&mut statement, passed) {
        let done = match columns_of(state, &request).await {
            Some(columns) => apply(&mut statement, passed, columns),
            None => false,
        };
        if !done {
            passed += 1;
        }
    }
    statement
}

/// What must be known to spell out the joins of one SELECT.
struct Request {
    /// The tables, as they stand in FROM, in order.
    factors: Vec<String>,
    /// The WITH clauses in whose scope they stand, outermost first.
    scopes: Vec<With>,
}

/// A column of a table in FROM.
#[derive(Clone)]
struct Column {
    name: String,
    value: Expr,
    is_merged: bool,
}

/// The columns of each table in FROM.
type FactorColumns = Vec<Vec<Column>>;

fn next_request(statement: &mut Statement, passed: usize) -> Option<Request> {
    let mut found = None;
    visit(statement, passed, &mut |select, _, scopes| {
        let factors = select.from.iter().flat_map(|item| {
            std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)).map(ToString::to_string)
        });
        found = Some(Request { factors: factors.collect(), scopes: scopes.to_vec() });
    });
    found
}

fn apply(statement: &mut Statement, passed: usize, columns: FactorColumns) -> bool {
    let mut done = false;
    let mut columns = Some(columns);
    visit(statement, passed, &mut |select, query, _| {
        if let Some(columns) = columns.take() {
            done = rewrite(select, query, columns).is_some();
        }
    });
    done
}

/// Asks the planner for the columns of every table; none if it cannot tell.
async fn columns_of(state: &SessionState, request: &Request) -> Option<FactorColumns> {
    let mut all = vec![];
    for factor in &request.factors {
        all.push(columns_of_factor(state, factor, request.scopes.clone()).await?);
    }
    Some(all)
}

async fn columns_of_factor(state: &SessionState, factor: &str, mut scopes: Vec<With>) -> Option<Vec<Column>> {
    let dialect = state.config().options().sql_parser.dialect;
    loop {
        let tables: Vec<String> =
            scopes.iter().flat_map(|scope| scope.cte_tables.iter().map(ToString::to_string)).collect();
        let recursive = if scopes.iter().any(|scope| scope.recursive) { "RECURSIVE " } else { "" };
        let with = match tables.is_empty() {
            true => String::new(),
            false => format!("WITH {recursive}{} ", tables.join(", ")),
        };
        if let Ok(statement) = state.sql_to_statement(&format!("{with}SELECT * FROM {factor}"), &dialect)
            && let Ok(plan) = state.statement_to_plan(statement).await
        {
            let column = |(table, field): (Option<&TableReference>, &std::sync::Arc<arrow::datatypes::Field>)| {
                let name = field.name().clone();
                let mut path: Vec<Ident> =
                    table?.to_vec().into_iter().map(|part| Ident::with_quote('"', part)).collect();
                path.push(Ident::with_quote('"', &name));
                Some(Column { name, value: Expr::CompoundIdentifier(path), is_merged: false })
            };
            return plan.schema().iter().map(column).collect();
        }
        // A table's own definition and what follows it are not in its scope.
        while scopes.last().is_some_and(|scope| scope.cte_tables.is_empty()) {
            scopes.pop();
        }
        scopes.last_mut()?.cte_tables.pop();
    }
}

/// Calls `act` with the SELECT that has `passed` others with such joins before it, the query around it if ORDER BY is the
/// SELECT's, and the WITH clauses in scope.
fn visit(statement: &mut Statement, passed: usize, act: Act<'_>) {
    let mut finder = Finder { left_to_pass: passed, scopes: vec![], act };
    match statement {
        Statement::Statement(statement) => {
            let _ = statement.visit(&mut finder);
        }
        Statement::CopyTo(copy) => {
            if let CopyToSource::Query(query) = &mut copy.source {
                let _ = query.visit(&mut finder);
            }
        }
        Statement::Explain(explain) => visit(&mut explain.statement, passed, finder.act),
        _ => {}
    }
}

type Act<'a> = &'a mut dyn FnMut(&mut Select, Option<&mut OrderByKind>, &[With]);

struct Finder<'a> {
    left_to_pass: usize,
    scopes: Vec<With>,
    act: Act<'a>,
}

impl Finder<'_> {
    fn search(&mut self, body: &mut SetExpr, order: Option<&mut OrderByKind>) -> ControlFlow<()> {
        match body {
            SetExpr::Select(select) if select.from.iter().any(has_merging_join) => {
                if self.left_to_pass == 0 {
                    (self.act)(select, order, &self.scopes);
                    return ControlFlow::Break(());
                }
                self.left_to_pass -= 1;
                ControlFlow::Continue(())
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.search(left, None)?;
                self.search(right, None)
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl VisitorMut for Finder<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let nothing = With { with_token: AttachedToken::empty(), recursive: false, cte_tables: vec![] };
        self.scopes.push(query.with.clone().unwrap_or(nothing));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let order = query.order_by.as_mut().map(|order| &mut order.kind);
        self.search(&mut query.body, order)?;
        self.scopes.pop();
        ControlFlow::Continue(())
    }
}

fn has_merging_join(item: &TableWithJoins) -> bool {
    let merges = |constraint: Option<&JoinConstraint>| {
        matches!(constraint, Some(JoinConstraint::Using(_) | JoinConstraint::Natural))
    };
    item.joins.iter().any(|join| merges(constraint_of(&join.join_operator)))
}

fn constraint_of(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator as J;
    match operator {
        J::Join(c) | J::Inner(c) | J::Left(c) | J::LeftOuter(c) | J::Right(c) | J::RightOuter(c) => Some(c),
        J::FullOuter(c) | J::CrossJoin(c) | J::Semi(c) | J::LeftSemi(c) | J::Anti(c) | J::LeftAnti(c) => Some(c),
        J::RightSemi(c) | J::RightAnti(c) => Some(c),
        _ => None,
    }
}

/// What comes out of a join.
enum Sides {
    Both(fn(Expr, Expr) -> Expr),
    Left,
    Right,
}

/// The constraint of a join that is understood here, and what comes out.
fn understood(operator: &mut JoinOperator) -> Option<(&mut JoinConstraint, Sides)> {
    use JoinOperator as J;
    Some(match operator {
        J::Join(c) | J::Inner(c) | J::Left(c) | J::LeftOuter(c) | J::CrossJoin(c) => (c, Sides::Both(|left, _| left)),
        J::Right(c) | J::RightOuter(c) => (c, Sides::Both(|_, right| right)),
        J::FullOuter(c) => (c, Sides::Both(coalesce)),
        J::Semi(c) | J::LeftSemi(c) | J::Anti(c) | J::LeftAnti(c) => (c, Sides::Left),
        J::RightSemi(c) | J::RightAnti(c) => (c, Sides::Right),
        _ => return None,
    })
}

/// Rewrites a SELECT; nothing is changed if any part of it is not understood.
#[allow(clippy::needless_pass_by_value)] // It holds a mutable reference, if anything.
fn rewrite(select: &mut Select, order: Option<&mut OrderByKind>, columns: FactorColumns) -> Option<()> {
    let mut columns = columns.into_iter();
    let mut from = select.from.clone();
    let mut visible = vec![];
    for item in &mut from {
        visible.extend(spelled_out(item, &mut columns)?);
    }
    let once = |column: &&Column| visible.iter().filter(|other| other.name == column.name).count() == 1;
    let merged: Vec<Column> = visible.iter().filter(|column| column.is_merged).filter(once).cloned().collect();
    let mut projection = vec![];
    for item in &select.projection {
        match item {
            SelectItem::Wildcard(options) => projection.extend(expanded(options, &visible)?),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => {
                projection.push(find(&merged, name).map_or_else(|| item.clone(), item_of));
            }
            other => projection.push(other.clone()),
        }
    }
    // Nothing can go wrong from here on.
    select.from = from;
    select.projection = projection;
    let mut replace = Replace { merged: &merged, depth: 0 };
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            let _ = expr.visit(&mut replace);
        }
    }
    for expr in select.selection.iter_mut().chain(&mut select.having).chain(&mut select.qualify) {
        let _ = expr.visit(&mut replace);
    }
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        for key in keys {
            let _ = key.visit(&mut replace);
        }
    }
    let _ = select.distinct.visit(&mut replace);
    let _ = select.named_window.visit(&mut replace);
    if let Some(OrderByKind::Expressions(keys)) = order {
        for key in keys {
            // The name of an output column means that column.
            let names_output = matches!(&key.expr, Expr::Identifier(name) if names_output(&select.projection, name));
            if !names_output {
                let _ = key.expr.visit(&mut replace);
            }
        }
    }
    Some(())
}

/// Gives the joins of `item` their conditions; returns the columns that come out, the merged ones first.
fn spelled_out(item: &mut TableWithJoins, columns: &mut impl Iterator<Item = Vec<Column>>) -> Option<Vec<Column>> {
    let is_nested = |factor: &TableFactor| matches!(factor, TableFactor::NestedJoin { .. });
    if is_nested(&item.relation) {
        return None;
    }
    let mut visible = columns.next()?;
    for join in &mut item.joins {
        if is_nested(&join.relation) {
            return None;
        }
        let right = columns.next()?;
        let (constraint, sides) = understood(&mut join.join_operator)?;
        let names: Vec<String> = match constraint {
            JoinConstraint::Using(names) => names.iter().map(plain_name).collect::<Option<_>>()?,
            JoinConstraint::Natural => {
                let in_right = |name: &&Column| right.iter().any(|column| column.name == name.name);
                visible.iter().filter(in_right).map(|column| column.name.clone()).collect()
            }
            JoinConstraint::On(_) | JoinConstraint::None => {
                match sides {
                    Sides::Both(_) => visible.extend(right),
                    Sides::Left => {}
                    Sides::Right => visible = right,
                }
                continue;
            }
        };
        let (mut condition, mut merged) = (None, vec![]);
        for name in &names {
            let (left, right) = (the_only(&visible, name)?, the_only(&right, name)?);
            let equal = equals(left.clone(), right.clone());
            condition = Some(match condition {
                None => equal,
                Some(others) => both(others, equal),
            });
            if let Sides::Both(merge) = &sides {
                merged.push(Column { name: name.clone(), value: merge(left, right), is_merged: true });
            }
        }
        *constraint = JoinConstraint::On(condition.unwrap_or_else(|| Expr::Value(Value::Boolean(true).into())));
        let rest = |columns: Vec<Column>| columns.into_iter().filter(|column| !names.contains(&column.name));
        visible = match sides {
            Sides::Both(_) => merged.into_iter().chain(rest(visible)).chain(rest(right)).collect(),
            Sides::Left => visible,
            Sides::Right => right,
        };
    }
    Some(visible)
}

fn the_only(columns: &[Column], name: &str) -> Option<Expr> {
    let mut found = columns.iter().filter(|column| column.name == name);
    let first = found.next()?;
    found.next().is_none().then(|| first.value.clone())
}

/// The columns that `*` stands for; none if it has options that are not understood.
fn expanded(options: &WildcardAdditionalOptions, visible: &[Column]) -> Option<Vec<SelectItem>> {
    let WildcardAdditionalOptions { opt_ilike: None, opt_replace: None, opt_rename: None, opt_alias: None, .. } =
        options
    else {
        return None;
    };
    let mut left_out = vec![];
    match &options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => left_out.push(plain_name(name)?),
        Some(ExcludeSelectItem::Multiple(names)) => {
            left_out.extend(names.iter().map(plain_name).collect::<Option<Vec<_>>>()?);
        }
        None => {}
    }
    if let Some(except) = &options.opt_except {
        left_out.extend(std::iter::once(&except.first_element).chain(&except.additional_elements).map(exact));
    }
    // The planner says which name is wrong.
    if left_out.iter().any(|name| visible.iter().all(|column| column.name != *name)) {
        return None;
    }
    Some(visible.iter().filter(|column| !left_out.contains(&column.name)).map(item_of).collect())
}

/// A column as an item of the select list, under its own name.
fn item_of(column: &Column) -> SelectItem {
    match &column.value {
        path @ Expr::CompoundIdentifier(_) => SelectItem::UnnamedExpr(path.clone()),
        other => SelectItem::ExprWithAlias { expr: other.clone(), alias: Ident::with_quote('"', &column.name) },
    }
}

fn names_output(projection: &[SelectItem], name: &Ident) -> bool {
    let name = exact(name);
    projection.iter().any(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => exact(alias) == name,
        _ => false,
    })
}

/// The name as the planner reads it.
fn exact(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

fn plain_name(name: &ObjectName) -> Option<String> {
    let [part] = name.0.as_slice() else { return None };
    part.as_ident().map(exact)
}

fn find<'a>(merged: &'a [Column], name: &Ident) -> Option<&'a Column> {
    let name = exact(name);
    merged.iter().find(|column| column.name == name)
}

fn equals(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::Eq, right: Box::new(right) }
}

fn both(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) }
}

/// `coalesce(left, right)`, spelled so that no function of that name in the session can stand in its place.
fn coalesce(left: Expr, right: Expr) -> Expr {
    let is_known = CaseWhen { condition: Expr::IsNotNull(Box::new(left.clone())), result: left };
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![is_known],
        else_result: Some(Box::new(right)),
    }
}

/// Puts merged columns in the place of their names, outside of subqueries.
struct Replace<'a> {
    merged: &'a [Column],
    depth: usize,
}

impl VisitorMut for Replace<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::Identifier(name) = expr
            && let Some(column) = find(self.merged, name)
        {
            *expr = column.value.clone();
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{rows, session, sorted_rows, table};

    /// Registers the tables once: the tests share a session.
    fn tables() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(register);
    }

    fn register() {
        let session = session();
        session.register("using_a", &table("SELECT * FROM (VALUES (1, 'p'), (2, 'q')) AS v(k, l)")).unwrap();
        session.register("using_b", &table("SELECT * FROM (VALUES (2, 'r'), (3, 's')) AS v(k, m)")).unwrap();
        session.register("using_c", &table("SELECT * FROM (VALUES (3, 't'), (4, 'u')) AS v(k, n)")).unwrap();
    }

    fn answer(sql: &str) -> Vec<String> {
        tables();
        rows(&session().sql(sql).unwrap())
    }

    #[test]
    fn the_merged_column_is_one_column_everywhere() {
        assert_eq!(answer("SELECT * FROM using_a JOIN using_b USING (k) WHERE k = 2 ORDER BY k"), ["2|q|r"]);
        assert_eq!(
            answer("SELECT k, l, m FROM using_a FULL JOIN using_b USING (k) WHERE k > 1 ORDER BY k DESC"),
            ["3|null|s", "2|q|r"]
        );
        assert_eq!(
            answer(
                "SELECT k, count(*) AS n FROM using_a FULL JOIN using_b USING (k) GROUP BY k HAVING k > 1 ORDER BY k"
            ),
            ["2|1", "3|1"]
        );
        assert_eq!(answer("SELECT * FROM using_a RIGHT JOIN using_b USING (k) ORDER BY k"), ["2|q|r", "3|null|s"]);
        assert_eq!(answer("SELECT k + 1 AS next FROM using_a LEFT JOIN using_b USING (k) ORDER BY k"), ["2", "3"]);
        assert_eq!(
            answer("SELECT a.k, b.k FROM using_a a LEFT JOIN using_b b USING (k) ORDER BY a.k"),
            ["1|null", "2|2"]
        );
        assert_eq!(answer("SELECT * FROM using_a NATURAL JOIN using_b WHERE k = 2"), ["2|q|r"]);
        assert_eq!(
            answer("SELECT * EXCLUDE (l) FROM using_a FULL JOIN using_b USING (k) ORDER BY k LIMIT 1"),
            ["1|null"]
        );
    }

    #[test]
    fn merged_columns_merge_again() {
        let sql = "SELECT k, l, m, n FROM using_a FULL JOIN using_b USING (k) FULL JOIN using_c USING (k) ORDER BY k";
        assert_eq!(answer(sql), ["1|p|null|null", "2|q|r|null", "3|null|s|t", "4|null|null|u"]);
        assert_eq!(answer(&sql.replace("SELECT k, l, m, n", "SELECT *")), answer(sql));
    }

    #[test]
    fn in_subqueries_views_and_common_tables() {
        let sql = "WITH j AS (SELECT * FROM using_a FULL JOIN using_b USING (k) WHERE k > 1), \
                   i AS (SELECT k FROM j JOIN using_c USING (k) WHERE k = 3) SELECT k FROM i";
        assert_eq!(answer(sql), ["3"]);
        let sql = "SELECT x.k FROM (SELECT k FROM using_a FULL JOIN using_b USING (k)) AS x JOIN using_c USING (k)";
        assert_eq!(answer(sql), ["3"]);
        let union = "SELECT k FROM using_a FULL JOIN using_b USING (k) WHERE k > 2 UNION ALL \
                     SELECT k FROM using_a JOIN using_b USING (k) WHERE k = 2";
        tables();
        assert_eq!(sorted_rows(&session().sql(union).unwrap()), ["2", "3"]);
        session().sql("CREATE OR REPLACE VIEW using_v AS SELECT * FROM using_b FULL JOIN using_c USING (k)").unwrap();
        assert_eq!(answer("SELECT k FROM using_v ORDER BY k"), ["2", "3", "4"]);
    }

    #[test]
    fn what_is_wrong_is_said_by_the_planner() {
        tables();
        let message = session().sql("SELECT * FROM using_a JOIN using_b USING (nope)").unwrap_err().to_string();
        assert!(message.contains("nope"), "{message}");
    }
}
