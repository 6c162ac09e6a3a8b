//! A tree of inner joins as a graph: inputs, classes of equal columns, further conditions.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinSide, JoinType, NullEquality, Result};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::ProjectionExec;

use super::MOST_INPUTS;
use crate::estimate::{self, Domain};

/// A set of inputs, a bit each.
pub(super) type Inputs = u32;

/// The order of a tree of joins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Input(usize),
    Join(Box<Tree>, Box<Tree>),
}

impl Tree {
    pub(super) fn inputs(&self) -> Inputs {
        match self {
            Self::Input(input) => 1 << input,
            Self::Join(left, right) => left.inputs() | right.inputs(),
        }
    }
}

/// One input of the tree: anything that is not an inner join on columns.
pub(super) struct Input {
    pub(super) plan: Arc<dyn ExecutionPlan>,
    /// The number of its first column; columns are numbered through all inputs.
    pub(super) first_column: usize,
    pub(super) rows: f64,
}

/// Columns that the joins make equal.
pub(super) struct Class {
    pub(super) columns: Vec<usize>,
    pub(super) inputs: Inputs,
    domains: Vec<(usize, Option<Domain>)>,
}

/// A condition beyond equality, over the numbered columns.
pub(super) struct Condition {
    pub(super) expression: Arc<dyn PhysicalExpr>,
    pub(super) columns: Vec<usize>,
    pub(super) inputs: Inputs,
}

/// A tree of inner joins, taken apart.
pub(super) struct JoinGraph {
    pub(super) inputs: Vec<Input>,
    pub(super) classes: Vec<Class>,
    pub(super) conditions: Vec<Condition>,
    /// The numbered columns that the tree gives, in order.
    pub(super) output: Vec<usize>,
    /// The order that is there.
    pub(super) tree: Tree,
}

impl JoinGraph {
    /// The tree of joins whose top is `plan`; `None` if `plan` is none, or one with too many inputs.
    pub(super) fn of(plan: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        if !is_inner_tree(plan) {
            return None;
        }
        let mut parts = Parts::default();
        let (tree, output) = parts.take(plan).ok()?;
        (parts.inputs.len() <= MOST_INPUTS).then(|| parts.into_graph(tree, output))
    }

    /// Fills in what the inputs tell; false if one does not tell its rows.
    pub(super) fn estimate(&mut self) -> bool {
        for input in &mut self.inputs {
            let Some(rows) = estimate::rows(input.plan.as_ref()) else { return false };
            input.rows = rows;
        }
        for class in &mut self.classes {
            class.domains = class
                .columns
                .iter()
                .map(|column| {
                    let input = input_of(&self.inputs, *column);
                    let plan = &self.inputs[input].plan;
                    (input, estimate::domain(plan.as_ref(), column - self.inputs[input].first_column))
                })
                .collect();
        }
        true
    }

    /// Whether an equality connects the two sets.
    pub(super) fn connected(&self, left: Inputs, right: Inputs) -> bool {
        self.classes.iter().any(|class| class.inputs & left != 0 && class.inputs & right != 0)
    }

    /// The estimated rows of the join of `set`, the same in whatever order it is made.
    pub(super) fn rows(&self, set: Inputs) -> f64 {
        let mut joined: Inputs = 0;
        let mut rows = 1.0;
        while joined != set {
            let open = |input: &usize| set & (1 << input) != 0 && joined & (1 << input) == 0;
            let candidates = || (0..self.inputs.len()).filter(open);
            // A connected input first, so that every division has both its sides.
            let next = candidates().find(|input| self.connected(joined, 1 << input)).or_else(|| candidates().next());
            let Some(next) = next else { break };
            let keys: Vec<_> = self
                .classes
                .iter()
                .filter(|class| class.inputs & joined != 0 && class.inputs & (1 << next) != 0)
                .map(|class| (class.domain_in(joined), class.domain_in(1 << next)))
                .collect();
            let input = &self.inputs[next];
            let divisor = if keys.is_empty() { 1.0 } else { estimate::join_divisor(&keys, rows, input.rows) };
            rows *= input.rows / divisor;
            joined |= 1 << next;
        }
        let conditions = self.conditions.iter().filter(|condition| condition.inputs & !set == 0).count();
        (rows * 0.5f64.powi(conditions as i32)).max(1.0)
    }

