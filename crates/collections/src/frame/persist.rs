//! `persist`: a frame's result, computed once and held where it was computed.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;
use swath_exec::held::{HeldTable, HoldNode};
use swath_shuffle::StoreUsage;

use crate::error::{Error, Result};
use crate::frame::DataFrame;
use crate::session::Session;

impl DataFrame {
    /// Runs this frame now and returns one that reads the held result.
    ///
    /// The result stays partitioned as it was computed. Embedded, it lies in this session: in memory within the setting
    /// `swath.store_memory_fraction` of the memory limit, in the spill folder beyond it. Connected, it lies in the stores of the
    /// workers that made it, and later queries read it there; what a lost worker held is computed again when it is needed.
    ///
    /// It is freed by [`unpersist`](Self::unpersist), when the last frame that reads it is dropped, and at the end of the session.
    /// SQL says `CACHE TABLE`, and `SHOW CACHED TABLES` lists what is held.
    ///
    /// # Errors
    /// Whatever running the frame can fail with, or a full spill folder.
    ///
    /// ```
    /// # use swath_collections::Session;
    /// let session = Session::embedded().build()?;
    /// let persisted = session.sql("SELECT value FROM range(1000)")?.persist()?;
    /// assert_eq!(persisted.count()?, 1000);
    /// assert!(session.persisted_bytes().memory_bytes > 0);
    /// persisted.unpersist()?;
    /// assert_eq!(session.persisted_bytes().memory_bytes, 0);
    /// # Ok::<(), swath_collections::Error>(())
    /// ```
    pub fn persist(&self) -> Result<Self> {
        let (table, hold) = self.holding("", None)?;
        hold.collect()?;
        self.session().read_table(table)
    }

    /// [`persist`](Self::persist) by the name that Spark and Polars use.
    ///
    /// # Errors
    /// As [`persist`](Self::persist).
    pub fn cache(&self) -> Result<Self> {
        self.persist()
    }

    /// Frees the held results that this frame reads, as soon as queries that run now are done. Frames that read them
    /// compute them from then on.
    ///
    /// # Errors
    /// If this frame reads no result of [`persist`](Self::persist) or `CACHE TABLE`.
    pub fn unpersist(&self) -> Result<()> {
        let mut found = false;
        self.logical_plan()?.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && let Ok(provider) = source_as_provider(&scan.source)
                && let Some(table) = provider.downcast_ref::<HeldTable>()
            {
                table.release();
                found = true;
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        match found {
            true => Ok(()),
            false => Err(Error::invalid("unpersist", "expected a frame that persist() returned, or one made from it")),
        }
    }

    /// A table that will hold this frame's result, and the frame that has it do so.
    pub(crate) fn holding(
        &self,
        name: &str,
        covers: Option<Arc<dyn TableProvider>>,
    ) -> Result<(Arc<HeldTable>, DataFrame)> {
        let session = self.session();
        let state = session.state();
        let lineage = state.analyzer().execute_and_check(self.bare_plan()?, state.config_options(), |_, _| {})?;
        let table = HeldTable::new(name, Arc::clone(lineage.schema().inner()), lineage);
        let table = Arc::new(match covers {
            Some(covered) => table.covering(covered),
            None => table,
        });
        session.engine().held().add(&table);
        let hold = HoldNode::plan(Arc::clone(&table), session.engine().store().clone())?;
        Ok((table, session.frame(hold)))
    }
}

impl Session {
    /// What the results persisted in this process hold in memory and on disk. Those of a connected session lie on the
    /// workers; `SHOW CACHED TABLES` lists them.
    pub fn persisted_bytes(&self) -> StoreUsage {
        self.engine().store().usage()
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::rows;

    #[test]
    fn a_persisted_frame_computes_once_and_frees_its_memory() {
        let session = Session::embedded().threads(2).build().unwrap();
        let persisted = session.sql("SELECT random() AS x, value FROM range(10000)").unwrap().persist().unwrap();
        let read = || persisted.filter(col("value").lt(lit(5))).collect().unwrap();
        assert_eq!(read(), read(), "random() must not run again");
        assert!(session.persisted_bytes().memory_bytes >= 160_000);
        drop(persisted);
        assert_eq!(session.persisted_bytes().memory_bytes, 0);
    }

    #[test]
    fn a_result_beyond_the_budget_overflows_to_disk() {
        let session = Session::embedded().threads(2).memory_limit(64 << 20).set("swath.store_memory_fraction", "0.01");
        let session = session.build().unwrap();
        let persisted = session.sql("SELECT value FROM range(1000000)").unwrap().persist().unwrap();
        let usage = session.persisted_bytes();
        assert!(usage.disk_bytes > 7_000_000 && usage.memory_bytes <= 671_088, "{usage:?}");
        assert_eq!(persisted.count().unwrap(), 1_000_000);
        drop(persisted);
        let disk = session.context().runtime_env().disk_manager.used_disk_space();
        assert_eq!((session.persisted_bytes().disk_bytes, disk), (0, 0));
    }

    #[test]
    fn an_unpersisted_frame_is_computed_again() {
        let session = Session::embedded().threads(2).build().unwrap();
        let source = session.sql("SELECT value AS k, value % 3 AS g FROM range(90)").unwrap();
        let persisted = source.filter(col("k").lt(lit(60))).persist().unwrap();
        let counts = persisted.group_by([col("g")]).agg([col("k").sum().alias("s")]).sort([col("g").asc()]);
        let joined = persisted.join(&counts, JoinType::Inner, ["g"]).select([col("k"), col("s")]);
        let few = joined.sort([col("k").asc()]).limit(2);
        let (before, first) = (rows(&counts), rows(&few));
        counts.unpersist().unwrap();
        assert_eq!(session.persisted_bytes().memory_bytes, 0);
        assert_eq!((rows(&counts), rows(&few)), (before, first));
        let error = source.unpersist().unwrap_err().to_string();
        assert!(error.contains("persist()"), "{error}");
    }
}
