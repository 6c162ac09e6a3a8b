//! Functions of the user's over batches of rows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use swath_exec::foreign::Function;
use swath_exec::foreign::batches::{Call, Portion};
use swath_exec::operators::{BatchFunction, MapBatchesNode, Mapping};

use super::DataFrame;
use super::resolve;
use crate::error::Result;

impl DataFrame {
    /// Applies `function` to each batch of rows; what it returns has the columns that `schema` declares.
    ///
    /// Batches go through as they come, several at a time (one a partition), so `function` sees neither all rows nor rows in an
    /// order. It may return more or fewer rows than it got. It runs on the session's threads: keep it from blocking.
    ///
    /// # Errors
    /// In the frame, if two columns of `schema` have one name. When it runs: the function's own, and an error that names the
    /// column if a batch is not what `schema` says.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use arrow::array::{Int64Array, RecordBatch};
    /// # use arrow::datatypes::{DataType, Field, Schema};
    /// # use swath_collections::Session;
    /// let session = Session::embedded().build()?;
    /// let schema = Arc::new(Schema::new(vec![Field::new("rows", DataType::Int64, false)]));
    /// let sizes = session.sql("SELECT value FROM range(10)")?.map_batches(schema.clone(), move |batch| {
    ///     let rows = Int64Array::from(vec![batch.num_rows() as i64]);
    ///     Ok(RecordBatch::try_new(schema.clone(), vec![Arc::new(rows)])?)
    /// });
    /// assert_eq!(sizes.columns()?, ["rows"]);
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    pub fn map_batches(
        &self,
        schema: SchemaRef,
        function: impl Fn(RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static,
    ) -> Self {
        self.then(|plan| {
            let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            resolve::refuse_duplicates("map_batches", &names)?;
            let function: BatchFunction =
                Arc::new(move |batch| function(batch).map_err(|error| DataFusionError::External(Box::new(error))));
            Ok(MapBatchesNode::plan(plan, Mapping::Closure { name: "map_batches", function, schema })?)
        })
    }

    /// [`map_batches`](Self::map_batches) with a function of another language, which runs on the workers of a cluster.
    pub fn map_batches_with(&self, schema: SchemaRef, function: Function) -> Self {
        self.then(|plan| {
            let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            resolve::refuse_duplicates("map_batches", &names)?;
            Ok(MapBatchesNode::plan(plan, Mapping::Call(Call { function, portion: Portion::Batch, schema }))?)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::{AsArray, Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};

    use crate::prelude::*;
    use crate::testing::{mistake, rows, table};

    fn one(name: &str, data_type: DataType) -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new(name, data_type, false)]))
    }

    /// Doubles the values of the only column, and drops the odd ones.
    fn doubled_evens(batch: &RecordBatch, schema: &SchemaRef) -> RecordBatch {
        let values = batch.column(0).as_primitive::<Int64Type>().values().iter();
        let doubled: Int64Array = values.filter(|value| **value % 2 == 0).map(|value| value * 2).collect();
        RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(doubled)]).unwrap()
    }

    #[test]
    fn batches_go_through_the_function() {
        let schema = one("d", DataType::Int64);
        let declared = Arc::clone(&schema);
        let mapped = table("SELECT value FROM range(100000)")
            .map_batches(schema, move |batch| Ok(doubled_evens(&batch, &declared)));
        assert_eq!(mapped.columns().unwrap(), ["d"]);
        let summed = mapped.agg([col("d").sum(), count_all().alias("n")]);
        assert_eq!(rows(&summed), ["4999900000|50000"]);
        // What is above sees the new column, also as a filter.
        assert_eq!(rows(&mapped.filter(col("d").lt(lit(9))).sort(["d"])), ["0", "4", "8"]);
    }

    #[test]
    fn it_streams() {
        let seen = Arc::new(AtomicUsize::new(0));
        let (counter, schema) = (Arc::clone(&seen), one("value", DataType::Int64));
        let mapped = table("SELECT value FROM range(10000000)").map_batches(schema, move |batch| {
            counter.fetch_add(batch.num_rows(), Ordering::Relaxed);
            Ok(batch)
        });
        assert_eq!(mapped.limit(5).count().unwrap(), 5);
        assert!(seen.load(Ordering::Relaxed) < 5_000_000, "{seen:?}");
    }

    #[test]
    fn mistakes_are_named() {
        let frame = table("SELECT value FROM range(10)");
        let twice = Schema::new(vec![Field::new("x", DataType::Int64, true), Field::new("x", DataType::Int64, true)]);
        assert!(mistake(&frame.map_batches(Arc::new(twice), Ok)).contains("'x'"));
        let wrong = frame.map_batches(one("value", DataType::Utf8), Ok).collect().unwrap_err().to_string();
        assert!(wrong.contains("declared as 'value' of type Utf8") && wrong.contains("Int64"), "{wrong}");
        let failing = frame.map_batches(one("value", DataType::Int64), |_| Err(Error::invalid("mine", "no luck")));
        assert_eq!(failing.collect().unwrap_err().to_string(), "mine: no luck");
    }
}
