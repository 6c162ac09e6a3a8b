//! One statement from text to rows: planning, running, writing, with an eye on Ctrl-C and the clock.

use std::io::Write;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use swath_collections::planner::analyze::{AnalyzeReport, Elsewhere};
use swath_collections::{DataFrame, Session};
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

use super::Shell;
use crate::error::{Failure, Result};
use crate::explain::{self, Explain};
use crate::interrupt::Guard;
use crate::output::{self, Format, Summary};
use crate::progress::{Progress, TICK};
use crate::running::{self, RunningQuery};

impl Shell {
    pub(super) fn run_sql(&mut self, sql: &str) -> Result<()> {
        let dialect = self.dialect();
        let explain = Explain::of(sql, dialect.as_ref()).filter(|_| self.format().is_for_people());
        let interrupts = self.interrupts.clone();
        let guard = interrupts.guard();
        let mut progress = Progress::start(!self.settings.quiet);
        let planned = |shell: &Self, query: &str, progress: &mut Progress| {
            let session = shell.session.clone();
            let frame = shell.wait(&guard, progress, async { Ok(session.sql_async(query).await?) });
            frame.map_err(|failure| shell.placed(failure, sql))
        };
        match explain {
            Some(Explain::Stages(query)) => {
                let frame = planned(self, &query, &mut progress)?;
                let plan = self.physical_plan(&frame, sql, &guard, &mut progress)?;
                progress.clear();
                let text = swath_collections::planner::StageGraph::of(&plan).to_string();
                Ok(self.target.write_all(text.as_bytes())?)
            }
            Some(Explain::Analyze(query)) => {
                let frame = planned(self, &query, &mut progress)?;
                let plan = self.physical_plan(&frame, sql, &guard, &mut progress)?;
                let drained = self.drain(&plan, &guard, &mut progress);
                let elsewhere = drained.map_err(|failure| self.placed(failure, sql))?;
                let report = AnalyzeReport::of(&plan, &elsewhere, progress.elapsed());
                progress.clear();
                Ok(write!(self.target, "{report}")?)
            }
            None => {
                let frame = planned(self, sql, &mut progress)?;
                let result = self.run_frame(&frame, sql, &guard, &mut progress);
                result.map_err(|failure| self.placed(failure, sql))
            }
        }
    }

