//! The settings of queries that run on a cluster, and how a session's settings travel.

use datafusion::common::{Result, extensions_options};
use datafusion::config::{ConfigExtension, ConfigOptions};
use swath_planner::FullNames;

use crate::protocol::Pair;

extensions_options! {
    /// Settings of a connected session: `swath_cluster.*`.
    pub struct ClusterSettings {
        /// The client's session, which the workers' caches are kept by. Set by the client.
        pub session: String, default = String::new()

        /// How data is compressed between workers, and on its way to the client: none, lz4, zstd, or adaptive: lz4 where
        /// the link is slow and the data compress.
        pub exchange_compression: String, default = "adaptive".to_owned()

        /// A part of a plan that reads at most so many rows, such as a small table that others are joined with, is run by each
        /// task that needs it, and a plan that reads no more by one task. 0 makes stages of all.
        pub small_input_rows: usize, default = 65536

        /// Whether a scan waits for the join keys that another stage finds, where these are few, and drops rows with others.
        pub key_filters: bool, default = true

        /// Whether rows of a result are read while its tasks still make them. If a worker is lost after that, the query fails
        /// (`collect` runs it once again); without, rows come when the result is complete, and lost tasks are run elsewhere.
        pub stream_results: bool, default = true

        /// The bytes of in-memory tables that one query may send along. Larger tables belong into files.
        pub shipped_bytes: usize, default = 256 << 20
    }
}

impl ConfigExtension for ClusterSettings {
    const PREFIX: &'static str = "swath_cluster";
}

/// [`ClusterSettings`] under their full names, by which settings travel.
pub type ClusterOptions = FullNames<ClusterSettings>;

/// Prepares the options of a session whose plans run on a cluster of `threads` threads.
///
/// # Errors
/// If an option is unknown, which a test holds.
pub fn prepare_client(options: &mut ConfigOptions, threads: usize) -> Result<()> {
    options.extensions.insert(ClusterOptions::default());
    for (key, value) in [
        // Stages are cut at hash exchanges only: rows that were dealt out for balance would go nowhere.
        ("datafusion.optimizer.enable_round_robin_repartition", "false"),
        // A filter that is found while a query runs cannot leave the process that found it; workers add those within a task.
        ("datafusion.optimizer.enable_dynamic_filter_pushdown", "false"),
        // Our own rule chooses which joins get their build side whole, among those that may.
        ("datafusion.optimizer.hash_join_single_partition_threshold", "0"),
        ("datafusion.optimizer.hash_join_single_partition_threshold_rows", "0"),
        ("swath.one_process", "false"),
    ] {
        options.set(key, value)?;
    }
    options.set("datafusion.execution.target_partitions", &threads.to_string())
}

/// What depends on the process, not on the session.
const OF_THE_PROCESS: &[&str] = &["datafusion.execution.sort_spill_reservation_bytes"];

/// All settings of a session of `options`, to be sent along with its plans.
pub fn to_pairs(options: &ConfigOptions, session: &str) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = options
        .entries()
        .into_iter()
        .filter(|entry| !OF_THE_PROCESS.contains(&entry.key.as_str()))
        .filter_map(|entry| entry.value.map(|value| Pair { key: entry.key, value }))
        .collect();
    pairs.push(Pair { key: format!("{}.session", ClusterOptions::PREFIX), value: session.to_owned() });
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state;
    use swath_planner::SwathOptions;

    #[test]
    fn settings_arrive() {
        let mut options = ConfigOptions::new();
        options.extensions.insert(SwathOptions::default());
        prepare_client(&mut options, 3).unwrap();
        options.set("swath.join_memory_fraction", "0.125").unwrap();
        options.set("swath_cluster.exchange_compression", "zstd").unwrap();
        options.set("datafusion.execution.batch_size", "77").unwrap();
        let at_scheduler = state::config_of(&to_pairs(&options, "a=%b\nc"));
        let again: Vec<Pair> = at_scheduler
            .options()
            .entries()
            .into_iter()
            .filter_map(|entry| Some(Pair { key: entry.key, value: entry.value? }))
            .collect();
        let at_worker = state::config_of(&again);
        let options = at_worker.options();
        assert_eq!(options.execution.batch_size.get(), 77);
        assert_eq!(options.execution.target_partitions, 3);
        assert_eq!(options.extensions.get::<SwathOptions>().unwrap().join_memory_fraction, 0.125);
        let cluster = options.extensions.get::<ClusterOptions>().unwrap();
        assert_eq!((cluster.session.as_str(), cluster.exchange_compression.as_str()), ("a=%b\nc", "zstd"));
    }
}
