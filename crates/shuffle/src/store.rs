//! The partition store: memory first, Arrow IPC spill files when its budget or the session's memory is used up.
//!
//! A [`PartitionWriter`] takes the batches of one partition. Each batch is kept as it is, without a copy, as long as the
//! store's budget and the memory pool grant its size; a refused batch goes to the partition's spill file. A finished
//! [`StoredPartition`] can be read any number of times, also at once. Dropping the last handle frees memory and files.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use datafusion::common::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::spill_file::{SpillFile, SpillWriter};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::spill::get_record_batch_memory_size;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt, stream};

use crate::declared::as_declared;
use crate::live::{LivePartition, LiveWriter};

/// A place that holds partitions. Cheap to clone; clones share the budget.
#[derive(Clone, Debug)]
pub struct PartitionStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    runtime: Arc<RuntimeEnv>,
    budget_bytes: usize,
    held_in_memory_bytes: AtomicUsize,
    held_on_disk_bytes: AtomicUsize,
}

/// What a store holds at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreUsage {
    /// Bytes of batches held in memory.
    pub memory_bytes: usize,
    /// Bytes of batches (as they were in memory) held in spill files.
    pub disk_bytes: usize,
}

impl PartitionStore {
    /// A store that keeps at most `budget_bytes` in memory, reserved from `runtime`'s pool, and the rest in its spill folder.
    pub fn new(runtime: Arc<RuntimeEnv>, budget_bytes: usize) -> Self {
        let inner = Inner { runtime, budget_bytes, held_in_memory_bytes: 0.into(), held_on_disk_bytes: 0.into() };
        Self { inner: Arc::new(inner) }
    }

    /// Begins a partition of batches with `schema`.
    pub fn writer(&self, schema: SchemaRef) -> PartitionWriter {
        let runtime = &self.inner.runtime;
        let reservation = MemoryConsumer::new("partition store").register(&runtime.memory_pool);
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let spills = SpillManager::new(Arc::clone(runtime), metrics, Arc::clone(&schema));
        let held = Held { store: Arc::clone(&self.inner), reservation, memory_bytes: 0, disk_bytes: 0 };
        PartitionWriter { schema, spills, held, in_memory: vec![], overflow: None, rows: 0, live: None }
    }

    /// What is held now.
    pub fn usage(&self) -> StoreUsage {
        StoreUsage {
            memory_bytes: self.inner.held_in_memory_bytes.load(Ordering::Relaxed),
            disk_bytes: self.inner.held_on_disk_bytes.load(Ordering::Relaxed),
        }
    }
}

/// The bytes that one partition has taken from its store; gives them back when dropped.
#[derive(Debug)]
struct Held {
    store: Arc<Inner>,
    reservation: MemoryReservation,
    memory_bytes: usize,
    disk_bytes: usize,
}

impl Held {
    /// Takes `bytes` of memory if both the store's budget and the pool grant them.
    fn try_take_memory(&mut self, bytes: usize) -> bool {
        let counter = &self.store.held_in_memory_bytes;
        let within = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.store.budget_bytes);
        if counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_err() {
            return false;
        }
        if self.reservation.try_grow(bytes).is_err() {
            counter.fetch_sub(bytes, Ordering::Relaxed);
            return false;
        }
        self.memory_bytes += bytes;
        true
    }

    fn count_disk(&mut self, bytes: usize) {
        self.disk_bytes += bytes;
        self.store.held_on_disk_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.store.held_in_memory_bytes.fetch_sub(self.memory_bytes, Ordering::Relaxed);
        self.store.held_on_disk_bytes.fetch_sub(self.disk_bytes, Ordering::Relaxed);
    }
}

/// Takes the batches of one partition. Dropping it unfinished frees everything.
pub struct PartitionWriter {
    schema: SchemaRef,
    spills: SpillManager,
    held: Held,
    in_memory: Vec<RecordBatch>,
    overflow: Option<Overflow>,
    rows: usize,
    live: Option<LiveWriter>,
}

