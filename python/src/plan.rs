//! Plans in parts, for those who draw them: operators with their depth, stages with what they read, what a run of them took.

use std::sync::Arc;

use datafusion::datasource::{MemTable, source_as_provider};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use pyo3::prelude::*;
use swath_collections as sw;
use swath_collections::Error;
use swath_collections::planner::StageGraph;
use swath_collections::planner::analyze::OperatorReport;

use crate::errors::IntoPython;
use crate::frame::{DataFrame, unknown};
use crate::wait::detached;

/// An operator: its depth, what it is and does.
type Operator = (usize, String);
/// A stage: tasks, rows and bytes by estimate, how its output moves, operators, stages that it reads.
type Stage = (usize, Option<f64>, Option<f64>, String, Vec<Operator>, Vec<usize>);
/// What an operator did: depth, description, rows, bytes, seconds of processors, bytes spilled.
type Ran = (usize, String, Option<usize>, Option<usize>, Option<f64>, usize);
/// What a stage did in other processes: number, tasks, rows, bytes, seconds of all tasks, operators.
type RanStage = (u32, usize, usize, usize, f64, Vec<Ran>);

fn logical(plan: &LogicalPlan, depth: usize, operators: &mut Vec<Operator>) {
    operators.push((depth, plan.display().to_string()));
    for input in plan.inputs() {
        logical(input, depth + 1, operators);
    }
}

fn physical(plan: &Arc<dyn ExecutionPlan>, depth: usize, operators: &mut Vec<Operator>) {
    let line = DisplayableExecutionPlan::new(plan.as_ref()).one_line().to_string();
    operators.push((depth, line.trim_end().to_owned()));
    for child in plan.children() {
        physical(child, depth + 1, operators);
    }
}

/// The operators of a plan, outermost first.
#[pyfunction]
pub fn plan_operators(py: Python<'_>, frame: &DataFrame, view: &str) -> PyResult<Vec<Operator>> {
    let frame = &frame.frame;
    if !matches!(view, "logical" | "optimized" | "physical") {
        return Err(unknown("explain", "view", "logical, optimized, physical, stages, graph", view)).python(py);
    }
    detached(py, || {
        let mut operators = vec![];
        match view {
            "logical" => logical(frame.logical_plan()?, 0, &mut operators),
            "optimized" => {
                let state = frame.session().context().state();
                let plan = state.optimize(frame.logical_plan()?).map_err(Error::from)?;
                logical(&plan, 0, &mut operators);
            }
            _ => physical(&frame.physical_plan()?, 0, &mut operators),
        }
        Ok(operators)
    })
}

/// The stages of a plan, each after those that it reads.
#[pyfunction]
pub fn plan_stages(py: Python<'_>, frame: &DataFrame) -> PyResult<Vec<Stage>> {
    detached(py, || {
        let stages = StageGraph::of(&frame.frame.physical_plan()?).stages.into_iter();
        Ok(stages.map(|s| (s.tasks, s.rows, s.bytes, s.output, s.operators, s.inputs)).collect())
    })
}

fn ran(operators: Vec<OperatorReport>) -> Vec<Ran> {
    let ran = |operator: OperatorReport| {
        let seconds = operator.compute.map(|time| time.as_secs_f64());
        (operator.depth, operator.description, operator.rows, operator.bytes, seconds, operator.spilled_bytes)
    };
    operators.into_iter().map(ran).collect()
}

/// Runs a frame and drops its rows: what its operators did here, what stages did in other processes, seconds from start to end.
#[pyfunction]
pub fn plan_analyzed(py: Python<'_>, frame: &DataFrame) -> PyResult<(Vec<Ran>, Vec<RanStage>, f64)> {
    let report = detached(py, || frame.frame.explain_analyze())?;
    let mut stages = vec![];
    for stage in report.stages {
        let operators = stage.shapes.into_iter().flat_map(ran).collect();
        stages.push((stage.stage, stage.tasks, stage.rows, stage.bytes, stage.elapsed.as_secs_f64(), operators));
    }
    Ok((ran(report.operators), stages, report.elapsed.as_secs_f64()))
}

/// Whether the first rows of a frame are at hand: it names, orders or cuts columns and rows of a table in memory, and does nothing else.
#[pyfunction]
pub fn is_at_hand(frame: &DataFrame) -> bool {
    fn at_hand(plan: &LogicalPlan) -> bool {
        match plan {
            LogicalPlan::TableScan(scan) => {
                let provider = source_as_provider(&scan.source);
                scan.filters.is_empty() && provider.is_ok_and(|provider| provider.downcast_ref::<MemTable>().is_some())
            }
            LogicalPlan::Projection(projection) => {
                let is_name = |expr: &sw::Expr| matches!(expr.clone().unalias_nested().data, sw::Expr::Column(_));
                projection.expr.iter().all(is_name) && at_hand(&projection.input)
            }
            LogicalPlan::Limit(limit) => at_hand(&limit.input),
            LogicalPlan::SubqueryAlias(alias) => at_hand(&alias.input),
            _ => false,
        }
    }
    frame.frame.logical_plan().is_ok_and(at_hand)
}
