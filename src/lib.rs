//! Swath: one lazy engine for tables and n-d arrays, on DataFusion.
//!
//! This package is the façade: [`prelude`] brings in what most programs need.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
mod processor;

/// Lazy n-d arrays. A session makes them: `session.arrays()`.
pub use swath_collections::nd;

/// What most programs need.
pub mod prelude {
    pub use swath_collections::prelude::*;
}