impl PartitionWriter {
    /// The partition for readers that do not wait for its end. To be called before the first batch.
    pub fn live(&mut self) -> Arc<LivePartition> {
        debug_assert_eq!(self.rows, 0, "readers would miss what was written before");
        self.live.get_or_insert_with(|| LiveWriter::new(Arc::clone(&self.schema))).readers()
    }

    /// Adds a batch. Once a batch went to the spill file all later ones do, so that their order is kept.
    ///
    /// # Errors
    /// If its columns are not those of the schema, or the spill folder is full or cannot be written.
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let batch = as_declared(batch, &self.schema)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows();
        let bytes = get_record_batch_memory_size(&batch);
        if self.overflow.is_none() && self.held.try_take_memory(bytes) {
            if let Some(live) = &self.live {
                live.push(batch.clone());
            }
            self.in_memory.push(batch);
            return Ok(());
        }
        let file = match &mut self.overflow {
            Some(file) => file,
            None => self.overflow.insert(Overflow::begin(&self.held.store.runtime, &self.schema)?),
        };
        file.writer.write(&batch)?;
        self.held.count_disk(bytes);
        Ok(())
    }

    /// Completes the partition.
    ///
    /// # Errors
    /// If the spill file cannot be completed.
    pub fn finish(mut self) -> Result<StoredPartition> {
        let overflow = self.overflow.take().map(Overflow::finish).transpose()?;
        let live = self.live.take();
        let Self { schema, spills, held, in_memory, rows, .. } = self;
        let inner = PartitionInner { schema, spills, held, in_memory, overflow, rows };
        let stored = StoredPartition { inner: Arc::new(inner) };
        if let Some(live) = live {
            live.finish(stored.clone());
        }
        Ok(stored)
    }
}

/// The spill file of one partition while it is written: an Arrow IPC stream, uncompressed.
struct Overflow {
    file: Arc<dyn SpillFile>,
    writer: StreamWriter<Box<dyn SpillWriter>>,
}

impl Overflow {
    fn begin(runtime: &RuntimeEnv, schema: &SchemaRef) -> Result<Self> {
        let file = runtime.disk_manager.create_tmp_file("partition store")?;
        let writer = StreamWriter::try_new(file.open_writer()?, schema)?;
        Ok(Self { file, writer })
    }

    fn finish(mut self) -> Result<Arc<dyn SpillFile>> {
        self.writer.finish()?;
        self.writer.get_mut().finish()?;
        Ok(self.file)
    }
}

/// A finished partition. Cheap to clone; the last clone frees what it holds.
#[derive(Clone)]
pub struct StoredPartition {
    inner: Arc<PartitionInner>,
}

impl fmt::Debug for StoredPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPartition")
            .field("rows", &self.rows())
            .field("bytes", &self.bytes())
            .field("disk_bytes", &self.disk_bytes())
            .finish_non_exhaustive()
    }
}

struct PartitionInner {
    schema: SchemaRef,
    spills: SpillManager,
    held: Held,
    in_memory: Vec<RecordBatch>,
    overflow: Option<Arc<dyn SpillFile>>,
    rows: usize,
}

