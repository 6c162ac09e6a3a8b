//! The `swath.*` settings: one typed struct, from which `docs/configuration.md` is generated.
//!
//! A setting is given in SQL (`SET swath.join_memory_fraction = 0.3`) or through `SessionBuilder::set`.

use std::any::Any;
use std::ops::Deref;

use datafusion::common::{Result, extensions_options};
use datafusion::config::{ConfigEntry, ConfigExtension, ExtensionOptions};

extensions_options! {
    /// Settings of Swath's own rules and operators.
    pub struct SwathSettings {
        /// Share of the session's memory limit that the build side of one hash join may take, over all its partitions,
        /// before it spills.
        pub join_memory_fraction: f64, default = 0.3

        /// Whether inner joins are put into the order that estimates of their sizes favour. If not, they run in the order of
        /// the query text.
        pub reorder_joins: bool, default = true

        /// A hash join's build side of at most so many bytes, by estimate, may be built once for all partitions, where that
        /// is cheaper than to exchange both sides.
        pub collected_build_bytes: usize, default = 128 << 20

        /// Whether all partitions of a plan run in one process, so that a join of any kind may build once for all of them. A
        /// connected session sets it to false.
        pub one_process: bool, default = true

        /// Bytes of groups that one partition of an aggregation's first phase gathers before it gives them on and begins
        /// anew; the first time four times as many. 0 sets no bound.
        pub partial_aggregation_bytes: usize, default = 4 << 20

        /// Whether equal aggregations of one query run once for all their readers.
        pub share_subplans: bool, default = true

        /// Whether hash joins may spill. If not, one whose build side does not fit in the memory limit fails.
        pub spilling_joins: bool, default = true

        /// A Parquet scan under a join decodes its other columns only for the rows that the join's build side wants, if
        /// those are at most this fraction of a sample. 0 never does, 1 always.
        pub late_decoding_fraction: f64, default = 0.03

        /// Share of the session's memory limit that cached tables may hold in memory; what is beyond it overflows to the
        /// spill folder. Read when the session starts.
        pub store_memory_fraction: f64, default = 0.5
    }
}

impl ConfigExtension for SwathSettings {
    const PREFIX: &'static str = "swath";
}

/// [`SwathSettings`] under their full names.
pub type SwathOptions = FullNames<SwathSettings>;

/// Settings under their full names: `SHOW` and whoever carries settings to another process look for `prefix.name`,
/// whereas DataFusion's macro lists the bare name.
#[derive(Clone, Debug, Default)]
pub struct FullNames<T>(T);

impl<T> Deref for FullNames<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ConfigExtension + Clone> ExtensionOptions for FullNames<T> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        self.0.set(key, value)
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let full_name = |entry: ConfigEntry| ConfigEntry { key: format!("{}.{}", T::PREFIX, entry.key), ..entry };
        self.0.entries().into_iter().map(full_name).collect()
    }
}

impl<T: ConfigExtension + Clone> ConfigExtension for FullNames<T> {
    const PREFIX: &'static str = T::PREFIX;
}
