//! How plans run.
//!
//! | module | what |
//! |---|---|
//! | [`anchor_similar_patterns`] | `SIMILAR TO` as a regular expression |
//! | [`array_engine`] | arrays on the session's threads, memory pool and spill folder |
//! | [`byte_size`] | sizes as people write them |
//! | [`call_narrow_aggregates`] | the rule that calls DataFusion's aggregates wherever they take the types |
//! | [`cancel`] | cancelling work that does not pause by itself |
//! | [`check_patterns`] | regular expressions that cannot be read, found when a query is planned |
//! | [`choose_spilling_join`] | the rule that makes hash joins able to spill |
//! | [`engine`] | the embedded engine: threads, memory pool, spill folder, and the DataFusion context over them |
//! | [`files`] | files, folders, globs and URLs as tables |
//! | [`foreign`] | functions of users in another language, Python say |
//! | [`functions`] | scalar functions of our own |
//! | [`guard_names`] | filters that move past columns of one name |
//! | [`interrupt`] | ending a wait for work before the work ends |
//! | [`interruptible_joins`] | joins that end soon after they are cancelled |
//! | [`keep_plan_on_failure`] | rules of DataFusion's that may fail on plans that are right |
//! | [`keep_null_rules`] | joins that differ in whether nulls are equal, set apart |
//! | [`memory`] | what memory the machine or its cgroup leaves us |
//! | [`memory_pool`] | the pool from which operators reserve memory |
//! | [`object_stores`] | `s3://`, `gs://`, `az://` and `http(s)://` addresses, resolved when first used |
//! | [`operators`] | operators of our own |
//! | [`order_floats`] | the rule by which NaN is the largest float for `max` and `min` |
//! | [`prune_top_k_of_floats`] | the least rows by a float, without row groups that cannot have them |
//! | [`registry`] | the one table of functions, rules and operators that every session gets |
//! | [`resident`] | when freed memory goes back to the system |
//! | [`rows_lost`] | the error of a result that was read while it was made, and lost in part |
//! | [`settings`] | what a session sets by default, and the reference page of all settings |
//! | [`share_subplans`] | the rule that runs equal aggregations once |
//! | [`tell_projections_apart`] | equal projections one over the other |
//! | [`watch`] | the plans that a caller waits for, seen by who waits |
//! | [`wire`] | operators as bytes, for other processes |
//! | [`workers_lost`] | the error of a query whose tasks lose their workers again and again |
//! | [`write`](mod@write) | plans' partitions to files, in parallel, all or nothing |

pub mod anchor_similar_patterns;
mod around;
pub mod array_engine;
pub mod buffers;
pub mod byte_size;
pub mod call_narrow_aggregates;
pub mod cancel;
pub mod check_patterns;
pub mod choose_spilling_join;
pub mod engine;
pub mod files;
pub mod foreign;
pub mod functions;
pub mod guard_names;
pub mod held;
pub mod interrupt;
pub mod interruptible_joins;
pub mod keep_null_rules;
pub mod keep_plan_on_failure;
pub mod memory;
pub mod memory_pool;
pub mod object_stores;
pub mod operators;
pub mod order_floats;
pub mod prune_top_k_of_floats;
pub mod registry;
pub mod resident;
pub mod rows_lost;
pub mod settings;
pub mod share_subplans;
pub mod slide_over_floats;
pub mod tell_projections_apart;
pub mod value_error;
pub mod watch;
pub mod wire;
pub mod workers_lost;
pub mod write;

pub use byte_size::{ByteSize, ByteSizeError};
pub use engine::{Engine, EngineOptions, RemotePlanner};
pub use object_stores::{ObjectStores, StoreOptions};
pub use rows_lost::RowsLost;
pub use workers_lost::WorkersLost;
