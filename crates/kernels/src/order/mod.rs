//! Order: sorting, ranks, quantiles, counting into bins.
//!
//! The order is NumPy's: NaN after all numbers, NaT after all dates, complex numbers by real part, then imaginary part.
//! Everything is done on integer keys of the same order ([`key`]), so that there is one implementation for all dtypes.
//!
//! | module | what |
//! |---|---|
//! | [`key`] | elements as integers of the same order |
//! | [`key_order`] | sorting of keys |
//! | `vector_sort` | sorting of keys with AVX-512 |
//! | [`mod@sort`] | `sort`, `argsort`, merging of sorted runs, `searchsorted` |
//! | [`part`] | parts of a long line sorted by several tasks |
//! | `few_ranks` | the elements of a few ranks |
//! | [`select`] | `partition`, `argpartition`, `topk`, `argtopk` |
//! | [`mod@unique`] | distinct values with positions and counts |
//! | [`mod@quantile`] | `quantile`, `median` along axes |
//! | [`weighted`] | quantiles of elements that weigh differently |
//! | [`ranks`] | elements of given rank in data that are too large to hold, in a few passes |
//! | [`mod@histogram`] | `histogram`, `bincount`, `digitize` |

mod few_ranks;
pub mod histogram;
pub mod key;
pub mod key_order;
mod lines;
pub mod part;
pub mod quantile;
pub mod ranks;
pub mod select;
pub mod sort;
pub mod unique;
#[cfg(target_arch = "x86_64")]
mod vector_sort;
pub mod weighted;

pub use histogram::{Bins, bincount, digitize, histogram};
pub use part::{argsort_part, sort_part};
pub use quantile::{QuantileMethod, median, quantile};
pub use ranks::RankSearch;
pub use select::{argpartition, argtopk, partition, topk};
pub use sort::{argsort, merge_sorted, searchsorted, sort};
pub use unique::{Unique, unique, unique_counts, unique_part};
pub use weighted::weighted_quantile;
