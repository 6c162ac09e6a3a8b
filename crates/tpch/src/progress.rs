//! Progress of long work: a bar on a terminal, plain lines elsewhere, nothing in tests.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};

/// Where progress goes.
#[derive(Debug)]
pub struct Progress(Kind);

#[derive(Debug)]
enum Kind {
    Silent,
    Lines,
    Bar(ProgressBar),
}

impl Progress {
    /// Shows nothing.
    pub fn silent() -> Self {
        Self(Kind::Silent)
    }

    /// A bar on standard error if that is a terminal, else one line per finished thing.
    pub fn on_stderr() -> Self {
        Self(if io::stderr().is_terminal() { Kind::Bar(ProgressBar::no_length()) } else { Kind::Lines })
    }

    pub(crate) fn start(&self, steps: u64) {
        if let Kind::Bar(bar) = &self.0 {
            let style = ProgressStyle::with_template("{wide_bar} {percent}% {elapsed} (another {eta})");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(steps);
        }
    }

    pub(crate) fn step(&self) {
        if let Kind::Bar(bar) = &self.0 {
            bar.inc(1);
        }
    }

    pub(crate) fn line(&self, text: fmt::Arguments<'_>) {
        match &self.0 {
            Kind::Silent => {}
            // Nobody is left to tell when standard error is closed.
            Kind::Lines => drop(writeln!(io::stderr(), "{text}")),
            Kind::Bar(bar) => bar.println(text.to_string()),
        }
    }

    pub(crate) fn finish(&self) {
        if let Kind::Bar(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
