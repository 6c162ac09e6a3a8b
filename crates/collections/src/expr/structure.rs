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

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, sorted_rows, table};

    #[test]
    fn a_struct_and_its_fields_may_stand_side_by_side() {
        let frame =
            table("SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t(id, k)").select([struct_of(["id", "k"]).alias("s")]);
        let both = frame.select([col("s").structure().field("k").alias("k"), col("s")]);
        assert_eq!(sorted_rows(&both), ["a|{id: 1, k: a}", "null|{id: 2, k: null}"]);
        assert_eq!(
            sorted_rows(
                &frame.filter(col("s").structure().field("id").gt(lit(1))).select([col("s").structure().field("id")])
            ),
            ["2"]
        );
        assert!(mistake(&frame.select([col("s").structure().field("zz")])).contains("zz"));
    }
}
