//! What to compute.
//!
//! This crate holds what Swath adds to DataFusion's planning: typed options, logical nodes, optimiser rules, and the view of
//! a physical plan as a DAG of stages. It knows nobody above it: `exec` runs what is planned here.
//!
//! | module | what |
//! |---|---|
//! | [`analyze`] | what each operator of a plan that has run did |
//! | [`asof_join`] | the logical as-of join |
//! | [`canonical_floats`] | one NaN and one zero in keys and comparisons of floats |
//! | [`compare_plain_floats`] | comparisons of float columns with constants, as statistics can decide them |
//! | [`decimal_quotients`] | quotients and averages of decimals as `DOUBLE` |
//! | [`expand_set_comparison`] | comparisons with `ANY` and `ALL` of a subquery |
//! | [`estimate`] | how many rows a physical plan gives |
//! | [`keep_time_of_intervals`] | dates and intervals with hours |
//! | [`mark_subqueries`] | `EXISTS` and `IN` of a subquery as values |
//! | [`meet_times`] | times of different types, compared and put together |
//! | [`name_groups`] | a name of its own for each group |
//! | [`options`] | the `swath.*` settings, typed and documented once |
//! | [`push_filter_through_asof_join`] | filters on left columns below an as-of join |
//! | [`push_semi_join_down`] | semi joins with few groups, below inner joins |
//! | [`reorder_joins`] | inner joins in the order that the estimates favour |
//! | [`round_to_constant_digits`] | the type of `round(decimal, n)` from the first plan on |
//! | [`sort_large_limits`] | large limits over a sort without a heap |
//! | [`spell_out_truth_tests`] | `IS TRUE` and its kin, as comparisons |
//! | [`stages`] | a physical plan cut where data must move, for `EXPLAIN STAGES` |
//! | [`suggest`] | the nearest spelling of a name that was not found |

pub mod analyze;
pub mod asof_join;
pub mod canonical_floats;
pub mod compare_plain_floats;
pub mod decimal_quotients;
pub mod estimate;
pub mod expand_set_comparison;
pub mod keep_time_of_intervals;
mod look;
pub mod mark_subqueries;
pub mod meet_times;
pub mod name_groups;
pub mod options;
pub mod push_filter_through_asof_join;
pub mod push_semi_join_down;
pub mod reorder_joins;
pub mod round_to_constant_digits;
pub mod sort_large_limits;
pub mod spell_out_truth_tests;
pub mod stages;
pub mod suggest;

pub use analyze::AnalyzeReport;
pub use asof_join::{AsofJoinNode, AsofKey, AsofMatch, AsofStrategy};
pub use canonical_floats::CanonicalFloats;
pub use compare_plain_floats::ComparePlainFloats;
pub use decimal_quotients::DecimalQuotients;
pub use expand_set_comparison::ExpandSetComparison;
pub use keep_time_of_intervals::KeepTimeOfIntervals;
pub use mark_subqueries::MarkSubqueries;
pub use meet_times::{MeetTimes, common_time, has_times_to_meet, with_met_times};
pub use name_groups::NameGroups;
pub use options::{FullNames, SwathOptions, SwathSettings};
pub use push_filter_through_asof_join::PushFilterThroughAsofJoin;
pub use push_semi_join_down::PushSemiJoinDown;
pub use reorder_joins::ReorderJoins;
pub use round_to_constant_digits::RoundToConstantDigits;
pub use sort_large_limits::SortLargeLimits;
pub use spell_out_truth_tests::SpellOutTruthTests;
pub use stages::{Stage, StageGraph};
pub use suggest::nearest;
