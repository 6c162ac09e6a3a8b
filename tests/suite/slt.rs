//! Runs the sqllogictest files in `tests/slt` through the session, each file in a session of its own.
//!
//! Column types in the files: `T` text, `I` integers, `R` floats and decimals, `?` all others. Null is `NULL`, the empty
//! string is `(empty)`. `$__TEST_DIR__` is a fresh folder.

use std::path::PathBuf;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner, strict_column_validator};
use swath::prelude::{Error, Result, Session};

struct Database(Session);

#[async_trait::async_trait]
impl AsyncDB for Database {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>> {
        let frame = self.0.sql_async(sql).await?;
        let schema = frame.schema()?;
        let batches = frame.collect_async().await?;
        if schema.fields().is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        // The plan's types are those before coercion; the rows tell.
        let schema = batches.first().map_or(schema, RecordBatch::schema);
        let types = schema.fields().iter().map(|field| column_type(field.data_type())).collect();
        let mut rows = vec![];
        for batch in &batches {
            add_rows(batch, &mut rows);
        }
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "swath"
    }
}

fn column_type(data_type: &DataType) -> DefaultColumnType {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DefaultColumnType::Text,
        integer if integer.is_integer() => DefaultColumnType::Integer,
        number if number.is_numeric() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Any,
    }
}

fn add_rows(batch: &RecordBatch, rows: &mut Vec<Vec<String>>) {
    let options = FormatOptions::new().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap()).collect();
    for row in 0..batch.num_rows() {
        let value = |(column, formatter): (&dyn Array, &ArrayFormatter<'_>)| match formatter.value(row).to_string() {
            text if text.is_empty() && !column.is_null(row) => "(empty)".to_owned(),
            text => text,
        };
        rows.push(batch.columns().iter().map(AsRef::as_ref).zip(&columns).map(value).collect());
    }
}

fn files() -> Vec<PathBuf> {
    let folder = super::house::project().join("tests/slt");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "slt"));
    files.sort();
    files
}

#[test]
fn every_file_gives_what_it_says() {
    run_all(&|| Session::embedded().threads(2).build());
}

/// Runs all files in sessions that `start` starts.
pub fn run_all(start: &dyn Fn() -> Result<Session>) {
    let files = files();
    assert!(files.len() >= 10, "the files in tests/slt are missing: {files:?}");
    let mut failures = vec![];
    for file in &files {
        let mut runner = Runner::new(|| async { start().map(Database) });
        runner.with_column_validator(strict_column_validator);
        if let Err(error) = runner.run_file(file) {
            failures.push(format!("{}", error.display(false)));
        }
    }
    assert!(failures.is_empty(), "{} of {} files failed:\n\n{}", failures.len(), files.len(), failures.join("\n\n"));
}

#[test]
fn a_wrong_answer_is_noticed() {
    for (script, what) in [
        ("query I\nSELECT 1\n----\n2\n", "value"),
        ("query T\nSELECT 1\n----\n1\n", "type"),
        ("statement error no such text\nSELECT x\n", "message"),
        ("statement ok\nSELECT x\n", "failure"),
    ] {
        let mut runner = Runner::new(|| async { Session::embedded().threads(1).build().map(Database) });
        runner.with_column_validator(strict_column_validator);
        assert!(runner.run_script(script).is_err(), "a wrong {what} went unnoticed");
    }
}
