//! `cache`: a frame's result, computed once and held in the session's partition store.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::execute_stream_partitioned;
use futures::StreamExt;
use swath_exec::files::name_files;
use swath_shuffle::{PartitionStore, StoreUsage, StoredPartition, StoredTable};
use tokio::task::JoinSet;

use crate::error::Result;
use crate::frame::DataFrame;
use crate::session::Session;

impl DataFrame {
    /// Runs this frame now and returns one that reads the held result.
    ///
    /// The result stays partitioned as it was computed: in memory within the setting `swath.store_memory_fraction` of the
    /// memory limit, in the spill folder beyond it. It is freed when the last frame that reads it is dropped.
    ///
    /// # Errors
    /// Whatever running the frame can fail with, or a full spill folder.
    ///
    /// ```
    /// # use swath_collections::Session;
    /// let session = Session::embedded().build()?;
    /// let cached = session.sql("SELECT value FROM range(1000)")?.cache()?;
    /// assert_eq!(cached.count()?, 1000);
    /// assert!(session.cached_bytes().memory_bytes > 0);
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    pub fn cache(&self) -> Result<Self> {
        let session = self.session();
        let (state, plan) = (session.state(), self.logical_plan()?.clone());
        let store = session.engine().store().clone();
        let schema = self.schema()?;
        let table = session.engine().block_on(async move {
            let physical = name_files(state.create_physical_plan(&plan).await?)?;
            // The physical schema may know more than the logical one, for instance that a column has no nulls.
            let streams = execute_stream_partitioned(physical, state.task_ctx())?;
            hold(streams, &schema, &store).await
        })?;
        session.read_table(Arc::new(table))
    }
}

impl Session {
    /// What the frames cached in this session hold in memory and on disk.
    pub fn cached_bytes(&self) -> StoreUsage {
        self.engine().store().usage()
    }
}

/// Drains all partitions at the same time into `store`.
async fn hold(
    streams: Vec<SendableRecordBatchStream>,
    schema: &SchemaRef,
    store: &PartitionStore,
) -> Result<StoredTable, DataFusionError> {
    let mut tasks = JoinSet::new();
    let count = streams.len();
    for (index, mut stream) in streams.into_iter().enumerate() {
        let mut writer = store.writer(Arc::clone(schema));
        let schema = Arc::clone(schema);
        tasks.spawn(async move {
            while let Some(batch) = stream.next().await {
                writer.push(batch?.with_schema(Arc::clone(&schema))?)?;
            }
            Ok::<_, DataFusionError>((index, writer.finish()?))
        });
    }
    let mut partitions: Vec<(usize, StoredPartition)> = Vec::with_capacity(count);
    while let Some(joined) = tasks.join_next().await {
        partitions.push(joined.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??);
    }
    partitions.sort_by_key(|(index, _)| *index);
    Ok(StoredTable::new(Arc::clone(schema), partitions.into_iter().map(|(_, partition)| partition).collect()))
}

#[cfg(test)]
mod tests {
    use crate::{Session, col, lit};

    #[test]
    fn a_cached_frame_computes_once_and_frees_its_memory() {
        let session = Session::embedded().threads(2).build().unwrap();
        let cached = session.sql("SELECT random() AS x, value FROM range(10000)").unwrap().cache().unwrap();
        let read = || cached.filter(col("value").lt(lit(5))).collect().unwrap();
        assert_eq!(read(), read(), "random() must not run again");
        assert!(session.cached_bytes().memory_bytes >= 160_000);
        drop(cached);
        assert_eq!(session.cached_bytes().memory_bytes, 0);
    }

    #[test]
    fn a_result_beyond_the_budget_overflows_to_disk() {
        let session = Session::embedded().threads(2).memory_limit(64 << 20).set("swath.store_memory_fraction", "0.01");
        let session = session.build().unwrap();
        let cached = session.sql("SELECT value FROM range(1000000)").unwrap().cache().unwrap();
        let usage = session.cached_bytes();
        assert!(usage.disk_bytes > 7_000_000 && usage.memory_bytes <= 671_088, "{usage:?}");
        assert_eq!(cached.count().unwrap(), 1_000_000);
        drop(cached);
        let disk = session.context().runtime_env().disk_manager.used_disk_space();
        assert_eq!((session.cached_bytes().disk_bytes, disk), (0, 0));
    }
}
