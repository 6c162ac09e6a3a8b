//! Which side of a join is built, and whether once for all partitions or exchanged.

use std::sync::Arc;

use datafusion::common::{JoinType, Result};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};

use crate::estimate;

/// A build side of fewer rows is built once whatever it is joined with.
const FEW_ROWS: f64 = 10_000.0;
/// What a hash table takes for a row beside the row.
pub(super) const ENTRY_BYTES: f64 = 8.0;
/// A side must be so much smaller than the one that is built to be built instead, where both are guessed.
const CLEARLY_SMALLER: f64 = 0.7;

/// What decides how the two sides of a join meet.
#[derive(Clone, Copy)]
pub(super) struct Sides {
    pub(super) partitions: usize,
    pub(super) most_collected_bytes: f64,
    /// Whether all partitions can share one table, and what is noted in it.
    pub(super) one_process: bool,
}

impl Sides {
    pub(super) fn mode(self, join_type: JoinType, build_rows: f64, build_bytes: f64, probe_rows: f64) -> PartitionMode {
        if !self.one_process && gives_build_rows(join_type) {
            return PartitionMode::Partitioned;
        }
        let exchange_costs_more = build_rows * 2.0 * (self.partitions as f64 - 1.0) <= probe_rows;
        if build_bytes <= self.most_collected_bytes && (build_rows <= FEW_ROWS || exchange_costs_more) {
            PartitionMode::CollectLeft
        } else {
            PartitionMode::Partitioned
        }
    }

    /// A join that is not part of a tree of inner joins, with the better side built and the better mode; `None` to leave it.
    pub(super) fn other_join(self, join: &HashJoinExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        // DataFusion needs one table for all of such a join.
        if join.null_aware {
            return Ok(None);
        }
        let rows = (estimate::rows(join.left().as_ref()), estimate::rows(join.right().as_ref()));
        let (Some(left), Some(right)) = rows else { return Ok(None) };
        let bytes =
            |rows: f64, side: &Arc<dyn ExecutionPlan>| rows * (estimate::row_bytes(&side.schema()) + ENTRY_BYTES);
        let (left_bytes, right_bytes) = (bytes(left, join.left()), bytes(right, join.right()));
        if right_bytes < CLEARLY_SMALLER * left_bytes && join.join_type().supports_swap() {
            return join.swap_inputs(self.mode(join.join_type().swap(), right, right_bytes, left)).map(Some);
        }
        let mode = self.mode(*join.join_type(), left, left_bytes, right);
        if mode == *join.partition_mode() {
            return Ok(None);
        }
        Ok(Some(Arc::new(join.builder().with_partition_mode(mode).build()?)))
    }
}

/// Whether a join gives rows for rows of its build side, the left one, which have partners in any partition.
fn gives_build_rows(join_type: JoinType) -> bool {
    matches!(join_type, JoinType::Left | JoinType::Full | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark)
}
