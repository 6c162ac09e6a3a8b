//! Runs statements and commands, one after another, and writes what they give. Interactive shells, scripts and pipes share it.
//!
//! `statement` runs SQL, `commands` what begins with a backslash.

mod commands;
mod statement;

use std::io::{self, Write};
use std::path::Path;

use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect, dialect_from_str};
use nu_ansi_term::{Color, Style};
use swath_collections::Session;
use swath_collections::planner::analyze::thousands;
use tokio::runtime::Runtime;

use crate::command::Command;
use crate::error::{Failure, Result};
use crate::interrupt::Interrupts;
use crate::output::{Format, Summary, Target};
use crate::progress::{Progress, took};
use crate::script::{Piece, Script};
use crate::settings::{Settings, colors_messages};

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

    /// Results go to this file from now on, in `format`; else in that of the file's name, else in the one that is set.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn write_to(&mut self, path: &Path, format: Option<Format>) -> Result<()> {
        let named = format.or_else(|| Format::of_path(path));
        let format = named.or(self.settings.format).unwrap_or(Format::Table);
        self.publish()?;
        self.target = Target::file(path)?;
        (self.file_format, self.file_is_full) = (Some(format), false);
        Ok(())
    }

    /// The SQL dialect that is set.
    pub fn dialect(&self) -> Box<dyn Dialect> {
        let state = self.session.context().state_ref();
        let dialect = state.read().config().options().sql_parser.dialect;
        dialect_from_str(dialect).unwrap_or_else(|| Box::new(GenericDialect {}))
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
