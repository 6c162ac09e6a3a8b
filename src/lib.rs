//! Swath: one lazy engine for tables and n-d arrays, on DataFusion.
//!
//! This package is the façade: [`prelude`] brings in what most programs need.

/// What most programs need.
pub mod prelude {
    pub use swath_collections::prelude::*;
}
