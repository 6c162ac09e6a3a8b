//! What a user holds: [`Session`], the lazy [`DataFrame`], expressions, readers and writers.
//!
//! A [`DataFrame`] is a DataFusion `LogicalPlan` with the session that will run it. Nothing is read until a method that runs
//! is called (`collect`, `stream`, `count`, `show`, `write_*`), and every one of those runs on the session's own threads.
//!
//! | module | what |
//! |---|---|
//! | [`session`] | the session, embedded or connected, and its builder |
//! | [`arrays`] | arrays of a session, from tables and to tables |
//! | [`catalog`] | registered tables by name |
//! | [`frame`] | the lazy table |
//! | [`expr`] | expressions over its columns |
//! | [`statement`] | a SQL statement before it runs |
//! | `join_using` | the merged columns of `JOIN … USING` in SQL |
//! | `set_operations` | `INTERSECT ALL` and `EXCEPT ALL` in SQL |
//! | `clauses` | clauses of SQL that would be passed over |
//! | `reread` | SQL that would be taken for something else |
//! | `placeholders` | `?` in SQL |
//! | [`io`] | readers and writers |
//! | `default_schema` | where the tables stand |
//! | [`error`] | one error type, which names the thing and the remedy |
//! | [`sql_place`] | where in a SQL text a mistake stands |
//! | [`prelude`] | what most programs need |

pub mod arrays;
mod cached_tables;
pub mod catalog;
mod clauses;
mod default_schema;
pub mod error;
pub mod expr;
pub mod frame;
pub mod io;
mod join_using;
mod placeholders;
pub mod prelude;
mod reread;
mod rewording;
pub mod session;
mod set_operations;
pub mod sql_place;
pub mod statement;
#[cfg(test)]
mod testing;

pub use error::{Error, Result};
pub use expr::agg::ExprAgg;
pub use expr::math::ExprMath;
pub use expr::window::ExprWindow;
pub use expr::{Expr, ExprExt, SortExpr, col, lit};
pub use frame::join_asof::{AsofOptions, AsofTolerance};
pub use frame::{BatchStream, DataFrame, ExplainView};
pub use session::{Session, SessionBuilder};
pub use sql_place::SqlPlace;
pub use statement::{Parameter, Statement};
#[cfg(feature = "cluster")]
pub use swath_cluster::{Holding, LocalCluster, LocalClusterBuilder, Worker};
pub use swath_exec::ByteSize;
/// Functions of users in another language than Rust.
pub use swath_exec::cancel;
/// Gives a plan that is about to run errors which name the file.
pub use swath_exec::files::name_files;
pub use swath_exec::foreign;
/// Ending a thread's wait for a session from outside.
pub use swath_exec::interrupt::interruptible;
/// For the program that chooses the allocator: how it gives freed memory back when a memory limit is exceeded.
pub use swath_exec::resident::give_back_with;
/// What an error is when a worker was lost whose rows had been handed out in part.
pub use swath_exec::rows_lost::RowsLost;
/// The plans that a thread waits for, seen by it.
pub use swath_exec::watch;
/// Lazy n-d arrays; a session's own come from [`Session::arrays`].
pub use swath_nd as nd;
/// Plans seen from outside: their stages, what their operators did, names as people spell them.
pub use swath_planner as planner;
pub use swath_planner::AsofStrategy;
