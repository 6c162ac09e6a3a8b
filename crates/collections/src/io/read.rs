//! `Session::read_*` and `Session::register_*`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::execution::SessionState;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::logical_expr::{Expr, cast, lit};
use swath_exec::files::{FilesTable, ReadPlan, Source};

use super::{ArrowOptions, CsvOptions, IntoPaths, JsonOptions, ParquetOptions};
use crate::error::{Error, Result};
use crate::frame::DataFrame;
use crate::session::Session;

impl Session {
    /// A table over Parquet files. See [`IntoPaths`] for what `paths` may be.
    ///
    /// Files may lack columns, which then read as null, and numbers of one kind may differ in width.
    ///
    /// # Errors
    /// If nothing is there, a file cannot be read, or the files do not fit together; the message names the file.
    pub fn read_parquet(&self, paths: impl IntoPaths) -> Result<DataFrame> {
        self.read_parquet_with(paths, ParquetOptions::default())
    }

    /// [`read_parquet`](Self::read_parquet) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn read_parquet_with(&self, paths: impl IntoPaths, options: ParquetOptions) -> Result<DataFrame> {
        self.read_table(self.open("read_parquet", paths, |state, sources| options.plan(state, sources))?)
    }

    /// A table over delimited text: comma, header line, types found from the values. Files read together must have
    /// the same columns in the same order.
    ///
    /// # Errors
    /// As [`read_parquet`](Self::read_parquet).
    pub fn read_csv(&self, paths: impl IntoPaths) -> Result<DataFrame> {
        self.read_csv_with(paths, CsvOptions::default())
    }

    /// [`read_csv`](Self::read_csv) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn read_csv_with(&self, paths: impl IntoPaths, options: CsvOptions) -> Result<DataFrame> {
        let table = self.open("read_csv", paths, |state, sources| options.plan(state, sources))?;
        if options.nulls().is_empty() {
            return self.read_table(table);
        }
        // DataFusion 55 heeds null values when it infers types, but not when it reads: read text, then convert.
        let inferred = table.file_schema();
        let as_text = inferred.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
        let frame =
            self.read_table(Arc::new(table.with_file_schema(Arc::new(Schema::new(as_text.collect::<Vec<_>>())))))?;
        let schema = table.schema();
        let converted = schema.fields().iter().map(|field| {
            let column = Expr::Column(Column::from_name(field.name()));
            if inferred.column_with_name(field.name()).is_none() {
                return column;
            }
            let text = options.nulls().iter().fold(column, |text, null| nullif(text, lit(null.as_str())));
            cast(nullif(text, lit("")), field.data_type().clone()).alias(field.name())
        });
        Ok(frame.select(converted.collect::<Vec<_>>()))
    }

    /// A table over line-delimited JSON: one object a line. A key that an object lacks is null.
    ///
    /// # Errors
    /// As [`read_parquet`](Self::read_parquet).
    pub fn read_json(&self, paths: impl IntoPaths) -> Result<DataFrame> {
        self.read_json_with(paths, JsonOptions::default())
    }

    /// [`read_json`](Self::read_json) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn read_json_with(&self, paths: impl IntoPaths, options: JsonOptions) -> Result<DataFrame> {
        self.read_table(self.open("read_json", paths, |state, sources| options.plan(state, sources))?)
    }

    /// A table over Arrow IPC files, whose schemas must agree.
    ///
    /// # Errors
    /// As [`read_parquet`](Self::read_parquet).
    pub fn read_arrow(&self, paths: impl IntoPaths) -> Result<DataFrame> {
        self.read_arrow_with(paths, ArrowOptions::default())
    }

    /// [`read_arrow`](Self::read_arrow) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn read_arrow_with(&self, paths: impl IntoPaths, options: ArrowOptions) -> Result<DataFrame> {
        self.read_table(self.open("read_arrow", paths, |state, sources| options.plan(state, sources))?)
    }

    /// Registers Parquet files as the table `name`, for SQL and [`table`](Self::table). A folder or glob is looked at
    /// again by each query, so it shows what was written since.
    ///
    /// # Errors
    /// As [`read_parquet`](Self::read_parquet).
    pub fn register_parquet(&self, name: &str, paths: impl IntoPaths) -> Result<()> {
        self.register_parquet_with(name, paths, ParquetOptions::default())
    }

    /// [`register_parquet`](Self::register_parquet) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn register_parquet_with(&self, name: &str, paths: impl IntoPaths, options: ParquetOptions) -> Result<()> {
        self.register_files(name, self.open("register_parquet", paths, |state, s| options.plan(state, s))?)
    }

    /// Registers delimited text as the table `name`.
    ///
    /// # Errors
    /// As [`read_csv`](Self::read_csv).
    pub fn register_csv(&self, name: &str, paths: impl IntoPaths) -> Result<()> {
        self.register_csv_with(name, paths, CsvOptions::default())
    }

    /// [`register_csv`](Self::register_csv) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn register_csv_with(&self, name: &str, paths: impl IntoPaths, options: CsvOptions) -> Result<()> {
        self.register(name, &self.read_csv_with(paths, options)?)
    }

    /// Registers line-delimited JSON as the table `name`.
    ///
    /// # Errors
    /// As [`read_json`](Self::read_json).
    pub fn register_json(&self, name: &str, paths: impl IntoPaths) -> Result<()> {
        self.register_json_with(name, paths, JsonOptions::default())
    }

    /// [`register_json`](Self::register_json) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn register_json_with(&self, name: &str, paths: impl IntoPaths, options: JsonOptions) -> Result<()> {
        self.register_files(name, self.open("register_json", paths, |state, s| options.plan(state, s))?)
    }

    /// Registers Arrow IPC files as the table `name`.
    ///
    /// # Errors
    /// As [`read_arrow`](Self::read_arrow).
    pub fn register_arrow(&self, name: &str, paths: impl IntoPaths) -> Result<()> {
        self.register_arrow_with(name, paths, ArrowOptions::default())
    }

    /// [`register_arrow`](Self::register_arrow) with options.
    #[allow(clippy::needless_pass_by_value)] // Options are made for the call.
    pub fn register_arrow_with(&self, name: &str, paths: impl IntoPaths, options: ArrowOptions) -> Result<()> {
        self.register_files(name, self.open("register_arrow", paths, |state, s| options.plan(state, s))?)
    }

    fn register_files(&self, name: &str, table: Arc<FilesTable>) -> Result<()> {
        // The name is taken as it stands: no parsing of dots, no folding of case.
        self.replace_table("register", name, table)
    }

    fn open(
        &self,
        operation: &'static str,
        paths: impl IntoPaths,
        plan: impl FnOnce(&SessionState, Vec<Source>) -> Result<ReadPlan>,
    ) -> Result<Arc<FilesTable>> {
        let paths = paths.into_paths();
        if paths.is_empty() {
            return Err(Error::invalid(operation, "expected at least one path, got none"));
        }
        let state = self.state();
        let sources = paths.iter().map(|path| Source::parse(path)).collect::<Result<Vec<_>, _>>()?;
        let plan = plan(&state, sources)?;
        let table = self.engine().block_on(async move { FilesTable::open(&state, plan).await })?;
        Ok(Arc::new(table))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::util::pretty::pretty_format_batches;

    use super::*;
    use crate::expr::col;

    fn session() -> Session {
        Session::embedded().threads(2).build().unwrap()
    }

    fn put(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The rows as lines of `a|b`, sorted.
    fn rows(frame: &DataFrame) -> Vec<String> {
        let text = pretty_format_batches(&frame.collect().unwrap()).unwrap().to_string();
        let lines = text.lines().skip(3).filter(|line| line.starts_with('|'));
        let mut rows: Vec<String> =
            lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join("|")).collect();
        rows.sort();
        rows
    }

    #[test]
    fn file_list_folder_and_glob_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.csv", "x,y\n1,a\n");
        put(folder.path(), "b.csv", "x,y\n2,b\n");
        put(folder.path(), "_tmp/c.csv", "x,y\n9,z\n");
        put(folder.path(), ".hidden.csv", "x,y\n9,z\n");
        put(folder.path(), "notes.txt", "not a table");
        let session = session();
        let at = |name: &str| folder.path().join(name);
        let expected = ["1|a", "2|b"];
        assert_eq!(rows(&session.read_csv([at("a.csv"), at("b.csv")]).unwrap()), expected);
        assert_eq!(rows(&session.read_csv(folder.path()).unwrap()), expected);
        assert_eq!(rows(&session.read_csv(at("*.csv")).unwrap()), expected);
        assert_eq!(rows(&session.read_csv(at("**/[ab].csv")).unwrap()), expected);
        assert_eq!(rows(&session.read_csv([at("a.csv"), folder.path().to_owned()]).unwrap()), expected);
        let dotted = format!("{}/_tmp/../a.csv", folder.path().display());
        assert_eq!(rows(&session.read_csv(dotted).unwrap()), ["1|a"]);
        assert_eq!(session.read_csv(at("a.csv")).unwrap().columns().unwrap(), ["x", "y"]);
    }

    #[test]
    fn sql_names_files_folders_and_globs() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.csv", "X,y\n1,a\n");
        put(folder.path(), "b.csv", "X,y\n2,b\n");
        let session = session();
        for name in ["a.csv", "", "*.csv", "?.csv"] {
            let text = format!("SELECT count(*) AS n FROM '{}/{name}'", folder.path().display());
            let n = rows(&session.sql(&text).unwrap());
            assert_eq!(n, [if name == "a.csv" { "1" } else { "2" }], "{name}");
        }
        let missing = session.sql("SELECT * FROM 'no/such.parquet'").unwrap_err().to_string();
        assert!(missing.contains("no/such.parquet: no such file"), "{missing}");
        assert!(session.sql("SELECT * FROM nothing").unwrap_err().to_string().contains("nothing"));
    }

    #[test]
    fn a_registered_folder_shows_what_was_written_since() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.json", "{\"x\": 1}\n");
        let session = session();
        session.register_json("T.x", folder.path()).unwrap();
        assert_eq!(session.sql("SELECT * FROM \"T.x\"").unwrap().count().unwrap(), 1);
        put(folder.path(), "b.json", "{\"x\": 2}\n");
        assert_eq!(session.sql("SELECT * FROM \"T.x\"").unwrap().count().unwrap(), 2);
    }

    #[test]
    fn folders_become_columns_and_prune() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "year=2023/m=01/a.csv", "x\n1\n");
        put(folder.path(), "year=2024/m=01/a.csv", "x\n2\n");
        put(folder.path(), "year=__HIVE_DEFAULT_PARTITION__/m=a%2Fb/a.csv", "x\n3\n");
        let session = session();
        let frame = session.read_csv(folder.path()).unwrap();
        assert_eq!(frame.schema().unwrap().field(1).data_type(), &DataType::Int64);
        assert_eq!(rows(&frame), ["1|2023|01", "2|2024|01", "3||a/b"]);
        let filtered = frame.filter(col("year").gt(lit(2023)));
        assert_eq!(rows(&filtered), ["2|2024|01"]);
        let plan = format!(
            "{}",
            datafusion::physical_plan::displayable(filtered.physical_plan().unwrap().as_ref()).indent(false)
        );
        assert!(plan.contains("year=2024") && !plan.contains("year=2023"), "{plan}");
        assert_eq!(rows(&frame.filter(col("year").is_null())), ["3||a/b"]);
        let globbed = session.read_csv(folder.path().join("year=202*/m=01/*.csv")).unwrap();
        assert_eq!(rows(&globbed), ["1|2023|01", "2|2024|01"]);
        let plain = CsvOptions::default().hive_partitions(false);
        assert_eq!(session.read_csv_with(folder.path(), plain).unwrap().columns().unwrap(), ["x"]);
        let typed = CsvOptions::default().partition_type("year", DataType::Utf8);
        let schema = session.read_csv_with(folder.path(), typed).unwrap().schema().unwrap();
        assert_eq!(schema.field(1).data_type(), &DataType::Utf8);
    }

    #[test]
    fn csv_options_reach_the_reader() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.txt", "1;'a;b';NA\n-;c;2\n");
        let options = CsvOptions::default().header(false).delimiter(b';').quote(b'\'').null_values(["NA", "-"]);
        let frame = session().read_csv_with(folder.path().join("a.txt"), options).unwrap();
        assert_eq!(rows(&frame), ["1|a;b|", "|c|2"]);
        assert_eq!(frame.columns().unwrap(), ["column_1", "column_2", "column_3"]);
        put(folder.path(), "b.tsv", "x\ty\n1\t2\n");
        assert_eq!(rows(&session().read_csv(folder.path().join("b.tsv")).unwrap()), ["1|2"]);
        let schema = Schema::new(vec![Field::new("p", DataType::Utf8, true), Field::new("q", DataType::Float64, true)]);
        let frame = session().read_csv_with(folder.path().join("b.tsv"), CsvOptions::default().schema(schema)).unwrap();
        assert_eq!(rows(&frame), ["1|2.0"]);
        for bad in [
            CsvOptions::default().infer_rows(0),
            CsvOptions::default().delimiter(b'\n'),
            CsvOptions::default().delimiter(b'"'),
        ] {
            assert!(session().read_csv_with(folder.path().join("b.tsv"), bad).is_err());
        }
    }

    #[test]
    fn missing_columns_are_null_in_json() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "a.json", "{\"x\": 1, \"y\": \"a\"}\n");
        put(folder.path(), "b.jsonl", "{\"x\": 2.5}\n");
        assert_eq!(rows(&session().read_json(folder.path()).unwrap()), ["1.0|a", "2.5|"]);
    }

    #[test]
    fn limits_stop_early_and_keep_their_count() {
        let folder = tempfile::tempdir().unwrap();
        for at in 0..5 {
            put(folder.path(), &format!("{at}.csv"), "x\n1\n2\n3\n");
        }
        assert_eq!(session().read_csv(folder.path()).unwrap().limit(4).count().unwrap(), 4);
    }
}
