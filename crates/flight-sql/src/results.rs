//! Batches on their way to a client: made as fast as it takes them, and no longer when it goes or cancels.

use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::FlightData;
use arrow_flight::error::FlightError;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use swath_shuffle::messages;
use tokio::sync::watch;
use tonic::Status;

/// Batches that come, or an error at their end.
pub type Batches = BoxStream<'static, Result<RecordBatch, Status>>;

/// `batches` as Flight sends them, the schema first.
pub fn encoded(schema: &SchemaRef, batches: Batches) -> BoxStream<'static, Result<FlightData, Status>> {
    let batches = batches.map_err(FlightError::from);
    messages::encoded(schema, IpcWriteOptions::default(), batches).map_err(Status::from).boxed()
}

/// `batches` until `cancelled` becomes true, which ends the work that makes them; then an error that says so. `at_end` runs when the
/// last one has been taken.
pub fn until_cancelled(
    batches: Batches,
    cancelled: watch::Receiver<bool>,
    at_end: impl FnOnce() + Send + 'static,
) -> Batches {
    let going = Some((batches, cancelled, at_end));
    stream::unfold(going, |going| async move {
        let (mut batches, mut cancelled, at_end) = going?;
        tokio::select! {
            biased;
            true = is_cancelled(&mut cancelled) => Some((Err(Status::cancelled("the query was cancelled")), None)),
            batch = next(&mut batches) => match batch {
                Some(Ok(batch)) => Some((Ok(batch), Some((batches, cancelled, at_end)))),
                Some(Err(error)) => Some((Err(error), None)),
                None => {
                    at_end();
                    None
                }
            },
        }
    })
    .boxed()
}

async fn next(batches: &mut Batches) -> Option<Result<RecordBatch, Status>> {
    Pin::new(batches).next().await
}

/// True when it has been cancelled; false when nobody is left who could.
async fn is_cancelled(cancelled: &mut watch::Receiver<bool>) -> bool {
    cancelled.wait_for(|cancelled| *cancelled).await.is_ok()
}

/// A stream of one message.
pub fn one<T: Send + 'static>(message: T) -> BoxStream<'static, Result<T, Status>> {
    stream::iter([Ok(message)]).boxed()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use arrow::array::Int64Array;
    use futures::Stream;

    use super::*;

    fn batch() -> RecordBatch {
        let numbers: Arc<dyn arrow::array::Array> = Arc::new(Int64Array::from(vec![1, 2, 3]));
        RecordBatch::try_from_iter([("n", numbers)]).unwrap()
    }

    /// The rows of `stream`, and how it failed if it did.
    async fn rest(mut stream: impl Stream<Item = Result<RecordBatch, Status>> + Unpin) -> (usize, Option<tonic::Code>) {
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            match batch {
                Ok(batch) => rows += batch.num_rows(),
                Err(error) => return (rows, Some(error.code())),
            }
        }
        (rows, None)
    }

    #[tokio::test]
    async fn all_batches_pass_and_the_end_is_told() {
        let ended = Arc::new(AtomicBool::new(false));
        let (_keep, cancelled) = watch::channel(false);
        let told = Arc::clone(&ended);
        let batches = stream::iter([Ok(batch()), Ok(batch())]).boxed();
        let stream = until_cancelled(batches, cancelled, move || told.store(true, Ordering::Relaxed));
        assert_eq!(rest(stream).await, (6, None));
        assert!(ended.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_cancelled_result_ends_with_an_error() {
        let (cancel, cancelled) = watch::channel(false);
        let endless = stream::iter([Ok(batch())]).chain(stream::pending()).boxed();
        let stream = until_cancelled(endless, cancelled, || panic!("that was not the end"));
        let reader = tokio::spawn(rest(stream));
        cancel.send_replace(true);
        let (_, code) = reader.await.unwrap();
        assert_eq!(code, Some(tonic::Code::Cancelled));
    }
}
