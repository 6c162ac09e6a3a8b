//! One side of a join written to spill files, so that equal keys meet in the same file.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{concat_batches, take_record_batch};
use datafusion::common::Result;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use datafusion::execution::SpillFile;
use datafusion::physical_expr::PhysicalExprRef;
use datafusion::physical_plan::{SendableRecordBatchStream, SpillManager};
use futures::StreamExt;

use super::lease::Lease;

/// Files that one side is scattered to.
pub(super) const FAN_OUT: usize = 16;

/// Rows that are scattered at a time, so that a file gets batches of about a thousand rows.
const CHUNK_ROWS: usize = FAN_OUT * 1024;

/// Bytes at which a chunk is scattered before it has [`CHUNK_ROWS`].
const CHUNK_BYTES: usize = 4 << 20;

/// One spilled part of a side.
#[derive(Clone)]
pub(super) struct SpilledPart {
    pub(super) file: Option<Arc<dyn SpillFile>>,
    pub(super) rows: usize,
}

/// A whole side on disk.
pub(super) struct Scattered {
    pub(super) parts: Vec<SpilledPart>,
    /// Whether any row has a null among its keys.
    pub(super) has_null_keys: bool,
}

impl Scattered {
    pub(super) fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows).sum()
    }
}

/// How rows find their part.
pub(super) struct Scatter<'a> {
    pub(super) keys: &'a [PhysicalExprRef],
    /// How often the rows were scattered before: each level hashes differently.
    pub(super) level: usize,
    /// Whether rows with a null key match nothing, so that they may go anywhere.
    pub(super) nulls_anywhere: bool,
    pub(super) spill: &'a SpillManager,
}

impl Scatter<'_> {
    /// Writes `buffered`, whose memory `lease` holds, and then `rest`.
    pub(super) async fn write(
        &self,
        buffered: Vec<RecordBatch>,
        lease: Option<Arc<Lease>>,
        mut rest: SendableRecordBatchStream,
    ) -> Result<Scattered> {
        let schema = rest.schema();
        // The type of a file in progress has no public name.
        let mut files: Vec<_> = (0..FAN_OUT).map(|_| None).collect();
        let mut rows = [0; FAN_OUT];
        let mut has_null_keys = false;
        let mut chunk = vec![];
        let mut chunk_size = (0, 0);
        let mut buffered = buffered.into_iter();
        let mut lease = lease;
        loop {
            let next = match buffered.next() {
                Some(batch) => Some(batch),
                None => {
                    lease = None;
                    rest.next().await.transpose()?
                }
            };
            let ended = next.is_none();
            if let Some(batch) = next {
                chunk_size = (chunk_size.0 + batch.num_rows(), chunk_size.1 + batch.get_array_memory_size());
                chunk.push(batch);
            }
            if !chunk.is_empty() && (ended || chunk_size.0 >= CHUNK_ROWS || chunk_size.1 >= CHUNK_BYTES) {
                let whole = concat_batches(&schema, &chunk)?;
                chunk.clear();
                chunk_size = (0, 0);
                let keys = self.keys(&whole)?;
                has_null_keys |= keys.iter().any(|key| key.logical_null_count() > 0);
                for (part, indices) in self.parts(&whole, &keys)?.into_iter().enumerate() {
                    if indices.is_empty() {
                        continue;
                    }
                    rows[part] += indices.len();
                    let batch = take_record_batch(&whole, &UInt32Array::from(indices))?;
                    let file = match &mut files[part] {
                        Some(file) => file,
                        empty => empty.insert(self.spill.create_in_progress_file("a hash join that does not fit")?),
                    };
                    file.append_batch(&batch)?;
                }
                tokio::task::consume_budget().await;
            }
            if ended {
                break;
            }
        }
        drop(lease);
        let finished = files.into_iter().zip(rows).map(|(file, rows)| {
            let file = match file {
                Some(mut file) => file.finish()?,
                None => None,
            };
            Ok(SpilledPart { file, rows })
        });
        Ok(Scattered { parts: finished.collect::<Result<_>>()?, has_null_keys })
    }

    fn keys(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        self.keys.iter().map(|key| key.evaluate(batch)?.into_array(batch.num_rows())).collect()
    }

    /// The rows of each part.
    fn parts(&self, batch: &RecordBatch, keys: &[ArrayRef]) -> Result<Vec<Vec<u32>>> {
        let mut hashes = vec![0; batch.num_rows()];
        create_hashes(keys, &RandomState::with_seed(0x5377_6174_6800 + self.level as u64), &mut hashes)?;
        let nulls = if self.nulls_anywhere {
            keys.iter().fold(None, |nulls: Option<NullBuffer>, key| {
                NullBuffer::union(nulls.as_ref(), key.logical_nulls().as_ref())
            })
        } else {
            None
        };
        let expected_rows = 2 * batch.num_rows() / FAN_OUT;
        let mut parts: Vec<_> = (0..FAN_OUT).map(|_| Vec::with_capacity(expected_rows)).collect();
        for (row, hash) in hashes.into_iter().enumerate() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let part = if is_null { row } else { (hash >> 32) as usize } % FAN_OUT;
            parts[part].push(row as u32);
        }
        Ok(parts)
    }
}
