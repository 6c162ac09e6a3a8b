//! The rows of a batch that an aggregate's `FILTER` keeps.

use arrow::array::{Array, BooleanArray};

/// Whether `filter` keeps `row`: none keeps all, null keeps none.
pub(super) fn is_kept(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}
