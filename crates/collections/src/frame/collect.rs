//! Collecting: all rows of a plan in memory, within the session's limit.
//!
//! The rows will belong to the caller, who may hold what he likes; but until they are his, the session's memory pool counts them, so
//! that a result that is larger than the limit ends with an error instead of the process. Rows that lie in memory anyway, of tables
//! in memory and of persisted results, are handed out without a copy and not counted again.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use swath_exec::buffers::Buffers;
use swath_exec::files::name_files;
use swath_exec::{RowsLost, watch};

use crate::error::Error;

/// Results below this size are counted without asking which of their rows are in memory anyway.
const SMALL_BYTES: usize = 1 << 20;

/// All rows of `plan`.
pub(super) async fn collect(
    state: &SessionState,
    plan: &LogicalPlan,
) -> Result<(SchemaRef, Vec<RecordBatch>), DataFusionError> {
    let (schema, held) = run(state, plan).await?;
    Ok((schema, held.batches))
}

/// All rows of `plan` as one batch.
pub(super) async fn collect_one(state: &SessionState, plan: &LogicalPlan) -> Result<RecordBatch, DataFusionError> {
    let (schema, held) = run(state, plan).await?;
    if held.batches.len() > 1 {
        // The copy.
        held.reserve(held.reservation.size())?;
    }
    Ok(arrow::compute::concat_batches(&schema, &held.batches)?)
}

/// Nobody has seen any row before the end, so a query whose rows were lost on the way is run again, once.
async fn run(state: &SessionState, plan: &LogicalPlan) -> Result<(SchemaRef, Held), DataFusionError> {
    let mut again = true;
    loop {
        let physical = name_files(state.create_physical_plan(plan).await?)?;
        watch::running(&physical);
        match hold(state, &physical).await {
            Err(error) if again && RowsLost::caused(&error) => again = false,
            held => return Ok((physical.schema(), held?)),
        }
    }
}

async fn hold(state: &SessionState, plan: &Arc<dyn ExecutionPlan>) -> Result<Held, DataFusionError> {
    let mut held = Held {
        batches: vec![],
        buffers: Buffers::default(),
        reservation: MemoryConsumer::new("collect").register(&state.runtime_env().memory_pool),
        is_small: true,
    };
    let mut rows = execute_stream(Arc::clone(plan), state.task_ctx())?;
    while let Some(batch) = rows.next().await {
        held.add(batch?, plan)?;
    }
    Ok(held)
}

/// Rows that came, and the memory that is reserved for them.
struct Held {
    batches: Vec<RecordBatch>,
    buffers: Buffers,
    reservation: MemoryReservation,
    is_small: bool,
}

impl Held {
    fn add(&mut self, batch: RecordBatch, plan: &Arc<dyn ExecutionPlan>) -> Result<(), DataFusionError> {
        let mut bytes = self.buffers.add(&batch);
        self.batches.push(batch);
        if self.is_small && self.reservation.size() + bytes > SMALL_BYTES {
            self.is_small = false;
            self.buffers = Buffers::of_sources(plan);
            self.reservation.free();
            bytes = self.batches.iter().map(|batch| self.buffers.add(batch)).sum();
        }
        self.reserve(bytes)
    }

    fn reserve(&self, bytes: usize) -> Result<(), DataFusionError> {
        self.reservation.try_grow(bytes).map_err(|error| match error {
            DataFusionError::ResourcesExhausted(message) => {
                let remedy =
                    "the result is held in memory as a whole: take its rows as they come with stream(), write them to \
                              files (write_parquet and its kin), or raise the session's memory_limit"
                        .to_owned();
                DataFusionError::External(Box::new(Error::ResourcesExhausted { message, remedy }))
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crate::Session;
    use crate::error::Error;

    fn session() -> Session {
        Session::embedded().threads(2).memory_limit(16 << 20).build().unwrap()
    }

    /// Tasks that a query started drop what they hold when they learn of its end, which is soon after.
    fn assert_given_back(session: &Session) {
        let pool = &session.context().runtime_env().memory_pool;
        let end = Instant::now() + Duration::from_secs(10);
        while pool.reserved() > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(pool.reserved(), 0, "what was held is given back");
    }

    #[test]
    fn a_result_above_the_limit_ends_with_an_error() {
        let session = session();
        let frame = session.sql("SELECT value, value + 1 AS next FROM range(3000000)").unwrap();
        for error in [frame.collect().map(drop).unwrap_err(), frame.collect_one().map(drop).unwrap_err()] {
            assert!(matches!(error, Error::ResourcesExhausted { .. }), "{error:?}");
            let text = error.to_string();
            for part in ["collect", "memory limit of 16.0 MB", "stream()", "write_parquet", "memory_limit"] {
                assert!(text.contains(part), "{text}");
            }
        }
        assert_given_back(&session);
        let rows: usize = frame.stream().unwrap().into_iter().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, 3_000_000);
        assert_eq!(
            frame.filter(crate::col("value").lt(crate::lit(100_000))).collect_one().unwrap().num_rows(),
            100_000
        );
        assert_given_back(&session);
    }

    #[test]
    fn rows_that_are_in_memory_are_not_counted_again() {
        let session = session();
        // 6 MB of the 8 that the store may hold.
        let held = session.sql("SELECT value FROM range(800000)").unwrap().persist().unwrap();
        let before = session.context().runtime_env().memory_pool.reserved();
        assert!(before >= 6 << 20, "{before}");
        // Twice as much again would not fit beside.
        let batches = held.union(&held).collect().unwrap();
        assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1_600_000);
    }
}
