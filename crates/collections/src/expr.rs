//! Expressions over columns.

use datafusion::common::Column;
pub use datafusion::prelude::{Expr, lit};

/// The column of exactly this name: case and dots are taken as they are.
pub fn col(name: impl Into<String>) -> Expr {
    Expr::Column(Column::from_name(name))
}
