//! A user's function over batches, or over groups that come as lists of rows: what [`map_batches`](crate::operators::map_batches) calls
//! when the function is in another language. It may go to other processes: on a cluster it runs on the workers.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::{Result, internal_datafusion_err, internal_err};

use super::fit::fitted;
use super::{Function, plain};
use crate::operators::map_batches::declared;
use crate::wire::{WireReader, WireWriter};

/// What the function is given at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Portion {
    /// Each batch of the input.
    Batch,
    /// Each group: the only column of the input holds lists of rows as structs.
    Group,
}

impl Portion {
    /// As plans name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Group => "group",
        }
    }
}

/// A function with what it is given and what it says to return.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The function.
    pub function: Function,
    /// What it is given at a time.
    pub portion: Portion,
    /// The columns that it declares.
    pub schema: SchemaRef,
}

impl Call {
    /// What the function makes of `batch`.
    ///
    /// # Errors
    /// The function's own; one that names the column, if a result is not what was declared.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        match self.portion {
            Portion::Batch => self.once(batch),
            Portion::Group => {
                let lists = batch.column(0).as_list_opt::<i32>().filter(|_| batch.num_columns() == 1);
                let lists = lists.ok_or_else(|| internal_datafusion_err!("expected one column of lists of rows"))?;
                let mut results = vec![];
                for rows in (0..lists.len()).filter(|&row| lists.is_valid(row)).map(|row| lists.value(row)) {
                    let Some(rows) = rows.as_struct_opt() else { return internal_err!("expected rows as structs") };
                    let schema = Arc::new(Schema::new(rows.fields().clone()));
                    results.push(self.once(&RecordBatch::try_new(schema, rows.columns().to_vec())?)?);
                }
                Ok(concat_batches(&self.schema, &results)?)
            }
        }
    }

    /// Adds it to a message.
    ///
    /// # Errors
    /// If the function has no form as bytes.
    pub fn encode(&self, message: &mut WireWriter<'_>) -> Result<()> {
        self.function.encode(message)?;
        message.flag(self.portion == Portion::Group);
        message.schema(&self.schema)
    }

    /// The next thing of a message, a call.
    ///
    /// # Errors
    /// If the message is damaged.
    pub fn decode(message: &mut WireReader<'_>) -> Result<Self> {
        let function = Function::decode(message)?;
        let portion = if message.flag()? { Portion::Group } else { Portion::Batch };
        Ok(Self { function, portion, schema: message.schema()? })
    }

    fn once(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let result = self.function.rows(without_views(batch)?)?;
        declared(self.function.name(), &self.schema, &self.fitted(result)?)
    }

    /// `batch` with columns of the declared types, where it has the declared names.
    fn fitted(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let got = batch.schema();
        let same = self.schema.fields().len() == got.fields().len()
            && self.schema.fields().iter().zip(got.fields()).all(|(wanted, got)| wanted.name() == got.name());
        if !same {
            return Ok(batch);
        }
        let columns = self.schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let what = format!("column '{}'", field.name());
            fitted(self.function.name(), &what, Arc::clone(column), field.data_type())
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let fields = self.schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
    }
}

/// `batch` with plain strings and bytes.
fn without_views(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    if schema.fields().iter().all(|field| plain(field.data_type()) == *field.data_type()) {
        return Ok(batch.clone());
    }
    let fields = schema
        .fields()
        .iter()
        .map(|field| Arc::new(Field::new(field.name(), plain(field.data_type()), field.is_nullable())));
    let columns = batch.columns().iter().map(|column| cast(column, &plain(column.data_type())));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns, &rows)?)
}
