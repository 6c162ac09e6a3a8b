//! The error of a result that was read while it was made, and then was lost in part.

use std::fmt;

use datafusion::common::DataFusionError;

/// Rows were handed out, and then the worker that made them was lost before the result was complete. Its tasks may be run again
/// elsewhere, but their rows may come in another order: they cannot go on from where the first ones ended.
#[derive(Debug)]
pub struct RowsLost {
    why: String,
}

impl RowsLost {
    /// Rows that are lost for the reason `why`.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }

    /// Whether `error` is, or comes from, rows that were lost: who holds what was handed out may run the query again.
    pub fn caused(error: &DataFusionError) -> bool {
        matches!(error.find_root(), DataFusionError::External(external) if external.is::<Self>())
    }
}

impl fmt::Display for RowsLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rows were lost while the result was being read: {}; run the query again, or SET swath_cluster.stream_results = \
             false, with which rows come only when the result is complete",
            self.why
        )
    }
}

impl std::error::Error for RowsLost {}

impl From<RowsLost> for DataFusionError {
    fn from(lost: RowsLost) -> Self {
        Self::External(Box::new(lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_found_below_what_wraps_it() {
        let lost = DataFusionError::from(RowsLost::new("worker 7 is gone"));
        assert!(lost.to_string().contains("worker 7 is gone"));
        assert!(RowsLost::caused(&lost.context("merging")));
        assert!(!RowsLost::caused(&DataFusionError::Execution("other".to_owned())));
    }
}
