//! One NaN and one zero in keys and comparisons of floats.
//!
//! Arrow goes by the bits of floats: -NaN (what `0.0 / 0.0` gives on x86) < -inf < … < -0.0 < 0.0 < … < inf < NaN, and two NaNs of
//! different bits are two values. Here, as in PostgreSQL and DuckDB, every NaN is one value, equal to itself and greater than all
//! numbers, and -0.0 equals 0.0. The rule puts the function `canonical_float` around what is compared:
//!
//! | where | what |
//! |---|---|
//! | `=`, `<>`, `<`, …, `IS DISTINCT FROM`, `IN`, `BETWEEN`, `CASE x WHEN`, `ANY`, `ALL` | both sides |
//! | `ORDER BY`, also of aggregates and windows, and `PARTITION BY` | the keys |
//! | `GROUP BY`, `ROLLUP`, …, `DISTINCT`, `DISTINCT ON`, `UNION` of a recursive query | the keys, which come out canonical |
//! | joins, `EXCEPT`, `INTERSECT`, `by` of as-of joins | the keys of both sides |
//! | `count(DISTINCT x)` and its like, `min`, `max`, `median`, quantiles, `mode`, `greatest`, `least`, `nullif` | the arguments |
//!
//! but not around what is canonical already ([`known`]): a cast from integers or decimals, an ordinary constant, what a plan below made
//! canonical. Plans without such floats stay as they are. Columns keep their names, and their values where they are no key.
//!
//! Why at the keys, and not where such floats come from (files, arithmetic): a scan would have to copy every float column that it
//! reads, no comparison would reach a file's statistics any more, and -0.0 would be lost in tables that are only copied. A comparison
//! with an ordinary constant, which is what statistics can decide, is made one of the plain column again by
//! [`compare_plain_floats`](crate::compare_plain_floats).
//!
//! Floats within lists and structs are compared by their bits.

pub(crate) mod constants;
mod known;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchemaRef, Result};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr::{
    AggregateFunction, Between, Case, Cast, GroupingSet, InList, InSubquery, SetComparison, Sort as SortExpr,
};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, DistinctOn, Expr, ExprSchemable, Extension, Join, JoinConstraint, LogicalPlan,
    Operator, Projection, RecursiveQuery, ScalarUDF, Sort, Subquery, Window, WindowFunctionDefinition,
};
use datafusion::optimizer::AnalyzerRule;

use self::constants::{is_plain_constant, is_plain_equality, plain_range};
use crate::asof_join::AsofJoinNode;

/// The name of the function that the rule puts in.
pub const CANONICAL_FLOAT: &str = "canonical_float";

/// Makes floats canonical where they are compared. Runs last, when types are settled.
#[derive(Debug)]
pub struct CanonicalFloats {
    function: Arc<ScalarUDF>,
}

impl CanonicalFloats {
    /// The rule, with the function called [`CANONICAL_FLOAT`].
    pub fn new(function: Arc<ScalarUDF>) -> Self {
        Self { function }
    }
}

impl AnalyzerRule for CanonicalFloats {
    fn name(&self) -> &str {
        "canonical_floats"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(window) => self.window(window),
            node => self.expressions(node)?.transform_data(|node| self.keys(node)),
        })
        .data()
    }
}

/// Aggregates whose result goes by the order or equality of their arguments.
fn compares_arguments(name: &str) -> bool {
    matches!(name, "min" | "max" | "median" | "mode" | "approx_distinct" | "percentile_cont" | "top_k" | "bottom_k")
        || name.starts_with("quantile_")
}

/// Scalar functions that compare their arguments.
const COMPARING_FUNCTIONS: [&str; 4] = ["nullif", "greatest", "least", "row_hash"];

/// What the expressions of a node are over.
struct Scope {
    inputs: Vec<Arc<LogicalPlan>>,
    schema: DFSchemaRef,
}

impl Scope {
    fn new(inputs: Vec<Arc<LogicalPlan>>) -> Self {
        let schema = match inputs.as_slice() {
            [input] => Arc::clone(input.schema()),
            inputs => Arc::new(merge_schema(&inputs.iter().map(|input| &**input).collect::<Vec<_>>())),
        };
        Self { inputs, schema }
    }

