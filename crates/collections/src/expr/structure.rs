//! The namespace `.structure()`: structs, columns that hold named fields.

use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, lit};

use super::{NameOrExpr, output_name};

/// Struct functions of an expression; made by [`ExprExt::structure`](super::ExprExt::structure).
#[derive(Clone, Debug)]
pub struct StructExpr(pub(crate) Expr);

impl StructExpr {
    /// The field `name`; null where the struct is null. Its column is named `name`.
    pub fn field(self, name: &str) -> Expr {
        expr_fn::get_field(self.0, name).alias(name)
    }
}

/// A struct in each row of these columns and expressions, with their names as field names.
pub fn struct_of<E: Into<NameOrExpr>>(fields: impl IntoIterator<Item = E>) -> Expr {
    let mut arguments = vec![];
    for field in fields {
        let field = field.into().0;
        arguments.push(lit(output_name(&field)));
        arguments.push(field.unalias());
    }
    expr_fn::named_struct(arguments)
}
