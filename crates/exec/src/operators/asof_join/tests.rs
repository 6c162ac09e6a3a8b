//! The merge on inputs of many small batches, and what it holds on the way.

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_plan::{collect, displayable};
use datafusion::prelude::SessionContext;
use swath_planner::AsofStrategy;

use super::*;

fn source(name: &str, values: impl IntoIterator<Item = i64>, batch_rows: usize) -> Arc<dyn ExecutionPlan> {
    let values: Vec<i64> = values.into_iter().collect();
    let batches: Vec<_> = values
        .chunks(batch_rows)
        .map(|chunk| RecordBatch::try_from_iter([(name, Arc::new(Int64Array::from(chunk.to_vec())) as _)]).unwrap())
        .collect();
    let schema = batches[0].schema();
    MemorySourceConfig::try_new_exec(&[batches], schema, None).unwrap()
}

fn join(left: Arc<dyn ExecutionPlan>, right: Arc<dyn ExecutionPlan>, strategy: AsofStrategy) -> Arc<AsofJoinExec> {
    let on = (col("t", &left.schema()).unwrap(), col("u", &right.schema()).unwrap());
    let tolerance = Some(ScalarValue::Int64(Some(1_000)));
    let matching = AsofMatch { strategy, tolerance, allow_exact_matches: true };
    Arc::new(AsofJoinExec::try_new(left, right, on, vec![], matching).unwrap())
}

#[tokio::test]
async fn one_output_batch_may_draw_on_hundreds_of_right_batches() {
    let left = source("t", (0..500).map(|i| i * 100), 500);
    let right = source("u", (0..25_000).map(|i| i * 2), 10);
    let plan = join(left, right, AsofStrategy::Nearest);
    let batches = collect(plan.clone(), SessionContext::new().task_ctx()).await.unwrap();
    assert_eq!(batches.len(), 1);
    let (t, u) = (batches[0].column(0).as_primitive::<Int64Type>(), batches[0].column(1).as_primitive::<Int64Type>());
    assert_eq!(t, u);
    assert_eq!(plan.metrics().unwrap().output_rows(), Some(500));
}

#[tokio::test]
async fn memory_is_accounted_and_given_back() {
    let context = SessionContext::new();
    let task = context.task_ctx();
    let mut stream = join(source("t", 0..100, 10), source("u", 0..100, 10), AsofStrategy::Backward)
        .execute(0, Arc::clone(&task))
        .unwrap();
    futures::StreamExt::next(&mut stream).await.unwrap().unwrap();
    assert!(task.memory_pool().reserved() > 0);
    drop(stream);
    assert_eq!(task.memory_pool().reserved(), 0);
}

#[test]
fn shows_itself_and_asks_for_one_sorted_partition() {
    let plan = join(source("t", [1], 1), source("u", [1], 1), AsofStrategy::Forward);
    let text = displayable(plan.as_ref()).one_line().to_string();
    assert_eq!(text.trim_end(), "AsofJoinExec: forward, tolerance=1000, on=(t@0, u@0)");
    assert!(plan.required_input_ordering().iter().all(Option::is_some));
    let requirements = plan.input_distribution_requirements();
    assert!(requirements.per_child_distributions().all(|one| matches!(one, Distribution::SinglePartition)));
}
