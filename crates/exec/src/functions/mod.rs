//! Scalar functions of Swath's own. Each has a file; the registry lists them.

mod bucket_start;
mod row_hash;

pub use bucket_start::bucket_start;
pub use row_hash::row_hash;