    pub(super) fn run_frame(
        &mut self,
        frame: &DataFrame,
        sql: &str,
        guard: &Guard<'_>,
        progress: &mut Progress,
    ) -> Result<()> {
        let logical = frame.logical_plan()?;
        let schema = frame.schema()?;
        if schema.fields().is_empty() {
            progress.clear();
            self.say_done(None, progress);
            return Ok(());
        }
        let is_write = matches!(logical, LogicalPlan::Dml(_) | LogicalPlan::Copy(_));
        let is_explain = matches!(logical, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
        let plan = self.physical_plan(frame, sql, guard, progress)?;
        if is_write || (is_explain && self.format().is_for_people()) {
            let batches = self.gather(&plan, guard, progress)?;
            progress.clear();
            if is_write {
                self.say_done(explain::written_rows(&batches), progress);
                return Ok(());
            }
            return Ok(self.target.write_all(explain::readable(&batches)?.as_bytes())?);
        }
        let summary = self.write_result(&plan, guard, progress)?;
        self.footer(&summary, progress)
    }

    fn physical_plan(
        &self,
        frame: &DataFrame,
        sql: &str,
        guard: &Guard<'_>,
        progress: &mut Progress,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (session, logical) = (self.session.clone(), frame.logical_plan()?.clone());
        let plan = self.wait(guard, progress, async move { Ok(running::physical_plan(&session, logical).await?) });
        plan.map_err(|failure| self.placed(failure, sql))
    }

    /// Runs `plan` and writes its batches as they come.
    fn write_result(
        &mut self,
        plan: &Arc<dyn ExecutionPlan>,
        guard: &Guard<'_>,
        progress: &mut Progress,
    ) -> Result<Summary> {
        let format = self.format();
        if format.is_binary() {
            if self.file_is_full {
                return Err(Failure::usage("the file holds a result already; each one needs a file of its own"));
            }
            if self.target.is_terminal() {
                return Err(Failure::usage("this format is not for a terminal; give a file (--output, \\o) or a pipe"));
            }
        }
        let look = self.settings.look(&self.target);
        // A table is drawn when its rows are there; other formats write to the terminal from the first batch on.
        let clears_first = self.target.is_terminal() && (format != Format::Table || look.max_rows.is_none());
        let summary = {
            let mut writer = output::writer(format, &plan.schema(), &mut self.target, look)?;
            let place = Place { session: &self.session, waiter: &self.waiter, guard };
            place.each_batch(plan, progress, |batch, progress| {
                if clears_first {
                    progress.clear();
                }
                writer.batch(&batch)
            })?;
            progress.clear();
            writer.finish()?
        };
        self.file_is_full = self.target.is_file() && format.is_binary();
        Ok(summary)
    }

    /// Runs `plan` and keeps its batches; for results that are known to be small.
    fn gather(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        guard: &Guard<'_>,
        progress: &mut Progress,
    ) -> Result<Vec<RecordBatch>> {
        let mut batches = vec![];
        self.place(guard).each_batch(plan, progress, |batch, _| {
            batches.push(batch);
            Ok(())
        })?;
        Ok(batches)
    }

    /// Runs `plan` for its metrics; gives those that other processes report.
    fn drain(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        guard: &Guard<'_>,
        progress: &mut Progress,
    ) -> Result<Arc<Elsewhere>> {
        let (elsewhere, context) = Elsewhere::watch(&self.session.context().state());
        let query = RunningQuery::start_in(&self.session, context, Arc::clone(plan));
        self.place(guard).each_batch_of(query, progress, |_, _| Ok(()))?;
        let settled = Arc::clone(&elsewhere);
        self.wait(guard, progress, async move {
            settled.settle().await;
            Ok(())
        })?;
        Ok(elsewhere)
    }

    fn place<'a>(&'a self, guard: &'a Guard<'a>) -> Place<'a> {
        Place { session: &self.session, waiter: &self.waiter, guard }
    }

    /// Waits for planning, with an eye on Ctrl-C and the clock.
    fn wait<T>(&self, guard: &Guard<'_>, progress: &mut Progress, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.waiter.block_on(async {
            let mut work = std::pin::pin!(guard.wait_for(work));
            let mut clock = ticks();
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return done?,
                    _ = clock.tick() => progress.tick(None),
                }
            }
        })
    }

    /// `failure` with the place in `sql` that it is about, if it knows one.
    fn placed(&self, failure: Failure, sql: &str) -> Failure {
        match failure {
            Failure::Query(error) => Failure::Query(error.in_sql(sql, || self.session.tables())),
            other => other,
        }
    }
}

/// Where a query runs: everything of the shell but its output, which the rows may be going to.
struct Place<'a> {
    session: &'a Session,
    waiter: &'a Runtime,
    guard: &'a Guard<'a>,
}

impl Place<'_> {
    /// Runs `plan` and hands over its batches as they come, with an eye on Ctrl-C and the clock.
    fn each_batch(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        progress: &mut Progress,
        take: impl FnMut(RecordBatch, &mut Progress) -> Result<()>,
    ) -> Result<()> {
        self.each_batch_of(RunningQuery::start(self.session, Arc::clone(plan)), progress, take)
    }

    fn each_batch_of(
        &self,
        mut query: RunningQuery,
        progress: &mut Progress,
        mut take: impl FnMut(RecordBatch, &mut Progress) -> Result<()>,
    ) -> Result<()> {
        let plan = Arc::clone(query.plan());
        self.waiter.block_on(async {
            let mut clock = ticks();
            loop {
                tokio::select! {
                    biased;
                    batch = self.guard.wait_for(query.next()) => match batch?? {
                        Some(batch) => take(batch, progress)?,
                        None => return Ok(()),
                    },
                    _ = clock.tick() => progress.tick(Some(&plan)),
                }
            }
        })
    }
}

fn ticks() -> tokio::time::Interval {
    let mut clock = interval(TICK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    clock
}
