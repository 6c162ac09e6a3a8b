//! `SELECT … FROM 'file.parquet'`: names of tables that are paths.
//!
//! A name that no registered table has, and that looks like a path (it has a slash, a glob character, or the suffix of a
//! known format), is opened with the default options of the reader that its suffix tells. A folder or a glob without a suffix is
//! what its files are.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use datafusion::catalog::{DynamicFileCatalog, TableProvider, UrlTableFactory};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;
use parking_lot::RwLock;
use swath_exec::files::{FilesTable, FormatKind, Source};

use super::{ArrowOptions, CsvOptions, JsonOptions, ParquetOptions};

/// Makes tables of paths.
struct FileTables {
    /// Weak, since the state owns the catalog that owns this.
    state: Weak<RwLock<SessionState>>,
}

impl std::fmt::Debug for FileTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileTables")
    }
}

/// Lets SQL of `context` name files.
pub(crate) fn install(context: &SessionContext) {
    let factory = Arc::new(FileTables { state: context.state_weak_ref() });
    let inner = Arc::clone(context.state().catalog_list());
    context.register_catalog_list(Arc::new(DynamicFileCatalog::new(inner, factory)));
}

#[async_trait]
impl UrlTableFactory for FileTables {
    async fn try_new(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if !looks_like_path(name) {
            return Ok(None);
        }
        let Some(state) = self.state.upgrade().map(|state| state.read().clone()) else {
            return Ok(None);
        };
        let source = Source::parse(name)?;
        let kind = source.detect(&state).await?;
        let sources = vec![source];
        let plan = match kind {
            FormatKind::Parquet => ParquetOptions::default().plan(&state, sources),
            FormatKind::Csv => CsvOptions::default().plan(&state, sources),
            FormatKind::Json => JsonOptions::default().plan(&state, sources),
            FormatKind::Arrow => ArrowOptions::default().plan(&state, sources),
        };
        let plan = plan.map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Some(Arc::new(FilesTable::open(&state, plan).await?)))
    }
}

fn looks_like_path(name: &str) -> bool {
    name.contains(['/', '*']) || FormatKind::of_name(name).is_some()
}
