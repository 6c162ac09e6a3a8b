//! `DataFrame::write_*`.

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use datafusion::common::config::TableParquetOptions;
use datafusion::execution::SessionState;
use swath_exec::files::Compression;
use swath_exec::write::{ArrowCompression, WriteFormat, WriteNode, WriteSpec};

pub use swath_exec::write::WriteMode;

use crate::error::{Error, Result};
use crate::frame::DataFrame;

/// Where and how a frame is written.
///
/// ```
/// use swath_collections::io::{WriteMode, WriteOptions};
///
/// let options = WriteOptions::default().partition_by(["year"]).mode(WriteMode::Overwrite).compression("zstd(5)");
/// ```
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    mode: WriteMode,
    partition_by: Vec<String>,
    keep_partition_columns: bool,
    single_file: Option<bool>,
    compression: Option<String>,
    row_group_rows: Option<usize>,
    header: Option<bool>,
    delimiter: Option<u8>,
    null_value: Option<String>,
}

/// What a write wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteSummary {
    /// Rows.
    pub rows: u64,
    /// Bytes in the files.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

impl WriteOptions {
    /// What to do if the target has data already. Default: [`WriteMode::Error`].
    pub fn mode(mut self, mode: WriteMode) -> Self {
        self.mode = mode;
        self
    }

    /// Columns whose values become `key=value` folders, one file each; they leave the files. Default: none.
    pub fn partition_by<T: Into<String>>(mut self, columns: impl IntoIterator<Item = T>) -> Self {
        self.partition_by = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Whether the partition columns stay in the files too. Default: false.
    pub fn keep_partition_columns(mut self, on: bool) -> Self {
        self.keep_partition_columns = on;
        self
    }

    /// One file, or a folder with a file for each of the plan's partitions. Default: one file if the path has the
    /// format's suffix.
    pub fn single_file(mut self, on: bool) -> Self {
        self.single_file = Some(on);
        self
    }

    /// The compression by name.
    ///
    /// | format | names | default |
    /// |---|---|---|
    /// | Parquet | `none`, `snappy`, `gzip(n)`, `brotli(n)`, `lz4_raw`, `zstd(n)`; the level may be left out | `zstd(3)` |
    /// | CSV, JSON | `none`, `gzip`, `bzip2`, `xz`, `zstd` | by the file's suffix, else none |
    /// | Arrow | `none`, `lz4`, `zstd` | `none` |
    pub fn compression(mut self, name: impl Into<String>) -> Self {
        self.compression = Some(name.into());
        self
    }

    /// Rows of a Parquet row group. Default: 1,048,576.
    pub fn row_group_rows(mut self, rows: usize) -> Self {
        self.row_group_rows = Some(rows);
        self
    }

    /// Whether a CSV file begins with the names. Default: true.
    pub fn header(mut self, on: bool) -> Self {
        self.header = Some(on);
        self
    }

    /// The byte between CSV values. Default: a comma.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// What a CSV file holds for null. Default: nothing.
    pub fn null_value(mut self, text: impl Into<String>) -> Self {
        self.null_value = Some(text.into());
        self
    }

    fn parquet(&self, state: &SessionState) -> Result<WriteFormat> {
        let mut options: TableParquetOptions = state.default_table_options().parquet;
        if let Some(name) = &self.compression {
            let name = name.to_ascii_lowercase();
            options.global.compression = Some(match name.as_str() {
                "none" => "uncompressed".to_owned(),
                "zstd" => "zstd(3)".to_owned(),
                "gzip" => "gzip(6)".to_owned(),
                "brotli" => "brotli(1)".to_owned(),
                _ => name,
            });
        }
        match self.row_group_rows {
            Some(0) => return Err(Error::invalid("write_parquet", "row_group_rows must be at least 1, got 0")),
            Some(rows) => options.global.max_row_group_size = rows,
            None => {}
        }
        // A compression that does not exist shows here, before anything runs.
        options.global.into_writer_properties_builder().map_err(|error| {
            let name = self.compression.as_deref().unwrap_or_default();
            Error::invalid("write_parquet", format!("the options do not fit (compression '{name}'): {error}"))
        })?;
        Ok(WriteFormat::Parquet(Box::new(options)))
    }

    fn csv(&self, state: &SessionState) -> Result<WriteFormat> {
        let mut options = state.default_table_options().csv;
        options.compression = self.text_compression("write_csv")?.into();
        options.has_header = Some(self.header.unwrap_or(true));
        if let Some(delimiter) = self.delimiter {
            if !delimiter.is_ascii() || matches!(delimiter, b'\n' | b'\r' | b'"') {
                let message =
                    format!("delimiter must be an ASCII byte other than a quote or line end, got {delimiter:#04x}");
                return Err(Error::invalid("write_csv", message));
            }
            options.delimiter = delimiter;
        }
        options.null_value = self.null_value.clone().or(options.null_value);
        Ok(WriteFormat::Csv(Box::new(options)))
    }

    fn json(&self, state: &SessionState) -> Result<WriteFormat> {
        let mut options = state.default_table_options().json;
        options.compression = self.text_compression("write_json")?.into();
        Ok(WriteFormat::Json(options))
    }

    fn arrow(&self) -> Result<WriteFormat> {
        Ok(WriteFormat::Arrow(match self.compression.as_deref().map(str::to_ascii_lowercase).as_deref() {
            None | Some("none" | "uncompressed") => ArrowCompression::None,
            Some("lz4") => ArrowCompression::Lz4,
            Some("zstd") => ArrowCompression::Zstd,
            Some(other) => {
                let message = format!("expected compression none, lz4 or zstd, got '{other}'");
                return Err(Error::invalid("write_arrow", message));
            }
        }))
    }

    fn text_compression(&self, operation: &'static str) -> Result<Compression> {
        let Some(name) = &self.compression else { return Ok(Compression::None) };
        Compression::of(name).ok_or_else(|| {
            Error::invalid(operation, format!("expected compression none, gzip, bzip2, xz or zstd, got '{name}'"))
        })
    }

    fn spec(self, target: String, format: WriteFormat) -> WriteSpec {
        WriteSpec {
            target,
            format,
            partition_by: self.partition_by,
            keep_partition_columns: self.keep_partition_columns,
            mode: self.mode,
            single_file: self.single_file,
        }
    }
}

impl DataFrame {
    /// Runs the frame and writes it as Parquet: one file if `path` ends in `.parquet`, else a folder with one file for each
    /// of the plan's partitions, written in parallel.
    ///
    /// All or nothing: the files appear when all of them are complete. A write that fails or is killed leaves nothing
    /// that a reader would take for a result, and an overwrite replaces the old data only then. On an object store, where
    /// several objects cannot appear in one step, uploads are completed at the very end, one right after the other.
    ///
    /// # Errors
    /// Whatever running can fail with; [`Error::File`] if the target has data and the mode is `error`, if it cannot be
    /// written, or is full.
    pub fn write_parquet(&self, path: impl AsRef<std::path::Path>, options: WriteOptions) -> Result<WriteSummary> {
        let format = options.parquet(&self.session().state())?;
        self.write(path.as_ref(), format, options)
    }

