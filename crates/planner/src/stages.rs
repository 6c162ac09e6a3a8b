//! A physical plan seen as a DAG of stages: the parts between two movements of data.
//!
//! Embedded, a stage is a pipeline between exchanges in one process; on a cluster it is what the scheduler hands out as
//! tasks. Boundaries are hash and round-robin repartitioning, merges to one partition, and the build side of a join that
//! is collected whole. [`StageGraph::of`] walks the plan once and keeps, per stage, its operators and its inputs.

use std::fmt;
use std::sync::Arc;

use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use crate::analyze::{readable_bytes, thousands};
use crate::estimate;

/// One stage: operators that run in the same tasks, without moving data in between.
#[derive(Debug)]
pub struct Stage {
    /// Position in [`StageGraph::stages`]; inputs have smaller ids.
    pub id: usize,
    /// How many tasks (partitions) the stage has.
    pub tasks: usize,
    /// How many rows all tasks make, by estimate; `None` if a source does not tell how many it has.
    pub rows: Option<f64>,
    /// How many bytes these rows have, by estimate.
    pub bytes: Option<f64>,
    /// How its output moves to the stage that reads it, as the plan words it; empty for the last stage.
    pub output: String,
    /// The operators, outermost first, with their depth inside the stage.
    pub operators: Vec<(usize, String)>,
    /// The stages it reads.
    pub inputs: Vec<usize>,
}

/// The stages of a physical plan, each after the ones that it reads.
#[derive(Debug)]
pub struct StageGraph {
    /// All stages; the last one yields the result.
    pub stages: Vec<Stage>,
}

impl StageGraph {
    /// Cuts `plan` at its exchanges.
    pub fn of(plan: &Arc<dyn ExecutionPlan>) -> Self {
        let mut graph = Self { stages: vec![] };
        graph.add_stage(plan, String::new());
        graph
    }

    fn add_stage(&mut self, root: &Arc<dyn ExecutionPlan>, output: String) -> usize {
        let (mut operators, mut inputs) = (vec![], vec![]);
        self.walk(root, 0, &mut operators, &mut inputs);
        let id = self.stages.len();
        let tasks = root.output_partitioning().partition_count();
        let rows = estimate::rows(root.as_ref());
        let bytes = rows.map(|rows| rows * estimate::row_bytes(&root.schema()));
        self.stages.push(Stage { id, tasks, rows, bytes, output, operators, inputs });
        id
    }

    fn walk(
        &mut self,
        node: &Arc<dyn ExecutionPlan>,
        depth: usize,
        operators: &mut Vec<(usize, String)>,
        inputs: &mut Vec<usize>,
    ) {
        if let Some(child) = exchanged_child(node) {
            let id = self.add_stage(child, one_line(node));
            inputs.push(id);
            operators.push((depth, format!("Read stage {id}")));
            return;
        }
        operators.push((depth, one_line(node)));
        for child in node.children() {
            self.walk(child, depth + 1, operators, inputs);
        }
    }
}

/// The child of `node`, if `node` is a movement of data between partitions.
fn exchanged_child(node: &Arc<dyn ExecutionPlan>) -> Option<&Arc<dyn ExecutionPlan>> {
    let moves =
        node.is::<RepartitionExec>() || node.is::<CoalescePartitionsExec>() || node.is::<SortPreservingMergeExec>();
    moves.then(|| node.children()[0])
}

fn one_line(node: &Arc<dyn ExecutionPlan>) -> String {
    DisplayableExecutionPlan::new(node.as_ref()).one_line().to_string().trim_end().to_owned()
}

impl fmt::Display for StageGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stage in &self.stages {
            let plural = if stage.tasks == 1 { "" } else { "s" };
            write!(f, "Stage {} ({} task{plural}", stage.id, stage.tasks)?;
            if let (Some(rows), Some(bytes)) = (stage.rows, stage.bytes) {
                let plural = if rows.round() == 1.0 { "" } else { "s" };
                write!(f, ", about {} row{plural}", thousands(rows.round() as usize))?;
                write!(f, ", {}", readable_bytes(bytes.round() as usize))?;
            }
            write!(f, ")")?;
            if stage.output.is_empty() {
                writeln!(f, " -> result")?;
            } else {
                writeln!(f, " -> {}", stage.output)?;
            }
            for (depth, operator) in &stage.operators {
                writeln!(f, "  {:indent$}{operator}", "", indent = depth * 2)?;
            }
        }
        Ok(())
    }
}
