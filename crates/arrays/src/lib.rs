//! Lazy chunked n-d arrays: what is to be computed, not yet how a machine runs it.
//!
//! An [`ArrayExpr`] is built by constructors that check shapes and dtypes as NumPy does; equal expressions are one node. Nothing here
//! knows of DataFusion, threads or files: sources, functions and sinks come through traits, kernels through `swath-kernels`.
//!
//! | module | what |
//! |---|---|
//! | [`grid`] | how arrays are cut into blocks |
//! | [`expr`] | the expression DAG |
//! | [`optimize`] | rules that make it cheaper |
//! | [`lower`] | the stages that an executor runs |
//! | [`explain`] | texts that show it |
//! | [`error`] | what goes wrong |

pub mod error;
pub mod explain;
pub mod expr;
pub mod grid;
pub mod lower;
pub mod optimize;
#[cfg(test)]
mod reference;

pub use error::{ArrayError, Result};
pub use expr::elementwise::Argument;
pub use expr::node::ArrayExpr;
pub use expr::op::Op;
pub use expr::reduce::ReduceOptions;
pub use expr::reduction::Reduction;
pub use expr::traits::{ArraySink, ArraySource, BlockContext, BlockFunction, Generator, MemorySource};
pub use grid::chunking::{AxisSpec, ChunkSpec};
pub use grid::{AxisChunks, ChunkGrid, Region};
pub use lower::PlanOptions;
pub use lower::plan::Plan;
