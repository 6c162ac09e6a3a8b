//! The `swath sql` program as its users meet it: options, pipes, exit codes, formats, and a real terminal.

#[path = "shell/scripts.rs"]
mod scripts;
#[cfg(unix)]
#[path = "shell/terminal.rs"]
mod terminal;
