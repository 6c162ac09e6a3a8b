//! SQL for people and scripts: the `swath sql` command, its shell and its output formats.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the options of `swath sql` and what they start |

pub mod cli;
