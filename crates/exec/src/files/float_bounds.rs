//! Least and greatest values of floats, which leave NaN out.
//!
//! Parquet's statistics are of numbers only. A column of one number and NaN has that number as its least and greatest value, and DataFusion
//! would read it as a constant: such bounds are taken for hints. Other bounds stay exact, so that files may be left out by them.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::Statistics;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;

/// `statistics` of the columns of `schema`, those of floats that would make a constant as hints.
pub fn as_hints(mut statistics: Statistics, schema: &Schema) -> Statistics {
    for (column, field) in statistics.column_statistics.iter_mut().zip(schema.fields()) {
        if field.data_type().is_floating() && column.min_value == column.max_value {
            column.min_value = std::mem::take(&mut column.min_value).to_inexact();
            column.max_value = std::mem::take(&mut column.max_value).to_inexact();
        }
    }
    statistics
}

/// `scan` with such statistics of its files, if it is a scan of files.
pub fn as_hints_in(scan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    let source = scan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    let Some(config) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) else { return scan };
    let schema = Arc::clone(config.file_schema());
    let hinted = |file: &PartitionedFile| {
        let mut file = file.clone();
        file.statistics = file.statistics.map(|known| Arc::new(as_hints(known.as_ref().clone(), &schema)));
        file
    };
    let groups = config.file_groups.iter().map(|group| FileGroup::new(group.iter().map(hinted).collect())).collect();
    let statistics = as_hints(config.statistics(), &schema);
    let builder = FileScanConfigBuilder::from(config.clone()).with_file_groups(groups).with_statistics(statistics);
    DataSourceExec::from_data_source(builder.build())
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};
    use datafusion::common::stats::Precision;
    use datafusion::common::{ColumnStatistics, ScalarValue};

    use super::*;

    #[test]
    fn only_bounds_that_make_a_float_a_constant_become_hints() {
        let schema = Schema::new(vec![
            Field::new("f", DataType::Float32, true),
            Field::new("i", DataType::Int64, true),
            Field::new("g", DataType::Float32, true),
        ]);
        let bounds = |least: ScalarValue, greatest: ScalarValue| ColumnStatistics {
            min_value: Precision::Exact(least),
            max_value: Precision::Exact(greatest),
            null_count: Precision::Exact(0),
            ..ColumnStatistics::new_unknown()
        };
        let (one, two) = (ScalarValue::from(1.5_f32), ScalarValue::from(2.5_f32));
        let columns = vec![
            bounds(one.clone(), one.clone()),
            bounds(ScalarValue::from(1_i64), ScalarValue::from(1_i64)),
            bounds(one, two),
        ];
        let exact = Statistics { column_statistics: columns.clone(), ..Statistics::new_unknown(&schema) };
        let hints = as_hints(exact, &schema);
        assert_eq!(hints.column_statistics[0].max_value, Precision::Inexact(ScalarValue::from(1.5_f32)));
        assert_eq!(hints.column_statistics[0].null_count, Precision::Exact(0));
        assert_eq!(hints.column_statistics[1..], columns[1..]);
    }
}
