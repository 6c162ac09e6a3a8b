//! Functions of Swath's own. Each has a file; the registry lists them.

mod bucket_start;
mod mode;
mod moments;
mod percentile_cont;
mod product;
mod regexp_extract_all;
mod row_hash;

pub use bucket_start::bucket_start;
pub use mode::mode;
pub use moments::{kurtosis, skewness};
pub use percentile_cont::percentile_cont;
pub use product::product;
pub use regexp_extract_all::regexp_extract_all;
pub use row_hash::row_hash;
