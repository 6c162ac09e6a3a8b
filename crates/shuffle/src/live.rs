//! A partition that is read while it is written.
//!
//! Readers get each batch as soon as it is held in memory. When the writer turns to its spill file, readers wait for the end, and
//! then read that file: what was in memory comes before it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::store::StoredPartition;

/// The readers' side. Cheap to share.
#[derive(Debug)]
pub struct LivePartition {
    schema: SchemaRef,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    /// What is in memory so far.
    batches: Vec<RecordBatch>,
    end: Option<End>,
}

#[derive(Debug)]
enum End {
    Written(StoredPartition),
    /// The writer was dropped unfinished.
    Abandoned,
}

/// The writer's side: dropped before it is finished, it tells the readers.
#[derive(Debug)]
pub(crate) struct LiveWriter(Arc<LivePartition>);

impl LiveWriter {
    pub fn new(schema: SchemaRef) -> Self {
        let (changed, _) = watch::channel(());
        Self(Arc::new(LivePartition { schema, state: Mutex::default(), changed }))
    }

    pub fn readers(&self) -> Arc<LivePartition> {
        Arc::clone(&self.0)
    }

    pub fn push(&self, batch: RecordBatch) {
        self.0.state.lock().batches.push(batch);
        self.0.changed.send_replace(());
    }

    pub fn finish(&self, partition: StoredPartition) {
        self.0.end(End::Written(partition));
    }
}

impl Drop for LiveWriter {
    fn drop(&mut self) {
        self.0.end(End::Abandoned);
    }
}

impl LivePartition {
    /// The first end counts.
    fn end(&self, end: End) {
        let mut state = self.state.lock();
        if state.end.is_none() {
            state.batches.clear();
            state.end = Some(end);
            drop(state);
            self.changed.send_replace(());
        }
    }

    /// The schema of its batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Its batches from the first one on, as they are written. The stream fails if the writer does not come to its end.
    pub fn stream(self: &Arc<Self>) -> SendableRecordBatchStream {
        let reading = Reading { live: Arc::clone(self), changed: self.changed.subscribe(), next: 0, rest: None };
        let batches = stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.next().await?.map(|batch| (batch, reading)))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

struct Reading {
    live: Arc<LivePartition>,
    changed: watch::Receiver<()>,
    /// The batch in memory that comes next.
    next: usize,
    /// The written partition after those batches.
    rest: Option<SendableRecordBatchStream>,
}

/// What a reader does next.
enum Step {
    Give(RecordBatch),
    Read(StoredPartition),
    Wait,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(rest) = &mut self.rest {
                return rest.next().await.transpose();
            }
            self.changed.mark_unchanged();
            match self.step()? {
                Step::Give(batch) => {
                    self.next += 1;
                    return Ok(Some(batch));
                }
                Step::Read(partition) => self.rest = Some(partition.stream_from(self.next)?),
                Step::Wait => {
                    // The sender lives as long as the partition that this reader holds.
                    if self.changed.changed().await.is_err() {
                        return Err(abandoned());
                    }
                }
            }
        }
    }

    fn step(&self) -> Result<Step> {
        let state = self.live.state.lock();
        match (&state.end, state.batches.get(self.next)) {
            (Some(End::Abandoned), _) => Err(abandoned()),
            (Some(End::Written(partition)), _) => Ok(Step::Read(partition.clone())),
            (None, Some(batch)) => Ok(Step::Give(batch.clone())),
            (None, None) => Ok(Step::Wait),
        }
    }
}

fn abandoned() -> datafusion::common::DataFusionError {
    exec_datafusion_err!("the task that writes this output did not come to its end")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PartitionStore;

    use arrow::array::{ArrayRef, Int64Array};
    use datafusion::execution::runtime_env::RuntimeEnv;
    use futures::FutureExt;

    fn batch(first: i64) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + 1000));
        RecordBatch::try_from_iter([("x", column)]).unwrap()
    }

    fn first(batch: &RecordBatch) -> i64 {
        batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0)
    }

    #[tokio::test]
    async fn batches_come_as_they_are_written() {
        // Room for three batches of 8,000 bytes.
        let store = PartitionStore::new(Arc::new(RuntimeEnv::default()), 25_000);
        let mut writer = store.writer(batch(0).schema());
        let live = writer.live();
        let (mut early, mut late) = (live.stream(), live.stream());
        assert!(early.next().now_or_never().is_none(), "nothing is there yet");
        writer.push(batch(0)).unwrap();
        assert_eq!(first(&early.next().await.unwrap().unwrap()), 0);
        for i in 1..6 {
            writer.push(batch(1000 * i)).unwrap();
        }
        for i in 1..3 {
            assert_eq!(first(&early.next().await.unwrap().unwrap()), 1000 * i);
        }
        assert!(early.next().now_or_never().is_none(), "what is on disk is read at the end");
        let stored = writer.finish().unwrap();
        assert!(stored.disk_bytes() > 0);
        for i in 3..6 {
            assert_eq!(first(&early.next().await.unwrap().unwrap()), 1000 * i);
        }
        assert!(early.next().await.is_none());
        for i in 0..6 {
            assert_eq!(first(&late.next().await.unwrap().unwrap()), 1000 * i);
        }
        assert!(late.next().await.is_none());
    }

    #[tokio::test]
    async fn what_is_abandoned_fails_its_readers() {
        let store = PartitionStore::new(Arc::new(RuntimeEnv::default()), 1 << 20);
        let mut writer = store.writer(batch(0).schema());
        let mut reader = writer.live().stream();
        writer.push(batch(0)).unwrap();
        assert!(reader.next().await.unwrap().is_ok());
        drop(writer);
        let error = reader.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("did not come to its end"), "{error}");
        assert_eq!(store.usage().memory_bytes, 0);
    }
}
