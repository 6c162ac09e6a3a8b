//! The schema that holds a session's tables, in which one table can take another's place at once.
//!
//! DataFusion's own refuses a name that is taken; to forget the table and register the new one leaves a moment in which queries of
//! other threads find neither.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::{Result, exec_err};
use datafusion::prelude::SessionContext;
use parking_lot::RwLock;

/// Tables by name.
#[derive(Debug, Default)]
pub(crate) struct DefaultSchema {
    tables: RwLock<BTreeMap<String, Arc<dyn TableProvider>>>,
}

impl DefaultSchema {
    /// Makes a new one the default schema of `context`.
    pub(crate) fn install(context: &SessionContext) -> Result<Arc<Self>> {
        let schema = Arc::new(Self::default());
        let state = context.state();
        let names = &state.config().options().catalog;
        if let Some(catalog) = context.catalog(&names.default_catalog) {
            catalog.register_schema(&names.default_schema, Arc::clone(&schema) as _)?;
        }
        Ok(schema)
    }

    /// Registers `table`, in place of any that has the name.
    pub(crate) fn replace(&self, name: &str, table: Arc<dyn TableProvider>) {
        self.tables.write().insert(name.to_owned(), table);
    }
}

#[async_trait]
impl SchemaProvider for DefaultSchema {
    fn table_names(&self) -> Vec<String> {
        self.tables.read().keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.tables.read().get(name).cloned())
    }

    fn register_table(&self, name: String, table: Arc<dyn TableProvider>) -> Result<Option<Arc<dyn TableProvider>>> {
        let mut tables = self.tables.write();
        if tables.contains_key(&name) {
            return exec_err!("The table {name} already exists");
        }
        Ok(tables.insert(name, table))
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.tables.write().remove(name))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.read().contains_key(name)
    }
}
