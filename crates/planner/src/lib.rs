//! What to compute.
//!
//! This crate holds what Swath adds to DataFusion's planning: typed options, logical nodes, optimiser rules, and the view of
//! a physical plan as a DAG of stages. It knows nobody above it: `exec` runs what is planned here.
//!
//! | module | what |
//! |---|---|
//! | [`analyze`] | what each operator of a plan that has run did |
//! | [`options`] | the `swath.*` settings, typed and documented once |
//! | [`stages`] | a physical plan cut where data must move, for `EXPLAIN STAGES` |
//! | [`suggest`] | the nearest spelling of a name that was not found |

pub mod analyze;
pub mod options;
pub mod stages;
pub mod suggest;

pub use analyze::AnalyzeReport;
pub use options::SwathOptions;
pub use stages::{Stage, StageGraph};
pub use suggest::nearest;
