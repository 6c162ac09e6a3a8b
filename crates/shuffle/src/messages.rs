//! Batches as Flight messages: the schema first, as it is, then each batch in messages of bounded size.
//!
//! `arrow-flight` has an encoder, which rewrites the schema on its way (in version 59 it makes lists with long offsets such with short
//! ones, without their offsets). Here nothing is rewritten: what a reader gets has the types that were sent, in all nesting.
//! Dictionaries are sent before the batch that needs them, and again when they change.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Schema};
use arrow::error::ArrowError;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use arrow_flight::FlightData;
use futures::{Stream, TryStreamExt, stream};

/// Bytes that one message aims at.
const MESSAGE_BYTES: usize = 1 << 20;

/// `batches`, which have `schema`, as messages. They are made as they are taken, and the stream ends with the first error.
pub fn encoded<E: From<ArrowError>, S: Stream<Item = Result<RecordBatch, E>> + Unpin>(
    schema: &Schema,
    options: IpcWriteOptions,
    batches: S,
) -> impl Stream<Item = Result<FlightData, E>> + use<E, S> {
    let mut encoder = Encoder::new(options);
    let messages = VecDeque::from([encoder.schema(schema)]);
    let going = Going { encoder, batches, parts: VecDeque::new(), messages };
    stream::try_unfold(going, |mut going| async move {
        loop {
            if let Some(message) = going.messages.pop_front() {
                return Ok(Some((message, going)));
            }
            if let Some(part) = going.parts.pop_front() {
                going.messages = going.encoder.batch(&part)?;
                continue;
            }
            match going.batches.try_next().await? {
                Some(batch) => going.parts = parts(&batch),
                None => return Ok(None),
            }
        }
    })
}

struct Going<S> {
    encoder: Encoder,
    batches: S,
    /// Of the last batch, not yet encoded.
    parts: VecDeque<RecordBatch>,
    /// Encoded, not yet taken.
    messages: VecDeque<FlightData>,
}

struct Encoder {
    generator: IpcDataGenerator,
    /// Numbers the dictionaries in the schema, and knows which have been sent.
    dictionaries: DictionaryTracker,
    context: IpcWriteContext,
    options: IpcWriteOptions,
}

impl Encoder {
    fn new(options: IpcWriteOptions) -> Self {
        let (generator, context) = (IpcDataGenerator::default(), IpcWriteContext::default());
        Self { generator, dictionaries: DictionaryTracker::new(false), context, options }
    }

