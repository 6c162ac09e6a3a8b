//! Runs statements and commands, one after another, and writes what they give. Interactive shells, scripts and pipes share it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect, dialect_from_str};
use nu_ansi_term::{Color, Style};
use swath_collections::{DataFrame, Session};
use swath_planner::analyze::thousands;
use tokio::runtime::Runtime;
use tokio::time::{MissedTickBehavior, interval};

use crate::command::Command;
use crate::error::{Failure, Result};
use crate::explain::{self, Explain};
use crate::interrupt::{Guard, Interrupts};
use crate::output::{self, Format, Summary, Target};
use crate::progress::{Progress, TICK, took};
use crate::running::{self, RunningQuery};
use crate::script::{Piece, Script};
use crate::settings::{Settings, colors_messages};
use crate::{describe, help};

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    Continue,
    /// `\q`
    Quit,
}

/// A session with somewhere to write to.
pub struct Shell {
    session: Session,
    interrupts: Interrupts,
    /// Lets the calling thread wait for batches, Ctrl-C and the clock at once. Queries run on the session's threads.
    waiter: Runtime,
    settings: Settings,
    target: Target,
    /// The format of `\o file`; a binary one takes one result.
    file_format: Option<Format>,
    file_is_full: bool,
    is_interactive: bool,
    /// Statements go on after one that fails.
    keep_going: bool,
    any_failed: bool,
}

