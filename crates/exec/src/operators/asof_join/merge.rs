//! One partition of an as-of join: a merge of two sorted streams.
//!
//! For each left row the right cursor moves on while its keys `(by…, on)` are below the left row's (or equal to them, where
//! equal rows lie behind the match); then the match is the last row passed, or the row at the cursor, if its `by` keys are
//! equal. Neither cursor ever moves back, so what lies behind is dropped: of the right input only the batches that the
//! cursor, the last rows passed and the output in the making refer to are held, and the latter is copied out as soon as the
//! matches move on to the next batch.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array, new_null_array};
use arrow::compute::{concat, take};
use arrow::datatypes::SchemaRef;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::metrics::{BaselineMetrics, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::{StreamExt, stream};
use swath_planner::{AsofKey, AsofStrategy};

use super::AsofJoinExec;
use super::keys::{KeyReader, KeyedBatch, OnValue};

/// Starts the merge of one partition.
pub(super) fn execute(
    join: &AsofJoinExec,
    partition: usize,
    context: &Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    match AsofKey::of(&join.on.0.data_type(&join.left.schema())?) {
        Some(AsofKey::Ticks) => stream_of::<i64>(join, partition, context),
        Some(AsofKey::Decimal(_)) => stream_of::<i128>(join, partition, context),
        Some(AsofKey::Float) => stream_of::<f64>(join, partition, context),
        None => internal_err!("AsofJoinExec checks the type of its keys when it is made"),
    }
}

fn stream_of<V: OnValue>(
    join: &AsofJoinExec,
    partition: usize,
    context: &Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    let merge = Merge::<V>::try_new(join, partition, context)?;
    let batches =
        stream::try_unfold(merge, |mut merge| async move { Ok(merge.next_batch().await?.map(|batch| (batch, merge))) });
    Ok(Box::pin(RecordBatchStreamAdapter::new(join.schema(), batches)))
}

/// A row of the right input: the number of its batch, and the row therein.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    batch: u64,
    row: usize,
}

/// How far the merge could go without another batch.
enum Step {
    NeedsRight,
    OutputReady,
}

struct Merge<V: OnValue> {
    left_input: SendableRecordBatchStream,
    left_keys: KeyReader,
    left: Option<KeyedBatch<V>>,
    left_row: usize,
    right: RightSide<V>,
    strategy: AsofStrategy,
    tolerance: Option<V>,
    allow_exact_matches: bool,
    output: Output,
    batch_size_rows: usize,
    reservation: MemoryReservation,
    metrics: BaselineMetrics,
}

impl<V: OnValue> Merge<V> {
    fn try_new(join: &AsofJoinExec, partition: usize, context: &Arc<TaskContext>) -> Result<Self> {
        let types = join.by.iter().map(|(left, _)| left.data_type(&join.left.schema())).collect::<Result<Vec<_>>>()?;
        let keys = |side: fn(&super::KeyPair) -> &super::PhysicalExprRef| {
            KeyReader::try_new(Arc::clone(side(&join.on)), join.by.iter().map(side).cloned().collect(), &types)
        };
        let matching = &join.matching;
        Ok(Self {
            left_input: join.left.execute(partition, Arc::clone(context))?,
            left_keys: keys(|pair| &pair.0)?,
            left: None,
            left_row: 0,
            right: RightSide {
                input: Some(join.right.execute(partition, Arc::clone(context))?),
                keys: keys(|pair| &pair.1)?,
                held: vec![],
                cursor: Place { batch: 0, row: 0 },
                last: None,
                before_last: None,
            },
            strategy: matching.strategy,
            tolerance: matching.tolerance.as_ref().map(V::tolerance).transpose()?,
            allow_exact_matches: matching.allow_exact_matches,
            output: Output::new(join.schema(), join.right.schema()),
            batch_size_rows: context.session_config().batch_size(),
            reservation: MemoryConsumer::new(format!("AsofJoin[{partition}]")).register(context.memory_pool()),
            metrics: BaselineMetrics::new(&join.metrics, partition),
        })
    }

