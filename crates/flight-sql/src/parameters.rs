//! Values for placeholders, and rows for tables, from batches that clients send.
//!
//! What comes is not trusted: its size is bounded before it is decoded, and compressed buffers, which name a size of their own,
//! are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::ipc::root_as_message;
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use datafusion::common::ParamValues;
use datafusion::scalar::ScalarValue;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use swath_collections::Parameter;
use tonic::Status;

/// Bytes of parameters that one call may bring.
pub const MOST_PARAMETER_BYTES: usize = 64 << 20;
/// Rows of parameters that one call may bring: each runs the statement once.
const MOST_PARAMETER_ROWS: usize = 1 << 20;

/// What a client sends in a `DoPut`, the first message included.
pub type Incoming = BoxStream<'static, Result<FlightData, Status>>;

/// The batches in `incoming` with their schema; none if it has neither.
///
/// # Errors
/// If they are no batches, or are of more than `most_bytes`.
pub async fn decoded(incoming: Incoming, most_bytes: usize) -> Result<Option<(SchemaRef, Vec<RecordBatch>)>, Status> {
    let mut bytes = 0_usize;
    let messages = incoming
        .map_err(|status| FlightError::Tonic(Box::new(status)))
        // The first message may only tell what is to be done.
        .try_filter(|message| futures::future::ready(!message.data_header.is_empty()))
        .and_then(move |message| {
            bytes = bytes.saturating_add(message.data_body.len()).saturating_add(message.data_header.len());
            let checked = check(&message, bytes, most_bytes).map_err(|status| FlightError::Tonic(Box::new(status)));
            futures::future::ready(checked.map(|()| message))
        });
    let mut batches = FlightRecordBatchStream::new_from_flight_data(messages);
    let mut all = vec![];
    while let Some(batch) = batches.next().await {
        all.push(batch.map_err(damaged)?);
    }
    Ok(batches.schema().cloned().map(|schema| (schema, all)))
}

fn check(message: &FlightData, bytes: usize, most_bytes: usize) -> Result<(), Status> {
    if bytes > most_bytes {
        return Err(Status::resource_exhausted(format!(
            "one call may bring {} MB of rows: send them in several, or write a file and read that",
            most_bytes >> 20
        )));
    }
    let header = root_as_message(&message.data_header)
        .map_err(|error| Status::invalid_argument(format!("the rows cannot be read: {error}")))?;
    let batch = header.header_as_record_batch().or_else(|| header.header_as_dictionary_batch()?.data());
    if batch.is_some_and(|batch| batch.compression().is_some()) {
        return Err(Status::invalid_argument("expected rows without compression, got compressed ones"));
    }
    Ok(())
}

fn damaged(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => Status::invalid_argument(format!("the rows cannot be read: {other}")),
    }
}

/// The values of each row of `batches` for `parameters`.
///
/// # Errors
/// If the columns do not fit the placeholders.
pub fn rows(batches: &[RecordBatch], parameters: &[Parameter]) -> Result<Vec<ParamValues>, Status> {
    let count: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if count > MOST_PARAMETER_ROWS {
        return Err(Status::resource_exhausted(format!(
            "one call may bring {MOST_PARAMETER_ROWS} rows of parameters, got {count}: use ingestion for tables"
        )));
    }
    let mut rows = Vec::with_capacity(count);
    for batch in batches {
        let columns = columns(batch, parameters)?;
        for row in 0..batch.num_rows() {
            rows.push(values(batch, row, &columns, parameters)?);
        }
    }
    Ok(rows)
}

/// Whether the placeholders are numbers.
fn are_numbered(parameters: &[Parameter]) -> bool {
    parameters.iter().all(|parameter| number(&parameter.name).is_some())
}

fn number(name: &str) -> Option<usize> {
    name.get(1..)?.parse().ok()
}