    /// The work of the join of two sets with these rows: a row built costs about twice a row probed, a row given as much.
    pub(super) fn cost(left_rows: f64, right_rows: f64, rows: f64) -> f64 {
        2.0 * left_rows.min(right_rows) + left_rows.max(right_rows) + rows
    }

    /// The work of a whole tree.
    pub(super) fn tree_cost(&self, tree: &Tree) -> f64 {
        match tree {
            Tree::Input(_) => 0.0,
            Tree::Join(left, right) => {
                let (left_set, right_set) = (left.inputs(), right.inputs());
                let join = Self::cost(self.rows(left_set), self.rows(right_set), self.rows(left_set | right_set));
                self.tree_cost(left) + self.tree_cost(right) + join
            }
        }
    }

    pub(super) fn input_of(&self, column: usize) -> usize {
        input_of(&self.inputs, column)
    }
}

impl Class {
    /// The narrowest domain among the class's columns in `set`.
    fn domain_in(&self, set: Inputs) -> Option<Domain> {
        let in_set = self.domains.iter().filter(|(input, _)| set & (1 << input) != 0);
        in_set.filter_map(|(_, domain)| *domain).min_by(|a, b| a.values.total_cmp(&b.values))
    }
}

/// Whether `plan` is an inner join on columns, with nothing but projections to columns and filters above it.
pub(super) fn is_inner_tree(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return *join.join_type() == JoinType::Inner
            && join.null_equality() == NullEquality::NullEqualsNothing
            && join.fetch().is_none()
            && !join.on().is_empty()
            && join.on().iter().all(|(left, right)| left.is::<Column>() && right.is::<Column>());
    }
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        return projection.expr().iter().all(|column| column.expr.is::<Column>()) && is_inner_tree(projection.input());
    }
    plan.downcast_ref::<FilterExec>().is_some_and(|filter| filter.fetch().is_none() && is_inner_tree(filter.input()))
}

/// What has been found of a tree.
#[derive(Default)]
struct Parts {
    inputs: Vec<Input>,
    columns: usize,
    equalities: Vec<(usize, usize)>,
    conditions: Vec<Arc<dyn PhysicalExpr>>,
}

