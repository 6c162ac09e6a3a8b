//! Results that are held: computed once, kept partitioned, scanned where they lie.
//!
//! ```text
//!  HoldNode ── planner ──> HoldExec ──> HeldTable  <── TableScan of later queries
//!                                          │
//!                        in this process's partition store, or elsewhere
//! ```
//!
//! A [`HeldTable`] that was released still is a table: [`ComputeReleased`] puts the plan that it was computed by in its place.
//!
//! | module | what |
//! |---|---|
//! | [`node`] | the logical node that holds its input, and its planner |
//! | [`operator`] | the operator that holds its input in this process |
//! | [`released`] | the rule for tables that are not held any more |
//! | [`scan`] | the operator by which workers read what they hold |

pub mod node;
pub mod operator;
pub mod released;
pub mod scan;

use std::fmt;
use std::sync::{Arc, Weak};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, not_impl_err};
use datafusion::datasource::TableType;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use parking_lot::{Mutex, RwLock};
use swath_shuffle::{StoredPartition, StoredTable};

pub use node::HoldNode;
pub use operator::HoldExec;
pub use released::ComputeReleased;
pub use scan::{HeldReader, HeldScanExec};

/// A result that other processes hold.
pub trait RemoteResult: fmt::Debug + Send + Sync {
    /// A scan of it: all partitions, these columns.
    ///
    /// # Errors
    /// If the columns are not there.
    fn scan(self: Arc<Self>, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>>;

    /// Frees it as soon as its readers are done.
    fn release(&self);
}

/// What is held of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldUsage {
    /// Partitions.
    pub partitions: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes, as batches in memory, wherever they are held.
    pub bytes: u64,
}

/// Where a result is held.
#[derive(Clone, Debug)]
enum State {
    /// Nowhere yet.
    Coming,
    /// In this process.
    Here(StoredTable),
    /// In other processes.
    There(Arc<dyn RemoteResult>),
    /// Nowhere any more.
    Released,
}

/// A table whose rows were computed and are held. Dropping the last reference frees them.
pub struct HeldTable {
    name: String,
    schema: SchemaRef,
    lineage: LogicalPlan,
    covers: Option<Arc<dyn TableProvider>>,
    state: RwLock<State>,
}

impl fmt::Debug for HeldTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldTable").field("name", &self.name).field("state", &self.state).finish_non_exhaustive()
    }
}

impl HeldTable {
    /// A table of `schema` that `lineage`, an analyzed plan of bare columns, computes. Nothing is held before a
    /// [`HoldNode`] has run.
    pub fn new(name: impl Into<String>, schema: SchemaRef, lineage: LogicalPlan) -> Self {
        Self { name: name.into(), schema, lineage, covers: None, state: RwLock::new(State::Coming) }
    }

    /// Stands for `table` as long as it is held.
    pub fn covering(self, table: Arc<dyn TableProvider>) -> Self {
        Self { covers: Some(table), ..self }
    }

    /// The name in lists; empty for a frame's result.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table that this one stands for, if there is one.
    pub fn covers(&self) -> Option<&Arc<dyn TableProvider>> {
        self.covers.as_ref()
    }

    /// The plan by which it is computed.
    pub fn lineage(&self) -> &LogicalPlan {
        &self.lineage
    }

    /// Whether it is held anywhere.
    pub fn is_held(&self) -> bool {
        matches!(*self.state.read(), State::Here(_) | State::There(_))
    }

    /// What is held in this process; none if nothing is.
    pub fn usage_here(&self) -> Option<HeldUsage> {
        match &*self.state.read() {
            State::Here(table) => {
                let sum = |of: fn(&StoredPartition) -> usize| table.partitions().iter().map(of).sum::<usize>() as u64;
                let partitions = table.partitions().len() as u64;
                Some(HeldUsage { partitions, rows: sum(StoredPartition::rows), bytes: sum(StoredPartition::bytes) })
            }
            State::Coming | State::There(_) | State::Released => None,
        }
    }

    /// Says that other processes hold it.
    pub fn set_there(&self, result: Arc<dyn RemoteResult>) {
        *self.state.write() = State::There(result);
    }

    fn set_here(&self, table: StoredTable) {
        *self.state.write() = State::Here(table);
    }

    /// Frees it as soon as its readers are done; later readers compute it anew.
    pub fn release(&self) {
        let held = std::mem::replace(&mut *self.state.write(), State::Released);
        // Outside of the lock: files may be deleted here.
        if let State::There(result) = held {
            result.release();
        }
    }
}

#[async_trait]
impl TableProvider for HeldTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        // DROP TABLE and DROP VIEW look for it.
        self.covers().map_or(TableType::Base, |covered| covered.table_type())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let state = self.state.read().clone();
        match state {
            State::Here(table) => table.scan(session, projection, filters, limit).await,
            State::There(result) => result.scan(projection),
            // A rule has put the lineage in its place, unless it was released just now.
            State::Coming | State::Released => not_impl_err!("the persisted result was released; run the query again"),
        }
    }

    async fn insert_into(
        &self,
        _session: &dyn Session,
        _input: Arc<dyn ExecutionPlan>,
        _operation: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        not_impl_err!("INSERT: the table is cached; UNCACHE TABLE it first")
    }
}

/// The held tables of a session, for lists.
#[derive(Debug, Default)]
pub struct HeldTables(Mutex<Vec<Weak<HeldTable>>>);

impl HeldTables {
    /// Adds a table; it is not kept alive.
    pub fn add(&self, table: &Arc<HeldTable>) {
        let mut tables = self.0.lock();
        tables.retain(|known| known.strong_count() > 0);
        tables.push(Arc::downgrade(table));
    }

    /// Those that hold something, in the order in which they were added.
    pub fn all(&self) -> Vec<Arc<HeldTable>> {
        self.0.lock().iter().filter_map(Weak::upgrade).filter(|table| table.is_held()).collect()
    }
}