    /// Runs the frame and writes delimited text; see [`write_parquet`](Self::write_parquet).
    ///
    /// # Errors
    /// As [`write_parquet`](Self::write_parquet); lists and structs have no form in CSV.
    pub fn write_csv(&self, path: impl AsRef<std::path::Path>, options: WriteOptions) -> Result<WriteSummary> {
        let format = options.csv(&self.session().state())?;
        self.write(path.as_ref(), format, options)
    }

    /// Runs the frame and writes one JSON object a line; see [`write_parquet`](Self::write_parquet). A frame without rows
    /// gives an empty file, which does not tell its columns. JSON has neither NaN nor infinities: they become null.
    ///
    /// # Errors
    /// As [`write_parquet`](Self::write_parquet).
    pub fn write_json(&self, path: impl AsRef<std::path::Path>, options: WriteOptions) -> Result<WriteSummary> {
        let format = options.json(&self.session().state())?;
        self.write(path.as_ref(), format, options)
    }

    /// Runs the frame and writes Arrow IPC files; see [`write_parquet`](Self::write_parquet).
    ///
    /// # Errors
    /// As [`write_parquet`](Self::write_parquet).
    pub fn write_arrow(&self, path: impl AsRef<std::path::Path>, options: WriteOptions) -> Result<WriteSummary> {
        let format = options.arrow()?;
        self.write(path.as_ref(), format, options)
    }

