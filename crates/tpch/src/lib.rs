//! TPC-H: data, the 22 queries as SQL and as DataFrame programs, and verified runs.
//!
//! ```text
//!   generate ──► Parquet files ──► Tables ──► run: SQL text or program ──► Answer ──► verify ──► Report
//!                                                                                       ▲
//!                                                          reference answers (answers/) ┘
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`generate`](mod@generate) | the tables as Parquet: parallel, resumable, in bounded memory |
//! | [`query`] | the SQL texts (`queries/*.sql`) and what verification must know of them |
//! | [`queries`] | the same as programs over frames; they read as examples |
//! | [`tables`] | the data open in a session |
//! | [`answer`], [`verify`](mod@verify) | answers as values, and whether one is right |
//! | [`run`](mod@run), [`report`] | timed and judged runs |
//! | [`cli`] | `swath tpch generate`, `run` and, for comparisons, `serve` |

pub mod answer;
pub mod cli;
pub mod error;
pub mod generate;
pub mod manifest;
mod part_file;
pub mod process;
pub mod progress;
pub mod queries;
pub mod query;
pub mod report;
pub mod run;
pub mod scale;
pub mod serve;
pub mod table;
pub mod tables;
pub mod verify;

pub use answer::Answer;
pub use error::{Error, Result};
pub use generate::{GenerateOptions, Generated, generate};
pub use progress::Progress;
pub use query::Query;
pub use run::{Form, Outcome, RunOptions, Verdict, run};
pub use scale::Scale;
pub use table::Table;
pub use tables::Tables;
pub use verify::verify;
