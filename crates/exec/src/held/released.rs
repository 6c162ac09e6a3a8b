//! The rule for held tables that were released: the plan that computes them takes their place.
//!
//! ```text
//!  TableScan: t (HeldTable, released)      =>      SubqueryAlias: t
//!                                                    <the lineage of t>
//! ```

use datafusion::catalog::TableProvider;
use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::optimizer::AnalyzerRule;
use datafusion::prelude::Column;

use super::HeldTable;

/// Puts the lineage of released tables in their place.
#[derive(Debug)]
pub struct ComputeReleased;

impl AnalyzerRule for ComputeReleased {
    fn name(&self) -> &str {
        "compute_released"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::TableScan(scan) = &node else { return Ok(Transformed::no(node)) };
            let provider = source_as_provider(&scan.source).ok();
            let Some(table) = provider.as_deref().and_then(|provider| provider.downcast_ref::<HeldTable>()) else {
                return Ok(Transformed::no(node));
            };
            if table.is_held() {
                return Ok(Transformed::no(node));
            }
            let mut lineage = LogicalPlanBuilder::from(table.lineage().clone()).alias(scan.table_name.clone())?;
            if let Some(projection) = &scan.projection {
                let schema = table.schema();
                let columns = projection
                    .iter()
                    .map(|&at| Expr::Column(Column::new(Some(scan.table_name.clone()), schema.field(at).name())));
                lineage = lineage.project(columns.collect::<Vec<_>>())?;
            }
            for filter in &scan.filters {
                lineage = lineage.filter(filter.clone())?;
            }
            if let Some(fetch) = scan.fetch {
                lineage = lineage.limit(0, Some(fetch))?;
            }
            Ok(Transformed::yes(lineage.build()?))
        })
        .data()
    }
}