    fn over(input: &Arc<LogicalPlan>) -> Self {
        Self::new(vec![Arc::clone(input)])
    }

    fn of(node: &LogicalPlan) -> Self {
        Self::new(match node {
            LogicalPlan::Projection(projection) => vec![Arc::clone(&projection.input)],
            LogicalPlan::Filter(filter) => vec![Arc::clone(&filter.input)],
            LogicalPlan::Sort(sort) => vec![Arc::clone(&sort.input)],
            LogicalPlan::Join(join) => vec![Arc::clone(&join.left), Arc::clone(&join.right)],
            other => other.inputs().into_iter().cloned().map(Arc::new).collect(),
        })
    }

    fn is_float(&self, expr: &Expr) -> bool {
        // A type that cannot be told is an error that planning reports with its own words.
        expr.get_type(self.schema.as_ref()).is_ok_and(|found| found.is_floating())
    }

    fn is_canonical(&self, expr: &Expr) -> bool {
        known::is_canonical(expr, &self.inputs.iter().map(|input| &**input).collect::<Vec<_>>())
    }
}

impl CanonicalFloats {
    /// `expr` made canonical, if it is a float that may not be.
    fn key(&self, expr: Expr, scope: &Scope) -> Transformed<Expr> {
        if !scope.is_float(&expr) || scope.is_canonical(&expr) {
            return Transformed::no(expr);
        }
        Transformed::yes(match expr {
            // Below a cast to a wider float, so that the cast of a comparison can be undone.
            Expr::Cast(Cast { expr, field }) if widens(&expr, field.data_type(), scope) => {
                Expr::Cast(Cast { expr: Box::new(self.key(*expr, scope).data), field })
            }
            expr => self.function.call(vec![expr]),
        })
    }

    fn boxed(&self, expr: Expr, scope: &Scope) -> Transformed<Box<Expr>> {
        let key = self.key(expr, scope);
        Transformed::new_transformed(Box::new(key.data), key.transformed)
    }

    fn all(&self, exprs: Vec<Expr>, scope: &Scope) -> Transformed<Vec<Expr>> {
        let mut transformed = false;
        let keys = exprs.into_iter().map(|expr| {
            let key = self.key(expr, scope);
            transformed |= key.transformed;
            key.data
        });
        let keys = keys.collect();
        Transformed::new_transformed(keys, transformed)
    }

    fn sorts(&self, sorts: Vec<SortExpr>, scope: &Scope) -> Transformed<Vec<SortExpr>> {
        let mut transformed = false;
        let keys = sorts.into_iter().map(|sort| {
            let key = self.key(sort.expr, scope);
            transformed |= key.transformed;
            SortExpr { expr: key.data, ..sort }
        });
        let keys = keys.collect();
        Transformed::new_transformed(keys, transformed)
    }

    /// The comparisons within the expressions of `node`, whose columns keep their names.
    fn expressions(&self, node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        if !compares(&node)? {
            return Ok(Transformed::no(node));
        }
        let scope = Scope::of(&node);
        let names = NamePreserver::new(&node);
        let gives_no_columns = matches!(node, LogicalPlan::Sort(_));
        node.map_expressions(|expr| {
            let name = names.save(&expr);
            let compared = self.expression(expr, &scope)?;
            let renamed = compared.transformed && !gives_no_columns;
            Ok(if renamed { compared.update_data(|expr| name.restore(expr)) } else { compared })
        })
    }

    fn expression(&self, expr: Expr, scope: &Scope) -> Result<Transformed<Expr>> {
        expr.transform_up(|expr| self.comparison(expr, scope))
    }