    fn schema(&mut self, schema: &Schema) -> FlightData {
        let (dictionaries, options) = (&mut self.dictionaries, &self.options);
        self.generator.schema_to_bytes_with_dictionary_tracker(schema, dictionaries, options).into()
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<VecDeque<FlightData>, ArrowError> {
        let (dictionaries, batch) =
            self.generator.encode(batch, &mut self.dictionaries, &self.options, &mut self.context)?;
        Ok(dictionaries.into_iter().chain([batch]).map(FlightData::from).collect())
    }
}

/// `batch`, cut so that each part makes a message of about the size aimed at.
fn parts(batch: &RecordBatch) -> VecDeque<RecordBatch> {
    let bytes: usize = batch.columns().iter().map(slice_bytes).sum();
    let rows = (batch.num_rows() / bytes.div_ceil(MESSAGE_BYTES).max(1)).max(1);
    (0..batch.num_rows()).step_by(rows).map(|row| batch.slice(row, rows.min(batch.num_rows() - row))).collect()
}

/// Bytes of the rows of `column` alone, where it is a slice of a longer one and they can be told.
fn slice_bytes(column: &ArrayRef) -> usize {
    let whole = column.get_buffer_memory_size();
    match column.data_type() {
        DataType::Utf8View | DataType::BinaryView => whole,
        other if other.is_nested() => whole,
        _ => column.to_data().get_slice_memory_size().map_or(whole, |slice| slice.min(whole)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        DictionaryArray, FixedSizeListArray, Int32Array, Int64Array, LargeListArray, ListArray, MapArray, StringArray,
        StringViewArray, StructArray, UnionArray,
    };
    use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
    use arrow::datatypes::{Field, Int32Type, UnionFields};
    use arrow_flight::decode::FlightRecordBatchStream;
    use arrow_flight::error::FlightError;
    use futures::StreamExt;

    use super::*;

    async fn through(batches: Vec<RecordBatch>) -> Vec<RecordBatch> {
        let schema = batches[0].schema();
        let sent = stream::iter(batches.into_iter().map(Ok::<_, FlightError>));
        let messages: Vec<_> = encoded(&schema, IpcWriteOptions::default(), sent).try_collect().await.unwrap();
        let mut decoded = FlightRecordBatchStream::new_from_flight_data(stream::iter(messages.into_iter().map(Ok)));
        let mut received = vec![];
        while let Some(batch) = decoded.next().await {
            received.push(batch.unwrap());
        }
        assert_eq!(decoded.schema(), Some(&schema));
        received
    }

    fn item(array: &ArrayRef) -> Arc<Field> {
        Arc::new(Field::new_list_field(array.data_type().clone(), true))
    }

    fn long_list(values: ArrayRef, lengths: [usize; 3]) -> ArrayRef {
        let nulls = NullBuffer::from(vec![true, false, true]);
        Arc::new(LargeListArray::new(item(&values), OffsetBuffer::from_lengths(lengths), values, Some(nulls)))
    }

    fn dictionary(values: [Option<&str>; 3]) -> ArrayRef {
        Arc::new(values.into_iter().collect::<DictionaryArray<Int32Type>>())
    }

    /// Each column of three rows.
    fn columns() -> Vec<(&'static str, ArrayRef)> {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let views: ArrayRef = Arc::new(StringViewArray::from(vec![Some("more than twelve bytes"), None, Some("b")]));
        let long = long_list(Arc::clone(&numbers), [2, 0, 1]);
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["x", "y", "z"]));
        let entries = StructArray::from(vec![
            (Arc::new(Field::new("keys", DataType::Utf8, false)), Arc::clone(&texts)),
            (Arc::new(Field::new("values", long.data_type().clone(), true)), Arc::clone(&long)),
        ]);
        let entry = Arc::new(Field::new("entries", entries.data_type().clone(), false));
        let map = MapArray::new(entry, OffsetBuffer::from_lengths([1, 0, 2]), entries, None, false);
        let fixed = FixedSizeListArray::new(item(&long), 1, Arc::clone(&long), None);
        let words = dictionary([Some("p"), None, Some("q")]);
        let structs = StructArray::from(vec![
            (Arc::new(Field::new("long", long.data_type().clone(), true)), Arc::clone(&long)),
            (Arc::new(Field::new("word", words.data_type().clone(), true)), Arc::clone(&words)),
        ]);
        let short = ListArray::new(item(&words), OffsetBuffer::from_lengths([1, 1, 1]), Arc::clone(&words), None);
        let fields = UnionFields::from_fields([
            Field::new("n", DataType::Int64, true),
            Field::new("l", long.data_type().clone(), true),
        ]);
        let kinds = ScalarBuffer::from(vec![0_i8, 1, 0]);
        let union = UnionArray::try_new(fields, kinds, None, vec![Arc::clone(&numbers), Arc::clone(&long)]).unwrap();
        vec![
            ("long_of_long", long_list(Arc::clone(&long), [1, 0, 2])),
            ("long_of_views", long_list(views, [1, 1, 1])),
            ("long_of_words", long_list(Arc::clone(&words), [3, 0, 0])),
            ("short_of_words", Arc::new(short)),
            ("fixed_of_long", Arc::new(fixed)),
            ("map_to_long", Arc::new(map)),
            ("struct_of_long", Arc::new(structs)),
            ("union_of_long", Arc::new(union)),
            ("long", long),
            ("words", words),
        ]
    }

    #[tokio::test]
    async fn nested_types_arrive_as_they_were_sent() {
        for (name, column) in columns() {
            let batch = RecordBatch::try_from_iter([(name, column)]).unwrap();
            assert_eq!(through(vec![batch.clone()]).await, [batch], "{name}");
        }
        let all = RecordBatch::try_from_iter(columns()).unwrap();
        assert_eq!(through(vec![all.clone(), all.slice(1, 2)]).await, [all.clone(), all.slice(1, 2)]);
    }

    #[tokio::test]
    async fn a_changed_dictionary_is_sent_again() {
        let of = |values| RecordBatch::try_from_iter([("d", dictionary(values))]).unwrap();
        let batches = vec![of([Some("a"), Some("b"), None]), of([Some("c"), None, Some("a")])];
        assert_eq!(through(batches.clone()).await, batches);
    }

    #[tokio::test]
    async fn large_batches_are_cut_and_slices_count_as_what_they_are() {
        let column: ArrayRef = Arc::new(Int32Array::from_iter_values(0..1_000_000));
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let received = through(vec![batch.clone()]).await;
        assert!(received.len() >= 4 && received.len() <= 5, "{}", received.len());
        assert_eq!(received.iter().map(RecordBatch::num_rows).sum::<usize>(), 1_000_000);
        assert_eq!(parts(&batch.slice(500_000, 1000)).len(), 1);
        assert!(through(vec![batch.slice(0, 0)]).await.is_empty());
    }
}
