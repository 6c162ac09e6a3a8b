//! SQL's `COPY … TO`, sent the way of every other write.
//!
//! DataFusion's own sink writes into the target itself, so that a failure leaves half a result there, and a second
//! `COPY` to a folder mixes its files with those of the first. Options beside those of the formats:
//! `mode` (`error`, `overwrite`, `append`), `single_file_output`, and `execution.keep_partition_by_columns`.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::config::{ConfigFileType, TableOptions};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Result, config_err, not_impl_err};
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::node::WriteNode;
use super::spec::{ArrowCompression, WriteFormat, WriteMode, WriteSpec};

/// Turns `COPY` into [`WriteNode`].
#[derive(Debug)]
pub struct SendCopyToWriter;

impl OptimizerRule for SendCopyToWriter {
    fn name(&self) -> &str {
        "send_copy_to_writer"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Copy(copy) = plan else { return Ok(Transformed::no(plan)) };
        let node = WriteNode::copy(
            Arc::unwrap_or_clone(copy.input),
            copy.output_url,
            copy.file_type.get_ext(),
            copy.partition_by,
            copy.options,
            copy.output_schema,
        );
        Ok(Transformed::yes(LogicalPlan::Extension(Extension { node: Arc::new(node) })))
    }
}

/// What a `COPY` asks for, with the session's options where it says nothing.
pub(super) fn spec_of_copy(
    session: &dyn Session,
    target: &str,
    extension: &str,
    partition_by: &[String],
    options: &HashMap<String, String>,
) -> Result<WriteSpec> {
    let mut options = options.clone();
    let mut take = |name: &str| options.remove(name).or_else(|| options.remove(&format!("format.{name}")));
    let mode = match take("mode") {
        None => WriteMode::default(),
        Some(name) => match WriteMode::of(&name) {
            Some(mode) => mode,
            None => return config_err!("COPY: expected mode 'error', 'overwrite' or 'append', got '{name}'"),
        },
    };
    let single_file = truth("single_file_output", take("single_file_output").as_deref())?;
    let keep = truth("execution.keep_partition_by_columns", take("execution.keep_partition_by_columns").as_deref())?;
    let keep_partition_columns = keep.unwrap_or(session.config_options().execution.keep_partition_by_columns);
    let table_options = |file_type: ConfigFileType| -> Result<TableOptions> {
        let mut table_options = session.default_table_options();
        table_options.set_config_format(file_type);
        table_options.alter_with_string_hash_map(&options)?;
        Ok(table_options)
    };
    let format = match extension.trim_start_matches('.') {
        "parquet" => WriteFormat::Parquet(Box::new(table_options(ConfigFileType::PARQUET)?.parquet)),
        "csv" => WriteFormat::Csv(Box::new(table_options(ConfigFileType::CSV)?.csv)),
        "json" => WriteFormat::Json(table_options(ConfigFileType::JSON)?.json),
        "arrow" => WriteFormat::Arrow(arrow_compression(&options)?),
        other => return not_impl_err!("COPY: cannot write '{other}'; expected PARQUET, CSV, JSON or ARROW"),
    };
    let (target, partition_by) = (target.to_owned(), partition_by.to_vec());
    Ok(WriteSpec { target, format, partition_by, keep_partition_columns, mode, single_file })
}

fn truth(name: &str, text: Option<&str>) -> Result<Option<bool>> {
    match text.map(str::trim) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => config_err!("COPY: expected true or false for '{name}', got '{other}'"),
    }
}

fn arrow_compression(options: &HashMap<String, String>) -> Result<ArrowCompression> {
    let mut compression = ArrowCompression::default();
    for (key, value) in options {
        compression = match (key.as_str(), value.to_ascii_lowercase().as_str()) {
            ("format.compression", "none" | "uncompressed") => ArrowCompression::None,
            ("format.compression", "lz4" | "lz4_frame") => ArrowCompression::Lz4,
            ("format.compression", "zstd") => ArrowCompression::Zstd,
            ("format.compression", other) => {
                return config_err!("COPY: expected compression none, lz4 or zstd for Arrow, got '{other}'");
            }
            (other, _) => return config_err!("COPY: option '{other}' is not known for Arrow files"),
        };
    }
    Ok(compression)
}