    async fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        while self.left.as_ref().is_none_or(|left| self.left_row >= left.rows()) {
            match self.left_input.next().await.transpose()? {
                None => {
                    self.metrics.done();
                    return Ok(None);
                }
                Some(batch) => {
                    self.left = Some(self.left_keys.read(batch)?);
                    self.left_row = 0;
                    self.reserve()?;
                }
            }
        }
        while let Step::NeedsRight = self.step()? {
            self.right.fetch(self.output.piece_batch).await?;
            self.reserve()?;
        }
        let _timer = self.metrics.elapsed_compute().timer();
        let Some(left) = &self.left else { return internal_err!("a left batch was read above") };
        let batch = self.output.finish(&left.batch, self.left_row, &self.right)?;
        Ok(Some(batch.record_output(&self.metrics)))
    }

    fn reserve(&mut self) -> Result<()> {
        let held = self.right.held.iter().map(|(_, batch)| batch.size_bytes()).sum::<usize>();
        let left = self.left.as_ref().map_or(0, KeyedBatch::size_bytes);
        self.reservation.try_resize(held + left + self.output.pieces_bytes)
    }

    /// Matches left rows until the output is full, the left batch ends, or a right batch is needed.
    fn step(&mut self) -> Result<Step> {
        let _timer = self.metrics.elapsed_compute().timer();
        let Some(left) = &self.left else { return internal_err!("a left batch is there") };
        // A right row equal to the left one is passed if the match can only lie beyond it, or if it is wanted as the last
        // one passed.
        let pass_equal = match self.strategy {
            AsofStrategy::Backward => self.allow_exact_matches,
            AsofStrategy::Forward => !self.allow_exact_matches,
            AsofStrategy::Nearest => true,
        };
        while self.left_row < left.rows() && self.output.rows < self.batch_size_rows {
            let matched = if left.can_match(self.left_row) {
                if !self.right.advance(left, self.left_row, pass_equal) {
                    return Ok(Step::NeedsRight);
                }
                self.nearest(left)
            } else {
                None
            };
            self.output.push(matched, &self.right)?;
            self.left_row += 1;
        }
        Ok(Step::OutputReady)
    }

    /// The match of the current left row, after the right cursor was moved to it.
    fn nearest(&self, left: &KeyedBatch<V>) -> Option<Place> {
        let value = left.on(self.left_row);
        let found = match self.strategy {
            AsofStrategy::Backward => self.before(left),
            AsofStrategy::Forward => self.after(left),
            AsofStrategy::Nearest => match (self.before(left), self.after(left)) {
                (Some((before, b)), Some((after, a))) => {
                    Some(if V::nearer_to_after(b, value, a) { (after, a) } else { (before, b) })
                }
                (one, other) => one.or(other),
            },
        };
        found
            .filter(|(_, on)| self.tolerance.is_none_or(|tolerance| V::within(*on, value, tolerance)))
            .map(|(place, _)| place)
    }

    /// The last row passed that may match.
    fn before(&self, left: &KeyedBatch<V>) -> Option<(Place, V)> {
        let candidate = |place: Option<Place>| {
            let place = place?;
            let batch = self.right.batch(place.batch)?;
            let same_group = batch.compare_by(place.row, left, self.left_row) == Ordering::Equal;
            same_group.then(|| (place, batch.on(place.row)))
        };
        match candidate(self.right.last) {
            Some((_, on)) if !self.allow_exact_matches && on == left.on(self.left_row) => {
                candidate(self.right.before_last)
            }
            found => found,
        }
    }

    /// The row at the cursor, if it may match.
    fn after(&self, left: &KeyedBatch<V>) -> Option<(Place, V)> {
        let cursor = self.right.cursor;
        let batch = self.right.batch(cursor.batch).filter(|batch| cursor.row < batch.rows())?;
        let same_group = batch.compare_by(cursor.row, left, self.left_row) == Ordering::Equal;
        same_group.then(|| (cursor, batch.on(cursor.row)))
    }
}

/// The right input and the cursor in it.
struct RightSide<V: OnValue> {
    /// `None` once it has ended.
    input: Option<SendableRecordBatchStream>,
    keys: KeyReader,
    /// The batches that are still referred to, by number; the cursor's comes last.
    held: Vec<(u64, KeyedBatch<V>)>,
    cursor: Place,
    /// The last row that the cursor passed, of those that can match.
    last: Option<Place>,
    /// The last row passed of `last`'s group with a smaller `on` value.
    before_last: Option<Place>,
}

impl<V: OnValue> RightSide<V> {
    fn batch(&self, number: u64) -> Option<&KeyedBatch<V>> {
        self.held.iter().rev().find(|(held, _)| *held == number).map(|(_, batch)| batch)
    }

