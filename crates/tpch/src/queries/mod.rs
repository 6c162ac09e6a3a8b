//! The 22 queries as programs over frames.

use swath_collections::{DataFrame, Error, Result};

use crate::query::Query;
use crate::tables::Tables;

/// A query as a program.
pub type Program = fn(&Tables) -> Result<DataFrame>;

/// The program of a query.
pub fn program(_query: Query) -> Program {
    |_| Err(Error::invalid("tpch", "the DataFrame form is not there yet"))
}
