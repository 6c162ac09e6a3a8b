//! What other processes did of a plan that is analyzed, stage by stage.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::{SessionState, TaskContext};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::{Lines, OperatorReport, readable_bytes, readable_time, thousands};

/// Where operators that run their inputs in other processes leave what these report.
///
/// It travels in the task's context: an operator that finds it there knows that the plan is analyzed.
#[derive(Default)]
pub struct Elsewhere {
    pub(super) tasks: Mutex<Vec<TaskReport>>,
    outstanding: Mutex<Vec<BoxFuture<'static, ()>>>,
}

impl Elsewhere {
    /// A context of `state` for running a plan that is analyzed, and what it will have collected.
    pub fn watch(state: &SessionState) -> (Arc<Self>, Arc<TaskContext>) {
        let elsewhere = Arc::new(Self::default());
        let mut state = state.clone();
        state.config_mut().set_extension(Arc::clone(&elsewhere));
        (elsewhere, state.task_ctx())
    }

    /// That of `context`, if its plan is analyzed.
    pub fn of(context: &TaskContext) -> Option<Arc<Self>> {
        context.session_config().get_extension::<Self>()
    }

    /// Adds what tasks of one job did.
    pub fn add(&self, tasks: impl IntoIterator<Item = TaskReport>) {
        self.tasks.lock().extend(tasks);
    }

    /// Something will add what it knows until `end` completes, although the plan's rows have ended.
    pub fn expect(&self, end: impl Future<Output = ()> + Send + 'static) {
        self.outstanding.lock().push(end.boxed());
    }

    /// Waits for what is outstanding. To be called when the plan's rows have ended.
    pub async fn settle(&self) {
        let outstanding = std::mem::take(&mut *self.outstanding.lock());
        futures::future::join_all(outstanding).await;
    }
}

/// What one task of a job did.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskReport {
    /// The job.
    pub job: String,
    /// The stage in the job.
    pub stage: u32,
    /// The task in the stage.
    pub task: u32,
    /// Rows that it made.
    pub rows: usize,
    /// Bytes that it made.
    pub bytes: usize,
    /// Time from its start to its end, as a clock on the wall shows it.
    pub elapsed: Duration,
    /// Its operators, outermost first.
    pub operators: Vec<OperatorReport>,
}

/// What the tasks of one stage did.
#[derive(Clone, Debug, PartialEq)]
pub struct StageReport {
    /// The stage in its job.
    pub stage: u32,
    /// Number of tasks.
    pub tasks: usize,
    /// Rows that all tasks made.
    pub rows: usize,
    /// Bytes that all tasks made.
    pub bytes: usize,
    /// Time of all tasks, one after the other.
    pub elapsed: Duration,
    /// Time of the longest task.
    pub longest: Duration,
    /// Rows of the task that made most.
    pub most_rows: usize,
    /// The operators, summed over tasks; one list for each shape that the tasks' plans have.
    pub shapes: Vec<Vec<OperatorReport>>,
}

impl StageReport {
    /// The stages of `tasks`, by job and number.
    pub(super) fn of(tasks: &[TaskReport]) -> Vec<Self> {
        let mut stages: BTreeMap<(&str, u32), Self> = BTreeMap::new();
        for task in tasks {
            let stage = stages.entry((&task.job, task.stage)).or_insert_with(|| Self {
                stage: task.stage,
                tasks: 0,
                rows: 0,
                bytes: 0,
                elapsed: Duration::ZERO,
                longest: Duration::ZERO,
                most_rows: 0,
                shapes: vec![],
            });
            stage.tasks += 1;
            stage.rows += task.rows;
            stage.bytes += task.bytes;
            stage.elapsed += task.elapsed;
            stage.longest = stage.longest.max(task.elapsed);
            stage.most_rows = stage.most_rows.max(task.rows);
            stage.add(&task.operators);
        }
        stages.into_values().collect()
    }

