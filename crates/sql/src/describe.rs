//! `\d`, `\dt`, `\df`: what the session holds.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::datasource::MemTable;
use swath_collections::{Result, Session};

/// All tables and views.
pub fn tables_sql() -> String {
    "SELECT CASE WHEN table_catalog = 'datafusion' THEN table_schema ELSE table_catalog || '.' || table_schema END \
     AS schema, table_name AS name, lower(replace(table_type, 'BASE ', '')) AS kind \
     FROM information_schema.tables WHERE table_schema <> 'information_schema' ORDER BY 1, 2"
        .to_owned()
}

/// Functions whose name contains `part`.
pub fn functions_sql(part: &str) -> String {
    format!(
        "SELECT routine_name AS name, lower(function_type) AS kind, first_value(syntax_example) AS form, \
         first_value(split_part(description, '.', 1)) AS what FROM information_schema.routines \
         WHERE contains(routine_name, lower('{}')) GROUP BY 1, 2 ORDER BY 1",
        part.replace('\'', "''")
    )
}

/// The columns of `table` (a name, or a file in quotes), as a table.
pub fn columns(session: &Session, table: &str) -> Result<Arc<MemTable>> {
    let schema = session.sql(&format!("SELECT * FROM {}", reference(table)))?.schema()?;
    let texts = |text: fn(&arrow::datatypes::Field) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(schema.fields().iter().map(|field| text(field))))
    };
    let batch = RecordBatch::try_from_iter([
        ("column", texts(|field| field.name().clone())),
        ("type", texts(|field| field.data_type().to_string())),
        ("nullable", texts(|field| if field.is_nullable() { "yes" } else { "no" }.to_owned())),
    ])?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}

/// A table as SQL names it: files get quotes.
fn reference(table: &str) -> String {
    let is_file = table.contains(['/', '*']) || std::path::Path::new(table).exists();
    if is_file { format!("'{}'", table.replace('\'', "''")) } else { table.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_are_valid_sql() {
        let session = Session::embedded().threads(1).build().unwrap();
        session.sql("CREATE TABLE t (a BIGINT NOT NULL, b VARCHAR)").unwrap();
        assert_eq!(session.sql(&tables_sql()).unwrap().count().unwrap(), 1);
        assert!(session.sql(&functions_sql("date_")).unwrap().count().unwrap() > 2);
        assert_eq!(session.sql(&functions_sql("no'such")).unwrap().count().unwrap(), 0);
        let table = session.read_table(columns(&session, "t").unwrap()).unwrap();
        assert_eq!(table.count().unwrap(), 2);
        assert!(columns(&session, "missing").is_err());
    }

    #[test]
    fn files_are_quoted() {
        assert_eq!(reference("a/it's.parquet"), "'a/it''s.parquet'");
        assert_eq!(reference("lineitem"), "lineitem");
    }
}
