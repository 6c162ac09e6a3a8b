//! Functions of the user's over groups.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::DataFusionError;
use swath_exec::foreign::Function;
use swath_exec::foreign::batches::{Call, Portion};
use swath_exec::operators::map_batches::declared;
use swath_exec::operators::{BatchFunction, MapBatchesNode, Mapping};

use super::DataFrame;
use super::group::GroupBy;
use super::resolve;
use crate::error::{Error, Result};
use crate::expr::agg::ExprAgg;
use crate::expr::col;
use crate::expr::structure::struct_of;

impl GroupBy {
    /// Applies `function` to each group: all its rows in one batch, with all columns and the keys, in the frame's order. What
    /// it returns has the columns that `schema` declares; the results come one after the other, in any order of groups.
    ///
    /// Several groups are worked on at a time. A group, and all that the function makes of a few thousand groups, must fit
    /// into memory; what an aggregate can say is faster as [`agg`](Self::agg).
    ///
    /// # Errors
    /// In the frame, for rollups and cubes, or if two columns of `schema` have one name. When it runs: the function's own, and an
    /// error that names the column if a batch is not what `schema` says.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use arrow::array::{Int64Array, RecordBatch};
    /// # use arrow::datatypes::{DataType, Field, Schema};
    /// # use swath_collections::Session;
    /// let session = Session::embedded().build()?;
    /// let schema = Arc::new(Schema::new(vec![Field::new("rows", DataType::Int64, false)]));
    /// let parity = session.sql("SELECT value, value % 2 AS odd FROM range(10)")?.group_by(["odd"]);
    /// let sizes = parity.map_groups(schema.clone(), move |group| {
    ///     let rows = Int64Array::from(vec![group.num_rows() as i64]);
    ///     Ok(RecordBatch::try_new(schema.clone(), vec![Arc::new(rows)])?)
    /// });
    /// assert_eq!(sizes.count()?, 2);
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    pub fn map_groups(
        &self,
        schema: SchemaRef,
        function: impl Fn(RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static,
    ) -> DataFrame {
        let gathered = match self.with_group_column() {
            Ok(gathered) => gathered,
            Err(error) => return self.frame().failed(error),
        };
        gathered.then(|plan| {
            let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            resolve::refuse_duplicates("map_groups", &names)?;
            let result_schema = Arc::clone(&schema);
            let function: BatchFunction = Arc::new(move |batch| each_group(&batch, &result_schema, &function));
            Ok(MapBatchesNode::plan(plan, Mapping::Closure { name: "map_groups", function, schema })?)
        })
    }

    /// [`map_groups`](Self::map_groups) with a function of another language, which runs on the workers of a cluster.
    pub fn map_groups_with(&self, schema: SchemaRef, function: Function) -> DataFrame {
        let gathered = match self.with_group_column() {
            Ok(gathered) => gathered,
            Err(error) => return self.frame().failed(error),
        };
        gathered.then(|plan| {
            let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
            resolve::refuse_duplicates("map_groups", &names)?;
            Ok(MapBatchesNode::plan(plan, Mapping::Call(Call { function, portion: Portion::Group, schema }))?)
        })
    }

    /// One row a group, and in its only column the group's rows as a list of structs.
    fn with_group_column(&self) -> Result<DataFrame> {
        let Some(keys) = self.plain_keys() else {
            return Err(Error::invalid(
                "map_groups",
                "expected group_by; rollups, cubes and grouping sets have agg only",
            ));
        };
        let names: Vec<String> = keys.iter().map(crate::expr::output_name).collect();
        let keyed = self.frame().with_columns(keys.to_vec());
        let rows = struct_of(keyed.columns()?).implode().alias(GROUP);
        Ok(keyed.group_by(names).agg([rows]).select([col(GROUP)]))
    }
}

/// The name of the column with the groups.
const GROUP: &str = "__group";

fn each_group(
    batch: &RecordBatch,
    schema: &SchemaRef,
    function: &impl Fn(RecordBatch) -> Result<RecordBatch>,
) -> Result<RecordBatch, DataFusionError> {
    let lists = batch.column(0).as_list_opt::<i32>().filter(|_| batch.num_columns() == 1);
    let lists =
        lists.ok_or_else(|| DataFusionError::Internal("map_groups expects one column of lists of rows".to_owned()))?;
    let mut results = vec![];
    for rows in (0..lists.len()).filter(|&row| lists.is_valid(row)).map(|row| lists.value(row)) {
        let result = function(group(&rows)?).map_err(|error| DataFusionError::External(Box::new(error)))?;
        results.push(declared("map_groups", schema, &result)?);
    }
    Ok(concat_batches(schema, &results)?)
}

fn group(rows: &ArrayRef) -> Result<RecordBatch, DataFusionError> {
    let rows = rows
        .as_struct_opt()
        .ok_or_else(|| DataFusionError::Internal("map_groups expects rows as structs".to_owned()))?;
    Ok(RecordBatch::try_new(Arc::new(Schema::new(rows.fields().clone())), rows.columns().to_vec())?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};

    use crate::prelude::*;
    use crate::testing::{mistake, series, sorted_rows, table};

    fn declared() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("names", DataType::Utf8, false),
            Field::new("first", DataType::Int64, true),
            Field::new("rows", DataType::Int64, false),
        ]))
    }

    /// The names of a group's columns, the first value of `t`, and the number of rows.
    fn summary(group: &RecordBatch) -> RecordBatch {
        let names = group.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(",");
        let times = group.column_by_name("t").unwrap().as_primitive::<Int64Type>();
        RecordBatch::try_new(
            declared(),
            vec![
                Arc::new(StringArray::from(vec![names])),
                Arc::new(Int64Array::from(vec![times.value(0)])),
                Arc::new(Int64Array::from(vec![group.num_rows() as i64])),
            ],
        )
        .unwrap()
    }

    #[test]
    fn each_group_comes_whole_and_in_order() {
        let sorted = series().sort([col("t").desc()]);
        let mapped = sorted.group_by(["k"]).map_groups(declared(), |group| Ok(summary(&group)));
        assert_eq!(mapped.columns().unwrap(), ["names", "first", "rows"]);
        assert_eq!(sorted_rows(&mapped), ["k,t,x|2|2", "k,t,x|4|4"]);
        // A computed key is among the columns; a filter sees the results.
        let even = series().group_by([(col("t") % lit(2)).alias("odd")]);
        let mapped = even.map_groups(declared(), |group| Ok(summary(&group))).filter(col("first").eq(lit(1)));
        assert_eq!(sorted_rows(&mapped), ["k,t,x,odd|1|3"]);
    }

    #[test]
    fn many_groups_and_none() {
        let many = table("SELECT value AS t, value % 5000 AS k FROM range(20000)").group_by(["k"]);
        let mapped = many.map_groups(declared(), |group| Ok(summary(&group)));
        let sums = mapped.agg([count_all().alias("n"), col("rows").sum()]);
        assert_eq!(sorted_rows(&sums), ["5000|20000"]);
        let none = table("SELECT value AS t, value AS k FROM range(0)").group_by(["k"]);
        assert_eq!(none.map_groups(declared(), |group| Ok(summary(&group))).count().unwrap(), 0);
    }

    #[test]
    fn mistakes_are_named() {
        let rollup = series().rollup(["k"]).map_groups(declared(), Ok);
        assert!(mistake(&rollup).contains("map_groups: expected group_by"));
        let wrong = series().group_by(["k"]).map_groups(declared(), Ok).collect().unwrap_err().to_string();
        assert!(wrong.contains("map_groups: column 1 was declared as 'names'"), "{wrong}");
        let failing = series().group_by(["k"]).map_groups(declared(), |_| Err(Error::invalid("mine", "no luck")));
        assert_eq!(failing.collect().unwrap_err().to_string(), "mine: no luck");
        let typo = series().group_by(["kk"]).map_groups(declared(), Ok);
        assert!(mistake(&typo).contains("'kk' not found"));
    }
}
