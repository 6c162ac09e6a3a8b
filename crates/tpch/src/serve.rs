//! Queries on demand, for the comparison with other engines: commands on standard input, one JSON line per answer.
//!
//! ```text
//! > ready?         < {"ready":true}
//! > run 5          < {"query":5,"seconds":0.123,"rows":5,"peak_rss_bytes":123456789}
//! > run 6          < {"query":6,"error":"..."}
//! > quit
//! ```

use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde_json::json;
use swath_collections::Session;

use crate::process::peak_rss_bytes;
use crate::query::Query;
use crate::run::{Form, run_once};
use crate::tables::Tables;

/// Answers commands until `quit` or the end of the input.
///
/// # Errors
/// If a line cannot be read or written.
pub fn serve(
    session: &Session,
    tables: &Tables,
    form: Form,
    commands: impl BufRead,
    out: &mut dyn Write,
) -> io::Result<()> {
    for line in commands.lines() {
        let line = line?;
        let reply = match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("", _) => continue,
            ("quit", _) => break,
            ("ready?", _) => json!({ "ready": true }),
            ("run", query) => match query.parse::<Query>() {
                Ok(query) => run_timed(session, tables, query, form),
                Err(error) => json!({ "error": error }),
            },
            (other, _) => json!({ "error": format!("expected ready?, run <query> or quit, got '{other}'") }),
        };
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}

fn run_timed(session: &Session, tables: &Tables, query: Query, form: Form) -> serde_json::Value {
    let start = Instant::now();
    match run_once(session, tables, query, form) {
        Ok(batches) => {
            let seconds = start.elapsed().as_secs_f64();
            let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
            json!({ "query": query.number(), "seconds": seconds, "rows": rows, "peak_rss_bytes": peak_rss_bytes() })
        }
        Err(error) => json!({ "query": query.number(), "error": error.to_string() }),
    }
}
