//! From an optimised DAG to stages.
pub mod program;
