//! The eight tables, open in a session: as names for SQL and as frames for programs.

use std::path::Path;

use swath_collections::{DataFrame, Session};

use crate::error::{Error, Result};
use crate::manifest::table_path;
use crate::scale::Scale;
use crate::table::Table;

/// The tables as frames. SQL finds them in the session under the same names.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub struct Tables {
    pub lineitem: DataFrame,
    pub orders: DataFrame,
    pub partsupp: DataFrame,
    pub part: DataFrame,
    pub customer: DataFrame,
    pub supplier: DataFrame,
    pub nation: DataFrame,
    pub region: DataFrame,
    /// The scale of the data, on which query 11 depends.
    pub scale: Scale,
}

impl Tables {
    /// Registers the tables of a data folder with the session.
    ///
    /// # Errors
    /// If a table is missing or is not Parquet.
    pub fn open(session: &Session, folder: &Path, scale: Scale) -> Result<Self> {
        let open = |table| open_table(session, folder, table);
        Ok(Self {
            lineitem: open(Table::LineItem)?,
            orders: open(Table::Orders)?,
            partsupp: open(Table::PartSupp)?,
            part: open(Table::Part)?,
            customer: open(Table::Customer)?,
            supplier: open(Table::Supplier)?,
            nation: open(Table::Nation)?,
            region: open(Table::Region)?,
            scale,
        })
    }
}

fn open_table(session: &Session, folder: &Path, table: Table) -> Result<DataFrame> {
    let Some(path) = table_path(folder, table) else {
        return Err(Error::Folder {
            folder: folder.to_owned(),
            message: format!("has no table '{}'; `tpch generate` makes all eight", table.name()),
        });
    };
    session.register_parquet(table.name(), path)?;
    Ok(session.table(table.name())?)
}
