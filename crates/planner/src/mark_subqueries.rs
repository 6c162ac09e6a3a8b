//! `EXISTS (…)` and `x IN (…)` as values, as what DataFusion can run and answers rightly.
//!
//! DataFusion 55 turns those that are conditions of a `WHERE` into semi and anti joins. In a select list, in `CASE`, `ORDER BY`, an
//! aggregate or a window it has no answer, and below `OR` it takes null for false, so that `x NOT IN (…) OR …` keeps rows that it
//! must not. Here they become columns below the node that uses them:
//!
//! ```text
//! Projection: EXISTS(s: s.k = t.k) OR t.b      Projection: __mark_1 OR t.b
//!   t                                      =>     Projection: t.*, m.mark AS __mark_1
//!                                                   LeftMark Join: t.k = m.k
//!                                                     t
//!                                                     m: s
//! ```
//!
//! | expression | becomes |
//! |---|---|
//! | `EXISTS s` that refers to the outer query | the mark of a mark join on what its `WHERE` says of the outer query |
//! | `EXISTS s` that stands alone | `(SELECT count(*) FROM s LIMIT 1) > 0` |
//! | `EXISTS` of an aggregate without groups | true; with `HAVING p`: `(SELECT p …)`, null as false |
//! | `x IN s` with an aggregate without groups | `x = s` |
//! | any other `x IN s` | `CASE WHEN m THEN true WHEN x IS NULL AND EXISTS s OR EXISTS (s WHERE v IS NULL) THEN null ELSE false END` |
//!
//! where `v` is the column of `s` and `m` the mark of a mark join on `x = v`. What cannot be null is left out, and so is the
//! null of an `IN` that a `WHERE` takes for false anyway. A condition that DataFusion joins rightly stays, but for `x NOT IN s` with
//! nulls and an `x` without columns: of that it makes an anti join without keys, which takes null for false.
//!
//! A subquery that refers to the outer query gives its first column a name of its own if that is a cast, which DataFusion names as the
//! column below it: the columns of the correlation stand beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, Result, ScalarValue, not_impl_err};
use datafusion::config::ConfigOptions;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Distinct, Expr, ExprSchemable, FetchType, JoinType, LogicalPlan, LogicalPlanBuilder, Operator,
    Projection, SkipType, Subquery, lit, not, when,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::decorrelate::PullUpCorrelatedExpr;

/// Computes `EXISTS` and `IN` of subqueries that are values. Runs after types are settled.
#[derive(Debug, Default)]
pub struct MarkSubqueries;

impl AnalyzerRule for MarkSubqueries {
    fn name(&self) -> &str {
        "mark_subqueries"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let mut names = 0;
        let plan = plan.transform_up_with_subqueries(with_named_values).data()?;
        let marked = plan.transform_up_with_subqueries(|node| marked(node, &mut names))?;
        if !marked.transformed {
            return Ok(marked.data);
        }
        // A computed answer may be null where the expression was not, or the other way round.
        marked.data.transform_up_with_subqueries(|node| Ok(Transformed::yes(node.recompute_schema()?))).data()
    }
}

/// `node` with names of their own for casts that its correlated `IN` compare with.
fn with_named_values(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    node.map_expressions(|expr| {
        expr.transform_up(|expr| match expr {
            Expr::InSubquery(InSubquery { expr, subquery, negated }) if is_correlated(&subquery) => {
                let named = named_value(Arc::unwrap_or_clone(subquery.subquery))?;
                let subquery = Subquery { subquery: Arc::new(named.data), ..subquery };
                let list = Expr::InSubquery(InSubquery { expr, subquery, negated });
                Ok(Transformed::new(list, named.transformed, named.tnr))
            }
            other => Ok(Transformed::no(other)),
        })
    })
}

/// `plan`, a cast that is its column under a name of its own.
fn named_value(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Distinct(Distinct::All(input)) => Ok(named_value(Arc::unwrap_or_clone(input))?
            .update_data(|input| LogicalPlan::Distinct(Distinct::All(Arc::new(input))))),
        LogicalPlan::Projection(Projection { mut expr, input, .. })
            if matches!(expr[..], [Expr::Cast(_) | Expr::TryCast(_)]) =>
        {
            let expr = expr.drain(..).map(|value| value.alias(VALUE)).collect();
            Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(expr, input)?)))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// `node` over an input that has the answers of its subqueries as columns.