impl StoredPartition {
    /// The schema of its batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.inner.schema
    }

    /// Its number of rows.
    pub fn rows(&self) -> usize {
        self.inner.rows
    }

    /// Its size in bytes, as batches in memory, wherever they are held.
    pub fn bytes(&self) -> usize {
        self.inner.held.memory_bytes + self.inner.held.disk_bytes
    }

    /// Bytes that are held in spill files.
    pub fn disk_bytes(&self) -> usize {
        self.inner.held.disk_bytes
    }

    /// Its batches that are held in memory.
    pub fn in_memory(&self) -> &[RecordBatch] {
        &self.inner.in_memory
    }

    /// Its batches in the order in which they were pushed: those in memory are shared, not copied; the others are read from
    /// the spill file as the stream is polled. The stream keeps the partition alive.
    ///
    /// # Errors
    /// If the spill file cannot be opened.
    pub fn stream(&self) -> Result<SendableRecordBatchStream> {
        self.stream_from(0)
    }

    /// Its batches without the first `skipped` of those in memory.
    ///
    /// # Errors
    /// If the spill file cannot be opened.
    pub(crate) fn stream_from(&self, skipped: usize) -> Result<SendableRecordBatchStream> {
        let schema = Arc::clone(&self.inner.schema);
        let owner = self.clone();
        let memory =
            stream::iter(skipped..self.inner.in_memory.len()).map(move |i| Ok(owner.inner.in_memory[i].clone()));
        let overflow = match &self.inner.overflow {
            Some(file) => self.inner.spills.read_spill_as_stream(Arc::clone(file), None)?,
            None => Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream::empty())),
        };
        // The owner also keeps the spill file while the second half is read.
        let owner = self.clone();
        let overflow = overflow.inspect_ok(move |_| {
            let _ = &owner;
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, memory.chain(overflow))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array};
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;

    fn batch(values: std::ops::Range<i64>) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
        RecordBatch::try_from_iter([("x", column)]).unwrap()
    }

    fn runtime(pool_bytes: usize) -> Arc<RuntimeEnv> {
        RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(pool_bytes))).build_arc().unwrap()
    }

    fn read(partition: &StoredPartition) -> Vec<i64> {
        let batches: Vec<_> =
            futures::executor::block_on_stream(partition.stream().unwrap()).map(Result::unwrap).collect();
        batches
            .iter()
            .flat_map(|b| b.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec())
            .collect()
    }

    /// Spill files are read on tokio's blocking threads.
    fn in_tokio<T>(work: impl FnOnce() -> T + Send + 'static) -> T
    where
        T: Send + 'static,
    {
        let tokio = tokio::runtime::Runtime::new().unwrap();
        let handle = tokio.handle().clone();
        let result = std::thread::spawn(move || {
            let _guard = handle.enter();
            work()
        });
        result.join().unwrap()
    }

    #[test]
    fn overflows_in_order_and_frees_all() {
        in_tokio(|| {
            let runtime = runtime(1 << 20);
            let store = PartitionStore::new(Arc::clone(&runtime), 20_000);
            let mut writer = store.writer(batch(0..0).schema());
            for i in 0..10 {
                writer.push(batch(i * 1000..(i + 1) * 1000)).unwrap();
            }
            let partition = writer.finish().unwrap();
            assert_eq!(partition.rows(), 10_000);
            assert!(partition.disk_bytes() > 0 && store.usage().memory_bytes > 0);
            assert!(store.usage().memory_bytes <= 20_000);
            assert_eq!(runtime.memory_pool.reserved(), store.usage().memory_bytes);
            let expected: Vec<i64> = (0..10_000).collect();
            assert_eq!(read(&partition), expected);
            assert_eq!(read(&partition), expected, "a second read sees the same");
            drop(partition);
            assert_eq!(store.usage(), StoreUsage { memory_bytes: 0, disk_bytes: 0 });
            assert_eq!((runtime.memory_pool.reserved(), runtime.disk_manager.used_disk_space()), (0, 0));
        });
    }

    #[test]
    fn a_refusing_pool_means_disk_not_failure() {
        in_tokio(|| {
            let store = PartitionStore::new(runtime(100), usize::MAX);
            let mut writer = store.writer(batch(0..0).schema());
            writer.push(batch(0..1000)).unwrap();
            let partition = writer.finish().unwrap();
            assert_eq!(store.usage().memory_bytes, 0);
            assert_eq!(read(&partition).len(), 1000);
        });
    }

    #[test]
    fn what_may_be_null_is_what_the_partition_declares() {
        use arrow::datatypes::{DataType, Field, Schema};

        let store = PartitionStore::new(runtime(1 << 20), 1 << 20);
        let declared = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, true)]));
        let mut writer = store.writer(Arc::clone(&declared));
        assert_ne!(batch(0..1).schema(), declared);
        writer.push(batch(0..1)).unwrap();
        assert_eq!(writer.finish().unwrap().in_memory()[0].schema(), declared);
    }

    #[test]
    fn a_wrong_schema_is_refused() {
        let store = PartitionStore::new(runtime(1000), 1000);
        let mut writer = store.writer(Arc::new(arrow::datatypes::Schema::empty()));
        assert!(writer.push(batch(0..1)).unwrap_err().to_string().contains("expected batches of"));
    }
}
