//! `explain`: what a frame will do, and `explain_analyze`: what it did.

use std::sync::Arc;
use std::time::Instant;

use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use datafusion::physical_plan::{displayable, execute_stream};
use futures::TryStreamExt;
use swath_exec::files::name_files;
use swath_planner::StageGraph;
use swath_planner::analyze::{AnalyzeReport, Elsewhere};

use crate::error::Result;
use crate::frame::DataFrame;

/// Which view of a plan [`DataFrame::explain`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExplainView {
    /// The plan as it was written.
    Logical,
    /// The logical plan after the optimiser.
    Optimized,
    /// The operators that will run.
    Physical,
    /// The operators cut where data moves: what would be tasks on a cluster.
    Stages,
}

impl DataFrame {
    /// One view of what this frame will do, as text. Nothing runs, though files may be opened for their schema and statistics.
    ///
    /// # Errors
    /// The first mistake made in building the frame, or one that planning finds.
    ///
    /// ```
    /// # use swath_collections::{ExplainView, Session, col, lit};
    /// let session = Session::embedded().build()?;
    /// let frame = session.sql("SELECT value FROM range(10)")?.filter(col("value").gt(lit(5)));
    /// assert!(frame.explain(ExplainView::Logical)?.contains("Filter"));
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    pub fn explain(&self, view: ExplainView) -> Result<String> {
        let text = match view {
            ExplainView::Logical => readable(self.logical_plan()?.clone())?.display_indent().to_string(),
            ExplainView::Optimized => {
                let optimized = self.session().state().optimize(self.logical_plan()?)?;
                readable(optimized)?.display_indent().to_string()
            }
            ExplainView::Physical => displayable(self.physical_plan()?.as_ref()).indent(false).to_string(),
            ExplainView::Stages => StageGraph::of(&self.physical_plan()?).to_string(),
        };
        Ok(text)
    }

    /// Runs the frame, drops its rows, and reports per operator: rows, bytes, processor time and spills, as a tree. On a
    /// cluster, also per stage: tasks, their time, and how evenly their rows were spread.
    ///
    /// # Errors
    /// Whatever running the frame can fail with.
    pub fn explain_analyze(&self) -> Result<AnalyzeReport> {
        let (state, plan) = (self.session().state(), self.logical_plan()?.clone());
        Ok(self.session().engine().block_on(async move {
            let physical = name_files(state.create_physical_plan(&plan).await?)?;
            let (elsewhere, context) = Elsewhere::watch(&state);
            let started = Instant::now();
            let batches = execute_stream(Arc::clone(&physical), context)?;
            batches.try_for_each(|_| futures::future::ready(Ok(()))).await?;
            elsewhere.settle().await;
            Ok(AnalyzeReport::of(&physical, &elsewhere, started.elapsed()))
        })?)
    }
}

/// `plan` for a reader: frames give columns bare names, and plans would be full of `t.a AS a`. Here that is `t.a`. Only to be shown:
/// names no longer resolve.
fn readable(plan: LogicalPlan) -> Result<LogicalPlan> {
    let readable = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::Projection(projection) = node else { return Ok(Transformed::no(node)) };
        let Projection { expr, input, schema, .. } = projection;
        let expr = expr.into_iter().map(without_needless_alias).collect();
        Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new_with_schema(expr, input, schema)?)))
    });
    Ok(readable.data()?)
}

fn without_needless_alias(expr: Expr) -> Expr {
    match expr {
        Expr::Alias(alias) if matches!(alias.expr.as_ref(), Expr::Column(column) if column.name == alias.name) => {
            *alias.expr
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::ExplainView;
    use crate::Session;
    use crate::prelude::*;

    #[test]
    fn columns_that_keep_their_names_have_no_alias() {
        let session = Session::embedded().threads(1).build().unwrap();
        let frame = session.sql("SELECT * FROM (VALUES (1, 2)) AS t(a, b)").unwrap();
        let frame =
            frame.filter(col("a").gt(lit(0))).select([col("a"), col("b").alias("c")]).filter(col("c").gt(lit(1)));
        for view in [ExplainView::Logical, ExplainView::Optimized] {
            let text = frame.explain(view).unwrap();
            assert!(!text.contains("t.a AS a") && !text.contains("t.b AS b"), "{text}");
            assert!(text.contains(" AS c"), "{text}");
        }
    }

    #[test]
    fn stages_are_cut_at_exchanges() {
        let session = Session::embedded().threads(2).build().unwrap();
        let frame = session.sql("SELECT value % 7 AS k, count(*) AS n FROM range(100) GROUP BY 1 ORDER BY 2").unwrap();
        let text = frame.explain(ExplainView::Stages).unwrap();
        assert!(text.contains("-> RepartitionExec: partitioning=Hash"), "{text}");
        assert!(text.contains("-> SortPreservingMergeExec"), "{text}");
        assert_eq!(text.matches("-> result").count(), 1, "{text}");
        let last = text.lines().filter(|line| line.starts_with("Stage")).count() - 1;
        assert!(text.contains(&format!("Read stage {}", last - 1)), "{text}");
    }

    #[test]
    fn analyze_counts_rows_and_spills() {
        let session = Session::embedded().threads(1).memory_limit(16 << 20).build().unwrap();
        let sql = "SELECT value, value::text AS t FROM range(1000000) ORDER BY t";
        let report = session.sql(sql).unwrap().explain_analyze().unwrap();
        let sort = report.operators.iter().find(|o| o.description.starts_with("SortExec")).unwrap();
        assert_eq!(sort.rows, Some(1_000_000));
        assert!(sort.spills > 0 && sort.spilled_bytes > 1_000_000, "{report}");
        assert!(sort.compute.is_some() && sort.bytes.is_some(), "{report}");
    }
}