fn marked(node: LogicalPlan, names: &mut usize) -> Result<Transformed<LogicalPlan>> {
    use LogicalPlan as P;
    let is_filter = matches!(node, P::Filter(_));
    if !matches!(node, P::Projection(_) | P::Filter(_) | P::Aggregate(_) | P::Window(_) | P::Sort(_)) {
        return Ok(Transformed::no(node));
    }
    let expressions = node.expressions();
    let [input] = node.inputs()[..] else { return Ok(Transformed::no(node)) };
    if !expressions.iter().any(has_subquery) {
        return Ok(Transformed::no(node));
    }
    let mut answers = Answers { input: input.clone(), values: vec![], names };
    let rewritten = if is_filter {
        expressions.into_iter().map(|predicate| answers.predicate(predicate)).collect::<Result<Vec<_>>>()?
    } else {
        let kept = NamePreserver::new(&node);
        let mut rewritten = vec![];
        for expression in expressions {
            let name = kept.save(&expression);
            let expression = answers.expression(expression, true)?;
            rewritten.push(if matches!(node, P::Sort(_)) { expression } else { name.restore(expression) });
        }
        rewritten
    };
    if answers.values.is_empty() && rewritten == node.expressions() {
        return Ok(Transformed::no(node));
    }
    let schema = Arc::clone(node.schema());
    let input = answers.columns(input.schema())?;
    let node = node.with_new_exprs(rewritten, vec![input])?;
    // The columns of these are their input's, and what was added to it is not theirs.
    let node = match node {
        P::Filter(_) | P::Sort(_) | P::Window(_) => {
            LogicalPlanBuilder::new(node).project(schema.columns().into_iter().map(Expr::Column))?.build()?
        }
        other => other,
    };
    Ok(Transformed::yes(node))
}

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::Exists(_) | Expr::InSubquery(_))
}

fn has_subquery(expr: &Expr) -> bool {
    // The closure does not fail.
    expr.exists(|node| Ok(is_subquery(node))).unwrap_or(false)
}

/// An input that grows by the joins that the answers need.
struct Answers<'a> {
    input: LogicalPlan,
    values: Vec<Answer>,
    /// How many names were given.
    names: &'a mut usize,
}

/// A column beside the input's.
struct Answer {
    question: Expr,
    value: Expr,
    name: String,
    /// Whether it is null where it must be, or false there too.
    has_nulls: bool,
}