    fn write(&self, path: &std::path::Path, format: WriteFormat, options: WriteOptions) -> Result<WriteSummary> {
        let Some(target) = path.to_str() else {
            return Err(Error::invalid("write", format!("expected a path in UTF-8, got {}", path.display())));
        };
        if let Some(message) = format.refusal(self.schema()?.as_ref()) {
            return Err(Error::invalid("write", message));
        }
        let plan = WriteNode::plan(self.bare_plan()?, options.spec(target.to_owned(), format))?;
        let report = self.session().frame(plan).collect_one()?;
        let number = |column: usize| report.column(column).as_primitive::<UInt64Type>().value(0);
        Ok(WriteSummary { rows: number(0), bytes: number(1), files: number(2) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::testing::{rows, session, sorted_rows, table};

    /// The names below `folder`, with a part's id left out.
    fn names(folder: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(at) = folders.pop() {
            for entry in std::fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found
    }

    fn letters() -> DataFrame {
        table("SELECT * FROM (VALUES (1, 'a', 1.5), (2, NULL, NULL), (3, 'c,\"d', -0.25)) AS t(k, s, x)")
    }

    #[test]
    fn every_format_round_trips_as_file_and_folder() {
        let root = tempfile::tempdir().unwrap();
        let expected = sorted_rows(&letters());
        let at = |name: &str| root.path().join(name);
        let plain = WriteOptions::default;
        for (name, compression) in [("a.parquet", None), ("a", None), ("b", Some("snappy"))] {
            let options = WriteOptions { compression: compression.map(str::to_owned), ..plain() };
            let summary = letters().write_parquet(at("p").join(name), options).unwrap();
            assert_eq!((summary.rows, summary.files), (3, 1));
            assert_eq!(sorted_rows(&session().read_parquet(at("p").join(name)).unwrap()), expected, "{name}");
        }
        for name in ["a.csv", "a.csv.gz", "b.csv.zst", "c.csv.xz", "d.csv.bz2", "e"] {
            letters().write_csv(at("c").join(name), plain()).unwrap();
            assert_eq!(sorted_rows(&session().read_csv(at("c").join(name)).unwrap()), expected, "{name}");
        }
        letters().write_csv(at("f"), plain().compression("gzip")).unwrap();
        assert_eq!(names(&at("f")), BTreeSet::from(["part-00000.csv.gz".to_owned()]));
        assert_eq!(sorted_rows(&session().read_csv(at("f")).unwrap()), expected);
        for name in ["a.json", "a.ndjson.gz", "b"] {
            letters().write_json(at("j").join(name), plain()).unwrap();
            assert_eq!(sorted_rows(&session().read_json(at("j").join(name)).unwrap()), expected, "{name}");
        }
        for (name, compression) in [("a.arrow", "none"), ("b.arrow", "lz4"), ("c", "zstd")] {
            letters().write_arrow(at("r").join(name), plain().compression(compression)).unwrap();
            assert_eq!(sorted_rows(&session().read_arrow(at("r").join(name)).unwrap()), expected, "{name}");
        }
    }

    #[test]
    fn intervals_that_parquet_has_not_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for list in ["INTERVAL '1 day' AS d", "[INTERVAL '1 day'] AS d", "named_struct('a', INTERVAL '1 day') AS d"] {
            let error =
                table(&format!("SELECT 1 AS x, {list}")).write_parquet(at("a.parquet"), WriteOptions::default());
            let error = error.unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
            let text = error.to_string();
            assert!(text.contains("column 'd'") && text.contains("CAST(d AS VARCHAR)"), "{text}");
        }
        assert_eq!(names(root.path()), BTreeSet::new());
        for (unit, value) in [("DayTime", "3 days 500 milliseconds"), ("YearMonth", "14 months")] {
            let frame = table(&format!("SELECT arrow_cast('{value}', 'Interval({unit})') AS d"));
            frame.write_parquet(at(unit), WriteOptions::default()).unwrap();
            assert_eq!(rows(&session().read_parquet(at(unit)).unwrap()), rows(&frame), "{unit}");
        }
        table("SELECT INTERVAL '1 day' AS d").write_arrow(at("a.arrow"), WriteOptions::default()).unwrap();
    }

    #[test]
    fn modes_refuse_replace_and_add() {
        let root = tempfile::tempdir().unwrap();
        for target in [root.path().join("folder"), root.path().join("file.parquet")] {
            let mode = |mode| WriteOptions::default().mode(mode);
            letters().write_parquet(&target, mode(WriteMode::Error)).unwrap();
            let error = letters().write_parquet(&target, mode(WriteMode::Error)).unwrap_err().to_string();
            assert!(error.contains("already exists") && error.contains(target.to_str().unwrap()), "{error}");
            let one = table("SELECT 7 AS k, 's' AS s, 0.5 AS x");
            one.write_parquet(&target, mode(WriteMode::Overwrite)).unwrap();
            assert_eq!(rows(&session().read_parquet(&target).unwrap()), ["7|s|0.5"]);
            let appended = letters().write_parquet(&target, mode(WriteMode::Append));
            if target.is_dir() {
                appended.unwrap();
                assert_eq!(session().read_parquet(&target).unwrap().count().unwrap(), 4);
            } else {
                assert!(appended.unwrap_err().to_string().contains("cannot be appended to"));
            }
        }
        let left: Vec<_> = std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn several_files_are_appended_at_once() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("t");
        let numbers = table("SELECT value AS n, value % 3 AS k FROM generate_series(1, 9)");
        let options = || WriteOptions::default().partition_by(["k"]).mode(WriteMode::Append);
        assert_eq!(numbers.write_parquet(&target, options()).unwrap().files, 3);
        assert_eq!(numbers.write_parquet(&target, options()).unwrap().files, 3);
        assert_eq!(names(&target).len(), 6);
        assert_eq!(session().read_parquet(&target).unwrap().count().unwrap(), 18);
    }

    #[test]
    fn partitions_become_folders_and_come_back() {
        let root = tempfile::tempdir().unwrap();
        let frame = table(
            "SELECT * FROM (VALUES (1, 'x/y', DATE '2024-01-01'), (2, NULL, DATE '2024-01-01'), (3, 'x/y', NULL), \
             (4, 'z', DATE '2024-02-29'), (5, 'z', DATE '2024-02-29')) AS t(n, s, d)",
        );
        let expected = sorted_rows(&frame);
        for name in ["p", "c"] {
            let target = root.path().join(name);
            let options = WriteOptions::default().partition_by(["s", "d"]);
            let read = if name == "p" {
                assert_eq!(frame.write_parquet(&target, options).unwrap().files, 4);
                session().read_parquet(&target).unwrap()
            } else {
                frame.write_csv(&target, options).unwrap();
                session().read_csv(&target).unwrap()
            };
            assert_eq!(sorted_rows(&read), expected);
            assert!(names(&target).iter().any(|name| name.starts_with("s=x%2Fy/d=2024-01-01/part-")));
            assert_eq!(read.schema().unwrap().field(2).data_type(), &arrow::datatypes::DataType::Date32);
        }
        let kept = root.path().join("kept");
        frame.write_parquet(&kept, WriteOptions::default().partition_by(["s"]).keep_partition_columns(true)).unwrap();
        assert_eq!(sorted_rows(&session().read_parquet(&kept).unwrap()), expected);
    }

    #[test]
    fn a_result_without_rows_keeps_its_columns() {
        let root = tempfile::tempdir().unwrap();
        let none = letters().limit(0);
        for (name, options) in [
            ("a.parquet", WriteOptions::default()),
            ("b", WriteOptions::default()),
            ("c", WriteOptions::default().partition_by(["s"])),
        ] {
            let target = root.path().join(name);
            assert_eq!(none.write_parquet(&target, options).unwrap().files, 1);
            let read = session().read_parquet(&target).unwrap();
            assert_eq!((read.count().unwrap(), read.columns().unwrap().len()), (0, 3), "{name}");
        }
        none.write_csv(root.path().join("d.csv"), WriteOptions::default()).unwrap();
        let read = session().read_csv(root.path().join("d.csv")).unwrap();
        assert_eq!(read.columns().unwrap(), ["k", "s", "x"]);
        none.write_arrow(root.path().join("e.arrow"), WriteOptions::default()).unwrap();
        assert_eq!(session().read_arrow(root.path().join("e.arrow")).unwrap().count().unwrap(), 0);
    }

    #[test]
    fn a_failed_write_leaves_nothing_and_keeps_the_old() {
        let root = tempfile::tempdir().unwrap();
        let bad = table("SELECT CAST(s AS BIGINT) AS n FROM (VALUES ('1'), ('2'), ('no')) AS t(s)");
        for target in [root.path().join("t"), root.path().join("t.parquet")] {
            assert!(bad.write_parquet(&target, WriteOptions::default()).is_err());
            assert!(!target.exists());
            letters().write_parquet(&target, WriteOptions::default()).unwrap();
            let before = names(root.path());
            let overwrite = WriteOptions::default().mode(WriteMode::Overwrite);
            assert!(bad.write_parquet(&target, overwrite).is_err());
            assert_eq!(names(root.path()), before);
            assert_eq!(session().read_parquet(&target).unwrap().count().unwrap(), 3);
        }
    }

    #[test]
    fn what_cannot_be_written_is_told_before_it_runs() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        std::fs::create_dir(at("home")).unwrap();
        std::fs::write(at("home/letter.txt"), "dear").unwrap();
        let plain = WriteOptions::default;
        let overwrite = || plain().mode(WriteMode::Overwrite);
        for (result, expected) in [
            (letters().write_csv(at("a.parquet"), plain()), "the suffix says Parquet"),
            (letters().write_parquet(at("file"), plain()), "but this is a file"),
            (letters().write_parquet(at("file").join("below"), plain()), "file"),
            (letters().write_parquet(at("home"), overwrite()), "letter.txt"),
            (letters().write_parquet(at("b"), plain().partition_by(["nope"])), "'nope' not found"),
            (letters().write_parquet(at("b"), plain().partition_by(["k", "s", "x"])), "every column"),
            (letters().write_parquet(at("b"), plain().compression("best")), "best"),
            (letters().write_csv(at("b"), plain().compression("rar")), "rar"),
            (letters().write_csv(at("b.csv.gz"), plain().compression("zstd")), "needs the suffix"),
            (letters().write_csv(at("b"), plain().delimiter(b'\n')), "delimiter"),
            (letters().write_parquet(at("b"), plain().row_group_rows(0)), "row_group_rows"),
            (letters().write_parquet("https://example.org/x.parquet", plain()), "over https"),
            (letters().write_parquet("/dev/full", overwrite()), "/dev/full"),
        ] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(expected), "{error} (expected {expected})");
        }
        assert_eq!(names(root.path()), BTreeSet::from(["file".to_owned(), "home/letter.txt".to_owned()]));
    }

