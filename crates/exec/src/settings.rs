//! What a session sets by default, and the reference page of all settings.

use std::fmt::Write;

use datafusion::common::{Result, config_err};
use datafusion::config::ConfigOptions;
use datafusion::prelude::SessionConfig;
use swath_planner::SwathOptions;

/// Where Swath differs from DataFusion's defaults: name, value, and why.
pub static DEFAULT_SETTINGS: &[(&str, &str, &str)] = &[
    ("datafusion.catalog.information_schema", "true", "the shell and tools list tables by it"),
    (
        "datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown",
        "false",
        "with several extremes side by side it leaves out rows that one of them needs (DataFusion 55.2)",
    ),
    ("datafusion.sql_parser.collect_spans", "true", "error messages point at the place in the text"),
];

/// The settings whose defaults are the machine's: not printed with a value, so that the page is the same everywhere.
const OF_THE_MACHINE: &[&str] =
    &["datafusion.execution.target_partitions", "datafusion.execution.planning_concurrency"];

/// The options of a session before the user's own.
fn default_options() -> Result<ConfigOptions> {
    let mut options = ConfigOptions::new();
    options.extensions.insert(SwathOptions::default());
    for (key, value, _) in DEFAULT_SETTINGS {
        options.set(key, value)?;
    }
    Ok(options)
}

/// What each sorter keeps for the merge of its spilled runs, at most: DataFusion's default.
const SORT_RESERVATION_BYTES: usize = 10 << 20;

/// The configuration of a session with `threads` partitions: the defaults, what `prepare` changes, and the user's `settings` on top.
///
/// # Errors
/// If a setting is unknown or its value is out of range.
pub fn session_config(
    threads: usize,
    memory_limit_bytes: usize,
    batch_size_rows: Option<usize>,
    prepare: impl FnOnce(&mut ConfigOptions) -> Result<()>,
    settings: &[(String, String)],
) -> Result<SessionConfig> {
    let mut options = default_options()?;
    options.set("datafusion.execution.target_partitions", &threads.to_string())?;
    // At low limits the default would take all there is.
    let sort_reservation = (memory_limit_bytes / (16 * threads)).min(SORT_RESERVATION_BYTES);
    options.set("datafusion.execution.sort_spill_reservation_bytes", &sort_reservation.to_string())?;
    prepare(&mut options)?;
    if let Some(rows) = batch_size_rows {
        if !(1..=1 << 24).contains(&rows) {
            return config_err!("batch_size must be between 1 and 16777216 rows, got {rows}");
        }
        options.set("datafusion.execution.batch_size", &rows.to_string())?;
    }
    for (key, value) in settings {
        options.set(key, value)?;
    }
    Ok(SessionConfig::from(options))
}

/// `docs/configuration.md`: every setting of a session with its default and meaning, from the typed options.
///
/// # Errors
/// If [`DEFAULT_SETTINGS`] names an unknown setting.
pub fn reference_page() -> Result<String> {
    let mut page = String::from(INTRODUCTION);
    for (key, value, reason) in DEFAULT_SETTINGS {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| `{key}` | `{value}` | {reason} |");
    }
    let mut entries = default_options()?.entries();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    for (title, prefix) in [("Swath", "swath."), ("DataFusion", "datafusion.")] {
        let _ = write!(page, "\n## {title}: `{prefix}*`\n\n| setting | default | meaning |\n|---|---|---|\n");
        for entry in entries.iter().filter(|entry| entry.key.starts_with(prefix)) {
            let value = match &entry.value {
                _ if OF_THE_MACHINE.contains(&entry.key.as_str()) => "threads of the session".to_owned(),
                Some(value) if value.is_empty() => "(empty)".to_owned(),
                Some(value) => format!("`{}`", value.escape_debug()),
                None => "(none)".to_owned(),
            };
            let meaning = entry.description.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
            let _ = writeln!(page, "| `{}` | {value} | {meaning} |", entry.key);
        }
    }
    Ok(page)
}

const INTRODUCTION: &str = "\
# Configuration

This page is generated from the typed options (`cargo xtask docs`) and checked by the tests.

A session is configured by its builder:

```rust
let session = Session::embedded()
    .threads(4)                       // default: the processor's cores
    .memory_limit(8 << 30)            // bytes; default: 70 % of the machine's or its cgroup's memory
    .spill_folder(\"/fast/disk\")       // default: the system's temporary folder
    .spill_limit(200 << 30)           // bytes; default: 100 GiB
    .batch_size(8192)                 // rows
    .set(\"swath.join_memory_fraction\", \"0.2\")
    .build()?;
```

Every setting below can be given by name: `SessionBuilder::set`, or `SET name = value` in SQL; `SHOW name` and `SHOW ALL`
show them.

## Where Swath differs from DataFusion's defaults

| setting | value | why |
|---|---|---|
";