impl Answers<'_> {
    /// The predicate of a filter: what DataFusion joins rightly stays.
    fn predicate(&mut self, predicate: Expr) -> Result<Expr> {
        let conjuncts = split_conjunction_owned(predicate)
            .into_iter()
            .map(|conjunct| if self.is_joined_rightly(&conjunct)? { Ok(conjunct) } else { self.condition(conjunct) });
        Ok(conjunction(conjuncts.collect::<Result<Vec<_>>>()?).unwrap_or_else(|| lit(true)))
    }

    /// Whether DataFusion makes the right semi or anti join of this condition.
    fn is_joined_rightly(&self, conjunct: &Expr) -> Result<bool> {
        let (inner, inverted) = match conjunct {
            Expr::Not(inner) => (inner.as_ref(), true),
            other => (other, false),
        };
        Ok(match inner {
            Expr::Exists(Exists { subquery, .. }) => {
                !(is_one_row(&subquery.subquery) || is_correlated(subquery) && having(&subquery.subquery).is_some())
            }
            Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                let may_be_open = self.is_nullable(expr)? || column_is_nullable(subquery);
                let is_open_anti = *negated != inverted && may_be_open;
                let has_key = !expr.column_refs().is_empty();
                match is_correlated(subquery) {
                    true => !(is_one_row(&subquery.subquery) || is_open_anti),
                    false => has_key || !is_open_anti,
                }
            }
            _ => false,
        })
    }

    /// An expression of which only truth matters: through `AND` and `OR`, null is as good as false.
    fn condition(&mut self, expr: Expr) -> Result<Expr> {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
                let (left, right) = (self.condition(*left)?, self.condition(*right)?);
                Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
            }
            Expr::InSubquery(InSubquery { expr, subquery, negated: false }) => {
                let asked = Expr::InSubquery(InSubquery { expr, subquery, negated: false });
                self.answer(asked, false, false)
            }
            other => self.expression(other, false),
        }
    }

    /// Any expression, whose nulls matter.
    fn expression(&mut self, expr: Expr, must_be_answered: bool) -> Result<Expr> {
        expr.transform_up(|node| {
            Ok(if is_subquery(&node) {
                Transformed::yes(self.answer(node, true, must_be_answered)?)
            } else {
                Transformed::no(node)
            })
        })
        .data()
    }

    /// The column with the answer to `asked`, or `asked` if there is no way to compute it.
    fn answer(&mut self, asked: Expr, nulls_matter: bool, must_be_answered: bool) -> Result<Expr> {
        // `NOT EXISTS` is asked as `EXISTS`, so that both share an answer.
        let (question, negated) = match asked.clone() {
            Expr::Exists(exists) => (Expr::Exists(Exists { negated: false, ..exists }), exists.negated),
            Expr::InSubquery(list) => {
                let negated = list.negated;
                (Expr::InSubquery(InSubquery { negated: false, ..list }), negated)
            }
            other => (other, false),
        };
        let Some(name) = self.name_of(question, nulls_matter)? else {
            if must_be_answered {
                return not_impl_err!(
                    "EXISTS (…) or IN (…) as a value, with a subquery that refers to the outer query where no join can be made of \
                     it: inside LIMIT, UNION, a window, an aggregate's argument, or two queries further out. Move the reference \
                     into the subquery's WHERE, or write a join"
                );
            }
            return Ok(asked);
        };
        let column = Expr::Column(Column::from_name(name));
        Ok(if negated { not(column) } else { column })
    }

    /// The name of the column that answers `question`; none if there is no way to compute it.
    fn name_of(&mut self, question: Expr, nulls_matter: bool) -> Result<Option<String>> {
        let known = self.values.iter().find(|known| known.question == question && known.has_nulls >= nulls_matter);
        if let Some(known) = known {
            return Ok(Some(known.name.clone()));
        }
        let value = match &question {
            Expr::Exists(Exists { subquery, .. }) => self.exists(subquery)?,
            Expr::InSubquery(InSubquery { expr, subquery, .. }) => self.is_in(expr, subquery, nulls_matter)?,
            _ => None,
        };
        let Some(value) = value else { return Ok(None) };
        let name = self.name();
        self.values.push(Answer { question, value, name: name.clone(), has_nulls: nulls_matter });
        Ok(Some(name))
    }

    fn exists(&mut self, subquery: &Subquery) -> Result<Option<Expr>> {
        let plan = subquery.subquery.as_ref();
        if is_one_row(plan) {
            return Ok(Some(lit(true)));
        }
        if !is_correlated(subquery) {
            let rows = LogicalPlanBuilder::new(plan.clone())
                .limit(0, Some(1))?
                .aggregate(Vec::<Expr>::new(), [count(lit(1_i64)).alias("rows")])?
                .build()?;
            return Ok(Some(scalar(rows, subquery).gt(lit(0_i64))));
        }
        if let Some((condition, aggregate)) = having(plan) {
            let holds =
                LogicalPlanBuilder::new(aggregate.clone()).project([condition.clone().alias("holds")])?.build()?;
            return Ok(Some(scalar(holds, subquery).is_true()));
        }
        self.mark(unordered(plan.clone())?, None)
    }

    fn is_in(&mut self, value: &Expr, subquery: &Subquery, nulls_matter: bool) -> Result<Option<Expr>> {
        let plan = subquery.subquery.as_ref();
        if is_one_row(plan) {
            return Ok(Some(value.clone().eq(scalar(plan.clone(), subquery))));
        }
        if value.contains_outer() || value.exists(|node| Ok(matches!(node, Expr::ScalarSubquery(_))))? {
            return Ok(None);
        }
        let column = Expr::Column(Column::from(plan.schema().qualified_field(0)));
        let Some(matched) = self.mark(plan.clone(), Some(value))? else { return Ok(None) };
        let mut open = vec![];
        if nulls_matter && self.is_nullable(value)? {
            let Some(exists) = self.exists(subquery)? else { return Ok(None) };
            open.push(value.clone().is_null().and(exists));
        }
        if nulls_matter && column_is_nullable(subquery) {
            let nulls = LogicalPlanBuilder::new(plan.clone()).filter(column.is_null())?.build()?;
            let nulls = Subquery { subquery: Arc::new(nulls), ..subquery.clone() };
            let Some(exists) = self.exists(&nulls)? else { return Ok(None) };
            open.push(exists);
        }
        let Some(open) = open.into_iter().reduce(Expr::or) else { return Ok(Some(matched)) };
        Ok(Some(when(matched, lit(true)).when(open, lit(ScalarValue::Boolean(None))).otherwise(lit(false))?))
    }

    /// Joins the input with `plan`: the column that marks rows for which it has one that fits, and whose first column equals
    /// `value` if there is one. None if what `plan` says of the outer query cannot be a join's condition.
    fn mark(&mut self, plan: LogicalPlan, value: Option<&Expr>) -> Result<Option<Expr>> {
        let plan = match value {
            Some(_) => {
                let column = Expr::Column(Column::from(plan.schema().qualified_field(0)));
                LogicalPlanBuilder::new(plan).project([column.alias(VALUE)])?.build()?
            }
            None => plan,
        };
        let mut pull_up = PullUpCorrelatedExpr::new().with_exists_sub_query(value.is_none());
        let pulled = plan.rewrite(&mut pull_up).data()?;
        if !pull_up.can_pull_up || pull_up.pull_up_having_expr.is_some() || !pulled.all_out_ref_exprs().is_empty() {
            return Ok(None);
        }
        let inner: BTreeSet<&Column> = pull_up.correlated_subquery_cols_map.values().flatten().collect();
        let mut side = Side { schema: pulled.schema(), inner, outer: self.input.schema(), columns: vec![], fits: true };
        let mut conditions = vec![];
        let name = format!("__mark_{}", *self.names + 1);
        for condition in std::mem::take(&mut pull_up.join_filters) {
            conditions.push(side.condition(condition, &name)?);
        }
        if let Some(value) = value {
            let column = side.column(&Column::from_name(VALUE), &name);
            conditions.push(value.clone().eq(column));
        }
        let (fits, columns) = (side.fits, side.columns);
        let Some(condition) = conjunction(conditions).filter(|_| fits) else { return Ok(None) };
        self.name();
        let columns = if columns.is_empty() { vec![lit(true).alias(VALUE)] } else { columns };
        let right = LogicalPlanBuilder::new(pulled).project(columns)?.alias(name.as_str())?.build()?;
        let left = std::mem::take(&mut self.input);
        self.input = LogicalPlanBuilder::new(left).join_on(right, JoinType::LeftMark, [condition])?.build()?;
        Ok(Some(Expr::Column(Column::new(Some(name), "mark"))))
    }

    /// The input with the answers beside its own columns.
    fn columns(self, schema: &DFSchema) -> Result<LogicalPlan> {
        if self.values.is_empty() {
            return Ok(self.input);
        }
        let own = schema.columns().into_iter().map(Expr::Column);
        let values = self.values.into_iter().map(|answer| answer.value.alias(answer.name));
        LogicalPlanBuilder::new(self.input).project(own.chain(values).collect::<Vec<_>>())?.build()
    }

    fn is_nullable(&self, expr: &Expr) -> Result<bool> {
        // A reference further out is not among the input's columns.
        if expr.contains_outer() {
            return Ok(true);
        }
        expr.nullable(self.input.schema().as_ref())
    }

    /// A name that nobody else has.
    fn name(&mut self) -> String {
        *self.names += 1;
        format!("__mark_{}", self.names)
    }
}