    /// Moves the cursor to `row`'s place. `false` if that needs another batch first.
    fn advance(&mut self, left: &KeyedBatch<V>, row: usize, pass_equal: bool) -> bool {
        loop {
            let current = self.held.last().filter(|(number, _)| *number == self.cursor.batch);
            let Some((_, current)) = current.filter(|(_, batch)| self.cursor.row < batch.rows()) else {
                return self.input.is_none();
            };
            if current.can_match(self.cursor.row) {
                let passes = match current.compare(self.cursor.row, left, row) {
                    Ordering::Less => true,
                    Ordering::Equal => pass_equal,
                    Ordering::Greater => false,
                };
                if !passes {
                    return true;
                }
                if let Some(last) = self.last
                    && let Some(batch) = self.batch(last.batch)
                    && batch.compare(last.row, current, self.cursor.row) == Ordering::Less
                {
                    let same_group = batch.compare_by(last.row, current, self.cursor.row) == Ordering::Equal;
                    self.before_last = same_group.then_some(last);
                }
                self.last = Some(self.cursor);
            }
            self.cursor.row += 1;
        }
    }

    /// Reads the next batch that has rows, and lets go of those that are behind.
    async fn fetch(&mut self, output_batch: Option<u64>) -> Result<()> {
        while let Some(input) = &mut self.input {
            let Some(batch) = input.next().await.transpose()? else {
                self.input = None;
                break;
            };
            if batch.num_rows() == 0 {
                continue;
            }
            let needed = [self.last.map(|place| place.batch), self.before_last.map(|place| place.batch), output_batch];
            self.held.retain(|(number, _)| needed.contains(&Some(*number)));
            self.cursor = Place { batch: self.cursor.batch + 1, row: 0 };
            self.held.push((self.cursor.batch, self.keys.read(batch)?));
            break;
        }
        Ok(())
    }
}

/// The output batch in the making: a slice of the left batch, and the right rows that belong to it.
struct Output {
    schema: SchemaRef,
    right_schema: SchemaRef,
    /// Rows of the left batch that are in it.
    rows: usize,
    /// Right rows that were copied out already.
    pieces: Vec<Vec<ArrayRef>>,
    pieces_bytes: usize,
    /// The right batch that `piece_rows` refer to; `None` if all of them are null.
    piece_batch: Option<u64>,
    piece_rows: Vec<Option<u64>>,
}

impl Output {
    fn new(schema: SchemaRef, right_schema: SchemaRef) -> Self {
        Self { schema, right_schema, rows: 0, pieces: vec![], pieces_bytes: 0, piece_batch: None, piece_rows: vec![] }
    }

    fn push<V: OnValue>(&mut self, matched: Option<Place>, right: &RightSide<V>) -> Result<()> {
        if let Some(place) = matched
            && self.piece_batch != Some(place.batch)
        {
            if self.piece_batch.is_some() {
                self.close_piece(right)?;
            }
            self.piece_batch = Some(place.batch);
        }
        self.piece_rows.push(matched.map(|place| place.row as u64));
        self.rows += 1;
        Ok(())
    }

    fn close_piece<V: OnValue>(&mut self, right: &RightSide<V>) -> Result<()> {
        let rows = std::mem::take(&mut self.piece_rows);
        if rows.is_empty() {
            return Ok(());
        }
        let columns = match self.piece_batch.take().map(|number| right.batch(number)) {
            None => {
                let fields = self.right_schema.fields().iter();
                fields.map(|field| new_null_array(field.data_type(), rows.len())).collect::<Vec<_>>()
            }
            Some(None) => return internal_err!("AsofJoinExec let go of a batch that its output refers to"),
            Some(Some(source)) => {
                let indices = UInt64Array::from(rows);
                let columns = source.batch.columns().iter();
                columns.map(|column| take(column, &indices, None)).collect::<Result<_, _>>()?
            }
        };
        self.pieces_bytes += columns.iter().map(|column| column.get_array_memory_size()).sum::<usize>();
        self.pieces.push(columns);
        Ok(())
    }

    /// The batch whose left rows end before `left_end`; empties this.
    fn finish<V: OnValue>(&mut self, left: &RecordBatch, left_end: usize, right: &RightSide<V>) -> Result<RecordBatch> {
        self.close_piece(right)?;
        let rows = std::mem::take(&mut self.rows);
        let pieces = std::mem::take(&mut self.pieces);
        self.pieces_bytes = 0;
        let mut columns = left.slice(left_end - rows, rows).columns().to_vec();
        for index in 0..self.right_schema.fields().len() {
            let parts: Vec<_> = pieces.iter().map(|piece| piece[index].as_ref()).collect();
            columns.push(concat(&parts)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}
