//! How far a plan that runs is.
//!
//! Operators that run their inputs in other processes tell it as gauges among their metrics: what reads those needs to know
//! nothing of them.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, Gauge, MetricBuilder, MetricsSet};

const STAGES: &str = "stages";
const STAGES_DONE: &str = "stages_done";
const TASKS: &str = "tasks";
const TASKS_DONE: &str = "tasks_done";
const ROWS: &str = "rows_made";
const BYTES: &str = "bytes_made";

/// What a plan has done so far.
///
/// `Progress::of(&plan)` may be asked while another thread runs `plan`, as the shell's progress line does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Stages that run in other processes.
    pub stages: usize,
    /// Those that have ended.
    pub stages_done: usize,
    /// Tasks (partitions) of the stages that are known so far; more come with each stage that begins.
    pub tasks: usize,
    /// Those that have ended.
    pub tasks_done: usize,
    /// Rows that scans have read in this process, and that tasks have made in others.
    pub rows: usize,
    /// Bytes that scans have read in this process, and that tasks have made in others.
    pub bytes: usize,
}

impl Progress {
    /// How far `plan` is.
    pub fn of(plan: &Arc<dyn ExecutionPlan>) -> Self {
        let metrics = plan.metrics().unwrap_or_default();
        let gauge = |name: &str| metrics.sum_by_name(name).map_or(0, |value| value.as_usize());
        if metrics.sum_by_name(STAGES).is_some() {
            return Self {
                stages: gauge(STAGES),
                stages_done: gauge(STAGES_DONE),
                tasks: gauge(TASKS),
                tasks_done: gauge(TASKS_DONE),
                rows: gauge(ROWS),
                bytes: gauge(BYTES),
            };
        }
        let children = plan.children();
        if children.is_empty() {
            return Self { rows: rows(&metrics), bytes: gauge("bytes_scanned"), ..Self::default() };
        }
        children.into_iter().map(Self::of).fold(Self::default(), Self::plus)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            stages: self.stages + other.stages,
            stages_done: self.stages_done + other.stages_done,
            tasks: self.tasks + other.tasks,
            tasks_done: self.tasks_done + other.tasks_done,
            rows: self.rows + other.rows,
            bytes: self.bytes + other.bytes,
        }
    }
}

fn rows(metrics: &MetricsSet) -> usize {
    metrics.output_rows().unwrap_or(0)
}

/// The gauges by which an operator tells of work in other processes.
#[derive(Clone, Debug)]
pub struct Gauges {
    stages: Gauge,
    stages_done: Gauge,
    tasks: Gauge,
    tasks_done: Gauge,
    rows: Gauge,
    bytes: Gauge,
}

impl Gauges {
    /// Gauges among `metrics`.
    pub fn new(metrics: &ExecutionPlanMetricsSet) -> Self {
        let gauge = |name: &'static str| MetricBuilder::new(metrics).global_gauge(name);
        Self {
            stages: gauge(STAGES),
            stages_done: gauge(STAGES_DONE),
            tasks: gauge(TASKS),
            tasks_done: gauge(TASKS_DONE),
            rows: gauge(ROWS),
            bytes: gauge(BYTES),
        }
    }

    /// Tells how far the work is.
    pub fn set(&self, progress: &Progress) {
        self.stages.set(progress.stages);
        self.stages_done.set(progress.stages_done);
        self.tasks.set(progress.tasks);
        self.tasks_done.set(progress.tasks_done);
        self.rows.set(progress.rows);
        self.bytes.set(progress.bytes);
    }
}