    #[test]
    fn a_frame_may_replace_what_it_reads() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("t");
        letters().write_parquet(&target, WriteOptions::default()).unwrap();
        let read = session().read_parquet(&target).unwrap();
        read.filter(crate::expr::col("k").gt(crate::expr::lit(1)))
            .write_parquet(&target, WriteOptions::default().mode(WriteMode::Overwrite))
            .unwrap();
        assert_eq!(session().read_parquet(&target).unwrap().count().unwrap(), 2);
    }

    #[test]
    fn copy_goes_the_same_way() {
        let root = tempfile::tempdir().unwrap();
        let copy = |target: &str, more: &str| {
            let target = root.path().join(target);
            let text = format!(
                "COPY (SELECT value AS n, value % 2 AS k FROM generate_series(1, 4)) TO '{}' {more}",
                target.display()
            );
            session().sql(&text).and_then(|frame| frame.collect_one())
        };
        copy("a.parquet", "").unwrap();
        let error = copy("a.parquet", "").unwrap_err().to_string();
        assert!(error.contains("already exists"), "{error}");
        copy("a.parquet", "OPTIONS (mode 'overwrite', compression 'snappy')").unwrap();
        copy("dir", "STORED AS CSV PARTITIONED BY (k) OPTIONS (delimiter ';')").unwrap();
        assert!(
            names(&root.path().join("dir")).contains("k=0/part-00000.csv")
                || names(&root.path().join("dir")).len() == 2
        );
        copy("dir", "STORED AS CSV PARTITIONED BY (k) OPTIONS (mode 'append', delimiter ';')").unwrap();
        assert_eq!(session().read_csv(root.path().join("dir")).unwrap().count().unwrap(), 8);
        assert!(copy("b.parquet", "OPTIONS (mode 'maybe')").is_err());
        assert!(copy("b.parquet", "OPTIONS (nonsense '1')").is_err());
        assert!(!root.path().join("b.parquet").exists());
        let plan = session().sql(&format!("EXPLAIN COPY (SELECT 1 AS x) TO '{}'", root.path().join("c.csv").display()));
        let shown = rows(&plan.unwrap()).join("\n");
        assert!(shown.contains("WriteExec"), "{shown}");
    }

    #[test]
    fn external_tables_skip_unfinished_files() {
        let root = tempfile::tempdir().unwrap();
        letters().write_parquet(root.path().join("part.parquet"), WriteOptions::default()).unwrap();
        std::fs::create_dir(root.path().join(".t.swath-1")).unwrap();
        std::fs::write(root.path().join(".t.swath-1/half.parquet"), "half").unwrap();
        std::fs::write(root.path().join("_half.parquet"), "half").unwrap();
        let name = format!("ext_{}", std::process::id());
        let text = format!("CREATE EXTERNAL TABLE {name} STORED AS PARQUET LOCATION '{}/'", root.path().display());
        session().sql(&text).unwrap();
        assert_eq!(table(&format!("SELECT * FROM {name}")).count().unwrap(), 3);
        assert_eq!(session().read_parquet(root.path()).unwrap().count().unwrap(), 3);
    }
}
