//! What the shell's own commands do.

use std::fs;
use std::io::Write;
use std::path::Path;

use swath_collections::DataFrame;

use super::{Next, Shell, say};
use crate::command::Command;
use crate::error::{Failure, Result};
use crate::output::{Format, Target};
use crate::progress::Progress;
use crate::script::Script;
use crate::{describe, help};

impl Shell {
    pub(super) fn run_command(&mut self, command: Command) -> Result<Next> {
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
                self.write_to(&path, None)?;
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

fn on_off(switch: bool) -> &'static str {
    if switch { "on" } else { "off" }
}
