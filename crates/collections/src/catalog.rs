//! Registered tables: names under which SQL and [`Session::table`] find frames.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::ViewTable;

use crate::error::{Error, Result};
use crate::frame::DataFrame;
use crate::session::{Session, settled};

impl Session {
    /// Makes `frame` known as the table `name`, in place of any that has the name. It stays lazy: a query that names the
    /// table runs the frame as part of it.
    ///
    /// The name is exact. SQL reads unquoted names in small letters, so it finds `Sales` only as `"Sales"`.
    pub fn register(&self, name: &str, frame: &DataFrame) -> Result<()> {
        let plan = settled(&frame.session().state(), frame.bare_plan()?)?;
        self.replace_table("register", name, Arc::new(ViewTable::new(plan, None)))
    }

    /// Forgets the table `name`; returns whether there was one.
    pub fn deregister(&self, name: &str) -> Result<bool> {
        Ok(self.context().deregister_table(TableReference::bare(name))?.is_some())
    }

    /// The registered table `name`: exact, or `schema.name` in SQL's spelling.
    ///
    /// # Errors
    /// [`Error::TableNotFound`] with the nearest name.
    pub fn table(&self, name: &str) -> Result<DataFrame> {
        let (session, owned) = (self.clone(), name.to_owned());
        let plan = self.engine().block_on(async move {
            let exact = TableReference::bare(owned.as_str());
            let reference =
                if session.context().table_exist(exact.clone())? { exact } else { TableReference::parse_str(&owned) };
            match session.context().table(reference).await {
                Ok(frame) => Ok(Some(frame.into_parts().1)),
                Err(_) if !session.context().table_exist(TableReference::parse_str(&owned))? => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        match plan {
            Some(plan) => Ok(self.frame(plan)),
            None => Err(Error::table_not_found(name, self.tables())),
        }
    }

    /// The names of all tables and views, sorted: bare in the default schema, with catalog and schema elsewhere.
    pub fn tables(&self) -> Vec<String> {
        let state = self.state();
        let defaults = &state.config().options().catalog;
        let catalogs = state.catalog_list();
        let mut names = vec![];
        for catalog_name in catalogs.catalog_names() {
            let Some(catalog) = catalogs.catalog(&catalog_name) else { continue };
            for schema_name in catalog.schema_names().into_iter().filter(|name| name != "information_schema") {
                let Some(schema) = catalog.schema(&schema_name) else { continue };
                let is_default = catalog_name == defaults.default_catalog && schema_name == defaults.default_schema;
                names.extend(schema.table_names().into_iter().map(|table| match is_default {
                    true => table,
                    false if catalog_name == defaults.default_catalog => format!("{schema_name}.{table}"),
                    false => format!("{catalog_name}.{schema_name}.{table}"),
                }));
            }
        }
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{rows, session, table};

    #[test]
    fn a_frame_is_found_by_its_exact_name() {
        let frame = table("SELECT * FROM (VALUES (1), (2)) AS t(x)");
        session().register("Sales.2024", &frame.filter(col("x").gt(lit(1)))).unwrap();
        assert_eq!(rows(&session().table("Sales.2024").unwrap()), ["2"]);
        assert_eq!(rows(&session().sql("SELECT x + 1 AS y FROM \"Sales.2024\"").unwrap()), ["3"]);
        assert!(session().tables().contains(&"Sales.2024".to_owned()));
    }

    #[test]
    fn a_name_always_means_the_old_table_or_the_new_one() {
        let session = Session::embedded().threads(2).build().unwrap();
        let versions = [session.sql("SELECT 1 AS x").unwrap(), session.sql("SELECT 2 AS x").unwrap()];
        session.register("t", &versions[0]).unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for turn in 0..2000 {
                    session.register("t", &versions[turn % 2]).unwrap();
                }
                done.store(true, std::sync::atomic::Ordering::Relaxed);
            });
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let seen = rows(&session.sql("SELECT x FROM t").unwrap());
                assert!(seen == ["1"] || seen == ["2"], "{seen:?}");
            }
        });
        assert_eq!(session.tables(), ["t"]);
        // SQL keeps its own rule.
        let taken = session.sql("CREATE TABLE t AS SELECT 3 AS x").unwrap_err().to_string();
        assert!(taken.contains("already exists"), "{taken}");
    }

    #[test]
    fn an_unknown_table_is_named_with_the_nearest() {
        session().register("customers", &table("SELECT 1 AS x")).unwrap();
        let error = session().table("custmers").unwrap_err();
        assert!(error.to_string().starts_with("table 'custmers' not found (did you mean 'customers'?)"), "{error}");
    }

    #[test]
    fn a_table_can_be_forgotten() {
        session().register("short_lived", &table("SELECT 1 AS x")).unwrap();
        assert!(session().deregister("short_lived").unwrap());
        assert!(!session().deregister("short_lived").unwrap());
    }
}