    fn add(&mut self, operators: &[OperatorReport]) {
        let shape = |operators: &[OperatorReport]| -> Vec<(usize, String)> {
            operators.iter().map(|operator| (operator.depth, operator.name().to_owned())).collect()
        };
        let own = shape(operators);
        match self.shapes.iter_mut().find(|known| shape(known) == own) {
            Some(known) => known.iter_mut().zip(operators).for_each(|(sum, operator)| sum.add(operator)),
            None => self.shapes.push(operators.to_vec()),
        }
    }

    /// The largest task's share of the rows over an even one: 1 is even.
    pub fn skew(&self) -> f64 {
        match self.rows {
            0 => 1.0,
            rows => self.most_rows as f64 * self.tasks as f64 / rows as f64,
        }
    }
}

impl OperatorReport {
    fn name(&self) -> &str {
        self.description.split(':').next().unwrap_or_default()
    }

    fn add(&mut self, other: &Self) {
        fn sum<T: std::ops::Add<Output = T>>(a: Option<T>, b: Option<T>) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(a + b),
                (a, b) => a.or(b),
            }
        }
        self.rows = sum(self.rows, other.rows);
        self.bytes = sum(self.bytes, other.bytes);
        self.compute = sum(self.compute, other.compute);
        self.spills += other.spills;
        self.spilled_bytes += other.spilled_bytes;
    }
}

impl fmt::Display for StageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.tasks == 1 { "" } else { "s" };
        write!(f, "stage {}: {} task{plural}, {} rows", self.stage, self.tasks, thousands(self.rows))?;
        write!(f, ", {}, {}", readable_bytes(self.bytes), readable_time(self.elapsed))?;
        if self.tasks > 1 {
            write!(f, " (longest {}), skew {:.2}", readable_time(self.longest), self.skew())?;
        }
        writeln!(f)?;
        for shape in &self.shapes {
            write!(f, "{}", Lines(shape))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elsewhere").field("tasks", &*self.tasks.lock()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(stage: u32, rows: usize, milliseconds: u64, operators: &[&str]) -> TaskReport {
        let operator = |(depth, description): (usize, &&str)| OperatorReport {
            depth,
            description: (*description).to_owned(),
            rows: Some(rows),
            bytes: None,
            compute: Some(Duration::from_millis(1)),
            spills: 0,
            spilled_bytes: 0,
        };
        let operators = operators.iter().enumerate().map(operator).collect();
        let elapsed = Duration::from_millis(milliseconds);
        TaskReport { job: "j".to_owned(), stage, task: 0, rows, bytes: 8 * rows, elapsed, operators }
    }

    #[test]
    fn tasks_of_one_shape_are_summed() {
        let tasks = [
            task(2, 5, 1, &["Exchange"]),
            task(1, 30, 10, &["Filter: a", "Scan: x"]),
            task(1, 10, 20, &["Filter: a", "Scan: y"]),
            task(1, 20, 6, &["Filter: a", "Sort", "Scan: y"]),
        ];
        let stages = StageReport::of(&tasks);
        let text: String = stages.iter().map(ToString::to_string).collect();
        let expected = "\
stage 1: 3 tasks, 60 rows, 480 B, 36.0 ms (longest 20.0 ms), skew 1.50
          40           -      2.0 ms           -  Filter: a
          40           -      2.0 ms           -    Scan: x
          20           -      1.0 ms           -  Filter: a
          20           -      1.0 ms           -    Sort
          20           -      1.0 ms           -      Scan: y
stage 2: 1 task, 5 rows, 40 B, 1.0 ms
           5           -      1.0 ms           -  Exchange
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_context_carries_what_is_collected() {
        let state = datafusion::execution::SessionStateBuilder::new_with_default_features().build();
        assert!(Elsewhere::of(&state.task_ctx()).is_none());
        let (elsewhere, context) = Elsewhere::watch(&state);
        Elsewhere::of(&context).unwrap().add([task(1, 1, 1, &[])]);
        assert_eq!(elsewhere.tasks.lock().len(), 1);
    }
}