    fn comparison(&self, expr: Expr, scope: &Scope) -> Result<Transformed<Expr>> {
        let mut transformed = false;
        let mut take = |key: Transformed<Box<Expr>>| {
            transformed |= key.transformed;
            key.data
        };
        let compared = match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right })
                if is_comparison(op) && !is_plain_equality(&left, op, &right) && scope.is_float(&left) =>
            {
                let (left, right) = (take(self.boxed(*left, scope)), take(self.boxed(*right, scope)));
                Expr::BinaryExpr(BinaryExpr { left, op, right })
            }
            Expr::Between(between) if scope.is_float(&between.expr) => match plain_range(&between) {
                Some((low, high)) => {
                    transformed = *between.low != low || *between.high != high;
                    Expr::Between(Between { low: Box::new(low), high: Box::new(high), ..between })
                }
                None => {
                    let Between { expr, negated, low, high } = between;
                    let expr = take(self.boxed(*expr, scope));
                    let (low, high) = (take(self.boxed(*low, scope)), take(self.boxed(*high, scope)));
                    Expr::Between(Between { expr, negated, low, high })
                }
            },
            Expr::InList(InList { expr, list, negated })
                if scope.is_float(&expr) && !list.iter().all(is_plain_constant) =>
            {
                let list = list.into_iter().map(|value| *take(self.boxed(value, scope))).collect();
                Expr::InList(InList { expr: take(self.boxed(*expr, scope)), list, negated })
            }
            Expr::Case(Case { expr: Some(base), when_then_expr, else_expr }) if scope.is_float(&base) => {
                let base = take(self.boxed(*base, scope));
                let cases =
                    when_then_expr.into_iter().map(|(when, then)| (take(self.boxed(*when, scope)), then)).collect();
                Expr::Case(Case { expr: Some(base), when_then_expr: cases, else_expr })
            }
            Expr::InSubquery(InSubquery { expr, subquery, negated }) if scope.is_float(&expr) => {
                let subquery = self.subquery(subquery)?;
                transformed |= subquery.transformed;
                let key = self.boxed(*expr, scope);
                transformed |= key.transformed;
                Expr::InSubquery(InSubquery { expr: key.data, subquery: subquery.data, negated })
            }
            Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }) if scope.is_float(&expr) => {
                let subquery = self.subquery(subquery)?;
                transformed |= subquery.transformed;
                let key = self.boxed(*expr, scope);
                transformed |= key.transformed;
                Expr::SetComparison(SetComparison { expr: key.data, subquery: subquery.data, op, quantifier })
            }
            Expr::ScalarFunction(mut call) if COMPARING_FUNCTIONS.contains(&call.func.name()) => {
                let arguments = self.all(call.args, scope);
                transformed |= arguments.transformed;
                call.args = arguments.data;
                Expr::ScalarFunction(call)
            }
            Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
                let compares = params.distinct || compares_arguments(func.name());
                let orders = !func.supports_within_group_clause();
                transformed |= self.arguments(&mut params.args, compares, &mut params.order_by, orders, scope);
                Expr::AggregateFunction(AggregateFunction { func, params })
            }
            Expr::WindowFunction(mut call) => {
                let compares = match &call.fun {
                    WindowFunctionDefinition::AggregateUDF(function) => compares_arguments(function.name()),
                    WindowFunctionDefinition::WindowUDF(_) => false,
                };
                let params = &mut call.params;
                let compares = compares || params.distinct;
                transformed |= self.arguments(&mut params.args, compares, &mut params.order_by, true, scope);
                let parts = self.all(std::mem::take(&mut params.partition_by), scope);
                transformed |= parts.transformed;
                params.partition_by = parts.data;
                Expr::WindowFunction(call)
            }
            other => other,
        };
        Ok(Transformed::new_transformed(compared, transformed))
    }

    fn arguments(
        &self,
        arguments: &mut Vec<Expr>,
        compares: bool,
        order_by: &mut Vec<SortExpr>,
        orders: bool,
        scope: &Scope,
    ) -> bool {
        let mut transformed = false;
        if compares {
            let keys = self.all(std::mem::take(arguments), scope);
            transformed |= keys.transformed;
            *arguments = keys.data;
        }
        if orders {
            let keys = self.sorts(std::mem::take(order_by), scope);
            transformed |= keys.transformed;
            *order_by = keys.data;
        }
        transformed
    }

    fn subquery(&self, subquery: Subquery) -> Result<Transformed<Subquery>> {
        let rows = self.rows(Arc::clone(&subquery.subquery))?;
        Ok(rows.update_data(|rows| Subquery { subquery: rows, ..subquery }))
    }

    /// `plan` with all its float columns canonical.
    fn rows(&self, plan: Arc<LogicalPlan>) -> Result<Transformed<Arc<LogicalPlan>>> {
        if !plan.schema().fields().iter().any(|field| field.data_type().is_floating()) {
            return Ok(Transformed::no(plan));
        }
        let scope = Scope::over(&plan);
        let columns = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let keys = self.all(columns, &scope);
        if !keys.transformed {
            return Ok(Transformed::no(plan));
        }
        let named = keys.data.into_iter().zip(plan.schema().columns());
        let columns = named.map(|(key, column)| match key {
            Expr::Column(_) => key,
            key => key.alias_qualified(column.relation, column.name),
        });
        let columns = columns.collect();
        Ok(Transformed::yes(Arc::new(LogicalPlan::Projection(Projection::try_new(columns, plan)?))))
    }

    /// The keys of `node` itself.
    fn keys(&self, node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        Ok(match node {
            LogicalPlan::Sort(Sort { expr, input, fetch }) => self
                .sorts(expr, &Scope::over(&input))
                .update_data(|expr| LogicalPlan::Sort(Sort { expr, input, fetch })),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                self.rows(input)?.update_data(|input| LogicalPlan::Distinct(Distinct::All(input)))
            }
            LogicalPlan::Distinct(Distinct::On(distinct)) => self.distinct_on(distinct),
            LogicalPlan::RecursiveQuery(query) if query.is_distinct => {
                let static_term = self.rows(Arc::clone(&query.static_term))?;
                let recursive_term = self.rows(Arc::clone(&query.recursive_term))?;
                let transformed = static_term.transformed || recursive_term.transformed;
                let (static_term, recursive_term) = (static_term.data, recursive_term.data);
                let query = RecursiveQuery { static_term, recursive_term, ..query };
                Transformed::new_transformed(LogicalPlan::RecursiveQuery(query), transformed)
            }
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Extension(extension) => self.asof_join(extension)?,
            other => Transformed::no(other),
        })
    }

    fn distinct_on(&self, distinct: DistinctOn) -> Transformed<LogicalPlan> {
        let scope = Scope::over(&distinct.input);
        let on = self.all(distinct.on_expr, &scope);
        let mut transformed = on.transformed;
        let sort_expr = distinct.sort_expr.map(|sorts| {
            let sorts = self.sorts(sorts, &scope);
            transformed |= sorts.transformed;
            sorts.data
        });
        let distinct = DistinctOn { on_expr: on.data, sort_expr, ..distinct };
        Transformed::new_transformed(LogicalPlan::Distinct(Distinct::On(distinct)), transformed)
    }

    fn join(&self, mut join: Join) -> Transformed<LogicalPlan> {
        let scopes = (Scope::over(&join.left), Scope::over(&join.right));
        let mut transformed = false;
        let mut take = |key: Transformed<Expr>| {
            transformed |= key.transformed;
            key.data
        };
        let pairs = join.on.into_iter();
        join.on =
            pairs.map(|(left, right)| (take(self.key(left, &scopes.0)), take(self.key(right, &scopes.1)))).collect();
        if transformed {
            // The keys are no plain columns any more; which of them are shown was settled before.
            join.join_constraint = JoinConstraint::On;
        }
        Transformed::new_transformed(LogicalPlan::Join(join), transformed)
    }

    /// Only the keys of equality: values of `on` are compared as numbers, and NaN never matches.
    fn asof_join(&self, extension: Extension) -> Result<Transformed<LogicalPlan>> {
        let Some(join) = extension.node.as_any().downcast_ref::<AsofJoinNode>() else {
            return Ok(Transformed::no(LogicalPlan::Extension(extension)));
        };
        let scopes = [join.left(), join.right()].map(|input| Scope::new(vec![Arc::new(input.clone())]));
        let mut transformed = false;
        let mut take = |key: Transformed<Expr>| {
            transformed |= key.transformed;
            key.data
        };
        let by = join.by().iter().cloned();
        let by: Vec<_> =
            by.map(|(left, right)| (take(self.key(left, &scopes[0])), take(self.key(right, &scopes[1])))).collect();
        if !transformed {
            return Ok(Transformed::no(LogicalPlan::Extension(extension)));
        }
        let node = Arc::new(join.with_by(by)?);
        Ok(Transformed::yes(LogicalPlan::Extension(Extension { node })))
    }

    fn aggregate(&self, aggregate: Aggregate) -> Result<Transformed<LogicalPlan>> {
        let scope = Scope::over(&aggregate.input);
        let mut transformed = false;
        let mut group = |exprs: Vec<Expr>| -> Result<Vec<Expr>> {
            let keys = exprs.into_iter().map(|expr| {
                let key = self.group_key(expr, &scope)?;
                transformed |= key.transformed;
                Ok(key.data)
            });
            keys.collect()
        };
        let group_expr = aggregate.group_expr.clone().into_iter().map(|expr| match expr {
            Expr::GroupingSet(sets) => Ok(vec![Expr::GroupingSet(match sets {
                GroupingSet::Rollup(exprs) => GroupingSet::Rollup(group(exprs)?),
                GroupingSet::Cube(exprs) => GroupingSet::Cube(group(exprs)?),
                GroupingSet::GroupingSets(sets) => {
                    GroupingSet::GroupingSets(sets.into_iter().map(&mut group).collect::<Result<_>>()?)
                }
            })]),
            expr => group(vec![expr]),
        });
        let group_expr: Vec<Expr> = group_expr.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let aggr_expr = aggregate.aggr_expr.iter().map(|expr| {
            let changed = self.expression(expr.clone(), &scope)?;
            transformed |= changed.transformed;
            Ok(changed.data)
        });
        let aggr_expr = aggr_expr.collect::<Result<Vec<_>>>()?;
        if !transformed {
            return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
        }
        let inner = Aggregate::try_new(Arc::clone(&aggregate.input), group_expr, aggr_expr)?;
        Ok(Transformed::yes(renamed(LogicalPlan::Aggregate(inner), &aggregate.schema)?))
    }

    /// A key of groups under the name that it had.
    fn group_key(&self, expr: Expr, scope: &Scope) -> Result<Transformed<Expr>> {
        let (relation, name) = expr.qualified_name();
        let compared = self.expression(expr, scope)?;
        let (alias, plain) = match compared.data {
            Expr::Alias(alias) => (true, *alias.expr),
            plain => (false, plain),
        };
        let key = self.key(plain, scope);
        let transformed = compared.transformed || key.transformed;
        let named = if transformed || alias { key.data.alias_qualified(relation, name) } else { key.data };
        Ok(Transformed::new_transformed(named, transformed))
    }

    fn window(&self, window: Window) -> Result<Transformed<LogicalPlan>> {
        let Window { input, window_expr, schema } = window;
        let scope = Scope::over(&input);
        let mut transformed = false;
        let names = NamePreserver::new_for_projection();
        let window_expr = window_expr.into_iter().map(|expr| {
            let name = names.save(&expr);
            let changed = self.expression(expr, &scope)?;
            transformed |= changed.transformed;
            Ok(if changed.transformed { name.restore(changed.data) } else { changed.data })
        });
        let window_expr = window_expr.collect::<Result<Vec<_>>>()?;
        let window = LogicalPlan::Window(Window::try_new_with_schema(window_expr, input, schema)?);
        Ok(Transformed::new_transformed(window, transformed))
    }
}

