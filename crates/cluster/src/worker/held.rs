//! Reads persisted partitions: from this worker's own store without a copy, from other workers by Flight.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message;
use swath_exec::held::HeldReader;
use swath_shuffle::OutputKey;
use swath_shuffle::declared::as_declared;
use swath_shuffle::flight::{self, Ticket};

use super::Shared;
use crate::protocol::{HeldPlace, ResultPart};

/// Reads on behalf of one task.
pub struct PersistedReader {
    /// What the worker's tasks share.
    pub shared: Arc<Shared>,
    /// How data is compressed on its way.
    pub compression: String,
}

/// The output that `part` names.
pub fn key_of(part: &ResultPart) -> OutputKey {
    OutputKey { stage: part.stage, partition: part.partition, task: part.task }
}

impl PersistedReader {
    fn part(&self, job: &str, part: &ResultPart, schema: &SchemaRef) -> Result<SendableRecordBatchStream> {
        if part.worker == self.shared.id {
            let schema = Arc::clone(schema);
            let stored = self.shared.outputs.get(job, key_of(part)).map_err(|error| lost(part, &error))?;
            let declared = Arc::clone(&schema);
            let batches = stored.stream()?.map(move |batch| as_declared(batch?, &declared));
            return Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)));
        }
        let ticket = Ticket {
            job: job.to_owned(),
            outputs: vec![key_of(part).into()],
            compression: self.compression.clone(),
            ..Default::default()
        };
        let peer = self.shared.channels.peer(&part.address)?;
        let part = part.clone();
        let rows = Some(part.rows);
        // An input/output error would make the scheduler run this task again, which does not bring anything back.
        let batches = flight::fetch(peer, ticket, Arc::clone(schema), rows).map_err(move |error| match &error {
            DataFusionError::IoError(_) => lost(&part, &error),
            _ => error,
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(schema), batches)))
    }
}

fn lost(part: &ResultPart, error: &DataFusionError) -> DataFusionError {
    exec_datafusion_err!("a persisted partition at worker {} is lost: {}", part.address, error.strip_backtrace())
}

impl HeldReader for PersistedReader {
    fn read(&self, place: &[u8], schema: SchemaRef) -> Result<SendableRecordBatchStream> {
        let Ok(place) = HeldPlace::decode(place) else {
            return exec_err!("the place of a persisted partition is damaged");
        };
        let streams =
            place.parts.iter().map(|part| self.part(&place.job, part, &schema)).collect::<Result<Vec<_>>>()?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(streams).flatten())))
    }
}
