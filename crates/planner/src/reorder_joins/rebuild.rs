//! A tree of joins made anew in a given order.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::{JoinSide, JoinType, NullEquality, Result, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::conjunction;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::graph::{Condition, JoinGraph, Tree, renumbered};
use super::sides::{self, Sides};
use crate::estimate;

/// A part of the new tree: its plan, and the numbered columns that it gives.
struct Part {
    plan: Arc<dyn ExecutionPlan>,
    columns: Vec<usize>,
    rows: f64,
}

impl Part {
    fn position(&self, column: usize) -> Result<usize> {
        match self.columns.iter().position(|own| *own == column) {
            Some(position) => Ok(position),
            None => internal_err!("reorder_joins lost column {column}"),
        }
    }

    fn column(&self, column: usize) -> Result<Column> {
        let position = self.position(column)?;
        Ok(Column::new(self.plan.schema().field(position).name(), position))
    }
}

/// The joins of `graph` in the order of `tree`, giving the columns of `schema`.
pub(super) fn rebuilt(
    graph: &JoinGraph,
    tree: &Tree,
    schema: &SchemaRef,
    sides: Sides,
) -> Result<Arc<dyn ExecutionPlan>> {
    let part = Rebuild { graph, sides }.part(tree, &graph.output.iter().copied().collect())?;
    if part.columns == graph.output && part.plan.schema().fields() == schema.fields() {
        return Ok(part.plan);
    }
    let expressions = graph
        .output
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            Ok(ProjectionExpr { expr: Arc::new(part.column(*column)?) as _, alias: field.name().to_owned() })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(ProjectionExec::try_new(expressions, Arc::clone(&part.plan))?))
}

struct Rebuild<'a> {
    graph: &'a JoinGraph,
    sides: Sides,
}

impl Rebuild<'_> {
    /// The part for `tree`, with at least the columns that are `wanted` above it.
    fn part(&self, tree: &Tree, wanted: &BTreeSet<usize>) -> Result<Part> {
        match tree {
            Tree::Input(input) => self.input(*input),
            Tree::Join(left, right) => self.join(left, right, wanted),
        }
    }

    fn input(&self, index: usize) -> Result<Part> {
        let input = &self.graph.inputs[index];
        let width = input.plan.schema().fields().len();
        let columns: Vec<_> = (input.first_column..input.first_column + width).collect();
        let mut plan = Arc::clone(&input.plan);
        for condition in self.graph.conditions.iter().filter(|condition| condition.inputs == 1 << index) {
            let predicate = renumbered(&condition.expression, |column| column - input.first_column)?;
            plan = Arc::new(FilterExec::try_new(predicate, plan)?);
        }
        Ok(Part { plan, columns, rows: self.graph.rows(1 << index) })
    }

    fn join(&self, left: &Tree, right: &Tree, wanted: &BTreeSet<usize>) -> Result<Part> {
        let (left_set, right_set) = (left.inputs(), right.inputs());
        let set = left_set | right_set;
        let side_of = |column: usize| 1 << self.graph.input_of(column);
        let keys: Vec<(usize, usize)> = self
            .graph
            .classes
            .iter()
            .filter_map(|class| {
                // A column that is wanted above anyway costs nothing more.
                let pick = |side| {
                    let mut own = class.columns.iter().copied().filter(|column| side_of(*column) & side != 0);
                    let first = own.clone().next();
                    own.find(|column| wanted.contains(column)).or(first)
                };
                pick(left_set).zip(pick(right_set))
            })
            .collect();
        let conditions: Vec<&Condition> = self
            .graph
            .conditions
            .iter()
            .filter(|condition| condition.inputs & !set == 0)
            .filter(|condition| condition.inputs & !left_set != 0 && condition.inputs & !right_set != 0)
            .collect();

        let mut below = wanted.clone();
        below.extend(keys.iter().flat_map(|(left, right)| [*left, *right]));
        below.extend(conditions.iter().flat_map(|condition| condition.columns.iter().copied()));
        let of = |side| below.iter().copied().filter(|column| side_of(*column) & side != 0).collect::<BTreeSet<_>>();
        let left = self.part(left, &of(left_set))?;
        let right = self.part(right, &of(right_set))?;

        let bytes = |part: &Part, wanted: &BTreeSet<usize>| part.rows * self.row_bytes(part, wanted);
        let (left_bytes, right_bytes) = (bytes(&left, &below), bytes(&right, &below));
        let (build, probe, build_bytes, keys) = if left_bytes <= right_bytes {
            (left, right, left_bytes, keys)
        } else {
            (right, left, right_bytes, keys.into_iter().map(|(left, right)| (right, left)).collect())
        };
        self.hash_join(build, probe, build_bytes, &keys, &conditions, wanted, self.graph.rows(set))
    }

    /// Bytes of a row of `part` that are of use above it.
    fn row_bytes(&self, part: &Part, wanted: &BTreeSet<usize>) -> f64 {
        let schema = part.plan.schema();
        let used = part.columns.iter().zip(schema.fields()).filter(|(column, _)| wanted.contains(column));
        used.map(|(_, field)| estimate::value_bytes(field.data_type())).sum::<f64>() + sides::ENTRY_BYTES
    }

    #[allow(clippy::too_many_arguments)]
    fn hash_join(
        &self,
        build: Part,
        probe: Part,
        build_bytes: f64,
        keys: &[(usize, usize)],
        conditions: &[&Condition],
        wanted: &BTreeSet<usize>,
        rows: f64,
    ) -> Result<Part> {
        let on = keys
            .iter()
            .map(|(b, p)| Ok((Arc::new(build.column(*b)?) as Arc<dyn PhysicalExpr>, Arc::new(probe.column(*p)?) as _)))
            .collect::<Result<Vec<_>>>()?;
        let filter = join_filter(&build, &probe, conditions)?;
        let columns: Vec<usize> = build.columns.iter().chain(&probe.columns).copied().collect();
        let kept: Vec<usize> = (0..columns.len()).filter(|index| wanted.contains(&columns[*index])).collect();
        let mode = self.sides.mode(JoinType::Inner, build.rows, build_bytes, probe.rows);
        let projection = (kept.len() < columns.len()).then(|| kept.clone());
        let plan = HashJoinExec::try_new(
            build.plan,
            probe.plan,
            on,
            filter,
            &JoinType::Inner,
            projection,
            mode,
            NullEquality::NullEqualsNothing,
            false,
        )?;
        Ok(Part { plan: Arc::new(plan), columns: kept.into_iter().map(|index| columns[index]).collect(), rows })
    }
}

/// `conditions` as the further condition of a join of the two parts.
fn join_filter(build: &Part, probe: &Part, conditions: &[&Condition]) -> Result<Option<JoinFilter>> {
    if conditions.is_empty() {
        return Ok(None);
    }
    let columns: Vec<usize> = conditions
        .iter()
        .flat_map(|condition| condition.columns.iter().copied())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut origins = vec![];
    let mut fields = vec![];
    for column in &columns {
        let (side, part) =
            if build.columns.contains(column) { (JoinSide::Left, build) } else { (JoinSide::Right, probe) };
        let index = part.position(*column)?;
        fields.push(part.plan.schema().field(index).clone());
        origins.push(ColumnIndex { index, side });
    }
    let position = |column: usize| columns.partition_point(|own| *own < column);
    let expressions =
        conditions.iter().map(|condition| renumbered(&condition.expression, position)).collect::<Result<Vec<_>>>()?;
    Ok(Some(JoinFilter::new(conjunction(expressions), origins, Arc::new(Schema::new(fields)))))
}
