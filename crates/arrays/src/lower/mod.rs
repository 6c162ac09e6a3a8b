//! From an optimised DAG to stages that an executor runs without further decisions.
//!
//! | module | what |
//! |---|---|
//! | `partition` | which nodes get blocks of their own; the rest is fused |
//! | [`program`] | fused programs |
//! | [`stage`] | stages, and what each task reads |
//! | `spread` | operations that no task holds, as operations over several |
//! | `build`, `tree`, `order`, `product`, `tall` | a stage for each kept node; trees that combine what blocks leave; sorting, products, QR |
//! | [`phase`] | what the tasks of operations in several stages do |
//! | `memory` | what a task takes |
//! | [`plan`] | all of it, within a limit of memory |

mod build;
mod memory;
mod order;
mod partition;
pub mod phase;
pub mod plan;
mod product;
pub mod program;
mod spread;
pub mod stage;
mod tall;
mod tree;

/// What a plan may assume of who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanOptions {
    /// Bytes that one task may hold: the memory limit divided by the tasks that run at a time.
    pub task_limit_bytes: u64,
    /// Tasks that run at a time.
    pub parallelism: usize,
    /// An array that several stages use is kept (spilled if need be) up to this many bytes, and made again beyond.
    pub keep_bytes: u64,
}

impl PlanOptions {
    /// The options for a memory limit and so many tasks at a time.
    pub fn new(memory_limit_bytes: u64, parallelism: usize) -> Self {
        let parallelism = parallelism.max(1);
        Self {
            task_limit_bytes: memory_limit_bytes / parallelism as u64,
            parallelism,
            keep_bytes: memory_limit_bytes.saturating_mul(4),
        }
    }
}

impl Default for PlanOptions {
    /// 4 GiB and two tasks at a time.
    fn default() -> Self {
        Self::new(4 << 30, 2)
    }
}