impl Shell {
    /// A shell over `session`.
    ///
    /// # Errors
    /// If this thread cannot wait for async work.
    pub fn new(session: Session, interrupts: Interrupts, settings: Settings, is_interactive: bool) -> Result<Self> {
        let waiter = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Self {
            session,
            interrupts,
            waiter,
            settings,
            target: Target::stdout(),
            file_format: None,
            file_is_full: false,
            is_interactive,
            keep_going: is_interactive,
            any_failed: false,
        })
    }

    /// Statements go on after one that fails.
    pub fn keep_going(&mut self) {
        self.keep_going = true;
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Results go to this file from now on.
    ///
    /// # Errors
    /// If the file cannot be made, or neither its name nor the settings tell the format.
    pub fn write_to(&mut self, path: &Path) -> Result<()> {
        let format = match self.settings.format.filter(|_| !self.is_interactive).or_else(|| Format::of_path(path)) {
            Some(format) => format,
            None => self.settings.format.unwrap_or(Format::Table),
        };
        self.publish()?;
        self.target = Target::file(path)?;
        (self.file_format, self.file_is_full) = (Some(format), false);
        Ok(())
    }

    /// The SQL dialect that is set.
    pub fn dialect(&self) -> Box<dyn Dialect> {
        let state = self.session.context().state_ref();
        let dialect = state.read().config().options().sql_parser.dialect;
        dialect_from_str(dialect.to_string()).unwrap_or_else(|| Box::new(GenericDialect {}))
    }

    /// Runs all that is complete in `script`; with `at_end`, all that is left. `file` names the script in messages.
    ///
    /// # Errors
    /// [`Failure::Reported`] for a statement that failed, unless the shell keeps going; [`Failure::Interrupted`] in a script.
    pub fn run(&mut self, script: &mut Script, at_end: bool, file: Option<&str>) -> Result<Next> {
        while let Some(piece) = script.next(at_end, self.dialect().as_ref()) {
            let result = self.run_piece(&piece).and_then(|next| {
                self.settle()?;
                Ok(next)
            });
            match result {
                Ok(Next::Quit) => return Ok(Next::Quit),
                Ok(Next::Continue) => {}
                Err(failure) => self.report(failure, &piece, file)?,
            }
        }
        Ok(Next::Continue)
    }

    /// What is left to do at the end: a file that is written gets its name, and the exit code tells of failures.
    ///
    /// # Errors
    /// [`Failure::Reported`] if any statement failed.
    pub fn finish(&mut self) -> Result<()> {
        if self.any_failed && !self.is_interactive {
            return Err(Failure::Reported);
        }
        self.publish()
    }

    /// After a statement: what it wrote is seen at once, but the file of a script only when all is done.
    fn settle(&mut self) -> Result<()> {
        match self.is_interactive || !self.target.is_file() {
            true => self.publish(),
            false => Ok(()),
        }
    }

    fn publish(&mut self) -> Result<()> {
        self.target.publish()
    }

    fn report(&mut self, failure: Failure, piece: &Piece, file: Option<&str>) -> Result<()> {
        self.any_failed = true;
        if failure.is_broken_pipe() || matches!(failure, Failure::Reported) && !self.keep_going {
            return Err(failure);
        }
        // What was written before the failure belongs before the message; the failure itself is the better news.
        let _ = self.settle();
        match failure {
            Failure::Interrupted if !self.is_interactive => return Err(Failure::Interrupted),
            Failure::Interrupted => say("cancelled"),
            Failure::Reported => {}
            Failure::Query(error) => {
                say_error(&piece.relocate(error, file).to_string());
            }
            other => say_error(&other.to_string()),
        }
        if self.keep_going { Ok(()) } else { Err(Failure::Reported) }
    }

    fn run_piece(&mut self, piece: &Piece) -> Result<Next> {
        if piece.is_command {
            return self.run_command(Command::parse(&piece.text)?);
        }
        if self.is_interactive && ["exit", "quit"].iter().any(|word| piece.text.eq_ignore_ascii_case(word)) {
            return Ok(Next::Quit);
        }
        self.run_sql(&piece.text)?;
        Ok(Next::Continue)
    }

    fn run_sql(&mut self, sql: &str) -> Result<()> {
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
                let text = swath_planner::StageGraph::of(&plan).to_string();
                Ok(self.target.write_all(text.as_bytes())?)
            }
            Some(Explain::Analyze(query)) => {
                let frame = planned(self, &query, &mut progress)?;
                let plan = self.physical_plan(&frame, sql, &guard, &mut progress)?;
                self.drain(&plan, &guard, &mut progress).map_err(|failure| self.placed(failure, sql))?;
                let report = swath_planner::AnalyzeReport::of(&plan, progress.elapsed());
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

    fn run_frame(&mut self, frame: &DataFrame, sql: &str, guard: &Guard<'_>, progress: &mut Progress) -> Result<()> {
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
        let mut query = RunningQuery::start(&self.session, Arc::clone(plan));
        let summary = {
            let mut writer = output::writer(format, &plan.schema(), &mut self.target, look)?;
            self.waiter.block_on(async {
                let mut clock = ticks();
                loop {
                    tokio::select! {
                        biased;
                        batch = guard.wait_for(query.next()) => match batch?? {
                            Some(batch) => {
                                if clears_first {
                                    progress.clear();
                                }
                                writer.batch(&batch)?;
                            }
                            None => break,
                        },
                        _ = clock.tick() => progress.tick(Some(plan)),
                    }
                }
                progress.clear();
                writer.finish()
            })?
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
    ) -> Result<Vec<arrow::array::RecordBatch>> {
        let mut batches = vec![];
        self.each_batch(plan, guard, progress, |batch| batches.push(batch))?;
        Ok(batches)
    }

    /// Runs `plan` for its metrics.
    fn drain(&self, plan: &Arc<dyn ExecutionPlan>, guard: &Guard<'_>, progress: &mut Progress) -> Result<()> {
        self.each_batch(plan, guard, progress, drop)
    }

    fn each_batch(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        guard: &Guard<'_>,
        progress: &mut Progress,
        mut take: impl FnMut(arrow::array::RecordBatch),
    ) -> Result<()> {
        let mut query = RunningQuery::start(&self.session, Arc::clone(plan));
        self.waiter.block_on(async {
            let mut clock = ticks();
            loop {
                tokio::select! {
                    biased;
                    batch = guard.wait_for(query.next()) => match batch?? {
                        Some(batch) => take(batch),
                        None => return Ok(()),
                    },
                    _ = clock.tick() => progress.tick(Some(plan)),
                }
            }
        })
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
            Failure::Query(error) => Failure::Query(error.in_sql(sql, || self.session.table_names())),
            other => other,
        }
    }

    fn format(&self) -> Format {
        self.file_format.or(self.settings.format).unwrap_or(Format::Table)
    }

    /// The line below a result.
    fn footer(&mut self, summary: &Summary, progress: &Progress) -> Result<()> {
        if self.settings.quiet || !self.format().is_for_people() {
            return Ok(());
        }
        let plural = if summary.rows == 1 { "" } else { "s" };
        let mut text = format!("{} row{plural}", thousands(summary.rows));
        if summary.shown_rows < summary.rows {
            text += &format!(" ({} shown)", thousands(summary.shown_rows));
        }
        if self.settings.timing {
            text += &format!(", {}", took(progress.elapsed()));
        }
        let all = if self.is_interactive { "\\x" } else { "--format vertical" };
        if summary.shown_columns < summary.columns {
            text += &format!("; {} of {} columns shown, {all} shows all", summary.shown_columns, summary.columns);
        } else if summary.cut {
            text += &format!("; long values are cut, {all} shows them");
        }
        let style = if self.settings.look(&self.target).color { Style::new().dimmed() } else { Style::new() };
        Ok(writeln!(self.target, "{}", style.paint(text))?)
    }

    /// Tells that a statement without a result is done.
    fn say_done(&self, rows: Option<u64>, progress: &Progress) {
        if self.settings.quiet || !self.is_interactive && rows.is_none() {
            return;
        }
        let mut text = match rows {
            Some(1) => "1 row written".to_owned(),
            Some(rows) => format!("{} rows written", thousands(usize::try_from(rows).unwrap_or(usize::MAX))),
            None => "done".to_owned(),
        };
        if self.settings.timing {
            text += &format!(", {}", took(progress.elapsed()));
        }
        say(&text);
    }

    fn run_command(&mut self, command: Command) -> Result<Next> {
        match command {
            Command::Quit => return Ok(Next::Quit),
            Command::Help(topic) => self.target.write_all(help::text(&topic)?.as_bytes())?,
            Command::Tables | Command::Describe(None) => self.run_listing(&describe::tables_sql())?,
            Command::Describe(Some(table)) => {
                let frame = describe::columns(&self.session, &table)?;
                let session = self.session.clone();
                self.run_frame_quietly(&session.read_table(frame)?)?;
            }
            Command::Functions(part) => self.run_listing(&describe::functions_sql(&part))?,
            Command::Timing(switch) => {
                self.settings.timing = switch.unwrap_or(!self.settings.timing);
                self.confirm(&format!("timing is {}", on_off(self.settings.timing)));
            }
            Command::Vertical(switch) => {
                let is_on = switch.unwrap_or(self.settings.format != Some(Format::Vertical));
                self.settings.format = is_on.then_some(Format::Vertical);
                self.confirm(&format!("one line per value is {}", on_off(is_on)));
            }
            Command::Rows(rows) => {
                self.settings.max_rows = rows.map(|rows| rows.limit());
                let shown = self.settings.look(&self.target).max_rows;
                self.confirm(&match shown {
                    Some(rows) => format!("results show at most {rows} rows"),
                    None => "results show all rows".to_owned(),
                });
            }
            Command::OutputReset => {
                self.back_to_stdout()?;
                self.settings.format = None;
                self.confirm("results are shown here, as tables");
            }
            Command::OutputFormat(format) => {
                self.back_to_stdout()?;
                self.settings.format = Some(format);
            }
            Command::OutputFile(path) => {
                self.write_to(&path)?;
                self.confirm(&format!("results go to {} until \\o", path.display()));
            }
            Command::Include(path) => return self.run_file(&path),
        }
        Ok(Next::Continue)
    }

    /// Runs the statements in a file.
    ///
    /// # Errors
    /// If it cannot be read, or as [`run`](Self::run) does.
    pub fn run_file(&mut self, path: &Path) -> Result<Next> {
        let text = fs::read(path).map_err(|error| Failure::file("reading", path, error))?;
        let text = String::from_utf8(text)
            .map_err(|error| Failure::usage(format!("reading {}: it is no UTF-8 text: {error}", path.display())))?;
        let mut script = Script::default();
        script.push(text.strip_prefix('\u{feff}').unwrap_or(&text));
        self.run(&mut script, true, Some(&path.display().to_string()))
    }

    fn back_to_stdout(&mut self) -> Result<()> {
        self.publish()?;
        (self.target, self.file_format, self.file_is_full) = (Target::stdout(), None, false);
        Ok(())
    }

    fn run_listing(&mut self, sql: &str) -> Result<()> {
        let frame = self.session.sql(sql)?;
        self.run_frame_quietly(&frame)
    }

    /// A listing of the shell itself: its time is of no interest.
    fn run_frame_quietly(&mut self, frame: &DataFrame) -> Result<()> {
        let timing = std::mem::replace(&mut self.settings.timing, false);
        let interrupts = self.interrupts.clone();
        let result = self.run_frame(frame, "", &interrupts.guard(), &mut Progress::start(false));
        self.settings.timing = timing;
        result
    }

    fn confirm(&self, text: &str) {
        if self.is_interactive && !self.settings.quiet {
            say(text);
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut clock = interval(TICK);
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    clock
}

fn on_off(switch: bool) -> &'static str {
    if switch { "on" } else { "off" }
}

/// A message to the user, apart from results.
pub fn say(text: &str) {
    let style = if colors_messages() { Style::new().dimmed() } else { Style::new() };
    // There is nobody to tell if stderr is gone.
    let _ = writeln!(io::stderr(), "{}", style.paint(text));
}

/// An error message.
pub fn say_error(text: &str) {
    let style = if colors_messages() { Style::new().bold().fg(Color::Red) } else { Style::new() };
    let _ = writeln!(io::stderr(), "{} {text}", style.paint("error:"));
}
