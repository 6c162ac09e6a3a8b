//! How a shell shows its results.

use std::io::{self, IsTerminal};

use crate::output::{Format, Look, Target};

/// Rows of a result that a terminal shows if nothing else is asked for.
const TERMINAL_ROWS: usize = 100;

/// What a user can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The format, if one was chosen; otherwise it follows from the target.
    pub format: Option<Format>,
    /// Rows that are shown, if that was chosen; otherwise all, but [`TERMINAL_ROWS`] on a terminal.
    pub max_rows: Option<Option<usize>>,
    /// Tell how long statements take.
    pub timing: bool,
    /// No footers and no messages.
    pub quiet: bool,
}

impl Settings {
    /// How output for `target` looks now.
    pub fn look(&self, target: &Target) -> Look {
        let is_terminal = target.is_terminal();
        Look {
            width: if is_terminal { terminal_width() } else { None },
            max_rows: self.max_rows.unwrap_or(if is_terminal { Some(TERMINAL_ROWS) } else { None }),
            color: is_terminal && wants_color(),
            to_file: target.is_file(),
        }
    }
}

/// Whether colours are welcome: not with `NO_COLOR`, not on a terminal that has none.
pub fn wants_color() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether messages may be coloured.
pub fn colors_messages() -> bool {
    io::stderr().is_terminal() && wants_color()
}

/// The width of the terminal at the standard output.
#[cfg(unix)]
pub fn terminal_width() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ fills the struct it is given, which lives until the call returns.
    let answer = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &mut size) };
    (answer == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// The width of the terminal at the standard output.
#[cfg(not(unix))]
pub fn terminal_width() -> Option<usize> {
    Some(120)
}
