//! Limits over a sort that a heap is no good for.
//!
//! ```text
//! SortExec: TopK(fetch=4900000)      =>   GlobalLimitExec: fetch=4900000
//!   input                                   SortExec
//!                                             input
//! ```
//!
//! Right because a sort with `fetch` gives the first rows of what the sort without it gives, partition by partition.
//!
//! A sort with `fetch` keeps that many rows in a heap, each with its key in an allocation of its own. That is quick as long as most rows are
//! turned away at the door, and takes many times the memory of the rows, none of which it can spill, when they are not. So it stays where few
//! rows are wanted, or few of those that there are estimated to be. It runs when limits have been pushed down, and before dynamic filters are.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::sorts::sort::SortExec;

use crate::estimate;

/// A heap of so many rows is cheap whatever the input is.
const HEAP_ROWS: usize = 100_000;
/// A larger heap pays where the input has at least so many rows for each that is wanted...
const ROWS_PER_FETCHED: f64 = 32.0;
/// ...up to this size.
const MOST_HEAP_ROWS: usize = 1_000_000;

/// Replaces sorts with a large `fetch` by limits over sorts.
#[derive(Debug, Default)]
pub struct SortLargeLimits;

impl PhysicalOptimizerRule for SortLargeLimits {
    fn name(&self) -> &str {
        "sort_large_limits"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let Some(sort) = node.downcast_ref::<SortExec>() else { return Ok(Transformed::no(node)) };
            let Some(fetch) = sort.fetch() else { return Ok(Transformed::no(node)) };
            if heap_pays(fetch, estimate::rows(sort.input().as_ref())) {
                return Ok(Transformed::no(node));
            }
            let sorted = Arc::new(sort.with_fetch(None));
            let limited: Arc<dyn ExecutionPlan> = if sort.preserve_partitioning() {
                Arc::new(LocalLimitExec::new(sorted, fetch))
            } else {
                Arc::new(GlobalLimitExec::new(sorted, 0, Some(fetch)))
            };
            Ok(Transformed::yes(limited))
        })
        .data()
    }
}

fn heap_pays(fetch: usize, rows: Option<f64>) -> bool {
    fetch <= HEAP_ROWS || fetch <= MOST_HEAP_ROWS && rows.is_some_and(|rows| rows >= fetch as f64 * ROWS_PER_FETCHED)
}

#[cfg(test)]
mod tests {
    use datafusion::execution::SessionStateBuilder;
    use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    #[test]
    fn a_heap_pays_for_few_rows_or_few_of_many() {
        for (fetch, rows, pays) in [
            (10, None, true),
            (HEAP_ROWS, Some(5.0), true),
            (HEAP_ROWS + 1, None, false),
            (HEAP_ROWS + 1, Some(1e6), false),
            (HEAP_ROWS + 1, Some(1e7), true),
            (4_900_000, Some(5e6), false),
            (4_900_000, Some(1e12), false),
        ] {
            assert_eq!(heap_pays(fetch, rows), pays, "{fetch} of {rows:?}");
        }
    }

    async fn plan_and_values(sql: &str) -> (String, Vec<i64>) {
        let mut rules = PhysicalOptimizer::new().rules;
        let place = rules.iter().position(|rule| rule.name() == "LimitPushdown").unwrap();
        rules.insert(place + 1, Arc::new(SortLargeLimits));
        let state = SessionStateBuilder::new()
            .with_default_features()
            .with_config(SessionConfig::new().with_target_partitions(2))
            .with_physical_optimizer_rules(rules)
            .build();
        let context = SessionContext::new_with_state(state);
        let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        let text = displayable(plan.as_ref()).indent(false).to_string();
        let batches = datafusion::physical_plan::collect(plan, context.task_ctx()).await.unwrap();
        let values = batches
            .iter()
            .flat_map(|batch| {
                use datafusion::common::cast::as_int64_array;
                as_int64_array(batch.column(0)).unwrap().values().to_vec()
            })
            .collect();
        (text, values)
    }

    #[tokio::test]
    async fn a_large_limit_is_a_limit_over_a_sort() {
        let (plan, values) =
            plan_and_values("SELECT value FROM range(300000) ORDER BY value * 7919 % 300007 LIMIT 200000 OFFSET 1000")
                .await;
        assert!(!plan.contains("TopK") && plan.contains("LimitExec") && plan.contains("SortExec"), "{plan}");
        let mut expected: Vec<i64> = (0..300_000).collect();
        expected.sort_by_key(|value| value * 7919 % 300_007);
        assert_eq!(values, expected[1000..201_000]);
    }

    #[tokio::test]
    async fn a_small_one_stays() {
        let (plan, values) = plan_and_values("SELECT value FROM range(300000) ORDER BY value DESC LIMIT 2").await;
        assert!(plan.contains("TopK(fetch=2)"), "{plan}");
        assert_eq!(values, [299_999, 299_998]);
    }
}
