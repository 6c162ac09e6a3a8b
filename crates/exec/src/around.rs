//! Rules of DataFusion's with something of ours around them.

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// A rule that is shared.
pub type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// What is done in the place of a rule, which is given.
type Rewrite = fn(&Rule, LogicalPlan, &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>>;

/// A rule that goes by the name and order of the one within.
struct Around {
    inner: Rule,
    rewrite: Rewrite,
}

/// `inner`, in the place of which `rewrite` is done.
pub fn around(inner: Rule, rewrite: Rewrite) -> Rule {
    Arc::new(Around { inner, rewrite })
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Around").field(&self.inner).finish()
    }
}

impl OptimizerRule for Around {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.inner.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        (self.rewrite)(&self.inner, plan, config)
    }
}
