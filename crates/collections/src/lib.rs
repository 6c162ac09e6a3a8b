//! What a user holds: [`Session`], the lazy [`DataFrame`], expressions, readers and writers.
//!
//! A [`DataFrame`] is a DataFusion `LogicalPlan` with the session that will run it. Nothing is read until a method that runs
//! is called (`collect`, `stream`, `count`, `show`, `write_*`), and every one of those runs on the session's own threads.
//!
//! | module | what |
//! |---|---|
//! | [`session`] | the embedded session and its builder |
//! | [`frame`] | the lazy table |
//! | [`error`] | one error type, which names the thing and the remedy |
//! | [`sql_place`] | where in a SQL text a mistake stands |
//! | [`byte_size`] | sizes as people write them (`4GB`) |

pub mod byte_size;
pub mod error;
pub mod expr;
pub mod frame;
pub mod session;
pub mod sql_place;

pub use byte_size::ByteSize;
pub use error::{Error, Result};
pub use expr::{col, lit};
pub use frame::{BatchStream, DataFrame, ExplainView};
pub use session::{Session, SessionBuilder};
pub use sql_place::SqlPlace;
