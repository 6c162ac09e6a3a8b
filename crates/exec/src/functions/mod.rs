//! Scalar functions of Swath's own. Each has a file; the registry lists them.

mod row_hash;

pub use row_hash::row_hash;