/// The name of the column whose values are compared.
const VALUE: &str = "__value";

/// The side of a mark join that the subquery is on.
struct Side<'a> {
    schema: &'a DFSchema,
    /// Columns of the subquery that the conditions may name.
    inner: BTreeSet<&'a Column>,
    /// The columns of the other side.
    outer: &'a DFSchema,
    /// The columns that the conditions need, under new names.
    columns: Vec<Expr>,
    /// Whether all columns were found, each on one side.
    fits: bool,
}

impl Side<'_> {
    /// `condition` with the columns of this side under their new names, of the relation `name`.
    fn condition(&mut self, condition: Expr, name: &str) -> Result<Expr> {
        condition
            .transform_up(|node| {
                let Expr::Column(column) = &node else { return Ok(Transformed::no(node)) };
                let (inner, outer) = (self.inner.contains(column), self.outer.has_column(column));
                self.fits &= inner != outer;
                Ok(if inner { Transformed::yes(self.column(column, name)) } else { Transformed::no(node) })
            })
            .data()
    }

    fn column(&mut self, column: &Column, name: &str) -> Expr {
        let exact = self.schema.maybe_index_of_column(column);
        // A derived table gives its columns its own name.
        let mut named = (0..self.schema.fields().len()).filter(|&at| self.schema.field(at).name() == &column.name);
        let Some(at) = exact.or_else(|| named.next().filter(|_| named.next().is_none())) else {
            self.fits = false;
            return Expr::Column(column.clone());
        };
        let source = Expr::Column(Column::from(self.schema.qualified_field(at)));
        let alias = format!("c{at}");
        let aliased = source.alias(&alias);
        if !self.columns.contains(&aliased) {
            self.columns.push(aliased);
        }
        Expr::Column(Column::new(Some(name), alias))
    }
}

