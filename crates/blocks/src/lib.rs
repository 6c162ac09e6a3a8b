//! How array plans run: tasks over blocks, on threads, within a limit of memory, with blocks spilled to files.
//!
//! An [`Engine`] takes a [`Plan`](swath_arrays::Plan) and gives its results. Memory and files come through the traits [`Memory`] and
//! [`Spill`], so that a session's pool and disk serve arrays as they serve tables.
//!
//! | module | what |
//! |---|---|
//! | [`engine`] | threads, memory and files, and what runs on them |
//! | `run` | a plan from its first task to its results: which task runs when |
//! | `graph` | which task needs which blocks, and the order of tasks |
//! | `store`, `disk` | blocks in memory and on disk |
//! | `results` | results, put together while their blocks are made |
//! | `steps` | what the tasks of each step do |
//! | `fetch` | boxes of a task's inputs |
//! | `block` | what tasks make and read |
//! | `heap` | freed memory goes back to the system |
//! | [`memory`], [`spill`] | limits of memory, files for what does not fit |
//! | [`threads`] | threads that help |
//! | [`progress`] | how far a run is, and what it took |
//! | [`cancel`], [`interrupt`] | stopping a run, and waiting for one |
//! | [`error`] | what goes wrong |
//!
//! ```
//! use swath_arrays::{ArrayExpr, ChunkSpec, Plan};
//! use swath_blocks::{Cancel, Engine};
//!
//! let engine = Engine::new(2, 1 << 30, std::env::temp_dir());
//! let ones = ArrayExpr::ones(&[1000, 10], swath_kernels::DType::F64)?;
//! let plan = Plan::new(&[ones.sum(Some(&[0]))?], engine.plan_options())?;
//! let sums = engine.run(&plan, &Cancel::new())?;
//! assert_eq!(sums[0].to_vec::<f64>()?, [1000.0; 10]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
pub mod cancel;
mod disk;
pub mod engine;
pub mod error;
mod fetch;
mod graph;
mod heap;
pub mod interrupt;
pub mod memory;
pub mod progress;
mod results;
mod run;
pub mod spill;
mod steps;
mod store;
#[cfg(test)]
mod tests;
pub mod threads;

pub use cancel::Cancel;
pub use engine::{Engine, EngineBuilder};
pub use error::{BlocksError, Result};
pub use memory::{Memory, MemoryLimit};
pub use progress::{Metrics, Progress, Snapshot, StageMetrics};
pub use spill::{Spill, SpillFile, SpillFolder};
pub use steps::contract::whole as contract;
pub use steps::local::apply as apply_to_whole;
pub use steps::scan::kernel_scan;
pub use threads::{Job, ThreadPool, Threads};
