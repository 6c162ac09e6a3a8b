//! What batches take in memory, each buffer once: batches may be slices of one, or of rows that lie in memory anyway.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, RecordBatch};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use swath_shuffle::stored_in_memory;

/// The buffers of batches that are held at the same time, by where they begin.
#[derive(Debug, Default)]
pub struct Buffers(HashSet<usize>);

impl Buffers {
    /// Those that the leaves of `plan` read from and that stay where they are: of tables in memory, and of results that are held.
    pub fn of_sources(plan: &Arc<dyn ExecutionPlan>) -> Self {
        let mut buffers = Self::default();
        buffers.add_sources(plan);
        buffers
    }

    fn add_sources(&mut self, plan: &Arc<dyn ExecutionPlan>) {
        if let Some(scan) = plan.downcast_ref::<DataSourceExec>() {
            if let Some(table) = scan.data_source().downcast_ref::<MemorySourceConfig>() {
                self.add_all(table.partitions().iter().flatten());
            }
            self.add_all(stored_in_memory(scan.data_source().as_ref()));
        }
        plan.children().into_iter().for_each(|child| self.add_sources(child));
    }

    fn add_all<'a>(&mut self, batches: impl Iterator<Item = &'a RecordBatch>) {
        for batch in batches {
            self.add(batch);
        }
    }

    /// The bytes that `batch` takes beside those that were added before.
    pub fn add(&mut self, batch: &RecordBatch) -> usize {
        batch.columns().iter().map(|column| self.add_data(&column.to_data())).sum()
    }

    fn add_data(&mut self, data: &ArrayData) -> usize {
        let validity = data.nulls().map(|nulls| nulls.inner().inner());
        let own: usize = data
            .buffers()
            .iter()
            .chain(validity)
            .filter(|buffer| self.0.insert(buffer.data_ptr().as_ptr() as usize))
            .map(|buffer| buffer.capacity())
            .sum();
        own + data.child_data().iter().map(|child| self.add_data(child)).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn slices_of_one_batch_take_what_it_takes() {
        let column = Arc::new(Int64Array::from_iter_values(0..1000)) as _;
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let mut buffers = Buffers::default();
        assert!(buffers.add(&batch.slice(0, 10)) >= 8000);
        assert_eq!(buffers.add(&batch.slice(10, 20)), 0);
        assert_eq!(buffers.add(&batch), 0);
    }

    #[test]
    fn rows_of_tables_in_memory_are_there_already() {
        let column = Arc::new(Int64Array::from_iter_values(0..1000)) as _;
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let plan = MemorySourceConfig::try_new_exec(&[vec![batch.clone()]], batch.schema(), None).unwrap();
        let mut buffers = Buffers::of_sources(&(plan as Arc<dyn ExecutionPlan>));
        assert_eq!(buffers.add(&batch), 0);
    }
}