/// The column of `batch` for each of `parameters`.
fn columns(batch: &RecordBatch, parameters: &[Parameter]) -> Result<Vec<usize>, Status> {
    let names = || parameters.iter().map(|parameter| parameter.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = |parameter: &Parameter| match number(&parameter.name) {
        Some(number) => number.checked_sub(1).filter(|place| *place < batch.num_columns()),
        None => batch.schema().fields().iter().position(|field| {
            field.name().strip_prefix('$').unwrap_or(field.name()) == parameter.name.trim_start_matches('$')
        }),
    };
    let columns: Option<Vec<usize>> = parameters.iter().map(found).collect();
    let most = parameters.iter().filter_map(|parameter| number(&parameter.name)).max().unwrap_or(0);
    columns.filter(|_| !are_numbered(parameters) || most == batch.num_columns()).ok_or_else(|| {
        let got: Vec<_> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        Status::invalid_argument(match parameters {
            [] => format!("the statement has no placeholders, but values came for {}", got.len()),
            _ => {
                format!("expected a column for each placeholder ({}), got {} ({})", names(), got.len(), got.join(", "))
            }
        })
    })
}

fn values(batch: &RecordBatch, row: usize, columns: &[usize], parameters: &[Parameter]) -> Result<ParamValues, Status> {
    let mut values = Vec::with_capacity(columns.len());
    for (column, parameter) in columns.iter().zip(parameters) {
        let value = ScalarValue::try_from_array(batch.column(*column), row).map_err(|error| {
            Status::invalid_argument(format!("placeholder {}: {}", parameter.name, error.strip_backtrace()))
        })?;
        values.push(fitted(value, parameter.data_type.as_ref()));
    }
    if !are_numbered(parameters) {
        let names = parameters.iter().map(|parameter| parameter.name.trim_start_matches('$').to_owned());
        return Ok(names.zip(values).collect::<Vec<_>>().into());
    }
    // Numbers may be left out; what stands there is not asked for.
    let most = parameters.iter().filter_map(|parameter| number(&parameter.name)).max().unwrap_or(0);
    let mut list = vec![ScalarValue::Null; most];
    for (value, parameter) in values.into_iter().zip(parameters) {
        if let Some(place) = number(&parameter.name).and_then(|number| number.checked_sub(1)) {
            list[place] = value;
        }
    }
    Ok(list.into())
}

/// `value` in the type that the statement expects, where nothing is lost by it.
fn fitted(value: ScalarValue, expected: Option<&DataType>) -> ScalarValue {
    let value = match value {
        ScalarValue::Dictionary(_, value) => *value,
        value => value,
    };
    let given = value.data_type();
    let Some(expected) = expected.filter(|expected| **expected != given && **expected != DataType::Null) else {
        return value;
    };
    let Ok(fitted) = value.cast_to(expected) else { return value };
    if fitted.cast_to(&given).is_ok_and(|back| back == value) { fitted } else { value }
}

/// Bytes that all clients together may have the scheduler keep for them.
#[derive(Clone, Debug)]
pub struct ByteBudget {
    left: Arc<AtomicUsize>,
}

/// A share of a [`ByteBudget`], given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    bytes: usize,
    left: Arc<AtomicUsize>,
}

