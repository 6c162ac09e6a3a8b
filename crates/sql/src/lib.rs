//! SQL for people and scripts: the `swath sql` command, its shell and its output formats.
//!
//! Text comes from an editor, a file or a pipe, is parted into statements ([`script`]), planned by the session, and run on
//! its threads ([`running`]); batches go to a writer of the chosen format ([`output`]) as they come, so that no result is
//! held in memory as a whole.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the options of `swath sql` and what they start |
//! | [`shell`] | runs statements and commands, reports errors |
//! | [`interactive`] | the shell on a terminal |
//! | [`editor`] | prompt, completion, colours for the line editor |
//! | [`script`], [`lexer`] | SQL text parted into statements |
//! | [`command`], [`help`], [`describe`] | what begins with a backslash |
//! | [`explain`] | EXPLAIN as text |
//! | [`running`], [`progress`], [`interrupt`] | a query on its way, its progress line, Ctrl-C |
//! | [`output`], [`settings`] | formats, and what the user set about them |
//! | [`error`] | what can go wrong |

pub mod cli;
pub mod command;
pub mod describe;
pub mod editor;
pub mod error;
pub mod explain;
pub mod help;
pub mod interactive;
pub mod interrupt;
pub mod lexer;
pub mod output;
pub mod progress;
pub mod running;
pub mod script;
pub mod settings;
pub mod shell;
