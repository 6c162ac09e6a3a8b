//! The namespace `.structure()`: structs, columns that hold named fields.

use datafusion::functions::expr_fn;
use datafusion::logical_expr::{Expr, lit};
use swath_exec::functions;

use super::{NameOrExpr, output_name};

/// Struct functions of an expression; made by [`ExprExt::structure`](super::ExprExt::structure).
#[derive(Clone, Debug)]
pub struct StructExpr(pub(crate) Expr);

impl StructExpr {
    /// The field `name`; null where the struct is null. Its column is named `name`.
    pub fn field(self, name: &str) -> Expr {
        expr_fn::get_field(self.0, name).alias(name)
    }

    /// With these values in the fields of their names, in the place of what was there or after the last field. A null struct
    /// stays null.
    pub fn with_fields<E: Into<NameOrExpr>>(self, fields: impl IntoIterator<Item = E>) -> Expr {
        functions::struct_with_fields().call(std::iter::once(self.0).chain(named(fields)).collect())
    }

    /// With its fields named anew, one name for each.
    pub fn rename_fields<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Expr {
        let names = names.into_iter().map(|name| lit(name.into()));
        functions::struct_rename_fields().call(std::iter::once(self.0).chain(names).collect())
    }
}

/// A struct in each row of these columns and expressions, with their names as field names.
pub fn struct_of<E: Into<NameOrExpr>>(fields: impl IntoIterator<Item = E>) -> Expr {
    expr_fn::named_struct(named(fields))
}

/// The names of these columns and expressions, each before its value.
fn named<E: Into<NameOrExpr>>(fields: impl IntoIterator<Item = E>) -> Vec<Expr> {
    let pair = |field: E| {
        let field = field.into().0;
        [lit(output_name(&field)), field.unalias()]
    };
    fields.into_iter().flat_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::{mistake, sorted_rows, table};

    #[test]
    fn fields_are_changed_added_and_renamed() {
        let frame =
            table("SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t(id, k)").select([struct_of(["id", "k"]).alias("s")]);
        let id = || col("s").structure().field("id");
        let changed = col("s").structure().with_fields([(id() * lit(10)).alias("id"), id().alias("z")]);
        assert_eq!(sorted_rows(&frame.select([changed])), ["{id: 10, k: a, z: 1}", "{id: 20, k: null, z: 2}"]);
        let renamed = col("s").structure().rename_fields(["p", "q"]);
        assert_eq!(sorted_rows(&frame.select([renamed])), ["{p: 1, q: a}", "{p: 2, q: null}"]);
        let wrong = col("s").structure().rename_fields(["p"]);
        assert!(mistake(&frame.select([wrong])).contains("expected 2 names"));
    }

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