impl Parts {
    /// Takes `plan` apart; gives its order and the numbered columns of its output.
    fn take(&mut self, plan: &Arc<dyn ExecutionPlan>) -> Result<(Tree, Vec<usize>)> {
        if !is_inner_tree(plan) {
            return Ok(self.input(plan));
        }
        if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
            let (tree, columns) = self.take(projection.input())?;
            let picked = projection.expr().iter().filter_map(|one| one.expr.downcast_ref::<Column>());
            return Ok((tree, picked.map(|column| columns[column.index()]).collect()));
        }
        if let Some(filter) = plan.downcast_ref::<FilterExec>() {
            let (tree, columns) = self.take(filter.input())?;
            self.conditions.push(renumbered(filter.predicate(), |index| columns[index])?);
            return Ok((tree, projected(columns, filter.projection().as_deref())));
        }
        let Some(join) = plan.downcast_ref::<HashJoinExec>() else { return Ok(self.input(plan)) };
        let (left_tree, left) = self.take(join.left())?;
        let (right_tree, right) = self.take(join.right())?;
        for (l, r) in join.on() {
            if let (Some(l), Some(r)) = (l.downcast_ref::<Column>(), r.downcast_ref::<Column>()) {
                self.equalities.push((left[l.index()], right[r.index()]));
            }
        }
        if let Some(filter) = join.filter() {
            let column = |index: usize| {
                let origin = &filter.column_indices()[index];
                if origin.side == JoinSide::Left { left[origin.index] } else { right[origin.index] }
            };
            self.conditions.push(renumbered(filter.expression(), column)?);
        }
        let columns = left.into_iter().chain(right).collect();
        Ok((Tree::Join(Box::new(left_tree), Box::new(right_tree)), projected(columns, join.projection.as_deref())))
    }

    fn input(&mut self, plan: &Arc<dyn ExecutionPlan>) -> (Tree, Vec<usize>) {
        let first_column = self.columns;
        self.columns += plan.schema().fields().len();
        self.inputs.push(Input { plan: Arc::clone(plan), first_column, rows: 0.0 });
        (Tree::Input(self.inputs.len() - 1), (first_column..self.columns).collect())
    }

    /// That two columns, next to each other in their class, are equal, if one input has both.
    fn equal_within(&self, pair: &[usize]) -> Option<Arc<dyn PhysicalExpr>> {
        let &[left, right] = pair else { return None };
        let input = &self.inputs[input_of(&self.inputs, left)];
        let schema = input.plan.schema();
        let column = |number: usize| {
            let field = schema.fields().get(number - input.first_column)?;
            Some(Arc::new(Column::new(field.name(), number)) as Arc<dyn PhysicalExpr>)
        };
        Some(Arc::new(BinaryExpr::new(column(left)?, Operator::Eq, column(right)?)))
    }

    fn into_graph(self, tree: Tree, output: Vec<usize>) -> JoinGraph {
        let mut sets: Vec<Vec<usize>> = vec![];
        for (left, right) in self.equalities.iter().copied() {
            let (with, without): (Vec<_>, Vec<_>) =
                sets.into_iter().partition(|set: &Vec<usize>| set.contains(&left) || set.contains(&right));
            sets = without;
            let mut merged = with.concat();
            merged.extend([left, right]);
            merged.sort_unstable();
            merged.dedup();
            sets.push(merged);
        }
        // Joins of inputs compare one column of each: where an input has several of a class, they are compared in it.
        let within = sets.iter().flat_map(|columns| columns.windows(2).filter_map(|pair| self.equal_within(pair)));
        let within: Vec<_> = within.collect();
        let inputs_of =
            |columns: &[usize]| columns.iter().fold(0, |set, column| set | 1 << input_of(&self.inputs, *column));
        let classes =
            sets.into_iter().map(|columns| Class { inputs: inputs_of(&columns), columns, domains: vec![] }).collect();
        let conditions = self
            .conditions
            .into_iter()
            .chain(within)
            .map(|expression| {
                let columns: Vec<_> = collect_columns(&expression).iter().map(Column::index).collect();
                Condition { inputs: inputs_of(&columns), columns, expression }
            })
            .collect();
        JoinGraph { inputs: self.inputs, classes, conditions, output, tree }
    }
}

fn input_of(inputs: &[Input], column: usize) -> usize {
    inputs.partition_point(|input| input.first_column <= column) - 1
}

fn projected(columns: Vec<usize>, projection: Option<&[usize]>) -> Vec<usize> {
    match projection {
        Some(picked) => picked.iter().map(|index| columns[*index]).collect(),
        None => columns,
    }
}

/// `expression` with the number `number(index)` for each column's index.
pub(super) fn renumbered(
    expression: &Arc<dyn PhysicalExpr>,
    number: impl Fn(usize) -> usize,
) -> Result<Arc<dyn PhysicalExpr>> {
    Arc::clone(expression)
        .transform(|node| {
            Ok(match node.downcast_ref::<Column>() {
                Some(column) => Transformed::yes(Arc::new(Column::new(column.name(), number(column.index()))) as _),
                None => Transformed::no(node),
            })
        })
        .data()
}