fn is_correlated(subquery: &Subquery) -> bool {
    !subquery.subquery.all_out_ref_exprs().is_empty()
}

fn column_is_nullable(subquery: &Subquery) -> bool {
    subquery.subquery.schema().field(0).is_nullable()
}

/// `plan` as a value, in the place of `subquery`.
fn scalar(plan: LogicalPlan, subquery: &Subquery) -> Expr {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Expr::ScalarSubquery(Subquery { subquery: Arc::new(plan), outer_ref_columns, ..subquery.clone() })
}

/// The node below what neither adds nor drops rows.
fn below_columns(mut plan: &LogicalPlan) -> &LogicalPlan {
    loop {
        plan = match plan {
            LogicalPlan::Projection(node) => &node.input,
            LogicalPlan::SubqueryAlias(node) => &node.input,
            LogicalPlan::Sort(node) if node.fetch.is_none() => &node.input,
            other => return other,
        };
    }
}

/// `plan` without what does not decide whether it has rows: an order, and a limit of at least one row.
fn unordered(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Sort(sort) if sort.fetch != Some(0) => unordered(Arc::unwrap_or_clone(sort.input)),
        LogicalPlan::Limit(limit) => match (limit.get_skip_type()?, limit.get_fetch_type()?) {
            (SkipType::Literal(0), FetchType::Literal(Some(1..))) => unordered(Arc::unwrap_or_clone(limit.input)),
            _ => Ok(LogicalPlan::Limit(limit)),
        },
        LogicalPlan::Projection(projection) => {
            let input = unordered(Arc::unwrap_or_clone(projection.input))?;
            LogicalPlanBuilder::new(input).project(projection.expr)?.build()
        }
        other => Ok(other),
    }
}

/// Whether `plan` gives one row whatever its input is: an aggregate without groups.
fn is_one_row(plan: &LogicalPlan) -> bool {
    matches!(below_columns(plan), LogicalPlan::Aggregate(node) if node.group_expr.is_empty())
}

/// The `HAVING` of an aggregate without groups, and the aggregate.
fn having(plan: &LogicalPlan) -> Option<(&Expr, &LogicalPlan)> {
    match below_columns(plan) {
        LogicalPlan::Filter(filter) if is_one_row(&filter.input) => Some((&filter.predicate, &filter.input)),
        _ => None,
    }
}
