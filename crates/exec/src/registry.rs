//! The one table of what Swath adds to DataFusion: functions, optimiser rules, physical rules and operators.
//!
//! Every session is built by [`install`], which reads [`ENTRIES`]; nothing is registered elsewhere. A name is stable: it is
//! what a plan carries between processes. `docs/add-an-operator.md` is the recipe.
//!
//! On a cluster the client plans, and workers run parts of the plan. So the rules are of two kinds: those that shape the whole
//! plan run where it is made, and those that choose how one process runs its part run there ([`task_rules`]). Embedded,
//! both run one after the other.

use std::sync::Arc;

use datafusion::catalog::TableProviderFactory;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::optimizer::{Analyzer, AnalyzerRule, Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_planner::ExtensionPlanner;
use swath_planner::canonical_floats::CANONICAL_FLOAT;
use swath_planner::{
    CanonicalFloats, ComparePlainFloats, DecimalQuotients, ExpandSetComparison, KeepTimeOfIntervals, MarkSubqueries,
    MeetTimes, NameGroups, PushFilterThroughAsofJoin, PushSemiJoinDown, ReorderJoins, RoundToConstantDigits,
    SortLargeLimits, SpellOutTruthTests,
};

use crate::anchor_similar_patterns::AnchorSimilarPatterns;
use crate::call_narrow_aggregates::CallNarrowAggregates;
use crate::check_patterns::CheckPatterns;
use crate::choose_spilling_join::ChooseSpillingJoin;
use crate::engine::{Planner, RemotePlanner};
use crate::foreign::gather::GatherForFunctions;
use crate::functions::{self, FloatExtreme, Sliding};
use crate::guard_names::GuardNames;
use crate::held::node::HoldPlanner;
use crate::held::{self, ComputeReleased};
use crate::interruptible_joins::InterruptibleJoins;
use crate::keep_null_rules::keep_null_rules;
use crate::keep_plan_on_failure::keep_plan_on_failure;
use crate::operators::accounted_window::AccountForWindows;
use crate::operators::adaptive_scan::AdaptParquetScans;
use crate::operators::asof_join::{self, AsofJoinPlanner};
use crate::operators::bounded_aggregate::BoundPartialAggregates;
use crate::operators::map_batches::{self, MapBatchesPlanner};
use crate::operators::{broadcast_join, collect_keys, filter_by_keys, recursive, single_task, text_scan};
use crate::order_floats::OrderFloats;
use crate::prune_top_k_of_floats::PruneTopKOfFloats;
use crate::share_subplans::ShareSubplans;
use crate::slide_over_floats::SlideOverFloats;
use crate::tell_projections_apart::tell_projections_apart;
use crate::wire::WireForm;
use crate::write;
use crate::write::copy::SendCopyToWriter;
use crate::write::insert::ExternalTableFactory;
use crate::write::node::WritePlanner;

/// One thing that Swath adds, by its stable name.
pub struct Entry {
    /// The name by which plans, settings and EXPLAIN know it.
    pub name: &'static str,
    /// What it is, and how to make it.
    pub kind: Kind,
}

/// What an [`Entry`] is.
#[non_exhaustive]
pub enum Kind {
    /// A scalar function.
    Scalar(fn() -> Arc<ScalarUDF>),
    /// An aggregate function.
    Aggregate(fn() -> Arc<AggregateUDF>),
    /// A window function.
    Window(fn() -> Arc<WindowUDF>),
    /// What plans expressions of SQL, in its turn after DataFusion's own.
    ExpressionPlanner(fn() -> Arc<dyn ExprPlanner>),
    /// A rule that gives a logical plan its meaning, run right before the rule of DataFusion's that settles types.
    AnalyzerRuleBeforeTypes(fn() -> Arc<dyn AnalyzerRule + Send + Sync>),
    /// A rule that gives a logical plan its meaning, run after DataFusion's own, when types are settled.
    AnalyzerRule(fn() -> Arc<dyn AnalyzerRule + Send + Sync>),
    /// A rule on logical plans, run after DataFusion's own.
    LogicalRule(fn() -> Arc<dyn OptimizerRule + Send + Sync>),
    /// As [`Kind::LogicalRule`], run right before the rule of DataFusion's with this name.
    LogicalRuleBefore(&'static str, fn() -> Arc<dyn OptimizerRule + Send + Sync>),
    /// What goes around the rule of DataFusion's with this name, in its place.
    AroundLogicalRule(&'static str, fn(Arc<dyn OptimizerRule + Send + Sync>) -> Arc<dyn OptimizerRule + Send + Sync>),
    /// As [`Kind::AroundLogicalRule`], around each of several rules on physical plans.
    AroundPhysicalRule(
        &'static [&'static str],
        fn(Arc<dyn PhysicalOptimizerRule + Send + Sync>) -> Arc<dyn PhysicalOptimizerRule + Send + Sync>,
    ),
    /// A rule on the physical plan that one process runs: the whole of it embedded, a task's part on a worker.
    TaskRule(fn() -> Arc<dyn PhysicalOptimizerRule + Send + Sync>),
    /// A rule on whole physical plans, run right after the rule of DataFusion's with this name.
    PhysicalRuleAfter(&'static str, fn() -> Arc<dyn PhysicalOptimizerRule + Send + Sync>),
    /// As [`Kind::PhysicalRuleAfter`], for plans that run in this process: what it puts in cannot be cut into tasks.
    InProcessRuleAfter(&'static str, fn() -> Arc<dyn PhysicalOptimizerRule + Send + Sync>),
    /// A planner from a logical node of ours to its operator.
    Operator(fn() -> Arc<dyn ExtensionPlanner + Send + Sync>),
    /// What `CREATE EXTERNAL TABLE … STORED AS name` makes.
    TableFactory(fn() -> Arc<dyn TableProviderFactory>),
    /// The wire form of a physical operator, whose `ExecutionPlan::name` the entry's name is.
    Wire(WireForm),
}

/// Everything that is registered, in the order in which rules run.
pub static ENTRIES: &[Entry] = &[
    Entry { name: "bucket_start", kind: Kind::Scalar(functions::bucket_start) },
    Entry { name: "integer_power", kind: Kind::Scalar(functions::integer_power) },
    Entry { name: "expm1", kind: Kind::Scalar(functions::expm1) },
    Entry { name: "log1p", kind: Kind::Scalar(functions::log1p) },
    Entry { name: CANONICAL_FLOAT, kind: Kind::Scalar(functions::canonical_float) },
    Entry { name: "json_decode", kind: Kind::Scalar(functions::json_decode) },
    Entry { name: "json_path_match", kind: Kind::Scalar(functions::json_path_match) },
    Entry { name: "list_diff", kind: Kind::Scalar(functions::list_diff) },
    Entry { name: "list_gather", kind: Kind::Scalar(functions::list_gather) },
    Entry { name: "list_shift", kind: Kind::Scalar(functions::list_shift) },
    Entry { name: "list_std", kind: Kind::Scalar(functions::list_std) },
    Entry { name: "list_var", kind: Kind::Scalar(functions::list_var) },
    Entry { name: "lists_to_explode", kind: Kind::Scalar(functions::lists_to_explode) },
    Entry { name: "regexp_extract_all", kind: Kind::Scalar(functions::regexp_extract_all) },
    Entry { name: "regexp_extract_groups", kind: Kind::Scalar(functions::regexp_extract_groups) },
    Entry { name: "replace_time_zone", kind: Kind::Scalar(functions::replace_time_zone) },
    Entry { name: "row_hash", kind: Kind::Scalar(functions::row_hash) },
    Entry { name: "split_to_struct", kind: Kind::Scalar(functions::split_to_struct) },
    Entry { name: "struct_rename_fields", kind: Kind::Scalar(functions::struct_rename_fields) },
    Entry { name: "struct_with_fields", kind: Kind::Scalar(functions::struct_with_fields) },
    Entry { name: "text_to_integer", kind: Kind::Scalar(functions::text_to_integer) },
    Entry { name: "text_to_timestamp", kind: Kind::Scalar(functions::text_to_timestamp) },
    // In the place of DataFusion's.
    Entry { name: "array_agg", kind: Kind::Aggregate(functions::array_agg) },
    Entry { name: "avg", kind: Kind::Aggregate(functions::avg) },
    Entry { name: "bottom_k", kind: Kind::Aggregate(functions::bottom_k) },
    // In the place of DataFusion's.
    Entry { name: "signum", kind: Kind::Scalar(functions::sign) },
    Entry { name: "kurtosis", kind: Kind::Aggregate(functions::kurtosis) },
    Entry { name: FloatExtreme::Max.name(), kind: Kind::Aggregate(|| FloatExtreme::Max.function()) },
    // In the place of DataFusion's.
    Entry { name: "median", kind: Kind::Aggregate(functions::median) },
    Entry { name: FloatExtreme::Min.name(), kind: Kind::Aggregate(|| FloatExtreme::Min.function()) },
    Entry { name: "mode", kind: Kind::Aggregate(functions::mode) },
    // In the place of DataFusion's.
    Entry { name: "percentile_cont", kind: Kind::Aggregate(functions::percentile_cont) },
    Entry { name: "product", kind: Kind::Aggregate(functions::product) },
    Entry { name: "quantile_equiprobable", kind: Kind::Aggregate(functions::quantile_equiprobable) },
    Entry { name: "quantile_higher", kind: Kind::Aggregate(functions::quantile_higher) },
    Entry { name: "quantile_lower", kind: Kind::Aggregate(functions::quantile_lower) },
    Entry { name: "quantile_midpoint", kind: Kind::Aggregate(functions::quantile_midpoint) },
    Entry { name: "quantile_nearest", kind: Kind::Aggregate(functions::quantile_nearest) },
    Entry { name: "skewness", kind: Kind::Aggregate(functions::skewness) },
    // In the place of DataFusion's.
    Entry { name: "string_agg", kind: Kind::Aggregate(functions::string_agg) },
    Entry { name: "sum", kind: Kind::Aggregate(functions::sum) },
    Entry { name: "top_k", kind: Kind::Aggregate(functions::top_k) },
    Entry { name: "ewm_mean", kind: Kind::Window(functions::ewm_mean) },
    Entry { name: "ewm_std", kind: Kind::Window(functions::ewm_std) },
    Entry { name: "ewm_var", kind: Kind::Window(functions::ewm_var) },
    Entry { name: Sliding::Sum.name(), kind: Kind::Aggregate(|| Sliding::Sum.function()) },
    Entry { name: Sliding::Mean.name(), kind: Kind::Aggregate(|| Sliding::Mean.function()) },
    Entry { name: Sliding::Variance.name(), kind: Kind::Aggregate(|| Sliding::Variance.function()) },
    Entry { name: Sliding::VariancePop.name(), kind: Kind::Aggregate(|| Sliding::VariancePop.function()) },
    Entry { name: Sliding::Deviation.name(), kind: Kind::Aggregate(|| Sliding::Deviation.function()) },
    Entry { name: Sliding::DeviationPop.name(), kind: Kind::Aggregate(|| Sliding::DeviationPop.function()) },
    Entry { name: "keep_time_of_intervals", kind: Kind::ExpressionPlanner(|| Arc::new(KeepTimeOfIntervals)) },
    Entry { name: "name_groups", kind: Kind::AnalyzerRuleBeforeTypes(|| Arc::new(NameGroups)) },
    Entry { name: "anchor_similar_patterns", kind: Kind::AnalyzerRuleBeforeTypes(|| Arc::new(AnchorSimilarPatterns)) },
    // Before the rules that know DataFusion's functions.
    Entry { name: "call_narrow_aggregates", kind: Kind::AnalyzerRuleBeforeTypes(|| Arc::new(CallNarrowAggregates)) },
    Entry { name: "round_to_constant_digits", kind: Kind::AnalyzerRuleBeforeTypes(|| Arc::new(RoundToConstantDigits)) },
    Entry { name: "decimal_quotients", kind: Kind::AnalyzerRuleBeforeTypes(|| Arc::new(DecimalQuotients)) },
    Entry { name: "meet_times", kind: Kind::AnalyzerRuleBeforeTypes(|| Arc::new(MeetTimes)) },
    Entry { name: "meet_times_of_day", kind: Kind::ExpressionPlanner(|| Arc::new(MeetTimes)) },
    Entry { name: "expand_set_comparison", kind: Kind::AnalyzerRule(|| Arc::new(ExpandSetComparison)) },
    Entry { name: "mark_subqueries", kind: Kind::AnalyzerRule(|| Arc::new(MarkSubqueries)) },
    // After those that put in `max` and `min`.
    Entry { name: "order_floats", kind: Kind::AnalyzerRule(|| Arc::new(OrderFloats)) },
    Entry { name: "check_patterns", kind: Kind::AnalyzerRule(|| Arc::new(CheckPatterns)) },
    Entry { name: "slide_over_floats", kind: Kind::AnalyzerRule(|| Arc::new(SlideOverFloats)) },
    Entry { name: "compute_released", kind: Kind::AnalyzerRule(|| Arc::new(ComputeReleased)) },
    Entry {
        name: "canonical_floats",
        // Last, since it goes by what the others put in.
        kind: Kind::AnalyzerRule(|| Arc::new(CanonicalFloats::new(functions::canonical_float()))),
    },
    Entry { name: "push_filter_through_asof_join", kind: Kind::LogicalRule(|| Arc::new(PushFilterThroughAsofJoin)) },
    Entry { name: "push_semi_join_down", kind: Kind::LogicalRule(|| Arc::new(PushSemiJoinDown)) },
    Entry {
        name: "compare_plain_floats",
        // It looks for functions where they are, not for columns that were made of several equal ones.
        kind: Kind::LogicalRuleBefore("common_sub_expression_eliminate", || Arc::new(ComparePlainFloats)),
    },
    Entry { name: "spell_out_truth_tests", kind: Kind::LogicalRule(|| Arc::new(SpellOutTruthTests)) },
    Entry {
        name: "keep_plan_on_failure",
        kind: Kind::AroundLogicalRule("push_down_leaf_projections", keep_plan_on_failure),
    },
    Entry {
        name: "keep_plan_on_failure_of_extraction",
        kind: Kind::AroundLogicalRule("extract_leaf_expressions", keep_plan_on_failure),
    },
    Entry { name: "keep_null_rules", kind: Kind::AroundLogicalRule("eliminate_cross_join", keep_null_rules) },
    Entry {
        name: "guard_names",
        kind: Kind::AroundPhysicalRule(&["FilterPushdown", "FilterPushdown(Post)"], GuardNames::around),
    },
    Entry {
        name: "tell_projections_apart",
        kind: Kind::AroundLogicalRule("optimize_projections", tell_projections_apart),
    },
    Entry {
        name: "reorder_joins",
        // Before exchanges and sorts are put in, and filters pushed into scans.
        kind: Kind::PhysicalRuleAfter("join_selection", || Arc::new(ReorderJoins)),
    },
    Entry { name: "sort_large_limits", kind: Kind::PhysicalRuleAfter("LimitPushdown", || Arc::new(SortLargeLimits)) },
    Entry {
        name: "share_subplans",
        // When the plan has its final shape, but before dynamic filters are pushed down.
        kind: Kind::InProcessRuleAfter("EnsureCooperative", || Arc::new(ShareSubplans)),
    },
    Entry { name: "interruptible_joins", kind: Kind::TaskRule(|| Arc::new(InterruptibleJoins)) },
    Entry { name: "choose_spilling_join", kind: Kind::TaskRule(|| Arc::new(ChooseSpillingJoin)) },
    Entry { name: "prune_top_k_of_floats", kind: Kind::TaskRule(|| Arc::new(PruneTopKOfFloats)) },
    Entry { name: "adapt_parquet_scans", kind: Kind::TaskRule(|| Arc::new(AdaptParquetScans)) },
    Entry { name: "bound_partial_aggregates", kind: Kind::TaskRule(|| Arc::new(BoundPartialAggregates)) },
    Entry { name: "account_for_windows", kind: Kind::TaskRule(|| Arc::new(AccountForWindows)) },
    Entry { name: "gather_for_functions", kind: Kind::TaskRule(|| Arc::new(GatherForFunctions)) },
    Entry { name: "AsofJoin", kind: Kind::Operator(|| Arc::new(AsofJoinPlanner)) },
    Entry { name: "MapBatches", kind: Kind::Operator(|| Arc::new(MapBatchesPlanner)) },
    Entry { name: "send_copy_to_writer", kind: Kind::LogicalRule(|| Arc::new(SendCopyToWriter)) },
    Entry { name: "Hold", kind: Kind::Operator(|| Arc::new(HoldPlanner)) },
    Entry { name: "write", kind: Kind::Operator(|| Arc::new(WritePlanner)) },
    Entry { name: "PARQUET", kind: Kind::TableFactory(|| Arc::new(ExternalTableFactory::default())) },
    Entry { name: "CSV", kind: Kind::TableFactory(|| Arc::new(ExternalTableFactory::default())) },
    Entry { name: "JSON", kind: Kind::TableFactory(|| Arc::new(ExternalTableFactory::default())) },
    Entry { name: "NDJSON", kind: Kind::TableFactory(|| Arc::new(ExternalTableFactory::default())) },
    Entry { name: "ARROW", kind: Kind::TableFactory(|| Arc::new(ExternalTableFactory::default())) },
    Entry { name: "AsofJoinExec", kind: Kind::Wire(asof_join::WIRE) },
    Entry { name: "BroadcastJoinExec", kind: Kind::Wire(broadcast_join::WIRE) },
    Entry { name: "CollectKeysExec", kind: Kind::Wire(collect_keys::WIRE) },
    Entry { name: "FilterByKeysExec", kind: Kind::Wire(filter_by_keys::WIRE) },
    Entry { name: "MapBatchesExec", kind: Kind::Wire(map_batches::WIRE) },
    Entry { name: "SingleTaskExec", kind: Kind::Wire(single_task::WIRE) },
    Entry { name: "RecursiveQueryExec", kind: Kind::Wire(recursive::QUERY_WIRE) },
    Entry { name: "TextScanExec", kind: Kind::Wire(text_scan::WIRE) },
    Entry { name: "HeldScanExec", kind: Kind::Wire(held::scan::WIRE) },
    Entry { name: "WriteTaskExec", kind: Kind::Wire(write::task::WIRE) },
    Entry { name: "WorkTableExec", kind: Kind::Wire(recursive::WORK_TABLE_WIRE) },
];

/// The rule of DataFusion's after which every expression has its type.
const SETTLES_TYPES: &str = "type_coercion";

/// Adds every entry to `builder`; the only place where anything of ours enters a session.
///
/// With `remote` the session's plans run elsewhere: the rules for tasks are left to the processes that run them.
pub fn install(mut builder: SessionStateBuilder, remote: Option<Arc<dyn RemotePlanner>>) -> SessionStateBuilder {
    let mut planners = vec![];
    for entry in ENTRIES {
        match &entry.kind {
            Kind::Scalar(make) => builder.scalar_functions().get_or_insert_with(Vec::new).push(make()),
            Kind::Aggregate(make) => builder.aggregate_functions().get_or_insert_with(Vec::new).push(make()),
            Kind::Window(make) => builder.window_functions().get_or_insert_with(Vec::new).push(make()),
            // Those of DataFusion's come first, and leave what is ours.
            Kind::ExpressionPlanner(make) => builder.expr_planners().get_or_insert_with(Vec::new).push(make()),
            Kind::AnalyzerRuleBeforeTypes(make) => {
                let rules = &mut builder.analyzer().get_or_insert_with(Analyzer::new).rules;
                let index = rules.iter().position(|rule| rule.name() == SETTLES_TYPES).unwrap_or(rules.len());
                rules.insert(index, make());
            }
            Kind::AnalyzerRule(make) => builder = builder.with_analyzer_rule(make()),
            Kind::LogicalRule(make) => builder = builder.with_optimizer_rule(make()),
            Kind::LogicalRuleBefore(name, make) => {
                let rules = &mut builder.optimizer().get_or_insert_with(Optimizer::new).rules;
                let index = rules.iter().position(|rule| rule.name() == *name).unwrap_or(rules.len());
                rules.insert(index, make());
            }
            Kind::AroundLogicalRule(name, around) => {
                let rules = &mut builder.optimizer().get_or_insert_with(Optimizer::new).rules;
                rules.iter_mut().filter(|rule| rule.name() == *name).for_each(|rule| *rule = around(Arc::clone(rule)));
            }
            Kind::AroundPhysicalRule(names, around) => {
                let rules = &mut builder.physical_optimizers().get_or_insert_with(PhysicalOptimizer::new).rules;
                let rules = rules.iter_mut().filter(|rule| names.contains(&rule.name()));
                rules.for_each(|rule| *rule = around(Arc::clone(rule)));
            }
            Kind::TaskRule(_) if remote.is_some() => {}
            Kind::TaskRule(make) => builder = builder.with_physical_optimizer_rule(make()),
            Kind::PhysicalRuleAfter(rule, make) => builder = after(builder, rule, make()),
            Kind::InProcessRuleAfter(..) if remote.is_some() => {}
            Kind::InProcessRuleAfter(rule, make) => builder = after(builder, rule, make()),
            Kind::Operator(make) => planners.push(make()),
            Kind::TableFactory(make) => builder = builder.with_table_factory(entry.name.to_owned(), make()),
            Kind::Wire(_) => {}
        }
    }
    builder.with_query_planner(Arc::new(Planner::new(planners, remote)))
}

/// The rules that a worker applies to its part of a plan, in their order.
pub fn task_rules() -> impl Iterator<Item = Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    ENTRIES.iter().filter_map(|entry| match &entry.kind {
        Kind::TaskRule(make) => Some(make()),
        _ => None,
    })
}

/// The wire form of the operator called `name`, if it is one of ours.
pub fn wire_form(name: &str) -> Option<&'static WireForm> {
    ENTRIES.iter().find_map(|entry| match &entry.kind {
        Kind::Wire(form) if entry.name == name => Some(form),
        _ => None,
    })
}

/// `builder` with `rule` right after the rule named `place`, or last if there is no such rule.
fn after(
    mut builder: SessionStateBuilder,
    place: &str,
    rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>,
) -> SessionStateBuilder {
    let rules = &mut builder.physical_optimizers().get_or_insert_with(PhysicalOptimizer::new).rules;
    let index = rules.iter().position(|own| own.name() == place).map_or(rules.len(), |index| index + 1);
    rules.insert(index, rule);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_others_follow_exist() {
        let names: Vec<_> = PhysicalOptimizer::new().rules.iter().map(|rule| rule.name().to_owned()).collect();
        for entry in ENTRIES {
            if let Kind::PhysicalRuleAfter(place, _) | Kind::InProcessRuleAfter(place, _) = entry.kind {
                assert!(names.iter().any(|name| name == place), "{} follows {place}: {names:?}", entry.name);
            }
        }
    }

    #[test]
    fn types_are_settled_by_a_rule() {
        assert!(Analyzer::new().rules.iter().any(|rule| rule.name() == SETTLES_TYPES));
    }

    #[test]
    fn physical_rules_that_others_go_around_exist() {
        let rules = PhysicalOptimizer::new().rules;
        for entry in ENTRIES {
            if let Kind::AroundPhysicalRule(names, _) = entry.kind {
                for name in names {
                    assert!(rules.iter().any(|rule| rule.name() == *name), "{} goes by {name}", entry.name);
                }
            }
        }
    }

    #[test]
    fn rules_that_others_go_around_exist() {
        let rules = Optimizer::new().rules;
        for entry in ENTRIES {
            if let Kind::AroundLogicalRule(name, _) | Kind::LogicalRuleBefore(name, _) = entry.kind {
                assert!(rules.iter().any(|rule| rule.name() == name), "{} goes by {name}", entry.name);
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ENTRIES.len());
    }
}