/// `plan` with its columns under the names of `schema`. Aggregates are named above themselves: other rules look for them unnamed.
fn renamed(plan: LogicalPlan, schema: &DFSchemaRef) -> Result<LogicalPlan> {
    let (own, wanted) = (plan.schema().columns(), schema.columns());
    if own == wanted {
        return Ok(plan);
    }
    let columns = own.into_iter().zip(wanted).map(|(own, wanted)| {
        if own == wanted { Expr::Column(own) } else { Expr::Column(own).alias_qualified(wanted.relation, wanted.name) }
    });
    let columns = columns.collect();
    Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?))
}

/// Whether anything in `node`'s expressions may compare.
fn compares(node: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    node.apply_expressions(|expr| {
        expr.apply(|expr| {
            found |= match expr {
                Expr::BinaryExpr(binary) => is_comparison(binary.op),
                Expr::Between(_)
                | Expr::InList(_)
                | Expr::InSubquery(_)
                | Expr::SetComparison(_)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_) => true,
                Expr::Case(case) => case.expr.is_some(),
                Expr::ScalarFunction(call) => COMPARING_FUNCTIONS.contains(&call.func.name()),
                _ => false,
            };
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// Whether a cast of `expr` to `to` is one from a float to a wider one.
fn widens(expr: &Expr, to: &DataType, scope: &Scope) -> bool {
    expr.get_type(scope.schema.as_ref()).is_ok_and(|from| known::widens(&from, to))
}