impl ByteBudget {
    /// A budget of `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)) }
    }

    /// Takes `bytes` of it.
    ///
    /// # Errors
    /// If so much is not left.
    pub fn take(&self, bytes: usize) -> Result<Share, Status> {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        match taken {
            Ok(_) => Ok(Share { bytes, left: Arc::clone(&self.left) }),
            Err(_) => Err(Status::resource_exhausted(
                "the statements and parameters of all clients are more than the scheduler keeps: close prepared statements \
                 that are not needed, or send smaller ones",
            )),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.left.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
    use arrow::ipc::CompressionType;
    use arrow::ipc::writer::IpcWriteOptions;
    use arrow_flight::encode::FlightDataEncoderBuilder;

    use super::*;
    use crate::failure::guarded;

    fn batch() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        RecordBatch::try_from_iter([("n", numbers), ("s", texts)]).unwrap()
    }

    fn parameter(name: &str, data_type: Option<DataType>) -> Parameter {
        Parameter { name: name.to_owned(), data_type }
    }

    fn sent(options: IpcWriteOptions) -> Incoming {
        let batches = futures::stream::iter([Ok(batch()), Ok(batch())]);
        FlightDataEncoderBuilder::new().with_options(options).build(batches).map_err(Status::from).boxed()
    }

    #[tokio::test]
    async fn rows_are_read_within_bounds() {
        let (schema, batches) = decoded(sent(IpcWriteOptions::default()), 1 << 20).await.unwrap().unwrap();
        assert_eq!((schema.fields().len(), batches.len()), (2, 2));
        let large = decoded(sent(IpcWriteOptions::default()), 100).await.unwrap_err();
        assert_eq!(large.code(), tonic::Code::ResourceExhausted);
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).unwrap();
        let compressed = decoded(sent(options), 1 << 20).await.unwrap_err();
        assert!(compressed.message().contains("without compression"), "{compressed}");
        let noise = FlightData { data_header: vec![7; 40].into(), ..Default::default() };
        let noise = decoded(futures::stream::iter([Ok(noise)]).boxed(), 1 << 20).await.unwrap_err();
        assert_eq!(noise.code(), tonic::Code::InvalidArgument);
        let only_command = futures::stream::iter([Ok(FlightData::default())]).boxed();
        assert!(decoded(only_command, 1 << 20).await.unwrap().is_none());
    }

    /// Whatever bytes come, the answer is rows or an error.
    #[tokio::test]
    async fn damaged_rows_harm_nobody() {
        let messages: Vec<FlightData> = sent(IpcWriteOptions::default()).try_collect().await.unwrap();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut failures = 0;
        for turn in 0..5000 {
            let mut damaged = messages.clone();
            let message = &mut damaged[random(messages.len())];
            let part = if turn % 4 == 0 { &mut message.data_body } else { &mut message.data_header };
            let mut bytes = part.to_vec();
            for _ in 0..=random(3) {
                if !bytes.is_empty() {
                    let place = random(bytes.len());
                    bytes[place] = [0, 1, 0x7f, 0x80, 0xff, random(256) as u8][random(6)];
                }
            }
            *part = bytes.into();
            let stream = futures::stream::iter(damaged.into_iter().map(Ok)).boxed();
            let parameters = [parameter("$1", None), parameter("$2", None)];
            let outcome = guarded(async {
                let batches = decoded(stream, 1 << 20).await?.map(|(_, batches)| batches).unwrap_or_default();
                rows(&batches, &parameters).map(drop)
            });
            failures += usize::from(outcome.await.is_err());
        }
        assert!(failures > 500, "{failures}: the damage does no harm");
    }

    #[test]
    fn columns_are_taken_by_number_or_name() {
        let list = |values: &ParamValues| match values {
            ParamValues::List(list) => list.iter().map(|value| value.value.to_string()).collect::<Vec<_>>(),
            ParamValues::Map(map) => {
                let mut pairs: Vec<_> = map.iter().map(|(name, value)| format!("{name}={}", value.value)).collect();
                pairs.sort();
                pairs
            }
        };
        let numbered = rows(&[batch()], &[parameter("$1", None), parameter("$2", None)]).unwrap();
        assert_eq!(numbered.iter().map(list).collect::<Vec<_>>(), [["1", "a"], ["NULL", "b"]]);
        let named = rows(&[batch()], &[parameter("$n", None), parameter("$s", None)]).unwrap();
        assert_eq!(list(&named[0]), ["n=1", "s=a"]);
        for wrong in [&[][..], &[parameter("$1", None)], &[parameter("$x", None)], &[parameter("$3", None)]] {
            let error = rows(&[batch()], wrong).unwrap_err();
            assert_eq!(error.code(), tonic::Code::InvalidArgument, "{error}");
        }
    }

    #[test]
    fn values_take_the_expected_type_if_nothing_is_lost() {
        let halves: ArrayRef = Arc::new(Float64Array::from(vec![2.0, 1.5]));
        let batch = RecordBatch::try_from_iter([("x", halves)]).unwrap();
        let rows = rows(&[batch], &[parameter("$1", Some(DataType::Int32))]).unwrap();
        let value = |row: &ParamValues| match row {
            ParamValues::List(list) => list[0].value.clone(),
            ParamValues::Map(_) => ScalarValue::Null,
        };
        assert_eq!(value(&rows[0]), ScalarValue::from(2_i32));
        assert_eq!(value(&rows[1]), ScalarValue::from(1.5_f64));
    }

    #[test]
    fn a_budget_is_given_back() {
        let budget = ByteBudget::new(10);
        let share = budget.take(8).unwrap();
        assert_eq!(budget.take(3).unwrap_err().code(), tonic::Code::ResourceExhausted);
        drop(share);
        budget.take(10).unwrap();
    }
}
